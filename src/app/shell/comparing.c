/* Asks for the second map, gets it, and opens the window with both. */
#include "app/shell/comparing.h"

#include "app/models/model-menu.h"
#include "app/parts/choice-dialog.h"
#include "app/parts/hold.h"
#include "app/parts/later.h"
#include "app/parts/path-dialog.h"
#include "app/shell/comparison-window.h"
#include "library/locate.h"
#include "library/model.h"
#include "trace/compare/comparison.h"
#include "trace/result/result-io.h"

#include <adwaita.h>
#include <glib/gi18n.h>

/**
 * Asking: @first: the map, as it was when it was asked for; @title: of its page
 * @dialog: the question, while it is there
 */
typedef struct
{
  gatomicrefcount refs;
  GtkWindow *window; /* weak */
  EgMessages *messages;
  EgTraceGrid *first;
  GtkWindow *dialog; /* weak */
} Asking;

static void
asking_unref (Asking *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_weak_pointer (&self->window);
  g_clear_weak_pointer (&self->dialog);
  g_object_unref (self->messages);
  eg_trace_grid_unref (self->first);
  g_free (self);
}

static Asking *
asking_ref (Asking *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/* second: (transfer none) */
static void
show (Asking *self, EgTraceGrid *second)
{
  g_autoptr (GError) error = NULL;
  EgComparisonWindow *window = eg_comparison_window_new (self->window, self->first);
  if (eg_comparison_window_show (window, second, &error))
    {
      gtk_window_present (GTK_WINDOW (window));
      return;
    }
  gtk_window_destroy (GTK_WINDOW (window));
  eg_messages_show (self->messages, error->message);
}

static void
trace (Asking *self, const char *model)
{
  EgComparisonWindow *window = eg_comparison_window_new (self->window, self->first);
  eg_comparison_window_trace (window, model);
  gtk_window_present (GTK_WINDOW (window));
}

/* ---- a file ---- */

/* In a thread: what is opened. */
typedef struct
{
  Asking *asking;
  char *path;
} Getting;

static void
getting_free (gpointer data)
{
  Getting *self = data;
  asking_unref (self->asking);
  g_free (self->path);
  g_free (self);
}

static void
get_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Getting *it = data;
  g_autoptr (GError) error = NULL;
  EgTraceResult *result = eg_trace_result_load_npz (it->path, &error);
  if (result != NULL)
    g_task_return_pointer (task, result, (GDestroyNotify)eg_trace_result_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
on_got (GObject *source, GAsyncResult *result, gpointer data)
{
  const Getting *it = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceResult) got = g_task_propagate_pointer (G_TASK (result), &error);
  eg_program_release ();
  if (it->asking->window == NULL)
    return;
  if (got == NULL)
    {
      eg_messages_show (it->asking->messages, error->message);
      return;
    }
  EgTraceGrid *same = eg_trace_result_find_site (got, it->asking->first->site);
  show (it->asking, same != NULL ? same : got->grids[0]);
}

static void
get (Asking *self, const char *path)
{
  Getting *it = g_new0 (Getting, 1);
  it->asking = asking_ref (self);
  it->path = g_strdup (path);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_got, NULL);
  g_task_set_task_data (task, it, getting_free);
  eg_program_hold ();
  g_task_run_in_thread (task, get_in_thread);
}

static void
on_path (GtkWindow *parent, const char *path, gpointer data)
{
  get (g_object_get_data (G_OBJECT (parent), "eg-comparing"), path);
}

/* ---- the question ---- */

typedef struct
{
  Asking *asking;
  EgTraceGrid *grid; /* of another tab, or NULL */
  char *model;       /* a name or a folder, or NULL: a file */
} Choice;

static void
choice_free (gpointer data, GClosure *closure)
{
  Choice *self = data;
  g_clear_pointer (&self->grid, eg_trace_grid_unref);
  asking_unref (self->asking);
  g_free (self->model);
  g_free (self);
}

static void
on_chosen (AdwActionRow *row, gpointer data)
{
  const Choice *choice = data;
  Asking *self = asking_ref (choice->asking);
  g_autoptr (EgTraceGrid) grid = choice->grid != NULL ? eg_trace_grid_ref (choice->grid) : NULL;
  g_autofree char *model = g_strdup (choice->model);
  GtkWindow *window = self->window;
  const EgFileKind kind = { "npz", _ ("Traces (NumPy archives)") };

  if (self->dialog != NULL)
    eg_destroy_later (self->dialog);
  if (grid != NULL)
    show (self, grid);
  else if (model != NULL)
    trace (self, model);
  else if (window != NULL)
    {
      g_object_set_data_full (G_OBJECT (window), "eg-comparing", asking_ref (self),
                              (GDestroyNotify)asking_unref);
      eg_path_dialog_open_file (window, _ ("Compare With a File"), &kind, on_path, NULL);
    }
  asking_unref (self);
}

static void
add_row (GtkListBox *list,
         const char *title,
         const char *subtitle,
         Asking *asking,
         EgTraceGrid *grid,
         const char *model)
{
  GtkWidget *row = adw_action_row_new ();
  Choice *choice = g_new0 (Choice, 1);
  *choice = (Choice){ asking_ref (asking), grid != NULL ? eg_trace_grid_ref (grid) : NULL, g_strdup (model) };
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  g_signal_connect_data (row, "activated", G_CALLBACK (on_chosen), choice, choice_free, 0);
  gtk_list_box_append (list, row);
}

/* A model that the menu of models offers; not the map's own. */
static void
add_model (GtkListBox *list, Asking *asking, GMenuModel *menu, int i)
{
  g_autofree char *action = NULL, *model = NULL;
  if (!g_menu_model_get_item_attribute (menu, i, G_MENU_ATTRIBUTE_ACTION, "s", &action)
      || g_strcmp0 (action, "win.open-model-named") != 0
      || !g_menu_model_get_item_attribute (menu, i, G_MENU_ATTRIBUTE_TARGET, "s", &model))
    return;
  g_autofree char *name = g_path_is_absolute (model) ? eg_model_get_name_of (model) : g_strdup (model);
  const EgDemo *demo = eg_demo_find (name);
  if (g_strcmp0 (name, asking->first->result->model) != 0)
    add_row (list, demo != NULL ? _ (demo->title) : name, _ ("The same is traced on it"), asking, NULL,
             model);
}

static void
add_models (GtkListBox *list, Asking *asking, GMenuModel *menu)
{
  for (int i = 0; i < g_menu_model_get_n_items (menu); i++)
    {
      g_autoptr (GMenuModel) section = g_menu_model_get_item_link (menu, i, G_MENU_LINK_SECTION);
      if (section != NULL)
        add_models (list, asking, section);
      else
        add_model (list, asking, menu, i);
    }
}

static void
add_rows (GtkListBox *list, Asking *asking, GPtrArray *others)
{
  const EgTraceResult *first = asking->first->result;
  for (guint i = 0; i < others->len; i++)
    {
      g_autofree char *title = eg_trace_page_describe (others->pdata[i]);
      EgTraceGrid *grid = eg_trace_page_get_shown (others->pdata[i]);
      add_row (list, title, grid->result->model, asking, grid, NULL);
    }
  if (first->has_settings && !eg_comparison_is_estimate (asking->first))
    add_models (list, asking, eg_model_menu_get_menu (eg_model_menu_get_default (NULL)));
  add_row (list, _ ("File…"), _ ("A saved trace"), asking, NULL, NULL);
}

void
eg_comparing_ask (GtkWindow *window, EgTracePage *page, GPtrArray *others, EgMessages *messages)
{
  EgTraceGrid *shown = eg_trace_page_get_shown (page);
  Asking *self = g_new0 (Asking, 1);
  GtkListBox *list;
  GtkWindow *dialog = eg_choice_dialog_new (window, _ ("Compare With"), &list);

  g_atomic_ref_count_init (&self->refs);
  self->messages = g_object_ref (messages);
  self->first = eg_trace_grid_copy (shown);
  g_set_weak_pointer (&self->window, window);
  g_set_weak_pointer (&self->dialog, dialog);
  add_rows (list, self, others);
  gtk_window_present (dialog);
  asking_unref (self);
}
