/* The window: a prompt at the left, its trace at the right. */
#pragma once

#include "app/application.h"
#include "plot/colormap.h"

G_BEGIN_DECLS

#define EG_TYPE_WINDOW (eg_window_get_type ())

/* Properties: "colormap" (a name of colormap.h), "normalized", "tokenizer" (a path, or "" for
 * GPT-NeoX's: of models without one). Actions: win.trace, win.stop, win.export, win.save, win.export-to (s),
 * win.open-model, win.choose-tokenizer, win.focus-prompt, win.panel. */
G_DECLARE_FINAL_TYPE (EgWindow, eg_window, EG, WINDOW, AdwApplicationWindow)

EgWindow *eg_window_new (EgApplication *application);

/* Loads a model by its folder or name in the background; NULL: the demo model. */
void eg_window_open_model (EgWindow *self, const char *name);

void eg_window_set_texts (EgWindow *self, const char *prompt, const char *subject);

/* Starts the trace, as soon as the model is there. */
void eg_window_trace (EgWindow *self);

/* Writes what is shown, as the path's ending says; success and failure are shown to the person. */
void eg_window_export_to (EgWindow *self, const char *path);

G_END_DECLS
