/* Two maps beside each other, on the screen: the same place is marked in all of its pictures, and said in
 * words below them. */
#pragma once

#include "trace/compare/comparison.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define EG_TYPE_COMPARISON_VIEW (eg_comparison_view_get_type ())
G_DECLARE_FINAL_TYPE (EgComparisonView, eg_comparison_view, EG, COMPARISON_VIEW, GtkBox)

/* comparison: (transfer full) */
GtkWidget *eg_comparison_view_new (EgComparison *comparison, const char *title_a, const char *title_b);

/* What stands below the pictures: the place in words, or what the view is of. (transfer none) */
const char *eg_comparison_view_get_text (EgComparisonView *self);

/* Marks the place at a point of the pictures, or none outside the maps. */
void eg_comparison_view_point (EgComparisonView *self, double x, double y);

/* Moves the marked place by rows and groups of tokens; from none, to the first one. */
void eg_comparison_view_move (EgComparisonView *self, int rows, int groups);

G_END_DECLS
