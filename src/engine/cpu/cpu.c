/* The CPU backend: products by OpenBLAS, one thread a stream, and the rest by kernels.c. */
#include "engine/backend.h"
#include "engine/cpu/kernels.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Narrow weights are widened, and the head's logits held, this many bytes at a time: a part of the
 * second-level cache and its neighbour's, so that sgemm finds them warm. */
#define PANEL_BYTES (2 * 1024 * 1024)

struct _EgStream
{
  float *scratch;
  gsize n_scratch;
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
cpu_stream_new (EgBackend *self)
{
  return g_new0 (EgStream, 1);
}

static void
cpu_stream_free (EgStream *stream)
{
  free (stream->scratch);
  g_free (stream);
}

/* Scratch of at least n floats, valid until the next call. */
static float *
scratch (EgStream *stream, gsize n)
{
  if (stream->n_scratch < n)
    {
      free (stream->scratch);
      stream->scratch = cpu_alloc (NULL, n);
      if (!stream->scratch)
        g_error ("No memory for %" G_GSIZE_FORMAT " floats of scratch", n);
      stream->n_scratch = n;
    }
  return stream->scratch;
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
  const float beta = bias ? 1.0f : 0.0f;

  if (w->dtype == EG_DTYPE_F32)
    {
      sgemm (y, ldy, x, ldx, n_rows, w->data, w->rows, w->cols, beta);
      return;
    }
  const gsize panel = CLAMP (PANEL_BYTES / (w->cols * sizeof (float)), 1, w->rows);
  float *wide = scratch (stream, panel * w->cols);
  for (gsize first = 0; first < w->rows; first += panel)
    {
      const gsize n = MIN (panel, w->rows - first);
      widen (w, first, n, wide);
      sgemm (y + first, ldy, x, ldx, n_rows, wide, n, w->cols, beta);
    }
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
          const float *skip)
{
  float *h = scratch (stream, n_state * EG_SCAN_BLOCK);
  kernels->scan (y, delta, c, b_rows, c_rows, ldbc, segments, n_segments, n_inner, n_state, a, skip, h);
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

static void
cpu_head (
    EgStream *stream, double *probability, const float *x, gsize n_rows, const EgMatrix *head, gsize target)
{
  if (n_rows == 0)
    return;
  const gsize d = head->cols;
  const gsize panel = CLAMP (PANEL_BYTES / (MAX (d, n_rows) * sizeof (float)), 16, head->rows);
  const gboolean narrow = head->dtype != EG_DTYPE_F32;
  float *logits = scratch (stream, panel * n_rows + (narrow ? panel * d : 0));
  float *wide = logits + panel * n_rows;
  g_autofree float *max = g_new (float, n_rows);
  g_autofree double *sum = g_new0 (double, n_rows);
  g_autofree float *of_target = g_new (float, n_rows);
  for (gsize r = 0; r < n_rows; r++)
    max[r] = -INFINITY;

  for (gsize first = 0; first < head->rows; first += panel)
    {
      const gsize n = MIN (panel, head->rows - first);
      if (narrow)
        widen (head, first, n, wide);
      sgemm (logits, n, x, d, n_rows, narrow ? wide : (const float *)head->data + first * d, n, d, 0.0f);
      for (gsize r = 0; r < n_rows; r++)
        {
          kernels->log_sum_exp (logits + r * n, n, &max[r], &sum[r]);
          if (target >= first && target < first + n)
            of_target[r] = logits[r * n + target - first];
        }
    }
  for (gsize r = 0; r < n_rows; r++)
    probability[r] = exp ((double)of_target[r] - (double)max[r]) / sum[r];
}

static const EgCpuKernels *
choose_kernels (void)
{
#if defined(EG_HAVE_X86_KERNELS)
  __builtin_cpu_init ();
  if (__builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512vl")
      && __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512bw"))
    return &eg_cpu_kernels_avx512;
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    return &eg_cpu_kernels_avx2;
#endif
  return &eg_cpu_kernels_baseline;
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
