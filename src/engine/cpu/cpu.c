/* The CPU backend: products by OpenBLAS, one thread a stream, and the rest by kernels.c. */
#include "engine/backend.h"
#include "engine/cpu/kernels.h"
#include "engine/cpu/team.h"
#include "engine/cpu/top.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Weights are multiplied this many bytes (as float32) at a time: a part of the second-level cache, so that
 * sgemm finds them warm after they were widened, and there is one for every thread of a team. The same parts
 * for any number of threads: so are the bits. */
#define PANEL_BYTES (1152 * 1024)

/* One thread's memory. */
typedef struct
{
  float *memory;
  gsize n;
} Scratch;

struct _EgStream
{
  EgTeam *team;
  Scratch *scratch; /* [threads] */
};

static const EgCpuKernels *kernels;

static float *
cpu_alloc (EgBackend *self, gsize n_floats)
{
  gsize bytes;
  if (!g_size_checked_mul (&bytes, n_floats, sizeof (float)) || !g_size_checked_add (&bytes, bytes, 63))
    return NULL;
  return aligned_alloc (64, MAX (bytes & ~(gsize)63, 64));
}

static void
cpu_release (EgBackend *self, float *memory)
{
  free (memory);
}

static EgStream *
cpu_stream_new (EgBackend *self, gsize n_threads)
{
  EgStream *stream = g_new (EgStream, 1);
  stream->team = eg_team_new (n_threads);
  stream->scratch = g_new0 (Scratch, n_threads);
  return stream;
}

static void
cpu_stream_free (EgStream *stream)
{
  for (gsize i = 0; i < eg_team_get_size (stream->team); i++)
    free (stream->scratch[i].memory);
  g_free (stream->scratch);
  eg_team_free (stream->team);
  g_free (stream);
}

/* Scratch of at least n floats, valid until the thread's next call. */
static float *
scratch (EgStream *stream, gsize thread, gsize n)
{
  Scratch *it = &stream->scratch[thread];
  if (it->n < n)
    {
      free (it->memory);
      it->memory = cpu_alloc (NULL, n);
      if (!it->memory)
        g_error ("No memory for %" G_GSIZE_FORMAT " floats of scratch", n);
      it->n = n;
    }
  return it->memory;
}

static void
cpu_copy (EgStream *stream, float *to, const float *from, gsize n)
{
  memcpy (to, from, n * sizeof *to);
}

/* y += or = x·wᵀ for a float32 w [n, k]. */
static void
sgemm (float *y,
       gsize ldy,
       const float *x,
       gsize ldx,
       gsize n_rows,
       const float *w,
       gsize n,
       gsize k,
       float beta)
{
  if (n_rows == 1 && ldx >= k)
    cblas_sgemv (CblasRowMajor, CblasNoTrans, (blasint)n, (blasint)k, 1.0f, w, (blasint)k, x, 1, beta, y, 1);
  else
    cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)n_rows, (blasint)n, (blasint)k, 1.0f, x,
                 (blasint)ldx, w, (blasint)k, beta, y, (blasint)ldy);
}

static void
widen (const EgMatrix *w, gsize first_row, gsize n_rows, float *to)
{
  const guint8 *from = (const guint8 *)w->data + first_row * w->cols * sizeof (guint16);
  if (w->dtype == EG_DTYPE_F16)
    kernels->widen_half (from, n_rows * w->cols, to);
  else
    kernels->widen_bfloat16 (from, n_rows * w->cols, to);
}

static gsize
panel_rows (const EgMatrix *w)
{
  const gsize rows = PANEL_BYTES / sizeof (float) / MAX (w->cols, 1) / 16 * 16;
  return CLAMP (rows, 16, MAX (w->rows, 16));
}

typedef struct
{
  EgStream *stream;
  float *y;
  gsize ldy;
  const float *x;
  gsize ldx, n_rows, panel;
  const EgMatrix *w;
  float beta;
} Product;

static void
multiply_panel (gpointer data, gsize index, gsize thread)
{
  const Product *it = data;
  const gsize first = index * it->panel, n = MIN (it->panel, it->w->rows - first), k = it->w->cols;
  const float *panel = (const float *)it->w->data + first * k;
  if (it->w->dtype != EG_DTYPE_F32)
    {
      float *wide = scratch (it->stream, thread, it->panel * k);
      widen (it->w, first, n, wide);
      panel = wide;
    }
  sgemm (it->y + first, it->ldy, it->x, it->ldx, it->n_rows, panel, n, k, it->beta);
}

static void
cpu_gemm (EgStream *stream,
          float *y,
          gsize ldy,
          const float *x,
          gsize ldx,
          gsize n_rows,
          const EgMatrix *w,
          const float *bias)
{
  if (n_rows == 0)
    return;
  if (bias)
    for (gsize r = 0; r < n_rows; r++)
      memcpy (y + r * ldy, bias, w->rows * sizeof *y);
  Product product = { stream, y, ldy, x, ldx, n_rows, panel_rows (w), w, bias ? 1.0f : 0.0f };
  eg_team_run (stream->team, (w->rows + product.panel - 1) / product.panel, multiply_panel, &product);
}

static void
cpu_rmsnorm (
    EgStream *stream, float *y, const float *x, gsize n_rows, gsize d, const float *weight, float eps)
{
  kernels->rmsnorm (y, x, n_rows, d, weight, eps);
}

static void
cpu_conv_silu (EgStream *stream,
               float *c,
               const float *x,
               gsize ldx,
               const EgRows *segments,
               gsize n_segments,
               gsize n_inner,
               gsize n_conv,
               const float *w,
               const float *bias)
{
  kernels->conv_silu (c, x, ldx, segments, n_segments, n_inner, n_conv, w, bias);
}

static void
cpu_softplus (EgStream *stream, float *x, gsize n)
{
  kernels->softplus (x, n);
}

static void
cpu_scan (EgStream *stream,
          float *y,
          const float *delta,
          const float *c,
          const float *b_rows,
          const float *c_rows,
          gsize ldbc,
          const EgRows *segments,
          gsize n_segments,
          gsize n_inner,
          gsize n_state,
          const float *a,
          const float *skip,
          const float *z,
          gsize ldz)
{
  float *h = scratch (stream, 0, n_state * EG_SCAN_BLOCK);
  kernels->scan (y, delta, c, b_rows, c_rows, ldbc, segments, n_segments, n_inner, n_state, a, skip, z, ldz,
                 h);
}

static void
cpu_gate (EgStream *stream, float *y, const float *z, gsize ldz, gsize n_rows, gsize n_inner)
{
  kernels->gate (y, z, ldz, n_rows, n_inner);
}

static void
cpu_add (EgStream *stream, float *y, const float *x, gsize n)
{
  kernels->add (y, x, n);
}

static void
cpu_copy_rows (EgStream *stream, const EgRowCopy *copies, gsize n, gsize width)
{
  for (gsize i = 0; i < n; i++)
    memcpy (copies[i].to, copies[i].from, width * sizeof (float));
}

static void
cpu_embed (EgStream *stream, float *to, const EgMatrix *table, gsize row)
{
  if (table->dtype == EG_DTYPE_F32)
    memcpy (to, (const float *)table->data + row * table->cols, table->cols * sizeof *to);
  else
    widen (table, row, 1, to);
}

/* What one panel says of one row. */
typedef struct
{
  float max;
  double sum, weighted;
  gsize above;
} HeadPart;

typedef struct
{
  EgStream *stream;
  const float *x;
  gsize n_rows, panel;
  const EgMatrix *head;
  const EgHeadQuery *query;
  HeadPart *parts;         /* [panels, n_rows] */
  float *target, *against; /* [n_rows] */
} Head;

static void
head_panel (const Head *it, gsize index, gsize thread)
{
  const EgHeadQuery *query = it->query;
  const gsize first = index * it->panel, n = MIN (it->panel, it->head->rows - first), d = it->head->cols;
  const gboolean narrow = it->head->dtype != EG_DTYPE_F32;
  float *logits = scratch (it->stream, thread, it->panel * (it->n_rows + (narrow ? d : 0)));
  const float *panel = (const float *)it->head->data + first * d;
  if (narrow)
    {
      float *wide = logits + it->panel * it->n_rows;
      widen (it->head, first, n, wide);
      panel = wide;
    }
  sgemm (logits, n, it->x, d, it->n_rows, panel, n, d, 0.0f);
  for (gsize r = 0; r < it->n_rows; r++)
    {
      const float *row = logits + r * n;
      HeadPart *part = &it->parts[index * it->n_rows + r];
      *part = (HeadPart){ .max = -INFINITY };
      kernels->log_sum_exp (row, n, &part->max, &part->sum);
      if (query->target >= first && query->target < first + n)
        it->target[r] = row[query->target - first];
      if (query->against >= first && query->against < first + n)
        it->against[r] = row[query->against - first];
      if (query->weights)
        part->weighted = kernels->weighted_sum (row, query->weights + first, n);
      if (query->rank)
        part->above = kernels->count_above (row, n, it->target[r]);
    }
}

/* The target's panel goes before the others, which compare their logits with its. */
static void
head_target_panel (gpointer data, gsize index, gsize thread)
{
  const Head *it = data;
  head_panel (it, it->query->target / it->panel, thread);
}

static void
head_other_panel (gpointer data, gsize index, gsize thread)
{
  const Head *it = data;
  head_panel (it, index < it->query->target / it->panel ? index : index + 1, thread);
}

static void
cpu_head (EgStream *stream,
          EgHeadRow *answers,
          const float *x,
          gsize n_rows,
          const EgMatrix *head,
          const EgHeadQuery *query)
{
  if (n_rows == 0)
    return;
  const gsize panel = panel_rows (head), n_panels = (head->rows + panel - 1) / panel;
  g_autofree HeadPart *parts = g_new (HeadPart, n_panels * n_rows);
  g_autofree float *target = g_new (float, n_rows);
  g_autofree float *against = g_new (float, n_rows);
  Head it = { stream, x, n_rows, panel, head, query, parts, target, against };
  eg_team_run (stream->team, 1, head_target_panel, &it);
  eg_team_run (stream->team, n_panels - 1, head_other_panel, &it);

  for (gsize r = 0; r < n_rows; r++)
    {
      EgHeadRow row = { .max = -INFINITY, .target = (double)target[r], .against = (double)against[r] };
      for (gsize p = 0; p < n_panels; p++)
        row.max = MAX (row.max, (double)parts[p * n_rows + r].max);
      for (gsize p = 0; p < n_panels; p++)
        {
          const HeadPart *part = &parts[p * n_rows + r];
          row.sum += part->sum * exp ((double)part->max - row.max);
          row.weighted += part->weighted;
          row.above += part->above;
        }
      answers[r] = row;
    }
}

static double
cpu_top (EgStream *stream, EgTopValue *found, const float *values, gsize n, gsize k)
{
  return eg_cpu_top (found, values, n, k);
}

/* From the plainest to the best that this processor has. Returns how many. */
static gsize
list_kernels (const EgCpuKernels *list[3])
{
  gsize n = 0;
  list[n++] = &eg_cpu_kernels_baseline;
#if defined(EG_HAVE_X86_KERNELS)
  __builtin_cpu_init ();
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    list[n++] = &eg_cpu_kernels_avx2;
  if (__builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512vl")
      && __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512bw"))
    list[n++] = &eg_cpu_kernels_avx512;
#endif
  return n;
}

static const EgCpuKernels *
choose_kernels (void)
{
  const EgCpuKernels *list[3];
  const gsize n = list_kernels (list);
  /* For tests (tests/README.md): other ones than the best. A name that is none of theirs changes nothing. */
  const char *named = g_getenv ("ENGRAM_CPU_KERNELS");
  for (gsize i = 0; named && i < n; i++)
    if (strcmp (named, list[i]->name) == 0)
      return list[i];
  return list[n - 1];
}

static EgBackend cpu_backend = {
  .name = "cpu",
  .stream_new = cpu_stream_new,
  .stream_free = cpu_stream_free,
  .alloc = cpu_alloc,
  .release = cpu_release,
  .upload = cpu_copy,
  .download = cpu_copy,
  .gemm = cpu_gemm,
  .rmsnorm = cpu_rmsnorm,
  .conv_silu = cpu_conv_silu,
  .softplus = cpu_softplus,
  .scan = cpu_scan,
  .gate = cpu_gate,
  .add = cpu_add,
  .copy_rows = cpu_copy_rows,
  .embed = cpu_embed,
  .head = cpu_head,
  .top = cpu_top,
};

EgBackend *
eg_backend_cpu (void)
{
  static gsize once = 0;
  if (g_once_init_enter (&once))
    {
      kernels = choose_kernels ();
      openblas_set_num_threads (1);
      g_once_init_leave (&once, 1);
    }
  return &cpu_backend;
}

const char *
eg_backend_cpu_kernels (void)
{
  eg_backend_cpu ();
  return kernels->name;
}
