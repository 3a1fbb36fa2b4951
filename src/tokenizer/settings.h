/* What the files beside a tokenizer say of it: tokenizer_config.json, special_tokens_map.json,
 * added_tokens.json, read as AutoTokenizer of transformers 5.24 reads them. */
#pragma once

#include "tokenizer/settings-token.h"

G_BEGIN_DECLS

/* What transformers' class of a tokenizer makes of tokenizer.json. */
typedef enum
{
  EG_TOKENIZER_CLASS_FILE, /* what the file says: TokenizersBackend, PreTrainedTokenizerFast, unknown ones */
  EG_TOKENIZER_CLASS_GPT_NEOX, /* its vocabulary and merges; composes (NFC), GPT-2's words, nothing before a
                                  text */
  EG_TOKENIZER_CLASS_GPT2,     /* likewise, without a normalizer and with the file's post_processor */
  EG_TOKENIZER_CLASS_QWEN2,    /* likewise, composes and cuts into words by a pattern of its own */
  EG_TOKENIZER_CLASS_OTHER     /* something else, which Engram does not know */
} EgTokenizerClass;

/**
 * EgTokenizerSettings:
 * @class_name: transformers' class of the tokenizer, without "Fast": tokenizer_config.json's tokenizer_class,
 * else config.json's; %NULL if neither says so
 * @model_type: config.json's; %NULL if it has none
 * @tokenizer_class: by @class_name; without one by @model_type
 * @add_prefix_space: -1: not said
 * @add_bos, @add_eos: whether tokens are put before and after every text; only without tokenizer.json
 * @bos: (nullable): the token before every text
 * @tokens: (element-type EgSettingsToken): in the order in which they are added, after those that the class
 * takes from tokenizer.json by itself (%EG_TOKENIZER_CLASS_FILE); a later one of the same text changes it
 */
typedef struct
{
  char *class_name, *model_type;
  EgTokenizerClass tokenizer_class;
  int add_prefix_space;
  gboolean add_bos, add_eos;
  char *bos;
  GPtrArray *tokens;
} EgTokenizerSettings;

/* Reads the files in folder; each may be missing. file_tokens: (nullable) (element-type EgSettingsToken): the
 * added tokens of tokenizer.json; NULL where there is none. plain: whether its pre_tokenizer is ByteLevel
 * alone: where it is not, the model's type does not count (docs/whose-numbers.md). Returns: (transfer full):
 * NULL with EG_ERROR_FORMAT that names file and field. */
EgTokenizerSettings *
eg_tokenizer_settings_load (const char *folder, const GPtrArray *file_tokens, gboolean plain, GError **error);

void eg_tokenizer_settings_free (EgTokenizerSettings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTokenizerSettings, eg_tokenizer_settings_free)

/* Whether there is a space before the text where the class takes the pre_tokenizer of tokenizer.json; -1: as
 * that says. */
int eg_tokenizer_settings_get_prefix_space (const EgTokenizerSettings *self);

G_END_DECLS
