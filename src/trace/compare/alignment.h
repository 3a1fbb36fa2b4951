/* Which tokens of two prompts say the same, by their characters: tokenizers may cut a text differently. */
#pragma once

#include "trace/result/result.h"

G_BEGIN_DECLS

/**
 * EgTokenGroup: tokens of either prompt that stand for the same characters, as few as can be; or, where the
 * prompts differ, for what one says in place of the other. Never empty.
 * @a, @b: the first of them and the one after the last
 * @text_a, @text_b: what they say; not owned by either prompt
 */
typedef struct
{
  gsize a[2], b[2];
  char *text_a, *text_b;
} EgTokenGroup;

void eg_token_group_free (EgTokenGroup *self);

/* Whether it is one token on both sides, and the same one: what numbers can be compared for. */
gboolean eg_token_group_is_same (const EgTokenGroup *self);

/* The groups, in order; tokens of one prompt alone (a first token that stands for no character) are in none.
 * prompt_a, prompt_b: the whole texts. (element-type EgTokenGroup) (transfer full) */
GPtrArray *
eg_tokens_align (const EgTraceTokens *a, const char *prompt_a, const EgTraceTokens *b, const char *prompt_b);

G_END_DECLS
