/* A figure as a picture for the clipboard, drawn in a thread. */
#pragma once

#include "plot/figure.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Grid and figure are copied. source: (nullable): kept alive meanwhile, and handed to the callback. */
void eg_draw_texture_async (gpointer source,
                            const EgTraceGrid *grid,
                            const EgFigure *figure,
                            GAsyncReadyCallback callback,
                            gpointer user_data);

/* On white, 288 pixels an inch. (transfer full) */
GdkTexture *eg_draw_texture_finish (GAsyncResult *result);

G_END_DECLS
