/* The order in which a trace's cells are computed (design §5): rounds of samples, and in each, groups of
 * cells sized for wide matrices, coarse to fine over layers. A plan depends on the request and on what
 * computes alone, never on the number of threads, so that every group's arithmetic, and with it every bit of
 * the result, is always the same. */
#pragma once

#include "trace/plan/order.h"

G_BEGIN_DECLS

/* A group: cells of one site (as the grid has them, ordered by first layer) × samples sample_first …
 * sample_end−1; in a grid whose samples are one run, that run alone. is_urgent: of a plan with an order,
 * before all others. */
typedef struct
{
  GArray *cells; /* of gsize */
  gsize sample_first, sample_end;
  gboolean is_urgent;
} EgGroup;

typedef struct
{
  gsize sample_first, sample_end;
  GPtrArray *groups; /* of EgGroup, in order */
} EgRound;

/**
 * EgGroupSizes: how what computes wants its work cut.
 * @wanted_rows, @most_rows: of a group of several layers' cells, and of any
 * @wide_rows: samples of a round whose cells of one layer have together this many rows are enough
 * @least_rows, @least_turn_rows: no group of some samples, and of some layers' cells, is smaller than that
 * only because of its work
 * @corrupted_rows: of corrupted runs that go through the network together, so that every thread gets some
 * @n_groups: a group is at most about such a part of the trace's work, so that the picture changes often
 * @rows_stand_alone: no bit of a row depends on the rows beside it: groups may go together
 */
typedef struct
{
  gsize wanted_rows, most_rows, wide_rows, least_rows, least_turn_rows, corrupted_rows, n_groups;
  gboolean rows_stand_alone;
} EgGroupSizes;

/* Of a device that wants groups of so many rows (trace/plan/memory.h); 0: of the processor. */
EgGroupSizes eg_group_sizes_of (gsize device_rows);
/* Of the processor, where nobody watches the picture: where weights stay packed, and bits so do not depend on
 * it, wider groups in one round. */
EgGroupSizes eg_group_sizes_unwatched (void);

/**
 * EgPlan:
 * @order: by which the first groups have the most urgent cells; %NULL: without
 * @samples_at_once: of runs that may be kept
 */
typedef struct
{
  EgGrid grid;
  EgGroupSizes sizes;
  EgTraceOrder *order;
  gsize samples, samples_at_once;
  GPtrArray *rounds; /* of EgRound; together they cover every sample once */
  guint64 cost;      /* rows × layers, of all groups */
} EgPlan;

/* sizes: NULL for the processor's. */
EgPlan *eg_plan_new (const EgGrid *grid, gsize samples, gsize samples_at_once, const EgGroupSizes *sizes);
/* The same with an order, or NULL: each round's first groups are the cells of each site that the order has
 * first, then come the others as ever. */
EgPlan *eg_plan_new_ordered (
    const EgGrid *grid, gsize samples, gsize samples_at_once, const EgGroupSizes *sizes, EgTraceOrder *order);
/* The highest urgency of a group's cells; of a plan with an order. */
double eg_plan_group_urgency (const EgPlan *self, const EgGroup *group);
/* Makes its samples 0 … samples − 1 those from `first` on. */
void eg_plan_shift_samples (EgPlan *self, gsize first);
void eg_plan_free (EgPlan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgPlan, eg_plan_free)

/* Rows × layers that a group computes. */
guint64 eg_plan_group_cost (const EgPlan *self, const EgGroup *group);

/**
 * EgPlanCosts: what a network's runs cost: @head: multiplications of one row's logits
 */
typedef struct
{
  EgFlops flops;
  double head;
  gsize n_layers;
} EgPlanCosts;

EgPlanCosts eg_plan_costs_of (const EgFamily *family, const EgSizes *sizes);

/* Floating-point operations of the products of one run from a layer on over so many rows, and of its head. */
double eg_plan_run_flops (const EgPlanCosts *costs, gsize layer, gsize n_rows);

/* How long a group takes, in floating-point operations at the rate of wide products. */
double eg_plan_group_work (const EgPlan *self, const EgGroup *group, const EgPlanCosts *costs);

/* Floating-point operations of the products that the whole trace cannot do without: the rows that differ, the
 * corrupted runs, the clean one, and a head for each. A lower bound: nothing else is counted. */
double eg_plan_needed_flops (const EgPlan *self, const EgPlanCosts *costs);

G_END_DECLS
