/* Draws two maps, their difference and their curves. */
#include "plot/comparison-figure.h"

#include "plot/chart.h"

#include <glib/gi18n.h>
#include <math.h>

#define POINTS_PER_INCH 72.0
#define N_POINTS        101 /* of a curve: a percent of the depth each */
#define HATCH_STEP      3.5 /* between lines, in units of the surface */

/* ---- the difference as a map ---- */

static EgTraceTokens *
make_tokens (const EgComparison *self)
{
  EgTraceTokens *tokens = eg_trace_tokens_new (self->groups->len);
  gsize first, last;
  eg_trace_grid_get_subject (self->a, &first, &last);
  tokens->tokens = g_new0 (char *, tokens->n_tokens + 1);
  tokens->subject = g_strdup (self->a->result->tokens->subject);
  tokens->subject_first = tokens->n_tokens;
  for (guint g = 0; g < self->groups->len; g++)
    {
      const EgTokenGroup *group = self->groups->pdata[g];
      tokens->tokens[g] = g_str_equal (group->text_a, group->text_b)
                              ? g_strdup (group->text_a)
                              : g_strdup_printf ("%s /%s", group->text_a, group->text_b);
      if (group->a[0] > last || group->a[1] <= first)
        continue;
      tokens->subject_first = MIN (tokens->subject_first, g);
      tokens->subject_last = g;
    }
  tokens->subject_first = MIN (tokens->subject_first, tokens->subject_last);
  return tokens;
}

EgTraceGrid *
eg_comparison_get_map (const EgComparison *self)
{
  EgTraceRequest *request = eg_trace_request_copy (self->a->result->request);
  request->direction = EG_DIRECTION_RESTORE; /* more is more */
  const char *const site[] = { self->a->site };
  EgTraceResult *result = eg_trace_result_new (request, make_tokens (self), self->n_rows, site, 1);
  EgTraceGrid *map = result->grids[0];
  for (gsize i = 0; i < eg_trace_grid_n_cells (map); i++)
    map->scores[0][i] = self->difference[i];
  return map;
}

EgHeatmapStyle
eg_comparison_get_style (const EgComparison *self, const EgHeatmapStyle *style)
{
  EgHeatmapStyle mine = *style;
  double most = 1e-3;
  for (gsize i = 0; i < self->n_rows * self->groups->len; i++)
    most = isnan (self->difference[i]) ? most : MAX (most, fabs (self->difference[i]));
  mine.scale = EG_SCALE_RAW;
  mine.least = -most;
  mine.greatest = most;
  return mine;
}

void
eg_comparison_hatch (const EgComparison *self, const EgHeatmapLayout *layout, cairo_t *cr)
{
  cairo_save (cr);
  eg_color_set (layout->style.dim, cr);
  cairo_set_line_width (cr, 0.4);
  for (gsize row = 0; row < self->n_rows; row++)
    for (gsize g = 0; g < self->groups->len; g++)
      {
        if (!eg_comparison_is_small (self, row, g))
          continue;
        const EgRect cell = eg_heatmap_layout_get_cell (layout, row, g);
        cairo_save (cr);
        cairo_rectangle (cr, cell.x, cell.y, cell.width, cell.height);
        cairo_clip (cr);
        for (double x = cell.x - cell.height + HATCH_STEP / 2; x < cell.x + cell.width; x += HATCH_STEP)
          {
            cairo_move_to (cr, x, cell.y + cell.height);
            cairo_line_to (cr, x + cell.height, cell.y);
          }
        cairo_stroke (cr);
        cairo_restore (cr);
      }
  cairo_restore (cr);
}

/* ---- curves ---- */

/* values at each percent of the depth, between layers in proportion. (transfer full) */
static double *
spread (const EgDepthCurve *curve, const double *values)
{
  double *spread = g_new (double, N_POINTS);
  for (gsize i = 0; i < N_POINTS; i++)
    {
      const double place = (double)i / (N_POINTS - 1) * (double)(curve->n - 1);
      const gsize l = MIN ((gsize)place, curve->n - 1), next = MIN (l + 1, curve->n - 1);
      spread[i] = values[l] + (place - (double)l) * (values[next] - values[l]);
    }
  return spread;
}

static void
draw_curves (const EgComparison *self,
             const EgFigureOptions *options,
             cairo_t *cr,
             double width,
             double height,
             double pixel)
{
  g_autofree double *average_a = spread (&self->curve_a, self->curve_a.average);
  g_autofree double *average_b = spread (&self->curve_b, self->curve_b.average);
  g_autofree double *subject_a = spread (&self->curve_a, self->curve_a.subject);
  g_autofree double *subject_b = spread (&self->curve_b, self->curve_b.subject);
  const EgColor a = eg_curves_pin_color (0, FALSE), b = eg_curves_pin_color (1, FALSE);
  EgColor faint_a = a, faint_b = b;
  faint_a.alpha = faint_b.alpha = 0.45;
  EgChart chart;
  eg_chart_init_figure (&chart);
  /* TRANSLATORS: curves of the maps A and B, over the subject's tokens and over all. */
  chart.series[0]
      = (EgChartSeries){ .name = _ ("A, all tokens"), .values = average_a, .n = N_POINTS, .color = faint_a };
  chart.series[1]
      = (EgChartSeries){ .name = _ ("A, subject"), .values = subject_a, .n = N_POINTS, .color = a };
  chart.series[2]
      = (EgChartSeries){ .name = _ ("B, all tokens"), .values = average_b, .n = N_POINTS, .color = faint_b };
  chart.series[3]
      = (EgChartSeries){ .name = _ ("B, subject"), .values = subject_b, .n = N_POINTS, .color = b };
  chart.n_series = 4;
  chart.font_family = options->style.font_family;
  chart.font_size = options->style.font_size;
  chart.pixel = pixel;
  chart.background.alpha = 0;
  chart.x_title = _ ("Relative depth (%)");
  eg_chart_draw (&chart, cr, width, height);
}

/* ---- the picture ---- */

/* Of the two maps, on the scale that both share. */
static EgHeatmapStyle
make_map_style (const EgComparison *self, const EgFigureOptions *options)
{
  EgHeatmapStyle style = options->style;
  style.scale = self->normalized ? EG_SCALE_NORMALIZED : EG_SCALE_RAW;
  style.orientation = EG_ORIENTATION_LAYERS_DOWN;
  style.background.alpha = 0;
  eg_heatmap_style_hold_scores (&style, self->a);
  eg_heatmap_style_hold_scores (&style, self->b);
  return style;
}

static double
get_row_height (const EgComparisonFigure *self, const EgFigureOptions *options)
{
  const EgComparison *it = self->comparison;
  const double width = options->width * POINTS_PER_INCH / 2;
  EgHeatmapStyle style = make_map_style (it, options);
  style.title = self->title_a;
  const double a = eg_heatmap_natural_height (it->a, &style, width);
  return MAX (a, eg_heatmap_natural_height (it->b, &style, width));
}

static double
get_height (gconstpointer data, const EgFigureOptions *options)
{
  return options->height > 0 ? options->height * POINTS_PER_INCH
                             : 2 * get_row_height (((const EgDrawing *)data)->data, options);
}

/* A map at (x, y); with the comparison, hatched. */
static void
draw_map (const EgTraceGrid *grid,
          const EgHeatmapStyle *style,
          EgRect place,
          double pixel,
          const EgComparison *hatched,
          cairo_t *cr)
{
  g_autoptr (EgHeatmapLayout) layout = eg_heatmap_layout_new (grid, style, place.width, place.height, pixel);
  cairo_save (cr);
  cairo_translate (cr, place.x, place.y);
  eg_heatmap_draw (layout, grid, cr);
  if (hatched != NULL)
    eg_comparison_hatch (hatched, layout, cr);
  cairo_restore (cr);
}

static void
draw (gconstpointer data, const EgFigureOptions *options, cairo_t *cr, double pixel)
{
  const EgComparisonFigure *self = ((const EgDrawing *)data)->data;
  const EgComparison *it = self->comparison;
  const double width = options->width * POINTS_PER_INCH / 2, height = get_height (data, options) / 2;
  EgHeatmapStyle style = make_map_style (it, options);
  eg_color_set (options->style.background, cr);
  cairo_paint (cr);
  style.title = self->title_a;
  draw_map (it->a, &style, (EgRect){ 0, 0, width, height }, pixel, NULL, cr);
  style.title = self->title_b;
  draw_map (it->b, &style, (EgRect){ width, 0, width, height }, pixel, NULL, cr);

  g_autoptr (EgTraceGrid) map = eg_comparison_get_map (it);
  EgHeatmapStyle difference = eg_comparison_get_style (it, &style);
  difference.colormap = EG_COLORMAP_RDYLBU_R; /* its middle is nothing */
  difference.title = _ ("A − B (hatched: within two standard errors)");
  draw_map (map, &difference, (EgRect){ 0, height, width, height }, pixel, it, cr);
  cairo_save (cr);
  cairo_translate (cr, width, height);
  draw_curves (it, options, cr, width, height, pixel);
  cairo_restore (cr);
}

void
eg_comparison_figure_init (EgComparisonFigure *self,
                           const EgComparison *comparison,
                           const char *title_a,
                           const char *title_b)
{
  *self = (EgComparisonFigure){ { get_height, draw, self }, comparison, title_a, title_b };
}
