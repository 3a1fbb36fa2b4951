/* As test-back-ops.c, of what Mamba-2 and Falcon-Mamba have beside Mamba-1. */
#include "slopes.h"

/* ---- scan of heads ---- */

/* Three lanes: 4 rows from a state, 3 from none; the third, of 4 rows, is only a source. */
#define ROWS   11
#define GRADED 7

static const gsize lane_row[] = { 0, 4, 7 }, lane_n[] = { 4, 3, 4 };

/* at, push: h after that row of the lane is moved by push·(h of the source − its own); apart: those after it
 * are not computed from it. */
typedef struct
{
  gsize H, P, G, N;
  Values delta, xbc, state, a, skip, dy;
  gsize at;
  gboolean apart;
  double *push;
} Scan;

static gsize
width_of (const Scan *it)
{
  return it->H * it->P + 2 * it->G * it->N;
}

/* B, or behind it C, of a head's state at a row. */
static double
selected (const Scan *it, gsize row, gsize head, gsize n, gboolean reading)
{
  const gsize at = it->H * it->P + (reading ? it->G * it->N : 0) + head / (it->H / it->G) * it->N + n;
  return it->xbc.at[row * width_of (it) + at];
}

static void
run_lane (const Scan *it, gsize lane, double *states)
{
  const gsize size = it->H * it->N * it->P;
  for (gsize t = 0; t < lane_n[lane]; t++)
    for (gsize k = 0; k < size; k++)
      {
        const gsize row = lane_row[lane] + t, i = k / it->P / it->N, n = k / it->P % it->N, p = k % it->P;
        const double before = t > 0 ? states[(row - 1) * size + k] : lane == 0 ? it->state.at[k] : 0;
        const double delta = fabs (it->delta.at[row * it->H + i]);
        double *h = &states[row * size + k];
        *h = exp2 (-delta * fabs (it->a.at[i])) * before
             + delta * selected (it, row, i, n, FALSE) * it->xbc.at[row * width_of (it) + i * it->P + p];
        if (row == it->at && !it->apart)
          *h += *it->push * (states[(lane_row[2] + t) * size + k] - *h);
      }
}

static double
scan_formula (gconstpointer data)
{
  const Scan *it = data;
  const gsize size = it->H * it->N * it->P, D = it->H * it->P;
  g_autofree double *states = g_new (double, ROWS *size);
  double sum = 0;
  for (gsize lane = 3; lane-- > 0;)
    run_lane (it, lane, states);
  for (gsize row = 0; row < GRADED; row++)
    for (gsize k = 0; k < D; k++)
      {
        const gsize source = lane_row[2] + row - lane_row[row < 4 ? 0 : 1], i = k / it->P;
        double y = it->skip.at[i] * it->xbc.at[row * width_of (it) + k];
        for (gsize n = 0; n < it->N; n++)
          {
            const gsize at = (i * it->N + n) * it->P + k % it->P;
            double h = states[row * size + at];
            if (row == it->at && it->apart)
              h += *it->push * (states[source * size + at] - h);
            y += selected (it, row, i, n, TRUE) * h;
          }
        sum += it->dy.at[row * D + k] * y;
      }
  return sum;
}

static void
check_scan (Scan *it)
{
  const gsize D = it->H * it->P, GN = it->G * it->N, ld = width_of (it);
  g_autofree double *of_delta = slopes (scan_formula, it, &it->delta);
  g_autofree double *of_xbc = slopes (scan_formula, it, &it->xbc);
  double full[GRADED], direct[GRADED];
  for (it->at = 0; it->at < GRADED; it->at++)
    for (int apart = 0; apart < 2; apart++)
      {
        it->apart = apart;
        (apart ? direct : full)[it->at] = slope (scan_formula, it, it->push);
      }
  FOR_EACH_BACKEND (be, stream)
  {
    const EgScanLane lanes[] = { { 0, 4, it->state.narrow }, { 4, 3, NULL }, { 7, 4, NULL } };
    const EgDotRows dots[] = { { 0, 7, 0, 4, 0 }, { 4, 7, 4, 3, 4 } };
    g_autofree float *out = g_new0 (float, GRADED *(it->H + ld + 2));
    float *dxbc = out + GRADED * it->H, *found = dxbc + GRADED * ld;
    const float *xbc = it->xbc.narrow;
    const EgHeadScanBack op = { .ddelta = out,
                                .dc = dxbc,
                                .db = dxbc + D,
                                .dcr = dxbc + D + GN,
                                .ldd = ld,
                                .dy = it->dy.narrow,
                                .delta = it->delta.narrow,
                                .c = xbc,
                                .b_rows = xbc + D,
                                .c_rows = xbc + D + GN,
                                .ld = ld,
                                .lanes = lanes,
                                .n_lanes = 3,
                                .n_graded = 2,
                                .dots = dots,
                                .n_dots = 2,
                                .full = found,
                                .direct = found + GRADED,
                                .n_heads = it->H,
                                .d_head = it->P,
                                .n_groups = it->G,
                                .n_state = it->N,
                                .a = it->a.narrow,
                                .skip = it->skip.narrow };
    be->back->scan_heads (stream, &op);
    assert_close (out, of_delta, GRADED * it->H, "delta");
    assert_close (dxbc, of_xbc, GRADED * ld, "c, B and C");
    assert_close (found, full, GRADED, "state");
    assert_close (found + GRADED, direct, GRADED, "state, its own reading");
  }
}

static void
test_scan_heads (void)
{
  static const gsize sizes[][4] = { { 1, 1, 1, 1 }, { 4, 3, 2, 5 }, { 2, 19, 1, 4 }, { 3, 16, 3, 17 } };
  for (gsize c = 0; c < G_N_ELEMENTS (sizes); c++)
    {
      const gsize H = sizes[c][0], P = sizes[c][1], G = sizes[c][2], N = sizes[c][3];
      double push = 0;
      Scan it = { H,
                  P,
                  G,
                  N,
                  draw (ROWS * H),
                  draw (ROWS * (H * P + 2 * G * N)),
                  draw (H * N * P),
                  draw (H),
                  draw (H),
                  draw (GRADED * H * P),
                  ROWS,
                  FALSE,
                  &push };
      make_signs (&it.delta, 1);
      make_signs (&it.a, -1);
      check_scan (&it);
      Values *all[] = { &it.delta, &it.xbc, &it.state, &it.a, &it.skip, &it.dy };
      for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
        drop (all[i]);
    }
}

/* ---- step sizes ---- */

#define LEAST 0.6
#define MOST  1.1

typedef struct
{
  gsize H;
  gboolean limited;
  Values x, bias, d;
} Steps;

static double
steps_formula (gconstpointer data)
{
  const Steps *it = data;
  double sum = 0;
  for (gsize i = 0; i < it->x.n; i++)
    {
      const double step = log1p (exp (it->x.at[i] + it->bias.at[i % it->H]));
      sum += it->d.at[i] * (it->limited ? CLAMP (step, LEAST, MOST) : step);
    }
  return sum;
}

static void
test_step_size (void)
{
  for (int limited = 0; limited < 2; limited++)
    {
      const gsize H = 11, n = 40;
      g_auto (Values) x = draw (n * H), bias = draw (H), d = draw (n * H);
      const Steps it = { H, limited, x, bias, d };
      g_autofree double *expected = slopes (steps_formula, &it, &x);
      gsize n_past = 0;
      for (gsize i = 0; i < x.n; i++)
        n_past += expected[i] == 0;
      g_assert_true ((n_past > 0) == limited);
      FOR_EACH_BACKEND (be, stream)
      {
        g_autofree float *dx = g_new0 (float, x.n);
        const EgStepSizeBack op = { .dx = dx,
                                    .lddx = H,
                                    .ddelta = d.narrow,
                                    .x = x.narrow,
                                    .ldx = H,
                                    .n_rows = n,
                                    .n_heads = H,
                                    .bias = bias.narrow,
                                    .least = limited ? (float)LEAST : 0.0f,
                                    .most = limited ? (float)MOST : INFINITY };
        be->back->step_size (stream, &op);
        assert_close (dx, expected, x.n, "x");
      }
    }
}

/* ---- norms of parts ---- */

typedef struct
{
  gsize n_rows, n_groups, width;
  Values x, weight, d;
  gboolean weighted;
} Groups;

static double
groups_formula (gconstpointer data)
{
  const Groups *it = data;
  double sum = 0;
  for (gsize part = 0; part < it->n_rows * it->n_groups; part++)
    {
      const double *x = it->x.at + part * it->width;
      double squares = 0;
      for (gsize i = 0; i < it->width; i++)
        squares += x[i] * x[i] / (double)it->width;
      for (gsize i = 0; i < it->width; i++)
        sum += it->d.at[part * it->width + i] * x[i] / sqrt (squares + 1e-3)
               * (it->weighted ? it->weight.at[part % it->n_groups * it->width + i] : 1);
    }
  return sum;
}

static void
test_group_norm (void)
{
  static const gsize sizes[][3] = { { 3, 1, 3 }, { 20, 2, 5 }, { 2, 3, 40 } };
  for (gsize c = 0; c < G_N_ELEMENTS (sizes); c++)
    for (int weighted = 0; weighted < 2; weighted++)
      {
        const gsize n = sizes[c][0], G = sizes[c][1], w = sizes[c][2];
        g_auto (Values) x = draw (n * G * w), weight = draw (G * w), d = draw (n * G * w);
        const Groups it = { n, G, w, x, weight, d, weighted };
        g_autofree double *expected = slopes (groups_formula, &it, &x);
        FOR_EACH_BACKEND (be, stream)
        {
          g_autofree float *dx = g_memdup2 (d.narrow, d.n * sizeof (float));
          const EgGroupNormBack op = { .d = dx,
                                       .ldd = G * w,
                                       .x = x.narrow,
                                       .ldx = G * w,
                                       .n_rows = n,
                                       .n_groups = G,
                                       .width = w,
                                       .weight = weighted ? weight.narrow : NULL,
                                       .eps = 1e-3f };
          be->back->group_norm (stream, &op);
          assert_close (dx, expected, x.n, "x");
        }
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/back-heads/scan-of-heads-is-the-slope", test_scan_heads);
  g_test_add_func ("/back-heads/step-size-is-the-slope-and-0-past-its-limits", test_step_size);
  g_test_add_func ("/back-heads/group-norm-is-the-slope", test_group_norm);
  return g_test_run ();
}
