/* The processor's backward ops: shared out among a stream's threads, in parts that do not depend on how many
 * they are. Products by OpenBLAS. */
#include "engine/cpu/back.h"

#include "engine/cpu/lane.h"

#include <cblas.h>
#include <string.h>

/* Columns of a product, rows of its weights that are widened at a time, and rows or floats of a part. */
#define PANEL   128
#define WIDENED 256
#define ROWS    16
#define FLOATS  16384

/* ---- products ---- */

typedef struct
{
  EgStream *stream;
  const EgGemmBack *op;
} Product;

/* dx (+)= dy·w for w [n, k] with leading dimension ldw. */
static void
multiply (
    const EgGemmBack *op, gsize column, gsize row, const float *w, gsize ldw, gsize n, gsize k, float beta)
{
  const float *dy = op->dy + row;
  float *dx = op->dx + column;
  if (op->n_rows == 1)
    cblas_sgemv (CblasRowMajor, CblasTrans, (blasint)n, (blasint)k, 1.0f, w, (blasint)ldw, dy, 1, beta, dx,
                 1);
  else
    cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)op->n_rows, (blasint)k, (blasint)n, 1.0f,
                 dy, (blasint)op->lddy, w, (blasint)ldw, beta, dx, (blasint)op->lddx);
}

static void
multiply_panel (gpointer data, gsize index, gsize thread)
{
  const Product *it = data;
  const EgGemmBack *op = it->op;
  const EgMatrix *w = op->w;
  const gsize column = index * PANEL, k = MIN (PANEL, w->cols - column);
  float beta = op->add ? 1.0f : 0.0f;
  if (w->dtype == EG_DTYPE_F32)
    {
      multiply (op, column, 0, (const float *)w->data + column, w->cols, w->rows, k, beta);
      return;
    }
  const EgCpuKernels *kernels = it->stream->kernels;
  float *wide = eg_cpu_scratch (it->stream, thread, EG_SCRATCH_WIDE, WIDENED * PANEL);
  for (gsize row = 0; wide && row < w->rows; row += WIDENED)
    {
      const gsize n = MIN (WIDENED, w->rows - row);
      for (gsize j = 0; j < n; j++)
        {
          const guint16 *from = (const guint16 *)w->data + (row + j) * w->cols + column;
          if (w->dtype == EG_DTYPE_F16)
            kernels->widen_half (from, k, wide + j * k);
          else
            kernels->widen_bfloat16 (from, k, wide + j * k);
        }
      multiply (op, column, row, wide, k, n, k, beta);
      beta = 1.0f;
    }
}

static void
back_gemm (EgStream *stream, const EgGemmBack *op)
{
  Product product = { stream, op };
  if (op->n_rows > 0)
    eg_team_run (stream->team, (op->w->cols + PANEL - 1) / PANEL, multiply_panel, &product);
}

/* ---- rows ---- */

/* An op in parts: n of something, so many a part. */
typedef struct
{
  EgStream *stream;
  const void *op;
  gsize n, part;
} Parts;

static void
run_parts (EgStream *stream, const void *op, gsize n, gsize part, EgTeamFunc func)
{
  Parts parts = { stream, op, n, part };
  eg_team_run (stream->team, (n + part - 1) / part, func, &parts);
}

static void
norm_part (gpointer data, gsize index, gsize thread)
{
  const Parts *it = data;
  it->stream->kernels->back->norm (it->op, index * it->part, MIN ((index + 1) * it->part, it->n));
}

static void
back_norm (EgStream *stream, const EgNormBack *op)
{
  run_parts (stream, op, op->n_rows, ROWS, norm_part);
}

static void
gate_part (gpointer data, gsize index, gsize thread)
{
  const Parts *it = data;
  it->stream->kernels->back->gate (it->op, index * it->part, MIN ((index + 1) * it->part, it->n));
}

static void
back_gate (EgStream *stream, const EgGateBack *op)
{
  run_parts (stream, op, op->n_rows, ROWS, gate_part);
}

static void
conv_part (gpointer data, gsize index, gsize thread)
{
  const Parts *it = data;
  const EgConvBack *op = it->op;
  float *scratch = eg_cpu_scratch (it->stream, thread, EG_SCRATCH_OP, op->n_inner);
  if (scratch)
    it->stream->kernels->back->conv_silu (op, index, scratch);
}

static void
back_conv_silu (EgStream *stream, const EgConvBack *op)
{
  run_parts (stream, op, op->n_segments, 1, conv_part);
}

static void
logits_part (gpointer data, gsize index, gsize thread)
{
  const Parts *it = data;
  it->stream->kernels->back->logits (it->op, index);
}

static void
back_logits (EgStream *stream, const EgLogitsBack *op)
{
  run_parts (stream, op, op->n_rows, 1, logits_part);
}

static void
dots_part (gpointer data, gsize index, gsize thread)
{
  const Parts *it = data;
  it->stream->kernels->back->dots (it->op, index);
}

static void
back_dots (EgStream *stream, const EgDots *op)
{
  run_parts (stream, op, op->n, 1, dots_part);
}

static void
conv_dots_part (gpointer data, gsize index, gsize thread)
{
  const Parts *it = data;
  it->stream->kernels->back->conv_dots (it->op, index);
}

static void
back_conv_dots (EgStream *stream, const EgConvDots *op)
{
  run_parts (stream, op, op->n, 1, conv_dots_part);
}

typedef struct
{
  EgActivation activation;
  float *d;
  const float *x;
} Activation;

static void
activate_part (gpointer data, gsize index, gsize thread)
{
  const Parts *it = data;
  const Activation *op = it->op;
  const gsize first = index * it->part;
  it->stream->kernels->back->activate (op->activation, op->d + first, op->x + first,
                                       MIN (it->part, it->n - first));
}

static void
back_activate (EgStream *stream, EgActivation activation, float *d, const float *x, gsize n)
{
  const Activation op = { activation, d, x };
  run_parts (stream, &op, n, FLOATS, activate_part);
}

static void
attention_part (gpointer data, gsize index, gsize thread)
{
  const Parts *it = data;
  const EgAttentionBack *back = it->op;
  const gsize segment = index / back->op->n_heads;
  const EgAttentionRows *rows = &back->op->segments[segment];
  float *scratch = eg_cpu_scratch (it->stream, thread, EG_SCRATCH_OP, 2 * (rows->first + rows->n_rows));
  if (scratch)
    it->stream->kernels->back->attend (back, segment, index % back->op->n_heads, scratch);
}

static void
back_attention (EgStream *stream, const EgAttentionBack *op)
{
  run_parts (stream, op, op->op->n_segments * op->op->n_heads, 1, attention_part);
}

/* ---- scan ---- */

/* @n_rows, @n_graded_rows, @n_out: of the op; @sums: [blocks][graded rows, 2N]; @dots: [blocks][n_out, 2] */
typedef struct
{
  EgStream *stream;
  const EgScanBack *op;
  gsize n_rows, n_graded_rows, n_out;
  float *sums, *dots;
} Scan;

static void
scan_block (gpointer data, gsize index, gsize thread)
{
  const Scan *it = data;
  const gsize N = it->op->n_state;
  float *scratch
      = eg_cpu_scratch (it->stream, thread, EG_SCRATCH_OP, (it->n_rows + 1) * N * EG_SCAN_BACK_BLOCK);
  if (scratch)
    it->stream->kernels->back->scan (it->op, index * EG_SCAN_BACK_BLOCK, scratch,
                                     it->sums + index * it->n_graded_rows * 2 * N,
                                     it->dots + index * it->n_out * 2);
}

/* What the blocks found, always added in their order. */
static void
join_blocks (const Scan *it, gsize n_blocks)
{
  const EgScanBack *op = it->op;
  const gsize N = op->n_state, stride = it->n_graded_rows * 2 * N;
  for (gsize l = 0; l < op->n_graded; l++)
    for (gsize row = op->lanes[l].row; row < op->lanes[l].row + op->lanes[l].n_rows; row++)
      for (gsize n = 0; n < N; n++)
        {
          float b = 0, c = 0;
          for (gsize block = 0; block < n_blocks; block++)
            {
              b += it->sums[block * stride + row * 2 * N + n];
              c += it->sums[block * stride + row * 2 * N + N + n];
            }
          op->db[row * op->lddbc + n] = b;
          op->dcr[row * op->lddbc + n] = c;
        }
  for (gsize p = 0; p < op->n_dots; p++)
    for (gsize i = op->dots[p].out; i < op->dots[p].out + op->dots[p].n_rows; i++)
      {
        double full = 0, direct = 0;
        for (gsize block = 0; block < n_blocks; block++)
          {
            full += (double)it->dots[(block * it->n_out + i) * 2];
            direct += (double)it->dots[(block * it->n_out + i) * 2 + 1];
          }
        op->full[i] = (float)full;
        op->direct[i] = (float)direct;
      }
}

static void
back_scan (EgStream *stream, const EgScanBack *op)
{
  Scan it = { stream, op, 0, 0, 0, NULL, NULL };
  const gsize n_blocks = (op->n_inner + EG_SCAN_BACK_BLOCK - 1) / EG_SCAN_BACK_BLOCK;
  for (gsize l = 0; l < op->n_lanes; l++)
    {
      it.n_rows = MAX (it.n_rows, op->lanes[l].row + op->lanes[l].n_rows);
      if (l < op->n_graded)
        it.n_graded_rows = it.n_rows;
    }
  for (gsize p = 0; p < op->n_dots; p++)
    it.n_out = MAX (it.n_out, op->dots[p].out + op->dots[p].n_rows);
  g_autofree float *sums = it.sums = g_new0 (float, n_blocks *it.n_graded_rows * 2 * op->n_state);
  g_autofree float *dots = it.dots = g_new0 (float, n_blocks *it.n_out * 2 + 1);
  eg_team_run (stream->team, n_blocks, scan_block, &it);
  join_blocks (&it, n_blocks);
  g_assert (sums != NULL && dots != NULL);
}

const EgBackOps eg_cpu_back = {
  .gemm = back_gemm,
  .norm = back_norm,
  .conv_silu = back_conv_silu,
  .scan = back_scan,
  .gate = back_gate,
  .attention = back_attention,
  .activate = back_activate,
  .logits = back_logits,
  .dots = back_dots,
  .conv_dots = back_conv_dots,
};
