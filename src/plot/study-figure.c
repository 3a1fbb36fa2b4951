/* Places maps and curves of studies on paper. */
#include "plot/study-figure.h"

#include "trace/result/description.h"

#include <glib/gi18n.h>
#include <math.h>

#define POINTS_PER_INCH 72.0

#define CURVES_ASPECT 0.34 /* of a chart as wide as the page */
#define MAP_PART      0.56 /* of a row that has curves, too */
#define GRID_WIDTH    3.0  /* inches: of a map among many, at least */
#define GRID_FONT     0.88 /* of the font size, there */
#define MARGIN        0.5  /* of the font size */

/**
 * Layout: where all goes, in points.
 * @style: of the maps; @bar: the colour bar that several maps share, at the right of the first row, or %NULL
 * @column, @row: of the place of a map; @curves: where those of one panel begin, or of each row, and their
 * size
 * @legend: its height
 */
typedef struct
{
  EgHeatmapStyle style;
  EgHeatmapLayout *bar;
  gsize across, down;
  double column, row, legend;
  EgRect curves;
} Layout;

static gboolean
has_curves (const EgStudyFigure *self)
{
  return self->n_panels <= EG_STUDY_MAX_CURVES;
}

static double
snap (double x, double pixel)
{
  return pixel > 0 ? floor (x * pixel) / pixel : x;
}

/* For a row of this height. (transfer full) */
static EgHeatmapLayout *
make_bar (const EgStudyFigure *self, const EgHeatmapStyle *style, double height, double pixel)
{
  EgHeatmapLayout *bar = eg_heatmap_layout_new_bar (self->maps[0], style, height, pixel);
  for (gsize i = 0; i < self->n_panels; i++)
    {
      g_autoptr (EgHeatmapLayout) map = eg_heatmap_layout_new (self->maps[i], style, height, height, 0);
      bar->beyond_bottom = bar->beyond_bottom || map->beyond_bottom;
      bar->beyond_top = bar->beyond_top || map->beyond_top;
    }
  return bar;
}

static double
get_row_height (const EgStudyFigure *self, const Layout *layout)
{
  EgHeatmapStyle style = layout->style;
  style.title = self->panels[0].title;
  return eg_heatmap_natural_height (self->maps[0], &style, layout->column);
}

/* height 0: what suits the width. Returns the whole height. */
static double
layout_init (
    Layout *self, const EgStudyFigure *figure, const EgFigureOptions *options, double height, double pixel)
{
  const double width = options->width * POINTS_PER_INCH, em = options->style.font_size;
  const gboolean one = figure->n_panels == 1;
  *self = (Layout){ .style = options->style, .across = 1 };
  eg_study_map_set_style (&self->style, figure->maps, figure->n_panels, figure->quantity,
                          figure->panels[0].settings);
  self->style.background.alpha = 0;
  self->style.hide_bar = !one;
  self->style.font_size *= has_curves (figure) ? 1 : GRID_FONT;
  g_autoptr (EgHeatmapLayout) probe = make_bar (figure, &self->style, 10 * em, pixel);
  const double room = one ? width : width - probe->width;
  if (!has_curves (figure))
    self->across = (gsize)CLAMP (room / POINTS_PER_INCH / GRID_WIDTH, 1, (double)figure->n_panels);
  else
    self->legend
        = eg_study_legend_draw (&options->style, FALSE, NULL, width - 2 * MARGIN * em) + 2 * MARGIN * em;
  self->down = (figure->n_panels + self->across - 1) / self->across;
  self->column = snap (one || !has_curves (figure) ? room / (double)self->across : MAP_PART * room, pixel);
  const double natural = get_row_height (figure, self), chart = one ? CURVES_ASPECT * width : 0;
  if (!(height > 0))
    height = natural * (double)self->down + chart + self->legend;
  self->curves.height = MIN (chart, (height - self->legend) / 2);
  self->row = snap ((height - self->legend - self->curves.height) / (double)self->down, pixel);
  if (one)
    self->curves = (EgRect){ 0, self->row, width, self->curves.height };
  else
    self->curves = (EgRect){ self->column, 0, room - self->column, self->row };
  self->bar = one ? NULL : make_bar (figure, &self->style, self->row, pixel);
  return height;
}

static void
layout_clear (Layout *self)
{
  g_clear_pointer (&self->bar, eg_heatmap_layout_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Layout, layout_clear)

static double
get_height (gconstpointer drawing, const EgFigureOptions *options)
{
  g_auto (Layout) layout;
  return layout_init (&layout, ((const EgDrawing *)drawing)->data, options, 0, 0);
}

/* ---- drawing ---- */

/* Returns the place of its cells. */
static EgRect
draw_map (
    const EgStudyFigure *self, gsize i, const Layout *layout, double x, double y, cairo_t *cr, double pixel)
{
  EgHeatmapStyle style = layout->style;
  style.title = self->panels[i].title;
  g_autoptr (EgHeatmapLayout) map
      = eg_heatmap_layout_new (self->maps[i], &style, layout->column, layout->row, pixel);
  cairo_save (cr);
  cairo_translate (cr, x, y);
  eg_heatmap_draw (map, self->maps[i], cr);
  cairo_restore (cr);
  return (EgRect){ x + map->map.x, y + map->map.y, map->map.width, map->map.height };
}

/* The curves' axis: round numbers around all of them, one for all panels. */
static void
set_axis (const EgStudyFigure *self, EgChart *chart)
{
  double low = 0, high = 0;
  for (gsize i = 0; i < self->n_panels; i++)
    eg_study_curves_hold (self->panels[i].summary, self->panels[i].site, self->quantity, &low, &high);
  eg_study_curves_set_axis (chart, low, high);
}

/* above: the cells of a map, with whose layers the curves stand in line, or NULL. */
static void
draw_curves (const EgStudyFigure *self,
             gsize i,
             const EgHeatmapStyle *style,
             EgRect place,
             const EgRect *above,
             cairo_t *cr,
             double pixel)
{
  EgChart chart;
  eg_chart_init_figure (&chart);
  chart.font_family = style->font_family;
  chart.font_size = style->font_size;
  chart.foreground = style->foreground;
  chart.dim = style->dim;
  chart.pixel = pixel;
  chart.background.alpha = 0;
  chart.y_title = above != NULL ? style->unit : NULL; /* beside several stands their bar's */
  set_axis (self, &chart);
  if (above != NULL)
    {
      const EgRect area = eg_chart_get_area (&chart, place.width, place.height);
      place.x = above->x - area.x;
      place.width += above->width - area.width;
    }
  cairo_save (cr);
  cairo_translate (cr, place.x, place.y);
  eg_study_curves_draw (self->panels[i].summary, self->panels[i].site, self->quantity, &chart, FALSE, -1, cr,
                        place.width, place.height);
  cairo_restore (cr);
}

static void
draw_around (const Layout *layout, cairo_t *cr, double width, double height)
{
  const double em = layout->style.font_size;
  cairo_save (cr);
  if (layout->bar != NULL)
    {
      cairo_translate (cr, width - layout->bar->width, 0);
      eg_heatmap_draw_bar (layout->bar, cr);
    }
  cairo_restore (cr);
  if (layout->legend == 0)
    return;
  cairo_save (cr);
  cairo_translate (cr, MARGIN * em, height - layout->legend + MARGIN * em);
  eg_study_legend_draw (&layout->style, FALSE, cr, width - 2 * MARGIN * em);
  cairo_restore (cr);
}

static void
draw (gconstpointer drawing, const EgFigureOptions *options, cairo_t *cr, double height, double pixel)
{
  const EgStudyFigure *self = ((const EgDrawing *)drawing)->data;
  g_auto (Layout) layout;
  layout_init (&layout, self, options, height, pixel);
  for (gsize i = 0; i < self->n_panels; i++)
    {
      const double x = (double)(i % layout.across) * layout.column;
      const double y = (double)(i / layout.across) * layout.row;
      const EgRect cells = draw_map (self, i, &layout, x, y, cr, pixel);
      EgRect place = layout.curves;
      place.y = self->n_panels == 1 ? place.y : y;
      if (has_curves (self))
        draw_curves (self, i, &layout.style, place, self->n_panels == 1 ? &cells : NULL, cr, pixel);
    }
  draw_around (&layout, cr, options->width * POINTS_PER_INCH, height);
}

void
eg_study_figure_init (EgStudyFigure *self,
                      const EgStudyPanel *panels,
                      gsize n_panels,
                      EgStudyQuantity quantity)
{
  *self = (EgStudyFigure){ .drawing = { get_height, draw, self },
                           .panels = panels,
                           .n_panels = n_panels,
                           .quantity = quantity,
                           .maps = g_new0 (EgTraceGrid *, n_panels) };
  for (gsize i = 0; i < n_panels; i++)
    self->maps[i] = eg_study_map_new (panels[i].summary, panels[i].settings, panels[i].site, quantity);
}

void
eg_study_figure_clear (EgStudyFigure *self)
{
  for (gsize i = 0; i < self->n_panels; i++)
    eg_trace_grid_unref (self->maps[i]);
  g_free (self->maps);
}

/* ---- title and caption ---- */

char *
eg_study_figure_make_title (const EgStudyFigure *self)
{
  const EgStudyPanel *panel = &self->panels[0];
  gsize n = panel->summary->n_facts;
  for (gsize i = 1; i < self->n_panels; i++)
    n += self->panels[i].summary != self->panels[i - 1].summary ? self->panels[i].summary->n_facts : 0;
  /* TRANSLATORS: a figure's title: how many facts, and the name of a model. */
  return g_strdup_printf (ngettext ("%zu fact in %s, by token role", "%zu facts in %s, by token role", n), n,
                          panel->settings->model);
}

static void
add (GString *text, char *sentence)
{
  g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", sentence);
  g_free (sentence);
}

/* How many facts there were, and how many of them are in the picture. */
static char *
describe_facts (const EgStudySummary *summary)
{
  return g_strdup_printf (_ ("Facts: %zu traced; %zu not known to the model, %zu not touched by corruption "
                             "and %zu that failed are "
                             "set apart."),
                          summary->counts[EG_STUDY_TRACED], summary->counts[EG_STUDY_UNKNOWN],
                          summary->counts[EG_STUDY_UNAFFECTED], summary->counts[EG_STUDY_FAILED]);
}

static gboolean
any_empty (const EgStudyFigure *self)
{
  for (gsize i = 0; i < self->n_panels; i++)
    for (gsize k = 0; k < eg_trace_grid_n_cells (self->maps[i]); k++)
      if (isnan (self->maps[i]->scores[0][k]))
        return TRUE;
  return FALSE;
}

static gboolean
any_hatched (const EgStudyFigure *self)
{
  for (gsize i = 0; i < self->n_panels; i++)
    for (gsize k = 0; k < eg_trace_grid_n_cells (self->maps[i]); k++)
      if (eg_trace_grid_is_noise (self->maps[i], k / EG_N_ROLES, k % EG_N_ROLES))
        return TRUE;
  return FALSE;
}

static gboolean
any_beyond (const EgStudyFigure *self, const EgHeatmapStyle *style)
{
  EgHeatmapStyle mine = *style;
  eg_study_map_set_style (&mine, self->maps, self->n_panels, self->quantity, self->panels[0].settings);
  for (gsize i = 0; i < self->n_panels; i++)
    {
      g_autoptr (EgHeatmapLayout) map = eg_heatmap_layout_new (self->maps[i], &mine, 100, 100, 0);
      if (map->beyond_bottom || map->beyond_top)
        return TRUE;
    }
  return FALSE;
}

/* Whether something is known of all facts of the study. */
static gboolean
is_complete (const EgStudyPanel *panel)
{
  gsize n = 0;
  for (EgStudyState state = 0; state < EG_N_STUDY_STATES; state++)
    n += panel->summary->counts[state];
  return panel->summary->relation != NULL || n >= eg_study_settings_count_facts (panel->settings);
}

char *
eg_study_figure_make_caption (const EgStudyFigure *self, const EgHeatmapStyle *style)
{
  const EgStudyPanel *panel = &self->panels[0];
  g_autoptr (GString) text = g_string_new (NULL);
  const gboolean one_site
      = panel->settings->n_sites == 1 || self->n_panels == 1 || self->panels[0].site == self->panels[1].site;
  /* That of the scores says what was asked; those of effects, how they are drawn. */
  g_autoptr (EgTraceGrid) scores
      = eg_study_map_new (panel->summary, panel->settings, panel->site, EG_STUDY_SCORE);
  g_autofree char *method = eg_trace_result_describe_method (
      scores->result, one_site ? panel->settings->sites[panel->site] : NULL);
  add (text, g_strdup_printf (_ ("Model %s."), panel->settings->model));
  add (text, g_strdup_printf ("%s.", method));
  if (panel->settings->is_estimated)
    add (text, g_strdup (_ ("All values are estimated to first order.")));
  if (panel->summary->relation == NULL || self->n_panels == 1)
    add (text, describe_facts (panel->summary));
  if (!is_complete (panel))
    add (text, g_strdup (_ ("Not complete yet.")));
  if (has_curves (self))
    add (text, g_strdup (_ ("Bands: 95% bootstrap intervals over facts.")));
  if (self->quantity != EG_STUDY_SCORE && any_hatched (self))
    add (text, g_strdup (_ ("Hatched: within two standard errors of no effect.")));
  if (any_beyond (self, style))
    add (text, g_strdup (_ ("Corners: beyond the scale.")));
  if (any_empty (self))
    add (text, g_strdup (_ ("Grey: no fact has such a token.")));
  return g_strdup (text->str);
}
