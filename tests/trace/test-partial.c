/* What a stopped trace leaves: which of its groups and rounds are done, and that it outlives what it came
 * from. */
#include "golden.h"

#include "trace/run/partial.h"

#define N_CELLS   4
#define N_SAMPLES 6

static EgTracePartial *
partial_new (void)
{
  g_autoptr (EgModel) model = golden_open ("expand2");
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  return eg_trace_partial_new (model, request, eg_estimates_new (1, N_CELLS, N_SAMPLES), 1.5);
}

/* Cells first … end − 1. */
static EgGroup
group_of (gsize first, gsize end, gsize sample_first, gsize sample_end)
{
  EgGroup group = { g_array_new (FALSE, FALSE, sizeof (gsize)), sample_first, sample_end };
  for (gsize cell = first; cell < end; cell++)
    g_array_append_val (group.cells, cell);
  return group;
}

static void
record (EgTracePartial *self, gsize cell, gsize first, gsize n)
{
  static const double values[N_SAMPLES] = { 1, 2, 3, 4, 5, 6 };
  eg_estimates_record (self->estimates, cell, first, n, values, N_SAMPLES);
}

static void
test_groups (void)
{
  g_autoptr (EgTracePartial) partial = partial_new ();
  EgGroup group = group_of (1, 3, 2, 4);
  g_assert_false (eg_trace_partial_has_group (partial, &group));
  record (partial, 1, 0, N_SAMPLES);
  record (partial, 2, 2, 1);
  g_assert_false (eg_trace_partial_has_group (partial, &group)); /* sample 3 of cell 2 */
  record (partial, 2, 3, 1);
  g_assert_true (eg_trace_partial_has_group (partial, &group));
  group.sample_end = 5;
  g_assert_false (eg_trace_partial_has_group (partial, &group));
  group.sample_end = 4;
  group.sample_first = 1;
  g_assert_false (eg_trace_partial_has_group (partial, &group));
  g_array_unref (group.cells);
}

/* A round is done when all of its groups are; one without groups is not: nothing says that its corrupted runs
 * were there. */
static void
test_rounds (void)
{
  g_autoptr (EgTracePartial) partial = partial_new ();
  EgGroup first = group_of (0, 2, 0, 3), second = group_of (2, 4, 0, 3);
  g_autoptr (GPtrArray) groups = g_ptr_array_new ();
  const EgRound round = { .sample_first = 0, .sample_end = 3, .groups = groups };
  g_assert_false (eg_trace_partial_has_round (partial, &round));
  g_ptr_array_add (groups, &first);
  g_ptr_array_add (groups, &second);
  for (gsize cell = 0; cell < N_CELLS; cell++)
    {
      g_assert_false (eg_trace_partial_has_round (partial, &round));
      record (partial, cell, 0, 3);
    }
  g_assert_true (eg_trace_partial_has_round (partial, &round));
  g_array_unref (first.cells);
  g_array_unref (second.cells);
}

/* It keeps its model and a request of its own. */
static void
test_lives_on (void)
{
  g_autoptr (EgModel) model = golden_open ("expand2");
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  EgTracePartial *partial = eg_trace_partial_new (model, request, eg_estimates_new (1, 1, 1), 1.5);
  g_autoptr (EgTracePartial) other = eg_trace_partial_ref (partial);
  request->samples = 99;
  g_clear_pointer (&request, eg_trace_request_free);
  g_clear_pointer (&model, eg_model_unref);
  eg_trace_partial_unref (partial);
  g_assert_cmpstr (other->request->subject, ==, "Eiffel Tower");
  g_assert_cmpuint (other->request->samples, ==, 10);
  g_assert_cmpstr (eg_model_get_name (other->model), ==, "expand2");
  g_assert_cmpfloat (other->seconds, ==, 1.5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/partial/a-group-is-done-when-every-run-of-it-is", test_groups);
  g_test_add_func ("/partial/a-round-is-done-when-every-group-of-it-is", test_rounds);
  g_test_add_func ("/partial/outlives-what-it-came-from", test_lives_on);
  return g_test_run ();
}
