/* A dialog with one list. */
#include "app/parts/choice-dialog.h"

#define MARGIN     12
#define WIDTH      420
#define MAX_HEIGHT 480

GtkWindow *
eg_choice_dialog_new (GtkWindow *parent, const char *title, GtkListBox **list)
{
  GtkWidget *dialog = adw_window_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *rows = gtk_list_box_new (), *scroller = gtk_scrolled_window_new ();

  gtk_widget_add_css_class (rows, "boxed-list");
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (rows), GTK_SELECTION_NONE);
  gtk_widget_set_valign (rows, GTK_ALIGN_START);
  gtk_widget_set_margin_top (rows, MARGIN / 2);
  gtk_widget_set_margin_start (rows, MARGIN);
  gtk_widget_set_margin_end (rows, MARGIN);
  gtk_widget_set_margin_bottom (rows, MARGIN);
  /* There may be many. */
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scroller), TRUE);
  gtk_scrolled_window_set_max_content_height (GTK_SCROLLED_WINDOW (scroller), MAX_HEIGHT);
  gtk_widget_set_vexpand (scroller, TRUE);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), rows);
  gtk_box_append (GTK_BOX (box), adw_header_bar_new ());
  gtk_box_append (GTK_BOX (box), scroller);
  adw_window_set_content (ADW_WINDOW (dialog), box);
  gtk_window_set_title (GTK_WINDOW (dialog), title);
  gtk_window_set_default_size (GTK_WINDOW (dialog), WIDTH, -1);
  gtk_window_set_modal (GTK_WINDOW (dialog), TRUE);
  gtk_window_set_transient_for (GTK_WINDOW (dialog), parent);
  gtk_window_set_destroy_with_parent (GTK_WINDOW (dialog), TRUE);
  *list = GTK_LIST_BOX (rows);
  return GTK_WINDOW (dialog);
}
