/* Cells by their urgency. */
#include "trace/plan/order.h"

#include <math.h>

static int
by_urgency (gconstpointer a, gconstpointer b, gpointer data)
{
  const double *urgency = data;
  const gsize left = *(const gsize *)a, right = *(const gsize *)b;
  const double x = isnan (urgency[left]) ? (double)-INFINITY : urgency[left];
  const double y = isnan (urgency[right]) ? (double)-INFINITY : urgency[right];
  if (x != y)
    return x < y ? 1 : -1;
  return left < right ? -1 : 1;
}

gboolean
eg_trace_order_wants (const EgTraceOrder *self, gsize cell)
{
  return self->wanted == NULL || self->wanted[cell];
}

GArray *
eg_trace_order_list (const EgTraceOrder *self, const EgGrid *grid, gsize site_index)
{
  GArray *cells = g_array_new (FALSE, FALSE, sizeof (gsize));
  for (gsize turn = 0; turn < eg_grid_n_turns (grid); turn++)
    for (gsize cell = eg_grid_turn_begin (grid, site_index, turn);
         cell < eg_grid_turn_end (grid, site_index, turn); cell++)
      if (eg_grid_cell_kind (grid, cell) == EG_CELL_COMPUTED && eg_trace_order_wants (self, cell))
        g_array_append_val (cells, cell);
  g_array_sort_with_data (cells, by_urgency, self->urgency);
  return cells;
}

#define HIGHEST_PART 8

/* The highest ones of a site, and some of the others. */
static void
choose (EgTraceOrder *self, const EgGrid *grid, gsize site, gsize n_highest, gsize n_chance, GRand *random)
{
  g_autoptr (GArray) cells = eg_trace_order_list (self, grid, site);
  if (n_highest == 0)
    n_highest = MAX (EG_TRACE_ORDER_HIGHEST, cells->len / HIGHEST_PART);
  for (guint i = 0; i < cells->len && i < n_highest + n_chance; i++)
    {
      /* One of those that are left, which is put in the first place of them. */
      const gboolean highest = i < n_highest;
      const guint at = highest ? i : (guint)g_rand_int_range (random, (gint32)i, (gint32)cells->len);
      gsize *here = &g_array_index (cells, gsize, i), *chosen = &g_array_index (cells, gsize, at);
      const gsize cell = *chosen;
      *chosen = *here;
      *here = cell;
      self->turns[cell] = highest ? EG_TURN_HIGHEST : EG_TURN_CHANCE;
    }
}

EgTraceOrder *
eg_trace_order_new (const EgGrid *grid, const double *urgency, gsize n_highest, gsize n_chance, guint32 seed)
{
  EgTraceOrder *self = g_new0 (EgTraceOrder, 1);
  GRand *random = g_rand_new_with_seed (seed);
  g_atomic_ref_count_init (&self->refs);
  self->n_cells = eg_grid_n_cells (grid);
  self->urgency = g_memdup2 (urgency, self->n_cells * sizeof *urgency);
  self->turns = g_new0 (guint8, self->n_cells);
  for (gsize site = 0; site < grid->n_sites; site++)
    choose (self, grid, site, n_highest, n_chance, random);
  g_rand_free (random);
  return self;
}

void
eg_trace_order_keep_first (EgTraceOrder *self)
{
  g_free (self->wanted);
  self->wanted = g_memdup2 (self->turns, self->n_cells);
}

void
eg_trace_order_keep_site (EgTraceOrder *self, gsize n_sites, gsize site_index)
{
  g_free (self->wanted);
  self->wanted = g_new (guint8, self->n_cells);
  for (gsize cell = 0; cell < self->n_cells; cell++)
    self->wanted[cell] = cell / (self->n_cells / n_sites) == site_index;
}

EgTraceOrder *
eg_trace_order_ref (EgTraceOrder *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
eg_trace_order_unref (EgTraceOrder *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_free (self->urgency);
  g_free (self->turns);
  g_free (self->wanted);
  g_free (self);
}
