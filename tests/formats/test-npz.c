/* .npy and .npz: against NumPy in both directions (tests/golden/make_formats.py), and hostile headers. */
#include "formats/npz.h"
#include "scratch.h"

#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

static EgNpz *
load_golden (const char *name)
{
  g_autofree char *path = golden_get_path (name);
  GError *error = NULL;
  EgNpz *npz = eg_npz_load (path, &error);
  g_assert_no_error (error);
  return npz;
}

static EgNpyArray *
read_array (EgNpz *npz, const char *name)
{
  GError *error = NULL;
  EgNpyArray *array = eg_npz_read (npz, name, &error);
  g_assert_no_error (error);
  return array;
}

static void
assert_doubles (const EgNpyArray *array, JsonArray *expected)
{
  GError *error = NULL;
  g_autofree double *values = eg_npy_array_get_doubles (array, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < json_array_get_length (expected); i++)
    {
      const double value = expected_get_double (expected, i);
      g_assert_true (isnan (value) ? isnan (values[i])
                                   : values[i] == value && signbit (values[i]) == signbit (value));
    }
  assert_refused (eg_npy_array_get_int64s (array, &error), error, EG_ERROR_FORMAT,
                  "holds fractional numbers");
  assert_refused (eg_npy_array_get_strings (array, &error), error, EG_ERROR_FORMAT, "holds numbers");
}

static void
assert_int64s (const EgNpyArray *array, JsonArray *expected)
{
  GError *error = NULL;
  g_autofree gint64 *values = eg_npy_array_get_int64s (array, &error);
  g_assert_no_error (error);
  g_autofree double *doubles = eg_npy_array_get_doubles (array, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < json_array_get_length (expected); i++)
    {
      const gint64 value = g_ascii_strtoll (json_array_get_string_element (expected, i), NULL, 10);
      g_assert_cmpint (values[i], ==, value);
      g_assert_true (doubles[i] == (double)value);
    }
  assert_refused (eg_npy_array_get_strings (array, &error), error, EG_ERROR_FORMAT, "holds numbers");
}

static void
assert_strings (const EgNpyArray *array, JsonArray *expected)
{
  GError *error = NULL;
  g_auto (GStrv) texts = eg_npy_array_get_strings (array, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (texts), ==, json_array_get_length (expected));
  for (guint i = 0; i < json_array_get_length (expected); i++)
    g_assert_cmpstr (texts[i], ==, json_array_get_string_element (expected, i));
  assert_refused (eg_npy_array_get_doubles (array, &error), error, EG_ERROR_FORMAT, "holds texts");
  assert_refused (eg_npy_array_get_int64s (array, &error), error, EG_ERROR_FORMAT, "holds texts");
}

static void
assert_array (const EgNpyArray *array, JsonObject *expected)
{
  JsonArray *shape = json_object_get_array_member (expected, "shape");
  g_assert_cmpuint (eg_npy_array_get_n_dims (array), ==, json_array_get_length (shape));
  gsize n_elements = 1;
  for (guint d = 0; d < json_array_get_length (shape); d++)
    {
      const gsize size = (gsize)json_array_get_int_element (shape, d);
      g_assert_cmpuint (eg_npy_array_get_shape (array)[d], ==, size);
      n_elements *= size;
    }
  g_assert_cmpuint (eg_npy_array_get_n_elements (array), ==, n_elements);
  if (json_object_has_member (expected, "doubles"))
    assert_doubles (array, json_object_get_array_member (expected, "doubles"));
  else if (json_object_has_member (expected, "int64s"))
    assert_int64s (array, json_object_get_array_member (expected, "int64s"));
  else
    assert_strings (array, json_object_get_array_member (expected, "strings"));
}

static void
assert_all_types (const char *name)
{
  g_autoptr (EgNpz) npz = load_golden (name);
  g_autoptr (JsonNode) section = golden_get_expected ("arrays");
  JsonObject *arrays = json_node_get_object (section);
  const char *const *names = eg_npz_get_names (npz);
  g_assert_cmpuint (g_strv_length ((char **)names), ==, json_object_get_size (arrays));
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_test_message ("%s", names[i]);
      g_assert_true (eg_npz_has (npz, names[i]));
      g_autoptr (EgNpyArray) array = read_array (npz, names[i]);
      assert_array (array, json_object_get_object_member (arrays, names[i]));
    }
}

static void
test_reads_every_type_of_numpy (void)
{
  assert_all_types ("formats/types.npz");
}

static void
test_reads_compressed_files (void)
{
  assert_all_types ("formats/types-deflated.npz");
}

static void
test_reads_every_version_of_the_header (void)
{
  g_autoptr (EgNpz) npz = load_golden ("formats/versions.npz");
  g_autofree char *names = g_strjoinv (" ", (char **)eg_npz_get_names (npz));
  g_assert_cmpstr (names, ==, "v1 v2 v3");
  for (const char *const *name = eg_npz_get_names (npz); *name != NULL; name++)
    {
      g_autoptr (EgNpyArray) array = read_array (npz, *name);
      g_assert_cmpint (eg_npy_array_get_kind (array), ==, EG_NPY_FLOAT);
      g_autofree double *values = eg_npy_array_get_doubles (array, NULL);
      for (gsize i = 0; i < 4; i++)
        g_assert_true (values[i] == (double)i);
    }
}

static void
test_never_reads_objects (void)
{
  g_autoptr (EgNpz) npz = load_golden ("formats/refused.npz");
  const char *const cases[][2] = {
    { "object", "refused.npz: object: holds Python objects; object arrays are never read" },
    { "complex", "has the type “<c16”, which Engram does not read" },
    { "structured", "is a structured array" },
    { "date", "has the type “<M8[D]”" },
    { "bytes", "has the type “|S3”" },
    { "long", "has the type “<f16”" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GError *error = NULL;
      assert_refused (eg_npz_read (npz, cases[i][0], &error), error, EG_ERROR_UNSUPPORTED, cases[i][1]);
    }
}

static void
test_says_what_is_not_there (void)
{
  GError *error = NULL;
  g_autoptr (EgNpz) npz = load_golden ("formats/versions.npz");
  assert_refused (eg_npz_read (npz, "scores", &error), error, EG_ERROR_NOT_FOUND,
                  "versions.npz: there is no array scores");
  g_assert_false (eg_npz_has (npz, "notes.txt"));
  assert_refused (eg_npz_load ("/nowhere/x.npz", &error), error, EG_ERROR_NOT_FOUND,
                  "There is no file /nowhere/x.npz");
  assert_refused (eg_npz_load ("/", &error), error, EG_ERROR_NOT_FOUND, "/ is not a file");
}

static void
test_reads_the_notebooks_trace (void)
{
  g_autoptr (EgNpz) npz = load_golden ("example_trace.npz");
  g_autoptr (EgNpyArray) scores = read_array (npz, "scores");
  g_assert_cmpuint (eg_npy_array_get_shape (scores)[0], ==, 8);
  g_assert_cmpuint (eg_npy_array_get_shape (scores)[1], ==, 12);
  g_autoptr (EgNpyArray) low_score = read_array (npz, "low_score");
  g_autofree double *low = eg_npy_array_get_doubles (low_score, NULL);
  g_assert_true (low[0] == 0.04013331979513168);
  g_autoptr (EgNpyArray) range = read_array (npz, "subject_range");
  g_autofree gint64 *subject = eg_npy_array_get_int64s (range, NULL);
  g_assert_true (subject[0] == 4 && subject[1] == 10);
  g_autoptr (EgNpyArray) tokens = read_array (npz, "input_tokens");
  g_auto (GStrv) texts = eg_npy_array_get_strings (tokens, NULL);
  g_assert_cmpuint (g_strv_length (texts), ==, 12);
  g_autoptr (EgNpyArray) target = read_array (npz, "target_token");
  g_auto (GStrv) answer = eg_npy_array_get_strings (target, NULL);
  g_assert_cmpstr (answer[0], ==, " German");
}

/* The arrays of make_written() in make_formats.py. */
static EgNpzWriter *
make_writer (void)
{
  const float scores[] = { 0.0f, 0.125f, 0.25f, 0.375f, 0.5f, 0.625f };
  const gsize scores_shape[] = { 2, 3 };
  const double low_score = 0.1;
  const gint64 range[] = { 4, 10 };
  const gsize two = 2;
  const char *const tokens[] = { "The", " größe", "", "𝄞" };
  const char *const prompt[] = { "The mother tongue" };
  const char *const nothing[] = { "" };
  const gsize no_rows[] = { 0, 4 };
  const gint64 minus_one = -1;
  const gsize one = 1;
  EgNpzWriter *writer = eg_npz_writer_new ();
  eg_npz_writer_add_f32 (writer, "scores", scores, 2, scores_shape);
  eg_npz_writer_add_f64 (writer, "low_score", &low_score, 0, NULL);
  eg_npz_writer_add_i64 (writer, "subject_range", range, 1, &two);
  eg_npz_writer_add_strings (writer, "input_tokens", tokens, G_N_ELEMENTS (tokens), FALSE);
  eg_npz_writer_add_strings (writer, "prompt", prompt, 1, TRUE);
  eg_npz_writer_add_strings (writer, "nothing", nothing, 1, TRUE);
  eg_npz_writer_add_f32 (writer, "no_rows", NULL, 2, no_rows);
  eg_npz_writer_add_i64 (writer, "größe", &minus_one, 1, &one);
  return writer;
}

static void
test_writes_the_bytes_that_numpy_would (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *path = scratch_get_path (scratch, "written.npz");
  g_autoptr (EgNpzWriter) writer = make_writer ();
  GError *error = NULL;
  g_assert_true (eg_npz_writer_save (writer, path, &error));
  g_assert_no_error (error);
  g_autofree char *golden_path = golden_get_path ("formats/written.npz");
  g_autoptr (GBytes) golden = read_bytes (golden_path);
  g_autoptr (GBytes) written = read_bytes (path);
  g_assert_true (g_bytes_equal (written, golden));
}

static void
test_writes_broken_text_as_replacement_characters (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *path = scratch_get_path (scratch, "x.npz");
  const char *const texts[] = { "a\xff", "\xe2\x82" };
  g_autoptr (EgNpzWriter) writer = eg_npz_writer_new ();
  eg_npz_writer_add_strings (writer, "texts", texts, 2, FALSE);
  eg_npz_writer_add_strings (writer, "none", NULL, 0, FALSE);
  g_assert_true (eg_npz_writer_save (writer, path, NULL));

  g_autoptr (EgNpz) npz = eg_npz_load (path, NULL);
  g_autoptr (EgNpyArray) array = read_array (npz, "texts");
  g_auto (GStrv) read = eg_npy_array_get_strings (array, NULL);
  g_assert_cmpstr (read[0], ==, "a�");
  g_assert_true (g_str_has_prefix (read[1], "�"));
  g_autoptr (EgNpyArray) none = read_array (npz, "none");
  g_assert_cmpuint (eg_npy_array_get_n_elements (none), ==, 0);
}

static void
test_leaves_the_old_file_when_the_disk_is_full (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *path = scratch_get_path (scratch, "x.npz");
  g_autoptr (EgNpzWriter) writer = make_writer ();
  scratch_write (scratch, "x.npz", "old", 3);
  g_autofree char *golden_path = golden_get_path ("formats/written.npz");
  g_autoptr (GBytes) golden = read_bytes (golden_path);

  /* Full at every byte: in a header, in the data, in the directory. */
  struct rlimit old;
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old), ==, 0);
  void (*old_handler) (int) = signal (SIGXFSZ, SIG_IGN);
  for (gsize size = 0; size < g_bytes_get_size (golden); size += 7)
    {
      const struct rlimit small = { size, old.rlim_max };
      GError *error = NULL;
      g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
      const gboolean saved = eg_npz_writer_save (writer, path, &error);
      g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &old), ==, 0);
      g_assert_false (saved);
      g_assert_true (error != NULL && error->domain == G_FILE_ERROR);
      g_clear_error (&error);
      g_autofree char *list = scratch_list (scratch);
      g_assert_cmpstr (list, ==, "x.npz");
      g_autoptr (GBytes) bytes = read_bytes (path);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, 3);
    }
  signal (SIGXFSZ, old_handler);
}

static void
test_a_flipped_bit_never_changes_an_array (void)
{
  const char *const files[] = { "formats/small-deflated.npz", "formats/written.npz" };
  g_autoptr (Scratch) scratch = scratch_new ();
  for (guint f = 0; f < G_N_ELEMENTS (files); f++)
    {
      g_autofree char *golden_path = golden_get_path (files[f]);
      g_autoptr (GBytes) golden = read_bytes (golden_path);
      g_autoptr (EgNpz) whole = load_golden (files[f]);
      gsize size;
      g_autofree guint8 *bytes = g_memdup2 (g_bytes_get_data (golden, &size), g_bytes_get_size (golden));
      for (gsize i = 0; i < size; i++)
        {
          const guint8 flip = (guint8)(1u << (i % 8));
          bytes[i] ^= flip;
          scratch_write (scratch, "x.npz", bytes, size);
          bytes[i] ^= flip;
          g_autofree char *path = scratch_get_path (scratch, "x.npz");
          g_autoptr (EgNpz) npz = eg_npz_load (path, NULL);
          for (const char *const *name = eg_npz_get_names (whole); npz != NULL && *name != NULL; name++)
            {
              g_autoptr (EgNpyArray) expected = read_array (whole, *name);
              g_autoptr (EgNpyArray) array = eg_npz_read (npz, *name, NULL);
              if (array == NULL)
                continue;
              g_autofree double *expected_values = eg_npy_array_get_doubles (expected, NULL);
              g_autofree double *values = eg_npy_array_get_doubles (array, NULL);
              g_auto (GStrv) expected_texts = eg_npy_array_get_strings (expected, NULL);
              g_auto (GStrv) texts = eg_npy_array_get_strings (array, NULL);
              const gsize n = eg_npy_array_get_n_elements (expected);
              g_assert_cmpuint (eg_npy_array_get_n_elements (array), ==, n);
              g_assert_true (values == NULL || memcmp (values, expected_values, n * sizeof *values) == 0);
              g_assert_true (
                  texts == NULL
                  || g_strv_equal ((const char *const *)texts, (const char *const *)expected_texts));
            }
        }
      for (gsize n = 0; n < size; n++)
        {
          GError *error = NULL;
          scratch_write (scratch, "x.npz", bytes, n);
          g_autofree char *path = scratch_get_path (scratch, "x.npz");
          assert_refused (eg_npz_load (path, &error), error, EG_ERROR_FORMAT, "x.npz: ");
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/npz/reads-every-type-of-numpy", test_reads_every_type_of_numpy);
  g_test_add_func ("/npz/reads-compressed-files", test_reads_compressed_files);
  g_test_add_func ("/npz/reads-every-version-of-the-header", test_reads_every_version_of_the_header);
  g_test_add_func ("/npz/never-reads-objects", test_never_reads_objects);
  g_test_add_func ("/npz/says-what-is-not-there", test_says_what_is_not_there);
  g_test_add_func ("/npz/reads-the-notebooks-trace", test_reads_the_notebooks_trace);
  g_test_add_func ("/npz/writes-the-bytes-that-numpy-would", test_writes_the_bytes_that_numpy_would);
  g_test_add_func ("/npz/writes-broken-text-as-replacement-characters",
                   test_writes_broken_text_as_replacement_characters);
  g_test_add_func ("/npz/leaves-the-old-file-when-the-disk-is-full",
                   test_leaves_the_old_file_when_the_disk_is_full);
  g_test_add_func ("/npz/a-flipped-bit-never-changes-an-array", test_a_flipped_bit_never_changes_an_array);
  return g_test_run ();
}
