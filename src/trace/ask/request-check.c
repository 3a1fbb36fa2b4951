/* Whether each field makes sense, by itself and beside the others. */
#include "trace/ask/request-check.h"

#include "core/error.h"
#include "trace/ask/site-names.h"

#include <glib/gi18n.h>
#include <math.h>

gboolean
eg_check_target (const EgTraceRequest *self, GError **error)
{
  return self->target == NULL || *self->target
         || eg_error_invalid (error, _ ("The target is empty: name a token, or leave it out to follow the "
                                        "model’s first prediction"));
}

gboolean
eg_check_samples (const EgTraceRequest *self, GError **error)
{
  return (self->samples >= 1 && self->samples <= EG_MAX_SAMPLES)
         || eg_error_invalid (error, _ ("The number of samples must be from 1 to %d, not %u"), EG_MAX_SAMPLES,
                              self->samples);
}

gboolean
eg_check_corruption (const EgTraceRequest *self, GError **error)
{
  return eg_corruption_check_kind (&self->corruption, error);
}

gboolean
eg_check_noise_level (const EgTraceRequest *self, GError **error)
{
  return (self->noise_level > 0 && self->noise_level <= EG_MAX_NOISE)
         || eg_error_invalid (error, _ ("The noise level must be a number above 0 and at most %g, not %g"),
                              EG_MAX_NOISE, self->noise_level);
}

gboolean
eg_check_noise_scale (const EgTraceRequest *self, GError **error)
{
  return eg_corruption_check_scale (&self->corruption, error);
}

gboolean
eg_check_span (const EgTraceRequest *self, GError **error)
{
  return eg_corruption_check_span (&self->corruption, error);
}

gboolean
eg_check_metric (const EgTraceRequest *self, GError **error)
{
  return self->metric < EG_N_METRICS || eg_error_invalid (error, _ ("There is no such metric"));
}

gboolean
eg_check_against (const EgTraceRequest *self, GError **error)
{
  const gboolean asked = self->metric == EG_METRIC_LOGIT_DIFF;
  if (self->against && !*self->against)
    return eg_error_invalid (error, _ ("The token against the target is empty: name one, or leave it out"));
  if (self->against && !asked && !self->all_metrics)
    return eg_error_invalid (
        error, _ ("A token against the target means something for the metric logit-diff alone"));
  if (asked && !self->against && self->corruption.kind != EG_CORRUPTION_SWAP)
    return eg_error_invalid (error,
                             _ ("The metric logit-diff needs the token against which the target stands"));
  return TRUE;
}

gboolean
eg_check_sites (const EgTraceRequest *self, GError **error)
{
  return (eg_site_names_count (self->sites) > 0 && eg_site_names_check (self->sites, NULL, error))
         || (eg_site_names_count (self->sites) == 0
             && eg_error_invalid (error, _ ("There is no such site, sweep or direction")));
}

gboolean
eg_check_freeze (const EgTraceRequest *self, GError **error)
{
  return eg_site_names_check (self->freeze, NULL, error);
}

gboolean
eg_check_window (const EgTraceRequest *self, GError **error)
{
  if (self->window < 1 || self->window > EG_MAX_WINDOW)
    return eg_error_invalid (error, _ ("The window must be from 1 to %d layers, not %u"), EG_MAX_WINDOW,
                             self->window);
  if (self->sweep == EG_SWEEP_POSITIONS && self->window != 1)
    return eg_error_invalid (
        error, _ ("A sweep over positions restores all layers of each, so that it has no window"));
  return TRUE;
}

/* Whether the only site is one of which this holds. */
static gboolean
is_only (const EgTraceRequest *self, gboolean (*holds) (const char *name))
{
  return eg_site_names_count (self->sites) == 1 && holds (self->sites[0]);
}

gboolean
eg_check_sweep (const EgTraceRequest *self, GError **error)
{
  if (self->sweep >= EG_N_SWEEPS)
    return eg_error_invalid (error, _ ("There is no such site, sweep or direction"));
  return self->sweep != EG_SWEEP_CARRY || is_only (self, eg_site_name_is_carried)
         || eg_error_invalid (error, _ ("The sweep “carry” is one of what later tokens read, alone: name the "
                                        "site state, or in a transformer key or value"));
}

gboolean
eg_check_direction (const EgTraceRequest *self, GError **error)
{
  return self->direction < EG_N_DIRECTIONS
         || eg_error_invalid (error, _ ("There is no such site, sweep or direction"));
}

gboolean
eg_check_knockout (const EgTraceRequest *self, GError **error)
{
  if (!self->has_knockout)
    return TRUE;
  if (!is_only (self, eg_site_name_has_knockouts) || self->sweep != EG_SWEEP_LAYERS
      || self->direction != EG_DIRECTION_DAMAGE)
    return eg_error_invalid (
        error, _ ("A knockout cuts paths through the state of the clean run, layer by layer: its "
                  "site is state, its sweep layers and its direction damage"));
  return eg_site_names_count (self->freeze) == 0
         || eg_error_invalid (error,
                              _ ("A knockout restores nothing, so that nothing can be frozen beside it"));
}

gboolean
eg_trace_request_check_knockout (const EgTraceRequest *self,
                                 const EgSizes *sizes,
                                 gsize n_tokens,
                                 GError **error)
{
  const gsize n_layers = sizes->n_layers;
  const EgKnockout *knockout = &self->knockout;
  if (!self->has_knockout)
    return TRUE;
  if (!eg_knockout_check (knockout, error))
    return FALSE;
  if (knockout->layer_last >= n_layers)
    return eg_error_invalid (error, _ ("The knockout names layer %zu, but the model’s last is %zu"),
                             knockout->layer_last, n_layers - 1);
  if (knockout->to_last >= n_tokens)
    return eg_error_invalid (error, _ ("The knockout names position %zu, but the prompt’s last is %zu"),
                             knockout->to_last, n_tokens - 1);
  if (knockout->head_end > 0 && sizes->n_heads == 0)
    return eg_error_invalid (
        error,
        _ ("The knockout names heads, but this model’s layers have none: leave out “@” and what follows"));
  if (knockout->head_end > sizes->n_heads)
    return eg_error_invalid (error, _ ("The knockout names head %zu, but a layer’s last is %zu"),
                             knockout->head_end - 1, sizes->n_heads - 1);
  return TRUE;
}

gboolean
eg_check_until_sem (const EgTraceRequest *self, GError **error)
{
  if (!(self->until_sem >= 0) || !isfinite (self->until_sem))
    return eg_error_invalid (error, _ ("The wanted standard error must be a number above 0, not %g"),
                             self->until_sem);
  if (!(self->until_sem > 0))
    return TRUE;
  if (self->corruption.kind == EG_CORRUPTION_SWAP)
    return eg_error_invalid (error,
                             _ ("A swapped subject makes one run, which has no standard error to wait for"));
  if (self->has_knockout)
    return eg_error_invalid (error, _ ("A knockout makes one run, which has no standard error to wait for"));
  return self->samples >= 2
         || eg_error_invalid (error, _ ("A standard error needs two samples or more to begin with"));
}

gboolean
eg_check_max_samples (const EgTraceRequest *self, GError **error)
{
  return !(self->until_sem > 0) || (self->max_samples >= self->samples && self->max_samples <= EG_MAX_SAMPLES)
         || eg_error_invalid (
             error, _ ("The greatest number of samples must be from %u, with which it begins, to %d, not %u"),
             self->samples, EG_MAX_SAMPLES, self->max_samples);
}
