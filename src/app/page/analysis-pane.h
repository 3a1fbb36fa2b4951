/* What a trace says, under its map: the layer average, the subject against all tokens, the numbers, and
 * pinned cells. */
#pragma once

#include "plot/curves.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_ANALYSIS_PANE (eg_analysis_pane_get_type ())

/* Signal "unpin-all" (). */
G_DECLARE_FINAL_TYPE (EgAnalysisPane, eg_analysis_pane, EG, ANALYSIS_PANE, AdwBin)

GtkWidget *eg_analysis_pane_new (void);

/* Shows the grid as it is now; again when it has changed. */
void eg_analysis_pane_set_grid (EgAnalysisPane *self, EgTraceGrid *grid);
void eg_analysis_pane_set_pins (EgAnalysisPane *self, const EgCell *pins, gsize n_pins);
/* The map's: curves and sentences are in its unit. */
void eg_analysis_pane_set_scale (EgAnalysisPane *self, EgScale scale);
void eg_analysis_pane_set_layer (EgAnalysisPane *self, gssize layer);

/* Which curves are in front; FALSE when it is the table. */
gboolean eg_analysis_pane_get_curves (EgAnalysisPane *self, EgCurves *curves);

G_END_DECLS
