/* Random mixes of tokenizer.json, or vocab.json and merges.txt, with what may lie beside it, against what
 * AutoTokenizer makes of them: tests/golden/make_tokenizer_mixes.py says how a line is made. ENGRAM_MIXES
 * names another file of them, of which all that differ are told. */
#include "core/error.h"
#include "tokenizer/tokenizer.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

static JsonNode *model;

static char *
to_text (JsonNode *node)
{
  return json_to_string (node, FALSE);
}

/* What "model" stands for in the place of a file. */
static char *
make_vocabulary (const char *name)
{
  JsonObject *object = json_node_get_object (model);
  if (g_str_equal (name, "vocab.json"))
    return to_text (json_object_get_member (object, "vocab"));
  JsonArray *merges = json_object_get_array_member (object, "merges");
  GString *lines = g_string_new (NULL);
  for (guint i = 0; i < json_array_get_length (merges); i++)
    {
      JsonArray *pair = json_array_get_array_element (merges, i);
      g_string_append_printf (lines, "%s %s\n", json_array_get_string_element (pair, 0),
                              json_array_get_string_element (pair, 1));
    }
  return g_string_free (lines, FALSE);
}

/* A tokenizer.json with the model that all of them share. */
static char *
complete (JsonNode *node)
{
  JsonObject *own = json_object_get_object_member (json_node_get_object (node), "model");
  g_autofree char *text = to_text (model);
  g_autoptr (JsonNode) whole = json_from_string (text, NULL);
  if (json_object_has_member (own, "ignore_merges"))
    json_object_set_boolean_member (json_node_get_object (whole), "ignore_merges",
                                    json_object_get_boolean_member (own, "ignore_merges"));
  json_object_set_member (json_node_get_object (node), "model", g_steal_pointer (&whole));
  return to_text (node);
}

static void
write_files (const char *folder, JsonObject *files)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  json_object_iter_init (&iter, files);
  while (json_object_iter_next (&iter, &name, &node))
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autofree char *content = JSON_NODE_HOLDS_VALUE (node)           ? make_vocabulary (name)
                                 : g_str_equal (name, "tokenizer.json") ? complete (node)
                                                                        : to_text (node);
      g_assert_true (g_file_set_contents (path, content, -1, NULL));
    }
}

static void
remove_files (const char *folder, JsonObject *files)
{
  g_autoptr (GList) names = json_object_get_members (files);
  for (GList *it = names; it != NULL; it = it->next)
    {
      g_autofree char *path = g_build_filename (folder, it->data, NULL);
      g_unlink (path);
    }
}

/* Returns: (transfer full): NULL where they are the same. */
static char *
compare (EgTokenizer *tokenizer, JsonArray *row)
{
  const char *text = json_array_get_string_element (row, 0);
  JsonArray *ids = json_array_get_array_element (row, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, text, -1, &error);
  g_assert_no_error (error);
  gboolean same = tokens->len == json_array_get_length (ids);
  GString *found = g_string_new (NULL);
  for (guint i = 0; i < tokens->len; i++)
    {
      const guint32 id = g_array_index (tokens, EgToken, i).id;
      same = same && id == json_array_get_int_element (ids, i);
      g_string_append_printf (found, " %u", id);
    }
  g_autofree char *problem = g_strdup_printf ("“%s” gives%s", text, found->str);
  g_string_free (found, TRUE);
  return same ? NULL : g_steal_pointer (&problem);
}

typedef struct
{
  guint n, n_same, n_refused, n_accepted;
} Count;

static void
check_line (const char *folder, const char *line, gboolean stop, Count *count)
{
  g_autoptr (JsonNode) root = json_from_string (line, NULL);
  JsonObject *object = json_node_get_object (root), *files = json_object_get_object_member (object, "files");
  g_autoptr (GError) error = NULL;
  write_files (folder, files);
  g_autoptr (EgTokenizer) tokenizer = eg_tokenizer_load (folder, &error);
  remove_files (folder, files);
  count->n++;
  if (tokenizer == NULL)
    {
      g_test_message ("%" G_GINT64_FORMAT ": %s", json_object_get_int_member (object, "seed"),
                      error->message);
      count->n_refused++;
      return;
    }
  JsonArray *rows
      = json_object_has_member (object, "texts") ? json_object_get_array_member (object, "texts") : NULL;
  if (rows == NULL)
    {
      count->n_accepted++;
      return;
    }
  for (guint i = 0; i < json_array_get_length (rows); i++)
    {
      g_autofree char *problem = compare (tokenizer, json_array_get_array_element (rows, i));
      if (problem == NULL)
        continue;
      if (stop)
        g_error ("%s: %s", line, problem);
      g_printerr ("%" G_GINT64_FORMAT ": %s\n", json_object_get_int_member (object, "seed"), problem);
      return;
    }
  count->n_same++;
}

/* Refused are what Engram does not read, by name; and some that transformers does not read, either. */
static void
test_random_mixes_are_read_as_autotokenizer_reads_them (void)
{
  const char *other = g_getenv ("ENGRAM_MIXES");
  g_autofree char *path = other != NULL
                              ? g_strdup (other)
                              : g_test_build_filename (G_TEST_DIST, "golden", "tokenizer-mixes.jsonl", NULL);
  g_autofree char *content = NULL, *folder = g_dir_make_tmp ("engram-mixes-XXXXXX", NULL);
  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (g_strchomp (content), "\n", -1);
  g_autoptr (JsonNode) first = json_from_string (lines[0], NULL);
  Count count = { 0 };
  model = json_object_get_member (json_node_get_object (first), "model");
  for (guint i = 1; lines[i] != NULL; i++)
    check_line (folder, lines[i], other == NULL, &count);
  g_rmdir (folder);
  g_test_message ("%u mixes: %u the same, %u refused, %u read that transformers refuses", count.n,
                  count.n_same, count.n_refused, count.n_accepted);
  g_assert_cmpuint (count.n, >=, 300);
  g_assert_cmpuint (count.n_same + count.n_refused + count.n_accepted, ==, count.n);
  g_assert_cmpuint (count.n_same, >=, count.n * 8 / 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tokenizer/random-mixes-are-read-as-autotokenizer-reads-them",
                   test_random_mixes_are_read_as_autotokenizer_reads_them);
  return g_test_run ();
}
