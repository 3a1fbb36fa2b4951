#include "library/tokenizer-choice.h"

#include "core/data.h"

#include <glib/gi18n.h>

#define FILE_NAME "tokenizer.json"

/* A link that leads nowhere counts: its tokenizer is missing, and no other one will do. */
static char *
find_in (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, FILE_NAME, NULL);
  return g_file_test (path, G_FILE_TEST_EXISTS) || g_file_test (path, G_FILE_TEST_IS_SYMLINK)
             ? g_steal_pointer (&path)
             : NULL;
}

char *
eg_tokenizer_choose (const char *folder, const EgTokenizerChoice *choice, EgTokenizerOrigin *origin)
{
  *origin = EG_TOKENIZER_GIVEN;
  if (choice != NULL && choice->given != NULL)
    return g_strdup (choice->given);

  *origin = EG_TOKENIZER_FOLDER;
  char *path = find_in (folder);
  if (path != NULL)
    return path;

  *origin = EG_TOKENIZER_BESIDE;
  g_autofree char *parent = g_path_get_dirname (folder);
  path = find_in (parent);
  if (path != NULL)
    return path;

  *origin = EG_TOKENIZER_SETTING;
  if (choice != NULL && choice->setting != NULL)
    return g_strdup (choice->setting);

  *origin = EG_TOKENIZER_SHIPPED;
  return eg_data_path ("tokenizers/gpt-neox-20b/" FILE_NAME);
}

const char *
eg_tokenizer_origin_get_name (EgTokenizerOrigin origin)
{
  static const char *const names[] = { "given", "folder", "beside", "setting", "shipped" };
  return names[origin];
}

const char *
eg_tokenizer_origin_describe (EgTokenizerOrigin origin)
{
  static const char *const texts[] = {
    N_ ("as given"),
    N_ ("in the model's folder"),
    N_ ("beside the model's folder"),
    N_ ("from the settings"),
    N_ ("GPT-NeoX's, which comes with Engram"),
  };
  return _ (texts[origin]);
}
