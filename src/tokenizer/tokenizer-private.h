/* The fields of EgTokenizer, which load*.c fill and tokenizer.c reads. */
#pragma once

#include "tokenizer/added-tokens.h"
#include "tokenizer/bpe.h"
#include "tokenizer/pre-tokenizer.h"
#include "tokenizer/tokenizer.h"

G_BEGIN_DECLS

/* No id that a file can have: they stay below EG_TOKENIZER_MAX_IDS. */
#define EG_NO_TOKEN          G_MAXUINT32
#define EG_TOKENIZER_MAX_IDS (1u << 22)

typedef struct
{
  const char *text; /* as the file spells it; NULL: no token has this id */
  const guint8 *bytes;
  guint32 n_bytes;
  gboolean is_added;
} EgVocabularyEntry;

struct _EgTokenizer
{
  gatomicrefcount ref_count;

  GStringChunk *texts;
  GByteArray *bytes;
  EgVocabularyEntry *entries; /* [n_ids] */
  gsize n_ids;
  gsize n_model_ids; /* the largest id of a token that is not an added one, plus one */

  guint32 byte_ids[256]; /* the token of a lone byte, or EG_NO_TOKEN */
  guint32 unknown_id;    /* stands for bytes without a token; EG_NO_TOKEN: they are dropped */
  gboolean fuse_unknown;
  EgMerges *merges;
  GHashTable *whole_words; /* text → id, only with ignore_merges: a word that is a token is not split */

  gboolean nfc;
  EgPreTokenizer *pre_tokenizer;
  GArray *first_ids; /* of guint32: put before every whole text */
  gboolean trim_offsets;
  gboolean trim_after_prefix; /* the post-processor's add_prefix_space */

  EgAddedTokens *added_raw;        /* found in the text as it is given */
  EgAddedTokens *added_normalized; /* found in it once normalized */
};

G_END_DECLS
