/* Tokenizers as people have them, against what `tokenizers` and transformers make of them: each folder in
 * tests/golden/tokenizers/ is described, and made, by tests/golden/make_tokenizer_kinds.py. */
#include "core/error.h"
#include "tokenizer/tokenizer.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

static char *
golden_path (const char *name, const char *file)
{
  return g_test_build_filename (G_TEST_DIST, "golden", "tokenizers", name, file, NULL);
}

/* U+10FFFD stands for NUL. */
static GString *
restore_nul (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "\U0010fffd", -1);
  GString *restored = g_string_new (parts[0]);
  for (gsize i = 1; parts[0] != NULL && parts[i] != NULL; i++)
    {
      g_string_append_c (restored, '\0');
      g_string_append (restored, parts[i]);
    }
  return restored;
}

static gboolean
matches (GArray *tokens, JsonArray *ids, JsonArray *offsets)
{
  if (tokens->len != json_array_get_length (ids))
    return FALSE;
  for (guint i = 0; i < tokens->len; i++)
    {
      const EgToken *token = &g_array_index (tokens, EgToken, i);
      if (token->id != json_array_get_int_element (ids, i)
          || (gint64)token->start != json_array_get_int_element (offsets, 2 * i)
          || (gint64)token->end != json_array_get_int_element (offsets, 2 * i + 1))
        return FALSE;
    }
  return TRUE;
}

static char *
describe (GArray *tokens)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < tokens->len; i++)
    {
      const EgToken *token = &g_array_index (tokens, EgToken, i);
      g_string_append_printf (text, " %u[%zu,%zu]", token->id, token->start, token->end);
    }
  return g_string_free (text, FALSE);
}

static void
check_line (const char *name, EgTokenizer *tokenizer, const char *line)
{
  g_autoptr (JsonNode) node = json_from_string (line, NULL);
  JsonArray *row = json_node_get_array (node);
  g_autoptr (GString) text = restore_nul (json_array_get_string_element (row, 0));
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, text->str, (gssize)text->len, &error);
  g_assert_no_error (error);
  g_autofree char *found = describe (tokens);
  if (!matches (tokens, json_array_get_array_element (row, 1), json_array_get_array_element (row, 2)))
    g_error ("%s: %s gives%s", name, line, found);
}

static void
test_encodes_as_the_library (gconstpointer data)
{
  const char *name = data;
  g_autofree char *folder = golden_path (name, NULL), *list = golden_path (name, "expected.jsonl");
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTokenizer) tokenizer = eg_tokenizer_load (folder, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (list, &content, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (g_strchomp (content), "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), >, 50);
  for (gsize i = 0; lines[i] != NULL; i++)
    check_line (name, tokenizer, lines[i]);
}

/* An answer, or the other text of a swap, is no whole text. */
static void
test_a_part_has_nothing_before_it (void)
{
  g_autofree char *folder = golden_path ("json-bos", NULL);
  g_autoptr (EgTokenizer) tokenizer = eg_tokenizer_load (folder, NULL);
  g_autoptr (GArray) whole = eg_tokenizer_encode (tokenizer, "x", -1, NULL);
  g_autoptr (GArray) part = eg_tokenizer_encode_part (tokenizer, "x", -1, NULL);
  g_autoptr (GArray) empty = eg_tokenizer_encode_part (tokenizer, "", -1, NULL);
  const EgToken *first = &g_array_index (whole, EgToken, 0), *second = &g_array_index (whole, EgToken, 1);
  guint32 id;
  g_assert_cmpuint (whole->len, ==, 2);
  g_assert_cmpuint (part->len, ==, 1);
  g_assert_cmpuint (empty->len, ==, 0);
  g_assert_cmpuint (eg_tokenizer_n_first (tokenizer), ==, 1);
  g_assert_cmpuint (first->id, ==, 0);
  g_assert_cmpuint (first->start, ==, first->end);
  g_assert_cmpuint (second->id, ==, g_array_index (part, EgToken, 0).id);
  g_assert_true (eg_tokenizer_lookup (tokenizer, "x", &id));
  g_assert_cmpuint (id, ==, second->id);
}

static void
test_bytes_are_tokens (void)
{
  g_autoptr (EgTokenizer) tokenizer = eg_tokenizer_new_bytes ();
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, "a é\0", 5, NULL);
  g_autofree char *found = describe (tokens);
  g_assert_cmpstr (found, ==, " 97[0,1] 32[1,2] 195[2,3] 169[2,3] 0[3,4]");
  g_assert_cmpuint (eg_tokenizer_n_ids (tokenizer), ==, 256);
  guint32 ids[256];
  for (guint i = 0; i < 256; i++)
    ids[i] = i;
  gsize n;
  g_autofree char *text = eg_tokenizer_decode (tokenizer, ids, 128, &n);
  g_assert_cmpuint (n, ==, 128);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (text[i], ==, (char)i);
  const guint8 *bytes = eg_tokenizer_token_bytes (tokenizer, 0xff, &n);
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpuint (bytes[0], ==, 0xff);
}

/* "<one>" and "<two>" are added beyond the vocabulary of 340. */
static void
test_added_tokens_may_lie_beyond_the_rows (void)
{
  g_autofree char *folder = golden_path ("pair-decoder", NULL);
  g_autoptr (EgTokenizer) tokenizer = eg_tokenizer_load (folder, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) plain = eg_tokenizer_encode (tokenizer, "The tower", -1, NULL);
  g_autoptr (GArray) with = eg_tokenizer_encode (tokenizer, "The <one>tower", -1, NULL);
  g_assert_cmpuint (eg_tokenizer_n_model_ids (tokenizer), ==, 340);
  g_assert_cmpuint (eg_tokenizer_n_ids (tokenizer), >, 340);
  g_assert_true (eg_tokenizer_check_rows (tokenizer, plain, 340, &error));
  g_assert_no_error (error);
  g_assert_false (eg_tokenizer_check_rows (tokenizer, with, 340, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "“<one>”"));
  g_assert_nonnull (strstr (error->message, "340 rows"));
}

/* ---- what is refused ---- */

typedef struct
{
  const char *files[6]; /* name, content, name, … */
  EgError code;
  const char *says;
} Refused;

#define VOCABULARY "vocab.json", "{\"a\":0,\"b\":1,\"ab\":2}"
#define MERGES     "merges.txt", "#version: 0.2\na b\n"

#define PLAIN                                                                                                \
  "{\"version\":\"1.0\",\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"               \
  "\"trim_offsets\":true},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}"

#define POINTER "version https://git-lfs.github.com/spec/v1\noid sha256:01\nsize 5\n"

static const Refused refused[] = {
  { { "tokenizer.json", POINTER }, EG_ERROR_FORMAT, "tokenizer.json is not the file itself but a pointer" },
  { { VOCABULARY, "merges.txt", POINTER },
    EG_ERROR_FORMAT,
    "merges.txt is not the file itself but a pointer" },
  { { "vocab.json", "<html>", MERGES }, EG_ERROR_FORMAT, "vocab.json is not the file itself but a web page" },
  { { VOCABULARY, MERGES, "tokenizer_config.json", POINTER },
    EG_ERROR_FORMAT,
    "tokenizer_config.json is not the file itself but a pointer" },
  { { VOCABULARY }, EG_ERROR_NOT_FOUND, "merges.txt" },
  { { MERGES }, EG_ERROR_NOT_FOUND, "vocab.json" },
  { { VOCABULARY, "merges.txt", "a b c\n" }, EG_ERROR_FORMAT, "merges.txt: line 1 is not a pair of tokens" },
  { { VOCABULARY, "merges.txt", "#version\n\nab\n" }, EG_ERROR_FORMAT, "merges.txt: line 3 is not a pair" },
  { { VOCABULARY, "merges.txt", "a c\n" },
    EG_ERROR_FORMAT,
    "line 1 names “c”, which vocab.json does not have" },
  { { VOCABULARY, "merges.txt", "b a\n" },
    EG_ERROR_FORMAT,
    "line 1 names “ba”, which vocab.json does not have" },
  { { VOCABULARY, "merges.txt", "a b</w>\n" },
    EG_ERROR_UNSUPPORTED,
    "“b</w>”, which is not written in bytes" },
  { { VOCABULARY, "merges.txt", "▁ a\n" }, EG_ERROR_UNSUPPORTED, "“▁”, which is not written in bytes" },
  { { VOCABULARY, "merges.txt", "a \xff\n" }, EG_ERROR_FORMAT, "merges.txt: it is not valid UTF-8" },
  { { "vocab.json", "{\"a\":0,\"b\":1", MERGES }, EG_ERROR_FORMAT, "vocab.json: " },
  { { "vocab.json", "[\"a\"]", MERGES }, EG_ERROR_FORMAT, "vocab.json: the JSON text is not an object" },
  { { "vocab.json", "{}", MERGES }, EG_ERROR_FORMAT, "vocab.json: the vocabulary is empty" },
  { { "vocab.json", "{\"a\":0,\"b\":0}", MERGES }, EG_ERROR_FORMAT, "“a” and “b” have the same id, 0" },
  { { "vocab.json", "{\"a\":0,\"a\":1}", MERGES }, EG_ERROR_FORMAT, "vocab.json: “a” is there twice" },
  { { "vocab.json", "{\"a\":\"0\"}", MERGES }, EG_ERROR_FORMAT, "vocab.json: the id of the token “a”" },
  { { VOCABULARY, MERGES, "tokenizer_config.json", "{\"tokenizer_class\":\"CLIPTokenizer\"}" },
    EG_ERROR_UNSUPPORTED,
    "those of a CLIPTokenizer" },
  { { "tokenizer.json", PLAIN, "tokenizer_config.json", "{\"tokenizer_class\":\"RobertaTokenizerFast\"}" },
    EG_ERROR_UNSUPPORTED,
    "class is RobertaTokenizer" },
  { { VOCABULARY, MERGES, "tokenizer_config.json", "{\"added_tokens_decoder\":{\"3\":{}}}" },
    EG_ERROR_FORMAT,
    "“added_tokens_decoder” has a token without its text" },
  { { VOCABULARY, MERGES, "tokenizer_config.json",
      "{\"added_tokens_decoder\":{\"x\":{\"content\":\"<x>\"}}}" },
    EG_ERROR_FORMAT,
    "“added_tokens_decoder” has a token without its number" },
  { { VOCABULARY, MERGES, "special_tokens_map.json", "{\"pad_token\":3}" },
    EG_ERROR_FORMAT,
    "special_tokens_map.json: the field “pad_token” is no token" },
  { { VOCABULARY, MERGES, "tokenizer_config.json", "{\"add_eos_token\":true}" },
    EG_ERROR_UNSUPPORTED,
    "add_eos_token" },
  { { VOCABULARY, MERGES, "tokenizer_config.json", "{\"add_prefix_space\":1}" },
    EG_ERROR_FORMAT,
    "tokenizer_config.json: the field “add_prefix_space” must be true or false" },
  { { VOCABULARY, MERGES, "tokenizer_config.json", "{" }, EG_ERROR_FORMAT, "tokenizer_config.json: " },
  { { VOCABULARY, MERGES, "tokenizer_config.json", "{\"added_tokens_decoder\":[]}" },
    EG_ERROR_FORMAT,
    "“added_tokens_decoder” must be an object" },
  { { VOCABULARY, MERGES, "added_tokens.json", "{\"<x>\":\"3\"}" },
    EG_ERROR_FORMAT,
    "added_tokens.json: the id of the token “<x>”" },
};

static void
remove_all (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_unlink (path);
    }
}

static void
test_names_what_is_wrong_with_a_pair (void)
{
  g_autofree char *folder = g_dir_make_tmp ("engram-pair-XXXXXX", NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      for (guint k = 0; k < G_N_ELEMENTS (refused[i].files) && refused[i].files[k] != NULL; k += 2)
        {
          g_autofree char *path = g_build_filename (folder, refused[i].files[k], NULL);
          g_assert_true (g_file_set_contents (path, refused[i].files[k + 1], -1, NULL));
        }
      g_autoptr (GError) error = NULL;
      g_assert_null (eg_tokenizer_load (folder, &error));
      g_assert_error (error, EG_ERROR, (int)refused[i].code);
      if (strstr (error->message, refused[i].says) == NULL)
        g_error ("“%s” does not say “%s”", error->message, refused[i].says);
      remove_all (folder);
    }
  g_rmdir (folder);
}

/* Whether there is a space before the text, of a tokenizer.json that says so, beside these two files. */
static gboolean
has_space_before (const char *config, const char *tokenizer_config)
{
  static const char json[]
      = "{\"version\":\"1.0\",\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,"
        "\"trim_offsets\":true,\"use_regex\":true},\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":"
        "true,"
        "\"trim_offsets\":true,\"use_regex\":true},"
        "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"\u0120\":1},\"merges\":[]}}";
  const char *const files[]
      = { "tokenizer.json", json, "config.json", config, "tokenizer_config.json", tokenizer_config };
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("engram-kinds-XXXXXX", NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (files); i += 2)
    {
      g_autofree char *path = g_build_filename (folder, files[i], NULL);
      if (files[i + 1] != NULL)
        g_assert_true (g_file_set_contents (path, files[i + 1], -1, NULL));
    }
  g_autoptr (EgTokenizer) tokenizer = eg_tokenizer_load (folder, &error);
  g_assert_no_error (error);
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, "a", -1, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (files); i += 2)
    {
      g_autofree char *path = g_build_filename (folder, files[i], NULL);
      g_unlink (path);
    }
  g_rmdir (folder);
  return tokens->len == 2;
}

/* As AutoTokenizer of transformers 5.24 does, each tried. */
static void
test_a_class_rules_the_space_before (void)
{
  g_assert_true (has_space_before (NULL, NULL));
  g_assert_false (has_space_before ("{\"model_type\":\"mamba\"}", NULL));
  g_assert_false (has_space_before ("{\"model_type\":\"gpt2\"}", NULL));
  g_assert_false (has_space_before (NULL, "{\"tokenizer_class\":\"GPT2TokenizerFast\"}"));
  g_assert_false (has_space_before (NULL, "{\"tokenizer_class\":\"GPTNeoXTokenizer\"}"));
  g_assert_true (
      has_space_before (NULL, "{\"tokenizer_class\":\"GPT2Tokenizer\",\"add_prefix_space\":true}"));
  g_assert_true (has_space_before ("{\"model_type\":\"mamba\"}", "{\"add_prefix_space\":true}"));
  g_assert_true (has_space_before (NULL, "{\"tokenizer_class\":\"PreTrainedTokenizerFast\"}"));
  g_assert_true (has_space_before (
      NULL, "{\"tokenizer_class\":\"PreTrainedTokenizerFast\",\"add_prefix_space\":false}"));
}

/* How many tokens "x" has, of json-bos, which puts one before a text. */
static guint
count_with_first (const char *config, const char *tokenizer_config)
{
  g_autofree char *source = golden_path ("json-bos", "tokenizer.json"), *json = NULL;
  g_autofree char *folder = g_dir_make_tmp ("engram-first-XXXXXX", NULL);
  g_autoptr (GError) error = NULL;
  g_assert_true (g_file_get_contents (source, &json, NULL, NULL));
  const char *const files[]
      = { "tokenizer.json", json, "config.json", config, "tokenizer_config.json", tokenizer_config };
  for (gsize i = 0; i < G_N_ELEMENTS (files); i += 2)
    {
      g_autofree char *path = g_build_filename (folder, files[i], NULL);
      g_assert_true (files[i + 1] == NULL || g_file_set_contents (path, files[i + 1], -1, NULL));
    }
  g_autoptr (EgTokenizer) tokenizer = eg_tokenizer_load (folder, &error);
  g_assert_no_error (error);
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, "x", -1, &error);
  g_assert_no_error (error);
  remove_all (folder);
  g_rmdir (folder);
  return tokens->len;
}

/* Where only the model's type would name a class, the file's own word counts. */
static void
test_a_token_before_the_text_is_the_files_unless_a_class_is_named (void)
{
  g_assert_cmpuint (count_with_first (NULL, NULL), ==, 2);
  g_assert_cmpuint (count_with_first ("{\"model_type\":\"mamba\"}", NULL), ==, 2);
  g_assert_cmpuint (count_with_first ("{\"model_type\":\"mamba\"}", "{\"add_bos_token\":false}"), ==, 2);
  g_assert_cmpuint (count_with_first (NULL, "{\"tokenizer_class\":\"PreTrainedTokenizerFast\"}"), ==, 2);
  g_assert_cmpuint (count_with_first (NULL, "{\"tokenizer_class\":\"GPT2Tokenizer\"}"), ==, 2);
  g_assert_cmpuint (count_with_first (NULL, "{\"tokenizer_class\":\"GPTNeoXTokenizerFast\"}"), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_autofree char *all = g_test_build_filename (G_TEST_DIST, "golden", "tokenizers", NULL);
  g_autoptr (GDir) dir = g_dir_open (all, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_strdup_printf ("/tokenizer/encodes-as-the-library/%s", name);
      g_ptr_array_add (names, g_strdup (name));
      g_test_add_data_func (path, names->pdata[names->len - 1], test_encodes_as_the_library);
    }
  g_test_add_func ("/tokenizer/a-part-has-nothing-before-it", test_a_part_has_nothing_before_it);
  g_test_add_func ("/tokenizer/a-class-rules-the-space-before", test_a_class_rules_the_space_before);
  g_test_add_func ("/tokenizer/a-token-before-the-text-is-the-files-unless-a-class-is-named",
                   test_a_token_before_the_text_is_the_files_unless_a_class_is_named);
  g_test_add_func ("/tokenizer/bytes-are-tokens", test_bytes_are_tokens);
  g_test_add_func ("/tokenizer/added-tokens-may-lie-beyond-the-rows",
                   test_added_tokens_may_lie_beyond_the_rows);
  g_test_add_func ("/tokenizer/names-what-is-wrong-with-a-pair", test_names_what_is_wrong_with_a_pair);
  return g_test_run ();
}
