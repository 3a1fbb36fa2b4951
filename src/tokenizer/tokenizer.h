/* Hugging Face's tokenizer.json, of the kind that GPT-NeoX and the Mamba models have: byte-level BPE. What it
 * gives — ids, offsets, text — is what the Python library `tokenizers` 0.23 gives, input by input.
 *
 * Read are
 * - normalizer: none, NFC, or a Sequence of these
 * - pre_tokenizer: ByteLevel (add_prefix_space, use_regex)
 * - model: BPE (merges as "a b" or ["a", "b"], ignore_merges, unk_token, fuse_unk; no dropout, affixes or
 *   byte_fallback)
 * - post_processor: none, ByteLevel (trim_offsets, add_prefix_space), a TemplateProcessing that adds no
 * token, or a Sequence of these with one ByteLevel at most
 * - decoder: ByteLevel
 * - added_tokens, with all their flags. Their ids are those that the library gives them: the vocabulary's
 * where it has the token, else the next ones from the vocabulary's size on; the "id" in the file is only
 * checked. Everything else is refused by name. truncation and padding are passed over, as `transformers`
 * does. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Immutable once loaded, reference-counted atomically: any number of threads may use one at the same time. */
typedef struct _EgTokenizer EgTokenizer;

/* One token of a text. start and end (exclusive) count Unicode characters of the text as it was given, before
 * any normalization; several tokens share the span of a character that they spell together, and trimmed
 * offsets (trim_offsets) leave out the space before a word. */
typedef struct
{
  guint32 id;
  gsize start;
  gsize end;
} EgToken;

/* path: a tokenizer.json, UTF-8, at most 256 MiB.
 * Returns: (transfer full): NULL with EG_ERROR_FORMAT (damaged, or contradicts itself), EG_ERROR_UNSUPPORTED
 * (another kind of tokenizer), EG_ERROR_NOT_FOUND or G_FILE_ERROR. */
EgTokenizer *eg_tokenizer_load (const char *path, GError **error);

EgTokenizer *eg_tokenizer_ref (EgTokenizer *self);
void eg_tokenizer_unref (EgTokenizer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTokenizer, eg_tokenizer_unref)

/* text: length bytes, or up to its NUL for length -1; NUL bytes inside length are characters like others.
 * Returns: (transfer full) (element-type EgToken): empty for an empty text; NULL with EG_ERROR_INVALID if
 * text is not valid UTF-8, or longer than 16 MiB. */
GArray *eg_tokenizer_encode (EgTokenizer *self, const char *text, gssize length, GError **error);

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

/* Returns: the largest id that a token has, plus one. Ids below it may be without a token. */
gsize eg_tokenizer_n_ids (EgTokenizer *self);

/* id: (out): set to the id of the one token that text encodes to.
 * Returns: FALSE if text encodes to no token, to several, or is not valid UTF-8. */
gboolean eg_tokenizer_lookup (EgTokenizer *self, const char *text, guint32 *id);

G_END_DECLS
