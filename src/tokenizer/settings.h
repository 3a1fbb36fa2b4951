/* What the files beside a tokenizer say of it: tokenizer_config.json, special_tokens_map.json,
 * added_tokens.json, read as transformers 5.24 reads them. */
#pragma once

#include "tokenizer/added-tokens.h"

G_BEGIN_DECLS

/* A token that is added to a vocabulary of vocab.json. */
typedef struct
{
  char *content;
  EgAddedToken flags; /* without the id */
  gboolean normalized;
} EgSettingsToken;

/**
 * EgTokenizerSettings:
 * @class_name: transformers' class of the tokenizer, without "Fast": tokenizer_config.json's tokenizer_class,
 * else config.json's; %NULL if neither says so
 * @model_type: config.json's; %NULL if it has none
 * @add_prefix_space: -1: not said
 * @add_bos, @add_eos: whether tokens are put before and after every text
 * @bos: (nullable): the token before every text
 * @tokens: (element-type EgSettingsToken): in the order in which they are added, none twice, none empty
 */
typedef struct
{
  char *class_name, *model_type;
  int add_prefix_space;
  gboolean add_bos, add_eos;
  char *bos;
  GPtrArray *tokens;
} EgTokenizerSettings;

/* Reads the files in folder; each may be missing. Returns: (transfer full): NULL with EG_ERROR_FORMAT that
 * names file and field. */
EgTokenizerSettings *eg_tokenizer_settings_load (const char *folder, GError **error);

void eg_tokenizer_settings_free (EgTokenizerSettings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTokenizerSettings, eg_tokenizer_settings_free)

/* Whether there is a space before the text where there is a tokenizer.json; -1: as that says. Some of
 * transformers' classes build the pre_tokenizer anew from @add_prefix_space, or without it from their own
 * default; the others (PreTrainedTokenizerFast and those that it does not know) never look at it. */
int eg_tokenizer_settings_get_prefix_space (const EgTokenizerSettings *self);

/* Whether it is GPT-2's kind, which does not normalize; else it is GPT-NeoX's, which composes (NFC). Without
 * a class, the type of the model decides. */
gboolean eg_tokenizer_settings_is_gpt2 (const EgTokenizerSettings *self);

G_END_DECLS
