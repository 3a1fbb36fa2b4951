/* Shows a message, marks the field, and tells a screen reader. */
#include "app/parts/field-message.h"

void
eg_field_message_show (GtkLabel *label, GtkWidget *field, const char *message, gboolean error)
{
  const gboolean wrong = message != NULL && error;

  gtk_label_set_text (label, message != NULL ? message : "");
  gtk_widget_set_visible (GTK_WIDGET (label), message != NULL);
  if (wrong)
    {
      gtk_widget_add_css_class (GTK_WIDGET (label), "error");
      gtk_widget_add_css_class (field, "error");
    }
  else
    {
      gtk_widget_remove_css_class (GTK_WIDGET (label), "error");
      gtk_widget_remove_css_class (field, "error");
    }
  gtk_accessible_update_state (GTK_ACCESSIBLE (field), GTK_ACCESSIBLE_STATE_INVALID,
                               wrong ? GTK_ACCESSIBLE_INVALID_TRUE : GTK_ACCESSIBLE_INVALID_FALSE, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (field), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  message != NULL ? message : "", -1);
}

void
eg_field_message_show_row (AdwExpanderRow *row, const char *summary, const char *error)
{
  g_autofree char *escaped = g_markup_escape_text (error != NULL ? error : summary, -1);

  adw_expander_row_set_subtitle (row, escaped);
  if (error != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (row), "wrong");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (row), "wrong");
}
