/* Which files a path means, and the tokenizer that needs none. */
#include "core/error.h"
#include "formats/map-file.h"
#include "formats/placeholder.h"
#include "tokenizer/byte-level.h"
#include "tokenizer/find.h"
#include "tokenizer/load-pair.h"
#include "tokenizer/load-private.h"

#include <glib/gi18n.h>
#include <string.h>

#define FILE_NAME "tokenizer.json"

static const gsize MAX_FILE_BYTES = (gsize)256 << 20;

/* A text ends at a NUL, written \u0000. Backslashes are legal in texts only. */
static gboolean
has_nul (const char *json, gsize length)
{
  static const char escape[] = "\\u0000";
  for (gsize i = 0; i + strlen (escape) <= length; i++)
    if (json[i] == '\\')
      {
        if (memcmp (json + i, escape, strlen (escape)) == 0)
          return TRUE;
        i++;
      }
  return FALSE;
}

gboolean
eg_tokenizer_check_text (const EgTokenizerLoader *self, const char *json, gsize length, GError **error)
{
  if (length > MAX_FILE_BYTES)
    return eg_tokenizer_fail (self, error, EG_ERROR_FORMAT,
                              _ ("it is larger than 256 MiB, which no tokenizer is"));
  if (!eg_check_placeholder (json, length, self->where, error))
    return FALSE;
  return !has_nul (json, length)
         || eg_tokenizer_fail (self, error, EG_ERROR_UNSUPPORTED,
                               _ ("it has a token with a NUL character in its text"));
}

static EgTokenizer *
load_file (const char *path, GError **error)
{
  g_autoptr (GMappedFile) file = eg_map_file (path, error);
  if (file == NULL)
    return NULL;
  g_autofree char *where = eg_file_get_title (path), *folder = g_path_get_dirname (path);
  g_autoptr (EgTokenizer) tokenizer = eg_tokenizer_new_empty ();
  g_auto (EgTokenizerLoader) loader;
  eg_tokenizer_loader_init (&loader, where, tokenizer);
  const gsize length = g_mapped_file_get_length (file);
  const char *json = length > 0 ? g_mapped_file_get_contents (file) : "";
  if (!eg_tokenizer_check_text (&loader, json, length, error)
      || !eg_tokenizer_load_json (&loader, folder, json, length, error))
    return NULL;
  eg_tokenizer_finish (tokenizer);
  return g_steal_pointer (&tokenizer);
}

/* Returns: FALSE with an error for another kind of tokenizer's file. */
static gboolean
check_kind (const char *path, const char *name, GError **error)
{
  const char *kind = eg_tokenizer_name_other_kind (name);
  if (kind == NULL)
    return TRUE;
  g_set_error (
      error, EG_ERROR, EG_ERROR_UNSUPPORTED,
      /* TRANSLATORS: a path, and the name of a kind: “SentencePiece”, “tiktoken”. */
      _ ("%s is a tokenizer of the kind %s; Engram reads tokenizer.json, or vocab.json with merges.txt: save "
         "the model’s tokenizer as tokenizer.json, with transformers’ save_pretrained ()"),
      path, kind);
  return FALSE;
}

EgTokenizer *
eg_tokenizer_load (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_autofree char *found = eg_tokenizer_find (path);
      g_autofree char *file = found != NULL ? g_strdup (found) : g_build_filename (path, FILE_NAME, NULL);
      return g_file_test (file, G_FILE_TEST_IS_DIR) ? load_file (file, error)
                                                    : eg_tokenizer_load (file, error);
    }
  g_autofree char *name = g_path_get_basename (path), *folder = g_path_get_dirname (path);
  if (!check_kind (path, name, error))
    return NULL;
  return g_str_equal (name, EG_VOCABULARY_NAME) || g_str_equal (name, EG_MERGES_NAME)
             ? eg_tokenizer_load_pair (folder, error)
             : load_file (path, error);
}

EgTokenizer *
eg_tokenizer_new_bytes (void)
{
  EgTokenizer *self = eg_tokenizer_new_empty ();
  self->n_ids = G_N_ELEMENTS (self->byte_ids);
  self->entries = g_new0 (EgVocabularyEntry, self->n_ids);
  self->unknown_id = EG_NO_TOKEN;
  self->merges = eg_merges_new (0);
  for (guint byte = 0; byte < self->n_ids; byte++)
    {
      char text[7] = { 0 };
      g_unichar_to_utf8 (eg_byte_level_char ((guint8)byte), text);
      self->entries[byte].text = g_string_chunk_insert (self->texts, text);
      self->byte_ids[byte] = byte;
    }
  eg_tokenizer_finish (self);
  return self;
}
