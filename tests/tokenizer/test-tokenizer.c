/* The golden files are described, and made, by tests/golden/make_tokenizer.py. */
#include "core/error.h"
#include "tokenizer/byte-level.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/unicode.h"
#include "tokenizer/token-text.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

static void
assert_bytes (const void *actual, gsize n_actual, const void *expected, gsize n_expected)
{
  g_assert_cmpuint (n_actual, ==, n_expected);
  g_assert_cmpint (memcmp (actual, expected, n_expected), ==, 0);
}

static char *
golden_path (const char *name, const char *suffix)
{
  g_autofree char *file = g_strdup_printf ("tokenizer-%s%s", name, suffix);
  return g_test_build_filename (G_TEST_DIST, "golden", file, NULL);
}

static char *
neox_path (void)
{
  return g_build_filename (g_getenv ("ENGRAM_DATA_DIR"), "tokenizers", "gpt-neox-20b", "tokenizer.json",
                           NULL);
}

static EgTokenizer *neox; /* loaded once: it is the large one */

static EgTokenizer *
load (const char *name)
{
  const gboolean is_neox = g_str_equal (name, "gpt-neox");
  if (is_neox && neox != NULL)
    return eg_tokenizer_ref (neox);
  g_autofree char *path = is_neox ? neox_path () : golden_path (name, ".json");
  g_autoptr (GError) error = NULL;
  EgTokenizer *tokenizer = eg_tokenizer_load (path, &error);
  g_assert_no_error (error);
  if (is_neox)
    neox = eg_tokenizer_ref (tokenizer);
  return tokenizer;
}

static char **
read_lines (const char *name, const char *suffix)
{
  g_autofree char *path = golden_path (name, suffix);
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;
  g_file_get_contents (path, &content, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (content, "\n"));
  content[strlen (content) - 1] = '\0';
  return g_strsplit (content, "\n", -1);
}

/* Returns: the text with U+10FFFD turned into NUL. */
static GString *
restore_nul (const char *text)
{
  GString *restored = g_string_new (NULL);
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (g_utf8_get_char (p) == 0x10fffd)
      g_string_append_c (restored, '\0');
    else
      g_string_append_len (restored, p, g_utf8_next_char (p) - p);
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

static void
test_encodes_as_the_library (gconstpointer name)
{
  g_autoptr (EgTokenizer) tokenizer = load (name);
  g_auto (GStrv) lines = read_lines (name, ".jsonl");
  g_assert_cmpuint (g_strv_length (lines), >, 300);
  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (JsonNode) node = json_from_string (lines[i], NULL);
      JsonArray *line = json_node_get_array (node);
      g_autoptr (GString) text = restore_nul (json_array_get_string_element (line, 0));
      g_autoptr (GError) error = NULL;
      g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, text->str, (gssize)text->len, &error);
      g_assert_no_error (error);
      if (!matches (tokens, json_array_get_array_element (line, 1), json_array_get_array_element (line, 2)))
        g_error ("line %zu: other tokens than %s", i + 1, lines[i]);
    }
}

static void
test_decodes_as_the_library (void)
{
  g_autoptr (EgTokenizer) tokenizer = load ("gpt-neox");
  g_auto (GStrv) lines = read_lines ("decode", ".jsonl");
  g_assert_cmpuint (g_strv_length (lines), ==, 500);
  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (JsonNode) node = json_from_string (lines[i], NULL);
      JsonArray *line = json_node_get_array (node);
      JsonArray *ids = json_array_get_array_element (line, 0);
      g_autoptr (GArray) wanted = g_array_new (FALSE, FALSE, sizeof (guint32));
      for (guint j = 0; j < json_array_get_length (ids); j++)
        g_array_append_val (wanted, (guint32){ (guint32)json_array_get_int_element (ids, j) });
      g_autoptr (GString) expected = restore_nul (json_array_get_string_element (line, 1));
      gsize length;
      g_autofree char *text
          = eg_tokenizer_decode (tokenizer, (const guint32 *)(void *)wanted->data, wanted->len, &length);
      assert_bytes (text, length, expected->str, expected->len);
    }
}

static void
test_broken_characters_become_one_sign_each (void)
{
  /* The longest part that could begin a character is one U+FFFD, here written "?". */
  static const struct
  {
    const char *bytes;
    const char *expected;
  } cases[] = {
    { "\200", "?" },
    { "\303", "?" },
    { "\303x", "?x" },
    { "\340\240", "?" },
    { "\340\200\200", "???" },          /* overlong */
    { "\355\237\277", "\355\237\277" }, /* U+D7FF */
    { "\355\240\200", "???" },          /* a surrogate */
    { "\360\237\230x", "?x" },
    { "\360\217\277\277", "????" },             /* overlong */
    { "\364\217\277\277", "\364\217\277\277" }, /* U+10FFFF */
    { "\364\220\200\200", "????" },             /* past it */
    { "\301\277\376\377", "????" },
    { "a\342\202\342\202\254", "a?\342\202\254" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GStrv) parts = g_strsplit (cases[i].expected, "?", -1);
      g_autofree char *expected = g_strjoinv ("\357\277\275", parts);
      gsize length;
      g_autofree char *text
          = eg_utf8_lossy ((const guint8 *)cases[i].bytes, strlen (cases[i].bytes), &length);
      assert_bytes (text, length, expected, strlen (expected));
    }
}

static void
test_decodes_what_it_encoded (void)
{
  /* No normalizer; only <sep> takes anything out of a text. */
  g_autoptr (EgTokenizer) tokenizer = load ("gaps");
  g_auto (GStrv) lines = read_lines ("gaps", ".jsonl");
  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (JsonNode) node = json_from_string (lines[i], NULL);
      g_autoptr (GString) text = restore_nul (json_array_get_string_element (json_node_get_array (node), 0));
      if (strstr (lines[i], "<sep>") != NULL)
        continue;
      g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, text->str, (gssize)text->len, NULL);
      g_autofree guint32 *ids = g_new (guint32, tokens->len + 1);
      for (guint j = 0; j < tokens->len; j++)
        ids[j] = g_array_index (tokens, EgToken, j).id;
      gsize length;
      g_autofree char *decoded = eg_tokenizer_decode (tokenizer, ids, tokens->len, &length);
      assert_bytes (decoded, length, text->str, text->len);
    }
}

static void
test_knows_the_class_of_every_character (void)
{
  static const char letters[]
      = { [EG_CHAR_OTHER] = 'O', [EG_CHAR_LETTER] = 'L', [EG_CHAR_NUMBER] = 'N', [EG_CHAR_SPACE] = 'S' };
  g_auto (GStrv) lines = read_lines ("classes", ".txt");
  gsize next = 0;
  gunichar next_first = 0;
  char class = '\0';
  gboolean word = FALSE;
  for (gunichar c = 0; c < 0x110000; c++)
    {
      if (c >= 0xd800 && c < 0xe000)
        continue;
      while (lines[next] != NULL && (next_first = (gunichar)g_ascii_strtoull (lines[next], NULL, 16)) <= c)
        {
          const char *classes = strchr (lines[next++], ' ') + 1;
          class = classes[0];
          word = classes[1] == 'w';
        }
      if (letters[eg_char_class (c)] != class || eg_char_is_word (c) != word)
        g_error ("U+%04X is %c%s here, but %c%s in the library", c, letters[eg_char_class (c)],
                 eg_char_is_word (c) ? "w" : "", class, word ? "w" : "");
    }
  g_assert_null (lines[next]);
}

static void
test_offsets_count_the_characters_given (void)
{
  g_autoptr (EgTokenizer) tokenizer = load ("gpt-neox");
  /* A decomposed é is one character for the tokenizer and two of the text. */
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, "caf\145\314\201 black", -1, NULL);
  const EgToken last = g_array_index (tokens, EgToken, tokens->len - 1);
  g_assert_cmpuint (last.start, ==, 6);
  g_assert_cmpuint (last.end, ==, 11);
}

static void
test_spells_tokens (void)
{
  g_autoptr (EgTokenizer) tokenizer = load ("gpt-neox");
  guint32 id;
  g_assert_true (eg_tokenizer_lookup (tokenizer, " Paris", &id));
  g_autofree char *paris = eg_tokenizer_token_text (tokenizer, id);
  g_assert_cmpstr (paris, ==, " Paris");

  /* The first of an emoji's tokens is half a character. */
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, "😀", -1, NULL);
  g_assert_cmpuint (tokens->len, ==, 3);
  const guint32 half = g_array_index (tokens, EgToken, 0).id;
  g_autofree char *text = eg_tokenizer_token_text (tokenizer, half);
  g_assert_cmpstr (text, ==, "\357\277\275");
  gsize length;
  const guint8 *bytes = eg_tokenizer_token_bytes (tokenizer, half, &length);
  assert_bytes (bytes, length, "\360\237", 2);
  g_autofree char *spelled = eg_token_spell (tokenizer, half), *whole = eg_token_spell (tokenizer, id);
  g_assert_cmpstr (spelled, ==, "⟨F0 9F⟩");
  g_assert_cmpstr (whole, ==, " Paris");
}

static void
test_unknown_ids_spell_nothing (void)
{
  g_autoptr (EgTokenizer) tokenizer = load ("gpt-neox");
  g_assert_cmpuint (eg_tokenizer_n_ids (tokenizer), ==, 50277);
  g_autofree char *text
      = eg_tokenizer_decode (tokenizer, (const guint32[]){ 50277, 64, G_MAXUINT32 }, 3, NULL);
  g_assert_cmpstr (text, ==, "_");
  gsize length;
  g_assert_null (eg_tokenizer_token_bytes (tokenizer, 50277, &length));
  g_assert_cmpuint (length, ==, 0);
  g_autofree char *nothing = eg_tokenizer_decode (tokenizer, NULL, 0, &length);
  g_assert_cmpstr (nothing, ==, "");
}

static void
test_lookup_wants_exactly_one_token (void)
{
  g_autoptr (EgTokenizer) tokenizer = load ("gpt-neox");
  guint32 id = 0;
  g_assert_true (eg_tokenizer_lookup (tokenizer, "<|endoftext|>", &id));
  g_assert_cmpuint (id, ==, 0);
  g_assert_false (eg_tokenizer_lookup (tokenizer, "", &id));
  g_assert_false (eg_tokenizer_lookup (tokenizer, " Paris is", &id));
  g_assert_false (eg_tokenizer_lookup (tokenizer, "\377", &id));
}

static void
test_refuses_text_that_is_not_utf8 (void)
{
  static const char *const broken[]
      = { "\200", "a\303", "\355\240\200", "\300\200", "\364\220\200\200", "x\377y" };
  g_autoptr (EgTokenizer) tokenizer = load ("dropped");
  for (gsize i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (eg_tokenizer_encode (tokenizer, broken[i], -1, &error));
      g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
    }
  g_autoptr (GError) error = NULL;
  g_assert_null (eg_tokenizer_encode (tokenizer, "a\0\377", 3, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
}

static void
test_long_words_take_no_quadratic_time (void)
{
  g_autoptr (EgTokenizer) tokenizer = load ("gpt-neox");
  g_autoptr (GString) text = g_string_new (NULL);
  const gsize n = 400000;
  for (gsize i = 0; i < n; i++)
    g_string_append_c (text, (char)('a' + i * i % 23));
  g_test_timer_start ();
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, text->str, (gssize)text->len, NULL);
  /* It takes 0.2 s; n² steps would take minutes. */
  g_assert_cmpfloat (g_test_timer_elapsed (), <, 20);
  g_assert_cmpuint (g_array_index (tokens, EgToken, tokens->len - 1).end, ==, n);
}

static gpointer
encode_many_times (gpointer data)
{
  EgTokenizer *tokenizer = data;
  gsize n = 0;
  for (int i = 0; i < 300; i++)
    {
      g_autoptr (EgTokenizer) mine = eg_tokenizer_ref (tokenizer);
      g_autoptr (GArray) tokens = eg_tokenizer_encode (mine, "The Eiffel Tower, e\314\201té 😀", -1, NULL);
      n += tokens->len;
    }
  return GSIZE_TO_POINTER (n);
}

static void
test_many_threads_may_use_it (void)
{
  g_autoptr (EgTokenizer) tokenizer = load ("flags");
  GThread *threads[4];
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("encode", encode_many_times, tokenizer);
  const gsize expected = GPOINTER_TO_SIZE (encode_many_times (tokenizer));
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_assert_cmpuint (GPOINTER_TO_SIZE (g_thread_join (threads[i])), ==, expected);
}

/* ---- files that are damaged or of another kind ---- */

static char *folder;
static char *file; /* in folder */

/* Returns: (transfer full): the tokenizer in these bytes, or NULL with an error. */
static EgTokenizer *
load_bytes (const char *bytes, gsize length, GError **error)
{
  /* In place: g_file_set_contents() would be the most of the test's time. */
  FILE *stream = g_fopen (file, "wb");
  g_assert_nonnull (stream);
  g_assert_cmpuint (fwrite (bytes, 1, length, stream), ==, length);
  g_assert_cmpint (fclose (stream), ==, 0);
  return eg_tokenizer_load (file, error);
}

/* Either it is refused with a message that names the file, or it works. */
static void
check_survives (const char *bytes, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTokenizer) tokenizer = load_bytes (bytes, length, &error);
  if (tokenizer == NULL)
    {
      g_assert_nonnull (error);
      g_assert_true (error->domain == EG_ERROR);
      g_assert_nonnull (strstr (error->message, "tokenizer.json: "));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return;
    }
  g_assert_no_error (error);
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, "The  <unk>é 😀\n", -1, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < tokens->len; i++)
    g_free (eg_tokenizer_token_text (tokenizer, g_array_index (tokens, EgToken, i).id));
}

static void
test_survives_truncation (void)
{
  g_autofree char *path = golden_path ("unknown", ".json");
  g_autofree char *json = NULL;
  gsize length;
  g_assert_true (g_file_get_contents (path, &json, &length, NULL));
  for (gsize n = 0; n < length; n += 3)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (load_bytes (json, n, &error));
      g_assert_error (error, EG_ERROR, EG_ERROR_FORMAT);
    }
}

static void
test_survives_changed_bytes (void)
{
  static const char *const names[] = { "unknown", "nfc" };
  guint32 random = 1;
  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autofree char *path = golden_path (names[k], ".json");
      g_autofree char *json = NULL;
      gsize length;
      g_assert_true (g_file_get_contents (path, &json, &length, NULL));
      for (gsize i = 0; i < length; i += 1 + 3 * k)
        {
          random = random * 1664525u + 1013904223u;
          static const char changes[] = "\"\\{}[],: 019-.eutn\377";
          const char original = json[i];
          const char flipped = (char)((guchar)original ^ (guchar)(1u << (random >> 16) % 8));
          json[i] = (random >> 24) % 3 == 0 ? flipped : changes[(random >> 16) % (sizeof changes - 1)];
          check_survives (json, length);
          json[i] = original;
        }
    }
}

#define BYTE_LEVEL "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true}"

/* A tokenizer of three tokens, in which the tests change one thing each. */
static const char small[]
    = "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[],\"normalizer\":null,"
      "\"pre_tokenizer\":" BYTE_LEVEL ",\"post_processor\":" BYTE_LEVEL ",\"decoder\":" BYTE_LEVEL ","
      "\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":null,\"continuing_subword_prefix\":null,"
      "\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,"
      "\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"a b\"]}}";

#define ADDED(id, content)                                                                                   \
  "{\"id\":" id ",\"content\":" content ",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"          \
  "\"normalized\":true,\"special\":false}"

#define SEQUENCE(parts) "{\"type\":\"Sequence\",\"pretokenizers\":[" parts "]}"
#define SPLIT(pattern)                                                                                       \
  "{\"type\":\"Split\",\"behavior\":\"Isolated\",\"invert\":false,\"pattern\":" pattern "}"
#define REGEX(regex) SPLIT ("{\"Regex\":\"" regex "\"}")

#define TEMPLATE(pieces, tokens)                                                                             \
  "{\"type\":\"TemplateProcessing\",\"single\":[" pieces "],\"special_tokens\":{" tokens "}}"
#define FIRST "{\"SpecialToken\":{\"id\":\"a\",\"type_id\":0}}"
#define TEXT  "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}"

typedef struct
{
  const char *owner; /* "" for the root */
  const char *name;
  const char *value; /* NULL: without it */
  EgError code;
  const char *message;
} Change;

static const Change changes[] = {
  { "", "version", "2", EG_ERROR_FORMAT, "version is not a text" },
  { "", "version", "\"2.0\"", EG_ERROR_UNSUPPORTED, "version “2.0”" },
  { "", "normalizer", "\"NFC\"", EG_ERROR_FORMAT, "normalizer is not an object" },
  { "", "normalizer", "{}", EG_ERROR_FORMAT, "normalizer.type is not a text" },
  { "", "normalizer", "{\"type\":\"Lowercase\"}", EG_ERROR_UNSUPPORTED,
    "the normalizer is of the kind “Lowercase”" },
  { "", "normalizer", "{\"type\":\"Sequence\"}", EG_ERROR_FORMAT, "normalizer.normalizers is not an array" },
  { "", "normalizer", "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},{\"type\":\"NFKC\"}]}",
    EG_ERROR_UNSUPPORTED, "“NFKC”" },
  { "", "pre_tokenizer", NULL, EG_ERROR_UNSUPPORTED, "no pre_tokenizer" },
  { "", "pre_tokenizer", "[]", EG_ERROR_FORMAT, "pre_tokenizer is not an object" },
  { "", "pre_tokenizer", "{\"type\":\"Metaspace\"}", EG_ERROR_UNSUPPORTED, "“Metaspace”" },
  { "", "pre_tokenizer", "{\"type\":\"ByteLevel\"}", EG_ERROR_FORMAT,
    "pre_tokenizer.add_prefix_space is not true or false" },
  { "pre_tokenizer", "trim_offsets", "1", EG_ERROR_FORMAT,
    "pre_tokenizer.trim_offsets is not true or false" },
  { "pre_tokenizer", "use_regex", "\"yes\"", EG_ERROR_FORMAT,
    "pre_tokenizer.use_regex is not true or false" },
  { "", "pre_tokenizer", SEQUENCE (BYTE_LEVEL "," BYTE_LEVEL), EG_ERROR_UNSUPPORTED, "ByteLevel twice" },
  { "", "pre_tokenizer", SEQUENCE (""), EG_ERROR_UNSUPPORTED, "no ByteLevel" },
  { "", "pre_tokenizer", "{\"type\":\"Digits\"}", EG_ERROR_UNSUPPORTED, "no ByteLevel" },
  { "", "pre_tokenizer", "{\"type\":\"Sequence\"}", EG_ERROR_FORMAT,
    "pre_tokenizer.pretokenizers is not an array" },
  { "", "pre_tokenizer", SEQUENCE ("{\"type\":\"Whitespace\"}," BYTE_LEVEL), EG_ERROR_UNSUPPORTED,
    "“Whitespace”" },
  { "", "pre_tokenizer", SEQUENCE (SPLIT ("7") "," BYTE_LEVEL), EG_ERROR_FORMAT, "pre_tokenizer.pattern" },
  { "", "pre_tokenizer", SEQUENCE ("{\"type\":\"Split\",\"behavior\":\"Cut\"}"), EG_ERROR_FORMAT,
    "pre_tokenizer.behavior" },
  { "", "pre_tokenizer", SEQUENCE (REGEX ("(a")), EG_ERROR_FORMAT, "“(a” is not a regular expression" },
  { "", "pre_tokenizer", SEQUENCE (REGEX ("[a&&b]")), EG_ERROR_UNSUPPORTED,
    "does not read “&&” in the pattern “[a&&b]”" },
  { "", "pre_tokenizer", SEQUENCE (REGEX ("[a[bc]]")), EG_ERROR_UNSUPPORTED, "does not read “[[”" },
  { "", "pre_tokenizer", SEQUENCE (REGEX ("[]a]")), EG_ERROR_UNSUPPORTED, "does not read “[]”" },
  { "", "pre_tokenizer", SEQUENCE (REGEX ("[a")), EG_ERROR_UNSUPPORTED, "does not read “[”" },
  { "", "pre_tokenizer", SEQUENCE (REGEX ("a{2}+")), EG_ERROR_UNSUPPORTED, "does not read “{2}+”" },
  { "", "pre_tokenizer", SEQUENCE (REGEX ("(?m:a)")), EG_ERROR_UNSUPPORTED, "does not read “(?m:”" },
  { "", "pre_tokenizer", SEQUENCE (REGEX ("\\\\h")), EG_ERROR_UNSUPPORTED, "does not read “\\h”" },
  { "", "pre_tokenizer", SEQUENCE (REGEX ("\\\\1")), EG_ERROR_UNSUPPORTED, "does not read “\\1”" },
  { "", "pre_tokenizer", SEQUENCE (REGEX ("\\\\p{Alpha}")), EG_ERROR_UNSUPPORTED,
    "does not read “\\p{Alpha}”" },
  { "", "pre_tokenizer", SEQUENCE (REGEX ("\\\\pL")), EG_ERROR_UNSUPPORTED, "does not read “\\p”" },
  { "", "pre_tokenizer", SEQUENCE (REGEX ("a\\\\")), EG_ERROR_UNSUPPORTED, "does not read" },
  { "", "pre_tokenizer", SEQUENCE (REGEX ("\\\\x{110000000}")), EG_ERROR_UNSUPPORTED, "does not read “\\x”" },
  { "", "pre_tokenizer", SEQUENCE (REGEX ("\\\\u12")), EG_ERROR_UNSUPPORTED, "does not read “\\u”" },
  { "", "post_processor", "{\"type\":\"BertProcessing\"}", EG_ERROR_UNSUPPORTED, "“BertProcessing”" },
  { "", "post_processor", "{\"type\":\"Sequence\",\"processors\":[" BYTE_LEVEL "," BYTE_LEVEL "]}",
    EG_ERROR_UNSUPPORTED, "ByteLevel twice" },
  { "", "post_processor", TEMPLATE (FIRST "," TEXT, ""), EG_ERROR_FORMAT,
    "names a token that it does not describe" },
  { "", "post_processor", TEMPLATE (FIRST "," TEXT, "\"a\":{\"ids\":[7]}"), EG_ERROR_FORMAT,
    "adds the id 7, which no token has" },
  { "", "post_processor", TEMPLATE (FIRST "," TEXT, "\"a\":{\"ids\":[-7]}"), EG_ERROR_FORMAT,
    "the id of the token “a”" },
  { "", "post_processor", TEMPLATE (FIRST "," TEXT, "\"a\":{\"ids\":7}"), EG_ERROR_FORMAT,
    "post_processor.ids is not an array" },
  { "", "post_processor", TEMPLATE (TEXT "," FIRST, "\"a\":{\"ids\":[0]}"), EG_ERROR_UNSUPPORTED,
    "adds tokens after every text" },
  { "", "post_processor", TEMPLATE (FIRST, "\"a\":{\"ids\":[0]}"), EG_ERROR_FORMAT, "is not the text with" },
  { "", "post_processor", TEMPLATE ("7", ""), EG_ERROR_FORMAT, "is not the text with" },
  { "", "post_processor", "{\"type\":\"TemplateProcessing\",\"single\":7}", EG_ERROR_FORMAT,
    "post_processor.single is not an array" },
  { "post_processor", "trim_offsets", NULL, EG_ERROR_FORMAT,
    "post_processor.trim_offsets is not true or false" },
  { "", "decoder", "{\"type\":\"WordPiece\"}", EG_ERROR_UNSUPPORTED, "“WordPiece”" },
  { "", "model", NULL, EG_ERROR_FORMAT, "model is not an object" },
  { "", "model", "[]", EG_ERROR_FORMAT, "model is not an object" },
  { "", "model", "{\"type\":\"Unigram\"}", EG_ERROR_UNSUPPORTED, "the model is of the kind “Unigram”" },
  { "model", "type", "\"WordPiece\"", EG_ERROR_UNSUPPORTED, "“WordPiece”" },
  { "model", "type", "3", EG_ERROR_FORMAT, "model.type is not a text" },
  { "model", "dropout", "0.1", EG_ERROR_UNSUPPORTED, "model.dropout is set" },
  { "model", "dropout", "[]", EG_ERROR_UNSUPPORTED, "model.dropout is set" },
  { "model", "continuing_subword_prefix", "\"##\"", EG_ERROR_UNSUPPORTED,
    "model.continuing_subword_prefix is set" },
  { "model", "end_of_word_suffix", "\"</w>\"", EG_ERROR_UNSUPPORTED, "model.end_of_word_suffix is set" },
  { "model", "byte_fallback", "true", EG_ERROR_UNSUPPORTED, "model.byte_fallback is set" },
  { "model", "byte_fallback", "0", EG_ERROR_FORMAT, "model.byte_fallback is not true or false" },
  { "model", "fuse_unk", "{}", EG_ERROR_FORMAT, "model.fuse_unk is not true or false" },
  { "model", "ignore_merges", "\"\"", EG_ERROR_FORMAT, "model.ignore_merges is not true or false" },
  { "model", "unk_token", "5", EG_ERROR_FORMAT, "model.unk_token is not a text" },
  { "model", "unk_token", "\"?\"", EG_ERROR_FORMAT, "model.unk_token is “?”" },
  { "model", "vocab", NULL, EG_ERROR_FORMAT, "model.vocab is not an object" },
  { "model", "vocab", "[\"a\"]", EG_ERROR_FORMAT, "model.vocab is not an object" },
  { "model", "vocab", "{}", EG_ERROR_FORMAT, "model.vocab is empty" },
  { "model", "vocab", "{\"a\":0,\"b\":\"1\",\"ab\":2}", EG_ERROR_FORMAT, "the id of the token “b”" },
  { "model", "vocab", "{\"a\":0,\"b\":-1,\"ab\":2}", EG_ERROR_FORMAT, "the id of the token “b”" },
  { "model", "vocab", "{\"a\":0,\"b\":1.5,\"ab\":2}", EG_ERROR_FORMAT, "the id of the token “b”" },
  { "model", "vocab", "{\"a\":0,\"b\":null,\"ab\":2}", EG_ERROR_FORMAT, "the id of the token “b”" },
  { "model", "vocab", "{\"a\":0,\"b\":4294967295,\"ab\":2}", EG_ERROR_FORMAT, "the id of the token “b”" },
  { "model", "vocab", "{\"a\":0,\"b\":99999999999999999999,\"ab\":2}", EG_ERROR_FORMAT,
    "the id of the token “b”" },
  { "model", "vocab", "{\"a\":0,\"b\":0,\"ab\":2}", EG_ERROR_FORMAT, "“a” and “b” have the same id, 0" },
  { "model", "vocab", "{\"a\":0,\"b\":{\"x\":1},\"ab\":2}", EG_ERROR_FORMAT, "the id of the token “b”" },
  { "model", "vocab", "{\"a\":0,\"b\":4194304,\"ab\":2}", EG_ERROR_FORMAT, "the id of the token “b”" },
  { "model", "vocab", "{\"a\":0,\"b\":1,\"a\":3,\"ab\":2}", EG_ERROR_FORMAT, "“a” is there twice" },
  { "model", "vocab", "{\"a\":0,\"b\":1,\"\\u0061\":3,\"ab\":2}", EG_ERROR_FORMAT, "“a” is there twice" },
  { "model", "vocab", "{\"a\":0,\"b\":1,\"\\ud800\":2}", EG_ERROR_FORMAT, "is damaged" },
  { "model", "vocab", "{\"a\":0,\"b\":1,\"a\\u0000\":2}", EG_ERROR_UNSUPPORTED, "NUL" },
  { "model", "vocab", "{\"a\":0,\"b\":1", EG_ERROR_FORMAT, "the JSON text" },
  { "model", "vocab", "\"vocab.json\"", EG_ERROR_FORMAT, "model.vocab is not an object" },
  { "model", "vocab", "null", EG_ERROR_FORMAT, "model.vocab is not an object" },
  { "model", "vocab", "{\"a\":0,\"b\":1}", EG_ERROR_FORMAT, "model.merges[0] names “ab”" },
  { "model", "vocab", "{\"a\":0,\"ab\":1}", EG_ERROR_FORMAT, "model.merges[0] names “b”" },
  { "model", "merges", NULL, EG_ERROR_FORMAT, "model.merges is not an array" },
  { "model", "merges", "{}", EG_ERROR_FORMAT, "model.merges is not an array" },
  { "model", "merges", "[\"a b\",\"ab\"]", EG_ERROR_FORMAT, "model.merges[1] is not a pair" },
  { "model", "merges", "[\"a b \"]", EG_ERROR_FORMAT, "model.merges[0] is not a pair" },
  { "model", "merges", "[\"a \"]", EG_ERROR_FORMAT, "model.merges[0] names “”" },
  { "model", "merges", "[\"a b\",[\"a\",\"b\"]]", EG_ERROR_FORMAT, "model.merges[1] is not a pair" },
  { "model", "merges", "[[\"a\",\"b\"],\"a b\"]", EG_ERROR_FORMAT, "model.merges[1] is not a pair" },
  { "model", "merges", "[[\"a\",\"b\",\"a\"]]", EG_ERROR_FORMAT, "model.merges[0] is not a pair" },
  { "model", "merges", "[[\"a\",1]]", EG_ERROR_FORMAT, "model.merges[0] is not a pair" },
  { "model", "merges", "[[\"a\"]]", EG_ERROR_FORMAT, "model.merges[0] is not a pair" },
  { "model", "merges", "[[]]", EG_ERROR_FORMAT, "model.merges[0] is not a pair" },
  { "model", "merges", "[[[\"a\",\"b\"]]]", EG_ERROR_FORMAT, "model.merges[0] is not a pair" },
  { "model", "merges", "[{\"a\":\"b\"}]", EG_ERROR_FORMAT, "model.merges[0] is not a pair" },
  { "model", "merges", "[[\"a\",\"b\"],[\"a\"],[],[]]", EG_ERROR_FORMAT, "model.merges[1] is not a pair" },
  { "model", "merges", "[[\"a\",\"b\"],\"#version\"]", EG_ERROR_FORMAT, "model.merges[1] is not a pair" },
  { "model", "merges", "null", EG_ERROR_FORMAT, "model.merges is not an array" },
  { "model", "merges", "[null]", EG_ERROR_FORMAT, "model.merges[0] is not a pair" },
  { "model", "merges", "[7]", EG_ERROR_FORMAT, "model.merges[0] is not a pair" },
  { "", "added_tokens", "{}", EG_ERROR_FORMAT, "added_tokens is not an array" },
  { "", "added_tokens", "[3]", EG_ERROR_FORMAT, "added_tokens[0] is not an object" },
  { "", "added_tokens", "[{\"id\":3}]", EG_ERROR_FORMAT, "added_tokens[0].content is not a text" },
  { "", "added_tokens", "[{\"id\":3,\"content\":\"c\"}]", EG_ERROR_FORMAT,
    "added_tokens[0].single_word is not true or false" },
  { "", "added_tokens", "[" ADDED ("-3", "\"c\"") "]", EG_ERROR_FORMAT, "the id of the token “c”" },
  { "", "added_tokens", "[" ADDED ("1e9", "\"c\"") "]", EG_ERROR_FORMAT, "the id of the token “c”" },
  { "", "added_tokens", "[" ADDED ("3", "null") "]", EG_ERROR_FORMAT,
    "added_tokens[0].content is not a text" },
  { "", "added_tokens", "[" ADDED ("3", "\"c\\u0000\"") "]", EG_ERROR_UNSUPPORTED, "NUL" },
  { "", "added_tokens", "[" ADDED ("3", "\"c\"") "," ADDED ("4", "\"c\"") "]", EG_ERROR_FORMAT,
    "“c” is there twice" },
  { "", "added_tokens", "[" ADDED ("3", "\"c\"") "," ADDED ("3", "\"d\"") "]", EG_ERROR_FORMAT,
    "two added tokens have the same id, 3" },
};

/* Returns: (transfer full): the small tokenizer with one change, as JSON. Written by hand where the value is
 * not one that json-glib would write. */
static char *
apply (const Change *change)
{
  g_autoptr (JsonNode) root = json_from_string (small, NULL);
  JsonObject *owner = json_node_get_object (root);
  if (*change->owner != '\0')
    owner = json_object_get_object_member (owner, change->owner);
  if (change->value == NULL)
    json_object_remove_member (owner, change->name);
  else
    json_object_set_string_member (owner, change->name, "@value@");
  g_autofree char *json = json_to_string (root, FALSE);
  if (change->value == NULL)
    return g_steal_pointer (&json);
  g_auto (GStrv) halves = g_strsplit (json, "\"@value@\"", 2);
  return g_strjoin (change->value, halves[0], halves[1], NULL);
}

static void
test_names_the_field_that_is_wrong (void)
{
  g_autoptr (EgTokenizer) unchanged = load_bytes (small, strlen (small), NULL);
  g_assert_nonnull (unchanged);
  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autofree char *json = apply (&changes[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (EgTokenizer) tokenizer = load_bytes (json, strlen (json), &error);
      if (tokenizer != NULL)
        g_error ("%s.%s = %s was taken", changes[i].owner, changes[i].name, changes[i].value);
      g_assert_error (error, EG_ERROR, (int)changes[i].code);
      if (!g_str_has_prefix (error->message, "tokenizer.json: ")
          || !strstr (error->message, changes[i].message))
        g_error ("“%s” does not say “%s”", error->message, changes[i].message);
    }
}

static void
test_reads_older_and_newer_spellings (void)
{
  static const Change fine[] = {
    { "", "version", NULL },
    { "", "added_tokens", NULL },
    { "", "truncation", "{\"max_length\":1}" },
    { "", "post_processor", NULL },
    { "", "post_processor", TEMPLATE (FIRST "," TEXT, "\"a\":{\"ids\":[1]}") },
    { "", "decoder", "null" },
    { "", "decoder", NULL },
    { "", "pre_tokenizer", SEQUENCE (BYTE_LEVEL) },
    { "", "pre_tokenizer", SEQUENCE (SEQUENCE (BYTE_LEVEL)) },
    { "model", "type", NULL },
    { "model", "dropout", "0.0" },
    { "model", "end_of_word_suffix", "\"\"" },
    { "model", "fuse_unk", NULL },
    { "model", "ignore_merges", "true" },
    { "model", "merges", "[[\"a\",\"b\"]]" },
    { "model", "merges", "[\"#version: 0.2\",\"a b\"]" },
    { "model", "merges", "[\"\\u0061\\u0020b\"]" },
    { "model", "vocab", "{\"\\u0061\" : 0 , \"b\":1,\"\\u0061b\":2}" },
    { "model", "unk_token", "\"a\"" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (fine); i++)
    {
      g_autofree char *json = apply (&fine[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (EgTokenizer) tokenizer = load_bytes (json, strlen (json), &error);
      g_assert_no_error (error);
      guint32 id;
      g_assert_true (eg_tokenizer_lookup (tokenizer, "ab", &id));
      g_assert_cmpuint (id, ==, 2);
    }
}

static void
test_lowest_rank_wins_then_leftmost (void)
{
  const Change change = { "model", "vocab", "{\"a\":0,\"b\":1,\"ab\":2,\"c\":3,\"bc\":4,\"aa\":5}" };
  g_autofree char *json = apply (&change);
  g_auto (GStrv) halves = g_strsplit (json, "[\"a b\"]", 2);
  g_autofree char *merges = g_strjoin ("[\"b c\",\"a b\",\"a a\"]", halves[0], halves[1], NULL);
  g_autoptr (EgTokenizer) tokenizer = load_bytes (merges, strlen (merges), NULL);
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, "abcaaab", -1, NULL);
  static const guint32 expected[] = { 0, 4, 5, 2 };
  g_assert_cmpuint (tokens->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < tokens->len; i++)
    g_assert_cmpuint (g_array_index (tokens, EgToken, i).id, ==, expected[i]);
}

static void
test_survives_deep_nesting (void)
{
  g_autoptr (GString) json = g_string_new ("{\"normalizer\":");
  for (int i = 0; i < 1000000; i++)
    g_string_append (json, "[");
  g_autoptr (GError) error = NULL;
  g_assert_null (load_bytes (json->str, json->len, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_FORMAT);
}

static void
test_refuses_what_is_no_file (void)
{
  g_autoptr (GError) error = NULL;
  g_remove (file);
  g_assert_null (eg_tokenizer_load (folder, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_autofree char *path = g_build_filename (folder, "missing.json", NULL);
  g_assert_null (eg_tokenizer_load (path, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_NOT_FOUND);
}

static void
test_tokens_are_readable (void)
{
  static const struct
  {
    const char *token, *label, *visible;
  } cases[] = {
    { "The", "The", "The" },
    { " mother", "mother", "␣mother" },
    { " ", "␣", "␣" },
    { "   ", "␣␣␣", "␣␣␣" },
    { "  x", "␣␣x", "␣␣x" },
    { "a b", "a b", "a b" },
    { "\n", "↵", "↵" },
    { "\t", "⇥", "⇥" },
    { "\x01", "␁", "␁" },
    { "\x7f", "␡", "␡" },
    { "", "∅", "∅" },
    { "\xff", "\xef\xbf\xbd", "\xef\xbf\xbd" },
    { " a\u202eb", "a⟨U+202E⟩b", "␣a⟨U+202E⟩b" },
    { "日本", "日本", "日本" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *label = eg_token_to_label (cases[i].token);
      g_autofree char *visible = eg_token_to_visible (cases[i].token);
      g_assert_cmpstr (label, ==, cases[i].label);
      g_assert_cmpstr (visible, ==, cases[i].visible);
    }
}

/* In a sentence it turns nothing around it, and is not longer than the sentence. */
static void
test_quoted_tokens_keep_to_themselves (void)
{
  g_autofree char *plain = eg_token_quote (" in"), *arabic = eg_token_quote (" \u0645\u0631");
  g_autofree char *turned = eg_token_quote ("\u202eab"), *text = eg_text_quote ("Eiffel Tower");
  g_autofree char *many = g_strnfill (3000, 'x');
  many[0] = 'a';
  many[2999] = 'z';
  g_autofree char *shortened = eg_token_quote (many);

  g_assert_cmpstr (plain, ==, "␣in");
  g_assert_cmpstr (text, ==, "Eiffel Tower");
  g_assert_cmpstr (arabic, ==, "\u2068␣\u0645\u0631\u2069");
  g_assert_cmpstr (turned, ==, "\u2068⟨U+202E⟩ab\u2069");
  g_assert_cmpint (g_utf8_strlen (shortened, -1), ==, 40);
  g_assert_true (g_str_has_prefix (shortened, "ax") && g_str_has_suffix (shortened, "xz"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("engram-tokenizer-XXXXXX", NULL);
  file = g_build_filename (folder, "tokenizer.json", NULL);

  static const char *const names[] = { "gpt-neox", "flags", "gaps", "nfc", "dropped", "unknown", "fused" };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_strdup_printf ("/tokenizer/encodes-as-the-library/%s", names[i]);
      g_test_add_data_func (path, names[i], test_encodes_as_the_library);
    }
  g_test_add_func ("/tokenizer/decodes-as-the-library", test_decodes_as_the_library);
  g_test_add_func ("/tokenizer/broken-characters-become-one-sign-each",
                   test_broken_characters_become_one_sign_each);
  g_test_add_func ("/tokenizer/decodes-what-it-encoded", test_decodes_what_it_encoded);
  g_test_add_func ("/tokenizer/knows-the-class-of-every-character", test_knows_the_class_of_every_character);
  g_test_add_func ("/tokenizer/offsets-count-the-characters-given", test_offsets_count_the_characters_given);
  g_test_add_func ("/tokenizer/tokens-are-readable", test_tokens_are_readable);
  g_test_add_func ("/tokenizer/quoted-tokens-keep-to-themselves", test_quoted_tokens_keep_to_themselves);
  g_test_add_func ("/tokenizer/spells-tokens", test_spells_tokens);
  g_test_add_func ("/tokenizer/unknown-ids-spell-nothing", test_unknown_ids_spell_nothing);
  g_test_add_func ("/tokenizer/lookup-wants-exactly-one-token", test_lookup_wants_exactly_one_token);
  g_test_add_func ("/tokenizer/refuses-text-that-is-not-utf8", test_refuses_text_that_is_not_utf8);
  g_test_add_func ("/tokenizer/long-words-take-no-quadratic-time", test_long_words_take_no_quadratic_time);
  g_test_add_func ("/tokenizer/many-threads-may-use-it", test_many_threads_may_use_it);
  g_test_add_func ("/tokenizer/lowest-rank-wins-then-leftmost", test_lowest_rank_wins_then_leftmost);
  g_test_add_func ("/tokenizer/reads-older-and-newer-spellings", test_reads_older_and_newer_spellings);
  g_test_add_func ("/tokenizer/names-the-field-that-is-wrong", test_names_the_field_that_is_wrong);
  g_test_add_func ("/tokenizer/survives-truncation", test_survives_truncation);
  g_test_add_func ("/tokenizer/survives-changed-bytes", test_survives_changed_bytes);
  g_test_add_func ("/tokenizer/survives-deep-nesting", test_survives_deep_nesting);
  g_test_add_func ("/tokenizer/refuses-what-is-no-file", test_refuses_what_is_no_file);

  const int status = g_test_run ();
  g_clear_pointer (&neox, eg_tokenizer_unref);
  g_remove (file);
  g_rmdir (folder);
  g_free (file);
  g_free (folder);
  return status;
}
