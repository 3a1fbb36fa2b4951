/* The native file chooser, one at a time for each window. */
#include "app/parts/path-dialog.h"

#include <glib/gi18n.h>
#include <string.h>

/* The parent's dialog while it is open; it goes with the parent. */
#define DIALOG_KEY "eg-path-dialog"

typedef struct
{
  GtkFileChooserNative *chooser;
  EgPathFunc func;
  gpointer user_data;
  EgFileKind *kinds; /* [n]; their strings are literals */
  gsize n;
} Dialog;

static void
dialog_free (gpointer data)
{
  Dialog *self = data;

  g_object_unref (self->chooser);
  g_free (self->kinds);
  g_free (self);
}

static gboolean
has_known_ending (const Dialog *self, const char *path)
{
  const char *dot = strrchr (path, '.');

  for (gsize i = 0; dot != NULL && i < self->n; i++)
    if (g_ascii_strcasecmp (dot + 1, self->kinds[i].ending) == 0)
      return TRUE;
  return FALSE;
}

/* A name without a known ending gets that of the kind that is chosen below the names. */
static char *
complete_path (const Dialog *self, const char *path)
{
  GtkFileFilter *filter = gtk_file_chooser_get_filter (GTK_FILE_CHOOSER (self->chooser));
  const char *chosen = filter != NULL ? gtk_file_filter_get_name (filter) : NULL;

  if (has_known_ending (self, path))
    return g_strdup (path);
  for (gsize i = 0; i < self->n; i++)
    if (g_strcmp0 (chosen, self->kinds[i].title) == 0)
      return g_strconcat (path, ".", self->kinds[i].ending, NULL);
  return g_strdup (path);
}

static void
on_response (GtkNativeDialog *native, int response, gpointer data)
{
  Dialog *self = data;
  GtkWindow *parent = gtk_native_dialog_get_transient_for (native);
  GtkFileChooser *chooser = GTK_FILE_CHOOSER (native);
  const gboolean saving = gtk_file_chooser_get_action (chooser) == GTK_FILE_CHOOSER_ACTION_SAVE;
  const EgPathFunc func = self->func;
  const gpointer user_data = self->user_data;
  g_autoptr (GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (chooser) : NULL;
  g_autofree char *chosen = file != NULL ? g_file_get_path (file) : NULL;
  g_autofree char *path = chosen != NULL && saving ? complete_path (self, chosen) : g_strdup (chosen);

  if (parent == NULL)
    return;
  /* Before the function: it may want to ask again. */
  g_object_set_data (G_OBJECT (parent), DIALOG_KEY, NULL);
  if (path != NULL)
    func (parent, path, user_data);
}

/* NULL if the parent has one already. */
static Dialog *
dialog_new (GtkWindow *parent,
            const char *title,
            GtkFileChooserAction action,
            const char *button,
            EgPathFunc func,
            gpointer user_data)
{
  if (g_object_get_data (G_OBJECT (parent), DIALOG_KEY) != NULL)
    return NULL;
  Dialog *self = g_new0 (Dialog, 1);
  self->chooser = gtk_file_chooser_native_new (title, parent, action, button, _ ("_Cancel"));
  self->func = func;
  self->user_data = user_data;
  g_object_set_data_full (G_OBJECT (parent), DIALOG_KEY, self, dialog_free);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  g_signal_connect (self->chooser, "response", G_CALLBACK (on_response), self);
  return self;
}

static void
add_kinds (Dialog *self, const EgFileKind *kinds, gsize n)
{
  self->kinds = g_memdup2 (kinds, n * sizeof *kinds);
  self->n = n;
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();
      gtk_file_filter_set_name (filter, kinds[i].title);
      gtk_file_filter_add_suffix (filter, kinds[i].ending);
      gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), filter);
    }
}

void
eg_path_dialog_open_folder (GtkWindow *parent, const char *title, EgPathFunc func, gpointer user_data)
{
  Dialog *self
      = dialog_new (parent, title, GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _ ("_Open"), func, user_data);

  if (self != NULL)
    gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

void
eg_path_dialog_open_file (
    GtkWindow *parent, const char *title, const EgFileKind *kind, EgPathFunc func, gpointer user_data)
{
  Dialog *self = dialog_new (parent, title, GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Open"), func, user_data);

  if (self == NULL)
    return;
  if (kind != NULL)
    add_kinds (self, kind, 1);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

void
eg_path_dialog_save (GtkWindow *parent,
                     const char *title,
                     const char *name,
                     const EgFileKind *kinds,
                     gsize n,
                     EgPathFunc func,
                     gpointer user_data)
{
  Dialog *self = dialog_new (parent, title, GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Save"), func, user_data);

  if (self == NULL)
    return;
  add_kinds (self, kinds, n);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), name);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}
