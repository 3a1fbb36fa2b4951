/* The fields of a config.json, read and checked one by one: each error names the file and the field. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * EgFields:
 * @object: not owned; %NULL: without any field
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
 * a fallback is taken, which may follow from other fields and is held to the same. EG_ERROR_FORMAT. */
gboolean eg_fields_size (const EgFields *self, const char *name, gsize *value, GError **error);
gboolean
eg_fields_size_or (const EgFields *self, const char *name, gsize fallback, gsize *value, GError **error);

/* The same of a size that has two names, either of which may be there; EG_ERROR_FORMAT when they disagree. */
gboolean eg_fields_size_by (
    const EgFields *self, const char *name, const char *other, gsize fallback, gsize *value, GError **error);

/* A number from least to most, or the fallback where there is none. EG_ERROR_FORMAT. */
gboolean eg_fields_number (const EgFields *self,
                           const char *name,
                           double fallback,
                           double least,
                           double most,
                           double *value,
                           GError **error);

gboolean eg_fields_boolean (
    const EgFields *self, const char *name, gboolean fallback, gboolean *value, GError **error);

/* A norm's ε, from 0 to 1, under the name that this network has for it (or, with | between them, names);
 * 1e-5 where there is none. Of layer_norm_epsilon, layer_norm_eps, norm_epsilon, norm_eps and rms_norm_eps,
 * those of other networks must not say anything else: EG_ERROR_FORMAT where two contradict each other,
 * EG_ERROR_UNSUPPORTED where the wrong one stands alone. */
gboolean eg_fields_epsilon (const EgFields *self, const char *own, float *epsilon, GError **error);

/* EG_ERROR_FORMAT: two fields that mean the same contradict each other. Returns: FALSE. */
gboolean
eg_fields_set_disagreement (const EgFields *self, const char *name, const char *other, GError **error);

/* Two names of one size: EG_ERROR_FORMAT when both are there and disagree. */
gboolean eg_fields_agree (const EgFields *self, const char *name, const char *other, GError **error);

/* A field that is known in one form only (or, with | between them, in forms that mean the same): any other is
 * another network. EG_ERROR_UNSUPPORTED. */
gboolean eg_fields_require_text (const EgFields *self, const char *name, const char *only, GError **error);

/* Fails where a flag has another value than this one: EG_ERROR_UNSUPPORTED. It is this where it is missing.
 */
gboolean eg_fields_require_flag (const EgFields *self, const char *name, gboolean value, GError **error);

G_END_DECLS
