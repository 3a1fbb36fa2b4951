/* Statistics of a model's embeddings over token counts: σ of their values, and mean and covariance. Rows are
 * read through the backend, in double precision, a few hundred at a time. */
#pragma once

#include "library/model.h"

G_BEGIN_DECLS

/* How often each token occurs in a file's lines, each encoded by itself, without its end of line: [V].
 * n_tokens: (out): of them all. Errors name the file and the line; a file without a token is
 * EG_ERROR_INVALID. (transfer full) */
guint64 *eg_count_tokens (
    EgModel *model, const char *path, gsize *n_tokens, GCancellable *cancellable, GError **error);

/* The unbiased standard deviation of all values of the rows of E, each as often as counts [V] says; NULL:
 * once. FALSE when cancelled or without memory. */
gboolean eg_embedding_std (
    EgModel *model, const guint64 *counts, double *std, GCancellable *cancellable, GError **error);

/* The mean [d] and unbiased covariance [d, d] of the rows, each as often as counts says. EG_ERROR_INVALID for
 * fewer than two tokens. */
gboolean eg_embedding_covariance (EgModel *model,
                                  const guint64 *counts,
                                  double *mean,
                                  double *covariance,
                                  GCancellable *cancellable,
                                  GError **error);

G_END_DECLS
