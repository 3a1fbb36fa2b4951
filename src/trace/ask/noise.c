/* Draws noise number by number as NumPy and ROME do. */
#include "trace/ask/noise.h"

#include "core/error.h"
#include "engine/symmetric.h"
#include "trace/ask/embedding-statistics.h"

#include <glib/gi18n.h>
#include <math.h>

/* ROME's seed for the factors of Student's t. */
#define FACTOR_SEED 2

struct _EgNoise
{
  EgCorruptionKind kind;
  gboolean replace;
  gsize n_rows, d;
  double std, scale; /* scale = level·σ */
  double degrees;
  EgRandomState random, factors;
  double *drawn, *noise; /* [d] of one token */
  double *mean, *root;   /* [d], [d, d] of a text's embeddings, or NULL */
};

double
eg_noise_std (const float *values, gsize n)
{
  if (n < 2)
    return 0;
  double mean = 0, squares = 0;
  for (gsize i = 0; i < n; i++)
    mean += (double)values[i];
  mean /= (double)n;
  for (gsize i = 0; i < n; i++)
    squares += ((double)values[i] - mean) * ((double)values[i] - mean);
  return sqrt (squares / (double)(n - 1));
}

static gboolean
read_std (EgNoise *self,
          EgModel *model,
          const EgCorruption *corruption,
          const float *rows,
          GCancellable *cancellable,
          GError **error)
{
  g_autofree guint64 *counts = NULL;
  gsize n_tokens;
  switch (corruption->scale)
    {
    case EG_NOISE_SCALE_SUBJECTS:
      counts = eg_count_tokens (model, corruption->file, &n_tokens, cancellable, error);
      return counts && eg_embedding_std (model, counts, &self->std, cancellable, error);
    case EG_NOISE_SCALE_EMBEDDING:
      return eg_embedding_std (model, NULL, &self->std, cancellable, error);
    case EG_NOISE_SCALE_ABSOLUTE:
      self->std = 1;
      return TRUE;
    case EG_NOISE_SCALE_PROMPT:
    case EG_NOISE_SCALE_TEXT:
    case EG_N_NOISE_SCALES:
      break;
    }
  self->std = eg_noise_std (rows, self->n_rows * self->d);
  return TRUE;
}

static gboolean
read_text (EgNoise *self, EgModel *model, const char *path, GCancellable *cancellable, GError **error)
{
  gsize n_tokens;
  g_autofree guint64 *counts = eg_count_tokens (model, path, &n_tokens, cancellable, error);
  if (!counts)
    return FALSE;
  self->std = NAN;
  self->mean = g_new (double, self->d);
  self->root = g_try_new (double, self->d * self->d);
  if (!self->root)
    {
      g_set_error_literal (error, EG_ERROR, EG_ERROR_MEMORY, _ ("There is no memory left for a covariance"));
      return FALSE;
    }
  return eg_embedding_covariance (model, counts, self->mean, self->root, cancellable, error)
         && eg_symmetric_root (self->root, self->d, error);
}

EgNoise *
eg_noise_new (EgModel *model,
              const EgCorruption *corruption,
              double level,
              guint32 seed,
              const float *rows,
              gsize n_rows,
              GCancellable *cancellable,
              GError **error)
{
  g_return_val_if_fail (corruption->kind != EG_CORRUPTION_SWAP && n_rows > 0, NULL);
  g_autoptr (EgNoise) self = g_new0 (EgNoise, 1);
  self->kind = corruption->kind;
  self->replace = corruption->replace;
  self->degrees = corruption->degrees;
  self->n_rows = n_rows;
  self->d = eg_model_get_sizes (model)->d_model;
  self->drawn = g_new (double, self->d);
  self->noise = g_new (double, self->d);
  eg_random_state_init (&self->random, seed);
  eg_random_state_init (&self->factors, FACTOR_SEED);
  if (corruption->scale == EG_NOISE_SCALE_TEXT)
    return read_text (self, model, corruption->file, cancellable, error) ? g_steal_pointer (&self) : NULL;
  if (!read_std (self, model, corruption, rows, cancellable, error))
    return NULL;
  self->scale = level * self->std;
  if (self->scale > 0)
    return g_steal_pointer (&self);
  eg_error_invalid (
      error, _ ("Nothing would be corrupted: the embeddings to which the noise is relative are all the "
                "same"));
  return NULL;
}

void
eg_noise_free (EgNoise *self)
{
  g_free (self->drawn);
  g_free (self->noise);
  g_free (self->mean);
  g_free (self->root);
  g_free (self);
}

double
eg_noise_get_std (const EgNoise *self)
{
  return self->std;
}

/* One token's noise. */
static void
draw_row (EgNoise *self)
{
  for (gsize i = 0; i < self->d; i++)
    self->drawn[i] = self->kind == EG_CORRUPTION_UNIFORM ? eg_random_state_uniform (&self->random)
                                                         : eg_random_state_normal (&self->random);
  if (self->root)
    eg_symmetric_multiply (self->root, self->d, self->drawn, self->noise);
  for (gsize i = 0; i < self->d; i++)
    self->noise[i] = self->root ? self->mean[i] + self->noise[i] : self->scale * self->drawn[i];
  if (self->kind != EG_CORRUPTION_STUDENT_T)
    return;
  const double factor
      = sqrt ((self->degrees - 2) / eg_random_state_chisquare (&self->factors, self->degrees));
  for (gsize i = 0; i < self->d; i++)
    self->noise[i] *= factor;
}

void
eg_noise_draw (EgNoise *self, const float *from, float *to)
{
  for (gsize r = 0; r < self->n_rows; r++, from += self->d, to += self->d)
    {
      draw_row (self);
      for (gsize i = 0; i < self->d; i++)
        to[i] = (float)((self->replace ? 0.0 : (double)from[i]) + self->noise[i]);
    }
}
