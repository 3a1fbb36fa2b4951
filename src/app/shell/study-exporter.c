/* Asks where a study's table and pictures are to go, has them written, and says what became of it. */
#include "app/shell/study-exporter.h"

#include "app/parts/path-dialog.h"
#include "app/study/study-table.h"

#include <glib/gi18n.h>
#include <string.h>

/* Of a dialog that is open, and of what is being written. */
typedef struct
{
  EgStudying *studying;
  EgMessages *messages;
} Asking;

static void
asking_free (gpointer data)
{
  Asking *self = data;

  g_object_unref (self->studying);
  g_object_unref (self->messages);
  g_free (self);
}

/* The window's, which goes with it, or with the next question. */
static Asking *
ask (GtkWindow *window, EgStudying *studying, EgMessages *messages)
{
  Asking *self = g_new0 (Asking, 1);

  *self = (Asking){ g_object_ref (studying), g_object_ref (messages) };
  g_object_set_data_full (G_OBJECT (window), "eg-study-exporter", self, asking_free);
  return self;
}

static void
say_written (EgMessages *messages, const char *path, const GError *error)
{
  if (error != NULL)
    {
      eg_messages_show_error (messages, error->message, NULL, NULL);
      return;
    }
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *text = g_strdup_printf (_ ("Saved %s"), name);
  eg_messages_show (messages, text);
}

/* ---- the table ---- */

static void
on_table_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (EgMessages) messages = data;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  eg_study_table_write_finish (result, &path, &error);
  say_written (messages, path, error);
}

static void
on_table_path (GtkWindow *parent, const char *path, gpointer data)
{
  const Asking *asking = g_object_get_data (G_OBJECT (parent), "eg-study-exporter");
  eg_study_table_write_async (asking->studying, path, on_table_written, g_object_ref (asking->messages));
}

/* "facts.csv" of "facts.jsonl", or "facts, effect.svg". (transfer full) */
static char *
propose (EgStudying *studying, const char *suffix, const char *ending)
{
  const char *name = eg_studying_get_name (studying);
  const char *dot = name != NULL ? strrchr (name, '.') : NULL;
  g_autofree char *stem
      = dot != NULL && dot != name ? g_strndup (name, (gsize)(dot - name)) : g_strdup (name);

  return g_strdup_printf ("%s, %s.%s", stem != NULL ? stem : "", suffix, ending);
}

void
eg_study_exporter_save (GtkWindow *window, EgStudying *studying, EgMessages *messages)
{
  const EgFileKind kinds[] = { { "csv", _ ("CSV, for spreadsheets and pandas") } };
  g_autofree char *name
      = propose (studying, /* TRANSLATORS: a part of a file’s name: the list of facts. */ _ ("facts"), "csv");

  ask (window, studying, messages);
  eg_path_dialog_save (window, _ ("Save Table"), name, kinds, G_N_ELEMENTS (kinds), on_table_path, NULL);
}

void
eg_study_exporter_export (GtkWindow *window, EgStudying *studying, EgStudyPage *page, EgMessages *messages)
{
}
