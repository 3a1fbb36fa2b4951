/* The fields of a config.json, read and checked one by one: each error names the file and the field. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * EgFields:
 * @object: not owned
 * @where: the file's name, with which an error begins
 */
typedef struct
{
  JsonObject *object;
  const char *where;
} EgFields;

/* TRUE when the field is there and not null. */
gboolean eg_fields_has (const EgFields *self, const char *name);

/* The text, or NULL where there is none. */
const char *eg_fields_text (const EgFields *self, const char *name);

/* A whole number from 1 to 2²⁴: products of two of them stay far below 2⁶⁴. The field must be there; or else
 * a fallback is taken. EG_ERROR_FORMAT. */
gboolean eg_fields_size (const EgFields *self, const char *name, gsize *value, GError **error);
gboolean
eg_fields_size_or (const EgFields *self, const char *name, gsize fallback, gsize *value, GError **error);

gboolean eg_fields_boolean (
    const EgFields *self, const char *name, gboolean fallback, gboolean *value, GError **error);

/* A norm's ε, from 0 to 1; 1e-5 where there is none. */
gboolean eg_fields_epsilon (const EgFields *self, const char *name, float *epsilon, GError **error);

/* A field that is known in one form only: any other is another network. EG_ERROR_UNSUPPORTED. */
gboolean eg_fields_require_text (const EgFields *self, const char *name, const char *only, GError **error);

G_END_DECLS
