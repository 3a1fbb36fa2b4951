/* The plan holds every cell and sample once; threads take every task once, corrupted runs before what waits
 * for them, and deliver evenly. */
#include "network/mamba1/private.h"
#include "trace/ask/site-names.h"
#include "trace/plan/schedule.h"

static const EgSelectiveSizes mamba_130m = { .sizes = { .n_layers = 24, .d_model = 768, .vocab_size = 50280 },
                                             .d_inner = 1536,
                                             .d_state = 16,
                                             .d_conv = 4,
                                             .dt_rank = 48 };

typedef struct
{
  gsize n_layers, n_tokens, corrupted_first, window, samples, at_once;
  EgSite site;
  EgSweep sweep;
  EgSiteSet more;
} Case;

static const Case cases[] = {
  { 24, 8, 1, 1, 10, 1000, EG_SITE_RESID },
  { 24, 8, 1, 1, 1, 1000, EG_SITE_RESID },
  { 24, 8, 0, 10, 100, 7, EG_SITE_RESID },
  { 3, 40, 17, 2, 5, 2, SELECTIVE_MIXER },
  { 1, 2, 1, 1, 30, 1000, SELECTIVE_MIXER },
  { 64, 12, 3, 1, 10, 1000, EG_SITE_RESID },
  { 6, 9, 2, 3, 10, 1000, SELECTIVE_STATE, EG_SWEEP_CELLS, (EG_SITE_BIT (SELECTIVE_N_SITES) - 1) },
  { 6, 9, 2, 3, 10, 1000, SELECTIVE_STATE, EG_SWEEP_LAYERS, (EG_SITE_BIT (SELECTIVE_N_SITES) - 1) },
  { 6, 9, 2, 1, 10, 3, SELECTIVE_CONV_STATE, EG_SWEEP_POSITIONS, (EG_SITE_BIT (SELECTIVE_N_SITES) - 1) },
};

static EgPlan *
plan_of (const Case *it, gsize device_rows)
{
  g_auto (GStrv) sites
      = eg_site_names_of_set (EG_SITE_BIT (it->site) | it->more, &eg_family_mamba1, it->site);
  const EgTraceRequest request = { .sites = sites, .window = (guint)it->window, .sweep = it->sweep };
  const EgGrid grid
      = eg_grid_of (&request, &eg_family_mamba1, it->n_layers, it->n_tokens, it->corrupted_first);
  const EgGroupSizes sizes = eg_group_sizes_of (device_rows);
  return eg_plan_new (&grid, it->samples, it->at_once, device_rows > 0 ? &sizes : NULL);
}

static void
check_plan (const Case *it, gsize device_rows)
{
  g_autoptr (EgPlan) plan = plan_of (it, device_rows);
  const gsize n_cells = eg_grid_n_cells (&plan->grid);
  g_autofree guint *times = g_new0 (guint, n_cells * it->samples);
  gsize sample = 0;
  for (guint r = 0; r < plan->rounds->len; r++)
    {
      const EgRound *round = plan->rounds->pdata[r];
      g_assert_cmpuint (round->sample_first, ==, sample);
      g_assert_cmpuint (round->sample_end - sample, <=, it->at_once);
      sample = round->sample_end;
      for (guint g = 0; g < round->groups->len; g++)
        {
          const EgGroup *group = round->groups->pdata[g];
          for (guint i = 0; i < group->cells->len; i++)
            for (gsize s = group->sample_first; s < group->sample_end; s++)
              times[g_array_index (group->cells, gsize, i) * it->samples + s]++;
        }
    }
  g_assert_cmpuint (sample, ==, it->samples);
  for (gsize i = 0; i < n_cells * it->samples; i++)
    {
      const gsize cell = i / it->samples;
      const EgCellKind kind = eg_grid_cell_kind (&plan->grid, cell);
      g_assert_cmpuint (times[i], ==, kind == EG_CELL_COMPUTED ? 1 : 0);
    }
}

static gsize
group_rows (const EgPlan *plan, const EgGroup *group)
{
  gsize rows = 0;
  for (guint i = 0; i < group->cells->len; i++)
    {
      const gsize cell = g_array_index (group->cells, gsize, i);
      rows += plan->grid.n_tokens - eg_grid_start_position (&plan->grid, cell);
    }
  return rows * (group->sample_end - group->sample_first);
}

static void
test_plan (void)
{
  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
    for (gsize rows = 0; rows <= 8192; rows = rows ? rows * 4 : 128)
      check_plan (&cases[c], rows);
}

/* A device's groups: few and wide, none wider than it wants, unless one cell's one sample is. */
static void
test_device_groups (void)
{
  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
    for (gsize rows = 128; rows <= 8192; rows *= 4)
      {
        g_autoptr (EgPlan) plan = plan_of (&cases[c], rows);
        for (guint r = 0; r < plan->rounds->len; r++)
          {
            const EgRound *round = plan->rounds->pdata[r];
            for (guint g = 0; g < round->groups->len; g++)
              g_assert_cmpuint (group_rows (plan, round->groups->pdata[g]), <=, rows);
          }
      }
  /* 130m on a large GPU: a first estimate of one sample, then the rest in groups of 2,000 rows and more. */
  g_autoptr (EgPlan) plan = plan_of (&cases[0], 8192);
  g_autoptr (EgPlan) on_processor = plan_of (&cases[0], 0);
  const EgRound *last = plan->rounds->pdata[plan->rounds->len - 1];
  g_assert_cmpuint (plan->rounds->len, ==, 2);
  g_assert_cmpuint (last->groups->len, <=, 4);
  for (guint g = 0; g < last->groups->len; g++)
    g_assert_cmpuint (group_rows (plan, last->groups->pdata[g]), >=, 1000);
  g_assert_cmpuint (((EgRound *)on_processor->rounds->pdata[1])->groups->len, >=, 10);
}

/* Threads that take exactly as long as the schedule thinks, but for `slow`, which multiplies every other
 * task's time. Returns the longest time without an estimate as a part of the whole, and *picture, when every
 * cell has one; with threads that wait until a round's corrupted runs are there, which must not be forever.
 */
static double
simulate (const EgPlan *plan, gsize block, gsize n_threads, double slow, double *picture)
{
  const EgPlanCosts costs = eg_plan_costs_of (&eg_family_mamba1, &mamba_130m.sizes);
  g_autoptr (EgSchedule) schedule = eg_schedule_new (plan, &costs, block, n_threads);
  const guint n_tasks = schedule->tasks->len;
  g_autofree double *clocks = g_new0 (double, n_threads);
  g_autofree double *ready = g_new0 (double, plan->rounds->len);
  g_autofree gsize *blocks = g_new0 (gsize, plan->rounds->len);
  g_autoptr (GHashTable) taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GArray) ends = g_array_new (FALSE, FALSE, sizeof (double));
  double whole = 0, longest = 0, before = 0, first_round = 0;
  /* As in a trace, all threads together do the first. */
  schedule->next = 1;
  blocks[0] = 1;
  for (guint i = 1; i < n_tasks; i++)
    {
      gsize thread = 0;
      for (gsize t = 1; t < n_threads; t++)
        if (clocks[t] < clocks[thread])
          thread = t;
      EgTask task;
      g_assert_true (eg_schedule_take (schedule, thread, clocks[thread], &task));
      char *name = g_strdup_printf ("%zu %d %zu", task.round, task.corrupted, task.index);
      g_assert_true (g_hash_table_add (taken, name));
      g_assert_cmpfloat (task.work, >, 0);
      if (task.corrupted)
        blocks[task.round]++;
      else
        {
          /* All that it waits for is taken already. */
          g_assert_cmpuint (blocks[task.round], ==, eg_schedule_blocks (plan, task.round, block));
          clocks[thread] = MAX (clocks[thread], ready[task.round]);
        }
      const double time = task.work * (i % 2 ? slow : 1);
      clocks[thread] += time;
      eg_schedule_learn (schedule, &task, time);
      if (task.corrupted)
        ready[task.round] = MAX (ready[task.round], clocks[thread]);
      /* A round's cells that cost nothing are known as soon as its corrupted runs are there. */
      if (!task.corrupted || blocks[task.round] == eg_schedule_blocks (plan, task.round, block))
        g_array_append_val (ends, clocks[thread]);
      if (task.round == 0)
        first_round = MAX (first_round, clocks[thread]);
      whole = MAX (whole, clocks[thread]);
    }
  EgTask none;
  g_assert_false (eg_schedule_take (schedule, 0, 0, &none));
  while (ends->len > 0)
    {
      guint first = 0;
      for (guint i = 1; i < ends->len; i++)
        if (g_array_index (ends, double, i) < g_array_index (ends, double, first))
          first = i;
      longest = MAX (longest, g_array_index (ends, double, first) - before);
      before = g_array_index (ends, double, first);
      g_array_remove_index_fast (ends, first);
    }
  *picture = first_round / whole;
  return longest / whole;
}

static void
test_tasks (void)
{
  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
    for (gsize n_threads = 1; n_threads < 40; n_threads = n_threads * 2 + 1)
      {
        const Case *it = &cases[c];
        g_autoptr (EgPlan) plan = plan_of (it, 0);
        double picture;
        simulate (plan, 3, n_threads, 1, &picture);
        simulate (plan, 100, n_threads, 5, &picture);
      }
}

/* The trace of the benchmark, in blocks of four corrupted runs: estimates come evenly (groups that end
 * together would leave gaps of 27% with four threads), and soon of every cell. */
static void
test_even (void)
{
  g_autoptr (EgPlan) plan = plan_of (&cases[0], 0);
  for (gsize n_threads = 1; n_threads <= 4; n_threads *= 2)
    {
      double picture;
      const double longest = simulate (plan, 4, n_threads, 1, &picture);
      g_test_message ("%zu threads: gap %.1f%%, picture %.1f%%", n_threads, 100 * longest, 100 * picture);
      g_assert_cmpfloat (longest, <, n_threads == 4 ? 0.05 : 0.04);
      g_assert_cmpfloat (picture, <, 0.14);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/schedule/plan", test_plan);
  g_test_add_func ("/schedule/groups-of-a-device", test_device_groups);
  g_test_add_func ("/schedule/tasks", test_tasks);
  g_test_add_func ("/schedule/even", test_even);
  return g_test_run ();
}
