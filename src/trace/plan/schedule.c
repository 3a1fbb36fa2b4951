/* Hands a trace's tasks to its threads. */
#include "trace/plan/schedule.h"

#include <math.h>

/* Groups of a round that come after the next round's corrupted runs, at most: no thread waits while another
 * does the last of those. Where there is one thread, none does. */
#define LATE_GROUPS 4
/* Two groups should not end closer to each other than this part of what would be even. */
#define STAGGER 0.8
#define LEAST   0.4

gsize
eg_schedule_blocks (const EgPlan *plan, gsize round, gsize block)
{
  const EgRound *it = plan->rounds->pdata[round];
  return (it->sample_end - it->sample_first + block - 1) / block;
}

static void
add_corrupted (GArray *tasks, const EgPlan *plan, const EgPlanCosts *costs, gsize round, gsize block)
{
  const EgRound *it = plan->rounds->pdata[round];
  const double one = eg_plan_run_flops (costs, 0, plan->grid.n_corrupted - plan->grid.corrupted_first);
  for (gsize i = 0; i < eg_schedule_blocks (plan, round, block); i++)
    {
      const gsize left = it->sample_end - it->sample_first - i * block;
      const EgTask task = { round, i, TRUE, one * (double)MIN (block, left) };
      g_array_append_val (tasks, task);
    }
}

static int
compare_work (gconstpointer a, gconstpointer b)
{
  const EgTask *left = a, *right = b;
  if (left->work != right->work)
    return left->work < right->work ? 1 : -1;
  return left->index < right->index ? -1 : 1;
}

/* A group's task, by its urgency. */
typedef struct
{
  EgTask task;
  double urgency;
} UrgentTask;

static int
compare_urgency (gconstpointer a, gconstpointer b)
{
  const UrgentTask *left = a, *right = b;
  if (left->urgency != right->urgency)
    return left->urgency < right->urgency ? 1 : -1;
  return compare_work (&left->task, &right->task);
}

static void
sort_by_urgency (GArray *tasks, const EgPlan *plan)
{
  g_autoptr (GArray) urgent = g_array_new (FALSE, FALSE, sizeof (UrgentTask));
  for (guint i = 0; i < tasks->len; i++)
    {
      const EgTask task = g_array_index (tasks, EgTask, i);
      const EgRound *round = plan->rounds->pdata[task.round];
      const UrgentTask it = { task, eg_plan_group_urgency (plan, round->groups->pdata[task.index]) };
      g_array_append_val (urgent, it);
    }
  g_array_sort (urgent, compare_urgency);
  for (guint i = 0; i < tasks->len; i++)
    g_array_index (tasks, EgTask, i) = g_array_index (urgent, UrgentTask, i).task;
}

static GArray *
group_tasks (const EgPlan *plan, const EgPlanCosts *costs, gsize round)
{
  const EgRound *it = plan->rounds->pdata[round];
  GArray *tasks = g_array_new (FALSE, FALSE, sizeof (EgTask));
  for (gsize i = 0; i < it->groups->len; i++)
    {
      const EgTask task = { round, i, FALSE, eg_plan_group_work (plan, it->groups->pdata[i], costs) };
      g_array_append_val (tasks, task);
    }
  if (plan->order != NULL)
    sort_by_urgency (tasks, plan);
  else if (round > 0)
    g_array_sort (tasks, compare_work);
  return tasks;
}

/* All rounds' runs are kept: the urgent groups of all first, so that their cells are done. */
static void
add_by_urgency (GArray *tasks, const EgPlan *plan, const EgPlanCosts *costs, gsize block)
{
  g_autoptr (GArray) rest = g_array_new (FALSE, FALSE, sizeof (EgTask));
  for (gsize r = 0; r < plan->rounds->len; r++)
    {
      const EgRound *round = plan->rounds->pdata[r];
      g_autoptr (GArray) groups = group_tasks (plan, costs, r);
      add_corrupted (tasks, plan, costs, r, block);
      for (guint i = 0; i < groups->len; i++)
        {
          const EgTask task = g_array_index (groups, EgTask, i);
          const EgGroup *group = round->groups->pdata[task.index];
          g_array_append_val (group->is_urgent ? tasks : rest, task);
        }
    }
  g_array_append_vals (tasks, rest->data, rest->len);
}

EgSchedule *
eg_schedule_new (const EgPlan *plan, const EgPlanCosts *costs, gsize block, gsize n_threads)
{
  EgSchedule *self = g_new0 (EgSchedule, 1);
  self->n_threads = n_threads;
  self->ends = g_new0 (double, n_threads);
  self->tasks = g_array_new (FALSE, FALSE, sizeof (EgTask));
  self->is_ordered = plan->order != NULL;
  if (self->is_ordered && plan->samples <= plan->samples_at_once)
    {
      add_by_urgency (self->tasks, plan, costs, block);
      return self;
    }
  add_corrupted (self->tasks, plan, costs, 0, block);
  for (gsize r = 0; r < plan->rounds->len; r++)
    {
      g_autoptr (GArray) groups = group_tasks (plan, costs, r);
      const gsize late = MIN (LATE_GROUPS, n_threads - 1);
      const guint early = groups->len - (guint)MIN (late, groups->len);
      g_array_append_vals (self->tasks, groups->data, early);
      if (r + 1 < plan->rounds->len)
        add_corrupted (self->tasks, plan, costs, r + 1, block);
      g_array_append_vals (self->tasks, groups->data + early * sizeof (EgTask), groups->len - early);
    }
  return self;
}

static int
compare_index (gconstpointer a, gconstpointer b)
{
  const EgTask *left = a, *right = b;
  return left->index < right->index ? -1 : left->index > right->index;
}

static gboolean
is_of_site (const EgTask *task, const EgPlan *plan, gsize site_index)
{
  const EgRound *round = plan->rounds->pdata[task->round];
  const EgGroup *group = task->corrupted ? NULL : round->groups->pdata[task->index];
  return group != NULL
         && eg_grid_site_index (&plan->grid, g_array_index (group->cells, gsize, 0)) == site_index;
}

/* Of a round's tasks begin … end − 1, which follow each other. */
static void
relax_round (GArray *tasks, guint begin, guint end, const EgPlan *plan, gsize site_index)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (EgTask));
  for (guint i = begin; i < end; i++)
    if (is_of_site (&g_array_index (tasks, EgTask, i), plan, site_index))
      g_array_append_val (found, g_array_index (tasks, EgTask, i));
  if (found->len == 0)
    return;
  g_array_sort (found, g_array_index (found, EgTask, 0).round == 0 ? compare_index : compare_work);
  guint next = 0;
  for (guint i = begin; i < end; i++)
    if (is_of_site (&g_array_index (tasks, EgTask, i), plan, site_index))
      g_array_index (tasks, EgTask, i) = g_array_index (found, EgTask, next++);
}

void
eg_schedule_relax (EgSchedule *self, const EgPlan *plan, gsize site_index)
{
  GArray *tasks = self->tasks;
  for (guint begin = self->next, end; begin < tasks->len; begin = end)
    {
      const EgTask *first = &g_array_index (tasks, EgTask, begin);
      for (end = begin + 1; end < tasks->len; end++)
        if (g_array_index (tasks, EgTask, end).round != first->round
            || g_array_index (tasks, EgTask, end).corrupted != first->corrupted)
          break;
      relax_round (tasks, begin, end, plan, site_index);
    }
  if (++self->n_relaxed == plan->grid.n_sites)
    self->is_ordered = FALSE;
}

void
eg_schedule_free (EgSchedule *self)
{
  g_array_unref (self->tasks);
  g_free (self->ends);
  g_free (self);
}

static const EgTask *
task_at (const EgSchedule *self, guint i)
{
  return &g_array_index (self->tasks, EgTask, i);
}

/* The first of the next groups that ends at a distance from all that other threads are at; else the next
 * task. */
static guint
choose (const EgSchedule *self, gsize thread, double now)
{
  const EgTask *next = task_at (self, self->next);
  if (self->is_ordered || next->round == 0 || next->corrupted || self->rate <= 0)
    return self->next;
  const double distance = STAGGER * next->work / self->rate / (double)self->n_threads;
  for (guint g = self->next; g < self->tasks->len; g++)
    {
      const EgTask *task = task_at (self, g);
      if (task->corrupted || task->round != next->round || task->work < LEAST * next->work)
        break;
      const double end = now + task->work / self->rate;
      gsize i = 0;
      while (i < self->n_threads && (i == thread || fabs (end - self->ends[i]) >= distance))
        i++;
      if (i == self->n_threads)
        return g;
    }
  return self->next;
}

gboolean
eg_schedule_take (EgSchedule *self, gsize thread, double now, EgTask *task)
{
  if (self->next == self->tasks->len)
    return FALSE;
  const guint chosen = choose (self, thread, now);
  *task = *task_at (self, chosen);
  g_array_remove_index (self->tasks, chosen);
  g_array_insert_val (self->tasks, self->next, *task);
  self->next++;
  self->ends[thread] = now + (self->rate > 0 ? task->work / self->rate : 0);
  return TRUE;
}

void
eg_schedule_learn (EgSchedule *self, const EgTask *task, double time)
{
  /* Corrupted runs are few rows at a time, far from the rate of what is chosen by it. */
  if (task->corrupted)
    return;
  self->work_done += task->work;
  self->time_spent += time;
  if (self->time_spent > 0)
    self->rate = self->work_done / self->time_spent;
}
