/* What the processor's scan of heads promises besides its formula: the formula of long segments, and bits
 * that depend on nothing that stands beside a row. */
#include "engine/backend.h"

#include <math.h>
#include <string.h>

typedef struct
{
  gsize rows, heads, width, groups, states;
  float *delta, *xbc, *a, *skip, *state, *set;
} Input;

static float *
draw (GRand *rand, gsize n, double low, double high)
{
  float *x = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    x[i] = (float)g_rand_double_range (rand, low, high);
  return x;
}

static gsize
row_floats (const Input *self)
{
  return self->heads * self->width + 2 * self->groups * self->states;
}

static gsize
state_floats (const Input *self)
{
  return self->heads * self->width * self->states;
}

static Input *
input_new (gsize rows, gsize heads, gsize width, gsize groups, gsize states)
{
  GRand *rand = g_rand_new_with_seed ((guint32)(rows + width));
  Input *self = g_new (Input, 1);
  *self = (Input){ rows, heads, width, groups, states };
  self->delta = draw (rand, rows * heads, 0.01, 0.6);
  self->xbc = draw (rand, rows * row_floats (self), -1, 1);
  self->a = draw (rand, heads, -2, -0.05);
  self->skip = draw (rand, heads, -1, 1);
  self->state = draw (rand, state_floats (self), -1, 1);
  self->set = draw (rand, 2 * state_floats (self), -1, 1);
  g_rand_free (rand);
  return self;
}

static void
input_free (Input *self)
{
  float *all[] = { self->delta, self->xbc, self->a, self->skip, self->state, self->set };
  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    g_free (all[i]);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Input, input_free)

/* The y of segments, n_out rows of it. (transfer full) */
static float *
scan (EgBackend *be, const Input *it, const EgScanRows *segments, gsize n, gsize n_out)
{
  EgStream *stream = be->stream_new (be, 2);
  const gsize D = it->heads * it->width, GN = it->groups * it->states;
  float *y = g_new0 (float, n_out *D);
  const EgHeadScan op = { .y = y,
                          .delta = it->delta,
                          .c = it->xbc,
                          .b_rows = it->xbc + D,
                          .c_rows = it->xbc + D + GN,
                          .ld = row_floats (it),
                          .segments = segments,
                          .n_segments = n,
                          .n_heads = it->heads,
                          .d_head = it->width,
                          .n_groups = it->groups,
                          .n_state = it->states,
                          .a = it->a,
                          .skip = it->skip };
  be->scan_heads (stream, &op);
  be->stream_free (stream);
  return y;
}

/* Off by so much of the largest. */
static double
distance (const float *x, const float *exact, gsize n)
{
  double most = 0, largest = 0;
  for (gsize i = 0; i < n; i++)
    {
      const double off = fabs ((double)x[i] - (double)exact[i]);
      if (isnan (off))
        return INFINITY;
      most = MAX (most, off);
      largest = MAX (largest, fabs ((double)exact[i]));
    }
  g_assert_cmpfloat (largest, >, 0);
  return most / largest;
}

static void
assert_bits (const float *found, const float *expected, gsize n)
{
  g_assert_true (memcmp (found, expected, n * sizeof *found) == 0);
}

/* Rows as many as a chunk, one less, one more, several; what is set or kept at its ends. */
static void
test_formula (void)
{
  const gsize lengths[] = { 1, 2, 6, 7, 31, 32, 33, 64, 65, 150 };
  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    for (int which = 0; which < 8; which++)
      {
        const gsize n = lengths[i];
        g_autoptr (Input) it = which & 4 ? input_new (n, 3, 19, 3, 21) : input_new (n, 2, 64, 1, 128);
        const gsize size = state_floats (it), step = 5, n_kept = (n + step - 1) / step;
        float *found[2], *kept[2];
        for (int k = 0; k < 2; k++)
          {
            kept[k] = g_new0 (float, n_kept *size);
            EgScanRows segment = { .n_rows = n, .keep_state = kept[k], .keep_end = n, .keep_step = step };
            segment.keep_first = n > 8 ? 3 : 0;
            segment.state = which & 1 ? it->state : NULL;
            if (which & 2)
              {
                segment.set_state = it->set;
                segment.set_first = n == 65 ? 31 : n / 2;
                segment.set_end = MIN (n, segment.set_first + 2);
              }
            found[k] = scan (k ? eg_backend_reference () : eg_backend_cpu (), it, &segment, 1, n);
          }
        g_assert_cmpfloat (distance (found[0], found[1], n * it->heads * it->width), <=, 2e-6);
        g_assert_cmpfloat (distance (kept[0], kept[1], n_kept * size), <=, 2e-6);
        for (int k = 0; k < 2; k++)
          {
            g_free (found[k]);
            g_free (kept[k]);
          }
      }
}

/* A segment's rows alone, with states kept, with later rows alone asked for, and beside other segments. */
static void
test_same_bits (void)
{
  const gsize lengths[] = { 1, 3, 7, 13, 40 }, widths[] = { 16, 19, 48, 64, 80 };
  EgBackend *be = eg_backend_cpu ();
  for (gsize i = 0; i < G_N_ELEMENTS (lengths) * G_N_ELEMENTS (widths); i++)
    {
      const gsize n = lengths[i / G_N_ELEMENTS (widths)], last = n - 1;
      g_autoptr (Input) it = input_new (n + 9, 3, widths[i % G_N_ELEMENTS (widths)], 1, 100);
      const gsize D = it->heads * it->width;
      const EgScanRows plain = { .row = 4, .n_rows = n, .state = it->state };
      g_autofree float *y = scan (be, it, &plain, 1, n);

      g_autofree float *memory = g_new0 (float, n *state_floats (it));
      EgScanRows keeping = plain;
      keeping.keep_state = memory;
      keeping.keep_end = n;
      keeping.keep_step = 1;
      g_autofree float *kept = scan (be, it, &keeping, 1, n);
      assert_bits (kept, y, n * D);

      EgScanRows late = plain;
      late.out_first = last;
      g_autofree float *of_last = scan (be, it, &late, 1, 1);
      assert_bits (of_last, y + last * D, D);

      const EgScanRows first = { .n_rows = 4 },
                       other = { .row = n + 4, .n_rows = 5, .state = it->state, .out_row = n + 4 };
      EgScanRows middle = plain;
      middle.out_row = 4;
      const EgScanRows all[] = { first, middle, other };
      g_autofree float *beside = scan (be, it, all, G_N_ELEMENTS (all), n + 9);
      assert_bits (beside + 4 * D, y, n * D);

      /* From a state that was kept on. */
      if (last > 0)
        {
          const EgScanRows rest
              = { .row = 4 + last, .n_rows = 1, .state = memory + (last - 1) * state_floats (it) };
          g_autofree float *after = scan (be, it, &rest, 1, 1);
          g_assert_cmpfloat (distance (after, y + last * D, D), <=, 2e-6);
        }
    }
}

/* A segment that begins with the text, and one into which all its states are put. */
static void
test_states_put_back (void)
{
  EgBackend *be = eg_backend_cpu ();
  const gsize n = 11;
  g_autoptr (Input) it = input_new (n, 3, 48, 1, 100);
  const gsize D = it->heads * it->width;
  g_autofree float *states = g_new0 (float, n *state_floats (it));
  const EgScanRows keeping = { .n_rows = n, .keep_state = states, .keep_end = n, .keep_step = 1 };
  g_autofree float *y = scan (be, it, &keeping, 1, n);
  const EgScanRows given = { .n_rows = n, .state = it->state, .set_state = states, .set_end = n };
  g_autofree float *again = scan (be, it, &given, 1, n);
  assert_bits (again, y, n * D);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/head-scan/formula", test_formula);
  g_test_add_func ("/head-scan/bits-do-not-depend-on-what-is-beside", test_same_bits);
  g_test_add_func ("/head-scan/states-put-back-are-the-run", test_states_put_back);
  return g_test_run ();
}
