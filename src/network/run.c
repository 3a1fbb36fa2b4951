/* What runs keep, and where it is found. */
#include "network/run.h"

#include "core/error.h"

#include <glib/gi18n.h>

static void
free_layers (EgRun *self, float **layers)
{
  for (gsize l = 0; layers && l < self->sizes->n_layers; l++)
    if (layers[l])
      self->backend->release (self->backend, layers[l]);
  g_free (layers);
}

static float **
alloc_layers (EgRun *self, gsize n_rows, gsize width, gboolean *ok)
{
  float **layers = g_new0 (float *, self->sizes->n_layers);
  gsize n = 0;
  *ok = *ok && g_size_checked_mul (&n, n_rows, width);
  for (gsize l = 0; *ok && n > 0 && l < self->sizes->n_layers; l++)
    {
      layers[l] = self->backend->alloc (self->backend, n);
      *ok = layers[l] != NULL;
    }
  return layers;
}

/* Floats of a site's row that are kept only when the site is wanted. */
static gsize
extra_width (const EgFamily *family, const EgSizes *sizes, const EgRunShape *shape, EgSite site)
{
  const gboolean wanted = (eg_family_expand_sites (family, shape->sites) & EG_SITE_BIT (site)) != 0;
  return wanted && family->sites[site].kept == EG_KEPT_VALUE ? eg_family_site_width (family, sizes, site) : 0;
}

static gsize
count_states (const EgRunShape *shape)
{
  const gsize end = MAX (shape->state_first, shape->state_end);
  return (end - shape->state_first + shape->state_step - 1) / shape->state_step;
}

EgRun *
eg_run_new (EgNetwork *network, const EgRunShape *shape, GError **error)
{
  g_return_val_if_fail (shape->first < shape->n_positions && (shape->first == 0 || shape->base), NULL);
  const EgFamily *family = eg_network_get_family (network);
  const EgSizes *sizes = eg_network_get_sizes (network);
  EgRun *self = g_new0 (EgRun, 1);
  self->backend = eg_network_get_backend (network);
  self->family = family;
  self->sizes = sizes;
  self->dims = eg_network_get_dims (network);
  self->shape = *shape;
  self->shape.sites = eg_family_expand_sites (family, shape->sites);

  const gsize n = shape->n_positions - shape->first;
  gboolean ok = TRUE;
  self->resid = alloc_layers (self, n, sizes->d_model, &ok);
  self->input = alloc_layers (self, n, sizes->d_input, &ok);
  self->state = alloc_layers (self, count_states (shape), sizes->d_memory, &ok);
  for (EgSite site = 0; site < family->n_sites; site++)
    if (extra_width (family, sizes, shape, site) > 0)
      self->values[site] = alloc_layers (self, n, extra_width (family, sizes, shape, site), &ok);
  self->last = self->backend->alloc (self->backend, sizes->d_model);
  if (ok && self->last)
    return self;

  eg_run_free (self);
  g_autofree char *size = g_format_size_full (eg_run_size (family, sizes, shape), G_FORMAT_SIZE_IEC_UNITS);
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
  free_layers (self, self->input);
  free_layers (self, self->state);
  for (EgSite site = 0; site < EG_MAX_SITES; site++)
    free_layers (self, self->values[site]);
  if (self->last)
    self->backend->release (self->backend, self->last);
  g_free (self);
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
eg_run_size (const EgFamily *family, const EgSizes *sizes, const EgRunShape *shape)
{
  guint64 row = (guint64)sizes->d_model + sizes->d_input;
  for (EgSite site = 0; site < family->n_sites; site++)
    row += extra_width (family, sizes, shape, site);
  return sizeof (float) * sizes->n_layers
         * (row * (shape->n_positions - shape->first) + (guint64)sizes->d_memory * count_states (shape));
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
  return self->resid[layer] + (position - self->shape.first) * self->sizes->d_model;
}

const float *
eg_run_input (const EgRun *self, gsize layer, gsize position)
{
  self = eg_run_at (self, position);
  return self->input[layer] + (position - self->shape.first) * self->sizes->d_input;
}

const float *
eg_run_resid_after (const EgRun *self, gsize layer, gsize position)
{
  if (layer + 1 < self->sizes->n_layers)
    return eg_run_resid (self, layer + 1, position);
  g_assert (position == self->shape.n_positions - 1);
  return self->last;
}

const float *
eg_run_value (const EgRun *self, EgSite site, gsize layer, gsize position)
{
  const EgSiteInfo *info = &self->family->sites[site];
  if (info->kept == EG_KEPT_RESID)
    return eg_run_resid_after (self, layer, position);
  if (info->kept == EG_KEPT_INPUT)
    return eg_run_input (self, layer, position) + self->dims[info->offset];
  self = eg_run_at (self, position);
  g_assert (self->values[site] != NULL);
  return self->values[site][layer] + (position - self->shape.first) * self->dims[info->width];
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
  return self->state[layer] + index * self->sizes->d_memory;
}
