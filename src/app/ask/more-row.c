/* The row that unfolds into metric, error, seed, threads and device: widgets to a request, and back. */
#include "app/ask/more-row.h"

#include "app/parts/choices.h"
#include "app/ask/device-row.h"
#include "app/parts/field-message.h"

#include <glib/gi18n.h>

struct _EgMoreRow
{
  AdwExpanderRow parent_instance;
  gboolean showing;
  char *error;

  AdwComboRow *metric; /* after the metrics: all of them */
  GtkEntry *against;
  GtkSpinButton *until, *most; /* until: 0 where samples are not added */
  GtkSpinButton *seed, *threads;
  EgDeviceRow *device;
  GtkWidget *against_row, *until_row, *most_row, *seed_row;
};

enum
{
  CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgMoreRow, eg_more_row, ADW_TYPE_EXPANDER_ROW)

static gboolean
is_all (EgMoreRow *self)
{
  return adw_combo_row_get_selected (self->metric) == EG_N_METRICS;
}

static EgMetric
get_metric (EgMoreRow *self)
{
  const guint selected = adw_combo_row_get_selected (self->metric);
  return selected < EG_N_METRICS ? (EgMetric)selected : EG_METRIC_PROB;
}

static gboolean
has_against (EgMoreRow *self)
{
  return is_all (self) || get_metric (self) == EG_METRIC_LOGIT_DIFF;
}

static gboolean
adds_samples (EgMoreRow *self)
{
  return gtk_widget_get_sensitive (self->until_row) && gtk_spin_button_get_value (self->until) > 0;
}

static void
update (EgMoreRow *self)
{
  gtk_widget_set_visible (self->against_row, has_against (self));
  gtk_widget_set_visible (self->most_row, adds_samples (self));
  eg_field_message_show_row (ADW_EXPANDER_ROW (self),
                             is_all (self) ? _ ("All metrics") : eg_metric_get_title (get_metric (self)),
                             self->error);
}

static void
changed (EgMoreRow *self)
{
  if (self->showing)
    return;
  update (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
on_changed (EgMoreRow *self)
{
  changed (self);
}

static void
on_selected (GtkWidget *row, GParamSpec *pspec, gpointer data)
{
  changed (data);
}

static void
eg_more_row_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_MORE_ROW);
  G_OBJECT_CLASS (eg_more_row_parent_class)->dispose (object);
}

static void
eg_more_row_finalize (GObject *object)
{
  g_free (EG_MORE_ROW (object)->error);
  G_OBJECT_CLASS (eg_more_row_parent_class)->finalize (object);
}

static void
eg_more_row_class_init (EgMoreRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_more_row_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_more_row_finalize;
  g_type_ensure (EG_TYPE_DEVICE_ROW);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/more-row.ui");
  gtk_widget_class_bind_template_child (widget_class, EgMoreRow, metric);
  gtk_widget_class_bind_template_child (widget_class, EgMoreRow, against);
  gtk_widget_class_bind_template_child (widget_class, EgMoreRow, against_row);
  gtk_widget_class_bind_template_child (widget_class, EgMoreRow, until);
  gtk_widget_class_bind_template_child (widget_class, EgMoreRow, until_row);
  gtk_widget_class_bind_template_child (widget_class, EgMoreRow, most);
  gtk_widget_class_bind_template_child (widget_class, EgMoreRow, most_row);
  gtk_widget_class_bind_template_child (widget_class, EgMoreRow, seed);
  gtk_widget_class_bind_template_child (widget_class, EgMoreRow, seed_row);
  gtk_widget_class_bind_template_child (widget_class, EgMoreRow, threads);
  gtk_widget_class_bind_template_child (widget_class, EgMoreRow, device);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_selected);
  signals[CHANGED]
      = g_signal_new ("changed", EG_TYPE_MORE_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
eg_more_row_init (EgMoreRow *self)
{
  const char *metrics[EG_N_METRICS + 1];

  for (EgMetric metric = 0; metric < EG_N_METRICS; metric++)
    metrics[metric] = eg_metric_get_title (metric);
  metrics[EG_N_METRICS] = _ ("All of them; the map shows the probability");
  gtk_widget_init_template (GTK_WIDGET (self));
  self->showing = TRUE;
  eg_choices_set (self->metric, metrics, EG_N_METRICS + 1);
  self->showing = FALSE;
  update (self);
}

void
eg_more_row_fill (EgMoreRow *self, EgTraceRequest *request)
{
  g_return_if_fail (EG_IS_MORE_ROW (self));

  const char *against = gtk_editable_get_text (GTK_EDITABLE (self->against));

  request->metric = get_metric (self);
  request->all_metrics = is_all (self);
  g_free (request->against);
  request->against = has_against (self) && *against != '\0' ? g_strdup (against) : NULL;
  /* A swap, which draws no noise, has one sample. */
  request->until_sem
      = request->corruption.kind != EG_CORRUPTION_SWAP ? gtk_spin_button_get_value (self->until) : 0;
  request->max_samples = MAX (request->samples, (guint)gtk_spin_button_get_value_as_int (self->most));
  request->seed = (guint32)gtk_spin_button_get_value (self->seed);
  request->threads = (guint)gtk_spin_button_get_value_as_int (self->threads);
  eg_device_row_get_device (self->device, &request->device);
}

void
eg_more_row_show (EgMoreRow *self, const EgTraceRequest *request)
{
  g_return_if_fail (EG_IS_MORE_ROW (self));

  self->showing = TRUE;
  adw_combo_row_set_selected (self->metric, request->all_metrics ? EG_N_METRICS : request->metric);
  gtk_editable_set_text (GTK_EDITABLE (self->against), request->against != NULL ? request->against : "");
  gtk_spin_button_set_value (self->until, request->until_sem);
  if (request->until_sem > 0)
    gtk_spin_button_set_value (self->most, request->max_samples);
  gtk_spin_button_set_value (self->seed, request->seed);
  gtk_spin_button_set_value (self->threads, request->threads);
  eg_device_row_set_device (self->device, &request->device);
  self->showing = FALSE;
  changed (self);
}

void
eg_more_row_set_noise (EgMoreRow *self, gboolean noise)
{
  g_return_if_fail (EG_IS_MORE_ROW (self));

  gtk_widget_set_sensitive (self->seed_row, noise);
  gtk_widget_set_sensitive (self->until_row, noise);
  update (self);
}

void
eg_more_row_set_error (EgMoreRow *self, const char *error)
{
  g_return_if_fail (EG_IS_MORE_ROW (self));

  char *copy = g_strdup (error);
  g_free (self->error);
  self->error = copy;
  update (self);
}

void
eg_more_row_bind (EgMoreRow *self, GSettings *settings)
{
  g_return_if_fail (EG_IS_MORE_ROW (self));

  g_settings_bind (settings, "seed", self->seed, "value", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "threads", self->threads, "value", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "device", self->device, "device", G_SETTINGS_BIND_DEFAULT);
}

void
eg_more_row_commit (EgMoreRow *self)
{
  g_return_if_fail (EG_IS_MORE_ROW (self));

  gtk_spin_button_update (self->until);
  gtk_spin_button_update (self->most);
  gtk_spin_button_update (self->seed);
  gtk_spin_button_update (self->threads);
}
