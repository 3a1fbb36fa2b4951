/* What a request comes to, where that needs more than one of its fields. */
#include "trace/ask/request.h"

#include "trace/ask/fields.h"

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
