/* JSON from outside, read strictly: json-glib does the parsing, and this sees to what it lets through.
 *
 * - json-glib recurses without a limit: nesting is limited to 64 levels here.
 * - It takes comments, hexadecimal numbers, NaN and several documents in a row: only RFC 8259 passes here.
 * - It keeps the last of two members with one name: a duplicate is refused here, in every object.
 * - A tree takes some fifty times the memory of its text: more than 4 million values are refused. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* text: length bytes, not necessarily NUL-terminated. where: what begins the message, e.g. a file's name.
 * Returns: (transfer full): an object's node, or NULL with EG_ERROR_FORMAT. */
JsonNode *eg_json_parse_object (const char *text, gsize length, const char *where, GError **error);

/* Reads a whole file; where is the file's base name. Also fails with G_FILE_ERROR. */
JsonNode *eg_json_load_object (const char *path, GError **error);

/* Returns: TRUE if node (may be NULL) is a whole number ≥ 0 written without fraction or exponent. */
gboolean eg_json_node_get_size (JsonNode *node, guint64 *value);

/* Returns: (transfer none) (nullable): the text of a string node that is valid UTF-8; NULL for any other
 * node. */
const char *eg_json_node_get_text (JsonNode *node);

G_END_DECLS
