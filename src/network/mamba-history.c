/* What conv and scan read before the rows that a group computes, or in place of them. */
#include "network/mamba-private.h"

/* h after positions first … end − 1 of a run, in one piece; without what positions from_begin … from_end − 1
 * put into it. Where the run does not keep it so, these states are computed again, from the last one kept
 * before them and the run's conv inputs. run NULL: none is needed. */
typedef struct
{
  const EgRun *run;
  gsize first, end;
  gsize from_begin, from_end;
} States;

/* States that are computed again: rows begin … end − 1 are run. */
typedef struct
{
  States states;
  gsize begin, slot; /* slot: of span_state, where the state after `first` goes */
} Span;

GArray *
eg_workspace_spans_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (Span));
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

/* Those that are put into this layer's state from a position on: the first range of them that are one run's.
 * What is frozen is all outside of the segment's box, and before it nothing differs from the base: there are
 * two ranges where a restored state is frozen, too. */
static States
states_to_put (const EgWorkspace *self, const EgSegment *segment, gsize layer, gsize position)
{
  States states = { NULL };
  if (!eg_segment_replaces (segment, EG_SITE_STATE, layer))
    return states;
  for (gsize t = position; t < self->n_positions; t++)
    {
      const EgRun *run = eg_segment_replacement (segment, EG_SITE_STATE, layer, t);
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
states_to_put_after (const EgWorkspace *self, const EgSegment *segment, gsize layer, const States *put)
{
  return put->run ? states_to_put (self, segment, layer, put->end) : (States){ NULL };
}

/* The state that a knockout's first position finds. */
static States
states_knocked_out (const EgSegment *segment, gsize layer)
{
  States states = { NULL };
  if (segment->from_begin < segment->from_end && layer >= segment->box.layer_begin
      && layer < segment->box.layer_end)
    states = (States){ segment->base, segment->position - 1, segment->position, segment->from_begin,
                       segment->from_end };
  return states;
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
find_span (const EgWorkspace *self, const States *states)
{
  for (guint i = 0; i < self->spans->len; i++)
    {
      const Span *span = &g_array_index (self->spans, Span, i);
      const States *it = &span->states;
      if (it->run == states->run && it->first == states->first && it->end == states->end
          && it->from_begin == states->from_begin && it->from_end == states->from_end)
        return span;
    }
  return NULL;
}

/* Has the states computed, unless they are kept. */
static void
request_states (EgWorkspace *self, const States *states, gsize *n_rows, gsize *n_slots)
{
  if (!states->run || is_kept (states) || find_span (self, states))
    return;
  /* From the last kept state that has nothing of what is left out, or else from the text's beginning. */
  Span span = { *states, .begin = eg_run_origin (states->run), .slot = *n_slots };
  const gsize state_first = eg_run_at (states->run, states->first)->shape.state_first;
  if (states->from_begin == states->from_end && !is_before (states->first, state_first))
    span.begin = eg_run_find_state (states->run, states->first) + 1;
  else if (states->from_begin < states->from_end && states->from_begin > state_first)
    span.begin = eg_run_find_state (states->run, states->from_begin - 1) + 1;
  const gsize n = states->end - span.begin;
  const gsize skipped = is_before (span.begin, states->first) ? states->first - span.begin : 0;
  const EgRows rows
      = { .row = *n_rows, .n_rows = n, .out_first = n, .keep_first = skipped, .keep_end = n, .keep_step = 1 };
  g_array_append_val (self->spans, span);
  g_array_append_val (self->span_rows, rows);
  *n_rows += n;
  *n_slots += states->end - states->first;
}

static const float *
get_states (EgWorkspace *self, const States *states, gsize layer)
{
  if (!states->run)
    return NULL;
  if (is_kept (states))
    return eg_run_state (states->run, layer, states->first);
  const gsize size = self->config->d_inner * self->config->d_state;
  return self->span_state.memory + find_span (self, states)->slot * size;
}

/* The rows that conv reads before a position: zeros before the text. to: [K − 1, D] */
static void
queue_history (EgWorkspace *self, const EgRun *run, gsize layer, gsize position, float *to)
{
  const gsize D = self->config->d_inner, before = self->config->d_conv - 1, origin = eg_run_origin (run);
  for (gsize k = 0; k < before; k++)
    {
      const gsize t = position + k - before;
      eg_workspace_queue_copy (self, to + k * D,
                               is_before (t, origin) ? self->zero.memory : eg_run_xz (run, layer, t));
    }
}

/* What a knockout leaves out: B = 0 puts nothing into the state. */
static void
zero_inputs (EgWorkspace *self, float *b_rows, gsize ldbc)
{
  for (guint i = 0; i < self->spans->len; i++)
    {
      const Span *span = &g_array_index (self->spans, Span, i);
      const gsize row = g_array_index (self->span_rows, EgRows, i).row;
      for (gsize t = span->states.from_begin; t < span->states.from_end; t++)
        eg_workspace_queue_copy (self, b_rows + (row + t - span->begin) * ldbc, self->zero.memory);
    }
  eg_workspace_flush_copies (self, self->config->d_state);
}

/* Runs conv, the selection and the scan of one layer over all spans. */
static gboolean
fill_spans (EgWorkspace *self, gsize layer, gsize n_rows, gsize n_slots, GError **error)
{
  const EgModelConfig *config = self->config;
  const gsize D = config->d_inner, N = config->d_state, R = config->dt_rank, before = config->d_conv - 1;
  const EgLayerWeights *w = self->layer;
  const EgBackend *be = self->backend;
  const gsize n = self->spans->len;
  if (n == 0)
    return TRUE;
  if (!eg_workspace_reserve (self, &self->span_x, n_rows + n * before, D, error)
      || !eg_workspace_reserve (self, &self->span_c, n_rows, D, error)
      || !eg_workspace_reserve (self, &self->span_dbc, n_rows, R + 2 * N, error)
      || !eg_workspace_reserve (self, &self->span_delta, n_rows, D, error)
      || !eg_workspace_reserve (self, &self->span_state, n_slots, N * D, error))
    return FALSE;

  EgRows *rows = (EgRows *)(gpointer)self->span_rows->data;
  for (gsize i = 0; i < n; i++)
    {
      const Span *span = &g_array_index (self->spans, Span, i);
      const gsize begin = span->begin, first = span->states.first;
      float *history = self->span_x.memory + (n_rows + i * before) * D;
      queue_history (self, span->states.run, layer, begin, history);
      for (gsize t = begin; t != span->states.end; t++)
        eg_workspace_queue_copy (self, self->span_x.memory + (rows[i].row + t - begin) * D,
                                 eg_run_xz (span->states.run, layer, t));
      rows[i].history = history;
      rows[i].state = begin != eg_run_origin (span->states.run)
                          ? eg_run_state (span->states.run, layer, begin - 1)
                          : NULL;
      rows[i].keep_state
          = self->span_state.memory + (span->slot + (is_before (first, begin) ? 1 : 0)) * N * D;
    }
  eg_workspace_flush_copies (self, D);
  for (gsize i = 0; i < n; i++)
    {
      const Span *span = &g_array_index (self->spans, Span, i);
      if (is_before (span->states.first, span->begin))
        eg_workspace_queue_copy (self, self->span_state.memory + span->slot * N * D, rows[i].state);
    }
  eg_workspace_flush_copies (self, N * D);

  float *c = self->span_c.memory, *dbc = self->span_dbc.memory, *delta = self->span_delta.memory;
  be->conv_silu (self->stream, c, self->span_x.memory, D, rows, n, D, config->d_conv, w->conv, w->conv_bias);
  be->gemm (self->stream, dbc, R + 2 * N, c, D, n_rows, &w->x_proj, NULL);
  be->gemm (self->stream, delta, D, dbc, R + 2 * N, n_rows, &w->dt_proj, w->dt_bias);
  be->softplus (self->stream, delta, n_rows * D);
  zero_inputs (self, dbc + R, R + 2 * N);
  be->scan (self->stream, NULL, delta, c, dbc + R, dbc + R + N, R + 2 * N, rows, n, D, N, w->a, w->skip, NULL,
            0);
  return TRUE;
}

static gboolean
load_states (EgWorkspace *self, const EgSegment *segments, gsize n_active, gsize layer, GError **error)
{
  gsize n_rows = 0, n_slots = 0;
  g_array_set_size (self->spans, 0);
  g_array_set_size (self->span_rows, 0);
  g_array_set_size (self->again, 0);
  for (gsize s = 0; s < n_active; s++)
    {
      const States put = states_to_put (self, &segments[s], layer, segments[s].position);
      const States states[]
          = { states_before (&segments[s]), put, states_to_put_after (self, &segments[s], layer, &put),
              states_knocked_out (&segments[s], layer) };
      for (gsize i = 0; i < G_N_ELEMENTS (states); i++)
        request_states (self, &states[i], &n_rows, &n_slots);
    }
  if (!fill_spans (self, layer, n_rows, n_slots, error))
    return FALSE;

  for (gsize s = 0; s < n_active; s++)
    {
      const EgSegment *segment = &segments[s];
      const States before = states_before (segment),
                   put = states_to_put (self, segment, layer, segment->position),
                   after = states_to_put_after (self, segment, layer, &put),
                   knocked = states_knocked_out (segment, layer);
      EgRows *rows = &eg_workspace_rows (self)[s];
      rows->state = get_states (self, &before, layer);
      rows->set_state = get_states (self, &put, layer);
      rows->set_first = put.run ? put.first - segment->position : 0;
      rows->set_end = put.run ? put.end - segment->position : 0;
      if (after.run)
        {
          /* What these rows read is all put there: they need no state before them. */
          const gsize n = after.end - after.first;
          const EgRows again = { .row = rows->row + after.first - segment->position,
                                 .n_rows = n,
                                 .set_state = get_states (self, &after, layer),
                                 .set_end = n };
          g_array_append_val (self->again, again);
        }
      if (knocked.run)
        {
          const gsize n = MIN (segment->box.position_end, self->n_positions) - segment->position;
          const EgRows again = { .row = rows->row, .n_rows = n, .state = get_states (self, &knocked, layer) };
          g_array_append_val (self->again, again);
        }
    }
  return TRUE;
}

/* Conv's pieces: a position begins a new one when what it reads of those before is put there. */
static void
plan_pieces (EgWorkspace *self, const EgSegment *segments, gsize n_active, gsize layer)
{
  g_array_set_size (self->pieces, 0);
  for (gsize s = 0; s < n_active; s++)
    {
      const EgSegment *segment = &segments[s];
      const gboolean replaces = eg_segment_replaces (segment, EG_SITE_CONV_STATE, layer);
      EgRows piece = eg_workspace_rows (self)[s];
      piece.n_rows = 0;
      for (gsize t = segment->position; t < self->n_positions; t++)
        {
          if (piece.n_rows > 0 && replaces
              && eg_segment_replacement (segment, EG_SITE_CONV_STATE, layer, t - 1))
            {
              g_array_append_val (self->pieces, piece);
              piece.row += piece.n_rows;
              piece.n_rows = 0;
            }
          piece.n_rows++;
        }
      g_array_append_val (self->pieces, piece);
    }
}

static gboolean
load_pieces (EgWorkspace *self, const EgSegment *segments, gsize n_active, gsize layer, GError **error)
{
  const gsize D = self->config->d_inner, before = self->config->d_conv - 1;
  plan_pieces (self, segments, n_active, layer);
  if (!eg_workspace_reserve (self, &self->history, self->pieces->len * before + 1, D, error))
    return FALSE;
  gsize s = 0;
  for (guint i = 0; i < self->pieces->len; i++)
    {
      EgRows *piece = &g_array_index (self->pieces, EgRows, i);
      const EgRows *rows = eg_workspace_rows (self);
      while (piece->row >= rows[s].row + rows[s].n_rows)
        s++;
      const gsize t = segments[s].position + piece->row - rows[s].row;
      const EgRun *run = t > 0 && eg_segment_replaces (&segments[s], EG_SITE_CONV_STATE, layer)
                             ? eg_segment_replacement (&segments[s], EG_SITE_CONV_STATE, layer, t - 1)
                             : NULL;
      float *history = self->history.memory + i * before * D;
      queue_history (self, run ? run : segments[s].base, layer, t, history);
      piece->history = history;
    }
  eg_workspace_flush_copies (self, D);
  return TRUE;
}

gboolean
eg_workspace_load_histories (
    EgWorkspace *self, const EgSegment *segments, gsize n_active, gsize layer, GError **error)
{
  return load_pieces (self, segments, n_active, layer, error)
         && load_states (self, segments, n_active, layer, error);
}
