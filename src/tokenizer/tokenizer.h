/* Tokenizers of byte-level BPE, of the kind that GPT-2, GPT-NeoX and the Mamba models have. What they give —
 * ids, offsets, text — is what the Python library `tokenizers` 0.23 gives, input by input.
 *
 * Of a tokenizer.json are read
 * - normalizer: none, NFC, or a Sequence of these
 * - pre_tokenizer: ByteLevel, or a Sequence with one ByteLevel and any number of Split, Digits and
 * Punctuation before and after it (split-pattern.h says which regular expressions)
 * - model: BPE (merges as "a b" or ["a", "b"], ignore_merges, unk_token, fuse_unk; no dropout, affixes or
 *   byte_fallback)
 * - post_processor: none, ByteLevel (trim_offsets, add_prefix_space), a TemplateProcessing that adds tokens
 *   before the text and none after it, or a Sequence of these with one ByteLevel at most
 * - decoder: none (as if it were ByteLevel) or ByteLevel
 * - added_tokens, with all their flags. Their ids are those that the library gives them: the vocabulary's
 *   where it has the token, else the next free ones; the "id" in the file is only checked
 * and beside it, in tokenizer_config.json, add_prefix_space (settings.h). A folder may have vocab.json and
 * merges.txt instead (load-pair.h). Everything else is refused by name. truncation and padding are passed
 * over, as `transformers` does. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Immutable once loaded, reference-counted atomically: any number of threads may use one at the same time. */
typedef struct _EgTokenizer EgTokenizer;

/* One token of a text. start and end (exclusive) count Unicode characters of the text as it was given, before
 * any normalization; several tokens share the span of a character that they spell together, and trimmed
 * offsets (trim_offsets) leave out the space before a word. A token that stands for no text, as one that is
 * put before every text, has start = end. */
typedef struct
{
  guint32 id;
  gsize start;
  gsize end;
} EgToken;

/* path: a tokenizer.json, UTF-8, at most 256 MiB; or a vocab.json or merges.txt, which is read with the other
 * one beside it; or a folder with these.
 * Returns: (transfer full): NULL with EG_ERROR_FORMAT (damaged, or contradicts itself), EG_ERROR_UNSUPPORTED
 * (another kind of tokenizer), EG_ERROR_NOT_FOUND or G_FILE_ERROR. */
EgTokenizer *eg_tokenizer_load (const char *path, GError **error);

/* The tokenizer of models that read bytes, such as MambaByte: every byte of UTF-8 is a token, and its value
 * the id. Returns: (transfer full). */
EgTokenizer *eg_tokenizer_new_bytes (void);

EgTokenizer *eg_tokenizer_ref (EgTokenizer *self);
void eg_tokenizer_unref (EgTokenizer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTokenizer, eg_tokenizer_unref)

/* A whole text, as the model reads it: with the tokens that the tokenizer puts before every text, such as
 * "<|begin_of_text|>", if it does that.
 * text: length bytes, or up to its NUL for length -1; NUL bytes inside length are characters like others.
 * Returns: (transfer full) (element-type EgToken): NULL with EG_ERROR_INVALID if text is not valid UTF-8,
 * longer than 16 MiB, or one that takes a pattern of the file too long. */
GArray *eg_tokenizer_encode (EgTokenizer *self, const char *text, gssize length, GError **error);

/* The same for a text that goes on after another, such as an answer: nothing is put before it. Empty for an
 * empty text. */
GArray *eg_tokenizer_encode_part (EgTokenizer *self, const char *text, gssize length, GError **error);

/* How many tokens are put before every whole text; 0 in most. */
gsize eg_tokenizer_n_first (EgTokenizer *self);

/* ids: n of them; one that no token has adds nothing. Special tokens are spelled out. Bytes that make no
 * character come out as U+FFFD, one for each maximal broken part.
 * out_length: (out) (optional): bytes without the final NUL, for tokens that spell a NUL.
 * Returns: (transfer full): valid UTF-8, NUL-terminated. */
char *eg_tokenizer_decode (EgTokenizer *self, const guint32 *ids, gsize n, gsize *out_length);

/* Returns: (transfer full): what eg_tokenizer_decode() gives for this id alone. */
char *eg_tokenizer_token_text (EgTokenizer *self, guint32 id);

/* The bytes that a token stands for, which need not be whole characters.
 * Returns: (transfer none) (array length=length) (nullable): NULL if no token has this id. */
const guint8 *eg_tokenizer_token_bytes (EgTokenizer *self, guint32 id, gsize *length);

/* A token's text, or, where its bytes are no whole characters, the bytes: "⟨E2 80⟩". (transfer full) */
char *eg_token_spell (EgTokenizer *tokenizer, guint32 id);

/* Returns: the largest id that a token has, plus one. Ids below it may be without a token. */
gsize eg_tokenizer_n_ids (EgTokenizer *self);

/* The same of all tokens but the added ones, which a model whose embedding has fewer rows can do without as
 * long as no text needs them. */
gsize eg_tokenizer_n_model_ids (EgTokenizer *self);

/* tokens: (element-type EgToken). Returns: FALSE with EG_ERROR_INVALID, which names the token, if one of them
 * has an id that an embedding of n_rows does not have. */
gboolean eg_tokenizer_check_rows (EgTokenizer *self, const GArray *tokens, gsize n_rows, GError **error);

/* id: (out): set to the id of the one token that text, as a part, encodes to.
 * Returns: FALSE if text encodes to no token, to several, or is not valid UTF-8. */
gboolean eg_tokenizer_lookup (EgTokenizer *self, const char *text, guint32 *id);

G_END_DECLS
