/* Reads tokenizer.json into an EgTokenizer. */
#include "tokenizer/tokenizer-private.h"

#include "core/error.h"
#include "formats/json-reader.h"
#include "formats/json-text.h"
#include "formats/map-file.h"
#include "formats/quote.h"
#include "tokenizer/aligned-text.h"
#include "tokenizer/byte-level.h"

#include <glib/gi18n.h>
#include <string.h>

static const gsize MAX_FILE_BYTES = (gsize)256 << 20;

/* The parts of the file that are too large for a tree. */
enum
{
  VOCABULARY,
  MERGES,
  N_SPANS
};

typedef struct
{
  const char *where; /* the file's name, which begins every message */
  const EgJsonSpan *spans;
  EgTokenizer *tokenizer;
  GHashTable *ids; /* the vocabulary: text → id; the texts belong to the tokenizer */
  gboolean byte_level_processor;
} Loader;

static gboolean fail (const Loader *self, GError **error, EgError code, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* Returns: FALSE. */
static gboolean
fail (const Loader *self, GError **error, EgError code, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *problem = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, EG_ERROR, code, "%s: %s", self->where, problem);
  return FALSE;
}

static gboolean
is_null (JsonNode *node)
{
  return node == NULL || JSON_NODE_HOLDS_NULL (node);
}

/* A member that is true or false; fallback if it is null or missing, unless it is required. */
static gboolean
read_flag (const Loader *self,
           JsonObject *object,
           const char *owner,
           const char *name,
           gboolean required,
           gboolean fallback,
           gboolean *value,
           GError **error)
{
  JsonNode *node = json_object_get_member (object, name);
  *value = fallback;
  if (is_null (node) && !required)
    return TRUE;
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return fail (self, error, EG_ERROR_FORMAT, _ ("%s.%s is not true or false"), owner, name);
  *value = json_node_get_boolean (node);
  return TRUE;
}

/* The "type" of one of the tokenizer's parts. Returns: (transfer none): NULL with an error. */
static const char *
read_kind (const Loader *self, JsonNode *node, const char *owner, GError **error)
{
  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      fail (self, error, EG_ERROR_FORMAT, _ ("%s is not an object"), owner);
      return NULL;
    }
  const char *kind = eg_json_node_get_text (json_object_get_member (json_node_get_object (node), "type"));
  if (kind == NULL)
    fail (self, error, EG_ERROR_FORMAT, _ ("%s.%s is not a text"), owner, "type");
  return kind;
}

static gboolean
refuse_kind (const Loader *self, const char *owner, const char *kind, const char *known, GError **error)
{
  g_autofree char *quoted = eg_quote (kind);
  return fail (self, error, EG_ERROR_UNSUPPORTED, _ ("the %s is of the kind “%s”, but Engram reads only %s"),
               owner, quoted, known);
}

/* The array of parts in a Sequence. Returns: (transfer none): NULL with an error. */
static JsonArray *
read_sequence (const Loader *self, JsonNode *node, const char *owner, const char *name, GError **error)
{
  JsonNode *member = json_object_get_member (json_node_get_object (node), name);
  if (member != NULL && JSON_NODE_HOLDS_ARRAY (member))
    return json_node_get_array (member);
  fail (self, error, EG_ERROR_FORMAT, _ ("%s.%s is not an array"), owner, name);
  return NULL;
}

/* ---- the small parts ---- */

static gboolean
read_normalizer (Loader *self, JsonNode *node, GError **error)
{
  if (is_null (node))
    return TRUE;
  const char *kind = read_kind (self, node, "normalizer", error);
  if (kind == NULL)
    return FALSE;
  if (g_str_equal (kind, "NFC"))
    return self->tokenizer->nfc = TRUE;
  if (!g_str_equal (kind, "Sequence"))
    return refuse_kind (self, "normalizer", kind, "NFC", error);

  JsonArray *sequence = read_sequence (self, node, "normalizer", "normalizers", error);
  if (sequence == NULL)
    return FALSE;
  for (guint i = 0; i < json_array_get_length (sequence); i++)
    if (!read_normalizer (self, json_array_get_element (sequence, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
read_pre_tokenizer (Loader *self, JsonNode *node, GError **error)
{
  if (is_null (node))
    return fail (self, error, EG_ERROR_UNSUPPORTED,
                 _ ("it has no pre_tokenizer, but Engram reads only ByteLevel"));
  const char *kind = read_kind (self, node, "pre_tokenizer", error);
  if (kind == NULL)
    return FALSE;
  if (!g_str_equal (kind, "ByteLevel"))
    return refuse_kind (self, "pre_tokenizer", kind, "ByteLevel", error);

  JsonObject *object = json_node_get_object (node);
  EgTokenizer *tokenizer = self->tokenizer;
  gboolean trim_offsets; /* of no effect here */
  return read_flag (self, object, "pre_tokenizer", "add_prefix_space", TRUE, FALSE,
                    &tokenizer->add_prefix_space, error)
         && read_flag (self, object, "pre_tokenizer", "trim_offsets", TRUE, FALSE, &trim_offsets, error)
         && read_flag (self, object, "pre_tokenizer", "use_regex", FALSE, TRUE, &tokenizer->use_regex, error);
}

static gboolean
read_byte_level_processor (Loader *self, JsonObject *object, GError **error)
{
  if (self->byte_level_processor)
    return fail (self, error, EG_ERROR_UNSUPPORTED,
                 _ ("the post_processor has ByteLevel twice, but Engram reads only one"));
  self->byte_level_processor = TRUE;
  EgTokenizer *tokenizer = self->tokenizer;
  return read_flag (self, object, "post_processor", "add_prefix_space", TRUE, FALSE,
                    &tokenizer->trim_after_prefix, error)
         && read_flag (self, object, "post_processor", "trim_offsets", TRUE, FALSE, &tokenizer->trim_offsets,
                       error);
}

/* Only a template that is the text and nothing else ("$A") passes. */
static gboolean
check_template (const Loader *self, JsonNode *node, GError **error)
{
  JsonArray *single = read_sequence (self, node, "post_processor", "single", error);
  if (single == NULL)
    return FALSE;
  if (json_array_get_length (single) == 1)
    {
      JsonNode *piece = json_array_get_element (single, 0);
      if (JSON_NODE_HOLDS_OBJECT (piece) && json_object_has_member (json_node_get_object (piece), "Sequence"))
        return TRUE;
    }
  return fail (self, error, EG_ERROR_UNSUPPORTED,
               _ ("the post_processor adds tokens to every text, which Engram does not do"));
}

static gboolean
read_post_processor (Loader *self, JsonNode *node, GError **error)
{
  if (is_null (node))
    return TRUE;
  const char *kind = read_kind (self, node, "post_processor", error);
  if (kind == NULL)
    return FALSE;
  if (g_str_equal (kind, "ByteLevel"))
    return read_byte_level_processor (self, json_node_get_object (node), error);
  if (g_str_equal (kind, "TemplateProcessing"))
    return check_template (self, node, error);
  if (!g_str_equal (kind, "Sequence"))
    return refuse_kind (self, "post_processor", kind, "ByteLevel", error);

  JsonArray *sequence = read_sequence (self, node, "post_processor", "processors", error);
  if (sequence == NULL)
    return FALSE;
  for (guint i = 0; i < json_array_get_length (sequence); i++)
    if (!read_post_processor (self, json_array_get_element (sequence, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
check_decoder (const Loader *self, JsonNode *node, GError **error)
{
  if (is_null (node))
    return fail (self, error, EG_ERROR_UNSUPPORTED, _ ("it has no decoder, but Engram reads only ByteLevel"));
  const char *kind = read_kind (self, node, "decoder", error);
  if (kind == NULL)
    return FALSE;
  return g_str_equal (kind, "ByteLevel") || refuse_kind (self, "decoder", kind, "ByteLevel", error);
}

/* ---- the vocabulary ---- */

/* Sets the text of an id that has none yet. text: of the tokenizer's texts. */
static gboolean
set_entry (Loader *self, guint32 id, const char *text, GError **error)
{
  EgVocabularyEntry *entry = &self->tokenizer->entries[id];
  if (entry->text != NULL)
    {
      g_autofree char *first = eg_quote (entry->text);
      g_autofree char *second = eg_quote (text);
      return fail (self, error, EG_ERROR_FORMAT, _ ("the tokens “%s” and “%s” have the same id, %u"), first,
                   second, id);
    }
  entry->text = text;
  return TRUE;
}

static gboolean
check_id (const Loader *self, gboolean good, const char *token, GError **error)
{
  if (good)
    return TRUE;
  g_autofree char *quoted = eg_quote (token);
  return fail (self, error, EG_ERROR_FORMAT, _ ("the id of the token “%s” is not a number from 0 to %u"),
               quoted, EG_TOKENIZER_MAX_IDS - 1);
}

typedef struct
{
  char *text; /* of the tokenizer's texts */
  guint32 id;
} Word;

/* Reads the next member, "text": id, of the vocabulary. */
static gboolean
read_word (Loader *self, EgJsonReader *reader, Word *word, GError **error)
{
  word->text
      = g_string_chunk_insert_len (self->tokenizer->texts, reader->text->str, (gssize)reader->text->len);
  eg_json_reader_next (reader); /* the colon */
  const gboolean good = eg_json_reader_next (reader) == EG_JSON_INTEGER && reader->integer >= 0
                        && reader->integer < EG_TOKENIZER_MAX_IDS;
  if (!check_id (self, good, word->text, error))
    return FALSE;
  word->id = (guint32)reader->integer;
  if (g_hash_table_insert (self->ids, word->text, GUINT_TO_POINTER (word->id)))
    return TRUE;
  g_autofree char *quoted = eg_quote (word->text);
  return fail (self, error, EG_ERROR_FORMAT, _ ("“%s” is there twice"), quoted);
}

/* n_added: how many ids after the vocabulary may be needed. */
static gboolean
read_vocabulary (Loader *self, guint n_added, GError **error)
{
  const EgJsonSpan *span = &self->spans[VOCABULARY];
  if (span->start == NULL || *span->start != EG_JSON_OBJECT)
    return fail (self, error, EG_ERROR_FORMAT, _ ("%s is not an object"), "model.vocab");
  g_auto (EgJsonReader) reader;
  eg_json_reader_init (&reader, span->start, span->length);
  eg_json_reader_next (&reader);
  g_autoptr (GArray) words = g_array_sized_new (FALSE, FALSE, sizeof (Word), (guint)span->n_values);
  guint32 largest = 0;
  while (eg_json_reader_next (&reader) == EG_JSON_TEXT)
    {
      Word word;
      if (!read_word (self, &reader, &word, error))
        return FALSE;
      g_array_append_val (words, word);
      largest = MAX (largest, word.id);
      eg_json_reader_next (&reader); /* a comma or the end */
    }
  if (words->len == 0)
    return fail (self, error, EG_ERROR_FORMAT, _ ("model.vocab is empty"));

  self->tokenizer->n_ids = MAX ((gsize)largest + 1, (gsize)words->len + n_added);
  self->tokenizer->entries = g_new0 (EgVocabularyEntry, self->tokenizer->n_ids);
  for (guint i = 0; i < words->len; i++)
    {
      const Word *word = &g_array_index (words, Word, i);
      if (!set_entry (self, word->id, word->text, error))
        return FALSE;
    }
  return TRUE;
}

/* Returns: the token's id in the vocabulary, or EG_NO_TOKEN. */
static guint32
find_id (const Loader *self, const char *text)
{
  gpointer id;
  return g_hash_table_lookup_extended (self->ids, text, NULL, &id) ? GPOINTER_TO_UINT (id) : EG_NO_TOKEN;
}

/* Looks a merge's part up. */
static gboolean
find_part (const Loader *self, guint place, const char *text, guint32 *id, GError **error)
{
  *id = find_id (self, text);
  if (*id != EG_NO_TOKEN)
    return TRUE;
  g_autofree char *quoted = eg_quote (text);
  return fail (self, error, EG_ERROR_FORMAT,
               _ ("model.merges[%u] names “%s”, which model.vocab does not have"), place, quoted);
}

/* A merge's two parts, "a b" or ["a", "b"], one after the other in joined with a NUL between. token: its
 * first.
 */
static gboolean
read_pair (EgJsonReader *reader, EgJsonToken token, GString *joined, gsize *left_length)
{
  if (token == EG_JSON_TEXT)
    {
      g_string_assign (joined, reader->text->str);
      char *space = strchr (joined->str, ' ');
      if (space == NULL || strchr (space + 1, ' ') != NULL)
        return FALSE;
      *left_length = (gsize)(space - joined->str);
      *space = '\0';
      return TRUE;
    }
  if (token != EG_JSON_ARRAY || eg_json_reader_next (reader) != EG_JSON_TEXT)
    return FALSE;
  g_string_assign (joined, reader->text->str);
  *left_length = joined->len;
  if (eg_json_reader_next (reader) != EG_JSON_COMMA || eg_json_reader_next (reader) != EG_JSON_TEXT)
    return FALSE;
  g_string_append_c (joined, '\0');
  g_string_append (joined, reader->text->str);
  return eg_json_reader_next (reader) == EG_JSON_ARRAY_END;
}

static gboolean
read_merge (Loader *self, guint place, guint32 rank, GString *joined, gsize left_length, GError **error)
{
  guint32 left, right, merged;
  if (!find_part (self, place, joined->str, &left, error)
      || !find_part (self, place, joined->str + left_length + 1, &right, error))
    return FALSE;
  g_string_erase (joined, (gssize)left_length, 1);
  if (!find_part (self, place, joined->str, &merged, error))
    return FALSE;
  eg_merges_add (self->tokenizer->merges, left, right, rank, merged);
  return TRUE;
}

static gboolean
read_merges (Loader *self, GError **error)
{
  const EgJsonSpan *span = &self->spans[MERGES];
  if (span->start == NULL || *span->start != EG_JSON_ARRAY)
    return fail (self, error, EG_ERROR_FORMAT, _ ("%s.%s is not an array"), "model", "merges");
  g_auto (EgJsonReader) reader;
  eg_json_reader_init (&reader, span->start, span->length);
  eg_json_reader_next (&reader);
  EgJsonToken token = eg_json_reader_next (&reader);
  const EgJsonToken kind = token; /* of all of them */
  self->tokenizer->merges = eg_merges_new (kind == EG_JSON_TEXT ? span->n_values : span->n_values / 3);
  g_autoptr (GString) joined = g_string_new (NULL);
  guint32 rank = 0;
  for (guint place = 0; token != EG_JSON_ARRAY_END; place++)
    {
      gsize left_length;
      const gboolean comment = token == EG_JSON_TEXT && g_str_has_prefix (reader.text->str, "#version");
      if (token != kind || !(comment || read_pair (&reader, token, joined, &left_length)))
        return fail (self, error, EG_ERROR_FORMAT, _ ("model.merges[%u] is not a pair of tokens"), place);
      if (!comment && !read_merge (self, place, rank++, joined, left_length, error))
        return FALSE;
      token = eg_json_reader_next (&reader);
      if (token == EG_JSON_COMMA)
        token = eg_json_reader_next (&reader);
    }
  return TRUE;
}

/* The token of each byte, and the one for bytes that have none. unknown: (nullable). */
static gboolean
find_bytes (Loader *self, const char *unknown, GError **error)
{
  EgTokenizer *tokenizer = self->tokenizer;
  gboolean complete = TRUE;
  for (guint byte = 0; byte < 256; byte++)
    {
      char text[7] = { 0 };
      g_unichar_to_utf8 (eg_byte_level_char ((guint8)byte), text);
      tokenizer->byte_ids[byte] = find_id (self, text);
      complete = complete && tokenizer->byte_ids[byte] != EG_NO_TOKEN;
    }
  tokenizer->unknown_id = unknown != NULL ? find_id (self, unknown) : EG_NO_TOKEN;
  if (complete || unknown == NULL || tokenizer->unknown_id != EG_NO_TOKEN)
    return TRUE;
  g_autofree char *quoted = eg_quote (unknown);
  return fail (self, error, EG_ERROR_FORMAT, _ ("model.unk_token is “%s”, which model.vocab does not have"),
               quoted);
}

/* ---- the model ---- */

/* Refuses what would change the tokens: it must be null, or as if it were. */
static gboolean
check_absent (const Loader *self, JsonObject *model, const char *name, GError **error)
{
  JsonNode *node = json_object_get_member (model, name);
  if (is_null (node))
    return TRUE;
  const char *text = eg_json_node_get_text (node);
  const gboolean empty = text != NULL && *text == '\0';
  const gboolean number = JSON_NODE_HOLDS_VALUE (node) && text == NULL
                          && (json_node_get_value_type (node) == G_TYPE_INT64
                              || json_node_get_value_type (node) == G_TYPE_DOUBLE);
  if (empty || (number && json_node_get_double (node) == 0))
    return TRUE;
  return fail (self, error, EG_ERROR_UNSUPPORTED, _ ("model.%s is set, which Engram does not read"), name);
}

static gboolean
check_model_kind (const Loader *self, JsonNode *node, GError **error)
{
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return fail (self, error, EG_ERROR_FORMAT, _ ("%s is not an object"), "model");
  JsonObject *model = json_node_get_object (node);
  /* Files before 2020 do not name the kind; only BPE has merges. */
  if (!json_object_has_member (model, "type") && json_object_has_member (model, "merges"))
    return TRUE;
  const char *kind = read_kind (self, node, "model", error);
  if (kind == NULL)
    return FALSE;
  return g_str_equal (kind, "BPE") || refuse_kind (self, "model", kind, "BPE", error);
}

static gboolean
read_model (Loader *self, JsonNode *node, guint n_added, GError **error)
{
  if (!check_model_kind (self, node, error))
    return FALSE;
  JsonObject *model = json_node_get_object (node);
  gboolean byte_fallback, ignore_merges;
  if (!check_absent (self, model, "dropout", error)
      || !check_absent (self, model, "continuing_subword_prefix", error)
      || !check_absent (self, model, "end_of_word_suffix", error)
      || !read_flag (self, model, "model", "byte_fallback", FALSE, FALSE, &byte_fallback, error)
      || !read_flag (self, model, "model", "ignore_merges", FALSE, FALSE, &ignore_merges, error)
      || !read_flag (self, model, "model", "fuse_unk", FALSE, FALSE, &self->tokenizer->fuse_unknown, error))
    return FALSE;
  if (byte_fallback)
    return fail (self, error, EG_ERROR_UNSUPPORTED, _ ("model.%s is set, which Engram does not read"),
                 "byte_fallback");
  JsonNode *unknown = json_object_get_member (model, "unk_token");
  if (!is_null (unknown) && eg_json_node_get_text (unknown) == NULL)
    return fail (self, error, EG_ERROR_FORMAT, _ ("%s.%s is not a text"), "model", "unk_token");

  if (!read_vocabulary (self, n_added, error) || !read_merges (self, error)
      || !find_bytes (self, is_null (unknown) ? NULL : eg_json_node_get_text (unknown), error))
    return FALSE;
  if (ignore_merges)
    self->tokenizer->whole_words = g_hash_table_ref (self->ids);
  return TRUE;
}

/* ---- added tokens ---- */

/* Returns: (transfer full): content as the normalizer leaves it. */
static char *
normalize (const Loader *self, const char *content)
{
  g_autoptr (EgAlignedText) text = eg_aligned_text_new (content, 0, strlen (content));
  if (self->tokenizer->nfc)
    eg_aligned_text_normalize (text);
  return g_strdup (text->text->str);
}

static gboolean
read_added_token (Loader *self,
                  guint place,
                  JsonNode *node,
                  GHashTable *contents,
                  GHashTable *file_ids,
                  guint32 *next_id,
                  GError **error)
{
  g_autofree char *owner = g_strdup_printf ("added_tokens[%u]", place);
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (self, error, EG_ERROR_FORMAT, _ ("%s is not an object"), owner);
  JsonObject *object = json_node_get_object (node);
  const char *content = eg_json_node_get_text (json_object_get_member (object, "content"));
  if (content == NULL)
    return fail (self, error, EG_ERROR_FORMAT, _ ("%s.%s is not a text"), owner, "content");
  EgAddedToken token;
  gboolean normalized, special;
  guint64 file_id = 0;
  const gboolean good = eg_json_node_get_size (json_object_get_member (object, "id"), &file_id)
                        && file_id < EG_TOKENIZER_MAX_IDS;
  if (!check_id (self, good, content, error)
      || !read_flag (self, object, owner, "single_word", TRUE, FALSE, &token.single_word, error)
      || !read_flag (self, object, owner, "lstrip", TRUE, FALSE, &token.lstrip, error)
      || !read_flag (self, object, owner, "rstrip", TRUE, FALSE, &token.rstrip, error)
      || !read_flag (self, object, owner, "normalized", TRUE, FALSE, &normalized, error)
      || !read_flag (self, object, owner, "special", TRUE, FALSE, &special, error))
    return FALSE;
  if (*content == '\0')
    return TRUE;
  g_autofree char *quoted = eg_quote (content);
  if (!g_hash_table_add (contents, (char *)content))
    return fail (self, error, EG_ERROR_FORMAT, _ ("the added token “%s” is there twice"), quoted);
  if (!g_hash_table_add (file_ids, GSIZE_TO_POINTER (file_id)))
    return fail (self, error, EG_ERROR_FORMAT, _ ("two added tokens have the same id, %u"), (guint)file_id);

  token.id = find_id (self, content);
  if (token.id == EG_NO_TOKEN)
    {
      token.id = (*next_id)++;
      if (!set_entry (self, token.id, g_string_chunk_insert (self->tokenizer->texts, content), error))
        return FALSE;
    }
  g_autofree char *pattern = normalized ? normalize (self, content) : g_strdup (content);
  /* What an id is decoded to is the normalized form; the same pointer unless that differs. */
  if (!g_str_equal (pattern, content))
    self->tokenizer->entries[token.id].text = g_string_chunk_insert (self->tokenizer->texts, pattern);
  EgAddedTokens *set = normalized ? self->tokenizer->added_normalized : self->tokenizer->added_raw;
  if (eg_added_tokens_add (set, pattern, token))
    return TRUE;
  g_autofree char *quoted_pattern = eg_quote (pattern);
  return fail (self, error, EG_ERROR_FORMAT, _ ("two added tokens both read “%s” once they are normalized"),
               quoted_pattern);
}

/* tokens: (nullable). */
static gboolean
read_added_tokens (Loader *self, JsonArray *tokens, GError **error)
{
  EgTokenizer *tokenizer = self->tokenizer;
  tokenizer->added_raw = eg_added_tokens_new ();
  tokenizer->added_normalized = eg_added_tokens_new ();
  if (tokens == NULL)
    return TRUE;
  g_autoptr (GHashTable) contents = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) file_ids = g_hash_table_new (NULL, NULL);
  guint32 next_id = g_hash_table_size (self->ids);
  for (guint i = 0; i < json_array_get_length (tokens); i++)
    if (!read_added_token (self, i, json_array_get_element (tokens, i), contents, file_ids, &next_id, error))
      return FALSE;
  return TRUE;
}

/* ---- the whole ---- */

/* Cuts unused ids off the end and writes down what bytes each token stands for. */
static void
finish_entries (EgTokenizer *self)
{
  while (self->n_ids > 0 && self->entries[self->n_ids - 1].text == NULL)
    self->n_ids--;
  for (gsize i = 0; i < self->n_ids; i++)
    {
      EgVocabularyEntry *entry = &self->entries[i];
      const guint start = self->bytes->len;
      if (entry->text != NULL)
        eg_byte_level_decode (entry->text, self->bytes);
      entry->n_bytes = self->bytes->len - start;
    }
  const guint8 *bytes = self->bytes->data;
  for (gsize i = 0; i < self->n_ids; bytes += self->entries[i++].n_bytes)
    self->entries[i].bytes = bytes;
}

static gboolean
check_version (const Loader *self, JsonObject *root, GError **error)
{
  JsonNode *node = json_object_get_member (root, "version");
  if (node == NULL)
    return TRUE;
  const char *version = eg_json_node_get_text (node);
  if (version == NULL)
    return fail (self, error, EG_ERROR_FORMAT, _ ("%s is not a text"), "version");
  if (g_str_equal (version, "1.0"))
    return TRUE;
  g_autofree char *quoted = eg_quote (version);
  return fail (self, error, EG_ERROR_UNSUPPORTED,
               _ ("it is of version “%s”, but Engram reads only version 1.0"), quoted);
}

static gboolean
read_root (Loader *self, JsonObject *root, GError **error)
{
  JsonNode *added = json_object_get_member (root, "added_tokens");
  if (added != NULL && !JSON_NODE_HOLDS_ARRAY (added))
    return fail (self, error, EG_ERROR_FORMAT, _ ("%s is not an array"), "added_tokens");
  JsonArray *tokens = added != NULL ? json_node_get_array (added) : NULL;
  const guint n_added = tokens != NULL ? json_array_get_length (tokens) : 0;
  return check_version (self, root, error)
         && read_normalizer (self, json_object_get_member (root, "normalizer"), error)
         && read_pre_tokenizer (self, json_object_get_member (root, "pre_tokenizer"), error)
         && read_post_processor (self, json_object_get_member (root, "post_processor"), error)
         && check_decoder (self, json_object_get_member (root, "decoder"), error)
         && read_model (self, json_object_get_member (root, "model"), n_added, error)
         && read_added_tokens (self, tokens, error);
}

/* A text ends at a NUL, written \u0000. Backslashes are legal in texts only. */
static gboolean
has_nul (const char *json, gsize length)
{
  static const char escape[] = "\\u0000";
  for (gsize i = 0; i + strlen (escape) <= length; i++)
    if (json[i] == '\\')
      {
        if (memcmp (json + i, escape, strlen (escape)) == 0)
          return TRUE;
        i++;
      }
  return FALSE;
}

EgTokenizer *
eg_tokenizer_load (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  g_autoptr (GMappedFile) file = eg_map_file (path, error);
  if (file == NULL)
    return NULL;
  g_autofree char *where = eg_file_get_title (path);
  g_autoptr (EgTokenizer) tokenizer = g_new0 (EgTokenizer, 1);
  g_atomic_ref_count_init (&tokenizer->ref_count);
  tokenizer->texts = g_string_chunk_new (1 << 16);
  tokenizer->bytes = g_byte_array_new ();
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  EgJsonSpan spans[N_SPANS] = { [VOCABULARY] = { "model", "vocab" }, [MERGES] = { "model", "merges" } };
  Loader loader = { where, spans, tokenizer, ids, FALSE };

  const gsize length = g_mapped_file_get_length (file);
  const char *json = length > 0 ? g_mapped_file_get_contents (file) : "";
  if (length > MAX_FILE_BYTES)
    {
      fail (&loader, error, EG_ERROR_FORMAT, _ ("it is larger than 256 MiB, which no tokenizer is"));
      return NULL;
    }
  if (has_nul (json, length))
    {
      fail (&loader, error, EG_ERROR_UNSUPPORTED, _ ("it has a token with a NUL character in its text"));
      return NULL;
    }
  g_autoptr (JsonNode) root = eg_json_parse_object_with_spans (json, length, where, spans, N_SPANS, error);
  if (root == NULL || !read_root (&loader, json_node_get_object (root), error))
    return NULL;
  finish_entries (tokenizer);
  return g_steal_pointer (&tokenizer);
}
