/* engram-cli study compare: two studies, or two relations or sites of one, beside each other. */
#include "cli/output.h"
#include "cli/study-report.h"
#include "cli/study.h"
#include "core/error.h"
#include "plot/study-comparison-figure.h"
#include "study/documents.h"

#include <glib/gi18n.h>

/* As they were typed, A first; to be zeroed before and cleared after. */
typedef struct
{
  char **outputs;
  char *sites[2], *relations[2], *quantity_name, *colormap;
  EgStudyQuantity quantity;
} CompareOptions;

static void
compare_options_clear (CompareOptions *self)
{
  g_strfreev (self->outputs);
  for (gsize i = 0; i < 2; i++)
    {
      g_free (self->sites[i]);
      g_free (self->relations[i]);
    }
  g_free (self->quantity_name);
  g_free (self->colormap);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CompareOptions, compare_options_clear)

static EgStudyValues *
load (const char *path, GError **error)
{
  g_autoptr (EgStudyFolder) folder = eg_study_folder_open (path, error);
  return folder != NULL ? eg_study_values_load (folder, error) : NULL;
}

/* FALSE, said, when there is no such site or relation. */
static gboolean
find_side (EgStudySide *side, const char *site, const char *relation)
{
  gsize found;
  if (site != NULL && !eg_study_values_find_site (side->values, site, &side->site))
    {
      g_autofree char *known = g_strjoinv (", ", side->values->settings->sites);
      cli_say (_ ("The study has no site %s; it has %s"), site, known);
      return FALSE;
    }
  if (relation == NULL)
    return TRUE;
  if (eg_study_values_find_relation (side->values, relation, &found))
    {
      side->relation = (gssize)found;
      return TRUE;
    }
  cli_say (_ ("No fact of the study has the relation %s"), relation);
  return FALSE;
}

static gboolean
write_figures (const EgStudyComparison *comparison, const CompareOptions *typed)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *a = eg_study_side_describe (&comparison->a, &comparison->b);
  g_autofree char *b = eg_study_side_describe (&comparison->b, &comparison->a);
  g_autofree char *title_a = g_strconcat ("A: ", a, NULL), *title_b = g_strconcat ("B: ", b, NULL);
  g_auto (EgStudyComparisonFigure) drawing;
  EgFigure figure = { .drawing = &drawing.drawing };
  eg_study_comparison_figure_init (&drawing, comparison, typed->quantity, title_a, title_b);
  eg_figure_options_init (&figure.options);
  g_autofree char *caption = eg_study_comparison_figure_make_caption (&drawing);
  figure.options.caption = caption;
  if (typed->colormap != NULL
      && !eg_colormap_from_name (typed->colormap, &figure.options.style.colormap, &error))
    {
      cli_fail (error);
      return FALSE;
    }
  return cli_output_write (drawing.maps[0], &figure, typed->outputs);
}

/* paths: one folder, or two. */
static int
compare (char *const *paths, const CompareOptions *typed, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgStudyValues) first = load (paths[0], &error);
  g_autoptr (EgStudyValues) second = first != NULL && paths[1] != NULL ? load (paths[1], &error) : NULL;
  if (error != NULL)
    return cli_fail (error);
  EgStudySide sides[] = { { first, 0, -1 }, { second != NULL ? second : first, 0, -1 } };
  for (gsize i = 0; i < G_N_ELEMENTS (sides); i++)
    if (!find_side (&sides[i], typed->sites[i], typed->relations[i]))
      return CLI_USAGE;
  g_autoptr (EgStudyComparison) comparison
      = eg_study_comparison_new (&sides[0], &sides[1], EG_STATISTICS_RESAMPLES, &error);
  if (comparison == NULL)
    return cli_fail (error);
  if (typed->outputs != NULL && !write_figures (comparison, typed))
    return CLI_FAILED;
  if (json)
    cli_print_json (eg_study_comparison_to_json (comparison));
  else
    cli_study_report_print_comparison (comparison, typed->quantity);
  return CLI_DONE;
}

/* The exit code. */
static int
check (CompareOptions *self, const CliOptions *options)
{
  g_autoptr (GError) error = NULL;
  const guint n = g_strv_length (options->arguments);
  self->quantity = EG_STUDY_EFFECT;
  if (n < 1 || n > 2)
    {
      cli_say (_ ("Two studies are compared: A B; or two relations or sites of one"));
      return CLI_USAGE;
    }
  if (n == 1 && g_strcmp0 (self->sites[0], self->sites[1]) == 0
      && g_strcmp0 (self->relations[0], self->relations[1]) == 0)
    {
      cli_say (_ ("One study is compared with itself by --relation-a and --relation-b, or --site-a and "
                  "--site-b"));
      return CLI_USAGE;
    }
  if (self->quantity_name != NULL
      && !eg_study_quantity_from_name (self->quantity_name, &self->quantity, &error))
    {
      cli_fail (error);
      return CLI_USAGE;
    }
  const CliIdleOption options_of_figures[] = {
    { self->quantity_name, "--quantity", !options->json || self->outputs != NULL },
    { self->colormap, "--colormap", self->outputs != NULL },
  };
  const int status = cli_study_refuse_idle (options_of_figures, G_N_ELEMENTS (options_of_figures));
  return status == CLI_DONE ? cli_output_check (self->outputs, TRUE) : status;
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  g_auto (CompareOptions) typed = { 0 };
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &typed.outputs,
      N_ ("The figure to write (may be given again)"), "FILE.svg|png|pdf" },
    { "relation-a", 0, 0, G_OPTION_ARG_FILENAME, &typed.relations[0], N_ ("Of A, this relation alone"),
      "NAME" },
    { "relation-b", 0, 0, G_OPTION_ARG_FILENAME, &typed.relations[1], N_ ("Of B, this relation alone"),
      "NAME" },
    { "site-a", 0, 0, G_OPTION_ARG_FILENAME, &typed.sites[0], N_ ("The site of A (default: its first)"),
      "NAME" },
    { "site-b", 0, 0, G_OPTION_ARG_FILENAME, &typed.sites[1], N_ ("The site of B (default: its first)"),
      "NAME" },
    { "quantity", 0, 0, G_OPTION_ARG_FILENAME, &typed.quantity_name,
      N_ ("What the mean is of: effect (default), normalized (its part of the whole effect) or score"),
      "NAME" },
    { "colormap", 0, 0, G_OPTION_ARG_FILENAME, &typed.colormap, N_ ("Colors (default: Purples)"), "NAME" },
    { NULL },
  };
  int status;
  if (!cli_options_parse (&options, &cli_study_compare, entries, argc, argv, &status))
    return status;
  status = check (&typed, &options);
  return status == CLI_DONE ? compare (options.arguments, &typed, options.json) : status;
}

const CliCommand cli_study_compare = {
  .name = "study compare",
  .usage = "A [B] [OPTION…]",
  .is_without_model = TRUE,
  .summary = N_ ("Show how two studies differ, or two relations or sites of one"),
  .run = run,
};
