/* Estimates on the command line. */
#include "cli/estimate.h"

#include "cli/common.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "preview/check.h"

#include <glib/gi18n.h>

#define MAX_TOP 1000000
/* Cells that are computed to check the others. */
#define CHECKED 10
/* Samples are enough for an order. */
#define ORDER_SAMPLES 10

gboolean
cli_estimate_read (CliEstimateOptions *self, gboolean resumes, char *const *outputs)
{
  const char *problem = NULL;
  if (self->only && self->none)
    problem = _ ("--no-estimate means nothing beside --estimate");
  else if (self->top_text != NULL && !self->only)
    problem = _ ("--exact-top means something beside --estimate alone");
  else if (self->only && resumes)
    problem = _ ("--estimate means nothing beside --resume: what was begun is computed");
  else if (self->only && cli_output_has_figure (outputs))
    problem = _ ("A figure shows what was computed; write estimates as .npz, .json or .csv");
  if (problem != NULL)
    cli_say ("%s", problem);
  return problem == NULL
         && (self->top_text == NULL
             || cli_parse_integer ("--exact-top", self->top_text, 1, MAX_TOP, &self->top));
}

gboolean
cli_estimate_make (const CliEstimateOptions *self,
                   EgModel *model,
                   const EgTraceRequest *request,
                   gboolean resumes,
                   gboolean streams,
                   EgPreview **preview,
                   GError **error)
{
  const gboolean helps = streams && !self->none && !resumes && eg_preview_missing (request, model) == NULL;
  if (!self->only && !helps)
    return TRUE;
  g_autoptr (EgTraceRequest) asked = eg_trace_request_copy (request);
  if (!self->only)
    asked->samples = MIN (asked->samples, ORDER_SAMPLES);
  /* Where they only would give the order, the trace goes on without, and says itself what is wrong. */
  *preview = eg_preview_new (model, asked, cli_interrupt_cancellable (), self->only ? error : NULL);
  return *preview != NULL || !self->only;
}

void
cli_estimate_stream (const EgPreview *preview)
{
  g_autoptr (EgTraceResult) result = eg_preview_make_result (preview);
  for (gsize i = 0; i < result->n_grids; i++)
    for (gsize cell = 0; cell < eg_trace_grid_n_cells (result->grids[i]); cell++)
      {
        const EgTraceGrid *grid = result->grids[i];
        g_autoptr (JsonObject) event = json_object_new ();
        json_object_set_string_member (event, "event", "estimate");
        if (result->n_grids > 1)
          json_object_set_string_member (event, "site", grid->site);
        if (eg_trace_grid_tells_layers (grid))
          json_object_set_int_member (event, "layer", (gint64)(cell / grid->n_tokens));
        if (eg_trace_grid_tells_tokens (grid))
          json_object_set_int_member (event, "position", (gint64)(cell % grid->n_tokens));
        json_object_set_double_member (event, "estimate", grid->estimate[cell]);
        cli_print_json_line (event);
        if (!cli_flush ()) /* nobody reads any more */
          {
            g_cancellable_cancel (cli_interrupt_cancellable ());
            return;
          }
      }
}

EgTraceOrder *
cli_estimate_get_order (const CliEstimateOptions *self, const EgPreview *preview)
{
  if (preview == NULL)
    return NULL;
  g_autofree double *urgency = eg_preview_get_urgency (preview);
  return eg_trace_order_new (&preview->grid, urgency, self->top, CHECKED, preview->request->seed);
}

void
cli_estimate_finish (const CliEstimateOptions *self, const EgPreview *preview, EgTraceResult *result)
{
  g_autoptr (EgTraceResult) compared = eg_trace_result_copy (result);
  eg_preview_add_to_result (preview, compared);
  for (gsize i = 0; i < compared->n_grids; i++)
    {
      const EgPreviewCheck check = eg_preview_check (compared->grids[i], eg_preview_get_known (preview, i));
      g_autofree char *sentence = eg_preview_check_describe (&check);
      if (sentence != NULL && compared->n_grids > 1)
        cli_say ("%s: %s", compared->grids[i]->site, sentence);
      else if (sentence != NULL)
        cli_say ("%s", sentence);
    }
  result->seconds += preview->seconds;
  if (!self->only)
    return;
  eg_preview_add_to_result (preview, result);
  result->estimated = TRUE;
}
