/* Reads what the files beside a tokenizer say of it. */
#include "tokenizer/settings.h"

#include "core/error.h"
#include "formats/json-text.h"
#include "formats/quote.h"

#include <glib/gi18n.h>
#include <string.h>

#define CONFIG       "tokenizer_config.json"
#define SPECIAL_MAP  "special_tokens_map.json"
#define ADDED_TOKENS "added_tokens.json"

/* transformers' SPECIAL_TOKENS_ATTRIBUTES. */
static const char *const special_names[]
    = { "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token" };

typedef struct
{
  const char *folder;
  EgTokenizerSettings *settings;
  GHashTable *known;   /* content → EgSettingsToken, of the added tokens */
  GPtrArray *specials; /* EgSettingsToken or NULL, one for each of special_names */
  GPtrArray *others;   /* EgSettingsToken: further special ones */
} Reader;

static void
free_token (gpointer data)
{
  EgSettingsToken *self = data;
  if (self != NULL)
    g_free (self->content);
  g_free (self);
}

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

/* A token as a text or an object. is_special: unless the object says otherwise. Returns: (transfer full):
 * NULL with an error; without a content where it is neither. */
static EgSettingsToken *
read_token (const char *file, JsonNode *node, gboolean is_special, GError **error)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *content = eg_json_node_get_text (object != NULL && json_object_has_member (object, "content")
                                                   ? json_object_get_member (object, "content")
                                                   : node);
  EgSettingsToken *token = g_new0 (EgSettingsToken, 1);
  token->content = g_strdup (content);
  if (object != NULL
      && (!read_flag (file, object, "special", &is_special, error)
          || !read_flag (file, object, "single_word", &token->flags.single_word, error)
          || !read_flag (file, object, "lstrip", &token->flags.lstrip, error)
          || !read_flag (file, object, "rstrip", &token->flags.rstrip, error)))
    {
      free_token (token);
      return NULL;
    }
  token->normalized = !is_special;
  if (object == NULL || read_flag (file, object, "normalized", &token->normalized, error))
    return token;
  free_token (token);
  return NULL;
}

static EgSettingsToken *
copy_token (const EgSettingsToken *token)
{
  EgSettingsToken *copy = g_memdup2 (token, sizeof *token);
  copy->content = g_strdup (token->content);
  return copy;
}

/* An added token, unless it is there already. token: (transfer full). */
static void
add_token (Reader *self, EgSettingsToken *token)
{
  if (token->content == NULL || *token->content == '\0'
      || g_hash_table_contains (self->known, token->content))
    {
      free_token (token);
      return;
    }
  g_ptr_array_add (self->settings->tokens, token);
  g_hash_table_insert (self->known, token->content, token);
}

typedef struct
{
  gint64 id;
  EgSettingsToken *token;
} Numbered;

static int
compare_ids (gconstpointer left, gconstpointer right)
{
  const gint64 a = ((const Numbered *)left)->id, b = ((const Numbered *)right)->id;
  return a < b ? -1 : a > b;
}

static void
add_in_order (Reader *self, GArray *tokens)
{
  g_array_sort (tokens, compare_ids);
  for (guint i = 0; i < tokens->len; i++)
    add_token (self, g_array_index (tokens, Numbered, i).token);
}

/* {"50256": {"content": …}, …}: the ids give the order alone. */
static gboolean
read_decoder (Reader *self, JsonNode *node, GError **error)
{
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return refuse (CONFIG, error, _ ("the field “%s” must be an object"), "added_tokens_decoder");
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (Numbered));
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;
  gboolean ok = TRUE;
  json_object_iter_init (&iter, json_node_get_object (node));
  while (ok && json_object_iter_next (&iter, &name, &member))
    {
      Numbered numbered = { g_ascii_strtoll (name, NULL, 10), read_token (CONFIG, member, FALSE, error) };
      ok = numbered.token != NULL;
      if (ok)
        g_array_append_val (tokens, numbered);
    }
  add_in_order (self, tokens);
  return ok;
}

/* TRUE if the class or a file names it as a special one. */
static gboolean
is_special (const Reader *self, const char *content)
{
  const GPtrArray *lists[] = { self->specials, self->others };
  for (guint k = 0; k < G_N_ELEMENTS (lists); k++)
    for (guint i = 0; i < lists[k]->len; i++)
      {
        const EgSettingsToken *token = lists[k]->pdata[i];
        if (token != NULL && g_strcmp0 (token->content, content) == 0)
          return TRUE;
      }
  return FALSE;
}

/* added_tokens.json, {"<x>": 50257, …}: older than added_tokens_decoder. */
static gboolean
read_added_tokens (Reader *self, GError **error)
{
  GError *problem = NULL;
  g_autoptr (JsonNode) root = load (self, ADDED_TOKENS, &problem);
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (Numbered));
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  if (problem != NULL)
    {
      g_propagate_error (error, problem);
      return FALSE;
    }
  if (root == NULL)
    return TRUE;
  json_object_iter_init (&iter, json_node_get_object (root));
  while (json_object_iter_next (&iter, &name, &node))
    {
      guint64 id;
      if (!eg_json_node_get_size (node, &id))
        {
          g_autofree char *quoted = eg_quote (name);
          add_in_order (self, tokens);
          return refuse (ADDED_TOKENS, error, _ ("the id of the token “%s” is no whole number"), quoted);
        }
      EgSettingsToken *token = g_new0 (EgSettingsToken, 1);
      token->content = g_strdup (name);
      token->normalized = !is_special (self, name);
      const Numbered numbered = { (gint64)id, token };
      g_array_append_val (tokens, numbered);
    }
  add_in_order (self, tokens);
  return TRUE;
}

static gboolean
read_others (Reader *self, const char *file, JsonNode *node, GError **error)
{
  g_autoptr (GList) values
      = JSON_NODE_HOLDS_ARRAY (node)    ? json_array_get_elements (json_node_get_array (node))
        : JSON_NODE_HOLDS_OBJECT (node) ? json_object_get_values (json_node_get_object (node))
                                        : NULL;
  for (GList *it = values; it != NULL; it = it->next)
    {
      EgSettingsToken *token = read_token (file, it->data, TRUE, error);
      if (token == NULL)
        return FALSE;
      g_ptr_array_add (self->others, token);
    }
  return TRUE;
}

/* bos_token and the like; a token of null is none. */
static gboolean
read_specials (Reader *self, const char *file, JsonObject *object, GError **error)
{
  static const char *const lists[] = { "extra_special_tokens", "additional_special_tokens" };
  for (guint i = 0; i < G_N_ELEMENTS (special_names); i++)
    {
      JsonNode *node = json_object_get_member (object, special_names[i]);
      if (node == NULL)
        continue;
      EgSettingsToken *token = JSON_NODE_HOLDS_NULL (node) ? NULL : read_token (file, node, TRUE, error);
      if (token == NULL && !JSON_NODE_HOLDS_NULL (node))
        return FALSE;
      free_token (self->specials->pdata[i]);
      self->specials->pdata[i] = token;
    }
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    if (has (object, lists[i]) && !read_others (self, file, json_object_get_member (object, lists[i]), error))
      return FALSE;
  return TRUE;
}

/* ---- files ---- */

static void
set_default (Reader *self, guint i, const char *content)
{
  EgSettingsToken *token = g_new0 (EgSettingsToken, 1);
  token->content = g_strdup (content);
  self->specials->pdata[i] = token;
}

/* What the class takes for a special token that no file names. */
static void
set_defaults (Reader *self)
{
  set_default (self, 0, "<|endoftext|>");
  set_default (self, 1, "<|endoftext|>");
  set_default (self, 2, "<|endoftext|>");
  if (!eg_tokenizer_settings_is_gpt2 (self->settings))
    set_default (self, 4, "<|padding|>");
}

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

/* special_tokens_map.json and added_tokens.json count where tokenizer_config.json has no
 * added_tokens_decoder. */
static gboolean
read_older_files (Reader *self, GError **error)
{
  GError *problem = NULL;
  g_autoptr (JsonNode) map = load (self, SPECIAL_MAP, &problem);
  if (problem != NULL)
    {
      g_propagate_error (error, problem);
      return FALSE;
    }
  return (map == NULL || read_specials (self, SPECIAL_MAP, json_node_get_object (map), error))
         && read_added_tokens (self, error);
}

/* config: (nullable). */
static gboolean
read_tokens (Reader *self, JsonObject *config, GError **error)
{
  set_defaults (self);
  if (config != NULL && !read_specials (self, CONFIG, config, error))
    return FALSE;
  const gboolean has_decoder = config != NULL && has (config, "added_tokens_decoder");
  if (!(has_decoder ? read_decoder (self, json_object_get_member (config, "added_tokens_decoder"), error)
                    : read_older_files (self, error)))
    return FALSE;
  for (guint i = 0; i < self->specials->len; i++)
    if (self->specials->pdata[i] != NULL)
      add_token (self, copy_token (self->specials->pdata[i]));
  for (guint i = 0; i < self->others->len; i++)
    add_token (self, copy_token (self->others->pdata[i]));
  const EgSettingsToken *bos = self->specials->pdata[0];
  self->settings->bos = bos != NULL ? g_strdup (bos->content) : NULL;
  return TRUE;
}

EgTokenizerSettings *
eg_tokenizer_settings_load (const char *folder, GError **error)
{
  g_autoptr (EgTokenizerSettings) settings = g_new0 (EgTokenizerSettings, 1);
  settings->add_prefix_space = -1;
  settings->tokens = g_ptr_array_new_with_free_func (free_token);
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) specials = g_ptr_array_new_with_free_func (free_token);
  g_autoptr (GPtrArray) others = g_ptr_array_new_with_free_func (free_token);
  g_ptr_array_set_size (specials, G_N_ELEMENTS (special_names));
  Reader self = { folder, settings, known, specials, others };

  GError *problem = NULL;
  g_autoptr (JsonNode) root = load (&self, CONFIG, &problem);
  JsonObject *config = root != NULL ? json_node_get_object (root) : NULL;
  const gboolean ok = problem == NULL && (config == NULL || read_config (&self, config, &problem))
                      && read_model_config (&self, &problem) && read_tokens (&self, config, &problem);
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

/* Whether the class has the setting, so that tokenizer.json's does not count. */
static gboolean
rules_prefix_space (const EgTokenizerSettings *self)
{
  static const char *const names[]
      = { "GPTNeoXTokenizer",    "GPT2Tokenizer",    "CodeGenTokenizer", "CohereTokenizer",
          "BlenderbotTokenizer", "DebertaTokenizer", "RobertaTokenizer", "LukeTokenizer",
          "Qwen2Tokenizer",      "Qwen3_5Tokenizer", "WhisperTokenizer", NULL };
  return self->class_name == NULL || g_strv_contains (names, self->class_name);
}

/* The classes of the models that Engram traces, which put no space there unless they are told to. */
static gboolean
has_no_prefix_space (const EgTokenizerSettings *self)
{
  static const char *const names[] = { "GPTNeoXTokenizer", "GPT2Tokenizer", NULL };
  return self->class_name != NULL ? g_strv_contains (names, self->class_name) : self->model_type != NULL;
}

int
eg_tokenizer_settings_get_prefix_space (const EgTokenizerSettings *self)
{
  if (self->add_prefix_space < 0)
    return has_no_prefix_space (self) ? FALSE : -1;
  return rules_prefix_space (self) ? self->add_prefix_space : -1;
}

gboolean
eg_tokenizer_settings_is_gpt2 (const EgTokenizerSettings *self)
{
  return self->class_name != NULL ? !g_str_equal (self->class_name, "GPTNeoXTokenizer")
                                  : g_strcmp0 (self->model_type, "gpt2") == 0;
}
