/* The request under edit: the one that the window would trace, the model it is for, its tokens, and what is
 * wrong with which of its parts. All panels observe it; none asks another. */
#pragma once

#include "app/ask/draft-check.h"
#include "app/ask/draft-origin.h"

#include <glib-object.h>

G_BEGIN_DECLS

#define EG_TYPE_DRAFT (eg_draft_get_type ())

/* Signals, after each edit in this order, those that have something to say:
 *   "shown" (): other settings were put in place of all that was there. It comes inside the edit: panels show
 * them, and put what they cannot hold into the request as they have it
 *   "tokens-changed" (): the prompt's tokens, the subject's place among them, or the model
 *   "problems-changed" (): what is wrong with a part, or worth knowing
 *   "changed" (): always
 *   "origin-changed" (): the prompt is to be seen as another model reads it, or is not any more
 *   "answer-reset" (): what was asked of another prompt does not hold for this one, and can be restored */
G_DECLARE_FINAL_TYPE (EgDraft, eg_draft, EG, DRAFT, GObject)

/* An empty prompt and the usual settings, for no model. */
EgDraft *eg_draft_new (void);

/* What would be traced. (transfer none): the same one all the time. */
const EgTraceRequest *eg_draft_get_request (EgDraft *self);

/* An edit: the request itself, to be changed in place, and then looked at as a whole. Edits may stand inside
 * each other. Prompt and subject are not changed here but with the functions below. */
EgTraceRequest *eg_draft_edit (EgDraft *self);
void eg_draft_commit (EgDraft *self);

/* A text of this part that is no setting, so that the request cannot hold it; within an edit. error NULL: it
 * can. */
void eg_draft_set_unreadable (EgDraft *self, EgPart part, const GError *error);

/* ---- whole requests ---- */

/* Puts another request in place of all that is there but the threads; or its settings alone. */
void eg_draft_show (EgDraft *self, const EgTraceRequest *request);
void eg_draft_show_settings (EgDraft *self, const EgTraceRequest *request);

/* All settings, the threads too, as at the first start. */
void eg_draft_reset_settings (EgDraft *self);
gboolean eg_draft_is_usual (EgDraft *self);

/* ---- prompt and subject ---- */

/* A prompt that does not have the subject any more is another one. The target, what it stands apart from and
 * the subject to swap for were about the one before: they are as usual then, and come back with that prompt,
 * or when a person wants them. */
void eg_draft_restore_answer (EgDraft *self);

/* Another prompt and its subject; "": to be guessed. */
void eg_draft_set_texts (EgDraft *self, const char *prompt, const char *subject);

/* As a person edits the prompt, names a subject (""; none any more), or marks its tokens, inclusive. */
void eg_draft_set_prompt (EgDraft *self, const char *prompt);
void eg_draft_set_subject (EgDraft *self, const char *subject);
void eg_draft_mark_subject (EgDraft *self, gsize first, gsize last);

/* The subject that was named; "" while the request's is a guess. And what is guessed, or "". (transfer none)
 */
const char *eg_draft_get_named_subject (EgDraft *self);
const char *eg_draft_get_guess (EgDraft *self);

/* ---- the rest ---- */

/* NULL or "": the first prediction. */
void eg_draft_set_target (EgDraft *self, const char *target);

/* For which the request is; NULL while none is loaded. (transfer none) */
void eg_draft_set_model (EgDraft *self, EgModel *model);
EgModel *eg_draft_get_model (EgDraft *self);

/* Of a map that another model has made: its tokens and predictions are that model's, as long as prompt and
 * subject are the map's. origin: (transfer full) (nullable) */
void eg_draft_set_origin (EgDraft *self, EgDraftOrigin *origin);
const EgDraftOrigin *eg_draft_get_origin (EgDraft *self);

/* (transfer none): until the next edit. */
const EgPromptTokens *eg_draft_get_tokens (EgDraft *self);
const char *eg_draft_get_error (EgDraft *self, EgPart part);
const char *eg_draft_get_note (EgDraft *self, EgPart part);

/* Whether there is a model and nothing is wrong. why: (out) (optional) (transfer none) (nullable): what keeps
 * it, where that is said. */
gboolean eg_draft_can_trace (EgDraft *self, const char **why);

G_END_DECLS
