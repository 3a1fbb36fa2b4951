/* GTK asks a menu's parents for tooltips, too: whoever is asked looks first for what it would cover. */
#include "app/parts/tooltips.h"

static gboolean
has_open_popover (GtkWidget *widget)
{
  if (GTK_IS_POPOVER (widget) && !GTK_IS_ENTRY (gtk_widget_get_parent (widget)))
    return gtk_widget_get_mapped (widget);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (has_open_popover (child))
      return TRUE;
  return FALSE;
}

static gboolean
on_query (GtkWidget *widget, int x, int y, gboolean by_keyboard, GtkTooltip *tooltip, gpointer data)
{
  if (has_open_popover (widget) || gtk_widget_has_css_class (widget, "wrong"))
    g_signal_stop_emission_by_name (widget, "query-tooltip");
  return FALSE;
}

static gboolean
on_query_beside (GtkWidget *widget, int x, int y, gboolean by_keyboard, GtkTooltip *tooltip, gpointer data)
{
  if (gtk_widget_get_mapped (GTK_WIDGET (data)))
    g_signal_stop_emission_by_name (widget, "query-tooltip");
  return FALSE;
}

/* Those that can have a menu below them. */
static gboolean
has_menus (GtkWidget *widget)
{
  return GTK_IS_MENU_BUTTON (widget) || GTK_IS_DROP_DOWN (widget) || GTK_IS_LIST_BOX_ROW (widget);
}

void
eg_tooltips_give_way (GtkWidget *root)
{
  g_return_if_fail (GTK_IS_WIDGET (root));

  if (has_menus (root))
    g_signal_connect (root, "query-tooltip", G_CALLBACK (on_query), NULL);
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    eg_tooltips_give_way (child);
}

void
eg_tooltips_give_way_to (GtkWidget *widget, GtkWidget *other)
{
  g_return_if_fail (GTK_IS_WIDGET (widget) && GTK_IS_WIDGET (other));

  g_signal_connect_object (widget, "query-tooltip", G_CALLBACK (on_query_beside), other, 0);
}
