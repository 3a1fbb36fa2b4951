#include "scratch.h"

#include <glib/gstdio.h>
#include <string.h>

/* Under AddressSanitizer, an allocation that only a hostile file can ask for ends the test. */
const char *__asan_default_options (void);

const char *
__asan_default_options (void)
{
  return "max_allocation_size_mb=256:allocator_may_return_null=0";
}

Scratch *
scratch_new (void)
{
  Scratch *self = g_new0 (Scratch, 1);
  GError *error = NULL;
  self->path = g_dir_make_tmp ("engram-test-XXXXXX", &error);
  g_assert_no_error (error);
  return self;
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      remove_tree (child);
    }
  g_remove (path);
}

void
scratch_free (Scratch *self)
{
  remove_tree (self->path);
  g_free (self->path);
  g_free (self);
}

char *
scratch_get_path (Scratch *self, const char *name)
{
  return g_build_filename (self->path, name, NULL);
}

void
scratch_write (Scratch *self, const char *name, const void *data, gsize n)
{
  g_autofree char *path = scratch_get_path (self, name);
  FILE *file = g_fopen (path, "wb");
  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (data, 1, n, file), ==, n);
  g_assert_cmpint (fclose (file), ==, 0);
}

static int
compare_texts (gconstpointer left, gconstpointer right)
{
  return strcmp (*(const char *const *)left, *(const char *const *)right);
}

char *
scratch_list (Scratch *self)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (self->path, 0, NULL);
  const char *name;
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_texts);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (" ", (char **)names->pdata);
}

char *
golden_get_path (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "golden", name, NULL);
}

GBytes *
read_bytes (const char *path)
{
  char *data;
  gsize length;
  GError *error = NULL;
  g_file_get_contents (path, &data, &length, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (data, length);
}

JsonNode *
golden_get_expected (const char *section)
{
  g_autofree char *path = golden_get_path ("formats/expected.json");
  g_autoptr (JsonParser) parser = json_parser_new ();
  GError *error = NULL;
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  JsonObject *root = json_node_get_object (json_parser_get_root (parser));
  return json_node_copy (json_object_get_member (root, section));
}

double
expected_get_double (JsonArray *values, guint i)
{
  const char *text = json_array_get_string_element (values, i);
  char *end;
  const double value = g_ascii_strtod (text, &end);
  g_assert_true (*end == '\0');
  return value;
}

void
assert_message (const GError *error, const char *part)
{
  if (strstr (error->message, part) == NULL)
    g_error ("“%s” is not in the message “%s”", part, error->message);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_null (strchr (error->message, '\n'));
  g_assert_false (g_str_has_suffix (error->message, "."));
}
