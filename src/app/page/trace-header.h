/* What stands above a map: the two probabilities, which metric is shown, how far the trace is, and what made
 * it: model, date and settings. */
#pragma once

#include "app/page/tracing.h"
#include "plot/colormap.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_TRACE_HEADER (eg_trace_header_get_type ())

/* Properties, to be read: "running", "can-continue", "progress-text" (of the trace that is shown). Signal
 * "metric-chosen" (guint metric). Its buttons activate "win.continue", "win.make-exact", "win.undo-trace",
 * "win.redo-trace" and "win.open-page-model". */
G_DECLARE_FINAL_TYPE (EgTraceHeader, eg_trace_header, EG, TRACE_HEADER, AdwBin)

GtkWidget *eg_trace_header_new (void);

/* How far this trace is; and whether there is a result before and after it. */
void eg_trace_header_show_progress (EgTraceHeader *self,
                                    EgTracing *tracing,
                                    gboolean has_before,
                                    gboolean has_after);

/* Whether what is shown is estimated, and can be computed. */
void eg_trace_header_offer_exact (EgTraceHeader *self, gboolean offered);

/* The clean and corrupted runs of this grid's main metric. */
void eg_trace_header_show_ends (EgTraceHeader *self, const EgTraceGrid *grid);

/* Those between which a person can choose, where there are several; and the one that is shown. */
void eg_trace_header_show_metrics (EgTraceHeader *self, const EgMetric *metrics, gsize n, EgMetric shown);

/* What made the map. model: (nullable): its name; request: NULL where it is not known. offer_model: it is not
 * the one that is open. */
void eg_trace_header_show_origin (EgTraceHeader *self,
                                  const char *model,
                                  const EgTraceRequest *request,
                                  GDateTime *date,
                                  gboolean offer_model);

/* Has the map of this request explained, in the map's colours. */
void eg_trace_header_explain (EgTraceHeader *self, const EgTraceRequest *request, EgColormap colormap);

G_END_DECLS
