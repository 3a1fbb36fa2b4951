/* The small parts of tokenizer.json: normalizer, pre_tokenizer, post_processor, decoder. */
#include "tokenizer/load-private.h"

#include "core/error.h"
#include "formats/quote.h"

#include <glib/gi18n.h>

gboolean
eg_tokenizer_is_null (JsonNode *node)
{
  return node == NULL || JSON_NODE_HOLDS_NULL (node);
}

gboolean
eg_tokenizer_read_flag (const EgTokenizerLoader *self,
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
  if (eg_tokenizer_is_null (node) && !required)
    return TRUE;
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("%s.%s is not true or false"), owner, name);
  *value = json_node_get_boolean (node);
  return TRUE;
}

const char *
eg_tokenizer_read_kind (const EgTokenizerLoader *self, JsonNode *node, const char *owner, GError **error)
{
  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("%s is not an object"), owner);
      return NULL;
    }
  const char *kind = eg_json_node_get_text (json_object_get_member (json_node_get_object (node), "type"));
  if (kind == NULL)
    eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("%s.%s is not a text"), owner, "type");
  return kind;
}

gboolean
eg_tokenizer_refuse_kind (
    const EgTokenizerLoader *self, const char *owner, const char *kind, const char *known, GError **error)
{
  g_autofree char *quoted = eg_quote (kind);
  return eg_tokenizer_fail (self, error, EG_ERROR_UNSUPPORTED,
                            _ ("the %s is of the kind “%s”, but Engram reads only %s"), owner, quoted, known);
}

JsonArray *
eg_tokenizer_read_sequence (
    const EgTokenizerLoader *self, JsonNode *node, const char *owner, const char *name, GError **error)
{
  JsonNode *member = json_object_get_member (json_node_get_object (node), name);
  if (member != NULL && JSON_NODE_HOLDS_ARRAY (member))
    return json_node_get_array (member);
  eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("%s.%s is not an array"), owner, name);
  return NULL;
}

typedef gboolean (*ReadPart) (EgTokenizerLoader *self, JsonNode *node, GError **error);

/* Each of a Sequence's parts. */
static gboolean
read_each (EgTokenizerLoader *self,
           JsonNode *node,
           const char *owner,
           const char *name,
           ReadPart read,
           GError **error)
{
  JsonArray *sequence = eg_tokenizer_read_sequence (self, node, owner, name, error);
  if (sequence == NULL)
    return FALSE;
  for (guint i = 0; i < json_array_get_length (sequence); i++)
    if (!read (self, json_array_get_element (sequence, i), error))
      return FALSE;
  return TRUE;
}

gboolean
eg_tokenizer_read_normalizer (EgTokenizerLoader *self, JsonNode *node, GError **error)
{
  if (eg_tokenizer_is_null (node))
    return TRUE;
  const char *kind = eg_tokenizer_read_kind (self, node, "normalizer", error);
  if (kind == NULL)
    return FALSE;
  if (g_str_equal (kind, "NFC"))
    return self->tokenizer->nfc = TRUE;
  if (!g_str_equal (kind, "Sequence"))
    return eg_tokenizer_refuse_kind (self, "normalizer", kind, "NFC", error);
  return read_each (self, node, "normalizer", "normalizers", eg_tokenizer_read_normalizer, error);
}

/* ---- pre_tokenizer ---- */

static gboolean
read_byte_level (EgTokenizerLoader *self, JsonObject *object, GError **error)
{
  gboolean add_prefix_space, trim_offsets /* of no effect here */, use_regex;
  if (!eg_tokenizer_read_flag (self, object, "pre_tokenizer", "add_prefix_space", TRUE, FALSE,
                               &add_prefix_space, error)
      || !eg_tokenizer_read_flag (self, object, "pre_tokenizer", "trim_offsets", TRUE, FALSE, &trim_offsets,
                                  error)
      || !eg_tokenizer_read_flag (self, object, "pre_tokenizer", "use_regex", FALSE, TRUE, &use_regex, error))
    return FALSE;
  return eg_pre_tokenizer_add_byte_level (self->tokenizer->pre_tokenizer, add_prefix_space, use_regex)
         || eg_tokenizer_fail (self, error, EG_ERROR_UNSUPPORTED,
                               _ ("the %s has ByteLevel twice, but Engram reads only one"), "pre_tokenizer");
}

static gboolean
read_behavior (const EgTokenizerLoader *self, JsonObject *object, EgSplitBehavior *behavior, GError **error)
{
  static const char *const names[] = {
    [EG_SPLIT_REMOVED] = "Removed",
    [EG_SPLIT_ISOLATED] = "Isolated",
    [EG_SPLIT_MERGED_WITH_PREVIOUS] = "MergedWithPrevious",
    [EG_SPLIT_MERGED_WITH_NEXT] = "MergedWithNext",
    [EG_SPLIT_CONTIGUOUS] = "Contiguous",
  };
  const char *name = eg_json_node_get_text (json_object_get_member (object, "behavior"));
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (name, names[i]))
      {
        *behavior = (EgSplitBehavior)i;
        return TRUE;
      }
  return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("pre_tokenizer.%s is none that a split has"),
                            "behavior");
}

/* {"Regex": …} or {"String": …} */
static EgSplitPattern *
read_pattern (const EgTokenizerLoader *self, JsonObject *object, GError **error)
{
  JsonNode *node = json_object_get_member (object, "pattern");
  JsonObject *pattern = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *regex
      = pattern != NULL ? eg_json_node_get_text (json_object_get_member (pattern, "Regex")) : NULL;
  const char *text
      = pattern != NULL ? eg_json_node_get_text (json_object_get_member (pattern, "String")) : NULL;
  g_autoptr (GError) problem = NULL;
  EgSplitPattern *it = NULL;
  if (regex != NULL)
    it = eg_split_pattern_new_regex (regex, &problem);
  else if (text != NULL)
    it = eg_split_pattern_new_text (text);
  if (problem != NULL)
    eg_tokenizer_fail (self, error, (EgError)problem->code, "pre_tokenizer: %s", problem->message);
  else if (it == NULL)
    eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("pre_tokenizer.%s is none that a split has"),
                       "pattern");
  return it;
}

static gboolean
read_split (EgTokenizerLoader *self, JsonObject *object, GError **error)
{
  EgSplitBehavior behavior = 0;
  gboolean invert;
  if (!read_behavior (self, object, &behavior, error)
      || !eg_tokenizer_read_flag (self, object, "pre_tokenizer", "invert", FALSE, FALSE, &invert, error))
    return FALSE;
  EgSplitPattern *pattern = read_pattern (self, object, error);
  if (pattern != NULL)
    eg_pre_tokenizer_add_split (self->tokenizer->pre_tokenizer, pattern, behavior, invert);
  return pattern != NULL;
}

static gboolean
read_digits (EgTokenizerLoader *self, JsonObject *object, GError **error)
{
  gboolean individual;
  if (!eg_tokenizer_read_flag (self, object, "pre_tokenizer", "individual_digits", FALSE, FALSE, &individual,
                               error))
    return FALSE;
  eg_pre_tokenizer_add_digits (self->tokenizer->pre_tokenizer, individual);
  return TRUE;
}

static gboolean
read_punctuation (EgTokenizerLoader *self, JsonObject *object, GError **error)
{
  EgSplitBehavior behavior = EG_SPLIT_ISOLATED;
  if (json_object_has_member (object, "behavior") && !read_behavior (self, object, &behavior, error))
    return FALSE;
  eg_pre_tokenizer_add_punctuation (self->tokenizer->pre_tokenizer, behavior);
  return TRUE;
}

static gboolean
read_pre_tokenizer_part (EgTokenizerLoader *self, JsonNode *node, GError **error)
{
  const char *kind = eg_tokenizer_read_kind (self, node, "pre_tokenizer", error);
  if (kind == NULL)
    return FALSE;
  JsonObject *object = json_node_get_object (node);
  if (g_str_equal (kind, "ByteLevel"))
    return read_byte_level (self, object, error);
  if (g_str_equal (kind, "Split"))
    return read_split (self, object, error);
  if (g_str_equal (kind, "Digits"))
    return read_digits (self, object, error);
  if (g_str_equal (kind, "Punctuation"))
    return read_punctuation (self, object, error);
  if (!g_str_equal (kind, "Sequence"))
    return eg_tokenizer_refuse_kind (self, "pre_tokenizer", kind,
                                     _ ("ByteLevel, with Split, Digits and Punctuation beside it"), error);
  return read_each (self, node, "pre_tokenizer", "pretokenizers", read_pre_tokenizer_part, error);
}

gboolean
eg_tokenizer_read_pre_tokenizer (EgTokenizerLoader *self, JsonNode *node, GError **error)
{
  if (eg_tokenizer_is_null (node))
    return eg_tokenizer_fail (self, error, EG_ERROR_UNSUPPORTED,
                              _ ("it has no pre_tokenizer, but Engram reads only ByteLevel"));
  if (!read_pre_tokenizer_part (self, node, error))
    return FALSE;
  return eg_pre_tokenizer_has_byte_level (self->tokenizer->pre_tokenizer)
         || eg_tokenizer_fail (
             self, error, EG_ERROR_UNSUPPORTED,
             _ ("its pre_tokenizer has no ByteLevel, but Engram reads byte-level BPE alone"));
}

/* ---- post_processor ---- */

static gboolean
read_byte_level_processor (EgTokenizerLoader *self, JsonObject *object, GError **error)
{
  EgTokenizer *tokenizer = self->tokenizer;
  if (self->byte_level_processor)
    return eg_tokenizer_fail (self, error, EG_ERROR_UNSUPPORTED,
                              _ ("the %s has ByteLevel twice, but Engram reads only one"), "post_processor");
  self->byte_level_processor = TRUE;
  return eg_tokenizer_read_flag (self, object, "post_processor", "add_prefix_space", TRUE, FALSE,
                                 &tokenizer->trim_after_prefix, error)
         && eg_tokenizer_read_flag (self, object, "post_processor", "trim_offsets", TRUE, FALSE,
                                    &tokenizer->trim_offsets, error);
}

/* The ids that a special token of a template stands for. */
static gboolean
add_template_token (EgTokenizerLoader *self, JsonObject *processor, const char *name, GError **error)
{
  JsonNode *node = json_object_get_member (processor, "special_tokens");
  JsonNode *token = node != NULL && JSON_NODE_HOLDS_OBJECT (node) && name != NULL
                        ? json_object_get_member (json_node_get_object (node), name)
                        : NULL;
  if (token == NULL || !JSON_NODE_HOLDS_OBJECT (token))
    return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT,
                              _ ("the post_processor names a token that it does not describe"));
  JsonArray *ids = eg_tokenizer_read_sequence (self, token, "post_processor", "ids", error);
  if (ids == NULL)
    return FALSE;
  for (guint i = 0; i < json_array_get_length (ids); i++)
    {
      guint64 id = 0;
      const gboolean good
          = eg_json_node_get_size (json_array_get_element (ids, i), &id) && id < EG_TOKENIZER_MAX_IDS;
      if (!eg_tokenizer_check_id (self, good, name, error))
        return FALSE;
      g_array_append_val (self->tokenizer->first_ids, (guint32){ (guint32)id });
    }
  return TRUE;
}

/* One piece of a template: {"SpecialToken": {"id": …}} or {"Sequence": {…}}. */
static gboolean
read_piece (
    EgTokenizerLoader *self, JsonObject *processor, JsonNode *node, gboolean *has_text, GError **error)
{
  JsonObject *piece = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  JsonNode *special = piece != NULL ? json_object_get_member (piece, "SpecialToken") : NULL;
  if (piece != NULL && json_object_has_member (piece, "Sequence") && !*has_text)
    return *has_text = TRUE;
  if (special == NULL || !JSON_NODE_HOLDS_OBJECT (special))
    return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT,
                              _ ("the post_processor’s template is not the text with special tokens"));
  if (*has_text)
    return eg_tokenizer_fail (self, error, EG_ERROR_UNSUPPORTED,
                              _ ("the post_processor adds tokens after every text: what follows the text "
                                 "could not be predicted, and Engram does not add them"));
  return add_template_token (
      self, processor, eg_json_node_get_text (json_object_get_member (json_node_get_object (special), "id")),
      error);
}

/* The text, perhaps with tokens before it. */
static gboolean
read_template (EgTokenizerLoader *self, JsonNode *node, GError **error)
{
  JsonArray *single = eg_tokenizer_read_sequence (self, node, "post_processor", "single", error);
  gboolean has_text = FALSE;
  for (guint i = 0; single != NULL && i < json_array_get_length (single); i++)
    if (!read_piece (self, json_node_get_object (node), json_array_get_element (single, i), &has_text, error))
      return FALSE;
  return single != NULL
         && (has_text
             || eg_tokenizer_fail (self, error, EG_ERROR_FORMAT,
                                   _ ("the post_processor’s template is not the text with special tokens")));
}

gboolean
eg_tokenizer_read_post_processor (EgTokenizerLoader *self, JsonNode *node, GError **error)
{
  if (eg_tokenizer_is_null (node))
    return TRUE;
  const char *kind = eg_tokenizer_read_kind (self, node, "post_processor", error);
  if (kind == NULL)
    return FALSE;
  if (g_str_equal (kind, "ByteLevel"))
    return read_byte_level_processor (self, json_node_get_object (node), error);
  if (g_str_equal (kind, "TemplateProcessing"))
    return read_template (self, node, error);
  if (!g_str_equal (kind, "Sequence"))
    return eg_tokenizer_refuse_kind (self, "post_processor", kind, _ ("ByteLevel and TemplateProcessing"),
                                     error);
  return read_each (self, node, "post_processor", "processors", eg_tokenizer_read_post_processor, error);
}

/* Without one, tokens are read as ByteLevel reads them: that is how they are written. */
gboolean
eg_tokenizer_check_decoder (const EgTokenizerLoader *self, JsonNode *node, GError **error)
{
  if (eg_tokenizer_is_null (node))
    return TRUE;
  const char *kind = eg_tokenizer_read_kind (self, node, "decoder", error);
  if (kind == NULL)
    return FALSE;
  return g_str_equal (kind, "ByteLevel")
         || eg_tokenizer_refuse_kind (self, "decoder", kind, "ByteLevel", error);
}
