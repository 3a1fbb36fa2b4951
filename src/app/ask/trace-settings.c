#include "app/ask/trace-settings.h"

#include "app/ask/corruption-row.h"
#include "app/parts/field-message.h"
#include "app/ask/more-row.h"
#include "app/ask/remembered-settings.h"
#include "app/ask/restoring-row.h"
#include "app/ask/settings-check.h"
#include "app/ask/site-chooser.h"
#include "app/ask/token-index.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define N_COMPLETIONS 12

struct _EgTraceSettings
{
  AdwBin parent_instance;
  EgTokenIndex *index; /* of the model's tokens; NULL until it is made */
  EgTokenizer *tokenizer;
  GCancellable *indexing;
  GtkListStore *matches;

  EgSiteSet sites_before; /* of a knockout, whose site is the state; 0: none */
  EgSite first_before;
  gboolean showing;
  GSettings *remembered; /* or NULL */

  EgSiteChooser *sites;
  EgCorruptionRow *corruption;
  EgRestoringRow *restoring;
  EgMoreRow *more;
  GtkEntry *target;
  GtkEntryCompletion *completion;
  GtkSpinButton *samples, *noise;
  GtkWidget *reset, *site_row, *samples_row, *noise_row;
  GtkLabel *target_message;
};

enum
{
  CHANGED,
  ACTIVATED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgTraceSettings, eg_trace_settings, ADW_TYPE_BIN)

/* As at the first start. (transfer full) */
static EgTraceRequest *
usual_request (void)
{
  EgTraceRequest *request = eg_trace_request_new ("", "");

  request->device.kind = EG_DEVICE_AUTO;
  return request;
}

static gboolean
is_default (EgTraceSettings *self)
{
  g_autoptr (EgTraceRequest) now = eg_trace_request_new ("", ""), usual = usual_request ();

  eg_trace_settings_fill (self, now);
  return eg_trace_request_equal (now, usual) && now->threads == usual->threads;
}

/* What means nothing beside other settings cannot be changed. */
static void
update (EgTraceSettings *self)
{
  g_autoptr (EgTraceRequest) now = eg_trace_request_new ("", "");

  eg_trace_settings_fill (self, now);
  const gboolean noise = now->corruption.kind != EG_CORRUPTION_SWAP;
  gtk_widget_set_sensitive (self->site_row, !now->has_knockout);
  gtk_widget_set_sensitive (self->samples_row, noise);
  gtk_widget_set_sensitive (self->noise_row, eg_corruption_uses_level (&now->corruption));
  eg_more_row_set_noise (self->more, noise);
  gtk_widget_set_sensitive (self->reset, !is_default (self));
}

static void
changed (EgTraceSettings *self)
{
  if (self->showing)
    return;
  update (self);
  if (self->remembered != NULL)
    {
      g_autoptr (EgTraceRequest) now = eg_trace_request_new ("", "");
      eg_trace_settings_fill (self, now);
      eg_remembered_settings_save (self->remembered, now);
    }
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
on_changed (EgTraceSettings *self)
{
  changed (self);
}

static void
on_sites_changed (EgSiteChooser *sites, GParamSpec *pspec, gpointer data)
{
  changed (data);
}

/* It is about the state, and gives the site back when it ends. */
static void
on_knockout (EgTraceSettings *self)
{
  if (eg_restoring_row_has_knockout (self->restoring))
    {
      self->sites_before = eg_site_chooser_get_sites (self->sites);
      self->first_before = eg_site_chooser_get_first (self->sites);
      eg_site_chooser_set_sites (self->sites, EG_SITE_BIT (EG_SITE_STATE), EG_SITE_STATE);
    }
  else if (self->sites_before != 0)
    {
      eg_site_chooser_set_sites (self->sites, self->sites_before, self->first_before);
      self->sites_before = 0;
    }
}

/* Tokens that begin with what has been typed, with or without the space that most words begin with. */
static void
update_matches (EgTraceSettings *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->target));

  gtk_list_store_clear (self->matches);
  if (self->index == NULL || *text == '\0')
    return;
  /* Not before it is needed: with a model, GTK 4.8 keeps about 2 KB of an entry that is gone. */
  if (gtk_entry_completion_get_model (self->completion) == NULL)
    gtk_entry_completion_set_model (self->completion, GTK_TREE_MODEL (self->matches));
  g_autoptr (GPtrArray) found = eg_token_index_find (self->index, text, N_COMPLETIONS);
  for (guint i = 0; i < found->len; i++)
    gtk_list_store_insert_with_values (self->matches, NULL, -1, 0, found->pdata[i], -1);
}

static void
on_target_changed (GtkEditable *editable, gpointer data)
{
  update_matches (data);
  changed (data);
}

static void
on_target_activate (GtkEntry *entry, gpointer data)
{
  g_signal_emit (data, signals[ACTIVATED], 0);
}

static gboolean
on_match_selected (GtkEntryCompletion *completion, GtkTreeModel *model, GtkTreeIter *iter, gpointer data)
{
  EgTraceSettings *self = data;
  g_autofree char *text = NULL;

  gtk_tree_model_get (model, iter, 0, &text, -1);
  gtk_editable_set_text (GTK_EDITABLE (self->target), text);
  gtk_editable_set_position (GTK_EDITABLE (self->target), -1);
  return TRUE;
}

/* The matches are the answer already. */
static gboolean
match_always (GtkEntryCompletion *completion, const char *key, GtkTreeIter *iter, gpointer data)
{
  return TRUE;
}

static void
on_reset (GtkButton *button, gpointer data)
{
  g_autoptr (EgTraceRequest) usual = usual_request ();
  EgTraceSettings *self = data;

  eg_more_row_set_threads (self->more, usual->threads);
  eg_trace_settings_show (self, usual);
}

static void
eg_trace_settings_dispose (GObject *object)
{
  EgTraceSettings *self = EG_TRACE_SETTINGS (object);

  if (self->indexing != NULL)
    g_cancellable_cancel (self->indexing);
  g_clear_object (&self->indexing);
  g_clear_pointer (&self->index, eg_token_index_free);
  g_clear_pointer (&self->tokenizer, eg_tokenizer_unref);
  g_clear_object (&self->matches);
  g_clear_object (&self->remembered);
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_TRACE_SETTINGS);
  G_OBJECT_CLASS (eg_trace_settings_parent_class)->dispose (object);
}

static void
eg_trace_settings_class_init (EgTraceSettingsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_trace_settings_dispose;
  g_type_ensure (EG_TYPE_CORRUPTION_ROW);
  g_type_ensure (EG_TYPE_MORE_ROW);
  g_type_ensure (EG_TYPE_RESTORING_ROW);
  g_type_ensure (EG_TYPE_SITE_CHOOSER);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/engram_app/Engram/trace-settings.ui");
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, sites);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, site_row);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, corruption);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, restoring);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, more);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, target);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, completion);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, samples);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, samples_row);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, noise);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, noise_row);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, reset);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, target_message);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_sites_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_knockout);
  gtk_widget_class_bind_template_callback (widget_class, on_target_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_target_activate);
  gtk_widget_class_bind_template_callback (widget_class, on_match_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_reset);

  signals[CHANGED] = g_signal_new ("changed", EG_TYPE_TRACE_SETTINGS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
  signals[ACTIVATED] = g_signal_new ("activated", EG_TYPE_TRACE_SETTINGS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                     NULL, G_TYPE_NONE, 0);
}

/* libadwaita's rows break their titles anywhere, also where there would be room. */
static void
keep_words_whole (GtkWidget *widget)
{
  if (GTK_IS_LABEL (widget) && gtk_widget_has_css_class (widget, "title"))
    gtk_label_set_wrap_mode (GTK_LABEL (widget), PANGO_WRAP_WORD);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    keep_words_whole (child);
}

/* A list is called what its row is, for those who do not see that it belongs there. A row that opens has two,
 * and libadwaita 1.2 leaves it without a name. */
static void
name_lists (GtkWidget *widget)
{
  GtkWidget *row = gtk_widget_get_ancestor (widget, ADW_TYPE_PREFERENCES_ROW); /* itself, perhaps */

  if (GTK_IS_LIST_BOX (widget) || ADW_IS_EXPANDER_ROW (widget))
    {
      const char *title
          = row != NULL ? adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)) : _ ("Trace");
      g_auto (GStrv) parts = g_strsplit (title, "_", -1);
      g_autofree char *name = g_strjoinv (NULL, parts);
      gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    name_lists (child);
}

static void
eg_trace_settings_init (EgTraceSettings *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  keep_words_whole (GTK_WIDGET (self));
  self->matches = gtk_list_store_new (1, G_TYPE_STRING);
  /* The property of that name says what is inserted, but shows nothing: only this adds a renderer. */
  gtk_entry_completion_set_text_column (self->completion, 0);
  gtk_entry_completion_set_match_func (self->completion, match_always, NULL, NULL);
  gtk_widget_set_sensitive (self->reset, FALSE);
  name_lists (GTK_WIDGET (self));
}

GtkWidget *
eg_trace_settings_new (void)
{
  return g_object_new (EG_TYPE_TRACE_SETTINGS, NULL);
}

void
eg_trace_settings_bind (EgTraceSettings *self, GSettings *settings)
{
  g_return_if_fail (EG_IS_TRACE_SETTINGS (self));

  if (settings == NULL)
    return;
  g_settings_bind (settings, "samples", self->samples, "value", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "noise-level", self->noise, "value", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "site", self->sites, "names", G_SETTINGS_BIND_DEFAULT);
  eg_restoring_row_bind (self->restoring, settings);
  eg_more_row_bind (self->more, settings);

  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("", "");
  eg_trace_settings_fill (self, request);
  eg_remembered_settings_load (settings, request);
  eg_trace_settings_show (self, request);
  self->remembered = g_object_ref (settings);
}

static void
on_indexed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (EgTokenIndex) index = eg_token_index_new_finish (result);

  /* Cancelled: the widget may be gone. */
  if (index == NULL)
    return;
  EgTraceSettings *self = data;
  g_clear_object (&self->indexing);
  self->index = g_steal_pointer (&index);
}

void
eg_trace_settings_set_model (EgTraceSettings *self, EgModel *model)
{
  g_return_if_fail (EG_IS_TRACE_SETTINGS (self));

  EgTokenizer *tokenizer = model != NULL ? eg_model_get_tokenizer (model) : NULL;

  if (tokenizer == self->tokenizer)
    return;
  if (self->indexing != NULL)
    g_cancellable_cancel (self->indexing);
  g_clear_object (&self->indexing);
  g_clear_pointer (&self->index, eg_token_index_free);
  g_clear_pointer (&self->tokenizer, eg_tokenizer_unref);
  if (tokenizer == NULL)
    return;
  self->tokenizer = eg_tokenizer_ref (tokenizer);
  self->indexing = g_cancellable_new ();
  eg_token_index_new_async (tokenizer, self->indexing, on_indexed, self);
}

void
eg_trace_settings_fill (EgTraceSettings *self, EgTraceRequest *request)
{
  g_return_if_fail (EG_IS_TRACE_SETTINGS (self));

  const char *target = eg_trace_settings_get_target (self);

  request->site = eg_site_chooser_get_first (self->sites);
  request->more_sites = eg_site_chooser_get_sites (self->sites) & ~EG_SITE_BIT (request->site);
  g_free (request->target);
  request->target = *target != '\0' ? g_strdup (target) : NULL;
  request->samples = (guint)gtk_spin_button_get_value_as_int (self->samples);
  request->noise_level = gtk_spin_button_get_value (self->noise);
  eg_corruption_row_fill (self->corruption, request);
  eg_restoring_row_fill (self->restoring, request);
  eg_more_row_fill (self->more, request);
}

void
eg_trace_settings_show (EgTraceSettings *self, const EgTraceRequest *request)
{
  g_return_if_fail (EG_IS_TRACE_SETTINGS (self));

  self->showing = TRUE;
  self->sites_before = 0;
  eg_site_chooser_set_sites (self->sites, EG_SITE_BIT (request->site) | request->more_sites, request->site);
  eg_trace_settings_set_target (self, request->target);
  gtk_spin_button_set_value (self->samples, request->samples);
  gtk_spin_button_set_value (self->noise, request->noise_level);
  eg_corruption_row_show (self->corruption, request);
  eg_restoring_row_show (self->restoring, request);
  eg_more_row_show (self->more, request);
  self->showing = FALSE;
  changed (self);
}

/* The rows' own texts first, then all of it together. */
static EgSettingsPart
find_wrong (EgTraceSettings *self, const EgTraceRequest *request, EgModel *model, GError **error)
{
  g_autoptr (EgTraceInput) input = NULL;

  if (!eg_corruption_row_check (self->corruption, error))
    return EG_SETTINGS_CORRUPTION;
  if (!eg_restoring_row_check (self->restoring, error))
    return EG_SETTINGS_RESTORING;
  const EgSettingsPart part = eg_settings_check (request, model, &input, error);
  if (input != NULL)
    eg_restoring_row_suggest (self->restoring, eg_model_get_sizes (model)->n_layers, input);
  return part;
}

gboolean
eg_trace_settings_check (EgTraceSettings *self, const EgTraceRequest *request, EgModel *model, GError **error)
{
  g_return_val_if_fail (EG_IS_TRACE_SETTINGS (self), FALSE);

  GError *wrong = NULL;
  const EgSettingsPart part = find_wrong (self, request, model, &wrong);
  const char *message = wrong != NULL ? wrong->message : NULL;

  eg_corruption_row_set_error (self->corruption, part == EG_SETTINGS_CORRUPTION ? message : NULL);
  eg_restoring_row_set_error (self->restoring, part == EG_SETTINGS_RESTORING ? message : NULL);
  eg_more_row_set_error (self->more, part == EG_SETTINGS_MORE ? message : NULL);
  if (wrong != NULL)
    g_propagate_error (error, wrong);
  return part == EG_SETTINGS_FINE;
}

void
eg_trace_settings_set_target (EgTraceSettings *self, const char *target)
{
  g_return_if_fail (EG_IS_TRACE_SETTINGS (self));

  const char *text = target != NULL ? target : "";
  if (strcmp (eg_trace_settings_get_target (self), text) != 0)
    gtk_editable_set_text (GTK_EDITABLE (self->target), text);
}

const char *
eg_trace_settings_get_target (EgTraceSettings *self)
{
  return gtk_editable_get_text (GTK_EDITABLE (self->target));
}

void
eg_trace_settings_set_message (EgTraceSettings *self, const char *message, gboolean error)
{
  g_return_if_fail (EG_IS_TRACE_SETTINGS (self));

  eg_field_message_show (self->target_message, GTK_WIDGET (self->target), message, error);
}

void
eg_trace_settings_commit (EgTraceSettings *self)
{
  gtk_spin_button_update (self->samples);
  gtk_spin_button_update (self->noise);
  eg_restoring_row_commit (self->restoring);
  eg_more_row_commit (self->more);
}
