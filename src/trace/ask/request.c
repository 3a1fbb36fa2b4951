/* What a request comes to, where that needs more than one of its fields. */
#include "trace/ask/request.h"

#include "trace/ask/fields.h"
#include "trace/ask/site-names.h"

gboolean
eg_trace_request_set_sites (EgTraceRequest *self, const char *names, GError **error)
{
  return eg_trace_field_parse (EG_FIELD_SITES, self, names, error);
}

guint
eg_trace_request_get_samples (const EgTraceRequest *self)
{
  return self->corruption.kind == EG_CORRUPTION_SWAP ? 1 : self->samples;
}

guint
eg_trace_request_get_max_samples (const EgTraceRequest *self)
{
  return self->until_sem > 0 ? MAX (self->samples, self->max_samples) : eg_trace_request_get_samples (self);
}

gboolean
eg_trace_request_is_loss (const EgTraceRequest *self)
{
  return self->direction == EG_DIRECTION_DAMAGE;
}

void
eg_trace_request_complete (EgTraceRequest *self, const gboolean named[EG_N_FIELDS])
{
  if (!named[EG_FIELD_MAX_SAMPLES])
    self->max_samples = MAX (self->max_samples, self->samples);
  if ((self->sweep == EG_SWEEP_CARRY || self->has_knockout) && !named[EG_FIELD_SITES])
    eg_trace_request_set_sites (self, eg_site_name_of_knockouts (), NULL);
  if (self->has_knockout && !named[EG_FIELD_SWEEP])
    self->sweep = EG_SWEEP_LAYERS;
  if (self->has_knockout && !named[EG_FIELD_DIRECTION])
    self->direction = EG_DIRECTION_DAMAGE;
}
