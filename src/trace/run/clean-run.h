/* The run that continues nothing: shared by predictions and traces. */
#pragma once

#include "network/mamba.h"

G_BEGIN_DECLS

/* Runs the whole prompt once; keep (may be NULL) is filled. The last position waits in the workspace for
 * eg_mamba_logits(). EG_ERROR_INVALID for no token, or one beyond the vocabulary. */
/* The prompt's embeddings, [n_tokens, d] in device memory; NULL when there is no token, one is beyond the
 * vocabulary, or no memory is left. To be released by the backend. */
float *
eg_clean_input (EgWorkspace *workspace, EgModel *model, const guint32 *ids, gsize n_tokens, GError **error);

gboolean eg_clean_run (EgWorkspace *workspace,
                       EgModel *model,
                       const guint32 *ids,
                       gsize n_tokens,
                       EgRun *keep,
                       GCancellable *cancellable,
                       GError **error);

G_END_DECLS
