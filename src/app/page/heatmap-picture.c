/* The map’s picture, drawn once and kept; new cells are drawn into it. */
#include "app/page/heatmap-picture.h"

#include <math.h>

struct _EgHeatmapPicture
{
  EgHeatmapLayout *layout;  /* NULL: to be made */
  cairo_surface_t *surface; /* of the layout; NULL: to be drawn */
  /* The surface for the screen: all of it as it was first, and what the map has become since. Two, so that a
   * frame paints what has changed alone. */
  GskRenderNode *whole, *map;
  guint8 *changed; /* [n_layers, n_tokens] of the layout: cells to be drawn again */
  gboolean any_changed, all_changed;
  double drawn_low, drawn_high;
};

EgHeatmapPicture *
eg_heatmap_picture_new (void)
{
  return g_new0 (EgHeatmapPicture, 1);
}

void
eg_heatmap_picture_forget (EgHeatmapPicture *self)
{
  g_clear_pointer (&self->layout, eg_heatmap_layout_free);
  g_clear_pointer (&self->surface, cairo_surface_destroy);
  g_clear_pointer (&self->changed, g_free);
  g_clear_pointer (&self->whole, gsk_render_node_unref);
  g_clear_pointer (&self->map, gsk_render_node_unref);
}

void
eg_heatmap_picture_free (EgHeatmapPicture *self)
{
  if (self == NULL)
    return;
  eg_heatmap_picture_forget (self);
  g_free (self);
}

const EgHeatmapLayout *
eg_heatmap_picture_measure (EgHeatmapPicture *self,
                            const EgTraceGrid *grid,
                            const EgHeatmapStyle *style,
                            int width,
                            int height,
                            int scale,
                            double zoom)
{
  if (self->layout == NULL)
    {
      self->layout = eg_heatmap_layout_new_zoomed (grid, style, width, height, scale, zoom);
      self->changed = g_new0 (guint8, eg_trace_grid_n_cells (grid));
    }
  return self->layout;
}

const EgHeatmapLayout *
eg_heatmap_picture_get_layout (EgHeatmapPicture *self)
{
  return self->layout;
}

void
eg_heatmap_picture_scroll (EgHeatmapPicture *self, double x, double y)
{
  if (self->layout == NULL)
    return;
  const EgRect before = self->layout->cells;
  eg_heatmap_layout_scroll (self->layout, x, y);
  if (before.x == self->layout->cells.x && before.y == self->layout->cells.y)
    return;
  g_clear_pointer (&self->surface, cairo_surface_destroy);
}

/* The probabilities that the colours rest on are refined while samples come in. */
static gboolean
scale_has_moved (EgHeatmapPicture *self, const EgTraceGrid *grid)
{
  const double low = eg_trace_grid_get_ends (grid)->low, high = eg_trace_grid_get_ends (grid)->high;
  const gboolean same = (low == self->drawn_low || (isnan (low) && isnan (self->drawn_low)))
                        && (high == self->drawn_high || (isnan (high) && isnan (self->drawn_high)));
  return !same && self->layout->normalized;
}

void
eg_heatmap_picture_add_changes (EgHeatmapPicture *self,
                                const EgTraceGrid *grid,
                                const EgTraceCell *cells,
                                gsize n_cells)
{
  if (self->layout == NULL)
    return;
  if (!eg_heatmap_layout_fits (self->layout, grid))
    {
      eg_heatmap_picture_forget (self);
      return;
    }
  if (self->surface == NULL)
    return;
  for (gsize i = 0; i < n_cells; i++)
    if (cells[i].layer < grid->n_layers && cells[i].position < grid->n_tokens)
      self->changed[cells[i].layer * grid->n_tokens + cells[i].position] = TRUE;
  self->all_changed = self->all_changed || scale_has_moved (self, grid);
  self->any_changed = self->any_changed || self->all_changed || n_cells > 0;
}

static void
draw_whole (EgHeatmapPicture *self, const EgTraceGrid *grid)
{
  const EgHeatmapLayout *layout = self->layout;
  const int scale = (int)layout->pixel;

  self->surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, (int)layout->width * scale,
                                              (int)layout->height * scale);
  cairo_surface_set_device_scale (self->surface, scale, scale);
  cairo_t *cr = cairo_create (self->surface);
  eg_heatmap_draw (layout, grid, cr);
  cairo_destroy (cr);
}

static void
draw_changes (EgHeatmapPicture *self, const EgTraceGrid *grid)
{
  cairo_t *cr = cairo_create (self->surface);

  if (self->all_changed)
    eg_heatmap_draw_known (self->layout, grid, cr);
  for (gsize i = 0; !self->all_changed && i < eg_trace_grid_n_cells (grid); i++)
    if (self->changed[i])
      eg_heatmap_draw_cell (self->layout, grid, i / grid->n_tokens, i % grid->n_tokens, cr);
  cairo_destroy (cr);
}

/* The part of the surface that is within a rectangle. No texture: GTK 4.8 converts those by way of floats. */
static GskRenderNode *
make_node (EgHeatmapPicture *self, EgRect rect)
{
  const graphene_rect_t bounds
      = GRAPHENE_RECT_INIT ((float)rect.x, (float)rect.y, (float)rect.width, (float)rect.height);
  GskRenderNode *node = gsk_cairo_node_new (&bounds);
  cairo_t *cr = gsk_cairo_node_get_draw_context (node);

  cairo_set_source_surface (cr, self->surface, 0, 0);
  cairo_rectangle (cr, rect.x, rect.y, rect.width, rect.height);
  cairo_fill (cr);
  cairo_destroy (cr);
  return node;
}

static void
draw (EgHeatmapPicture *self, const EgTraceGrid *grid)
{
  const EgHeatmapLayout *layout = self->layout;

  g_clear_pointer (&self->map, gsk_render_node_unref);
  if (self->surface == NULL)
    {
      g_clear_pointer (&self->whole, gsk_render_node_unref);
      draw_whole (self, grid);
      self->whole = make_node (self, (EgRect){ 0, 0, layout->width, layout->height });
    }
  else
    {
      draw_changes (self, grid);
      self->map = make_node (self, layout->map);
    }
  memset (self->changed, 0, eg_trace_grid_n_cells (grid));
  self->any_changed = self->all_changed = FALSE;
  self->drawn_low = eg_trace_grid_get_ends (grid)->low;
  self->drawn_high = eg_trace_grid_get_ends (grid)->high;
}

void
eg_heatmap_picture_snapshot (EgHeatmapPicture *self, const EgTraceGrid *grid, GtkSnapshot *snapshot)
{
  g_return_if_fail (self->layout != NULL);

  if (self->surface == NULL || self->any_changed)
    draw (self, grid);
  gtk_snapshot_append_node (snapshot, self->whole);
  if (self->map != NULL)
    gtk_snapshot_append_node (snapshot, self->map);
}
