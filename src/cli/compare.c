/* engram-cli compare: two saved traces beside each other. */
#include "cli/common.h"
#include "cli/output.h"
#include "core/error.h"
#include "plot/comparison-figure.h"
#include "tokenizer/token-text.h"
#include "trace/result/result-io.h"

#include <glib/gi18n.h>
#include <math.h>

/* One map of a file: of the site, or else of its main one. */
static EgTraceGrid *
load (const char *path, const char *site, GError **error)
{
  g_autoptr (EgTraceResult) result = eg_trace_result_load_npz (path, error);
  if (result == NULL)
    return NULL;
  EgTraceGrid *grid = site != NULL ? eg_trace_result_find_site (result, site) : result->grids[0];
  if (grid != NULL)
    return eg_trace_grid_ref (grid);
  g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, _ ("%s: the trace has no site %s"), path, site);
  return NULL;
}

static void
print_text (const EgComparison *self, const char *title_a, const char *title_b)
{
  gsize n_same = 0, n_small = 0, n_known = 0, most = 0;
  const gsize n_groups = self->groups->len;
  for (gsize g = 0; g < n_groups; g++)
    n_same += eg_token_group_is_same (self->groups->pdata[g]) ? 1 : 0;
  for (gsize i = 0; i < self->n_rows * n_groups; i++)
    {
      if (isnan (self->difference[i]))
        continue;
      most = n_known == 0 || fabs (self->difference[i]) > fabs (self->difference[most]) ? i : most;
      n_known++;
      n_small += eg_comparison_is_small (self, i / n_groups, i % n_groups) ? 1 : 0;
    }
  cli_print ("%s\n%s\n", title_a, title_b);
  cli_print (_ ("Tokens that are the same: %zu of %u\n"), n_same, self->groups->len);
  if (n_known == 0)
    return;
  const EgTokenGroup *group = self->groups->pdata[most % n_groups];
  g_autofree char *token = cli_visible_token (group->text_a);
  cli_print (_ ("Greatest difference, A − B: %.3f at “%s”, relative depth %.2f\n"), self->difference[most],
             token, self->n_rows > 1 ? (double)(most / n_groups) / (double)(self->n_rows - 1) : 0.0);
  cli_print (_ ("Cells within two standard errors: %zu of %zu\n"), n_small, n_known);
  cli_print (_ ("Correlation: %.3f\n"), self->correlation);
}

static gboolean
write_figures (const EgComparison *comparison,
               const char *title_a,
               const char *title_b,
               const char *colormap,
               char *const *outputs)
{
  g_autoptr (GError) error = NULL;
  EgComparisonFigure drawing;
  EgFigure figure = { .drawing = &drawing.drawing };
  eg_comparison_figure_init (&drawing, comparison, title_a, title_b);
  eg_figure_options_init (&figure.options);
  if (colormap != NULL && !eg_colormap_from_name (colormap, &figure.options.style.colormap, &error))
    {
      cli_fail (error);
      return FALSE;
    }
  return cli_output_write (comparison->a, &figure, outputs);
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  g_auto (GStrv) outputs = NULL;
  g_autofree char *colormap = NULL, *site_a = NULL, *site_b = NULL;
  gboolean normalized = FALSE;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &outputs,
      N_ ("The figure to write (may be given again)"), "FILE.svg|png|pdf" },
    { "colormap", 0, 0, G_OPTION_ARG_FILENAME, &colormap, N_ ("Colours (default: RdYlBu_r)"), "NAME" },
    { "site-a", 0, 0, G_OPTION_ARG_FILENAME, &site_a,
      N_ ("Of several sites in A.npz, this one (default: the first)"), "NAME" },
    { "site-b", 0, 0, G_OPTION_ARG_FILENAME, &site_b,
      N_ ("Of several sites in B.npz, this one (default: the first)"), "NAME" },
    { "normalized", 0, 0, G_OPTION_ARG_NONE, &normalized,
      N_ ("Compare normalized scores, from the corrupted run to the clean one"), NULL },
    { NULL },
  };
  int status;
  if (!cli_options_parse (&options, &cli_compare, entries, argc, argv, &status))
    return status;
  if (g_strv_length (options.arguments) != 2)
    {
      cli_say (_ ("Two saved traces are compared: A.npz B.npz"));
      return CLI_USAGE;
    }
  status = cli_output_check (outputs, TRUE);
  if (status != CLI_DONE)
    return status;
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceGrid) a = load (options.arguments[0], site_a, &error);
  g_autoptr (EgTraceGrid) b = a != NULL ? load (options.arguments[1], site_b, &error) : NULL;
  g_autoptr (EgComparison) comparison = b != NULL ? eg_comparison_new (a, b, normalized, &error) : NULL;
  if (comparison == NULL)
    return cli_fail (error);
  g_autofree char *title_a = eg_comparison_describe ("A", a, b),
                  *title_b = eg_comparison_describe ("B", b, a);
  if (!write_figures (comparison, title_a, title_b, colormap, outputs))
    return CLI_FAILED;
  if (options.json)
    {
      g_autoptr (JsonNode) node = eg_comparison_to_json (comparison);
      cli_print_json (json_node_dup_object (node));
    }
  else
    print_text (comparison, title_a, title_b);
  return CLI_DONE;
}

const CliCommand cli_compare = {
  .name = "compare",
  .usage = "A.npz B.npz [-o FILE.svg|png|pdf] [OPTION…]",
  .is_without_model = TRUE,
  .summary = N_ ("Show two saved traces beside each other, and how they differ"),
  .run = run,
};
