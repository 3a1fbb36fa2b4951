/* How a text is cut into the words that are encoded one by one: the steps of tokenizer.json's pre_tokenizer,
 * in order. One of them is ByteLevel, which turns characters into bytes; what comes after it sees each byte
 * as the character of GPT-2's alphabet (byte-level.h). */
#pragma once

#include "tokenizer/aligned-text.h"
#include "tokenizer/split-pattern.h"

G_BEGIN_DECLS

/* What becomes of a match: dropped; a part of its own; joined to what stands before or after it; one part
 * with the matches beside it. */
typedef enum
{
  EG_SPLIT_REMOVED,
  EG_SPLIT_ISOLATED,
  EG_SPLIT_MERGED_WITH_PREVIOUS,
  EG_SPLIT_MERGED_WITH_NEXT,
  EG_SPLIT_CONTIGUOUS,
} EgSplitBehavior;

typedef struct _EgPreTokenizer EgPreTokenizer;

/* Returns: (transfer full): one without steps: a text is one word. */
EgPreTokenizer *eg_pre_tokenizer_new (void);
void eg_pre_tokenizer_free (EgPreTokenizer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgPreTokenizer, eg_pre_tokenizer_free)

/* add_prefix_space: put a space before each part that has none; use_regex: cut by GPT-2's pattern. Returns:
 * FALSE if there is a ByteLevel already. */
gboolean
eg_pre_tokenizer_add_byte_level (EgPreTokenizer *self, gboolean add_prefix_space, gboolean use_regex);

/* Each number (\p{N}) alone, or each run of them. */
void eg_pre_tokenizer_add_digits (EgPreTokenizer *self, gboolean individual);

void eg_pre_tokenizer_add_punctuation (EgPreTokenizer *self, EgSplitBehavior behavior);

/* pattern: (transfer full). invert: what stands between matches counts as match. */
void eg_pre_tokenizer_add_split (EgPreTokenizer *self,
                                 EgSplitPattern *pattern,
                                 EgSplitBehavior behavior,
                                 gboolean invert);

gboolean eg_pre_tokenizer_has_byte_level (const EgPreTokenizer *self);
/* Whether it is the only step, with GPT-2's pattern. */
gboolean eg_pre_tokenizer_is_plain (const EgPreTokenizer *self);

/* For tokenizer_config.json: sets ByteLevel's add_prefix_space. */
void eg_pre_tokenizer_set_prefix_space (EgPreTokenizer *self, gboolean add_prefix_space);

/* Called for each word, none of them empty. */
typedef void (*EgWordFunc) (const EgAlignedText *word, gpointer data);

/* text: not empty. Returns: FALSE with EG_ERROR_INVALID if a pattern's search takes too long. */
gboolean eg_pre_tokenizer_run (
    const EgPreTokenizer *self, const EgAlignedText *text, EgWordFunc word, gpointer data, GError **error);

G_END_DECLS
