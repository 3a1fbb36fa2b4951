/* Makes an order of estimates, and looks at what comes of it. */
#include "preview/lead.h"

#include "core/error.h"
#include "trace/ask/input.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* How much each cell is estimated to matter. (transfer full): [cells of all grids] */
static double *
make_urgency (const EgTraceResult *estimates)
{
  const gsize n = eg_trace_grid_n_cells (estimates->grids[0]);
  double *urgency = g_new (double, estimates->n_grids *n);
  for (gsize i = 0; i < estimates->n_grids; i++)
    for (gsize cell = 0; cell < n; cell++)
      urgency[i * n + cell] = eg_preview_effect (estimates->grids[i], estimates->grids[i]->estimate[cell]);
  return urgency;
}

static gboolean
is_of_grid (const EgTraceResult *estimates, const EgGrid *grid)
{
  return estimates->n_grids == grid->n_sites
         && eg_trace_grid_n_cells (estimates->grids[0]) == grid->n_rows * grid->n_columns
         && estimates->grids[0]->estimate != NULL;
}

EgPreviewLead *
eg_preview_lead_new (
    EgModel *model, const EgTraceRequest *request, EgTraceResult *estimates, gsize n_exact, GError **error)
{
  EgModel *origin = eg_model_get_origin (model);
  g_autoptr (EgTraceInput) input = eg_trace_input_new (request, origin, NULL, error);
  if (input == NULL)
    return NULL;
  const EgGrid grid = eg_grid_of_input (request, origin, input);
  if (!is_of_grid (estimates, &grid))
    {
      eg_error_invalid (error, _ ("These estimates are of other cells than the request’s"));
      return NULL;
    }
  EgPreviewLead *self = g_new0 (EgPreviewLead, 1);
  g_autofree double *urgency = make_urgency (estimates);
  self->estimates = eg_trace_result_ref (estimates);
  self->order = eg_trace_order_new (&grid, urgency, n_exact, EG_TRACE_ORDER_CHANCE, request->seed);
  if (n_exact > 0)
    eg_trace_order_keep_first (self->order);
  self->checks = g_new0 (EgPreviewCheck, grid.n_sites);
  return self;
}

void
eg_preview_lead_free (EgPreviewLead *self)
{
  eg_trace_result_unref (self->estimates);
  eg_trace_order_unref (self->order);
  g_free (self->checks);
  g_free (self);
}

void
eg_preview_lead_keep_site (EgPreviewLead *self, gsize site_index)
{
  eg_trace_order_keep_site (self->order, self->estimates->n_grids, site_index);
}

/* ---- the spot check ---- */

/* Its cells are those that come first; FALSE while some of them have too few samples, or none is to be
 * computed. passed: [cells] all others. */
static gboolean
find_checked (const EgPreviewLead *self, const EgTraceGrid *grid, gsize site, guint8 *passed)
{
  const gsize n = eg_trace_grid_n_cells (grid);
  gsize n_checked = 0;
  for (gsize cell = 0; cell < n; cell++)
    {
      const gsize at = site * n + cell;
      passed[cell] = self->order->turns[at] == EG_TURN_USUAL || !eg_trace_order_wants (self->order, at);
      if (!passed[cell] && (isnan (grid->scores[0][cell]) || !eg_preview_can_check (grid, cell)))
        return FALSE;
      n_checked += !passed[cell];
    }
  return n_checked > 0;
}

gboolean
eg_preview_lead_follow (EgPreviewLead *self, const EgTraceProgress *progress)
{
  const EgTraceResult *result = progress->result;
  g_autofree guint8 *passed = g_new (guint8, eg_trace_grid_n_cells (result->grids[0]));
  gboolean any = FALSE;
  for (gsize site = 0; site < result->n_grids; site++)
    {
      const EgTraceGrid *grid = result->grids[site];
      EgPreviewCheck *check = &self->checks[site];
      if (check->n > 0 || !find_checked (self, grid, site, passed))
        continue;
      *check = eg_preview_check (grid, self->estimates->grids[site]->estimate, passed);
      any = any || check->n > 0;
      if (check->n > 0 && !check->is_trusted)
        eg_trace_progress_forget_order (progress, site);
    }
  return any;
}

void
eg_preview_lead_show (const EgPreviewLead *self, EgTraceResult *result)
{
  result->estimated = self->order->wanted != NULL;
  if (result->grids[0]->estimate != NULL)
    return;
  eg_trace_result_add_estimates (result);
  for (gsize i = 0; i < result->n_grids; i++)
    memcpy (result->grids[i]->estimate, self->estimates->grids[i]->estimate,
            eg_trace_grid_n_cells (result->grids[i]) * sizeof (double));
}
