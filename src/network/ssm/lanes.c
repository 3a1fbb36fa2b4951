/* What conv and scan read before the rows that a group computes, or in place of them. */
#include "network/ssm/lanes.h"

/* h after positions first … end − 1 of a run, in one piece; without what positions from_begin … from_end − 1
 * put into it (with head_end, into these heads of it). Where the run does not keep it so, these states are
 * computed again, from the last one kept before them and the run's conv inputs. run NULL: none is needed. */
typedef struct
{
  const EgRun *run;
  gsize first, end;
  gsize from_begin, from_end;
  gsize head_begin, head_end;
} States;

/* States that are computed again: rows begin … end − 1 are run. */
typedef struct
{
  States states;
  gsize begin, slot; /* slot: of span_state, where the state after `first` goes */
} Span;

void
eg_ssm_lanes_init (EgSsmLanes *self)
{
  *self = (EgSsmLanes){ .scan = g_array_new (FALSE, TRUE, sizeof (EgScanRows)),
                        .pieces = g_array_new (FALSE, TRUE, sizeof (EgConvRows)),
                        .again = g_array_new (FALSE, TRUE, sizeof (EgScanRows)),
                        .spans = g_array_new (FALSE, FALSE, sizeof (Span)),
                        .span_conv = g_array_new (FALSE, TRUE, sizeof (EgConvRows)),
                        .span_scan = g_array_new (FALSE, TRUE, sizeof (EgScanRows)) };
}

void
eg_ssm_lanes_clear (EgSsmLanes *self)
{
  GArray *arrays[] = { self->scan, self->pieces, self->again, self->spans, self->span_conv, self->span_scan };
  for (gsize i = 0; i < G_N_ELEMENTS (arrays); i++)
    g_array_unref (arrays[i]);
}

static EgScanRows *
scan_rows (EgSsmLanes *self, gsize s)
{
  return &g_array_index (self->scan, EgScanRows, s);
}

/* Of positions, which lie before 0 in a run that is shifted. */
static gboolean
is_before (gsize a, gsize b)
{
  return (gssize)a < (gssize)b;
}

static States
states_before (const EgSegment *segment)
{
  if (segment->position == 0)
    return (States){ NULL };
  return (States){ .run = segment->base, .first = segment->position - 1, .end = segment->position };
}

/* What the functions below are about: a layer of a workspace's group. */
typedef struct
{
  EgWorkspace *workspace;
  EgSsmLanes *lanes;
  const EgSsm *ssm;
  const EgLayerRun *run;
} Loading;

/* Those that are put into this layer's state from a position on: the first range of them that are one run's.
 * What is frozen is all outside of the segment's box, and before it nothing differs from the base: there are
 * two ranges where a restored state is frozen, too. */
static States
states_to_put (const Loading *self, const EgSegment *segment, gsize position)
{
  States states = { NULL };
  const EgSite site = self->ssm->state_site;
  const gsize layer = self->run->layer;
  if (!eg_segment_replaces (segment, site, layer))
    return states;
  for (gsize t = position; t < self->workspace->n_positions; t++)
    {
      const EgRun *run = eg_segment_replacement (segment, site, layer, t);
      if (states.run && run != states.run)
        break;
      if (run && !states.run)
        states = (States){ .run = run, .first = t };
      if (run)
        states.end = t + 1;
    }
  return states;
}

static States
states_to_put_after (const Loading *self, const EgSegment *segment, const States *put)
{
  return put->run ? states_to_put (self, segment, put->end) : (States){ NULL };
}

/* The state that a knockout's first position finds. */
static States
states_knocked_out (const Loading *self, const EgSegment *segment)
{
  if (!eg_segment_cuts (segment, self->run->layer))
    return (States){ NULL };
  return (States){ .run = segment->base,
                   .first = segment->position - 1,
                   .end = segment->position,
                   .from_begin = segment->from_begin,
                   .from_end = segment->from_end,
                   .head_begin = segment->head_begin,
                   .head_end = segment->head_end };
}

static gboolean
is_kept (const States *states)
{
  const EgRunShape *shape = &eg_run_at (states->run, states->first)->shape;
  if (states->from_begin < states->from_end || is_before (states->first, shape->state_first))
    return FALSE;
  return eg_run_find_state (states->run, states->first) == states->first
         && (states->end - states->first == 1
             || (shape->state_step == 1 && !is_before (shape->state_end, states->end)));
}

static const Span *
find_span (const EgSsmLanes *self, const States *states)
{
  for (guint i = 0; i < self->spans->len; i++)
    {
      const Span *span = &g_array_index (self->spans, Span, i);
      const States *it = &span->states;
      if (it->run == states->run && it->first == states->first && it->end == states->end
          && it->from_begin == states->from_begin && it->from_end == states->from_end
          && it->head_begin == states->head_begin && it->head_end == states->head_end)
        return span;
    }
  return NULL;
}

/* Where a span begins: after the last kept state that has nothing of what is left out, or else at the text's
 * beginning. */
static gsize
find_begin (const States *states)
{
  const gsize state_first = eg_run_at (states->run, states->first)->shape.state_first;
  if (states->from_begin == states->from_end && !is_before (states->first, state_first))
    return eg_run_find_state (states->run, states->first) + 1;
  if (states->from_begin < states->from_end && states->from_begin > state_first)
    return eg_run_find_state (states->run, states->from_begin - 1) + 1;
  return eg_run_origin (states->run);
}

/* Has the states computed, unless they are kept. */
static void
request_states (EgSsmLanes *self, const States *states, gsize *n_rows, gsize *n_slots)
{
  if (!states->run || is_kept (states) || find_span (self, states))
    return;
  const Span span = { *states, .begin = find_begin (states), .slot = *n_slots };
  const gsize n = states->end - span.begin;
  const gsize skipped = is_before (span.begin, states->first) ? states->first - span.begin : 0;
  const EgConvRows conv = { .row = *n_rows, .n_rows = n };
  const EgScanRows scan
      = { .row = *n_rows, .n_rows = n, .out_first = n, .keep_first = skipped, .keep_end = n, .keep_step = 1 };
  g_array_append_val (self->spans, span);
  g_array_append_val (self->span_conv, conv);
  g_array_append_val (self->span_scan, scan);
  *n_rows += n;
  *n_slots += states->end - states->first;
}

static const float *
get_states (const Loading *self, const States *states)
{
  if (!states->run)
    return NULL;
  if (is_kept (states))
    return eg_run_state (states->run, self->run->layer, states->first);
  return self->lanes->span_state.memory
         + find_span (self->lanes, states)->slot * self->workspace->sizes->d_memory;
}

/* The rows that conv reads before a position: zeros before the text. to: [K − 1, D] */
static void
queue_history (const Loading *self, const EgRun *run, gsize position, float *to)
{
  const gsize D = self->ssm->n_inner, before = self->ssm->n_conv - 1, origin = eg_run_origin (run);
  for (gsize k = 0; k < before; k++)
    {
      const gsize t = position + k - before;
      eg_workspace_queue_copy (self->workspace, to + k * D,
                               is_before (t, origin) ? self->lanes->zero.memory
                                                     : eg_run_input (run, self->run->layer, t));
    }
}

/* Has zeros written over the rows of the positions that a span's states lack. */
static void
queue_cut (EgWorkspace *workspace, EgSsmLanes *self, guint i, float *rows, gsize ld)
{
  const Span *span = &g_array_index (self->spans, Span, i);
  const gsize row = g_array_index (self->span_scan, EgScanRows, i).row;
  for (gsize t = span->states.from_begin; t < span->states.from_end; t++)
    eg_workspace_queue_copy (workspace, rows + (row + t - span->begin) * ld, self->zero.memory);
}

void
eg_ssm_cut_inputs (
    EgWorkspace *workspace, EgSsmLanes *self, const EgSsm *ssm, float *b_rows, float *x_rows, gsize ld)
{
  for (guint i = 0; i < self->spans->len; i++)
    if (g_array_index (self->spans, Span, i).states.head_end == 0)
      queue_cut (workspace, self, i, b_rows, ld);
  eg_workspace_flush_copies (workspace, ssm->n_state);
  for (guint i = 0; i < self->spans->len; i++)
    {
      const States *states = &g_array_index (self->spans, Span, i).states;
      if (states->head_end == 0)
        continue;
      queue_cut (workspace, self, i, x_rows + states->head_begin * ssm->d_head, ld);
      eg_workspace_flush_copies (workspace, (states->head_end - states->head_begin) * ssm->d_head);
    }
}

/* The input rows of a span, and where its states begin and go. */
static void
fill_span (const Loading *self, guint i, float *x)
{
  const gsize width = self->ssm->n_span, size = self->workspace->sizes->d_memory, layer = self->run->layer;
  const Span *span = &g_array_index (self->lanes->spans, Span, i);
  EgConvRows *conv = &g_array_index (self->lanes->span_conv, EgConvRows, i);
  EgScanRows *scan = &g_array_index (self->lanes->span_scan, EgScanRows, i);
  const EgRun *run = span->states.run;
  for (gsize t = span->begin; t != span->states.end; t++)
    eg_workspace_queue_copy (self->workspace, x + (conv->row + t - span->begin) * width,
                             eg_run_input (run, layer, t));
  scan->state = span->begin != eg_run_origin (run) ? eg_run_state (run, layer, span->begin - 1) : NULL;
  scan->keep_state = self->lanes->span_state.memory
                     + (span->slot + (is_before (span->states.first, span->begin) ? 1 : 0)) * size;
}

/* Runs conv, the selection and the scan of the layer over all spans. */
static gboolean
fill_spans (const Loading *self, gsize n_rows, gsize n_slots, GError **error)
{
  EgWorkspace *workspace = self->workspace;
  EgSsmLanes *lanes = self->lanes;
  const gsize D = self->ssm->n_inner, before = self->ssm->n_conv - 1, size = workspace->sizes->d_memory;
  const guint n = lanes->spans->len;
  if (n == 0)
    return TRUE;
  if (!eg_workspace_reserve (workspace, &lanes->span_x, n_rows, self->ssm->n_span, error)
      || !eg_workspace_reserve (workspace, &lanes->span_history, n * before + 1, D, error)
      || !eg_workspace_reserve (workspace, &lanes->span_state, n_slots, size, error))
    return FALSE;

  float *x = lanes->span_x.memory;
  for (guint i = 0; i < n; i++)
    fill_span (self, i, x);
  eg_workspace_flush_copies (workspace, self->ssm->n_span);
  for (guint i = 0; i < n; i++)
    {
      const Span *span = &g_array_index (lanes->spans, Span, i);
      float *history = lanes->span_history.memory + i * before * D;
      queue_history (self, span->states.run, span->begin, history);
      g_array_index (lanes->span_conv, EgConvRows, i).history = history;
    }
  eg_workspace_flush_copies (workspace, D);
  const EgScanRows *scan = (const EgScanRows *)(gpointer)lanes->span_scan->data;
  for (guint i = 0; i < n; i++)
    {
      const Span *span = &g_array_index (lanes->spans, Span, i);
      if (is_before (span->states.first, span->begin))
        eg_workspace_queue_copy (workspace, lanes->span_state.memory + span->slot * size, scan[i].state);
    }
  eg_workspace_flush_copies (workspace, size);
  const EgSsmSpans spans = { .x = x,
                             .n_rows = n_rows,
                             .n = n,
                             .conv = (const EgConvRows *)(gpointer)lanes->span_conv->data,
                             .scan = scan };
  return self->ssm->run_again (workspace, &spans, error);
}

/* A segment's place in the scan, all states being there. */
static void
place_segment (const Loading *self, gsize s)
{
  const EgSegment *segment = &self->run->segments[s];
  const EgSegmentRows *rows = &eg_workspace_rows (self->workspace)[s];
  const States before = states_before (segment), put = states_to_put (self, segment, segment->position),
               after = states_to_put_after (self, segment, &put),
               knocked = states_knocked_out (self, segment);
  *scan_rows (self->lanes, s) = (EgScanRows){ .row = rows->row,
                                              .n_rows = rows->n_rows,
                                              .state = get_states (self, &before),
                                              .set_state = get_states (self, &put),
                                              .set_first = put.run ? put.first - segment->position : 0,
                                              .set_end = put.run ? put.end - segment->position : 0 };
  if (after.run)
    {
      /* What these rows read is all put there: they need no state before them. */
      const gsize n = after.end - after.first;
      const EgScanRows again = { .row = rows->row + after.first - segment->position,
                                 .n_rows = n,
                                 .set_state = get_states (self, &after),
                                 .set_end = n };
      g_array_append_val (self->lanes->again, again);
    }
  if (knocked.run)
    {
      const gsize n = MIN (segment->box.position_end, self->workspace->n_positions) - segment->position;
      const EgScanRows again = { .row = rows->row, .n_rows = n, .state = get_states (self, &knocked) };
      g_array_append_val (self->lanes->again, again);
    }
}

static gboolean
load_states (const Loading *self, GError **error)
{
  EgSsmLanes *lanes = self->lanes;
  gsize n_rows = 0, n_slots = 0;
  g_array_set_size (lanes->spans, 0);
  g_array_set_size (lanes->span_conv, 0);
  g_array_set_size (lanes->span_scan, 0);
  g_array_set_size (lanes->again, 0);
  g_array_set_size (lanes->scan, (guint)self->run->n_active);
  for (gsize s = 0; s < self->run->n_active; s++)
    {
      const EgSegment *segment = &self->run->segments[s];
      const States put = states_to_put (self, segment, segment->position);
      const States states[] = { states_before (segment), put, states_to_put_after (self, segment, &put),
                                states_knocked_out (self, segment) };
      for (gsize i = 0; i < G_N_ELEMENTS (states); i++)
        request_states (lanes, &states[i], &n_rows, &n_slots);
    }
  if (!fill_spans (self, n_rows, n_slots, error))
    return FALSE;
  for (gsize s = 0; s < self->run->n_active; s++)
    place_segment (self, s);
  return TRUE;
}

/* The run of which conv reads before a position, where that is put there. */
static const EgRun *
put_before (const Loading *self, const EgSegment *segment, gsize position)
{
  const EgSite site = self->ssm->conv_state_site;
  return position > 0 && eg_segment_replaces (segment, site, self->run->layer)
             ? eg_segment_replacement (segment, site, self->run->layer, position - 1)
             : NULL;
}

/* Conv's pieces: a position begins a new one when what it reads of those before is put there. */
static void
plan_pieces (const Loading *self)
{
  GArray *pieces = self->lanes->pieces;
  g_array_set_size (pieces, 0);
  for (gsize s = 0; s < self->run->n_active; s++)
    {
      const EgSegment *segment = &self->run->segments[s];
      EgConvRows piece = { .row = eg_workspace_rows (self->workspace)[s].row };
      for (gsize t = segment->position; t < self->workspace->n_positions; t++)
        {
          if (piece.n_rows > 0 && put_before (self, segment, t))
            {
              g_array_append_val (pieces, piece);
              piece.row += piece.n_rows;
              piece.n_rows = 0;
            }
          piece.n_rows++;
        }
      g_array_append_val (pieces, piece);
    }
}

static gboolean
load_pieces (const Loading *self, GError **error)
{
  GArray *pieces = self->lanes->pieces;
  const gsize D = self->ssm->n_inner, before = self->ssm->n_conv - 1;
  plan_pieces (self);
  if (!eg_workspace_reserve (self->workspace, &self->lanes->history, pieces->len * before + 1, D, error))
    return FALSE;
  gsize s = 0;
  for (guint i = 0; i < pieces->len; i++)
    {
      EgConvRows *piece = &g_array_index (pieces, EgConvRows, i);
      const EgSegmentRows *rows = eg_workspace_rows (self->workspace);
      while (piece->row >= rows[s].row + rows[s].n_rows)
        s++;
      const EgSegment *segment = &self->run->segments[s];
      const gsize t = segment->position + piece->row - rows[s].row;
      const EgRun *run = put_before (self, segment, t);
      float *history = self->lanes->history.memory + i * before * D;
      queue_history (self, run ? run : segment->base, t, history);
      piece->history = history;
    }
  eg_workspace_flush_copies (self->workspace, D);
  return TRUE;
}

/* What conv reads where the text has not begun, and B where nothing is put into the state. */
static gboolean
reserve_zero_row (const Loading *self, GError **error)
{
  EgBackend *be = self->workspace->backend;
  const gsize n = MAX (self->ssm->n_inner, self->ssm->n_state);
  if (self->lanes->zero.memory)
    return TRUE;
  if (!eg_workspace_reserve (self->workspace, &self->lanes->zero, 1, n, error))
    return FALSE;
  g_autofree float *zeros = g_new0 (float, n);
  be->upload (self->workspace->stream, self->lanes->zero.memory, zeros, n);
  return TRUE;
}

gboolean
eg_ssm_load (
    EgWorkspace *workspace, EgSsmLanes *self, const EgSsm *ssm, const EgLayerRun *run, GError **error)
{
  const Loading loading = { workspace, self, ssm, run };
  return reserve_zero_row (&loading, error) && load_pieces (&loading, error) && load_states (&loading, error);
}

void
eg_ssm_plan_outputs (EgSsmLanes *self, const EgLayerRun *run)
{
  for (gsize s = 0; s < run->n_active; s++)
    {
      EgScanRows *rows = scan_rows (self, s);
      const EgSegment *segment = &run->segments[s];
      EgRun *keep = segment->keep;
      rows->out_first = run->only_last ? rows->n_rows - 1 : 0;
      rows->out_row = run->only_last ? s : rows->row;
      rows->keep_state
          = keep && keep->shape.state_end > keep->shape.state_first ? keep->state[run->layer] : NULL;
      if (rows->keep_state)
        {
          rows->keep_first = keep->shape.state_first - segment->position;
          rows->keep_end = keep->shape.state_end - segment->position;
          rows->keep_step = keep->shape.state_step;
        }
    }
  gsize s = 0;
  for (guint i = 0; i < self->again->len; i++)
    {
      EgScanRows *again = &g_array_index (self->again, EgScanRows, i);
      while (again->row >= scan_rows (self, s)->row + scan_rows (self, s)->n_rows)
        s++;
      const EgScanRows *rows = scan_rows (self, s);
      const gsize skipped = again->row - rows->row, first = MAX (rows->out_first, skipped);
      again->out_first = MIN (first - skipped, again->n_rows);
      again->out_row = rows->out_row + first - rows->out_first;
    }
}
