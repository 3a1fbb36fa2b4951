/* The backward ops (engine/back.h) on inputs drawn at random. Lanes and segments are of unequal length; the
 * last third of them is only a source of values. */
#include "op-runs.h"

#include "engine/back.h"

static const EgBackOps *
ops_of (const OpLane *lane)
{
  return lane->backend->back;
}

/* n: rows, rows of w, columns of w, type, leading dimensions' surplus, whether it is added, whether w lies
 * transposed */
void
op_run_back_gemm (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize m = self->n[0], n = self->n[1], k = self->n[2], lddy = n + self->n[4], lddx = k + self->n[4];
  EgMatrix w = op_draw_matrix (lane, rand, (EgDType)self->n[3], n, k);
  w.transposed = self->n[6] != 0;
  const float *dy = op_draw (lane, rand, m * lddy, -1, 1);
  const EgGemmBack op = { op_blank (lane, m * lddx), lddx, dy, lddy, m, &w, self->n[5] != 0 };
  OP_RUN (lane, op_append (lane, op.dx, m * lddx), ops_of (lane)->gemm (lane->stream, &op));
}

/* n: rows, width, whether it is a LayerNorm */
void
op_run_back_norm (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], d = self->n[1];
  const float *x = op_draw (lane, rand, rows * d, -2, 2), *w = op_draw (lane, rand, d, -2, 2);
  const EgNormBack op = { .dx = op_draw (lane, rand, rows * d, -1, 1),
                          .dy = op_draw (lane, rand, rows * d, -1, 1),
                          .x = x,
                          .n_rows = rows,
                          .d = d,
                          .weight = w,
                          .is_layer_norm = self->n[2] != 0,
                          .eps = 1e-3f };
  OP_RUN (lane, op_append (lane, op.dx, rows * d), ops_of (lane)->norm (lane->stream, &op));
}

/* n: rows, groups, width, weights */
void
op_run_back_group_norm (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], width = self->n[1] * self->n[2], ldd = width + 3, ldx = width + 1;
  const float *w = op_draw (lane, rand, width, -2, 2);
  const EgGroupNormBack op = { .d = op_draw (lane, rand, rows * ldd, -1, 1),
                               .ldd = ldd,
                               .x = op_draw (lane, rand, rows * ldx, -2, 2),
                               .ldx = ldx,
                               .n_rows = rows,
                               .n_groups = self->n[1],
                               .width = self->n[2],
                               .weight = self->n[3] ? w : NULL,
                               .eps = 1e-3f };
  OP_RUN (lane, op_append (lane, op.d, rows * ldd), ops_of (lane)->group_norm (lane->stream, &op));
}

/* n: rows, width */
void
op_run_back_gate (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], D = self->n[1], ldz = 2 * D + 1, lddz = D + 2;
  const EgGateBack op = { .dy = op_draw (lane, rand, rows * D, -1, 1),
                          .dz = op_blank (lane, rows * lddz),
                          .lddz = lddz,
                          .y = op_draw (lane, rand, rows * D, -1, 1),
                          .z = op_draw (lane, rand, rows * ldz, -5, 5),
                          .ldz = ldz,
                          .n_rows = rows,
                          .n_inner = D };
  OP_RUN (
      lane,
      {
        op_append (lane, op.dy, rows * D);
        op_append (lane, op.dz, rows * lddz);
      },
      ops_of (lane)->gate (lane->stream, &op));
}

/* n: numbers, EgActivation */
void
op_run_back_activate (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize n = self->n[0];
  float *d = op_draw (lane, rand, n, -1, 1);
  const float *x = op_draw (lane, rand, n, -6, 6);
  OP_RUN (lane, op_append (lane, d, n),
          ops_of (lane)->activate (lane->stream, (EgActivation)self->n[1], d, x, n));
}

/* n: rows, heads, whether there are limits */
void
op_run_back_step_size (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], H = self->n[1], ldx = H + 3, lddx = H + 2;
  const float *x = op_draw (lane, rand, rows * ldx, -3, 3), *bias = op_draw (lane, rand, H, -1, 1);
  const EgStepSizeBack op = { .dx = op_blank (lane, rows * lddx),
                              .lddx = lddx,
                              .ddelta = op_draw (lane, rand, rows * H, -1, 1),
                              .x = x,
                              .ldx = ldx,
                              .n_rows = rows,
                              .n_heads = H,
                              .bias = bias,
                              .least = self->n[2] ? 0.2f : 0.0f,
                              .most = self->n[2] ? 1.5f : G_MAXFLOAT };
  OP_RUN (lane, op_append (lane, op.dx, rows * lddx), ops_of (lane)->step_size (lane->stream, &op));
}

/* n: rows, logits, how far they spread, whether there are weights */
void
op_run_back_logits (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], V = self->n[1];
  const double spread = (double)self->n[2];
  const float *weights = op_draw (lane, rand, V, 0, 1);
  const EgLogitsBack op = { .logits = op_draw (lane, rand, rows * V, -spread, spread),
                            .n_rows = rows,
                            .n = V,
                            .target = V / 2,
                            .against = V - 1,
                            .weights = self->n[3] ? weights : NULL,
                            .probability = -1,
                            .weight = 0.5f,
                            .target_part = 1,
                            .against_part = self->n[3] ? -0.5f : 0 };
  OP_RUN (lane, op_append (lane, op.logits, rows * V), ops_of (lane)->logits (lane->stream, &op));
}

/* ---- lanes ---- */

/* Of ragged lengths: lanes, of which the first two thirds are graded, each against the last one. */
typedef struct
{
  GArray *lengths;
  gsize n_graded, n_graded_rows, n_out;
  EgScanLane *lanes;
  EgDotRows *dots;
} Lanes;

static void
lanes_clear (Lanes *self)
{
  g_array_unref (self->lengths);
  g_free (self->lanes);
  g_free (self->dots);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Lanes, lanes_clear)

static void
draw_lanes (Lanes *self, OpLane *lane, GRand *rand, gsize rows, gsize longest, gsize state)
{
  self->lengths = op_ragged (rows, longest);
  const gsize n = self->lengths->len;
  self->n_graded = (2 * n + 2) / 3;
  self->lanes = g_new0 (EgScanLane, n);
  self->dots = g_new0 (EgDotRows, self->n_graded);
  for (gsize l = 0, row = 0; l < n; row += self->lanes[l++].n_rows)
    {
      self->lanes[l] = (EgScanLane){ .row = row, .n_rows = g_array_index (self->lengths, gsize, l) };
      if (state > 0 && l % 2 == 0)
        self->lanes[l].state = op_draw (lane, rand, state, -1, 1);
      if (l < self->n_graded)
        self->n_graded_rows = row + self->lanes[l].n_rows;
    }
  const EgScanLane *last = &self->lanes[n - 1];
  for (gsize l = 0; l < self->n_graded; l++)
    {
      const EgScanLane *own = &self->lanes[l];
      const gsize n_both = MIN (own->n_rows, last->n_rows);
      self->dots[l] = (EgDotRows){ own->row + own->n_rows - n_both, last->row + last->n_rows - n_both,
                                   own->row + own->n_rows - n_both, n_both, self->n_out };
      self->n_out += n_both;
    }
}

/* n: rows, longest lane, width */
void
op_run_back_dots (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], width = self->n[2], ldg = width + 1, ldv = width + 2;
  g_auto (Lanes) it = { 0 };
  draw_lanes (&it, lane, rand, rows, self->n[1], 0);
  const EgDots op = { .dots = op_blank (lane, it.n_out),
                      .gradient = op_draw (lane, rand, rows * ldg, -1, 1),
                      .ldg = ldg,
                      .values = op_draw (lane, rand, rows * ldv, -1, 1),
                      .ldv = ldv,
                      .width = width,
                      .rows = it.dots,
                      .n = it.n_graded };
  OP_RUN (lane, op_append (lane, op.dots, it.n_out), ops_of (lane)->dots (lane->stream, &op));
}

/* n: rows, longest segment, D, K, bias. The convolution's gradient, then its state's dots. */
void
op_run_back_conv (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], D = self->n[2], K = self->n[3], ldx = D + 1, lddx = D + 3;
  g_auto (Lanes) it = { 0 };
  draw_lanes (&it, lane, rand, rows, self->n[1], 0);
  const float *x = op_draw (lane, rand, rows * ldx, -1, 1), *w = op_draw (lane, rand, K * D, -1, 1);
  const float *bias = op_draw (lane, rand, D, -1, 1), *history = op_draw (lane, rand, K * D, -1, 1);
  float *found = op_blank (lane, 2 * it.n_out);
  g_autofree EgConvRows *segments = g_new (EgConvRows, it.n_graded);
  for (gsize l = 0; l < it.n_graded; l++)
    segments[l] = (EgConvRows){ it.lanes[l].row, it.lanes[l].n_rows, history };
  const EgConvBack op = { .dx = op_blank (lane, rows * lddx),
                          .lddx = lddx,
                          .dc = op_draw (lane, rand, rows * D, -1, 1),
                          .x = x,
                          .ldx = ldx,
                          .segments = segments,
                          .n_segments = it.n_graded,
                          .n_inner = D,
                          .n_conv = K,
                          .w = w,
                          .bias = self->n[4] ? bias : NULL };
  ops_of (lane)->conv_silu (lane->stream, &op);
  const EgConvDots dots = { .full = found,
                            .direct = found + it.n_out,
                            .du = op.dc,
                            .x = x,
                            .ldx = ldx,
                            .rows = it.dots,
                            .n = it.n_graded,
                            .n_inner = D,
                            .n_conv = K,
                            .w = w };
  ops_of (lane)->conv_dots (lane->stream, &dots);
  op_append (lane, op.dx, rows * lddx);
  op_append (lane, found, 2 * it.n_out);
}

/* n: rows, longest lane, D, N, whether states are given */
void
op_run_back_scan (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], D = self->n[2], N = self->n[3], ldbc = 2 * N + 3;
  g_auto (Lanes) it = { 0 };
  draw_lanes (&it, lane, rand, rows, self->n[1], self->n[4] ? N * D : 0);
  const float *bc = op_draw (lane, rand, rows * ldbc, -1, 1);
  const gsize graded = it.n_graded_rows;
  float *dbc = op_blank (lane, graded * ldbc), *found = op_blank (lane, 2 * it.n_out);
  const EgScanBack op = { .ddelta = op_blank (lane, graded * D),
                          .dc = op_blank (lane, graded * D),
                          .db = dbc,
                          .dcr = dbc + N,
                          .lddbc = ldbc,
                          .dy = op_draw (lane, rand, graded * D, -1, 1),
                          .delta = op_draw (lane, rand, rows * D, 0, 1.5),
                          .c = op_draw (lane, rand, rows * D, -1, 1),
                          .b_rows = bc,
                          .c_rows = bc + N,
                          .ldbc = ldbc,
                          .lanes = it.lanes,
                          .n_lanes = it.lengths->len,
                          .n_graded = it.n_graded,
                          .dots = it.dots,
                          .n_dots = it.n_graded,
                          .full = found,
                          .direct = found + it.n_out,
                          .n_inner = D,
                          .n_state = N,
                          .a = op_draw (lane, rand, N * D, -8, 0),
                          .skip = op_draw (lane, rand, D, -1, 1) };
  OP_RUN (
      lane,
      {
        op_append (lane, op.ddelta, graded * D);
        op_append (lane, op.dc, graded * D);
        op_append (lane, dbc, graded * ldbc);
        op_append (lane, found, 2 * it.n_out);
      },
      ops_of (lane)->scan (lane->stream, &op));
}

/* n: rows, longest lane, whether states are given, HHPPPGNNN */
void
op_run_back_scan_heads (OpLane *lane, const OpCase *self, GRand *rand)
{
  const OpHeads size = op_heads (self->n[3]);
  const gsize rows = self->n[0], D = size.H * size.P, GN = size.G * size.N, ld = D + 2 * GN;
  g_auto (Lanes) it = { 0 };
  draw_lanes (&it, lane, rand, rows, self->n[1], self->n[2] ? size.N * D : 0);
  const float *xbc = op_draw (lane, rand, rows * ld, -1, 1);
  const gsize graded = it.n_graded_rows;
  float *dxbc = op_blank (lane, graded * ld), *found = op_blank (lane, 2 * it.n_out);
  const EgHeadScanBack op = { .ddelta = op_blank (lane, graded * size.H),
                              .dc = dxbc,
                              .db = dxbc + D,
                              .dcr = dxbc + D + GN,
                              .ldd = ld,
                              .dy = op_draw (lane, rand, graded * D, -1, 1),
                              .delta = op_draw (lane, rand, rows * size.H, 0, 1.5),
                              .c = xbc,
                              .b_rows = xbc + D,
                              .c_rows = xbc + D + GN,
                              .ld = ld,
                              .lanes = it.lanes,
                              .n_lanes = it.lengths->len,
                              .n_graded = it.n_graded,
                              .dots = it.dots,
                              .n_dots = it.n_graded,
                              .full = found,
                              .direct = found + it.n_out,
                              .n_heads = size.H,
                              .d_head = size.P,
                              .n_groups = size.G,
                              .n_state = size.N,
                              .a = op_draw (lane, rand, size.H, -8, 0),
                              .skip = op_draw (lane, rand, size.H, -1, 1) };
  OP_RUN (
      lane,
      {
        op_append (lane, op.ddelta, graded * size.H);
        op_append (lane, dxbc, graded * ld);
        op_append (lane, found, 2 * it.n_out);
      },
      ops_of (lane)->scan_heads (lane->stream, &op));
}

/* n: rows, longest segment, positions before each, heads, d_head */
void
op_run_back_attention (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], first = self->n[2], H = self->n[3], d = self->n[4], width = H * d;
  const gsize ld = 3 * width + 1, ldd = 3 * width + 2;
  const float *x = op_draw (lane, rand, rows * ld, -2, 2);
  const float *before = op_draw (lane, rand, (first + 1) * 2 * width, -2, 2);
  float *dx = op_blank (lane, rows * ldd);
  g_autoptr (GArray) lengths = op_ragged (rows, self->n[1]);
  const gsize n = lengths->len;
  g_autofree EgAttentionRows *segments = g_new0 (EgAttentionRows, n);
  g_autofree EgAttentionSpan *spans = g_new0 (EgAttentionSpan, 2 * n);
  for (gsize s = 0, row = 0, n_spans = 0; s < n; row += segments[s++].n_rows)
    {
      const float *own = x + row * ld;
      EgAttentionRows *it = &segments[s];
      *it = (EgAttentionRows){ .row = row, .n_rows = g_array_index (lengths, gsize, s), .out_row = row };
      it->first = s % 2 == 0 ? first : 0;
      it->span = n_spans;
      it->n_spans = it->first > 0 ? 2 : 1;
      if (it->first > 0)
        spans[n_spans++] = (EgAttentionSpan){ before, before + width, 2 * width, first };
      spans[n_spans++] = (EgAttentionSpan){ own + width, own + 2 * width, ld, it->n_rows };
    }
  const EgAttention op = { .q = x,
                           .ldq = ld,
                           .segments = segments,
                           .n_segments = n,
                           .spans = spans,
                           .n_spans = 2 * n,
                           .n_heads = H,
                           .d_head = d,
                           .scale = 0.3f };
  const EgAttentionBack back
      = { dx, dx + width, dx + 2 * width, ldd, op_draw (lane, rand, rows * width, -1, 1), &op };
  OP_RUN (lane, op_append (lane, dx, rows * ldd), ops_of (lane)->attention (lane->stream, &back));
}
