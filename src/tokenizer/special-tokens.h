/* The tokens that a tokenizer's settings name, and in which order transformers 5.24 adds them. */
#pragma once

#include "tokenizer/settings-token.h"

G_BEGIN_DECLS

/* What may be said of a named token. */
typedef struct
{
  gboolean is_said;       /* by a file, be it null */
  EgSettingsToken *token; /* (nullable) */
} EgNamedToken;

/* transformers' SPECIAL_TOKENS_ATTRIBUTES: bos_token, eos_token, unk_token, sep_token, pad_token, cls_token,
 * mask_token. */
#define EG_N_NAMED_TOKENS 7

typedef struct
{
  EgNamedToken named[EG_N_NAMED_TOKENS];
  GPtrArray *names, *models; /* further members "…_token": their names, and their tokens (EgSettingsToken) */
  GPtrArray *extra;          /* (nullable) extra_special_tokens, in order */
  GPtrArray *additional; /* (nullable) additional_special_tokens, which count where there are no extra ones */
  GPtrArray *decoder;    /* added_tokens_decoder, or what older files have in its place */
  GHashTable *decoder_ids; /* id → its token in decoder */
  GHashTable *flags;       /* text → the last token of that text that was put into decoder */
} EgSpecialTokens;

void eg_special_tokens_init (EgSpecialTokens *self);
void eg_special_tokens_clear (EgSpecialTokens *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EgSpecialTokens, eg_special_tokens_clear)

/* The place among the named ones, or -1. */
int eg_special_tokens_find_name (const char *name);
void eg_special_tokens_set_named (EgSpecialTokens *self, int place, EgSettingsToken *token);
/* A token that the model's class has by the name; token: (transfer full). */
void eg_special_tokens_set_model (EgSpecialTokens *self, const char *name, EgSettingsToken *token);
/* token: (transfer full): replaces one of the same id. */
void eg_special_tokens_add_decoder (EgSpecialTokens *self, EgSettingsToken *token);

/* Whether a file names the content; those that only a class has by itself do not count. */
gboolean eg_special_tokens_has (const EgSpecialTokens *self, const char *content);

/* Appends copies of what is added to tokens, in order. known: (nullable) (element-type EgSettingsToken): what
 * the tokenizer has already. */
void eg_special_tokens_order (EgSpecialTokens *self, const GPtrArray *known, GPtrArray *tokens);

/* Appends all of them but the decoder's, each text once, as special tokens without flags. */
void eg_special_tokens_append_all (const EgSpecialTokens *self, GPtrArray *tokens);

G_END_DECLS
