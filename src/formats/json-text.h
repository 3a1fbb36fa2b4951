/* JSON from outside, read strictly into json-glib's tree: one object of RFC 8259, without json-glib's
 * liberties (comments, hexadecimal numbers, NaN, texts behind the first). Nesting deeper than 64 levels, a
 * name that an object has twice, and more than 4 million values (a tree takes some fifty times the memory of
 * its text) are refused. Names and texts end at a NUL (\u0000). */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* text: length bytes, not necessarily NUL-terminated. where: what begins the message, e.g. a file's name.
 * Returns: (transfer full): an object's node, or NULL with EG_ERROR_FORMAT. */
JsonNode *eg_json_parse_object (const char *text, gsize length, const char *where, GError **error);

/* An object or array that is a member of a member of the root, and too large for a tree: its syntax is
 * checked, but it is left as it is written, and null in the tree. Names in it may be there twice.
 * @owner, @name: the names of the two members, set by the caller
 * @start, @length: (out): what is written there, for a reader (json-reader.h); %NULL where there is no such
 * member, or it is another value
 * @n_values: (out): how many members or elements it has, and those in it */
typedef struct
{
  const char *owner, *name;
  const char *start;
  gsize length, n_values;
} EgJsonSpan;

/* As eg_json_parse_object(). */
JsonNode *eg_json_parse_object_with_spans (
    const char *text, gsize length, const char *where, EgJsonSpan *spans, gsize n_spans, GError **error);

/* Checks the syntax alone, and makes no tree: for texts too large for one. Names may be there twice.
 * n_values: (out): as of a span. */
gboolean
eg_json_check_object (const char *text, gsize length, const char *where, gsize *n_values, GError **error);

/* Reads a whole file, as Python writes it: with Infinity, -Infinity and NaN. Messages begin with the file's
 * base name, the line and the field. Also fails with G_FILE_ERROR. */
JsonNode *eg_json_load_object (const char *path, GError **error);

/* Returns: TRUE if node (may be NULL) is a whole number ≥ 0 written without fraction or exponent. */
gboolean eg_json_node_get_size (JsonNode *node, guint64 *value);

/* Returns: TRUE if node (may be NULL) is a number; transformers 5 writes those that JSON does not have as
 * {"__float__": "Infinity"}. */
gboolean eg_json_node_get_double (JsonNode *node, double *value);

/* Returns: (transfer none) (nullable): the text of a string node, valid UTF-8; NULL for any other node. */
const char *eg_json_node_get_text (JsonNode *node);

G_END_DECLS
