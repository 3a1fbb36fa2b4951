#include "command.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

void
outcome_clear (Outcome *self)
{
  g_free (self->out);
  g_free (self->err);
}

Outcome
run_argv (const char *const *arguments)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  Outcome outcome = { 0 };
  g_autoptr (GError) error = NULL;
  int wait_status;
  g_ptr_array_add (argv, (char *)g_getenv ("ENGRAM_CLI"));
  for (gsize i = 0; arguments[i] != NULL; i++)
    g_ptr_array_add (argv, (char *)arguments[i]);
  g_ptr_array_add (argv, NULL);
  g_spawn_sync (NULL, (char **)argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &outcome.out, &outcome.err,
                &wait_status, &error);
  g_assert_no_error (error);
  outcome.status = WIFEXITED (wait_status) ? WEXITSTATUS (wait_status) : -1;
  return outcome;
}

/* A command line for the shell, in which $ENGRAM_CLI is the program. */
Outcome
run_shell (const char *command)
{
  Outcome outcome = { 0 };
  g_autoptr (GError) error = NULL;
  int wait_status;
  const char *argv[] = { "/bin/sh", "-c", command, NULL };
  g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &outcome.out, &outcome.err,
                &wait_status, &error);
  g_assert_no_error (error);
  outcome.status = WIFEXITED (wait_status) ? WEXITSTATUS (wait_status) : -1;
  return outcome;
}

char *
new_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("engram-cli-XXXXXX", &error);
  g_assert_no_error (error);
  return folder;
}

guint
count_files (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

void
remove_folder (const char *folder)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_unlink (path);
    }
  g_dir_close (dir);
  g_rmdir (folder);
}

/* The text is one JSON document, and nothing else: the parser refuses anything after it. */
JsonNode *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  json_parser_load_from_data (parser, text, -1, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (text, "{") && g_str_has_suffix (text, "}\n"));
  return json_parser_steal_root (parser);
}

void
assert_keys (JsonObject *object, const char *const *keys)
{
  g_autoptr (GList) members = json_object_get_members (object);
  g_autoptr (GString) found = g_string_new (NULL);
  for (GList *member = members; member != NULL; member = member->next)
    g_string_append_printf (found, "%s ", (char *)member->data);
  g_autofree char *joined = g_strjoinv (" ", (char **)keys);
  g_autofree char *expected = g_strconcat (joined, " ", NULL);
  g_assert_cmpstr (found->str, ==, expected);
}

double
number (JsonArray *array, guint i)
{
  JsonNode *node = json_array_get_element (array, i);
  return JSON_NODE_HOLDS_NULL (node) ? NAN : json_node_get_double (node);
}

void
assert_one_sentence (const char *err)
{
  g_assert_true (g_str_has_prefix (err, "engram-cli: "));
  g_assert_cmpuint (strcspn (err, "\n"), ==, strlen (err) - 1);
}

void
assert_begins_with (const char *folder, const char *name, const char *magic)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;
  g_file_get_contents (path, &bytes, &length, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (length, >, 100);
  g_assert_true (g_str_has_prefix (bytes, magic));
}
