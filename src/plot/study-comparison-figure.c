/* Draws a comparison of studies: the maps in two rows, and the curves of two roles below. */
#include "plot/study-comparison-figure.h"

#include "plot/curves.h"

#include <glib/gi18n.h>
#include <math.h>

#define POINTS_PER_INCH 72.0
#define CURVES_ASPECT   0.62 /* of a chart of half the width */
#define HALF_FONT       0.88 /* of the font size, in maps of half the width */
#define N_POINTS        101  /* of a curve: a percent of the depth each */

/* Whose curves there are. */
static const EgRole curve_roles[] = { EG_ROLE_SUBJECT_LAST, EG_ROLE_LAST };

/**
 * Layout: where all goes, in points.
 * @styles: of the maps; @bar: the colour bar of the first two
 * @column: of one of these; @rows: heights of the three rows
 */
typedef struct
{
  EgHeatmapStyle styles[3];
  double column, rows[3];
} Layout;

static const char *
get_title (const EgStudyComparisonFigure *self, gsize map)
{
  const char *titles[] = { self->title_a, self->title_b, _ ("A − B (hatched: within two standard errors)") };
  return titles[map];
}

static void
set_styles (Layout *self, const EgStudyComparisonFigure *figure, const EgHeatmapStyle *style)
{
  const EgStudySettings *settings = figure->comparison->a.values->settings;
  for (gsize i = 0; i < 3; i++)
    {
      const gboolean is_difference = i == 2;
      self->styles[i] = *style;
      eg_study_map_set_style (&self->styles[i], is_difference ? &figure->maps[2] : figure->maps,
                              is_difference ? 1 : 2, figure->quantity, settings);
      self->styles[i].background.alpha = 0;
      self->styles[i].title = get_title (figure, i);
      self->styles[i].hide_bar = i == 0;
      self->styles[i].font_size *= is_difference ? 1 : HALF_FONT;
      self->styles[i].hatch_noise = is_difference;
    }
  EgHeatmapStyle *difference = &self->styles[2];
  const double most = fmax (fmax (fabs (difference->least), fabs (difference->greatest)), 1e-3);
  difference->least = -most;
  difference->greatest = most;
  difference->limit_low = difference->limit_high = 0;
  difference->colormap = EG_COLORMAP_RDYLBU_R; /* its middle is nothing */
}

/* height 0: what suits the width. Returns the whole height. */
static double
layout_init (Layout *self,
             const EgStudyComparisonFigure *figure,
             const EgFigureOptions *options,
             double height)
{
  const double width = options->width * POINTS_PER_INCH;
  double natural = 0;
  set_styles (self, figure, &options->style);
  /* The second map has the colour bar of both, and is so much wider. */
  g_autoptr (EgHeatmapLayout) bar = eg_heatmap_layout_new_bar (figure->maps[0], &self->styles[1], width, 0);
  self->column = (width - bar->width) / 2;
  self->rows[0] = eg_heatmap_natural_height (figure->maps[0], &self->styles[0], self->column);
  self->rows[1] = eg_heatmap_natural_height (figure->maps[2], &self->styles[2], width);
  self->rows[2] = CURVES_ASPECT * width / 2;
  for (gsize i = 0; i < G_N_ELEMENTS (self->rows); i++)
    natural += self->rows[i];
  for (gsize i = 0; height > 0 && i < G_N_ELEMENTS (self->rows); i++)
    self->rows[i] *= height / natural;
  return height > 0 ? height : natural;
}

static double
get_height (gconstpointer drawing, const EgFigureOptions *options)
{
  Layout layout;
  return layout_init (&layout, ((const EgDrawing *)drawing)->data, options, 0);
}

/* ---- curves ---- */

/* values [n] over layers at each percent of the depth. (transfer full) */
static double *
spread (const double *values, gsize n)
{
  double *spread = g_new (double, N_POINTS);
  for (gsize i = 0; i < N_POINTS; i++)
    spread[i] = eg_statistics_at_depth (values, n, (double)i / (N_POINTS - 1));
  return spread;
}

static void
set_axis (EgChart *chart)
{
  double low = 0, high = 0;
  for (gsize k = 0; k < chart->n_series; k++)
    for (gsize i = 0; i < N_POINTS; i++)
      {
        low = fmin (low, fmin (chart->series[k].values[i], chart->series[k].lower[i]));
        high = fmax (high, fmax (chart->series[k].values[i], chart->series[k].upper[i]));
      }
  eg_study_curves_set_axis (chart, low, high);
}

static void
draw_curves (const EgStudyComparisonFigure *self,
             EgRole role,
             const EgHeatmapStyle *style,
             cairo_t *cr,
             double width,
             double height,
             double pixel)
{
  const EgStatistics *sides[]
      = { self->comparison->of_a[self->quantity][role], self->comparison->of_b[self->quantity][role] };
  static const char *const names[] = { "A", "B" };
  g_autoptr (GPtrArray) arrays = g_ptr_array_new_with_free_func (g_free);
  EgChart chart;
  eg_chart_init_figure (&chart);
  for (gsize i = 0; i < G_N_ELEMENTS (sides); i++)
    {
      double *curves[]
          = { spread (sides[i]->mean, sides[i]->width), spread (sides[i]->lower, sides[i]->width),
              spread (sides[i]->upper, sides[i]->width) };
      for (gsize k = 0; k < G_N_ELEMENTS (curves); k++)
        g_ptr_array_add (arrays, curves[k]);
      chart.series[i] = (EgChartSeries){ .name = names[i],
                                         .values = curves[0],
                                         .lower = curves[1],
                                         .upper = curves[2],
                                         .n = N_POINTS,
                                         .color = eg_curves_pin_color (i, self->dark) };
    }
  chart.n_series = G_N_ELEMENTS (sides);
  set_axis (&chart);
  chart.title = eg_role_get_title (role);
  chart.font_family = style->font_family;
  chart.font_size = style->font_size;
  chart.foreground = style->foreground;
  chart.dim = style->dim;
  chart.pixel = pixel;
  chart.background.alpha = 0;
  chart.x_title = _ ("Relative depth (%)");
  chart.decimal = TRUE;
  eg_chart_draw (&chart, cr, width, height);
}

/* ---- the figure ---- */

static void
draw (gconstpointer drawing, const EgFigureOptions *options, cairo_t *cr, double height, double pixel)
{
  const EgStudyComparisonFigure *self = ((const EgDrawing *)drawing)->data;
  const double width = options->width * POINTS_PER_INCH;
  Layout layout;
  layout_init (&layout, self, options, height);
  const EgRect places[] = { { 0, 0, layout.column, layout.rows[0] },
                            { layout.column, 0, width - layout.column, layout.rows[0] },
                            { 0, layout.rows[0], width, layout.rows[1] } };
  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autoptr (EgHeatmapLayout) map = eg_heatmap_layout_new (self->maps[i], &layout.styles[i],
                                                               places[i].width, places[i].height, pixel);
      cairo_save (cr);
      cairo_translate (cr, places[i].x, places[i].y);
      eg_heatmap_draw (map, self->maps[i], cr);
      cairo_restore (cr);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (curve_roles); i++)
    {
      cairo_save (cr);
      cairo_translate (cr, (double)i * width / 2, layout.rows[0] + layout.rows[1]);
      draw_curves (self, curve_roles[i], &layout.styles[0], cr, width / 2, layout.rows[2], pixel);
      cairo_restore (cr);
    }
}

void
eg_study_comparison_figure_init (EgStudyComparisonFigure *self,
                                 const EgStudyComparison *comparison,
                                 EgStudyQuantity quantity,
                                 const char *title_a,
                                 const char *title_b)
{
  const EgStudySettings *a = comparison->a.values->settings, *b = comparison->b.values->settings;
  *self = (EgStudyComparisonFigure){ .drawing = { get_height, draw, self },
                                     .comparison = comparison,
                                     .quantity = quantity,
                                     .title_a = title_a,
                                     .title_b = title_b };
  self->maps[0] = eg_study_map_new_of (comparison->of_a[quantity], a, comparison->a.site, quantity);
  self->maps[1] = eg_study_map_new_of (comparison->of_b[quantity], b, comparison->b.site, quantity);
  self->maps[2] = eg_study_map_new_of (comparison->difference[quantity], a, comparison->a.site,
                                       quantity == EG_STUDY_SCORE ? EG_STUDY_EFFECT : quantity);
}

void
eg_study_comparison_figure_clear (EgStudyComparisonFigure *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (self->maps); i++)
    eg_trace_grid_unref (self->maps[i]);
}

char *
eg_study_comparison_figure_make_caption (const EgStudyComparisonFigure *self)
{
  const EgStudyComparison *it = self->comparison;
  g_autofree char *facts
      = it->is_paired ? g_strdup_printf (ngettext ("%zu fact that both know, each with itself.",
                                                   "%zu facts that both know, each with itself.", it->n_a),
                                         it->n_a)
                      : g_strdup_printf (_ ("%zu facts and %zu other ones."), it->n_a, it->n_b);
  return g_strdup_printf (
      "%s %s %s", facts, _ ("Bands: 95% bootstrap intervals over facts."),
      /* TRANSLATORS: of two models with unlike numbers of layers. */
      _ ("Differences are those at the same relative depth, in the layers of the deeper model."));
}
