/* Two pages: known models and a line for any other name; one model, how much of it there is, and how far it
 * has come. */
#include "app/models/get-model-dialog.h"

#include "app/models/model-fetcher.h"
#include "app/parts/hold.h"
#include "app/parts/later.h"
#include "library/catalog.h"
#include "library/hub/listing.h"
#include "network/family.h"

#include <glib/gi18n.h>
#include <string.h>

struct _EgGetModelDialog
{
  AdwWindow parent_instance;
  EgModelFetcher *fetcher;
  EgGotModelFunc func;
  gpointer user_data;
  GHashTable *here;      /* name → folder, of models that are on this computer */
  GPtrArray *rows;       /* of AdwActionRow, whose title is the name */
  GCancellable *listing; /* of looking what is here */
  EgFetchState shown;    /* that the second page shows */

  GtkStack *pages;
  GtkWidget *back_button;
  AdwEntryRow *entry;
  GtkBox *families;
  GtkWidget *nothing_label;
  GtkLabel *name_label, *text_label, *numbers_label;
  GtkProgressBar *bar;
  GtkButton *get_button, *stop_button;
};

G_DEFINE_FINAL_TYPE (EgGetModelDialog, eg_get_model_dialog, ADW_TYPE_WINDOW)

/* ---- the end ---- */

/* Gives the folder, and goes. */
static void
give (EgGetModelDialog *self, const char *folder)
{
  const EgGotModelFunc func = self->func;
  if (func == NULL)
    return;
  self->func = NULL;
  func (folder, self->user_data);
  eg_destroy_later (GTK_WINDOW (self));
}

/* ---- one model ---- */

/* (transfer full) */
static char *
describe_known (EgGetModelDialog *self)
{
  const guint64 done = eg_model_fetcher_get_done (self->fetcher);
  const guint64 total = eg_model_fetcher_get_total (self->fetcher);
  g_autofree char *here = g_format_size (done), *left = g_format_size (total - MIN (done, total));
  if (done == 0)
    /* TRANSLATORS: how much is to be fetched. */
    return g_strdup_printf (_ ("%s, into Hugging Face’s cache on this computer"), left);
  /* TRANSLATORS: how much of a model is on this computer, and how much is not. */
  return done < total ? g_strdup_printf (_ ("%s of it are on this computer, %s are missing"), here, left)
                      : g_strdup (_ ("It is on this computer"));
}

/* What is said of a state. (transfer full) */
static char *
describe_state (EgGetModelDialog *self)
{
  switch (eg_model_fetcher_get_state (self->fetcher))
    {
    case EG_FETCH_ASKING:
      return g_strdup (_ ("Asking the Hub…"));
    case EG_FETCH_KNOWN:
      return describe_known (self);
    case EG_FETCH_RUNNING:
      return g_strdup (_ ("On its way. It is opened when it is here."));
    case EG_FETCH_STOPPED:
      return g_strdup (_ ("Stopped. What has come is kept."));
    case EG_FETCH_FAILED:
      return g_strdup (eg_model_fetcher_get_problem (self->fetcher));
    case EG_FETCH_IDLE:
    case EG_FETCH_DONE:
    default:
      return g_strdup ("");
    }
}

/* What the button of a state does; NULL: there is none. */
static const char *
get_button_label (EgGetModelDialog *self, EgFetchState state)
{
  switch (state)
    {
    case EG_FETCH_KNOWN:
      return eg_model_fetcher_get_done (self->fetcher) < eg_model_fetcher_get_total (self->fetcher)
                 /* TRANSLATORS: a button: fetch the model. */
                 ? _ ("_Get")
                 : _ ("_Open");
    case EG_FETCH_STOPPED:
      /* TRANSLATORS: a button: go on fetching. */
      return _ ("_Go On");
    case EG_FETCH_FAILED:
      return _ ("_Try Again");
    case EG_FETCH_IDLE:
    case EG_FETCH_ASKING:
    case EG_FETCH_RUNNING:
    case EG_FETCH_DONE:
    default:
      return NULL;
    }
}

/* Two buttons: none becomes the other one under the pointer. The focus goes from the one to the other. */
static void
show_state (EgGetModelDialog *self, EgFetchState state)
{
  const char *label = get_button_label (self, state);
  g_autofree char *text = describe_state (self);
  gtk_label_set_text (self->text_label, text);
  gtk_widget_set_visible (GTK_WIDGET (self->get_button), label != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->stop_button),
                          state == EG_FETCH_RUNNING || state == EG_FETCH_ASKING);
  if (label != NULL)
    gtk_button_set_label (self->get_button, label);
  gtk_widget_grab_focus (GTK_WIDGET (label != NULL ? self->get_button : self->stop_button));
}

static void
on_fetcher_changed (EgGetModelDialog *self)
{
  const EgFetchState state = eg_model_fetcher_get_state (self->fetcher);
  const guint64 total = eg_model_fetcher_get_total (self->fetcher);
  const gboolean measured
      = total > 0 && (state == EG_FETCH_RUNNING || state == EG_FETCH_STOPPED || state == EG_FETCH_FAILED);
  g_autofree char *numbers = eg_model_fetcher_describe (self->fetcher);

  if (state == EG_FETCH_DONE)
    {
      give (self, eg_model_fetcher_get_folder (self->fetcher));
      return;
    }
  gtk_label_set_text (self->numbers_label, measured ? numbers : "");
  gtk_widget_set_visible (GTK_WIDGET (self->numbers_label), measured);
  gtk_widget_set_visible (GTK_WIDGET (self->bar), measured);
  if (measured)
    gtk_progress_bar_set_fraction (self->bar,
                                   (double)eg_model_fetcher_get_done (self->fetcher) / (double)total);
  if (state != self->shown)
    show_state (self, state);
  self->shown = state;
}

static void
show_page (EgGetModelDialog *self, const char *name)
{
  gtk_stack_set_visible_child_name (self->pages, name);
  gtk_widget_set_visible (self->back_button, strcmp (name, "model") == 0);
}

/* One that is here is opened, whatever the Hub has now; another one is asked for. */
static void
choose (EgGetModelDialog *self, const char *name)
{
  const char *folder = g_hash_table_lookup (self->here, name);
  if (folder != NULL)
    {
      give (self, folder);
      return;
    }
  gtk_label_set_text (self->name_label, name);
  show_page (self, "model");
  eg_model_fetcher_ask (self->fetcher, name);
}

/* ---- the list ---- */

static void
on_row_activated (AdwActionRow *row, gpointer data)
{
  choose (data, adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)));
}

/* (transfer full) */
static char *
describe_size (const EgKnownModel *model)
{
  const double millions = (double)model->n_parameters / 1e6;
  g_autofree char *parameters
      /* TRANSLATORS: how many parameters a model has. */
      = millions < 1000 ? g_strdup_printf (_ ("%.0f million parameters"), millions)
                        /* TRANSLATORS: how many parameters a model has. */
                        : g_strdup_printf (_ ("%.1f billion parameters"), millions / 1e3);
  if (model->bytes_each == 0)
    return g_steal_pointer (&parameters);
  g_autofree char *bytes = g_format_size (model->n_parameters * model->bytes_each);
  /* TRANSLATORS: how many parameters a model has, and how much there is to fetch. */
  return g_strdup_printf (_ ("%s, about %s"), parameters, bytes);
}

static GtkWidget *
new_row (EgGetModelDialog *self, const EgKnownModel *model)
{
  g_autofree char *size = describe_size (model);
  GtkWidget *row = adw_action_row_new (), *arrow = gtk_image_new_from_icon_name ("go-next-symbolic");
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), model->name);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), size);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), arrow);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  g_signal_connect (row, "activated", G_CALLBACK (on_row_activated), self);
  g_ptr_array_add (self->rows, row);
  return row;
}

static void
fill_list (EgGetModelDialog *self)
{
  for (gsize i = 0; eg_families[i] != NULL; i++)
    {
      const EgKnownModel *known = eg_families[i]->known;
      if (known == NULL)
        continue;
      GtkWidget *group = adw_preferences_group_new ();
      adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), _ (eg_families[i]->title));
      for (; known->name != NULL; known++)
        adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), new_row (self, known));
      gtk_box_append (self->families, group);
    }
}

/* Of a name, or a part of it: those that have it; a family without any goes, too. */
static void
filter_list (EgGetModelDialog *self, const char *text)
{
  g_autofree char *wanted = g_utf8_casefold (text, -1);
  gboolean anything = FALSE;
  for (GtkWidget *group = gtk_widget_get_first_child (GTK_WIDGET (self->families)); group != NULL;
       group = gtk_widget_get_next_sibling (group))
    {
      gboolean any = FALSE;
      for (guint i = 0; i < self->rows->len; i++)
        {
          GtkWidget *row = self->rows->pdata[i];
          if (!gtk_widget_is_ancestor (row, group))
            continue;
          g_autofree char *name
              = g_utf8_casefold (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)), -1);
          const gboolean shown = strstr (name, wanted) != NULL;
          gtk_widget_set_visible (row, shown);
          any = any || shown;
        }
      gtk_widget_set_visible (group, any);
      anything = anything || any;
    }
  gtk_widget_set_visible (self->nothing_label, !anything);
}

/* The name that is typed, without what a browser's address has before it. (transfer full) (nullable) */
static char *
get_typed_name (EgGetModelDialog *self)
{
  g_autofree char *text = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->entry))));
  const char *name = text;
  if (strstr (text, "://") != NULL)
    {
      const char *host = strstr (text, "://") + strlen ("://");
      name = strchr (host, '/') != NULL ? strchr (host, '/') + 1 : "";
    }
  return eg_hub_is_name (name) ? g_strdup (name) : NULL;
}

static void
on_typed (GObject *entry, GParamSpec *pspec, gpointer data)
{
  EgGetModelDialog *self = data;
  g_autofree char *name = get_typed_name (self);
  g_autofree char *text = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->entry))));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "dialog.ask", name != NULL);
  filter_list (self, name != NULL ? name : text);
}

static void
ask_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgGetModelDialog *self = EG_GET_MODEL_DIALOG (widget);
  g_autofree char *typed = get_typed_name (self);
  if (typed != NULL)
    choose (self, typed);
}

static void
on_entry_activated (AdwEntryRow *entry, gpointer data)
{
  ask_action (data, NULL, NULL);
}

/* ---- what is here: looked up in a thread, since folders may lie on a slow disk ---- */

static void
list_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;
  GPtrArray *entries = eg_model_list (NULL, cancellable, &error);
  if (entries != NULL)
    g_task_return_pointer (task, entries, (GDestroyNotify)g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  EgGetModelDialog *self = EG_GET_MODEL_DIALOG (source);
  g_autoptr (GPtrArray) entries = g_task_propagate_pointer (G_TASK (result), NULL);

  eg_program_release ();
  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const EgModelEntry *entry = entries->pdata[i];
      if (entry->problem == NULL)
        g_hash_table_insert (self->here, g_strdup (entry->name), g_strdup (entry->folder));
    }
  for (guint i = 0; entries != NULL && i < self->rows->len; i++)
    {
      AdwActionRow *row = self->rows->pdata[i];
      if (!g_hash_table_contains (self->here, adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row))))
        continue;
      g_autofree char *text
          /* TRANSLATORS: how large a model is. */
          = g_strdup_printf (_ ("%s, on this computer"), adw_action_row_get_subtitle (row));
      adw_action_row_set_subtitle (row, text);
    }
}

static void
look_what_is_here (EgGetModelDialog *self)
{
  g_autoptr (GTask) task = g_task_new (self, self->listing, on_listed, NULL);
  eg_program_hold ();
  g_task_run_in_thread (task, list_in_thread);
}

/* ---- the window ---- */

static void
back_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgGetModelDialog *self = EG_GET_MODEL_DIALOG (widget);
  eg_model_fetcher_stop (self->fetcher);
  show_page (self, "choose");
  gtk_widget_grab_focus (GTK_WIDGET (self->entry));
}

static void
get_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_model_fetcher_fetch (EG_GET_MODEL_DIALOG (widget)->fetcher);
}

static void
stop_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgGetModelDialog *self = EG_GET_MODEL_DIALOG (widget);
  if (eg_model_fetcher_get_state (self->fetcher) == EG_FETCH_ASKING)
    back_action (widget, NULL, NULL);
  else
    eg_model_fetcher_stop (self->fetcher);
}

/* Closes, but not what is on its way: a key that was meant for something else would stop it. */
static void
escape_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  if (eg_model_fetcher_get_state (EG_GET_MODEL_DIALOG (widget)->fetcher) != EG_FETCH_RUNNING)
    gtk_window_close (GTK_WINDOW (widget));
}

static void
eg_get_model_dialog_dispose (GObject *object)
{
  EgGetModelDialog *self = EG_GET_MODEL_DIALOG (object);

  if (self->fetcher != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->fetcher, self);
      eg_model_fetcher_stop (self->fetcher);
    }
  g_clear_object (&self->fetcher);
  if (self->listing != NULL)
    g_cancellable_cancel (self->listing);
  g_clear_object (&self->listing);
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_GET_MODEL_DIALOG);
  g_ptr_array_set_size (self->rows, 0);
  G_OBJECT_CLASS (eg_get_model_dialog_parent_class)->dispose (object);
}

static void
eg_get_model_dialog_finalize (GObject *object)
{
  EgGetModelDialog *self = EG_GET_MODEL_DIALOG (object);

  g_hash_table_unref (self->here);
  g_ptr_array_unref (self->rows);
  G_OBJECT_CLASS (eg_get_model_dialog_parent_class)->finalize (object);
}

static void
eg_get_model_dialog_class_init (EgGetModelDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_get_model_dialog_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_get_model_dialog_finalize;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/engram_app/Engram/get-model-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, EgGetModelDialog, pages);
  gtk_widget_class_bind_template_child (widget_class, EgGetModelDialog, back_button);
  gtk_widget_class_bind_template_child (widget_class, EgGetModelDialog, entry);
  gtk_widget_class_bind_template_child (widget_class, EgGetModelDialog, families);
  gtk_widget_class_bind_template_child (widget_class, EgGetModelDialog, nothing_label);
  gtk_widget_class_bind_template_child (widget_class, EgGetModelDialog, name_label);
  gtk_widget_class_bind_template_child (widget_class, EgGetModelDialog, text_label);
  gtk_widget_class_bind_template_child (widget_class, EgGetModelDialog, numbers_label);
  gtk_widget_class_bind_template_child (widget_class, EgGetModelDialog, bar);
  gtk_widget_class_bind_template_child (widget_class, EgGetModelDialog, get_button);
  gtk_widget_class_bind_template_child (widget_class, EgGetModelDialog, stop_button);
  gtk_widget_class_bind_template_callback (widget_class, on_typed);
  gtk_widget_class_bind_template_callback (widget_class, on_entry_activated);
  gtk_widget_class_install_action (widget_class, "dialog.ask", NULL, ask_action);
  gtk_widget_class_install_action (widget_class, "dialog.back", NULL, back_action);
  gtk_widget_class_install_action (widget_class, "dialog.get", NULL, get_action);
  gtk_widget_class_install_action (widget_class, "dialog.stop", NULL, stop_action);
  gtk_widget_class_install_action (widget_class, "dialog.escape", NULL, escape_action);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "dialog.escape", NULL);
}

static void
eg_get_model_dialog_init (EgGetModelDialog *self)
{
  self->fetcher = eg_model_fetcher_new ();
  self->here = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->rows = g_ptr_array_new ();
  self->listing = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "dialog.ask", FALSE);
  fill_list (self);
  g_signal_connect_swapped (self->fetcher, "changed", G_CALLBACK (on_fetcher_changed), self);
}

GtkWindow *
eg_get_model_dialog_show (GtkWindow *parent, const char *name, EgGotModelFunc func, gpointer user_data)
{
  EgGetModelDialog *self = g_object_new (EG_TYPE_GET_MODEL_DIALOG, "transient-for", parent, NULL);

  self->func = func;
  self->user_data = user_data;
  look_what_is_here (self);
  if (name != NULL)
    {
      gtk_editable_set_text (GTK_EDITABLE (self->entry), name);
      choose (self, name);
    }
  else
    gtk_window_set_focus (GTK_WINDOW (self), GTK_WIDGET (self->entry));
  gtk_window_present (GTK_WINDOW (self));
  return GTK_WINDOW (self);
}
