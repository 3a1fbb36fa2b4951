/* Runs groups of segments through a network's layers. */
#include "network/layer.h"

#include "core/error.h"
#include "engine/stream.h"

#include <glib/gi18n.h>

EgWorkspace *
eg_workspace_new (EgNetwork *network, gsize n_threads)
{
  EgWorkspace *self = g_new0 (EgWorkspace, 1);
  self->network = eg_network_ref (network);
  self->family = eg_network_get_family (network);
  self->sizes = eg_network_get_sizes (network);
  self->dims = eg_network_get_dims (network);
  self->weights = eg_network_get_weights (network);
  self->backend = eg_network_get_backend (network);
  self->stream = self->backend->stream_new (self->backend, n_threads);
  self->rows = g_array_new (FALSE, TRUE, sizeof (EgSegmentRows));
  self->copies = g_array_new (FALSE, FALSE, sizeof (EgRowCopy));
  self->buffers = g_ptr_array_new ();
  self->own = self->family->own_new ();
  return self;
}

/* All memory that the stream's ops use. */
static void
release_memory (EgWorkspace *self)
{
  for (guint i = 0; i < self->buffers->len; i++)
    {
      EgBuffer *buffer = self->buffers->pdata[i];
      self->backend->release (self->backend, buffer->memory);
      *buffer = (EgBuffer){ 0 };
    }
  g_ptr_array_set_size (self->buffers, 0);
  if (self->slots.weights)
    eg_layer_slots_clear (&self->slots);
}

void
eg_workspace_free (EgWorkspace *self)
{
  release_memory (self);
  self->backend->stream_free (self->stream);
  self->family->own_free (self->own);
  g_array_unref (self->rows);
  g_array_unref (self->copies);
  g_ptr_array_unref (self->buffers);
  eg_network_unref (self->network);
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
  return eg_stream_check (self->backend, self->stream, error)
         && eg_network_check_files (self->network, error);
}

gboolean
eg_workspace_explain_no_number (EgWorkspace *self, GError **error)
{
  if (!eg_workspace_check (self, error) || !eg_network_check_finite (self->network, error))
    return FALSE;
  return eg_error_invalid (
      error,
      _ ("What the network makes of this prompt is no number: its values grow beyond float32’s range"));
}

EgStream *
eg_workspace_get_stream (EgWorkspace *self)
{
  return self->stream;
}

EgNetwork *
eg_workspace_get_network (EgWorkspace *self)
{
  return self->network;
}

gboolean
eg_workspace_reserve (EgWorkspace *self, EgBuffer *buffer, gsize n_rows, gsize width, GError **error)
{
  gsize n;
  const gboolean fits = g_size_checked_mul (&n, n_rows, width);
  if (fits && n <= buffer->size)
    return TRUE;
  if (buffer->memory)
    {
      self->backend->release (self->backend, buffer->memory);
      g_ptr_array_remove_fast (self->buffers, buffer);
    }
  buffer->memory = fits ? self->backend->alloc (self->backend, n) : NULL;
  buffer->size = buffer->memory ? n : 0;
  if (buffer->memory)
    {
      g_ptr_array_add (self->buffers, buffer);
      return TRUE;
    }
  if (!eg_workspace_check (self, error)) /* a lost device gives no memory, either */
    return FALSE;
  g_set_error (error, EG_ERROR, EG_ERROR_MEMORY, _ ("There is no memory left for %zu rows of %zu numbers"),
               n_rows, width);
  return FALSE;
}

gboolean
eg_workspace_reserve_rows (EgWorkspace *self, gsize n_rows, gsize n_segments, GError **error)
{
  const gsize d = self->sizes->d_model;
  return eg_workspace_reserve (self, &self->r, n_rows, d, error)
         && eg_workspace_reserve (self, &self->n, n_rows, d, error)
         && eg_workspace_reserve (self, &self->o, n_rows, d, error)
         && eg_workspace_reserve (self, &self->input, n_rows, self->sizes->d_input, error)
         && eg_workspace_reserve (self, &self->last, n_segments, d, error)
         && self->family->reserve (self, n_rows, error);
}

guint64
eg_workspace_row_size (const EgFamily *family, const EgSizes *sizes)
{
  /* r, n, o, the input and a segment's last row; and the family's own. */
  return (4 * (guint64)sizes->d_model + sizes->d_input + family->row_width (sizes)) * sizeof (float);
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

void
eg_workspace_copy (EgWorkspace *self, float *to, const float *from, gsize n)
{
  eg_workspace_queue_copy (self, to, from);
  eg_workspace_flush_copies (self, n);
}

void
eg_workspace_gemm (EgWorkspace *self,
                   float *y,
                   gsize ldy,
                   const float *x,
                   gsize ldx,
                   gsize n_rows,
                   const EgMatrix *w,
                   const float *bias)
{
  const EgGemm op = { .y = y, .ldy = ldy, .x = x, .ldx = ldx, .n_rows = n_rows, .w = w, .bias = bias };
  self->backend->gemm (self->stream, &op);
}

void
eg_workspace_norm (
    EgWorkspace *self, float *y, const float *x, gsize n_rows, const float *weight, const float *bias)
{
  const EgNorm op = { .y = y,
                      .x = x,
                      .n_rows = n_rows,
                      .d = self->sizes->d_model,
                      .weight = weight,
                      .bias = bias,
                      .eps = self->sizes->norm_eps };
  self->backend->norm (self->stream, &op);
}

/* ---- texts ---- */

float *
eg_workspace_embed (EgWorkspace *self, const guint32 *ids, gsize n, GError **error)
{
  EgBackend *be = self->backend;
  const gsize d = self->sizes->d_model;
  if (!eg_network_check_tokens (self->network, ids, n, error))
    return NULL;
  float *rows = be->alloc (be, n * d);
  if (!rows)
    {
      if (eg_workspace_check (self, error)) /* a lost device gives no memory, either */
        g_set_error_literal (error, EG_ERROR, EG_ERROR_MEMORY, _ ("There is no memory left for the prompt"));
      return NULL;
    }
  for (gsize t = 0; t < n; t++)
    be->embed (self->stream, rows + t * d, &self->weights->embedding, ids[t]);
  return rows;
}

gboolean
eg_workspace_place (EgWorkspace *self, float *embeddings, gsize first_position, gsize n, GError **error)
{
  EgBackend *be = self->backend;
  const gsize d = self->sizes->d_model;
  if (self->weights->positions.data == NULL)
    return TRUE;
  g_return_val_if_fail (first_position + n <= self->sizes->n_positions, FALSE);
  if (!eg_workspace_reserve (self, &self->positions, n, d, error))
    return FALSE;
  for (gsize t = 0; t < n; t++)
    be->embed (self->stream, self->positions.memory + t * d, &self->weights->positions, first_position + t);
  be->add (self->stream, embeddings, self->positions.memory, n * d);
  return TRUE;
}

/* ---- layers ---- */

gboolean
eg_workspace_enter_layer (EgWorkspace *self, gsize l, GError **error)
{
  EgDeviceWeights *device = eg_network_get_device_weights (self->network);
  if (!device || eg_device_weights_is_resident (device))
    {
      self->layer = eg_weights_get_layer (self->weights, self->family, l);
      return TRUE;
    }
  if (!self->slots.weights && !eg_layer_slots_init (&self->slots, device, self->stream, error))
    return FALSE;
  self->layer = eg_layer_slots_enter (&self->slots, l);
  return TRUE;
}

void
eg_workspace_leave_layer (EgWorkspace *self, gsize l, gsize next)
{
  if (self->slots.weights)
    eg_layer_slots_leave (&self->slots, l, next);
}

static void
place_rows (EgWorkspace *self, const EgSegment *segments, gsize n_segments, gsize n_positions)
{
  g_array_set_size (self->rows, 0);
  gsize row = 0;
  for (gsize s = 0; s < n_segments; s++)
    {
      const EgSegmentRows rows = { row, n_positions - segments[s].position };
      g_array_append_val (self->rows, rows);
      row += rows.n_rows;
    }
  self->n_segments = n_segments;
  self->n_positions = n_positions;
}

/* All layers. Returns with *n_active: the segments that have gone through one. */
static gboolean
run_layers (EgWorkspace *self,
            const EgSegment *segments,
            gsize n_segments,
            gsize *n_active,
            GCancellable *cancellable,
            GError **error)
{
  const gsize d = self->sizes->d_model, L = self->sizes->n_layers;
  *n_active = 0;
  for (gsize l = segments[0].layer; l < L; l++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      const gsize n_before = *n_active;
      while (*n_active < n_segments && segments[*n_active].layer <= l)
        ++*n_active;
      /* Some may begin with rows of those before them. */
      const EgLayerRun before = { .segments = segments, .n_active = n_before, .layer = l };
      eg_workspace_keep_resid (self, &before, 0);
      if (*n_active > n_before)
        eg_workspace_begin_segments (self, segments + n_before, *n_active - n_before, FALSE,
                                     self->r.memory + eg_workspace_rows (self)[n_before].row * d);
      const EgLayerRun run
          = { .segments = segments, .n_active = *n_active, .layer = l, .only_last = l + 1 == L };
      if (!eg_workspace_enter_layer (self, l, error))
        return FALSE;
      eg_workspace_keep_resid (self, &run, n_before);
      if (!self->family->run_layer (self, &run, error))
        return FALSE;
      eg_workspace_end_layer (self, &run);
      eg_workspace_leave_layer (self, l, l + 1);
    }
  return TRUE;
}

gboolean
eg_workspace_run (EgWorkspace *self,
                  const EgSegment *segments,
                  gsize n_segments,
                  gsize n_positions,
                  GCancellable *cancellable,
                  GError **error)
{
  g_return_val_if_fail (n_segments > 0, FALSE);
  const gsize d = self->sizes->d_model;
  place_rows (self, segments, n_segments, n_positions);
  gsize n_active;
  if (!eg_workspace_reserve_rows (self, eg_workspace_count_rows (self, n_segments), n_segments, error)
      || !run_layers (self, segments, n_segments, &n_active, cancellable, error))
    return FALSE;
  eg_workspace_begin_segments (self, segments + n_active, n_segments - n_active, TRUE,
                               self->last.memory + n_active * d);

  for (gsize s = 0; s < n_segments; s++)
    if (segments[s].keep)
      eg_workspace_queue_copy (self, segments[s].keep->last, self->last.memory + s * d);
  eg_workspace_flush_copies (self, d);
  eg_workspace_norm (self, self->n.memory, self->last.memory, n_segments, self->weights->norm,
                     self->weights->norm_bias);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

void
eg_workspace_end_layer (EgWorkspace *self, const EgLayerRun *run)
{
  const gsize d = self->sizes->d_model;
  const gsize n = run->only_last ? run->n_active : eg_workspace_count_rows (self, run->n_active);
  float *r = run->only_last ? self->last.memory : self->r.memory;
  self->backend->add (self->stream, r, self->o.memory, n * d);
  eg_workspace_visit (self, run, EG_SITE_RESID, run->only_last, r, d);
}

/* ---- the head ---- */

void
eg_workspace_head (EgWorkspace *self, const EgHeadQuery *query, EgHeadRow *answers)
{
  const EgHead op = { .answers = answers,
                      .x = self->n.memory,
                      .n_rows = self->n_segments,
                      .head = &self->weights->head,
                      .query = query };
  self->backend->head (self->stream, &op);
}

/* One segment's, in self->logits. */
static gboolean
compute_logits (EgWorkspace *self, gsize segment, GError **error)
{
  const gsize V = self->sizes->vocab_size, d = self->sizes->d_model;
  g_return_val_if_fail (segment < self->n_segments, FALSE);
  if (!eg_workspace_reserve (self, &self->logits, 1, V, error))
    return FALSE;
  eg_workspace_gemm (self, self->logits.memory, V, self->n.memory + segment * d, d, 1, &self->weights->head,
                     NULL);
  return TRUE;
}

gboolean
eg_workspace_logits (EgWorkspace *self, gsize segment, float *logits, GError **error)
{
  if (!compute_logits (self, segment, error))
    return FALSE;
  self->backend->download (self->stream, logits, self->logits.memory, self->sizes->vocab_size);
  return eg_workspace_check (self, error);
}

gboolean
eg_workspace_top (EgWorkspace *self, gsize segment, EgTopValue *found, gsize k, double *sum, GError **error)
{
  if (!compute_logits (self, segment, error))
    return FALSE;
  *sum = self->backend->top (self->stream, found, self->logits.memory, self->sizes->vocab_size, k);
  return eg_workspace_check (self, error);
}
