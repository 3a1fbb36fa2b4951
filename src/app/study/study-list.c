/* Looks into a folder of studies in a thread, and lists what is there. */
#include "app/study/study-list.h"

#include "app/parts/hold.h"
#include "app/study/studying.h"
#include "library/locate.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#define MOST_STUDIES 12 /* that are listed */

struct _EgStudyList
{
  AdwBin parent_instance;
  GtkWidget *list;
  char *asked_for; /* the folder that was asked for last */
};

enum
{
  OPEN,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgStudyList, eg_study_list, ADW_TYPE_BIN)

/* What is known of a study, without its facts. */
typedef struct
{
  char *path, *facts, *model;
  gsize done, total;
  gint64 time;
} Entry;

static void
entry_free (gpointer data)
{
  Entry *self = data;

  g_free (self->path);
  g_free (self->facts);
  g_free (self->model);
  g_free (self);
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  const Entry *left = *(const Entry *const *)a, *right = *(const Entry *const *)b;
  return (left->time < right->time) - (left->time > right->time);
}

static gint64
get_time (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  GStatBuf status;

  return g_stat (path, &status) == 0 ? (gint64)status.st_mtime : 0;
}

/* One that cannot be opened is no study of ours. */
static void
add_entry (GPtrArray *entries, const char *path)
{
  g_autoptr (EgStudyFolder) folder = eg_studying_is_folder (path) ? eg_study_folder_open (path, NULL) : NULL;

  if (folder == NULL)
    return;
  const EgStudySettings *settings = eg_study_folder_get_settings (folder);
  Entry *entry = g_new0 (Entry, 1);
  entry->path = g_strdup (path);
  entry->facts = g_strdup (settings->facts_name);
  entry->model = g_strdup (settings->model);
  entry->done = eg_study_folder_count_done (folder);
  entry->total = eg_study_folder_count_facts (folder);
  entry->time = MAX (get_time (path, "journal"), get_time (path, "study.json"));
  g_ptr_array_add (entries, entry);
}

static void
look_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func (entry_free);
  g_autoptr (GDir) dir = g_dir_open (task_data, 0, NULL);

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (task_data, name, NULL);
      add_entry (entries, path);
    }
  g_ptr_array_sort (entries, compare_entries);
  g_ptr_array_set_size (entries, (int)MIN (entries->len, MOST_STUDIES));
  g_task_return_pointer (task, entries, (GDestroyNotify)g_ptr_array_unref);
}

static void
on_activated (AdwActionRow *row, gpointer data)
{
  g_signal_emit (data, signals[OPEN], 0, g_object_get_data (G_OBJECT (row), "path"));
}

static void
add_row (EgStudyList *self, const Entry *entry)
{
  GtkWidget *row = adw_action_row_new ();
  const EgDemo *demo = eg_demo_find (entry->model);
  g_autofree char *title
      = g_strdup_printf (/* TRANSLATORS: a study in a list: the file of its facts, and its model. */
                         _ ("%s · %s"), entry->facts, demo != NULL ? _ (demo->label) : entry->model);
  g_autofree char *subtitle = entry->done == entry->total
                                  ? g_strdup_printf (_ ("%'zu facts, finished"), entry->total)
                                  : g_strdup_printf (_ ("%'zu of %'zu facts"), entry->done, entry->total);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  gtk_widget_set_tooltip_text (row, entry->path);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), gtk_image_new_from_icon_name ("go-next-symbolic"));
  g_object_set_data_full (G_OBJECT (row), "path", g_strdup (entry->path), g_free);
  g_signal_connect_object (row, "activated", G_CALLBACK (on_activated), self, 0);
  gtk_list_box_append (GTK_LIST_BOX (self->list), row);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer data)
{
  EgStudyList *self = EG_STUDY_LIST (source);
  g_autoptr (GPtrArray) entries = g_task_propagate_pointer (G_TASK (result), NULL);
  GtkWidget *row;

  eg_program_release ();
  if (self->list == NULL || g_strcmp0 (self->asked_for, g_task_get_task_data (G_TASK (result))) != 0)
    return;
  while ((row = gtk_widget_get_first_child (self->list)) != NULL)
    gtk_list_box_remove (GTK_LIST_BOX (self->list), row);
  for (guint i = 0; i < entries->len; i++)
    add_row (self, entries->pdata[i]);
  gtk_widget_set_visible (GTK_WIDGET (self), entries->len > 0);
}

void
eg_study_list_refresh (EgStudyList *self, const char *folder)
{
  g_return_if_fail (EG_IS_STUDY_LIST (self));

  g_autoptr (GTask) task = g_task_new (self, NULL, on_looked, NULL);

  g_free (self->asked_for);
  self->asked_for = g_strdup (folder);
  g_task_set_task_data (task, g_strdup (folder), g_free);
  eg_program_hold ();
  g_task_run_in_thread (task, look_in_thread);
}

static void
eg_study_list_dispose (GObject *object)
{
  EG_STUDY_LIST (object)->list = NULL;
  G_OBJECT_CLASS (eg_study_list_parent_class)->dispose (object);
}

static void
eg_study_list_finalize (GObject *object)
{
  g_free (EG_STUDY_LIST (object)->asked_for);
  G_OBJECT_CLASS (eg_study_list_parent_class)->finalize (object);
}

static void
eg_study_list_class_init (EgStudyListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = eg_study_list_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_study_list_finalize;
  signals[OPEN] = g_signal_new ("open", EG_TYPE_STUDY_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
eg_study_list_init (EgStudyList *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  /* TRANSLATORS: the head of a list: studies of many facts that were made before. */
  GtkWidget *heading = gtk_label_new (_ ("Earlier studies"));

  gtk_widget_add_css_class (heading, "heading");
  gtk_label_set_xalign (GTK_LABEL (heading), 0);
  self->list = gtk_list_box_new ();
  gtk_widget_add_css_class (self->list, "boxed-list");
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (self->list), GTK_SELECTION_NONE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Earlier studies"), -1);
  gtk_box_append (GTK_BOX (box), heading);
  gtk_box_append (GTK_BOX (box), self->list);
  adw_bin_set_child (ADW_BIN (self), box);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
