#include "tokenizing.h"

#include "fuzz.h"

static void
check_tokens (EgTokenizer *tokenizer, GArray *tokens, gsize n_characters)
{
  for (guint i = 0; i < tokens->len; i++)
    {
      const EgToken *token = &g_array_index (tokens, EgToken, i);
      gsize length;
      g_assert (token->start <= token->end && token->end <= n_characters);
      g_assert (token->id < eg_tokenizer_n_ids (tokenizer));
      g_assert (eg_tokenizer_token_bytes (tokenizer, token->id, &length) != NULL);
      g_autofree char *text = eg_tokenizer_token_text (tokenizer, token->id);
      g_assert (g_utf8_validate (text, -1, NULL));
    }
}

void
fuzz_tokenize (EgTokenizer *tokenizer)
{
  static const char *const texts[] = { "The Eiffel Tower's in Paris, 1234 m²", "", " a\n\n  b\tab",
                                       "cafe\u0301 😀 가\u11a8<x> <|endoftext|>", "\u00a0\u3000x  " };
  GError *error = NULL;
  if (tokenizer == NULL)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, texts[i], -1, &error);
      fuzz_check (tokens != NULL, &error);
      if (tokens != NULL)
        check_tokens (tokenizer, tokens, (gsize)g_utf8_strlen (texts[i], -1));
    }
  eg_tokenizer_unref (tokenizer);
}
