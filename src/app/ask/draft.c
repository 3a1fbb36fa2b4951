/* Edits of the one request, each looked at once when it is complete, and told to those who observe it. */
#include "app/ask/draft.h"

#include "app/ask/subject-choice.h"
#include "trace/ask/fields.h"

#include <string.h>

struct _EgDraft
{
  GObject parent_instance;
  EgTraceRequest *request;
  EgSubjectChoice subject;
  EgModel *model;
  EgFindings *findings;
  EgDraftOrigin *origin; /* NULL: the model reads its own prompt */
  char *unreadable[EG_N_PARTS];
  EgTraceRequest *set_aside; /* what was asked of another prompt, with it; NULL: nothing */
  guint n_edits;             /* under way, one inside the other */
  gboolean other_model;      /* since it was looked at */
};

enum
{
  SHOWN,
  TOKENS_CHANGED,
  PROBLEMS_CHANGED,
  CHANGED,
  ORIGIN_CHANGED,
  ANSWER_RESET,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgDraft, eg_draft, G_TYPE_OBJECT)

/* ---- edits ---- */

static gboolean
same_problems (const EgFindings *a, const EgFindings *b)
{
  for (EgPart part = 0; part < EG_N_PARTS; part++)
    if (g_strcmp0 (a->errors[part], b->errors[part]) != 0 || g_strcmp0 (a->notes[part], b->notes[part]) != 0)
      return FALSE;
  return TRUE;
}

/* What could not even be read comes before what was made of it. */
static void
take_unreadable (EgDraft *self, EgFindings *findings)
{
  for (EgPart part = 0; part < EG_N_PARTS; part++)
    if (self->unreadable[part] != NULL)
      {
        g_free (findings->errors[part]);
        findings->errors[part] = g_strdup (self->unreadable[part]);
      }
}

EgTraceRequest *
eg_draft_edit (EgDraft *self)
{
  g_return_val_if_fail (EG_IS_DRAFT (self), NULL);

  self->n_edits++;
  return self->request;
}

void
eg_draft_commit (EgDraft *self)
{
  g_return_if_fail (EG_IS_DRAFT (self) && self->n_edits > 0);

  if (--self->n_edits > 0)
    return;
  EgFindings *before = self->findings;
  self->findings = eg_draft_check (self->request, self->model);
  take_unreadable (self, self->findings);
  const gboolean tokens
      = self->other_model || !eg_prompt_tokens_equal (&before->tokens, &self->findings->tokens);
  const gboolean problems = !same_problems (before, self->findings);
  self->other_model = FALSE;
  eg_findings_free (before);

  g_object_ref (self);
  if (tokens)
    g_signal_emit (self, signals[TOKENS_CHANGED], 0);
  if (problems)
    g_signal_emit (self, signals[PROBLEMS_CHANGED], 0);
  g_signal_emit (self, signals[CHANGED], 0);
  g_object_unref (self);
}

void
eg_draft_set_unreadable (EgDraft *self, EgPart part, const GError *error)
{
  g_return_if_fail (EG_IS_DRAFT (self) && self->n_edits > 0);

  g_free (self->unreadable[part]);
  self->unreadable[part] = error != NULL ? g_strdup (error->message) : NULL;
}

/* ---- the object ---- */

/* As at the first start. (transfer full) */
static EgTraceRequest *
usual_request (void)
{
  EgTraceRequest *request = eg_trace_request_new ("", "");

  request->device.kind = EG_DEVICE_AUTO;
  return request;
}

static void
eg_draft_finalize (GObject *object)
{
  EgDraft *self = EG_DRAFT (object);

  eg_trace_request_free (self->request);
  eg_subject_choice_clear (&self->subject);
  eg_findings_free (self->findings);
  eg_draft_origin_free (self->origin);
  g_clear_pointer (&self->model, eg_model_unref);
  g_clear_pointer (&self->set_aside, eg_trace_request_free);
  for (EgPart part = 0; part < EG_N_PARTS; part++)
    g_free (self->unreadable[part]);
  G_OBJECT_CLASS (eg_draft_parent_class)->finalize (object);
}

static guint
new_signal (const char *name)
{
  return g_signal_new (name, EG_TYPE_DRAFT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
eg_draft_class_init (EgDraftClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = eg_draft_finalize;
  signals[SHOWN] = new_signal ("shown");
  signals[TOKENS_CHANGED] = new_signal ("tokens-changed");
  signals[PROBLEMS_CHANGED] = new_signal ("problems-changed");
  signals[CHANGED] = new_signal ("changed");
  signals[ORIGIN_CHANGED] = new_signal ("origin-changed");
  signals[ANSWER_RESET] = new_signal ("answer-reset");
}

static void
eg_draft_init (EgDraft *self)
{
  self->request = usual_request ();
  eg_subject_choice_init (&self->subject);
  self->findings = eg_draft_check (self->request, NULL);
}

EgDraft *
eg_draft_new (void)
{
  return g_object_new (EG_TYPE_DRAFT, NULL);
}

const EgTraceRequest *
eg_draft_get_request (EgDraft *self)
{
  g_return_val_if_fail (EG_IS_DRAFT (self), NULL);

  return self->request;
}

/* ---- whole requests ---- */

/* Prompt, subject and threads stay as they are. */
static void
put_settings (EgDraft *self, const EgTraceRequest *request)
{
  EgTraceRequest *settings = eg_trace_request_copy (request), *before = self->request;

  g_free (settings->prompt);
  g_free (settings->subject);
  settings->prompt = g_steal_pointer (&before->prompt);
  settings->subject = g_steal_pointer (&before->subject);
  settings->subject_offset = before->subject_offset;
  settings->threads = before->threads;
  /* The request is the same one all the time. */
  const EgTraceRequest swapped = *before;
  *before = *settings;
  *settings = swapped;
  eg_trace_request_free (settings);
  g_signal_emit (self, signals[SHOWN], 0);
}

static void
take_subject (EgDraft *self)
{
  char *subject = g_strdup (eg_subject_choice_get (&self->subject));

  g_free (self->request->subject);
  self->request->subject = subject;
  self->request->subject_offset = self->subject.offset;
}

static void
put_texts (EgDraft *self, const char *prompt, const char *subject, gssize offset)
{
  char *copy = g_strdup (prompt);

  g_free (self->request->prompt);
  self->request->prompt = copy;
  eg_subject_choice_replace (&self->subject, copy, subject, offset);
  take_subject (self);
}

void
eg_draft_show (EgDraft *self, const EgTraceRequest *request)
{
  g_return_if_fail (EG_IS_DRAFT (self) && request != NULL);

  eg_draft_edit (self);
  put_texts (self, request->prompt, request->subject != NULL ? request->subject : "",
             request->subject_offset);
  put_settings (self, request);
  eg_draft_commit (self);
}

void
eg_draft_show_settings (EgDraft *self, const EgTraceRequest *request)
{
  g_return_if_fail (EG_IS_DRAFT (self) && request != NULL);

  eg_draft_edit (self);
  put_settings (self, request);
  eg_draft_commit (self);
}

void
eg_draft_reset_settings (EgDraft *self)
{
  g_return_if_fail (EG_IS_DRAFT (self));

  g_autoptr (EgTraceRequest) usual = usual_request ();

  eg_draft_edit (self)->threads = usual->threads;
  put_settings (self, usual);
  eg_draft_commit (self);
}

gboolean
eg_draft_is_usual (EgDraft *self)
{
  g_return_val_if_fail (EG_IS_DRAFT (self), FALSE);

  g_autoptr (EgTraceRequest) usual = usual_request ();
  /* What changes no number of a trace is left out of the comparison. */
  const gboolean rest
      = self->request->threads == usual->threads && self->request->estimate_steps == usual->estimate_steps;
  /* The texts are no settings. */
  EgTraceRequest settings = *self->request;
  settings.prompt = usual->prompt;
  settings.subject = usual->subject;
  settings.subject_offset = usual->subject_offset;
  return rest && eg_trace_request_equal (&settings, usual);
}

/* ---- what belongs to one prompt ---- */

static gboolean
is_swap (const EgTraceRequest *request)
{
  return request->corruption.kind == EG_CORRUPTION_SWAP;
}

static gboolean
has_answer (const EgTraceRequest *request)
{
  return request->target != NULL || request->against != NULL || is_swap (request);
}

/* Puts what belongs to one prompt in the place of what is there; from NULL: as usual. */
static void
put_answer (EgDraft *self, const EgTraceRequest *from)
{
  g_autoptr (EgTraceRequest) request = eg_trace_request_copy (self->request);

  if (is_swap (request))
    eg_trace_field_reset (EG_FIELD_CORRUPTION, request);
  eg_trace_field_reset (EG_FIELD_TARGET, request);
  eg_trace_field_reset (EG_FIELD_AGAINST, request);
  if (from != NULL)
    {
      request->target = g_strdup (from->target);
      request->against = g_strdup (from->against);
      request->metric = from->metric;
    }
  if (from != NULL && is_swap (from))
    {
      request->corruption.kind = EG_CORRUPTION_SWAP;
      request->corruption.swap = g_strdup (from->corruption.swap);
    }
  /* A difference from a token that is not named is none. */
  if (!eg_trace_request_check_part (request, EG_FIELD_OF_MEASURE, NULL, NULL))
    eg_trace_field_reset (EG_FIELD_METRIC, request);
  put_settings (self, request);
}

void
eg_draft_restore_answer (EgDraft *self)
{
  g_return_if_fail (EG_IS_DRAFT (self));

  g_autoptr (EgTraceRequest) answer = g_steal_pointer (&self->set_aside);

  if (answer == NULL)
    return;
  eg_draft_edit (self);
  put_answer (self, answer);
  eg_draft_commit (self);
}

/* before: the request when it was about another prompt, perhaps. */
static void
follow_prompt (EgDraft *self, const EgTraceRequest *before)
{
  const char *prompt = self->request->prompt;
  const char *subject = before->subject != NULL ? before->subject : "";

  if (self->set_aside != NULL && strcmp (prompt, self->set_aside->prompt) == 0 && !has_answer (before))
    {
      eg_draft_restore_answer (self);
      return;
    }
  if (!has_answer (before) || *subject == '\0' || strstr (prompt, subject) != NULL)
    return;
  g_clear_pointer (&self->set_aside, eg_trace_request_free);
  self->set_aside = eg_trace_request_copy (before);
  put_answer (self, NULL);
  g_signal_emit (self, signals[ANSWER_RESET], 0);
}

/* ---- prompt and subject ---- */

void
eg_draft_set_texts (EgDraft *self, const char *prompt, const char *subject)
{
  g_return_if_fail (EG_IS_DRAFT (self) && prompt != NULL && subject != NULL);

  eg_draft_edit (self);
  g_autoptr (EgTraceRequest) before = eg_trace_request_copy (self->request);
  put_texts (self, prompt, subject, -1);
  follow_prompt (self, before);
  eg_draft_commit (self);
}

void
eg_draft_set_prompt (EgDraft *self, const char *prompt)
{
  g_return_if_fail (EG_IS_DRAFT (self) && prompt != NULL);

  EgTraceRequest *request = eg_draft_edit (self);
  g_autoptr (EgTraceRequest) before = eg_trace_request_copy (request);
  char *copy = g_strdup (prompt);

  g_free (request->prompt);
  request->prompt = copy;
  eg_subject_choice_follow (&self->subject, copy);
  take_subject (self);
  follow_prompt (self, before);
  eg_draft_commit (self);
}

void
eg_draft_set_subject (EgDraft *self, const char *subject)
{
  g_return_if_fail (EG_IS_DRAFT (self) && subject != NULL);

  eg_draft_edit (self);
  eg_subject_choice_name (&self->subject, subject, -1);
  take_subject (self);
  eg_draft_commit (self);
}

/* Where the tokens that are seen stand in the prompt. */
static gboolean
find_tokens (EgDraft *self, gsize first, gsize last, const char **start, const char **end)
{
  const EgPromptTokens *tokens = &self->findings->tokens;
  const char *prompt = self->request->prompt;
  gsize from, to;

  if (self->origin != NULL)
    {
      if (!eg_draft_origin_find (self->origin, prompt, first, last, &from, &to))
        return FALSE;
      *start = prompt + from;
      *end = prompt + to;
      return TRUE;
    }
  if (last >= tokens->n || first > last)
    return FALSE;
  *start = g_utf8_offset_to_pointer (prompt, (glong)tokens->starts[first]);
  *end = g_utf8_offset_to_pointer (prompt, (glong)tokens->ends[last]);
  return TRUE;
}

/* The characters of the tokens, without the spaces around them. */
void
eg_draft_mark_subject (EgDraft *self, gsize first, gsize last)
{
  g_return_if_fail (EG_IS_DRAFT (self));

  const char *prompt = self->request->prompt, *start, *end;

  if (!find_tokens (self, first, last, &start, &end))
    return;
  while (start < end && g_unichar_isspace (g_utf8_get_char (start)))
    start = g_utf8_next_char (start);
  while (end > start && g_unichar_isspace (g_utf8_get_char (g_utf8_prev_char (end))))
    end = g_utf8_prev_char (end);
  if (start == end)
    return;

  g_autofree char *subject = g_strndup (start, (gsize)(end - start));
  eg_draft_edit (self);
  eg_subject_choice_name (&self->subject, subject, g_utf8_pointer_to_offset (prompt, start));
  take_subject (self);
  eg_draft_commit (self);
}

const char *
eg_draft_get_named_subject (EgDraft *self)
{
  g_return_val_if_fail (EG_IS_DRAFT (self), NULL);

  return self->subject.named;
}

const char *
eg_draft_get_guess (EgDraft *self)
{
  g_return_val_if_fail (EG_IS_DRAFT (self), NULL);

  return self->subject.guess;
}

/* ---- the rest ---- */

void
eg_draft_set_target (EgDraft *self, const char *target)
{
  g_return_if_fail (EG_IS_DRAFT (self));

  EgTraceRequest *request = eg_draft_edit (self);
  char *copy = target != NULL && *target != '\0' ? g_strdup (target) : NULL;

  g_free (request->target);
  request->target = copy;
  eg_draft_commit (self);
}

void
eg_draft_set_model (EgDraft *self, EgModel *model)
{
  g_return_if_fail (EG_IS_DRAFT (self));

  eg_draft_edit (self);
  if (model != NULL)
    eg_model_ref (model);
  self->other_model = self->other_model || model != self->model;
  g_clear_pointer (&self->model, eg_model_unref);
  self->model = model;
  eg_draft_commit (self);
}

EgModel *
eg_draft_get_model (EgDraft *self)
{
  g_return_val_if_fail (EG_IS_DRAFT (self), NULL);

  return self->model;
}

void
eg_draft_set_origin (EgDraft *self, EgDraftOrigin *origin)
{
  g_return_if_fail (EG_IS_DRAFT (self));

  if (eg_draft_origin_equal (origin, self->origin))
    {
      eg_draft_origin_free (origin);
      return;
    }
  eg_draft_origin_free (self->origin);
  self->origin = origin;
  g_signal_emit (self, signals[ORIGIN_CHANGED], 0);
}

const EgDraftOrigin *
eg_draft_get_origin (EgDraft *self)
{
  g_return_val_if_fail (EG_IS_DRAFT (self), NULL);

  return self->origin;
}

const EgPromptTokens *
eg_draft_get_tokens (EgDraft *self)
{
  g_return_val_if_fail (EG_IS_DRAFT (self), NULL);

  return &self->findings->tokens;
}

const char *
eg_draft_get_error (EgDraft *self, EgPart part)
{
  g_return_val_if_fail (EG_IS_DRAFT (self) && part < EG_N_PARTS, NULL);

  return self->findings->errors[part];
}

const char *
eg_draft_get_note (EgDraft *self, EgPart part)
{
  g_return_val_if_fail (EG_IS_DRAFT (self) && part < EG_N_PARTS, NULL);

  return self->findings->notes[part];
}

gboolean
eg_draft_can_trace (EgDraft *self, const char **why)
{
  g_return_val_if_fail (EG_IS_DRAFT (self), FALSE);

  const char *error = NULL;

  for (EgPart part = 0; part < EG_N_PARTS && error == NULL; part++)
    error = self->findings->errors[part];
  if (why != NULL)
    *why = error;
  return self->model != NULL && error == NULL;
}
