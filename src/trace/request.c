#include "trace/request.h"

#include <math.h>

EgTraceRequest *
eg_trace_request_new (const char *prompt, const char *subject)
{
  EgTraceRequest *self = g_new0 (EgTraceRequest, 1);
  self->prompt = g_strdup (prompt);
  self->subject = g_strdup (subject);
  self->subject_offset = -1;
  self->samples = 10;
  self->noise_level = 3;
  self->seed = 1;
  self->site = EG_SITE_RESID;
  self->window = 1;
  return self;
}

EgTraceRequest *
eg_trace_request_copy (const EgTraceRequest *self)
{
  EgTraceRequest *copy = g_memdup2 (self, sizeof *self);
  copy->prompt = g_strdup (self->prompt);
  copy->subject = g_strdup (self->subject);
  copy->target = g_strdup (self->target);
  return copy;
}

gboolean
eg_trace_request_equal (const EgTraceRequest *a, const EgTraceRequest *b)
{
  return g_strcmp0 (a->prompt, b->prompt) == 0 && g_strcmp0 (a->subject, b->subject) == 0
         && a->subject_offset == b->subject_offset && g_strcmp0 (a->target, b->target) == 0
         && a->samples == b->samples && fabs (a->noise_level - b->noise_level) <= 1e-9 * a->noise_level
         && a->seed == b->seed && a->site == b->site && a->window == b->window;
}

void
eg_trace_request_free (EgTraceRequest *self)
{
  if (self == NULL)
    return;
  g_free (self->prompt);
  g_free (self->subject);
  g_free (self->target);
  g_free (self);
}
