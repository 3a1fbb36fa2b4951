/* The shards of a study made one. */
#pragma once

#include "study/study-folder.h"

G_BEGIN_DECLS

/* Makes of the folders ({…, NULL}) of all shards of one study, each complete, a finished one at path, which
 * must be new: the same bytes as one run's. note: (out): a sentence where shards were computed by different
 * computers, so that last bits may differ; else NULL. EG_ERROR_INVALID where they are not the shards of one
 * study, or not complete: says which. */
gboolean eg_study_merge (char *const *folders, const char *path, char **note, GError **error);

G_END_DECLS
