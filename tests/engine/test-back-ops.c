/* Gradients of every op against central differences of its formula in double precision: the reference's, and
 * the processor's at any number of threads. */
#include "slopes.h"

/* ---- product ---- */

typedef struct
{
  gsize m, n, k;
  Values x, w, dy;
} Gemm;

static double
gemm_formula (gconstpointer data)
{
  const Gemm *it = data;
  double sum = 0;
  for (gsize r = 0; r < it->m; r++)
    for (gsize j = 0; j < it->n; j++)
      for (gsize k = 0; k < it->k; k++)
        sum += it->dy.at[r * it->n + j] * it->x.at[r * it->k + k] * it->w.at[j * it->k + k];
  return sum;
}

static void
test_gemm (void)
{
  static const gsize sizes[][3] = { { 1, 5, 3 }, { 4, 300, 131 }, { 7, 3, 140 } };
  for (gsize c = 0; c < G_N_ELEMENTS (sizes); c++)
    for (EgDType dtype = EG_DTYPE_F32; dtype <= EG_DTYPE_BF16; dtype++)
      {
        Gemm it = { sizes[c][0],
                    sizes[c][1],
                    sizes[c][2],
                    draw (sizes[c][0] * sizes[c][2]),
                    draw (sizes[c][1] * sizes[c][2]),
                    draw (sizes[c][0] * sizes[c][1]) };
        g_autofree guint16 *narrow = g_new (guint16, it.w.n);
        for (gsize i = 0; dtype != EG_DTYPE_F32 && i < it.w.n; i++)
          {
            /* ± 2^e, which both narrow types have. */
            const int e = g_rand_int_range (slopes_rand (), -3, 1), minus = g_rand_boolean (slopes_rand ());
            it.w.at[i] = ldexp (minus ? -1 : 1, e);
            narrow[i] = (guint16)(minus << 15 | (dtype == EG_DTYPE_F16 ? (15 + e) << 10 : (127 + e) << 7));
          }
        const EgMatrix w = { dtype == EG_DTYPE_F32 ? (const void *)it.w.narrow : narrow, dtype, it.n, it.k };
        g_autofree double *expected = slopes (gemm_formula, &it, &it.x);
        FOR_EACH_BACKEND (be, stream)
        {
          g_autofree float *dx = g_new0 (float, it.x.n);
          EgGemmBack op = { dx, it.k, it.dy.narrow, it.n, it.m, &w, FALSE };
          be->back->gemm (stream, &op);
          assert_close (dx, expected, it.x.n, "x");
          op.add = TRUE;
          be->back->gemm (stream, &op);
          g_autofree double *twice = g_new (double, it.x.n);
          for (gsize i = 0; i < it.x.n; i++)
            twice[i] = 2 * expected[i];
          assert_close (dx, twice, it.x.n, "x, added");
        }
        drop (&it.x);
        drop (&it.w);
        drop (&it.dy);
      }
}

/* ---- norm ---- */

typedef struct
{
  gsize n_rows, d;
  gboolean is_layer_norm;
  Values x, weight, dy;
} Norm;

static double
norm_formula (gconstpointer data)
{
  const Norm *it = data;
  double sum = 0;
  for (gsize r = 0; r < it->n_rows; r++)
    {
      const double *x = it->x.at + r * it->d;
      double mean = 0, squares = 0;
      for (gsize i = 0; it->is_layer_norm && i < it->d; i++)
        mean += x[i] / (double)it->d;
      for (gsize i = 0; i < it->d; i++)
        squares += (x[i] - mean) * (x[i] - mean) / (double)it->d;
      for (gsize i = 0; i < it->d; i++)
        sum += it->dy.at[r * it->d + i] * (x[i] - mean) / sqrt (squares + 1e-5) * it->weight.at[i];
    }
  return sum;
}

static void
test_norm (void)
{
  for (int layer_norm = 0; layer_norm < 2; layer_norm++)
    for (gsize d = 3; d < 80; d += 37)
      {
        g_auto (Values) x = draw (20 * d), weight = draw (d), dy = draw (20 * d);
        const Norm it = { 20, d, layer_norm, x, weight, dy };
        g_autofree double *expected = slopes (norm_formula, &it, &x);
        FOR_EACH_BACKEND (be, stream)
        {
          g_autofree float *dx = g_new0 (float, x.n);
          const EgNormBack op = { dx, dy.narrow, x.narrow, 20, d, weight.narrow, layer_norm, 1e-5f };
          be->back->norm (stream, &op);
          assert_close (dx, expected, x.n, "x");
        }
      }
}

/* ---- convolution ---- */

/* Two segments of 3 and 5 rows, the second with a history. */
#define CONV_ROWS 8

typedef struct
{
  gsize D, K;
  Values x, history, w, bias, dc;
} Conv;

static double
conv_input (const Conv *it, gsize begin, gssize at, gsize i)
{
  const gssize before = (gssize)it->K - 1;
  if (at >= 0)
    return it->x.at[(begin + (gsize)at) * it->D + i];
  return begin == 0 ? 0 : it->history.at[(gsize)(at + before) * it->D + i];
}

static double
conv_formula (gconstpointer data)
{
  const Conv *it = data;
  double sum = 0;
  for (gsize row = 0; row < CONV_ROWS; row++)
    for (gsize i = 0; i < it->D; i++)
      {
        const gsize begin = row < 3 ? 0 : 3;
        double u = it->bias.at[i];
        for (gsize k = 0; k < it->K; k++)
          u += it->w.at[k * it->D + i]
               * conv_input (it, begin, (gssize)(row - begin + k) - (gssize)it->K + 1, i);
        sum += it->dc.at[row * it->D + i] * u * sigmoid (u);
      }
  return sum;
}

static void
test_conv (void)
{
  for (gsize K = 2; K < 5; K++)
    for (gsize D = 3; D < 40; D += 30)
      {
        g_auto (Values) x = draw (CONV_ROWS * D), history = draw ((K - 1) * D), w = draw (K * D),
                        bias = draw (D), dc = draw (CONV_ROWS * D);
        const Conv it = { D, K, x, history, w, bias, dc };
        g_autofree double *expected = slopes (conv_formula, &it, &x);
        g_autofree float *zeros = g_new0 (float, K *D);
        FOR_EACH_BACKEND (be, stream)
        {
          g_autofree float *dx = g_new0 (float, x.n);
          g_autofree float *du = g_memdup2 (dc.narrow, dc.n * sizeof (float));
          const EgConvRows rows[] = { { 0, 3, zeros }, { 3, 5, history.narrow } };
          const EgConvBack op = { dx, D, du, x.narrow, D, rows, 2, D, K, w.narrow, bias.narrow };
          be->back->conv_silu (stream, &op);
          assert_close (dx, expected, x.n, "x");
        }
      }
}

/* ---- gate and activations ---- */

typedef struct
{
  EgActivation activation;
  Values x, y, d;
} Pointwise;

static double
gate_formula (gconstpointer data)
{
  const Pointwise *it = data;
  double sum = 0;
  for (gsize i = 0; i < it->x.n; i++)
    sum += it->d.at[i] * it->y.at[i] * it->x.at[i] * sigmoid (it->x.at[i]);
  return sum;
}

static void
test_gate (void)
{
  g_auto (Values) z = draw (20 * 35), y = draw (20 * 35), d = draw (20 * 35);
  const Pointwise it = { 0, z, y, d };
  g_autofree double *of_z = slopes (gate_formula, &it, &z);
  g_autofree double *of_y = slopes (gate_formula, &it, &y);
  FOR_EACH_BACKEND (be, stream)
  {
    g_autofree float *dz = g_new0 (float, z.n);
    g_autofree float *dy = g_memdup2 (d.narrow, d.n * sizeof (float));
    const EgGateBack op = { dy, dz, 35, y.narrow, z.narrow, 35, 20, 35 };
    be->back->gate (stream, &op);
    assert_close (dz, of_z, z.n, "z");
    assert_close (dy, of_y, y.n, "y");
  }
}

static double
activated (EgActivation activation, double x)
{
  switch (activation)
    {
    case EG_ACTIVATION_SOFTPLUS:
      return log1p (exp (x));
    case EG_ACTIVATION_GELU:
      return x * 0.5 * erfc (-x / sqrt (2));
    case EG_ACTIVATION_GELU_TANH:
      return x * 0.5 * (1 + tanh (sqrt (2 / G_PI) * (x + 0.044715 * x * x * x)));
    case EG_ACTIVATION_RELU:
      return x < 0 ? 0 : x;
    default:
      return x * sigmoid (x);
    }
}

static double
activation_formula (gconstpointer data)
{
  const Pointwise *it = data;
  double sum = 0;
  for (gsize i = 0; i < it->x.n; i++)
    sum += it->d.at[i] * activated (it->activation, it->x.at[i]);
  return sum;
}

static void
test_activations (void)
{
  for (EgActivation activation = 0; activation < EG_N_ACTIVATIONS; activation++)
    {
      g_auto (Values) x = draw (4001), d = draw (4001);
      for (gsize i = 0; i < x.n; i++)
        {
          x.narrow[i] *= 6.0f;
          x.at[i] = (double)x.narrow[i];
        }
      const Pointwise it = { activation, x, x, d };
      g_autofree double *expected = g_new (double, x.n);
      for (gsize i = 0; i < x.n; i++)
        {
          const double step = 1e-5;
          expected[i] = d.at[i]
                        * (activated (activation, x.at[i] + step) - activated (activation, x.at[i] - step))
                        / (2 * step);
        }
      g_assert_true (isfinite (activation_formula (&it)));
      FOR_EACH_BACKEND (be, stream)
      {
        g_autofree float *dx = g_memdup2 (d.narrow, d.n * sizeof (float));
        be->back->activate (stream, activation, dx, x.narrow, x.n);
        assert_close (dx, expected, x.n, "x");
      }
    }
}

/* ---- scan ---- */

/* Three lanes: 4 rows from a state, 3 from none; the third, of 4 rows, is only a source. */
#define SCAN_ROWS   11
#define SCAN_GRADED 7

static const gsize scan_row[] = { 0, 4, 7 }, scan_n[] = { 4, 3, 4 };

/* at, push: h after that row of the lane is moved by push·(h of the source − its own); apart: those after it
 * are not computed from it. */
typedef struct
{
  gsize D, N;
  Values delta, c, b, cr, state, a, skip, dy;
  gsize at;
  gboolean apart;
  double *push;
} Scan;

static void
scan_lane (const Scan *it, gsize lane, double *states)
{
  for (gsize t = 0; t < scan_n[lane]; t++)
    for (gsize n = 0; n < it->N; n++)
      for (gsize i = 0; i < it->D; i++)
        {
          const gsize row = scan_row[lane] + t, at = n * it->D + i, size = it->N * it->D;
          const double before = t > 0 ? states[(row - 1) * size + at] : lane == 0 ? it->state.at[at] : 0;
          const double delta = fabs (it->delta.at[row * it->D + i]);
          states[row * size + at] = exp2 (-delta * fabs (it->a.at[at])) * before
                                    + delta * it->b.at[row * it->N + n] * it->c.at[row * it->D + i];
          if (row == it->at && !it->apart)
            states[row * size + at]
                += *it->push * (states[(scan_row[2] + t) * size + at] - states[row * size + at]);
        }
}

static double
scan_formula (gconstpointer data)
{
  const Scan *it = data;
  const gsize size = it->N * it->D;
  g_autofree double *states = g_new (double, SCAN_ROWS *size);
  double sum = 0;
  for (gsize lane = 3; lane-- > 0;)
    scan_lane (it, lane, states);
  for (gsize row = 0; row < SCAN_GRADED; row++)
    for (gsize i = 0; i < it->D; i++)
      {
        const gsize source = scan_row[2] + row - scan_row[row < 4 ? 0 : 1];
        double y = it->skip.at[i] * it->c.at[row * it->D + i];
        for (gsize n = 0; n < it->N; n++)
          {
            const gsize at = n * it->D + i;
            double h = states[row * size + at];
            if (row == it->at && it->apart)
              h += *it->push * (states[source * size + at] - h);
            y += it->cr.at[row * it->N + n] * h;
          }
        sum += it->dy.at[row * it->D + i] * y;
      }
  return sum;
}

static void
test_scan (void)
{
  static const gsize sizes[][2] = { { 1, 1 }, { 5, 3 }, { 150, 4 }, { 33, 16 } };
  for (gsize c = 0; c < G_N_ELEMENTS (sizes); c++)
    {
      const gsize D = sizes[c][0], N = sizes[c][1];
      double push = 0;
      Scan it = { D,
                  N,
                  draw (SCAN_ROWS * D),
                  draw (SCAN_ROWS * D),
                  draw (SCAN_ROWS * N),
                  draw (SCAN_ROWS * N),
                  draw (N * D),
                  draw (N * D),
                  draw (D),
                  draw (SCAN_GRADED * D),
                  SCAN_ROWS,
                  FALSE,
                  &push };
      make_signs (&it.delta, 1);
      make_signs (&it.a, -1);
      g_autofree double *of_delta = slopes (scan_formula, &it, &it.delta);
      g_autofree double *of_c = slopes (scan_formula, &it, &it.c);
      g_autofree double *of_b = slopes (scan_formula, &it, &it.b);
      g_autofree double *of_cr = slopes (scan_formula, &it, &it.cr);
      double full[SCAN_GRADED], direct[SCAN_GRADED];
      for (it.at = 0; it.at < SCAN_GRADED; it.at++)
        for (int apart = 0; apart < 2; apart++)
          {
            it.apart = apart;
            (apart ? direct : full)[it.at] = slope (scan_formula, &it, &push);
          }
      FOR_EACH_BACKEND (be, stream)
      {
        const EgScanLane lanes[] = { { 0, 4, it.state.narrow }, { 4, 3, NULL }, { 7, 4, NULL } };
        const EgDotRows dots[] = { { 0, 7, 0, 4, 0 }, { 4, 7, 4, 3, 4 } };
        g_autofree float *out = g_new0 (float, SCAN_GRADED *(2 * D + 2 * N + 2));
        float *dc = out + SCAN_GRADED * D, *db = dc + SCAN_GRADED * D, *dcr = db + SCAN_GRADED * N;
        float *found = dcr + SCAN_GRADED * N;
        const EgScanBack op = { .ddelta = out,
                                .dc = dc,
                                .db = db,
                                .dcr = dcr,
                                .lddbc = N,
                                .dy = it.dy.narrow,
                                .delta = it.delta.narrow,
                                .c = it.c.narrow,
                                .b_rows = it.b.narrow,
                                .c_rows = it.cr.narrow,
                                .ldbc = N,
                                .lanes = lanes,
                                .n_lanes = 3,
                                .n_graded = 2,
                                .dots = dots,
                                .n_dots = 2,
                                .full = found,
                                .direct = found + SCAN_GRADED,
                                .n_inner = D,
                                .n_state = N,
                                .a = it.a.narrow,
                                .skip = it.skip.narrow };
        be->back->scan (stream, &op);
        assert_close (out, of_delta, SCAN_GRADED * D, "delta");
        assert_close (dc, of_c, SCAN_GRADED * D, "c");
        assert_close (db, of_b, SCAN_GRADED * N, "B");
        assert_close (dcr, of_cr, SCAN_GRADED * N, "C");
        assert_close (found, full, SCAN_GRADED, "state");
        assert_close (found + SCAN_GRADED, direct, SCAN_GRADED, "state, its own reading");
      }
      Values *all[] = { &it.delta, &it.c, &it.b, &it.cr, &it.state, &it.a, &it.skip, &it.dy };
      for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
        drop (all[i]);
    }
}

/* ---- attention ---- */

/* One segment of 4 rows after 3 positions, in spans of 2, 1 and 4. */
#define BEFORE 3
#define OWN    4

typedef struct
{
  gsize H, w;
  Values q, k, v, dy;
} Attention;

static double
attention_formula (gconstpointer data)
{
  const Attention *it = data;
  const gsize width = it->H * it->w;
  double total = 0;
  for (gsize t = 0; t < OWN; t++)
    for (gsize h = 0; h < it->H; h++)
      {
        double p[BEFORE + OWN], sum = 0;
        const gsize n = BEFORE + t + 1, at = h * it->w;
        for (gsize s = 0; s < n; s++)
          {
            double product = 0;
            for (gsize i = at; i < at + it->w; i++)
              product += it->q.at[t * width + i] * it->k.at[s * width + i];
            sum += p[s] = exp (0.5 * product);
          }
        for (gsize s = 0; s < n; s++)
          for (gsize i = at; i < at + it->w; i++)
            total += it->dy.at[t * width + i] * p[s] / sum * it->v.at[s * width + i];
      }
  return total;
}

static void
test_attention (void)
{
  static const gsize sizes[][2] = { { 1, 1 }, { 2, 5 }, { 3, 16 } };
  for (gsize c = 0; c < G_N_ELEMENTS (sizes); c++)
    {
      const gsize H = sizes[c][0], w = sizes[c][1], width = H * w;
      g_auto (Values) q = draw (OWN * width), k = draw ((BEFORE + OWN) * width),
                      v = draw ((BEFORE + OWN) * width), dy = draw (OWN * width);
      const Attention it = { H, w, q, k, v, dy };
      g_autofree double *of_q = slopes (attention_formula, &it, &q);
      g_autofree double *of_k = slopes (attention_formula, &it, &k);
      g_autofree double *of_v = slopes (attention_formula, &it, &v);
      FOR_EACH_BACKEND (be, stream)
      {
        const EgAttentionSpan spans[] = { { k.narrow, v.narrow, width, 2 },
                                          { k.narrow + 2 * width, v.narrow + 2 * width, width, 1 },
                                          { k.narrow + 3 * width, v.narrow + 3 * width, width, OWN } };
        const EgAttentionRows rows = { .n_rows = OWN, .first = BEFORE, .n_spans = 3 };
        const EgAttention op = { NULL, q.narrow, width, &rows, 1, spans, 3, H, w, 0.5f };
        g_autofree float *out = g_new (float, 3 * OWN * width);
        const EgAttentionBack back = { out, out + OWN * width, out + 2 * OWN * width, width, dy.narrow, &op };
        be->back->attention (stream, &back);
        assert_close (back.dq, of_q, OWN * width, "q");
        assert_close (back.dk, of_k + BEFORE * width, OWN * width, "k");
        assert_close (back.dv, of_v + BEFORE * width, OWN * width, "v");
      }
    }
}

/* ---- rotation ---- */

/* A rotation with its frequencies negated takes a gradient of what was rotated back: Σ dy·y is the same
 * number as Σ dx·x. */
static void
test_rotate (void)
{
  const gsize n_rows = 5, H = 2, w = 7, width = H * w;
  const float there[] = { 1, 0.3f, 0.01f }, back[] = { -1, -0.3f, -0.01f };
  const EgRotaryRows rows = { 0, n_rows, 100 };
  g_auto (Values) x = draw (n_rows * width), dy = draw (n_rows * width);
  FOR_EACH_BACKEND (be, stream)
  {
    g_autofree float *y = g_new0 (float, x.n), *dx = g_new0 (float, x.n);
    double by_y = 0, by_x = 0;
    EgRotary op = { y, width, x.narrow, width, &rows, 1, H, w, 6, there };
    be->rotate (stream, &op);
    op.y = dx;
    op.x = dy.narrow;
    op.frequencies = back;
    be->rotate (stream, &op);
    for (gsize i = 0; i < x.n; i++)
      {
        by_y += dy.at[i] * (double)y[i];
        by_x += (double)dx[i] * x.at[i];
      }
    g_assert_cmpfloat_with_epsilon (by_x, by_y, 1e-6);
    /* And not merely because nothing turned. */
    g_assert_cmpfloat (fabs ((double)y[0] - x.at[0]), >, 0.01);
  }
}

/* ---- logits ---- */

/* What is differentiated: −probability·log Σ exp is no part of it, so that softmax enters as its slope. */
typedef struct
{
  gsize n;
  Values logits, weights;
  EgLogitsBack op;
} Logits;

static double
logits_formula (gconstpointer data)
{
  const Logits *it = data;
  double total = 0;
  for (gsize r = 0; r < 3; r++)
    {
      const double *row = it->logits.at + r * it->n;
      double sum = 0;
      for (gsize v = 0; v < it->n; v++)
        {
          sum += exp (row[v]);
          total += (double)it->op.weight * it->weights.at[v] * row[v];
        }
      total += (double)it->op.probability * log (sum) + (double)it->op.target_part * row[it->op.target]
               + (double)it->op.against_part * row[it->op.against];
    }
  return total;
}

static void
test_logits (void)
{
  for (gsize n = 5; n < 80; n += 69)
    {
      g_auto (Values) values = draw (3 * n), weights = draw (n);
      Logits it = { n,
                    values,
                    weights,
                    { .n_rows = 3,
                      .n = n,
                      .target = 2,
                      .against = 4,
                      .weights = weights.narrow,
                      .probability = -1,
                      .weight = 0.5f,
                      .target_part = 1,
                      .against_part = -0.75f } };
      g_autofree double *expected = slopes (logits_formula, &it, &values);
      FOR_EACH_BACKEND (be, stream)
      {
        g_autofree float *found = g_memdup2 (values.narrow, values.n * sizeof (float));
        EgLogitsBack op = it.op;
        op.logits = found;
        be->back->logits (stream, &op);
        assert_close (found, expected, values.n, "logits");
      }
    }
}

/* ---- what values change ---- */

/* Where the target has nearly all of the probability, what is left of it, 1 − p, is known as well as any
 * other number. */
static void
test_sure_logits (void)
{
  const float logits[] = { 1.5f, 18, -0.25f, 2 };
  double sum = 0, expected[4];
  for (gsize v = 0; v < 4; v++)
    sum += v == 1 ? 0 : exp ((double)logits[v] - 18);
  for (gsize v = 0; v < 4; v++)
    expected[v] = v == 1 ? sum / (1 + sum) : -exp ((double)logits[v] - 18) / (1 + sum);
  FOR_EACH_BACKEND (be, stream)
  {
    g_autofree float *found = g_memdup2 (logits, sizeof logits);
    const EgLogitsBack op = {
      .logits = found, .n_rows = 1, .n = 4, .target = 1, .against = 1, .probability = -1, .target_part = 1
    };
    be->back->logits (stream, &op);
    assert_close (found, expected, 4, "logits");
  }
}

static void
test_dots (void)
{
  g_auto (Values) gradient = draw (4 * 40), values = draw (9 * 40);
  const EgDotRows rows[] = { { 1, 0, 6, 3, 4 }, { 0, 5, 2, 4, 0 } };
  double expected[7] = { 0 };
  for (gsize p = 0; p < 2; p++)
    for (gsize t = 0; t < rows[p].n_rows; t++)
      for (gsize j = 0; j < 37; j++)
        expected[rows[p].out + t]
            += gradient.at[(rows[p].gradient + t) * 40 + j]
               * (values.at[(rows[p].source + t) * 40 + j] - values.at[(rows[p].base + t) * 40 + j]);
  FOR_EACH_BACKEND (be, stream)
  {
    float found[7];
    const EgDots op = { found, gradient.narrow, 40, values.narrow, 40, 37, rows, 2 };
    be->back->dots (stream, &op);
    assert_close (found, expected, 7, "dots");
  }
}

/* Of 5 rows: those after a row read push·(the source's x − the base's) more of it and those before; apart:
 * the next one alone. */
typedef struct
{
  gsize D, K, at;
  gboolean apart;
  Values x, w, du;
  double push;
} ConvState;

static double
conv_state_formula (gconstpointer data)
{
  const ConvState *it = data;
  double sum = 0;
  for (gsize v = it->at + 1; v < (it->apart ? MIN (it->at + 2, 5) : 5); v++)
    for (gsize k = 0; k < it->K; k++)
      {
        const gssize j = (gssize)(v + k) - (gssize)it->K + 1;
        for (gsize i = 0; j >= 0 && j <= (gssize)it->at && i < it->D; i++)
          sum += it->push * it->du.at[v * it->D + i] * it->w.at[k * it->D + i]
                 * (it->x.at[(5 + (gsize)j) * it->D + i] - it->x.at[(gsize)j * it->D + i]);
      }
  return sum;
}

static void
test_conv_dots (void)
{
  for (gsize K = 1; K < 5; K++)
    {
      const gsize D = 21;
      g_auto (Values) x = draw (10 * D), w = draw (K * D), du = draw (5 * D);
      ConvState it = { D, K, 0, FALSE, x, w, du, 0 };
      double full[5], direct[5];
      for (it.at = 0; it.at < 5; it.at++)
        for (int apart = 0; apart < 2; apart++)
          {
            it.apart = apart;
            (apart ? direct : full)[it.at] = slope (conv_state_formula, &it, &it.push);
          }
      FOR_EACH_BACKEND (be, stream)
      {
        float found[10];
        const EgDotRows rows = { 0, 5, 0, 5, 0 };
        const EgConvDots op = { found, found + 5, du.narrow, x.narrow, D, &rows, 1, D, K, w.narrow };
        be->back->conv_dots (stream, &op);
        assert_close (found, full, 5, "all later rows");
        assert_close (found + 5, direct, 5, "the next row");
      }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/back-ops/gemm-is-the-slope", test_gemm);
  g_test_add_func ("/back-ops/norm-is-the-slope", test_norm);
  g_test_add_func ("/back-ops/conv-silu-is-the-slope", test_conv);
  g_test_add_func ("/back-ops/gate-is-the-slope", test_gate);
  g_test_add_func ("/back-ops/activations-are-the-slope", test_activations);
  g_test_add_func ("/back-ops/scan-is-the-slope", test_scan);
  g_test_add_func ("/back-ops/attention-is-the-slope", test_attention);
  g_test_add_func ("/back-ops/a-rotation-goes-back-by-its-frequencies-negated", test_rotate);
  g_test_add_func ("/back-ops/logits-are-the-slope", test_logits);
  g_test_add_func ("/back-ops/one-minus-p-is-exact-where-p-is-near-1", test_sure_logits);
  g_test_add_func ("/back-ops/dots-are-sums-over-differences", test_dots);
  g_test_add_func ("/back-ops/conv-dots-are-the-slope", test_conv_dots);
  return g_test_run ();
}
