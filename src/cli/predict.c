/* engram-cli predict: the most probable next tokens. */
#include "cli/common.h"
#include "cli/documents.h"
#include "cli/interrupt.h"
#include "trace/run/predict.h"

#include <glib/gi18n.h>

JsonObject *
cli_prediction_to_json (EgModel *model, const char *prompt, const EgPrediction *prediction)
{
  JsonArray *ids = json_array_new (), *tokens = json_array_new (), *predictions = json_array_new ();
  for (gsize t = 0; t < prediction->n_tokens; t++)
    {
      json_array_add_int_element (ids, prediction->ids[t]);
      json_array_add_string_element (tokens, prediction->tokens[t]);
    }
  for (gsize i = 0; i < prediction->n_predictions; i++)
    {
      JsonObject *token = json_object_new ();
      json_object_set_int_member (token, "id", prediction->predictions[i].id);
      json_object_set_string_member (token, "text", prediction->predictions[i].text);
      json_object_set_double_member (token, "probability", prediction->predictions[i].probability);
      json_array_add_object_element (predictions, token);
    }
  JsonObject *document = json_object_new ();
  json_object_set_string_member (document, "model", eg_model_get_name (model));
  json_object_set_string_member (document, "prompt", prompt);
  json_object_set_array_member (document, "token_ids", ids);
  json_object_set_array_member (document, "tokens", tokens);
  json_object_set_array_member (document, "predictions", predictions);
  return document;
}

static void
print_table (const EgPrediction *prediction)
{
  for (gsize i = 0; i < prediction->n_predictions; i++)
    {
      g_autofree char *text = cli_visible_token (prediction->predictions[i].text);
      cli_print ("%8.4f  “%s”\n", prediction->predictions[i].probability, text);
    }
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  g_autofree char *top_text = NULL;
  const GOptionEntry entries[] = {
    { "top", 0, 0, G_OPTION_ARG_FILENAME, &top_text, N_ ("How many tokens to show (default: 5)"), "N" },
    { NULL },
  };
  int status;
  const char *prompt;
  guint64 top = 5;
  if (!cli_options_parse (&options, &cli_predict, entries, argc, argv, &status)
      || !cli_options_get_argument (&options, _ ("prompt"), &prompt, &status))
    return status;
  if (!cli_check_text (_ ("The prompt"), prompt)
      || (top_text != NULL && !cli_parse_integer ("--top", top_text, 1, CLI_MAX_TOP, &top)))
    return CLI_USAGE;

  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = cli_open_model (&options, &error);
  if (model == NULL)
    return cli_fail (error);
  g_autoptr (EgPrediction) prediction
      = eg_predict (model, prompt, (gsize)top, cli_interrupt_cancellable (), &error);
  if (prediction == NULL)
    return cli_fail (error);
  if (options.json)
    cli_print_json (cli_prediction_to_json (model, prompt, prediction));
  else
    print_table (prediction);
  return CLI_DONE;
}

const CliCommand cli_predict = {
  .name = "predict",
  .usage = "PROMPT [OPTION…]",
  .summary = N_ ("Show the most probable next tokens"),
  .run = run,
};
