/* Asks for the second side, has both compared in a thread, and opens the window with both. */
#include "app/shell/study-comparing.h"

#include "app/parts/choice-dialog.h"
#include "app/parts/hold.h"
#include "app/parts/later.h"
#include "app/parts/path-dialog.h"
#include "app/shell/picture-exporter.h"
#include "app/study/study-comparison-view.h"
#include "plot/export.h"

#include <glib/gi18n.h>

#define KEY "eg-study-comparing"

/**
 * Asking: kept by the study's window, to the next question
 * @dialog: weak; the question, while it is there
 * @folder, @relation, @site: the first side, as it was when it was asked for; @relation: NULL: all facts
 */
typedef struct
{
  GtkWindow *window, *dialog;
  EgMessages *messages;
  char *folder, *relation, *site;
  EgStudyQuantity quantity;
  EgColormap colormap;
} Asking;

static void
asking_free (gpointer data)
{
  Asking *self = data;

  g_clear_weak_pointer (&self->dialog);
  g_object_unref (self->messages);
  g_free (self->folder);
  g_free (self->relation);
  g_free (self->site);
  g_free (self);
}

/* ---- comparing ---- */

typedef struct
{
  GWeakRef window;
  EgMessages *messages;
  char *folders[2], *relations[2], *site;
  EgStudyQuantity quantity;
  EgColormap colormap;
} Job;

static void
job_free (gpointer data)
{
  Job *self = data;

  g_weak_ref_clear (&self->window);
  g_object_unref (self->messages);
  for (int i = 0; i < 2; i++)
    {
      g_free (self->folders[i]);
      g_free (self->relations[i]);
    }
  g_free (self->site);
  g_free (self);
}

static void
compare_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Job *job = task_data;
  GError *error = NULL;
  EgStudyPair *pair = eg_study_pair_new ((const char *const *)job->folders,
                                         (const char *const *)job->relations, job->site, &error);

  if (pair != NULL)
    g_task_return_pointer (task, pair, (GDestroyNotify)eg_study_pair_unref);
  else
    g_task_return_error (task, error);
}

/* What is exported. */
typedef struct
{
  EgStudyPair *pair;
  EgStudyQuantity quantity;
  EgColormap colormap;
} Exported;

static void
exported_free (gpointer data)
{
  Exported *self = data;

  eg_study_pair_unref (self->pair);
  g_free (self);
}

static gboolean
write_figure (gconstpointer data, const char *path, GError **error)
{
  const Exported *it = data;
  g_auto (EgStudyComparisonFigure) drawing;
  EgFigure figure = { .drawing = &drawing.drawing };

  eg_study_comparison_figure_init (&drawing, it->pair->comparison, it->quantity, it->pair->titles[0],
                                   it->pair->titles[1]);
  eg_figure_options_init (&figure.options);
  g_autofree char *caption = eg_study_comparison_figure_make_caption (&drawing);
  figure.options.caption = caption;
  figure.options.style.colormap = it->colormap;
  return eg_export_figure (drawing.maps[0], &figure, path, error);
}

static void
show (GtkWindow *parent, const Job *job, EgStudyPair *pair)
{
  GtkWidget *bar = adw_header_bar_new (), *toasts = adw_toast_overlay_new ();
  GtkWidget *window = adw_window_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *view = eg_study_comparison_view_new (pair, job->quantity, job->colormap);

  gtk_widget_set_margin_start (view, 12);
  gtk_widget_set_margin_end (view, 12);
  gtk_widget_set_margin_bottom (view, 12);
  Exported *exported = g_new0 (Exported, 1);
  *exported = (Exported){ eg_study_pair_ref (pair), job->quantity, job->colormap };
  adw_toast_overlay_set_child (ADW_TOAST_OVERLAY (toasts), view);
  gtk_box_append (GTK_BOX (box), bar);
  gtk_box_append (GTK_BOX (box), toasts);
  gtk_window_set_transient_for (GTK_WINDOW (window), parent);
  eg_picture_exporter_add (GTK_WINDOW (window), ADW_HEADER_BAR (bar), ADW_TOAST_OVERLAY (toasts),
                           write_figure, exported, exported_free);
  adw_window_set_content (ADW_WINDOW (window), box);
  gtk_window_set_title (GTK_WINDOW (window), _ ("Comparison"));
  gtk_window_set_default_size (GTK_WINDOW (window), 960, 820);
  eg_close_with_escape (GTK_WINDOW (window));
  gtk_window_present (GTK_WINDOW (window));
}

static void
on_compared (GObject *source, GAsyncResult *result, gpointer data)
{
  Job *job = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (EgStudyPair) pair = g_task_propagate_pointer (G_TASK (result), &error);
  g_autoptr (GtkWindow) window = g_weak_ref_get (&job->window);

  eg_program_release ();
  if (window == NULL)
    return;
  if (pair != NULL)
    show (window, job, pair);
  else
    eg_messages_show (job->messages, error->message);
}

static void
compare (const Asking *asking, const char *folder, const char *relation)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_compared, NULL);
  Job *job = g_new0 (Job, 1);

  *job = (Job){ .messages = g_object_ref (asking->messages),
                .folders = { g_strdup (asking->folder), g_strdup (folder) },
                .relations = { g_strdup (asking->relation), g_strdup (relation) },
                .site = g_strdup (asking->site),
                .quantity = asking->quantity,
                .colormap = asking->colormap };
  g_weak_ref_init (&job->window, asking->window);
  g_task_set_task_data (task, job, job_free);
  eg_program_hold ();
  g_task_run_in_thread (task, compare_in_thread);
}

/* ---- the question ---- */

static void
on_path (GtkWindow *parent, const char *path, gpointer data)
{
  const Asking *asking = g_object_get_data (G_OBJECT (parent), KEY);

  /* The same relation there, where one is shown. */
  compare (asking, path, asking->relation);
}

static void
on_chosen (AdwActionRow *row, gpointer data)
{
  const Asking *asking = data;
  const char *kind = g_object_get_data (G_OBJECT (row), "kind");
  g_autofree char *relation = g_strdup (g_object_get_data (G_OBJECT (row), "relation"));

  if (asking->dialog != NULL)
    eg_destroy_later (asking->dialog);
  if (kind != NULL)
    eg_path_dialog_open_folder (asking->window, _ ("Compare With a Study’s Folder"), on_path, NULL);
  else
    compare (asking, asking->folder, relation);
}

/* kind: NULL: a relation, or all facts (NULL). */
static void
add_row (GtkListBox *list, Asking *asking, const char *title, const char *relation, const char *kind)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  g_object_set_data_full (G_OBJECT (row), "relation", g_strdup (relation), g_free);
  g_object_set_data_full (G_OBJECT (row), "kind", g_strdup (kind), g_free);
  g_signal_connect (row, "activated", G_CALLBACK (on_chosen), asking);
  gtk_list_box_append (list, row);
}

/* Of those relations of which some facts are known. */
static void
add_rows (GtkListBox *list, Asking *asking, EgStudyPage *page)
{
  g_autoptr (GPtrArray) summaries = eg_study_page_hold (page);

  add_row (list, asking, _ ("Another Study…"), NULL, "study");
  if (asking->relation != NULL)
    add_row (list, asking, _ ("All facts"), NULL, NULL);
  for (guint i = 1; summaries != NULL && i < summaries->len; i++)
    {
      const EgStudySummary *of = summaries->pdata[i];
      if (of->n_facts > 0 && g_strcmp0 (of->relation, asking->relation) != 0)
        add_row (list, asking, of->relation, of->relation, NULL);
    }
}

static Asking *
asking_new (GtkWindow *window, EgStudying *studying, EgStudyPage *page, EgMessages *messages)
{
  Asking *self = g_new0 (Asking, 1);
  gsize site;
  const EgStudySummary *summary = eg_study_page_get_shown (page, &site, &self->quantity);

  self->window = window;
  self->messages = g_object_ref (messages);
  self->folder = g_strdup (eg_study_folder_get_path (eg_studying_get_folder (studying)));
  self->relation = g_strdup (summary->relation);
  self->site = g_strdup (eg_studying_get_settings (studying)->sites[site]);
  self->colormap = eg_study_page_get_colormap (page);
  return self;
}

void
eg_study_comparing_ask (GtkWindow *window, EgStudying *studying, EgStudyPage *page, EgMessages *messages)
{
  gsize site;
  EgStudyQuantity quantity;

  if (eg_study_page_get_shown (page, &site, &quantity) == NULL)
    {
      eg_messages_show (messages, _ ("There is nothing to compare yet"));
      return;
    }
  Asking *asking = asking_new (window, studying, page, messages);
  GtkListBox *list;
  GtkWindow *dialog = eg_choice_dialog_new (window, _ ("Compare With"), &list);
  g_object_set_data_full (G_OBJECT (window), KEY, asking, asking_free);
  g_set_weak_pointer (&asking->dialog, dialog);
  add_rows (list, asking, page);
  gtk_window_present (dialog);
}
