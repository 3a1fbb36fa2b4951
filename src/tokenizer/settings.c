/* Reads what the files beside a tokenizer say of it. */
#include "tokenizer/settings.h"

#include "core/error.h"
#include "formats/json-text.h"
#include "formats/quote.h"
#include "tokenizer/special-tokens.h"

#include <glib/gi18n.h>
#include <string.h>

#define CONFIG       "tokenizer_config.json"
#define SPECIAL_MAP  "special_tokens_map.json"
#define ADDED_TOKENS "added_tokens.json"
#define EXTRA        "extra_special_tokens"
#define ADDITIONAL   "additional_special_tokens"
#define MODEL_TOKENS "model_specific_special_tokens"

typedef struct
{
  const char *folder;
  EgTokenizerSettings *settings;
  EgSpecialTokens *specials;
  const GPtrArray *file_tokens; /* (nullable) */
  gboolean has_files;           /* one of the three */
} Reader;

G_GNUC_PRINTF (3, 4)
static gboolean
refuse (const char *file, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *problem = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, "%s: %s", file, problem);
  return FALSE;
}

/* Returns: (transfer full) (nullable): NULL without an error where there is no such file. */
static JsonNode *
load (const Reader *self, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  return g_file_test (path, G_FILE_TEST_EXISTS) ? eg_json_load_object (path, error) : NULL;
}

/* TRUE when the field is there and not null. */
static gboolean
has (JsonObject *object, const char *name)
{
  return json_object_has_member (object, name) && !json_object_get_null_member (object, name);
}

static gboolean
read_flag (const char *file, JsonObject *object, const char *name, gboolean *value, GError **error)
{
  if (!has (object, name))
    return TRUE;
  JsonNode *node = json_object_get_member (object, name);
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return refuse (file, error, _ ("the field “%s” must be true or false"), name);
  *value = json_node_get_boolean (node);
  return TRUE;
}

/* ---- tokens ---- */

/* An AddedToken, {"content": …}. Returns: (transfer full): NULL with an error. */
static EgSettingsToken *
read_object (const char *file, const char *field, JsonObject *object, gboolean special, GError **error)
{
  const char *content = json_object_has_member (object, "content")
                            ? eg_json_node_get_text (json_object_get_member (object, "content"))
                            : NULL;
  if (content == NULL)
    {
      refuse (file, error, _ ("the field “%s” has a token without its text"), field);
      return NULL;
    }
  EgSettingsToken *token = eg_settings_token_new (content);
  token->special = special;
  token->is_unread = g_str_equal (file, CONFIG);
  if (read_flag (file, object, "special", &token->special, error)
      && read_flag (file, object, "single_word", &token->flags.single_word, error)
      && read_flag (file, object, "lstrip", &token->flags.lstrip, error)
      && read_flag (file, object, "rstrip", &token->flags.rstrip, error)
      && read_flag (file, object, "normalized", &token->normalized, error))
    return token;
  eg_settings_token_free (token);
  return NULL;
}

/* A token by its text, or as an object. Returns: (transfer full): NULL with an error. */
static EgSettingsToken *
read_token (const char *file, const char *field, JsonNode *node, gboolean special, GError **error)
{
  const char *content = eg_json_node_get_text (node);
  if (content != NULL)
    {
      EgSettingsToken *token = eg_settings_token_new (content);
      token->is_text = TRUE;
      return token;
    }
  if (JSON_NODE_HOLDS_OBJECT (node))
    return read_object (file, field, json_node_get_object (node), special, error);
  refuse (file, error, _ ("the field “%s” is no token"), field);
  return NULL;
}

/* [token, …]. Returns: (transfer full): NULL with an error. */
static GPtrArray *
read_list (const char *file, const char *field, JsonArray *array, gboolean special, GError **error)
{
  g_autoptr (GPtrArray) tokens = g_ptr_array_new_with_free_func (eg_settings_token_free);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      EgSettingsToken *token = read_token (file, field, json_array_get_element (array, i), special, error);
      if (token == NULL)
        return NULL;
      g_ptr_array_add (tokens, token);
    }
  return g_steal_pointer (&tokens);
}

/* {"image_token": token, …} */
static gboolean
read_models (Reader *self, const char *file, JsonObject *object, GError **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node))
    {
      EgSettingsToken *token = read_token (file, name, node, FALSE, error);
      if (token == NULL)
        return FALSE;
      eg_special_tokens_set_model (self->specials, name, token);
    }
  return TRUE;
}

/* extra_special_tokens or additional_special_tokens: a list; the former may be an object with names. list:
 * (inout). */
static gboolean
read_extras (
    Reader *self, const char *file, JsonObject *object, const char *field, GPtrArray **list, GError **error)
{
  JsonNode *node = json_object_get_member (object, field);
  if (!has (object, field))
    return TRUE;
  if (JSON_NODE_HOLDS_OBJECT (node))
    return read_models (self, file, json_node_get_object (node), error);
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return refuse (file, error, _ ("the field “%s” must be a list"), field);
  GPtrArray *read = read_list (file, field, json_node_get_array (node), FALSE, error);
  if (read == NULL)
    return FALSE;
  g_clear_pointer (list, g_ptr_array_unref);
  *list = read;
  return TRUE;
}

/* Whether it is a member like image_token: not one of the seven, but a token. */
static gboolean
is_model_token (const char *name, JsonNode *node, gboolean text_alone)
{
  return g_str_has_suffix (name, "_token") && eg_special_tokens_find_name (name) < 0
         && (text_alone ? eg_json_node_get_text (node) != NULL : JSON_NODE_HOLDS_OBJECT (node));
}

/* bos_token and the like; a token of null is none. from_map: special_tokens_map.json, whose objects are all
 * special. */
static gboolean
read_named (Reader *self, const char *file, JsonObject *object, gboolean from_map, GError **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node))
    {
      const int place = eg_special_tokens_find_name (name);
      if (place < 0)
        continue;
      EgSettingsToken *token
          = JSON_NODE_HOLDS_NULL (node) ? NULL : read_token (file, name, node, from_map, error);
      if (token == NULL && !JSON_NODE_HOLDS_NULL (node))
        return FALSE;
      if (token != NULL && from_map && !token->is_text)
        token->special = TRUE;
      eg_special_tokens_set_named (self->specials, place, token);
    }
  return TRUE;
}

/* Those named by their texts stand behind those that are objects. */
static gboolean
read_model_tokens (Reader *self, const char *file, JsonObject *object, gboolean text_alone, GError **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node))
    if (is_model_token (name, node, text_alone))
      {
        EgSettingsToken *token = read_token (file, name, node, TRUE, error);
        if (token == NULL)
          return FALSE;
        eg_special_tokens_set_model (self->specials, name, token);
      }
  return TRUE;
}

/* ---- tokenizer_config.json ---- */

static gboolean
read_config_tokens (Reader *self, JsonObject *config, GError **error)
{
  EgSpecialTokens *specials = self->specials;
  if (!read_named (self, CONFIG, config, FALSE, error)
      || !read_model_tokens (self, CONFIG, config, FALSE, error)
      || !read_model_tokens (self, CONFIG, config, TRUE, error)
      || !read_extras (self, CONFIG, config, EXTRA, &specials->extra, error)
      || !read_extras (self, CONFIG, config, ADDITIONAL, &specials->additional, error))
    return FALSE;
  JsonNode *extra = json_object_get_member (config, EXTRA);
  const gboolean has_names = extra != NULL && JSON_NODE_HOLDS_OBJECT (extra)
                             && json_object_get_size (json_node_get_object (extra)) > 0;
  if (specials->additional != NULL && !has_names && (specials->extra == NULL || specials->extra->len == 0))
    {
      g_clear_pointer (&specials->extra, g_ptr_array_unref);
      specials->extra = g_steal_pointer (&specials->additional);
    }
  return !has (config, MODEL_TOKENS) || specials->models->len > 0
         || (JSON_NODE_HOLDS_OBJECT (json_object_get_member (config, MODEL_TOKENS))
                 ? read_models (self, CONFIG, json_object_get_object_member (config, MODEL_TOKENS), error)
                 : refuse (CONFIG, error, _ ("the field “%s” must be an object"), MODEL_TOKENS));
}

/* {"50256": {"content": …}, …}: the ids give the order alone. */
static gboolean
read_decoder (Reader *self, JsonNode *node, GError **error)
{
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return refuse (CONFIG, error, _ ("the field “%s” must be an object"), "added_tokens_decoder");
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;
  json_object_iter_init (&iter, json_node_get_object (node));
  while (json_object_iter_next (&iter, &name, &member))
    {
      gint64 id;
      if (!g_ascii_string_to_signed (name, 10, 0, G_MAXINT32, &id, NULL) || !JSON_NODE_HOLDS_OBJECT (member))
        return refuse (CONFIG, error, _ ("the field “%s” has a token without its number or its text"),
                       "added_tokens_decoder");
      EgSettingsToken *token
          = read_object (CONFIG, "added_tokens_decoder", json_node_get_object (member), FALSE, error);
      if (token == NULL)
        return FALSE;
      token->id = id;
      eg_special_tokens_add_decoder (self->specials, token);
    }
  return TRUE;
}

/* ---- older files: they count where tokenizer_config.json has no added_tokens_decoder ---- */

static gboolean
read_map (Reader *self, JsonObject *map, GError **error)
{
  EgSpecialTokens *specials = self->specials;
  g_autoptr (GPtrArray) extra = NULL;
  if (!read_named (self, SPECIAL_MAP, map, TRUE, error)
      || !read_model_tokens (self, SPECIAL_MAP, map, FALSE, error)
      || !read_model_tokens (self, SPECIAL_MAP, map, TRUE, error)
      || !read_extras (self, SPECIAL_MAP, map, EXTRA, &extra, error)
      || !read_extras (self, SPECIAL_MAP, map, ADDITIONAL, &specials->additional, error))
    return FALSE;
  if (specials->extra == NULL)
    specials->extra = g_steal_pointer (&extra);
  for (guint i = 0; extra != NULL && i < extra->len; i++)
    g_ptr_array_add (specials->extra, eg_settings_token_copy (extra->pdata[i]));
  return TRUE;
}

/* added_tokens.json, {"<x>": 50257, …}. */
static gboolean
read_added_tokens (Reader *self, JsonObject *object, GError **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node))
    {
      guint64 id;
      if (!eg_json_node_get_size (node, &id))
        {
          g_autofree char *quoted = eg_quote (name);
          return refuse (ADDED_TOKENS, error, _ ("the id of the token “%s” is no whole number"), quoted);
        }
      EgSettingsToken *token = eg_settings_token_new (name);
      token->special = eg_special_tokens_has (self->specials, name);
      token->normalized = !token->special;
      token->id = (gint64)id;
      eg_special_tokens_add_decoder (self->specials, token);
    }
  return TRUE;
}

static gboolean
read_older_files (Reader *self, GError **error)
{
  GError *problem = NULL;
  g_autoptr (JsonNode) map = load (self, SPECIAL_MAP, &problem);
  g_autoptr (JsonNode) added = problem == NULL ? load (self, ADDED_TOKENS, &problem) : NULL;
  if (problem != NULL)
    {
      g_propagate_error (error, problem);
      return FALSE;
    }
  self->has_files = self->has_files || map != NULL || added != NULL;
  if ((map != NULL && !read_map (self, json_node_get_object (map), error))
      || (added != NULL && !read_added_tokens (self, json_node_get_object (added), error)))
    return FALSE;
  for (guint i = 0; self->file_tokens != NULL && i < self->file_tokens->len; i++)
    eg_special_tokens_add_decoder (self->specials, eg_settings_token_copy (self->file_tokens->pdata[i]));
  return TRUE;
}

/* ---- all tokens ---- */

/* A token that only the class names, by its text. */
static void
set_default (Reader *self, const char *name, const char *content)
{
  const int place = eg_special_tokens_find_name (name);
  if (self->specials->named[place].is_said)
    return;
  EgSettingsToken *token = eg_settings_token_new (content);
  token->is_text = TRUE;
  /* Nobody asked for it: it shall not number a row more than the model has. */
  token->if_known = self->file_tokens != NULL && !self->has_files;
  eg_special_tokens_set_named (self->specials, place, token);
}

static void
set_defaults (Reader *self)
{
  const EgTokenizerClass class = self->settings->tokenizer_class;
  if (class == EG_TOKENIZER_CLASS_FILE)
    return;
  if (class != EG_TOKENIZER_CLASS_QWEN2)
    set_default (self, "bos_token", "<|endoftext|>");
  set_default (self, "eos_token", "<|endoftext|>");
  set_default (self, "unk_token", "<|endoftext|>");
  if (class == EG_TOKENIZER_CLASS_GPT_NEOX)
    set_default (self, "pad_token", "<|padding|>");
  if (class == EG_TOKENIZER_CLASS_QWEN2)
    set_default (self, "pad_token", "<|endoftext|>");
}

/* A named token has the flags that were last given to its text. */
static void
take_flags (EgSpecialTokens *specials)
{
  for (int i = 0; i < EG_N_NAMED_TOKENS; i++)
    {
      const EgSettingsToken *token = specials->named[i].token;
      const EgSettingsToken *known
          = token != NULL ? g_hash_table_lookup (specials->flags, token->content) : NULL;
      if (known != NULL)
        eg_special_tokens_set_named (specials, i, eg_settings_token_copy (known));
    }
}

/* config: (nullable). */
static gboolean
read_tokens (Reader *self, JsonObject *config, GError **error)
{
  EgSpecialTokens *specials = self->specials;
  if (config != NULL && !read_config_tokens (self, config, error))
    return FALSE;
  const gboolean has_decoder = config != NULL && has (config, "added_tokens_decoder");
  if (!(has_decoder ? read_decoder (self, json_object_get_member (config, "added_tokens_decoder"), error)
                    : read_older_files (self, error)))
    return FALSE;
  if (specials->extra == NULL)
    specials->extra = g_steal_pointer (&specials->additional);
  take_flags (specials);
  set_defaults (self);
  const gboolean keeps_file = self->settings->tokenizer_class == EG_TOKENIZER_CLASS_FILE;
  eg_special_tokens_order (specials, keeps_file ? self->file_tokens : NULL, self->settings->tokens);
  if (self->settings->tokenizer_class == EG_TOKENIZER_CLASS_QWEN2)
    eg_special_tokens_append_all (specials, self->settings->tokens);
  const EgSettingsToken *bos = specials->named[0].token;
  self->settings->bos = bos != NULL ? g_strdup (bos->content) : NULL;
  return TRUE;
}

/* ---- the class ---- */

static char *
get_class (JsonObject *object)
{
  const char *name = eg_json_node_get_text (json_object_get_member (object, "tokenizer_class"));
  if (name == NULL)
    return NULL;
  const gsize length = strlen (name);
  return g_str_has_suffix (name, "TokenizerFast") ? g_strndup (name, length - strlen ("Fast"))
                                                  : g_strdup (name);
}

/* What is wrong in a config.json is for others to complain of; that it cannot be read is not. */
static gboolean
read_model_config (Reader *self, GError **error)
{
  GError *problem = NULL;
  g_autoptr (JsonNode) root = load (self, "config.json", &problem);
  if (problem != NULL && problem->domain != EG_ERROR)
    {
      g_propagate_error (error, problem);
      return FALSE;
    }
  g_clear_error (&problem);
  if (root == NULL)
    return TRUE;
  JsonObject *object = json_node_get_object (root);
  self->settings->model_type
      = g_strdup (eg_json_node_get_text (json_object_get_member (object, "model_type")));
  if (self->settings->class_name == NULL)
    self->settings->class_name = get_class (object);
  return TRUE;
}

static gboolean
read_config (Reader *self, JsonObject *config, GError **error)
{
  EgTokenizerSettings *settings = self->settings;
  gboolean prefix_space = FALSE;
  settings->class_name = get_class (config);
  if (!read_flag (CONFIG, config, "add_prefix_space", &prefix_space, error)
      || !read_flag (CONFIG, config, "add_bos_token", &settings->add_bos, error)
      || !read_flag (CONFIG, config, "add_eos_token", &settings->add_eos, error))
    return FALSE;
  if (has (config, "add_prefix_space"))
    settings->add_prefix_space = prefix_space;
  return TRUE;
}

/* Each tried: a byte-level tokenizer.json under each class of transformers 5.24. Those that are not here take
 * the file as it is (as names that it does not know do), or cannot read it. */
static EgTokenizerClass
find_class (const char *name)
{
  static const struct
  {
    const char *name;
    EgTokenizerClass class;
  } classes[] = {
    { "GPTNeoXTokenizer", EG_TOKENIZER_CLASS_GPT_NEOX }, { "GPT2Tokenizer", EG_TOKENIZER_CLASS_GPT2 },
    { "CodeGenTokenizer", EG_TOKENIZER_CLASS_GPT2 },     { "Qwen2Tokenizer", EG_TOKENIZER_CLASS_QWEN2 },
    { "BartTokenizer", EG_TOKENIZER_CLASS_OTHER },       { "BlenderbotTokenizer", EG_TOKENIZER_CLASS_OTHER },
    { "CLIPTokenizer", EG_TOKENIZER_CLASS_OTHER },       { "CohereTokenizer", EG_TOKENIZER_CLASS_OTHER },
    { "DebertaTokenizer", EG_TOKENIZER_CLASS_OTHER },    { "LEDTokenizer", EG_TOKENIZER_CLASS_OTHER },
    { "LukeTokenizer", EG_TOKENIZER_CLASS_OTHER },       { "MvpTokenizer", EG_TOKENIZER_CLASS_OTHER },
    { "Qwen3_5Tokenizer", EG_TOKENIZER_CLASS_OTHER },    { "RobertaTokenizer", EG_TOKENIZER_CLASS_OTHER },
    { "WhisperTokenizer", EG_TOKENIZER_CLASS_OTHER },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    if (g_str_equal (name, classes[i].name))
      return classes[i].class;
  return EG_TOKENIZER_CLASS_FILE;
}

/* has_json: there is a tokenizer.json, and plain whether the model's type may name its class. vocab.json is
 * always a class's. */
static EgTokenizerClass
choose_class (const EgTokenizerSettings *self, gboolean has_json, gboolean plain)
{
  if (self->class_name != NULL)
    {
      const EgTokenizerClass class = find_class (self->class_name);
      return class == EG_TOKENIZER_CLASS_FILE && !has_json ? EG_TOKENIZER_CLASS_GPT2 : class;
    }
  if (has_json && (!plain || self->model_type == NULL))
    return EG_TOKENIZER_CLASS_FILE;
  return g_strcmp0 (self->model_type, "gpt2") == 0 ? EG_TOKENIZER_CLASS_GPT2 : EG_TOKENIZER_CLASS_GPT_NEOX;
}

/* ---- the whole ---- */

EgTokenizerSettings *
eg_tokenizer_settings_load (const char *folder, const GPtrArray *file_tokens, gboolean plain, GError **error)
{
  g_autoptr (EgTokenizerSettings) settings = g_new0 (EgTokenizerSettings, 1);
  settings->add_prefix_space = -1;
  settings->tokens = g_ptr_array_new_with_free_func (eg_settings_token_free);
  g_auto (EgSpecialTokens) specials;
  eg_special_tokens_init (&specials);
  Reader self = { folder, settings, &specials, file_tokens, FALSE };

  GError *problem = NULL;
  g_autoptr (JsonNode) root = load (&self, CONFIG, &problem);
  self.has_files = root != NULL;
  JsonObject *config = root != NULL ? json_node_get_object (root) : NULL;
  gboolean ok = problem == NULL && (config == NULL || read_config (&self, config, &problem))
                && read_model_config (&self, &problem);
  if (ok)
    {
      settings->tokenizer_class = choose_class (settings, file_tokens != NULL, plain);
      ok = read_tokens (&self, config, &problem);
    }
  if (!ok)
    g_propagate_error (error, problem);
  return ok ? g_steal_pointer (&settings) : NULL;
}

void
eg_tokenizer_settings_free (EgTokenizerSettings *self)
{
  g_free (self->class_name);
  g_free (self->model_type);
  g_free (self->bos);
  g_ptr_array_unref (self->tokens);
  g_free (self);
}

int
eg_tokenizer_settings_get_prefix_space (const EgTokenizerSettings *self)
{
  if (self->class_name != NULL)
    return -1;
  if (self->add_prefix_space >= 0)
    return self->add_prefix_space;
  return self->model_type != NULL ? FALSE : -1;
}
