/* Divides a trace into rounds and groups. */
#include "trace/plan/plan.h"

#include <math.h>

/* Of a processor that packs its weights at each product: wide enough for the product's best rate, small
 * enough for caches and for a quick answer to Stop. */
static const EgGroupSizes wide_sizes = { .wanted_rows = 512,
                                         .most_rows = 768,
                                         .wide_rows = 256,
                                         .least_rows = 96,
                                         .least_turn_rows = 0,
                                         .corrupted_rows = 64,
                                         .n_groups = 11 };

/* Of one that keeps them packed: few rows are near the best rate. */
static const EgGroupSizes packed_sizes = { .wanted_rows = 128,
                                           .most_rows = 192,
                                           .wide_rows = 64,
                                           .least_rows = 32,
                                           .least_turn_rows = 0,
                                           .corrupted_rows = 32,
                                           .n_groups = 40,
                                           .rows_stand_alone = TRUE };

/* Of the same one, where no one waits for the picture: a tenth less time for small networks. */
static const EgGroupSizes unwatched_sizes = { .wanted_rows = 512,
                                              .most_rows = 768,
                                              .wide_rows = 1024,
                                              .least_rows = 32,
                                              .least_turn_rows = 0,
                                              .corrupted_rows = 128,
                                              .n_groups = 1 };

/* What a product spends on packing its weights is about what so many rows take. */
#define PACKING_ROWS 28

static const EgGroupSizes *
processor_sizes (void)
{
  return eg_backend_cpu_packs () ? &packed_sizes : &wide_sizes;
}

EgGroupSizes
eg_group_sizes_unwatched (void)
{
  return eg_backend_cpu_packs () ? unwatched_sizes : wide_sizes;
}

EgGroupSizes
eg_group_sizes_of (gsize device_rows)
{
  /* A device is busy with a few groups; a quarter of the rows that it wants is still worth its launches. */
  const gsize quarter = MAX (device_rows / 4, 1);
  if (device_rows == 0)
    return *processor_sizes ();
  return (EgGroupSizes){ .wanted_rows = device_rows,
                         .most_rows = device_rows,
                         .wide_rows = quarter,
                         .least_rows = quarter,
                         .least_turn_rows = quarter,
                         .corrupted_rows = quarter,
                         .n_groups = 4 };
}

/* Rows that a cell's run computes in each layer. */
static gsize
cell_rows (const EgPlan *self, gsize cell)
{
  return self->grid.n_tokens - eg_grid_start_position (&self->grid, cell);
}

/* Layers that it computes. */
static gsize
cell_layers (const EgPlan *self, gsize cell)
{
  return self->grid.n_layers - MIN (eg_grid_start_layer (&self->grid, cell), self->grid.n_layers);
}

guint64
eg_plan_group_cost (const EgPlan *self, const EgGroup *group)
{
  guint64 cost = 0;
  for (gsize i = 0; i < group->cells->len; i++)
    {
      const gsize cell = g_array_index (group->cells, gsize, i);
      const guint64 rows = cell_rows (self, cell) * (group->sample_end - group->sample_first);
      cost += rows * cell_layers (self, cell) + 1;
    }
  return cost;
}

/* Of a run of so many rows from a layer on; in the last layer, only what the last row's output needs. */
double
eg_plan_run_flops (const EgPlanCosts *costs, gsize layer, gsize n_rows)
{
  const EgFlops *it = &costs->flops;
  const double rows = (double)n_rows;
  double products = costs->head;
  if (layer < costs->n_layers)
    products += (double)(costs->n_layers - 1 - layer) * rows * (it->row + it->output) + rows * it->row
                + it->output;
  return 2 * products;
}

EgPlanCosts
eg_plan_costs_of (const EgFamily *family, const EgSizes *sizes)
{
  return (EgPlanCosts){ .flops = family->get_flops (sizes),
                        .head = (double)sizes->vocab_size * (double)sizes->d_model,
                        .n_layers = sizes->n_layers };
}

/* Of those, what the first layer makes of rows first: a segment that begins with rows which other runs had
 * there copies it from them; all do but those that begin with a sum. */
static double
known_flops (const EgPlan *self, const EgPlanCosts *costs, gsize cell)
{
  const EgSiteInfo *info
      = &self->grid.family->sites[self->grid.sites[eg_grid_site_index (&self->grid, cell)]];
  const double rows = (double)cell_rows (self, cell);
  const gsize layers = cell_layers (self, cell);
  if (eg_site_is_added (info) || layers == 0)
    return 0;
  return 2 * (rows * costs->flops.known_row + (layers > 1 ? rows : 1) * costs->flops.known_output);
}

double
eg_plan_needed_flops (const EgPlan *self, const EgPlanCosts *costs)
{
  const EgGrid *grid = &self->grid;
  double cells = 0;
  for (gsize cell = 0; cell < eg_grid_n_cells (grid); cell++)
    if (eg_grid_cell_kind (grid, cell) == EG_CELL_COMPUTED && eg_grid_alike (grid, cell) == cell)
      cells += eg_plan_run_flops (costs, eg_grid_start_layer (grid, cell), cell_rows (self, cell))
               - known_flops (self, costs, cell);
  const double samples = (double)self->samples;
  return eg_plan_run_flops (costs, 0, grid->n_tokens) + cells * (eg_grid_is_one_run (grid) ? 1 : samples)
         + samples * eg_plan_run_flops (costs, 0, grid->n_corrupted - grid->corrupted_first);
}

double
eg_plan_group_work (const EgPlan *self, const EgGroup *group, const EgPlanCosts *costs)
{
  gsize first_layer = self->grid.n_layers;
  double flops = 0;
  for (gsize i = 0; i < group->cells->len; i++)
    {
      const gsize cell = g_array_index (group->cells, gsize, i);
      const gsize layer = eg_grid_start_layer (&self->grid, cell);
      flops += eg_plan_run_flops (costs, layer, cell_rows (self, cell));
      first_layer = MIN (first_layer, layer);
    }
  return flops * (double)(group->sample_end - group->sample_first)
         + eg_plan_run_flops (costs, first_layer, PACKING_ROWS) + 2 * (PACKING_ROWS - 1) * costs->head;
}

static void
group_free (gpointer data)
{
  EgGroup *group = data;
  g_array_unref (group->cells);
  g_free (group);
}

static void
round_free (gpointer data)
{
  EgRound *round = data;
  g_ptr_array_unref (round->groups);
  g_free (round);
}

static void
add_group (EgPlan *self, EgRound *round, GArray *cells, gsize sample_first, gsize sample_end)
{
  EgGroup *group = g_new0 (EgGroup, 1);
  group->cells = g_array_ref (cells);
  group->sample_first = sample_first;
  group->sample_end = sample_end;
  g_ptr_array_add (round->groups, group);
  self->cost += eg_plan_group_cost (self, group);
}

/* Turns the cells of a few layers, ordered by layer, into groups of at most about most_rows rows and
 * most_cost rows × layers. */
static void
add_cells (EgPlan *self, EgRound *round, GArray *cells, guint64 most_cost)
{
  const gsize sample_end = eg_grid_is_one_run (&self->grid) ? round->sample_first + 1 : round->sample_end;
  const gsize n_samples = sample_end - round->sample_first;
  for (guint i = 0; i < cells->len;)
    {
      g_autoptr (GArray) some = g_array_new (FALSE, FALSE, sizeof (gsize));
      gsize rows = 0;
      for (; i < cells->len; i++)
        {
          const gsize cell = g_array_index (cells, gsize, i);
          const gsize more = cell_rows (self, cell) * n_samples;
          if (some->len > 0 && rows + more > self->sizes.most_rows)
            break;
          rows += more;
          g_array_append_val (some, cell);
        }
      /* The cells of one layer, or one cell, may be too much by themselves: then samples are shared out. */
      const EgGroup whole = { some, round->sample_first, sample_end };
      const guint64 by_cost = eg_plan_group_cost (self, &whole) / MAX (most_cost, 1) + 1;
      const guint64 by_rows = (rows + self->sizes.most_rows - 1) / self->sizes.most_rows;
      const gsize pieces = CLAMP (MAX (by_rows, MIN (by_cost, rows / self->sizes.least_rows)), 1, n_samples);
      for (gsize p = 0; p < pieces; p++)
        add_group (self, round, some, round->sample_first + p * n_samples / pieces,
                   round->sample_first + (p + 1) * n_samples / pieces);
    }
}

/* Numbers 0 … n−1 from coarse to fine: from the last on every (2^k)-th first, then those between. The last
 * ones are the layers whose cells are done soonest. */
static GArray *
coarse_to_fine (gsize n)
{
  GArray *order = g_array_new (FALSE, FALSE, sizeof (gsize));
  gsize step = 1;
  while (2 * step < n)
    step *= 2;
  for (gsize i = 0; i < n; i += step)
    {
      const gsize from_last = n - 1 - i;
      g_array_append_val (order, from_last);
    }
  for (; step > 1; step /= 2)
    for (gsize i = step / 2; i < n; i += step)
      {
        const gsize from_last = n - 1 - i;
        g_array_append_val (order, from_last);
      }
  return order;
}

/* Rows × layers of one turn's computed cells, for one sample. */
static guint64
turn_cost (const EgPlan *self, gsize site, gsize turn)
{
  const EgGrid *grid = &self->grid;
  guint64 cost = 0;
  for (gsize cell = eg_grid_turn_begin (grid, site, turn); cell < eg_grid_turn_end (grid, site, turn); cell++)
    if (eg_grid_cell_kind (grid, cell) == EG_CELL_COMPUTED)
      cost += (guint64)cell_rows (self, cell) * cell_layers (self, cell);
  return cost;
}

/* The turns whose cells go together: the first of each part, and n_turns. Later layers' segments join the
 * others as they pass them. */
static GArray *
divide_turns (const EgPlan *self, gsize site, gsize sample_first, gsize n_samples, guint64 most_cost)
{
  const gsize n_turns = eg_grid_n_turns (&self->grid);
  const guint64 rows_a_turn = (guint64)eg_grid_rows_a_layer (&self->grid) * n_samples;
  GArray *firsts = g_array_new (FALSE, FALSE, sizeof (gsize));
  guint64 cost = 0, rows = 0;
  for (gsize l = 0; l < n_turns; l++)
    {
      const guint64 more = turn_cost (self, site, l) * n_samples;
      /* The last two layers' cells, which are done at once, are the first that a person sees. */
      const gboolean quick = sample_first == 0 && l + 2 == n_turns;
      if (l == 0 || quick || rows + rows_a_turn > self->sizes.wanted_rows
          || (cost + more > most_cost && rows >= self->sizes.least_turn_rows))
        {
          g_array_append_val (firsts, l);
          rows = cost = 0;
        }
      rows += rows_a_turn;
      cost += more;
    }
  g_array_append_val (firsts, n_turns);
  return firsts;
}

static int
by_cell (gconstpointer a, gconstpointer b)
{
  const gsize left = *(const gsize *)a, right = *(const gsize *)b;
  return left < right ? -1 : left > right;
}

/* The cells that come first for one reason, as groups of their own: the most urgent ones in the first. */
static void
add_urgent (EgPlan *self, EgRound *round, gsize site, EgTurn turn, guint64 most_cost)
{
  g_autoptr (GArray) cells = eg_trace_order_list (self->order, &self->grid, site);
  const gsize n_samples = eg_grid_is_one_run (&self->grid) ? 1 : round->sample_end - round->sample_first;
  const guint first = round->groups->len;
  for (guint i = 0; i < cells->len;)
    {
      g_autoptr (GArray) some = g_array_new (FALSE, FALSE, sizeof (gsize));
      for (gsize rows = 0; i < cells->len; i++)
        {
          const gsize cell = g_array_index (cells, gsize, i);
          if (self->order->turns[cell] != turn)
            continue;
          rows += cell_rows (self, cell) * n_samples;
          if (some->len > 0 && rows > self->sizes.most_rows)
            break;
          g_array_append_val (some, cell);
        }
      g_array_sort (some, by_cell);
      add_cells (self, round, some, most_cost);
    }
  for (guint i = first; i < round->groups->len; i++)
    ((EgGroup *)round->groups->pdata[i])->is_urgent = TRUE;
}

/* Whether a group of the usual order is to have a cell. */
static gboolean
is_left (const EgPlan *self, gsize cell)
{
  const EgTraceOrder *order = self->order;
  return eg_grid_cell_kind (&self->grid, cell) == EG_CELL_COMPUTED
         && (order == NULL || (eg_trace_order_wants (order, cell) && order->turns[cell] == EG_TURN_USUAL));
}

static void
add_site (EgPlan *self, EgRound *round, gsize site)
{
  const EgGrid *grid = &self->grid;
  const gsize n_samples = round->sample_end - round->sample_first;
  guint64 cost = 0;
  for (gsize l = 0; l < eg_grid_n_turns (grid); l++)
    cost += turn_cost (self, site, l) * self->samples;
  const guint64 most_cost = cost / self->sizes.n_groups;
  for (EgTurn turn = EG_TURN_HIGHEST; self->order != NULL && turn <= EG_TURN_CHANCE; turn++)
    add_urgent (self, round, site, turn, most_cost);
  g_autoptr (GArray) firsts = divide_turns (self, site, round->sample_first, n_samples, most_cost);
  g_autoptr (GArray) order = coarse_to_fine (firsts->len - 1);
  for (guint i = 0; i < order->len; i++)
    {
      const gsize part = g_array_index (order, gsize, i);
      g_autoptr (GArray) cells = g_array_new (FALSE, FALSE, sizeof (gsize));
      for (gsize l = g_array_index (firsts, gsize, part); l < g_array_index (firsts, gsize, part + 1); l++)
        for (gsize cell = eg_grid_turn_begin (grid, site, l); cell < eg_grid_turn_end (grid, site, l); cell++)
          if (is_left (self, cell))
            g_array_append_val (cells, cell);
      add_cells (self, round, cells, most_cost);
    }
}

static EgRound *
round_new (EgPlan *self, gsize sample_first, gsize sample_end)
{
  EgRound *round = g_new (EgRound, 1);
  round->sample_first = sample_first;
  round->sample_end = sample_end;
  round->groups = g_ptr_array_new_with_free_func (group_free);
  /* One run for all samples is done in the first round. */
  for (gsize site = 0; site < self->grid.n_sites; site++)
    if (sample_first == 0 || !eg_grid_is_one_run (&self->grid))
      add_site (self, round, site);
  return round;
}

/* So many samples' cells of one layer are enough for wide products. */
static gsize
wide_samples (const EgPlan *self)
{
  const gsize rows = eg_grid_rows_a_layer (&self->grid);
  return (self->sizes.wide_rows + rows - 1) / rows;
}

double
eg_plan_group_urgency (const EgPlan *self, const EgGroup *group)
{
  double highest = -INFINITY;
  for (guint i = 0; i < group->cells->len; i++)
    highest = fmax (highest, self->order->urgency[g_array_index (group->cells, gsize, i)]);
  return highest;
}

EgPlan *
eg_plan_new (const EgGrid *grid, gsize samples, gsize samples_at_once, const EgGroupSizes *sizes)
{
  return eg_plan_new_ordered (grid, samples, samples_at_once, sizes, NULL);
}

EgPlan *
eg_plan_new_ordered (
    const EgGrid *grid, gsize samples, gsize samples_at_once, const EgGroupSizes *sizes, EgTraceOrder *order)
{
  EgPlan *self = g_new0 (EgPlan, 1);
  self->order = order != NULL ? eg_trace_order_ref (order) : NULL;
  self->samples_at_once = samples_at_once;
  self->sizes = sizes ? *sizes : *processor_sizes ();
  self->grid = *grid;
  self->samples = samples;
  self->rounds = g_ptr_array_new_with_free_func (round_free);
  /* A first estimate from a tenth of the samples, then three times as many each time, and enough for wide
   * products; what would be left for a small last round goes with the one before. */
  const gsize wide = wide_samples (self);
  gsize size = (samples + 9) / 10;
  for (gsize first = 0; first < samples; size = MAX (3 * size, wide))
    {
      gsize n = samples - first < 2 * size ? samples - first : size;
      n = MIN (n, MAX (samples_at_once, 1));
      g_ptr_array_add (self->rounds, round_new (self, first, first + n));
      first += n;
    }
  return self;
}

void
eg_plan_shift_samples (EgPlan *self, gsize first)
{
  for (guint r = 0; r < self->rounds->len; r++)
    {
      EgRound *round = self->rounds->pdata[r];
      round->sample_first += first;
      round->sample_end += first;
      for (guint g = 0; g < round->groups->len; g++)
        {
          EgGroup *group = round->groups->pdata[g];
          group->sample_first += first;
          group->sample_end += first;
        }
    }
}

void
eg_plan_free (EgPlan *self)
{
  g_ptr_array_unref (self->rounds);
  g_clear_pointer (&self->order, eg_trace_order_unref);
  g_free (self);
}
