/* A study's facts and what is known of them as CSV. */
#pragma once

#include "app/study/studying.h"

G_BEGIN_DECLS

/* Writes all rows, in the order of the file, as they are now, in a thread. Columns: index, id, prompt,
 * subject, relation, answer, state (as eg_study_state_get_name(), or "waiting"), clean, corrupted, effect;
 * RFC 4180, numbers read back exactly, empty where not known. */
void eg_study_table_write_async (EgStudying *studying,
                                 const char *path,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

/* path: (out) (transfer full): where it was to be written. */
gboolean eg_study_table_write_finish (GAsyncResult *result, char **path, GError **error);

G_END_DECLS
