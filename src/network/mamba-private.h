/* What the files of the network share: a worker's memory, and the values of sites. */
#pragma once

#include "network/device-weights.h"
#include "network/mamba.h"

G_BEGIN_DECLS

typedef struct
{
  float *memory;
  gsize size;
} EgBuffer;

/**
 * EgWorkspace: rows are stacked segment after segment; since segments are ordered by their first layer, those
 * at work in a layer are always the first few.
 * @slots: where layers come to the device one after another; @layer: the one that is being run
 * @r, @n, @o, @xz, @c, @dbc, @delta, @y: [rows, width] each: the residual stream; its norm; a block's output;
 * [x | z]; c; [δ | B | C]; Δ; y
 * @history: [pieces, K−1, D]; @last: the last positions' residual rows
 * @span_x … @span_delta: the same for rows that are only run again for their state; @span_state: those states
 * @rows: EgRows of the group; @pieces: those of conv, where they differ; @spans, @span_rows: EgRows of spans
 * of states, see mamba-history.c; @again: EgRows of rows whose y the scan makes a second time, from another
 * state
 * @copies: EgRowCopy to come
 */
struct _EgWorkspace
{
  EgModel *model;
  const EgModelConfig *config;
  const EgWeights *weights;
  EgBackend *backend;
  EgStream *stream;
  EgLayerSlots slots;
  const EgLayerWeights *layer;
  EgBuffer r, n, o, xz, c, dbc, delta, y, history, last, logits, zero;
  EgBuffer span_x, span_c, span_dbc, span_delta, span_state;
  GArray *rows, *pieces, *spans, *span_rows, *again;
  GArray *copies;
  gsize n_segments, n_positions;
};

/* Space for so many floats at least; what was there is lost. EG_ERROR_MEMORY */
gboolean
eg_workspace_reserve (EgWorkspace *self, EgBuffer *buffer, gsize n_rows, gsize width, GError **error);

void eg_workspace_queue_copy (EgWorkspace *self, float *to, const float *from);
void eg_workspace_flush_copies (EgWorkspace *self, gsize width);

static inline EgRows *
eg_workspace_rows (EgWorkspace *self)
{
  return (EgRows *)(gpointer)self->rows->data;
}

/* mamba-sites.c */

/* The run whose value of a site is put at (layer, position); NULL: what was computed stays. */
const EgRun *eg_segment_replacement (const EgSegment *segment, EgSite site, gsize layer, gsize position);

/* Whether a site's value is put anywhere in this layer. */
gboolean eg_segment_replaces (const EgSegment *segment, EgSite site, gsize layer);

/* The one place where sites are restored and captured: in the stacked rows of a site (leading dimension ld),
 * overwrites those that each segment names, and copies out those that are kept. With only_last, the rows are
 * the segments' last positions alone. */
void eg_workspace_visit (EgWorkspace *self,
                         const EgSegment *segments,
                         gsize n_active,
                         EgSite site,
                         gsize layer,
                         gboolean only_last,
                         float *values,
                         gsize ld);

/* Whether y before the gate is put or kept. */
gboolean eg_workspace_visits_ssm (const EgSegment *segments, gsize n_active, gsize layer);

/* Rows with which segments enter their first layer, the first restoration done, one segment's after
 * another's: those of all their positions, or of the last one alone. In a few ops, however many segments
 * there are. to: [rows, d] */
void eg_workspace_begin_segments (
    EgWorkspace *self, const EgSegment *segments, gsize n_segments, gboolean only_last, float *to);

/* mamba-history.c */

GArray *eg_workspace_spans_new (void);

/* What conv and scan read before each segment's first row, and what is put into the state: in rows, pieces
 * and knocked. */
gboolean eg_workspace_load_histories (
    EgWorkspace *self, const EgSegment *segments, gsize n_active, gsize layer, GError **error);

G_END_DECLS
