/* Says which files of a folder are its tokenizer. */
#include "tokenizer/find.h"

#include "tokenizer/load-pair.h"

#include <string.h>

/* By a file's whole name, or (with a dot first) by its end. */
static const struct
{
  const char *name, *kind;
} others[] = {
  { "tokenizer.model", "SentencePiece" },
  { "spiece.model", "SentencePiece" },
  { "spm.model", "SentencePiece" },
  { "sentencepiece.bpe.model", "SentencePiece" },
  { "sentencepiece.model", "SentencePiece" },
  { ".spm", "SentencePiece" },
  { ".tiktoken", "tiktoken" },
  { "tiktoken.model", "tiktoken" },
  { "tekken.json", "Tekken" },
  { "vocab.txt", "WordPiece" },
  { "vocab.bpe", "BPE" },
  { "encoder.json", "BPE" },
  { "bpe.codes", "BPE" },
  { "bpecodes", "BPE" },
  { "rwkv_vocab_v20230424.txt", "RWKV" },
};

const char *
eg_tokenizer_name_other_kind (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    if (others[i].name[0] == '.' ? g_str_has_suffix (name, others[i].name)
                                 : g_str_equal (name, others[i].name))
      return others[i].kind;
  return NULL;
}

/* (transfer full) (nullable) */
static char *
find_file (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  return g_file_test (path, G_FILE_TEST_EXISTS) || g_file_test (path, G_FILE_TEST_IS_SYMLINK)
             ? g_steal_pointer (&path)
             : NULL;
}

/* The first by name. */
static char *
find_other (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autofree char *first = NULL;
  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    if (eg_tokenizer_name_other_kind (name) != NULL && (first == NULL || strcmp (name, first) < 0))
      {
        g_free (first);
        first = g_strdup (name);
      }
  return first != NULL ? g_build_filename (folder, first, NULL) : NULL;
}

char *
eg_tokenizer_find (const char *folder)
{
  char *path = find_file (folder, "tokenizer.json");
  if (path != NULL)
    return path;
  g_autofree char *vocabulary = find_file (folder, EG_VOCABULARY_NAME),
                  *merges = find_file (folder, EG_MERGES_NAME);
  if (vocabulary != NULL || merges != NULL)
    return g_build_filename (folder, EG_VOCABULARY_NAME, NULL);
  return find_other (folder);
}

char **
eg_tokenizer_list_files (const char *path)
{
  g_autofree char *found = g_file_test (path, G_FILE_TEST_IS_DIR) ? eg_tokenizer_find (path) : NULL;
  g_autofree char *folder = g_path_get_dirname (found != NULL ? found : path);
  g_autofree char *name = g_path_get_basename (found != NULL ? found : path);
  const gboolean is_pair = g_str_equal (name, EG_VOCABULARY_NAME) || g_str_equal (name, EG_MERGES_NAME);
  const char *const names[]
      = { is_pair ? EG_VOCABULARY_NAME : name, "tokenizer_config.json", "special_tokens_map.json",
          "added_tokens.json", is_pair ? EG_MERGES_NAME : NULL };
  char **files = g_new0 (char *, G_N_ELEMENTS (names) + 1);
  for (gsize i = 0; i < G_N_ELEMENTS (names) && names[i] != NULL; i++)
    files[i] = g_build_filename (folder, names[i], NULL);
  return files;
}
