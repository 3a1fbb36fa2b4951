/* engram-cli study show: what a study says. */
#include "cli/study.h"
#include "study/fact-line.h"

#include <glib/gi18n.h>

static gboolean
print_fact (const EgStudyFact *fact, gpointer data, GError **error)
{
  g_autoptr (JsonObject) line = eg_study_fact_to_json (fact, data);
  cli_print_json_line (line);
  return TRUE;
}

static int
show (const char *path, gboolean facts, const CliOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgStudyFolder) folder = eg_study_folder_open (path, &error);
  if (folder == NULL)
    return cli_fail (error);
  const EgStudySettings *settings = eg_study_folder_get_settings (folder);
  if (facts)
    return eg_study_folder_foreach (folder, print_fact, (gpointer)settings, &error) ? CLI_DONE
                                                                                    : cli_fail (error);
  if (!options->json)
    {
      cli_study_print_counts (folder);
      return CLI_DONE;
    }
  JsonObject *document = json_object_new ();
  json_object_set_string_member (document, "model", settings->model);
  json_object_set_object_member (document, "facts", cli_study_counts_to_json (folder));
  cli_print_json (document);
  return CLI_DONE;
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  gboolean facts = FALSE;
  const GOptionEntry entries[] = {
    { "facts", 0, 0, G_OPTION_ARG_NONE, &facts, N_ ("One JSON line a fact"), NULL },
    { NULL },
  };
  const char *path;
  int status;
  if (!cli_options_parse (&options, &cli_study_show, entries, argc, argv, &status)
      || !cli_options_get_argument (&options, _ ("folder of a study"), &path, &status))
    return status;
  return show (path, facts, &options);
}

const CliCommand cli_study_show = {
  .name = "study show",
  .usage = "DIR [OPTION…]",
  .is_without_model = TRUE,
  .summary = N_ ("Show what a study says so far"),
  .run = run,
};
