/* Chooses the tokenizer of a model, and says where it comes from. */
#include "library/tokenizer-choice.h"

#include "core/data.h"
#include "core/error.h"
#include "tokenizer/find.h"

#include <glib/gi18n.h>

#define N_BYTES 256
#define SHIPPED "tokenizers/gpt-neox-20b/tokenizer.json"

char *
eg_tokenizer_choose (const char *folder, const EgTokenizerChoice *choice, EgTokenizerOrigin *origin)
{
  *origin = EG_TOKENIZER_GIVEN;
  if (choice != NULL && choice->given != NULL)
    return g_strdup (choice->given);

  *origin = EG_TOKENIZER_FOLDER;
  char *path = eg_tokenizer_find (folder);
  if (path != NULL)
    return path;

  *origin = EG_TOKENIZER_BESIDE;
  g_autofree char *parent = g_path_get_dirname (folder);
  path = eg_tokenizer_find (parent);
  if (path != NULL)
    return path;

  *origin = EG_TOKENIZER_SETTING;
  if (choice != NULL && choice->setting != NULL)
    return g_strdup (choice->setting);

  *origin = EG_TOKENIZER_SHIPPED;
  return eg_data_path (SHIPPED);
}

/* Rows without a token are padding, and added tokens without a row can be done without; a vocabulary that has
 * more is another model's. */
static gboolean
check_rows (EgTokenizer *tokenizer,
            const char *model,
            gsize n_rows,
            EgTokenizerOrigin origin,
            const char *path,
            GError **error)
{
  const gsize n_tokens = eg_tokenizer_n_model_ids (tokenizer);
  if (n_tokens <= n_rows)
    return TRUE;
  if (origin == EG_TOKENIZER_SHIPPED)
    g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND,
                 _ ("“%s” has no tokenizer.json, and GPT-NeoX’s does not fit it: that has %zu tokens, the "
                    "model’s vocabulary %zu; put the model’s own tokenizer.json into its folder"),
                 model, eg_tokenizer_n_ids (tokenizer), n_rows);
  else
    eg_error_invalid (
        error,
        _ ("The tokenizer %s belongs to another model than “%s”: it has %zu tokens, the model’s "
           "vocabulary %zu"),
        path, model, n_tokens, n_rows);
  return FALSE;
}

EgTokenizer *
eg_tokenizer_open (const char *folder,
                   const char *model,
                   gsize n_rows,
                   const EgTokenizerChoice *choice,
                   EgTokenizerOrigin *origin,
                   char **path,
                   GError **error)
{
  g_autofree char *chosen = eg_tokenizer_choose (folder, choice, origin);
  if (*origin >= EG_TOKENIZER_SETTING && n_rows == N_BYTES)
    {
      *origin = EG_TOKENIZER_BYTES;
      *path = NULL;
      return eg_tokenizer_new_bytes ();
    }
  g_autoptr (EgTokenizer) tokenizer = eg_tokenizer_load (chosen, error);
  if (tokenizer == NULL || !check_rows (tokenizer, model, n_rows, *origin, chosen, error))
    return NULL;
  *path = g_steal_pointer (&chosen);
  return g_steal_pointer (&tokenizer);
}

const char *
eg_tokenizer_origin_get_name (EgTokenizerOrigin origin)
{
  static const char *const names[] = { "given", "folder", "beside", "setting", "shipped", "bytes" };
  return names[origin];
}

const char *
eg_tokenizer_origin_describe (EgTokenizerOrigin origin)
{
  static const char *const texts[] = {
    N_ ("as given"),
    N_ ("in the model’s folder"),
    N_ ("beside the model’s folder"),
    N_ ("from the settings"),
    N_ ("GPT-NeoX’s, which comes with Engram"),
    N_ ("none: the model reads bytes"),
  };
  return _ (texts[origin]);
}
