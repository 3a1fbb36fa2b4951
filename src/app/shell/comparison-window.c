/* Has the other model loaded and traced, and takes the comparison in when it is there. */
#include "app/shell/comparison-window.h"

#include "app/models/model-loader.h"
#include "app/page/cell-text.h"
#include "app/page/comparison-view.h"
#include "app/page/tracing.h"
#include "app/parts/later.h"
#include "app/parts/progress-view.h"
#include "app/shell/picture-exporter.h"
#include "plot/comparison-figure.h"
#include "plot/export.h"

#include <glib/gi18n.h>

#define MARGIN 12

/**
 * _EgComparisonWindow: @content: what is shown under the header bar
 * @progress: NULL: nothing is traced
 */
struct _EgComparisonWindow
{
  AdwWindow parent_instance;
  EgTraceGrid *first;
  EgModelLoader *loader;
  EgTracing *tracing;
  AdwHeaderBar *bar;
  AdwToastOverlay *toasts;
  AdwBin *content;
  EgProgressView *progress;
};

G_DEFINE_FINAL_TYPE (EgComparisonWindow, eg_comparison_window, ADW_TYPE_WINDOW)

/* What is exported: as the maps are when they are shown. */
typedef struct
{
  EgTraceGrid *a, *b;
  char *title_a, *title_b;
} Exported;

static void
exported_free (gpointer data)
{
  Exported *self = data;

  eg_trace_grid_unref (self->a);
  eg_trace_grid_unref (self->b);
  g_free (self->title_a);
  g_free (self->title_b);
  g_free (self);
}

static gboolean
write_figure (gconstpointer data, const char *path, GError **error)
{
  const Exported *it = data;
  g_autoptr (EgComparison) comparison = eg_comparison_new (it->a, it->b, FALSE, error);
  EgComparisonFigure drawing;
  EgFigure figure = { .drawing = &drawing.drawing };

  if (comparison == NULL)
    return FALSE;
  eg_comparison_figure_init (&drawing, comparison, it->title_a, it->title_b);
  eg_figure_options_init (&figure.options);
  return eg_export_figure (comparison->a, &figure, path, error);
}

static void
set_content (EgComparisonWindow *self, GtkWidget *child)
{
  gtk_widget_set_margin_start (child, MARGIN);
  gtk_widget_set_margin_end (child, MARGIN);
  gtk_widget_set_margin_bottom (child, MARGIN);
  adw_bin_set_child (self->content, child);
}

gboolean
eg_comparison_window_show (EgComparisonWindow *self, EgTraceGrid *second, GError **error)
{
  g_return_val_if_fail (EG_IS_COMPARISON_WINDOW (self), FALSE);

  EgComparison *comparison = eg_comparison_new (self->first, second, FALSE, error);

  if (comparison == NULL)
    return FALSE;
  Exported *exported = g_new0 (Exported, 1);
  *exported = (Exported){ eg_trace_grid_copy (self->first), eg_trace_grid_copy (second),
                          eg_comparison_describe ("A", self->first, second),
                          eg_comparison_describe ("B", second, self->first) };
  self->progress = NULL;
  set_content (self, eg_comparison_view_new (comparison, exported->title_a, exported->title_b));
  eg_close_with_escape (GTK_WINDOW (self));
  eg_picture_exporter_add (GTK_WINDOW (self), self->bar, self->toasts, write_figure, exported, exported_free);
  return TRUE;
}

/* ---- the second map ---- */

static void
fail (EgComparisonWindow *self, const GError *error)
{
  if (self->progress != NULL)
    eg_progress_view_end (self->progress, error->message);
}

static void
show_traced (EgComparisonWindow *self)
{
  EgTraceResult *result = eg_tracing_get_result (self->tracing);
  EgTraceGrid *same = eg_trace_result_find_site (result, self->first->site);
  g_autoptr (GError) error = NULL;

  if (!eg_comparison_window_show (self, same != NULL ? same : result->grids[0], &error))
    fail (self, error);
}

static void
on_state_changed (EgComparisonWindow *self)
{
  switch (eg_tracing_get_state (self->tracing))
    {
    case EG_TRACING_DONE:
      show_traced (self);
      break;
    case EG_TRACING_FAILED:
      fail (self, eg_tracing_get_error (self->tracing));
      break;
    case EG_TRACING_IDLE:
    case EG_TRACING_RUNNING:
    case EG_TRACING_STOPPED:
    default:
      break;
    }
}

static void
on_progress (EgComparisonWindow *self)
{
  gsize done, total;
  double elapsed, left;

  eg_tracing_get_progress (self->tracing, &done, &total, &elapsed, &left);
  if (self->progress == NULL || total == 0)
    return;
  const double samples = MAX (1, (double)eg_tracing_get_request (self->tracing)->samples);
  g_autofree char *text = eg_format_progress ((double)done / samples, (double)total / samples, elapsed, left);
  eg_progress_view_show (self->progress, (double)done / (double)total, text);
}

static void
on_loading (EgComparisonWindow *self)
{
  if (self->progress == NULL || !eg_model_loader_is_loading (self->loader))
    return;
  g_autofree char *text
      = g_strdup_printf (_ ("Loading… %.0f%%"), 100 * eg_model_loader_get_progress (self->loader));
  eg_progress_view_show (self->progress, 0, text);
}

static void
on_loaded (EgComparisonWindow *self)
{
  g_autoptr (EgTraceRequest) request = eg_trace_request_copy (self->first->result->request);

  eg_trace_request_set_sites (request, self->first->site, NULL);
  eg_progress_view_show (self->progress, 0, _ ("Starting…"));
  eg_tracing_start (self->tracing, eg_model_loader_get_model (self->loader), request, EG_ESTIMATE_NEVER);
}

static void
on_failed (EgModelLoader *loader, const GError *error, gpointer data)
{
  fail (data, error);
}

static void
on_stop (EgComparisonWindow *self)
{
  eg_destroy_later (GTK_WINDOW (self));
}

void
eg_comparison_window_trace (EgComparisonWindow *self, const char *model)
{
  g_return_if_fail (EG_IS_COMPARISON_WINDOW (self) && self->progress == NULL);

  self->progress = EG_PROGRESS_VIEW (eg_progress_view_new (_ ("Tracing the same on the other model…")));
  g_signal_connect_swapped (self->progress, "stop", G_CALLBACK (on_stop), self);
  set_content (self, GTK_WIDGET (self->progress));
  eg_model_loader_open (self->loader, model, NULL);
}

/* ---- the object ---- */

static void
eg_comparison_window_dispose (GObject *object)
{
  EgComparisonWindow *self = EG_COMPARISON_WINDOW (object);

  if (self->loader != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->loader, self);
      g_signal_handlers_disconnect_by_data (self->tracing, self);
      eg_model_loader_cancel (self->loader);
      eg_tracing_stop (self->tracing);
    }
  self->progress = NULL;
  g_clear_object (&self->loader);
  g_clear_object (&self->tracing);
  g_clear_pointer (&self->first, eg_trace_grid_unref);
  G_OBJECT_CLASS (eg_comparison_window_parent_class)->dispose (object);
}

static void
eg_comparison_window_class_init (EgComparisonWindowClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = eg_comparison_window_dispose;
}

static void
eg_comparison_window_init (EgComparisonWindow *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

  self->loader = eg_model_loader_new ();
  self->tracing = eg_tracing_new ();
  self->bar = ADW_HEADER_BAR (adw_header_bar_new ());
  self->toasts = ADW_TOAST_OVERLAY (adw_toast_overlay_new ());
  self->content = ADW_BIN (adw_bin_new ());
  g_signal_connect_swapped (self->loader, "changed", G_CALLBACK (on_loading), self);
  g_signal_connect_swapped (self->loader, "loaded", G_CALLBACK (on_loaded), self);
  g_signal_connect (self->loader, "failed", G_CALLBACK (on_failed), self);
  g_signal_connect_swapped (self->tracing, "progress", G_CALLBACK (on_progress), self);
  g_signal_connect_swapped (self->tracing, "state-changed", G_CALLBACK (on_state_changed), self);
  gtk_widget_set_vexpand (GTK_WIDGET (self->content), TRUE);
  adw_toast_overlay_set_child (self->toasts, GTK_WIDGET (self->content));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->bar));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->toasts));
  adw_window_set_content (ADW_WINDOW (self), box);
  gtk_window_set_title (GTK_WINDOW (self), /* TRANSLATORS: a window’s title: two traces beside each other. */
                        _ ("Comparison"));
  gtk_window_set_default_size (GTK_WINDOW (self), 960, 640);
  gtk_window_set_destroy_with_parent (GTK_WINDOW (self), TRUE);
}

EgComparisonWindow *
eg_comparison_window_new (GtkWindow *parent, EgTraceGrid *first)
{
  EgComparisonWindow *self = g_object_new (EG_TYPE_COMPARISON_WINDOW, "transient-for", parent, NULL);

  self->first = eg_trace_grid_ref (first);
  return self;
}
