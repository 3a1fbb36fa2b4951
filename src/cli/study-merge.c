/* engram-cli study merge: the shards of a study as one. */
#include "study/merge.h"

#include "cli/study.h"

#include <glib/gi18n.h>

static int
merge (char *const *folders, const char *path, const CliOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *note = NULL;
  if (!eg_study_merge (folders, path, &note, &error))
    return cli_fail (error);
  if (note != NULL)
    cli_say ("%s", note);
  g_autoptr (EgStudyFolder) merged = eg_study_folder_open (path, &error);
  if (merged == NULL)
    return cli_fail (error);
  if (!options->json)
    {
      cli_study_print_counts (merged);
      return CLI_DONE;
    }
  JsonObject *document = json_object_new ();
  json_object_set_string_member (document, "folder", path);
  json_object_set_string_member (document, "model", eg_study_folder_get_settings (merged)->model);
  json_object_set_object_member (document, "facts", cli_study_counts_to_json (merged));
  cli_print_json (document);
  return CLI_DONE;
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  g_autofree char *folder = NULL;
  const GOptionEntry entries[] = {
    { "folder", 0, 0, G_OPTION_ARG_FILENAME, &folder, N_ ("Where the whole study is to be: a new folder"),
      "DIR" },
    { NULL },
  };
  int status;
  if (!cli_options_parse (&options, &cli_study_merge, entries, argc, argv, &status))
    return status;
  if (options.arguments[0] != NULL && folder != NULL)
    return merge (options.arguments, folder, &options);
  if (folder == NULL)
    cli_say (_ ("--folder is missing: where is the study to be kept?"));
  else
    cli_say (_ ("Missing: the folders of all the study’s shards"));
  return CLI_USAGE;
}

const CliCommand cli_study_merge = {
  .name = "study merge",
  .usage = "DIR… --folder DIR",
  .is_without_model = TRUE,
  .summary = N_ ("Make one study of all its shards"),
  .run = run,
};
