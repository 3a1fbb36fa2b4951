#include "network/mamba-private.h"

#include "core/error.h"
#include "engine/stream.h"
#include "network/device-weights.h"

#include <glib/gi18n.h>

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
  self->pieces = g_array_new (FALSE, TRUE, sizeof (EgRows));
  self->spans = eg_workspace_spans_new ();
  self->span_rows = g_array_new (FALSE, TRUE, sizeof (EgRows));
  self->again = g_array_new (FALSE, TRUE, sizeof (EgRows));
  self->copies = g_array_new (FALSE, FALSE, sizeof (EgRowCopy));
  return self;
}

/* All memory that the stream's ops use. */
static void
release_memory (EgWorkspace *self)
{
  EgBuffer *buffers[]
      = { &self->r,      &self->n,      &self->o,        &self->xz,         &self->c,         &self->dbc,
          &self->delta,  &self->y,      &self->history,  &self->last,       &self->logits,    &self->zero,
          &self->span_x, &self->span_c, &self->span_dbc, &self->span_delta, &self->span_state };
  for (gsize i = 0; i < G_N_ELEMENTS (buffers); i++)
    {
      if (buffers[i]->memory)
        self->backend->release (self->backend, buffers[i]->memory);
      *buffers[i] = (EgBuffer){ 0 };
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
  g_array_unref (self->pieces);
  g_array_unref (self->spans);
  g_array_unref (self->span_rows);
  g_array_unref (self->again);
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
  return eg_stream_check (self->backend, self->stream, error) && eg_model_check_files (self->model, error);
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

gboolean
eg_workspace_reserve (EgWorkspace *self, EgBuffer *buffer, gsize n_rows, gsize width, GError **error)
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
  if (!eg_workspace_check (self, error)) /* a lost device gives no memory, either */
    return FALSE;
  g_set_error (error, EG_ERROR, EG_ERROR_MEMORY, _ ("There is no memory left for %zu rows of %zu numbers"),
               n_rows, width);
  return FALSE;
}

/* What conv reads where the text has not begun, and B where nothing is put into the state. */
static gboolean
reserve_zero_row (EgWorkspace *self, GError **error)
{
  const gsize n = MAX (self->config->d_inner, self->config->d_state);
  if (self->zero.memory)
    return TRUE;
  if (!eg_workspace_reserve (self, &self->zero, 1, n, error))
    return FALSE;
  g_autofree float *zeros = g_new0 (float, n);
  self->backend->upload (self->stream, self->zero.memory, zeros, n);
  return TRUE;
}

static gboolean
reserve_all (EgWorkspace *self, gsize n_rows, gsize n_segments, GError **error)
{
  const EgModelConfig *config = self->config;
  return reserve_zero_row (self, error)
         && eg_workspace_reserve (self, &self->r, n_rows, config->d_model, error)
         && eg_workspace_reserve (self, &self->n, n_rows, config->d_model, error)
         && eg_workspace_reserve (self, &self->o, n_rows, config->d_model, error)
         && eg_workspace_reserve (self, &self->xz, n_rows, 2 * config->d_inner, error)
         && eg_workspace_reserve (self, &self->c, n_rows, config->d_inner, error)
         && eg_workspace_reserve (self, &self->dbc, n_rows, config->dt_rank + 2 * config->d_state, error)
         && eg_workspace_reserve (self, &self->delta, n_rows, config->d_inner, error)
         && eg_workspace_reserve (self, &self->y, n_rows, config->d_inner, error)
         && eg_workspace_reserve (self, &self->last, n_segments, config->d_model, error);
}

guint64
eg_mamba_row_size (const EgModelConfig *config)
{
  const guint64 d = config->d_model, D = config->d_inner;
  /* r, n, o, xz, c, Δ, y and [δ | B | C]; a segment of one row has a history and a last position, too. */
  const guint64 row = 3 * d + 5 * D + config->dt_rank + 2 * config->d_state;
  return (row + (config->d_conv - 1) * D + d) * sizeof (float);
}

void
eg_workspace_queue_copy (EgWorkspace *self, float *to, const float *from)
{
  const EgRowCopy copy = { to, from };
  g_array_append_val (self->copies, copy);
}

void
eg_workspace_flush_copies (EgWorkspace *self, gsize width)
{
  self->backend->copy_rows (self->stream, (const EgRowCopy *)(gpointer)self->copies->data, self->copies->len,
                            width);
  g_array_set_size (self->copies, 0);
}

/* Where the last layer's or every row's y goes, and whether h is kept; the same for those that are made
 * again. */
static void
plan_outputs (EgWorkspace *self, const EgSegment *segments, gsize n_active, gsize layer, gboolean only_last)
{
  for (gsize s = 0; s < n_active; s++)
    {
      EgRows *rows = &g_array_index (self->rows, EgRows, s);
      EgRun *keep = segments[s].keep;
      rows->out_first = only_last ? rows->n_rows - 1 : 0;
      rows->out_row = only_last ? s : rows->row;
      rows->keep_state = keep && keep->shape.state_end > keep->shape.state_first ? keep->state[layer] : NULL;
      if (rows->keep_state)
        {
          rows->keep_first = keep->shape.state_first - segments[s].position;
          rows->keep_end = keep->shape.state_end - segments[s].position;
          rows->keep_step = keep->shape.state_step;
        }
    }
  gsize s = 0;
  for (guint i = 0; i < self->again->len; i++)
    {
      EgRows *again = &g_array_index (self->again, EgRows, i);
      while (again->row >= eg_workspace_rows (self)[s].row + eg_workspace_rows (self)[s].n_rows)
        s++;
      const EgRows *rows = &eg_workspace_rows (self)[s];
      const gsize skipped = again->row - rows->row, first = MAX (rows->out_first, skipped);
      again->out_first = MIN (first - skipped, again->n_rows);
      again->out_row = rows->out_row + first - rows->out_first;
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
        eg_workspace_queue_copy (self, layers[layer] + t * stride, values + (rows->row + t) * stride);
    }
  eg_workspace_flush_copies (self, width);
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

/* One row a segment: to[s] = from[its last row]. */
static void
gather_last (EgWorkspace *self, gsize n_active, float *to, const float *from, gsize width)
{
  for (gsize s = 0; s < n_active; s++)
    {
      const EgRows *rows = &g_array_index (self->rows, EgRows, s);
      eg_workspace_queue_copy (self, to + s * width, from + (rows->row + rows->n_rows - 1) * width);
    }
  eg_workspace_flush_copies (self, width);
}

/* TRUE when the rows with which a segment enters this layer are all rows of its base or its source: their
 * in_proj is known. */
static gboolean
knows_projection (const EgSegment *segment, gsize layer)
{
  return segment->layer == layer && segment->base && !segment->input
         && !(layer > 0 && segment->source && eg_segment_replaces (segment, EG_SITE_MIXER, layer - 1));
}

static const float *
known_projection (const EgSegment *segment, gsize layer, gsize position)
{
  const EgRun *run = layer > 0 ? eg_segment_replacement (segment, EG_SITE_RESID, layer - 1, position) : NULL;
  return eg_run_xz (run ? run : segment->base, layer, position);
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
  const EgRows *rows = eg_workspace_rows (self);
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
      eg_workspace_queue_copy (self, xz + (rows[s].row + i) * 2 * D,
                               known_projection (&segments[s], l, segments[s].position + i));
  eg_workspace_flush_copies (self, only_last ? D : 2 * D);
  for (gsize s = n_computed; only_last && s < n_active; s++)
    eg_workspace_queue_copy (self, xz + s * 2 * D + D,
                             known_projection (&segments[s], l, segments[s].position + rows[s].n_rows - 1)
                                 + D);
  eg_workspace_flush_copies (self, D);

  eg_workspace_visit (self, segments, n_active, EG_SITE_CONV_IN, l, FALSE, xz, 2 * D);
  eg_workspace_visit (self, segments, n_active, EG_SITE_GATE, l, only_last, xz + D, 2 * D);
  keep_rows (self, segments, n_active, only_last ? D : 2 * D, xz, 2 * D, kept_xz, l);
  for (gsize s = 0; only_last && s < n_active; s++)
    if (segments[s].keep)
      eg_workspace_queue_copy (self, segments[s].keep->xz[l] + (rows[s].n_rows - 1) * 2 * D + D,
                               xz + s * 2 * D + D);
  eg_workspace_flush_copies (self, D);
}

/* c, and Δ, B and C, of the first n_rows rows. */
static void
select_inputs (EgWorkspace *self, const EgSegment *segments, gsize n_active, gsize l, gsize n_rows)
{
  const EgModelConfig *config = self->config;
  const gsize D = config->d_inner, N = config->d_state, R = config->dt_rank;
  const EgLayerWeights *w = self->layer;
  const EgBackend *be = self->backend;
  float *c = self->c.memory, *dbc = self->dbc.memory, *delta = self->delta.memory;
  be->conv_silu (self->stream, c, self->xz.memory, 2 * D, (const EgRows *)(gpointer)self->pieces->data,
                 self->pieces->len, D, config->d_conv, w->conv, w->conv_bias);
  eg_workspace_visit (self, segments, n_active, EG_SITE_CONV, l, FALSE, c, D);
  be->gemm (self->stream, dbc, R + 2 * N, c, D, n_rows, &w->x_proj, NULL);
  be->gemm (self->stream, delta, D, dbc, R + 2 * N, n_rows, &w->dt_proj, w->dt_bias);
  be->softplus (self->stream, delta, n_rows * D);
  eg_workspace_visit (self, segments, n_active, EG_SITE_DELTA, l, FALSE, delta, D);
  eg_workspace_visit (self, segments, n_active, EG_SITE_B, l, FALSE, dbc + R, R + 2 * N);
  eg_workspace_visit (self, segments, n_active, EG_SITE_C, l, FALSE, dbc + R + N, R + 2 * N);
}

/* y, gated, n_out rows of it. */
static void
scan_states (
    EgWorkspace *self, const EgSegment *segments, gsize n_active, gsize l, gboolean only_last, gsize n_out)
{
  const EgModelConfig *config = self->config;
  const gsize D = config->d_inner, N = config->d_state, R = config->dt_rank;
  const EgLayerWeights *w = self->layer;
  const EgBackend *be = self->backend;
  const float *dbc = self->dbc.memory, *z = self->xz.memory + D;
  float *y = self->y.memory;
  const gboolean gate_apart = eg_workspace_visits_ssm (segments, n_active, l);
  plan_outputs (self, segments, n_active, l, only_last);
  be->scan (self->stream, y, self->delta.memory, self->c.memory, dbc + R, dbc + R + N, R + 2 * N,
            eg_workspace_rows (self), n_active, D, N, w->a, w->skip, gate_apart ? NULL : z, 2 * D);
  if (self->again->len > 0)
    be->scan (self->stream, y, self->delta.memory, self->c.memory, dbc + R, dbc + R + N, R + 2 * N,
              (const EgRows *)(gpointer)self->again->data, self->again->len, D, N, w->a, w->skip,
              gate_apart ? NULL : z, 2 * D);
  if (!gate_apart)
    return;
  eg_workspace_visit (self, segments, n_active, EG_SITE_SSM, l, only_last, y, D);
  be->gate (self->stream, y, z, 2 * D, n_out, D);
}

/* One layer over the first n_active segments' rows, in place on r. In the last layer only each segment's last
 * position is wanted: r's last rows come out in `last`. */
static gboolean
run_layer (EgWorkspace *self, const EgSegment *segments, gsize n_active, gsize l, GError **error)
{
  const gsize d = self->config->d_model;
  const EgLayerWeights *w = self->layer;
  const EgRows *rows = eg_workspace_rows (self);
  const gsize n_rows = rows[n_active - 1].row + rows[n_active - 1].n_rows;
  const gboolean only_last = l + 1 == self->config->n_layers;
  const gsize n_out = only_last ? n_active : n_rows;
  float *r = self->r.memory, *o = self->o.memory;

  keep_rows (self, segments, n_active, d, r, d, kept_resid, l);
  project_in (self, segments, n_active, l, only_last);
  if (!eg_workspace_load_histories (self, segments, n_active, l, error))
    return FALSE;
  select_inputs (self, segments, n_active, l, n_rows);
  scan_states (self, segments, n_active, l, only_last, n_out);
  self->backend->gemm (self->stream, o, d, self->y.memory, self->config->d_inner, n_out, &w->out_proj,
                       w->out_bias);
  eg_workspace_visit (self, segments, n_active, EG_SITE_MIXER, l, only_last, o, d);
  if (only_last)
    {
      gather_last (self, n_active, self->last.memory, r, d);
      r = self->last.memory;
    }
  self->backend->add (self->stream, r, o, n_out * d);
  eg_workspace_visit (self, segments, n_active, EG_SITE_RESID, l, only_last, r, d);
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
  self->n_positions = n_positions;

  gsize n_active = 0;
  for (gsize l = segments[0].layer; l < L; l++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      const gsize n_before = n_active;
      while (n_active < n_segments && segments[n_active].layer <= l)
        n_active++;
      if (n_active > n_before)
        eg_workspace_begin_segments (self, segments + n_before, n_active - n_before, FALSE,
                                     self->r.memory + eg_workspace_rows (self)[n_before].row * d);
      if (!enter_layer (self, l, error) || !run_layer (self, segments, n_active, l, error))
        return FALSE;
      leave_layer (self, l);
    }
  eg_workspace_begin_segments (self, segments + n_active, n_segments - n_active, TRUE,
                               self->last.memory + n_active * d);

  for (gsize s = 0; s < n_segments; s++)
    if (segments[s].keep)
      eg_workspace_queue_copy (self, segments[s].keep->last, self->last.memory + s * d);
  eg_workspace_flush_copies (self, d);
  self->backend->rmsnorm (self->stream, self->n.memory, self->last.memory, n_segments, d, self->weights->norm,
                          config->norm_eps);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

void
eg_mamba_head (EgWorkspace *self, const EgHeadQuery *query, EgHeadRow *answers)
{
  self->backend->head (self->stream, answers, self->n.memory, self->n_segments, &self->weights->head, query);
}

/* One segment's, in self->logits. */
static gboolean
compute_logits (EgWorkspace *self, gsize segment, GError **error)
{
  const gsize V = self->config->vocab_size, d = self->config->d_model;
  g_return_val_if_fail (segment < self->n_segments, FALSE);
  if (!eg_workspace_reserve (self, &self->logits, 1, V, error))
    return FALSE;
  self->backend->gemm (self->stream, self->logits.memory, V, self->n.memory + segment * d, d, 1,
                       &self->weights->head, NULL);
  return TRUE;
}

gboolean
eg_mamba_logits (EgWorkspace *self, gsize segment, float *logits, GError **error)
{
  if (!compute_logits (self, segment, error))
    return FALSE;
  self->backend->download (self->stream, logits, self->logits.memory, self->config->vocab_size);
  return eg_workspace_check (self, error);
}

gboolean
eg_mamba_top (EgWorkspace *self, gsize segment, EgTopValue *found, gsize k, double *sum, GError **error)
{
  if (!compute_logits (self, segment, error))
    return FALSE;
  *sum = self->backend->top (self->stream, found, self->logits.memory, self->config->vocab_size, k);
  return eg_workspace_check (self, error);
}
