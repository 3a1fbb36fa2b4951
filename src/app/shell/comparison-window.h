/* The window of two maps beside each other; until the second one is traced, how far that is. */
#pragma once

#include "trace/result/result.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_COMPARISON_WINDOW (eg_comparison_window_get_type ())
G_DECLARE_FINAL_TYPE (EgComparisonWindow, eg_comparison_window, EG, COMPARISON_WINDOW, AdwWindow)

/* Over the parent, with which it goes, and still to be presented. */
EgComparisonWindow *eg_comparison_window_new (GtkWindow *parent, EgTraceGrid *first);

/* Shows the first map beside another one. EG_ERROR_INVALID: they cannot be compared. */
gboolean eg_comparison_window_show (EgComparisonWindow *self, EgTraceGrid *second, GError **error);

/* Traces what the first map shows on another model, a folder or what eg_model_locate() finds, and shows it;
 * when the window is closed meanwhile, the trace ends. */
void eg_comparison_window_trace (EgComparisonWindow *self, const char *model);

G_END_DECLS
