#include "app/path-dialog.h"

#include <glib/gi18n.h>

/* The parent's dialog while it is open; it goes with the parent. */
#define DIALOG_KEY "eg-path-dialog"

static void
on_response (GtkNativeDialog *dialog, int response, gpointer data)
{
  GtkWindow *parent = gtk_native_dialog_get_transient_for (dialog);
  g_autoptr (GFile) file = NULL;

  if (parent == NULL)
    return;
  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  if (file != NULL && g_file_peek_path (file) != NULL)
    ((EgPathFunc)data) (parent, g_file_peek_path (file));
  g_object_set_data (G_OBJECT (parent), DIALOG_KEY, NULL);
}

void
eg_path_dialog_show (
    GtkWindow *parent, const char *title, const char *suffix, const char *filter_name, EgPathFunc func)
{
  if (g_object_get_data (G_OBJECT (parent), DIALOG_KEY) != NULL)
    return;
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (
      title, parent, suffix != NULL ? GTK_FILE_CHOOSER_ACTION_OPEN : GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER,
      _ ("_Open"), _ ("_Cancel"));
  g_object_set_data_full (G_OBJECT (parent), DIALOG_KEY, dialog, g_object_unref);
  if (suffix != NULL)
    {
      g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();
      gtk_file_filter_set_name (filter, filter_name);
      gtk_file_filter_add_suffix (filter, suffix);
      gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
    }
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_signal_connect (dialog, "response", G_CALLBACK (on_response), func);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}
