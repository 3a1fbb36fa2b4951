/* engram-cli models: what --model can name on this machine. */
#include "cli/common.h"
#include "cli/documents.h"
#include "cli/interrupt.h"
#include "cli/table.h"
#include "formats/quote.h"
#include "library/catalog.h"
#include "library/locate.h"

#include <glib/gi18n.h>

/* Wider names push their line's other columns to the right. */
#define MAX_NAME_WIDTH 44

/* (transfer full) (element-type utf8) */
static GPtrArray *
get_searched (void)
{
  GPtrArray *searched = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (searched, eg_model_get_store ());
  g_auto (GStrv) caches = eg_model_get_caches ();
  for (guint i = 0; caches[i] != NULL; i++)
    g_ptr_array_add (searched, g_strdup (caches[i]));
  return searched;
}

/* File names need not be UTF-8; JSON is. */
static void
set_name (JsonObject *object, const char *key, const char *name)
{
  g_autofree char *text = g_utf8_make_valid (name, -1);
  json_object_set_string_member (object, key, text);
}

static JsonObject *
entry_to_json (const EgModelEntry *entry)
{
  JsonObject *model = json_object_new ();
  set_name (model, "name", entry->name);
  set_name (model, "folder", entry->folder);
  json_object_set_string_member (model, "place", eg_model_place_get_name (entry->place));
  json_object_set_int_member (model, "bytes", (gint64)entry->n_bytes);
  if (entry->n_parameters > 0)
    json_object_set_int_member (model, "parameters", (gint64)entry->n_parameters);
  else
    json_object_set_null_member (model, "parameters");
  json_object_set_boolean_member (model, "traceable", entry->problem == NULL);
  if (entry->problem != NULL)
    set_name (model, "problem", entry->problem);
  else
    json_object_set_null_member (model, "problem");
  return model;
}

JsonObject *
cli_models_to_json (GPtrArray *entries)
{
  JsonArray *models = json_array_new (), *places = json_array_new ();
  for (guint i = 0; i < entries->len; i++)
    json_array_add_object_element (models, entry_to_json (entries->pdata[i]));
  g_autoptr (GPtrArray) searched = get_searched ();
  for (guint i = 0; i < searched->len; i++)
    {
      g_autofree char *text = g_utf8_make_valid (searched->pdata[i], -1);
      json_array_add_string_element (places, text);
    }
  JsonObject *document = json_object_new ();
  json_object_set_array_member (document, "models", models);
  json_object_set_array_member (document, "searched", places);
  return document;
}

/* 129135360 → "129.1 M" */
static char *
format_count (gsize n)
{
  if (n == 0)
    return g_strdup ("–");
  if (n >= 1000000000)
    /* TRANSLATORS: billions (10⁹) of parameters. */
    return g_strdup_printf (_ ("%.1f B"), (double)n / 1e9);
  if (n >= 1000000)
    /* TRANSLATORS: millions of parameters. */
    return g_strdup_printf (_ ("%.1f M"), (double)n / 1e6);
  return g_strdup_printf ("%" G_GSIZE_FORMAT, n);
}

/* The columns of the table, each as wide as its head needs. */
typedef struct
{
  gsize name, size, count;
} Widths;

static void
print_entry (const EgModelEntry *entry, const char *name, const Widths *widths)
{
  g_autofree char *size = entry->n_bytes > 0 ? g_format_size (entry->n_bytes) : g_strdup ("–");
  g_autofree char *count = format_count (entry->n_parameters);
  cli_print_padded (name, widths->name, FALSE);
  cli_print_padded (size, widths->size, TRUE);
  cli_print_padded (count, widths->count, TRUE);
  g_autofree char *problem = entry->problem != NULL ? cli_one_line (entry->problem) : NULL;
  if (problem == NULL)
    cli_print ("  %s\n", C_ ("can be traced", "yes"));
  else
    {
      /* TRANSLATORS: a model cannot be traced; %s says why. */
      g_autofree char *text = g_strdup_printf (_ ("no: %s"), problem);
      cli_print ("  %s\n", text);
    }
}

static void
print_table (GPtrArray *entries)
{
  /* TRANSLATORS: the heads of a table's columns; “weights” is the size of the files, “can be traced” yes or
   * no. */
  const char *model = C_ ("models", "model"), *weights = C_ ("models", "weights");
  const char *parameters = C_ ("models", "parameters"), *traceable = C_ ("models", "can be traced");
  Widths widths = { .name = cli_text_width (model),
                    .size = MAX (cli_text_width (weights) + 2, 11),
                    .count = MAX (cli_text_width (parameters) + 2, 12) };
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < entries->len; i++)
    {
      char *name = eg_quote (((EgModelEntry *)entries->pdata[i])->name);
      g_ptr_array_add (names, name);
      widths.name = MAX (widths.name, MIN (cli_text_width (name), MAX_NAME_WIDTH));
    }
  cli_print_padded (model, widths.name, FALSE);
  cli_print_padded (weights, widths.size, TRUE);
  cli_print_padded (parameters, widths.count, TRUE);
  cli_print ("  %s\n", traceable);
  for (guint i = 0; i < entries->len; i++)
    print_entry (entries->pdata[i], names->pdata[i], &widths);
  g_autoptr (GPtrArray) searched = get_searched ();
  /* TRANSLATORS: the folders that were looked for models in follow, a line each. */
  cli_print ("\n%s\n", _ ("Looked in"));
  for (guint i = 0; i < searched->len; i++)
    cli_print ("  %s\n", (const char *)searched->pdata[i]);
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  int status;
  if (!cli_options_parse (&options, &cli_models, NULL, argc, argv, &status))
    return status;
  if (options.arguments[0] != NULL)
    {
      cli_say (_ ("models takes no argument"));
      return CLI_USAGE;
    }
  g_autoptr (GError) error = NULL;
  const EgTokenizerChoice choice = { .given = options.tokenizer };
  g_autoptr (GPtrArray) entries = eg_model_list (&choice, cli_interrupt_cancellable (), &error);
  if (entries == NULL)
    return cli_fail (error);
  if (options.json)
    cli_print_json (cli_models_to_json (entries));
  else
    print_table (entries);
  return CLI_DONE;
}

const CliCommand cli_models = {
  .name = "models",
  .usage = "[OPTION…]",
  .summary = N_ ("List the models on this machine, and whether each can be traced"),
  .description
  = N_ ("Listed are the demo model, the folders in $XDG_DATA_HOME/engram/models, and what Hugging Face’s "
        "library has\ndownloaded ($HF_HUB_CACHE, $HF_HOME/hub, ~/.cache/huggingface/hub). --model takes "
        "their names."),
  .run = run,
};
