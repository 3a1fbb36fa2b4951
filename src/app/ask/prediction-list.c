#include "app/ask/prediction-list.h"

#include "app/page/cell-text.h"
#include "tokenizer/token-text.h"

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
  char *target; /* NULL: the first prediction */
  gboolean showing;
};

enum
{
  TARGET_CHOSEN,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgPredictionList, eg_prediction_list, GTK_TYPE_WIDGET)

/* The first is what is followed when nothing is chosen. */
static void
on_toggled (GtkCheckButton *button, gpointer data)
{
  EgPredictionList *self = data;

  if (self->showing || !gtk_check_button_get_active (button))
    return;
  for (int i = 0; i < EG_N_PREDICTIONS; i++)
    if (self->rows[i].button == GTK_WIDGET (button))
      g_signal_emit (self, signals[TARGET_CHOSEN], 0, i == 0 ? NULL : self->rows[i].text);
}

static gboolean
names_token (const char *target, const char *text)
{
  return text != NULL && (strcmp (target, text) == 0 || (*text == ' ' && strcmp (target, text + 1) == 0));
}

static void
show_target (EgPredictionList *self)
{
  self->showing = TRUE;
  for (int i = 0; i < EG_N_PREDICTIONS; i++)
    {
      const Row *row = &self->rows[i];
      const gboolean active = self->target != NULL ? names_token (self->target, row->text) : i == 0;
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
eg_prediction_list_dispose (GObject *object)
{
  GtkWidget *child;

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
  g_free (self->target);
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
  signals[TARGET_CHOSEN] = g_signal_new ("target-chosen", EG_TYPE_PREDICTION_LIST, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
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
  eg_prediction_list_set_prediction (self, NULL);
}

GtkWidget *
eg_prediction_list_new (void)
{
  return g_object_new (EG_TYPE_PREDICTION_LIST, NULL);
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

void
eg_prediction_list_set_prediction (EgPredictionList *self, const EgPrediction *prediction)
{
  g_return_if_fail (EG_IS_PREDICTION_LIST (self));

  for (gsize i = 0; i < EG_N_PREDICTIONS; i++)
    {
      const gboolean known = prediction != NULL && i < prediction->n_predictions;
      show_row (&self->rows[i], known ? &prediction->predictions[i] : NULL);
    }
  show_target (self);
  eg_prediction_list_set_outdated (self, FALSE);
}

void
eg_prediction_list_set_outdated (EgPredictionList *self, gboolean outdated)
{
  g_return_if_fail (EG_IS_PREDICTION_LIST (self));

  gtk_widget_set_opacity (GTK_WIDGET (self), outdated ? 0.5 : 1);
}

void
eg_prediction_list_set_target (EgPredictionList *self, const char *target)
{
  g_return_if_fail (EG_IS_PREDICTION_LIST (self));

  g_free (self->target);
  self->target = target != NULL && *target != '\0' ? g_strdup (target) : NULL;
  show_target (self);
}
