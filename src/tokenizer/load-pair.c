/* Makes a tokenizer of vocab.json and merges.txt. */
#include "tokenizer/load-pair.h"

#include "core/error.h"
#include "formats/map-file.h"
#include "formats/placeholder.h"
#include "formats/quote.h"
#include "tokenizer/load-private.h"
#include "tokenizer/settings.h"

#include <glib/gi18n.h>

static GMappedFile *
map (const char *folder, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  return eg_map_file (path, error);
}

static gboolean
read_vocabulary (EgTokenizerLoader *self, const char *folder, guint n_added, GError **error)
{
  g_autoptr (GMappedFile) file = map (folder, EG_VOCABULARY_NAME, error);
  if (file == NULL)
    return FALSE;
  const gsize length = g_mapped_file_get_length (file);
  const char *json = length > 0 ? g_mapped_file_get_contents (file) : "";
  gsize n_values;
  return eg_tokenizer_check_text (self, json, length, error)
         && eg_json_check_object (json, length, self->where, &n_values, error)
         && eg_tokenizer_read_vocabulary (self, _ ("the vocabulary"), json, length, n_values, n_added, error);
}

static gboolean
read_merges (EgTokenizerLoader *self, const char *folder, GError **error)
{
  g_autoptr (GMappedFile) file = map (folder, EG_MERGES_NAME, error);
  if (file == NULL)
    return FALSE;
  const gsize length = g_mapped_file_get_length (file);
  const char *text = length > 0 ? g_mapped_file_get_contents (file) : "";
  return eg_check_placeholder (text, length, self->where, error)
         && eg_tokenizer_read_merge_lines (self, text, length, error);
}

/* What is put before every text. */
static void
add_first (EgTokenizerLoader *self, const EgTokenizerSettings *settings)
{
  if (!settings->add_bos || settings->bos == NULL)
    return;
  const guint32 id = eg_tokenizer_find_id (self, settings->bos);
  const EgVocabularyEntry *entries = self->tokenizer->entries;
  for (guint32 i = 0; i < self->tokenizer->n_ids; i++)
    if (i == id || (id == EG_NO_TOKEN && g_strcmp0 (entries[i].text, settings->bos) == 0))
      {
        g_array_append_val (self->tokenizer->first_ids, i);
        return;
      }
}

static gboolean
check_settings (const EgTokenizerSettings *settings, GError **error)
{
  static const char *const names[]
      = { "GPT2Tokenizer", "GPTNeoXTokenizer", "PreTrainedTokenizer", "TokenizersBackend", NULL };
  if (settings->class_name != NULL && !g_strv_contains (names, settings->class_name))
    {
      g_autofree char *quoted = eg_quote (settings->class_name);
      g_set_error (
          error, EG_ERROR, EG_ERROR_UNSUPPORTED,
          _ ("vocab.json and merges.txt are those of a %s, by its configuration; Engram reads them as "
             "GPT2Tokenizer and GPTNeoXTokenizer do: save the tokenizer as tokenizer.json"),
          quoted);
      return FALSE;
    }
  if (settings->add_eos)
    g_set_error (
        error, EG_ERROR, EG_ERROR_UNSUPPORTED,
        _ ("tokenizer_config.json: add_eos_token puts a token after every text: what follows the text "
           "could not be predicted, and Engram does not add it"));
  return !settings->add_eos;
}

EgTokenizer *
eg_tokenizer_load_pair (const char *folder, GError **error)
{
  g_autoptr (EgTokenizerSettings) settings = eg_tokenizer_settings_load (folder, NULL, TRUE, error);
  if (settings == NULL || !check_settings (settings, error))
    return NULL;
  g_autoptr (EgTokenizer) tokenizer = eg_tokenizer_new_empty ();
  g_auto (EgTokenizerLoader) loader;
  eg_tokenizer_loader_init (&loader, EG_VOCABULARY_NAME, tokenizer);
  tokenizer->nfc = settings->tokenizer_class == EG_TOKENIZER_CLASS_GPT_NEOX;
  eg_pre_tokenizer_add_byte_level (tokenizer->pre_tokenizer, settings->add_prefix_space > 0, TRUE);
  if (!read_vocabulary (&loader, folder, settings->tokens->len, error))
    return NULL;
  loader.where = EG_MERGES_NAME;
  if (!read_merges (&loader, folder, error))
    return NULL;
  loader.where = EG_VOCABULARY_NAME;
  if (!eg_tokenizer_find_bytes (&loader, NULL, error)
      || !eg_tokenizer_add_settings_tokens (&loader, settings->tokens, error))
    return NULL;
  add_first (&loader, settings);
  if (!eg_tokenizer_finish_added (&loader, error))
    return NULL;
  eg_tokenizer_finish (tokenizer);
  return g_steal_pointer (&tokenizer);
}
