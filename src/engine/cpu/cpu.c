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
  const EgGemm *op;
  gsize panel;
} Product;

static void
multiply_panel (gpointer data, gsize index, gsize thread)
{
  const Product *it = data;
  const EgGemm *op = it->op;
  const gsize first = index * it->panel, n = MIN (it->panel, op->w->rows - first), k = op->w->cols;
  const float *panel = (const float *)op->w->data + first * k;
  if (op->w->dtype != EG_DTYPE_F32)
    {
      float *wide = scratch (it->stream, thread, it->panel * k);
      widen (op->w, first, n, wide);
      panel = wide;
    }
  sgemm (op->y + first, op->ldy, op->x, op->ldx, op->n_rows, panel, n, k, op->bias ? 1.0f : 0.0f);
}

static void
cpu_gemm (EgStream *stream, const EgGemm *op)
{
  if (op->n_rows == 0)
    return;
  if (op->bias)
    for (gsize r = 0; r < op->n_rows; r++)
      memcpy (op->y + r * op->ldy, op->bias, op->w->rows * sizeof *op->y);
  Product product = { stream, op, panel_rows (op->w) };
  eg_team_run (stream->team, (op->w->rows + product.panel - 1) / product.panel, multiply_panel, &product);
}

static void
cpu_norm (EgStream *stream, const EgNorm *op)
{
  kernels->norm (op);
}

static void
cpu_conv_silu (EgStream *stream, const EgConv *op)
{
  kernels->conv_silu (op);
}

static void
cpu_scan (EgStream *stream, const EgScan *op)
{
  kernels->scan (op, scratch (stream, 0, op->n_state * EG_SCAN_BLOCK));
}

typedef struct
{
  EgStream *stream;
  const EgHeadScan *op;
} HeadScan;

static void
scan_head (gpointer data, gsize head, gsize thread)
{
  const HeadScan *it = data;
  kernels->scan_head (it->op, head, scratch (it->stream, thread, it->op->n_state * EG_HEAD_BLOCK));
}

static void
cpu_scan_heads (EgStream *stream, const EgHeadScan *op)
{
  HeadScan it = { stream, op };
  eg_team_run (stream->team, op->n_heads, scan_head, &it);
}

static void
cpu_step_size (EgStream *stream, const EgStepSize *op)
{
  kernels->step_size (op);
}

static void
cpu_group_norm (EgStream *stream, const EgGroupNorm *op)
{
  kernels->group_norm (op);
}

static void
cpu_gate (EgStream *stream, const EgGate *op)
{
  kernels->gate (op);
}

typedef struct
{
  EgStream *stream;
  const EgAttention *op;
  gsize n_scores; /* of one row, at most */
} Attending;

static void
attend_part (gpointer data, gsize index, gsize thread)
{
  const Attending *it = data;
  kernels->attend (it->op, index / it->op->n_heads, index % it->op->n_heads,
                   scratch (it->stream, thread, it->n_scores));
}

static void
cpu_attention (EgStream *stream, const EgAttention *op)
{
  Attending it = { stream, op, 0 };
  for (gsize s = 0; s < op->n_segments; s++)
    it.n_scores = MAX (it.n_scores, op->segments[s].first + op->segments[s].n_rows);
  eg_team_run (stream->team, op->n_segments * op->n_heads, attend_part, &it);
}

static void
cpu_activate (EgStream *stream, EgActivation activation, float *x, gsize n)
{
  kernels->activate (activation, x, n);
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
  const EgHead *op;
  gsize panel;
  HeadPart *parts;         /* [panels, n_rows] */
  float *target, *against; /* [n_rows] */
} Head;

/* What is asked of a panel's logits, [n_rows, n], those of the head's rows from `first` on. */
static void
ask_panel (const Head *it, gsize index, const float *logits, gsize first, gsize n)
{
  const EgHeadQuery *query = it->op->query;
  for (gsize r = 0; r < it->op->n_rows; r++)
    {
      const float *row = logits + r * n;
      HeadPart *part = &it->parts[index * it->op->n_rows + r];
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

static void
head_panel (const Head *it, gsize index, gsize thread)
{
  const EgMatrix *head = it->op->head;
  const gsize first = index * it->panel, n = MIN (it->panel, head->rows - first), d = head->cols;
  const gsize n_rows = it->op->n_rows;
  const gboolean narrow = head->dtype != EG_DTYPE_F32;
  float *logits = scratch (it->stream, thread, it->panel * (n_rows + (narrow ? d : 0)));
  const float *panel = (const float *)head->data + first * d;
  if (narrow)
    {
      float *wide = logits + it->panel * n_rows;
      widen (head, first, n, wide);
      panel = wide;
    }
  sgemm (logits, n, it->op->x, d, n_rows, panel, n, d, 0.0f);
  ask_panel (it, index, logits, first, n);
}

/* The target's panel goes before the others, which compare their logits with its. */
static void
head_target_panel (gpointer data, gsize index, gsize thread)
{
  const Head *it = data;
  head_panel (it, it->op->query->target / it->panel, thread);
}

static void
head_other_panel (gpointer data, gsize index, gsize thread)
{
  const Head *it = data;
  head_panel (it, index < it->op->query->target / it->panel ? index : index + 1, thread);
}

static EgHeadRow
join_parts (const Head *it, gsize r, gsize n_panels)
{
  const gsize n_rows = it->op->n_rows;
  EgHeadRow row = { .max = -INFINITY, .target = (double)it->target[r], .against = (double)it->against[r] };
  for (gsize p = 0; p < n_panels; p++)
    row.max = MAX (row.max, (double)it->parts[p * n_rows + r].max);
  for (gsize p = 0; p < n_panels; p++)
    {
      const HeadPart *part = &it->parts[p * n_rows + r];
      row.sum += part->sum * exp ((double)part->max - row.max);
      row.weighted += part->weighted;
      row.above += part->above;
    }
  return row;
}

static void
cpu_head (EgStream *stream, const EgHead *op)
{
  const gsize n_rows = op->n_rows;
  if (n_rows == 0)
    return;
  const gsize panel = panel_rows (op->head), n_panels = (op->head->rows + panel - 1) / panel;
  g_autofree HeadPart *parts = g_new (HeadPart, n_panels * n_rows);
  g_autofree float *target = g_new (float, n_rows);
  g_autofree float *against = g_new (float, n_rows);
  Head it = { stream, op, panel, parts, target, against };
  eg_team_run (stream->team, 1, head_target_panel, &it);
  eg_team_run (stream->team, n_panels - 1, head_other_panel, &it);
  for (gsize r = 0; r < n_rows; r++)
    op->answers[r] = join_parts (&it, r, n_panels);
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
  .norm = cpu_norm,
  .conv_silu = cpu_conv_silu,
  .scan = cpu_scan,
  .scan_heads = cpu_scan_heads,
  .step_size = cpu_step_size,
  .group_norm = cpu_group_norm,
  .gate = cpu_gate,
  .attention = cpu_attention,
  .activate = cpu_activate,
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
