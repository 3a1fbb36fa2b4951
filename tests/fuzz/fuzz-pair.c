#define _GNU_SOURCE
/* vocab.json, merges.txt, tokenizer_config.json, special_tokens_map.json and added_tokens.json in one input,
 * in this order, with lines "%%" between; those that are left out are not there. */
#include "fuzz.h"
#include "tokenizing.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define LINE "\n%%\n"

static const char *const names[]
    = { "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json" };

static char *folder;

static void
remove_folder (void)
{
  g_rmdir (folder);
}

static void
write_part (const char *name, const char *bytes, gsize size)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  const int file = g_open (path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  g_assert (file >= 0 && write (file, bytes, size) == (gssize)size);
  close (file);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  GError *error = NULL;
  const char *at = (const char *)data, *end = at + size;
  if (folder == NULL)
    {
      folder = g_strdup_printf ("/dev/shm/engram-fuzz-pair-%d", (int)getpid ());
      g_assert (g_mkdir_with_parents (folder, 0700) == 0);
      atexit (remove_folder);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (names) && at <= end; i++)
    {
      const char *line = memmem (at, (gsize)(end - at), LINE, strlen (LINE));
      write_part (names[i], at, (gsize)((line != NULL ? line : end) - at));
      at = line != NULL ? line + strlen (LINE) : end + 1;
    }
  EgTokenizer *tokenizer = eg_tokenizer_load (folder, &error);
  fuzz_check (tokenizer != NULL, &error);
  fuzz_tokenize (tokenizer);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);
      g_unlink (path);
    }
  return 0;
}
