/* Figures of studies: their cells have the colours of the means, and their texts say what they are of. */
#include "plot/export.h"
#include "plot/study-comparison-figure.h"
#include "plot/study-figure.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define N_LAYERS 4
#define N_FACTS  5
#define N_TOKENS 5

/* ---- a study by hand ---- */

static EgStudySettings *
make_settings (void)
{
  static const char *const sites[] = { "resid", NULL };
  EgStudySettings *settings = g_new0 (EgStudySettings, 1);
  settings->request = eg_trace_request_new (NULL, NULL);
  settings->model = g_strdup ("tiny");
  settings->n_facts = N_FACTS;
  settings->shard = settings->n_shards = 1;
  settings->n_layers = N_LAYERS;
  settings->n_sites = 1;
  settings->sites = g_strdupv ((char **)sites);
  return settings;
}

/* The subject is the tokens 0 and 1, so that no fact has a middle token of it. The effect at (layer, token)
 * of fact i is (layer + 1)/8 · weight of the token, half a per cent more or less a fact. */
static EgStudyValues *
make_values (double weight_of_last)
{
  g_autoptr (EgStudySettings) settings = make_settings ();
  EgStudyValues *values = eg_study_values_new (settings, N_FACTS);
  for (gsize i = 0; i < N_FACTS; i++)
    {
      g_autofree char *id = g_strdup_printf ("%zu", i), *prompt = g_strdup_printf ("prompt %zu", i);
      EgFact *fact = eg_fact_new (id, prompt, "subject");
      fact->index = i;
      g_autoptr (EgStudyFact) known = eg_study_fact_new (fact);
      known->state = EG_STUDY_TRACED;
      known->n_tokens = N_TOKENS;
      known->subject_last = 1;
      known->high = 0.9;
      known->low = 0.1;
      eg_study_fact_reserve (known, 1, N_LAYERS);
      for (gsize l = 0; l < N_LAYERS; l++)
        for (gsize t = 0; t < N_TOKENS; t++)
          known->scores[0][l * N_TOKENS + t]
              = (float)(0.1 + (double)(l + 1) / 8 * (t == N_TOKENS - 1 ? weight_of_last : 0.5)
                        + 0.005 * ((double)i - 2));
      eg_study_values_add (values, known);
    }
  return values;
}

/* ---- figures ---- */

static cairo_surface_t *
draw (const EgFigure *figure, const EgTraceGrid *grid, double pixel)
{
  const double width = figure->options.width * 72, height = eg_figure_get_height (figure, grid);
  cairo_surface_t *surface
      = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int)(pixel * width), (int)(pixel * height));
  cairo_t *cr = cairo_create (surface);
  cairo_scale (cr, pixel, pixel);
  eg_figure_draw (figure, grid, cr, pixel);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  return surface;
}

static EgColor
color_at (cairo_surface_t *surface, double x, double y)
{
  const guint32 *row = (const guint32 *)(const void *)(cairo_image_surface_get_data (surface)
                                                       + (int)y * cairo_image_surface_get_stride (surface));
  const guint32 pixel = row[(int)x];
  return (EgColor){ (double)(pixel >> 16 & 0xff) / 255, (double)(pixel >> 8 & 0xff) / 255,
                    (double)(pixel & 0xff) / 255, 1 };
}

static double
distance (EgColor a, EgColor b)
{
  return fmax (fmax (fabs (a.red - b.red), fabs (a.green - b.green)), fabs (a.blue - b.blue));
}

static void
test_a_cell_has_the_colour_of_its_mean (void)
{
  g_autoptr (EgStudyValues) values = make_values (1.6);
  g_autoptr (EgStudySummary) summary = eg_study_summary_new (values, -1, 20);
  const EgStudyPanel panel = { summary, values->settings, 0, NULL };
  g_auto (EgStudyFigure) drawing;
  EgFigure figure = { .drawing = &drawing.drawing };
  eg_figure_options_init (&figure.options);
  eg_study_figure_init (&drawing, &panel, 1, EG_STUDY_EFFECT);
  cairo_surface_t *surface = draw (&figure, drawing.maps[0], 1);
  /* Where the map is: as the figure lays it out, with its curves and the legend below. */
  EgHeatmapStyle style = figure.options.style;
  eg_study_map_set_style (&style, drawing.maps, 1, EG_STUDY_EFFECT, values->settings);
  const double width = figure.options.width * 72,
               map_height = eg_heatmap_natural_height (drawing.maps[0], &style, width);
  g_autoptr (EgHeatmapLayout) layout
      = eg_heatmap_layout_new (drawing.maps[0], &style, width, floor (map_height), 1);
  g_assert_cmpfloat (layout->high, ==, 1); /* the greatest mean is 0.8 */
  g_assert_cmpfloat (layout->low, ==, 0);
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    for (gsize l = 0; l < N_LAYERS; l++)
      {
        const double mean = eg_study_summary_get (summary, 0, EG_STUDY_EFFECT, role)->mean[l];
        const EgRect cell = eg_heatmap_layout_get_cell (layout, l, role);
        const EgColor drawn = color_at (surface, cell.x + cell.width / 2, cell.y + cell.height / 2);
        g_assert_true (isnan (mean) == (role == EG_ROLE_SUBJECT_MIDDLE));
        if (!isnan (mean))
          g_assert_cmpfloat (distance (drawn, eg_colormap_lookup (EG_COLORMAP_PURPLES, mean)), <, 0.01);
      }
  cairo_surface_destroy (surface);
}

/* (transfer full) */
static char *
write_svg (const EgFigure *figure, const EgTraceGrid *grid)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("engram-study-figure-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, "figure.svg", NULL);
  char *text = NULL;
  g_assert_true (eg_export_figure (grid, figure, path, &error));
  g_assert_no_error (error);
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_remove (path);
  g_rmdir (folder);
  return text;
}

static gsize
count (const char *text, const char *part)
{
  gsize n = 0;
  for (const char *p = strstr (text, part); p != NULL; p = strstr (p + 1, part))
    n++;
  return n;
}

static void
test_a_figure_says_what_it_is_of (void)
{
  g_autoptr (EgStudyValues) values = make_values (1.6);
  g_autoptr (EgStudySummary) summary = eg_study_summary_new (values, -1, 20);
  const EgStudyPanel panel = { summary, values->settings, 0, NULL };
  g_auto (EgStudyFigure) drawing;
  EgFigure figure = { .drawing = &drawing.drawing };
  eg_figure_options_init (&figure.options);
  eg_study_figure_init (&drawing, &panel, 1, EG_STUDY_EFFECT);
  g_autofree char *title = eg_study_figure_make_title (&drawing);
  g_autofree char *caption = eg_study_figure_make_caption (&drawing, &figure.options.style);
  figure.options.style.title = title;
  figure.options.caption = caption;
  g_autofree char *svg = write_svg (&figure, drawing.maps[0]);
  g_assert_nonnull (strstr (svg, "5 facts in tiny, by token role"));
  g_assert_nonnull (strstr (caption, "Residual stream restored"));
  g_assert_nonnull (strstr (caption, "10 samples, seed 1"));
  g_assert_nonnull (strstr (caption, "Grey: no fact has such a token."));
  g_assert_null (strstr (caption, "Hatched")); /* every effect is far from nothing */
  /* Beside the map, and in the legend of the curves. */
  g_assert_cmpuint (count (svg, ">Last subject token<"), ==, 2);
}

/* Whatever is averaged: the caption is made of what was asked. */
static void
test_a_caption_names_direction_metric_and_samples (void)
{
  g_autoptr (EgStudyValues) values = make_values (1.6);
  EgTraceRequest *request = values->settings->request;
  EgHeatmapStyle style;
  request->direction = EG_DIRECTION_DAMAGE;
  request->metric = EG_METRIC_LOGIT;
  request->until_sem = 0.01;
  request->corruption.span = EG_SPAN_ALL;
  g_autoptr (EgStudySummary) summary = eg_study_summary_new (values, -1, 20);
  const EgStudyPanel panel = { summary, values->settings, 0, NULL };
  eg_heatmap_style_init_figure (&style);
  for (EgStudyQuantity quantity = 0; quantity < EG_N_STUDY_QUANTITIES; quantity++)
    {
      g_auto (EgStudyFigure) drawing;
      eg_study_figure_init (&drawing, &panel, 1, quantity);
      g_autofree char *caption = eg_study_figure_make_caption (&drawing, &style);
      g_assert_nonnull (strstr (caption, "Residual stream damaged"));
      g_assert_nonnull (strstr (caption, "Gaussian noise of 3 σ on all tokens; "));
      g_assert_nonnull (
          strstr (caption, "10 to 1000 samples, until standard errors are at most 0.01, seed 1"));
      g_assert_nonnull (strstr (caption, "; Logit."));
    }
}

/* Of one colour, around its middle. */
static gboolean
is_plain (cairo_surface_t *surface, EgRect cell)
{
  const double x0 = cell.x + cell.width / 2, y0 = cell.y + cell.height / 2;
  for (int y = -4; y <= 4; y++)
    for (int x = -9; x <= 9; x++)
      if (distance (color_at (surface, x0, y0), color_at (surface, x0 + x, y0 + y)) > 0.01)
        return FALSE;
  return TRUE;
}

/* Whoever draws it need not ask for that. */
static void
test_effects_that_may_be_nothing_are_hatched (void)
{
  g_autoptr (EgStudyValues) values = make_values (0);
  g_autoptr (EgStudySummary) summary = eg_study_summary_new (values, -1, 20);
  const EgStudyPanel panel = { summary, values->settings, 0, NULL };
  for (EgStudyQuantity quantity = 0; quantity < EG_N_STUDY_QUANTITIES; quantity++)
    {
      g_auto (EgStudyFigure) drawing;
      EgFigure figure = { .drawing = &drawing.drawing };
      eg_figure_options_init (&figure.options);
      eg_study_figure_init (&drawing, &panel, 1, quantity);
      g_autofree char *caption = eg_study_figure_make_caption (&drawing, &figure.options.style);
      cairo_surface_t *surface = draw (&figure, drawing.maps[0], 1);
      EgHeatmapStyle style = figure.options.style;
      eg_study_map_set_style (&style, drawing.maps, 1, quantity, values->settings);
      const double width = figure.options.width * 72;
      g_autoptr (EgHeatmapLayout) layout
          = eg_heatmap_layout_new (drawing.maps[0], &style, width,
                                   floor (eg_heatmap_natural_height (drawing.maps[0], &style, width)), 1);
      const gboolean is_effect = quantity != EG_STUDY_SCORE;
      g_assert_true (is_plain (surface, eg_heatmap_layout_get_cell (layout, 1, EG_ROLE_SUBJECT_LAST)));
      g_assert_cmpint (is_plain (surface, eg_heatmap_layout_get_cell (layout, 1, EG_ROLE_LAST)), ==,
                       !is_effect);
      g_assert_cmpint (strstr (caption, "Hatched: ") != NULL, ==, is_effect);
      cairo_surface_destroy (surface);
    }
}

static void
test_many_panels_are_maps_alone (void)
{
  g_autoptr (EgStudyValues) values = make_values (1.6);
  g_autoptr (EgStudySummary) summary = eg_study_summary_new (values, -1, 0);
  for (gsize n = EG_STUDY_MAX_CURVES; n <= EG_STUDY_MAX_CURVES + 1; n++)
    {
      EgStudyPanel panels[EG_STUDY_MAX_CURVES + 1];
      for (gsize i = 0; i < n; i++)
        panels[i] = (EgStudyPanel){ summary, values->settings, 0, "a panel" };
      g_auto (EgStudyFigure) drawing;
      EgFigure figure = { .drawing = &drawing.drawing };
      eg_figure_options_init (&figure.options);
      eg_study_figure_init (&drawing, panels, n, EG_STUDY_NORMALIZED);
      g_autofree char *svg = write_svg (&figure, drawing.maps[0]);
      g_assert_cmpuint (count (svg, ">a panel<"), ==, n);
      g_assert_cmpuint (count (svg, ">Last subject token<"), ==, n <= EG_STUDY_MAX_CURVES ? n + 1 : n);
      g_assert_cmpuint (count (svg, ">Average recovery<"), ==, 1); /* one colour bar for all */
    }
}

static void
test_a_difference_is_hatched_where_it_may_be_nothing (void)
{
  g_autoptr (EgStudyValues) a = make_values (1.6), b = make_values (0.8);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgStudyComparison) comparison
      = eg_study_comparison_new (&(EgStudySide){ a, 0, -1 }, &(EgStudySide){ b, 0, -1 }, 20, &error);
  g_assert_no_error (error);
  g_auto (EgStudyComparisonFigure) drawing;
  eg_study_comparison_figure_init (&drawing, comparison, EG_STUDY_EFFECT, "A: one", "B: other");
  for (gsize l = 0; l < N_LAYERS; l++)
    {
      g_assert_true (eg_trace_grid_is_noise (drawing.maps[2], l, EG_ROLE_SUBJECT_LAST));
      g_assert_false (eg_trace_grid_is_noise (drawing.maps[2], l, EG_ROLE_LAST));
      g_assert_cmpfloat_with_epsilon (eg_trace_grid_score (drawing.maps[2], l, EG_ROLE_LAST),
                                      0.1 * (double)(l + 1), 1e-6);
    }
  EgFigure figure = { .drawing = &drawing.drawing };
  eg_figure_options_init (&figure.options);
  g_autofree char *caption = eg_study_comparison_figure_make_caption (&drawing);
  figure.options.caption = caption;
  g_autofree char *svg = write_svg (&figure, drawing.maps[0]);
  g_assert_nonnull (strstr (svg, ">A: one<"));
  g_assert_nonnull (strstr (svg, ">B: other<"));
  g_assert_nonnull (strstr (caption, "5 facts that both know"));
}

static gsize
count_pixels (cairo_surface_t *surface, EgColor color)
{
  gsize n = 0;
  for (int y = 0; y < cairo_image_surface_get_height (surface); y++)
    for (int x = 0; x < cairo_image_surface_get_width (surface); x++)
      n += distance (color_at (surface, x, y), color) < 0.03;
  return n;
}

/* Both sides' curves, on a dark window as on paper. */
static void
test_curves_have_the_colours_of_what_they_are_drawn_on (void)
{
  g_autoptr (EgStudyValues) a = make_values (1.6), b = make_values (0.8);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgStudyComparison) comparison
      = eg_study_comparison_new (&(EgStudySide){ a, 0, -1 }, &(EgStudySide){ b, 0, -1 }, 20, &error);
  g_assert_no_error (error);
  for (int dark = 0; dark < 2; dark++)
    {
      g_auto (EgStudyComparisonFigure) drawing;
      eg_study_comparison_figure_init (&drawing, comparison, EG_STUDY_EFFECT, "A: one", "B: other");
      g_assert_false (drawing.dark);
      drawing.dark = dark;
      EgFigure figure = { .drawing = &drawing.drawing };
      eg_figure_options_init (&figure.options);
      if (dark)
        eg_heatmap_style_init_screen (&figure.options.style, TRUE);
      cairo_surface_t *surface = draw (&figure, drawing.maps[0], 4);
      for (gsize side = 0; side < 2; side++)
        {
          g_assert_cmpuint (count_pixels (surface, eg_curves_pin_color (side, dark)), >, 20);
          g_assert_cmpuint (count_pixels (surface, eg_curves_pin_color (side, !dark)), <, 5);
        }
      cairo_surface_destroy (surface);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/study-figures/a-cell-has-the-colour-of-its-mean",
                   test_a_cell_has_the_colour_of_its_mean);
  g_test_add_func ("/study-figures/a-figure-says-what-it-is-of", test_a_figure_says_what_it_is_of);
  g_test_add_func ("/study-figures/a-caption-names-direction-metric-and-samples",
                   test_a_caption_names_direction_metric_and_samples);
  g_test_add_func ("/study-figures/many-panels-are-maps-alone", test_many_panels_are_maps_alone);
  g_test_add_func ("/study-figures/a-difference-is-hatched-where-it-may-be-nothing",
                   test_a_difference_is_hatched_where_it_may_be_nothing);
  g_test_add_func ("/study-figures/effects-that-may-be-nothing-are-hatched",
                   test_effects_that_may_be_nothing_are_hatched);
  g_test_add_func ("/study-figures/curves-have-the-colours-of-what-they-are-drawn-on",
                   test_curves_have_the_colours_of_what_they_are_drawn_on);
  return g_test_run ();
}
