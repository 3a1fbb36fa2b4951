#include "op-cases.h"

#include <math.h>
#include <string.h>

void
op_lane_init (OpLane *lane, EgBackend *backend)
{
  *lane = (OpLane){ .backend = backend, .stream = backend->stream_new (backend, 1) };
  lane->out = g_array_new (FALSE, FALSE, sizeof (float));
  lane->memory = g_ptr_array_new ();
}

void
op_lane_clear (OpLane *lane)
{
  lane->backend->stream_free (lane->stream);
  g_array_unref (lane->out);
  g_ptr_array_unref (lane->memory);
}

/* ---- inputs and outputs ---- */

static float *
allocate (OpLane *lane, gsize n)
{
  float *memory = lane->backend->alloc (lane->backend, n);
  if (!memory)
    g_error ("no memory for %" G_GSIZE_FORMAT " floats", n);
  g_ptr_array_add (lane->memory, memory);
  return memory;
}

static float *
upload (OpLane *lane, const float *values, gsize n)
{
  float *memory = allocate (lane, n);
  lane->backend->upload (lane->stream, memory, values, n);
  return memory;
}

/* n numbers of [low, high). */
static float *
draw (OpLane *lane, GRand *rand, gsize n, double low, double high)
{
  g_autofree float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = (float)g_rand_double_range (rand, low, high);
  return upload (lane, values, n);
}

/* What an op writes into, so that what it must not write is seen, too. */
static float *
blank (OpLane *lane, gsize n)
{
  g_autofree float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = -7;
  return upload (lane, values, n);
}

/* Elements of a type: F16 of 2^−3 … 2^1, BF16 of 2^−31 … 1. */
static EgMatrix
draw_matrix (OpLane *lane, GRand *rand, EgDType dtype, gsize rows, gsize cols)
{
  const gsize n = rows * cols;
  if (dtype == EG_DTYPE_F32)
    return (EgMatrix){ draw (lane, rand, n, -1, 1), dtype, rows, cols };
  g_autofree guint16 *bits = g_new0 (guint16, n + 1);
  for (gsize i = 0; i < n; i++)
    bits[i] = (guint16)(0x3000 + g_rand_int_range (rand, 0, 0x0fff) + (g_rand_boolean (rand) ? 0x8000 : 0));
  return (EgMatrix){ upload (lane, (const float *)(gconstpointer)bits, (n + 1) / 2), dtype, rows, cols };
}

static void
append (OpLane *lane, const float *from, gsize n)
{
  const guint at = lane->out->len;
  g_array_set_size (lane->out, at + (guint)n);
  lane->backend->download (lane->stream, &g_array_index (lane->out, float, at), from, n);
}

static void
wait (OpLane *lane)
{
  float value;
  lane->backend->download (lane->stream, &value, lane->memory->pdata[0], 1);
}

/* Runs an op, and again as often as its time is to be taken. READ: what takes its output. */
#define RUN(lane, READ, ...)                                                                                 \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    __VA_ARGS__;                                                                                             \
    READ;                                                                                                    \
    wait (lane);                                                                                             \
    const gint64 begin = g_get_monotonic_time ();                                                            \
    for (guint repeat = 0; repeat < (lane)->repeats; repeat++)                                               \
      __VA_ARGS__;                                                                                           \
    wait (lane);                                                                                             \
    (lane)->seconds = (double)(g_get_monotonic_time () - begin) / 1e6 / MAX ((lane)->repeats, 1);            \
  }                                                                                                          \
  G_STMT_END

/* ---- the ops ---- */

/* n: rows, width */
static void
run_rmsnorm (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], d = self->n[1];
  const float *x = draw (lane, rand, rows * d, -2, 2), *w = draw (lane, rand, d, -2, 2);
  const EgNorm op
      = { .y = blank (lane, rows * d), .x = x, .n_rows = rows, .d = d, .weight = w, .eps = 1e-5f };
  RUN (lane, append (lane, op.y, rows * d), lane->backend->norm (lane->stream, &op));
}

/* n: numbers, offset of both: what is not aligned */
static void
run_add (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize n = self->n[0], at = self->n[1];
  float *y = draw (lane, rand, n + at, -1, 1), *x = draw (lane, rand, n + at, -1, 1);
  RUN (lane, append (lane, y, n + at), lane->backend->add (lane->stream, y + at, x + at, n));
}

static void
run_softplus (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize n = self->n[0];
  float *x = draw (lane, rand, n, -30, 30);
  RUN (lane, append (lane, x, n), lane->backend->activate (lane->stream, EG_ACTIVATION_SOFTPLUS, x, n));
}

/* n: rows, width, leading dimension */
static void
run_copy_rows (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], width = self->n[1], ld = self->n[2];
  float *x = draw (lane, rand, rows * ld, -1, 1), *y = blank (lane, rows * ld);
  g_autofree EgRowCopy *copies = g_new (EgRowCopy, rows);
  for (gsize r = 0; r < rows; r++)
    copies[r] = (EgRowCopy){ y + r * ld, x + (rows - 1 - r) * ld };
  RUN (lane, append (lane, y, rows * ld), lane->backend->copy_rows (lane->stream, copies, rows, width));
}

/* n: rows, ops one after another: more tables on their way than there is place for, each copying other rows
 */
static void
run_tables (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], n_ops = self->n[1];
  float *x = draw (lane, rand, rows, -1, 1), *y = blank (lane, n_ops * rows);
  g_autofree EgRowCopy *copies = g_new (EgRowCopy, rows);
  for (gsize i = 0; i < n_ops; i++)
    {
      for (gsize r = 0; r < rows; r++)
        copies[r] = (EgRowCopy){ y + i * rows + r, x + (r + 7 * i) % rows };
      lane->backend->copy_rows (lane->stream, copies, rows, 1);
    }
  append (lane, y, n_ops * rows);
}

/* n: rows of the table, width, type, row */
static void
run_embed (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize d = self->n[1];
  const EgMatrix table = draw_matrix (lane, rand, (EgDType)self->n[2], self->n[0], d);
  float *y = blank (lane, d);
  RUN (lane, append (lane, y, d), lane->backend->embed (lane->stream, y, &table, self->n[3]));
}

/* n: rows, rows of w, depth, type, leading dimensions' surplus, bias */
static void
run_gemm (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize m = self->n[0], n = self->n[1], k = self->n[2], ldx = k + self->n[4], ldy = n + self->n[4];
  const EgMatrix w = draw_matrix (lane, rand, (EgDType)self->n[3], n, k);
  const float *x = draw (lane, rand, m * ldx, -1, 1), *bias = draw (lane, rand, n, -1, 1);
  const EgGemm op = { .y = blank (lane, m * ldy),
                      .ldy = ldy,
                      .x = x,
                      .ldx = ldx,
                      .n_rows = m,
                      .w = &w,
                      .bias = self->n[5] ? bias : NULL };
  RUN (lane, append (lane, op.y, m * ldy), lane->backend->gemm (lane->stream, &op));
}

/* Segments of so many rows in turn, until `rows` are reached: 1, 2, …, longest, 1, 2 … (element-type gsize)
 */
static GArray *
ragged (gsize rows, gsize longest)
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
static void
run_gate (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], D = self->n[1], ldz = 2 * D;
  float *y = draw (lane, rand, rows * D, -1, 1), *z = draw (lane, rand, rows * ldz, -5, 5);
  const EgGate op = { .y = y, .z = z + D, .ldz = ldz, .n_rows = rows, .n_inner = D };
  RUN (lane, append (lane, y, rows * D), lane->backend->gate (lane->stream, &op));
}

/* n: rows, longest segment, channels, K, bias */
static void
run_conv (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], D = self->n[2], K = self->n[3], ldx = 2 * D;
  g_autoptr (GArray) lengths = ragged (rows, self->n[1]);
  const gsize n = lengths->len;
  g_autofree EgConvRows *segments = g_new0 (EgConvRows, n);
  const float *x = draw (lane, rand, rows * ldx, -1, 1), *history = draw (lane, rand, n * K * D, -1, 1);
  const float *w = draw (lane, rand, K * D, -1, 1), *bias = draw (lane, rand, D, -1, 1);
  for (gsize s = 0, row = 0; s < n; row += segments[s++].n_rows)
    segments[s] = (EgConvRows){ row, g_array_index (lengths, gsize, s), history + s * (K - 1) * D };
  const EgConv op = { .c = blank (lane, rows * D),
                      .x = x,
                      .ldx = ldx,
                      .segments = segments,
                      .n_segments = n,
                      .n_inner = D,
                      .n_conv = K,
                      .w = w,
                      .bias = self->n[4] ? bias : NULL };
  RUN (lane, append (lane, op.c, rows * D), lane->backend->conv_silu (lane->stream, &op));
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

/* n: rows, longest segment, channels, N, outputs of each segment (0: all), whether states are given. Every
 * third segment begins with the state that the one before it keeps, if that is long enough. */
static void
run_scan (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], D = self->n[2], N = self->n[3], ldbc = 2 * N + 3;
  g_autoptr (GArray) lengths = ragged (rows, self->n[1]);
  const gsize n = lengths->len;
  gsize n_out = 0, n_kept = 0;
  g_autofree EgScanRows *segments = g_new0 (EgScanRows, n);
  const float *delta = draw (lane, rand, rows * D, 0, 1.5), *c = draw (lane, rand, rows * D, -1, 1);
  const float *bc = draw (lane, rand, rows * ldbc, -1, 1), *state = draw (lane, rand, n * N * D, -1, 1);
  const float *a = draw (lane, rand, N * D, -8, 0), *skip = draw (lane, rand, D, -1, 1);
  const float *z = draw (lane, rand, rows * (D + 1), -3, 3);
  const float *given = self->n[5] ? draw (lane, rand, rows * N * D, -1, 1) : NULL;
  for (gsize s = 0, row = 0; s < n; row += segments[s++].n_rows)
    {
      EgScanRows *it = &segments[s];
      *it = scan_rows (self, s, row, g_array_index (lengths, gsize, s), n_out);
      it->state = s % 2 == 0 ? state + s * N * D : NULL;
      it->set_state = given && s % 4 != 3 ? given + row * N * D : NULL;
      n_out += it->n_rows - it->out_first;
      n_kept += count_kept (it);
    }
  float *y = blank (lane, n_out * D), *kept = blank (lane, (n_kept + 1) * N * D);
  keep_states (segments, n, kept, N * D);
  const EgScan op = { y, delta, c, bc, bc + N, ldbc, segments, n, D, N, a, skip, z, D + 1 };
  RUN (
      lane,
      {
        append (lane, y, n_out * D);
        append (lane, kept, (n_kept + 1) * N * D);
      },
      lane->backend->scan (lane->stream, &op));
}

/* n: rows, vocabulary, width, type, target, what else is asked (bit 0: weights, bit 1: rank) */
static void
run_head (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], V = self->n[1], d = self->n[2];
  const EgMatrix head = draw_matrix (lane, rand, (EgDType)self->n[3], V, d);
  const float *x = draw (lane, rand, rows * d, -3, 3), *weights = draw (lane, rand, V, 0, 1);
  const EgHeadQuery query = { .target = self->n[4],
                              .against = V - 1 - self->n[4],
                              .weights = self->n[5] & 1 ? weights : NULL,
                              .rank = (self->n[5] & 2) != 0 };
  g_autofree EgHeadRow *answers = g_new0 (EgHeadRow, rows);
  const EgHead op = { .answers = answers, .x = x, .n_rows = rows, .head = &head, .query = &query };
  RUN (lane, {}, lane->backend->head (lane->stream, &op));
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
static void
run_top (OpLane *lane, const OpCase *self, GRand *rand)
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
  float *x = upload (lane, values, n);
  RUN (lane, {}, sum = lane->backend->top (lane->stream, found, x, n, k));
  for (gsize i = 0; i < k; i++)
    {
      const float pair[] = { (float)found[i].index / (float)n, found[i].value };
      g_array_append_vals (lane->out, pair, G_N_ELEMENTS (pair));
    }
  const float log_sum = self->n[3] > 0 ? 0.0f : (float)log (sum);
  g_array_append_val (lane->out, log_sum);
}

/* n: bytes; through both slots, the second one while the first is used; both ends are looked at */
static void
run_stage (OpLane *lane, const OpCase *self, GRand *rand)
{
  const EgBackend *be = lane->backend;
  const gsize n = self->n[0] / sizeof (float), n_seen = MIN (n, 1000);
  float *slots[EG_STREAM_SLOTS] = { blank (lane, n), blank (lane, n) }, *y = draw (lane, rand, n_seen, -1, 1);
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
  append (lane, y, n_seen);
}

/* ---- the list ---- */

typedef struct
{
  const char *op;
  void (*run) (OpLane *lane, const OpCase *self, GRand *rand);
  double tolerance;
  gboolean multiplies;
  const char *shape; /* of n */
} Op;

static const Op rmsnorm = { "rmsnorm", run_rmsnorm, 1e-6, FALSE, "%zu rows of %zu" };
static const Op add = { "add", run_add, 1e-7, FALSE, "%zu numbers, offset %zu" };
static const Op softplus = { "softplus", run_softplus, 1e-6, FALSE, "%zu numbers" };
static const Op copy_rows = { "copy_rows", run_copy_rows, 0, FALSE, "%zu rows of %zu, every %zu" };
static const Op tables = { "copy_rows", run_tables, 0, FALSE, "%zu rows, %zu times" };
static const Op embed = { "embed", run_embed, 0, FALSE, "[%zu, %zu] type %zu, row %zu" };
static const Op gemm = { "gemm", run_gemm, 2e-6, TRUE, "%zu x %zu x %zu type %zu +%zu bias %zu" };
static const Op conv
    = { "conv_silu", run_conv, 1e-6, FALSE, "%zu rows, segments to %zu, D %zu, K %zu, bias %zu" };
static const Op scan
    = { "scan", run_scan, 5e-6, FALSE, "%zu rows, segments to %zu, D %zu, N %zu, outputs %zu, given %zu" };
static const Op gate = { "gate", run_gate, 1e-6, FALSE, "%zu rows of %zu" };
static const Op head
    = { "head", run_head, 5e-6, TRUE, "%zu rows, V %zu, d %zu type %zu, target %zu, asks %zu" };
static const Op top = { "top", run_top, 1e-7, FALSE, "%zu values, k %zu, of %zu kinds, each %zu-th NaN" };
static const Op stage = { "stage", run_stage, 0, FALSE, "%zu bytes" };

static void
add_case (GPtrArray *cases, const Op *op, const gsize n[6], double flops, double floats)
{
  OpCase *it = g_new0 (OpCase, 1);
  it->op = op->op;
  it->run = op->run;
  it->tolerance = op->tolerance;
  it->multiplies = op->multiplies;
  it->flops = flops;
  it->bytes = floats * sizeof (float);
  memcpy (it->n, n, sizeof it->n);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  it->shape = g_strdup_printf (op->shape, n[0], n[1], n[2], n[3], n[4], n[5]);
#pragma GCC diagnostic pop
  g_ptr_array_add (cases, it);
}

static double
product (const gsize *n, guint count)
{
  double value = 1;
  for (guint i = 0; i < count; i++)
    value *= (double)n[i];
  return value;
}

#define ADD_ALL(op, flops, floats, ...)                                                                      \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    static const gsize shapes[][6] = { __VA_ARGS__ };                                                        \
    for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)                                                        \
      {                                                                                                      \
        const gsize *n = shapes[i];                                                                          \
        add_case (cases, op, n, flops, floats);                                                              \
      }                                                                                                      \
  }                                                                                                          \
  G_STMT_END

static void
case_free (gpointer data)
{
  OpCase *it = data;
  g_free (it->shape);
  g_free (it);
}

/* Floats that a scan moves: Δ, c, z and y of each row and channel, and B and C. */
#define SCAN_FLOATS (product (n, 1) * (4.0 * (double)n[2] + 2.0 * (double)n[3]))
#define SCAN_FLOPS  (6 * (double)n[0] * (double)n[2] * (double)n[3])
#define GEMM_FLOATS ((double)n[0] * (double)n[1] + (double)n[1] * (double)n[2] + (double)n[0] * (double)n[2])

static void
add_large (GPtrArray *cases)
{
  ADD_ALL (&rmsnorm, 0, 2 * product (n, 2), { 8192, 768 }, { 8192, 2560 });
  ADD_ALL (&softplus, 0, 2 * product (n, 1), { 8192 * 1536 }, { 8192 * 5120 });
  ADD_ALL (&add, 0, 3 * product (n, 1), { 8192 * 768 }, { 8192 * 2560 });
  ADD_ALL (&copy_rows, 0, 2 * product (n, 2), { 8192, 1536, 3072 });
  ADD_ALL (&conv, 0, 2 * (double)n[0] * (double)n[2], { 8192, 7, 1536, 4, 1 }, { 8192, 7, 5120, 4, 1 });
  ADD_ALL (&scan, SCAN_FLOPS, SCAN_FLOATS, { 8192, 7, 1536, 16 }, { 8192, 7, 5120, 16 },
           { 512, 512, 1536, 16 });
  ADD_ALL (&gemm, 2 * product (n, 3), GEMM_FLOATS, { 8192, 3072, 768 }, { 8192, 768, 1536 },
           { 8192, 10240, 2560 }, { 8192, 2560, 5120 }, { 8192, 10240, 2560, EG_DTYPE_F16 });
  ADD_ALL (&head, 2 * product (n, 3), GEMM_FLOATS, { 1680, 50280, 768, 0, 5, 3 });
  ADD_ALL (&top, 0, (double)n[0], { 50280, 10 });
}

static void
add_small (GPtrArray *cases)
{
  ADD_ALL (&rmsnorm, 0, 2 * product (n, 2), { 1, 1 }, { 3, 33 }, { 257, 64 }, { 2, 2560 }, { 10000, 5 });
  ADD_ALL (&add, 0, 3 * product (n, 1), { 1, 0 }, { 7, 1 }, { 4096, 0 }, { 4096, 1 }, { 70001, 0 });
  ADD_ALL (&softplus, 0, 2 * product (n, 1), { 1 }, { 6 }, { 4096 }, { 70001 });
  ADD_ALL (&copy_rows, 0, 2 * product (n, 2), { 1, 1, 1 }, { 3, 7, 9 }, { 300, 16, 32 }, { 10000, 4, 4 });
  ADD_ALL (&tables, 0, 2 * product (n, 2), { 2000, 20 });
  ADD_ALL (&embed, 0, (double)n[1], { 5, 3, 0, 4 }, { 5, 3, 1, 4 }, { 5, 3, 2, 1 }, { 100, 768, 0, 50 },
           { 100, 768, 1, 99 }, { 100, 768, 2, 0 });
  ADD_ALL (&gemm, 2 * product (n, 3), GEMM_FLOATS, { 1, 1, 1, 0, 0, 0 }, { 1, 17, 33, 0, 2, 1 },
           { 7, 5, 3, 1, 3, 0 }, { 7, 5, 3, 2, 3, 1 }, { 2, 300, 64, 1, 0, 1 }, { 70, 129, 65, 0, 1, 1 },
           { 70, 129, 65, 1, 1, 0 }, { 70, 129, 65, 2, 1, 0 }, { 3, 900, 700, 2, 0, 0 },
           { 10000, 3, 5, 0, 0, 1 });
  ADD_ALL (&conv, 0, 2 * (double)n[0] * (double)n[2], { 1, 1, 1, 1, 1 }, { 5, 2, 3, 2, 0 },
           { 30, 7, 38, 3, 1 }, { 90, 9, 129, 4, 1 }, { 40, 40, 65, 4, 0 }, { 70, 70, 33, 7, 1 },
           { 10000, 10000, 2, 4, 1 });
  ADD_ALL (&scan, SCAN_FLOPS, SCAN_FLOATS, { 1, 1, 1, 1 }, { 6, 3, 3, 1 }, { 20, 7, 38, 2 },
           { 20, 5, 129, 3, 1 }, { 30, 9, 64, 4 }, { 30, 9, 40, 5, 2 }, { 12, 4, 130, 8, 1 },
           { 9, 3, 70, 13 }, { 28, 7, 256, 16 }, { 28, 7, 256, 16, 1 }, { 150, 2, 512, 16 },
           { 80, 80, 20, 16 }, { 9, 3, 70, 17 }, { 9, 4, 70, 24 }, { 9, 4, 33, 32, 1 }, { 20, 7, 20, 64 },
           { 9, 4, 20, 100 }, { 9, 4, 20, 128, 2 }, { 9, 4, 11, 200 }, { 9, 4, 17, 256 }, { 9, 9, 3, 256, 1 },
           { 10000, 10000, 2, 16, 1 }, { 28, 7, 256, 16, 0, 1 }, { 9, 4, 70, 24, 1, 1 },
           { 9, 4, 17, 256, 0, 1 }, { 30, 9, 40, 5, 2, 1 });
  ADD_ALL (&gate, 0, 3 * product (n, 2), { 1, 1 }, { 3, 33 }, { 257, 64 });
  ADD_ALL (&head, 2 * product (n, 3), GEMM_FLOATS, { 1, 5, 4, 0, 0, 3 }, { 1, 1, 3, 0, 0, 3 },
           { 9, 317, 19, 1, 316, 0 }, { 9, 317, 19, 2, 100, 3 }, { 40, 20000, 24, 0, 7000, 3 },
           { 300, 2500, 8, 0, 2400, 1 });
  ADD_ALL (&top, 0, (double)n[0], { 1, 1 }, { 2, 2 }, { 5, 5, 1 }, { 300, 7 }, { 1024, 3, 2 },
           { 4096, 256, 40 }, { 5000, 257 }, { 50280, 5 }, { 50280, 40, 3 }, { 3000, 9, 0, 3 },
           { 600, 300, 7, 50 });
  ADD_ALL (&stage, 0, 0, { 4 }, { 100000 }, { 36 << 20 });
}

GPtrArray *
op_cases_new (gboolean large)
{
  GPtrArray *cases = g_ptr_array_new_with_free_func (case_free);
  if (large)
    add_large (cases);
  else
    add_small (cases);
  return cases;
}

void
op_case_run (const OpCase *self, OpLane *lane)
{
  guint32 seed = g_str_hash (self->shape);
  GRand *rand = g_rand_new_with_seed (seed);
  g_array_set_size (lane->out, 0);
  lane->seconds = 0;
  self->run (lane, self, rand);
  g_rand_free (rand);
  for (guint i = 0; i < lane->memory->len; i++)
    lane->backend->release (lane->backend, lane->memory->pdata[i]);
  g_ptr_array_set_size (lane->memory, 0);
}
