/* One fact in memory, and as a line of JSON. */
#include "study/fact.h"

#include <json-glib/json-glib.h>

EgFact *
eg_fact_new (const char *id, const char *prompt, const char *subject)
{
  EgFact *self = g_new0 (EgFact, 1);
  self->id = g_strdup (id);
  self->prompt = g_strdup (prompt);
  self->subject = g_strdup (subject);
  return self;
}

EgFact *
eg_fact_copy (const EgFact *self)
{
  EgFact *copy = eg_fact_new (self->id, self->prompt, self->subject);
  copy->index = self->index;
  copy->line = self->line;
  copy->target = g_strdup (self->target);
  copy->relation = g_strdup (self->relation);
  return copy;
}

void
eg_fact_free (EgFact *self)
{
  g_free (self->id);
  g_free (self->prompt);
  g_free (self->subject);
  g_free (self->target);
  g_free (self->relation);
  g_free (self);
}

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, name, text);
}

char *
eg_fact_to_json (const EgFact *self)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  set_text (object, "id", self->id);
  set_text (object, "prompt", self->prompt);
  set_text (object, "subject", self->subject);
  set_text (object, "target", self->target);
  set_text (object, "relation", self->relation);
  json_node_set_object (node, object);
  return json_to_string (node, FALSE);
}
