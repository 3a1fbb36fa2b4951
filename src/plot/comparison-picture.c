/* Places and draws two maps, their difference and their curves. */
#include "plot/comparison-picture.h"

#include "plot/chart.h"
#include "plot/curves.h"

#include <glib/gi18n.h>
#include <math.h>

#define N_POINTS   101 /* of a curve: a percent of the depth each */
#define HATCH_STEP 3.5 /* between lines, in units of the surface */

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

static EgTraceGrid *
make_difference (const EgComparison *self)
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

/* A scale that lies evenly about 0 and holds every difference. */
static EgHeatmapStyle
make_difference_style (const EgComparison *self, const EgHeatmapStyle *style)
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

/* Hatches the cells that are within two standard errors of 0. */
static void
hatch (const EgComparison *self, const EgHeatmapLayout *layout, cairo_t *cr)
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
draw_curves (const EgComparisonPicture *self, const EgComparisonCell *marked, cairo_t *cr)
{
  const EgComparison *it = self->comparison;
  const EgHeatmapStyle *style = &self->maps[0]->style;
  g_autofree double *average_a = spread (&it->curve_a, it->curve_a.average);
  g_autofree double *average_b = spread (&it->curve_b, it->curve_b.average);
  g_autofree double *subject_a = spread (&it->curve_a, it->curve_a.subject);
  g_autofree double *subject_b = spread (&it->curve_b, it->curve_b.subject);
  const EgColor a = eg_curves_pin_color (0, self->dark), b = eg_curves_pin_color (1, self->dark);
  EgColor faint_a = a, faint_b = b;
  faint_a.alpha = faint_b.alpha = 0.45;
  EgChart chart = { .n_series = 4 };
  eg_chart_init_figure (&chart);
  /* TRANSLATORS: curves of the maps A and B, over the subject's tokens and over all. */
  const char *names[] = { _ ("A, all tokens"), _ ("A, subject"), _ ("B, all tokens"), _ ("B, subject") };
  const double *values[] = { average_a, subject_a, average_b, subject_b };
  const EgColor colors[] = { faint_a, a, faint_b, b };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    chart.series[i]
        = (EgChartSeries){ .name = names[i], .values = values[i], .n = N_POINTS, .color = colors[i] };
  chart.n_series = G_N_ELEMENTS (names);
  chart.font_family = style->font_family;
  chart.font_size = style->font_size;
  chart.foreground = style->foreground;
  chart.dim = style->dim;
  chart.pixel = self->pixel;
  chart.background.alpha = 0;
  chart.x_title = _ ("Relative depth (%)");
  chart.decimal = TRUE;
  chart.cursor = marked != NULL && it->n_rows > 1
                     ? (gssize)((double)marked->row / (double)(it->n_rows - 1) * (N_POINTS - 1) + 0.5)
                     : -1;
  cairo_save (cr);
  cairo_translate (cr, self->curves.x, self->curves.y);
  eg_chart_draw (&chart, cr, self->curves.width, self->curves.height);
  cairo_restore (cr);
}

/* ---- the picture ---- */

/* Of the two maps, on the scale that both share. */
static EgHeatmapStyle
make_map_style (const EgComparison *self, const EgHeatmapStyle *style, const char *title)
{
  EgHeatmapStyle mine = *style;
  mine.scale = self->normalized ? EG_SCALE_NORMALIZED : EG_SCALE_RAW;
  mine.orientation = EG_ORIENTATION_LAYERS_DOWN;
  mine.background.alpha = 0;
  mine.title = title;
  eg_heatmap_style_hold_scores (&mine, self->a);
  eg_heatmap_style_hold_scores (&mine, self->b);
  return mine;
}

double
eg_comparison_natural_height (const EgComparison *comparison,
                              const EgHeatmapStyle *style,
                              const char *title,
                              double width)
{
  const EgHeatmapStyle mine = make_map_style (comparison, style, title);
  const double a = eg_heatmap_natural_height (comparison->a, &mine, width / 2);
  return 2 * MAX (a, eg_heatmap_natural_height (comparison->b, &mine, width / 2));
}

static const EgTraceGrid *
grid_of (const EgComparisonPicture *self, gsize map)
{
  return map == 0 ? self->comparison->a : map == 1 ? self->comparison->b : self->difference;
}

EgComparisonPicture *
eg_comparison_picture_new (const EgComparison *comparison,
                           const EgHeatmapStyle *style,
                           gboolean dark,
                           const char *title_a,
                           const char *title_b,
                           double width,
                           double height,
                           double pixel)
{
  EgComparisonPicture *self = g_new0 (EgComparisonPicture, 1);
  const double w = width / 2, h = height / 2;
  self->comparison = comparison;
  self->dark = dark;
  self->pixel = pixel;
  self->difference = make_difference (comparison);
  self->places[0] = (EgRect){ 0, 0, w, h };
  self->places[1] = (EgRect){ w, 0, w, h };
  self->places[2] = (EgRect){ 0, h, w, h };
  self->curves = (EgRect){ w, h, w, h };
  EgHeatmapStyle styles[]
      = { make_map_style (comparison, style, title_a), make_map_style (comparison, style, title_b),
          make_difference_style (comparison, style) };
  styles[2].orientation = EG_ORIENTATION_LAYERS_DOWN;
  styles[2].background.alpha = 0;
  styles[2].colormap = EG_COLORMAP_RDYLBU_R; /* its middle is nothing */
  styles[2].title = _ ("A − B (hatched: within two standard errors)");
  for (gsize i = 0; i < G_N_ELEMENTS (styles); i++)
    self->maps[i] = eg_heatmap_layout_new (grid_of (self, i), &styles[i], w, h, pixel);
  return self;
}

void
eg_comparison_picture_free (EgComparisonPicture *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (self->maps); i++)
    eg_heatmap_layout_free (self->maps[i]);
  eg_trace_grid_unref (self->difference);
  g_free (self);
}

/* ---- the same place in all maps ---- */

gsize
eg_comparison_cell_get_layer (const EgComparison *self, const EgComparisonCell *cell, const EgTraceGrid *map)
{
  if (self->n_rows < 2)
    return 0;
  return (gsize)((double)cell->row / (double)(self->n_rows - 1) * (double)(map->n_layers - 1) + 0.5);
}

/* Of a cell of one of the three maps. */
static gboolean
find_place (
    const EgComparison *self, const EgTraceGrid *map, gsize layer, gsize position, EgComparisonCell *cell)
{
  if (map != self->a && map != self->b)
    {
      *cell = (EgComparisonCell){ layer, position };
      return TRUE;
    }
  cell->row = map->n_layers < 2
                  ? 0
                  : (gsize)((double)layer / (double)(map->n_layers - 1) * (double)(self->n_rows - 1) + 0.5);
  for (cell->group = 0; cell->group < self->groups->len; cell->group++)
    {
      const EgTokenGroup *group = self->groups->pdata[cell->group];
      const gsize *range = map == self->a ? group->a : group->b;
      if (position >= range[0] && position < range[1])
        return TRUE;
    }
  return FALSE;
}

gboolean
eg_comparison_picture_find (const EgComparisonPicture *self, double x, double y, EgComparisonCell *cell)
{
  for (gsize i = 0; i < G_N_ELEMENTS (self->maps); i++)
    {
      gsize layer, position;
      if (eg_heatmap_layout_find_cell (self->maps[i], x - self->places[i].x, y - self->places[i].y, &layer,
                                       &position))
        return find_place (self->comparison, grid_of (self, i), layer, position, cell);
    }
  return FALSE;
}

/* A frame around the place in one map. */
static void
mark (const EgComparisonPicture *self, gsize map, const EgComparisonCell *cell, cairo_t *cr)
{
  const EgTokenGroup *group = self->comparison->groups->pdata[cell->group];
  const gsize own[] = { cell->group, cell->group + 1 };
  const gsize *range = map == 0 ? group->a : map == 1 ? group->b : own;
  const gsize layer
      = map == 2 ? cell->row : eg_comparison_cell_get_layer (self->comparison, cell, grid_of (self, map));
  const EgRect first = eg_heatmap_layout_get_cell (self->maps[map], layer, range[0]);
  const EgRect last = eg_heatmap_layout_get_cell (self->maps[map], layer, range[1] - 1);
  eg_color_set (self->maps[map]->style.foreground, cr);
  cairo_set_line_width (cr, 1.5);
  cairo_rectangle (cr, first.x, first.y, last.x + last.width - first.x, first.height);
  cairo_stroke (cr);
}

void
eg_comparison_picture_draw (const EgComparisonPicture *self, const EgComparisonCell *marked, cairo_t *cr)
{
  for (gsize i = 0; i < G_N_ELEMENTS (self->maps); i++)
    {
      cairo_save (cr);
      cairo_translate (cr, self->places[i].x, self->places[i].y);
      eg_heatmap_draw (self->maps[i], grid_of (self, i), cr);
      if (i == 2)
        hatch (self->comparison, self->maps[i], cr);
      if (marked != NULL)
        mark (self, i, marked, cr);
      cairo_restore (cr);
    }
  draw_curves (self, marked, cr);
}
