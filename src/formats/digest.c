/* Sums up files. */
#include "formats/digest.h"

#include "formats/map-file.h"

static void
add_file (GChecksum *sum, const char *path)
{
  g_autoptr (GMappedFile) file = eg_map_file (path, NULL);
  const gsize length = file != NULL ? g_mapped_file_get_length (file) : 0;
  /* So that what stands in one file is not taken for what stands in the next. */
  g_autofree char *head = file != NULL ? g_strdup_printf ("%zu\n", length) : g_strdup ("-\n");
  g_checksum_update (sum, (const guchar *)head, -1);
  if (length > 0)
    g_checksum_update (sum, (const guchar *)g_mapped_file_get_contents (file), (gssize)length);
}

char *
eg_digest_files (const char *const *paths)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  for (; *paths != NULL; paths++)
    add_file (sum, *paths);
  return g_strdup (g_checksum_get_string (sum));
}
