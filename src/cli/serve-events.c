/* Events as lines on standard output, one at a time. */
#include "cli/serve-events.h"

#include "cli/common.h"
#include "core/error.h"
#include "formats/json-writer.h"

#include <gio/gio.h>

static GMutex lock;

static void
move_members (JsonObject *to, JsonObject *from)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;
  json_object_iter_init_ordered (&iter, from);
  while (json_object_iter_next_ordered (&iter, &name, &member))
    json_object_set_member (to, name, json_node_copy (member));
  json_object_unref (from);
}

gboolean
cli_event_send (JsonNode *id, const char *event, JsonObject *members)
{
  JsonObject *line = json_object_new ();
  json_object_set_member (line, "id", id != NULL ? json_node_copy (id) : json_node_new (JSON_NODE_NULL));
  json_object_set_string_member (line, "event", event);
  move_members (line, members);
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), line);
  json_object_unref (line);
  g_autofree char *text = eg_json_to_text (node, FALSE);
  g_mutex_lock (&lock);
  cli_print ("%s\n", text);
  const gboolean sent = cli_flush ();
  g_mutex_unlock (&lock);
  return sent;
}

static const char *
get_code (const GError *error)
{
  static const char *const codes[] = {
    [EG_ERROR_FORMAT] = "format",       [EG_ERROR_UNSUPPORTED] = "unsupported",
    [EG_ERROR_NOT_FOUND] = "not-found", [EG_ERROR_INVALID] = "invalid",
    [EG_ERROR_MEMORY] = "memory",       [EG_ERROR_DEVICE] = "device",
  };
  if (error->domain == EG_ERROR && error->code >= 0 && (gsize)error->code < G_N_ELEMENTS (codes))
    return codes[error->code];
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return "not-found";
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? "cancelled" : "failed";
}

gboolean
cli_event_send_error (JsonNode *id, const char *field, const GError *error)
{
  JsonObject *inner = json_object_new (), *members = json_object_new ();
  json_object_set_string_member (inner, "code", get_code (error));
  if (field != NULL)
    json_object_set_string_member (inner, "field", field);
  else
    json_object_set_null_member (inner, "field");
  json_object_set_string_member (inner, "message", error->message);
  json_object_set_object_member (members, "error", inner);
  return cli_event_send (id, "error", members);
}
