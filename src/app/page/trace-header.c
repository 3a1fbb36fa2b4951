/* The lines above a map, each filled from what the page knows. */
#include "app/page/trace-header.h"

#include "app/ask/settings-text.h"
#include "app/page/cell-text.h"
#include "app/page/map-help.h"
#include "app/parts/duration-text.h"
#include "app/parts/flow-layout.h"
#include "app/parts/tooltips.h"
#include "trace/result/description.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

struct _EgTraceHeader
{
  AdwBin parent_instance;
  EgMetric metrics[EG_N_METRICS]; /* in the order of the list */
  gsize n_metrics;
  gboolean showing; /* what changes in the list does not come from a person */
  gboolean running, can_continue;
  char *progress_text;

  GtkLabel *clean, *corrupted, *progress_label, *origin;
  GtkDropDown *metric;
  GtkProgressBar *progress_bar;
  GtkWidget *continue_button, *exact_button, *undo_button, *redo_button, *model_button;
  EgMapHelp *help;
};

enum
{
  PROP_0,
  PROP_RUNNING,
  PROP_CAN_CONTINUE,
  PROP_PROGRESS_TEXT,
  N_PROPS,
};

enum
{
  METRIC_CHOSEN,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgTraceHeader, eg_trace_header, ADW_TYPE_BIN)

/* ---- how far it is ---- */

/* Cells, as in all of the window: of what is counted, each cell takes as many as there are samples. */
static char *
describe_running (EgTracing *tracing)
{
  const double samples = eg_trace_request_get_samples (eg_tracing_get_request (tracing));
  gsize done, total;
  double elapsed, left;

  eg_tracing_get_progress (tracing, &done, &total, &elapsed, &left);
  if (total == 0)
    return g_strdup (eg_tracing_is_estimating (tracing) ? _ ("Estimating…") : _ ("Starting…"));
  return eg_format_progress ((double)done / samples, (double)total / samples, elapsed, left);
}

static char *
describe_done (const EgTraceResult *result)
{
  gsize n_cells = 0, n_known = 0;

  for (gsize i = 0; i < result->n_grids; i++)
    {
      n_cells += eg_trace_grid_n_cells (result->grids[i]);
      n_known += eg_count_known_cells (result->grids[i]);
    }
  if (result->estimated && n_known > 0)
    return g_strdup_printf (_ ("%'zu of %'zu cells computed, the others estimated"), n_known, n_cells);
  if (result->estimated && !isnan (result->seconds))
    {
      g_autofree char *moment = eg_format_duration (result->seconds);
      return g_strdup_printf (_ ("%'zu cells estimated in %s"), n_cells, moment);
    }
  if (isnan (result->seconds))
    return g_strdup_printf (_ ("%'zu cells"), n_cells);
  g_autofree char *seconds = eg_format_duration (result->seconds);
  return g_strdup_printf (_ ("%'zu cells in %s"), n_cells, seconds);
}

/* "cpu", "cuda:0"; the whole name is in the tooltip. (transfer full) (nullable) */
static char *
name_device (const EgTraceResult *result)
{
  return result->device != NULL ? g_strndup (result->device, strcspn (result->device, " ")) : NULL;
}

static char *
describe_progress (EgTracing *tracing)
{
  const EgTraceResult *result = eg_tracing_get_result (tracing);
  gsize done, total;
  double elapsed, left;

  switch (eg_tracing_get_state (tracing))
    {
    case EG_TRACING_RUNNING:
      return describe_running (tracing);
    case EG_TRACING_STOPPED:
      eg_tracing_get_progress (tracing, &done, &total, &elapsed, &left);
      return g_strdup_printf (_ ("Stopped at %u%%"), total > 0 ? (guint)(done * 100 / total) : 0);
    case EG_TRACING_DONE:
      {
        g_autofree char *cells = describe_done (result);
        g_autofree char *device = name_device (result);
        g_autofree char *precision = eg_trace_result_describe_precision (result);
        const char *parts[]
            = { cells, device != NULL ? device : precision, device != NULL ? precision : NULL, NULL };
        return g_strjoinv (" · ", (char **)parts);
      }
    case EG_TRACING_IDLE:
    case EG_TRACING_FAILED:
    default:
      return g_strdup ("");
    }
}

static void
set_flag (EgTraceHeader *self, gboolean *flag, gboolean value, int property)
{
  if (*flag == value)
    return;
  *flag = value;
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
set_progress_text (EgTraceHeader *self, char *text)
{
  g_free (self->progress_text);
  self->progress_text = text;
  gtk_label_set_text (self->progress_label, text);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRESS_TEXT]);
}

void
eg_trace_header_offer_exact (EgTraceHeader *self, gboolean offered)
{
  g_return_if_fail (EG_IS_TRACE_HEADER (self));

  gtk_widget_set_visible (self->exact_button, offered);
}

void
eg_trace_header_show_progress (EgTraceHeader *self,
                               EgTracing *tracing,
                               gboolean has_before,
                               gboolean has_after)
{
  g_return_if_fail (EG_IS_TRACE_HEADER (self));

  const EgTraceResult *result = eg_tracing_get_result (tracing);
  g_autofree char *device = result != NULL && result->device != NULL
                                ? g_strdup_printf (_ ("Computed by %s"), result->device)
                                : NULL;
  gsize done, total;
  double elapsed, left;

  eg_tracing_get_progress (tracing, &done, &total, &elapsed, &left);
  set_progress_text (self, describe_progress (tracing));
  set_flag (self, &self->running, eg_tracing_get_state (tracing) == EG_TRACING_RUNNING, PROP_RUNNING);
  set_flag (self, &self->can_continue, eg_tracing_can_continue (tracing), PROP_CAN_CONTINUE);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->progress_label), device);
  gtk_widget_set_visible (GTK_WIDGET (self->progress_bar), self->running);
  gtk_progress_bar_set_fraction (self->progress_bar, total > 0 ? (double)done / (double)total : 0);
  gtk_widget_set_visible (self->continue_button, self->can_continue);
  gtk_widget_set_visible (self->undo_button, has_before);
  gtk_widget_set_visible (self->redo_button, has_after);
}

/* ---- what was measured ---- */

void
eg_trace_header_show_ends (EgTraceHeader *self, const EgTraceGrid *grid)
{
  g_return_if_fail (EG_IS_TRACE_HEADER (self));

  const EgTraceEnds *ends = eg_trace_grid_get_ends (grid);
  g_autofree char *clean = eg_format_value (eg_trace_grid_get_metric (grid), ends->high);
  g_autofree char *corrupted = eg_format_value (eg_trace_grid_get_metric (grid), ends->low);

  gtk_label_set_text (self->clean, clean);
  gtk_label_set_text (self->corrupted, corrupted);
}

static void
fill_metrics (EgTraceHeader *self, const EgMetric *metrics, gsize n)
{
  g_autoptr (GtkStringList) titles = gtk_string_list_new (NULL);

  for (gsize i = 0; i < n; i++)
    gtk_string_list_append (titles, eg_metric_get_title (metrics[i]));
  memcpy (self->metrics, metrics, n * sizeof *metrics);
  self->n_metrics = n;
  gtk_drop_down_set_model (self->metric, G_LIST_MODEL (titles));
}

void
eg_trace_header_show_metrics (EgTraceHeader *self, const EgMetric *metrics, gsize n, EgMetric shown)
{
  g_return_if_fail (EG_IS_TRACE_HEADER (self) && n <= EG_N_METRICS);

  self->showing = TRUE;
  if (n > 1 && (n != self->n_metrics || memcmp (metrics, self->metrics, n * sizeof *metrics) != 0))
    fill_metrics (self, metrics, n);
  for (gsize i = 0; i < n && n > 1; i++)
    if (metrics[i] == shown && gtk_drop_down_get_selected (self->metric) != i)
      gtk_drop_down_set_selected (self->metric, (guint)i);
  gtk_widget_set_visible (GTK_WIDGET (self->metric), n > 1);
  self->showing = FALSE;
}

static void
on_metric_selected (GtkDropDown *list, GParamSpec *pspec, gpointer data)
{
  EgTraceHeader *self = data;
  const guint selected = gtk_drop_down_get_selected (list);

  if (!self->showing && selected < self->n_metrics)
    g_signal_emit (self, signals[METRIC_CHOSEN], 0, (guint)self->metrics[selected]);
}

/* ---- what made it ---- */

/* "Demo model · 30 Nov 2026 · Residual stream · Samples 10 …", or with another separator. (transfer full) */
static char *
describe_origin (const char *model, const EgTraceRequest *request, GDateTime *date, const char *separator)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_auto (GStrv) settings = request != NULL ? eg_settings_to_texts (request, NULL) : NULL;
  g_autofree char *when = date != NULL ? g_date_time_format (date, "%x %H:%M") : NULL;

  if (model != NULL)
    g_string_append (text, strcmp (model, "demo") == 0 ? _ ("Demo model") : model);
  if (when != NULL)
    g_string_append_printf (text, "%s%s", text->len > 0 ? separator : "", when);
  for (gsize i = 0; settings != NULL && settings[i] != NULL; i++)
    if (*settings[i] != '\0')
      g_string_append_printf (text, "%s%s", text->len > 0 ? separator : "", settings[i]);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

void
eg_trace_header_show_origin (EgTraceHeader *self,
                             const char *model,
                             const EgTraceRequest *request,
                             GDateTime *date,
                             gboolean offer_model)
{
  g_return_if_fail (EG_IS_TRACE_HEADER (self));

  g_autofree char *line = describe_origin (model, request, date, " · ");
  g_autofree char *lines = describe_origin (model, request, date, "\n");

  if (strcmp (gtk_label_get_text (self->origin), line) != 0)
    {
      gtk_label_set_text (self->origin, line);
      gtk_widget_set_tooltip_text (GTK_WIDGET (self->origin), lines);
    }
  gtk_widget_set_visible (self->model_button, offer_model && model != NULL);
}

void
eg_trace_header_explain (EgTraceHeader *self, const EgTraceRequest *request, EgColormap colormap)
{
  g_return_if_fail (EG_IS_TRACE_HEADER (self));

  eg_map_help_explain (self->help, request, colormap);
}

/* ---- the widget ---- */

static void
eg_trace_header_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EgTraceHeader *self = EG_TRACE_HEADER (object);

  switch (id)
    {
    case PROP_RUNNING:
      g_value_set_boolean (value, self->running);
      break;
    case PROP_CAN_CONTINUE:
      g_value_set_boolean (value, self->can_continue);
      break;
    case PROP_PROGRESS_TEXT:
      g_value_set_string (value, self->progress_text);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
eg_trace_header_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_TRACE_HEADER);
  G_OBJECT_CLASS (eg_trace_header_parent_class)->dispose (object);
}

static void
eg_trace_header_finalize (GObject *object)
{
  g_free (EG_TRACE_HEADER (object)->progress_text);
  G_OBJECT_CLASS (eg_trace_header_parent_class)->finalize (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/trace-header.ui");
  gtk_widget_class_bind_template_child (widget_class, EgTraceHeader, clean);
  gtk_widget_class_bind_template_child (widget_class, EgTraceHeader, corrupted);
  gtk_widget_class_bind_template_child (widget_class, EgTraceHeader, metric);
  gtk_widget_class_bind_template_child (widget_class, EgTraceHeader, help);
  gtk_widget_class_bind_template_child (widget_class, EgTraceHeader, progress_bar);
  gtk_widget_class_bind_template_child (widget_class, EgTraceHeader, progress_label);
  gtk_widget_class_bind_template_child (widget_class, EgTraceHeader, continue_button);
  gtk_widget_class_bind_template_child (widget_class, EgTraceHeader, exact_button);
  gtk_widget_class_bind_template_child (widget_class, EgTraceHeader, undo_button);
  gtk_widget_class_bind_template_child (widget_class, EgTraceHeader, redo_button);
  gtk_widget_class_bind_template_child (widget_class, EgTraceHeader, origin);
  gtk_widget_class_bind_template_child (widget_class, EgTraceHeader, model_button);
  gtk_widget_class_bind_template_callback (widget_class, on_metric_selected);
}

static void
eg_trace_header_class_init (EgTraceHeaderClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = eg_trace_header_get_property;
  object_class->dispose = eg_trace_header_dispose;
  object_class->finalize = eg_trace_header_finalize;
  properties[PROP_RUNNING] = g_param_spec_boolean ("running", NULL, NULL, FALSE, flags);
  properties[PROP_CAN_CONTINUE] = g_param_spec_boolean ("can-continue", NULL, NULL, FALSE, flags);
  properties[PROP_PROGRESS_TEXT] = g_param_spec_string ("progress-text", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  signals[METRIC_CHOSEN] = g_signal_new ("metric-chosen", EG_TYPE_TRACE_HEADER, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  g_type_ensure (EG_TYPE_FLOW_LAYOUT);
  g_type_ensure (EG_TYPE_MAP_HELP);
  bind_template (GTK_WIDGET_CLASS (klass));
}

static void
eg_trace_header_init (EgTraceHeader *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  eg_tooltips_give_way (GTK_WIDGET (self));
}

GtkWidget *
eg_trace_header_new (void)
{
  return g_object_new (EG_TYPE_TRACE_HEADER, NULL);
}
