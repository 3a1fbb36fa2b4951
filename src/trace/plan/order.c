/* Cells by their urgency. */
#include "trace/plan/order.h"

#include <math.h>
#include <string.h>

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

/* The first ones of a site, and some of the others. */
static void
choose (EgTraceOrder *self, const EgGrid *grid, gsize site, gsize n_first, gsize n_others, GRand *random)
{
  g_autoptr (GArray) cells = eg_trace_order_list (self, grid, site);
  for (guint i = 0; i < cells->len && i < n_first + n_others; i++)
    {
      /* One of those that are left, which is put in the first place of them. */
      const guint at = i < n_first ? i : (guint)g_rand_int_range (random, (gint32)i, (gint32)cells->len);
      gsize *here = &g_array_index (cells, gsize, i), *chosen = &g_array_index (cells, gsize, at);
      const gsize cell = *chosen;
      *chosen = *here;
      *here = cell;
    }
  for (gsize turn = 0; turn < eg_grid_n_turns (grid); turn++)
    for (gsize cell = eg_grid_turn_begin (grid, site, turn); cell < eg_grid_turn_end (grid, site, turn);
         cell++)
      self->wanted[cell] = FALSE;
  for (guint i = 0; i < cells->len && i < n_first + n_others; i++)
    self->wanted[g_array_index (cells, gsize, i)] = TRUE;
}

EgTraceOrder *
eg_trace_order_new (const EgGrid *grid, const double *urgency, gsize n_first, gsize n_others, guint32 seed)
{
  EgTraceOrder *self = g_new0 (EgTraceOrder, 1);
  g_atomic_ref_count_init (&self->refs);
  self->n_cells = eg_grid_n_cells (grid);
  self->urgency = g_memdup2 (urgency, self->n_cells * sizeof *urgency);
  if (n_first == 0)
    return self;
  GRand *random = g_rand_new_with_seed (seed);
  guint8 *wanted = g_new (guint8, self->n_cells);
  memset (wanted, TRUE, self->n_cells);
  self->wanted = wanted;
  for (gsize site = 0; site < grid->n_sites; site++)
    choose (self, grid, site, n_first, n_others, random);
  g_rand_free (random);
  return self;
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
  g_free (self->wanted);
  g_free (self);
}
