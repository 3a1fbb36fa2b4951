/* Encodes and decodes texts. */
#include "tokenizer/tokenizer-private.h"

#include "core/error.h"
#include "tokenizer/aligned-text.h"
#include "tokenizer/byte-level.h"
#include "tokenizer/token-text.h"
#include "tokenizer/unicode.h"

#include <glib/gi18n.h>
#include <string.h>

/* Bounds what a text takes in memory: some fifty times its size. */
static const gsize MAX_TEXT_BYTES = (gsize)16 << 20;

EgTokenizer *
eg_tokenizer_ref (EgTokenizer *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
eg_tokenizer_unref (EgTokenizer *self)
{
  g_return_if_fail (self != NULL);
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->texts, g_string_chunk_free);
  g_clear_pointer (&self->bytes, g_byte_array_unref);
  g_clear_pointer (&self->merges, eg_merges_free);
  g_clear_pointer (&self->whole_words, g_hash_table_unref);
  g_clear_pointer (&self->pre_tokenizer, eg_pre_tokenizer_free);
  g_clear_pointer (&self->first_ids, g_array_unref);
  g_clear_pointer (&self->added_raw, eg_added_tokens_free);
  g_clear_pointer (&self->added_normalized, eg_added_tokens_free);
  g_free (self->entries);
  g_free (self);
}

/* A text on its way through the encoder. */
typedef struct
{
  const EgTokenizer *tokenizer;
  GArray *tokens;  /* of EgToken: the result, in bytes of the original text until the end */
  GArray *margins; /* of Margins, one a token, if offsets are trimmed */
  GArray *symbols; /* of EgSymbol: the word's */
  GArray *units; /* of gsize: the word's bytes, as often as eg_byte_level_char() of each has bytes in UTF-8 */
} Encoder;

/* How many characters of white space a token begins and ends with, as the post-processor counts them. */
typedef struct
{
  gsize leading;
  gsize trailing;
} Margins;

static gboolean
is_margin (gunichar c)
{
  return c == eg_byte_level_char (' ') || eg_char_class (c) == EG_CHAR_SPACE;
}

static Margins
measure_margins (const char *token, gsize length)
{
  Margins margins = { 0, 0 };
  const char *end = token + length;
  for (const char *p = token; p < end && is_margin (g_utf8_get_char (p)); p = g_utf8_next_char (p))
    margins.leading++;
  for (const char *p = end; p > token && is_margin (g_utf8_get_char (g_utf8_prev_char (p)));
       p = g_utf8_prev_char (p))
    margins.trailing++;
  return margins;
}

/* text: the token as the library's Encoding has it, length bytes. */
static void
append_token (Encoder *self, guint32 id, EgSpan span, const char *text, gsize length)
{
  const EgToken token = { id, span.start, span.end };
  g_array_append_val (self->tokens, token);
  if (self->tokenizer->trim_offsets)
    {
      const Margins margins = measure_margins (text, length);
      g_array_append_val (self->margins, margins);
    }
}

static gsize
count_units (guint8 byte)
{
  return eg_byte_level_char (byte) < 0x80 ? 1 : 2;
}

/* The word's bytes as symbols. Those that no token stands for become the unknown token (several in a row one,
 * with fuse_unk), or are dropped if there is none. */
static void
set_symbols (Encoder *self, const char *word, gsize length)
{
  const EgTokenizer *tokenizer = self->tokenizer;
  g_array_set_size (self->symbols, 0);
  gboolean after_unknown = FALSE;
  for (gsize i = 0; i < length; i++)
    {
      const guint8 byte = (guint8)word[i];
      guint32 id = tokenizer->byte_ids[byte];
      const gboolean unknown = id == EG_NO_TOKEN;
      if (unknown)
        id = tokenizer->unknown_id;
      if (unknown && after_unknown && tokenizer->fuse_unknown)
        g_array_index (self->symbols, EgSymbol, self->symbols->len - 1).length += count_units (byte);
      else if (id != EG_NO_TOKEN)
        {
          const EgSymbol symbol = { id, count_units (byte) };
          g_array_append_val (self->symbols, symbol);
        }
      after_unknown = unknown && id != EG_NO_TOKEN;
    }
}

/* Returns: the token that the whole word is, or EG_NO_TOKEN; only for ignore_merges. */
static guint32
find_whole_word (const EgTokenizer *self, const char *word, gsize length)
{
  g_autoptr (GString) spelled = g_string_sized_new (2 * length);
  for (gsize i = 0; i < length; i++)
    g_string_append_unichar (spelled, eg_byte_level_char ((guint8)word[i]));
  gpointer id;
  return g_hash_table_lookup_extended (self->whole_words, spelled->str, NULL, &id) ? GPOINTER_TO_UINT (id)
                                                                                   : EG_NO_TOKEN;
}

static void
encode_word (const EgAlignedText *text, gpointer data)
{
  Encoder *self = data;
  const EgTokenizer *tokenizer = self->tokenizer;
  const char *word = text->text->str;
  const gsize length = text->text->len;
  if (tokenizer->whole_words != NULL)
    {
      const guint32 id = find_whole_word (tokenizer, word, length);
      if (id != EG_NO_TOKEN)
        {
          const char *spelled = tokenizer->entries[id].text;
          append_token (self, id, eg_aligned_text_get_span (text, 0, length), spelled, strlen (spelled));
          return;
        }
    }

  g_array_set_size (self->units, 0);
  for (gsize i = 0; i < length; i++)
    for (gsize n = count_units ((guint8)word[i]); n > 0; n--)
      g_array_append_val (self->units, i);

  set_symbols (self, word, length);
  eg_merges_apply (tokenizer->merges, self->symbols);

  /* The library counts along the symbols: bytes that were dropped shift the offsets of what follows. */
  gsize unit = 0;
  for (guint i = 0; i < self->symbols->len; i++)
    {
      const EgSymbol symbol = g_array_index (self->symbols, EgSymbol, i);
      const gsize first = g_array_index (self->units, gsize, unit);
      const gsize last = g_array_index (self->units, gsize, unit + symbol.length - 1);
      const char *spelled = tokenizer->entries[symbol.id].text;
      append_token (self, symbol.id, eg_aligned_text_get_span (text, first, last + 1), spelled,
                    strlen (spelled));
      unit += symbol.length;
    }
}

/* text: what stands between the added tokens that are found before normalization; not empty. */
static gboolean
encode_normalized (Encoder *self, EgAlignedText *text, GError **error)
{
  if (self->tokenizer->nfc)
    eg_aligned_text_normalize (text);
  const GString *normalized = text->text;
  g_autoptr (GArray) parts
      = eg_added_tokens_split (self->tokenizer->added_normalized, normalized->str, normalized->len);
  for (guint i = 0; i < parts->len; i++)
    {
      const EgAddedPart *part = &g_array_index (parts, EgAddedPart, i);
      if (part->token != NULL)
        append_token (self, part->token->id, eg_aligned_text_get_span (text, part->start, part->end),
                      normalized->str + part->start, part->end - part->start);
      else
        {
          g_autoptr (EgAlignedText) words = eg_aligned_text_slice (text, part->start, part->end);
          if (!eg_pre_tokenizer_run (self->tokenizer->pre_tokenizer, words, encode_word, self, error))
            return FALSE;
        }
    }
  return TRUE;
}

static gboolean
encode_text (Encoder *self, const char *text, gsize length, GError **error)
{
  g_autoptr (GArray) parts = eg_added_tokens_split (self->tokenizer->added_raw, text, length);
  for (guint i = 0; i < parts->len; i++)
    {
      const EgAddedPart *part = &g_array_index (parts, EgAddedPart, i);
      if (part->token != NULL)
        append_token (self, part->token->id, (EgSpan){ part->start, part->end }, text + part->start,
                      part->end - part->start);
      else
        {
          g_autoptr (EgAlignedText) aligned = eg_aligned_text_new (text, part->start, part->end);
          if (!encode_normalized (self, aligned, error))
            return FALSE;
        }
    }
  return TRUE;
}

/* Turns the tokens' byte offsets, which are all on character boundaries, into characters. */
static void
count_characters (GArray *tokens, const char *text, gsize length)
{
  g_autofree gsize *characters = g_new (gsize, length + 1);
  gsize n = 0;
  for (gsize i = 0; i < length; i++)
    {
      /* Bytes 10xxxxxx go on with a character. */
      if (((guchar)text[i] & 0xc0) != 0x80)
        n++;
      characters[i] = n - 1;
    }
  characters[length] = n;
  for (guint i = 0; i < tokens->len; i++)
    {
      EgToken *token = &g_array_index (tokens, EgToken, i);
      token->start = characters[token->start];
      token->end = characters[token->end];
    }
}

/* Takes the white space that tokens begin and end with out of their offsets. */
static void
trim (const Encoder *self)
{
  for (guint i = 0; i < self->margins->len; i++)
    {
      EgToken *token = &g_array_index (self->tokens, EgToken, i);
      Margins margins = g_array_index (self->margins, Margins, i);
      /* A single space at the beginning may be the prefix, which no character of the text stands for. */
      const gboolean first = i == 0 || token->start == 0;
      if (first && self->tokenizer->trim_after_prefix && margins.leading == 1)
        margins.leading = 0;
      token->start = MIN (token->start + margins.leading, token->end);
      if (token->end >= margins.trailing)
        token->end = MAX (token->end - margins.trailing, token->start);
    }
}

/* g_utf8_validate_len(), but NUL is a character like others. */
static gboolean
is_utf8 (const char *text, gsize length)
{
  const char *end = text + length;
  while (!g_utf8_validate_len (text, (gsize)(end - text), &text))
    {
      if (*text != '\0')
        return FALSE;
      text++;
    }
  return TRUE;
}

GArray *
eg_tokenizer_encode_part (EgTokenizer *self, const char *text, gssize length, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (text != NULL || length == 0, NULL);

  const gsize n = length < 0 ? strlen (text) : (gsize)length;
  if (n > MAX_TEXT_BYTES)
    {
      eg_error_invalid (error, _ ("The text to tokenize is longer than 16 MiB"));
      return NULL;
    }
  if (!is_utf8 (text, n))
    {
      eg_error_invalid (error, _ ("The text to tokenize is not valid UTF-8"));
      return NULL;
    }
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (EgToken));
  g_autoptr (GArray) margins = g_array_new (FALSE, FALSE, sizeof (Margins));
  g_autoptr (GArray) symbols = g_array_new (FALSE, FALSE, sizeof (EgSymbol));
  g_autoptr (GArray) units = g_array_new (FALSE, FALSE, sizeof (gsize));
  Encoder encoder = { self, tokens, margins, symbols, units };
  if (!encode_text (&encoder, text, n, error))
    return NULL;
  count_characters (tokens, text, n);
  trim (&encoder);
  return g_steal_pointer (&tokens);
}

GArray *
eg_tokenizer_encode (EgTokenizer *self, const char *text, gssize length, GError **error)
{
  GArray *tokens = eg_tokenizer_encode_part (self, text, length, error);
  for (guint i = self->first_ids->len; tokens != NULL && i > 0; i--)
    {
      const EgToken token = { g_array_index (self->first_ids, guint32, i - 1), 0, 0 };
      g_array_prepend_val (tokens, token);
    }
  return tokens;
}

static const EgVocabularyEntry *
find_entry (EgTokenizer *self, guint32 id)
{
  return id < self->n_ids && self->entries[id].text != NULL ? &self->entries[id] : NULL;
}

char *
eg_tokenizer_decode (EgTokenizer *self, const guint32 *ids, gsize n, gsize *out_length)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (ids != NULL || n == 0, NULL);

  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  for (gsize i = 0; i < n; i++)
    {
      const EgVocabularyEntry *entry = find_entry (self, ids[i]);
      if (entry != NULL)
        g_byte_array_append (bytes, entry->bytes, entry->n_bytes);
    }
  return eg_utf8_lossy (bytes->data, bytes->len, out_length);
}

char *
eg_tokenizer_token_text (EgTokenizer *self, guint32 id)
{
  return eg_tokenizer_decode (self, &id, 1, NULL);
}

const guint8 *
eg_tokenizer_token_bytes (EgTokenizer *self, guint32 id, gsize *length)
{
  g_return_val_if_fail (self != NULL && length != NULL, NULL);

  const EgVocabularyEntry *entry = find_entry (self, id);
  *length = entry != NULL ? entry->n_bytes : 0;
  return entry != NULL ? entry->bytes : NULL;
}

char *
eg_token_spell (EgTokenizer *tokenizer, guint32 id)
{
  gsize n;
  const guint8 *bytes = eg_tokenizer_token_bytes (tokenizer, id, &n);

  if (bytes == NULL || g_utf8_validate_len ((const char *)bytes, n, NULL))
    return eg_tokenizer_token_text (tokenizer, id);
  g_autoptr (GString) text = g_string_new ("⟨");
  for (gsize i = 0; i < n; i++)
    g_string_append_printf (text, "%s%02X", i > 0 ? " " : "", bytes[i]);
  g_string_append (text, "⟩");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

gsize
eg_tokenizer_n_ids (EgTokenizer *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->n_ids;
}

gsize
eg_tokenizer_n_model_ids (EgTokenizer *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->n_model_ids;
}

gboolean
eg_tokenizer_check_rows (EgTokenizer *self, const GArray *tokens, gsize n_rows, GError **error)
{
  for (guint i = 0; i < tokens->len; i++)
    {
      const guint32 id = g_array_index (tokens, EgToken, i).id;
      if (id < n_rows)
        continue;
      g_autofree char *text = eg_tokenizer_token_text (self, id), *quoted = eg_token_quote (text);
      return eg_error_invalid (error,
                               _ ("The token “%s” has the number %u, but the model’s embedding has %zu rows: "
                                  "it knows no such token"),
                               quoted, id, n_rows);
    }
  return TRUE;
}

gsize
eg_tokenizer_n_first (EgTokenizer *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->first_ids->len;
}

gboolean
eg_tokenizer_lookup (EgTokenizer *self, const char *text, guint32 *id)
{
  g_return_val_if_fail (self != NULL && text != NULL && id != NULL, FALSE);

  g_autoptr (GArray) tokens = eg_tokenizer_encode_part (self, text, -1, NULL);
  if (tokens == NULL || tokens->len != 1)
    return FALSE;
  *id = g_array_index (tokens, EgToken, 0).id;
  return TRUE;
}
