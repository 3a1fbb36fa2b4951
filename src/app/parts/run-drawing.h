/* EgRunDrawing: a small animated drawing of the runs of which a trace is made, in the colours of its map. It
 * stands still, whole, where animations are turned off. */
#pragma once

#include "plot/colormap.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * EgRunMethod: what is done to the runs.
 * @EG_RUN_NOISE: noise on the subject, and one state put back
 * @EG_RUN_SWAP: another subject in its place, and one state put back
 * @EG_RUN_DAMAGE: one corrupted state put into the clean run
 * @EG_RUN_KNOCKOUT: paths of the clean run are cut
 * @EG_RUN_FREEZE: one state put back, while others are held
 */
typedef enum
{
  EG_RUN_NOISE,
  EG_RUN_SWAP,
  EG_RUN_DAMAGE,
  EG_RUN_KNOCKOUT,
  EG_RUN_FREEZE,
  EG_N_RUN_METHODS,
} EgRunMethod;

#define EG_TYPE_RUN_DRAWING (eg_run_drawing_get_type ())

/* Property "method" (EgRunMethod as uint): EG_RUN_NOISE by default. */
G_DECLARE_FINAL_TYPE (EgRunDrawing, eg_run_drawing, EG, RUN_DRAWING, GtkWidget)

void eg_run_drawing_set_method (EgRunDrawing *self, EgRunMethod method);

/* Those of the map: what is as in the clean run has the colour of 1, what is as in the corrupted one that of
 * 0. */
void eg_run_drawing_set_colormap (EgRunDrawing *self, EgColormap colormap);

/* The colour of a cell once the runs are through; for tests. run: of those that the method has, from 0. */
EgColor eg_run_drawing_get_color (EgRunDrawing *self, guint run, guint layer, guint token);
guint eg_run_drawing_get_n_runs (EgRunDrawing *self);

G_END_DECLS
