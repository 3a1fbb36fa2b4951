/* A trace that estimates lead: the highest come first, then some by chance, which check them; and where those
 * say that the estimates are not to be trusted, the rest comes in the usual order. No number depends on it.
 */
#pragma once

#include "preview/check.h"
#include "trace/plan/order.h"
#include "trace/run/progress.h"

G_BEGIN_DECLS

/**
 * EgPreviewLead: of one trace. Of the thread that follows it.
 * @estimates: a result with estimates, of the same request
 * @order: for the trace (trace/run/trace.h)
 * @checks: [sites] the spot check of each; n is 0 until its cells are there
 */
typedef struct
{
  EgTraceResult *estimates;
  EgTraceOrder *order;
  EgPreviewCheck *checks;
} EgPreviewLead;

/* Takes the estimates as they are in a result of this request: of preview/show.h, or from a file. Of each
 * site, the highest come first: as many as usual, or with n_exact more than 0 so many, and then nothing
 * but the check is computed. EG_ERROR_INVALID where the model makes another grid of the request. (transfer
 * full) */
EgPreviewLead *eg_preview_lead_new (
    EgModel *model, const EgTraceRequest *request, EgTraceResult *estimates, gsize n_exact, GError **error);
void eg_preview_lead_free (EgPreviewLead *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgPreviewLead, eg_preview_lead_free)

/* Computes nothing but one site. Before the trace. */
void eg_preview_lead_keep_site (EgPreviewLead *self, gsize site_index);

/* To be called by the trace's progress function: checks what is there. TRUE when a check has come in. */
gboolean eg_preview_lead_follow (EgPreviewLead *self, const EgTraceProgress *progress);

/* Puts the estimates beside the scores of a result of this trace, once; marks it as estimated where not all
 * of it is to be computed. */
void eg_preview_lead_show (const EgPreviewLead *self, EgTraceResult *result);

G_END_DECLS
