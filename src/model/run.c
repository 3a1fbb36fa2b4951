#include "model/run.h"

#include "core/error.h"

#include <glib/gi18n.h>

static void
free_layers (EgRun *self, float **layers)
{
  for (gsize l = 0; layers && !self->is_view && l < self->n_layers; l++)
    if (layers[l])
      self->backend->release (self->backend, layers[l]);
  g_free (layers);
}

static float **
alloc_layers (EgRun *self, gsize n_rows, gsize width, gboolean *ok)
{
  float **layers = g_new0 (float *, self->n_layers);
  gsize n = 0;
  *ok = *ok && g_size_checked_mul (&n, n_rows, width);
  for (gsize l = 0; *ok && n > 0 && l < self->n_layers; l++)
    {
      layers[l] = self->backend->alloc (self->backend, n);
      *ok = layers[l] != NULL;
    }
  return layers;
}

EgRun *
eg_run_new (EgModel *model,
            const EgRun *base,
            gsize n_positions,
            gsize first,
            gsize state_first,
            gsize state_end,
            gsize state_step,
            gboolean keep_mixer,
            GError **error)
{
  g_return_val_if_fail (first < n_positions && (first == 0 || base), NULL);
  const EgModelConfig *config = eg_model_get_config (model);
  EgRun *self = g_new0 (EgRun, 1);
  self->backend = eg_model_get_backend (model);
  self->base = base;
  self->n_layers = config->n_layers;
  self->d_model = config->d_model;
  self->d_inner = config->d_inner;
  self->d_state = config->d_state;
  self->n_positions = n_positions;
  self->first = first;
  self->state_first = state_first;
  self->state_end = MAX (state_first, state_end);
  self->state_step = state_step;

  const gsize n = n_positions - first,
              n_states = (self->state_end - state_first + state_step - 1) / state_step;
  gboolean ok = TRUE;
  self->resid = alloc_layers (self, n, self->d_model, &ok);
  self->xz = alloc_layers (self, n, 2 * self->d_inner, &ok);
  self->state = alloc_layers (self, n_states, self->d_inner * self->d_state, &ok);
  if (keep_mixer)
    self->mixer = alloc_layers (self, n, self->d_model, &ok);
  self->last = self->backend->alloc (self->backend, self->d_model);
  if (ok && self->last)
    return self;

  eg_run_free (self);
  g_autofree char *size
      = g_format_size_full (eg_run_size (config, n, n_states, keep_mixer), G_FORMAT_SIZE_IEC_UNITS);
  g_set_error (error, EG_ERROR, EG_ERROR_MEMORY,
               _ ("There is no memory left for a run of the network, which keeps %s"), size);
  return NULL;
}

void
eg_run_free (EgRun *self)
{
  free_layers (self, self->resid);
  free_layers (self, self->xz);
  free_layers (self, self->state);
  free_layers (self, self->mixer);
  if (self->last && !self->is_view)
    self->backend->release (self->backend, self->last);
  g_free (self);
}

/* Rows that begin `shift` positions later; of a negative shift, the first ones are left out. */
static float **
shift_layers (float *const *layers, gsize n_layers, gsize width, gssize shift)
{
  if (!layers)
    return NULL;
  float **shifted = g_new0 (float *, n_layers);
  for (gsize l = 0; l < n_layers; l++)
    if (layers[l])
      shifted[l] = layers[l] + (shift < 0 ? (gsize)-shift * width : 0);
  return shifted;
}

EgRun *
eg_run_new_shifted (const EgRun *run, gssize shift)
{
  g_return_val_if_fail (run->first == 0 && (gssize)run->n_positions + shift > 0, NULL);
  EgRun *self = g_memdup2 (run, sizeof *run);
  self->is_view = TRUE;
  self->first = shift > 0 ? (gsize)shift : 0;
  self->n_positions = (gsize)((gssize)run->n_positions + shift);
  self->resid = shift_layers (run->resid, run->n_layers, run->d_model, shift);
  self->xz = shift_layers (run->xz, run->n_layers, 2 * run->d_inner, shift);
  self->mixer = shift_layers (run->mixer, run->n_layers, run->d_model, shift);
  self->state = NULL;
  return self;
}

guint64
eg_run_size (const EgModelConfig *config, gsize n_kept, gsize n_states, gboolean keep_mixer)
{
  const guint64 row = (guint64)config->d_model * (keep_mixer ? 2 : 1) + 2 * config->d_inner;
  const guint64 state = (guint64)config->d_inner * config->d_state;
  return sizeof (float) * config->n_layers * (row * n_kept + state * n_states);
}

const float *
eg_run_resid (const EgRun *self, gsize layer, gsize position)
{
  while (position < self->first)
    self = self->base;
  return self->resid[layer] + (position - self->first) * self->d_model;
}

const float *
eg_run_xz (const EgRun *self, gsize layer, gsize position)
{
  while (position < self->first)
    self = self->base;
  return self->xz[layer] + (position - self->first) * 2 * self->d_inner;
}

const float *
eg_run_mixer (const EgRun *self, gsize layer, gsize position)
{
  while (position < self->first)
    self = self->base;
  return self->mixer[layer] + (position - self->first) * self->d_model;
}

gsize
eg_run_find_state (const EgRun *self, gsize position)
{
  while (position < self->first)
    self = self->base;
  g_assert (position >= self->state_first && self->state_first < self->state_end);
  const gsize last = MIN (position, self->state_end - 1);
  return last - (last - self->state_first) % self->state_step;
}

const float *
eg_run_state (const EgRun *self, gsize layer, gsize kept_position)
{
  while (kept_position < self->first)
    self = self->base;
  const gsize index = (kept_position - self->state_first) / self->state_step;
  return self->state[layer] + index * self->d_inner * self->d_state;
}

const float *
eg_run_resid_after (const EgRun *self, gsize layer, gsize position)
{
  if (layer + 1 < self->n_layers)
    return eg_run_resid (self, layer + 1, position);
  g_assert (position == self->n_positions - 1);
  return self->last;
}
