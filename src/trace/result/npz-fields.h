/* The fields of a result's .npz, read one by one; nothing in the file is trusted. Errors are EG_ERROR_FORMAT,
 * and name the file and the field. */
#pragma once

#include "formats/npz.h"

G_BEGIN_DECLS

/* title: what begins the messages. */
typedef struct
{
  EgNpz *npz;
  const char *title;
} EgNpzFields;

/* The name of an array of a grid: "scores", "scores_sem", … of the metric and the site that the file is
 * about; of others, the metric's name and the site's follow: "scores_kl", "scores_mixer",
 * "scores_sem_kl_mixer". Either may be NULL. (transfer full) */
char *eg_trace_result_field_name (const char *base, const char *metric, const char *site);

/* Returns: FALSE. */
gboolean eg_npz_fields_fail (const EgNpzFields *reader, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* Whether a number is infinite to the networks, which compute in float32: what lies beyond has no place in a
 * picture, either, where the difference of two such numbers is none. */
gboolean eg_npz_fields_is_infinite (double value);

/* Optional ones keep *value when they are not there. */
gboolean eg_npz_fields_number (const EgNpzFields *reader, const char *name, double *value, GError **error);
gboolean eg_npz_fields_integer (
    const EgNpzFields *reader, const char *name, gint64 max, gint64 *value, GError **error);
gboolean eg_npz_fields_text (const EgNpzFields *reader, const char *name, char **text, GError **error);

/* Exactly n of them, from 0 to max. (transfer full) */
gboolean eg_npz_fields_integers (
    const EgNpzFields *reader, const char *name, gsize n, gint64 max, gint64 **values, GError **error);
gboolean
eg_npz_fields_texts (const EgNpzFields *reader, const char *name, gsize n, char ***texts, GError **error);

/* "[8, 12]". (transfer full) */
char *eg_npz_fields_shape_text (guint n_dims, const gsize *shape);
char *eg_npz_fields_array_shape (const EgNpyArray *array);
gboolean eg_npz_fields_has_shape (const EgNpyArray *array, guint n_dims, const gsize *shape);

G_END_DECLS
