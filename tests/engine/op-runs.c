/* Each op on inputs drawn at random; n: a case's sizes, by each op's own meaning. */
#include "op-runs.h"

#include <math.h>
#include <string.h>

/* n: rows, width, whether it is a LayerNorm, which is of numbers about 3 */
void
op_run_norm (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], d = self->n[1];
  const double mean = self->n[2] ? 3 : 0;
  const float *x = op_draw (lane, rand, rows * d, mean - 2, mean + 2), *w = op_draw (lane, rand, d, -2, 2);
  const EgNorm op = { .y = op_blank (lane, rows * d),
                      .x = x,
                      .n_rows = rows,
                      .d = d,
                      .weight = w,
                      .bias = self->n[2] ? op_draw (lane, rand, d, -1, 1) : NULL,
                      .eps = 1e-5f };
  OP_RUN (lane, op_append (lane, op.y, rows * d), lane->backend->norm (lane->stream, &op));
}

/* n: numbers, offset of both: what is not aligned */
void
op_run_add (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize n = self->n[0], at = self->n[1];
  float *y = op_draw (lane, rand, n + at, -1, 1), *x = op_draw (lane, rand, n + at, -1, 1);
  OP_RUN (lane, op_append (lane, y, n + at), lane->backend->add (lane->stream, y + at, x + at, n));
}

/* n: numbers, EgActivation */
void
op_run_activate (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize n = self->n[0];
  const EgActivation activation = (EgActivation)self->n[1];
  const double most = activation == EG_ACTIVATION_SOFTPLUS ? 30 : 4;
  float *x = op_draw (lane, rand, n, -most, most);
  OP_RUN (lane, op_append (lane, x, n), lane->backend->activate (lane->stream, activation, x, n));
}

/* n: rows, width, leading dimension */
void
op_run_copy_rows (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], width = self->n[1], ld = self->n[2];
  float *x = op_draw (lane, rand, rows * ld, -1, 1), *y = op_blank (lane, rows * ld);
  g_autofree EgRowCopy *copies = g_new (EgRowCopy, rows);
  for (gsize r = 0; r < rows; r++)
    copies[r] = (EgRowCopy){ y + r * ld, x + (rows - 1 - r) * ld };
  OP_RUN (lane, op_append (lane, y, rows * ld), lane->backend->copy_rows (lane->stream, copies, rows, width));
}

/* n: rows, ops one after another: more tables on their way than there is place for, each copying other rows
 */
void
op_run_tables (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], n_ops = self->n[1];
  float *x = op_draw (lane, rand, rows, -1, 1), *y = op_blank (lane, n_ops * rows);
  g_autofree EgRowCopy *copies = g_new (EgRowCopy, rows);
  for (gsize i = 0; i < n_ops; i++)
    {
      for (gsize r = 0; r < rows; r++)
        copies[r] = (EgRowCopy){ y + i * rows + r, x + (r + 7 * i) % rows };
      lane->backend->copy_rows (lane->stream, copies, rows, 1);
    }
  op_append (lane, y, n_ops * rows);
}

/* n: rows of the table, width, type, row */
void
op_run_embed (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize d = self->n[1];
  const EgMatrix table = op_draw_matrix (lane, rand, (EgDType)self->n[2], self->n[0], d);
  float *y = op_blank (lane, d);
  OP_RUN (lane, op_append (lane, y, d), lane->backend->embed (lane->stream, y, &table, self->n[3]));
}

/* n: rows, rows of w, depth, type, leading dimensions' surplus, bias, whether w lies transposed */
void
op_run_gemm (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize m = self->n[0], n = self->n[1], k = self->n[2], ldx = k + self->n[4], ldy = n + self->n[4];
  EgMatrix w = op_draw_matrix (lane, rand, (EgDType)self->n[3], n, k);
  w.transposed = self->n[6] != 0;
  const float *x = op_draw (lane, rand, m * ldx, -1, 1), *bias = op_draw (lane, rand, n, -1, 1);
  const EgGemm op = { .y = op_blank (lane, m * ldy),
                      .ldy = ldy,
                      .x = x,
                      .ldx = ldx,
                      .n_rows = m,
                      .w = &w,
                      .bias = self->n[5] ? bias : NULL };
  OP_RUN (lane, op_append (lane, op.y, m * ldy), lane->backend->gemm (lane->stream, &op));
}

GArray *
op_ragged (gsize rows, gsize longest)
{
  GArray *lengths = g_array_new (FALSE, FALSE, sizeof (gsize));
  for (gsize row = 0, i = 0; row < rows; i++)
    {
      const gsize length = MIN (i % longest + 1, rows - row);
      g_array_append_val (lengths, length);
      row += length;
    }
  return lengths;
}

/* n: rows, width */
void
op_run_gate (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], D = self->n[1], ldz = 2 * D;
  float *y = op_draw (lane, rand, rows * D, -1, 1), *z = op_draw (lane, rand, rows * ldz, -5, 5);
  const EgGate op = { .y = y, .z = z + D, .ldz = ldz, .n_rows = rows, .n_inner = D };
  OP_RUN (lane, op_append (lane, y, rows * D), lane->backend->gate (lane->stream, &op));
}

/* n: rows, longest segment, channels, K, bias */
void
op_run_conv (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], D = self->n[2], K = self->n[3], ldx = 2 * D;
  g_autoptr (GArray) lengths = op_ragged (rows, self->n[1]);
  const gsize n = lengths->len;
  g_autofree EgConvRows *segments = g_new0 (EgConvRows, n);
  const float *x = op_draw (lane, rand, rows * ldx, -1, 1), *history = op_draw (lane, rand, n * K * D, -1, 1);
  const float *w = op_draw (lane, rand, K * D, -1, 1), *bias = op_draw (lane, rand, D, -1, 1);
  for (gsize s = 0, row = 0; s < n; row += segments[s++].n_rows)
    segments[s] = (EgConvRows){ row, g_array_index (lengths, gsize, s), history + s * (K - 1) * D };
  const EgConv op = { .c = op_blank (lane, rows * D),
                      .x = x,
                      .ldx = ldx,
                      .segments = segments,
                      .n_segments = n,
                      .n_inner = D,
                      .n_conv = K,
                      .w = w,
                      .bias = self->n[4] ? bias : NULL };
  OP_RUN (lane, op_append (lane, op.c, rows * D), lane->backend->conv_silu (lane->stream, &op));
}

static gsize
count_kept (const EgScanRows *it)
{
  return it->keep_end > it->keep_first ? (it->keep_end - it->keep_first + it->keep_step - 1) / it->keep_step
                                       : 0;
}

/* n as below; which rows of segment s are read, given and kept, but for the states' places. */
static EgScanRows
scan_rows (const OpCase *self, gsize s, gsize row, gsize n_rows, gsize out_row)
{
  EgScanRows it = { .row = row, .n_rows = n_rows, .out_row = out_row };
  it.out_first = self->n[4] == 0 ? 0 : n_rows - MIN (self->n[4], n_rows);
  it.set_first = n_rows / 3;
  it.set_end = MAX (n_rows - (s % 2), it.set_first);
  if (s % 3 == 1 || n_rows == self->n[0])
    {
      it.keep_first = n_rows > 2;
      it.keep_step = 1 + s % 2 + (n_rows > 100 ? 999 : 0);
      it.keep_end = n_rows - (n_rows > 3);
    }
  return it;
}

/* The segments' states go to `kept`, one after another; each one's first is what the next segment begins
 * with. */
static void
keep_states (EgScanRows *segments, gsize n, float *kept, gsize n_floats)
{
  for (gsize s = 0; s < n; s++)
    if (count_kept (&segments[s]) > 0)
      {
        segments[s].keep_state = kept;
        kept += count_kept (&segments[s]) * n_floats;
        if (s + 1 < n)
          segments[s + 1].state = segments[s].keep_state;
      }
}

/* Segments for states of n_floats; how many rows' y and states there are. */
static EgScanRows *
draw_segments (OpLane *lane,
               const OpCase *self,
               GRand *rand,
               GArray *lengths,
               gboolean gives,
               gsize n_floats,
               gsize *n_out,
               gsize *n_kept)
{
  const gsize n = lengths->len;
  EgScanRows *segments = g_new0 (EgScanRows, n);
  const float *state = op_draw (lane, rand, n * n_floats, -1, 1);
  const float *given = gives ? op_draw (lane, rand, self->n[0] * n_floats, -1, 1) : NULL;
  *n_out = *n_kept = 0;
  for (gsize s = 0, row = 0; s < n; row += segments[s++].n_rows)
    {
      EgScanRows *it = &segments[s];
      *it = scan_rows (self, s, row, g_array_index (lengths, gsize, s), *n_out);
      it->state = s % 2 == 0 ? state + s * n_floats : NULL;
      it->set_state = given && s % 4 != 3 ? given + row * n_floats : NULL;
      *n_out += it->n_rows - it->out_first;
      *n_kept += count_kept (it);
    }
  return segments;
}

/* n: rows, longest segment, channels, N, outputs of each segment (0: all), whether states are given. Every
 * third segment begins with the state that the one before it keeps, if that is long enough. */
void
op_run_scan (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], D = self->n[2], N = self->n[3], ldbc = 2 * N + 3;
  g_autoptr (GArray) lengths = op_ragged (rows, self->n[1]);
  const gsize n = lengths->len;
  gsize n_out, n_kept;
  const float *delta = op_draw (lane, rand, rows * D, 0, 1.5), *c = op_draw (lane, rand, rows * D, -1, 1);
  const float *bc = op_draw (lane, rand, rows * ldbc, -1, 1);
  const float *a = op_draw (lane, rand, N * D, -8, 0), *skip = op_draw (lane, rand, D, -1, 1);
  const float *z = op_draw (lane, rand, rows * (D + 1), -3, 3);
  g_autofree EgScanRows *segments
      = draw_segments (lane, self, rand, lengths, self->n[5] != 0, N * D, &n_out, &n_kept);
  float *y = op_blank (lane, n_out * D), *kept = op_blank (lane, (n_kept + 1) * N * D);
  keep_states (segments, n, kept, N * D);
  const EgScan op = { y, delta, c, bc, bc + N, ldbc, segments, n, D, N, a, skip, z, D + 1 };
  OP_RUN (
      lane,
      {
        op_append (lane, y, n_out * D);
        op_append (lane, kept, (n_kept + 1) * N * D);
      },
      lane->backend->scan (lane->stream, &op));
}

OpHeads
op_heads (gsize number)
{
  return (OpHeads){ number / 10000000, number / 10000 % 1000, number / 1000 % 10, number % 1000 };
}

/* n: rows, longest segment, whether states are given, HHPPPGNNN, outputs of each segment (0: all) */
void
op_run_scan_heads (OpLane *lane, const OpCase *self, GRand *rand)
{
  const OpHeads it = op_heads (self->n[3]);
  const gsize rows = self->n[0], D = it.H * it.P, N = it.N, ld = D + 2 * it.G * N;
  g_autoptr (GArray) lengths = op_ragged (rows, self->n[1]);
  gsize n_out, n_kept;
  const float *delta = op_draw (lane, rand, rows * it.H, 0, 1.5),
              *xbc = op_draw (lane, rand, rows * ld, -1, 1);
  const float *a = op_draw (lane, rand, it.H, -8, 0), *skip = op_draw (lane, rand, it.H, -1, 1);
  g_autofree EgScanRows *segments
      = draw_segments (lane, self, rand, lengths, self->n[2] != 0, N * D, &n_out, &n_kept);
  float *y = op_blank (lane, n_out * D), *kept = op_blank (lane, (n_kept + 1) * N * D);
  keep_states (segments, lengths->len, kept, N * D);
  const EgHeadScan op = { .y = y,
                          .delta = delta,
                          .c = xbc,
                          .b_rows = xbc + D,
                          .c_rows = xbc + D + it.G * N,
                          .ld = ld,
                          .segments = segments,
                          .n_segments = lengths->len,
                          .n_heads = it.H,
                          .d_head = it.P,
                          .n_groups = it.G,
                          .n_state = N,
                          .a = a,
                          .skip = skip };
  OP_RUN (
      lane,
      {
        op_append (lane, y, n_out * D);
        op_append (lane, kept, (n_kept + 1) * N * D);
      },
      lane->backend->scan_heads (lane->stream, &op));
}

/* n: rows, heads, whether there are limits */
void
op_run_step_size (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], H = self->n[1], ldx = H + 3;
  const float *x = op_draw (lane, rand, rows * ldx, -6, 6), *bias = op_draw (lane, rand, H, -2, 2);
  const EgStepSize op = { .delta = op_blank (lane, rows * H),
                          .x = x,
                          .ldx = ldx,
                          .n_rows = rows,
                          .n_heads = H,
                          .bias = bias,
                          .least = self->n[2] ? 0.3f : 0.0f,
                          .most = self->n[2] ? 2.0f : INFINITY };
  OP_RUN (lane, op_append (lane, op.delta, rows * H), lane->backend->step_size (lane->stream, &op));
}

/* n: rows, groups, width, whether it has weights */
void
op_run_group_norm (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], G = self->n[1], width = self->n[2], ld = G * width + 2;
  float *x = op_draw (lane, rand, rows * ld, -2, 2), *w = op_draw (lane, rand, G * width, -2, 2);
  const EgGroupNorm op = { .x = x,
                           .ld = ld,
                           .n_rows = rows,
                           .n_groups = G,
                           .width = width,
                           .weight = self->n[3] ? w : NULL,
                           .eps = 1e-6f };
  OP_RUN (lane, op_append (lane, x, rows * ld), lane->backend->group_norm (lane->stream, &op));
}

/* n: rows, vocabulary, width, type, target, what else is asked (bit 0: weights, bit 1: rank) */
void
op_run_head (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], V = self->n[1], d = self->n[2];
  const EgMatrix head = op_draw_matrix (lane, rand, (EgDType)self->n[3], V, d);
  const float *x = op_draw (lane, rand, rows * d, -3, 3), *weights = op_draw (lane, rand, V, 0, 1);
  const EgHeadQuery query = { .target = self->n[4],
                              .against = V - 1 - self->n[4],
                              .weights = self->n[5] & 1 ? weights : NULL,
                              .rank = (self->n[5] & 2) != 0 };
  g_autofree EgHeadRow *answers = g_new0 (EgHeadRow, rows);
  const EgHead op = { .answers = answers, .x = x, .n_rows = rows, .head = &head, .query = &query };
  OP_RUN (lane, {}, lane->backend->head (lane->stream, &op));
  for (gsize r = 0; r < rows; r++)
    {
      const EgHeadRow *it = &answers[r];
      /* Of a rank, only what is far from a tie: probabilities and logits, so that one scale fits all. */
      const float row[] = { (float)it->max,
                            (float)log (it->sum),
                            (float)it->target,
                            (float)it->against,
                            (float)(it->weighted / (double)V),
                            (float)exp (it->target - it->max) / (float)it->sum,
                            (float)it->above / (float)V };
      g_array_append_vals (lane->out, row, G_N_ELEMENTS (row));
    }
}

/* n: values, k, distinct values (0: all are): the fewer, the more ties; each how many-th is NaN (0: none) */
void
op_run_top (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize n = self->n[0], k = self->n[1];
  g_autofree float *values = g_new (float, n);
  g_autofree EgTopValue *found = g_new0 (EgTopValue, k);
  double sum = 0;
  for (gsize i = 0; i < n; i++)
    values[i] = self->n[2] ? (float)g_rand_int_range (rand, 0, (gint32)self->n[2])
                           : (float)g_rand_double_range (rand, -9, 9);
  for (gsize i = 0; self->n[3] > 0 && i < n; i += self->n[3])
    values[i] = NAN;
  float *x = op_upload (lane, values, n);
  OP_RUN (lane, {}, sum = lane->backend->top (lane->stream, found, x, n, k));
  for (gsize i = 0; i < k; i++)
    {
      const float pair[] = { (float)found[i].index / (float)n, found[i].value };
      g_array_append_vals (lane->out, pair, G_N_ELEMENTS (pair));
    }
  const float log_sum = self->n[3] > 0 ? 0.0f : (float)log (sum);
  g_array_append_val (lane->out, log_sum);
}

/* n: bytes; through both slots, the second one while the first is used; both ends are looked at */
void
op_run_stage (OpLane *lane, const OpCase *self, GRand *rand)
{
  const EgBackend *be = lane->backend;
  const gsize n = self->n[0] / sizeof (float), n_seen = MIN (n, 1000);
  float *slots[EG_STREAM_SLOTS] = { op_blank (lane, n), op_blank (lane, n) },
        *y = op_draw (lane, rand, n_seen, -1, 1);
  g_autofree float *weights = g_new (float, n);
  for (guint i = 0; i < 5; i++)
    {
      const guint slot = i % EG_STREAM_SLOTS;
      for (gsize k = 0; k < n; k++)
        weights[k] = (float)(k % 1013) / 1000 + (float)i;
      if (be->stage)
        be->stage (lane->stream, slot, slots[slot], weights, n * sizeof (float));
      else
        memcpy (slots[slot], weights, n * sizeof (float));
      if (be->use_slot)
        be->use_slot (lane->stream, slot);
      be->add (lane->stream, y, slots[slot], n_seen);
      be->add (lane->stream, y, slots[slot] + n - n_seen, n_seen);
      if (be->leave_slot)
        be->leave_slot (lane->stream, slot);
    }
  op_append (lane, y, n_seen);
}
