/* A network with its weights, on the processor or placed on a device. */
#include "network/network.h"

#include "core/error.h"
#include "network/tensor-names.h"

#include <glib/gi18n.h>

struct _EgNetwork
{
  gatomicrefcount refs;
  const EgFamily *family;
  EgSizes *sizes;
  gsize dims[EG_MAX_DIMS];
  EgCheckpoint *checkpoint;
  EgWeights *weights;
  EgBackend *backend;

  /* A placed network shares all of the above with the one that was opened, which it keeps. */
  EgNetwork *origin;
  EgDeviceWeights *device;

  GMutex placing;
  EgDeviceWeights *placed; /* what eg_network_place() gave last */
};

EgNetwork *
eg_network_new (const EgFamily *family, EgSizes *sizes, EgCheckpoint *checkpoint, GError **error)
{
  g_autoptr (EgNetwork) self = g_new0 (EgNetwork, 1);
  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->placing);
  self->family = family;
  self->sizes = sizes;
  family->get_dims (sizes, self->dims);
  self->checkpoint = eg_checkpoint_ref (checkpoint);
  self->backend = eg_backend_cpu ();
  self->weights = eg_weights_new (family, sizes, checkpoint, error);
  return self->weights != NULL ? g_steal_pointer (&self) : NULL;
}

EgNetwork *
eg_network_ref (EgNetwork *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
eg_network_unref (EgNetwork *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  if (self->origin)
    {
      eg_device_weights_unref (self->device);
      eg_network_unref (self->origin);
      g_free (self);
      return;
    }
  g_clear_pointer (&self->placed, eg_device_weights_unref);
  g_mutex_clear (&self->placing);
  if (self->weights)
    eg_weights_forget (self->weights, self->family, self->sizes);
  g_clear_pointer (&self->weights, eg_weights_free);
  g_clear_pointer (&self->checkpoint, eg_checkpoint_unref);
  g_free (self->sizes);
  g_free (self);
}

const EgFamily *
eg_network_get_family (EgNetwork *self)
{
  return self->family;
}

const EgSizes *
eg_network_get_sizes (EgNetwork *self)
{
  return self->sizes;
}

const gsize *
eg_network_get_dims (EgNetwork *self)
{
  return self->dims;
}

gsize
eg_network_get_n_parameters (EgNetwork *self)
{
  return self->weights->n_parameters;
}

const char *
eg_network_get_dtype_name (EgNetwork *self)
{
  return eg_weights_get_dtype_name (self->weights, self->family, self->sizes);
}

gsize
eg_network_get_n_others (EgNetwork *self)
{
  return self->weights->n_others;
}

GPtrArray *
eg_network_get_others (EgNetwork *self)
{
  return self->weights->others;
}

const EgWeights *
eg_network_get_weights (EgNetwork *self)
{
  return self->device ? eg_device_weights_get (self->device) : self->weights;
}

EgBackend *
eg_network_get_backend (EgNetwork *self)
{
  return self->backend;
}

EgDeviceWeights *
eg_network_get_device_weights (EgNetwork *self)
{
  return self->device;
}

/* Weights on this backend, those of the last time if they are. */
static EgDeviceWeights *
place_weights (EgNetwork *self, EgBackend *backend, GError **error)
{
  g_mutex_lock (&self->placing);
  if (!self->placed || eg_device_weights_get_backend (self->placed) != backend)
    {
      g_clear_pointer (&self->placed, eg_device_weights_unref);
      self->placed = eg_device_weights_new (self->weights, self->family, self->sizes, backend, error);
    }
  EgDeviceWeights *placed = self->placed ? eg_device_weights_ref (self->placed) : NULL;
  g_mutex_unlock (&self->placing);
  return placed;
}

EgNetwork *
eg_network_place (EgNetwork *self, EgBackend *backend, GError **error)
{
  EgNetwork *origin = eg_network_get_origin (self);
  if (backend == origin->backend)
    return eg_network_ref (origin);
  EgDeviceWeights *device = place_weights (origin, backend, error);
  if (!device)
    return NULL;
  EgNetwork *placed = g_memdup2 (origin, sizeof *origin);
  g_atomic_ref_count_init (&placed->refs);
  placed->origin = eg_network_ref (origin);
  placed->backend = backend;
  placed->device = device;
  return placed;
}

EgNetwork *
eg_network_get_origin (EgNetwork *self)
{
  return self->origin ? self->origin : self;
}

gboolean
eg_network_check_files (EgNetwork *self, GError **error)
{
  return eg_checkpoint_check (self->checkpoint, error);
}

gboolean
eg_network_check_finite (EgNetwork *self, GError **error)
{
  g_auto (EgTensorNames) names;
  eg_tensor_names_init (&names, self->family, self->checkpoint);
  const char *const *all = eg_checkpoint_get_names (self->checkpoint);
  for (gsize i = 0; all[i] != NULL; i++)
    {
      gsize at;
      if (!eg_tensor_names_has (&names, self->sizes, all[i])
          || eg_tensor_is_finite (eg_checkpoint_lookup (self->checkpoint, all[i]), &at))
        continue;
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
                   _ ("%s: tensor %s has a number that is infinite or no number (the element %zu), so that "
                      "nothing can be computed with it"),
                   eg_checkpoint_get_file_name (self->checkpoint, all[i]), all[i], at);
      return FALSE;
    }
  return TRUE;
}

gboolean
eg_network_check_tokens (EgNetwork *self, const guint32 *ids, gsize n, GError **error)
{
  const EgSizes *sizes = self->sizes;
  if (n == 0)
    return eg_error_invalid (error, _ ("The prompt has no token"));
  if (sizes->n_positions > 0 && n > sizes->n_positions)
    return eg_error_invalid (error, _ ("The prompt has %zu tokens, and this model takes at most %zu"), n,
                             sizes->n_positions);
  for (gsize t = 0; t < n; t++)
    if (ids[t] >= sizes->vocab_size)
      return eg_error_invalid (
          error,
          _ ("The tokenizer’s token %u is beyond the model’s vocabulary of %zu; tokenizer.json "
             "belongs to another model"),
          ids[t], sizes->vocab_size);
  return TRUE;
}

void
eg_network_unplace (EgNetwork *self)
{
  g_mutex_lock (&self->placing);
  g_clear_pointer (&self->placed, eg_device_weights_unref);
  g_mutex_unlock (&self->placing);
}

void
eg_network_set_backend (EgNetwork *self, EgBackend *backend)
{
  self->backend = backend;
}
