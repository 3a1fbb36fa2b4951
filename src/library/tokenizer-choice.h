/* Which tokenizer.json a model is traced with. The checkpoints in the original layout come without one: they
 * were trained with GPT-NeoX's, which ships with the program.
 *
 * The first of these that there is:
 * 1. the one given for this model (`--tokenizer`);
 * 2. tokenizer.json in the model's folder;
 * 3. tokenizer.json beside it: in the folder that the model's folder lies in;
 * 4. the one in the settings, for models that bring none;
 * 5. GPT-NeoX's. */
#pragma once

#include <glib.h>

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
} EgTokenizerOrigin;

/* folder: the model's, absolute. choice: (nullable). Returns: (transfer full): a path, whether there is a
 * file or not. */
char *eg_tokenizer_choose (const char *folder, const EgTokenizerChoice *choice, EgTokenizerOrigin *origin);

/* For documents: "given", "folder", "beside", "setting", "shipped". */
const char *eg_tokenizer_origin_get_name (EgTokenizerOrigin origin);

/* For a person: "in the model's folder". */
const char *eg_tokenizer_origin_describe (EgTokenizerOrigin origin);

G_END_DECLS
