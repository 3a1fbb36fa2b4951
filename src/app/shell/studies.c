/* Keeps the list of a window's studies, and on the disk which of them are not finished. */
#include "app/shell/studies.h"

#include "app/study/studying.h"
#include "formats/atomic-file.h"

#include <string.h>

struct _EgStudies
{
  EgStudyParts parts;
  char *folder, *state;
  GPtrArray *windows; /* of EgStudyWindow, not kept */
  char **before;      /* paths of the last start, until they are opened again */
  gboolean ending;    /* what is noted down stays */
  EgStudiesFunc changed;
  gpointer data;
};

char *
eg_studies_get_default_state (void)
{
  return g_build_filename (g_get_user_state_dir (), "engram", "studies", NULL);
}

/* A path a line, as soon as it changes: the program may be killed at any moment. */
static void
note_down (EgStudies *self)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  if (self->state == NULL || self->ending)
    return;
  for (char **path = self->before; path != NULL && *path != NULL; path++)
    g_string_append_printf (text, "%s\n", *path);
  for (guint i = 0; i < self->windows->len; i++)
    {
      const char *path = eg_study_window_get_unfinished (self->windows->pdata[i]);
      if (path != NULL)
        g_string_append_printf (text, "%s\n", path);
    }
  g_autofree char *folder = g_path_get_dirname (self->state);
  g_mkdir_with_parents (folder, 0700);
  if (!eg_atomic_file_write (self->state, text->str, text->len, &error))
    g_warning ("Which studies are open could not be noted down: %s", error->message);
}

static void
on_changed (EgStudies *self)
{
  note_down (self);
  self->changed (self->data);
}

/* Those of the last start that are still folders of studies. (transfer full) (nullable) */
static char **
read_state (const char *state)
{
  g_autofree char *text = NULL;

  if (state == NULL || !g_file_get_contents (state, &text, NULL, NULL))
    return NULL;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GStrvBuilder) paths = g_strv_builder_new ();
  for (char **line = lines; *line != NULL; line++)
    if (**line != '\0' && eg_studying_is_folder (*line))
      g_strv_builder_add (paths, *line);
  return g_strv_builder_end (paths);
}

/* ---- windows ---- */

/* A person closes it: it is not opened again by itself. */
static gboolean
on_close_request (EgStudyWindow *window, gpointer data)
{
  EgStudies *self = data;

  g_ptr_array_remove (self->windows, window);
  g_signal_handlers_disconnect_by_data (window, self);
  on_changed (self);
  return FALSE;
}

/* The program ends: it is. */
static void
on_destroy (EgStudyWindow *window, gpointer data)
{
  EgStudies *self = data;

  g_ptr_array_remove (self->windows, window);
  g_signal_handlers_disconnect_by_data (window, self);
}

static EgStudyWindow *
add_window (EgStudies *self)
{
  EgStudyWindow *window = eg_study_window_new (&self->parts);

  g_ptr_array_add (self->windows, window);
  g_signal_connect (window, "close-request", G_CALLBACK (on_close_request), self);
  g_signal_connect (window, "destroy", G_CALLBACK (on_destroy), self);
  g_signal_connect_swapped (window, "changed", G_CALLBACK (on_changed), self);
  return window;
}

static EgStudyWindow *
get_empty (EgStudies *self)
{
  for (guint i = 0; i < self->windows->len; i++)
    if (eg_study_window_is_empty (self->windows->pdata[i]))
      return self->windows->pdata[i];
  return add_window (self);
}

void
eg_studies_show (EgStudies *self)
{
  gtk_window_present (GTK_WINDOW (get_empty (self)));
}

gboolean
eg_studies_can_open (const char *path)
{
  return g_file_test (path, G_FILE_TEST_IS_DIR) ? eg_studying_is_folder (path) : eg_studying_is_facts (path);
}

void
eg_studies_open (EgStudies *self, const char *path)
{
  EgStudyWindow *window = get_empty (self);

  eg_study_window_open (window, path);
  gtk_window_present (GTK_WINDOW (window));
}

void
eg_studies_reopen (EgStudies *self)
{
  g_auto (GStrv) paths = g_steal_pointer (&self->before);

  for (char **path = paths; path != NULL && *path != NULL; path++)
    eg_studies_open (self, *path);
}

/* ---- the object ---- */

gboolean
eg_studies_is_running (EgStudies *self)
{
  for (guint i = 0; i < self->windows->len; i++)
    if (eg_study_window_is_running (self->windows->pdata[i]))
      return TRUE;
  return FALSE;
}

EgStudies *
eg_studies_new (const EgStudyParts *parts, const char *state, EgStudiesFunc changed, gpointer data)
{
  EgStudies *self = g_new0 (EgStudies, 1);

  self->parts = *parts;
  self->folder = parts->folder != NULL ? g_strdup (parts->folder)
                                       : g_build_filename (g_get_user_data_dir (), "engram", "studies", NULL);
  self->parts.folder = self->folder;
  self->state = g_strdup (state);
  self->before = read_state (state);
  self->windows = g_ptr_array_new ();
  self->changed = changed;
  self->data = data;
  return self;
}

void
eg_studies_free (EgStudies *self)
{
  self->ending = TRUE;
  while (self->windows->len > 0)
    {
      GtkWindow *window = g_ptr_array_steal_index (self->windows, self->windows->len - 1);
      g_signal_handlers_disconnect_by_data (window, self);
      gtk_window_destroy (window);
    }
  g_ptr_array_unref (self->windows);
  g_free (self->folder);
  g_free (self->state);
  g_strfreev (self->before);
  g_free (self);
}
