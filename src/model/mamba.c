#include "model/mamba.h"

#include "core/error.h"
#include "engine/stream.h"
#include "model/device-weights.h"

#include <glib/gi18n.h>

/* Rows are stacked segment after segment; since segments are ordered by their first layer, those at work in a
 * layer are always the first few. */
typedef struct
{
  float *memory;
  gsize size;
} Buffer;

/* Positions after a base's last kept state and before those of one segment or more, whose state is computed
 * again from the base's conv inputs. */
typedef struct
{
  const EgRun *base;
  gsize kept, end; /* after position `kept` h is kept; positions kept + 1 … end − 1 are run */
} Gap;

struct _EgWorkspace
{
  EgModel *model;
  const EgModelConfig *config;
  const EgWeights *weights;
  EgBackend *backend;
  EgStream *stream;
  EgLayerSlots slots;          /* where layers come to the device one after another */
  const EgLayerWeights *layer; /* the one that is being run */
  /* [rows, width] each: the residual stream; its norm, and a block's output; [x | z]; c; [δ | B | C]; Δ; y;
   * [segments, K−1, D]; the last positions' residual rows. */
  Buffer r, n, o, xz, c, dbc, delta, y, history, last, logits, zero;
  /* The same for rows that are only run again for their state; the states, [gaps, N, D]. */
  Buffer gap_x, gap_c, gap_dbc, gap_delta, gap_state;
  GArray *rows;     /* EgRows of the group */
  GArray *gaps;     /* of Gap */
  GArray *gap_rows; /* EgRows of the gaps, without what lies between them in gap_x */
  GArray *copies;   /* EgRowCopy to come */
  gsize n_segments;
};

EgWorkspace *
eg_workspace_new (EgModel *model, gsize n_threads)
{
  EgWorkspace *self = g_new0 (EgWorkspace, 1);
  self->model = eg_model_ref (model);
  self->config = eg_model_get_config (model);
  self->weights = eg_model_get_weights (model);
  self->backend = eg_model_get_backend (model);
  self->stream = self->backend->stream_new (self->backend, n_threads);
  self->rows = g_array_new (FALSE, TRUE, sizeof (EgRows));
  self->gaps = g_array_new (FALSE, FALSE, sizeof (Gap));
  self->gap_rows = g_array_new (FALSE, TRUE, sizeof (EgRows));
  self->copies = g_array_new (FALSE, FALSE, sizeof (EgRowCopy));
  return self;
}

/* All memory that the stream's ops use. */
static void
release_memory (EgWorkspace *self)
{
  Buffer *buffers[]
      = { &self->r,     &self->n,     &self->o,       &self->xz,        &self->c,        &self->dbc,
          &self->delta, &self->y,     &self->history, &self->last,      &self->logits,   &self->zero,
          &self->gap_x, &self->gap_c, &self->gap_dbc, &self->gap_delta, &self->gap_state };
  for (gsize i = 0; i < G_N_ELEMENTS (buffers); i++)
    {
      if (buffers[i]->memory)
        self->backend->release (self->backend, buffers[i]->memory);
      *buffers[i] = (Buffer){ 0 };
    }
  if (self->slots.weights)
    eg_layer_slots_clear (&self->slots);
}

void
eg_workspace_free (EgWorkspace *self)
{
  release_memory (self);
  self->backend->stream_free (self->stream);
  g_array_unref (self->rows);
  g_array_unref (self->gaps);
  g_array_unref (self->gap_rows);
  g_array_unref (self->copies);
  eg_model_unref (self->model);
  g_free (self);
}

void
eg_workspace_reset (EgWorkspace *self)
{
  release_memory (self);
  self->backend->stream_free (self->stream);
  self->stream = self->backend->stream_new (self->backend, 1);
}

gboolean
eg_workspace_check (EgWorkspace *self, GError **error)
{
  return eg_stream_check (self->backend, self->stream, error);
}

EgStream *
eg_workspace_get_stream (EgWorkspace *self)
{
  return self->stream;
}

gsize
eg_workspace_get_vocab_size (EgWorkspace *self)
{
  return self->config->vocab_size;
}

static gboolean
reserve (EgWorkspace *self, Buffer *buffer, gsize n_rows, gsize width, GError **error)
{
  gsize n;
  const gboolean fits = g_size_checked_mul (&n, n_rows, width);
  if (fits && n <= buffer->size)
    return TRUE;
  if (buffer->memory)
    self->backend->release (self->backend, buffer->memory);
  buffer->memory = fits ? self->backend->alloc (self->backend, n) : NULL;
  buffer->size = buffer->memory ? n : 0;
  if (buffer->memory)
    return TRUE;
  g_set_error (error, EG_ERROR, EG_ERROR_MEMORY, _ ("There is no memory left for %zu rows of %zu numbers"),
               n_rows, width);
  return FALSE;
}

/* The row that conv reads where the text has not begun. */
static gboolean
reserve_zero_row (EgWorkspace *self, GError **error)
{
  const gsize D = self->config->d_inner;
  if (self->zero.memory)
    return TRUE;
  if (!reserve (self, &self->zero, 1, D, error))
    return FALSE;
  g_autofree float *zeros = g_new0 (float, D);
  self->backend->upload (self->stream, self->zero.memory, zeros, D);
  return TRUE;
}

static gboolean
reserve_all (EgWorkspace *self, gsize n_rows, gsize n_segments, GError **error)
{
  const EgModelConfig *config = self->config;
  return reserve_zero_row (self, error) && reserve (self, &self->r, n_rows, config->d_model, error)
         && reserve (self, &self->n, n_rows, config->d_model, error)
         && reserve (self, &self->o, n_rows, config->d_model, error)
         && reserve (self, &self->xz, n_rows, 2 * config->d_inner, error)
         && reserve (self, &self->c, n_rows, config->d_inner, error)
         && reserve (self, &self->dbc, n_rows, config->dt_rank + 2 * config->d_state, error)
         && reserve (self, &self->delta, n_rows, config->d_inner, error)
         && reserve (self, &self->y, n_rows, config->d_inner, error)
         && reserve (self, &self->history, n_segments * (config->d_conv - 1) + 1, config->d_inner, error)
         && reserve (self, &self->last, n_segments, config->d_model, error);
}

static void
queue_copy (EgWorkspace *self, float *to, const float *from)
{
  const EgRowCopy copy = { to, from };
  g_array_append_val (self->copies, copy);
}

static void
flush_copies (EgWorkspace *self, gsize width)
{
  self->backend->copy_rows (self->stream, (const EgRowCopy *)(gpointer)self->copies->data, self->copies->len,
                            width);
  g_array_set_size (self->copies, 0);
}

/* TRUE when the segment's restoration covers this site of this layer. */
static gboolean
restores (const EgSegment *segment, EgSite site, gsize layer)
{
  return segment->source && segment->site == site && layer >= segment->window_begin
         && layer < segment->window_end;
}

static const float *
source_row (const EgSegment *segment, EgSite site, gsize layer, gsize position)
{
  return site == EG_SITE_MIXER ? eg_run_mixer (segment->source, layer, position)
                               : eg_run_resid_after (segment->source, layer, position);
}

/* The one place where sites are restored: overwrites, in the stacked rows of a site, those that each segment
 * names. With only_last, the rows are the segments' last positions alone. */
static void
restore (EgWorkspace *self,
         const EgSegment *segments,
         gsize n_active,
         gsize n_positions,
         EgSite site,
         gsize layer,
         gboolean only_last,
         float *values,
         gsize width)
{
  for (gsize s = 0; s < n_active; s++)
    {
      const EgSegment *segment = &segments[s];
      if (!restores (segment, site, layer))
        continue;
      const gsize begin = only_last ? MAX (segment->restore_begin, n_positions - 1) : segment->restore_begin;
      for (gsize t = begin; t < segment->restore_end; t++)
        {
          const gsize row = only_last ? s : g_array_index (self->rows, EgRows, s).row + t - segment->position;
          queue_copy (self, values + row * width, source_row (segment, site, layer, t));
        }
    }
  flush_copies (self, width);
}

/* Rows with which a segment enters its first layer, its first restoration done. to: [n_positions − from, d]
 */
static void
begin_segment (EgWorkspace *self, const EgSegment *segment, gsize from, gsize n_positions, float *to)
{
  const gsize d = self->config->d_model, l = segment->layer;
  const gboolean after_mixer = l > 0 && restores (segment, EG_SITE_MIXER, l - 1);
  const gboolean after_resid = l > 0 && restores (segment, EG_SITE_RESID, l - 1);
  for (gsize t = from; t < n_positions; t++)
    {
      const gboolean restored = t >= segment->restore_begin && t < segment->restore_end;
      const float *row = segment->input            ? segment->input + (t - segment->position) * d
                         : restored && after_resid ? eg_run_resid_after (segment->source, l - 1, t)
                         : restored && after_mixer ? eg_run_resid (segment->base, l - 1, t)
                         : l > 0                   ? eg_run_resid_after (segment->base, l - 1, t)
                                                   : eg_run_resid (segment->base, 0, t);
      queue_copy (self, to + (t - from) * d, row);
    }
  flush_copies (self, d);
  if (after_mixer)
    for (gsize t = MAX (from, segment->restore_begin); t < segment->restore_end; t++)
      self->backend->add (self->stream, to + (t - from) * d, eg_run_mixer (segment->source, l - 1, t), d);
}

/* The rows that conv reads before a position. to: [K − 1, D] */
static void
queue_history (EgWorkspace *self, const EgRun *base, gsize layer, gsize position, float *to)
{
  const gsize D = self->config->d_inner, before = self->config->d_conv - 1;
  for (gsize k = 0; k < before; k++)
    queue_copy (self, to + k * D,
                position + k >= before ? eg_run_xz (base, layer, position + k - before) : self->zero.memory);
}

/* The gap in front of a segment; FALSE when its state is kept. */
static gboolean
find_gap (const EgSegment *segment, Gap *gap)
{
  if (segment->position == 0)
    return FALSE;
  *gap = (Gap){ .base = segment->base,
                .kept = eg_run_find_state (segment->base, segment->position - 1),
                .end = segment->position };
  return gap->kept + 1 < gap->end;
}

static gsize
gap_index (EgWorkspace *self, const Gap *gap)
{
  gsize i = 0;
  for (; i < self->gaps->len; i++)
    {
      const Gap *it = &g_array_index (self->gaps, Gap, i);
      if (it->base == gap->base && it->end == gap->end)
        break;
    }
  return i;
}

/* Runs conv, the selection and the scan of one layer over the gaps before its segments, and points these to
 * the states. */
static gboolean
fill_gaps (EgWorkspace *self, const EgSegment *segments, gsize n_active, gsize layer, GError **error)
{
  const EgModelConfig *config = self->config;
  const gsize D = config->d_inner, N = config->d_state, R = config->dt_rank, before = config->d_conv - 1;
  const EgLayerWeights *w = self->layer;
  const EgBackend *be = self->backend;
  gsize n_rows = 0;
  Gap gap;
  g_array_set_size (self->gaps, 0);
  g_array_set_size (self->gap_rows, 0);
  for (gsize s = 0; s < n_active; s++)
    if (find_gap (&segments[s], &gap) && gap_index (self, &gap) == self->gaps->len)
      {
        const gsize n = gap.end - gap.kept - 1;
        const EgRows rows = { .row = n_rows,
                              .n_rows = n,
                              .out_first = n,
                              .keep_first = n - 1,
                              .keep_end = n,
                              .keep_step = 1,
                              .state = eg_run_state (gap.base, layer, gap.kept) };
        g_array_append_val (self->gaps, gap);
        g_array_append_val (self->gap_rows, rows);
        n_rows += n;
      }
  const gsize n_gaps = self->gaps->len;
  if (n_gaps == 0)
    return TRUE;
  if (!reserve (self, &self->gap_x, n_rows + n_gaps * before, D, error)
      || !reserve (self, &self->gap_c, n_rows, D, error)
      || !reserve (self, &self->gap_dbc, n_rows, R + 2 * N, error)
      || !reserve (self, &self->gap_delta, n_rows, D, error)
      || !reserve (self, &self->gap_state, n_gaps, N * D, error))
    return FALSE;

  EgRows *rows = (EgRows *)(gpointer)self->gap_rows->data;
  for (gsize g = 0; g < n_gaps; g++)
    {
      const Gap *it = &g_array_index (self->gaps, Gap, g);
      float *history = self->gap_x.memory + (n_rows + g * before) * D;
      queue_history (self, it->base, layer, it->kept + 1, history);
      for (gsize t = it->kept + 1; t < it->end; t++)
        queue_copy (self, self->gap_x.memory + (rows[g].row + t - it->kept - 1) * D,
                    eg_run_xz (it->base, layer, t));
      rows[g].history = history;
      rows[g].keep_state = self->gap_state.memory + g * N * D;
    }
  flush_copies (self, D);
  float *c = self->gap_c.memory, *dbc = self->gap_dbc.memory, *delta = self->gap_delta.memory;
  be->conv_silu (self->stream, c, self->gap_x.memory, D, rows, n_gaps, D, config->d_conv, w->conv,
                 w->conv_bias);
  be->gemm (self->stream, dbc, R + 2 * N, c, D, n_rows, &w->x_proj, NULL);
  be->gemm (self->stream, delta, D, dbc, R + 2 * N, n_rows, &w->dt_proj, w->dt_bias);
  be->softplus (self->stream, delta, n_rows * D);
  be->scan (self->stream, NULL, delta, c, dbc + R, dbc + R + N, R + 2 * N, rows, n_gaps, D, N, w->a, w->skip,
            NULL, 0);

  for (gsize s = 0; s < n_active; s++)
    if (find_gap (&segments[s], &gap))
      g_array_index (self->rows, EgRows, s).state = rows[gap_index (self, &gap)].keep_state;
  return TRUE;
}

/* What conv and scan read before each segment's first row. */
static gboolean
load_histories (EgWorkspace *self, const EgSegment *segments, gsize n_active, gsize layer, GError **error)
{
  const gsize D = self->config->d_inner, before = self->config->d_conv - 1;
  for (gsize s = 0; s < n_active; s++)
    {
      const EgSegment *segment = &segments[s];
      EgRows *rows = &g_array_index (self->rows, EgRows, s);
      float *history = self->history.memory + s * before * D;
      rows->history = history;
      rows->state = segment->position > 0 ? eg_run_state (
                        segment->base, layer, eg_run_find_state (segment->base, segment->position - 1))
                                          : NULL;
      queue_history (self, segment->base, layer, segment->position, history);
    }
  flush_copies (self, D);
  return fill_gaps (self, segments, n_active, layer, error);
}

/* Where the last layer's or every row's y goes, and whether h is kept. */
static void
plan_outputs (EgWorkspace *self, const EgSegment *segments, gsize n_active, gsize layer, gboolean only_last)
{
  for (gsize s = 0; s < n_active; s++)
    {
      EgRows *rows = &g_array_index (self->rows, EgRows, s);
      EgRun *keep = segments[s].keep;
      rows->out_first = only_last ? rows->n_rows - 1 : 0;
      rows->out_row = only_last ? s : rows->row;
      rows->keep_state = keep && keep->state_end > keep->state_first ? keep->state[layer] : NULL;
      if (rows->keep_state)
        {
          rows->keep_first = keep->state_first - segments[s].position;
          rows->keep_end = keep->state_end - segments[s].position;
          rows->keep_step = keep->state_step;
        }
    }
}

static void
keep_rows (EgWorkspace *self,
           const EgSegment *segments,
           gsize n_active,
           gsize width,
           const float *values,
           gsize stride,
           float *const *(*kept) (const EgRun *run),
           gsize layer)
{
  for (gsize s = 0; s < n_active; s++)
    {
      float *const *layers = segments[s].keep ? kept (segments[s].keep) : NULL;
      const EgRows *rows = &g_array_index (self->rows, EgRows, s);
      for (gsize t = 0; layers && t < rows->n_rows; t++)
        queue_copy (self, layers[layer] + t * stride, values + (rows->row + t) * stride);
    }
  flush_copies (self, width);
}

static float *const *
kept_resid (const EgRun *run)
{
  return run->resid;
}

static float *const *
kept_xz (const EgRun *run)
{
  return run->xz;
}

static float *const *
kept_mixer (const EgRun *run)
{
  return run->mixer;
}

/* One row a segment: to[s] = from[its last row]. */
static void
gather_last (EgWorkspace *self, gsize n_active, float *to, const float *from, gsize width)
{
  for (gsize s = 0; s < n_active; s++)
    {
      const EgRows *rows = &g_array_index (self->rows, EgRows, s);
      queue_copy (self, to + s * width, from + (rows->row + rows->n_rows - 1) * width);
    }
  flush_copies (self, width);
}

/* TRUE when the rows with which a segment enters this layer are all rows of its base or its source: their
 * in_proj is known. */
static gboolean
knows_projection (const EgSegment *segment, gsize layer)
{
  return segment->layer == layer && segment->base && !segment->input
         && !(layer > 0 && restores (segment, EG_SITE_MIXER, layer - 1));
}

static const float *
known_projection (const EgSegment *segment, gsize layer, gsize position)
{
  const gboolean restored = position >= segment->restore_begin && position < segment->restore_end && layer > 0
                            && restores (segment, EG_SITE_RESID, layer - 1);
  return eg_run_xz (restored ? segment->source : segment->base, layer, position);
}

/* [x | z] of the first n_active segments' rows, those that are known copied: with only_last, x of every row,
 * and as row s of z that of segment s's last position. */
static void
project_in (EgWorkspace *self, const EgSegment *segments, gsize n_active, gsize l, gboolean only_last)
{
  const gsize d = self->config->d_model, D = self->config->d_inner;
  const EgLayerWeights *w = self->layer;
  const EgBackend *be = self->backend;
  EgStream *stream = self->stream;
  const EgRows *rows = (const EgRows *)(gpointer)self->rows->data;
  float *n = self->n.memory, *xz = self->xz.memory;
  gsize n_computed = n_active;
  while (n_computed > 0 && knows_projection (&segments[n_computed - 1], l))
    n_computed--;
  const gsize n_rows = n_computed > 0 ? rows[n_computed - 1].row + rows[n_computed - 1].n_rows : 0;

  if (n_rows > 0)
    be->rmsnorm (stream, n, self->r.memory, n_rows, d, w->norm, self->config->norm_eps);
  if (n_rows > 0 && only_last)
    {
      const EgMatrix x_half = { w->in_proj.data, w->in_proj.dtype, D, d };
      const EgMatrix z_half
          = { (const guint8 *)w->in_proj.data + D * d * eg_dtype_get_size (w->in_proj.dtype),
              w->in_proj.dtype, D, d };
      be->gemm (stream, xz, 2 * D, n, d, n_rows, &x_half, w->in_bias);
      gather_last (self, n_computed, self->o.memory, n, d);
      be->gemm (stream, xz + D, 2 * D, self->o.memory, d, n_computed, &z_half,
                w->in_bias ? w->in_bias + D : NULL);
    }
  else if (n_rows > 0)
    be->gemm (stream, xz, 2 * D, n, d, n_rows, &w->in_proj, w->in_bias);

  for (gsize s = n_computed; s < n_active; s++)
    for (gsize i = 0; i < rows[s].n_rows; i++)
      queue_copy (self, xz + (rows[s].row + i) * 2 * D,
                  known_projection (&segments[s], l, segments[s].position + i));
  flush_copies (self, only_last ? D : 2 * D);
  for (gsize s = n_computed; only_last && s < n_active; s++)
    queue_copy (self, xz + s * 2 * D + D,
                known_projection (&segments[s], l, segments[s].position + rows[s].n_rows - 1) + D);
  flush_copies (self, D);

  keep_rows (self, segments, n_active, only_last ? D : 2 * D, xz, 2 * D, kept_xz, l);
  for (gsize s = 0; only_last && s < n_active; s++)
    if (segments[s].keep)
      queue_copy (self, segments[s].keep->xz[l] + (rows[s].n_rows - 1) * 2 * D + D, xz + s * 2 * D + D);
  flush_copies (self, D);
}

/* One layer over the first n_active segments' rows, in place on r. In the last layer only each segment's last
 * position is wanted: r's last rows come out in `last`. */
static gboolean
run_layer (
    EgWorkspace *self, const EgSegment *segments, gsize n_active, gsize n_positions, gsize l, GError **error)
{
  const EgModelConfig *config = self->config;
  const gsize d = config->d_model, D = config->d_inner, N = config->d_state, R = config->dt_rank;
  const EgLayerWeights *w = self->layer;
  const EgBackend *be = self->backend;
  EgStream *stream = self->stream;
  const EgRows *rows = (const EgRows *)(gpointer)self->rows->data;
  const gsize n_rows = rows[n_active - 1].row + rows[n_active - 1].n_rows;
  const gboolean only_last = l + 1 == config->n_layers;
  const gsize n_out = only_last ? n_active : n_rows;
  float *r = self->r.memory, *xz = self->xz.memory, *c = self->c.memory;
  float *dbc = self->dbc.memory, *delta = self->delta.memory, *y = self->y.memory, *o = self->o.memory;

  keep_rows (self, segments, n_active, d, r, d, kept_resid, l);
  project_in (self, segments, n_active, l, only_last);

  if (!load_histories (self, segments, n_active, l, error))
    return FALSE;
  be->conv_silu (stream, c, xz, 2 * D, rows, n_active, D, config->d_conv, w->conv, w->conv_bias);
  be->gemm (stream, dbc, R + 2 * N, c, D, n_rows, &w->x_proj, NULL);
  be->gemm (stream, delta, D, dbc, R + 2 * N, n_rows, &w->dt_proj, w->dt_bias);
  be->softplus (stream, delta, n_rows * D);
  plan_outputs (self, segments, n_active, l, only_last);
  be->scan (stream, y, delta, c, dbc + R, dbc + R + N, R + 2 * N, rows, n_active, D, N, w->a, w->skip, xz + D,
            2 * D);
  be->gemm (stream, o, d, y, D, n_out, &w->out_proj, w->out_bias);

  restore (self, segments, n_active, n_positions, EG_SITE_MIXER, l, only_last, o, d);
  if (only_last)
    {
      gather_last (self, n_active, self->last.memory, r, d);
      for (gsize s = 0; s < n_active; s++)
        if (segments[s].keep && segments[s].keep->mixer)
          queue_copy (self, segments[s].keep->mixer[l] + (rows[s].n_rows - 1) * d, o + s * d);
      flush_copies (self, d);
    }
  else
    keep_rows (self, segments, n_active, d, o, d, kept_mixer, l);
  r = only_last ? self->last.memory : r;
  be->add (stream, r, o, n_out * d);
  restore (self, segments, n_active, n_positions, EG_SITE_RESID, l, only_last, r, d);
  return TRUE;
}

/* Makes a layer's weights those that ops use. */
static gboolean
enter_layer (EgWorkspace *self, gsize l, GError **error)
{
  EgDeviceWeights *device = eg_model_get_device_weights (self->model);
  if (!device || eg_device_weights_is_resident (device))
    {
      self->layer = &self->weights->layers[l];
      return TRUE;
    }
  if (!self->slots.weights && !eg_layer_slots_init (&self->slots, device, self->stream, error))
    return FALSE;
  self->layer = eg_layer_slots_enter (&self->slots, l);
  return TRUE;
}

/* The next layer's weights may come while this one is computed. */
static void
leave_layer (EgWorkspace *self, gsize l)
{
  if (self->slots.weights)
    eg_layer_slots_leave (&self->slots, l, l + 1);
}

static void
place_rows (EgWorkspace *self, const EgSegment *segments, gsize n_segments, gsize n_positions, gsize *n_rows)
{
  g_array_set_size (self->rows, 0);
  g_array_set_size (self->rows, (guint)n_segments);
  *n_rows = 0;
  for (gsize s = 0; s < n_segments; s++)
    {
      EgRows *rows = &g_array_index (self->rows, EgRows, s);
      rows->row = *n_rows;
      rows->n_rows = n_positions - segments[s].position;
      *n_rows += rows->n_rows;
    }
}

gboolean
eg_mamba_run (EgWorkspace *self,
              const EgSegment *segments,
              gsize n_segments,
              gsize n_positions,
              GCancellable *cancellable,
              GError **error)
{
  g_return_val_if_fail (n_segments > 0, FALSE);
  const EgModelConfig *config = self->config;
  const gsize d = config->d_model, L = config->n_layers;
  gsize n_rows;
  place_rows (self, segments, n_segments, n_positions, &n_rows);
  if (!reserve_all (self, n_rows, n_segments, error))
    return FALSE;
  self->n_segments = n_segments;

  gsize n_active = 0;
  for (gsize l = segments[0].layer; l < L; l++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      for (; n_active < n_segments && segments[n_active].layer <= l; n_active++)
        begin_segment (self, &segments[n_active], segments[n_active].position, n_positions,
                       self->r.memory + g_array_index (self->rows, EgRows, n_active).row * d);
      if (!enter_layer (self, l, error) || !run_layer (self, segments, n_active, n_positions, l, error))
        return FALSE;
      leave_layer (self, l);
    }
  for (gsize s = n_active; s < n_segments; s++)
    begin_segment (self, &segments[s], n_positions - 1, n_positions, self->last.memory + s * d);

  for (gsize s = 0; s < n_segments; s++)
    if (segments[s].keep)
      queue_copy (self, segments[s].keep->last, self->last.memory + s * d);
  flush_copies (self, d);
  self->backend->rmsnorm (self->stream, self->n.memory, self->last.memory, n_segments, d, self->weights->norm,
                          config->norm_eps);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

void
eg_mamba_head (EgWorkspace *self, const EgHeadQuery *query, EgHeadRow *answers)
{
  self->backend->head (self->stream, answers, self->n.memory, self->n_segments, &self->weights->head, query);
}

gboolean
eg_mamba_logits (EgWorkspace *self, gsize segment, float *logits, GError **error)
{
  const gsize V = self->config->vocab_size, d = self->config->d_model;
  g_return_val_if_fail (segment < self->n_segments, FALSE);
  if (!reserve (self, &self->logits, 1, V, error))
    return FALSE;
  self->backend->gemm (self->stream, self->logits.memory, V, self->n.memory + segment * d, d, 1,
                       &self->weights->head, NULL);
  self->backend->download (self->stream, logits, self->logits.memory, V);
  return eg_workspace_check (self, error);
}
