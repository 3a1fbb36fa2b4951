/* engram-cli plot: a saved trace as a figure. */
#include "cli/common.h"
#include "cli/output.h"
#include "core/error.h"
#include "trace/ask/site-names.h"
#include "trace/result/result-io.h"

#include <glib/gi18n.h>
#include <string.h>

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

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  g_auto (GStrv) outputs = NULL;
  g_autofree char *colormap = NULL, *orientation = NULL, *site = NULL;
  gboolean raw = FALSE;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &outputs,
      N_ ("The figure to write (may be given again)"), "FILE.svg|png|pdf" },
    { "colormap", 0, 0, G_OPTION_ARG_FILENAME, &colormap, N_ ("Colours (default: RdYlBu_r)"), "NAME" },
    { "orientation", 0, 0, G_OPTION_ARG_FILENAME, &orientation,
      N_ ("layers-by-tokens (default) or tokens-by-layers"), "NAME" },
    { "site", 0, 0, G_OPTION_ARG_FILENAME, &site,
      N_ ("Of a trace of several sites, this one alone (default: all side by side)"), "NAME" },
    { "raw", 0, 0, G_OPTION_ARG_NONE, &raw, N_ ("Show probabilities, not normalized ones"), NULL },
    { NULL },
  };
  int status;
  const char *path;
  if (!cli_options_parse (&options, &cli_plot, entries, argc, argv, &status)
      || !cli_options_get_argument (&options, _ ("saved trace (.npz)"), &path, &status))
    return status;
  if (outputs == NULL)
    {
      cli_say (_ ("-o FILE is missing: which figure is to be written?"));
      return CLI_USAGE;
    }

  g_autoptr (GError) error = NULL;
  EgFigure figure = { .picture = EG_PICTURE_HEATMAP };
  EgHeatmapStyle *style = &figure.options.style;
  eg_figure_options_init (&figure.options);
  style->scale = raw ? EG_SCALE_RAW : EG_SCALE_NORMALIZED;
  if ((colormap != NULL && !eg_colormap_from_name (colormap, &style->colormap, &error))
      || (orientation != NULL && !eg_orientation_from_name (orientation, &style->orientation, &error)))
    {
      cli_fail (error);
      return CLI_USAGE;
    }
  status = cli_output_check (outputs, TRUE);
  if (status != CLI_DONE)
    return status;
  g_autoptr (EgTraceResult) result = eg_trace_result_load_npz (path, &error);
  if (result == NULL)
    return cli_fail (error);
  EgTraceGrid *shown = site != NULL ? find_site (result, site, &error) : result->grids[0];
  if (shown == NULL)
    return cli_fail (error);
  if (site == NULL)
    figure.picture = cli_output_get_picture (result);
  if (!cli_output_write (shown, &figure, outputs))
    return CLI_FAILED;
  if (options.json)
    print_json (path, result, outputs);
  return CLI_DONE;
}

const CliCommand cli_plot = {
  .name = "plot",
  .usage = "FILE.npz -o FILE.svg|png|pdf [OPTION…]",
  .summary = N_ ("Draw a saved trace as a figure"),
  .run = run,
};
