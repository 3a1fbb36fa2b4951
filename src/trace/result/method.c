/* What was done, in words: for captions, and for the heads of tables. */
#include "trace/result/description.h"

#include "tokenizer/token-text.h"
#include "trace/ask/site-names.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

static void
add (GString *text, char *part)
{
  if (text->len > 0)
    g_string_append (text, "; ");
  g_string_append (text, part);
  g_free (part);
}

/* "Residual stream, Mixer output". (transfer full) */
static char *
name_sites (char *const *names)
{
  g_autoptr (GString) text = g_string_new (NULL);
  for (gsize i = 0; i < eg_site_names_count (names); i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", eg_site_name_get_title (names[i]));
  return g_strdup (text->str);
}

/* (transfer full) */
static char *
describe_sweep (const EgTraceRequest *request, const char *sites)
{
  const gboolean damages = eg_trace_request_is_loss (request);
  if (request->has_knockout)
    {
      g_autofree char *paths = eg_knockout_to_text (&request->knockout);
      /* TRANSLATORS: the cut paths as on the command line: “4-12:1-3>7”. */
      return g_strdup_printf (_ ("paths through the state cut layer by layer (%s)"), paths);
    }
  switch (request->sweep)
    {
    case EG_SWEEP_LAYERS:
      /* TRANSLATORS: here and below, the name of a place in the model, such as “Residual stream”. */
      return g_strdup_printf (damages ? _ ("%s damaged at all tokens of each layer")
                                      : _ ("%s restored at all tokens of each layer"),
                              sites);
    case EG_SWEEP_POSITIONS:
      return g_strdup_printf (damages ? _ ("%s damaged in all layers of each token")
                                      : _ ("%s restored in all layers of each token"),
                              sites);
    case EG_SWEEP_CARRY:
      return g_strdup_printf (damages ? _ ("%s of each layer damaged from each token on")
                                      : _ ("%s of each layer restored from each token on"),
                              sites);
    case EG_SWEEP_CELLS:
    case EG_N_SWEEPS:
      break;
    }
  return g_strdup_printf (
      damages ? _ ("%s damaged at each layer and token") : _ ("%s restored at each layer and token"), sites);
}

/* "Student’s t noise (5 degrees of freedom)". (transfer full) */
static char *
describe_kind (const EgCorruption *corruption)
{
  const char *title = eg_corruption_kind_get_title (corruption->kind);
  if (corruption->kind != EG_CORRUPTION_STUDENT_T)
    return g_strdup (title);
  /* TRANSLATORS: a kind of noise, Student’s t noise, and a number, which may have decimals. */
  return g_strdup_printf (_ ("%s (%g degrees of freedom)"), title, corruption->degrees);
}

/* "Gaussian noise of 3 σ". (transfer full) */
static char *
describe_noise (const EgTraceRequest *request)
{
  const EgCorruption *corruption = &request->corruption;
  g_autofree char *kind = describe_kind (corruption);
  if (!eg_corruption_uses_level (corruption))
    return g_steal_pointer (&kind);
  if (corruption->scale == EG_NOISE_SCALE_ABSOLUTE)
    /* TRANSLATORS: a kind of noise, and its strength. */
    return g_strdup_printf (_ ("%s of %g"), kind, request->noise_level);
  /* TRANSLATORS: a kind of noise, and its strength in standard deviations. */
  return g_strdup_printf (_ ("%s of %g σ"), kind, request->noise_level);
}

/* "Gaussian noise of 3 σ on “Angela Merkel”". (transfer full) */
static char *
describe_corruption (const EgTraceResult *self)
{
  const EgCorruption *corruption = &self->request->corruption;
  const char *subject = self->tokens->subject != NULL ? self->tokens->subject : "";
  if (corruption->kind == EG_CORRUPTION_SWAP)
    /* TRANSLATORS: two texts: what stands in the subject's place, and the subject. */
    return g_strdup_printf (_ ("“%s” in place of “%s”"), corruption->swap, subject);
  g_autofree char *noise = describe_noise (self->request);
  switch (corruption->span)
    {
    case EG_SPAN_ALL:
      /* TRANSLATORS: here and below, noise and its strength, as “Gaussian noise of 3 σ”. */
      return g_strdup_printf (_ ("%s on all tokens"), noise);
    case EG_SPAN_TOKENS:
      return g_strdup_printf (_ ("%s on tokens %zu to %zu"), noise, corruption->span_first,
                              corruption->span_last);
    case EG_SPAN_SUBJECT:
    case EG_N_SPANS:
    default:
      /* TRANSLATORS: and the text that it is on. */
      return g_strdup_printf (_ ("%s on “%s”"), noise, subject);
    }
}

/* Of what a standard deviation is, where the noise’s strength does not say it. */
static void
add_scale (GString *text, const EgCorruption *corruption)
{
  if (corruption->scale == EG_NOISE_SCALE_PROMPT || corruption->scale == EG_NOISE_SCALE_ABSOLUTE)
    return;
  g_autofree char *name = corruption->file != NULL ? g_filename_display_basename (corruption->file) : NULL;
  const EgCorruption named = { .scale = corruption->scale, .file = name };
  g_autofree char *scale = eg_corruption_format_scale (&named);
  add (text, g_strdup_printf (_ ("scale %s"), scale));
}

/* (transfer full) */
static char *
describe_samples (const EgTraceResult *self)
{
  const EgTraceRequest *request = self->request;
  if (self->samples == 0 && request->until_sem > 0)
    return g_strdup_printf (
        /* TRANSLATORS: of many facts, each of which was given as many samples as it needed. */
        _ ("%u to %u samples, until standard errors are at most %g, seed %u"),
        eg_trace_request_get_samples (request), eg_trace_request_get_max_samples (request),
        request->until_sem, request->seed);
  return g_strdup_printf (ngettext ("%u sample, seed %u", "%u samples, seed %u", self->samples),
                          self->samples, request->seed);
}

static void
add_measure (GString *text, const EgTraceResult *self)
{
  if (self->request->corruption.kind != EG_CORRUPTION_SWAP)
    add (text, describe_samples (self));
  if (self->metrics[0] != EG_METRIC_PROB)
    add (text, g_strdup (eg_metric_get_title (self->metrics[0])));
  if (!isnan (self->precision_error))
    add (text, eg_trace_result_describe_precision (self));
}

char *
eg_trace_result_describe_precision (const EgTraceResult *self)
{
  if (isnan (self->precision_error))
    return NULL;
  /* TRANSLATORS: a number such as 0.012: how far probabilities are from those that would be exact. */
  return g_strdup_printf (_ ("low precision: probabilities off by up to %.2g in a spot check"),
                          self->precision_error);
}

char *
eg_trace_result_describe_method (const EgTraceResult *self, const char *site)
{
  const EgTraceRequest *request = self->request;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *sites
      = site != NULL ? g_strdup (eg_site_name_get_title (site)) : name_sites (request->sites);
  add (text, describe_sweep (request, sites));
  if (request->window > 1)
    /* TRANSLATORS: at least 2 layers. */
    add (text,
         g_strdup_printf (ngettext ("in windows of %u layer", "in windows of %u layers", request->window),
                          request->window));
  if (eg_site_names_count (request->freeze) > 0)
    {
      g_autofree char *frozen = name_sites (request->freeze);
      /* TRANSLATORS: the names of places that keep their values. */
      add (text, g_strdup_printf (_ ("%s frozen"), frozen));
    }
  if (!self->has_settings)
    return g_strdup (text->str);
  if (!request->has_knockout)
    {
      add (text, describe_corruption (self));
      add_scale (text, &request->corruption);
    }
  add_measure (text, self);
  return g_strdup (text->str);
}

char *
eg_trace_result_get_day (const EgTraceResult *self)
{
  return self->date != NULL && strlen (self->date) >= 10 ? g_strndup (self->date, 10) : NULL;
}
