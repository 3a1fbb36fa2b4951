/* The texts of corruptions: parsed, written, and checked together. */
#include "trace/ask/corruption.h"

#include "core/error.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

static const struct
{
  const char *name, *title;
} kinds[EG_N_CORRUPTIONS] = {
  [EG_CORRUPTION_GAUSSIAN] = { "gaussian", N_ ("Gaussian noise") },
  [EG_CORRUPTION_UNIFORM] = { "uniform", N_ ("Uniform noise") },
  [EG_CORRUPTION_STUDENT_T] = { "student-t", N_ ("Student’s t noise") },
  [EG_CORRUPTION_MULTIVARIATE] = { "multivariate", N_ ("Noise like a text’s embeddings") },
  [EG_CORRUPTION_SWAP] = { "swap", N_ ("Another subject") },
};

static const char *const scales[EG_N_NOISE_SCALES]
    = { "prompt", "subjects", "embedding", "absolute", "text" };
static const char *const spans[EG_N_SPANS] = { "subject", "tokens", "all" };

void
eg_corruption_clear (EgCorruption *self)
{
  g_clear_pointer (&self->swap, g_free);
  g_clear_pointer (&self->file, g_free);
}

void
eg_corruption_copy (const EgCorruption *self, EgCorruption *to)
{
  *to = *self;
  to->swap = g_strdup (self->swap);
  to->file = g_strdup (self->file);
}

gboolean
eg_corruption_equal (const EgCorruption *a, const EgCorruption *b)
{
  if (a->kind != b->kind || g_strcmp0 (a->swap, b->swap) != 0)
    return FALSE;
  if (a->kind == EG_CORRUPTION_SWAP)
    return TRUE;
  return (a->kind != EG_CORRUPTION_STUDENT_T || fabs (a->degrees - b->degrees) <= 1e-9 * a->degrees)
         && a->scale == b->scale && g_strcmp0 (a->file, b->file) == 0 && a->replace == b->replace
         && a->span == b->span
         && (a->span != EG_SPAN_TOKENS || (a->span_first == b->span_first && a->span_last == b->span_last));
}

/* What follows "name:" in a text; "" when the text is the name alone, NULL when it is neither. */
static const char *
argument_of (const char *text, const char *name)
{
  const gsize n = strlen (name);
  if (strncmp (text, name, n) != 0)
    return NULL;
  return text[n] == ':' ? text + n + 1 : text[n] == '\0' ? text + n : NULL;
}

static gboolean
takes_argument (EgCorruptionKind kind)
{
  return kind == EG_CORRUPTION_STUDENT_T || kind == EG_CORRUPTION_SWAP;
}

static gboolean
takes_file (EgNoiseScale scale)
{
  return scale == EG_NOISE_SCALE_SUBJECTS || scale == EG_NOISE_SCALE_TEXT;
}

/* A span in place of a kind: Gaussian noise on it. */
static gboolean
is_span (const char *text)
{
  return argument_of (text, spans[EG_SPAN_TOKENS]) || g_str_equal (text, spans[EG_SPAN_ALL]);
}

static const char *
with_colon (const char *name, gboolean colon)
{
  if (!colon)
    return name;
  g_autofree char *word = g_strconcat (name, ":", NULL);
  return g_intern_string (word);
}

const char *
eg_corruption_get_kind_word (guint i)
{
  if (i < EG_N_CORRUPTIONS)
    return with_colon (kinds[i].name, takes_argument ((EgCorruptionKind)i));
  /* Those of is_span(). */
  for (EgSpan s = 0; s < EG_N_SPANS; s++)
    if (is_span (spans[s]) && i-- == EG_N_CORRUPTIONS)
      return eg_corruption_get_span_word (s);
  return NULL;
}

const char *
eg_corruption_get_scale_word (guint i)
{
  return i < EG_N_NOISE_SCALES ? with_colon (scales[i], takes_file ((EgNoiseScale)i)) : NULL;
}

const char *
eg_corruption_get_span_word (guint i)
{
  return i < EG_N_SPANS ? with_colon (spans[i], i == EG_SPAN_TOKENS) : NULL;
}

gboolean
eg_corruption_parse_kind (EgCorruption *self, const char *text, GError **error)
{
  if (is_span (text))
    {
      self->kind = EG_CORRUPTION_GAUSSIAN;
      g_clear_pointer (&self->swap, g_free);
      return eg_corruption_parse_span (self, text, error);
    }
  for (EgCorruptionKind k = 0; k < EG_N_CORRUPTIONS; k++)
    {
      const char *argument = argument_of (text, kinds[k].name);
      if (!argument || (*argument && !takes_argument (k)))
        continue;
      char *end = NULL;
      const double degrees = k == EG_CORRUPTION_STUDENT_T ? g_ascii_strtod (argument, &end) : 0;
      if (k == EG_CORRUPTION_STUDENT_T && (end == argument || *end))
        return eg_error_invalid (
            error, _ ("student-t takes its degrees of freedom, a number above 2: “student-t:3”, not “%s”"),
            text);
      if (k == EG_CORRUPTION_SWAP && !*argument)
        return eg_error_invalid (error,
                                 _ ("swap takes the text in the subject’s place: “swap:Space Needle”"));
      self->kind = k;
      self->degrees = degrees;
      g_free (self->swap);
      self->swap = k == EG_CORRUPTION_SWAP ? g_strdup (argument) : NULL;
      return TRUE;
    }
  return eg_error_invalid (
      error,
      _ ("There is no corruption “%s”; the corruptions are gaussian, uniform, student-t:DEGREES, "
         "multivariate, swap:TEXT, and tokens:A-B or all for gaussian noise there"),
      text);
}

gboolean
eg_corruption_parse_scale (EgCorruption *self, const char *text, GError **error)
{
  for (EgNoiseScale s = 0; s < EG_N_NOISE_SCALES; s++)
    {
      const char *argument = argument_of (text, scales[s]);
      if (!argument || (*argument && !takes_file (s)))
        continue;
      if (takes_file (s) && !*argument)
        return eg_error_invalid (error, _ ("The noise scale %s takes a file: “%s:FILE”"), scales[s],
                                 scales[s]);
      self->scale = s;
      g_free (self->file);
      self->file = takes_file (s) ? g_strdup (argument) : NULL;
      return TRUE;
    }
  return eg_error_invalid (
      error,
      _ ("There is no noise scale “%s”; the scales are prompt, subjects:FILE, embedding, absolute and "
         "text:FILE"),
      text);
}

/* "2-4", or "3" for one token. */
static gboolean
parse_range (const char *text, gsize *first, gsize *last)
{
  g_auto (GStrv) ends = g_strsplit (text, "-", 2);
  guint64 a, b;
  if (!ends[0] || !g_ascii_string_to_unsigned (ends[0], 10, 0, G_MAXINT32, &a, NULL)
      || !g_ascii_string_to_unsigned (ends[1] ? ends[1] : ends[0], 10, a, G_MAXINT32, &b, NULL))
    return FALSE;
  *first = (gsize)a;
  *last = (gsize)b;
  return TRUE;
}

gboolean
eg_corruption_parse_span (EgCorruption *self, const char *text, GError **error)
{
  for (EgSpan s = 0; s < EG_N_SPANS; s++)
    {
      const char *argument = argument_of (text, spans[s]);
      if (!argument || (*argument && s != EG_SPAN_TOKENS))
        continue;
      gsize first = 0, last = 0;
      if (s == EG_SPAN_TOKENS && !parse_range (argument, &first, &last))
        return eg_error_invalid (
            error, _ ("The span tokens takes the first token and the last, from 0 on: “tokens:2-4”"));
      self->span = s;
      self->span_first = first;
      self->span_last = last;
      return TRUE;
    }
  return eg_error_invalid (error, _ ("There is no span “%s”; the spans are subject, tokens:A-B and all"),
                           text);
}

char *
eg_corruption_format_kind (const EgCorruption *self)
{
  const char *name = kinds[self->kind].name;
  char degrees[G_ASCII_DTOSTR_BUF_SIZE];
  if (self->kind == EG_CORRUPTION_SWAP)
    return g_strconcat (name, ":", self->swap, NULL);
  if (self->kind == EG_CORRUPTION_STUDENT_T)
    return g_strconcat (name, ":", g_ascii_formatd (degrees, sizeof degrees, "%.12g", self->degrees), NULL);
  return g_strdup (name);
}

char *
eg_corruption_format_scale (const EgCorruption *self)
{
  return self->file ? g_strconcat (scales[self->scale], ":", self->file, NULL)
                    : g_strdup (scales[self->scale]);
}

char *
eg_corruption_format_span (const EgCorruption *self)
{
  if (self->span != EG_SPAN_TOKENS)
    return g_strdup (spans[self->span]);
  return g_strdup_printf ("%s:%" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT, spans[self->span], self->span_first,
                          self->span_last);
}

const char *
eg_corruption_kind_get_title (EgCorruptionKind kind)
{
  g_return_val_if_fail (kind < EG_N_CORRUPTIONS, NULL);
  return _ (kinds[kind].title);
}

gboolean
eg_corruption_uses_level (const EgCorruption *self)
{
  return self->kind != EG_CORRUPTION_SWAP && self->scale != EG_NOISE_SCALE_TEXT;
}

gboolean
eg_corruption_check_kind (const EgCorruption *self, GError **error)
{
  if (self->kind == EG_CORRUPTION_SWAP && (!self->swap || !*self->swap))
    return eg_error_invalid (error, _ ("No text is given to swap the subject for"));
  if (self->kind == EG_CORRUPTION_SWAP && !g_utf8_validate (self->swap, -1, NULL))
    return eg_error_invalid (error, _ ("The text to swap the subject for is not valid UTF-8"));
  if (self->kind == EG_CORRUPTION_STUDENT_T && !(self->degrees > 2 && self->degrees <= 1e6))
    return eg_error_invalid (
        error, _ ("The degrees of freedom of student-t must be above 2 and at most 1e6, not %g"),
        self->degrees);
  return TRUE;
}

gboolean
eg_corruption_check_scale (const EgCorruption *self, GError **error)
{
  const gboolean text = self->scale == EG_NOISE_SCALE_TEXT;
  if (self->kind == EG_CORRUPTION_SWAP)
    return (self->scale == EG_NOISE_SCALE_PROMPT && !self->replace)
           || eg_error_invalid (
               error, _ ("Swapping the subject draws no noise: leave the noise scale and replace out"));
  if (self->kind == EG_CORRUPTION_MULTIVARIATE && !text)
    return eg_error_invalid (
        error, _ ("Multivariate noise follows the embeddings of a text: name it by the noise scale "
                  "text:FILE"));
  if (text && self->kind != EG_CORRUPTION_MULTIVARIATE && self->kind != EG_CORRUPTION_STUDENT_T)
    return eg_error_invalid (
        error, _ ("The noise scale text:FILE belongs to multivariate and student-t noise, not to %s"),
        kinds[self->kind].name);
  return self->file || !takes_file (self->scale)
         || eg_error_invalid (error, _ ("The noise scale %s takes a file"), scales[self->scale]);
}

gboolean
eg_corruption_check_span (const EgCorruption *self, GError **error)
{
  return self->kind != EG_CORRUPTION_SWAP || self->span == EG_SPAN_SUBJECT
         || eg_error_invalid (error, _ ("Only the subject can be swapped: leave the span out"));
}

gboolean
eg_corruption_check (const EgCorruption *self, GError **error)
{
  return eg_corruption_check_kind (self, error) && eg_corruption_check_scale (self, error)
         && eg_corruption_check_span (self, error);
}
