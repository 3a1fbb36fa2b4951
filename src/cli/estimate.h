/* Estimates on the command line: alone, before the cells that are computed, or for their order. */
#pragma once

#include "preview/lead.h"
#include "preview/show.h"

G_BEGIN_DECLS

/* The most cells of a site that --exact-top takes. */
#define CLI_ESTIMATE_MAX_TOP 1000000

/**
 * CliEstimateOptions: as they were typed; @top: of @top_text, 0 for none
 */
typedef struct
{
  gboolean only, none;
  char *top_text;
  guint64 top;
} CliEstimateOptions;

/* Whether they make sense together; FALSE, said. has_steps: --ig was typed */
gboolean cli_estimate_read (CliEstimateOptions *self, gboolean resumes, gboolean streams, gboolean has_steps);

/* Estimates, where they were asked for, or, of a stream, where there are any: *preview is NULL otherwise.
 * FALSE when they fail that were asked for. */
gboolean cli_estimate_make (const CliEstimateOptions *self,
                            EgModel *model,
                            const EgTraceRequest *request,
                            gboolean resumes,
                            gboolean streams,
                            EgPreview **preview,
                            GError **error);

/* An event a cell. */
void cli_estimate_stream (const EgPreview *preview);

/* What they lead; *lead is NULL without estimates. */
gboolean cli_estimate_lead (const CliEstimateOptions *self,
                            const EgPreview *preview,
                            const EgTraceRequest *request,
                            EgPreviewLead **lead,
                            GError **error);

/* Follows the trace: the sites whose estimates are not to be trusted are said, once. */
void cli_estimate_follow (EgPreviewLead *lead, const EgTraceProgress *progress);

/* Keeps the estimates in the result where not all cells were computed. Returns: (transfer full): sentences
 * that say how good they were */
char **cli_estimate_finish (const CliEstimateOptions *self, const EgPreview *preview, EgTraceResult *result);

G_END_DECLS
