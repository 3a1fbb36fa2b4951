/* What a family's layer finds in a workspace, and what all families do alike: the rows of the group's
 * segments, places for values, and visits to sites. */
#pragma once

#include "network/workspace.h"

G_BEGIN_DECLS

typedef struct
{
  float *memory;
  gsize size;
} EgBuffer;

/* Of a pass backward (back.h): @gradient, @after: [rows, d]; @last [runs, d]; @logits [runs, V]; @zero: a
 * row;
 * @dots: the answers. */
typedef struct
{
  EgBuffer gradient, after, last, logits, zero, dots;
} EgBackBuffers;

/* A segment's rows among the stacked rows of a group, in the order of positions. */
typedef struct
{
  gsize row, n_rows;
} EgSegmentRows;

/**
 * EgWorkspace: rows are stacked segment after segment; since segments are ordered by their first layer, those
 * at work in a layer are always the first few.
 * @slots: where layers come to the device one after another
 * @layer: the weights of the one that is being run: the family's struct
 * @r, @n, @o: [rows, d] the residual stream; its norm; a block's output. @input: [rows, d_input]
 * @last: [segments, d] the last positions' residual rows
 * @rows: EgSegmentRows of the group
 * @copies: EgRowCopy to come
 * @back: of passes backward alone
 * @buffers: EgBuffer * of all that was reserved
 * @own: the family's
 */
struct _EgWorkspace
{
  EgNetwork *network;
  const EgFamily *family;
  const EgSizes *sizes;
  const gsize *dims;
  const EgWeights *weights;
  EgBackend *backend;
  EgStream *stream;
  EgLayerSlots slots;
  gconstpointer layer;
  EgBuffer r, n, o, input, last, logits, positions;
  EgBackBuffers back;
  GArray *rows, *copies;
  GPtrArray *buffers;
  gpointer own;
  gsize n_segments, n_positions;
};

/**
 * EgLayerRun: a layer over the first n_active segments' rows, in place on r. With only_last, in the last
 * layer, only each segment's last position is wanted: r's last rows come out in `last`.
 */
struct _EgLayerRun
{
  const EgSegment *segments;
  gsize n_active, layer;
  gboolean only_last;
};

static inline const EgSegmentRows *
eg_workspace_rows (const EgWorkspace *self)
{
  return (const EgSegmentRows *)(gpointer)self->rows->data;
}

/* Rows of the first n segments. */
static inline gsize
eg_workspace_count_rows (const EgWorkspace *self, gsize n)
{
  const EgSegmentRows *rows = eg_workspace_rows (self);
  return n > 0 ? rows[n - 1].row + rows[n - 1].n_rows : 0;
}

/* Space for so many floats at least; what was there is lost. EG_ERROR_MEMORY */
gboolean
eg_workspace_reserve (EgWorkspace *self, EgBuffer *buffer, gsize n_rows, gsize width, GError **error);

/* Room for a group of so many rows and segments. EG_ERROR_MEMORY */
gboolean eg_workspace_reserve_rows (EgWorkspace *self, gsize n_rows, gsize n_segments, GError **error);

/* Makes a layer's weights those that ops use, until it is left; then those of the next one, n_layers or more
 * for none, may come while this one's ops are computed. */
gboolean eg_workspace_enter_layer (EgWorkspace *self, gsize l, GError **error);
void eg_workspace_leave_layer (EgWorkspace *self, gsize l, gsize next);

void eg_workspace_queue_copy (EgWorkspace *self, float *to, const float *from);
void eg_workspace_flush_copies (EgWorkspace *self, gsize width);
/* n floats that lie together. No copies may be queued. */
void eg_workspace_copy (EgWorkspace *self, float *to, const float *from, gsize n);

/* y = x·wᵀ + bias: products of rows, with leading dimensions. */
void eg_workspace_gemm (EgWorkspace *self,
                        float *y,
                        gsize ldy,
                        const float *x,
                        gsize ldx,
                        gsize n_rows,
                        const EgMatrix *w,
                        const float *bias);

/* The norm of n rows of width d, by the network's ε. bias: NULL for an RMSNorm. */
void eg_workspace_norm (
    EgWorkspace *self, float *y, const float *x, gsize n_rows, const float *weight, const float *bias);

/* One row a segment: to[s] = from[its last row]. */
void eg_workspace_gather_last (EgWorkspace *self, gsize n_active, float *to, const float *from, gsize width);

/* Keeps the rows with which the segments from `first` on come into a layer. */
void eg_workspace_keep_resid (EgWorkspace *self, const EgLayerRun *run, gsize first);

/* Keeps rows of `input`, the first `width` floats of each. */
void eg_workspace_keep_input (EgWorkspace *self, const EgLayerRun *run, gsize width);

/* How many of the segments, the first ones, have input rows that are yet to be computed. The others' are rows
 * that other runs had there: eg_workspace_known_input() says which. */
gsize eg_workspace_count_unknown (const EgWorkspace *self, const EgLayerRun *run);
const float *eg_workspace_known_input (const EgSegment *segment, gsize layer, gsize position);

/* Copies the known input rows, the first `width` floats of each. */
void eg_workspace_copy_known (EgWorkspace *self, const EgLayerRun *run, gsize n_computed, gsize width);

/* The one place where sites are restored and captured: in the stacked rows of a site (leading dimension ld),
 * overwrites those that each segment names, and copies out those that are kept. With only_last, the rows are
 * the segments' last positions alone. */
void eg_workspace_visit (
    EgWorkspace *self, const EgLayerRun *run, EgSite site, gboolean only_last, float *values, gsize ld);

/* Whether anything of a site is put or kept in this layer. */
gboolean eg_workspace_visits (const EgLayerRun *run, EgSite site);

/* Rows with which segments enter their first layer, the first restoration done, one segment's after
 * another's: those of all their positions, or of the last one alone. In a few ops, however many segments
 * there are. to: [rows, d] */
void eg_workspace_begin_segments (
    EgWorkspace *self, const EgSegment *segments, gsize n_segments, gboolean only_last, float *to);

/* r += o, and the last rows to `last` where only they are wanted; then the residual stream's site is visited.
 */
void eg_workspace_end_layer (EgWorkspace *self, const EgLayerRun *run);

G_END_DECLS
