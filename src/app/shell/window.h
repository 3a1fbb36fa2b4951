/* The window: a prompt at the left, its traces in tabs at the right. */
#pragma once

#include "app/ask/draft.h"
#include "app/page/trace-page.h"
#include "app/shell/unsaved.h"

G_BEGIN_DECLS

#define EG_TYPE_WINDOW (eg_window_get_type ())

/* Properties: "colormap" (a name of colormap.h), "scale" (heatmap.h), "hatch-noise", "orientation",
 * "analysis", "tokenizer" (a path, or "" for GPT-NeoX's: of models without one). */
G_DECLARE_FINAL_TYPE (EgWindow, eg_window, EG, WINDOW, AdwApplicationWindow)

/* application: may be NULL. settings: what is remembered from one start to the next; NULL: nothing is.
 * unsaved: where results are kept until they are saved, or NULL; must outlive the window. */
EgWindow *eg_window_new (GtkApplication *application, GSettings *settings, EgUnsaved *unsaved);

/* The page in front. (transfer none) (nullable) */
EgTracePage *eg_window_get_page (EgWindow *self);

/* What the panel asks for. (transfer none) */
EgDraft *eg_window_get_draft (EgWindow *self);

/* Loads a model by its folder or name in the background; NULL: the demo model. */
void eg_window_open_model (EgWindow *self, const char *name);

void eg_window_set_texts (EgWindow *self, const char *prompt, const char *subject);

/* Starts the trace, as soon as the model is there. */
void eg_window_trace (EgWindow *self);

/* The same of a trace that nobody has asked for: its result is not kept, and its tab is used again. */
void eg_window_trace_by_itself (EgWindow *self);

/* Opens a saved trace in a tab, facts and a study's folder in a window of their own; any other folder is
 * opened as a model. */
void eg_window_open_file (EgWindow *self, const char *path);

/* Offers what an earlier start has left behind; a study that was not finished is there again, paused. */
void eg_window_offer_recovery (EgWindow *self);

/* Writes what is shown, as the path's ending says; success and failure are shown to the person. picture: a
 * name of figure.h. */
void eg_window_export_to (EgWindow *self, const char *path, const char *picture);

G_END_DECLS
