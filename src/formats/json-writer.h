/* JSON texts of which every number reads back exactly. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* A JSON text of which every number reads back as the same double (non-finite ones are null). (transfer full)
 */
char *eg_json_to_text (JsonNode *node, gboolean pretty);

/* The shortest of three texts that reads back as the same double; always with a point or an exponent, so that
 * a reader which tells whole numbers from others sees a double. */
void eg_json_append_double (GString *text, double value);

/* Sets a member to a text, or to null where there is none. */
void eg_json_set_text (JsonObject *object, const char *name, const char *text);

G_END_DECLS
