/* Zip archives: goldens of Python's zipfile, archives of our own, and these with every field falsified. */
#include "formats/zip.h"
#include "scratch.h"

#include <string.h>

static GBytes *
make_archive (const EgZipMember *members, gsize n, guint32 zip64_from)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *path = scratch_get_path (scratch, "x.zip");
  GError *error = NULL;
  if (zip64_from == G_MAXUINT32)
    eg_zip_write (path, members, n, &error);
  else
    eg_zip_write_zip64_from (path, members, n, zip64_from, &error);
  g_assert_no_error (error);
  return read_bytes (path);
}

/* Two stored entries, "a" of "hello" and "b" of "world". */
static GBytes *
make_small_archive (guint32 zip64_from)
{
  g_autoptr (GBytes) hello = g_bytes_new_static ("hello", 5);
  g_autoptr (GBytes) world = g_bytes_new_static ("world", 5);
  const EgZipMember members[] = { { "a", hello }, { "b", world } };
  return make_archive (members, G_N_ELEMENTS (members), zip64_from);
}

static void
assert_entry (EgZip *zip, const char *name, const char *content)
{
  GError *error = NULL;
  const EgZipEntry *entry = eg_zip_lookup (zip, name);
  g_assert_nonnull (entry);
  g_autoptr (GBytes) bytes = eg_zip_read (zip, entry, 1000, &error);
  g_assert_no_error (error);
  g_autoptr (GBytes) expected = g_bytes_new_static (content, strlen (content));
  g_assert_true (g_bytes_equal (bytes, expected));
}

static void
test_crc32_is_the_standard_one (void)
{
  const char *text = "123456789";
  for (gsize n = 0; n <= strlen (text); n++)
    g_assert_cmphex (eg_crc32 (eg_crc32 (0, text, n), text + n, strlen (text) - n), ==, 0xcbf43926);
}

static void
test_reads_what_it_writes (void)
{
  /* From 0 on, all sizes and offsets are in zip64; from 6 on, only offsets; the last uses none. */
  const guint32 limits[] = { 0, 5, 6, 60, G_MAXUINT32 };
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      GError *error = NULL;
      g_autoptr (GBytes) archive = make_small_archive (limits[i]);
      g_autoptr (GBytes) again = make_small_archive (limits[i]);
      g_assert_true (g_bytes_equal (archive, again));
      g_autoptr (EgZip) zip = eg_zip_new (archive, "x.zip", &error);
      g_assert_no_error (error);
      g_assert_cmpuint (eg_zip_get_n_entries (zip), ==, 2);
      g_assert_cmpstr (eg_zip_get_entry (zip, 0)->name, ==, "a");
      assert_entry (zip, "a", "hello");
      assert_entry (zip, "b", "world");
      g_assert_null (eg_zip_lookup (zip, "c"));

      const EgZipEntry *entry = eg_zip_lookup (zip, "b");
      g_assert_true (entry->is_stored);
      g_assert_cmpuint (entry->size, ==, 5);
      const char *in_place = (const char *)g_bytes_get_data (archive, NULL) + entry->offset;
      g_assert_cmpint (memcmp (in_place, "world", 5), ==, 0);
    }
}

static void
test_uses_zip64_only_where_it_must (void)
{
  g_autoptr (GBytes) archive = make_small_archive (G_MAXUINT32);
  g_assert_cmpuint (g_bytes_get_size (archive), ==, 2 * (30 + 1 + 5) + 2 * (46 + 1) + 22);
  g_autoptr (GBytes) empty = make_archive (NULL, 0, G_MAXUINT32);
  g_assert_cmpuint (g_bytes_get_size (empty), ==, 22);
  g_autoptr (EgZip) zip = eg_zip_new (empty, "x.zip", NULL);
  g_assert_cmpuint (eg_zip_get_n_entries (zip), ==, 0);
}

static void
test_counts_entries_beyond_16_bits (void)
{
  const guint counts[] = { 65534, 65535, 65536 };
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree EgZipMember *members = g_new (EgZipMember, 65536);
  for (guint i = 0; i < 65536; i++)
    {
      g_ptr_array_add (names, g_strdup_printf ("%u", i));
      members[i] = (EgZipMember){ g_ptr_array_index (names, i), nothing };
    }
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      GError *error = NULL;
      g_autoptr (GBytes) archive = make_archive (members, counts[i], G_MAXUINT32);
      g_autoptr (EgZip) zip = eg_zip_new (archive, "x.zip", &error);
      g_assert_no_error (error);
      g_assert_cmpuint (eg_zip_get_n_entries (zip), ==, counts[i]);
      const guint8 *before_end
          = (const guint8 *)g_bytes_get_data (archive, NULL) + g_bytes_get_size (archive) - 42;
      g_assert_cmpint (memcmp (before_end, "PK\x06\x07", 4) == 0, ==, counts[i] >= 65535);
      assert_entry (zip, "65533", "");
    }
}

static void
test_reads_what_python_writes (void)
{
  GError *error = NULL;
  g_autofree char *path = golden_get_path ("formats/versions.npz");
  g_autoptr (GBytes) archive = read_bytes (path);
  g_autoptr (EgZip) zip = eg_zip_new (archive, "versions.npz", &error);
  g_assert_no_error (error);
  /* The folder is left out. */
  g_assert_cmpuint (eg_zip_get_n_entries (zip), ==, 4);
  assert_entry (zip, "notes.txt", "not an array");
  g_assert_null (eg_zip_lookup (zip, "folder/"));
}

static void
test_finds_the_end_before_a_comment (void)
{
  g_autoptr (GBytes) archive = make_small_archive (G_MAXUINT32);
  const gsize size = g_bytes_get_size (archive);
  const gsize lengths[] = { 1, 1000, 65535 };
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autofree guint8 *bytes = g_malloc0 (size + 65536);
      memcpy (bytes, g_bytes_get_data (archive, NULL), size);
      bytes[size - 2] = (guint8)(lengths[i] & 0xff);
      bytes[size - 1] = (guint8)(lengths[i] >> 8);
      g_autoptr (GBytes) with_comment = g_bytes_new (bytes, size + lengths[i]);
      g_autoptr (EgZip) zip = eg_zip_new (with_comment, "x.zip", NULL);
      assert_entry (zip, "a", "hello");
      g_autoptr (GBytes) too_long = g_bytes_new (bytes, size + lengths[i] + 1);
      GError *error = NULL;
      assert_refused (eg_zip_new (too_long, "x.zip", &error), error, EG_ERROR_FORMAT,
                      "its end record is missing");
    }
}

/* The small archive's records; LOCAL_B64 .. are those of the one with zip64 from 0 on. */
enum
{
  LOCAL_A = 0,
  LOCAL_B = 36,
  CENTRAL_A = 72,
  CENTRAL_B = 119,
  END = 166,
  CENTRAL_A64 = 112,
  EXTRA_A64 = CENTRAL_A64 + 47,
  END64 = CENTRAL_A64 + 2 * (47 + 28),
  LOCATOR64 = END64 + 56,
};

typedef struct
{
  gsize offset;
  gsize n_bytes;
  guint64 value;
  EgError code;
  const char *message;
} Patch;

/* Opens the archive with the patch applied, and refuses it or its entries. */
static void
assert_patches_refused (guint32 zip64_from, const Patch *patches, gsize n)
{
  g_autoptr (GBytes) archive = make_small_archive (zip64_from);
  for (gsize i = 0; i < n; i++)
    {
      g_test_message ("patch %" G_GSIZE_FORMAT ": %s", i, patches[i].message);
      gsize size;
      g_autofree guint8 *bytes = g_memdup2 (g_bytes_get_data (archive, &size), g_bytes_get_size (archive));
      for (gsize k = 0; k < patches[i].n_bytes; k++)
        bytes[patches[i].offset + k] = (guint8)(patches[i].value >> (8 * k) & 0xff);
      g_autoptr (GBytes) patched = g_bytes_new_static (bytes, size);
      GError *error = NULL;
      g_autoptr (EgZip) zip = eg_zip_new (patched, "x.zip", &error);
      g_autoptr (GBytes) read
          = zip != NULL ? eg_zip_read (zip, eg_zip_get_entry (zip, 0), 1000, &error) : NULL;
      g_assert_true (read != NULL || g_str_has_prefix (error->message, "x.zip: "));
      assert_refused (read, error, patches[i].code, patches[i].message);
    }
}

static void
test_refuses_falsified_records (void)
{
  const Patch patches[] = {
    { END, 4, 0, EG_ERROR_FORMAT, "its end record is missing" },
    { END + 4, 2, 1, EG_ERROR_UNSUPPORTED, "split over several disks" },
    { END + 6, 2, 1, EG_ERROR_UNSUPPORTED, "split over several disks" },
    { END + 8, 2, 1, EG_ERROR_UNSUPPORTED, "split over several disks" },
    { END + 8, 4, 0x00030003, EG_ERROR_FORMAT, "3 entries do not fit into its directory" },
    { END + 8, 4, 0x00050005, EG_ERROR_FORMAT, "5 entries do not fit into its directory" },
    { END + 8, 4, 0x00010001, EG_ERROR_FORMAT, "has more in it than its entries" },
    { END + 8, 4, 0xffffffff, EG_ERROR_FORMAT, "65535 entries do not fit" },
    { END + 12, 4, 95, EG_ERROR_FORMAT, "the directory lies outside" },
    { END + 12, 4, 93, EG_ERROR_FORMAT, "the directory is damaged at byte 119" },
    { END + 12, 4, 0xffffffff, EG_ERROR_FORMAT, "the directory lies outside" },
    { END + 16, 4, 73, EG_ERROR_FORMAT, "the directory lies outside" },
    { END + 16, 4, 71, EG_ERROR_FORMAT, "the directory is damaged" },
    { END + 16, 4, 0xffffffff, EG_ERROR_FORMAT, "the directory lies outside" },
    { CENTRAL_B, 4, 0, EG_ERROR_FORMAT, "the directory is damaged at byte 119" },
    { CENTRAL_A + 8, 2, 0x1, EG_ERROR_UNSUPPORTED, "entry a is encrypted" },
    { CENTRAL_A + 8, 2, 0x40, EG_ERROR_UNSUPPORTED, "entry a is encrypted" },
    { CENTRAL_A + 8, 2, 0x2000, EG_ERROR_UNSUPPORTED, "entry a is encrypted" },
    { CENTRAL_A + 10, 2, 14, EG_ERROR_UNSUPPORTED, "entry a is compressed by method 14" },
    { CENTRAL_A + 10, 2, 8, EG_ERROR_FORMAT, "entry a is damaged" },
    { CENTRAL_A + 16, 4, 0, EG_ERROR_FORMAT, "entry a is damaged" },
    { CENTRAL_A + 20, 4, 4, EG_ERROR_FORMAT, "entry a cannot have 5 bytes, made of 4" },
    { CENTRAL_A + 20, 4, 42, EG_ERROR_FORMAT, "entry a reaches beyond the archive" },
    { CENTRAL_A + 20, 4, 0xffffffff, EG_ERROR_FORMAT, "entry a reaches beyond the archive" },
    { CENTRAL_A + 20, 8, 0x0000000600000006, EG_ERROR_FORMAT, "entries overlap at byte 36" },
    { CENTRAL_A + 24, 4, 6, EG_ERROR_FORMAT, "entry a cannot have 6 bytes, made of 5" },
    { CENTRAL_A + 28, 2, 0, EG_ERROR_FORMAT, "is empty or not UTF-8" },
    { CENTRAL_A + 28, 2, 0xffff, EG_ERROR_FORMAT, "the directory is damaged at byte 72" },
    { CENTRAL_A + 28, 2, 2, EG_ERROR_FORMAT, "is not where the directory says" },
    { CENTRAL_A + 30, 2, 0xffff, EG_ERROR_FORMAT, "the directory is damaged at byte 72" },
    { CENTRAL_A + 30, 2, 1, EG_ERROR_FORMAT, "has damaged extra fields" },
    { CENTRAL_A + 30, 2, 4, EG_ERROR_FORMAT, "has damaged extra fields" },
    { CENTRAL_A + 32, 2, 0xffff, EG_ERROR_FORMAT, "the directory is damaged at byte 72" },
    { CENTRAL_A + 42, 4, 1, EG_ERROR_FORMAT, "entry a is not where the directory says" },
    { CENTRAL_A + 42, 4, LOCAL_B, EG_ERROR_FORMAT, "entry a is not where the directory says" },
    { CENTRAL_A + 42, 4, 43, EG_ERROR_FORMAT, "entry a lies outside the archive" },
    { CENTRAL_A + 42, 4, 0xffffffff, EG_ERROR_FORMAT, "entry a lies outside the archive" },
    { CENTRAL_A + 46, 1, 'c', EG_ERROR_FORMAT, "entry c is not where the directory says" },
    { CENTRAL_A + 46, 1, 0xff, EG_ERROR_FORMAT, "is empty or not UTF-8" },
    { CENTRAL_A + 46, 1, 0, EG_ERROR_FORMAT, "is empty or not UTF-8" },
    { LOCAL_A, 4, 0, EG_ERROR_FORMAT, "entry a is not where the directory says" },
    { LOCAL_A + 26, 2, 2, EG_ERROR_FORMAT, "entry a is not where the directory says" },
    { LOCAL_A + 26, 2, 0xffff, EG_ERROR_FORMAT, "entry a is not where the directory says" },
    { LOCAL_A + 28, 2, 0xffff, EG_ERROR_FORMAT, "entry a is not where the directory says" },
    { LOCAL_A + 28, 2, 41, EG_ERROR_FORMAT, "entry a reaches beyond the archive" },
    { LOCAL_A + 30, 1, 'b', EG_ERROR_FORMAT, "entry a is not where the directory says" },
    { LOCAL_A + 31, 1, 'H', EG_ERROR_FORMAT, "entry a is damaged" },
  };
  assert_patches_refused (G_MAXUINT32, patches, G_N_ELEMENTS (patches));
}

static void
test_refuses_falsified_zip64_records (void)
{
  const Patch patches[] = {
    { EXTRA_A64, 2, 2, EG_ERROR_FORMAT, "entry a lies outside" },
    { EXTRA_A64 + 2, 2, 25, EG_ERROR_FORMAT, "has damaged extra fields" },
    { EXTRA_A64 + 2, 2, 16, EG_ERROR_FORMAT, "has damaged extra fields" },
    { EXTRA_A64 + 4, 8, G_MAXUINT64, EG_ERROR_FORMAT, "cannot have 18446744073709551615 bytes" },
    { EXTRA_A64 + 12, 8, G_MAXUINT64, EG_ERROR_FORMAT, "entry a reaches beyond" },
    { EXTRA_A64 + 20, 8, G_MAXUINT64, EG_ERROR_FORMAT, "entry a lies outside" },
    { END64, 4, 0, EG_ERROR_FORMAT, "the zip64 end record is not where it should be" },
    { END64 + 16, 4, 1, EG_ERROR_UNSUPPORTED, "split over several disks" },
    { END64 + 20, 4, 1, EG_ERROR_UNSUPPORTED, "split over several disks" },
    { END64 + 24, 8, 1, EG_ERROR_UNSUPPORTED, "split over several disks" },
    { END64 + 40, 8, G_MAXUINT64, EG_ERROR_FORMAT, "the directory lies outside" },
    { END64 + 48, 8, G_MAXUINT64, EG_ERROR_FORMAT, "the directory lies outside" },
    { END64 + 48, 8, END64 + 1, EG_ERROR_FORMAT, "the directory lies outside" },
    { LOCATOR64, 4, 0, EG_ERROR_FORMAT, "the directory lies outside" },
    { LOCATOR64 + 4, 4, 1, EG_ERROR_UNSUPPORTED, "split over several disks" },
    { LOCATOR64 + 8, 8, G_MAXUINT64, EG_ERROR_FORMAT, "the zip64 end record is not where it should be" },
    { LOCATOR64 + 8, 8, LOCATOR64 - 55, EG_ERROR_FORMAT, "the zip64 end record is not where it should be" },
  };
  assert_patches_refused (0, patches, G_N_ELEMENTS (patches));
}

static void
test_refuses_a_zip64_end_record_that_does_not_fit (void)
{
  g_autoptr (GBytes) archive = make_small_archive (0);
  g_autofree guint8 *bytes = g_memdup2 (g_bytes_get_data (archive, NULL), g_bytes_get_size (archive));
  const guint64 offset = GUINT64_TO_LE (LOCATOR64 - 4);
  memcpy (bytes + LOCATOR64 - 4, "PK\x06\x06", 4);
  memcpy (bytes + LOCATOR64 + 8, &offset, sizeof offset);
  g_autoptr (GBytes) patched = g_bytes_new (bytes, g_bytes_get_size (archive));
  GError *error = NULL;
  assert_refused (eg_zip_new (patched, "x.zip", &error), error, EG_ERROR_FORMAT,
                  "the zip64 end record is not where it should be");
}

/* Reads an entry whose deflated bytes are deflated, of the text "hello hello hello" they say. */
static GBytes *
inflate (const guint8 *deflated, gsize n, guint32 size, GError **error)
{
  g_autoptr (GBytes) stored = g_bytes_new (deflated, n);
  const EgZipMember member = { "a", stored };
  g_autoptr (GBytes) archive = make_archive (&member, 1, G_MAXUINT32);
  g_autofree guint8 *bytes = g_memdup2 (g_bytes_get_data (archive, NULL), g_bytes_get_size (archive));
  guint8 *central = bytes + g_bytes_get_size (archive) - 22 - 47;
  const guint32 crc = GUINT32_TO_LE (eg_crc32 (0, "hello hello hello", MIN (size, 17)));
  size = GUINT32_TO_LE (size);
  central[10] = 8;
  memcpy (central + 16, &crc, sizeof crc);
  memcpy (central + 24, &size, sizeof size);
  g_autoptr (GBytes) patched = g_bytes_new (bytes, g_bytes_get_size (archive));
  g_autoptr (EgZip) zip = eg_zip_new (patched, "x.zip", error);
  return zip != NULL ? eg_zip_read (zip, eg_zip_get_entry (zip, 0), 1000, error) : NULL;
}

static void
test_inflates_all_of_an_entry_and_no_more (void)
{
  guint8 deflated[64];
  gsize n_read;
  gsize n;
  g_autoptr (GConverter) compressor = G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_RAW, 9));
  g_assert_cmpint (g_converter_convert (compressor, "hello hello hello", 17, deflated, sizeof deflated,
                                        G_CONVERTER_INPUT_AT_END, &n_read, &n, NULL),
                   ==, G_CONVERTER_FINISHED);
  g_assert_cmpuint (n, <, 17);
  deflated[n] = 0;

  GError *error = NULL;
  g_autoptr (GBytes) good = inflate (deflated, n, 17, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (good), ==, 17);
  /* A byte too many, one too few, and texts that are shorter or longer than the archive says. */
  assert_refused (inflate (deflated, n + 1, 17, &error), error, EG_ERROR_FORMAT, "entry a is damaged");
  assert_refused (inflate (deflated, n - 1, 17, &error), error, EG_ERROR_FORMAT, "entry a is damaged");
  assert_refused (inflate (deflated, 0, 17, &error), error, EG_ERROR_FORMAT, "entry a is damaged");
  assert_refused (inflate (deflated, 1, 17, &error), error, EG_ERROR_FORMAT, "entry a is damaged");
  assert_refused (inflate (deflated, n, 16, &error), error, EG_ERROR_FORMAT, "entry a is damaged");
  assert_refused (inflate (deflated, n, 18, &error), error, EG_ERROR_FORMAT, "entry a is damaged");
  assert_refused (inflate (deflated, n, 0, &error), error, EG_ERROR_FORMAT, "entry a is damaged");
}

static void
test_refuses_duplicate_names (void)
{
  g_autoptr (GBytes) archive = make_small_archive (G_MAXUINT32);
  g_autofree guint8 *bytes = g_memdup2 (g_bytes_get_data (archive, NULL), g_bytes_get_size (archive));
  bytes[LOCAL_B + 30] = 'a';
  bytes[CENTRAL_B + 46] = 'a';
  g_autoptr (GBytes) patched = g_bytes_new_static (bytes, g_bytes_get_size (archive));
  GError *error = NULL;
  assert_refused (eg_zip_new (patched, "x.zip", &error), error, EG_ERROR_FORMAT, "entry a is there twice");
}

static void
test_refuses_an_entry_inside_another (void)
{
  /* What "a" contains is a whole entry "b", to which the directory is made to point. */
  g_autoptr (GBytes) small = make_small_archive (G_MAXUINT32);
  g_autoptr (GBytes) inner = g_bytes_new_from_bytes (small, LOCAL_B, CENTRAL_A - LOCAL_B);
  g_autoptr (GBytes) world = g_bytes_new_static ("world", 5);
  const EgZipMember members[] = { { "a", inner }, { "b", world } };
  g_autoptr (GBytes) archive = make_archive (members, G_N_ELEMENTS (members), G_MAXUINT32);
  g_autofree guint8 *bytes = g_memdup2 (g_bytes_get_data (archive, NULL), g_bytes_get_size (archive));
  const gsize central_b = g_bytes_get_size (archive) - 22 - 47;
  bytes[central_b + 42] = 31;
  g_autoptr (GBytes) patched = g_bytes_new_static (bytes, g_bytes_get_size (archive));
  GError *error = NULL;
  assert_refused (eg_zip_new (patched, "x.zip", &error), error, EG_ERROR_FORMAT,
                  "entries overlap at byte 31");
}

static void
test_allocates_no_more_than_deflate_can_fill (void)
{
  g_autoptr (GBytes) archive = make_small_archive (G_MAXUINT32);
  g_autofree guint8 *bytes = g_memdup2 (g_bytes_get_data (archive, NULL), g_bytes_get_size (archive));
  g_autoptr (GBytes) patched = g_bytes_new_static (bytes, g_bytes_get_size (archive));
  GError *error = NULL;
  bytes[CENTRAL_A + 10] = 8;
  const guint32 size = GUINT32_TO_LE (0xfffffffe);
  memcpy (bytes + CENTRAL_A + 24, &size, sizeof size);
  assert_refused (eg_zip_new (patched, "x.zip", &error), error, EG_ERROR_FORMAT,
                  "entry a cannot have 4294967294 bytes, made of 5");

  g_autoptr (EgZip) zip = eg_zip_new (archive, "x.zip", NULL);
  assert_refused (eg_zip_read (zip, eg_zip_lookup (zip, "a"), 4, &error), error, EG_ERROR_MEMORY,
                  "entry a has 5 bytes, which is too much");
}

static void
test_refuses_truncated_archives (void)
{
  const guint32 limits[] = { 0, G_MAXUINT32 };
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      g_autoptr (GBytes) archive = make_small_archive (limits[i]);
      for (gsize n = 0; n < g_bytes_get_size (archive); n++)
        {
          /* Copied, so that AddressSanitizer sees a read behind the end. */
          g_autoptr (GBytes) cut = g_bytes_new (g_bytes_get_data (archive, NULL), n);
          GError *error = NULL;
          assert_refused (eg_zip_new (cut, "x.zip", &error), error, EG_ERROR_FORMAT, "x.zip: ");
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/zip/crc32-is-the-standard-one", test_crc32_is_the_standard_one);
  g_test_add_func ("/zip/reads-what-it-writes", test_reads_what_it_writes);
  g_test_add_func ("/zip/uses-zip64-only-where-it-must", test_uses_zip64_only_where_it_must);
  g_test_add_func ("/zip/counts-entries-beyond-16-bits", test_counts_entries_beyond_16_bits);
  g_test_add_func ("/zip/reads-what-python-writes", test_reads_what_python_writes);
  g_test_add_func ("/zip/finds-the-end-before-a-comment", test_finds_the_end_before_a_comment);
  g_test_add_func ("/zip/refuses-falsified-records", test_refuses_falsified_records);
  g_test_add_func ("/zip/refuses-falsified-zip64-records", test_refuses_falsified_zip64_records);
  g_test_add_func ("/zip/refuses-a-zip64-end-record-that-does-not-fit",
                   test_refuses_a_zip64_end_record_that_does_not_fit);
  g_test_add_func ("/zip/inflates-all-of-an-entry-and-no-more", test_inflates_all_of_an_entry_and_no_more);
  g_test_add_func ("/zip/refuses-duplicate-names", test_refuses_duplicate_names);
  g_test_add_func ("/zip/refuses-an-entry-inside-another", test_refuses_an_entry_inside_another);
  g_test_add_func ("/zip/allocates-no-more-than-deflate-can-fill",
                   test_allocates_no_more_than_deflate_can_fill);
  g_test_add_func ("/zip/refuses-truncated-archives", test_refuses_truncated_archives);
  return g_test_run ();
}
