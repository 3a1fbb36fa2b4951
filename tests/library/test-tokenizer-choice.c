/* Which tokenizer a folder's files make, and which are refused. */
#include "core/error.h"
#include "library/tokenizer-choice.h"
#include "tiny.h"

#include <glib/gstdio.h>
#include <string.h>

static char *home;

#define VOCABULARY "{\"a\":0,\"b\":1,\"ab\":2}"

static char *
new_folder (void)
{
  static int n;
  g_autofree char *name = g_strdup_printf ("%d", n++);
  return tiny_make_folder (home, name, "model", NULL);
}

static EgTokenizer *
open_in (const char *folder, gsize n_rows, EgTokenizerOrigin expected, char **path)
{
  g_autoptr (GError) error = NULL;
  EgTokenizerOrigin origin;
  EgTokenizer *tokenizer = eg_tokenizer_open (folder, "model", n_rows, NULL, &origin, path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (origin, ==, expected);
  return tokenizer;
}

static void
assert_refused (const char *folder, gsize n_rows, EgError code, const char *says)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  EgTokenizerOrigin origin;
  g_assert_null (eg_tokenizer_open (folder, "model", n_rows, NULL, &origin, &path, &error));
  g_assert_error (error, EG_ERROR, (int)code);
  if (strstr (error->message, says) == NULL)
    g_error ("“%s” does not say “%s”", error->message, says);
}

static void
test_a_pair_is_the_folders_own (void)
{
  g_autofree char *folder = new_folder (), *path = NULL;
  tiny_write (folder, "vocab.json", VOCABULARY);
  tiny_write (folder, "merges.txt", "#version: 0.2\na b\n");
  g_autoptr (EgTokenizer) tokenizer = open_in (folder, 50280, EG_TOKENIZER_FOLDER, &path);
  g_assert_true (g_str_has_suffix (path, "/model/vocab.json"));
  g_assert_cmpuint (eg_tokenizer_n_model_ids (tokenizer), ==, 3);
  tiny_write_tokenizer (folder, 5);
  g_autofree char *second = NULL;
  g_autoptr (EgTokenizer) own = open_in (folder, 50280, EG_TOKENIZER_FOLDER, &second);
  g_assert_cmpuint (eg_tokenizer_n_model_ids (own), ==, 5);
}

/* Never GPT-NeoX's in their place. */
static void
test_other_kinds_are_refused_by_name (void)
{
  static const char *const files[][2] = { { "tokenizer.model", "SentencePiece" },
                                          { "spiece.model", "SentencePiece" },
                                          { "x.tiktoken", "tiktoken" },
                                          { "vocab.txt", "WordPiece" },
                                          { "vocab.bpe", "BPE" },
                                          { "sentencepiece.bpe.model", "SentencePiece" } };
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *folder = new_folder ();
      g_autofree char *says
          = g_strdup_printf ("/model/%s is a tokenizer of the kind %s", files[i][0], files[i][1]);
      tiny_write (folder, files[i][0], "x");
      assert_refused (folder, 50280, EG_ERROR_UNSUPPORTED, says);
    }
  g_autofree char *half = new_folder ();
  tiny_write (half, "merges.txt", "a b\n");
  assert_refused (half, 50280, EG_ERROR_NOT_FOUND, "/model/vocab.json");
  g_autofree char *dangling = new_folder ();
  tiny_link ("../../blobs/0", dangling, "tokenizer.model");
  assert_refused (dangling, 50280, EG_ERROR_UNSUPPORTED, "SentencePiece");
}

static void
test_a_model_of_bytes_needs_no_tokenizer (void)
{
  g_autofree char *folder = new_folder (), *path = NULL;
  g_autoptr (EgTokenizer) tokenizer = open_in (folder, 256, EG_TOKENIZER_BYTES, &path);
  g_assert_null (path);
  g_assert_cmpuint (eg_tokenizer_n_ids (tokenizer), ==, 256);
  assert_refused (folder, 264, EG_ERROR_NOT_FOUND, "GPT-NeoX’s does not fit it");
  tiny_write_tokenizer (folder, 5);
  g_autoptr (EgTokenizer) own = open_in (folder, 256, EG_TOKENIZER_FOLDER, &path);
  g_assert_cmpuint (eg_tokenizer_n_ids (own), ==, 5);
}

/* Those of the vocabulary must have a row, those that are added need one only where they are used. */
static void
test_added_tokens_need_no_row (void)
{
  g_autofree char *folder = new_folder ();
  char *path = NULL;
  tiny_write (folder, "vocab.json", VOCABULARY);
  tiny_write (folder, "merges.txt", "a b\n");
  tiny_write (folder, "added_tokens.json", "{\"<x>\":3}");
  g_autoptr (EgTokenizer) tokenizer = open_in (folder, 3, EG_TOKENIZER_FOLDER, &path);
  g_assert_cmpuint (eg_tokenizer_n_ids (tokenizer), >, 3);
  g_free (path);
  assert_refused (folder, 2, EG_ERROR_INVALID, "belongs to another model than “model”: it has 3 tokens");
  /* One that is in both counts as added. */
  tiny_write (folder, "vocab.json", "{\"a\":0,\"b\":1,\"ab\":2,\"<x>\":3}");
  g_autoptr (EgTokenizer) both = open_in (folder, 3, EG_TOKENIZER_FOLDER, &path);
  g_assert_cmpuint (eg_tokenizer_n_model_ids (both), ==, 3);
  g_free (path);
}

int
main (int argc, char **argv)
{
  home = tiny_new_home ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/choice/a-pair-is-the-folders-own", test_a_pair_is_the_folders_own);
  g_test_add_func ("/choice/other-kinds-are-refused-by-name", test_other_kinds_are_refused_by_name);
  g_test_add_func ("/choice/a-model-of-bytes-needs-no-tokenizer", test_a_model_of_bytes_needs_no_tokenizer);
  g_test_add_func ("/choice/added-tokens-need-no-row", test_added_tokens_need_no_row);
  const int status = g_test_run ();
  tiny_remove (home);
  g_free (home);
  return status;
}
