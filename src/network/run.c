#include "network/run.h"

#include "core/error.h"

#include <glib/gi18n.h>

static void
free_layers (EgRun *self, float **layers)
{
  for (gsize l = 0; layers && l < self->n_layers; l++)
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

gsize
eg_site_width (const EgModelConfig *config, EgSite site)
{
  switch (site)
    {
    case EG_SITE_RESID:
    case EG_SITE_MIXER:
      return config->d_model;
    case EG_SITE_CONV_IN:
    case EG_SITE_CONV:
    case EG_SITE_GATE:
    case EG_SITE_DELTA:
    case EG_SITE_SSM:
      return config->d_inner;
    case EG_SITE_B:
    case EG_SITE_C:
      return config->d_state;
    case EG_SITE_SELECTION:
    case EG_SITE_STATE:
    case EG_SITE_CONV_STATE:
    case EG_N_SITES:
      break;
    }
  return 0;
}

/* Floats of a site's row that are kept only when the site is wanted. */
static gsize
extra_width (const EgModelConfig *config, const EgRunShape *shape, EgSite site)
{
  const gboolean always = site == EG_SITE_RESID || site == EG_SITE_CONV_IN || site == EG_SITE_GATE;
  const gboolean wanted = (eg_sites_expand (shape->sites) & EG_SITE_BIT (site)) != 0;
  return wanted && !always ? eg_site_width (config, site) : 0;
}

static gsize
count_states (const EgRunShape *shape)
{
  const gsize end = MAX (shape->state_first, shape->state_end);
  return (end - shape->state_first + shape->state_step - 1) / shape->state_step;
}

EgRun *
eg_run_new (EgModel *model, const EgRunShape *shape, GError **error)
{
  g_return_val_if_fail (shape->first < shape->n_positions && (shape->first == 0 || shape->base), NULL);
  const EgModelConfig *config = eg_model_get_config (model);
  EgRun *self = g_new0 (EgRun, 1);
  self->backend = eg_model_get_backend (model);
  self->shape = *shape;
  self->shape.sites = eg_sites_expand (shape->sites);
  self->n_layers = config->n_layers;
  self->d_model = config->d_model;
  self->d_inner = config->d_inner;
  self->d_state = config->d_state;

  const gsize n = shape->n_positions - shape->first;
  gboolean ok = TRUE;
  self->resid = alloc_layers (self, n, self->d_model, &ok);
  self->xz = alloc_layers (self, n, 2 * self->d_inner, &ok);
  self->state = alloc_layers (self, count_states (shape), self->d_inner * self->d_state, &ok);
  for (EgSite site = 0; site < EG_N_SITES; site++)
    if (extra_width (config, shape, site) > 0)
      self->values[site] = alloc_layers (self, n, extra_width (config, shape, site), &ok);
  self->last = self->backend->alloc (self->backend, self->d_model);
  if (ok && self->last)
    return self;

  eg_run_free (self);
  g_autofree char *size = g_format_size_full (eg_run_size (config, shape), G_FORMAT_SIZE_IEC_UNITS);
  g_set_error (error, EG_ERROR, EG_ERROR_MEMORY,
               _ ("There is no memory left for a run of the network, which keeps %s"), size);
  return NULL;
}

void
eg_run_free (EgRun *self)
{
  if (self->is_view)
    {
      if (self->shape.base)
        eg_run_free ((EgRun *)self->shape.base);
      g_free (self);
      return;
    }
  free_layers (self, self->resid);
  free_layers (self, self->xz);
  free_layers (self, self->state);
  for (EgSite site = 0; site < EG_N_SITES; site++)
    free_layers (self, self->values[site]);
  if (self->last)
    self->backend->release (self->backend, self->last);
  g_free (self);
}

/* Of the sites that have values of their own. */
static gsize
value_width (const EgRun *self, EgSite site)
{
  return site == EG_SITE_MIXER                    ? self->d_model
         : site == EG_SITE_B || site == EG_SITE_C ? self->d_state
                                                  : self->d_inner;
}

EgRun *
eg_run_new_shifted (const EgRun *run, gssize shift)
{
  EgRun *self = g_memdup2 (run, sizeof *run);
  self->is_view = TRUE;
  if (run->shape.base)
    self->shape.base = eg_run_new_shifted (run->shape.base, shift);
  self->shape.first += (gsize)shift;
  self->shape.n_positions += (gsize)shift;
  self->shape.state_first += (gsize)shift;
  self->shape.state_end += (gsize)shift;
  return self;
}

guint64
eg_run_size (const EgModelConfig *config, const EgRunShape *shape)
{
  guint64 row = (guint64)config->d_model + 2 * config->d_inner;
  for (EgSite site = 0; site < EG_N_SITES; site++)
    row += extra_width (config, shape, site);
  const guint64 state = (guint64)config->d_inner * config->d_state;
  return sizeof (float) * config->n_layers
         * (row * (shape->n_positions - shape->first) + state * count_states (shape));
}

const EgRun *
eg_run_at (const EgRun *self, gsize position)
{
  while ((gssize)position < (gssize)self->shape.first)
    self = self->shape.base;
  return self;
}

const float *
eg_run_resid (const EgRun *self, gsize layer, gsize position)
{
  self = eg_run_at (self, position);
  return self->resid[layer] + (position - self->shape.first) * self->d_model;
}

const float *
eg_run_xz (const EgRun *self, gsize layer, gsize position)
{
  self = eg_run_at (self, position);
  return self->xz[layer] + (position - self->shape.first) * 2 * self->d_inner;
}

const float *
eg_run_resid_after (const EgRun *self, gsize layer, gsize position)
{
  if (layer + 1 < self->n_layers)
    return eg_run_resid (self, layer + 1, position);
  g_assert (position == self->shape.n_positions - 1);
  return self->last;
}

const float *
eg_run_value (const EgRun *self, EgSite site, gsize layer, gsize position)
{
  if (site == EG_SITE_RESID)
    return eg_run_resid_after (self, layer, position);
  if (site == EG_SITE_CONV_IN)
    return eg_run_xz (self, layer, position);
  if (site == EG_SITE_GATE)
    return eg_run_xz (self, layer, position) + self->d_inner;
  self = eg_run_at (self, position);
  g_assert (self->values[site] != NULL);
  return self->values[site][layer] + (position - self->shape.first) * value_width (self, site);
}

gsize
eg_run_find_state (const EgRun *self, gsize position)
{
  const EgRunShape *shape = &eg_run_at (self, position)->shape;
  g_assert ((gssize)position >= (gssize)shape->state_first
            && (gssize)shape->state_first < (gssize)shape->state_end);
  const gsize last = (gssize)position < (gssize)shape->state_end ? position : shape->state_end - 1;
  return last - (last - shape->state_first) % shape->state_step;
}

gsize
eg_run_origin (const EgRun *self)
{
  while (self != NULL && self->shape.base != NULL)
    self = self->shape.base;
  return self != NULL ? self->shape.first : 0;
}

const float *
eg_run_state (const EgRun *self, gsize layer, gsize kept_position)
{
  self = eg_run_at (self, kept_position);
  const gsize index = (kept_position - self->shape.state_first) / self->shape.state_step;
  return self->state[layer] + index * self->d_inner * self->d_state;
}
