/* Makes of a tokenizer what transformers' class of it makes of its files. */
#include "tokenizer/load-private.h"

#include "core/error.h"
#include "formats/quote.h"

#include <glib/gi18n.h>

static const char qwen2_pattern[]
    = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|"
      "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

gboolean
eg_tokenizer_check_class (const EgTokenizerSettings *settings, GError **error)
{
  if (settings->tokenizer_class != EG_TOKENIZER_CLASS_OTHER)
    return TRUE;
  g_autofree char *quoted = eg_quote (settings->class_name);
  g_set_error (
      error, EG_ERROR, EG_ERROR_UNSUPPORTED,
      _ ("the tokenizer’s class is %s, by its configuration, which makes another tokenizer of "
         "tokenizer.json than that says, and that Engram does not know; where the file is right, name "
         "PreTrainedTokenizerFast there"),
      quoted);
  return FALSE;
}

/* What a class that was named builds anew, whatever the file says. */
static gboolean
rebuild (EgTokenizerLoader *self, const EgTokenizerSettings *settings, GError **error)
{
  EgTokenizer *tokenizer = self->tokenizer;
  const gboolean qwen2 = settings->tokenizer_class == EG_TOKENIZER_CLASS_QWEN2;
  g_clear_pointer (&tokenizer->pre_tokenizer, eg_pre_tokenizer_free);
  tokenizer->pre_tokenizer = eg_pre_tokenizer_new ();
  if (qwen2)
    {
      EgSplitPattern *pattern = eg_split_pattern_new_regex (qwen2_pattern, error);
      if (pattern == NULL)
        return FALSE;
      eg_pre_tokenizer_add_split (tokenizer->pre_tokenizer, pattern, EG_SPLIT_ISOLATED, FALSE);
    }
  eg_pre_tokenizer_add_byte_level (tokenizer->pre_tokenizer, settings->add_prefix_space > 0, !qwen2);
  tokenizer->unknown_id = EG_NO_TOKEN;
  tokenizer->fuse_unknown = FALSE;
  g_clear_pointer (&tokenizer->whole_words, g_hash_table_unref);
  if (settings->tokenizer_class == EG_TOKENIZER_CLASS_GPT_NEOX)
    {
      g_array_set_size (tokenizer->first_ids, 0);
      tokenizer->trim_offsets = tokenizer->trim_after_prefix = FALSE;
    }
  return TRUE;
}

gboolean
eg_tokenizer_apply_class (EgTokenizerLoader *self, const EgTokenizerSettings *settings, GError **error)
{
  const int prefix_space = eg_tokenizer_settings_get_prefix_space (settings);
  if (prefix_space >= 0)
    eg_pre_tokenizer_set_prefix_space (self->tokenizer->pre_tokenizer, prefix_space);
  if (settings->tokenizer_class == EG_TOKENIZER_CLASS_FILE)
    return TRUE;
  self->tokenizer->nfc = settings->tokenizer_class != EG_TOKENIZER_CLASS_GPT2;
  return settings->class_name == NULL || rebuild (self, settings, error);
}

gboolean
eg_tokenizer_add_settings_tokens (EgTokenizerLoader *self, const GPtrArray *tokens, GError **error)
{
  for (guint i = 0; i < tokens->len; i++)
    {
      const EgSettingsToken *token = tokens->pdata[i];
      const gboolean normalized = eg_settings_token_is_normalized (token);
      if (token->if_known && eg_tokenizer_find_id (self, token->content) == EG_NO_TOKEN)
        continue;
      if (!eg_tokenizer_add_token (self, token->content, token->flags, normalized, NULL, error))
        return FALSE;
    }
  return TRUE;
}
