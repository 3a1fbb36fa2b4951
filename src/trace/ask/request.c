#include "trace/ask/request.h"

#include <math.h>

EgTraceRequest *
eg_trace_request_new (const char *prompt, const char *subject)
{
  EgTraceRequest *self = g_new0 (EgTraceRequest, 1);
  self->prompt = g_strdup (prompt);
  self->subject = g_strdup (subject);
  self->subject_offset = -1;
  self->samples = 10;
  self->max_samples = 1000;
  self->noise_level = 3;
  self->seed = 1;
  self->site = EG_SITE_RESID;
  self->window = 1;
  self->device.kind = EG_DEVICE_CPU;
  return self;
}

EgTraceRequest *
eg_trace_request_copy (const EgTraceRequest *self)
{
  EgTraceRequest *copy = g_memdup2 (self, sizeof *self);
  copy->prompt = g_strdup (self->prompt);
  copy->subject = g_strdup (self->subject);
  copy->target = g_strdup (self->target);
  copy->against = g_strdup (self->against);
  eg_corruption_copy (&self->corruption, &copy->corruption);
  return copy;
}

static gboolean
is_near (double a, double b)
{
  return fabs (a - b) <= 1e-9 * fabs (a);
}

/* Whether both draw the same noise, as often. */
static gboolean
same_samples (const EgTraceRequest *a, const EgTraceRequest *b)
{
  if (a->corruption.kind == EG_CORRUPTION_SWAP)
    return TRUE;
  return a->samples == b->samples && a->seed == b->seed
         && (!eg_corruption_uses_level (&a->corruption) || is_near (a->noise_level, b->noise_level))
         && is_near (a->until_sem, b->until_sem) && (!(a->until_sem > 0) || a->max_samples == b->max_samples);
}

static gboolean
same_knockout (const EgKnockout *a, const EgKnockout *b)
{
  return a->layer_first == b->layer_first && a->layer_last == b->layer_last && a->from_first == b->from_first
         && a->from_last == b->from_last && a->to_first == b->to_first && a->to_last == b->to_last;
}

gboolean
eg_trace_request_equal (const EgTraceRequest *a, const EgTraceRequest *b)
{
  return g_strcmp0 (a->prompt, b->prompt) == 0 && g_strcmp0 (a->subject, b->subject) == 0
         && a->subject_offset == b->subject_offset && g_strcmp0 (a->target, b->target) == 0
         && g_strcmp0 (a->against, b->against) == 0 && eg_corruption_equal (&a->corruption, &b->corruption)
         && same_samples (a, b) && a->metric == b->metric && !a->all_metrics == !b->all_metrics
         && a->site == b->site && a->window == b->window && a->more_sites == b->more_sites
         && a->sweep == b->sweep && a->direction == b->direction && a->freeze == b->freeze
         && a->has_knockout == b->has_knockout
         && (!a->has_knockout || same_knockout (&a->knockout, &b->knockout))
         && eg_device_equal (&a->device, &b->device);
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

void
eg_trace_request_free (EgTraceRequest *self)
{
  if (self == NULL)
    return;
  g_free (self->prompt);
  g_free (self->subject);
  g_free (self->target);
  g_free (self->against);
  eg_corruption_clear (&self->corruption);
  g_free (self);
}
