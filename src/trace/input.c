#include "trace/request.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

static gboolean invalid (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
invalid (GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, EG_ERROR, EG_ERROR_INVALID, message);
  return FALSE;
}

static gboolean
check_numbers (const EgTraceRequest *request, GError **error)
{
  if (request->samples < 1 || request->samples > EG_MAX_SAMPLES)
    return invalid (error, "The number of samples must be from 1 to %d, not %u", EG_MAX_SAMPLES,
                    request->samples);
  if (!isfinite (request->noise_level) || request->noise_level <= 0 || request->noise_level > EG_MAX_NOISE)
    return invalid (error, "The noise level must be a number above 0 and at most %g, not %g", EG_MAX_NOISE,
                    request->noise_level);
  if (request->window < 1 || request->window > EG_MAX_WINDOW)
    return invalid (error, "The window must be from 1 to %d layers, not %u", EG_MAX_WINDOW, request->window);
  if (request->site >= EG_N_SITES)
    return invalid (error, "There is no such site");
  return TRUE;
}

/* The subject's characters in the prompt, [start, end). */
static gboolean
find_subject (const EgTraceRequest *request, gsize *start, gsize *end, GPtrArray *notes, GError **error)
{
  const char *prompt = request->prompt, *subject = request->subject;
  if (!subject || !*subject)
    return invalid (error, "No subject is marked: name the part of the prompt that is to be corrupted");
  if (!g_utf8_validate (subject, -1, NULL))
    return invalid (error, "The subject is not valid UTF-8 text");

  const glong n_chars = g_utf8_strlen (prompt, -1);
  const char *at = NULL;
  if (request->subject_offset < 0)
    at = strstr (prompt, subject);
  else if (request->subject_offset <= n_chars
           && g_str_has_prefix (g_utf8_offset_to_pointer (prompt, request->subject_offset), subject))
    at = g_utf8_offset_to_pointer (prompt, request->subject_offset);
  if (!at)
    return invalid (error, "The subject “%s” is not in the prompt “%s”", subject, prompt);
  if (request->subject_offset < 0 && strstr (at + 1, subject))
    g_ptr_array_add (
        notes, g_strdup_printf ("The subject “%s” is in the prompt more than once; the first is corrupted",
                                subject));
  *start = (gsize)g_utf8_pointer_to_offset (prompt, at);
  *end = *start + (gsize)g_utf8_strlen (subject, -1);
  return TRUE;
}

gboolean
eg_trace_find_target (
    EgTokenizer *tokenizer, const char *target, guint32 *id, GPtrArray *notes, GError **error)
{
  if (!*target)
    return invalid (
        error, "The target is empty: name a token, or leave it out to follow the model's first prediction");
  g_autofree char *spaced = g_ascii_isspace (*target) ? g_strdup (target) : g_strconcat (" ", target, NULL);
  if (eg_tokenizer_lookup (tokenizer, spaced, id) || eg_tokenizer_lookup (tokenizer, target, id))
    return TRUE;
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, spaced, -1, error);
  if (!tokens)
    return FALSE;
  if (tokens->len == 0)
    return invalid (error, "The target “%s” is no token of this model", target);
  *id = g_array_index (tokens, EgToken, 0).id;
  g_autofree char *first = eg_tokenizer_token_text (tokenizer, *id);
  g_ptr_array_add (notes, g_strdup_printf ("The target “%s” is %u tokens; its first, “%s”, is followed",
                                           spaced, tokens->len, first));
  return TRUE;
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
  return found || invalid (error, "No token of the prompt covers the subject");
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
      invalid (error, "The prompt is empty");
      return NULL;
    }
  if (!g_utf8_validate (request->prompt, -1, NULL))
    {
      invalid (error, "The prompt is not valid UTF-8 text");
      return NULL;
    }
  if (!check_numbers (request, error) || !find_subject (request, &start, &end, notes, error))
    return NULL;
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, request->prompt, -1, error);
  if (!tokens)
    return NULL;
  take_tokens (self, tokens, tokenizer);
  if (!find_subject_tokens (self, start, end, error))
    return NULL;
  if (request->target)
    {
      if (!eg_trace_find_target (tokenizer, request->target, &self->target_id, notes, error))
        return NULL;
      self->has_target = TRUE;
    }
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
