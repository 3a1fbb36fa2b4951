/* Which tokenizer a model is traced with. The checkpoints in the original layout come without one: they
 * were trained with GPT-NeoX's, which ships with the program.
 *
 * The first of these that there is:
 * 1. the one given for this model (`--tokenizer`);
 * 2. the one in the model's folder (tokenizer/find.h): tokenizer.json, or vocab.json with merges.txt; another
 * kind of tokenizer there is an error that names it, for no other model's will do;
 * 3. the one beside it: in the folder that the model's folder lies in;
 * 4. where the embedding has a row for each byte and no more: the bytes themselves;
 * 5. the one in the settings, for models that bring none;
 * 6. GPT-NeoX's. */
#pragma once

#include "tokenizer/tokenizer.h"

G_BEGIN_DECLS

/* @given and @setting are paths, or %NULL; a path that leads nowhere is an error, not passed over. */
typedef struct
{
  const char *given, *setting;
} EgTokenizerChoice;

typedef enum
{
  EG_TOKENIZER_GIVEN,
  EG_TOKENIZER_FOLDER,
  EG_TOKENIZER_BESIDE,
  EG_TOKENIZER_SETTING,
  EG_TOKENIZER_SHIPPED,
  EG_TOKENIZER_BYTES,
} EgTokenizerOrigin;

/* Without regard to the model's sizes, so never the bytes. folder: the model's, absolute. choice: (nullable).
 * Returns: (transfer full): a path for eg_tokenizer_load(), whether there is a file or not. */
char *eg_tokenizer_choose (const char *folder, const EgTokenizerChoice *choice, EgTokenizerOrigin *origin);

/* Chooses and loads. model: its name, for messages; n_rows: of its embedding. origin, path: (out): where it
 * comes from; path: (transfer full) (nullable): NULL for the bytes. Returns: (transfer full): NULL with an
 * error of eg_tokenizer_load(); or, if its vocabulary has more tokens than the model has rows, with
 * EG_ERROR_INVALID (of the tokenizer that ships, with EG_ERROR_NOT_FOUND). */
EgTokenizer *eg_tokenizer_open (const char *folder,
                                const char *model,
                                gsize n_rows,
                                const EgTokenizerChoice *choice,
                                EgTokenizerOrigin *origin,
                                char **path,
                                GError **error);

/* For documents: "given", "folder", "beside", "setting", "shipped", "bytes". */
const char *eg_tokenizer_origin_get_name (EgTokenizerOrigin origin);

/* For a person: "in the model's folder". */
const char *eg_tokenizer_origin_describe (EgTokenizerOrigin origin);

G_END_DECLS
