/* Facts of a request, as a file; and a file's facts, as an answer. */
#include "cli/serve-facts.h"

#include "cli/serve-members.h"
#include "cli/study-begin.h"
#include "core/error.h"
#include "formats/json-writer.h"
#include "study/facts.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>

const char *const cli_serve_facts_members[] = { "facts", "limit", NULL };

void
cli_serve_facts_clear (CliServeFacts *self)
{
  if (self->folder != NULL)
    {
      g_unlink (self->path);
      g_rmdir (self->folder);
    }
  g_free (self->path);
  g_free (self->folder);
}

/* A line a fact. (transfer full): NULL where one is no object */
static char *
make_lines (JsonArray *facts, GError **error)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  for (guint i = 0; i < json_array_get_length (facts); i++)
    {
      JsonNode *fact = json_array_get_element (facts, i);
      if (!JSON_NODE_HOLDS_OBJECT (fact))
        {
          eg_error_invalid (error, _ ("Fact %u is not an object"), i + 1);
          return NULL;
        }
      g_autofree char *line = eg_json_to_text (fact, FALSE);
      g_string_append_printf (lines, "%s\n", line);
    }
  if (lines->len == 0)
    eg_error_invalid (error, _ ("%s: there are no facts"), "facts");
  return lines->len > 0 ? g_string_free (g_steal_pointer (&lines), FALSE) : NULL;
}

static gboolean
write_lines (CliServeFacts *self, JsonArray *facts, GError **error)
{
  g_autofree char *lines = make_lines (facts, error);
  self->folder = lines != NULL ? g_dir_make_tmp ("engram-XXXXXX", error) : NULL;
  if (self->folder == NULL)
    return FALSE;
  self->path = g_build_filename (self->folder, "facts.jsonl", NULL);
  return g_file_set_contents (self->path, lines, -1, error);
}

gboolean
cli_serve_facts_read (CliServeFacts *self, JsonObject *members, char **field, GError **error)
{
  const char *path;
  JsonNode *node = json_object_get_member (members, "facts");
  if (node != NULL && JSON_NODE_HOLDS_ARRAY (node))
    {
      if (write_lines (self, json_node_get_array (node), error))
        return TRUE;
      *field = g_strdup ("facts");
      return FALSE;
    }
  if (!cli_members_need_text (members, "facts", &path, field, error))
    return FALSE;
  self->path = cli_study_find_facts (path);
  return TRUE;
}

/* ---- reading them ---- */

static JsonObject *
fact_to_json (const EgFact *fact)
{
  JsonObject *object = json_object_new ();
  eg_json_set_text (object, "id", fact->id);
  eg_json_set_text (object, "prompt", fact->prompt);
  eg_json_set_text (object, "subject", fact->subject);
  eg_json_set_text (object, "target", fact->target);
  eg_json_set_text (object, "relation", fact->relation);
  return object;
}

/* facts: takes them, or NULL. Returns: how many; 0 with an error */
static gsize
read_facts (const CliServeFacts *self, gsize limit, JsonArray *facts, GError **error)
{
  g_autoptr (EgFactReader) reader = eg_fact_reader_open (self->path, error);
  if (reader == NULL)
    return 0;
  for (gsize n = 0;; n++)
    {
      g_autoptr (EgFact) fact = NULL;
      if (n > 0 && n == limit)
        return n;
      if (!eg_fact_reader_next (reader, &fact, error))
        return 0;
      if (fact == NULL && n == 0)
        eg_error_invalid (error, _ ("%s: there are no facts"), self->path);
      if (fact == NULL)
        return n;
      if (facts != NULL)
        json_array_add_object_element (facts, fact_to_json (fact));
    }
}

gboolean
cli_serve_facts_check (const CliServeFacts *self, gsize limit)
{
  return read_facts (self, limit, NULL, NULL) > 0;
}

JsonObject *
cli_serve_facts (GHashTable *models, const CliRequest *request, char **field, GError **error)
{
  g_auto (CliServeFacts) self = { 0 };
  guint64 limit = 0;
  (void)models;
  if (!cli_members_get_count (request->members, "limit", 1, CLI_STUDY_MAX, &limit, field, error)
      || !cli_serve_facts_read (&self, request->members, field, error))
    return NULL;
  g_autoptr (JsonArray) facts = json_array_new ();
  if (read_facts (&self, (gsize)limit, facts, error) == 0)
    {
      *field = g_strdup ("facts");
      return NULL;
    }
  JsonObject *result = json_object_new (), *members = json_object_new ();
  json_object_set_array_member (result, "facts", g_steal_pointer (&facts));
  json_object_set_object_member (members, "result", result);
  return members;
}
