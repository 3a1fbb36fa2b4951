/* Asks for the draft's next tokens, shows them, and lets one of them be the target. */
#include "app/ask/prediction-list.h"

#include "app/parts/probability-text.h"
#include "tokenizer/token-text.h"
#include "trace/result/description.h"

#include <glib/gi18n.h>
#include <string.h>

#define MIN_BAR 24 /* pixels, whatever the size of texts */

typedef struct
{
  GtkWidget *token, *bar, *probability, *button;
  char *text;
} Row;

struct _EgPredictionList
{
  GtkWidget parent_instance;
  Row rows[EG_N_PREDICTIONS];
  EgDraft *draft; /* NULL: nothing is shown yet, or any more */
  EgPredictor *predictor;
  EgModel *asked_model; /* what the predictor was asked for last; NULL: nothing */
  char *asked_prompt;
  gboolean showing;
  GtkWidget *message; /* under the rows: what the prediction is not good for */
};

G_DEFINE_FINAL_TYPE (EgPredictionList, eg_prediction_list, GTK_TYPE_WIDGET)

/* The first is what is followed when nothing is chosen. */
static void
on_toggled (GtkCheckButton *button, gpointer data)
{
  EgPredictionList *self = data;

  if (self->showing || self->draft == NULL || !gtk_check_button_get_active (button))
    return;
  for (int i = 0; i < EG_N_PREDICTIONS; i++)
    if (self->rows[i].button == GTK_WIDGET (button))
      eg_draft_set_target (self->draft, i == 0 ? NULL : self->rows[i].text);
}

static gboolean
names_token (const char *target, const char *text)
{
  return text != NULL && (strcmp (target, text) == 0 || (*text == ' ' && strcmp (target, text + 1) == 0));
}

static void
show_target (EgPredictionList *self)
{
  const char *target = self->draft != NULL ? eg_draft_get_request (self->draft)->target : NULL;

  self->showing = TRUE;
  for (int i = 0; i < EG_N_PREDICTIONS; i++)
    {
      const Row *row = &self->rows[i];
      const gboolean active = target != NULL ? names_token (target, row->text) : i == 0;
      gtk_check_button_set_active (GTK_CHECK_BUTTON (row->button), active);
    }
  self->showing = FALSE;
}

static void
attach (EgPredictionList *self, GtkWidget *child, int column, int row)
{
  GtkLayoutManager *manager = gtk_widget_get_layout_manager (GTK_WIDGET (self));

  gtk_widget_set_parent (child, GTK_WIDGET (self));
  g_object_set (gtk_layout_manager_get_layout_child (manager, child), "column", column, "row", row, NULL);
}

static void
add_row (EgPredictionList *self, int index)
{
  Row *row = &self->rows[index];

  row->token = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (row->token), 0);
  gtk_label_set_ellipsize (GTK_LABEL (row->token), PANGO_ELLIPSIZE_END);
  gtk_label_set_width_chars (GTK_LABEL (row->token), 6);
  gtk_label_set_max_width_chars (GTK_LABEL (row->token), 10);
  attach (self, row->token, 0, index);

  row->bar = gtk_level_bar_new ();
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (row->bar), GTK_LEVEL_BAR_OFFSET_LOW);
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (row->bar), GTK_LEVEL_BAR_OFFSET_HIGH);
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (row->bar), GTK_LEVEL_BAR_OFFSET_FULL);
  gtk_widget_set_hexpand (row->bar, TRUE);
  gtk_widget_set_size_request (row->bar, MIN_BAR, -1);
  gtk_widget_set_valign (row->bar, GTK_ALIGN_CENTER);
  attach (self, row->bar, 1, index);

  row->probability = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (row->probability), 1);
  gtk_label_set_width_chars (GTK_LABEL (row->probability), 7);
  gtk_widget_add_css_class (row->probability, "numeric");
  attach (self, row->probability, 2, index);

  row->button = gtk_check_button_new ();
  gtk_widget_set_valign (row->button, GTK_ALIGN_CENTER);
  if (index > 0)
    gtk_check_button_set_group (GTK_CHECK_BUTTON (row->button), GTK_CHECK_BUTTON (self->rows[0].button));
  g_signal_connect (row->button, "toggled", G_CALLBACK (on_toggled), self);
  attach (self, row->button, 3, index);
}

static void
show_row (Row *row, const EgPredictedToken *token)
{
  g_autofree char *visible = token != NULL ? eg_token_to_visible (token->spelled) : g_strdup ("");
  g_autofree char *probability = token != NULL ? eg_format_probability (token->probability) : g_strdup ("");
  g_autofree char *spoken
      /* TRANSLATORS: a token that may come next, and its probability. */
      = token != NULL ? g_strdup_printf (_ ("“%s”: %s"), token->spelled, probability) : g_strdup ("");
  g_autofree char *tooltip
      /* TRANSLATORS: a token and its number in the vocabulary. */
      = token != NULL ? g_strdup_printf (_ ("“%s”, token %u"), visible, token->id) : NULL;

  g_autofree char *choice = token != NULL ? g_strdup_printf (_ ("Follow “%s”"), visible) : NULL;

  g_free (row->text);
  row->text = token != NULL ? g_strdup (token->text) : NULL;
  gtk_widget_set_sensitive (row->button, token != NULL);
  gtk_widget_set_tooltip_text (row->button, choice);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row->button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  choice != NULL ? choice : _ ("No token"), -1);
  /* An empty label would have another height. */
  gtk_label_set_text (GTK_LABEL (row->token), token != NULL ? visible : " ");
  gtk_label_set_text (GTK_LABEL (row->probability), probability);
  gtk_widget_set_tooltip_text (row->token, tooltip);
  gtk_level_bar_set_value (GTK_LEVEL_BAR (row->bar), token != NULL ? token->probability : 0);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row->bar), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
}

static void
add_message (EgPredictionList *self)
{
  GtkLayoutManager *manager = gtk_widget_get_layout_manager (GTK_WIDGET (self));

  self->message = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (self->message), 0);
  gtk_label_set_wrap (GTK_LABEL (self->message), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (self->message), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_width_chars (GTK_LABEL (self->message), 1);
  gtk_widget_add_css_class (self->message, "caption");
  attach (self, self->message, 0, EG_N_PREDICTIONS);
  g_object_set (gtk_layout_manager_get_layout_child (manager, self->message), "column-span", 4, NULL);
}

/* What is shown belongs to an older prompt. */
static void
set_outdated (EgPredictionList *self, gboolean outdated)
{
  gtk_widget_set_opacity (GTK_WIDGET (self), outdated ? 0.5 : 1);
}

/* What is known before anything is traced: an answer that the model does not know cannot be brought back. */
static void
show_message (EgPredictionList *self, const EgPrediction *prediction)
{
  const gboolean unsure = prediction != NULL && prediction->n_predictions > 0
                          && prediction->predictions[0].probability < EG_UNSURE_PROBABILITY;

  gtk_label_set_text (GTK_LABEL (self->message),
                      unsure ? _ ("The model is unsure what comes next: try a prompt whose answer it knows")
                             : "");
  gtk_widget_set_visible (self->message, unsure);
}

/* NULL: nothing to show; the rows keep their place. */
static void
show_prediction (EgPredictionList *self, const EgPrediction *prediction)
{
  for (gsize i = 0; i < EG_N_PREDICTIONS; i++)
    {
      const gboolean known = prediction != NULL && i < prediction->n_predictions;
      show_row (&self->rows[i], known ? &prediction->predictions[i] : NULL);
    }
  show_message (self, prediction);
  show_target (self);
  set_outdated (self, FALSE);
}

/* Another prompt, or the same one of another model, says something else. */
static void
on_draft_changed (EgPredictionList *self)
{
  const EgDraftOrigin *origin = eg_draft_get_origin (self->draft);
  EgModel *model = origin != NULL ? origin->model : eg_draft_get_model (self->draft);
  const char *prompt = eg_draft_get_request (self->draft)->prompt;

  show_target (self);
  if (model == self->asked_model && g_strcmp0 (prompt, self->asked_prompt) == 0)
    return;
  g_clear_pointer (&self->asked_model, eg_model_unref);
  self->asked_model = model != NULL ? eg_model_ref (model) : NULL;
  g_free (self->asked_prompt);
  self->asked_prompt = g_strdup (prompt);
  set_outdated (self, TRUE);
  eg_predictor_ask (self->predictor, model, prompt);
}

static void
eg_prediction_list_dispose (GObject *object)
{
  EgPredictionList *self = EG_PREDICTION_LIST (object);
  GtkWidget *child;

  if (self->draft != NULL)
    g_signal_handlers_disconnect_by_data (self->draft, self);
  g_clear_object (&self->draft);
  if (self->predictor != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->predictor, self);
      eg_predictor_ask (self->predictor, NULL, "");
    }
  g_clear_object (&self->predictor);
  g_clear_pointer (&self->asked_model, eg_model_unref);

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (eg_prediction_list_parent_class)->dispose (object);
}

static void
eg_prediction_list_finalize (GObject *object)
{
  EgPredictionList *self = EG_PREDICTION_LIST (object);

  for (int i = 0; i < EG_N_PREDICTIONS; i++)
    g_free (self->rows[i].text);
  g_free (self->asked_prompt);
  G_OBJECT_CLASS (eg_prediction_list_parent_class)->finalize (object);
}

static void
eg_prediction_list_class_init (EgPredictionListClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_prediction_list_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_prediction_list_finalize;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_GRID_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "predictions");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_LIST);
}

static void
eg_prediction_list_init (EgPredictionList *self)
{
  GtkLayoutManager *manager = gtk_widget_get_layout_manager (GTK_WIDGET (self));

  gtk_grid_layout_set_column_spacing (GTK_GRID_LAYOUT (manager), 6);
  gtk_grid_layout_set_row_spacing (GTK_GRID_LAYOUT (manager), 6);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Next token"), -1);
  for (int i = 0; i < EG_N_PREDICTIONS; i++)
    add_row (self, i);
  add_message (self);
  self->predictor = eg_predictor_new (EG_N_PREDICTIONS);
  g_signal_connect_swapped (self->predictor, "predicted", G_CALLBACK (show_prediction), self);
  show_prediction (self, NULL);
}

GtkWidget *
eg_prediction_list_new (void)
{
  return g_object_new (EG_TYPE_PREDICTION_LIST, NULL);
}

void
eg_prediction_list_set_draft (EgPredictionList *self, EgDraft *draft)
{
  g_return_if_fail (EG_IS_PREDICTION_LIST (self) && self->draft == NULL);

  self->draft = g_object_ref (draft);
  g_signal_connect_swapped (draft, "changed", G_CALLBACK (on_draft_changed), self);
  g_signal_connect_swapped (draft, "origin-changed", G_CALLBACK (on_draft_changed), self);
  on_draft_changed (self);
}

EgPredictor *
eg_prediction_list_get_predictor (EgPredictionList *self)
{
  g_return_val_if_fail (EG_IS_PREDICTION_LIST (self), NULL);

  return self->predictor;
}
