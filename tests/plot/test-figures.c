/* What figures show beyond their cells: bars, both ends of the scale, noise, titles and captions, text as
 * text. */
#include "core/error.h"
#include "plot/export.h"
#include "plot/length.h"
#include "trace/result/description.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* ---- helpers ---- */

#define N_LAYERS 4
#define N_TOKENS 5

/* low 0.2, high 0.7: fractions are (score − 0.2)/0.5. The subject is the tokens 1 and 2. */
static EgTraceGrid *
make_grid (EgSweep sweep, gsize n_sites)
{
  static const char *const words[] = { "The", " Eiffel", " Tower", " is", " in", NULL };
  EgTraceTokens *tokens = eg_trace_tokens_new (N_TOKENS);
  EgTraceRequest *request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");

  tokens->tokens = g_strdupv ((char **)words);
  tokens->subject = g_strdup ("Eiffel Tower");
  tokens->target = g_strdup (" Paris");
  tokens->subject_first = 1;
  tokens->subject_last = 2;
  request->sweep = sweep;
  EgTraceResult *result = eg_trace_result_new (request, tokens, N_LAYERS,
                                               (const char *[]){ "resid", "mixer", "state" }, n_sites);
  result->ends[0] = (EgTraceEnds){ .high = 0.7, .low = 0.2, .low_sem = 0.012 };
  result->samples = 10;
  result->complete = TRUE;
  result->model = g_strdup ("demo");
  result->date = g_strdup ("2026-11-29T23:59:00Z");
  for (gsize s = 0; s < n_sites; s++)
    for (gsize i = 0; i < eg_trace_grid_n_cells (result->grids[s]); i++)
      result->grids[s]->scores[0][i] = 0.2 + 0.4 * (double)(i % 5) / 4;
  return result->grids[0];
}

static cairo_surface_t *
draw (const EgHeatmapLayout *layout, const EgTraceGrid *grid)
{
  cairo_surface_t *surface
      = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int)layout->width, (int)layout->height);
  cairo_t *cr = cairo_create (surface);
  eg_heatmap_draw (layout, grid, cr);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  return surface;
}

static guint32
pixel_at (cairo_surface_t *surface, double x, double y)
{
  const guint32 *row = (const guint32 *)(const void *)(cairo_image_surface_get_data (surface)
                                                       + (int)y * cairo_image_surface_get_stride (surface));
  return row[(int)x] & 0xffffff;
}

static guint32
pack (EgColor color)
{
  return (guint32)lround (color.red * 255) << 16 | (guint32)lround (color.green * 255) << 8
         | (guint32)lround (color.blue * 255);
}

static EgHeatmapLayout *
make_layout (const EgTraceGrid *grid, const EgHeatmapStyle *style)
{
  return eg_heatmap_layout_new (grid, style, 420, 300, 1);
}

/* The text of a file that the figure is written to. (transfer full) */
static char *
export_text (const EgTraceGrid *grid, const EgFigure *figure, const char *ending, gsize *length)
{
  g_autofree char *folder = g_dir_make_tmp ("engram-figures-XXXXXX", NULL);
  g_autofree char *name = g_strconcat ("figure.", ending, NULL);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  eg_export_figure (grid, figure, path, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, length, NULL));
  g_unlink (path);
  g_rmdir (folder);
  return text;
}

static guint
count (const char *text, const char *part)
{
  guint n = 0;
  for (const char *p = strstr (text, part); p != NULL; p = strstr (p + 1, part))
    n++;
  return n;
}

static gboolean
has_label (const EgHeatmapLayout *layout, const char *text)
{
  for (guint i = 0; i < layout->labels->len; i++)
    if (strcmp (pango_layout_get_text (((EgLabel *)layout->labels->pdata[i])->text), text) == 0)
      return TRUE;
  return FALSE;
}

/* ---- bars ---- */

/* From 0 to the value, in the unit of the axis, with a whisker of one standard error on both sides. */
static void
test_bars_are_as_high_as_their_values (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (EG_SWEEP_LAYERS, 1);
  const double scores[] = { 0.7, 0.45, 0.2, 0.3 };
  EgHeatmapStyle style;

  memcpy (grid->scores[0], scores, sizeof scores);
  grid->sem[0][1] = 0.05;
  eg_heatmap_style_init_figure (&style);
  g_autoptr (EgHeatmapLayout) layout = make_layout (grid, &style);
  g_assert_true (layout->is_bars);
  g_assert_cmpfloat (layout->low, ==, 0);
  g_assert_cmpfloat (layout->high, ==, 1);
  cairo_surface_t *surface = draw (layout, grid);
  const guint32 color = pack (eg_colormap_lookup (style.colormap, 0.8));
  for (gsize l = 0; l < N_LAYERS; l++)
    {
      const EgRect cell = eg_heatmap_layout_get_cell (layout, l, 0);
      const double x = cell.x + cell.width / 2 - 0.2 * cell.width;
      guint high = 0;
      for (double y = layout->map.y; y < layout->map.y + layout->map.height; y++)
        high += pixel_at (surface, x, y) == color;
      g_assert_cmpfloat_with_epsilon (high, (scores[l] - 0.2) / 0.5 * layout->map.height, 2.5);
    }
  /* The whisker: from 0.4 to 0.6 of the map's height. */
  const EgRect cell = eg_heatmap_layout_get_cell (layout, 1, 0);
  const double top = layout->map.y + layout->map.height * 0.4, bottom = top + layout->map.height * 0.2;
  g_assert_cmphex (pixel_at (surface, cell.x + cell.width / 2, top + 3), ==, 0);
  g_assert_cmphex (pixel_at (surface, cell.x + cell.width / 2, bottom - 3), ==, 0);
  g_assert_cmphex (pixel_at (surface, cell.x + cell.width / 2, top - 4), !=, 0);
  g_assert_cmphex (pixel_at (surface, cell.x + cell.width / 2, bottom + 4), ==, color);
  cairo_surface_destroy (surface);
}

/* A small effect has its own axis; below zero a whisker needs no step of its own. */
static void
test_bars_have_the_scale_of_their_values (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (EG_SWEEP_POSITIONS, 1);
  EgHeatmapStyle style;

  for (gsize t = 0; t < N_TOKENS; t++)
    {
      grid->scores[0][t] = 0.2 + 0.002 * (double)t;
      grid->sem[0][t] = 0.0005;
    }
  eg_heatmap_style_init_figure (&style);
  g_autoptr (EgHeatmapLayout) layout = make_layout (grid, &style);
  g_assert_cmpfloat_with_epsilon (layout->high, 0.02, 1e-12);
  g_assert_cmpfloat (layout->first_tick, ==, 0);
  g_assert_cmpfloat (layout->low, <, -0.001);
  g_assert_cmpfloat (layout->low, >, -0.002);
  g_assert_true (has_label (layout, "Normalized probability"));
  g_assert_true (has_label (layout, "␣Tower") && !has_label (layout, "All layers"));
  g_assert_false (layout->subject_label->hidden);
  style.limit_low = -0.1;
  style.limit_high = 0.1;
  g_autoptr (EgHeatmapLayout) limited = make_layout (grid, &style);
  g_assert_cmpfloat (limited->low, ==, -0.1);
  g_assert_cmpfloat (limited->high, ==, 0.1);
}

/* Bar by bar on the picture of nothing gives the whole picture, as with cells. */
static void
test_marks_come_cell_by_cell (void)
{
  for (EgSweep sweep = EG_SWEEP_CELLS; sweep <= EG_SWEEP_POSITIONS; sweep++)
    {
      g_autoptr (EgTraceGrid) full = make_grid (sweep, 1), growing = make_grid (sweep, 1);
      const gsize n = eg_trace_grid_n_cells (full);
      EgHeatmapStyle style;
      eg_heatmap_style_init_figure (&style);
      style.hatch_noise = TRUE;
      full->scores[0][n - 1] = 0.85;
      full->scores[0][n - 2] = 0.1;
      style.limit_high = 1;
      for (gsize i = 0; i < n; i++)
        {
          full->sem[0][i] = full->effect_sem[0][i] = growing->sem[0][i] = growing->effect_sem[0][i] = 0.06;
          growing->scores[0][i] = NAN;
        }
      g_autoptr (EgHeatmapLayout) layout = make_layout (full, &style);
      cairo_surface_t *whole = draw (layout, full), *live = draw (layout, growing);
      cairo_t *cr = cairo_create (live);
      memcpy (growing->scores[0], full->scores[0], n * sizeof (double));
      for (gsize i = n; i-- > 0;)
        eg_heatmap_draw_cell (layout, growing, i / full->n_tokens, i % full->n_tokens, cr);
      cairo_destroy (cr);
      cairo_surface_flush (live);
      for (int y = 0; y < 300; y++)
        for (int x = 0; x < 420; x++)
          for (guint shift = 0; shift < 24; shift += 8)
            g_assert_cmpint (ABS ((int)(pixel_at (whole, x, y) >> shift & 0xff)
                                  - (int)(pixel_at (live, x, y) >> shift & 0xff)),
                             <=, 1);
      cairo_surface_destroy (whole);
      cairo_surface_destroy (live);
    }
}

/* ---- scales ---- */

/* A cell above the clean run has the end's colour, and a corner that says so; below, at the bottom. */
static void
test_what_is_beyond_the_scale_is_marked (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (EG_SWEEP_CELLS, 1);
  EgHeatmapStyle style;

  eg_heatmap_style_init_figure (&style);
  style.colormap = EG_COLORMAP_RDYLBU_R;
  g_autoptr (EgHeatmapLayout) within = make_layout (grid, &style);
  g_assert_false (within->beyond_bottom || within->beyond_top);
  grid->scores[0][0] = 0.702; /* less than a hundredth above */
  g_assert_true (eg_heatmap_layout_fits (within, grid));
  grid->scores[0][0] = 0.8;
  g_assert_false (eg_heatmap_layout_fits (within, grid));
  grid->scores[0][7] = 0.1;
  g_autoptr (EgHeatmapLayout) layout = make_layout (grid, &style);
  g_assert_true (layout->beyond_bottom && layout->beyond_top);
  g_assert_cmpfloat (layout->bar.height, <, within->bar.height - 8);
  g_assert_cmpfloat_with_epsilon (eg_heatmap_layout_place_unclipped (layout, grid, 0.8), 1.2, 1e-12);
  g_assert_cmpfloat (eg_heatmap_layout_place (layout, grid, 0.8), ==, 1);

  cairo_surface_t *surface = draw (layout, grid);
  const EgRect above = eg_heatmap_layout_get_cell (layout, 0, 0);
  const EgRect below = eg_heatmap_layout_get_cell (layout, 1, 2);
  const guint32 red = pack (eg_colormap_lookup (style.colormap, 1));
  const guint32 blue = pack (eg_colormap_lookup (style.colormap, 0));
  g_assert_cmphex (pixel_at (surface, above.x + 3, above.y + 3), ==, red);
  g_assert_cmphex (pixel_at (surface, above.x + above.width - 2, above.y + 1), !=, red);
  g_assert_cmphex (pixel_at (surface, above.x + above.width - 2, above.y + above.height - 2), ==, red);
  g_assert_cmphex (pixel_at (surface, below.x + below.width - 2, below.y + below.height - 2), !=, blue);
  g_assert_cmphex (pixel_at (surface, below.x + below.width - 2, below.y + 1), ==, blue);
  /* The bar's ends go on in a point of the end's colour. */
  const double middle = layout->bar.x + layout->bar.width / 2;
  g_assert_cmphex (pixel_at (surface, middle, layout->bar.y - 3), ==, red);
  g_assert_cmphex (pixel_at (surface, middle, layout->bar.y + layout->bar.height + 2), ==, blue);
  cairo_surface_destroy (surface);
}

/* White at the corrupted run, red and blue at its two sides, and no cell is cut. */
static void
test_symmetric_scale_has_two_sides (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (EG_SWEEP_CELLS, 1);
  EgHeatmapStyle style;

  eg_heatmap_style_init_figure (&style);
  style.scale = EG_SCALE_SYMMETRIC;
  grid->scores[0][0] = 0.2;
  grid->scores[0][1] = 0.8; /* 1.2 */
  grid->scores[0][2] = -0.1;
  g_autoptr (EgHeatmapLayout) layout = make_layout (grid, &style);
  g_assert_cmpfloat (layout->high, ==, 2);
  g_assert_cmpfloat (layout->low, ==, -2);
  g_assert_false (layout->beyond_bottom || layout->beyond_top);
  g_assert_cmpfloat_with_epsilon (eg_heatmap_layout_place (layout, grid, 0.2), 0.5, 1e-12);
  g_assert_cmpfloat_with_epsilon (eg_heatmap_layout_place (layout, grid, 0.7), 0.75, 1e-12);
  cairo_surface_t *surface = draw (layout, grid);
  guint32 colors[3];
  for (gsize t = 0; t < 3; t++)
    {
      const EgRect cell = eg_heatmap_layout_get_cell (layout, 0, t);
      colors[t] = pixel_at (surface, cell.x + cell.width / 2, cell.y + cell.height / 2);
    }
  g_assert_cmpuint (MIN (MIN (colors[0] >> 16, colors[0] >> 8 & 0xff), colors[0] & 0xff), >=, 0xf5);
  g_assert_cmpuint (colors[1] >> 16, >, (colors[1] & 0xff) + 60);
  g_assert_cmpuint (colors[2] & 0xff, >, (colors[2] >> 16) + 20);
  cairo_surface_destroy (surface);
  /* Where nothing was lost, the change itself. */
  grid->result->ends[0].low = 0.7;
  g_autoptr (EgHeatmapLayout) undefined = make_layout (grid, &style);
  g_assert_false (undefined->normalized);
  g_assert_cmpfloat (undefined->high, ==, 1);
  g_assert_true (has_label (undefined, "Probability, change"));
}

static void
test_limits_and_own_scales (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (EG_SWEEP_CELLS, 1);
  EgHeatmapStyle style;

  eg_heatmap_style_init_figure (&style);
  style.limit_low = -0.25;
  style.limit_high = 0.5;
  g_autoptr (EgHeatmapLayout) limited = make_layout (grid, &style);
  g_assert_cmpfloat_with_epsilon (eg_heatmap_layout_place (limited, grid, 0.2), 1.0 / 3, 1e-12);
  g_assert_true (limited->beyond_top && !limited->beyond_bottom);
  g_assert_true (has_label (limited, "0.50") && has_label (limited, "-0.25") && has_label (limited, "0.25"));
  style.limit_high = style.limit_low;
  for (gsize i = 0; i < N_LAYERS * N_TOKENS; i++)
    grid->scores[0][i] = 0.2 + 0.001 * (double)i;
  style.own_scale = TRUE;
  g_autoptr (EgHeatmapLayout) own = make_layout (grid, &style);
  g_assert_cmpfloat_with_epsilon (own->high, 0.05, 1e-12);
}

/* Cells within two standard errors of no effect, and no others. */
static void
test_noise_is_hatched (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (EG_SWEEP_CELLS, 1);
  EgHeatmapStyle style;

  for (gsize i = 0; i < N_LAYERS * N_TOKENS; i++)
    grid->effect_sem[0][i] = 0.06;
  eg_heatmap_style_init_figure (&style);
  g_autoptr (EgHeatmapLayout) plain = make_layout (grid, &style);
  style.hatch_noise = TRUE;
  g_autoptr (EgHeatmapLayout) hatched = make_layout (grid, &style);
  cairo_surface_t *a = draw (plain, grid), *b = draw (hatched, grid);
  for (gsize t = 0; t < N_TOKENS; t++)
    {
      const EgRect cell = eg_heatmap_layout_get_cell (plain, 1, t);
      guint n = 0;
      for (double y = cell.y; y < cell.y + cell.height; y++)
        for (double x = cell.x; x < cell.x + cell.width; x++)
          n += pixel_at (a, x, y) != pixel_at (b, x, y);
      /* 0.2 and 0.3 lie within 0.2 ± 0.12. */
      g_assert_cmpint (n > 50, ==, t < 2);
      g_assert_cmpint (n == 0, ==, t >= 2);
    }
  cairo_surface_destroy (a);
  cairo_surface_destroy (b);
}

/* ---- curves ---- */

/* In the unit of the map, and so are the sentences. */
static void
test_curves_are_in_the_unit_of_the_map (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (EG_SWEEP_CELLS, 1);
  const EgCell pin = { 2, 4 };
  const double value = grid->scores[0][2 * N_TOKENS + 4];

  g_autofree char *raw = eg_curves_describe (EG_CURVES_PINNED, grid, EG_SCALE_RAW, &pin, 1);
  g_autofree char *normalized = eg_curves_describe (EG_CURVES_PINNED, grid, EG_SCALE_NORMALIZED, &pin, 1);
  g_assert_cmpfloat_with_epsilon (value, 0.6, 1e-12);
  g_assert_true (g_str_has_suffix (raw, ": 0.600"));
  g_assert_true (g_str_has_suffix (normalized, ": 0.800"));
}

static cairo_surface_t *
draw_curves (EgTraceGrid *grid, EgCurves curves)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 420, 200);
  cairo_t *cr = cairo_create (surface);
  EgChart chart;

  eg_chart_init_figure (&chart);
  chart.pixel = 1;
  chart.low = -0.2;
  chart.high = 1;
  eg_curves_draw (curves, grid, EG_SCALE_NORMALIZED, NULL, 0, &chart, chart.foreground, FALSE, -1, cr, 420,
                  200);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  return surface;
}

/* A layer of which half is known has no average yet: it is drawn as if nothing of it were. */
static void
test_curves_leave_out_what_is_not_known (void)
{
  for (EgCurves curves = EG_CURVES_LAYERS; curves <= EG_CURVES_SUBJECT; curves++)
    {
      g_autoptr (EgTraceGrid) half = make_grid (EG_SWEEP_CELLS, 1), none = make_grid (EG_SWEEP_CELLS, 1);
      half->result->complete = none->result->complete = FALSE;
      for (gsize t = 0; t < N_TOKENS; t++)
        {
          half->sem[0][t] = none->sem[0][t] = 0.1;
          none->scores[0][2 * N_TOKENS + t] = NAN;
          if (t > 1)
            half->scores[0][2 * N_TOKENS + t] = NAN;
        }
      cairo_surface_t *a = draw_curves (half, curves), *b = draw_curves (none, curves);
      guint n_other = 0;
      for (int y = 0; y < 200; y++)
        for (int x = 0; x < 420; x++)
          n_other += pixel_at (a, x, y) != pixel_at (b, x, y);
      g_assert_cmpuint (n_other, ==, 0);
      cairo_surface_destroy (a);
      cairo_surface_destroy (b);
    }
}

/* ---- files ---- */

static void
init_figure (EgFigure *figure, EgPicture picture)
{
  *figure = (EgFigure){ .picture = picture };
  eg_figure_options_init (&figure->options);
}

/* A paper's figure says what was asked of which model, how, and how sure it is. */
static void
test_caption_says_what_made_the_figure (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (EG_SWEEP_CELLS, 1);
  EgFigure figure;

  init_figure (&figure, EG_PICTURE_HEATMAP);
  g_autofree char *title = eg_figure_make_title (grid);
  g_assert_cmpstr (title, ==, "“The Eiffel Tower is in” →\u00a0“Paris”");
  figure.options.style.title = title;
  g_autofree char *caption = eg_figure_make_caption (&figure, grid);
  g_assert_cmpstr (caption, ==,
                   "Model demo. Residual stream restored at each layer and token; Gaussian noise of 3 σ on "
                   "“Eiffel Tower”; 10 samples, seed 1. Clean 70%, corrupted 20% ± 1%. 2026-11-29.");
  figure.options.style.title = NULL;
  figure.options.style.hatch_noise = TRUE;
  grid->effect_sem[0][0] = 0.1;
  grid->scores[0][1] = 0.9;
  g_autofree char *alone = eg_figure_make_caption (&figure, grid);
  g_assert_true (g_str_has_prefix (alone, "“The Eiffel Tower is in” →"));
  g_assert_nonnull (strstr (alone, "Corners: beyond the scale. Hatched: within two standard errors"));
}

static void
test_caption_says_where_the_noise_is (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (EG_SWEEP_CELLS, 1);
  EgCorruption *corruption = (EgCorruption *)&grid->result->request->corruption;
  corruption->span = EG_SPAN_ALL;
  g_autofree char *all = eg_trace_result_describe_method (grid->result, NULL);
  corruption->span = EG_SPAN_TOKENS;
  corruption->span_first = 1;
  corruption->span_last = 3;
  corruption->kind = EG_CORRUPTION_STUDENT_T;
  corruption->degrees = 5;
  corruption->scale = EG_NOISE_SCALE_TEXT;
  corruption->file = g_strdup ("/home/me/wiki.txt");
  g_autofree char *tokens = eg_trace_result_describe_method (grid->result, NULL);
  g_assert_nonnull (strstr (all, "; Gaussian noise of 3 σ on all tokens; 10 samples"));
  g_assert_nonnull (
      strstr (tokens, "; Student’s t noise (5 degrees of freedom) on tokens 1 to 3; scale text:wiki.txt; "));
}

/* What a file needs of room for title and caption is its own: the picture is as large as without them. */
static void
test_title_and_caption_have_room (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (EG_SWEEP_CELLS, 1);

  for (EgPicture p = EG_PICTURE_HEATMAP; p <= EG_PICTURE_SUBJECT; p++)
    {
      EgFigure figure;
      init_figure (&figure, p);
      figure.options.width = EG_FIGURE_WIDTH_COLUMN;
      const double bare = eg_figure_get_height (&figure, grid);
      figure.options.style.title = "Title";
      const double titled = eg_figure_get_height (&figure, grid);
      figure.options.caption = "One line";
      const double captioned = eg_figure_get_height (&figure, grid);
      figure.options.caption
          = "More words than one line of three and a half inches can hold at eight points, "
            "so that it is broken into two";
      const double wrapped = eg_figure_get_height (&figure, grid);
      g_assert_cmpfloat (titled, >, bare + 10);
      g_assert_cmpfloat (captioned, >, titled + 8);
      g_assert_cmpfloat (wrapped, >, captioned + 7);
    }
}

/* Selectable in SVG; outlines where they are asked for. */
static void
test_text_is_text (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (EG_SWEEP_CELLS, 1);
  EgFigure figure;

  init_figure (&figure, EG_PICTURE_HEATMAP);
  figure.options.style.title = "A <title> & more";
  g_autofree char *svg = export_text (grid, &figure, "svg", NULL);
  g_assert_nonnull (strstr (svg, ">A &lt;title&gt; &amp; more</text>"));
  g_assert_nonnull (strstr (svg, ">␣</tspan>Eiffel</text>"));
  g_assert_nonnull (strstr (svg, ">Normalized probability</text>"));
  g_assert_nonnull (strstr (svg, "sans-serif"));
  g_assert_null (strstr (svg, "<symbol"));
  figure.options.style.hide_spaces = TRUE;
  g_autofree char *hidden = export_text (grid, &figure, "svg", NULL);
  g_assert_null (strstr (hidden, "␣"));
  g_assert_nonnull (strstr (hidden, ">Eiffel</text>"));
  figure.options.outlines = TRUE;
  g_autofree char *outlines = export_text (grid, &figure, "svg", NULL);
  g_assert_null (strstr (outlines, "<text"));
  g_assert_cmpuint (strlen (outlines), >, strlen (svg) + 5000);
}

/* As a reader's program finds it. */
static void
test_pdf_has_its_text (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (EG_SWEEP_CELLS, 1);
  g_autofree char *program = g_find_program_in_path ("pdftotext");
  g_autofree char *folder = g_dir_make_tmp ("engram-figures-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "a.pdf", NULL);
  g_autofree char *out = NULL;
  EgFigure figure;

  if (program == NULL)
    {
      g_rmdir (folder);
      g_test_skip ("there is no pdftotext");
      return;
    }
  init_figure (&figure, EG_PICTURE_HEATMAP);
  figure.options.style.orientation = EG_ORIENTATION_TOKENS_DOWN;
  g_autofree char *caption = eg_figure_make_caption (&figure, grid);
  figure.options.caption = caption;
  g_assert_true (eg_export_figure (grid, &figure, path, NULL));
  const char *const argv[] = { program, "-raw", path, "-", NULL };
  g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, 0, NULL, NULL, &out, NULL, NULL, NULL));
  g_assert_nonnull (strstr (out, "Eiffel"));
  g_assert_nonnull (strstr (out, "Gaussian noise of 3 σ"));
  g_assert_nonnull (strstr (out, "Normalized"));
  figure.options.outlines = TRUE;
  g_clear_pointer (&out, g_free);
  g_assert_true (eg_export_figure (grid, &figure, path, NULL));
  g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, 0, NULL, NULL, &out, NULL, NULL, NULL));
  g_assert_cmpstr (g_strstrip (out), ==, "");
  g_unlink (path);
  g_rmdir (folder);
}

/* Three maps on one scale have one colour bar; on scales of their own, three. Bars have an axis each. */
static void
test_sites_share_one_bar (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (EG_SWEEP_CELLS, 3);
  g_autoptr (EgTraceGrid) layers = make_grid (EG_SWEEP_LAYERS, 3);
  EgFigure figure;

  init_figure (&figure, EG_PICTURE_SITES);
  g_autofree char *shared = export_text (grid, &figure, "svg", NULL);
  g_assert_cmpuint (count (shared, ">Normalized probability</text>"), ==, 1);
  g_assert_cmpuint (count (shared, ">Subject</text>"), ==, 3);
  g_assert_nonnull (strstr (shared, ">Mixer output</text>"));
  figure.options.style.own_scale = TRUE;
  g_autofree char *own = export_text (grid, &figure, "svg", NULL);
  g_assert_cmpuint (count (own, ">Normalized probability</text>"), ==, 3);
  figure.options.style.own_scale = FALSE;
  for (gsize l = 0; l < N_LAYERS; l++)
    layers->result->grids[1]->scores[0][l] = 0.21;
  g_autofree char *bars = export_text (layers, &figure, "svg", NULL);
  g_assert_cmpuint (count (bars, ">Normalized probability</text>"), ==, 3);
  /* One axis for all: 0.6 is nowhere near the second site's. */
  g_assert_cmpuint (count (bars, ">0.6</text>"), ==, 3);
}

static void
test_lengths_and_limits_are_read (void)
{
  static const struct
  {
    const char *text;
    double inches;
  } lengths[]
      = { { "85mm", 85 / 25.4 }, { "3.35in", 3.35 }, { "8.5cm", 85 / 25.4 }, { "72pt", 1 }, { "7", 7 },
          { "column", 3.5 },     { "page", 7 } };
  static const char *const wrong[] = { "", "mm", "85 m", "85mmm", "wide", "nan", "inf" };
  EgHeatmapStyle style;
  double inches;

  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_assert_true (eg_length_parse (lengths[i].text, &inches, NULL));
      g_assert_cmpfloat_with_epsilon (inches, lengths[i].inches, 1e-12);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (eg_length_parse (wrong[i], &inches, &error));
      g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
    }
  g_assert_true (eg_limits_parse ("-0.5,1.5", &style, NULL));
  g_assert_cmpfloat (style.limit_low, ==, -0.5);
  g_assert_cmpfloat (style.limit_high, ==, 1.5);
  g_assert_true (eg_limits_parse ("0; 0.2", &style, NULL));
  g_assert_cmpfloat (style.limit_high, ==, 0.2);
  const char *const no_limits[] = { "1", "1,0", "0,0", "0,1,2", "a,b", "0,nan" };
  for (gsize i = 0; i < G_N_ELEMENTS (no_limits); i++)
    g_assert_false (eg_limits_parse (no_limits[i], &style, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/figures/bars/heights", test_bars_are_as_high_as_their_values);
  g_test_add_func ("/figures/bars/scale", test_bars_have_the_scale_of_their_values);
  g_test_add_func ("/figures/cell-by-cell", test_marks_come_cell_by_cell);
  g_test_add_func ("/figures/scale/beyond", test_what_is_beyond_the_scale_is_marked);
  g_test_add_func ("/figures/scale/symmetric", test_symmetric_scale_has_two_sides);
  g_test_add_func ("/figures/scale/limits", test_limits_and_own_scales);
  g_test_add_func ("/figures/noise", test_noise_is_hatched);
  g_test_add_func ("/figures/curves/unit", test_curves_are_in_the_unit_of_the_map);
  g_test_add_func ("/figures/curves/partial", test_curves_leave_out_what_is_not_known);
  g_test_add_func ("/figures/caption", test_caption_says_what_made_the_figure);
  g_test_add_func ("/figures/caption-says-where-the-noise-is", test_caption_says_where_the_noise_is);
  g_test_add_func ("/figures/room", test_title_and_caption_have_room);
  g_test_add_func ("/figures/text", test_text_is_text);
  g_test_add_func ("/figures/pdf-text", test_pdf_has_its_text);
  g_test_add_func ("/figures/sites", test_sites_share_one_bar);
  g_test_add_func ("/figures/lengths", test_lengths_and_limits_are_read);
  return g_test_run ();
}
