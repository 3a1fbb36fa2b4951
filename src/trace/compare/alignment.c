/* Aligns tokens at the characters where both prompts have an end of a token. */
#include "trace/compare/alignment.h"

#include <string.h>

#define UNKNOWN G_MAXSIZE

void
eg_token_group_free (EgTokenGroup *self)
{
  g_free (self->text_a);
  g_free (self->text_b);
  g_free (self);
}

gboolean
eg_token_group_is_same (const EgTokenGroup *self)
{
  return self->a[1] - self->a[0] == 1 && self->b[1] - self->b[0] == 1
         && g_str_equal (self->text_a, self->text_b);
}

/* Where each token ends in the prompt, in bytes: [n]; UNKNOWN within a character that tokens share, and of
 * tokens that are not in the prompt. (transfer full) */
static gsize *
find_ends (const EgTraceTokens *tokens, const char *prompt)
{
  gsize *ends = g_new (gsize, MAX (tokens->n_tokens, 1)), at = 0;
  for (gsize t = 0; t < tokens->n_tokens; t++)
    {
      const char *text = tokens->tokens[t];
      const gboolean is_whole = *text != '\0' && strstr (text, "\xef\xbf\xbd") == NULL;
      const char *found = is_whole ? strstr (prompt + at, text) : NULL;
      /* Only bytes of a character that tokens share may be skipped. */
      const gboolean lost = t > 0 && ends[t - 1] == UNKNOWN;
      if (found == NULL || (found != prompt + at && !lost))
        {
          ends[t] = UNKNOWN;
          continue;
        }
      at = (gsize)(found - prompt) + strlen (text);
      ends[t] = at;
    }
  if (tokens->n_tokens > 0)
    ends[tokens->n_tokens - 1] = strlen (prompt);
  return ends;
}

/**
 * Texts: two prompts, the same up to `before` bytes and in their last `after`, all of whole characters.
 */
typedef struct
{
  const char *a, *b;
  gsize n_a, n_b, before, after;
} Texts;

static Texts
compare_texts (const char *a, const char *b)
{
  Texts it = { .a = a, .b = b, .n_a = strlen (a), .n_b = strlen (b) };
  const gsize least = MIN (it.n_a, it.n_b);
  while (it.before < least && a[it.before] == b[it.before])
    it.before++;
  while (it.before < least && it.before > 0 && (a[it.before] & 0xc0) == 0x80)
    it.before--;
  while (it.after < least - it.before && a[it.n_a - 1 - it.after] == b[it.n_b - 1 - it.after])
    it.after++;
  while (it.after > 0 && (a[it.n_a - it.after] & 0xc0) == 0x80)
    it.after--;
  return it;
}

/* Whether an end in a and one in b are the same place of both. */
static gboolean
meet (const Texts *it, gsize end_a, gsize end_b)
{
  if (end_a == UNKNOWN || end_b == UNKNOWN)
    return FALSE;
  if (end_a <= it->before && end_b <= it->before)
    return end_a == end_b;
  return it->n_a - end_a == it->n_b - end_b && it->n_a - end_a <= it->after;
}

/* Tokens at the beginning that are no part of the prompt: <|endoftext|>. */
static gsize
count_outside (const EgTraceTokens *tokens, const char *prompt)
{
  gsize n = 0;
  while (n + 1 < tokens->n_tokens && *tokens->tokens[n] != '\0'
         && strstr (tokens->tokens[n], "\xef\xbf\xbd") == NULL
         && !g_str_has_prefix (prompt, tokens->tokens[n]))
    n++;
  return n;
}

GPtrArray *
eg_tokens_align (const EgTraceTokens *a, const char *prompt_a, const EgTraceTokens *b, const char *prompt_b)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func ((GDestroyNotify)eg_token_group_free);
  const gsize out_a = count_outside (a, prompt_a), out_b = count_outside (b, prompt_b);
  const EgTraceTokens in_a = { .n_tokens = a->n_tokens - out_a, .tokens = a->tokens + out_a };
  const EgTraceTokens in_b = { .n_tokens = b->n_tokens - out_b, .tokens = b->tokens + out_b };
  g_autofree gsize *ends_a = find_ends (&in_a, prompt_a), *ends_b = find_ends (&in_b, prompt_b);
  const Texts texts = compare_texts (prompt_a, prompt_b);
  gsize first_a = 0, first_b = 0, from_a = 0, from_b = 0;
  for (gsize i = 0; i < in_a.n_tokens; i++)
    {
      gsize k = first_b;
      while (k < in_b.n_tokens && !meet (&texts, ends_a[i], ends_b[k]))
        k++;
      if (k == in_b.n_tokens)
        continue;
      EgTokenGroup *group = g_new (EgTokenGroup, 1);
      *group = (EgTokenGroup){ { out_a + first_a, out_a + i + 1 },
                               { out_b + first_b, out_b + k + 1 },
                               g_strndup (prompt_a + from_a, ends_a[i] - from_a),
                               g_strndup (prompt_b + from_b, ends_b[k] - from_b) };
      g_ptr_array_add (groups, group);
      first_a = i + 1;
      first_b = k + 1;
      from_a = ends_a[i];
      from_b = ends_b[k];
    }
  return groups;
}
