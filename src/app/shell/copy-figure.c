/* Draws a figure into pixels, as many as print wants. */
#include "app/shell/copy-figure.h"

#include "app/parts/hold.h"

#define POINTS_PER_INCH 72.0
#define COPY_SCALE      4.0 /* device pixels a point: 288 an inch */

typedef struct
{
  EgTraceGrid *grid;
  EgFigure *figure;
} Copying;

static void
copying_free (gpointer data)
{
  Copying *self = data;

  eg_trace_grid_unref (self->grid);
  eg_figure_free (self->figure);
  g_free (self);
}

static void
draw_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Copying *copying = task_data;
  const double width = copying->figure->options.width * POINTS_PER_INCH;
  const double height = eg_figure_get_height (copying->figure, copying->grid);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, (int)(width * COPY_SCALE + 0.5),
                                                         (int)(height * COPY_SCALE + 0.5));

  cairo_surface_set_device_scale (surface, COPY_SCALE, COPY_SCALE);
  cairo_t *cr = cairo_create (surface);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  eg_figure_draw (copying->figure, copying->grid, cr, COPY_SCALE);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  g_task_return_pointer (task, surface, (GDestroyNotify)cairo_surface_destroy);
}

static GdkTexture *
texture_of (cairo_surface_t *surface)
{
  const int height = cairo_image_surface_get_height (surface);
  const gsize stride = (gsize)cairo_image_surface_get_stride (surface);
  g_autoptr (GBytes) bytes = g_bytes_new (cairo_image_surface_get_data (surface), stride * (gsize)height);

  return gdk_memory_texture_new (cairo_image_surface_get_width (surface), height, GDK_MEMORY_DEFAULT, bytes,
                                 stride);
}

void
eg_draw_texture_async (gpointer source,
                       const EgTraceGrid *grid,
                       const EgFigure *figure,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (source, NULL, callback, user_data);
  Copying *copying = g_new0 (Copying, 1);

  copying->grid = eg_trace_grid_copy (grid);
  copying->figure = eg_figure_copy (figure);
  g_task_set_task_data (task, copying, copying_free);
  eg_program_hold ();
  g_task_run_in_thread (task, draw_in_thread);
}

GdkTexture *
eg_draw_texture_finish (GAsyncResult *result)
{
  cairo_surface_t *surface = g_task_propagate_pointer (G_TASK (result), NULL);
  GdkTexture *texture = texture_of (surface);

  eg_program_release ();
  cairo_surface_destroy (surface);
  return texture;
}
