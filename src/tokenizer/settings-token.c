/* Tokens that settings name: made, copied, compared. */
#include "tokenizer/settings-token.h"

EgSettingsToken *
eg_settings_token_new (const char *content)
{
  EgSettingsToken *self = g_new0 (EgSettingsToken, 1);
  self->content = g_strdup (content);
  self->normalized = -1;
  return self;
}

EgSettingsToken *
eg_settings_token_copy (const EgSettingsToken *self)
{
  EgSettingsToken *copy = g_memdup2 (self, sizeof *self);
  copy->content = g_strdup (self->content);
  return copy;
}

void
eg_settings_token_free (gpointer data)
{
  EgSettingsToken *self = data;
  if (self != NULL)
    g_free (self->content);
  g_free (self);
}

gboolean
eg_settings_token_is_normalized (const EgSettingsToken *self)
{
  return self->normalized >= 0 ? self->normalized : !self->special;
}

gboolean
eg_settings_token_is_same (const EgSettingsToken *a, const EgSettingsToken *b)
{
  if (a->is_text != b->is_text || !g_str_equal (a->content, b->content))
    return FALSE;
  return a->is_text
         || (a->flags.single_word == b->flags.single_word && a->flags.lstrip == b->flags.lstrip
             && a->flags.rstrip == b->flags.rstrip && a->special == b->special
             && eg_settings_token_is_normalized (a) == eg_settings_token_is_normalized (b));
}
