/* What `engram-cli serve` says: events, a line of JSON each. Any thread. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* An event about the request with this id (NULL where it has none): members (transfer full), with "id" and
 * "event" before them. FALSE when nobody reads any more. */
gboolean cli_event_send (JsonNode *id, const char *event, JsonObject *members);

/* The event "error": { code, field, message }. field: the member of the request that is wrong, or NULL. */
gboolean cli_event_send_error (JsonNode *id, const char *field, const GError *error);

G_END_DECLS
