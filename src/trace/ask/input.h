/* A request's texts as tokens of one model. */
#pragma once

#include "library/model.h"
#include "trace/ask/request.h"

G_BEGIN_DECLS

/**
 * EgTraceInput: a request's texts as tokens of one model.
 * @ids, @tokens, @starts, @ends: [n_tokens]; a token's text is the tokenizer's decode of it alone; offsets in
 * characters of the prompt, end exclusive
 * @subject: the request's, or the text of the span that stands for it
 * @subject_first, @subject_last: every token whose characters overlap the subject's, inclusive
 * @corrupted_first, @corrupted_last: the tokens that noise is put on, inclusive; of a swap, the first that
 * may differ, and the subject's last
 * @swapped: [n_swapped] the corrupted prompt's tokens; %NULL for noise. Tokens before corrupted_first are the
 * prompt's. Of those from there on, the prompt's token t stands beside the swapped prompt's t + n_swapped −
 * n_tokens: both are aligned from their ends. Where that is before corrupted_first, token t has no
 * counterpart
 * @target_id: valid when @has_target; @against_id: when @has_against
 * @notes: things to say once ("the subject stands twice in the prompt; its first place is used"); may be
 * empty
 */
typedef struct
{
  gsize n_tokens;
  guint32 *ids;
  char **tokens;
  gsize *starts;
  gsize *ends;
  char *subject;
  gsize subject_first, subject_last;
  gsize corrupted_first, corrupted_last;
  guint32 *swapped;
  gsize n_swapped;
  gboolean has_target, has_against;
  guint32 target_id, against_id;
  char **notes;
} EgTraceInput;

/* Checks every field and turns the texts into tokens; costs no run of the network. EG_ERROR_INVALID says what
 * is wrong in one sentence for a person, and which (may be NULL) is the field that is. (transfer full) */
EgTraceInput *
eg_trace_input_new (const EgTraceRequest *request, EgModel *model, EgTraceField *which, GError **error);
void eg_trace_input_free (EgTraceInput *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTraceInput, eg_trace_input_free)

/* The token that a target names: `Paris` is tried as ` Paris` first; a text of several tokens gives its
 * first, and adds a sentence to the notes that says so. */
gboolean eg_trace_find_target (
    EgTokenizer *tokenizer, const char *target, guint32 *id, GPtrArray *notes, GError **error);

G_END_DECLS
