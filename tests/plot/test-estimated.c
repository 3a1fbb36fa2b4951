/* Cells that are estimated look like it, in the map, at its bar and in its caption, until they have a score.
 */
#include "plot/figure.h"

#include <math.h>
#include <string.h>

#define N_LAYERS 3
#define N_TOKENS 4

static EgTraceGrid *
make_grid (void)
{
  EgTraceTokens *tokens = eg_trace_tokens_new (N_TOKENS);
  tokens->tokens = g_strsplit ("a b c d", " ", -1);
  tokens->subject_first = tokens->subject_last = 1;
  EgTraceResult *result = eg_trace_result_new (eg_trace_request_new ("a b c d", "b"), tokens, N_LAYERS,
                                               (const char *[]){ "resid" }, 1);
  result->ends[0] = (EgTraceEnds){ .high = 0.9, .low = 0.1 };
  eg_trace_result_add_estimates (result);
  for (gsize i = 0; i < N_LAYERS * N_TOKENS; i++)
    result->grids[0]->estimate[i] = 0.1 + 0.06 * (double)i;
  return result->grids[0];
}

static EgHeatmapLayout *
make_layout (const EgTraceGrid *grid, gboolean dark)
{
  EgHeatmapStyle style;
  eg_heatmap_style_init_screen (&style, dark);
  return eg_heatmap_layout_new (grid, &style, 640, 420, 1);
}

static cairo_surface_t *
draw (const EgHeatmapLayout *layout, const EgTraceGrid *grid)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 640, 420);
  cairo_t *cr = cairo_create (surface);
  eg_heatmap_draw (layout, grid, cr);
  cairo_destroy (cr);
  return surface;
}

/* How many of a cell's inner pixels have another colour than the map gives its value, in thousandths. */
static guint
count_lines (
    cairo_surface_t *surface, const EgHeatmapLayout *layout, const EgTraceGrid *grid, gsize l, gsize t)
{
  const EgRect cell = eg_heatmap_layout_get_cell (layout, l, t);
  const double place = eg_heatmap_layout_place (layout, grid, eg_trace_grid_shown (grid, l, t));
  const EgColor color = eg_colormap_lookup (layout->style.colormap, place);
  const int stride = cairo_image_surface_get_stride (surface);
  guint n = 0, lines = 0;
  cairo_surface_flush (surface);
  const guchar *data = cairo_image_surface_get_data (surface);
  for (int y = (int)cell.y + 3; y < cell.y + cell.height - 3; y++)
    for (int x = (int)cell.x + 3; x < cell.x + cell.width - 3; x++)
      {
        const guint32 pixel = *(const guint32 *)(const void *)(data + y * stride + 4 * x);
        const double distance = fabs ((double)(pixel >> 16 & 255) - 255 * color.red)
                                + fabs ((double)(pixel >> 8 & 255) - 255 * color.green)
                                + fabs ((double)(pixel & 255) - 255 * color.blue);
        n++;
        lines += distance > 24;
      }
  g_assert_cmpuint (n, >, 100);
  return lines * 1000 / n;
}

/* Lines over the colour of each, whatever it is, on light and dark ground; a score has none. */
static void
test_lines (void)
{
  for (int dark = 0; dark < 2; dark++)
    {
      g_autoptr (EgTraceGrid) grid = make_grid ();
      grid->scores[0][5] = 0.5;
      g_autoptr (EgHeatmapLayout) layout = make_layout (grid, dark);
      cairo_surface_t *surface = draw (layout, grid);
      for (gsize l = 0; l < N_LAYERS; l++)
        for (gsize t = 0; t < N_TOKENS; t++)
          {
            const guint lines = count_lines (surface, layout, grid, l, t);
            const gboolean exact = l * N_TOKENS + t == 5;
            g_assert_cmpuint (lines, >=, exact ? 0 : 80);
            g_assert_cmpuint (lines, <=, exact ? 0 : 600);
          }
      cairo_surface_destroy (surface);
    }
}

/* Drawn again over its estimate, a score has nothing left of it; and the bar says no more that there are any
 * only when the last one is gone. */
static void
test_replaced (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid ();
  g_autoptr (EgHeatmapLayout) layout = make_layout (grid, FALSE);
  cairo_surface_t *surface = draw (layout, grid);
  g_assert_nonnull (strstr (layout->scale_name, "hatched: estimated"));
  grid->scores[0][6] = 0.7;
  cairo_t *cr = cairo_create (surface);
  eg_heatmap_draw_cell (layout, grid, 1, 2, cr);
  cairo_destroy (cr);
  g_assert_cmpuint (count_lines (surface, layout, grid, 1, 2), ==, 0);
  g_assert_true (eg_heatmap_layout_fits (layout, grid));
  cairo_surface_destroy (surface);
  for (gsize i = 0; i < N_LAYERS * N_TOKENS; i++)
    grid->scores[0][i] = 0.5;
  g_assert_false (eg_heatmap_layout_fits (layout, grid));
  g_autoptr (EgHeatmapLayout) exact = make_layout (grid, FALSE);
  g_assert_null (strstr (exact->scale_name, "estimated"));
}

/* A scale that is the map's own holds what is estimated, too. */
static void
test_scale (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid ();
  EgHeatmapStyle style;
  eg_heatmap_style_init_figure (&style);
  style.scale = EG_SCALE_RAW;
  grid->estimate[3] = 1.7;
  g_autoptr (EgHeatmapLayout) layout = eg_heatmap_layout_new (grid, &style, 640, 420, 1);
  g_assert_cmpfloat (layout->high, ==, 2);
}

static void
test_caption (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid ();
  EgFigure figure = { .picture = EG_PICTURE_HEATMAP };
  eg_figure_options_init (&figure.options);
  grid->result->estimated = TRUE;
  g_autofree char *caption = eg_figure_make_caption (&figure, grid);
  g_assert_nonnull (strstr (caption, "estimated to first order, not computed"));
  for (gsize i = 0; i < N_LAYERS * N_TOKENS; i++)
    grid->scores[0][i] = 0.5;
  g_autofree char *exact = eg_figure_make_caption (&figure, grid);
  g_assert_null (strstr (exact, "estimated"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plot-estimated/lines-over-every-color", test_lines);
  g_test_add_func ("/plot-estimated/a-score-replaces-it-whole", test_replaced);
  g_test_add_func ("/plot-estimated/scales-hold-estimates", test_scale);
  g_test_add_func ("/plot-estimated/captions-say-so", test_caption);
  return g_test_run ();
}
