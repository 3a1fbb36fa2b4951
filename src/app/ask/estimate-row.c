/* A list of three uses, bound to the settings by their names. */
#include "app/ask/estimate-row.h"

#include "app/parts/choices.h"
#include "preview/preview.h"

#include <glib/gi18n.h>

struct _EgEstimateRow
{
  AdwComboRow parent_instance;
};

enum
{
  PROP_0,
  PROP_USE,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EgEstimateRow, eg_estimate_row, ADW_TYPE_COMBO_ROW)

static void
eg_estimate_row_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_USE)
    g_value_set_string (value, eg_estimate_use_get_name (eg_estimate_row_get_use (EG_ESTIMATE_ROW (object))));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
eg_estimate_row_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_USE)
    eg_estimate_row_set_use (EG_ESTIMATE_ROW (object),
                             eg_estimate_use_from_name (g_value_get_string (value)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
on_selected (EgEstimateRow *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_USE]);
}

static void
eg_estimate_row_class_init (EgEstimateRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = eg_estimate_row_get_property;
  object_class->set_property = eg_estimate_row_set_property;
  properties[PROP_USE]
      = g_param_spec_string ("use", NULL, NULL, eg_estimate_use_get_name (EG_ESTIMATE_FIRST),
                             G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
eg_estimate_row_init (EgEstimateRow *self)
{
  const char *const uses[EG_N_ESTIMATE_USES] = {
    [EG_ESTIMATE_FIRST] = _ ("First, where a trace takes long"),
    [EG_ESTIMATE_ONLY] = _ ("Only: nothing is computed after it"),
    /* TRANSLATORS: when cells are estimated before they are computed. */
    [EG_ESTIMATE_NEVER] = _ ("Never"),
  };

  /* TRANSLATORS: the title of a choice: whether cells are estimated, a noun. */
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), _ ("Estimate"));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self),
                               _ ("A guess of all cells to first order, in a moment. It is hatched until the "
                                  "exact cells replace it, the highest ones first"));
  adw_combo_row_set_use_subtitle (ADW_COMBO_ROW (self), TRUE);
  eg_choices_set (ADW_COMBO_ROW (self), uses, EG_N_ESTIMATE_USES);
  g_signal_connect (self, "notify::selected", G_CALLBACK (on_selected), NULL);
}

EgEstimateUse
eg_estimate_row_get_use (EgEstimateRow *self)
{
  g_return_val_if_fail (EG_IS_ESTIMATE_ROW (self), EG_ESTIMATE_FIRST);

  return MIN (adw_combo_row_get_selected (ADW_COMBO_ROW (self)), EG_N_ESTIMATE_USES - 1);
}

void
eg_estimate_row_set_use (EgEstimateRow *self, EgEstimateUse use)
{
  g_return_if_fail (EG_IS_ESTIMATE_ROW (self));

  if (eg_estimate_row_get_use (self) != use)
    adw_combo_row_set_selected (ADW_COMBO_ROW (self), use);
}

void
eg_estimate_row_follow (EgEstimateRow *self, EgDraft *draft)
{
  g_return_if_fail (EG_IS_ESTIMATE_ROW (self));

  EgModel *model = eg_draft_get_model (draft);
  const gboolean has = model != NULL && eg_preview_missing (eg_draft_get_request (draft), model) == NULL;

  gtk_widget_set_visible (GTK_WIDGET (self), has);
}
