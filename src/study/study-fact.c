/* One fact's results, and their bytes: a GVariant, whose reader takes hostile ones, too. */
#include "study/study-fact.h"

#include <math.h>
#include <string.h>

/* fact: index, id, prompt, subject, target, relation; state, problem; tokens, ids, subject's first and last;
 * target, its id, prediction; seven numbers; layers; scores and errors, as the bits of floats; computer. */
#define FORMAT "(tsssmsmsymsasauttmsxmsdddddddtaauaaus)"

static const char *const state_names[EG_N_STUDY_STATES] = { "traced", "unknown", "unaffected", "failed" };

const char *
eg_study_state_get_name (EgStudyState state)
{
  g_return_val_if_fail (state < EG_N_STUDY_STATES, NULL);
  return state_names[state];
}

EgStudyFact *
eg_study_fact_new (EgFact *fact)
{
  EgStudyFact *self = g_new0 (EgStudyFact, 1);
  g_atomic_ref_count_init (&self->refs);
  self->fact = fact;
  self->state = EG_STUDY_FAILED;
  self->target_id = -1;
  self->prediction_probability = self->clean = self->corrupted = NAN;
  self->high = self->low = self->low_sem = self->noise_std = NAN;
  return self;
}

EgStudyFact *
eg_study_fact_ref (EgStudyFact *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
free_sites (EgStudyFact *self)
{
  for (gsize i = 0; i < self->n_sites; i++)
    {
      g_free (self->scores[i]);
      g_free (self->sem[i]);
    }
  g_free (self->scores);
  g_free (self->sem);
}

void
eg_study_fact_unref (EgStudyFact *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  free_sites (self);
  eg_fact_free (self->fact);
  g_free (self->problem);
  g_strfreev (self->tokens);
  g_free (self->ids);
  g_free (self->target);
  g_free (self->prediction);
  g_free (self->computer);
  g_free (self);
}

static float *
make_unknown (gsize n)
{
  float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = NAN;
  return values;
}

void
eg_study_fact_reserve (EgStudyFact *self, gsize n_sites, gsize n_layers)
{
  g_return_if_fail (self->n_sites == 0);
  self->n_sites = n_sites;
  self->n_layers = n_layers;
  self->scores = g_new (float *, n_sites);
  self->sem = g_new (float *, n_sites);
  for (gsize i = 0; i < n_sites; i++)
    {
      self->scores[i] = make_unknown (n_layers * self->n_tokens);
      self->sem[i] = make_unknown (n_layers * self->n_tokens);
    }
}

/* ---- as bytes ---- */

/* Floats as their bits, all NaNs the same. */
static GVariant *
floats_to_variant (float *const *values, gsize n_sites, gsize n)
{
  GVariantBuilder builder;
  g_autofree guint32 *bits = g_new (guint32, n);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aau"));
  for (gsize i = 0; i < n_sites; i++)
    {
      for (gsize j = 0; j < n; j++)
        {
          const float value = isnan (values[i][j]) ? (float)NAN : values[i][j];
          memcpy (&bits[j], &value, sizeof value);
        }
      g_variant_builder_add_value (&builder,
                                   g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, bits, n, sizeof *bits));
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
tokens_to_variant (const EgStudyFact *self)
{
  return g_variant_new_strv ((const char *const *)self->tokens, (gssize)self->n_tokens);
}

GBytes *
eg_study_fact_to_bytes (const EgStudyFact *self)
{
  const EgFact *fact = self->fact;
  const gsize n = self->n_layers * self->n_tokens;
  g_autoptr (GVariant) variant = g_variant_ref_sink (g_variant_new (
      "(tsssmsmsyms@as@auttmsxmsdddddddt@aau@aaus)", (guint64)fact->index, fact->id, fact->prompt,
      fact->subject, fact->target, fact->relation, (guchar)self->state, self->problem,
      tokens_to_variant (self),
      g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, self->ids, self->n_tokens, sizeof *self->ids),
      (guint64)self->subject_first, (guint64)self->subject_last, self->target, self->target_id,
      self->prediction, self->prediction_probability, self->clean, self->corrupted, self->high, self->low,
      self->low_sem, self->noise_std, (guint64)self->n_layers,
      floats_to_variant (self->scores, self->n_sites, n), floats_to_variant (self->sem, self->n_sites, n),
      self->computer != NULL ? self->computer : ""));
  return g_variant_get_data_as_bytes (variant);
}

/* Exactly n a site. */
static gboolean
floats_from_variant (GVariant *variant, float **values, gsize n_sites, gsize n)
{
  for (gsize i = 0; i < n_sites; i++)
    {
      gsize count;
      g_autoptr (GVariant) site = g_variant_get_child_value (variant, i);
      const guint32 *bits = g_variant_get_fixed_array (site, &count, sizeof *bits);
      if (count != n)
        return FALSE;
      if (n > 0)
        memcpy (values[i], bits, n * sizeof *bits);
    }
  return TRUE;
}

static gboolean
take_tokens (EgStudyFact *self, GVariant *tokens, GVariant *ids)
{
  gsize n_ids;
  const guint32 *numbers = g_variant_get_fixed_array (ids, &n_ids, sizeof *numbers);
  self->n_tokens = g_variant_n_children (tokens);
  self->tokens = g_variant_dup_strv (tokens, NULL);
  self->ids = g_memdup2 (numbers, n_ids * sizeof *numbers);
  return n_ids == self->n_tokens
         && (self->n_tokens == 0
             || (self->subject_first <= self->subject_last && self->subject_last < self->n_tokens));
}

static gboolean
take_scores (EgStudyFact *self, guint64 n_layers, GVariant *scores, GVariant *sem)
{
  const gsize n_sites = g_variant_n_children (scores);
  gsize n;
  if (g_variant_n_children (sem) != n_sites || !g_size_checked_mul (&n, n_layers, self->n_tokens)
      || n > g_variant_get_size (scores))
    return FALSE;
  eg_study_fact_reserve (self, n_sites, n_layers);
  return floats_from_variant (scores, self->scores, n_sites, n)
         && floats_from_variant (sem, self->sem, n_sites, n);
}

EgStudyFact *
eg_study_fact_from_bytes (GBytes *bytes)
{
  g_autoptr (GVariant) variant
      = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (FORMAT), bytes, FALSE));
  g_autoptr (GVariant) tokens = NULL, ids = NULL, scores = NULL, sem = NULL;
  EgFact *fact = g_new0 (EgFact, 1);
  g_autoptr (EgStudyFact) self = eg_study_fact_new (fact);
  guint64 index, first, last, n_layers;
  guchar state;
  if (!g_variant_is_normal_form (variant))
    return NULL;
  g_variant_get (variant, "(tsssmsmsyms@as@auttmsxmsdddddddt@aau@aaus)", &index, &fact->id, &fact->prompt,
                 &fact->subject, &fact->target, &fact->relation, &state, &self->problem, &tokens, &ids,
                 &first, &last, &self->target, &self->target_id, &self->prediction,
                 &self->prediction_probability, &self->clean, &self->corrupted, &self->high, &self->low,
                 &self->low_sem, &self->noise_std, &n_layers, &scores, &sem, &self->computer);
  fact->index = index;
  self->subject_first = first;
  self->subject_last = last;
  if (state >= EG_N_STUDY_STATES || !take_tokens (self, tokens, ids)
      || !take_scores (self, n_layers, scores, sem))
    return NULL;
  self->state = (EgStudyState)state;
  return g_steal_pointer (&self);
}
