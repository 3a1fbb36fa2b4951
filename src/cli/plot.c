/* engram-cli plot: a saved trace as a figure. */
#include "cli/common.h"
#include "cli/output.h"
#include "trace/result-io.h"

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
  json_object_set_int_member (document, "n_layers", (gint64)result->n_layers);
  json_object_set_int_member (document, "n_tokens", (gint64)result->n_tokens);
  json_object_set_array_member (document, "outputs", files);
  cli_print_json (document);
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  g_auto (GStrv) outputs = NULL;
  g_autofree char *colormap = NULL, *orientation = NULL;
  gboolean raw = FALSE;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &outputs,
      N_ ("The figure to write (may be given again)"), "FILE.svg|png|pdf" },
    { "colormap", 0, 0, G_OPTION_ARG_FILENAME, &colormap, N_ ("Colours (default: RdYlBu_r)"), "NAME" },
    { "orientation", 0, 0, G_OPTION_ARG_FILENAME, &orientation,
      N_ ("layers-by-tokens (default) or tokens-by-layers"), "NAME" },
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
  EgFigureOptions figure;
  eg_figure_options_init (&figure);
  figure.style.scale = raw ? EG_SCALE_RAW : EG_SCALE_NORMALIZED;
  if ((colormap != NULL && !eg_colormap_from_name (colormap, &figure.style.colormap, &error))
      || (orientation != NULL && !eg_orientation_from_name (orientation, &figure.style.orientation, &error)))
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
  if (!cli_output_write (result, &figure, outputs))
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
