/* engram-cli pull: a model from the Hub into Hugging Face's cache. */
#include "cli/common.h"
#include "cli/fetch.h"
#include "cli/interrupt.h"
#include "cli/table.h"

#include <glib/gi18n.h>

static JsonObject *
listing_to_json (const EgHubPlace *place, const EgHubListing *listing, const char *folder)
{
  JsonObject *document = json_object_new ();
  JsonArray *files = json_array_new ();
  for (guint i = 0; i < listing->files->len; i++)
    {
      const EgHubFile *file = listing->files->pdata[i];
      JsonObject *object = json_object_new ();
      json_object_set_string_member (object, "name", file->name);
      json_object_set_int_member (object, "bytes", (gint64)file->size);
      json_object_set_boolean_member (object, "here", file->here);
      json_array_add_object_element (files, object);
    }
  json_object_set_string_member (document, "model", listing->name);
  json_object_set_string_member (document, "revision", listing->revision);
  json_object_set_string_member (document, "commit", listing->commit);
  json_object_set_string_member (document, "cache", place->cache);
  if (folder != NULL)
    json_object_set_string_member (document, "folder", folder);
  else
    json_object_set_null_member (document, "folder");
  json_object_set_array_member (document, "files", files);
  return document;
}

static void
print_listing (const EgHubListing *listing)
{
  for (guint i = 0; i < listing->files->len; i++)
    {
      const EgHubFile *file = listing->files->pdata[i];
      g_autofree char *size = g_format_size (file->size);
      cli_print_padded (size, 12, TRUE);
      cli_print ("  %s%s\n", file->name, file->here ? _ (" (is here)") : "");
    }
}

static int
pull (const char *name, const char *revision, gboolean dry_run, gboolean json)
{
  g_autoptr (GError) error = NULL;
  GCancellable *cancellable = cli_interrupt_cancellable ();
  g_autoptr (EgHubPlace) place = eg_hub_place_new (&error);
  g_autoptr (EgHubListing) listing
      = place != NULL ? eg_hub_list (place, name, revision, cancellable, &error) : NULL;
  if (listing == NULL)
    return cli_fail (error);
  if (!json)
    print_listing (listing);
  g_autofree char *folder = dry_run ? NULL : cli_fetch_listing (place, listing, cancellable, &error);
  if (folder == NULL && !dry_run)
    return cli_fail (error);
  if (json)
    cli_print_json (listing_to_json (place, listing, folder));
  else if (folder != NULL)
    /* TRANSLATORS: a model's name and a folder. */
    cli_print (_ ("%s is in %s\n"), name, folder);
  return CLI_DONE;
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  g_autofree char *revision = NULL;
  gboolean dry_run = FALSE;
  const GOptionEntry entries[] = {
    { "revision", 0, 0, G_OPTION_ARG_FILENAME, &revision,
      N_ ("A branch, a tag or a commit of it (default: main)"), "REF" },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, N_ ("Only list the files that would be fetched"), NULL },
    { NULL },
  };
  const char *name;
  int status;
  if (!cli_options_parse (&options, &cli_pull, entries, argc, argv, &status)
      || !cli_options_get_argument (&options, _ ("model’s name"), &name, &status))
    return status;
  if (!cli_check_text (_ ("The name"), name) || !cli_check_text ("--revision", revision))
    return CLI_USAGE;
  return pull (name, revision, dry_run, options.json);
}

const CliCommand cli_pull = {
  .name = "pull",
  .usage = "OWNER/NAME [OPTION…]",
  .summary = N_ ("Fetch a model from Hugging Face’s Hub"),
  .description = N_ (
      "Fetched are config.json, the weights and the tokenizer, into Hugging Face’s own cache, where its "
      "library finds\nthem, too. What is interrupted goes on when it is asked for again. HF_TOKEN, HF_HOME, "
      "HF_ENDPOINT and\nHF_HUB_OFFLINE mean what they mean there."),
  .run = run,
};
