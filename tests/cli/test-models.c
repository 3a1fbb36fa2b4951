/* engram-cli with models and tokenizers of other places than the demo's. The program is the one that
 * $ENGRAM_CLI names. */
#include "../library/tiny.h"
#include "command.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <string.h>

static char *home;

/* A run that succeeds in silence. Returns: (transfer full): the object that it prints. */
static JsonNode *
run_json (const char *const *arguments)
{
  g_auto (Outcome) outcome = run_argv (arguments);
  g_assert_cmpstr (outcome.err, ==, "");
  g_assert_cmpint (outcome.status, ==, 0);
  g_autoptr (GError) error = NULL;
  JsonNode *node = json_from_string (outcome.out, &error);
  g_assert_no_error (error);
  return node;
}

#define RUN_JSON(...) run_json ((const char *const[]){ __VA_ARGS__, "--json", NULL })

static void
assert_fails (const char *part, const char *const *arguments)
{
  g_auto (Outcome) outcome = run_argv (arguments);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_cmpstr (outcome.out, ==, "");
  assert_one_sentence (outcome.err);
  if (strstr (outcome.err, part) == NULL)
    g_error ("“%s” does not say “%s”", outcome.err, part);
}

#define ASSERT_FAILS(part, ...) assert_fails (part, (const char *const[]){ __VA_ARGS__, NULL })

/* ---- the list ---- */

static void
test_models_document (void)
{
  g_autofree char *cache = g_build_filename (home, "cache", "huggingface", "hub", NULL);
  g_autoptr (JsonNode) node = RUN_JSON ("models");
  JsonArray *models = json_object_get_array_member (json_node_get_object (node), "models");
  JsonArray *searched = json_object_get_array_member (json_node_get_object (node), "searched");
  g_assert_cmpuint (json_array_get_length (models), ==, 4);
  JsonObject *demo = json_array_get_object_element (models, 0),
             *transformer = json_array_get_object_element (models, 1),
             *other = json_array_get_object_element (models, 2),
             *tiny = json_array_get_object_element (models, 3);
  g_assert_cmpstr (json_object_get_string_member (demo, "name"), ==, "demo");
  g_assert_cmpstr (json_object_get_string_member (demo, "place"), ==, "demo");
  g_assert_true (json_object_get_boolean_member (demo, "traceable"));
  g_assert_cmpstr (json_object_get_string_member (transformer, "name"), ==, "demo-gpt2");
  g_assert_true (json_object_get_boolean_member (transformer, "traceable"));
  g_assert_cmpstr (json_object_get_string_member (tiny, "name"), ==, "state-spaces/tiny");
  g_assert_cmpstr (json_object_get_string_member (tiny, "place"), ==, "cache");
  g_assert_cmpint (json_object_get_int_member (tiny, "parameters"), ==, TINY_PARAMETERS (50280));
  g_assert_cmpint (json_object_get_int_member (tiny, "bytes"), >, 4 * TINY_PARAMETERS (50280));
  g_assert_true (json_object_get_boolean_member (tiny, "traceable"));
  g_assert_true (json_object_get_null_member (tiny, "problem"));
  g_assert_cmpstr (json_object_get_string_member (other, "name"), ==, "mamba\nnot");
  g_assert_false (json_object_get_boolean_member (other, "traceable"));
  g_assert_true (json_object_get_null_member (other, "parameters"));
  g_assert_nonnull (strstr (json_object_get_string_member (other, "problem"), "model_type is “llama”"));
  g_assert_cmpuint (json_array_get_length (searched), ==, 2);
  g_assert_cmpstr (json_array_get_string_element (searched, 1), ==, cache);
}

static void
test_models_table (void)
{
  g_auto (Outcome) outcome = RUN ("models");
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_cmpstr (outcome.err, ==, "");
  g_auto (GStrv) lines = g_strsplit (outcome.out, "\n", -1);
  g_assert_true (g_str_has_prefix (lines[1], "demo "));
  g_assert_true (g_str_has_suffix (lines[1], " M  yes"));
  g_assert_true (g_str_has_prefix (lines[2], "demo-gpt2 "));
  g_assert_true (g_str_has_prefix (lines[3], "mamba�not ")); /* one line, whatever it is called */
  g_assert_nonnull (strstr (lines[3], "  no: config.json: model_type is “llama”"));
  g_assert_true (g_str_has_prefix (lines[4], "state-spaces/tiny "));
  g_assert_nonnull (strstr (lines[4], " 50308  yes"));
  g_assert_cmpstr (lines[6], ==, "Looked in");
}

static void
test_models_takes_no_argument (void)
{
  g_auto (Outcome) outcome = RUN ("models", "x");
  g_assert_cmpint (outcome.status, ==, 2);
  g_assert_cmpstr (outcome.err, ==, "engram-cli: models takes no argument\n");
}

/* ---- names and tokenizers ---- */

static void
test_a_name_opens_the_cached_model (void)
{
  g_autoptr (JsonNode) node = RUN_JSON ("info", "state-spaces/tiny");
  JsonObject *document = json_node_get_object (node);
  g_assert_cmpstr (json_object_get_string_member (document, "model"), ==, "state-spaces/tiny");
  g_assert_true (g_str_has_suffix (json_object_get_string_member (document, "folder"),
                                   "/models--state-spaces--tiny/snapshots/0123"));
  g_autoptr (JsonNode) predicted = RUN_JSON ("predict", "a", "--model", "state-spaces/tiny");
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (predicted), "model"), ==,
                   "state-spaces/tiny");
  ASSERT_FAILS ("no model of that name in ", "predict", "a", "--model", "state-spaces/missing");
}

static void
assert_tokenizer (JsonNode *info, const char *origin, const char *file_end, gint64 n_tokens)
{
  JsonObject *tokenizer = json_object_get_object_member (json_node_get_object (info), "tokenizer");
  g_assert_cmpstr (json_object_get_string_member (tokenizer, "origin"), ==, origin);
  g_assert_true (g_str_has_suffix (json_object_get_string_member (tokenizer, "file"), file_end));
  g_assert_cmpint (json_object_get_int_member (tokenizer, "tokens"), ==, n_tokens);
}

static void
test_info_says_which_tokenizer (void)
{
  g_autofree char *folder = tiny_make_folder (home, "given", NULL);
  g_autofree char *file = g_build_filename (folder, "tokenizer.json", NULL);
  tiny_write_tokenizer (folder, 7);
  g_autoptr (JsonNode) own = RUN_JSON ("info");
  assert_tokenizer (own, "folder", "/demo/tokenizer.json", 4096);
  g_autoptr (JsonNode) shipped = RUN_JSON ("info", "state-spaces/tiny");
  assert_tokenizer (shipped, "shipped", "/tokenizers/gpt-neox-20b/tokenizer.json", 50277);
  g_autoptr (JsonNode) given = RUN_JSON ("info", "state-spaces/tiny", "--tokenizer", file);
  assert_tokenizer (given, "given", "/given/tokenizer.json", 7);

  g_auto (Outcome) outcome = RUN ("info", "state-spaces/tiny");
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_nonnull (strstr (
      outcome.out, "tokenizer      byte-level BPE, 50277 tokens, GPT-NeoX’s, which comes with Engram\n"));
}

static void
test_the_given_tokenizer_is_used (void)
{
  g_autofree char *folder = tiny_make_folder (home, "abc", NULL);
  g_autofree char *file = g_build_filename (folder, "tokenizer.json", NULL);
  tiny_write_tokenizer (folder, 3);
  g_autoptr (JsonNode) node = RUN_JSON ("tokenize", "cab", "--tokenizer", file);
  JsonArray *ids = json_object_get_array_member (json_node_get_object (node), "ids");
  g_assert_cmpuint (json_array_get_length (ids), ==, 3);
  g_assert_cmpint (json_array_get_int_element (ids, 0), ==, 2);
  ASSERT_FAILS ("There is no file /no/such.json", "tokenize", "a", "--tokenizer", "/no/such.json");
  g_autofree char *neox
      = g_build_filename (g_getenv ("ENGRAM_DATA_DIR"), "tokenizers", "gpt-neox-20b", "tokenizer.json", NULL);
  ASSERT_FAILS ("it has 50254 tokens, the model’s vocabulary 4096", "predict", "a", "--tokenizer", neox);
}

static void
make_home (void)
{
  home = tiny_new_home ();
  g_autofree char *repository
      = tiny_make_folder (home, "cache", "huggingface", "hub", "models--state-spaces--tiny", NULL);
  g_autofree char *snapshot = tiny_make_folder (repository, "snapshots", "0123", NULL);
  g_autofree char *refs = tiny_make_folder (repository, "refs", NULL);
  tiny_write_model (snapshot, 50280);
  tiny_write (refs, "main", "0123");
  g_autofree char *llama = tiny_make_folder (home, "data", "engram", "models", "mamba\nnot", NULL);
  tiny_write (llama, "config.json", "{\"model_type\":\"llama\"}");
}

int
main (int argc, char **argv)
{
  make_home ();
  g_test_init (&argc, &argv, NULL);
  g_assert_nonnull (g_getenv ("ENGRAM_CLI"));
  g_test_add_func ("/cli-models/document", test_models_document);
  g_test_add_func ("/cli-models/table", test_models_table);
  g_test_add_func ("/cli-models/takes-no-argument", test_models_takes_no_argument);
  g_test_add_func ("/cli-models/a-name-opens-the-cached-model", test_a_name_opens_the_cached_model);
  g_test_add_func ("/cli-models/info-says-which-tokenizer", test_info_says_which_tokenizer);
  g_test_add_func ("/cli-models/the-given-tokenizer-is-used", test_the_given_tokenizer_is_used);
  const int status = g_test_run ();
  tiny_remove (home);
  g_free (home);
  return status;
}
