/* .npy headers, good and hostile; what NumPy itself writes is in test-npz.c. */
#include "formats/npy.h"
#include "scratch.h"

#include <string.h>

/* A .npy file of this version, header text and n_bytes of data; length: the header's, if not -1. */
static GBytes *
make_file (guint version, gint64 length, const char *header, const void *data, gsize n_bytes)
{
  GByteArray *file = g_byte_array_new ();
  const guint8 start[] = { 0x93, 'N', 'U', 'M', 'P', 'Y', (guint8)version, 0 };
  const guint64 n = GUINT64_TO_LE (length < 0 ? strlen (header) : (guint64)length);
  g_byte_array_append (file, start, sizeof start);
  g_byte_array_append (file, (const guint8 *)&n, version == 1 ? 2 : 4);
  g_byte_array_append (file, (const guint8 *)header, (guint)strlen (header));
  g_byte_array_append (file, data, (guint)n_bytes);
  return g_byte_array_free_to_bytes (file);
}

static EgNpyArray *
parse (guint version, gint64 length, const char *header, gsize n_bytes, GError **error)
{
  g_autofree guint8 *zeros = g_malloc0 (n_bytes + 1);
  g_autoptr (GBytes) file = make_file (version, length, header, zeros, n_bytes);
  return eg_npy_parse (file, "x", error);
}

#define H(descr, order, shape) "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }\n"

static void
test_takes_headers_as_others_write_them (void)
{
  const struct
  {
    const char *header;
    gsize n_bytes;
    guint n_dims;
  } good[] = {
    { H ("'<f4'", "False", "(3,)"), 12, 1 },
    { H ("'<f4'", "False", "()"), 4, 0 },
    { H ("\"<f4\"", "True", "(1, 2, 3)"), 24, 3 },
    { "{\"shape\":(2,2),\"fortran_order\":False,\"descr\":\"|u1\"}", 4, 2 },
    { "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 1,), }          \n", 12, 2 },
    { H ("'<i1'", "False", "(3,)"), 3, 1 },
    { H ("'<f8'", "False", "(0, 9223372036854775807)"), 0, 2 },
    { H ("'|b1'", "False", "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)"), 1, 32 },
    { H ("'<U3'", "False", "(2,)"), 24, 1 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      GError *error = NULL;
      g_autoptr (EgNpyArray) array = parse (1 + i % 3, -1, good[i].header, good[i].n_bytes, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (eg_npy_array_get_n_dims (array), ==, good[i].n_dims);
    }
}

static void
test_refuses_hostile_headers (void)
{
  const struct
  {
    guint version;
    gint64 length;
    const char *header;
    gsize n_bytes;
    EgError code;
    const char *message;
  } bad[] = {
    { 0, -1, H ("'<f4'", "False", "()"), 4, EG_ERROR_UNSUPPORTED, "a version of NumPy’s format" },
    { 4, -1, H ("'<f4'", "False", "()"), 4, EG_ERROR_UNSUPPORTED, "a version of NumPy’s format" },
    { 1, 100, "{}", 4, EG_ERROR_FORMAT, "the header is cut short" },
    { 2, 0xffffffff, "{}", 4, EG_ERROR_FORMAT, "the header is longer than 64 KiB" },
    { 2, 65537, "{}", 4, EG_ERROR_FORMAT, "the header is longer than 64 KiB" },
    { 2, 65536, "{}", 4, EG_ERROR_FORMAT, "the header is cut short" },
    /* Dictionaries */
    { 1, -1, "", 0, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, "{}", 0, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, "{'descr': '<f4', 'fortran_order': False}", 4, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, "{'descr': '<f4', 'shape': ()}", 4, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, "{'fortran_order': False, 'shape': ()}", 4, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", 4, EG_ERROR_FORMAT,
      "not one that NumPy writes" },
    { 1, -1, "{'descr': '<f4', 'fortran_order': False, 'fortran_order': False, 'shape': ()}", 4,
      EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'shape': ()}", 4, EG_ERROR_FORMAT,
      "not one that NumPy writes" },
    { 1, -1, "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'more': ()}", 4, EG_ERROR_FORMAT,
      "not one that NumPy writes" },
    { 1, -1, "{'descr': '<f4' 'fortran_order': False, 'shape': ()}", 4, EG_ERROR_FORMAT,
      "not one that NumPy writes" },
    { 1, -1, H ("'<f4'", "False", "()") "x", 4, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, H ("'<f\\x34'", "False", "()"), 4, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, H ("'<f4\"", "False", "()"), 4, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, H ("f4", "False", "()"), 4, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, H ("'<f4'", "0", "()"), 4, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, H ("__import__('os')", "False", "()"), 4, EG_ERROR_FORMAT, "not one that NumPy writes" },
    /* Types */
    { 1, -1, H ("'|O'", "False", "()"), 4, EG_ERROR_UNSUPPORTED, "object arrays are never read" },
    { 1, -1, H ("'O'", "False", "()"), 4, EG_ERROR_UNSUPPORTED, "“O”" },
    { 1, -1, H ("[('a', '|O')]", "False", "()"), 4, EG_ERROR_UNSUPPORTED, "is a structured array" },
    { 1, -1, H ("''", "False", "()"), 4, EG_ERROR_UNSUPPORTED, "“”" },
    { 1, -1, H ("'<'", "False", "()"), 4, EG_ERROR_UNSUPPORTED, "“<”" },
    { 1, -1, H ("'<f'", "False", "()"), 4, EG_ERROR_UNSUPPORTED, "“<f”" },
    { 1, -1, H ("'=f4'", "False", "()"), 4, EG_ERROR_UNSUPPORTED, "“=f4”" },
    { 1, -1, H ("'|f4'", "False", "()"), 4, EG_ERROR_UNSUPPORTED, "“|f4”" },
    { 1, -1, H ("'<f16'", "False", "()"), 16, EG_ERROR_UNSUPPORTED, "“<f16”" },
    { 1, -1, H ("'<i3'", "False", "()"), 3, EG_ERROR_UNSUPPORTED, "“<i3”" },
    { 1, -1, H ("'<b8'", "False", "()"), 8, EG_ERROR_UNSUPPORTED, "“<b8”" },
    { 1, -1, H ("'|V8'", "False", "()"), 8, EG_ERROR_UNSUPPORTED, "“|V8”" },
    { 1, -1, H ("'<U'", "False", "()"), 4, EG_ERROR_UNSUPPORTED, "“<U”" },
    { 1, -1, H ("'<U0'", "False", "(4294967296,)"), 0, EG_ERROR_UNSUPPORTED, "“<U0”" },
    { 1, -1, H ("'|U1'", "False", "()"), 4, EG_ERROR_UNSUPPORTED, "“|U1”" },
    { 1, -1, H ("'<U 1'", "False", "()"), 4, EG_ERROR_UNSUPPORTED, "“<U 1”" },
    { 1, -1, H ("'<U1x'", "False", "()"), 4, EG_ERROR_UNSUPPORTED, "“<U1x”" },
    { 1, -1, H ("'<U4611686018427387904'", "False", "()"), 0, EG_ERROR_UNSUPPORTED, "“<U46116" },
    { 1, -1, H ("'<U18446744073709551617'", "False", "()"), 4, EG_ERROR_UNSUPPORTED, "“<U18446" },
    /* Shapes */
    { 1, -1, H ("'<f4'", "False", "(3)"), 12, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, H ("'<f4'", "False", "3"), 12, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, H ("'<f4'", "False", "[3]"), 12, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, H ("'<f4'", "False", "(,)"), 4, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, H ("'<f4'", "False", "(3,,)"), 12, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, H ("'<f4'", "False", "(3 1)"), 12, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, H ("'<f4'", "False", "(-3,)"), 12, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, H ("'<f4'", "False", "(3.0,)"), 12, EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, H ("'<f4'", "False", "(18446744073709551619,)"), 12, EG_ERROR_FORMAT,
      "not one that NumPy writes" },
    { 1, -1, H ("'|b1'", "False", "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)"), 1,
      EG_ERROR_FORMAT, "not one that NumPy writes" },
    { 1, -1, H ("'<f4'", "False", "(3,)"), 11, EG_ERROR_FORMAT, "do not fit the 11 bytes" },
    { 1, -1, H ("'<f4'", "False", "(3,)"), 13, EG_ERROR_FORMAT, "do not fit the 13 bytes" },
    { 1, -1, H ("'<f4'", "False", "(1073741824,)"), 4, EG_ERROR_FORMAT, "do not fit the 4 bytes" },
    { 1, -1, H ("'<f4'", "False", "(4294967296, 4294967296)"), 0, EG_ERROR_FORMAT, "do not fit the 0 bytes" },
    { 1, -1, H ("'<f4'", "True", "(4611686018427387904,)"), 0, EG_ERROR_FORMAT, "do not fit the 0 bytes" },
    { 1, -1, H ("'<U4'", "False", "(1152921504606846976,)"), 0, EG_ERROR_FORMAT, "do not fit the 0 bytes" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      GError *error = NULL;
      g_test_message ("%u: %s", i, bad[i].message);
      EgNpyArray *array = parse (bad[i].version, bad[i].length, bad[i].header, bad[i].n_bytes, &error);
      assert_refused (array, error, bad[i].code, bad[i].message);
    }
}

/* Parses n_bytes of data of this type, as one row. */
static EgNpyArray *
parse_row (const char *descr, gsize n, const void *data, gsize n_bytes)
{
  g_autoptr (GBytes) file = eg_npy_format (descr, 1, &n, data, n_bytes);
  GError *error = NULL;
  EgNpyArray *array = eg_npy_parse (file, "x", &error);
  g_assert_no_error (error);
  return array;
}

static void
test_refuses_numbers_that_do_not_fit (void)
{
  const guint64 numbers[] = { G_MAXINT64, (guint64)G_MAXINT64 + 1 };
  GError *error = NULL;
  g_autoptr (EgNpyArray) fits = parse_row ("<u8", 1, numbers, 8);
  g_autofree gint64 *values = eg_npy_array_get_int64s (fits, &error);
  g_assert_cmpint (values[0], ==, G_MAXINT64);
  g_autoptr (EgNpyArray) too_large = parse_row ("<u8", 2, numbers, 16);
  assert_refused (eg_npy_array_get_int64s (too_large, &error), error, EG_ERROR_FORMAT,
                  "holds the number 9223372036854775808, which is too large");
  g_autofree double *doubles = eg_npy_array_get_doubles (too_large, &error);
  g_assert_true (doubles[1] == 9223372036854775808.0);
}

static void
test_refuses_texts_that_are_not_unicode (void)
{
  const guint32 texts[][2] = {
    { 0xd800, 0 }, { 0xdfff, 'x' }, { 'x', 0x110000 }, { 0xffffffff, 0 }, { 0, 'x' },
  };
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      GError *error = NULL;
      g_autoptr (EgNpyArray) array = parse_row ("<U2", 1, texts[i], 8);
      assert_refused (eg_npy_array_get_strings (array, &error), error, EG_ERROR_FORMAT,
                      "x: text 0 has characters that are not Unicode’s");
    }
  const guint32 last[] = { 0x10ffff, 0 };
  g_autoptr (EgNpyArray) array = parse_row ("<U2", 1, last, 8);
  g_auto (GStrv) read = eg_npy_array_get_strings (array, NULL);
  g_assert_cmpstr (read[0], ==, "\xf4\x8f\xbf\xbf");
}

static void
test_takes_any_byte_but_0_for_true (void)
{
  const guint8 bytes[] = { 0, 1, 2, 255 };
  g_autoptr (EgNpyArray) array = parse_row ("|b1", 4, bytes, 4);
  g_assert_cmpint (eg_npy_array_get_kind (array), ==, EG_NPY_BOOL);
  g_autofree gint64 *values = eg_npy_array_get_int64s (array, NULL);
  g_assert_true (values[0] == 0 && values[1] == 1 && values[2] == 1 && values[3] == 1);
}

static void
test_survives_truncation_and_flipped_bits (void)
{
  const guint32 texts[] = { 'a', 'b', 0, 'c', 0, 0 };
  const gsize shape[] = { 1, 2 };
  g_autoptr (GBytes) file = eg_npy_format ("<U3", 2, shape, texts, sizeof texts);
  gsize size;
  const guint8 *data = g_bytes_get_data (file, &size);
  g_assert_cmpuint (size, ==, 128 + sizeof texts);
  for (gsize n = 0; n < size; n++)
    {
      GError *error = NULL;
      g_autoptr (GBytes) cut = g_bytes_new (data, n);
      assert_refused (eg_npy_parse (cut, "x", &error), error, EG_ERROR_FORMAT, "x: ");
    }
  g_autofree guint8 *flipped = g_memdup2 (data, size);
  for (gsize i = 0; i < size; i++)
    for (guint bit = 0; bit < 8; bit++)
      {
        flipped[i] ^= (guint8)(1u << bit);
        g_autoptr (GBytes) bytes = g_bytes_new (flipped, size);
        flipped[i] = data[i];
        g_autoptr (GError) error = NULL;
        g_autoptr (EgNpyArray) array = eg_npy_parse (bytes, "x", &error);
        g_assert_true (array != NULL || (error->domain == EG_ERROR && error->code != EG_ERROR_MEMORY));
        g_auto (GStrv) strings = array != NULL ? eg_npy_array_get_strings (array, NULL) : NULL;
        g_autofree double *doubles = array != NULL ? eg_npy_array_get_doubles (array, NULL) : NULL;
        g_assert_true (strings == NULL || doubles == NULL);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/npy/takes-headers-as-others-write-them", test_takes_headers_as_others_write_them);
  g_test_add_func ("/npy/refuses-hostile-headers", test_refuses_hostile_headers);
  g_test_add_func ("/npy/refuses-numbers-that-do-not-fit", test_refuses_numbers_that_do_not_fit);
  g_test_add_func ("/npy/refuses-texts-that-are-not-unicode", test_refuses_texts_that_are_not_unicode);
  g_test_add_func ("/npy/takes-any-byte-but-0-for-true", test_takes_any_byte_but_0_for_true);
  g_test_add_func ("/npy/survives-truncation-and-flipped-bits", test_survives_truncation_and_flipped_bits);
  return g_test_run ();
}
