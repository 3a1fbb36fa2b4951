/* EgRunDrawing: a small animated drawing of the three runs of a trace: clean, corrupted, restored. It stands
 * still, whole, where animations are turned off. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define EG_TYPE_RUN_DRAWING (eg_run_drawing_get_type ())
G_DECLARE_FINAL_TYPE (EgRunDrawing, eg_run_drawing, EG, RUN_DRAWING, GtkWidget)

G_END_DECLS
