/* The processor's backward ops: shared out among a stream's threads, in parts that do not depend on how many
 * they are. */
#include "engine/cpu/back.h"

#include "engine/cpu/lane.h"

#include <string.h>

/* Rows or floats of a part. */
#define ROWS   16
#define FLOATS 16384

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

/* ---- scans ---- */

/* What the parts of a scan find, each in memory of its own: @sums: [parts][graded rows, 2N]; @dots:
 * [parts][n_out, 2] */
typedef struct
{
  EgStream *stream;
  const void *op;
  gsize n_rows, n_graded_rows, n_out, n_state;
  float *sums, *dots;
} Scan;

static void
begin_scan (
    Scan *it, const EgScanLane *lanes, gsize n_lanes, gsize n_graded, const EgDotRows *dots, gsize n_dots)
{
  for (gsize l = 0; l < n_lanes; l++)
    {
      it->n_rows = MAX (it->n_rows, lanes[l].row + lanes[l].n_rows);
      if (l < n_graded)
        it->n_graded_rows = it->n_rows;
    }
  for (gsize p = 0; p < n_dots; p++)
    it->n_out = MAX (it->n_out, dots[p].out + dots[p].n_rows);
}

static void
run_scan (Scan *it, gsize n_parts, EgTeamFunc part)
{
  it->sums = g_new (float, n_parts * it->n_graded_rows * 2 * it->n_state + 1);
  it->dots = g_new0 (float, n_parts * it->n_out * 2 + 1);
  eg_team_run (it->stream->team, n_parts, part, it);
}

static void
clear_scan (Scan *it)
{
  g_free (it->sums);
  g_free (it->dots);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scan, clear_scan)

/* Of a row, the sums of parts first … end − 1, always added in their order. */
static void
join_sums (const Scan *it, gsize row, gsize first, gsize end, float *db, float *dcr)
{
  const gsize N = it->n_state, stride = it->n_graded_rows * 2 * N;
  const float *sums = it->sums + first * stride + row * 2 * N;
  memset (db, 0, N * sizeof *db);
  memset (dcr, 0, N * sizeof *dcr);
  for (gsize part = first; part < end; part++, sums += stride)
    for (gsize n = 0; n < N; n++)
      {
        db[n] += sums[n];
        dcr[n] += sums[N + n];
      }
}

static void
join_dots (const Scan *it, gsize n_parts, const EgDotRows *dots, gsize n_dots, float *full, float *direct)
{
  for (gsize p = 0; p < n_dots; p++)
    for (gsize i = dots[p].out; i < dots[p].out + dots[p].n_rows; i++)
      {
        double whole = 0, own = 0;
        for (gsize part = 0; part < n_parts; part++)
          {
            whole += (double)it->dots[(part * it->n_out + i) * 2];
            own += (double)it->dots[(part * it->n_out + i) * 2 + 1];
          }
        full[i] = (float)whole;
        direct[i] = (float)own;
      }
}

static void
scan_block (gpointer data, gsize index, gsize thread)
{
  const Scan *it = data;
  const gsize N = it->n_state, n_floats = (it->n_rows + 1) * N * EG_SCAN_BACK_BLOCK;
  float *scratch = eg_cpu_scratch (it->stream, thread, EG_SCRATCH_OP, n_floats);
  if (scratch)
    it->stream->kernels->back->scan (it->op, index * EG_SCAN_BACK_BLOCK, scratch,
                                     it->sums + index * it->n_graded_rows * 2 * N,
                                     it->dots + index * it->n_out * 2);
}

static void
back_scan (EgStream *stream, const EgScanBack *op)
{
  g_auto (Scan) it = { .stream = stream, .op = op, .n_state = op->n_state };
  const gsize n_blocks = (op->n_inner + EG_SCAN_BACK_BLOCK - 1) / EG_SCAN_BACK_BLOCK;
  begin_scan (&it, op->lanes, op->n_lanes, op->n_graded, op->dots, op->n_dots);
  run_scan (&it, n_blocks, scan_block);
  for (gsize l = 0; l < op->n_graded; l++)
    for (gsize row = op->lanes[l].row; row < op->lanes[l].row + op->lanes[l].n_rows; row++)
      join_sums (&it, row, 0, n_blocks, op->db + row * op->lddbc, op->dcr + row * op->lddbc);
  join_dots (&it, n_blocks, op->dots, op->n_dots, op->full, op->direct);
}

static void
scan_head (gpointer data, gsize index, gsize thread)
{
  const Scan *it = data;
  const EgHeadScanBack *op = it->op;
  const gsize n_floats = EG_HEAD_BACK_SCRATCH (it->n_rows, it->n_state, op->d_head);
  float *scratch = eg_cpu_scratch (it->stream, thread, EG_SCRATCH_OP, n_floats);
  if (scratch)
    it->stream->kernels->back->heads->scan_head (op, index, scratch,
                                                 it->sums + index * it->n_graded_rows * 2 * it->n_state,
                                                 it->dots + index * it->n_out * 2);
}

static void
back_scan_heads (EgStream *stream, const EgHeadScanBack *op)
{
  g_auto (Scan) it = { .stream = stream, .op = op, .n_state = op->n_state };
  const gsize of_group = op->n_heads / op->n_groups;
  begin_scan (&it, op->lanes, op->n_lanes, op->n_graded, op->dots, op->n_dots);
  run_scan (&it, op->n_heads, scan_head);
  for (gsize l = 0; l < op->n_graded; l++)
    for (gsize row = op->lanes[l].row; row < op->lanes[l].row + op->lanes[l].n_rows; row++)
      for (gsize g = 0; g < op->n_groups; g++)
        {
          const gsize at = row * op->ldd + g * op->n_state;
          join_sums (&it, row, g * of_group, (g + 1) * of_group, op->db + at, op->dcr + at);
        }
  join_dots (&it, op->n_heads, op->dots, op->n_dots, op->full, op->direct);
}

static void
step_size_part (gpointer data, gsize index, gsize thread)
{
  const Parts *it = data;
  it->stream->kernels->back->heads->step_size (it->op, index * it->part, MIN ((index + 1) * it->part, it->n));
}

static void
back_step_size (EgStream *stream, const EgStepSizeBack *op)
{
  run_parts (stream, op, op->n_rows, ROWS, step_size_part);
}

static void
group_norm_part (gpointer data, gsize index, gsize thread)
{
  const Parts *it = data;
  it->stream->kernels->back->heads->group_norm (it->op, index * it->part,
                                                MIN ((index + 1) * it->part, it->n));
}

static void
back_group_norm (EgStream *stream, const EgGroupNormBack *op)
{
  run_parts (stream, op, op->n_rows, ROWS, group_norm_part);
}

const EgBackOps eg_cpu_back = {
  .gemm = eg_cpu_back_gemm,
  .norm = back_norm,
  .conv_silu = back_conv_silu,
  .scan = back_scan,
  .scan_heads = back_scan_heads,
  .step_size = back_step_size,
  .group_norm = back_group_norm,
  .gate = back_gate,
  .attention = back_attention,
  .activate = back_activate,
  .logits = back_logits,
  .dots = back_dots,
  .conv_dots = back_conv_dots,
};
