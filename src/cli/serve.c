/* engram-cli serve: requests on standard input, answers on standard output, a line of JSON each, as
 * docs/serve.md says it. Models stay open between them. */
#include "cli/common.h"
#include "cli/documents.h"
#include "cli/interrupt.h"
#include "cli/serve-events.h"
#include "cli/serve-facts.h"
#include "cli/serve-inbox.h"
#include "cli/serve-members.h"
#include "cli/serve-models.h"
#include "cli/serve-study.h"
#include "cli/serve-trace.h"
#include "core/error.h"
#include "library/catalog.h"
#include "trace/ask/fields.h"

#include <glib/gi18n.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <poll.h>
#include <unistd.h>

/* Of what docs/serve.md describes; a change that an older client cannot live with makes it one more. */
#define PROTOCOL 1

/* How often it is looked whether anybody is still there. */
#define WATCH_SECONDS 1

#define KEPT_BYTES (256 << 20)
#define KEPT_BLOCK (32 << 20)

/* Answers a request: the members of "result"; NULL with an error, and *field where it is about one. */
typedef JsonObject *(*AnswerFunc) (GHashTable *models,
                                   const CliRequest *request,
                                   char **field,
                                   GError **error);

static JsonObject *
wrap (JsonObject *result)
{
  JsonObject *members = json_object_new ();
  json_object_set_object_member (members, "result", result);
  return members;
}

/* ---- the methods ---- */

static JsonObject *
answer_load (GHashTable *models, const CliRequest *request, char **field, GError **error)
{
  EgModel *model = cli_serve_models_open (models, request->members, request->cancellable, field, error);
  return model != NULL ? wrap (cli_model_to_json (model)) : NULL;
}

static JsonObject *
answer_close (GHashTable *models, const CliRequest *request, char **field, GError **error)
{
  gboolean closed;
  if (!cli_serve_models_close (models, request->members, &closed, field, error))
    return NULL;
  JsonObject *result = json_object_new ();
  json_object_set_boolean_member (result, "closed", closed);
  return wrap (result);
}

static JsonObject *
answer_models (GHashTable *models, const CliRequest *request, char **field, GError **error)
{
  (void)models;
  (void)field;
  g_autoptr (GPtrArray) entries = eg_model_list (NULL, request->cancellable, error);
  return entries != NULL ? wrap (cli_models_to_json (entries)) : NULL;
}

static JsonObject *
answer_predict (GHashTable *models, const CliRequest *request, char **field, GError **error)
{
  const char *prompt;
  guint64 top = 5;
  if (!cli_members_need_text (request->members, "prompt", &prompt, field, error)
      || !cli_members_get_count (request->members, "top", 1, CLI_MAX_TOP, &top, field, error))
    return NULL;
  EgModel *model = cli_serve_models_open (models, request->members, request->cancellable, field, error);
  g_autoptr (EgPrediction) prediction
      = model != NULL ? eg_predict (model, prompt, (gsize)top, request->cancellable, error) : NULL;
  return prediction != NULL ? wrap (cli_prediction_to_json (model, prompt, prediction)) : NULL;
}

static JsonObject *
answer_tokenize (GHashTable *models, const CliRequest *request, char **field, GError **error)
{
  const char *text;
  if (!cli_members_need_text (request->members, "text", &text, field, error))
    return NULL;
  EgModel *model = cli_serve_models_open (models, request->members, request->cancellable, field, error);
  if (model == NULL)
    return NULL;
  EgTokenizer *tokenizer = eg_model_get_tokenizer (model);
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, text, -1, error);
  return tokens != NULL
             ? wrap (cli_tokens_to_json (tokenizer, (const EgToken *)(const void *)tokens->data, tokens->len))
             : NULL;
}

/* (transfer full): guint32; NULL where it is no list of ids. */
static GArray *
read_ids (JsonObject *members)
{
  JsonNode *node = json_object_get_member (members, "ids");
  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return NULL;
  JsonArray *array = json_node_get_array (node);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);
      const gint64 id = JSON_NODE_HOLDS_VALUE (element) && json_node_get_value_type (element) == G_TYPE_INT64
                            ? json_node_get_int (element)
                            : -1;
      if (id < 0 || id > G_MAXUINT32)
        return NULL;
      const guint32 small = (guint32)id;
      g_array_append_val (ids, small);
    }
  return g_steal_pointer (&ids);
}

static JsonObject *
answer_decode (GHashTable *models, const CliRequest *request, char **field, GError **error)
{
  g_autoptr (GArray) ids = read_ids (request->members);
  if (ids == NULL)
    {
      *field = g_strdup ("ids");
      eg_error_invalid (error, _ ("“%s” is no list of tokens’ numbers"), "ids");
      return NULL;
    }
  EgModel *model = cli_serve_models_open (models, request->members, request->cancellable, field, error);
  if (model == NULL)
    return NULL;
  g_autofree char *text = eg_tokenizer_decode (eg_model_get_tokenizer (model),
                                               (const guint32 *)(const void *)ids->data, ids->len, NULL);
  JsonObject *result = json_object_new ();
  json_object_set_string_member (result, "text", text);
  return wrap (result);
}

/* The options of a trace: what each is called, takes and is by itself. */
static JsonObject *
answer_options (GHashTable *models, const CliRequest *request, char **field, GError **error)
{
  static const char *const types[] = { [EG_FIELD_FLAG] = "flag",
                                       [EG_FIELD_COUNT] = "count",
                                       [EG_FIELD_NUMBER] = "number",
                                       [EG_FIELD_TEXT] = "text",
                                       [EG_FIELD_NAME] = "name" };
  (void)models;
  (void)request;
  (void)field;
  (void)error;
  JsonObject *result = json_object_new ();
  JsonArray *options = json_array_new ();
  for (const EgTraceField *listed = eg_trace_field_list_options (); *listed != EG_N_FIELDS; listed++)
    {
      const EgFieldInfo *info = eg_trace_field_get_info (*listed);
      JsonObject *option = json_object_new ();
      json_object_set_string_member (option, "name", info->option);
      json_object_set_string_member (option, "type", types[info->type]);
      if (info->usual != NULL)
        json_object_set_string_member (option, "usual", info->usual);
      else
        json_object_set_null_member (option, "usual");
      json_object_set_string_member (option, "help", _ (info->help));
      json_array_add_object_element (options, option);
    }
  json_object_set_array_member (result, "options", options);
  return wrap (result);
}

static const char *const no_members[] = { NULL };
static const char *const model_members[] = { "model", "tokenizer", NULL };
static const char *const predict_members[] = { "model", "tokenizer", "prompt", "top", NULL };
static const char *const tokenize_members[] = { "model", "tokenizer", "text", NULL };
static const char *const decode_members[] = { "model", "tokenizer", "ids", NULL };

/* options: which of a trace's may be there, too; or NULL. The method "cancel" is the inbox's. */
static const struct
{
  const char *name;
  const char *const *members;
  const EgTraceField *(*options) (void);
  AnswerFunc answer;
} methods[] = {
  { "load", model_members, NULL, answer_load },
  { "close", model_members, NULL, answer_close },
  { "models", no_members, NULL, answer_models },
  { "options", no_members, NULL, answer_options },
  { "tokenize", tokenize_members, NULL, answer_tokenize },
  { "decode", decode_members, NULL, answer_decode },
  { "predict", predict_members, NULL, answer_predict },
  { "trace", cli_serve_trace_members, eg_trace_field_list_options, cli_serve_trace },
  { "estimate", cli_serve_estimate_members, eg_trace_field_list_options, cli_serve_estimate },
  { "study", cli_serve_study_members, cli_serve_study_list_options, cli_serve_study },
  { "study-show", cli_serve_study_show_members, NULL, cli_serve_study_show },
  { "facts", cli_serve_facts_members, NULL, cli_serve_facts },
};

static JsonObject *
answer (GHashTable *models, const CliRequest *request, char **field, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (request->cancellable, error))
    return NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    if (g_str_equal (methods[i].name, request->method))
      {
        const EgTraceField *options = methods[i].options != NULL ? methods[i].options () : NULL;
        return cli_members_check_names (request->members, methods[i].members, options, field, error)
                   ? methods[i].answer (models, request, field, error)
                   : NULL;
      }
  *field = g_strdup ("method");
  eg_error_invalid (error, _ ("there is no method “%s”"), request->method);
  return NULL;
}

/* ---- the command ---- */

static void
say_ready (void)
{
  JsonObject *members = json_object_new ();
  JsonArray *names = json_array_new ();
  json_array_add_string_element (names, "cancel");
  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    json_array_add_string_element (names, methods[i].name);
  json_object_set_int_member (members, "protocol", PROTOCOL);
  json_object_set_string_member (members, "version", ENGRAM_VERSION);
  json_object_set_array_member (members, "methods", names);
  cli_event_send (NULL, "ready", members);
}

/* The reader of standard output is gone, which a pipe knows before anything is written. */
static gboolean
is_output_closed (void)
{
  struct pollfd output = { .fd = STDOUT_FILENO };
  return poll (&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

/* A program whose child this is may have died without a word, and another child of it may have kept its ends
 * of the pipes. */
static gpointer
watch_parent (gpointer data)
{
  const pid_t parent = (pid_t)GPOINTER_TO_INT (data);
  while (getppid () == parent && !is_output_closed ())
    g_usleep (WATCH_SECONDS * G_USEC_PER_SEC);
  _exit (CLI_FAILED);
}

static void
on_interrupted (GCancellable *cancellable, gpointer inbox)
{
  (void)cancellable;
  cli_inbox_close (inbox);
}

static void
serve (CliInbox *inbox)
{
  g_autoptr (GHashTable) models = cli_serve_models_new ();
  gboolean is_read = TRUE;
  while (is_read)
    {
      g_autoptr (CliRequest) request = cli_inbox_next (inbox);
      if (request == NULL)
        return;
      g_autoptr (GError) error = request->problem != NULL ? g_error_copy (request->problem) : NULL;
      g_autofree char *field = g_strdup (request->field);
      JsonObject *members = error == NULL ? answer (models, request, &field, &error) : NULL;
      cli_inbox_finish (inbox, request);
      is_read = members != NULL ? cli_event_send (request->id, "result", members)
                                : cli_event_send_error (request->id, field, error);
    }
}

/* What a trace frees is what the next one takes: it is not given back to the system each time. */
static void
keep_memory (void)
{
#ifdef __GLIBC__
  mallopt (M_TRIM_THRESHOLD, KEPT_BYTES);
  mallopt (M_MMAP_THRESHOLD, KEPT_BLOCK);
#endif
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  const pid_t parent = getppid ();
  int status;
  if (!cli_options_parse (&options, &cli_serve, NULL, argc, argv, &status))
    return status;
  if (options.arguments[0] != NULL || options.model != NULL || options.tokenizer != NULL
      || options.threads_text != NULL || options.device_text != NULL || options.precision_text != NULL)
    {
      cli_say (_ ("serve takes no arguments, and no option but --gemm: each request says its own"));
      return CLI_USAGE;
    }
  keep_memory ();
  say_ready ();
  CliInbox *inbox = cli_inbox_new (STDIN_FILENO);
  g_cancellable_connect (cli_interrupt_cancellable (), G_CALLBACK (on_interrupted), inbox, NULL);
  g_thread_unref (g_thread_new ("parent", watch_parent, GINT_TO_POINTER ((int)parent)));
  serve (inbox);
  return cli_interrupt_status ();
}

const CliCommand cli_serve = {
  .name = "serve",
  .usage = "[--gemm NAME]",
  .summary = N_ ("Answer requests of a program, such as the Python module: a line of JSON each"),
  .description = N_ ("docs/serve.md has the protocol. It ends when its standard input does."),
  .run = run,
};
