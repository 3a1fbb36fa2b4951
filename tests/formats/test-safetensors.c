/* Checkpoints, against what PyTorch wrote (tests/golden/make_formats.py), and hostile files made here. */
#include "core/half.h"
#include "formats/checkpoint.h"
#include "formats/safetensors.h"
#include "scratch.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

static EgCheckpoint *
open_golden (const char *name)
{
  g_autofree char *folder = golden_get_path (name);
  GError *error = NULL;
  EgCheckpoint *checkpoint = eg_checkpoint_open (folder, &error);
  g_assert_no_error (error);
  return checkpoint;
}

static void
assert_tensor (const EgTensor *tensor, JsonNode *section, const char *name)
{
  g_assert_nonnull (tensor);
  JsonObject *expected = json_object_get_object_member (json_node_get_object (section), name);
  g_assert_cmpstr (eg_dtype_get_name (tensor->dtype), ==, json_object_get_string_member (expected, "dtype"));
  JsonArray *shape = json_object_get_array_member (expected, "shape");
  g_assert_cmpuint (tensor->n_dims, ==, json_array_get_length (shape));
  for (guint d = 0; d < EG_TENSOR_MAX_DIMS; d++)
    g_assert_cmpint ((gint64)tensor->shape[d], ==,
                     d < tensor->n_dims ? json_array_get_int_element (shape, d) : 0);

  const gsize size = eg_dtype_get_size (tensor->dtype);
  JsonArray *values = json_object_get_array_member (expected, "values");
  const guint n = json_array_get_length (values);
  g_assert_cmpuint (tensor->n_bytes, ==, n * size);
  g_assert_cmpuint (eg_tensor_get_n_elements (tensor), ==, n);
  g_assert_cmpuint ((guintptr)tensor->data % size, ==, 0);
  g_autofree float *floats = g_new (float, n + 1);
  if (tensor->dtype == EG_DTYPE_F16)
    eg_half_to_float_n (tensor->data, n, floats);
  else if (tensor->dtype == EG_DTYPE_BF16)
    eg_bfloat16_to_float_n (tensor->data, n, floats);
  else if (n > 0)
    memcpy (floats, tensor->data, tensor->n_bytes);
  for (guint i = 0; i < n; i++)
    {
      const double value = expected_get_double (values, i);
      g_assert_true (isnan (value) ? isnan (floats[i]) : (double)floats[i] == value);
    }
}

static void
test_reads_every_dtype (void)
{
  g_autoptr (EgCheckpoint) checkpoint = open_golden ("formats/single");
  g_autoptr (JsonNode) section = golden_get_expected ("tensors");
  const char *const *names = eg_checkpoint_get_names (checkpoint);
  guint n = 0;
  for (; names[n] != NULL; n++)
    {
      g_assert_true (n == 0 || strcmp (names[n - 1], names[n]) < 0);
      g_assert_true (eg_checkpoint_has (checkpoint, names[n]));
      g_assert_cmpstr (eg_checkpoint_lookup (checkpoint, names[n])->name, ==, names[n]);
      g_assert_cmpstr (eg_checkpoint_get_file_name (checkpoint, names[n]), ==, "model.safetensors");
      assert_tensor (eg_checkpoint_lookup (checkpoint, names[n]), section, names[n]);
    }
  g_assert_cmpuint (n, ==, json_object_get_size (json_node_get_object (section)));

  g_autofree char *path = golden_get_path ("formats/single/model.safetensors");
  g_autoptr (GBytes) bytes = read_bytes (path);
  g_assert_cmpuint (eg_checkpoint_get_size (checkpoint), ==, g_bytes_get_size (bytes));
}

static void
test_says_why_a_tensor_is_not_there (void)
{
  g_autoptr (EgCheckpoint) checkpoint = open_golden ("formats/single");
  GError *error = NULL;
  const char *const unread[][2] = { { "i64", "I64" }, { "bool", "BOOL" }, { "f8", "F8_E4M3" } };
  for (guint i = 0; i < G_N_ELEMENTS (unread); i++)
    {
      g_autofree char *message
          = g_strdup_printf ("model.safetensors: tensor %s has dtype %s, which Engram does not read",
                             unread[i][0], unread[i][1]);
      g_assert_null (eg_checkpoint_lookup (checkpoint, unread[i][0]));
      assert_refused (eg_checkpoint_require (checkpoint, unread[i][0], &error), error, EG_ERROR_UNSUPPORTED,
                      message);
    }
  assert_refused (eg_checkpoint_require (checkpoint, "nowhere", &error), error, EG_ERROR_NOT_FOUND,
                  "model.safetensors: there is no tensor nowhere");
  g_assert_nonnull (eg_checkpoint_require (checkpoint, "f16", &error));
  g_assert_no_error (error);
}

static void
test_reads_shards_as_the_index_says (void)
{
  g_autoptr (EgCheckpoint) checkpoint = open_golden ("formats/sharded");
  g_autoptr (JsonNode) section = golden_get_expected ("tensors");
  g_autofree char *names = g_strjoinv (" ", (char **)eg_checkpoint_get_names (checkpoint));
  g_assert_cmpstr (names, ==, "a b c unnamed");
  assert_tensor (eg_checkpoint_lookup (checkpoint, "a"), section, "f32");
  assert_tensor (eg_checkpoint_lookup (checkpoint, "b"), section, "bf16");
  assert_tensor (eg_checkpoint_lookup (checkpoint, "c"), section, "f16");
  g_assert_cmpstr (eg_checkpoint_get_file_name (checkpoint, "a"), ==, "model-00001-of-00002.safetensors");
  g_assert_cmpstr (eg_checkpoint_get_file_name (checkpoint, "c"), ==, "model-00002-of-00002.safetensors");
  /* Not in the index, and in both files: the first one's. */
  assert_tensor (eg_checkpoint_lookup (checkpoint, "unnamed"), section, "scalar");
  g_assert_cmpstr (eg_checkpoint_get_file_name (checkpoint, "unnamed"), ==,
                   "model-00001-of-00002.safetensors");

  GError *error = NULL;
  assert_refused (eg_checkpoint_require (checkpoint, "n", &error), error, EG_ERROR_UNSUPPORTED,
                  "model-00001-of-00002.safetensors: tensor n has dtype I64");
  assert_refused (eg_checkpoint_require (checkpoint, "nowhere", &error), error, EG_ERROR_NOT_FOUND,
                  "model.safetensors.index.json: there is no tensor nowhere");
}

static void
test_aligns_tensors (void)
{
  g_autoptr (EgCheckpoint) checkpoint = open_golden ("formats/unaligned");
  const EgTensor *tensor = eg_checkpoint_lookup (checkpoint, "x");
  g_assert_cmpuint ((guintptr)tensor->data % sizeof (float), ==, 0);
  const float *x = tensor->data;
  g_assert_true (x[0] == 1.5f && x[1] == -2.5f);
}

static void
test_lives_as_long_as_a_reference (void)
{
  EgCheckpoint *checkpoint = open_golden ("formats/unaligned");
  g_autoptr (EgCheckpoint) other = eg_checkpoint_ref (checkpoint);
  eg_checkpoint_unref (checkpoint);
  g_assert_cmpuint (eg_checkpoint_lookup (other, "x")->n_bytes, ==, 8);
}

/* Loads a file of header and data_size zeros, its first 8 bytes being length (the header's, if -1). */
static EgTensorFile *
load (Scratch *scratch, gint64 length, const char *header, gsize data_size, GError **error)
{
  g_autoptr (GByteArray) file = g_byte_array_new ();
  const guint64 n = GUINT64_TO_LE (length < 0 ? strlen (header) : (guint64)length);
  g_byte_array_append (file, (const guint8 *)&n, sizeof n);
  g_byte_array_append (file, (const guint8 *)header, (guint)strlen (header));
  g_autofree guint8 *data = g_malloc0 (data_size + 1);
  g_byte_array_append (file, data, (guint)data_size);
  g_autofree char *path = scratch_get_path (scratch, "model.safetensors");
  scratch_write (scratch, "model.safetensors", file->data, file->len);
  return eg_safetensors_load (path, error);
}

#define X4(dtype, shape, offsets)                                                                            \
  "{\"x\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define T(name, begin, end)                                                                                  \
  "\"" name "\":{\"dtype\":\"U8\",\"shape\":[" G_STRINGIFY (end) "],\"data_offsets\":[" begin                \
                                                                 "," G_STRINGIFY (end) "]}"

static const struct
{
  gint64 length;
  const char *header;
  gsize data_size;
  EgError code;
  const char *message;
} hostile[] = {
  /* The header's length */
  { 100000001, "{}", 0, EG_ERROR_FORMAT, "at most 100000000 are allowed" },
  { G_MAXINT64, "{}", 0, EG_ERROR_FORMAT, "at most 100000000 are allowed" },
  { 0x100000000, "{}", 0, EG_ERROR_FORMAT, "at most 100000000 are allowed" },
  { 3, "{}", 0, EG_ERROR_FORMAT, "ends beyond the end of the file" },
  { 0, "{}", 0, EG_ERROR_FORMAT, "does not begin with" },
  /* JSON */
  { -1, " []", 0, EG_ERROR_FORMAT, "does not begin with" },
  { -1, "  ", 0, EG_ERROR_FORMAT, "does not begin with" },
  { -1, "[]", 0, EG_ERROR_FORMAT, "does not begin with" },
  { -1, "{", 0, EG_ERROR_FORMAT, "ends too early" },
  { -1, "{\"\xff\":1}", 0, EG_ERROR_FORMAT, "not valid UTF-8" },
  { -1, "{\"x\":1}", 0, EG_ERROR_FORMAT, "tensor x is not described by an object" },
  { -1, "{\"__metadata__\":[]}", 0, EG_ERROR_FORMAT, "__metadata__ is not an object of texts" },
  { -1, "{\"__metadata__\":{\"a\":1}}", 0, EG_ERROR_FORMAT, "__metadata__ is not an object of texts" },
  { -1, "{" T ("x", "0", 4) "," T ("x", "0", 4) "}", 4, EG_ERROR_FORMAT, "“x” is there twice" },
  { -1, "{\"x\":{\"dtype\":\"F32\",\"dtype\":\"F16\"}}", 4, EG_ERROR_FORMAT, "“dtype” is there twice" },
  /* dtype */
  { -1, "{\"x\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, EG_ERROR_FORMAT, "tensor x has no dtype" },
  { -1, "{\"x\":{\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, EG_ERROR_FORMAT, "has no dtype" },
  /* Shape */
  { -1, "{\"x\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, EG_ERROR_FORMAT, "has no shape" },
  { -1, X4 ("F32", "1", "[0,4]"), 4, EG_ERROR_FORMAT, "has no shape" },
  { -1, X4 ("F32", "[1.0]", "[0,4]"), 4, EG_ERROR_FORMAT, "not a list of sizes" },
  { -1, X4 ("F32", "[\"1\"]", "[0,4]"), 4, EG_ERROR_FORMAT, "not a list of sizes" },
  { -1, X4 ("F32", "[-1]", "[0,4]"), 4, EG_ERROR_FORMAT, "not a list of sizes" },
  { -1, X4 ("F32", "[-1,-1]", "[0,4]"), 4, EG_ERROR_FORMAT, "not a list of sizes" },
  { -1, X4 ("F32", "[18446744073709551617]", "[0,4]"), 4, EG_ERROR_FORMAT, "not a list of sizes" },
  { -1, X4 ("F32", "[1,1,1,1,1,1,1,1,2]", "[0,4]"), 4, EG_ERROR_FORMAT, "does not fit" },
  { -1, X4 ("F33", "[1]", "[1,4]"), 4, EG_ERROR_FORMAT, "begins at 1" },
  { -1, X4 ("F32", "[2]", "[0,4]"), 4, EG_ERROR_FORMAT,
    "of shape [2] and dtype F32 does not fit its 4 bytes" },
  { -1, X4 ("F32", "[0]", "[0,4]"), 4, EG_ERROR_FORMAT, "does not fit" },
  { -1, X4 ("F16", "[1]", "[0,4]"), 4, EG_ERROR_FORMAT, "does not fit" },
  { -1, X4 ("F4", "[1]", "[0,0]"), 0, EG_ERROR_FORMAT, "does not fit" },
  { -1, X4 ("F6_E2M3", "[4]", "[0,4]"), 4, EG_ERROR_FORMAT, "does not fit" },
  /* 2³² · 2³² = 0 and 2⁶¹ · 32 bits = 0, when they overflow */
  { -1, X4 ("F32", "[4294967296,4294967296]", "[0,0]"), 0, EG_ERROR_FORMAT, "does not fit" },
  { -1, X4 ("F32", "[2305843009213693952]", "[0,0]"), 0, EG_ERROR_FORMAT, "does not fit" },
  /* Offsets */
  { -1, "{\"x\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, EG_ERROR_FORMAT, "has no data_offsets" },
  { -1, X4 ("F32", "[1]", "[0]"), 4, EG_ERROR_FORMAT, "has no data_offsets, or not two" },
  { -1, X4 ("F32", "[1]", "[0,4,8]"), 4, EG_ERROR_FORMAT, "or not two" },
  { -1, X4 ("F32", "[1]", "[-4,0]"), 4, EG_ERROR_FORMAT, "or not two" },
  { -1, X4 ("F32", "[1]", "[4,0]"), 4, EG_ERROR_FORMAT, "ends at 0, before it begins at 4" },
  { -1, X4 ("F32", "[1]", "[0,4]"), 3, EG_ERROR_FORMAT, "there are only 3 bytes" },
  { -1, X4 ("F32", "[1]", "[9223372036854775800,9223372036854775804]"), 4, EG_ERROR_FORMAT, "only 4 bytes" },
  { -1, X4 ("U8", "[4294967296]", "[0,4294967296]"), 4, EG_ERROR_FORMAT, "only 4 bytes" },
  /* Layout */
  { -1, X4 ("F32", "[1]", "[4,8]"), 8, EG_ERROR_FORMAT, "begins at 4, but the data before it ends at 0" },
  { -1, X4 ("F32", "[1]", "[0,4]"), 5, EG_ERROR_FORMAT,
    "there are 5 bytes of data, but its tensors end at 4" },
  { -1, "{}", 1, EG_ERROR_FORMAT, "there are 1 bytes of data" },
  { -1, "{" T ("a", "0", 4) ",\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[2,6]}}", 6,
    EG_ERROR_FORMAT, "tensor b begins at 2, but the data before it ends at 4" },
  { -1, "{" T ("a", "0", 4) "," T ("b", "0", 4) "}", 4, EG_ERROR_FORMAT,
    "begins at 0, but the data before it" },
  { -1, "{" T ("a", "0", 4) ",\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[5,6]}}", 6,
    EG_ERROR_FORMAT, "tensor b begins at 5" },
};

static void
test_refuses_hostile_headers (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  for (guint i = 0; i < G_N_ELEMENTS (hostile); i++)
    {
      GError *error = NULL;
      g_autofree char *shown = g_strescape (hostile[i].header, NULL);
      g_test_message ("%s", shown);
      EgTensorFile *file = load (scratch, hostile[i].length, hostile[i].header, hostile[i].data_size, &error);
      g_assert_true (file != NULL || g_str_has_prefix (error->message, "model.safetensors: "));
      assert_refused (file, error, hostile[i].code, hostile[i].message);
    }
}

static void
test_takes_what_the_format_allows (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  const struct
  {
    const char *header;
    gsize data_size;
  } good[] = {
    { "{}", 0 },
    { "{}     ", 0 },
    { " {}", 0 },
    { "\n{}", 0 },
    { "{\"__metadata__\":null}", 0 },
    { X4 ("F33", "[1]", "[0,4]"), 4 },
    { X4 ("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4 },
    { "{\"__metadata__\":{\"format\":\"pt\"}}", 0 },
    { X4 ("F4", "[2,3]", "[0,3]"), 3 },
    { X4 ("F32", "[]", "[0,4]"), 4 },
    { "{\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[4,6]}," T ("a", "0", 4) "}", 6 },
    { "{" T ("a", "0", 4) ",\"none\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", 4 },
    { "{" T ("a", "0", 4) ",\"none\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[4,4]}}", 4 },
    { "{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"more\":null}}", 1 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      GError *error = NULL;
      g_autoptr (EgTensorFile) file = load (scratch, -1, good[i].header, good[i].data_size, &error);
      g_assert_no_error (error);
      g_assert_nonnull (file);
    }
}

/* Loads bytes as a file and reads all of it. TRUE if it could be loaded. */
static gboolean
load_bytes (Scratch *scratch, const guint8 *bytes, gsize n)
{
  GError *error = NULL;
  scratch_write (scratch, "model.safetensors", bytes, n);
  g_autoptr (EgCheckpoint) checkpoint = eg_checkpoint_open (scratch->path, &error);
  if (checkpoint == NULL)
    {
      g_assert_true (error->domain == EG_ERROR && error->code != EG_ERROR_MEMORY);
      assert_message (error, "");
      g_error_free (error);
      return FALSE;
    }
  guint sum = 0;
  for (const char *const *name = eg_checkpoint_get_names (checkpoint); *name != NULL; name++)
    {
      const EgTensor *tensor = eg_checkpoint_lookup (checkpoint, *name);
      for (gsize i = 0; i < tensor->n_bytes; i++)
        sum += ((const guint8 *)tensor->data)[i];
    }
  return sum != G_MAXUINT;
}

static void
test_survives_truncation_and_flipped_bits (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *golden = golden_get_path ("formats/single/model.safetensors");
  g_autoptr (GBytes) bytes = read_bytes (golden);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_assert_true (load_bytes (scratch, data, size));
  for (gsize n = 0; n < size; n++)
    g_assert_false (load_bytes (scratch, data, n));

  g_autofree guint8 *flipped = g_memdup2 (data, size);
  for (gsize i = 0; i < size; i++)
    for (guint bit = 0; bit < 8; bit++)
      {
        flipped[i] ^= (guint8)(1u << bit);
        load_bytes (scratch, flipped, size);
        flipped[i] = data[i];
      }
}

/* Opens a folder with this index and the golden shards. */
static EgCheckpoint *
open_index (Scratch *scratch, const char *index, gsize length, GError **error)
{
  scratch_write (scratch, "model.safetensors.index.json", index, length);
  return eg_checkpoint_open (scratch->path, error);
}

static Scratch *
scratch_new_with_shards (void)
{
  Scratch *scratch = scratch_new ();
  const char *const names[] = { "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = g_build_filename ("formats", "sharded", names[i], NULL);
      g_autofree char *golden = golden_get_path (name);
      g_autoptr (GBytes) bytes = read_bytes (golden);
      scratch_write (scratch, names[i], g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
    }
  return scratch;
}

static void
test_refuses_hostile_indexes (void)
{
  g_autoptr (Scratch) scratch = scratch_new_with_shards ();
  scratch_write (scratch, "broken", "12345678", 8);
  const struct
  {
    const char *index;
    EgError code;
    const char *message;
  } indexes[] = {
    { "", EG_ERROR_FORMAT, "model.safetensors.index.json: line 1: the JSON text ends too early" },
    { "[]", EG_ERROR_FORMAT, "is not an object" },
    { "{}", EG_ERROR_FORMAT, "“weight_map” is missing" },
    { "{\"weight_map\":[]}", EG_ERROR_FORMAT, "“weight_map” is missing" },
    { "{\"weight_map\":{}}", EG_ERROR_FORMAT, "nothing in it" },
    { "{\"weight_map\":{\"a\":1}}", EG_ERROR_FORMAT, "“a” is given no file" },
    { "{\"weight_map\":{\"a\":\"/etc/passwd\"}}", EG_ERROR_FORMAT, "“/etc/passwd” is not the plain name" },
    { "{\"weight_map\":{\"a\":\"../x.safetensors\"}}", EG_ERROR_FORMAT, "is not the plain name" },
    { "{\"weight_map\":{\"a\":\"s/x.safetensors\"}}", EG_ERROR_FORMAT, "is not the plain name" },
    { "{\"weight_map\":{\"a\":\"..\\\\x.safetensors\"}}", EG_ERROR_FORMAT, "is not the plain name" },
    { "{\"weight_map\":{\"a\":\"..\"}}", EG_ERROR_FORMAT, "is not the plain name" },
    { "{\"weight_map\":{\"a\":\".\"}}", EG_ERROR_FORMAT, "is not the plain name" },
    { "{\"weight_map\":{\"a\":\"\"}}", EG_ERROR_FORMAT, "is not the plain name" },
    { "{\"weight_map\":{\"a\":\"model-00003-of-00002.safetensors\"}}", EG_ERROR_NOT_FOUND,
      "names the file model-00003-of-00002.safetensors, which is missing from" },
    { "{\"weight_map\":{\"a\":\"model-00003-of-00002.safetensors\",\"c\":\"model-00001-of-00002."
      "safetensors\","
      "\"b\":\"model-00004-of-00002.safetensors\",\"d\":\"model-00003-of-00002.safetensors\"}}",
      EG_ERROR_NOT_FOUND, ": model-00003-of-00002.safetensors, model-00004-of-00002.safetensors; copy them" },
    { "{\"weight_map\":{\"a\":\"broken\"}}", EG_ERROR_FORMAT, "broken: not a safetensors file" },
    { "{\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\",\"a\":\"model-00001-of-00002."
      "safetensors\"}}",
      EG_ERROR_FORMAT, "“a” is there twice" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (indexes); i++)
    {
      GError *error = NULL;
      g_test_message ("%s", indexes[i].index);
      assert_refused (open_index (scratch, indexes[i].index, strlen (indexes[i].index), &error), error,
                      indexes[i].code, indexes[i].message);
    }
}

/* What the index says and the files do not have is missed where it is needed. */
static void
test_what_the_files_have_counts (void)
{
  static const char index[]
      = "{\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\","
        "\"lm_head\":\"model-00001-of-00002.safetensors\","
        "\"b\":\"model-00001-of-00002.safetensors\",\"unnamed\":\"model-00002-of-00002.safetensors\"}}";
  static const char *const wanted[] = { "a", "b", "lm_head", "x", NULL }, *const there[] = { "a", "b", NULL };
  g_autoptr (Scratch) scratch = scratch_new_with_shards ();
  GError *error = NULL;
  g_autoptr (EgCheckpoint) checkpoint = open_index (scratch, index, strlen (index), &error);
  g_assert_no_error (error);
  g_autofree char *names = g_strjoinv (" ", (char **)eg_checkpoint_get_names (checkpoint));
  g_assert_cmpstr (names, ==, "a b c unnamed");
  g_assert_cmpstr (eg_checkpoint_get_file_name (checkpoint, "b"), ==, "model-00002-of-00002.safetensors");
  g_assert_cmpstr (eg_checkpoint_get_file_name (checkpoint, "unnamed"), ==,
                   "model-00002-of-00002.safetensors");
  assert_refused (eg_checkpoint_require (checkpoint, "lm_head", &error), error, EG_ERROR_NOT_FOUND,
                  "tensor lm_head is said to be in model-00001-of-00002.safetensors, but it is not");
  assert_refused (eg_checkpoint_require_all (checkpoint, wanted, &error), error, EG_ERROR_NOT_FOUND,
                  "there are no tensors lm_head, x");
  g_assert_true (eg_checkpoint_require_all (checkpoint, there, &error));
}

static void
test_survives_truncated_and_flipped_indexes (void)
{
  g_autoptr (Scratch) scratch = scratch_new_with_shards ();
  g_autofree char *path = golden_get_path ("formats/sharded/model.safetensors.index.json");
  g_autoptr (GBytes) bytes = read_bytes (path);
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  g_autoptr (EgCheckpoint) whole = open_index (scratch, data, size, NULL);
  g_assert_nonnull (whole);
  /* The last byte is a line's end. */
  for (gsize n = 0; n < size - 1; n++)
    {
      GError *error = NULL;
      assert_refused (open_index (scratch, data, n, &error), error, EG_ERROR_FORMAT, "");
    }
  g_autofree char *flipped = g_memdup2 (data, size);
  for (gsize i = 0; i < size; i++)
    for (guint bit = 0; bit < 8; bit++)
      {
        flipped[i] = (char)(data[i] ^ (char)(1u << bit));
        g_autoptr (GError) error = NULL;
        g_autoptr (EgCheckpoint) checkpoint = open_index (scratch, flipped, size, &error);
        g_assert_true (checkpoint != NULL || error->domain == EG_ERROR);
        flipped[i] = data[i];
      }
}

static void
test_says_when_a_folder_has_no_weights (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  GError *error = NULL;
  assert_refused (eg_checkpoint_open (scratch->path, &error), error, EG_ERROR_NOT_FOUND,
                  "neither model.safetensors nor pytorch_model.bin");
  g_autofree char *nowhere = scratch_get_path (scratch, "nowhere");
  assert_refused (eg_checkpoint_open (nowhere, &error), error, EG_ERROR_NOT_FOUND, "There is no folder");

  scratch_write (scratch, "pytorch_model.bin", "", 0);
  assert_refused (eg_checkpoint_open (scratch->path, &error), error, EG_ERROR_FORMAT, "pytorch_model.bin");

  g_autofree char *folder = scratch_get_path (scratch, "model.safetensors");
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  assert_refused (eg_checkpoint_open (scratch->path, &error), error, EG_ERROR_NOT_FOUND, "is not a file");
}

static void
test_follows_links_to_files (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *golden = golden_get_path ("formats/single/model.safetensors");
  g_autofree char *link = scratch_get_path (scratch, "model.safetensors");
  g_assert_cmpint (symlink (golden, link), ==, 0);
  g_autoptr (EgCheckpoint) checkpoint = eg_checkpoint_open (scratch->path, NULL);
  g_assert_nonnull (checkpoint);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/checkpoint/reads-every-dtype", test_reads_every_dtype);
  g_test_add_func ("/checkpoint/says-why-a-tensor-is-not-there", test_says_why_a_tensor_is_not_there);
  g_test_add_func ("/checkpoint/reads-shards-as-the-index-says", test_reads_shards_as_the_index_says);
  g_test_add_func ("/checkpoint/aligns-tensors", test_aligns_tensors);
  g_test_add_func ("/checkpoint/lives-as-long-as-a-reference", test_lives_as_long_as_a_reference);
  g_test_add_func ("/checkpoint/refuses-hostile-indexes", test_refuses_hostile_indexes);
  g_test_add_func ("/checkpoint/what-the-files-have-counts", test_what_the_files_have_counts);
  g_test_add_func ("/checkpoint/survives-truncated-and-flipped-indexes",
                   test_survives_truncated_and_flipped_indexes);
  g_test_add_func ("/checkpoint/says-when-a-folder-has-no-weights", test_says_when_a_folder_has_no_weights);
  g_test_add_func ("/checkpoint/follows-links-to-files", test_follows_links_to_files);
  g_test_add_func ("/safetensors/refuses-hostile-headers", test_refuses_hostile_headers);
  g_test_add_func ("/safetensors/takes-what-the-format-allows", test_takes_what_the_format_allows);
  g_test_add_func ("/safetensors/survives-truncation-and-flipped-bits",
                   test_survives_truncation_and_flipped_bits);
  return g_test_run ();
}
