/* Asks where a study's table and pictures are to go, has them written, and says what became of it. */
#include "app/shell/study-exporter.h"

#include "app/parts/file-name.h"
#include "app/parts/hold.h"
#include "app/parts/path-dialog.h"
#include "app/shell/picture-exporter.h"
#include "app/study/study-table.h"
#include "plot/export.h"
#include "plot/study-figure.h"

#include <glib/gi18n.h>
#include <string.h>

#define ASKING "eg-study-exporter"

/* Of a dialog that is open, and of what is being written. */
typedef struct
{
  EgStudying *studying;
  EgStudyPage *page; /* of a figure; the window's, as this is */
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
ask (GtkWindow *window, EgStudying *studying, EgStudyPage *page, EgMessages *messages)
{
  Asking *self = g_new0 (Asking, 1);

  *self = (Asking){ g_object_ref (studying), page, g_object_ref (messages) };
  g_object_set_data_full (G_OBJECT (window), ASKING, self, asking_free);
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
  const Asking *asking = g_object_get_data (G_OBJECT (parent), ASKING);
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

  return eg_file_name_clean (g_strdup_printf ("%s, %s.%s", stem != NULL ? stem : "", suffix, ending));
}

void
eg_study_exporter_save (GtkWindow *window, EgStudying *studying, EgMessages *messages)
{
  const EgFileKind kinds[] = { { "csv", _ ("CSV, for spreadsheets and pandas") } };
  g_autofree char *name
      = propose (studying, /* TRANSLATORS: a part of a file’s name: the list of facts. */ _ ("facts"), "csv");

  ask (window, studying, NULL, messages);
  eg_path_dialog_save (window, _ ("Save Table"), name, kinds, G_N_ELEMENTS (kinds), on_table_path, NULL);
}

/* ---- the figure ---- */

/* What is drawn, as it was when the name was asked for. */
typedef struct
{
  GPtrArray *summaries; /* among them the panel's */
  EgStudySettings *settings;
  EgStudyPanel panel;
  EgStudyQuantity quantity;
  EgColormap colormap;
  char *path;
} Drawing;

static void
drawing_free (gpointer data)
{
  Drawing *self = data;

  g_ptr_array_unref (self->summaries);
  eg_study_settings_free (self->settings);
  g_free (self->path);
  g_free (self);
}

static void
draw_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Drawing *drawing = task_data;
  g_auto (EgStudyFigure) picture;
  EgFigure figure = { .picture = EG_PICTURE_HEATMAP };
  GError *error = NULL;

  eg_study_figure_init (&picture, &drawing->panel, 1, drawing->quantity);
  eg_figure_options_init (&figure.options);
  figure.options.style.colormap = drawing->colormap;
  g_autofree char *title = eg_study_figure_make_title (&picture);
  g_autofree char *caption = eg_study_figure_make_caption (&picture, &figure.options.style);
  figure.options.style.title = title;
  figure.options.caption = caption;
  figure.drawing = &picture.drawing;
  if (eg_export_figure (picture.maps[0], &figure, drawing->path, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_figure_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (EgMessages) messages = data;
  const Drawing *drawing = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;

  eg_program_release ();
  g_task_propagate_boolean (G_TASK (result), &error);
  say_written (messages, drawing->path, error);
}

static void
on_figure_path (GtkWindow *parent, const char *path, gpointer data)
{
  const Asking *asking = g_object_get_data (G_OBJECT (parent), ASKING);
  const EgStudySettings *settings = eg_studying_get_settings (asking->studying);
  gsize site;
  EgStudyQuantity quantity;
  const EgStudySummary *summary = eg_study_page_get_shown (asking->page, &site, &quantity);

  if (summary == NULL || settings == NULL)
    return;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_figure_written, g_object_ref (asking->messages));
  Drawing *drawing = g_new0 (Drawing, 1);
  *drawing = (Drawing){ .summaries = eg_study_page_hold (asking->page),
                        .settings = eg_study_settings_copy (settings),
                        .quantity = quantity,
                        .colormap = eg_study_page_get_colormap (asking->page),
                        .path = g_strdup (path) };
  drawing->panel = (EgStudyPanel){ summary, drawing->settings, site, summary->relation };
  g_task_set_task_data (task, drawing, drawing_free);
  eg_program_hold ();
  g_task_run_in_thread (task, draw_in_thread);
}

void
eg_study_exporter_export (GtkWindow *window, EgStudying *studying, EgStudyPage *page, EgMessages *messages)
{
  gsize site;
  EgStudyQuantity quantity;
  const EgStudySummary *summary = eg_study_page_get_shown (page, &site, &quantity);

  if (summary == NULL || summary->n_facts == 0)
    {
      eg_messages_show (messages, _ ("There is nothing to export yet"));
      return;
    }
  g_autofree char *name = propose (
      studying, summary->relation != NULL ? summary->relation : eg_study_quantity_get_name (quantity), "svg");
  ask (window, studying, page, messages);
  eg_picture_ask_path (window, name, on_figure_path, NULL);
}
