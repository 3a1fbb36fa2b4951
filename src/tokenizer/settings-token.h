/* A token that the files beside a tokenizer name. */
#pragma once

#include "tokenizer/added-tokens.h"

G_BEGIN_DECLS

/* A token that is added to a vocabulary; transformers' AddedToken. */
typedef struct
{
  char *content;
  EgAddedToken flags; /* without the id */
  gboolean special;
  int normalized;   /* -1: not said: all but special ones are */
  gboolean is_text; /* named by its text alone: no AddedToken yet, and equal to none */
  gboolean
      is_unread;     /* an object of tokenizer_config.json, which older files' tokens are not compared with */
  gboolean if_known; /* added only where the vocabulary has it */
  gint64 id;         /* what a file says, which gives the order alone */
} EgSettingsToken;

EgSettingsToken *eg_settings_token_new (const char *content);
EgSettingsToken *eg_settings_token_copy (const EgSettingsToken *self);
void eg_settings_token_free (gpointer self);
gboolean eg_settings_token_is_normalized (const EgSettingsToken *self);
/* As Python compares texts and AddedTokens. */
gboolean eg_settings_token_is_same (const EgSettingsToken *a, const EgSettingsToken *b);

G_END_DECLS
