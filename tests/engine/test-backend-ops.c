/* Every op of the CPU backend against the plain reference, over ragged segments, odd sizes and all dtypes. */
#include "engine/backend.h"

#include <math.h>
#include <string.h>

typedef struct
{
  gsize n_inner, n_state, n_conv;
  gsize lengths[4];
} Shape;

static const Shape shapes[] = {
  { 1, 1, 1, { 1 } },         { 3, 1, 2, { 2, 1 } }, { 38, 5, 3, { 1, 7, 3 } }, { 64, 16, 4, { 5, 1, 1, 9 } },
  { 65, 16, 4, { 2, 3, 4 } }, { 129, 24, 4, { 1 } }, { 48, 256, 4, { 3, 2 } },  { 200, 64, 2, { 40, 30 } },
};

static float
draw (GRand *rand)
{
  return (float)g_rand_double_range (rand, -1, 1);
}

static float *
draw_floats (GRand *rand, gsize n)
{
  float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = draw (rand);
  return values;
}

/* Of the test that runs, in units of the largest value. */
static double farthest;

static void
say_farthest (void)
{
  g_test_message ("farthest: %.2g of the largest value", farthest);
  farthest = 0;
}

/* Relative to the largest value: what matters to the next op. */
static void
assert_close (const float *found, const float *expected, gsize n, double tolerance)
{
  double largest = 1e-30;
  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, fabs ((double)expected[i]));
  for (gsize i = 0; i < n; i++)
    {
      const double distance = fabs ((double)found[i] - (double)expected[i]) / largest;
      if (!(distance <= tolerance))
        g_error ("value %" G_GSIZE_FORMAT " is %.9g, expected %.9g", i, (double)found[i],
                 (double)expected[i]);
      farthest = MAX (farthest, distance);
    }
}

static void
test_gemm (void)
{
  static const gsize sizes[][3]
      = { { 1, 1, 1 }, { 1, 17, 33 }, { 7, 5, 3 }, { 2, 300, 64 }, { 70, 129, 65 }, { 3, 900, 700 } };
  GRand *rand = g_rand_new_with_seed (1);
  EgBackend *backends[] = { eg_backend_cpu (), eg_backend_reference () };
  for (gsize c = 0; c < G_N_ELEMENTS (sizes); c++)
    for (EgDType dtype = EG_DTYPE_F32; dtype <= EG_DTYPE_BF16; dtype++)
      for (int with_bias = 0; with_bias < 2; with_bias++)
        {
          const gsize m = sizes[c][0], n = sizes[c][1], k = sizes[c][2], ldx = k + 2, ldy = n + 3;
          g_autofree float *x = draw_floats (rand, m * ldx);
          g_autofree float *w = draw_floats (rand, n * k);
          g_autofree float *bias = draw_floats (rand, n);
          g_autofree guint16 *narrow = g_new (guint16, n * k);
          for (gsize i = 0; i < n * k; i++)
            narrow[i] = (guint16)(0x3000 + g_rand_int_range (rand, 0, 0x0fff)
                                  + (g_rand_boolean (rand) ? 0x8000 : 0));
          const EgMatrix matrix
              = { dtype == EG_DTYPE_F32 ? (const void *)w : (const void *)narrow, dtype, n, k };
          float *y[2] = { g_new0 (float, m *ldy), g_new0 (float, m *ldy) };
          for (gsize b = 0; b < 2; b++)
            {
              EgStream *stream = backends[b]->stream_new (backends[b], 1);
              const EgGemm op = { y[b], ldy, x, ldx, m, &matrix, with_bias ? bias : NULL };
              backends[b]->gemm (stream, &op);
              backends[b]->stream_free (stream);
            }
          assert_close (y[0], y[1], m * ldy, 2e-6);
          g_free (y[0]);
          g_free (y[1]);
        }
  g_rand_free (rand);
  say_farthest ();
}

typedef struct
{
  float *c, *y, *kept, *norm, *soft, *sum;
  float *set_y, *set_kept, *gated; /* with given states: before the gate, and after it */
} Outputs;

/* One shape's sizes and segments. */
typedef struct
{
  gsize D, N, K, n, n_rows, n_out;
  EgConvRows conv[4];
  EgScanRows scan[4];
} Layout;

static Layout
lay_out (const Shape *shape, gboolean only_last)
{
  Layout it = { .D = shape->n_inner, .N = shape->n_state, .K = shape->n_conv };
  for (; it.n < 4 && shape->lengths[it.n] > 0; it.n++)
    {
      const gsize n = shape->lengths[it.n];
      it.conv[it.n] = (EgConvRows){ .row = it.n_rows, .n_rows = n };
      it.scan[it.n] = (EgScanRows){ .row = it.n_rows,
                                    .n_rows = n,
                                    .keep_first = n > 2 ? 1 : 0,
                                    .keep_end = n,
                                    .keep_step = it.n == 2 ? 2 : 1,
                                    .out_first = only_last ? n - 1 : 0,
                                    .out_row = only_last ? it.n : it.n_rows };
      it.n_rows += n;
    }
  it.n_out = only_last ? it.n : it.n_rows;
  return it;
}

/* Twice: with states that some segments begin with, gated; with states given and no gate. */
static void
run_scans (EgBackend *be, EgStream *stream, GRand *rand, Layout *it, EgScan *op, Outputs *out)
{
  g_autofree float *state = draw_floats (rand, it->n * it->N * it->D);
  g_autofree float *given = draw_floats (rand, it->n_rows * it->N * it->D);
  for (gsize s = 0; s < it->n; s++)
    {
      EgScanRows *rows = &it->scan[s];
      rows->state = s % 2 == 0 ? state + s * it->N * it->D : NULL;
      rows->keep_state = s != 1 ? out->kept + rows->row * it->N * it->D : NULL;
    }
  op->y = out->y;
  be->scan (stream, op);

  for (gsize s = 0; s < it->n; s++)
    {
      EgScanRows *rows = &it->scan[s];
      rows->set_first = rows->n_rows / 3;
      rows->set_end = s == 0 ? rows->n_rows : MAX (rows->n_rows - 1, rows->set_first);
      rows->set_state = s != 2 ? given + rows->row * it->N * it->D : NULL;
      rows->keep_state = out->set_kept + rows->row * it->N * it->D;
    }
  const EgGate gate = { out->gated, op->z, op->ldz, it->n_out, it->D };
  op->y = out->set_y;
  op->z = NULL;
  be->scan (stream, op);
  memcpy (out->gated, out->set_y, it->n_out * it->D * sizeof (float));
  be->gate (stream, &gate);
}

static void
outputs_init (Outputs *self, const Layout *it)
{
  self->c = g_new0 (float, it->n_rows * it->D);
  self->soft = g_new0 (float, it->n_rows * it->D);
  self->norm = g_new0 (float, it->n_rows * 2 * it->D);
  self->kept = g_new0 (float, it->n_rows * it->N * it->D);
  self->set_kept = g_new0 (float, it->n_rows * it->N * it->D);
  self->y = g_new0 (float, it->n_out * it->D);
  self->set_y = g_new0 (float, it->n_out * it->D);
  self->gated = g_new0 (float, it->n_out * it->D);
  self->sum = g_new0 (float, it->n_out * it->D);
}

static void
run_ops (EgBackend *be, Layout *it, guint32 seed, Outputs *out)
{
  GRand *rand = g_rand_new_with_seed (seed);
  EgStream *stream = be->stream_new (be, 1);
  const gsize D = it->D, N = it->N, K = it->K, ldx = 2 * D;
  outputs_init (out, it);
  g_autofree float *x = draw_floats (rand, it->n_rows * ldx);
  g_autofree float *history = draw_floats (rand, it->n * K * D);
  g_autofree float *w = draw_floats (rand, K * D);
  g_autofree float *bias = draw_floats (rand, D);
  g_autofree float *bc = draw_floats (rand, it->n_rows * (2 * N + 1));
  g_autofree float *a = draw_floats (rand, N * D);
  g_autofree float *delta = draw_floats (rand, it->n_rows * D);
  for (gsize i = 0; i < N * D; i++)
    a[i] = -8 * fabsf (a[i]);
  for (gsize i = 0; i < it->n_rows * D; i++)
    out->soft[i] = 25 * draw (rand);
  for (gsize s = 0; s < it->n; s++)
    it->conv[s].history = history + s * K * D;
  const EgConv conv = { out->c, x, ldx, it->conv, it->n, D, K, w, N % 2 ? NULL : bias };
  be->conv_silu (stream, &conv);
  be->activate (stream, EG_ACTIVATION_SOFTPLUS, out->soft, it->n_rows * D);
  be->activate (stream, EG_ACTIVATION_SOFTPLUS, delta, it->n_rows * D);
  EgScan scan = { NULL, delta, out->c, bc, bc + N, 2 * N + 1, it->scan, it->n, D, N, a, bias, x + D, ldx };
  run_scans (be, stream, rand, it, &scan, out);
  memcpy (out->sum, out->y, it->n_out * D * sizeof (float));
  be->add (stream, out->sum, x, it->n_out * D);
  const EgNorm norm = { .y = out->norm, .x = x, .n_rows = it->n_rows, .d = D, .weight = w, .eps = 1e-5f };
  be->norm (stream, &norm);
  be->stream_free (stream);
  g_rand_free (rand);
}

static void
outputs_clear (Outputs *self)
{
  g_free (self->c);
  g_free (self->y);
  g_free (self->kept);
  g_free (self->norm);
  g_free (self->soft);
  g_free (self->sum);
  g_free (self->set_y);
  g_free (self->set_kept);
  g_free (self->gated);
}

static void
test_rows (void)
{
  for (guint32 i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (int only_last = 0; only_last < 2; only_last++)
      {
        const gsize D = shapes[i].n_inner, N = shapes[i].n_state;
        Outputs fast = { 0 }, plain = { 0 };
        Layout layout = lay_out (&shapes[i], only_last), same = lay_out (&shapes[i], only_last);
        const gsize n_rows = layout.n_rows, n_out = layout.n_out;
        run_ops (eg_backend_cpu (), &layout, i, &fast);
        run_ops (eg_backend_reference (), &same, i, &plain);
        assert_close (fast.c, plain.c, n_rows * D, 1e-6);
        assert_close (fast.soft, plain.soft, n_rows * D, 1e-6);
        assert_close (fast.y, plain.y, n_out * D, 3e-6);
        assert_close (fast.kept, plain.kept, n_rows * N * D, 3e-6);
        assert_close (fast.sum, plain.sum, n_out * D, 3e-6);
        assert_close (fast.set_y, plain.set_y, n_out * D, 3e-6);
        assert_close (fast.set_kept, plain.set_kept, n_rows * N * D, 3e-6);
        assert_close (fast.gated, plain.gated, n_out * D, 3e-6);
        assert_close (fast.norm, plain.norm, n_rows * D, 1e-6);
        outputs_clear (&fast);
        outputs_clear (&plain);
      }
  say_farthest ();
}

/* How many logits are so near to the target's that float32 may not tell which is greater. */
static gsize
count_near (const float *logits, gsize n, double target, double near)
{
  gsize count = 0;
  for (gsize v = 0; v < n; v++)
    count += fabs ((double)logits[v] - target) <= near;
  return count - 1;
}

static EgHeadRow *
ask_head (
    EgBackend *be, gsize n_threads, const float *x, gsize m, const EgMatrix *head, const EgHeadQuery *query)
{
  EgHeadRow *answers = g_new (EgHeadRow, m);
  EgStream *stream = be->stream_new (be, n_threads);
  const EgHead op = { answers, x, m, head, query };
  be->head (stream, &op);
  be->stream_free (stream);
  return answers;
}

static void
compare_with_reference (
    const float *x, gsize m, const EgMatrix *head, const EgHeadQuery *query, double weight_sum)
{
  EgBackend *be = eg_backend_reference ();
  g_autofree EgHeadRow *found = ask_head (eg_backend_cpu (), 1, x, m, head, query);
  g_autofree EgHeadRow *expected = ask_head (be, 1, x, m, head, query);
  g_autofree float *logits = g_new (float, m * head->rows);
  EgStream *stream = be->stream_new (be, 1);
  const EgGemm op = { logits, head->rows, x, head->cols, m, head, NULL };
  be->gemm (stream, &op);
  be->stream_free (stream);
  for (gsize r = 0; r < m; r++)
    {
      const EgHeadRow *a = &found[r], *b = &expected[r];
      const double near = 1e-6 * (1 + fabs (b->max));
      const gsize n_near = count_near (logits + r * head->rows, head->rows, b->target, 2 * near);
      g_assert_cmpfloat_with_epsilon (a->max, b->max, near);
      g_assert_cmpfloat_with_epsilon (a->max + log (a->sum), b->max + log (b->sum), near);
      g_assert_cmpfloat_with_epsilon (a->target, b->target, near);
      g_assert_cmpfloat_with_epsilon (a->against, b->against, near);
      g_assert_cmpfloat_with_epsilon (a->weighted, b->weighted, near * weight_sum);
      g_assert_cmpuint (MAX (a->above, b->above) - MIN (a->above, b->above), <=, n_near);
    }
}

/* With more threads the same bits, and what is not asked does not change the rest. */
static void
compare_with_plain_query (const float *x, gsize m, const EgMatrix *head, const EgHeadQuery *query)
{
  const EgHeadQuery plain = { .target = query->target, .against = query->target };
  g_autofree EgHeadRow *all = ask_head (eg_backend_cpu (), 1, x, m, head, query);
  g_autofree EgHeadRow *by_team = ask_head (eg_backend_cpu (), 3, x, m, head, query);
  g_autofree EgHeadRow *some = ask_head (eg_backend_cpu (), 1, x, m, head, &plain);
  g_assert_true (memcmp (all, by_team, m * sizeof *all) == 0);
  for (gsize r = 0; r < m; r++)
    {
      g_assert_true (some[r].max == all[r].max && some[r].sum == all[r].sum && some[r].target == all[r].target
                     && some[r].against == all[r].target);
      g_assert_true (some[r].weighted == 0 && some[r].above == 0);
    }
}

static void
test_head (void)
{
  GRand *rand = g_rand_new_with_seed (3);
  static const gsize sizes[][3] = { { 1, 5, 4 }, { 9, 317, 19 }, { 12, 20000, 24 } };
  for (gsize c = 0; c < G_N_ELEMENTS (sizes); c++)
    for (EgDType dtype = EG_DTYPE_F32; dtype <= EG_DTYPE_BF16; dtype++)
      {
        const gsize m = sizes[c][0], V = sizes[c][1], d = sizes[c][2];
        g_autofree float *x = draw_floats (rand, m * d);
        g_autofree float *w = draw_floats (rand, V * d);
        g_autofree float *weights = draw_floats (rand, V);
        g_autofree guint16 *narrow = g_new (guint16, V * d);
        double weight_sum = 0;
        for (gsize i = 0; i < m * d; i++)
          x[i] *= 5;
        for (gsize v = 0; v < V; v++)
          weight_sum += (double)(weights[v] = fabsf (weights[v]));
        for (gsize i = 0; i < V * d; i++)
          narrow[i] = (guint16)((dtype == EG_DTYPE_F16 ? 0x3000 : 0x3e00) + g_rand_int_range (rand, 0, 0x01ff)
                                + (g_rand_boolean (rand) ? 0x8000 : 0));
        const EgMatrix head = { dtype == EG_DTYPE_F32 ? (const void *)w : (const void *)narrow, dtype, V, d };
        const gsize targets[] = { 0, V / 2, V - 1 };
        for (gsize i = 0; i < G_N_ELEMENTS (targets); i++)
          {
            const EgHeadQuery query = { targets[i], targets[(i + 1) % 3], weights, TRUE };
            compare_with_reference (x, m, &head, &query, weight_sum);
            compare_with_plain_query (x, m, &head, &query);
          }
      }
  g_rand_free (rand);
}

/* The highest values in order, ties by place, NaN last; more and fewer than there are kinds of. */
static void
test_top (void)
{
  GRand *rand = g_rand_new_with_seed (5);
  static const gsize sizes[][2] = { { 1, 1 }, { 7, 7 }, { 300, 1 }, { 300, 299 }, { 5000, 40 } };
  EgBackend *backends[] = { eg_backend_cpu (), eg_backend_reference () };
  for (gsize c = 0; c < G_N_ELEMENTS (sizes); c++)
    for (int n_kinds = 0; n_kinds < 8; n_kinds += 4)
      for (int with_nan = 0; with_nan < 2; with_nan++)
        {
          const gsize n = sizes[c][0], k = sizes[c][1];
          g_autofree float *values = draw_floats (rand, n);
          for (gsize i = 0; n_kinds > 0 && i < n; i++)
            values[i] = (float)g_rand_int_range (rand, 0, n_kinds);
          for (gsize i = 0; with_nan && i < n; i += 3)
            values[i] = NAN;
          EgTopValue *found[2] = { g_new (EgTopValue, k), g_new (EgTopValue, k) };
          double sums[2];
          for (gsize b = 0; b < 2; b++)
            {
              EgStream *stream = backends[b]->stream_new (backends[b], 1);
              sums[b] = backends[b]->top (stream, found[b], values, n, k);
              backends[b]->stream_free (stream);
            }
          for (gsize i = 0; i < k; i++)
            g_assert_cmpuint (found[0][i].index, ==, found[1][i].index);
          g_assert_true (sums[0] == sums[1] || (with_nan && isnan (sums[0]) && isnan (sums[1])));
          g_free (found[0]);
          g_free (found[1]);
        }
  g_rand_free (rand);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_message ("kernels: %s", eg_backend_cpu_kernels ());
  g_test_add_func ("/backend/gemm-of-every-dtype", test_gemm);
  g_test_add_func ("/backend/conv-softplus-scan-gate-norm-over-ragged-segments", test_rows);
  g_test_add_func ("/backend/head-answers-over-panels", test_head);
  g_test_add_func ("/backend/top-values-in-order", test_top);
  return g_test_run ();
}
