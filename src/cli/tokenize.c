/* engram-cli tokenize: a text as the model's tokens. */
#include "cli/common.h"
#include "cli/documents.h"

#include <glib/gi18n.h>

JsonObject *
cli_tokens_to_json (EgTokenizer *tokenizer, const EgToken *tokens, gsize n)
{
  JsonArray *ids = json_array_new (), *texts = json_array_new (), *offsets = json_array_new ();
  for (gsize t = 0; t < n; t++)
    {
      g_autofree char *text = eg_tokenizer_token_text (tokenizer, tokens[t].id);
      JsonArray *offset = json_array_new ();
      json_array_add_int_element (offset, (gint64)tokens[t].start);
      json_array_add_int_element (offset, (gint64)tokens[t].end);
      json_array_add_int_element (ids, tokens[t].id);
      json_array_add_string_element (texts, text);
      json_array_add_array_element (offsets, offset);
    }
  JsonObject *document = json_object_new ();
  json_object_set_array_member (document, "ids", ids);
  json_object_set_array_member (document, "tokens", texts);
  json_object_set_array_member (document, "offsets", offsets);
  return document;
}

static void
print_table (EgTokenizer *tokenizer, const EgToken *tokens, gsize n)
{
  for (gsize t = 0; t < n; t++)
    {
      g_autofree char *text = eg_tokenizer_token_text (tokenizer, tokens[t].id);
      g_autofree char *visible = cli_visible_token (text);
      /* First the position, by which settings name a token. */
      cli_print ("%4" G_GSIZE_FORMAT "  %7u  %5" G_GSIZE_FORMAT "–%-5" G_GSIZE_FORMAT "  “%s”\n", t,
                 tokens[t].id, tokens[t].start, tokens[t].end, visible);
    }
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  int status;
  const char *text;
  if (!cli_options_parse (&options, &cli_tokenize, NULL, argc, argv, &status)
      || !cli_options_get_argument (&options, _ ("text"), &text, &status))
    return status;
  if (!cli_check_text (_ ("The text"), text))
    return CLI_USAGE;

  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = cli_open_model (&options, &error);
  if (model == NULL)
    return cli_fail (error);
  EgTokenizer *tokenizer = eg_model_get_tokenizer (model);
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, text, -1, &error);
  if (tokens == NULL)
    return cli_fail (error);
  if (options.json)
    cli_print_json (cli_tokens_to_json (tokenizer, (const EgToken *)(const void *)tokens->data, tokens->len));
  else
    print_table (tokenizer, (const EgToken *)(const void *)tokens->data, tokens->len);
  return CLI_DONE;
}

const CliCommand cli_tokenize = {
  .name = "tokenize",
  .usage = "TEXT [OPTION…]",
  .summary = N_ ("Show a text’s tokens and where they stand in it"),
  .run = run,
};
