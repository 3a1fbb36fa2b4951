#include "trace/ask/request.h"

#include "core/error.h"
#include "tokenizer/token-text.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

static gboolean
check_numbers (const EgTraceRequest *request, GError **error)
{
  if (request->samples < 1 || request->samples > EG_MAX_SAMPLES)
    return eg_error_invalid (error, _ ("The number of samples must be from 1 to %d, not %u"), EG_MAX_SAMPLES,
                             request->samples);
  if (!isfinite (request->noise_level) || request->noise_level <= 0 || request->noise_level > EG_MAX_NOISE)
    return eg_error_invalid (error, _ ("The noise level must be a number above 0 and at most %g, not %g"),
                             EG_MAX_NOISE, request->noise_level);
  if (request->window < 1 || request->window > EG_MAX_WINDOW)
    return eg_error_invalid (error, _ ("The window must be from 1 to %d layers, not %u"), EG_MAX_WINDOW,
                             request->window);
  if (request->metric >= EG_N_METRICS)
    return eg_error_invalid (error, _ ("There is no such metric"));
  return TRUE;
}

/* More samples until the estimates are good enough. */
static gboolean
check_until (const EgTraceRequest *request, GError **error)
{
  if (!(request->until_sem >= 0) || !isfinite (request->until_sem))
    return eg_error_invalid (error, _ ("The wanted standard error must be a number above 0, not %g"),
                             request->until_sem);
  if (!(request->until_sem > 0))
    return TRUE;
  if (request->corruption.kind == EG_CORRUPTION_SWAP)
    return eg_error_invalid (error,
                             _ ("A swapped subject makes one run, which has no standard error to wait for"));
  if (request->has_knockout)
    return eg_error_invalid (error, _ ("A knockout makes one run, which has no standard error to wait for"));
  if (request->samples < 2)
    return eg_error_invalid (error, _ ("A standard error needs two samples or more to begin with"));
  if (request->max_samples < request->samples || request->max_samples > EG_MAX_SAMPLES)
    return eg_error_invalid (
        error, _ ("The greatest number of samples must be from %u, with which it begins, to %d, not %u"),
        request->samples, EG_MAX_SAMPLES, request->max_samples);
  return TRUE;
}

static gboolean
check_against (const EgTraceRequest *request, GError **error)
{
  const gboolean asked = request->metric == EG_METRIC_LOGIT_DIFF;
  if (request->against && !*request->against)
    return eg_error_invalid (error, _ ("The token against the target is empty: name one, or leave it out"));
  if (request->against && !asked && !request->all_metrics)
    return eg_error_invalid (
        error, _ ("A token against the target means something for the metric logit-diff alone"));
  if (asked && !request->against && request->corruption.kind != EG_CORRUPTION_SWAP)
    return eg_error_invalid (error,
                             _ ("The metric logit-diff needs the token against which the target stands"));
  return TRUE;
}

static gboolean
check_target (const char *target, GError **error)
{
  return *target
         || eg_error_invalid (error, _ ("The target is empty: name a token, or leave it out to follow the "
                                        "model's first prediction"));
}

gboolean
eg_trace_request_check (const EgTraceRequest *request, GError **error)
{
  return check_numbers (request, error) && eg_trace_request_check_sites (request, error)
         && eg_corruption_check (&request->corruption, error) && check_until (request, error)
         && check_against (request, error) && (!request->target || check_target (request->target, error));
}

/* The subject's characters in the prompt, [start, end); both 0 when the span is to stand for it. */
static gboolean
find_subject (const EgTraceRequest *request, gsize *start, gsize *end, GPtrArray *notes, GError **error)
{
  const char *prompt = request->prompt, *subject = request->subject;
  if ((!subject || !*subject) && request->corruption.span != EG_SPAN_SUBJECT)
    return TRUE;
  if (!subject || !*subject)
    return eg_error_invalid (error,
                             _ ("No subject is marked: name the part of the prompt that is to be corrupted"));
  if (!g_utf8_validate (subject, -1, NULL))
    return eg_error_invalid (error, _ ("The subject is not valid UTF-8 text"));

  const glong n_chars = g_utf8_strlen (prompt, -1);
  const char *at = NULL;
  if (request->subject_offset < 0)
    at = strstr (prompt, subject);
  else if (request->subject_offset <= n_chars
           && g_str_has_prefix (g_utf8_offset_to_pointer (prompt, request->subject_offset), subject))
    at = g_utf8_offset_to_pointer (prompt, request->subject_offset);
  if (!at)
    return eg_error_invalid (error, _ ("The subject “%s” is not in the prompt “%s”"), subject, prompt);
  if (request->subject_offset < 0 && strstr (at + 1, subject))
    g_ptr_array_add (
        notes, g_strdup_printf (
                   _ ("The subject “%s” is in the prompt more than once; the first is corrupted"), subject));
  *start = (gsize)g_utf8_pointer_to_offset (prompt, at);
  *end = *start + (gsize)g_utf8_strlen (subject, -1);
  return TRUE;
}

/* The token that a text names; what: "The target". */
static gboolean
find_token (EgTokenizer *tokenizer,
            const char *what,
            const char *target,
            guint32 *id,
            GPtrArray *notes,
            GError **error)
{
  g_autofree char *spaced = g_ascii_isspace (*target) ? g_strdup (target) : g_strconcat (" ", target, NULL);
  if (eg_tokenizer_lookup (tokenizer, spaced, id) || eg_tokenizer_lookup (tokenizer, target, id))
    return TRUE;
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, spaced, -1, error);
  if (!tokens)
    return FALSE;
  if (tokens->len == 0)
    return eg_error_invalid (error, _ ("%s “%s” is no token of this model"), what, target);
  *id = g_array_index (tokens, EgToken, 0).id;
  g_autofree char *spelled = eg_token_spell (tokenizer, *id), *first = eg_token_quote (spelled);
  /* TRANSLATORS: “The target” or “The token against it”, its text, and its first token. */
  g_ptr_array_add (notes, g_strdup_printf (_ ("%s “%s” is %u tokens; its first, “%s”, is followed"), what,
                                           spaced, tokens->len, first));
  return TRUE;
}

gboolean
eg_trace_find_target (
    EgTokenizer *tokenizer, const char *target, guint32 *id, GPtrArray *notes, GError **error)
{
  return check_target (target, error) && find_token (tokenizer, _ ("The target"), target, id, notes, error);
}

static void
take_tokens (EgTraceInput *self, const GArray *tokens, EgTokenizer *tokenizer)
{
  self->n_tokens = tokens->len;
  self->ids = g_new (guint32, tokens->len);
  self->starts = g_new (gsize, tokens->len);
  self->ends = g_new (gsize, tokens->len);
  self->tokens = g_new0 (char *, tokens->len + 1);
  for (gsize t = 0; t < tokens->len; t++)
    {
      const EgToken *token = &g_array_index (tokens, EgToken, t);
      self->ids[t] = token->id;
      self->starts[t] = token->start;
      self->ends[t] = token->end;
      self->tokens[t] = eg_tokenizer_token_text (tokenizer, token->id);
    }
}

static gboolean
find_subject_tokens (EgTraceInput *self, gsize start, gsize end, GError **error)
{
  gboolean found = FALSE;
  for (gsize t = 0; t < self->n_tokens; t++)
    if (self->starts[t] < end && self->ends[t] > start)
      {
        self->subject_first = found ? self->subject_first : t;
        self->subject_last = t;
        found = TRUE;
      }
  return found || eg_error_invalid (error, _ ("No token of the prompt covers the subject"));
}

/* A part of the prompt, by characters. (transfer full) */
static char *
part_of (const char *prompt, gsize start, gsize end)
{
  return g_utf8_substring (prompt, (glong)start, (glong)end);
}

/* The tokens that noise is put on. */
static gboolean
find_span (EgTraceInput *self, const EgTraceRequest *request, GError **error)
{
  const EgCorruption *corruption = &request->corruption;
  const gboolean is_tokens = corruption->span == EG_SPAN_TOKENS;
  if (is_tokens && corruption->span_last >= self->n_tokens)
    return eg_error_invalid (error, _ ("The span ends with token %zu, but the prompt’s last is token %zu"),
                             corruption->span_last, self->n_tokens - 1);
  if (is_tokens && corruption->span_first > corruption->span_last)
    return eg_error_invalid (error, _ ("The span’s first token is after its last"));
  self->corrupted_first = is_tokens ? corruption->span_first : 0;
  self->corrupted_last = is_tokens ? corruption->span_last : self->n_tokens - 1;
  return TRUE;
}

/* The subject's tokens and the corrupted ones; where the request names no subject, these are it. */
static gboolean
find_tokens (EgTraceInput *self, const EgTraceRequest *request, gsize start, gsize end, GError **error)
{
  if (request->corruption.span != EG_SPAN_SUBJECT && !find_span (self, request, error))
    return FALSE;
  if (start == end)
    {
      self->subject_first = self->corrupted_first;
      self->subject_last = self->corrupted_last;
      self->subject
          = part_of (request->prompt, self->starts[self->subject_first], self->ends[self->subject_last]);
      return TRUE;
    }
  if (!find_subject_tokens (self, start, end, error))
    return FALSE;
  self->subject = g_strdup (request->subject);
  if (request->corruption.span != EG_SPAN_SUBJECT)
    return TRUE;
  self->corrupted_first = self->subject_first;
  self->corrupted_last = self->subject_last;
  return TRUE;
}

/* The prompt with another text in place of the characters [start, end). */
static gboolean
swap_subject (EgTraceInput *self,
              const EgTraceRequest *request,
              EgTokenizer *tokenizer,
              gsize start,
              gsize end,
              GPtrArray *notes,
              GError **error)
{
  g_autofree char *before = part_of (request->prompt, 0, start);
  const char *after = g_utf8_offset_to_pointer (request->prompt, (glong)end);
  g_autofree char *text = g_strconcat (before, request->corruption.swap, after, NULL);
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, text, -1, error);
  if (!tokens)
    return FALSE;
  self->n_swapped = tokens->len;
  self->swapped = g_new (guint32, MAX (tokens->len, 1));
  for (gsize t = 0; t < self->n_swapped; t++)
    self->swapped[t] = g_array_index (tokens, EgToken, t).id;

  gsize same = 0, same_after = 0;
  while (same < MIN (self->n_tokens, self->n_swapped) && self->ids[same] == self->swapped[same])
    same++;
  while (same_after < MIN (self->n_tokens, self->n_swapped)
         && self->ids[self->n_tokens - 1 - same_after] == self->swapped[self->n_swapped - 1 - same_after])
    same_after++;
  if (same == self->n_tokens && same == self->n_swapped)
    return eg_error_invalid (
        error, _ ("Nothing would be corrupted: “%s” in the place of “%s” leaves the prompt as it is"),
        request->corruption.swap, request->subject);
  self->corrupted_first = MIN (self->corrupted_first, same);
  if (self->n_swapped <= self->corrupted_first)
    return eg_error_invalid (error,
                             _ ("Nothing of the prompt is left after “%s” is put in the place of “%s”"),
                             request->corruption.swap, request->subject);
  if (same_after < self->n_tokens - 1 - self->subject_last)
    g_ptr_array_add (notes,
                     g_strdup (_ ("The swapped text also changes how the text after it is cut into tokens")));
  if (self->n_swapped != self->n_tokens)
    g_ptr_array_add (notes, g_strdup_printf (_ ("The prompt has %zu tokens and the corrupted one %zu; they "
                                                "are aligned from the subject’s last token backwards"),
                                             self->n_tokens, self->n_swapped));
  return TRUE;
}

static gboolean
find_answers (EgTraceInput *self,
              const EgTraceRequest *request,
              EgTokenizer *tokenizer,
              GPtrArray *notes,
              GError **error)
{
  self->has_target = request->target != NULL;
  self->has_against = request->against != NULL;
  if ((self->has_target && !eg_trace_find_target (tokenizer, request->target, &self->target_id, notes, error))
      || (self->has_against
          && !find_token (tokenizer, _ ("The token against it,"), request->against, &self->against_id, notes,
                          error)))
    return FALSE;
  if (self->has_target && self->has_against && self->target_id == self->against_id)
    return eg_error_invalid (error, _ ("The target “%s” and the token against it are the same"),
                             request->target);
  return TRUE;
}

EgTraceInput *
eg_trace_input_new (const EgTraceRequest *request, EgModel *model, GError **error)
{
  g_autoptr (EgTraceInput) self = g_new0 (EgTraceInput, 1);
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  EgTokenizer *tokenizer = eg_model_get_tokenizer (model);
  gsize start = 0, end = 0;

  if (!request->prompt || !*request->prompt)
    {
      eg_error_invalid (error, _ ("The prompt is empty"));
      return NULL;
    }
  if (!g_utf8_validate (request->prompt, -1, NULL))
    {
      eg_error_invalid (error, _ ("The prompt is not valid UTF-8 text"));
      return NULL;
    }
  if (!eg_trace_request_check (request, error) || !find_subject (request, &start, &end, notes, error))
    return NULL;
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, request->prompt, -1, error);
  if (!tokens)
    return NULL;
  take_tokens (self, tokens, tokenizer);
  EgNetwork *network = eg_model_get_network (model);
  const gsize n_layers = eg_model_get_sizes (model)->n_layers;
  if (!eg_network_check_tokens (network, self->ids, self->n_tokens, error)
      || !eg_trace_request_check_knockout (request, n_layers, self->n_tokens, error)
      || !find_tokens (self, request, start, end, error)
      || (request->corruption.kind == EG_CORRUPTION_SWAP
          && (!swap_subject (self, request, tokenizer, start, end, notes, error)
              || !eg_network_check_tokens (network, self->swapped, self->n_swapped, error)))
      || !find_answers (self, request, tokenizer, notes, error))
    return NULL;
  g_ptr_array_add (notes, NULL);
  self->notes = (char **)g_ptr_array_free (g_steal_pointer (&notes), FALSE);
  return g_steal_pointer (&self);
}

void
eg_trace_input_free (EgTraceInput *self)
{
  g_free (self->ids);
  g_strfreev (self->tokens);
  g_free (self->starts);
  g_free (self->ends);
  g_free (self->subject);
  g_free (self->swapped);
  g_strfreev (self->notes);
  g_free (self);
}

/* Words that begin many prompts and name nothing. */
static gboolean
names_nothing (const char *word, gsize length)
{
  static const char *const words[]
      = { "The",   "A",   "An",  "In",   "On",    "At",  "Of",   "By",    "For",   "From", "To",
          "With",  "As",  "If",  "When", "Where", "Who", "What", "Which", "Why",   "How",  "Is",
          "Was",   "It",  "He",  "She",  "They",  "We",  "I",    "You",   "This",  "That", "These",
          "Those", "His", "Her", "Its",  "Their", "My",  "Our",  "Your",  "There", "Q",    "Question" };
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (strlen (words[i]) == length && strncmp (words[i], word, length) == 0)
      return TRUE;
  return FALSE;
}

char *
eg_guess_subject (const char *prompt)
{
  const char *best = prompt, *run = NULL;
  gsize best_length = 0;

  for (const char *p = prompt; *p;)
    {
      if (g_unichar_isspace (g_utf8_get_char (p)))
        {
          p = g_utf8_next_char (p);
          continue;
        }
      const char *word = p, *end = p;
      for (; *p && !g_unichar_isspace (g_utf8_get_char (p)); p = g_utf8_next_char (p))
        if (g_unichar_isalnum (g_utf8_get_char (p)))
          end = g_utf8_next_char (p);
      const gunichar first = g_utf8_get_char (word);
      const gboolean names = g_unichar_isupper (first) || (run && g_unichar_isdigit (first));
      if (!names || end == word || (!run && names_nothing (word, (gsize)(end - word))))
        {
          run = NULL;
          continue;
        }
      run = run ? run : word;
      if ((gsize)(end - run) > best_length)
        {
          best = run;
          best_length = (gsize)(end - run);
        }
      /* A sentence's end ends a name, an abbreviation's dot does not. */
      if (*end == ',' || *end == ';' || *end == ':' || *end == '?' || *end == '!')
        run = NULL;
    }
  return g_strndup (best, best_length);
}
