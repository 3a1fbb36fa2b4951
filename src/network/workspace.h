/* Runs of a network, many at a time: the rows of all segments of a group go through each layer as one
 * matrix, in a worker's memory. */
#pragma once

#include "network/segment.h"

G_BEGIN_DECLS

/* A worker's memory for groups; grows as needed. One thread at a time. */
typedef struct _EgWorkspace EgWorkspace;

/* n_threads: how many work at one product; 1 where several workspaces are at work. */
EgWorkspace *eg_workspace_new (EgNetwork *network, gsize n_threads);
void eg_workspace_free (EgWorkspace *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgWorkspace, eg_workspace_free)

/* Bytes that a workspace takes for one row of a group, at most (but for states that are computed again). */
guint64 eg_workspace_row_size (const EgFamily *family, const EgSizes *sizes);
EgStream *eg_workspace_get_stream (EgWorkspace *self);
EgNetwork *eg_workspace_get_network (EgWorkspace *self);

/* Whether everything that it did has worked: to be asked before numbers are used. EG_ERROR_MEMORY and
 * EG_ERROR_DEVICE; on a processor EG_ERROR_FORMAT alone: a file with weights was changed meanwhile. */
gboolean eg_workspace_check (EgWorkspace *self, GError **error);

/* What to say where logits are no numbers: EG_ERROR_FORMAT with the weight that is none, or else
 * EG_ERROR_INVALID. Returns: FALSE. */
gboolean eg_workspace_explain_no_number (EgWorkspace *self, GError **error);

/* Gives all its memory back and begins anew, after EG_ERROR_MEMORY: a smaller group may work. */
void eg_workspace_reset (EgWorkspace *self);

/* The tokens' embeddings, [n, d] in device memory, without what a network adds to them at each position;
 * %NULL with EG_ERROR_INVALID or EG_ERROR_MEMORY. To be released by the backend. */
float *eg_workspace_embed (EgWorkspace *self, const guint32 *ids, gsize n, GError **error);

/* Makes input rows of embeddings [n, d], in place, where the first stands at a position: adds what the
 * network adds there. EG_ERROR_MEMORY */
gboolean
eg_workspace_place (EgWorkspace *self, float *embeddings, gsize first_position, gsize n, GError **error);

/* Runs a group up to the final norm of each segment's last position, which stays in the workspace. Segments
 * must be ordered by layer. Looks at the cancellable between layers. */
gboolean eg_workspace_run (EgWorkspace *self,
                           const EgSegment *segments,
                           gsize n_segments,
                           gsize n_positions,
                           GCancellable *cancellable,
                           GError **error);

/* Of the group just run: what the query asks of each segment's logits, [n_segments]. */
void eg_workspace_head (EgWorkspace *self, const EgHeadQuery *query, EgHeadRow *answers);

/* Of the group just run: one segment's logits, [V] host. */
gboolean eg_workspace_logits (EgWorkspace *self, gsize segment, float *logits, GError **error);

/* Of the group just run: one segment's k highest logits, the highest first, 1 ≤ k ≤ V. sum: (out) Σ exp
 * (logit − the highest), of all V. */
gboolean
eg_workspace_top (EgWorkspace *self, gsize segment, EgTopValue *found, gsize k, double *sum, GError **error);

G_END_DECLS
