/* Colour maps against matplotlib, the heatmap's layout, its pixels, and the files it is exported to. */
#include "core/error.h"
#include "plot/export.h"
#include "plot/multiples.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* ---- helpers ---- */

/* A trace of the given shape with a pattern for scores; its subject is the tokens 1 … 2 where there are so
 * many. */
static EgTraceGrid *
make_grid (gsize n_layers, gsize n_tokens)
{
  static const char *const words[]
      = { "The", " mother", " tongue", " of", " Angela", " Merkel", " is", "\n" };
  EgTraceTokens *tokens = eg_trace_tokens_new (n_tokens);

  tokens->tokens = g_new0 (char *, n_tokens + 1);
  for (gsize t = 0; t < n_tokens; t++)
    tokens->tokens[t] = g_strdup (words[t % G_N_ELEMENTS (words)]);
  tokens->subject_first = MIN (1, n_tokens - 1);
  tokens->subject_last = MIN (2, n_tokens - 1);
  EgTraceResult *result = eg_trace_result_new (eg_trace_request_new ("", NULL), tokens, n_layers,
                                               (const char *[]){ "resid" }, 1);
  result->ends[0] = (EgTraceEnds){ .high = 0.9, .low = 0.1 };
  for (gsize i = 0; i < n_layers * n_tokens; i++)
    result->grids[0]->scores[0][i] = 0.5 + 0.4 * sin ((double)i);
  return result->grids[0];
}

/* What a test changes of a trace that it has made itself. */
static EgTraceRequest *
request_of (EgTraceGrid *grid)
{
  return (EgTraceRequest *)grid->result->request;
}

static void
set_metric (EgTraceGrid *grid, EgMetric metric)
{
  grid->result->metrics[0] = request_of (grid)->metric = metric;
}

static EgHeatmapLayout *
make_layout (const EgTraceGrid *grid, double width, double height, double pixel)
{
  EgHeatmapStyle style;
  eg_heatmap_style_init_figure (&style);
  return eg_heatmap_layout_new (grid, &style, width, height, pixel);
}

/* How a heatmap is looked at in most tests: whole, with tokens down, and enlarged and scrolled. */
static const struct
{
  EgOrientation orientation;
  double zoom, x, y; /* x, y: how far scrolled, 0 … 1 */
} views[] = {
  { EG_ORIENTATION_LAYERS_DOWN, 1, 0, 0 },     { EG_ORIENTATION_TOKENS_DOWN, 1, 0, 0 },
  { EG_ORIENTATION_LAYERS_DOWN, 2.3, 0, 0 },   { EG_ORIENTATION_LAYERS_DOWN, 3.7, 0.31, 0.77 },
  { EG_ORIENTATION_TOKENS_DOWN, 3, 0.5, 0.2 }, { EG_ORIENTATION_TOKENS_DOWN, 6.1, 1, 1 },
};

static EgHeatmapLayout *
make_view (const EgTraceGrid *grid, gsize view, double width, double height, double pixel)
{
  EgHeatmapStyle style;
  eg_heatmap_style_init_figure (&style);
  style.orientation = views[view].orientation;
  EgHeatmapLayout *layout
      = eg_heatmap_layout_new_zoomed (grid, &style, width, height, pixel, views[view].zoom);
  eg_heatmap_layout_scroll (layout, views[view].x * (layout->cells.width - layout->map.width),
                            views[view].y * (layout->cells.height - layout->map.height));
  return layout;
}

/* The part of a rectangle that is within another; of no size where there is none. */
static EgRect
intersect (EgRect a, EgRect b)
{
  const double x = MAX (a.x, b.x), y = MAX (a.y, b.y);
  return (EgRect){ x, y, MAX (MIN (a.x + a.width, b.x + b.width) - x, 0),
                   MAX (MIN (a.y + a.height, b.y + b.height) - y, 0) };
}

static cairo_surface_t *
draw (const EgHeatmapLayout *layout, const EgTraceGrid *grid)
{
  cairo_surface_t *surface = cairo_image_surface_create (
      CAIRO_FORMAT_RGB24, (int)(layout->width * layout->pixel), (int)(layout->height * layout->pixel));
  cairo_surface_set_device_scale (surface, layout->pixel, layout->pixel);
  cairo_t *cr = cairo_create (surface);
  eg_heatmap_draw (layout, grid, cr);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  return surface;
}

static guint32
pixel_at (cairo_surface_t *surface, int x, int y)
{
  const guint32 *row = (const guint32 *)(const void *)(cairo_image_surface_get_data (surface)
                                                       + y * cairo_image_surface_get_stride (surface));
  return row[x] & 0xffffff;
}

static guint32
pack (EgColor color)
{
  return (guint32)lround (color.red * 255) << 16 | (guint32)lround (color.green * 255) << 8
         | (guint32)lround (color.blue * 255);
}

static guint
channel_difference (guint32 a, guint32 b)
{
  guint difference = 0;
  for (guint shift = 0; shift < 24; shift += 8)
    difference = MAX (difference, (guint)ABS ((int)(a >> shift & 0xff) - (int)(b >> shift & 0xff)));
  return difference;
}

static char *
make_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("engram-plot-XXXXXX", &error);
  g_assert_no_error (error);
  return folder;
}

static guint
count_files (const char *folder)
{
  guint n = 0;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static gsize
count_text (const char *text, const char *part)
{
  gsize n = 0;
  for (const char *p = strstr (text, part); p != NULL; p = strstr (p + 1, part))
    n++;
  return n;
}

/* ---- colour maps ---- */

static void
test_colors_are_matplotlibs (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "plot", "colormaps.txt", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_auto (GStrv) lines = g_strsplit (g_strstrip (text), "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, EG_N_COLORMAPS);
  for (guint m = 0; m < EG_N_COLORMAPS; m++)
    {
      g_auto (GStrv) words = g_strsplit (lines[m], " ", -1);
      EgColormap colormap;
      eg_colormap_from_name (words[0], &colormap, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (colormap, ==, m);
      g_assert_cmpstr (eg_colormap_get_name (colormap), ==, words[0]);
      g_assert_cmpuint (g_strv_length (words), ==, 257);
      for (guint i = 0; i < 256; i++)
        {
          const guint32 expected = (guint32)g_ascii_strtoull (words[1 + i], NULL, 16);
          const guint32 color = pack (eg_colormap_lookup (colormap, (i + 0.5) / 256));
          /* Halves may round either way. */
          g_assert_cmpuint (channel_difference (color, expected), <=, 1);
          if (i == 0 || i == 255)
            g_assert_cmphex (color, ==, expected);
        }
    }
}

static void
test_values_outside_take_the_ends (void)
{
  for (EgColormap m = 0; m < EG_N_COLORMAPS; m++)
    {
      const EgColor low = eg_colormap_lookup (m, 0), high = eg_colormap_lookup (m, 1);
      g_assert_cmphex (pack (eg_colormap_lookup (m, -INFINITY)), ==, pack (low));
      g_assert_cmphex (pack (eg_colormap_lookup (m, 1e300)), ==, pack (high));
      g_assert_cmphex (pack (low), !=, pack (high));
    }
}

static void
test_unknown_name_lists_the_known (void)
{
  g_autoptr (GError) error = NULL;
  EgColormap colormap = EG_COLORMAP_REDS;

  g_assert_false (eg_colormap_from_name ("jet", &colormap, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "jet"));
  for (EgColormap m = 0; m < EG_N_COLORMAPS; m++)
    g_assert_nonnull (strstr (error->message, eg_colormap_get_name (m)));
  g_assert_cmpuint (colormap, ==, EG_COLORMAP_REDS);
  g_assert_true (eg_colormap_from_name ("VIRIDIS", &colormap, NULL));
  g_assert_cmpuint (colormap, ==, EG_COLORMAP_VIRIDIS);
}

/* ---- layout ---- */

static const struct
{
  gsize n_layers, n_tokens;
  double width, height, pixel;
} shapes[] = {
  { 8, 12, 504, 300, 0 },   { 8, 12, 700, 380, 1 },  { 8, 12, 700, 380, 1.5 }, { 8, 7, 251, 180, 2 },
  { 48, 64, 1200, 900, 1 }, { 64, 30, 252, 300, 0 }, { 1, 1, 300, 200, 1 },    { 24, 1, 300, 400, 2 },
  { 1, 20, 504, 120, 1 },   { 8, 5, 260, 150, 1 },
};

static void
assert_cells_fill (const EgHeatmapLayout *layout)
{
  const gboolean tokens_down = layout->style.orientation == EG_ORIENTATION_TOKENS_DOWN;
  const EgRect *all = &layout->cells;
  double along = tokens_down ? all->y : all->x, across = tokens_down ? all->x : all->y;

  for (gsize t = 0; t < layout->n_tokens; t++)
    {
      const EgRect cell = eg_heatmap_layout_get_cell (layout, 0, t);
      const double size = tokens_down ? cell.height : cell.width;
      g_assert_cmpfloat_with_epsilon (tokens_down ? cell.y : cell.x, along, 1e-9);
      g_assert_cmpfloat (size, >, 0);
      along += size;
    }
  for (gsize l = 0; l < layout->n_layers; l++)
    {
      const EgRect cell = eg_heatmap_layout_get_cell (layout, l, 0);
      const double size = tokens_down ? cell.width : cell.height;
      g_assert_cmpfloat_with_epsilon (tokens_down ? cell.x : cell.y, across, 1e-9);
      g_assert_cmpfloat (size, >, 0);
      across += size;
    }
  const double x = tokens_down ? across : along, y = tokens_down ? along : across;
  /* To the pixel: zoomed lengths need not be whole ones. */
  const double slack = layout->pixel > 0 ? 0.5 / layout->pixel + 1e-9 : 1e-9;
  g_assert_cmpfloat_with_epsilon (x, all->x + all->width, slack);
  g_assert_cmpfloat_with_epsilon (y, all->y + all->height, slack);
  /* They cover the map, wherever they are scrolled to. */
  g_assert_cmpfloat (all->x, <=, layout->map.x + 1e-9);
  g_assert_cmpfloat (all->y, <=, layout->map.y + 1e-9);
  g_assert_cmpfloat (x, >=, layout->map.x + layout->map.width - 1e-9);
  g_assert_cmpfloat (y, >=, layout->map.y + layout->map.height - 1e-9);
}

static void
test_cells_fill_the_map (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (gsize v = 0; v < G_N_ELEMENTS (views); v++)
      {
        g_autoptr (EgTraceGrid) grid = make_grid (shapes[i].n_layers, shapes[i].n_tokens);
        g_autoptr (EgHeatmapLayout) layout
            = make_view (grid, v, shapes[i].width, shapes[i].height, shapes[i].pixel);
        assert_cells_fill (layout);
      }
}

/* On the screen, a map of more cells than there are pixels scrolls from its first token on; a figure shows
 * them all, less than a pixel each, and none is left out. */
static void
test_more_cells_than_pixels (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (4, 2000);
  for (gsize i = 0; i < 4 * 2000; i++)
    grid->scores[0][i] = i % 3 == 1 ? grid->result->ends[0].high : grid->result->ends[0].low;
  g_autoptr (EgHeatmapLayout) screen = make_view (grid, 0, 500, 300, 1);
  g_autoptr (EgHeatmapLayout) figure = make_layout (grid, 500, 300, 1);

  g_assert_true (eg_heatmap_layout_is_cut (screen));
  g_assert_cmpfloat (screen->map.x, >=, 0);
  g_assert_cmpfloat (screen->cells.x, ==, screen->map.x);
  g_assert_cmpfloat (eg_heatmap_layout_get_cell (screen, 0, 0).width, ==, 1);
  eg_heatmap_layout_scroll (screen, 1e9, 0);
  const EgRect last = eg_heatmap_layout_get_cell (screen, 0, 1999);
  g_assert_cmpfloat_with_epsilon (last.x + last.width, screen->map.x + screen->map.width, 1e-6);

  g_assert_false (eg_heatmap_layout_is_cut (figure));
  g_assert_cmpfloat (figure->map.x, >=, 0);
  /* A third is red, two thirds are blue: everywhere a mixture, nowhere either. */
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 500, 300);
  cairo_t *cr = cairo_create (surface);
  eg_heatmap_draw (figure, grid, cr);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  const guint32 red = pack (eg_colormap_lookup (EG_COLORMAP_RDYLBU_R, 1));
  const guint32 blue = pack (eg_colormap_lookup (EG_COLORMAP_RDYLBU_R, 0));
  const int y = (int)(figure->map.y + figure->map.height / 2);
  for (int x = (int)figure->map.x + 2; x < (int)(figure->map.x + figure->map.width) - 2; x++)
    {
      g_assert_cmpuint (channel_difference (pixel_at (surface, x, y), red), >, 20);
      g_assert_cmpuint (channel_difference (pixel_at (surface, x, y), blue), >, 20);
    }
  cairo_surface_destroy (surface);
}

static void
assert_cell_is_found (const EgHeatmapLayout *layout, gsize l, gsize t)
{
  static const double inside[] = { 1e-6, 0.5, 1 - 1e-6 };
  const EgRect cell = intersect (eg_heatmap_layout_get_cell (layout, l, t), layout->map);

  for (gsize a = 0; a < 3 && cell.width > 0 && cell.height > 0; a++)
    for (gsize b = 0; b < 3; b++)
      {
        gsize layer, position;
        g_assert_true (eg_heatmap_layout_find_cell (layout, cell.x + inside[a] * cell.width,
                                                    cell.y + inside[b] * cell.height, &layer, &position));
        g_assert_cmpuint (layer, ==, l);
        g_assert_cmpuint (position, ==, t);
      }
}

static void
test_hit_test_inverts_cells (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (gsize v = 0; v < G_N_ELEMENTS (views); v++)
      {
        g_autoptr (EgTraceGrid) grid = make_grid (shapes[i].n_layers, shapes[i].n_tokens);
        g_autoptr (EgHeatmapLayout) layout
            = make_view (grid, v, shapes[i].width, shapes[i].height, shapes[i].pixel);

        for (gsize l = 0; l < grid->n_layers; l++)
          for (gsize t = 0; t < grid->n_tokens; t++)
            assert_cell_is_found (layout, l, t);
        const EgRect map = layout->map;
        g_assert_false (eg_heatmap_layout_find_cell (layout, map.x - 0.1, map.y + 1, NULL, NULL));
        g_assert_false (eg_heatmap_layout_find_cell (layout, map.x + 1, map.y - 0.1, NULL, NULL));
        g_assert_false (eg_heatmap_layout_find_cell (layout, map.x + map.width, map.y + 1, NULL, NULL));
        g_assert_false (eg_heatmap_layout_find_cell (layout, map.x + 1, map.y + map.height, NULL, NULL));
        g_assert_false (eg_heatmap_layout_find_cell (layout, NAN, NAN, NULL, NULL));
      }
}

static gboolean
overlap (EgRect a, EgRect b)
{
  const double slack = 0.01;
  return a.x + slack < b.x + b.width && b.x + slack < a.x + a.width && a.y + slack < b.y + b.height
         && b.y + slack < a.y + a.height;
}

static gboolean
is_turned (const EgLabel *label)
{
  return fabs (sin (label->angle) * cos (label->angle)) > 1e-6;
}

static void
assert_nothing_overlaps (const EgHeatmapLayout *layout)
{
  const EgRect page = { 0, 0, layout->width, layout->height };

  for (guint i = 0; i < layout->labels->len; i++)
    {
      const EgLabel *label = layout->labels->pdata[i];
      const EgRect box = eg_label_get_extents (label);
      if (label->hidden)
        continue;
      g_assert_cmpfloat (box.x, >=, page.x - 0.01);
      g_assert_cmpfloat (box.y, >=, page.y - 0.01);
      g_assert_cmpfloat (box.x + box.width, <=, page.width + 0.01);
      g_assert_cmpfloat (box.y + box.height, <=, page.height + 0.01);
      g_assert_false (overlap (box, layout->map));
      g_assert_false (overlap (box, layout->bar));
      for (guint j = 0; j < i; j++)
        {
          const EgLabel *other = layout->labels->pdata[j];
          if (!other->hidden && !is_turned (label) && !is_turned (other))
            g_assert_false (overlap (box, eg_label_get_extents (other)));
        }
    }
  if (layout->style.orientation == EG_ORIENTATION_TOKENS_DOWN)
    return;
  /* Slanted neighbours: the distance between their lines holds a line of text. */
  for (gsize t = layout->token_step; t < layout->n_tokens; t += layout->token_step)
    {
      const EgLabel *label = layout->token_labels[t];
      const double distance = layout->cells.width / (double)layout->n_tokens * (double)layout->token_step;
      g_assert_cmpfloat (distance * sin (-label->angle), >=, label->height - 0.1);
      g_assert_cmpfloat (-label->angle, >=, G_PI / 4 - 1e-6);
    }
}

static void
test_labels_stay_inside_and_apart (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (gsize o = 0; o < EG_N_ORIENTATIONS; o++)
      {
        g_autoptr (EgTraceGrid) grid = make_grid (shapes[i].n_layers, shapes[i].n_tokens);
        EgHeatmapStyle style;
        eg_heatmap_style_init_figure (&style);
        style.orientation = (EgOrientation)o;
        style.title = i % 2 == 0 ? "Causal tracing: The mother tongue of Angela Merkel is" : NULL;
        if (i % 3 == 0)
          grid->result->ends[0].low = 0.95; /* undefined, which takes a line */
        const double height
            = MAX (shapes[i].height, eg_heatmap_natural_height (grid, &style, shapes[i].width));
        g_autoptr (EgHeatmapLayout) layout
            = eg_heatmap_layout_new (grid, &style, shapes[i].width, height, shapes[i].pixel);
        assert_nothing_overlaps (layout);
      }
}

/* Wherever an enlarged map is scrolled to, every cell whose middle is in view and that has a label at this
 * size shows it, whole. */
static void
test_labels_stay_whole_while_scrolled (void)
{
  for (gsize v = 2; v < G_N_ELEMENTS (views); v++)
    for (guint step = 0; step <= 20; step++)
      {
        g_autoptr (EgTraceGrid) grid = make_grid (48, 64);
        g_autoptr (EgHeatmapLayout) layout = make_view (grid, v, 900, 700, 1);
        const EgRect map = layout->map;
        guint n_shown = 0;

        eg_heatmap_layout_scroll (layout, step / 20.0 * (layout->cells.width - map.width),
                                  step / 20.0 * (layout->cells.height - map.height));
        assert_nothing_overlaps (layout);
        for (gsize t = 0; t < grid->n_tokens; t += layout->token_step)
          {
            const EgRect cell = eg_heatmap_layout_get_cell (layout, 0, t);
            const EgLabel *label = layout->token_labels[t];
            const gboolean down = views[v].orientation == EG_ORIENTATION_TOKENS_DOWN;
            const double middle = down ? cell.y + cell.height / 2 : cell.x + cell.width / 2;
            const double begin = down ? map.y : map.x, end = begin + (down ? map.height : map.width);
            if (middle > begin + 1 && middle < end - 1)
              g_assert_false (label->hidden);
            if (middle < begin - 1 || middle > end + 1)
              g_assert_true (label->hidden);
            n_shown += !label->hidden;
            g_assert_false (pango_layout_is_ellipsized (label->text));
          }
        g_assert_cmpuint (n_shown, >, 4);
      }
}

/* Where there is no room for all: every second, fourth…; where there is, all. */
static void
test_labels_thin_out (void)
{
  static const struct
  {
    double height;
    gsize layer_step;
  } cases[] = { { 250, 4 }, { 450, 2 }, { 900, 1 } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EgTraceGrid) grid = make_grid (48, 64);
      g_autoptr (EgHeatmapLayout) layout = make_layout (grid, 800, cases[i].height, 1);
      g_assert_cmpuint (layout->layer_step, ==, cases[i].layer_step);
      for (gsize l = 0; l < 48; l++)
        g_assert_true ((layout->layer_labels[l] != NULL) == (l % cases[i].layer_step == 0));
    }
  g_autoptr (EgTraceGrid) grid = make_grid (8, 200);
  g_autoptr (EgHeatmapLayout) narrow = make_layout (grid, 500, 300, 1);
  g_assert_cmpuint (narrow->token_step, >=, 2);
  assert_nothing_overlaps (narrow);
}

/* Beside a low bar it becomes smaller, not cut. */
static void
test_long_names_of_scales_are_whole (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (8, 5);
  set_metric (grid, EG_METRIC_KL);
  request_of (grid)->direction = EG_DIRECTION_DAMAGE;
  grid->result->ends[0].low = 3;
  grid->result->ends[0].high = 0;
  g_autoptr (EgHeatmapLayout) layout = make_layout (grid, 380, 150, 0);
  const EgLabel *name = layout->labels->pdata[layout->labels->len - 1];
  for (guint i = 0; i < layout->labels->len; i++)
    {
      const EgLabel *label = layout->labels->pdata[i];
      name = strstr (pango_layout_get_text (label->text), "normalized loss") != NULL ? label : name;
    }
  g_assert_cmpstr (pango_layout_get_text (name->text), ==, "KL divergence, normalized loss");
  g_assert_false (pango_layout_is_ellipsized (name->text));
  assert_nothing_overlaps (layout);
}

static void
test_long_tokens_keep_the_first_whole (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (8, 5);
  g_free (grid->result->tokens->tokens[0]);
  grid->result->tokens->tokens[0] = g_strdup ("Donaudampfschifffahrt");
  g_autoptr (EgHeatmapLayout) layout = make_layout (grid, 504, 300, 0);

  assert_nothing_overlaps (layout);
  g_assert_false (pango_layout_is_ellipsized (layout->token_labels[0]->text));
}

/* The 128 spaces that GPT-NeoX has as one token must not push the map away. */
static void
test_endless_tokens_are_cut (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (8, 5);
  g_free (grid->result->tokens->tokens[3]);
  grid->result->tokens->tokens[3] = g_strnfill (128, ' ');
  g_autoptr (EgHeatmapLayout) layout = make_layout (grid, 504, 300, 0);

  assert_nothing_overlaps (layout);
  g_assert_cmpfloat (layout->map.height, >, 100);
  g_assert_true (pango_layout_is_ellipsized (layout->token_labels[3]->text));
}

static void
test_undefined_normalization_is_shown_raw (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (8, 5);
  g_autoptr (EgHeatmapLayout) defined = make_layout (grid, 504, 300, 0);
  g_assert_true (defined->normalized);
  g_assert_cmpfloat_with_epsilon (eg_heatmap_layout_place (defined, grid, 0.5), 0.5, 1e-12);

  grid->result->ends[0].low = grid->result->ends[0].high;
  g_assert_false (eg_heatmap_layout_fits (defined, grid));
  g_autoptr (EgHeatmapLayout) undefined = make_layout (grid, 504, 300, 0);
  g_assert_false (undefined->normalized);
  g_assert_cmpfloat (undefined->high, ==, 1);
  g_assert_cmpfloat_with_epsilon (eg_heatmap_layout_place (undefined, grid, 0.25), 0.25, 1e-12);
  gboolean said = FALSE;
  for (guint i = 0; i < undefined->labels->len; i++)
    {
      const EgLabel *label = undefined->labels->pdata[i];
      said = said || strstr (pango_layout_get_text (label->text), "undefined") != NULL;
    }
  g_assert_true (said);
}

static void
test_raw_scale_holds_every_score (void)
{
  static const struct
  {
    double highest, end;
  } cases[] = { { 0.9, 1 }, { 1, 1 }, { 0.011, 0.02 }, { 0.0024, 0.0025 }, { 0.3, 0.5 }, { 0, 1 } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EgTraceGrid) grid = make_grid (2, 5);
      EgHeatmapStyle style;
      eg_heatmap_style_init_figure (&style);
      style.scale = EG_SCALE_RAW;
      for (gsize c = 0; c < 10; c++)
        grid->scores[0][c] = c == 0 ? NAN : 0;
      grid->scores[0][4] = cases[i].highest;
      grid->result->ends[0].high = cases[i].highest / 2;
      grid->result->ends[0].low = 0;
      g_autoptr (EgHeatmapLayout) layout = eg_heatmap_layout_new (grid, &style, 504, 200, 0);
      g_assert_cmpfloat_with_epsilon (layout->high, cases[i].end, 1e-12);
      g_assert_true (eg_heatmap_layout_fits (layout, grid));
    }
}

/* Another metric than the probability is named at the colour bar. */
/* How far down a text of the layout stands; −1 when there is none such. */
static double
find_label_y (const EgHeatmapLayout *layout, const char *text)
{
  for (guint i = 0; i < layout->labels->len; i++)
    {
      const EgLabel *label = layout->labels->pdata[i];
      if (strcmp (pango_layout_get_text (label->text), text) == 0)
        return eg_label_get_extents (label).y;
    }
  return -1;
}

/* Red says that much goes through a cell, whatever the metric and the direction are; the bar's numbers go
 * with the colours. */
static void
test_red_is_what_matters (void)
{
  static const struct
  {
    EgMetric metric;
    EgDirection direction;
    gboolean reversed;
  } cases[] = { { EG_METRIC_PROB, EG_DIRECTION_RESTORE, FALSE },
                { EG_METRIC_PROB, EG_DIRECTION_DAMAGE, TRUE },
                { EG_METRIC_KL, EG_DIRECTION_RESTORE, TRUE },
                { EG_METRIC_RANK, EG_DIRECTION_RESTORE, TRUE },
                { EG_METRIC_KL, EG_DIRECTION_DAMAGE, FALSE } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EgTraceGrid) grid = make_grid (4, 5);
      EgHeatmapStyle style;
      eg_heatmap_style_init_figure (&style);
      style.scale = EG_SCALE_RAW;
      set_metric (grid, cases[i].metric);
      request_of (grid)->direction = cases[i].direction;
      g_autoptr (EgHeatmapLayout) layout = eg_heatmap_layout_new (grid, &style, 400, 300, 1);
      g_assert_cmpfloat (eg_heatmap_layout_place (layout, grid, layout->low), ==, cases[i].reversed);
      g_assert_cmpfloat (eg_heatmap_layout_place (layout, grid, layout->high), ==, !cases[i].reversed);
      g_assert_cmpint (find_label_y (layout, "0.0") < find_label_y (layout, "1.0"), ==, cases[i].reversed);

      /* Normalized, more is red and up in any case. */
      style.scale = EG_SCALE_NORMALIZED;
      if (!eg_metric_is_better (cases[i].metric, 1, 0))
        {
          grid->result->ends[0].high = 0.1;
          grid->result->ends[0].low = 0.9;
        }
      g_autoptr (EgHeatmapLayout) normalized = eg_heatmap_layout_new (grid, &style, 400, 300, 1);
      const gboolean damages = cases[i].direction == EG_DIRECTION_DAMAGE;
      g_assert_true (normalized->normalized);
      g_assert_cmpfloat (eg_heatmap_layout_place (normalized, grid, grid->result->ends[0].high), ==,
                         !damages);
      g_assert_true (find_label_y (normalized, "0.0") > find_label_y (normalized, "1.0"));
    }
}

/* All tokens together are no subject, all layers together have no number. */
static void
test_bars_of_sweeps_name_what_they_are (void)
{
  g_autoptr (EgTraceGrid) layers = make_grid (6, 1), positions = make_grid (1, 5);

  request_of (layers)->sweep = EG_SWEEP_LAYERS;
  request_of (positions)->sweep = EG_SWEEP_POSITIONS;
  for (gsize view = 0; view < 2; view++)
    {
      g_autoptr (EgHeatmapLayout) bar = make_view (layers, view, 400, 300, 1);
      g_autoptr (EgHeatmapLayout) row = make_view (positions, view, 400, 300, 1);
      g_assert_true (bar->subject_label->hidden);
      g_assert_nonnull (bar->layer_labels[0]);
      g_assert_false (row->subject_label->hidden);
      g_assert_null (row->layer_labels[0]);
      /* The scale stands at the bars' left, where “All layers” would say nothing. */
      g_assert_cmpfloat (find_label_y (row, "All layers"), ==, -1);
      g_assert_cmpfloat (find_label_y (row, "Normalized probability"), >=, 0);
      g_assert_cmpfloat (find_label_y (bar, "Layer"), >, bar->map.y + bar->map.height);
      cairo_surface_destroy (draw (bar, layers));
      cairo_surface_destroy (draw (row, positions));
    }
  g_autoptr (EgHeatmapLayout) damage = make_view (positions, 0, 400, 300, 1);
  request_of (positions)->direction = EG_DIRECTION_DAMAGE;
  g_assert_false (eg_heatmap_layout_fits (damage, positions));
}

static void
test_bar_names_the_metric (void)
{
  static const char *const names[2][2] = { { "Normalized probability", "Logit difference, normalized" },
                                           { "Probability", "Logit difference" } };

  for (guint scale = 0; scale < 2; scale++)
    for (guint m = 0; m < 2; m++)
      {
        g_autoptr (EgTraceGrid) grid = make_grid (8, 7);
        EgHeatmapStyle style;
        gboolean named = FALSE;
        eg_heatmap_style_init_figure (&style);
        style.scale = scale;
        set_metric (grid, m == 0 ? EG_METRIC_PROB : EG_METRIC_LOGIT_DIFF);
        g_autoptr (EgHeatmapLayout) layout = eg_heatmap_layout_new (grid, &style, 504, 300, 0);
        for (guint i = 0; i < layout->labels->len; i++)
          {
            const EgLabel *label = layout->labels->pdata[i];
            named = named || g_str_equal (pango_layout_get_text (label->text), names[scale][m]);
          }
        g_assert_true (named);
      }
}

/* Log probabilities, logits: between two round numbers, with round numbers at every tick. */
static void
test_raw_scale_holds_negative_scores (void)
{
  static const struct
  {
    double least, greatest, low, high;
    guint n_steps;
  } cases[] = {
    { -9.3, -0.1, -10, 0, 4 }, { -3.2, 7.9, -5, 10, 3 }, { -18.4, -14.2, -20, -14, 3 }, { -2, -2, -2, -1, 1 }
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EgTraceGrid) grid = make_grid (2, 5);
      EgHeatmapStyle style;
      eg_heatmap_style_init_figure (&style);
      style.scale = EG_SCALE_RAW;
      for (gsize c = 0; c < 10; c++)
        grid->scores[0][c] = cases[i].least + (cases[i].greatest - cases[i].least) * (double)c / 9;
      grid->result->ends[0].low = cases[i].least;
      grid->result->ends[0].high = cases[i].greatest;
      g_autoptr (EgHeatmapLayout) layout = eg_heatmap_layout_new (grid, &style, 504, 300, 0);
      g_assert_cmpfloat_with_epsilon (layout->low, cases[i].low, 1e-9);
      g_assert_cmpfloat_with_epsilon (layout->high, cases[i].high, 1e-9);
      g_assert_cmpuint (layout->n_bar_steps, ==, cases[i].n_steps);
      for (gsize c = 0; c < 10; c++)
        {
          const double place = eg_heatmap_layout_place (layout, grid, grid->scores[0][c]);
          g_assert_cmpfloat (place, >=, 0);
          g_assert_cmpfloat (place, <=, 1);
        }
      assert_nothing_overlaps (layout);
      g_assert_true (eg_heatmap_layout_fits (layout, grid));
    }
}

/* ---- pixels ---- */

static void
assert_cell_has_its_color (
    const EgHeatmapLayout *layout, const EgTraceGrid *grid, cairo_surface_t *surface, gsize l, gsize t)
{
  const double p = layout->pixel;
  const double place = eg_trace_grid_normalize (grid, eg_trace_grid_score (grid, l, t));
  const guint32 expected = pack (eg_colormap_lookup (EG_COLORMAP_RDYLBU_R, place));
  const EgRect cell = intersect (eg_heatmap_layout_get_cell (layout, l, t), layout->map);
  /* The lines beside the subject lie in its neighbours' cells; no other pixel is a seam. */
  const gboolean beside
      = t + 1 == grid->result->tokens->subject_first || t == grid->result->tokens->subject_last + 1;
  const gboolean tokens_down = layout->style.orientation == EG_ORIENTATION_TOKENS_DOWN;
  const int dx = beside && !tokens_down ? 3 : 0, dy = beside && tokens_down ? 3 : 0;
  const double edges[] = { cell.x * p, cell.y * p, (cell.x + cell.width) * p, (cell.y + cell.height) * p };

  for (gsize i = 0; i < G_N_ELEMENTS (edges); i++)
    g_assert_cmpfloat_with_epsilon (edges[i], round (edges[i]), 1e-6);
  for (int x = (int)lround (edges[0]) + dx; x < lround (edges[2]) - dx; x++)
    for (int y = (int)lround (edges[1]) + dy; y < lround (edges[3]) - dy; y++)
      g_assert_cmpuint (channel_difference (pixel_at (surface, x, y), expected), <=, 1);
}

/* To the last pixel, at 1, 1.5 and 2 pixels a unit: cells begin and end with pixels. */
static void
test_cells_have_their_color_everywhere (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (gsize v = 0; v < G_N_ELEMENTS (views) && shapes[i].pixel > 0; v++)
      {
        g_autoptr (EgTraceGrid) grid = make_grid (shapes[i].n_layers, shapes[i].n_tokens);
        g_autoptr (EgHeatmapLayout) layout
            = make_view (grid, v, shapes[i].width, shapes[i].height, shapes[i].pixel);
        cairo_surface_t *surface = draw (layout, grid);

        for (gsize l = 0; l < grid->n_layers; l++)
          for (gsize t = 0; t < grid->n_tokens; t++)
            assert_cell_has_its_color (layout, grid, surface, l, t);
        cairo_surface_destroy (surface);
      }
}

static void
test_missing_cells_are_hatched (void)
{
  g_autoptr (EgTraceGrid) grid = make_grid (8, 7);
  grid->scores[0][3 * 7 + 5] = NAN;
  g_autoptr (EgHeatmapLayout) layout = make_layout (grid, 700, 400, 1);
  cairo_surface_t *surface = draw (layout, grid);
  const EgRect cell = eg_heatmap_layout_get_cell (layout, 3, 5);
  const guint32 empty = pack (layout->style.empty);
  guint n_empty = 0, n_hatch = 0;

  for (int x = (int)cell.x; x < cell.x + cell.width; x++)
    for (int y = (int)cell.y; y < cell.y + cell.height; y++)
      {
        const guint32 pixel = pixel_at (surface, x, y);
        /* Grey: no colour of the scale. */
        g_assert_cmpuint (pixel >> 16, ==, pixel & 0xff);
        g_assert_cmpuint (pixel >> 16, ==, pixel >> 8 & 0xff);
        *(pixel == empty ? &n_empty : &n_hatch) += 1;
      }
  g_assert_cmpuint (n_empty, >, 100);
  g_assert_cmpuint (n_hatch, >, 20);
  cairo_surface_destroy (surface);
}

static void
assert_same_pixels (cairo_surface_t *a, cairo_surface_t *b)
{
  for (int y = 0; y < cairo_image_surface_get_height (a); y++)
    for (int x = 0; x < cairo_image_surface_get_width (a); x++)
      /* The hatch's lines are clipped otherwise in one cell than in all, which may round otherwise. */
      g_assert_cmpuint (channel_difference (pixel_at (a, x, y), pixel_at (b, x, y)), <=, 1);
}

/* Cell by cell on the picture of an empty trace gives the picture of the full one. */
static void
test_cell_by_cell_is_the_whole (void)
{
  static const double pixels[] = { 1, 1.5, 2 };

  for (gsize i = 0; i < G_N_ELEMENTS (pixels); i++)
    for (gsize v = 0; v < G_N_ELEMENTS (views); v++)
      {
        g_autoptr (EgTraceGrid) full = make_grid (8, 7);
        g_autoptr (EgTraceGrid) growing = make_grid (8, 7);
        full->scores[0][17] = NAN;
        for (gsize c = 0; c < 56; c++)
          growing->scores[0][c] = NAN;
        g_autoptr (EgHeatmapLayout) layout = make_view (full, v, 600, 300, pixels[i]);
        cairo_surface_t *whole = draw (layout, full), *live = draw (layout, growing);
        cairo_t *cr = cairo_create (live);
        memcpy (growing->scores[0], full->scores[0], 56 * sizeof (double));
        for (gsize c = 0; c < 56; c++)
          eg_heatmap_draw_cell (layout, growing, (55 - c) / 7, (55 - c) % 7, cr);
        cairo_surface_flush (live);
        assert_same_pixels (live, whole);
        eg_heatmap_draw_known (layout, growing, cr);
        cairo_destroy (cr);
        cairo_surface_flush (live);
        assert_same_pixels (live, whole);
        cairo_surface_destroy (whole);
        cairo_surface_destroy (live);
      }
}

/* WCAG's contrast of a text on a background, 1 … 21. */
static double
contrast (EgColor text, EgColor background)
{
  const EgColor colors[] = { { text.red * text.alpha + background.red * (1 - text.alpha),
                               text.green * text.alpha + background.green * (1 - text.alpha),
                               text.blue * text.alpha + background.blue * (1 - text.alpha), 1 },
                             background };
  double luminance[2];

  for (gsize i = 0; i < 2; i++)
    {
      const double channels[] = { colors[i].red, colors[i].green, colors[i].blue };
      double linear[3];
      for (gsize c = 0; c < 3; c++)
        linear[c] = channels[c] <= 0.04045 ? channels[c] / 12.92 : pow ((channels[c] + 0.055) / 1.055, 2.4);
      luminance[i] = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05;
    }
  return MAX (luminance[0], luminance[1]) / MIN (luminance[0], luminance[1]);
}

static void
test_texts_stand_out (void)
{
  static const EgColor backgrounds[] = { { 1, 1, 1, 1 }, { 0.98, 0.98, 0.98, 1 }, { 0.14, 0.14, 0.14, 1 } };

  for (gsize i = 0; i < G_N_ELEMENTS (backgrounds); i++)
    {
      EgHeatmapStyle style;
      if (i == 0)
        eg_heatmap_style_init_figure (&style);
      else
        eg_heatmap_style_init_screen (&style, i == 2);
      g_assert_cmpfloat (contrast (style.foreground, backgrounds[i]), >=, 4.5);
      g_assert_cmpfloat (contrast (style.dim, backgrounds[i]), >=, 4.5);
      g_assert_cmpfloat (contrast (style.subject, backgrounds[i]), >=, 4.5);
    }
}

/* ---- small multiples ---- */

#define N_SITES 5

static void
make_sites (EgTraceGrid *grids[N_SITES])
{
  for (gsize i = 0; i < N_SITES; i++)
    {
      grids[i] = make_grid (8, 7);
      for (gsize c = 0; c < 56; c++)
        grids[i]->scores[0][c] *= 1.0 / (double)(i + 1);
    }
}

static void
free_sites (EgTraceGrid *grids[N_SITES])
{
  for (gsize i = 0; i < N_SITES; i++)
    eg_trace_grid_unref (grids[i]);
}

static void
test_multiples_are_apart_and_found (void)
{
  static const double widths[] = { 90, 300, 500, 1200 };
  EgTraceGrid *grids[N_SITES];
  EgHeatmapStyle style;

  make_sites (grids);
  eg_heatmap_style_init_figure (&style);
  for (gsize w = 0; w < G_N_ELEMENTS (widths); w++)
    {
      EgMultiples multiples;
      const double height = eg_multiples_natural_height (N_SITES, &style, widths[w]);
      eg_multiples_init (&multiples, grids, N_SITES, &style, widths[w], height, 1.5);
      g_assert_cmpuint (multiples.n_across * multiples.n_down, >=, N_SITES);
      for (gsize i = 0; i < N_SITES; i++)
        {
          const EgRect map = eg_multiples_get_map (&multiples, i);
          gsize found;
          g_assert_cmpfloat (map.x, >, 0);
          g_assert_cmpfloat (map.y, >, 0);
          g_assert_cmpfloat (map.x + map.width, <, widths[w]);
          g_assert_cmpfloat (map.y + map.height, <, height);
          g_assert_true (eg_multiples_find (&multiples, map.x + 1, map.y + 1, &found));
          g_assert_cmpuint (found, ==, i);
          for (gsize j = 0; j < i; j++)
            g_assert_false (overlap (map, eg_multiples_get_map (&multiples, j)));
        }
      gsize found;
      g_assert_false (eg_multiples_find (&multiples, -1, 5, &found));
      g_assert_false (eg_multiples_find (&multiples, 5, height + 1, &found));
    }
  free_sites (grids);
}

/* A score has the same colour in each of them, and those that cannot be normalized take all to the raw scale.
 */
static void
test_multiples_share_a_scale (void)
{
  static const char *const titles[N_SITES] = { "a", "b", "c", "d", "e" };
  EgTraceGrid *grids[N_SITES];
  EgHeatmapStyle style;
  EgMultiples multiples;

  make_sites (grids);
  eg_heatmap_style_init_figure (&style);
  style.scale = EG_SCALE_RAW;
  for (gsize i = 0; i < N_SITES; i++)
    grids[i]->scores[0][5 * 7 + 5] = 0.25;
  grids[3]->scores[0][0] = 1.7;
  eg_multiples_init (&multiples, grids, N_SITES, &style, 700, 140, 2);
  g_assert_cmpfloat (multiples.high, ==, 2);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 1400, 280);
  cairo_surface_set_device_scale (surface, 2, 2);
  cairo_t *cr = cairo_create (surface);
  eg_multiples_draw (&multiples, grids, titles, &style, 1, cr);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  for (gsize i = 0; i < N_SITES; i++)
    {
      const EgRect map = eg_multiples_get_map (&multiples, i);
      const int x = (int)((map.x + map.width * 5.5 / 7) * 2), y = (int)((map.y + map.height * 5.5 / 8) * 2);
      g_assert_cmpuint (channel_difference (pixel_at (surface, x, y),
                                            pack (eg_colormap_lookup (EG_COLORMAP_RDYLBU_R, 0.125))),
                        <=, 1);
    }
  cairo_surface_destroy (surface);

  style.scale = EG_SCALE_NORMALIZED;
  eg_multiples_init (&multiples, grids, N_SITES, &style, 700, 140, 2);
  g_assert_true (multiples.normalized);
  grids[2]->result->ends[0].low = 0.95;
  eg_multiples_init (&multiples, grids, N_SITES, &style, 700, 140, 2);
  g_assert_false (multiples.normalized);
  g_assert_cmpfloat (multiples.high, ==, 2);
  free_sites (grids);
}

/* ---- files ---- */

static void
on_text (GMarkupParseContext *context, const char *text, gsize length, gpointer data, GError **error)
{
}

static gboolean
export_heatmap (const EgTraceGrid *grid, const EgFigureOptions *options, const char *path, GError **error)
{
  const EgFigure figure = { .picture = EG_PICTURE_HEATMAP, .options = *options };
  return eg_export_figure (grid, &figure, path, error);
}

static void
test_svg_is_xml_with_every_cell (void)
{
  g_autofree char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "map.SVG", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceGrid) grid = make_grid (8, 7);
  EgFigureOptions options;
  gsize length;

  eg_figure_options_init (&options);
  options.style.colormap = EG_COLORMAP_VIRIDIS;
  export_heatmap (grid, &options, path, &error);
  g_assert_no_error (error);
  g_file_get_contents (path, &text, &length, &error);
  g_assert_no_error (error);

  const GMarkupParser parser = { .text = on_text };
  g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, NULL, NULL);
  g_assert_true (g_markup_parse_context_parse (context, text, (gssize)length, &error));
  g_assert_true (g_markup_parse_context_end_parse (context, &error));
  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, "width=\"504pt\""));
  g_assert_null (strstr (text, "<image"));
  /* One filled rectangle a cell, and the bar. */
  g_assert_cmpuint (count_text (text, "style=\" stroke:none;fill-rule:nonzero;fill:rgb"), >=, 56);
  g_assert_cmpuint (count_files (folder), ==, 1);
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_png_has_its_size_and_colors (void)
{
  g_autofree char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "map.png", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceGrid) grid = make_grid (8, 7);
  EgFigureOptions options;

  for (guint scale = 1; scale <= 4; scale++)
    {
      eg_figure_options_init (&options);
      options.width = EG_FIGURE_WIDTH_COLUMN;
      options.height = 2.5;
      options.png_scale = scale;
      options.style.colormap = EG_COLORMAP_RDYLBU_R;
      export_heatmap (grid, &options, path, &error);
      g_assert_no_error (error);
      cairo_surface_t *surface = cairo_image_surface_create_from_png (path);
      g_assert_cmpint (cairo_surface_status (surface), ==, CAIRO_STATUS_SUCCESS);
      g_assert_cmpint (cairo_image_surface_get_width (surface), ==, (int)(336 * scale));
      g_assert_cmpint (cairo_image_surface_get_height (surface), ==, (int)(240 * scale));
      /* A white border all round, to the last pixel. */
      g_assert_cmphex (pixel_at (surface, 0, 0), ==, 0xffffff);
      g_assert_cmphex (pixel_at (surface, (int)(336 * scale) - 1, (int)(240 * scale) - 1), ==, 0xffffff);
      const double p = scale * 96.0 / 72;
      g_autoptr (EgHeatmapLayout) layout = eg_heatmap_layout_new (grid, &options.style, 252, 180, p);
      const EgRect cell = eg_heatmap_layout_get_cell (layout, 5, 4);
      const double place = eg_trace_grid_normalize (grid, eg_trace_grid_score (grid, 5, 4));
      const guint32 pixel
          = pixel_at (surface, (int)((cell.x + cell.width / 2) * p), (int)((cell.y + cell.height / 2) * p));
      g_assert_cmpuint (channel_difference (pixel, pack (eg_colormap_lookup (EG_COLORMAP_RDYLBU_R, place))),
                        <=, 1);
      cairo_surface_destroy (surface);
    }
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_pdf_is_a_pdf (void)
{
  g_autofree char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "map.pdf", NULL);
  g_autofree char *text = NULL;
  gsize length;
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceGrid) grid = make_grid (8, 7);
  EgFigureOptions options;

  eg_figure_options_init (&options);
  export_heatmap (grid, &options, path, &error);
  g_assert_no_error (error);
  g_file_get_contents (path, &text, &length, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (text, "%PDF-"));
  g_assert_cmpuint (length, >, 1000);
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_failure_leaves_nothing (void)
{
  g_autofree char *folder = make_folder ();
  g_autoptr (EgTraceGrid) grid = make_grid (8, 7);
  static const struct
  {
    const char *name;
    double width, height, scale;
  } cases[] = {
    { "map.gif", 7, 0, 2 },  { "map", 7, 0, 2 },       { "map.svg", NAN, 0, 2 }, { "map.svg", 0, 0, 2 },
    { "map.svg", 7, -1, 2 }, { "map.pdf", 1e9, 0, 2 }, { "map.png", 7, 0, 5 },   { "map.png", 7, 0, NAN },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_build_filename (folder, cases[i].name, NULL);
      g_autoptr (GError) error = NULL;
      EgFigureOptions options;
      eg_figure_options_init (&options);
      options.width = cases[i].width;
      options.height = cases[i].height;
      options.png_scale = cases[i].scale;
      g_assert_false (export_heatmap (grid, &options, path, &error));
      g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
      g_assert_cmpuint (count_files (folder), ==, 0);
    }

  g_autofree char *nowhere = g_build_filename (folder, "missing", "map.svg", NULL);
  g_autoptr (GError) error = NULL;
  EgFigureOptions options;
  eg_figure_options_init (&options);
  g_assert_false (export_heatmap (grid, &options, nowhere, &error));
  g_assert_nonnull (error);
  g_assert_cmpuint (count_files (folder), ==, 0);
  g_rmdir (folder);
}

/* The old file must be there, whole, when the new one cannot be written. */
static void
test_failure_keeps_the_old_file (void)
{
  g_autofree char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "map.png", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceGrid) grid = make_grid (8, 7);
  EgFigureOptions options;

  eg_figure_options_init (&options);
  g_assert_true (g_file_set_contents (path, "old", -1, NULL));
  options.png_scale = 9;
  g_assert_false (export_heatmap (grid, &options, path, &error));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "old");
  options.png_scale = 1;
  g_clear_error (&error);
  export_heatmap (grid, &options, path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_files (folder), ==, 1);
  g_unlink (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plot/colormap/matplotlib", test_colors_are_matplotlibs);
  g_test_add_func ("/plot/colormap/outside", test_values_outside_take_the_ends);
  g_test_add_func ("/plot/colormap/unknown", test_unknown_name_lists_the_known);
  g_test_add_func ("/plot/layout/cells-fill-the-map", test_cells_fill_the_map);
  g_test_add_func ("/plot/layout/more-cells-than-pixels", test_more_cells_than_pixels);
  g_test_add_func ("/plot/layout/hit-test", test_hit_test_inverts_cells);
  g_test_add_func ("/plot/layout/labels-apart", test_labels_stay_inside_and_apart);
  g_test_add_func ("/plot/layout/scrolled-labels", test_labels_stay_whole_while_scrolled);
  g_test_add_func ("/plot/layout/thin-labels", test_labels_thin_out);
  g_test_add_func ("/plot/layout/names-of-scales", test_long_names_of_scales_are_whole);
  g_test_add_func ("/plot/layout/long-token", test_long_tokens_keep_the_first_whole);
  g_test_add_func ("/plot/layout/endless-token", test_endless_tokens_are_cut);
  g_test_add_func ("/plot/layout/undefined", test_undefined_normalization_is_shown_raw);
  g_test_add_func ("/plot/layout/raw", test_raw_scale_holds_every_score);
  g_test_add_func ("/plot/layout/red-matters", test_red_is_what_matters);
  g_test_add_func ("/plot/layout/sweeps", test_bars_of_sweeps_name_what_they_are);
  g_test_add_func ("/plot/layout/metric", test_bar_names_the_metric);
  g_test_add_func ("/plot/layout/negative", test_raw_scale_holds_negative_scores);
  g_test_add_func ("/plot/draw/colors", test_cells_have_their_color_everywhere);
  g_test_add_func ("/plot/draw/missing", test_missing_cells_are_hatched);
  g_test_add_func ("/plot/draw/cell-by-cell", test_cell_by_cell_is_the_whole);
  g_test_add_func ("/plot/draw/contrast", test_texts_stand_out);
  g_test_add_func ("/plot/multiples/places", test_multiples_are_apart_and_found);
  g_test_add_func ("/plot/multiples/scale", test_multiples_share_a_scale);
  g_test_add_func ("/plot/export/svg", test_svg_is_xml_with_every_cell);
  g_test_add_func ("/plot/export/png", test_png_has_its_size_and_colors);
  g_test_add_func ("/plot/export/pdf", test_pdf_is_a_pdf);
  g_test_add_func ("/plot/export/failure", test_failure_leaves_nothing);
  g_test_add_func ("/plot/export/keeps-old", test_failure_keeps_the_old_file);
  return g_test_run ();
}
