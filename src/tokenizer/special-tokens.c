/* Keeps the tokens that settings name, and brings them into the order in which transformers adds them. */
#include "tokenizer/special-tokens.h"

static const char *const named[EG_N_NAMED_TOKENS]
    = { "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token" };

static EgSettingsToken *
find_content (const GPtrArray *tokens, const char *content)
{
  for (guint i = 0; tokens != NULL && i < tokens->len; i++)
    {
      EgSettingsToken *token = tokens->pdata[i];
      if (g_str_equal (token->content, content))
        return token;
    }
  return NULL;
}

void
eg_special_tokens_init (EgSpecialTokens *self)
{
  *self = (EgSpecialTokens){ .names = g_ptr_array_new_with_free_func (g_free),
                             .models = g_ptr_array_new_with_free_func (eg_settings_token_free),
                             .decoder = g_ptr_array_new_with_free_func (eg_settings_token_free),
                             .decoder_ids = g_hash_table_new (g_int64_hash, g_int64_equal),
                             .flags = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                                             eg_settings_token_free) };
}

void
eg_special_tokens_clear (EgSpecialTokens *self)
{
  for (guint i = 0; i < EG_N_NAMED_TOKENS; i++)
    eg_settings_token_free (self->named[i].token);
  g_clear_pointer (&self->names, g_ptr_array_unref);
  g_clear_pointer (&self->models, g_ptr_array_unref);
  g_clear_pointer (&self->extra, g_ptr_array_unref);
  g_clear_pointer (&self->additional, g_ptr_array_unref);
  g_clear_pointer (&self->decoder_ids, g_hash_table_unref);
  g_clear_pointer (&self->flags, g_hash_table_unref);
  g_clear_pointer (&self->decoder, g_ptr_array_unref);
}

int
eg_special_tokens_find_name (const char *name)
{
  for (int i = 0; i < EG_N_NAMED_TOKENS; i++)
    if (g_str_equal (name, named[i]))
      return i;
  return -1;
}

void
eg_special_tokens_set_named (EgSpecialTokens *self, int place, EgSettingsToken *token)
{
  eg_settings_token_free (self->named[place].token);
  self->named[place] = (EgNamedToken){ TRUE, token };
}

void
eg_special_tokens_set_model (EgSpecialTokens *self, const char *name, EgSettingsToken *token)
{
  for (guint i = 0; i < self->names->len; i++)
    if (g_str_equal (self->names->pdata[i], name))
      {
        eg_settings_token_free (self->models->pdata[i]);
        self->models->pdata[i] = token;
        return;
      }
  g_ptr_array_add (self->names, g_strdup (name));
  g_ptr_array_add (self->models, token);
}

void
eg_special_tokens_add_decoder (EgSpecialTokens *self, EgSettingsToken *token)
{
  EgSettingsToken *old = g_hash_table_lookup (self->decoder_ids, &token->id);
  EgSettingsToken *flags = eg_settings_token_copy (token);
  g_hash_table_replace (self->flags, flags->content, flags);
  if (old != NULL)
    {
      /* Where it lies is where the table's key lies, too. */
      g_free (old->content);
      *old = *token;
      g_free (token);
      return;
    }
  g_ptr_array_add (self->decoder, token);
  g_hash_table_insert (self->decoder_ids, &token->id, token);
}

gboolean
eg_special_tokens_has (const EgSpecialTokens *self, const char *content)
{
  for (guint i = 0; i < EG_N_NAMED_TOKENS; i++)
    if (self->named[i].token != NULL && !self->named[i].token->is_unread
        && g_str_equal (self->named[i].token->content, content))
      return TRUE;
  for (guint i = 0; self->extra != NULL && i < self->extra->len; i++)
    {
      const EgSettingsToken *token = self->extra->pdata[i];
      if (!token->is_unread && g_str_equal (token->content, content))
        return TRUE;
    }
  return FALSE;
}

/* ---- the order ---- */

static int
compare_ids (gconstpointer left, gconstpointer right)
{
  const gint64 a = (*(EgSettingsToken *const *)left)->id, b = (*(EgSettingsToken *const *)right)->id;
  return a < b ? -1 : a > b;
}

/* Puts a named or extra token behind the others, unless it is there. n_settled: of tokens, those whose texts
 * are settled; further ones are only equal or not. */
static void
append (GPtrArray *tokens, guint n_settled, const GPtrArray *known, const EgSettingsToken *token)
{
  if (token == NULL || find_content (known, token->content) != NULL)
    return;
  for (guint i = 0; i < tokens->len; i++)
    {
      const EgSettingsToken *other = tokens->pdata[i];
      if (i < n_settled ? g_str_equal (other->content, token->content)
                        : eg_settings_token_is_same (other, token))
        return;
    }
  g_ptr_array_add (tokens, eg_settings_token_copy (token));
}

static gboolean
is_named (const EgSpecialTokens *self, const char *content)
{
  for (guint i = 0; i < EG_N_NAMED_TOKENS; i++)
    if (self->named[i].token != NULL && g_str_equal (self->named[i].token->content, content))
      return TRUE;
  return find_content (self->models, content) != NULL;
}

void
eg_special_tokens_order (EgSpecialTokens *self, const GPtrArray *known, GPtrArray *tokens)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  g_ptr_array_sort (self->decoder, compare_ids);
  for (guint i = 0; i < self->decoder->len; i++)
    g_ptr_array_add (list, eg_settings_token_copy (self->decoder->pdata[i]));
  const guint n_settled = list->len;
  for (guint i = 0; i < EG_N_NAMED_TOKENS; i++)
    append (list, n_settled, known, self->named[i].token);
  for (guint i = 0; i < self->models->len; i++)
    append (list, n_settled, known, self->models->pdata[i]);
  for (guint i = 0; self->extra != NULL && i < self->extra->len; i++)
    append (list, n_settled, known, self->extra->pdata[i]);
  for (guint i = 0; i < list->len; i++)
    {
      EgSettingsToken *token = list->pdata[i];
      token->special = token->special || token->is_text || is_named (self, token->content);
      if (*token->content == '\0')
        eg_settings_token_free (token);
      else
        g_ptr_array_add (tokens, token);
    }
}

static void
append_once (GPtrArray *tokens, guint first, const EgSettingsToken *token)
{
  if (token == NULL || *token->content == '\0')
    return;
  for (guint i = first; i < tokens->len; i++)
    if (g_str_equal (((const EgSettingsToken *)tokens->pdata[i])->content, token->content))
      return;
  EgSettingsToken *plain = eg_settings_token_new (token->content);
  plain->special = TRUE;
  g_ptr_array_add (tokens, plain);
}

void
eg_special_tokens_append_all (const EgSpecialTokens *self, GPtrArray *tokens)
{
  const guint first = tokens->len;
  for (guint i = 0; i < EG_N_NAMED_TOKENS; i++)
    append_once (tokens, first, self->named[i].token);
  for (guint i = 0; i < self->models->len; i++)
    append_once (tokens, first, self->models->pdata[i]);
  for (guint i = 0; self->extra != NULL && i < self->extra->len; i++)
    append_once (tokens, first, self->extra->pdata[i]);
}
