/* Which sites, sweeps and cuts make sense together. */
#include "trace/ask/request.h"

#include "core/error.h"

#include <glib/gi18n.h>

/* What needs no model to be nonsense. */
gboolean
eg_trace_request_check_sites (const EgTraceRequest *self, GError **error)
{
  const EgSiteSet state = EG_SITE_BIT (EG_SITE_STATE);
  if (self->site >= EG_N_SITES || (self->more_sites & ~EG_ALL_SITES) != 0
      || (self->freeze & ~EG_ALL_SITES) != 0 || self->sweep >= EG_N_SWEEPS
      || self->direction >= EG_N_DIRECTIONS)
    return eg_error_invalid (error, _ ("There is no such site, sweep or direction"));
  const EgSiteSet sites = EG_SITE_BIT (self->site) | self->more_sites;
  if (self->sweep == EG_SWEEP_CARRY && sites != state)
    return eg_error_invalid (error, _ ("The sweep “carry” is one of the state alone: name the site state"));
  if (self->sweep == EG_SWEEP_POSITIONS && self->window != 1)
    return eg_error_invalid (
        error, _ ("A sweep over positions restores all layers of each, so that it has no window"));
  if (self->has_knockout
      && (sites != state || self->sweep != EG_SWEEP_LAYERS || self->direction != EG_DIRECTION_DAMAGE))
    return eg_error_invalid (
        error, _ ("A knockout cuts paths through the state of the clean run, layer by layer: its "
                  "site is state, its sweep layers and its direction damage"));
  if (self->has_knockout && self->freeze != 0)
    return eg_error_invalid (error,
                             _ ("A knockout restores nothing, so that nothing can be frozen beside it"));
  return TRUE;
}

/* A knockout against the model's layers and the prompt's tokens. */
gboolean
eg_trace_request_check_knockout (const EgTraceRequest *self, gsize n_layers, gsize n_tokens, GError **error)
{
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
  return TRUE;
}
