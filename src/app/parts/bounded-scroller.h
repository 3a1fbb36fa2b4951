/* What grows with its content up to a height, and scrolls from there on. GtkScrolledWindow asks its child for
 * a height without saying a width, and so takes rows that wrap for one row. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define EG_TYPE_BOUNDED_SCROLLER (eg_bounded_scroller_get_type ())

/* Properties: "child" (GtkWidget), "max-height" (int, pixels). */
G_DECLARE_FINAL_TYPE (EgBoundedScroller, eg_bounded_scroller, EG, BOUNDED_SCROLLER, GtkWidget)

G_END_DECLS
