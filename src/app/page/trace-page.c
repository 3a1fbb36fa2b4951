/* A tab’s content: map, texts, analysis and banner follow one trace. */
#include "app/page/trace-page.h"

#include "app/page/analysis-pane.h"
#include "app/parts/banner.h"
#include "app/page/estimate-line.h"
#include "app/page/heatmap-view.h"
#include "app/page/site-maps.h"
#include "app/page/trace-header.h"
#include "app/page/trace-title.h"
#include "app/page/trace-warning.h"
#include "app/page/versions.h"
#include "app/parts/plot-style.h"
#include "trace/result/description.h"
#include "trace/result/metric-view.h"

#include <glib/gi18n.h>
#include <string.h>

/* Texts follow the numbers at most this often. */
#define UPDATE_MS 100

struct _EgTracePage
{
  AdwBin parent_instance;
  EgVersions *versions;
  EgVersion *version; /* of those, the one that is shown */
  EgTracing *tracing; /* its own; NULL: the page is gone */
  EgTraceRequest *draft;
  EgColormap colormap;
  EgScale scale;
  EgOrientation orientation;
  gboolean hatch_noise;
  guint update_timeout;
  EgTraceProblem said;           /* of the trace under way */
  EgTraceResult *view;           /* of another metric than the result's main one; NULL: of that */
  char *open_name, *open_folder; /* of the model that is open; NULL: none */

  EgBanner *banner;
  GtkStack *content;
  EgTraceHeader *header;
  GtkLabel *sentence, *estimate_line;
  EgHeatmapView *heatmap;
  EgSiteMaps *sites;
  EgAnalysisPane *analysis;
};

enum
{
  PROP_0,
  PROP_COLORMAP,
  PROP_SCALE,
  PROP_HATCH_NOISE,
  PROP_ORIENTATION,
  PROP_ANALYSIS,
  N_PROPS,
};

enum
{
  CHANGED,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgTracePage, eg_trace_page, ADW_TYPE_BIN)

/* ---- what is shown of the trace ---- */

static void
update_progress (EgTracePage *self)
{
  eg_trace_header_show_progress (self->header, self->tracing, eg_versions_can_go (self->versions, -1),
                                 eg_versions_can_go (self->versions, 1));
}

/* The model's name, where it is known: of a trace that has just begun, that of what it was begun with. */
static const char *
get_model_name (EgTracePage *self)
{
  const EgTraceResult *result = eg_tracing_get_result (self->tracing);

  if (self->version->model != NULL)
    return eg_model_get_name (self->version->model);
  return result != NULL ? result->model : NULL;
}

/* Whether another model is open than the one that made this. */
static gboolean
is_of_other_model (EgTracePage *self)
{
  const char *name = get_model_name (self);

  if (name == NULL)
    return FALSE;
  if (self->version->model != NULL)
    return g_strcmp0 (self->open_folder, eg_model_get_folder (self->version->model)) != 0;
  return g_strcmp0 (self->open_name, name) != 0;
}

/* When the map was traced; of one from a file, what that says. (transfer full) */
static GDateTime *
get_date (EgTracePage *self, const EgTraceResult *result)
{
  GDateTime *began = eg_tracing_get_date (self->tracing);
  g_autoptr (GDateTime) kept = began == NULL && result != NULL && result->date != NULL
                                   ? g_date_time_new_from_iso8601 (result->date, NULL)
                                   : NULL;

  if (began != NULL)
    return g_date_time_ref (began);
  return kept != NULL ? g_date_time_to_local (kept) : NULL;
}

static void
update_origin (EgTracePage *self)
{
  const EgTraceResult *result = eg_tracing_get_result (self->tracing);
  const EgTraceRequest *request = eg_tracing_get_request (self->tracing);
  const gboolean known = result == NULL || result->has_settings;

  g_autoptr (GDateTime) date = get_date (self, result);

  eg_trace_header_show_origin (self->header, get_model_name (self), known ? request : NULL, date,
                               is_of_other_model (self));
  if (request != NULL)
    eg_trace_header_explain (self->header, request, self->colormap);
}

/* Lines do not break at "±". (transfer full) */
static char *
keep_errors_whole (const char *sentence)
{
  GString *text = g_string_new (sentence);

  g_string_replace (text, " ± ", "\302\240±\302\240", 0);
  return g_string_free (text, FALSE);
}

/* The number of the site whose map is large, in a result that may have fewer than the one before. */
static gsize
get_shown_site (EgTracePage *self, const EgTraceResult *result)
{
  const gsize chosen = eg_site_maps_get_chosen (self->sites);
  return chosen < result->n_grids ? chosen : 0;
}

/* ---- which metric is shown ---- */

/* The result by the metric that was chosen. NULL before the first numbers. */
static EgTraceResult *
get_viewed (EgTracePage *self)
{
  return self->view != NULL ? self->view : eg_tracing_get_result (self->tracing);
}

static void
view_metric (EgTracePage *self, const EgTraceResult *result, EgMetric metric)
{
  g_clear_pointer (&self->view, eg_trace_result_unref);
  if (metric != result->metrics[0])
    self->view = eg_trace_result_view_metric (result, metric);
  eg_heatmap_view_set_grid (self->heatmap, eg_trace_page_get_shown (self));
}

/* While numbers come in, what was asked for first is shown. */
static void
update_metrics (EgTracePage *self)
{
  const EgTraceResult *result = eg_tracing_get_result (self->tracing);
  const gboolean running = eg_tracing_get_state (self->tracing) == EG_TRACING_RUNNING;
  const gsize n = result != NULL && !running ? result->n_metrics : 0;

  if (running && self->view != NULL)
    view_metric (self, result, result->metrics[0]);
  eg_trace_header_show_metrics (self->header, result != NULL ? result->metrics : NULL, n,
                                result != NULL ? get_viewed (self)->metrics[0] : EG_METRIC_PROB);
}

EgTraceGrid *
eg_trace_page_get_shown (EgTracePage *self)
{
  EgTraceResult *result = get_viewed (self);

  return result != NULL ? result->grids[get_shown_site (self, result)] : NULL;
}

static void
update_sites (EgTracePage *self)
{
  const EgTraceResult *result = get_viewed (self);

  eg_site_maps_set_grids (self->sites, result->grids, result->n_grids);
}

/* What is known of the estimates that are shown, or that there were. */
static void
update_estimate (EgTracePage *self, const EgTraceGrid *grid)
{
  const gsize site = get_shown_site (self, grid->result);
  const gboolean running = eg_tracing_get_state (self->tracing) == EG_TRACING_RUNNING;
  g_autofree char *line = eg_estimate_line (grid, eg_tracing_get_check (self->tracing, site), running);
  g_autofree char *details = eg_estimate_details (grid);

  gtk_widget_set_visible (GTK_WIDGET (self->estimate_line), line != NULL);
  gtk_label_set_text (self->estimate_line, line != NULL ? line : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->estimate_line), details);
  eg_trace_header_offer_exact (self->header, eg_trace_page_can_make_exact (self));
}

/* Everything about the trace that is text, and its small maps. */
static void
update_texts (EgTracePage *self)
{
  EgTraceGrid *grid = eg_trace_page_get_shown (self);

  update_progress (self);
  update_origin (self);
  update_metrics (self);
  /* What the last trace found stays until the first numbers of the new one. */
  if (grid == NULL)
    return;
  update_sites (self);
  g_autofree char *sentence
      = eg_estimate_is_all (grid) ? eg_estimate_headline (grid) : eg_trace_grid_describe (grid);
  update_estimate (self, grid);
  eg_trace_header_show_ends (self->header, grid);
  g_autofree char *whole = keep_errors_whole (sentence != NULL ? sentence : "");
  gtk_label_set_text (self->sentence, whole);
  eg_analysis_pane_set_grid (self->analysis, grid);
  eg_heatmap_view_announce (self->heatmap);
}

static void
on_metric_chosen (EgTraceHeader *header, guint metric, gpointer data)
{
  EgTracePage *self = data;
  const EgTraceResult *result = eg_tracing_get_result (self->tracing);

  if (result == NULL || !eg_trace_result_find_metric (result, metric, NULL))
    return;
  view_metric (self, result, metric);
  update_texts (self);
}

static void
warn (EgTracePage *self)
{
  eg_trace_warning_show (self->banner, eg_tracing_get_result (self->tracing),
                         eg_tracing_get_request (self->tracing));
}

/* What is doubtful is known long before the end: clean and corrupted runs come first. Said once: a person may
 * have closed it. */
static void
warn_early (EgTracePage *self)
{
  const EgTraceProblem problem = eg_trace_result_get_problem (eg_tracing_get_result (self->tracing));

  if (eg_tracing_get_state (self->tracing) != EG_TRACING_RUNNING || problem == self->said)
    return;
  self->said = problem;
  warn (self);
}

static gboolean
on_update_timeout (gpointer data)
{
  EgTracePage *self = data;

  self->update_timeout = 0;
  update_texts (self);
  warn_early (self);
  g_signal_emit (self, signals[CHANGED], 0);
  return G_SOURCE_REMOVE;
}

static void
on_progress (EgTracing *tracing, const EgTraceCell *cells, gulong n_cells, gpointer data)
{
  EgTracePage *self = data;
  const gsize site = get_shown_site (self, eg_tracing_get_result (tracing));
  g_autofree EgTraceCell *shown = g_new (EgTraceCell, n_cells);
  gsize n_shown = 0;

  for (gsize i = 0; i < n_cells; i++)
    if (cells[i].site == site)
      shown[n_shown++] = cells[i];
  eg_heatmap_view_set_grid (self->heatmap, eg_trace_page_get_shown (self));
  eg_heatmap_view_update_cells (self->heatmap, shown, n_shown);
  gtk_stack_set_visible_child_name (self->content, "map");
  if (self->update_timeout == 0)
    self->update_timeout = g_timeout_add (UPDATE_MS, on_update_timeout, self);
}

static void
show_state (EgTracePage *self)
{
  switch (eg_tracing_get_state (self->tracing))
    {
    case EG_TRACING_DONE:
      warn (self);
      break;
    case EG_TRACING_FAILED:
      eg_banner_show (self->banner, EG_BANNER_ERROR, eg_tracing_get_error (self->tracing)->message,
                      "win.trace", _ ("_Try Again"));
      break;
    case EG_TRACING_RUNNING:
      self->said = EG_TRACE_NO_PROBLEM;
      eg_banner_hide (self->banner);
      break;
    case EG_TRACING_IDLE:
    case EG_TRACING_STOPPED:
    default:
      break;
    }
  g_clear_handle_id (&self->update_timeout, g_source_remove);
  update_texts (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* ---- which of its traces is shown ---- */

static void on_state (EgTracing *tracing, gpointer data);

/* Signals of those that are not shown come to nobody; they keep what they have. */
static void
follow (EgTracePage *self, EgVersion *version)
{
  if (self->tracing != NULL)
    g_signal_handlers_disconnect_by_data (self->tracing, self);
  g_set_object (&self->tracing, version->tracing);
  g_clear_pointer (&self->view, eg_trace_result_unref);
  self->version = version;
  g_signal_connect (self->tracing, "progress", G_CALLBACK (on_progress), self);
  g_signal_connect (self->tracing, "state-changed", G_CALLBACK (on_state), self);
}

static void
show_version (EgTracePage *self, EgVersion *version)
{
  follow (self, version);
  eg_heatmap_view_set_grid (self->heatmap, eg_trace_page_get_shown (self));
  eg_banner_hide (self->banner);
}

/* What ended before it had any number gives its place back to what was there before. */
static gboolean
has_come_to_nothing (EgTracePage *self)
{
  const EgTracingState state = eg_tracing_get_state (self->tracing);

  return eg_tracing_get_result (self->tracing) == NULL && eg_versions_can_go (self->versions, -1)
         && (state == EG_TRACING_FAILED || state == EG_TRACING_STOPPED);
}

static void
on_state (EgTracing *tracing, gpointer data)
{
  EgTracePage *self = data;

  if (!has_come_to_nothing (self))
    {
      show_state (self);
      return;
    }
  g_autoptr (GError) error
      = eg_tracing_get_error (tracing) != NULL ? g_error_copy (eg_tracing_get_error (tracing)) : NULL;
  show_version (self, eg_versions_drop_shown (self->versions));
  show_state (self);
  if (error != NULL)
    eg_banner_show (self->banner, EG_BANNER_ERROR, error->message, "win.trace", _ ("_Try Again"));
}

static void
on_site_chosen (EgSiteMaps *sites, guint index, gpointer data)
{
  EgTracePage *self = data;

  eg_heatmap_view_set_grid (self->heatmap, eg_trace_page_get_shown (self));
  update_texts (self);
  g_signal_emit (self, signals[CHANGED], 0); /* what can be made exact is another one */
}

static void
on_site_activated (EgSiteMaps *sites, guint index, gpointer data)
{
  gtk_widget_activate_action (GTK_WIDGET (data), "win.make-exact", NULL);
}

static void
restyle_sites (EgTracePage *self)
{
  eg_site_maps_set_style (self->sites, self->colormap, self->scale, self->orientation);
}

/* ---- pins ---- */

static void
on_pins_changed (EgHeatmapView *heatmap, gpointer data)
{
  gsize n;
  const EgCell *pins = eg_heatmap_view_get_pins (heatmap, &n);
  eg_analysis_pane_set_pins (EG_TRACE_PAGE (data)->analysis, pins, n);
}

static void
on_cursor_moved (EgHeatmapView *heatmap, gpointer data)
{
  eg_analysis_pane_set_layer (EG_TRACE_PAGE (data)->analysis, eg_heatmap_view_get_layer (heatmap));
}

static void
on_unpin_all (EgAnalysisPane *pane, gpointer data)
{
  eg_heatmap_view_unpin_all (EG_TRACE_PAGE (data)->heatmap);
}

/* ---- the object ---- */

static void
eg_trace_page_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EgTracePage *self = EG_TRACE_PAGE (object);

  switch (id)
    {
    case PROP_COLORMAP:
      g_value_set_string (value, eg_colormap_get_name (self->colormap));
      break;
    case PROP_SCALE:
      g_value_set_string (value, eg_scale_get_name (self->scale));
      break;
    case PROP_HATCH_NOISE:
      g_value_set_boolean (value, self->hatch_noise);
      break;
    case PROP_ORIENTATION:
      g_value_set_string (value, eg_orientation_get_name (self->orientation));
      break;
    case PROP_ANALYSIS:
      g_value_set_boolean (value, gtk_widget_get_visible (GTK_WIDGET (self->analysis)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
eg_trace_page_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EgTracePage *self = EG_TRACE_PAGE (object);

  switch (id)
    {
    case PROP_COLORMAP:
      if (eg_colormap_from_name (g_value_get_string (value), &self->colormap, NULL))
        eg_heatmap_view_set_colormap (self->heatmap, self->colormap);
      restyle_sites (self);
      update_origin (self);
      break;
    case PROP_SCALE:
      if (!eg_scale_from_name (g_value_get_string (value), &self->scale, NULL))
        break;
      eg_heatmap_view_set_scale (self->heatmap, self->scale);
      eg_analysis_pane_set_scale (self->analysis, self->scale);
      restyle_sites (self);
      break;
    case PROP_HATCH_NOISE:
      self->hatch_noise = g_value_get_boolean (value);
      eg_heatmap_view_set_hatch_noise (self->heatmap, self->hatch_noise);
      break;
    case PROP_ORIENTATION:
      if (eg_orientation_from_name (g_value_get_string (value), &self->orientation, NULL))
        eg_heatmap_view_set_orientation (self->heatmap, self->orientation);
      restyle_sites (self);
      break;
    case PROP_ANALYSIS:
      gtk_widget_set_visible (GTK_WIDGET (self->analysis), g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
eg_trace_page_dispose (GObject *object)
{
  EgTracePage *self = EG_TRACE_PAGE (object);

  g_clear_handle_id (&self->update_timeout, g_source_remove);
  if (self->tracing != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->tracing, self);
      eg_tracing_stop (self->tracing);
    }
  g_clear_object (&self->tracing);
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_TRACE_PAGE);
  G_OBJECT_CLASS (eg_trace_page_parent_class)->dispose (object);
}

static void
eg_trace_page_finalize (GObject *object)
{
  EgTracePage *self = EG_TRACE_PAGE (object);

  g_clear_pointer (&self->draft, eg_trace_request_free);
  g_clear_pointer (&self->view, eg_trace_result_unref);
  g_free (self->open_name);
  g_free (self->open_folder);
  eg_versions_free (self->versions);
  G_OBJECT_CLASS (eg_trace_page_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *object_class)
{
  properties[PROP_COLORMAP]
      = g_param_spec_string ("colormap", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_SCALE]
      = g_param_spec_string ("scale", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_HATCH_NOISE]
      = g_param_spec_boolean ("hatch-noise", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_ORIENTATION]
      = g_param_spec_string ("orientation", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_ANALYSIS]
      = g_param_spec_boolean ("analysis", NULL, NULL, TRUE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
eg_trace_page_class_init (EgTracePageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = eg_trace_page_dispose;
  object_class->finalize = eg_trace_page_finalize;
  object_class->get_property = eg_trace_page_get_property;
  object_class->set_property = eg_trace_page_set_property;
  install_properties (object_class);
  signals[CHANGED]
      = g_signal_new ("changed", EG_TYPE_TRACE_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  g_type_ensure (EG_TYPE_ANALYSIS_PANE);
  g_type_ensure (EG_TYPE_BANNER);
  g_type_ensure (EG_TYPE_HEATMAP_VIEW);
  g_type_ensure (EG_TYPE_SITE_MAPS);
  g_type_ensure (EG_TYPE_TRACE_HEADER);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/trace-page.ui");
  gtk_widget_class_bind_template_child (widget_class, EgTracePage, banner);
  gtk_widget_class_bind_template_child (widget_class, EgTracePage, content);
  gtk_widget_class_bind_template_child (widget_class, EgTracePage, header);
  gtk_widget_class_bind_template_child (widget_class, EgTracePage, sentence);
  gtk_widget_class_bind_template_child (widget_class, EgTracePage, estimate_line);
  gtk_widget_class_bind_template_child (widget_class, EgTracePage, heatmap);
  gtk_widget_class_bind_template_child (widget_class, EgTracePage, sites);
  gtk_widget_class_bind_template_child (widget_class, EgTracePage, analysis);
  gtk_widget_class_bind_template_callback (widget_class, on_metric_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_pins_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_site_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_site_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_cursor_moved);
  gtk_widget_class_bind_template_callback (widget_class, on_unpin_all);
}

static void
eg_trace_page_init (EgTracePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->versions = eg_versions_new ();
  follow (self, eg_versions_get_shown (self->versions));
  update_texts (self);
}

GtkWidget *
eg_trace_page_new (void)
{
  return g_object_new (EG_TYPE_TRACE_PAGE, NULL);
}

void
eg_trace_page_start (EgTracePage *self, EgModel *model, const EgTraceRequest *request, EgEstimateUse use)
{
  g_return_if_fail (EG_IS_TRACE_PAGE (self));

  EgModel *asked = eg_model_ref (model);

  eg_tracing_stop (self->tracing);
  follow (self, eg_versions_add (self->versions));
  g_clear_pointer (&self->version->model, eg_model_unref);
  self->version->model = asked;
  g_clear_pointer (&self->version->file_name, g_free);
  eg_trace_page_set_draft (self, request);
  eg_tracing_start (self->tracing, model, request, use);
}

gboolean
eg_trace_page_can_go (EgTracePage *self, int step)
{
  return eg_versions_can_go (self->versions, step);
}

void
eg_trace_page_go (EgTracePage *self, int step)
{
  g_return_if_fail (EG_IS_TRACE_PAGE (self));

  if (!eg_versions_can_go (self->versions, step))
    return;
  eg_tracing_stop (self->tracing);
  show_version (self, eg_versions_go (self->versions, step));
  show_state (self);
}

void
eg_trace_page_stop (EgTracePage *self)
{
  eg_tracing_stop (self->tracing);
}

void
eg_trace_page_continue (EgTracePage *self, EgModel *model)
{
  if (!eg_tracing_can_continue (self->tracing) || model == NULL)
    return;
  if (self->version->model == NULL)
    self->version->model = eg_model_ref (model);
  /* It will be more than what is in the file. */
  g_clear_pointer (&self->version->file_name, g_free);
  eg_tracing_continue (self->tracing, model);
}

gboolean
eg_trace_page_can_make_exact (EgTracePage *self)
{
  const EgTraceResult *result = eg_tracing_get_result (self->tracing);

  return result != NULL && self->open_name != NULL && !is_of_other_model (self)
         && eg_tracing_can_make_exact (self->tracing, get_shown_site (self, result));
}

void
eg_trace_page_make_exact (EgTracePage *self, EgModel *model)
{
  if (model == NULL || !eg_trace_page_can_make_exact (self))
    return;
  if (self->version->model == NULL)
    self->version->model = eg_model_ref (model);
  g_clear_pointer (&self->version->file_name, g_free);
  eg_tracing_make_exact (self->tracing, model, get_shown_site (self, eg_tracing_get_result (self->tracing)));
}

gboolean
eg_trace_page_can_continue (EgTracePage *self)
{
  return eg_tracing_can_continue (self->tracing);
}

gboolean
eg_trace_page_was_traced (EgTracePage *self)
{
  return self->version->model != NULL;
}

void
eg_trace_page_show (EgTracePage *self, EgTraceResult *result, EgSavedTrace *saved)
{
  g_return_if_fail (EG_IS_TRACE_PAGE (self));

  g_clear_pointer (&self->version->model, eg_model_unref);
  eg_tracing_show (self->tracing, result, saved);
  eg_trace_page_reset_draft (self);
}

EgTracingState
eg_trace_page_get_state (EgTracePage *self)
{
  return eg_tracing_get_state (self->tracing);
}

EgTraceResult *
eg_trace_page_get_result (EgTracePage *self)
{
  return eg_tracing_get_result (self->tracing);
}

const EgTracePartial *
eg_trace_page_get_partial (EgTracePage *self)
{
  return eg_tracing_get_partial (self->tracing);
}

void
eg_trace_page_spell (EgTracePage *self, EgTokenizer *tokenizer)
{
  EgTraceResult *result = eg_tracing_get_result (self->tracing);

  if (result == NULL)
    return;
  eg_trace_result_spell (result, tokenizer);
  if (self->view != NULL)
    eg_trace_result_spell (self->view, tokenizer);
  eg_heatmap_view_set_colormap (self->heatmap, self->colormap); /* draws all anew */
  update_texts (self);
}

gboolean
eg_trace_page_is_outdated (EgTracePage *self, EgModel *model, const EgTraceRequest *request)
{
  const EgTraceRequest *shown = eg_tracing_get_request (self->tracing);
  const gboolean other_model = self->version->model != NULL && model != NULL && self->version->model != model;

  if (shown == NULL)
    return FALSE;
  EgTraceRequest asked = *request; /* its texts are still the request's */
  /* A file's numbers are not made again for another device's last bits. */
  if (self->version->model == NULL)
    asked.device = shown->device;
  return other_model || !eg_trace_request_equal (shown, &asked);
}

/* All that is of the trace; not the pins and the cursor, which are a person's. */
void
eg_trace_page_set_outdated (EgTracePage *self, gboolean outdated)
{
  GtkWidget *const others[] = { GTK_WIDGET (self->header), GTK_WIDGET (self->sentence),
                                GTK_WIDGET (self->estimate_line), GTK_WIDGET (self->analysis) };

  eg_heatmap_view_set_dimmed (self->heatmap, outdated);
  eg_site_maps_set_dimmed (self->sites, outdated);
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    gtk_widget_set_opacity (others[i], outdated ? EG_DIMMED : 1);
}

EgModel *
eg_trace_page_get_model (EgTracePage *self)
{
  return self->version->model;
}

const char *
eg_trace_page_get_model_name (EgTracePage *self)
{
  return get_model_name (self);
}

gboolean
eg_trace_page_is_of_other_model (EgTracePage *self)
{
  return is_of_other_model (self);
}

void
eg_trace_page_set_open_model (EgTracePage *self, EgModel *model)
{
  g_free (self->open_name);
  g_free (self->open_folder);
  self->open_name = model != NULL ? g_strdup (eg_model_get_name (model)) : NULL;
  self->open_folder = model != NULL ? g_strdup (eg_model_get_folder (model)) : NULL;
  update_origin (self);
}

const EgTraceRequest *
eg_trace_page_get_draft (EgTracePage *self)
{
  return self->draft;
}

void
eg_trace_page_set_draft (EgTracePage *self, const EgTraceRequest *draft)
{
  EgTraceRequest *copy = eg_trace_request_copy (draft);

  g_clear_pointer (&self->draft, eg_trace_request_free);
  self->draft = copy;
}

void
eg_trace_page_reset_draft (EgTracePage *self)
{
  const EgTraceRequest *shown = eg_tracing_get_request (self->tracing);

  if (shown != NULL)
    eg_trace_page_set_draft (self, shown);
}

char *
eg_trace_page_describe (EgTracePage *self)
{
  return eg_trace_title (eg_tracing_get_result (self->tracing), eg_tracing_get_request (self->tracing));
}

char *
eg_trace_page_describe_briefly (EgTracePage *self)
{
  return eg_trace_title_short (eg_tracing_get_result (self->tracing), eg_tracing_get_request (self->tracing));
}

char **
eg_trace_page_get_settings (EgTracePage *self)
{
  return eg_trace_title_get_settings (eg_tracing_get_result (self->tracing),
                                      eg_tracing_get_request (self->tracing));
}

char *
eg_trace_page_describe_settings (EgTracePage *self)
{
  return eg_trace_title_describe (eg_tracing_get_result (self->tracing),
                                  eg_tracing_get_request (self->tracing), self->version->file_name);
}

const char *
eg_trace_page_get_file_name (EgTracePage *self)
{
  return self->version->file_name;
}

void
eg_trace_page_set_file_name (EgTracePage *self, const char *name)
{
  char *shown = name != NULL ? g_filename_display_name (name) : NULL;

  g_free (self->version->file_name);
  self->version->file_name = shown;
}

const char *
eg_trace_page_get_key (EgTracePage *self)
{
  return self->version->key;
}

void
eg_trace_page_set_key (EgTracePage *self, const char *key)
{
  char *copy = g_strdup (key);

  g_free (self->version->key);
  self->version->key = copy;
}

GStrv
eg_trace_page_get_keys (EgTracePage *self)
{
  return eg_versions_get_keys (self->versions);
}

const EgCell *
eg_trace_page_get_pins (EgTracePage *self, gsize *n)
{
  return eg_heatmap_view_get_pins (self->heatmap, n);
}

gboolean
eg_trace_page_get_curves (EgTracePage *self, EgCurves *curves)
{
  return eg_analysis_pane_get_curves (self->analysis, curves);
}

void
eg_trace_page_zoom (EgTracePage *self, double factor)
{
  eg_heatmap_view_zoom (self->heatmap, factor);
}
