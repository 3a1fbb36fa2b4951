/* Objects of JSON: ROME's, CounterFact's, our own. */
#include "study/fact-json.h"

#include "core/error.h"
#include "formats/json-text.h"

#include <glib/gi18n.h>
#include <string.h>

static const char *const targets[] = { "target", "attribute", "answer", "object", NULL };
static const char *const relations[] = { "relation", "relation_id", NULL };
static const char *const ids[] = { "id", "known_id", "case_id", NULL };
static const char *const prompts[] = { "prompt", "template", NULL };
static const char *const subjects[] = { "subject", NULL };

/* The first of these members that is there and not null, as a text: whole numbers, too. FALSE where it is
 * another value. */
static gboolean
take_text (JsonObject *object, const char *const *names, char **text, const char **wrong)
{
  for (; *names != NULL; names++)
    {
      JsonNode *node = json_object_get_member (object, *names);
      guint64 number;
      if (node == NULL || JSON_NODE_HOLDS_NULL (node))
        continue;
      if (eg_json_node_get_size (node, &number))
        *text = g_strdup_printf ("%" G_GUINT64_FORMAT, number);
      else
        *text = g_strdup (eg_json_node_get_text (node));
      *wrong = *names;
      return *text != NULL;
    }
  return TRUE;
}

static JsonObject *
get_object (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/* What CounterFact asks to be rewritten; or the fact itself. */
static gboolean
take_texts (EgFact *self, JsonObject *object, const char **wrong)
{
  static const char *const true_names[] = { "str", NULL };
  JsonObject *rewrite = get_object (object, "requested_rewrite");
  JsonObject *target = get_object (rewrite, "target_true");
  JsonObject *main_part = rewrite != NULL ? rewrite : object;
  return take_text (object, ids, &self->id, wrong) && take_text (main_part, prompts, &self->prompt, wrong)
         && take_text (main_part, subjects, &self->subject, wrong)
         && take_text (main_part, relations, &self->relation, wrong)
         && (target != NULL ? take_text (target, true_names, &self->target, wrong)
                            : take_text (main_part, targets, &self->target, wrong));
}

EgFact *
eg_fact_from_json (const EgFactSource *source, gsize line, const GString *text, GError **error)
{
  g_autofree char *where = g_strdup_printf ("%s:%zu", source->title, line);
  g_autoptr (JsonNode) node = eg_json_parse_object (text->str, text->len, where, error);
  if (node == NULL)
    return NULL;
  g_autoptr (EgFact) self = g_new0 (EgFact, 1);
  JsonObject *object = json_node_get_object (node);
  const char *wrong;
  if (!take_texts (self, object, &wrong))
    {
      eg_fact_source_fail (source, line, error, _ ("“%s” of the fact is not a text"), wrong);
      return NULL;
    }
  return g_steal_pointer (&self);
}
