/* vocab.json and merges.txt: a byte-level BPE as GPT-2's first tokenizers were kept, with the tokens that the
 * files beside them add (settings.h). As transformers 5.24's GPT2Tokenizer and GPTNeoXTokenizer make it. */
#pragma once

#include "tokenizer/tokenizer.h"

G_BEGIN_DECLS

#define EG_VOCABULARY_NAME "vocab.json"
#define EG_MERGES_NAME     "merges.txt"

/* folder: where both lie. Returns: (transfer full): errors as of eg_tokenizer_load(). */
EgTokenizer *eg_tokenizer_load_pair (const char *folder, GError **error);

G_END_DECLS
