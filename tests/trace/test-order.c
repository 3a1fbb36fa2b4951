/* A trace in the order of estimates: the urgent cells before all others, every cell once, and the same
 * numbers. */
#include "golden.h"

#include "trace/plan/schedule.h"
#include "trace/run/meter.h"

#include <math.h>
#include <string.h>

static EgTraceRequest *
new_request (EgModel *model)
{
  EgTraceRequest *request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  request->samples = 4;
  request->threads = 2;
  golden_restore_in (eg_model_get_family (model), request, EG_SITE_RESID, EG_SITE_BIT (EG_SITE_RESID + 1));
  return request;
}

static EgGrid
grid_of (EgModel *model, const EgTraceRequest *request)
{
  g_autoptr (EgTraceInput) input = eg_trace_input_new (request, model, NULL, NULL);
  return eg_grid_of_input (request, model, input);
}

/* As if later positions and layers mattered less. */
static double *
make_urgency (const EgGrid *grid)
{
  double *urgency = g_new (double, eg_grid_n_cells (grid));
  for (gsize cell = 0; cell < eg_grid_n_cells (grid); cell++)
    urgency[cell] = -(double)(cell % (grid->n_rows * grid->n_columns));
  urgency[0] = NAN;
  return urgency;
}

/* Every cell and sample once; the urgent groups of all rounds are taken before any other. */
static void
test_plan (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  g_autoptr (EgTraceRequest) request = new_request (model);
  const EgGrid grid = grid_of (model, request);
  g_autofree double *urgency = make_urgency (&grid);
  g_autoptr (EgTraceOrder) order = eg_trace_order_new (&grid, urgency, 12, 0, 1);
  g_autoptr (EgPlan) plan = eg_plan_new_ordered (&grid, 10, 10, NULL, order);
  const EgPlanCosts costs = eg_plan_costs_of (eg_model_get_family (model), eg_model_get_sizes (model));
  g_autoptr (EgSchedule) schedule = eg_schedule_new (plan, &costs, 4, 2);
  g_autofree guint *times = g_new0 (guint, eg_grid_n_cells (&grid) * 10);
  gboolean usual = FALSE;
  double lowest = INFINITY, highest_after = -INFINITY;
  for (guint i = 0; i < schedule->tasks->len; i++)
    {
      const EgTask *task = &g_array_index (schedule->tasks, EgTask, i);
      const EgRound *round = plan->rounds->pdata[task->round];
      const EgGroup *group = task->corrupted ? NULL : round->groups->pdata[task->index];
      if (group == NULL)
        continue;
      g_assert_false (usual && group->is_urgent);
      usual = usual || !group->is_urgent;
      for (guint c = 0; c < group->cells->len; c++)
        {
          const gsize cell = g_array_index (group->cells, gsize, c);
          if (usual)
            highest_after = fmax (highest_after, urgency[cell]);
          else
            lowest = fmin (lowest, urgency[cell]);
          for (gsize s = group->sample_first; s < group->sample_end; s++)
            times[cell * 10 + s]++;
        }
    }
  g_assert_cmpfloat (lowest, >, highest_after);
  for (gsize i = 0; i < eg_grid_n_cells (&grid) * 10; i++)
    g_assert_cmpuint (times[i], ==, eg_grid_cell_kind (&grid, i / 10) == EG_CELL_COMPUTED ? 1 : 0);
}

/* Given up in the middle, what is left of a site comes as it would without: of the first round from coarse to
 * fine, of others what takes longest first; and still each once. */
static void
test_relaxed (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  g_autoptr (EgTraceRequest) request = new_request (model);
  const EgGrid grid = grid_of (model, request);
  g_autofree double *urgency = make_urgency (&grid);
  g_autoptr (EgTraceOrder) order = eg_trace_order_new (&grid, urgency, 2, 2, 1);
  g_autoptr (EgPlan) plan = eg_plan_new_ordered (&grid, 10, 10, NULL, order);
  const EgPlanCosts costs = eg_plan_costs_of (eg_model_get_family (model), eg_model_get_sizes (model));
  g_autoptr (EgSchedule) schedule = eg_schedule_new (plan, &costs, 4, 2);
  g_autofree gsize *sites = g_new0 (gsize, schedule->tasks->len);
  const guint n = schedule->tasks->len;
  guint n_urgent = 0, n_moved = 0;
  for (guint i = 0; i < n; i++)
    {
      const EgTask *task = &g_array_index (schedule->tasks, EgTask, i);
      const EgRound *round = plan->rounds->pdata[task->round];
      const EgGroup *group = task->corrupted ? NULL : round->groups->pdata[task->index];
      sites[i] = group == NULL ? 9 : eg_grid_site_index (&grid, g_array_index (group->cells, gsize, 0));
      n_urgent += group != NULL && group->is_urgent;
    }
  g_assert_cmpuint (grid.n_sites, ==, 2);
  g_assert_cmpuint (n_urgent, >, 2);
  g_autofree EgTask *before = g_memdup2 (schedule->tasks->data, n * sizeof (EgTask));
  schedule->next = n_urgent; /* and some corrupted runs: about there */
  eg_schedule_relax (schedule, plan, 1);
  g_assert_true (schedule->is_ordered);
  const EgTask *last = NULL;
  for (guint i = 0; i < n; i++)
    {
      const EgTask *task = &g_array_index (schedule->tasks, EgTask, i);
      const gboolean same = memcmp (task, &before[i], sizeof *task) == 0;
      n_moved += !same;
      g_assert_true (same || (i >= n_urgent && sites[i] == 1));
      if (i < n_urgent || sites[i] != 1)
        continue;
      if (last != NULL && last->round == task->round && task->round == 0)
        g_assert_cmpuint (last->index, <, task->index);
      if (last != NULL && last->round == task->round && task->round > 0)
        g_assert_cmpfloat (last->work, >=, task->work);
      last = task;
    }
  g_assert_cmpuint (n_moved, >, 1);
  eg_schedule_relax (schedule, plan, 0);
  g_assert_false (schedule->is_ordered);
}

static gsize
count_wanted (const EgTraceOrder *order, const EgGrid *grid)
{
  gsize n = 0;
  for (gsize cell = 0; cell < order->n_cells; cell++)
    n += eg_grid_cell_kind (grid, cell) == EG_CELL_COMPUTED && eg_trace_order_wants (order, cell);
  return n;
}

/* The first of each site, and others: of one seed always the same. */
static void
test_wanted (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  g_autoptr (EgTraceRequest) request = new_request (model);
  const EgGrid grid = grid_of (model, request);
  g_autofree double *urgency = make_urgency (&grid);
  g_autoptr (EgTraceOrder) order = eg_trace_order_new (&grid, urgency, 3, 2, 1);
  g_autoptr (EgTraceOrder) again = eg_trace_order_new (&grid, urgency, 3, 2, 1);
  eg_trace_order_keep_first (order);
  eg_trace_order_keep_first (again);
  g_autoptr (EgTraceOrder) all = eg_trace_order_new (&grid, urgency, 12, 0, 1);
  g_assert_cmpuint (count_wanted (order, &grid), ==, grid.n_sites * 5);
  g_assert_cmpint (memcmp (order->wanted, again->wanted, order->n_cells), ==, 0);
  for (gsize site = 0; site < grid.n_sites; site++)
    {
      g_autoptr (GArray) cells = eg_trace_order_list (all, &grid, site);
      g_assert_cmpfloat (urgency[g_array_index (cells, gsize, 0)], >,
                         urgency[g_array_index (cells, gsize, 1)]);
      for (guint i = 0; i < 3; i++)
        g_assert_true (eg_trace_order_wants (order, g_array_index (cells, gsize, i)));
    }
}

/* Which groups there are changes last bits at most, where products depend on the rows beside a row. */
static void
assert_same_scores (const EgTraceResult *a, const EgTraceResult *b, gboolean all)
{
  gsize n = 0;
  for (gsize i = 0; i < a->n_grids; i++)
    for (gsize cell = 0; cell < eg_trace_grid_n_cells (a->grids[i]); cell++)
      {
        const double x = a->grids[i]->scores[0][cell], y = b->grids[i]->scores[0][cell];
        n += isnan (x) ? 0 : 1;
        if (all || !isnan (x))
          g_assert_cmpfloat_with_epsilon (x, y, 2e-7);
      }
  g_assert_cmpuint (n, >, 0);
}

static void
test_numbers (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  g_autoptr (EgTraceRequest) request = new_request (model);
  g_autoptr (GError) error = NULL;
  const EgGrid grid = grid_of (model, request);
  g_autofree double *urgency = make_urgency (&grid);
  g_autoptr (EgTraceOrder) order = eg_trace_order_new (&grid, urgency, 12, 0, 1);
  g_autoptr (EgTraceOrder) some = eg_trace_order_new (&grid, urgency, 2, 3, 1);
  eg_trace_order_keep_first (some);
  g_autoptr (EgTraceResult) usual = eg_trace_run (model, request, NULL, NULL, NULL, &error);
  g_autoptr (EgTraceResult) ordered
      = eg_trace_run_ordered (order, NULL, model, request, NULL, NULL, NULL, NULL, &error);
  g_autoptr (EgTraceResult) few
      = eg_trace_run_ordered (some, NULL, model, request, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (ordered->complete);
  assert_same_scores (ordered, usual, TRUE);
  g_assert_false (few->complete);
  assert_same_scores (few, usual, FALSE);
}

static void
stop_when_some_are_done (const EgTraceProgress *progress, gpointer cancellable)
{
  if (progress->done > progress->total / 4)
    g_cancellable_cancel (cancellable);
}

/* Stopped half-way and continued, in the usual order: what was computed stays, bit by bit. */
static void
test_continued (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  g_autoptr (EgTraceRequest) request = new_request (model);
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (EgTracePartial) left = NULL;
  request->samples = 40;
  const EgGrid grid = grid_of (model, request);
  g_autofree double *urgency = make_urgency (&grid);
  g_autoptr (EgTraceOrder) order = eg_trace_order_new (&grid, urgency, 12, 0, 1);
  g_autoptr (EgTraceResult) none = eg_trace_run_ordered (order, NULL, model, request, cancellable,
                                                         stop_when_some_are_done, cancellable, &left, &error);
  g_assert_null (none);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_nonnull (left);
  g_autoptr (EgTraceResult) continued
      = eg_trace_run_from (left, model, request, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (EgTraceResult) usual = eg_trace_run (model, request, NULL, NULL, NULL, &error);
  g_assert_true (continued->complete);
  assert_same_scores (continued, usual, TRUE);
}

int
main (int argc, char **argv)
{
  static const char *const models[] = { "expand2", "deep", "gpt2-hub", NULL };
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/order/urgent-cells-come-first-and-each-once", test_plan);
  g_test_add_func ("/order/given-up-the-rest-of-a-site-is-in-the-usual-order", test_relaxed);
  g_test_add_func ("/order/only-the-first-and-some-others-are-wanted", test_wanted);
  golden_add_tests (models, "/order/numbers-do-not-depend-on-it/*", test_numbers);
  g_test_add_func ("/order/a-stopped-trace-goes-on-to-the-same-numbers", test_continued);
  return g_test_run ();
}
