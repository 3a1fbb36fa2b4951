/* The rows of the settings as one panel: what a person changes in any of them is one edit of the draft. */
#include "app/ask/trace-settings.h"

#include "app/ask/corruption-row.h"
#include "app/ask/estimate-row.h"
#include "app/ask/more-row.h"
#include "app/ask/remembered-settings.h"
#include "app/ask/restoring-row.h"
#include "app/ask/site-chooser.h"
#include "app/ask/target-row.h"
#include "app/parts/choices.h"
#include "trace/ask/site-names.h"

#include <glib/gi18n.h>

/* Of an estimate's steps that can be chosen, beside none. */
#define LEAST_STEPS 2
#define MOST_STEPS  10

struct _EgTraceSettings
{
  AdwBin parent_instance;
  EgDraft *draft;      /* NULL: nothing is shown yet, or any more */
  char **sites_before; /* of a knockout, which has a site of its own; NULL: none */
  gboolean showing;    /* what changes in a widget does not come from a person */

  EgSiteChooser *sites;
  EgTargetRow *target;
  EgCorruptionRow *corruption;
  EgRestoringRow *restoring;
  EgEstimateRow *estimate;
  AdwComboRow *steps; /* first: none; then from the least to the most */
  EgMoreRow *more;
  GtkSpinButton *samples, *noise;
  GtkWidget *reset, *site_row, *samples_row, *noise_row;
  GtkLabel *target_message;
};

enum
{
  ACTIVATED,
  ESTIMATE_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgTraceSettings, eg_trace_settings, ADW_TYPE_BIN)

/* ---- steps of an estimate ---- */

static guint
get_steps (EgTraceSettings *self)
{
  const guint selected = adw_combo_row_get_selected (self->steps);
  return selected == 0 || selected > MOST_STEPS - LEAST_STEPS + 1 ? 0 : selected + LEAST_STEPS - 1;
}

static void
show_steps (EgTraceSettings *self, guint steps)
{
  adw_combo_row_set_selected (self->steps,
                              steps < LEAST_STEPS ? 0 : MIN (steps, MOST_STEPS) - LEAST_STEPS + 1);
}

static void
offer_steps (EgTraceSettings *self)
{
  char numbers[MOST_STEPS - LEAST_STEPS + 1][12];
  /* TRANSLATORS: of a way to compute something: it is not used. */
  const char *texts[G_N_ELEMENTS (numbers) + 1] = { C_ ("integrated gradients", "Off") };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_snprintf (numbers[i], sizeof numbers[i], "%u", i + LEAST_STEPS);
      texts[i + 1] = numbers[i];
    }
  eg_choices_set (self->steps, texts, G_N_ELEMENTS (texts));
}

/* Only where there is something to estimate. */
static void
update_steps (EgTraceSettings *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->steps),
                          gtk_widget_get_visible (GTK_WIDGET (self->estimate))
                              && eg_estimate_row_get_use (self->estimate) != EG_ESTIMATE_NEVER);
}

/* ---- to the draft ---- */

/* All that the rows hold; more comes last, for some of it depends on the rest. */
static void
fill (EgTraceSettings *self, EgTraceRequest *request)
{
  g_autoptr (GError) corruption = NULL, restoring = NULL;

  g_strfreev (request->sites);
  request->sites = eg_site_chooser_get_names (self->sites);
  request->samples = (guint)gtk_spin_button_get_value_as_int (self->samples);
  request->noise_level = gtk_spin_button_get_value (self->noise);
  eg_corruption_row_fill (self->corruption, request, &corruption);
  eg_restoring_row_fill (self->restoring, request, &restoring);
  request->estimate_steps = get_steps (self);
  eg_more_row_fill (self->more, request);
  eg_draft_set_unreadable (self->draft, EG_PART_CORRUPTION, corruption);
  eg_draft_set_unreadable (self->draft, EG_PART_RESTORING, restoring);
}

static void
on_changed (EgTraceSettings *self)
{
  if (self->showing || self->draft == NULL)
    return;
  fill (self, eg_draft_edit (self->draft));
  eg_draft_commit (self->draft);
}

static void
on_notified (GtkWidget *row, GParamSpec *pspec, gpointer data)
{
  on_changed (data);
}

/* What is cut in the networks of this family. */
static const char *
get_knockout_site (EgTraceSettings *self)
{
  EgModel *model = self->draft != NULL ? eg_draft_get_model (self->draft) : NULL;
  const EgFamily *family = model != NULL ? eg_model_get_family (model) : NULL;

  return family != NULL && family->knockout_site >= 0 ? family->sites[family->knockout_site].name
                                                      : eg_site_name_of_knockouts ();
}

/* It is about one site, and gives the others back when it ends. */
static void
on_knockout (EgTraceSettings *self)
{
  const gboolean showing = self->showing;

  self->showing = TRUE; /* what follows at once is one change with it */
  if (eg_restoring_row_has_knockout (self->restoring))
    {
      char *const names[] = { (char *)get_knockout_site (self), NULL };
      g_strfreev (self->sites_before);
      self->sites_before = eg_site_chooser_get_names (self->sites);
      eg_site_chooser_set_names (self->sites, names);
    }
  else if (self->sites_before != NULL)
    {
      eg_site_chooser_set_names (self->sites, self->sites_before);
      g_clear_pointer (&self->sites_before, g_strfreev);
    }
  self->showing = showing;
}

static void
on_reset (GtkButton *button, gpointer data)
{
  EgTraceSettings *self = data;

  if (self->draft == NULL)
    return;
  eg_estimate_row_set_use (self->estimate, EG_ESTIMATE_FIRST);
  eg_draft_reset_settings (self->draft);
}

static void
update_reset (EgTraceSettings *self)
{
  const gboolean usual = eg_estimate_row_get_use (self->estimate) == EG_ESTIMATE_FIRST;

  gtk_widget_set_sensitive (self->reset, self->draft != NULL && !(usual && eg_draft_is_usual (self->draft)));
}

static void
on_estimate_changed (EgEstimateRow *row, GParamSpec *pspec, gpointer data)
{
  update_reset (data);
  update_steps (data);
  g_signal_emit (data, signals[ESTIMATE_CHANGED], 0);
}

static void
on_target_entered (EgTargetRow *row, gpointer data)
{
  g_signal_emit (data, signals[ACTIVATED], 0);
}

/* ---- from the draft ---- */

/* What a row cannot hold, as a number out of its range, is in the request as the row has it: what is shown is
 * what is asked for. */
static void
on_shown (EgTraceSettings *self)
{
  const EgTraceRequest *request = eg_draft_get_request (self->draft);

  self->showing = TRUE;
  g_clear_pointer (&self->sites_before, g_strfreev);
  eg_site_chooser_set_names (self->sites, request->sites);
  gtk_spin_button_set_value (self->samples, request->samples);
  gtk_spin_button_set_value (self->noise, request->noise_level);
  eg_corruption_row_show (self->corruption, request);
  eg_restoring_row_show (self->restoring, request);
  show_steps (self, request->estimate_steps);
  eg_more_row_show (self->more, request);
  self->showing = FALSE;
  on_changed (self);
}

/* What means nothing beside other settings cannot be changed. */
static void
on_draft_changed (EgTraceSettings *self)
{
  const EgTraceRequest *now = eg_draft_get_request (self->draft);
  const EgPromptTokens *tokens = eg_draft_get_tokens (self->draft);
  EgModel *model = eg_draft_get_model (self->draft);
  const gboolean noise = now->corruption.kind != EG_CORRUPTION_SWAP;

  gtk_widget_set_sensitive (self->site_row, !now->has_knockout);
  gtk_widget_set_sensitive (self->samples_row, noise);
  gtk_widget_set_sensitive (self->noise_row, eg_corruption_uses_level (&now->corruption));
  eg_more_row_set_noise (self->more, noise);
  eg_restoring_row_set_has_heads (self->restoring, model != NULL && eg_model_get_sizes (model)->n_heads > 0);
  eg_estimate_row_follow (self->estimate, self->draft);
  update_steps (self);
  update_reset (self);
  if (model != NULL && tokens->subject_first >= 0)
    eg_restoring_row_suggest (self->restoring, eg_model_get_sizes (model)->n_layers, tokens);
}

/* Another model may be of another family, which has other sites. */
static void
on_tokens_changed (EgTraceSettings *self)
{
  EgModel *model = eg_draft_get_model (self->draft);

  if (model == NULL)
    return;
  eg_site_chooser_set_family (self->sites, eg_model_get_family (model));
  eg_restoring_row_set_family (self->restoring, eg_model_get_family (model));
}

static void
on_problems_changed (EgTraceSettings *self)
{
  eg_corruption_row_set_error (self->corruption, eg_draft_get_error (self->draft, EG_PART_CORRUPTION));
  eg_restoring_row_set_error (self->restoring, eg_draft_get_error (self->draft, EG_PART_RESTORING));
  eg_restoring_row_set_note (self->restoring, eg_draft_get_note (self->draft, EG_PART_RESTORING));
  eg_more_row_set_error (self->more, eg_draft_get_error (self->draft, EG_PART_MORE));
}

/* ---- the widget ---- */

static void
eg_trace_settings_dispose (GObject *object)
{
  EgTraceSettings *self = EG_TRACE_SETTINGS (object);

  if (self->draft != NULL)
    g_signal_handlers_disconnect_by_data (self->draft, self);
  g_clear_object (&self->draft);
  g_clear_pointer (&self->sites_before, g_strfreev);
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_TRACE_SETTINGS);
  G_OBJECT_CLASS (eg_trace_settings_parent_class)->dispose (object);
}

static void
eg_trace_settings_class_init (EgTraceSettingsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_trace_settings_dispose;
  g_type_ensure (EG_TYPE_CORRUPTION_ROW);
  g_type_ensure (EG_TYPE_ESTIMATE_ROW);
  g_type_ensure (EG_TYPE_MORE_ROW);
  g_type_ensure (EG_TYPE_RESTORING_ROW);
  g_type_ensure (EG_TYPE_SITE_CHOOSER);
  g_type_ensure (EG_TYPE_TARGET_ROW);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/engram_app/Engram/trace-settings.ui");
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, sites);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, site_row);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, corruption);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, restoring);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, more);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, estimate);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, steps);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, target);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, samples);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, samples_row);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, noise);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, noise_row);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, reset);
  gtk_widget_class_bind_template_child (widget_class, EgTraceSettings, target_message);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_estimate_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_notified);
  gtk_widget_class_bind_template_callback (widget_class, on_knockout);
  gtk_widget_class_bind_template_callback (widget_class, on_target_entered);
  gtk_widget_class_bind_template_callback (widget_class, on_reset);
  signals[ACTIVATED] = g_signal_new ("activated", EG_TYPE_TRACE_SETTINGS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                     NULL, G_TYPE_NONE, 0);
  signals[ESTIMATE_CHANGED] = g_signal_new ("estimate-changed", EG_TYPE_TRACE_SETTINGS, G_SIGNAL_RUN_LAST, 0,
                                            NULL, NULL, NULL, G_TYPE_NONE, 0);
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
  offer_steps (self);
  keep_words_whole (GTK_WIDGET (self));
  gtk_widget_set_sensitive (self->reset, FALSE);
  name_lists (GTK_WIDGET (self));
}

GtkWidget *
eg_trace_settings_new (void)
{
  return g_object_new (EG_TYPE_TRACE_SETTINGS, NULL);
}

void
eg_trace_settings_set_draft (EgTraceSettings *self, EgDraft *draft)
{
  g_return_if_fail (EG_IS_TRACE_SETTINGS (self) && self->draft == NULL);

  self->draft = g_object_ref (draft);
  g_signal_connect_swapped (draft, "shown", G_CALLBACK (on_shown), self);
  g_signal_connect_swapped (draft, "tokens-changed", G_CALLBACK (on_tokens_changed), self);
  g_signal_connect_swapped (draft, "changed", G_CALLBACK (on_draft_changed), self);
  g_signal_connect_swapped (draft, "problems-changed", G_CALLBACK (on_problems_changed), self);
  eg_target_row_set_draft (self->target, draft, self->target_message);
  eg_draft_show_settings (draft, eg_draft_get_request (draft));
  on_problems_changed (self);
}

void
eg_trace_settings_bind (EgTraceSettings *self, GSettings *settings)
{
  g_return_if_fail (EG_IS_TRACE_SETTINGS (self) && self->draft != NULL);

  if (settings == NULL)
    return;
  g_settings_bind (settings, "samples", self->samples, "value", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "noise-level", self->noise, "value", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "site", self->sites, "names", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "estimate", self->estimate, "use", G_SETTINGS_BIND_DEFAULT);
  eg_restoring_row_bind (self->restoring, settings);
  eg_more_row_bind (self->more, settings);
  eg_remembered_settings_bind (settings, self->draft);
}

EgEstimateUse
eg_trace_settings_get_estimate (EgTraceSettings *self)
{
  g_return_val_if_fail (EG_IS_TRACE_SETTINGS (self), EG_ESTIMATE_FIRST);

  return eg_estimate_row_get_use (self->estimate);
}

void
eg_trace_settings_commit (EgTraceSettings *self)
{
  g_return_if_fail (EG_IS_TRACE_SETTINGS (self));

  gtk_spin_button_update (self->samples);
  gtk_spin_button_update (self->noise);
  eg_restoring_row_commit (self->restoring);
  eg_more_row_commit (self->more);
}
