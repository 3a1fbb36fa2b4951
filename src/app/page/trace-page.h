/* One trace and all that is shown of it: a tab of the window. */
#pragma once

#include "app/page/tracing.h"
#include "plot/curves.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_TRACE_PAGE (eg_trace_page_get_type ())

/* Properties: "colormap" (a name of colormap.h), "scale" (a name of heatmap.h), "hatch-noise", "orientation",
 * "analysis" (whether curves and numbers are shown). Signal "changed" (): its state or its title; after a
 * change to EG_TRACING_DONE or STOPPED its result does not change any more. Its buttons activate
 * "win.continue", "win.make-exact", "win.undo-trace", "win.redo-trace", "win.open-page-model",
 * "win.more-noise", "win.first-prediction" and "win.examples". */
G_DECLARE_FINAL_TYPE (EgTracePage, eg_trace_page, EG, TRACE_PAGE, AdwBin)

GtkWidget *eg_trace_page_new (void);

/* Traces here; what is here is kept, and can be brought back. The page may be asked later whether it was with
 * this model. */
void
eg_trace_page_start (EgTracePage *self, EgModel *model, const EgTraceRequest *request, EgEstimateUse use);
void eg_trace_page_stop (EgTracePage *self);
void eg_trace_page_continue (EgTracePage *self, EgModel *model);
gboolean eg_trace_page_can_continue (EgTracePage *self);

/* Whether the site that is shown is estimated, by the model that is open; and computes it. */
gboolean eg_trace_page_can_make_exact (EgTracePage *self);
void eg_trace_page_make_exact (EgTracePage *self, EgModel *model);

/* Brings back what was here before (step −1), or what came after it (1): a trace that is under way then
 * stops. A trace that fails or is stopped before its first number brings back the one before by itself. */
gboolean eg_trace_page_can_go (EgTracePage *self, int step);
void eg_trace_page_go (EgTracePage *self, int step);

/* The model that traced what is shown; NULL for a result from a file. Its name, where that is known.
 * (transfer none) */
EgModel *eg_trace_page_get_model (EgTracePage *self);
const char *eg_trace_page_get_model_name (EgTracePage *self);

/* Tells the page which model is open, and whether that is another one than its own. model: (nullable) */
void eg_trace_page_set_open_model (EgTracePage *self, EgModel *model);
gboolean eg_trace_page_is_of_other_model (EgTracePage *self);

/* FALSE for a result from a file. */
gboolean eg_trace_page_was_traced (EgTracePage *self);

/* Shows a result from a file. saved: (transfer full) (nullable): what it can go on from. */
void eg_trace_page_show (EgTracePage *self, EgTraceResult *result, EgSavedTrace *saved);

EgTracingState eg_trace_page_get_state (EgTracePage *self);

/* (transfer none) (nullable): what is on the screen; still growing while the trace runs. */
EgTraceResult *eg_trace_page_get_result (EgTracePage *self);

/* As eg_tracing_get_partial(). */
const EgTracePartial *eg_trace_page_get_partial (EgTracePage *self);

/* Shows the tokens as this tokenizer spells them, if they are its own. */
void eg_trace_page_spell (EgTracePage *self, EgTokenizer *tokenizer);

/* Of several sites, the one whose map is large, by the metric that is shown. (transfer none) (nullable) */
EgTraceGrid *eg_trace_page_get_shown (EgTracePage *self);

/* Whether it shows other numbers than this request to this model would give; model NULL: to any. FALSE while
 * nothing is shown. */
gboolean eg_trace_page_is_outdated (EgTracePage *self, EgModel *model, const EgTraceRequest *request);

/* Steps back a little: the settings beside it are others. */
void eg_trace_page_set_outdated (EgTracePage *self, gboolean outdated);

/* What stands in the panel while the page is in front, and again when it comes to the front: at first what
 * was traced. NULL before anything was. (transfer none) */
const EgTraceRequest *eg_trace_page_get_draft (EgTracePage *self);
void eg_trace_page_set_draft (EgTracePage *self, const EgTraceRequest *draft);
void eg_trace_page_reset_draft (EgTracePage *self);

/* "Eiffel Tower → “Paris”"; the same with a long subject cut; and its settings in a few lines. (transfer
 * full) */
char *eg_trace_page_describe (EgTracePage *self);
char *eg_trace_page_describe_briefly (EgTracePage *self);
char *eg_trace_page_describe_settings (EgTracePage *self);

/* The settings one by one, as eg_settings_to_texts(); NULL where they are not known. (transfer full) */
char **eg_trace_page_get_settings (EgTracePage *self);

/* The file that it was read from or saved to, without its folder; NULL: none. A new trace is in none. */
const char *eg_trace_page_get_file_name (EgTracePage *self);
void eg_trace_page_set_file_name (EgTracePage *self, const char *name);

/* The name under which unsaved results are kept (unsaved.h); NULL: this one is not. (transfer none) */
const char *eg_trace_page_get_key (EgTracePage *self);
void eg_trace_page_set_key (EgTracePage *self, const char *key);

/* Of all that can be brought back here. (transfer full) */
GStrv eg_trace_page_get_keys (EgTracePage *self);

/* The pinned cells (transfer none), and the curves that are in front. */
const EgCell *eg_trace_page_get_pins (EgTracePage *self, gsize *n);
gboolean eg_trace_page_get_curves (EgTracePage *self, EgCurves *curves);

/* As eg_heatmap_view_zoom(). */
void eg_trace_page_zoom (EgTracePage *self, double factor);

G_END_DECLS
