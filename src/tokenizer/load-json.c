/* tokenizer.json. */
#include "tokenizer/load-private.h"

#include "core/error.h"
#include "formats/quote.h"

#include <glib/gi18n.h>
#include <string.h>

/* The parts of the file that are too large for a tree. */
enum
{
  VOCABULARY,
  MERGES,
  N_SPANS
};

/* ---- the model ---- */

/* Refuses what would change the tokens: it must be null, or as if it were. */
static gboolean
check_absent (const EgTokenizerLoader *self, JsonObject *model, const char *name, GError **error)
{
  JsonNode *node = json_object_get_member (model, name);
  if (eg_tokenizer_is_null (node))
    return TRUE;
  const char *text = eg_json_node_get_text (node);
  const gboolean empty = text != NULL && *text == '\0';
  const gboolean number = JSON_NODE_HOLDS_VALUE (node) && text == NULL
                          && (json_node_get_value_type (node) == G_TYPE_INT64
                              || json_node_get_value_type (node) == G_TYPE_DOUBLE);
  if (empty || (number && json_node_get_double (node) == 0))
    return TRUE;
  return eg_tokenizer_fail (self, error, EG_ERROR_UNSUPPORTED,
                            _ ("model.%s is set, which Engram does not read"), name);
}

static gboolean
check_model_kind (const EgTokenizerLoader *self, JsonNode *node, GError **error)
{
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("%s is not an object"), "model");
  JsonObject *model = json_node_get_object (node);
  /* Files before 2020 do not name the kind; only BPE has merges. */
  if (!json_object_has_member (model, "type") && json_object_has_member (model, "merges"))
    return TRUE;
  const char *kind = eg_tokenizer_read_kind (self, node, "model", error);
  if (kind == NULL)
    return FALSE;
  return g_str_equal (kind, "BPE") || eg_tokenizer_refuse_kind (self, "model", kind, "BPE", error);
}

static gboolean
read_tables (EgTokenizerLoader *self, const EgJsonSpan *spans, guint n_added, GError **error)
{
  const EgJsonSpan *vocabulary = &spans[VOCABULARY], *merges = &spans[MERGES];
  if (vocabulary->start == NULL || *vocabulary->start != '{')
    return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("%s is not an object"), "model.vocab");
  if (!eg_tokenizer_read_vocabulary (self, "model.vocab", vocabulary->start, vocabulary->length,
                                     vocabulary->n_values, n_added, error))
    return FALSE;
  if (merges->start == NULL || *merges->start != '[')
    return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("%s.%s is not an array"), "model", "merges");
  return eg_tokenizer_read_merges (self, merges->start, merges->length, merges->n_values, error);
}

static gboolean
read_model (EgTokenizerLoader *self, JsonNode *node, const EgJsonSpan *spans, guint n_added, GError **error)
{
  if (!check_model_kind (self, node, error))
    return FALSE;
  JsonObject *model = json_node_get_object (node);
  gboolean byte_fallback, ignore_merges;
  if (!check_absent (self, model, "dropout", error)
      || !check_absent (self, model, "continuing_subword_prefix", error)
      || !check_absent (self, model, "end_of_word_suffix", error)
      || !eg_tokenizer_read_flag (self, model, "model", "byte_fallback", FALSE, FALSE, &byte_fallback, error)
      || !eg_tokenizer_read_flag (self, model, "model", "ignore_merges", FALSE, FALSE, &ignore_merges, error)
      || !eg_tokenizer_read_flag (self, model, "model", "fuse_unk", FALSE, FALSE,
                                  &self->tokenizer->fuse_unknown, error))
    return FALSE;
  if (byte_fallback)
    return eg_tokenizer_fail (self, error, EG_ERROR_UNSUPPORTED,
                              _ ("model.%s is set, which Engram does not read"), "byte_fallback");
  JsonNode *unknown = json_object_get_member (model, "unk_token");
  if (!eg_tokenizer_is_null (unknown) && eg_json_node_get_text (unknown) == NULL)
    return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("%s.%s is not a text"), "model", "unk_token");

  if (!read_tables (self, spans, n_added, error)
      || !eg_tokenizer_find_bytes (
          self, eg_tokenizer_is_null (unknown) ? NULL : eg_json_node_get_text (unknown), error))
    return FALSE;
  if (ignore_merges)
    self->tokenizer->whole_words = g_hash_table_ref (self->ids);
  return TRUE;
}

/* ---- added tokens ---- */

static gboolean
read_added_token (
    EgTokenizerLoader *self, guint place, JsonNode *node, EgSettingsToken *token, GError **error)
{
  g_autofree char *owner = g_strdup_printf ("added_tokens[%u]", place);
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("%s is not an object"), owner);
  JsonObject *object = json_node_get_object (node);
  const char *content = eg_json_node_get_text (json_object_get_member (object, "content"));
  if (content == NULL)
    return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("%s.%s is not a text"), owner, "content");
  guint64 id = 0;
  const gboolean good
      = eg_json_node_get_size (json_object_get_member (object, "id"), &id) && id < EG_TOKENIZER_MAX_IDS;
  token->content = g_strdup (content);
  token->id = (gint64)id;
  return eg_tokenizer_check_id (self, good, content, error)
         && eg_tokenizer_read_flag (self, object, owner, "single_word", TRUE, FALSE,
                                    &token->flags.single_word, error)
         && eg_tokenizer_read_flag (self, object, owner, "lstrip", TRUE, FALSE, &token->flags.lstrip, error)
         && eg_tokenizer_read_flag (self, object, owner, "rstrip", TRUE, FALSE, &token->flags.rstrip, error)
         && eg_tokenizer_read_flag (self, object, owner, "normalized", TRUE, FALSE, &token->normalized, error)
         && eg_tokenizer_read_flag (self, object, owner, "special", TRUE, FALSE, &token->special, error);
}

/* A text or an id that is there twice is an error; a token without a text is none. */
static gboolean
check_once (const EgTokenizerLoader *self,
            const EgSettingsToken *token,
            GHashTable *contents,
            GHashTable *file_ids,
            GError **error)
{
  g_autofree char *quoted = eg_quote (token->content);
  if (!g_hash_table_add (contents, token->content))
    return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("the added token “%s” is there twice"),
                              quoted);
  return g_hash_table_add (file_ids, GSIZE_TO_POINTER (token->id))
         || eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("two added tokens have the same id, %u"),
                               (guint)token->id);
}

/* nodes: (nullable). Returns: (transfer full) (element-type EgSettingsToken): NULL with an error. */
static GPtrArray *
read_added_tokens (EgTokenizerLoader *self, JsonArray *nodes, GError **error)
{
  g_autoptr (GPtrArray) tokens = g_ptr_array_new_with_free_func (eg_settings_token_free);
  g_autoptr (GHashTable) contents = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) file_ids = g_hash_table_new (NULL, NULL);
  for (guint i = 0; nodes != NULL && i < json_array_get_length (nodes); i++)
    {
      EgSettingsToken *token = eg_settings_token_new (NULL);
      const gboolean good
          = read_added_token (self, i, json_array_get_element (nodes, i), token, error)
            && (*token->content == '\0' || check_once (self, token, contents, file_ids, error));
      if (good && *token->content != '\0')
        g_ptr_array_add (tokens, token);
      else
        eg_settings_token_free (token);
      if (!good)
        return NULL;
    }
  return g_steal_pointer (&tokens);
}

/* ---- the whole ---- */

static gboolean
check_version (const EgTokenizerLoader *self, JsonObject *root, GError **error)
{
  JsonNode *node = json_object_get_member (root, "version");
  if (node == NULL)
    return TRUE;
  const char *version = eg_json_node_get_text (node);
  if (version == NULL)
    return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("%s is not a text"), "version");
  if (g_str_equal (version, "1.0"))
    return TRUE;
  g_autofree char *quoted = eg_quote (version);
  return eg_tokenizer_fail (self, error, EG_ERROR_UNSUPPORTED,
                            _ ("it is of version “%s”, but Engram reads only version 1.0"), quoted);
}

/* Those that the post_processor puts before every text must be there. */
static gboolean
check_first_ids (const EgTokenizerLoader *self, GError **error)
{
  const EgTokenizer *tokenizer = self->tokenizer;
  for (guint i = 0; i < tokenizer->first_ids->len; i++)
    {
      const guint32 id = g_array_index (tokenizer->first_ids, guint32, i);
      if (id >= tokenizer->n_ids || tokenizer->entries[id].text == NULL)
        return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT,
                                  _ ("the post_processor adds the id %u, which no token has"), id);
    }
  return TRUE;
}

/* What stands in the file, the settings beside it, and what both make together. */
static gboolean
read_tokens (EgTokenizerLoader *self,
             const char *folder,
             JsonObject *root,
             JsonArray *nodes,
             const EgJsonSpan *spans,
             GError **error)
{
  g_autoptr (GPtrArray) own = read_added_tokens (self, nodes, error);
  if (own == NULL)
    return FALSE;
  g_autoptr (EgTokenizerSettings) settings = eg_tokenizer_settings_load (
      folder, own, eg_pre_tokenizer_is_plain (self->tokenizer->pre_tokenizer), error);
  if (settings == NULL || !eg_tokenizer_check_class (settings, error)
      || !read_model (self, json_object_get_member (root, "model"), spans, own->len + settings->tokens->len,
                      error)
      || !eg_tokenizer_apply_class (self, settings, error))
    return FALSE;
  const gboolean keeps_own = settings->tokenizer_class == EG_TOKENIZER_CLASS_FILE;
  return (!keeps_own || eg_tokenizer_add_settings_tokens (self, own, error))
         && eg_tokenizer_add_settings_tokens (self, settings->tokens, error)
         && eg_tokenizer_finish_added (self, error) && check_first_ids (self, error);
}

static gboolean
read_root (
    EgTokenizerLoader *self, const char *folder, JsonObject *root, const EgJsonSpan *spans, GError **error)
{
  JsonNode *added = json_object_get_member (root, "added_tokens");
  if (added != NULL && !JSON_NODE_HOLDS_ARRAY (added))
    return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("%s is not an array"), "added_tokens");
  JsonArray *tokens = added != NULL ? json_node_get_array (added) : NULL;
  return check_version (self, root, error)
         && eg_tokenizer_read_normalizer (self, json_object_get_member (root, "normalizer"), error)
         && eg_tokenizer_read_pre_tokenizer (self, json_object_get_member (root, "pre_tokenizer"), error)
         && eg_tokenizer_read_post_processor (self, json_object_get_member (root, "post_processor"), error)
         && eg_tokenizer_check_decoder (self, json_object_get_member (root, "decoder"), error)
         && read_tokens (self, folder, root, tokens, spans, error);
}

gboolean
eg_tokenizer_load_json (
    EgTokenizerLoader *self, const char *folder, const char *json, gsize length, GError **error)
{
  EgJsonSpan spans[N_SPANS] = { [VOCABULARY] = { "model", "vocab" }, [MERGES] = { "model", "merges" } };
  g_autoptr (JsonNode) root
      = eg_json_parse_object_with_spans (json, length, self->where, spans, N_SPANS, error);
  return root != NULL && read_root (self, folder, json_node_get_object (root), spans, error);
}
