/* Estimates on the command line. */
#include "cli/estimate.h"

#include "cli/common.h"
#include "cli/interrupt.h"
#include "preview/check.h"

#include <glib/gi18n.h>

/* Samples are enough for an order. */
#define ORDER_SAMPLES 10

gboolean
cli_estimate_read (CliEstimateOptions *self, gboolean resumes, gboolean streams, gboolean has_steps)
{
  const char *problem = NULL;
  if (self->only && self->none)
    problem = _ ("--no-estimate means nothing beside --estimate");
  else if (self->top_text != NULL && !self->only)
    problem = _ ("--exact-top means something beside --estimate alone");
  else if (has_steps && !self->only && !streams)
    problem = _ ("--ig means something beside --estimate or --stream alone");
  else if (self->only && resumes)
    problem = _ ("--estimate means nothing beside --resume: what was begun is computed");
  if (problem != NULL)
    cli_say ("%s", problem);
  return problem == NULL
         && (self->top_text == NULL
             || cli_parse_integer ("--exact-top", self->top_text, 1, CLI_ESTIMATE_MAX_TOP, &self->top));
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

gboolean
cli_estimate_lead (const CliEstimateOptions *self,
                   const EgPreview *preview,
                   const EgTraceRequest *request,
                   EgPreviewLead **lead,
                   GError **error)
{
  if (preview == NULL)
    return TRUE;
  g_autoptr (EgTraceResult) estimates = eg_preview_make_result (preview);
  *lead = eg_preview_lead_new (preview->model, request, estimates, self->top, error);
  return *lead != NULL;
}

void
cli_estimate_follow (EgPreviewLead *lead, const EgTraceProgress *progress)
{
  const gsize n = progress->result->n_grids;
  g_autofree gboolean *checked = g_new (gboolean, n);
  for (gsize i = 0; i < n; i++)
    checked[i] = lead->checks[i].n > 0;
  if (!eg_preview_lead_follow (lead, progress) || lead->order->wanted != NULL)
    return;
  for (gsize i = 0; i < n; i++)
    if (!checked[i] && lead->checks[i].n > 0 && !lead->checks[i].is_trusted)
      cli_say (_ ("%s: the spot check does not confirm the estimates: the rest comes in the usual order"),
               progress->result->grids[i]->site);
}

char **
cli_estimate_finish (const CliEstimateOptions *self, const EgPreview *preview, EgTraceResult *result)
{
  g_autoptr (GStrvBuilder) sentences = g_strv_builder_new ();
  for (gsize i = 0; i < result->n_grids; i++)
    {
      const EgPreviewCheck check = eg_preview_check (result->grids[i], eg_preview_get_site (preview, i),
                                                     eg_preview_get_known (preview, i));
      g_autofree char *sentence = eg_preview_check_describe (&check);
      g_autofree char *named = g_strconcat (result->grids[i]->site, ": ", sentence, NULL);
      if (sentence != NULL)
        g_strv_builder_add (sentences, result->n_grids > 1 ? named : sentence);
    }
  result->seconds += preview->seconds;
  if (self->only)
    {
      eg_preview_add_to_result (preview, result);
      result->estimated = TRUE;
    }
  return g_strv_builder_end (sentences);
}
