/* Turns a request into tokens, and finds what in it this model or prompt cannot do. */
#include "trace/ask/input.h"

#include "core/error.h"
#include "tokenizer/find-text.h"
#include "tokenizer/token-text.h"
#include "trace/ask/request-check.h"
#include "trace/ask/site-names.h"

#include <glib/gi18n.h>
#include <string.h>

static gboolean
set_not_there (const char *prompt, const char *subject, GError **error)
{
  g_autofree char *near = eg_text_find_near (prompt, subject);
  if (near == NULL)
    return eg_error_invalid (error, _ ("The subject “%s” is not in the prompt “%s”"), subject, prompt);
  return eg_error_invalid (error, _ ("The subject “%s” is not in the prompt “%s”; there is “%s”"), subject,
                           prompt, near);
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

  gsize again, after;
  const gboolean anywhere = request->subject_offset < 0;
  if (anywhere)
    {
      if (!eg_text_find (prompt, subject, 0, start, end))
        return set_not_there (prompt, subject, error);
    }
  else if (!eg_text_has_at (prompt, subject, *start = (gsize)request->subject_offset, end))
    return set_not_there (prompt, subject, error);
  if (anywhere && eg_text_find (prompt, subject, *start + 1, &again, &after))
    g_ptr_array_add (
        notes, g_strdup_printf (
                   _ ("The subject “%s” is in the prompt more than once; the first is corrupted"), subject));
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
  g_autoptr (GArray) tokens = eg_tokenizer_encode_part (tokenizer, spaced, -1, error);
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
  const EgTraceRequest request = { .target = (char *)target };
  return eg_check_target (&request, error)
         && find_token (tokenizer, _ ("The target"), target, id, notes, error);
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

/* Whether the characters [from, to) of the prompt are spaces, or none. */
static gboolean
is_space (const char *prompt, gsize from, gsize to)
{
  for (const char *c = g_utf8_offset_to_pointer (prompt, (glong)from); from < to;
       from++, c = g_utf8_next_char (c))
    if (!g_unichar_isspace (g_utf8_get_char (c)))
      return FALSE;
  return TRUE;
}

/* A subject that begins or ends within a token has all of that token corrupted. */
static void
note_overlap (const EgTraceInput *self,
              EgTokenizer *tokenizer,
              const char *prompt,
              gsize start,
              gsize end,
              GPtrArray *notes)
{
  const gsize first = self->subject_first, last = self->subject_last;
  g_autoptr (GString) tokens = g_string_new (NULL);
  /* What several tokens share of one character is the tokenizer's doing. */
  if ((self->starts[first] >= start || is_space (prompt, self->starts[first], start))
      && (self->ends[last] <= end || is_space (prompt, end, self->ends[last])))
    return;
  for (gsize t = first; t <= last; t++)
    {
      g_autofree char *spelled = eg_token_spell (tokenizer, self->ids[t]), *token = eg_token_quote (spelled);
      g_string_append_printf (tokens, "%s“%s”", t > first ? ", " : "", token);
    }
  /* TRANSLATORS: the subject, and the tokens, in quotes and with commas between them. */
  g_ptr_array_add (notes, g_strdup_printf (_ ("The subject “%s” overlaps %s, which is corrupted as a whole"),
                                           self->subject, tokens->str));
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
              EgModel *model,
              gsize start,
              gsize end,
              GPtrArray *notes,
              GError **error)
{
  EgTokenizer *tokenizer = eg_model_get_tokenizer (model);
  g_autofree char *before = part_of (request->prompt, 0, start);
  const char *after = g_utf8_offset_to_pointer (request->prompt, (glong)end);
  g_autofree char *text = g_strconcat (before, request->corruption.swap, after, NULL);
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, text, -1, error);
  if (!tokens || !eg_tokenizer_check_rows (tokenizer, tokens, eg_model_get_sizes (model)->vocab_size, error))
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

/* Whether the swapped prompt can be run. */
static gboolean
check_swapped (const EgTraceInput *self, const EgTraceRequest *request, EgModel *model, GError **error)
{
  const gsize most = eg_model_get_sizes (model)->n_positions;
  if (most > 0 && self->n_swapped > most)
    return eg_error_invalid (
        error,
        _ ("With “%s” in the place of “%s”, the prompt has %zu tokens, and this model takes at "
           "most %zu"),
        request->corruption.swap, self->subject, self->n_swapped, most);
  return eg_network_check_tokens (eg_model_get_network (model), self->swapped, self->n_swapped, error);
}

/* An added token that the embedding has no row for is never predicted. */
static gboolean
check_answer (EgModel *model, guint32 id, const char *text, GError **error)
{
  return id < eg_model_get_sizes (model)->vocab_size
         || eg_error_invalid (error,
                              _ ("“%s” is a token that this model never predicts: its embedding has "
                                 "no row for it"),
                              text);
}

static gboolean
find_answers (EgTraceInput *self,
              const EgTraceRequest *request,
              EgModel *model,
              GPtrArray *notes,
              EgTraceField *which,
              GError **error)
{
  EgTokenizer *tokenizer = eg_model_get_tokenizer (model);
  self->has_target = request->target != NULL;
  self->has_against = request->against != NULL;
  *which = EG_FIELD_TARGET;
  if (self->has_target
      && (!eg_trace_find_target (tokenizer, request->target, &self->target_id, notes, error)
          || !check_answer (model, self->target_id, request->target, error)))
    return FALSE;
  *which = EG_FIELD_AGAINST;
  if (self->has_against
      && (!find_token (tokenizer, _ ("The token against it,"), request->against, &self->against_id, notes,
                       error)
          || !check_answer (model, self->against_id, request->against, error)))
    return FALSE;
  if (self->has_target && self->has_against && self->target_id == self->against_id)
    return eg_error_invalid (error, _ ("The target “%s” and the token against it are the same"),
                             request->target);
  return TRUE;
}

static gboolean
check_prompt (const char *prompt, GError **error)
{
  if (!prompt || !*prompt)
    return eg_error_invalid (error, _ ("The prompt is empty"));
  return g_utf8_validate (prompt, -1, NULL)
         || eg_error_invalid (error, _ ("The prompt is not valid UTF-8 text"));
}

static gboolean
read_prompt (EgTraceInput *self, const EgTraceRequest *request, EgModel *model, GError **error)
{
  EgTokenizer *tokenizer = eg_model_get_tokenizer (model);
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, request->prompt, -1, error);
  if (!tokens || !eg_tokenizer_check_rows (tokenizer, tokens, eg_model_get_sizes (model)->vocab_size, error))
    return FALSE;
  take_tokens (self, tokens, tokenizer);
  return self->n_tokens > 0 || eg_error_invalid (error, _ ("The prompt has no token"));
}

/* Sites, and a knockout, that this model has not. */
static gboolean
check_places (
    const EgTraceRequest *request, EgModel *model, gsize n_tokens, EgTraceField *which, GError **error)
{
  const EgFamily *family = eg_model_get_family (model);
  *which = EG_FIELD_SITES;
  if (!request->has_knockout && !eg_site_names_check (request->sites, family, error))
    return FALSE;
  *which = EG_FIELD_FREEZE;
  if (!eg_site_names_check (request->freeze, family, error))
    return FALSE;
  *which = EG_FIELD_KNOCKOUT;
  if (request->has_knockout && family->knockout_site < 0)
    return eg_error_invalid (error, _ ("Nothing can be cut in models of this kind"));
  return eg_trace_request_check_knockout (request, eg_model_get_sizes (model), n_tokens, error);
}

/* Step by step; where one fails, *which is the field that it is about. */
static gboolean
read_request (EgTraceInput *self,
              const EgTraceRequest *request,
              EgModel *model,
              GPtrArray *notes,
              EgTraceField *which,
              GError **error)
{
  gsize start = 0, end = 0;
  *which = EG_FIELD_PROMPT;
  if (!check_prompt (request->prompt, error) || !eg_trace_request_check (request, which, error))
    return FALSE;
  *which = EG_FIELD_SUBJECT;
  if (!find_subject (request, &start, &end, notes, error))
    return FALSE;
  *which = EG_FIELD_PROMPT;
  if (!read_prompt (self, request, model, error))
    return FALSE;
  if (!eg_network_check_tokens (eg_model_get_network (model), self->ids, self->n_tokens, error))
    return FALSE;
  if (!check_places (request, model, self->n_tokens, which, error))
    return FALSE;
  *which = request->corruption.span != EG_SPAN_SUBJECT ? EG_FIELD_SPAN : EG_FIELD_SUBJECT;
  if (!find_tokens (self, request, start, end, error))
    return FALSE;
  if (start < end)
    note_overlap (self, eg_model_get_tokenizer (model), request->prompt, start, end, notes);
  *which = EG_FIELD_CORRUPTION;
  if (request->corruption.kind == EG_CORRUPTION_SWAP
      && (!swap_subject (self, request, model, start, end, notes, error)
          || !check_swapped (self, request, model, error)))
    return FALSE;
  return find_answers (self, request, model, notes, which, error);
}

EgTraceInput *
eg_trace_input_new (const EgTraceRequest *request, EgModel *model, EgTraceField *which, GError **error)
{
  g_autoptr (EgTraceInput) self = g_new0 (EgTraceInput, 1);
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  EgTraceField field;
  if (!read_request (self, request, model, notes, which != NULL ? which : &field, error))
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
