/* Files of torch.save, against what PyTorch wrote (tests/golden/make_pytorch.py), and hostile ones made here.
 */
#include "core/half.h"
#include "formats/checkpoint.h"
#include "formats/pytorch-file.h"
#include "formats/zip.h"
#include "scratch.h"

#include <string.h>

static void
assert_values (const EgTensor *tensor, JsonObject *expected)
{
  JsonArray *shape = json_object_get_array_member (expected, "shape");
  JsonArray *values = json_object_get_array_member (expected, "values");
  const guint n = json_array_get_length (values);
  g_assert_cmpstr (eg_dtype_get_name (tensor->dtype), ==, json_object_get_string_member (expected, "dtype"));
  g_assert_cmpuint (tensor->n_dims, ==, json_array_get_length (shape));
  for (guint d = 0; d < tensor->n_dims; d++)
    g_assert_cmpint ((gint64)tensor->shape[d], ==, json_array_get_int_element (shape, d));
  g_assert_cmpuint (tensor->n_bytes, ==, n * eg_dtype_get_size (tensor->dtype));
  g_assert_cmpuint ((guintptr)tensor->data % eg_dtype_get_size (tensor->dtype), ==, 0);
  g_autofree float *floats = g_new (float, n + 1);
  if (tensor->dtype == EG_DTYPE_F16)
    eg_half_to_float_n (tensor->data, n, floats);
  else if (tensor->dtype == EG_DTYPE_BF16)
    eg_bfloat16_to_float_n (tensor->data, n, floats);
  else if (n > 0)
    memcpy (floats, tensor->data, tensor->n_bytes);
  for (guint i = 0; i < n; i++)
    g_assert_cmpfloat ((double)floats[i], ==, expected_get_double (values, i));
}

/* What is there and not read refuses itself alone. */
static void
assert_unread (EgCheckpoint *checkpoint)
{
  static const char *const unread[][2] = {
    { "count", "has dtype I64, which Engram does not read" },
    { "float8", "has dtype float8_e4m3fn, which" },
    { "uint16", "has dtype uint16, which" },
    { "complex", "has dtype C64, which" },
    { "conjugate", "has dtype C64, which" },
    { "deepest", "has 9 dimensions; Engram reads up to 8" },
  };
  g_autoptr (GHashTable) table = eg_checkpoint_get_unread (checkpoint);
  GError *error = NULL;
  g_assert_cmpuint (g_hash_table_size (table), ==, G_N_ELEMENTS (unread));
  for (gsize i = 0; i < G_N_ELEMENTS (unread); i++)
    {
      g_assert_nonnull (g_hash_table_lookup (table, unread[i][0]));
      assert_refused (eg_checkpoint_require (checkpoint, unread[i][0], &error), error, EG_ERROR_UNSUPPORTED,
                      unread[i][1]);
    }
}

static void
test_reads_what_pytorch_wrote (gconstpointer data)
{
  g_autofree char *folder = golden_get_path (data), *list = golden_get_path ("pytorch/expected.json");
  g_autoptr (GBytes) text = read_bytes (list);
  GError *error = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_assert_true (json_parser_load_from_data (parser, g_bytes_get_data (text, NULL),
                                             (gssize)g_bytes_get_size (text), NULL));
  JsonObject *expected
      = json_object_get_object_member (json_node_get_object (json_parser_get_root (parser)), "tensors");
  g_autoptr (EgCheckpoint) checkpoint = eg_checkpoint_open (folder, &error);
  g_assert_no_error (error);
  g_autoptr (GList) names = json_object_get_members (expected);
  for (GList *it = names; it; it = it->next)
    {
      const EgTensor *tensor = eg_checkpoint_require (checkpoint, it->data, &error);
      g_assert_no_error (error);
      assert_values (tensor, json_object_get_object_member (expected, it->data));
    }
  g_assert_cmpuint (g_strv_length ((char **)eg_checkpoint_get_names (checkpoint)), ==, g_list_length (names));
  assert_unread (checkpoint);
}

/* Views of one storage are where they lie in the file, and nothing is copied. */
static void
test_shares_the_mapping (void)
{
  g_autofree char *path = golden_get_path ("pytorch/views/pytorch_model.bin");
  g_autoptr (EgTensorFile) file = eg_pytorch_file_load (path, NULL);
  const EgTensor *whole = g_hash_table_lookup (file->tensors, "whole");
  const EgTensor *same = g_hash_table_lookup (file->tensors, "same");
  const EgTensor *offset = g_hash_table_lookup (file->tensors, "offset");
  const EgTensor *transposed = g_hash_table_lookup (file->tensors, "transposed");
  const guint8 *bytes = eg_tensor_file_get_bytes (file);
  g_assert_true (whole->data == same->data);
  g_assert_true ((const float *)offset->data == (const float *)whole->data + 5);
  g_assert_true ((const guint8 *)whole->data > bytes && (const guint8 *)whole->data < bytes + file->size);
  g_assert_false ((const guint8 *)transposed->data > bytes
                  && (const guint8 *)transposed->data < bytes + file->size);
}

static void
test_reads_shards (void)
{
  g_autofree char *folder = golden_get_path ("pytorch/shards"), *twin = golden_get_path ("models/half");
  GError *error = NULL;
  g_autoptr (EgCheckpoint) checkpoint = eg_checkpoint_open (folder, &error);
  g_assert_no_error (error);
  g_autoptr (EgCheckpoint) expected = eg_checkpoint_open (twin, NULL);
  const char *const *names = eg_checkpoint_get_names (expected);
  for (; *names; names++)
    {
      const EgTensor *a = eg_checkpoint_lookup (checkpoint, *names),
                     *b = eg_checkpoint_lookup (expected, *names);
      g_assert_nonnull (a);
      g_assert_true (a->n_bytes == b->n_bytes && memcmp (a->data, b->data, a->n_bytes) == 0);
    }
}

static void
test_refuses_the_old_format (void)
{
  g_autofree char *path = golden_get_path ("pytorch/old.bin");
  GError *error = NULL;
  assert_refused (eg_pytorch_file_load (path, &error), error, EG_ERROR_UNSUPPORTED, "before 1.6");
}

/* ---- hostile files ---- */

/* Pieces of a pickle. */
#define BEGIN   "\x80\x02}X\x01\0\0\0w"
#define REBUILD "ctorch._utils\n_rebuild_tensor_v2\n"
#define FLOATS  "ctorch\nFloatStorage\n"
#define ID(type, n)                                                                                          \
  "(X\x07\0\0\0storage" type "X\x01\0\0\0"                                                                   \
  "0X\x03\0\0\0"                                                                                             \
  "cpu" n "tQ"
#define HOOKS                                                                                                \
  "\x89"                                                                                                     \
  "ccollections\nOrderedDict\n)R"
#define TENSOR(id, offset, size, stride) REBUILD "(" id offset size stride HOOKS "tR"
#define GOOD                             TENSOR (ID (FLOATS, "K\x04"), "K\0", "K\x04\x85", "K\x01\x85")
#define END                              "s."
#define TENSOR_WITH(bits)                REBUILD "(" ID (FLOATS, "K\x04") "K\0K\x04\x85K\x01\x85" HOOKS bits "tR" END

typedef struct
{
  const char *pickle;
  gsize n;
  EgError code;
  const char *says;
} Hostile;
#define HOSTILE(pickle, code, says)                                                                          \
  {                                                                                                          \
    pickle, sizeof (pickle) - 1, code, says                                                                  \
  }

/* An archive with this list of tensors and a storage of n_bytes. Returns: (transfer full): its path. */
static char *
write_archive (Scratch *scratch, const void *pickle, gsize n, gsize n_bytes)
{
  char *path = scratch_get_path (scratch, "pytorch_model.bin");
  g_autofree guint8 *zeros = g_malloc0 (n_bytes + 1);
  g_autoptr (GBytes) list = g_bytes_new (pickle, n), storage = g_bytes_new (zeros, n_bytes);
  const EgZipMember members[] = { { "a/data.pkl", list }, { "a/data/0", storage } };
  g_assert_true (eg_zip_write (path, members, G_N_ELEMENTS (members), NULL));
  return path;
}

static EgTensorFile *
load (Scratch *scratch, const void *pickle, gsize n, gsize n_bytes, GError **error)
{
  g_autofree char *path = write_archive (scratch, pickle, n, n_bytes);
  return eg_pytorch_file_load (path, error);
}

static void
test_takes_a_list_made_by_hand (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  GError *error = NULL;
  g_autoptr (EgTensorFile) file = load (scratch, BEGIN GOOD END, sizeof (BEGIN GOOD END) - 1, 16, &error);
  g_assert_no_error (error);
  g_assert_nonnull (g_hash_table_lookup (file->tensors, "w"));
}

/* Tensors of elements that the file has once may be as large as a file is not: those are left out. */
static void
test_repeats_elements_within_reason (void)
{
  static const Hostile large[] = {
    HOSTILE (BEGIN TENSOR (ID (FLOATS, "K\x04"), "K\0", "J\0\0\0\x40J\0\0\0\x40\x86", "K\0K\0\x86") END, 0,
             ""),
    HOSTILE (BEGIN TENSOR (ID (FLOATS, "K\x04"), "K\0", "J\0\0\0\x40\x85", "K\0\x85") END, 0, ""),
    HOSTILE (BEGIN TENSOR (ID (FLOATS, "K\x04"), "K\0", "\x8a\x08\0\0\0\0\0\0\0\x40J\0\0\0\x40\x86",
                           "K\0K\0\x86") END,
             0, ""),
  };
  g_autoptr (Scratch) scratch = scratch_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (large); i++)
    {
      GError *error = NULL;
      g_autoptr (EgTensorFile) file = load (scratch, large[i].pickle, large[i].n, 16, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (g_hash_table_size (file->tensors), ==, 0);
      g_assert_nonnull (strstr (g_hash_table_lookup (file->unread, "w"), "repeats its elements too often"));
    }
}

/* Of 300 tensors of 1 MiB each that lie in 4 bytes, 64 fit. */
static void
test_all_repeated_elements_count_together (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autoptr (GString) list = g_string_new_len ("\x80\x02}(", 4);
  GError *error = NULL;
  for (guint i = 0; i < 300; i++)
    {
      static const char tensor[] = TENSOR (ID (FLOATS, "K\x04"), "K\0", "J\0\0\4\0\x85", "K\0\x85");
      g_string_append_len (list, "X\3\0\0\0", 5);
      g_string_append_printf (list, "%03u", i);
      g_string_append_len (list, tensor, sizeof tensor - 1);
    }
  g_string_append (list, "u.");
  g_autoptr (EgTensorFile) file = load (scratch, list->str, list->len, 16, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_hash_table_size (file->tensors), ==, 64);
  g_assert_cmpuint (g_hash_table_size (file->unread), ==, 236);
}

static void
test_refuses_hostile_lists (void)
{
  static const Hostile hostile[] = {
    HOSTILE ("\x80\x02"
             "cposix\nsystem\nX\x04\0\0\0true\x85R.",
             EG_ERROR_UNSUPPORTED, "Python’s posix.system"),
    HOSTILE ("\x80\x02"
             "cos\nsystem\n.",
             EG_ERROR_UNSUPPORTED, "Python’s os.system"),
    HOSTILE ("\x80\x02"
             "c__builtin__\neval\n.",
             EG_ERROR_UNSUPPORTED, "__builtin__.eval"),
    HOSTILE (BEGIN "ctorch.nn.modules.linear\nLinear\n)R" END, EG_ERROR_UNSUPPORTED,
             "torch.nn.modules.linear.Linear"),
    HOSTILE (BEGIN "ctorch\nQuantStorage\n" END, EG_ERROR_UNSUPPORTED, "torch.QuantStorage"),
    HOSTILE (BEGIN "ctorch\nfloat8.load\n" END, EG_ERROR_UNSUPPORTED, "torch.float8.load"),
    HOSTILE (BEGIN "cos\nfloat32\n" END, EG_ERROR_UNSUPPORTED, "os.float32"),
    HOSTILE (BEGIN "ctorch\nfloat32\n)R" END, EG_ERROR_UNSUPPORTED, "makes an empty float32"),
    HOSTILE (BEGIN "ctorch\nFloatStorage\n)R" END, EG_ERROR_UNSUPPORTED, "makes an empty FloatStorage"),
    HOSTILE ("\x80\x02"
             "(ios\nsystem\n.",
             EG_ERROR_UNSUPPORTED, "opcode 0x69 (INST)"),
    HOSTILE ("\x80\x02"
             ")\x81.",
             EG_ERROR_UNSUPPORTED, "opcode 0x81 (NEWOBJ)"),
    HOSTILE ("\x80\x02\xff.", EG_ERROR_UNSUPPORTED, "0xff"),
    HOSTILE ("\x80\x02S'x'\n.", EG_ERROR_UNSUPPORTED, "STRING"),
    HOSTILE ("\x80\x04\x95\0\0\0\0\0\0\0\0.", EG_ERROR_UNSUPPORTED, "protocol 4"),
    HOSTILE ("", EG_ERROR_FORMAT, "too early"),
    HOSTILE ("\x80", EG_ERROR_FORMAT, "too early"),
    HOSTILE ("\x80\x02}", EG_ERROR_FORMAT, "too early"),
    HOSTILE ("\x80\x02X\xff\xff\xff\xff"
             "abc.",
             EG_ERROR_FORMAT, "too early"),
    HOSTILE ("\x80\x02"
             "cno line end",
             EG_ERROR_FORMAT, "too early"),
    HOSTILE ("\x80\x02.", EG_ERROR_FORMAT, "more from the stack"),
    HOSTILE ("\x80\x02\x87.", EG_ERROR_FORMAT, "more from the stack"),
    HOSTILE ("\x80\x02R.", EG_ERROR_FORMAT, "more from the stack"),
    HOSTILE ("\x80\x02q\0.", EG_ERROR_FORMAT, "more from the stack"),
    HOSTILE ("\x80\x02t.", EG_ERROR_FORMAT, "no mark"),
    HOSTILE ("\x80\x02}u.", EG_ERROR_FORMAT, "no mark"),
    HOSTILE ("\x80\x02}(K\1u.", EG_ERROR_FORMAT, "no value"),
    HOSTILE ("\x80\x02h\7.", EG_ERROR_FORMAT, "never there"),
    HOSTILE ("\x80\x02(q\1h\1.", EG_ERROR_FORMAT, "never there"),
    HOSTILE ("\x80\x02K\1K\2s.", EG_ERROR_FORMAT, "more from the stack"),
    HOSTILE ("\x80\x02NK\1K\2s.", EG_ERROR_FORMAT, "has None where a dictionary should be"),
    HOSTILE ("\x80\x02K\1NR.", EG_ERROR_FORMAT, "has None where a tuple should be"),
    HOSTILE ("\x80\x02K\1)R.", EG_ERROR_FORMAT, "has a number where a function should be"),
    HOSTILE ("\x80\x02]}b.", EG_ERROR_FORMAT, "has a list where a dictionary should be"),
    HOSTILE ("\x80\x02\x8a\x09\1\1\1\1\1\1\1\1\1.", EG_ERROR_UNSUPPORTED, "64 bits"),
    HOSTILE ("\x80\x02].", EG_ERROR_UNSUPPORTED, "a list, not a dictionary"),
    HOSTILE (BEGIN "K\1" END, EG_ERROR_UNSUPPORTED, "“w” in it is a number"),
    HOSTILE (BEGIN "}" END, EG_ERROR_UNSUPPORTED, "“w” in it is a dictionary"),
    HOSTILE ("\x80\x02}K\1" GOOD END, EG_ERROR_UNSUPPORTED, "a number for a name"),
    HOSTILE ("\x80\x02}X\1\0\0\0\xff" GOOD END, EG_ERROR_FORMAT, "UTF-8"),
    HOSTILE ("\x80\x02}(X\1\0\0\0w" GOOD "X\1\0\0\0w" GOOD "u.", EG_ERROR_FORMAT, "w is there twice"),
    /* storages */
    HOSTILE (BEGIN "K\1Q" END, EG_ERROR_FORMAT, "has a number where a tuple should be"),
    HOSTILE (BEGIN ")Q" END, EG_ERROR_FORMAT, "not described as PyTorch"),
    HOSTILE (BEGIN TENSOR (ID ("N", "K\x04"), "K\0", "K\x04\x85", "K\x01\x85") END, EG_ERROR_FORMAT,
             "storage in it is not described"),
    HOSTILE (BEGIN TENSOR (ID (FLOATS, "J\xff\xff\xff\xff"), "K\0", "K\x04\x85", "K\x01\x85") END,
             EG_ERROR_FORMAT, "storage in it is not described"),
    HOSTILE (BEGIN TENSOR (ID (FLOATS, "K\x05"), "K\0", "K\x04\x85", "K\x01\x85") END, EG_ERROR_FORMAT,
             "5 elements of F32, but those have 16 bytes"),
    HOSTILE (BEGIN TENSOR (ID (FLOATS, "J\0\0\0\x40"), "K\0", "K\x04\x85", "K\x01\x85") END, EG_ERROR_FORMAT,
             "1073741824 elements of F32, but those have 16 bytes"),
    HOSTILE (BEGIN TENSOR (ID (FLOATS, "\x8a\x08\0\0\0\0\0\0\0\x40"), "K\0", "K\x04\x85", "K\x01\x85") END,
             EG_ERROR_FORMAT, "4611686018427387904 elements"),
    HOSTILE (BEGIN TENSOR (ID ("ctorch\nHalfStorage\n", "K\x04"), "K\0", "K\x04\x85", "K\x01\x85") END,
             EG_ERROR_FORMAT, "4 elements of F16, but those have 16 bytes"),
    HOSTILE (BEGIN REBUILD "((X\x07\0\0\0storage" FLOATS "X\x01\0\0\0"
                           "1X\x03\0\0\0"
                           "cpuK\x04tQK\0K\x04\x85K\x01\x85" HOOKS "tR" END,
             EG_ERROR_FORMAT, "data/1, which is not there"),
    HOSTILE (BEGIN REBUILD "((X\x07\0\0\0storage" FLOATS "X\x09\0\0\0"
                           "../../../X\x03\0\0\0"
                           "cpuK\x04tQK\0K\x04\x85K\x01\x85" HOOKS "tR" END,
             EG_ERROR_FORMAT, "which is not there"),
    /* views */
    HOSTILE (BEGIN REBUILD ")R" END, EG_ERROR_FORMAT, "tensor in it is not described"),
    HOSTILE (BEGIN TENSOR (ID (FLOATS, "K\x04"), "K\1", "K\x04\x85", "K\x01\x85") END, EG_ERROR_FORMAT,
             "shape [4] in it reaches beyond its storage of 4"),
    HOSTILE (BEGIN TENSOR (ID (FLOATS, "K\x04"), "J\xff\xff\xff\xff", "K\x04\x85", "K\x01\x85") END,
             EG_ERROR_FORMAT, "tensor in it is not described"),
    HOSTILE (BEGIN TENSOR (ID (FLOATS, "K\x04"), "K\0", "K\x02\x85", "K\x04\x85") END, EG_ERROR_FORMAT,
             "reaches beyond"),
    HOSTILE (BEGIN TENSOR (ID (FLOATS, "K\x04"), "K\0", "K\x02\x85", "J\xff\xff\xff\xff\x85") END,
             EG_ERROR_FORMAT, "size or stride"),
    HOSTILE (BEGIN TENSOR (ID (FLOATS, "K\x04"), "K\0", "J\xfe\xff\xff\xff\x85", "K\1\x85") END,
             EG_ERROR_FORMAT, "size or stride"),
    HOSTILE (BEGIN TENSOR (ID (FLOATS, "K\x04"), "K\0", "K\x04\x85", "K\1K\1\x86") END, EG_ERROR_FORMAT,
             "tensor in it is not described"),
    HOSTILE (BEGIN TENSOR (ID (FLOATS, "K\x04"), "K\0", "\x8a\x08\0\0\0\0\0\0\0\x40\x85",
                           "\x8a\x08\0\0\0\0\0\0\0\x40\x85") END,
             EG_ERROR_FORMAT, "reaches beyond"),
    /* bits, and dtypes without a storage */
    HOSTILE (BEGIN TENSOR_WITH ("}X\4\0\0\0conj\x88s"), EG_ERROR_UNSUPPORTED, "a bit other than"),
    HOSTILE (BEGIN TENSOR_WITH ("}X\3\0\0\0negK\1s"), EG_ERROR_UNSUPPORTED, "a bit other than"),
    HOSTILE (BEGIN TENSOR_WITH ("K\1"), EG_ERROR_FORMAT, "tensor in it is not described"),
    HOSTILE (BEGIN TENSOR (ID ("ctorch.storage\nUntypedStorage\n", "K\x04"), "K\0", "K\x04\x85", "K\x01\x85")
                 END,
             EG_ERROR_FORMAT, "tensor in it is not described"),
    HOSTILE (BEGIN "ctorch._utils\n_rebuild_tensor_v3\n(" ID (FLOATS, "K\x04") "K\0K\x04\x85K\x01\x85" HOOKS
                                                                               "tR" END,
             EG_ERROR_FORMAT, "tensor in it is not described"),
    HOSTILE (BEGIN "ctorch._utils\n_rebuild_tensor_v3\n(" ID (
                 FLOATS, "K\x04") "K\0K\x04\x85K\x01\x85" HOOKS FLOATS "tR" END,
             EG_ERROR_FORMAT, "tensor in it is not described"),
  };
  g_autoptr (Scratch) scratch = scratch_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (hostile); i++)
    {
      GError *error = NULL;
      EgTensorFile *file = load (scratch, hostile[i].pickle, hostile[i].n, 16, &error);
      if (error != NULL)
        g_test_message ("%s", error->message);
      assert_refused (file != NULL, error, hostile[i].code, hostile[i].says);
    }
}

/* As deep as the list is long, and references to references: neither a stack nor a memory runs over. */
static void
test_survives_depth (void)
{
  const gsize depth = 200000;
  g_autoptr (Scratch) scratch = scratch_new ();
  GError *error = NULL;
  g_autoptr (GString) tuples = g_string_new_len ("\x80\x02)", 3), bomb = g_string_new_len ("\x80\x02)q\0", 5);
  for (gsize i = 0; i < depth; i++)
    g_string_append_c (tuples, (char)0x85);
  g_string_append_c (tuples, '.');
  for (gsize i = 0; i < depth; i++)
    g_string_append_len (bomb, "h\0h\0\x86q\0", 7);
  g_string_append_c (bomb, '.');
  assert_refused (load (scratch, tuples->str, tuples->len, 16, &error) != NULL, error, EG_ERROR_UNSUPPORTED,
                  "holds a tuple");
  assert_refused (load (scratch, bomb->str, bomb->len, 16, &error) != NULL, error, EG_ERROR_UNSUPPORTED,
                  "holds a tuple");
}

static void
test_refuses_other_archives (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *path = scratch_get_path (scratch, "pytorch_model.bin");
  g_autoptr (GBytes) text = g_bytes_new_static ("big", 3),
                     list = g_bytes_new_static (BEGIN GOOD END, sizeof (BEGIN GOOD END) - 1);
  GError *error = NULL;
  const EgZipMember other[] = { { "readme", text } };
  g_assert_true (eg_zip_write (path, other, 1, NULL));
  assert_refused (eg_pytorch_file_load (path, &error), error, EG_ERROR_FORMAT, "not torch.save’s");
  const EgZipMember big[] = { { "a/data.pkl", list }, { "a/byteorder", text } };
  g_assert_true (eg_zip_write (path, big, 2, NULL));
  assert_refused (eg_pytorch_file_load (path, &error), error, EG_ERROR_UNSUPPORTED, "little-endian");
  scratch_write (scratch, "pytorch_model.bin", "hello", 5);
  assert_refused (eg_pytorch_file_load (path, &error), error, EG_ERROR_FORMAT, "pytorch_model.bin");
  assert_refused (eg_pytorch_file_load ("/nonexistent/x.bin", &error), error, EG_ERROR_NOT_FOUND, "x.bin");
}

/* What a download left in a file's place is said, whichever file it is. */
static void
test_pointers_and_pages_are_said (void)
{
  static const char *const contents[][2] = {
    { "version https://git-lfs.github.com/spec/v1\noid sha256:01\nsize 5\n", "a pointer to it, of Git LFS" },
    { "<!doctype html>\n<html></html>\n", "a web page" },
    { "\xef\xbb\xbf\n <HTML lang=\"en\">", "a web page" },
    { "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "a web page" },
  };
  static const char *const names[]
      = { "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "x.ckpt" };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    for (gsize k = 0; k < G_N_ELEMENTS (contents); k++)
      {
        g_autoptr (Scratch) scratch = scratch_new ();
        g_autofree char *says
            = g_strdup_printf ("%s is not the file itself but %s", names[i], contents[k][1]);
        GError *error = NULL;
        scratch_write (scratch, names[i], contents[k][0], strlen (contents[k][0]));
        assert_refused (eg_checkpoint_open (scratch->path, &error), error, EG_ERROR_FORMAT, says);
      }
}

/* Every beginning of a real file, and thousands of copies with some bits turned: refused or read, never
 * worse. */
static void
test_survives_truncation_and_flipped_bits (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *golden = golden_get_path ("pytorch/views/pytorch_model.bin");
  g_autofree char *path = scratch_get_path (scratch, "pytorch_model.bin");
  g_autoptr (GBytes) bytes = read_bytes (golden);
  gsize n;
  const guint8 *original = g_bytes_get_data (bytes, &n);
  g_autofree guint8 *copy = g_memdup2 (original, n);
  guint32 random = 1;
  guint n_read = 0;
  for (gsize length = 0; length < n; length += 13)
    {
      GError *error = NULL;
      scratch_write (scratch, "pytorch_model.bin", original, length);
      g_assert_null (eg_pytorch_file_load (path, &error));
      g_assert_nonnull (error);
      g_error_free (error);
    }
  for (guint i = 0; i < 3000; i++)
    {
      gsize places[3];
      for (guint k = 0; k < 3; k++)
        {
          random = random * 1664525u + 1013904223u;
          places[k] = random % n;
          copy[places[k]] ^= (guint8)(1u << (random >> 24) % 8);
        }
      scratch_write (scratch, "pytorch_model.bin", copy, n);
      g_autoptr (GError) error = NULL;
      g_autoptr (EgTensorFile) file = eg_pytorch_file_load (path, &error);
      g_assert_true ((file != NULL) == (error == NULL));
      n_read += file != NULL;
      for (guint k = 0; k < 3; k++)
        copy[places[k]] = original[places[k]];
    }
  g_assert_cmpuint (n_read, >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/pytorch/reads-what-pytorch-wrote", "pytorch/views", test_reads_what_pytorch_wrote);
  g_test_add_data_func ("/pytorch/reads-compressed-zip64", "pytorch/deflated", test_reads_what_pytorch_wrote);
  static const char *const frames[] = { "frame-state_dict", "frame-model_state_dict", "frame-model",
                                        "frame-module",     "frame-beside",           "lightning",
                                        "no-checksums" };
  for (gsize i = 0; i < G_N_ELEMENTS (frames); i++)
    {
      g_autofree char *name = g_strconcat ("/pytorch/reads-what-is-framed/", frames[i], NULL);
      g_test_add_data_func_full (name, g_strconcat ("pytorch/", frames[i], NULL),
                                 test_reads_what_pytorch_wrote, g_free);
    }
  g_test_add_func ("/pytorch/repeats-elements-within-reason", test_repeats_elements_within_reason);
  g_test_add_func ("/pytorch/all-repeated-elements-count-together",
                   test_all_repeated_elements_count_together);
  g_test_add_func ("/pytorch/shares-the-mapping", test_shares_the_mapping);
  g_test_add_func ("/pytorch/reads-shards", test_reads_shards);
  g_test_add_func ("/checkpoint/pointers-and-pages-are-said", test_pointers_and_pages_are_said);
  g_test_add_func ("/pytorch/refuses-the-old-format", test_refuses_the_old_format);
  g_test_add_func ("/pytorch/takes-a-list-made-by-hand", test_takes_a_list_made_by_hand);
  g_test_add_func ("/pytorch/refuses-hostile-lists", test_refuses_hostile_lists);
  g_test_add_func ("/pytorch/survives-depth", test_survives_depth);
  g_test_add_func ("/pytorch/refuses-other-archives", test_refuses_other_archives);
  g_test_add_func ("/pytorch/survives-truncation-and-flipped-bits",
                   test_survives_truncation_and_flipped_bits);
  return g_test_run ();
}
