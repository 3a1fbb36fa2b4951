/* The Mamba-1 network (design §3; Gu & Dao 2023, "Mamba: Linear-Time Sequence Modeling with Selective State
 * Spaces"), written once over the op table, for many runs at a time: rows of all segments of a group go
 * through each layer as one matrix. */
#pragma once

#include "network/run.h"
#include "network/site.h"

G_BEGIN_DECLS

/**
 * EgSegment: one run of a group. It begins at a layer and a position and computes layers ≥ layer, positions ≥
 * position.
 * @layer: 0 … L; L means that only the head is computed
 * @base: the run that it continues: its rows before this layer, conv's inputs and the state before this
 * position. %NULL only where layer and position are 0
 * @input: [n_positions − position, d] device: the rows with which it begins, in place of the base's; %NULL
 * for those
 * @source: whose values of @sites (expanded, see eg_sites_expand()) are put back; %NULL: none are
 * @box: where. The first layer touched must be ≥ layer; after it, by one layer at most, for resid and mixer,
 * which a segment begins with. Its positions are ≥ position; ≥ position − 1 for conv_state
 * @frozen: sites (expanded) that keep the base's values everywhere outside of @box
 * @from_begin, @from_end: unless empty, a knockout: in @box, what is read of the state (y) lacks what these
 * positions, all before the box's, put into it. h itself, which later positions read, has it. @source is
 * %NULL
 * @keep: filled with the segment's rows (its n_positions and first must be the segment's); %NULL for nothing
 *
 * Of @source and, for @frozen, of @base, those sites must be kept.
 */
typedef struct
{
  gsize layer, position;
  const EgRun *base;
  const float *input;
  const EgRun *source;
  EgSiteSet sites, frozen;
  EgBox box;
  gsize from_begin, from_end;
  EgRun *keep;
} EgSegment;

/* A worker's memory for groups; grows as needed. One thread at a time. */
typedef struct _EgWorkspace EgWorkspace;
/* n_threads: how many work at one product; 1 where several workspaces are at work. */
EgWorkspace *eg_workspace_new (EgModel *model, gsize n_threads);
void eg_workspace_free (EgWorkspace *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgWorkspace, eg_workspace_free)
/* Bytes that a workspace takes for one row of a group, at most (but for spans of states that are computed
 * again). */
guint64 eg_mamba_row_size (const EgModelConfig *config);
EgStream *eg_workspace_get_stream (EgWorkspace *self);
gsize eg_workspace_get_vocab_size (EgWorkspace *self);

/* Whether everything that it did has worked: to be asked before numbers are used. EG_ERROR_MEMORY and
 * EG_ERROR_DEVICE; on a processor EG_ERROR_FORMAT alone: a file with weights was changed meanwhile. */
gboolean eg_workspace_check (EgWorkspace *self, GError **error);

/* Gives all its memory back and begins anew, after EG_ERROR_MEMORY: a smaller group may work. */
void eg_workspace_reset (EgWorkspace *self);

/* Runs a group up to the final norm of each segment's last position, which stays in the workspace. Segments
 * must be ordered by layer. Looks at the cancellable between layers. */
gboolean eg_mamba_run (EgWorkspace *workspace,
                       const EgSegment *segments,
                       gsize n_segments,
                       gsize n_positions,
                       GCancellable *cancellable,
                       GError **error);

/* Of the group just run: what the query asks of each segment's logits, [n_segments]. */
void eg_mamba_head (EgWorkspace *workspace, const EgHeadQuery *query, EgHeadRow *answers);

/* Of the group just run: one segment's logits, [V] host. */
gboolean eg_mamba_logits (EgWorkspace *workspace, gsize segment, float *logits, GError **error);

/* Of the group just run: one segment's k highest logits, the highest first, 1 ≤ k ≤ V. sum: (out) Σ exp
 * (logit − the highest), of all V. */
gboolean
eg_mamba_top (EgWorkspace *workspace, gsize segment, EgTopValue *found, gsize k, double *sum, GError **error);

G_END_DECLS
