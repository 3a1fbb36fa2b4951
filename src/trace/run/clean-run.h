/* The run that continues nothing: shared by predictions and traces. */
#pragma once

#include "network/workspace.h"

G_BEGIN_DECLS

/* A prompt's input rows, [n_tokens, d] in device memory; NULL when there is no token, there are too many, one
 * is beyond the vocabulary, or no memory is left. To be released by the backend. */
float *eg_clean_input (EgWorkspace *workspace, const guint32 *ids, gsize n_tokens, GError **error);

/* Runs the whole prompt once; keep (may be NULL) is filled. The last position waits in the workspace for
 * eg_workspace_logits(). EG_ERROR_INVALID as above. */
gboolean eg_clean_run (EgWorkspace *workspace,
                       const guint32 *ids,
                       gsize n_tokens,
                       EgRun *keep,
                       GCancellable *cancellable,
                       GError **error);

G_END_DECLS
