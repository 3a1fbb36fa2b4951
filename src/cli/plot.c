/* engram-cli plot: a saved trace as a figure. */
#include "cli/common.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/number.h"
#include "plot/length.h"
#include "trace/ask/site-names.h"
#include "trace/result/metric-view.h"
#include "trace/result/result-io.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/**
 * PlotOptions: as they were typed; to be zeroed before and cleared after. Texts are NULL where nothing was.
 */
typedef struct
{
  char **outputs;
  char *picture, *site, *metric, *colormap, *scale, *limits, *orientation;
  char *width, *height, *title, *caption, *png_scale;
  gboolean raw, own_scale, hatch_noise, hide_spaces, outlines;
} PlotOptions;

static void
plot_options_clear (PlotOptions *self)
{
  char *const texts[]
      = { self->picture,     self->site,  self->metric, self->colormap, self->scale,   self->limits,
          self->orientation, self->width, self->height, self->title,    self->caption, self->png_scale };
  g_strfreev (self->outputs);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PlotOptions, plot_options_clear)

static void
print_json (const char *path, const EgTraceResult *result, char *const *outputs)
{
  JsonArray *files = json_array_new ();
  for (gsize i = 0; outputs[i] != NULL; i++)
    json_array_add_string_element (files, outputs[i]);
  JsonObject *document = json_object_new ();
  json_object_set_string_member (document, "file", path);
  json_object_set_int_member (document, "n_layers", (gint64)result->grids[0]->n_layers);
  json_object_set_int_member (document, "n_tokens", (gint64)result->grids[0]->n_tokens);
  json_object_set_array_member (document, "outputs", files);
  cli_print_json (document);
}

/* ---- what is drawn ---- */

/* One of the sites of a saved trace, by its name; NULL and an error that names those that it has. (transfer
 * none) */
static EgTraceGrid *
find_site (const EgTraceResult *result, const char *name, GError **error)
{
  g_auto (GStrv) known = eg_site_names_parse (name, FALSE, error);
  if (known == NULL)
    return NULL;
  EgTraceGrid *grid = eg_trace_result_find_site (result, name);
  if (grid != NULL)
    return grid;
  g_autoptr (GString) names = g_string_new (NULL);
  for (gsize i = 0; i < result->n_grids; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", result->grids[i]->site);
  g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, _ ("The trace has no site %s; it has %s"), name,
               names->str);
  return NULL;
}

/* The result by another of its metrics; NULL and an error that names those that it has. Takes over result. */
static EgTraceResult *
choose_metric (EgTraceResult *result, const char *name, GError **error)
{
  g_autoptr (EgTraceResult) whole = result;
  EgMetric metric;
  if (name == NULL)
    return g_steal_pointer (&whole);
  if (!eg_metric_from_name (name, &metric, error))
    return NULL;
  if (eg_trace_result_find_metric (whole, metric, NULL))
    return eg_trace_result_view_metric (whole, metric);
  g_autoptr (GString) names = g_string_new (NULL);
  for (gsize i = 0; i < whole->n_metrics; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", eg_metric_get_name (whole->metrics[i]));
  g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, _ ("The trace has no metric %s; it has %s"), name,
               names->str);
  return NULL;
}

/* ---- how it is drawn ---- */

static gboolean
parse_scale (const PlotOptions *typed, EgHeatmapStyle *style, GError **error)
{
  if (typed->raw && typed->scale != NULL)
    return eg_error_invalid (error, _ ("--raw is --scale raw: give one of them"));
  if (typed->raw)
    style->scale = EG_SCALE_RAW;
  if (typed->scale != NULL && !eg_scale_from_name (typed->scale, &style->scale, error))
    return FALSE;
  if (typed->own_scale && style->scale != EG_SCALE_NORMALIZED)
    return eg_error_invalid (error,
                             _ ("--own-scale goes with --scale normalized alone: the others have their own"));
  if (typed->own_scale && typed->limits != NULL)
    return eg_error_invalid (error, _ ("--own-scale and --limits contradict each other"));
  if (typed->colormap != NULL && style->scale == EG_SCALE_SYMMETRIC && style->colormap != EG_COLORMAP_RDBU_R)
    return eg_error_invalid (error, _ ("--scale symmetric is always drawn in RdBu_r, white in its middle"));
  return TRUE;
}

static gboolean
parse_options (const PlotOptions *typed, EgFigure *figure, GError **error)
{
  EgFigureOptions *options = &figure->options;
  EgHeatmapStyle *style = &options->style;
  style->own_scale = typed->own_scale;
  style->hatch_noise = typed->hatch_noise;
  style->hide_spaces = typed->hide_spaces;
  options->outlines = typed->outlines;
  return (typed->picture == NULL || eg_picture_from_name (typed->picture, &figure->picture, error))
         && (typed->colormap == NULL || eg_colormap_from_name (typed->colormap, &style->colormap, error))
         && (typed->orientation == NULL
             || eg_orientation_from_name (typed->orientation, &style->orientation, error))
         && (typed->limits == NULL || eg_limits_parse (typed->limits, style, error))
         && parse_scale (typed, style, error)
         && (typed->width == NULL || eg_length_parse (typed->width, &options->width, error))
         && (typed->height == NULL || eg_length_parse (typed->height, &options->height, error))
         && (typed->png_scale == NULL
             || eg_parse_number ("--png-scale", typed->png_scale, 1, 4, &options->png_scale, error));
}

/* Whether one of the files, or, if not @is, one of the others, has this ending. */
static gboolean
any_ends_in (char *const *outputs, const char *ending, gboolean is)
{
  for (gsize i = 0; outputs[i] != NULL; i++)
    {
      g_autofree char *lower = g_ascii_strdown (outputs[i], -1);
      if (g_str_has_suffix (lower, ending) == is)
        return TRUE;
    }
  return FALSE;
}

static gboolean
knows_noise (const EgTraceGrid *grid)
{
  for (gsize i = 0; i < eg_trace_grid_n_cells (grid); i++)
    if (!isnan (grid->effect_sem[0][i]))
      return TRUE;
  return FALSE;
}

/* What was typed and would change nothing of this figure is an error, and not silently so. */
static gboolean
check_useful (const PlotOptions *typed, const EgFigure *figure, const EgTraceGrid *grid, GError **error)
{
  const gboolean map = figure->picture == EG_PICTURE_HEATMAP || figure->picture == EG_PICTURE_SITES;
  const gboolean cells = eg_trace_grid_tells_layers (grid) && eg_trace_grid_tells_tokens (grid);
  const struct
  {
    const char *option;
    gboolean useless;
    const char *why;
  } checks[] = {
    { "--orientation", typed->orientation != NULL && !(map && cells),
      _ ("only maps of layers and tokens are turned") },
    { "--colormap", typed->colormap != NULL && !map, _ ("curves have no color map") },
    { "--own-scale", typed->own_scale && !map, _ ("curves have their own scale anyway") },
    { "--own-scale", typed->own_scale && !cells && figure->picture == EG_PICTURE_HEATMAP,
      _ ("bars have their own scale anyway") },
    { "--hatch-noise", typed->hatch_noise && !map, _ ("curves have bands") },
    { "--hatch-noise", typed->hatch_noise && map && !knows_noise (grid),
      _ ("the file has no standard errors of its effects") },
    { "--hide-spaces", typed->hide_spaces && !(map && eg_trace_grid_tells_tokens (grid)),
      _ ("it shows no tokens") },
    { "--site", typed->site != NULL && figure->picture == EG_PICTURE_SITES,
      _ ("the picture is of all sites") },
    { "--outlines", typed->outlines && !any_ends_in (typed->outputs, ".png", FALSE),
      _ ("a PNG has no text") },
    { "--png-scale", typed->png_scale != NULL && !any_ends_in (typed->outputs, ".png", TRUE),
      _ ("no PNG is written") },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (checks); i++)
    if (checks[i].useless)
      return eg_error_invalid (error, "%s: %s", checks[i].option, checks[i].why);
  return eg_picture_is_of (figure->picture, grid, 0)
         || eg_error_invalid (error, _ ("The trace has no picture “%s”"),
                              eg_picture_get_name (figure->picture));
}

/* ---- the command ---- */

/* The exit code. */
static int
draw (const PlotOptions *typed, EgFigure *figure, const char *path, gboolean json)
{
  g_autoptr (GError) error = NULL;
  EgTraceResult *loaded = eg_trace_result_load_npz (path, &error);
  g_autoptr (EgTraceResult) result = loaded != NULL ? choose_metric (loaded, typed->metric, &error) : NULL;
  EgTraceGrid *shown = NULL;
  if (result != NULL)
    shown = typed->site != NULL ? find_site (result, typed->site, &error) : result->grids[0];
  if (shown == NULL)
    return cli_fail (error);
  if (typed->picture == NULL)
    figure->picture = typed->site == NULL ? cli_output_get_picture (result) : EG_PICTURE_HEATMAP;
  if (!check_useful (typed, figure, shown, &error))
    {
      cli_fail (error);
      return CLI_USAGE;
    }
  g_autofree char *title = typed->title != NULL ? g_strdup (typed->title) : eg_figure_make_title (shown);
  figure->options.style.title = *title != '\0' ? title : NULL;
  g_autofree char *caption
      = typed->caption != NULL ? g_strdup (typed->caption) : eg_figure_make_caption (figure, shown);
  figure->options.caption = *caption != '\0' ? caption : NULL;
  if (!cli_output_write (shown, figure, typed->outputs))
    return CLI_FAILED;
  if (json)
    print_json (path, result, typed->outputs);
  return CLI_DONE;
}

/* Into what they are read. (transfer container) */
static GOptionEntry *
list_options (PlotOptions *typed)
{
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &typed->outputs,
      N_ ("The figure to write (may be given again)"), "FILE.svg|png|pdf" },
    { "picture", 0, 0, G_OPTION_ARG_FILENAME, &typed->picture,
      N_ ("heatmap, layers, subject or sites (default: heatmap; of several sites, all of them)"), "NAME" },
    { "site", 0, 0, G_OPTION_ARG_FILENAME, &typed->site,
      N_ ("Of a trace of several sites, this one alone (default: all side by side)"), "NAME" },
    { "metric", 0, 0, G_OPTION_ARG_FILENAME, &typed->metric,
      N_ ("Of a trace of several metrics, this one (default: the main one)"), "NAME" },
    { "scale", 0, 0, G_OPTION_ARG_FILENAME, &typed->scale,
      N_ ("normalized (default), raw, or symmetric about the corrupted run"), "NAME" },
    { "raw", 0, 0, G_OPTION_ARG_NONE, &typed->raw, N_ ("The same as --scale raw"), NULL },
    { "limits", 0, 0, G_OPTION_ARG_FILENAME, &typed->limits,
      N_ ("The ends of the scale, or of the curves’ axis, as in 0,0.5"), "LOW,HIGH" },
    { "own-scale", 0, 0, G_OPTION_ARG_NONE, &typed->own_scale,
      N_ ("Each map’s scale ends at the greatest of its own values"), NULL },
    { "colormap", 0, 0, G_OPTION_ARG_FILENAME, &typed->colormap,
      N_ ("Colors (default: Purples; the notebook’s are RdYlBu_r)"), "NAME" },
    { "orientation", 0, 0, G_OPTION_ARG_FILENAME, &typed->orientation,
      N_ ("layers-by-tokens (default) or tokens-by-layers"), "NAME" },
    { "hatch-noise", 0, 0, G_OPTION_ARG_NONE, &typed->hatch_noise,
      N_ ("Hatch what is within two standard errors of no effect"), NULL },
    { "hide-spaces", 0, 0, G_OPTION_ARG_NONE, &typed->hide_spaces, N_ ("Tokens without their ␣"), NULL },
    { "title", 0, 0, G_OPTION_ARG_FILENAME, &typed->title,
      N_ ("Another title than prompt and answer; \"\" for none"), "TEXT" },
    { "caption", 0, 0, G_OPTION_ARG_FILENAME, &typed->caption,
      N_ ("Another caption than model, method and date; \"\" for none"), "TEXT" },
    { "width", 0, 0, G_OPTION_ARG_FILENAME, &typed->width,
      N_ ("As in 85mm or 3.35in; column is 3.5 inches, page is 7 (default: page)"), "LENGTH" },
    { "height", 0, 0, G_OPTION_ARG_FILENAME, &typed->height, N_ ("The same (default: what suits the width)"),
      "LENGTH" },
    { "outlines", 0, 0, G_OPTION_ARG_NONE, &typed->outlines,
      N_ ("Text as shapes, in SVG and PDF: needs no font, but cannot be selected"), NULL },
    { "png-scale", 0, 0, G_OPTION_ARG_FILENAME, &typed->png_scale,
      N_ ("Of a PNG: times 96 pixels an inch (default: 2)"), "N" },
    { NULL },
  };
  return g_memdup2 (entries, sizeof entries);
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  g_auto (PlotOptions) typed = { 0 };
  g_autofree GOptionEntry *entries = list_options (&typed);
  int status;
  const char *path;
  if (!cli_options_parse (&options, &cli_plot, entries, argc, argv, &status)
      || !cli_options_get_argument (&options, _ ("saved trace (.npz)"), &path, &status))
    return status;
  if (typed.outputs == NULL)
    {
      cli_say (_ ("-o FILE is missing: which figure is to be written?"));
      return CLI_USAGE;
    }
  g_autoptr (GError) error = NULL;
  EgFigure figure = { .picture = EG_PICTURE_HEATMAP };
  eg_figure_options_init (&figure.options);
  if (!cli_check_text ("--title", typed.title) || !cli_check_text ("--caption", typed.caption))
    return CLI_USAGE;
  if (!parse_options (&typed, &figure, &error))
    {
      cli_fail (error);
      return CLI_USAGE;
    }
  status = cli_output_check (typed.outputs, TRUE);
  return status == CLI_DONE ? draw (&typed, &figure, path, options.json) : status;
}

const CliCommand cli_plot = {
  .name = "plot",
  .usage = "FILE.npz -o FILE.svg|png|pdf [OPTION…]",
  .summary = N_ ("Draw a saved trace as a figure"),
  .is_without_model = TRUE,
  .run = run,
};
