/* The vocabulary, the merges and the added tokens, from whichever file they come. */
#include "tokenizer/load-private.h"

#include "core/error.h"
#include "formats/json-reader.h"
#include "formats/quote.h"
#include "tokenizer/aligned-text.h"
#include "tokenizer/byte-level.h"

#include <glib/gi18n.h>
#include <string.h>

/* An added token of which all has been said. */
typedef struct
{
  const char *content; /* of the tokenizer's texts */
  EgAddedToken token;
  gboolean normalized;
} Added;

EgTokenizer *
eg_tokenizer_new_empty (void)
{
  EgTokenizer *self = g_new0 (EgTokenizer, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->texts = g_string_chunk_new (1 << 16);
  self->bytes = g_byte_array_new ();
  self->pre_tokenizer = eg_pre_tokenizer_new ();
  self->first_ids = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->added_raw = eg_added_tokens_new ();
  self->added_normalized = eg_added_tokens_new ();
  return self;
}

void
eg_tokenizer_loader_init (EgTokenizerLoader *self, const char *where, EgTokenizer *tokenizer)
{
  *self = (EgTokenizerLoader){ .where = where, .tokenizer = tokenizer, .last_added = EG_NO_TOKEN };
  self->ids = g_hash_table_new (g_str_hash, g_str_equal);
  self->added = g_array_new (FALSE, FALSE, sizeof (Added));
  self->added_places = g_hash_table_new (g_str_hash, g_str_equal);
}

void
eg_tokenizer_loader_clear (EgTokenizerLoader *self)
{
  g_clear_pointer (&self->ids, g_hash_table_unref);
  g_clear_pointer (&self->added, g_array_unref);
  g_clear_pointer (&self->added_places, g_hash_table_unref);
}

gboolean
eg_tokenizer_fail (const EgTokenizerLoader *self, GError **error, EgError code, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *problem = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, EG_ERROR, (int)code, "%s: %s", self->where, problem);
  return FALSE;
}

/* ---- tokens ---- */

/* Sets the text of an id that has none yet. text: of the tokenizer's texts. */
static gboolean
set_entry (EgTokenizerLoader *self, guint32 id, const char *text, GError **error)
{
  EgVocabularyEntry *entry = &self->tokenizer->entries[id];
  if (entry->text != NULL)
    {
      g_autofree char *first = eg_quote (entry->text);
      g_autofree char *second = eg_quote (text);
      return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT,
                                _ ("the tokens “%s” and “%s” have the same id, %u"), first, second, id);
    }
  entry->text = text;
  return TRUE;
}

gboolean
eg_tokenizer_check_id (const EgTokenizerLoader *self, gboolean good, const char *token, GError **error)
{
  if (good)
    return TRUE;
  g_autofree char *quoted = eg_quote (token);
  return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT,
                            _ ("the id of the token “%s” is not a number from 0 to %u"), quoted,
                            EG_TOKENIZER_MAX_IDS - 1);
}

typedef struct
{
  char *text; /* of the tokenizer's texts */
  guint32 id;
} Word;

/* Reads the next member, "text": id, of the vocabulary. */
static gboolean
read_word (EgTokenizerLoader *self, EgJsonReader *reader, Word *word, GError **error)
{
  word->text
      = g_string_chunk_insert_len (self->tokenizer->texts, reader->text->str, (gssize)reader->text->len);
  eg_json_reader_next (reader); /* the colon */
  const gboolean good = eg_json_reader_next (reader) == EG_JSON_INTEGER && reader->integer >= 0
                        && reader->integer < EG_TOKENIZER_MAX_IDS;
  if (!eg_tokenizer_check_id (self, good, word->text, error))
    return FALSE;
  word->id = (guint32)reader->integer;
  if (g_hash_table_insert (self->ids, word->text, GUINT_TO_POINTER (word->id)))
    return TRUE;
  g_autofree char *quoted = eg_quote (word->text);
  return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("“%s” is there twice"), quoted);
}

static gboolean
set_words (EgTokenizerLoader *self, const GArray *words, guint32 largest, guint n_added, GError **error)
{
  EgTokenizer *tokenizer = self->tokenizer;
  tokenizer->n_ids = MAX ((gsize)largest + 1, (gsize)words->len) + n_added;
  tokenizer->entries = g_new0 (EgVocabularyEntry, tokenizer->n_ids);
  for (guint i = 0; i < words->len; i++)
    {
      const Word *word = &g_array_index (words, Word, i);
      if (!set_entry (self, word->id, word->text, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
eg_tokenizer_read_vocabulary (EgTokenizerLoader *self,
                              const char *what,
                              const char *json,
                              gsize length,
                              gsize n_values,
                              guint n_added,
                              GError **error)
{
  g_auto (EgJsonReader) reader;
  eg_json_reader_init (&reader, json, length);
  eg_json_reader_next (&reader);
  g_autoptr (GArray) words = g_array_sized_new (FALSE, FALSE, sizeof (Word), (guint)n_values);
  guint32 largest = 0;
  while (eg_json_reader_next (&reader) == EG_JSON_TEXT)
    {
      Word word;
      if (!read_word (self, &reader, &word, error))
        return FALSE;
      g_array_append_val (words, word);
      largest = MAX (largest, word.id);
      eg_json_reader_next (&reader); /* a comma or the end */
    }
  if (words->len == 0)
    return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("%s is empty"), what);
  return set_words (self, words, largest, n_added, error);
}

guint32
eg_tokenizer_find_id (const EgTokenizerLoader *self, const char *text)
{
  gpointer id;
  return g_hash_table_lookup_extended (self->ids, text, NULL, &id) ? GPOINTER_TO_UINT (id) : EG_NO_TOKEN;
}

gboolean
eg_tokenizer_find_bytes (EgTokenizerLoader *self, const char *unknown, GError **error)
{
  EgTokenizer *tokenizer = self->tokenizer;
  gboolean complete = TRUE;
  for (guint byte = 0; byte < 256; byte++)
    {
      char text[7] = { 0 };
      g_unichar_to_utf8 (eg_byte_level_char ((guint8)byte), text);
      tokenizer->byte_ids[byte] = eg_tokenizer_find_id (self, text);
      complete = complete && tokenizer->byte_ids[byte] != EG_NO_TOKEN;
    }
  tokenizer->unknown_id = unknown != NULL ? eg_tokenizer_find_id (self, unknown) : EG_NO_TOKEN;
  if (complete || unknown == NULL || tokenizer->unknown_id != EG_NO_TOKEN)
    return TRUE;
  g_autofree char *quoted = eg_quote (unknown);
  return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT,
                            _ ("model.unk_token is “%s”, which model.vocab does not have"), quoted);
}

/* ---- merges ---- */

/* Which merge it is, for messages: "model.merges[7]", "line 8". */
static char *
name_merge (gboolean is_line, guint place)
{
  return is_line ? g_strdup_printf (_ ("line %u"), place + 1) : g_strdup_printf ("model.merges[%u]", place);
}

/* Looks a merge's part up. */
static gboolean
find_part (const EgTokenizerLoader *self,
           gboolean is_line,
           guint place,
           const char *text,
           guint32 *id,
           GError **error)
{
  *id = eg_tokenizer_find_id (self, text);
  if (*id != EG_NO_TOKEN)
    return TRUE;
  g_autofree char *quoted = eg_quote (text), *merge = name_merge (is_line, place);
  return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("%s names “%s”, which %s does not have"), merge,
                            quoted, is_line ? "vocab.json" : "model.vocab");
}

/* joined: the two parts with a NUL between. */
static gboolean
add_merge (EgTokenizerLoader *self,
           gboolean is_line,
           guint place,
           guint32 rank,
           GString *joined,
           gsize left_length,
           GError **error)
{
  guint32 left, right, merged;
  if (!find_part (self, is_line, place, joined->str, &left, error)
      || !find_part (self, is_line, place, joined->str + left_length + 1, &right, error))
    return FALSE;
  g_string_erase (joined, (gssize)left_length, 1);
  if (!find_part (self, is_line, place, joined->str, &merged, error))
    return FALSE;
  eg_merges_add (self->tokenizer->merges, left, right, rank, merged);
  return TRUE;
}

/* "a b" into its two parts with a NUL between. */
static gboolean
divide_pair (GString *joined, gsize *left_length)
{
  char *space = strchr (joined->str, ' ');
  if (space == NULL || strchr (space + 1, ' ') != NULL)
    return FALSE;
  *left_length = (gsize)(space - joined->str);
  *space = '\0';
  return TRUE;
}

/* A merge's two parts, "a b" or ["a", "b"], one after the other in joined with a NUL between. token: its
 * first. */
static gboolean
read_pair (EgJsonReader *reader, EgJsonToken token, GString *joined, gsize *left_length)
{
  if (token == EG_JSON_TEXT)
    {
      g_string_assign (joined, reader->text->str);
      return divide_pair (joined, left_length);
    }
  if (token != EG_JSON_ARRAY || eg_json_reader_next (reader) != EG_JSON_TEXT)
    return FALSE;
  g_string_assign (joined, reader->text->str);
  *left_length = joined->len;
  if (eg_json_reader_next (reader) != EG_JSON_COMMA || eg_json_reader_next (reader) != EG_JSON_TEXT)
    return FALSE;
  g_string_append_c (joined, '\0');
  g_string_append (joined, reader->text->str);
  return eg_json_reader_next (reader) == EG_JSON_ARRAY_END;
}

gboolean
eg_tokenizer_read_merges (
    EgTokenizerLoader *self, const char *json, gsize length, gsize n_values, GError **error)
{
  g_auto (EgJsonReader) reader;
  eg_json_reader_init (&reader, json, length);
  eg_json_reader_next (&reader);
  EgJsonToken token = eg_json_reader_next (&reader);
  const EgJsonToken kind = token; /* of all of them */
  self->tokenizer->merges = eg_merges_new (kind == EG_JSON_TEXT ? n_values : n_values / 3);
  g_autoptr (GString) joined = g_string_new (NULL);
  guint32 rank = 0;
  for (guint place = 0; token != EG_JSON_ARRAY_END; place++)
    {
      gsize left_length;
      const gboolean comment = token == EG_JSON_TEXT && g_str_has_prefix (reader.text->str, "#version");
      if (token != kind || !(comment || read_pair (&reader, token, joined, &left_length)))
        return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT,
                                  _ ("model.merges[%u] is not a pair of tokens"), place);
      if (!comment && !add_merge (self, FALSE, place, rank++, joined, left_length, error))
        return FALSE;
      token = eg_json_reader_next (&reader);
      if (token == EG_JSON_COMMA)
        token = eg_json_reader_next (&reader);
    }
  return TRUE;
}

static gsize
count_lines (const char *text, gsize length)
{
  gsize n = 1;
  for (gsize i = 0; i < length; i++)
    n += text[i] == '\n';
  return n;
}

/* Tokens of byte-level BPE are written in its alphabet: those that end words ("</w>") or begin them ("▁") are
 * another tokenizer's. */
static gboolean
check_byte_level (const EgTokenizerLoader *self, guint place, const char *part, GError **error)
{
  gboolean good = !g_str_has_suffix (part, "</w>");
  for (const char *p = part; good && *p != '\0'; p = g_utf8_next_char (p))
    good = eg_byte_level_byte (g_utf8_get_char (p)) >= 0;
  if (good)
    return TRUE;
  g_autofree char *quoted = eg_quote (part);
  return eg_tokenizer_fail (
      self, error, EG_ERROR_UNSUPPORTED,
      _ ("line %u names “%s”, which is not written in bytes as GPT-2’s tokens are; Engram "
         "reads byte-level BPE alone"),
      place + 1, quoted);
}

static gboolean
read_merge_line (EgTokenizerLoader *self, guint place, guint32 rank, GString *line, GError **error)
{
  gsize left_length;
  if (!divide_pair (line, &left_length))
    return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("line %u is not a pair of tokens"), place + 1);
  return check_byte_level (self, place, line->str, error)
         && check_byte_level (self, place, line->str + left_length + 1, error)
         && add_merge (self, TRUE, place, rank, line, left_length, error);
}

gboolean
eg_tokenizer_read_merge_lines (EgTokenizerLoader *self, const char *text, gsize length, GError **error)
{
  const char *end = text + length, *next;
  g_autoptr (GString) line = g_string_new (NULL);
  guint32 rank = 0;
  guint place = 0;
  if (!g_utf8_validate_len (text, length, NULL))
    return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT, _ ("it is not valid UTF-8 text"));
  self->tokenizer->merges = eg_merges_new (count_lines (text, length));
  for (const char *start = text; start < end; start = next, place++)
    {
      const char *stop = memchr (start, '\n', (gsize)(end - start));
      next = stop != NULL ? stop + 1 : end;
      stop = stop != NULL ? stop : end;
      if (stop > start && stop[-1] == '\r')
        stop--;
      g_string_truncate (line, 0);
      g_string_append_len (line, start, stop - start);
      const gboolean skipped = line->len == 0 || g_str_has_prefix (line->str, "#version");
      if (!skipped && !read_merge_line (self, place, rank++, line, error))
        return FALSE;
    }
  return TRUE;
}

/* ---- added tokens ---- */

/* Returns: (transfer full): content as the normalizer leaves it. */
static char *
normalize (const EgTokenizerLoader *self, const char *content)
{
  g_autoptr (EgAlignedText) text = eg_aligned_text_new (content, 0, strlen (content));
  if (self->tokenizer->nfc)
    eg_aligned_text_normalize (text);
  return g_strdup (text->text->str);
}

/* The id of the next added token that the vocabulary does not have. */
static guint32
next_id (const EgTokenizerLoader *self)
{
  const guint32 size = g_hash_table_size (self->ids);
  return self->last_added != EG_NO_TOKEN && self->last_added >= size ? self->last_added + 1 : size;
}

/* The id of content, made where there is none. */
static gboolean
find_or_make_id (EgTokenizerLoader *self, const char *content, guint32 *id, GError **error)
{
  *id = eg_tokenizer_find_id (self, content);
  if (*id == EG_NO_TOKEN)
    {
      *id = next_id (self);
      if (!set_entry (self, *id, g_string_chunk_insert (self->tokenizer->texts, content), error))
        return FALSE;
    }
  self->tokenizer->entries[*id].is_added = TRUE;
  if (self->last_added == EG_NO_TOKEN || *id > self->last_added)
    self->last_added = *id;
  return TRUE;
}

gboolean
eg_tokenizer_add_token (EgTokenizerLoader *self,
                        const char *content,
                        EgAddedToken token,
                        gboolean normalized,
                        guint32 *id,
                        GError **error)
{
  gpointer place;
  if (g_hash_table_lookup_extended (self->added_places, content, NULL, &place))
    {
      Added *old = &g_array_index (self->added, Added, GPOINTER_TO_UINT (place));
      token.id = old->token.id;
      old->token = token;
      old->normalized = normalized;
    }
  else
    {
      if (!find_or_make_id (self, content, &token.id, error))
        return FALSE;
      const Added added = { g_string_chunk_insert (self->tokenizer->texts, content), token, normalized };
      g_hash_table_insert (self->added_places, (char *)added.content, GUINT_TO_POINTER (self->added->len));
      g_array_append_val (self->added, added);
    }
  if (id != NULL)
    *id = token.id;
  return TRUE;
}

gboolean
eg_tokenizer_finish_added (EgTokenizerLoader *self, GError **error)
{
  EgTokenizer *tokenizer = self->tokenizer;
  for (guint i = 0; i < self->added->len; i++)
    {
      const Added *added = &g_array_index (self->added, Added, i);
      g_autofree char *pattern
          = added->normalized ? normalize (self, added->content) : g_strdup (added->content);
      /* What an id is decoded to is the normalized form; the same pointer unless that differs. */
      if (!g_str_equal (pattern, added->content))
        tokenizer->entries[added->token.id].text = g_string_chunk_insert (tokenizer->texts, pattern);
      EgAddedTokens *set = added->normalized ? tokenizer->added_normalized : tokenizer->added_raw;
      if (eg_added_tokens_add (set, pattern, added->token))
        continue;
      g_autofree char *quoted = eg_quote (pattern);
      return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT,
                                _ ("two added tokens both read “%s” once they are normalized"), quoted);
    }
  return TRUE;
}

/* ---- the end ---- */

void
eg_tokenizer_finish (EgTokenizer *self)
{
  while (self->n_ids > 0 && self->entries[self->n_ids - 1].text == NULL)
    self->n_ids--;
  for (gsize i = 0; i < self->n_ids; i++)
    if (self->entries[i].text != NULL && !self->entries[i].is_added)
      self->n_model_ids = i + 1;
  for (gsize i = 0; i < self->n_ids; i++)
    {
      EgVocabularyEntry *entry = &self->entries[i];
      const guint start = self->bytes->len;
      if (entry->text != NULL)
        eg_byte_level_decode (entry->text, self->bytes);
      entry->n_bytes = self->bytes->len - start;
    }
  /* Where no token has a byte, there is no memory to point into. */
  const guint8 *bytes = self->bytes->len > 0 ? self->bytes->data : (const guint8 *)"";
  for (gsize i = 0; i < self->n_ids; bytes += self->entries[i++].n_bytes)
    self->entries[i].bytes = bytes;
}
