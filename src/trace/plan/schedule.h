/* The order in which a trace's threads take its work. What a task computes, and with it every bit of the
 * result, does not depend on it. */
#pragma once

#include "trace/plan/plan.h"

G_BEGIN_DECLS

/**
 * EgTask: a worker's next thing to do.
 * @round: of the plan
 * @index: which of the round's groups, or, if @corrupted, which block of its corrupted runs: the samples
 * sample_first + index·block … of the round
 * @work: how long it takes, in floating-point operations at the rate of wide products
 */
typedef struct
{
  gsize round, index;
  gboolean corrupted;
  double work;
} EgTask;

/**
 * EgSchedule: all tasks of a plan, each once: of a round, the corrupted runs before all its groups; of its
 * groups, in the first round from coarse to fine, later those that take longest first. Of a plan with an
 * order, the most urgent groups of all rounds first, and then each round's by their urgency; where not all
 * samples' runs can be kept at once, round by round.
 * @tasks: of EgTask; those before @next are taken
 * @ends: [n_threads] when each thread is expected to be done with its task
 * @is_ordered: taken strictly in this order; @n_relaxed: sites of which that is not so any more
 * @rate: work a unit of that time, as far as is known; 0 before that
 */
typedef struct
{
  GArray *tasks;
  guint next;
  gsize n_threads, n_relaxed;
  gboolean is_ordered;
  double *ends, rate, work_done, time_spent;
} EgSchedule;

/* block: corrupted runs that go through the network together. */
EgSchedule *eg_schedule_new (const EgPlan *plan, const EgPlanCosts *costs, gsize block, gsize n_threads);
void eg_schedule_free (EgSchedule *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgSchedule, eg_schedule_free)

/* The number of blocks of a round's corrupted runs. */
gsize eg_schedule_blocks (const EgPlan *plan, gsize round, gsize block);

/* From now on the groups of a site come as they would without the plan's order, in the places that they have
 * among the others: once a site, while no task is being taken. */
void eg_schedule_relax (EgSchedule *self, const EgPlan *plan, gsize site_index);

/* What a thread that is free now does next: the next task, or a later group of the same round that will not
 * end together with what others are at, so that estimates come evenly. FALSE when all are taken. */
gboolean eg_schedule_take (EgSchedule *self, gsize thread, double now, EgTask *task);

/* A task took so much time. */
void eg_schedule_learn (EgSchedule *self, const EgTask *task, double time);

G_END_DECLS
