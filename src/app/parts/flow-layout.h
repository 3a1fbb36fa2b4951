/* Lays children out in rows, as words in a paragraph. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define EG_TYPE_FLOW_LAYOUT (eg_flow_layout_get_type ())
G_DECLARE_FINAL_TYPE (EgFlowLayout, eg_flow_layout, EG, FLOW_LAYOUT, GtkLayoutManager)

/* Properties: "spacing" between children of a row, "row-spacing" between rows, "justify": the last child of a
 * row goes to its end. */
GtkLayoutManager *eg_flow_layout_new (void);

G_END_DECLS
