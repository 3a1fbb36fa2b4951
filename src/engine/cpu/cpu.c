/* The CPU backend's table: products by products.c, one thread a stream, and the rest by kernels.c. */
#include "engine/backend.h"

#include "core/error.h"
#include "engine/cpu/back.h"
#include "engine/cpu/lane.h"
#include "engine/cpu/openblas.h"
#include "engine/cpu/packs.h"
#include "engine/cpu/top.h"

#include <glib/gi18n.h>
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const EgCpuKernels *kernels;
static EgCpuWay way;

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
  EgStream *stream = g_new0 (EgStream, 1);
  stream->kernels = kernels;
  stream->way = &way;
  stream->team = eg_team_new (n_threads);
  stream->scratch = g_malloc0_n (n_threads, sizeof *stream->scratch);
  return stream;
}

static void
cpu_stream_free (EgStream *stream)
{
  for (gsize i = 0; i < eg_team_get_size (stream->team); i++)
    for (gsize j = 0; j < EG_N_SCRATCHES; j++)
      free (stream->scratch[i][j].memory);
  g_free (stream->scratch);
  eg_team_free (stream->team);
  g_free (stream);
}

static EgStreamState
cpu_check (EgStream *stream, const char **why)
{
  if (!g_atomic_int_get (&stream->failed))
    return EG_STREAM_WORKS;
  *why = _ ("There is no memory left for the products");
  return EG_STREAM_NO_MEMORY;
}

float *
eg_cpu_scratch (EgStream *stream, gsize thread, EgScratch which, gsize n)
{
  EgScratchMemory *it = &stream->scratch[thread][which];
  n = MAX (n, 1);
  if (it->n < n)
    {
      free (it->memory);
      it->memory = cpu_alloc (NULL, n);
      it->n = it->memory ? n : 0;
      if (!it->memory)
        g_atomic_int_set (&stream->failed, TRUE);
    }
  return it->memory;
}

static void
cpu_copy (EgStream *stream, float *to, const float *from, gsize n)
{
  memcpy (to, from, n * sizeof *to);
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
  float *memory = eg_cpu_scratch (stream, 0, EG_SCRATCH_OP, op->n_state * EG_SCAN_BLOCK);
  if (memory)
    kernels->scan (op, memory);
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
  float *states = eg_cpu_scratch (it->stream, thread, EG_SCRATCH_OP, it->op->n_state * it->op->d_head);
  if (states)
    kernels->scan_head (it->op, head, states);
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
  float *scores = eg_cpu_scratch (it->stream, thread, EG_SCRATCH_OP, it->n_scores);
  if (scores)
    kernels->attend (it->op, index / it->op->n_heads, index % it->op->n_heads, scores);
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
cpu_rotate (EgStream *stream, const EgRotary *op)
{
  float *memory = eg_cpu_scratch (stream, 0, EG_SCRATCH_OP, op->n_rotary);
  if (memory)
    kernels->rotate (op, memory);
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
    eg_cpu_widen (stream, table, row, 1, to);
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

/* What results say has computed them. */
static char name[128];

static EgBackend cpu_backend = {
  .name = name,
  .stream_new = cpu_stream_new,
  .stream_free = cpu_stream_free,
  .check = cpu_check,
  .alloc = cpu_alloc,
  .release = cpu_release,
  .upload = cpu_copy,
  .download = cpu_copy,
  .gemm = eg_cpu_gemm,
  .norm = cpu_norm,
  .conv_silu = cpu_conv_silu,
  .scan = cpu_scan,
  .scan_heads = cpu_scan_heads,
  .step_size = cpu_step_size,
  .group_norm = cpu_group_norm,
  .gate = cpu_gate,
  .attention = cpu_attention,
  .rotate = cpu_rotate,
  .activate = cpu_activate,
  .add = cpu_add,
  .copy_rows = cpu_copy_rows,
  .embed = cpu_embed,
  .head = eg_cpu_head,
  .top = cpu_top,
  .back = &eg_cpu_back,
};

static void
take_way (const EgCpuWay *chosen)
{
  way = *chosen;
  if (way.packed)
    snprintf (name, sizeof name, "cpu (%s, %s)", kernels->name, way.name);
  else
    {
      /* "OpenBLAS 0.3.21 NO_LAPACKE …" */
      const char *config = eg_openblas_get_config (), *version = strchr (config, ' ');
      const int n = version ? (int)strcspn (version + 1, " ") : 0;
      snprintf (name, sizeof name, "cpu (%s, OpenBLAS %.*s %s)", kernels->name, n, version ? version + 1 : "",
                eg_openblas_get_core ());
    }
}

EgBackend *
eg_backend_cpu (void)
{
  static gsize once = 0;
  if (g_once_init_enter (&once))
    {
      kernels = choose_kernels ();
      /* For tests and comparisons (tests/README.md). A name that is none of theirs changes nothing. */
      const char *wanted = g_getenv ("ENGRAM_GEMM");
      EgCpuWay chosen;
      if (!eg_cpu_way_choose (kernels, wanted ? wanted : "auto", &chosen))
        eg_cpu_way_choose (kernels, "auto", &chosen);
      take_way (&chosen);
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

const char *
eg_backend_cpu_gemm (void)
{
  eg_backend_cpu ();
  return way.name;
}

const char *
eg_backend_cpu_gemm_name (guint index)
{
  static const char *const names[] = { "auto", "engram", "openblas" };
  return index < G_N_ELEMENTS (names) ? names[index] : NULL;
}

gboolean
eg_backend_cpu_choose_gemm (const char *wanted, GError **error)
{
  EgCpuWay chosen;
  eg_backend_cpu ();
  if (!eg_cpu_way_choose (kernels, wanted, &chosen))
    return eg_error_invalid (error, _ ("Nothing multiplies by the name “%s”: it is auto, engram or openblas"),
                             wanted);
  take_way (&chosen);
  return TRUE;
}

gboolean
eg_backend_cpu_packs (void)
{
  eg_backend_cpu ();
  return way.packed != NULL;
}

void
eg_backend_cpu_forget (const void *memory, gsize n_bytes)
{
  eg_packs_forget (memory, n_bytes);
}
