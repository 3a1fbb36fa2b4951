/* What a request comes to, where that needs more than one of its fields. */
#include "trace/ask/request.h"

#include "core/processors.h"

#define MAX_THREADS 256

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

gsize
eg_trace_request_count_threads (const EgTraceRequest *self)
{
  return self->threads > 0 ? MIN (self->threads, MAX_THREADS) : eg_processors_available ();
}
