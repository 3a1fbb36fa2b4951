/* What a person asks for: a prompt, its subject, and how to trace it. */
#pragma once

#include "model/model.h"
#include "model/site.h"

G_BEGIN_DECLS

#define EG_MAX_SAMPLES 10000
#define EG_MAX_WINDOW  1000
#define EG_MAX_NOISE   1e6

/**
 * EgTraceRequest:
 * @prompt: UTF-8
 * @subject: the text in the prompt that is corrupted
 * @subject_offset: where the subject begins in @prompt, in Unicode characters; −1: its first occurrence
 * @target: the token to follow, or %NULL for the clean run's first prediction
 * @samples: noise draws, 1 … %EG_MAX_SAMPLES
 * @noise_level: in standard deviations of the subject's embedding values; > 0
 * @seed: of numpy.random.RandomState
 * @site, @window: what is restored, in how many layers around the cell's (1 … %EG_MAX_WINDOW)
 * @threads: workers; 0 for one a processor
 */
typedef struct
{
  char *prompt;
  char *subject;
  gssize subject_offset;
  char *target;
  guint samples;
  double noise_level;
  guint32 seed;
  EgSite site;
  guint window;
  guint threads;
} EgTraceRequest;

/* A request with the defaults of a trace: 10 samples, level 3, seed 1, resid, window 1. (transfer full) */
EgTraceRequest *eg_trace_request_new (const char *prompt, const char *subject);
EgTraceRequest *eg_trace_request_copy (const EgTraceRequest *self);
/* Whether both ask for the same numbers: the threads do not matter. */
gboolean eg_trace_request_equal (const EgTraceRequest *a, const EgTraceRequest *b);
void eg_trace_request_free (EgTraceRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTraceRequest, eg_trace_request_free)

/* The token that a target names: `Paris` is tried as ` Paris` first; a text of several tokens gives its
 * first, and adds a sentence to the notes that says so. */
gboolean eg_trace_find_target (
    EgTokenizer *tokenizer, const char *target, guint32 *id, GPtrArray *notes, GError **error);

/* What the subject of a prompt may be: its longest run of capitalised words, without an article or the like
 * before them and punctuation after them; "" when there is none. (transfer full) */
char *eg_guess_subject (const char *prompt);

/**
 * EgTraceInput: a request's texts as tokens of one model.
 * @ids, @tokens, @starts, @ends: [n_tokens]; a token's text is the tokenizer's decode of it alone; offsets in
 * characters of the prompt, end exclusive
 * @subject_first, @subject_last: every token whose characters overlap the subject's, inclusive
 * @target_id: valid when @has_target
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
  gsize subject_first, subject_last;
  gboolean has_target;
  guint32 target_id;
  char **notes;
} EgTraceInput;

/* Checks every field and turns the texts into tokens; costs no run of the network. EG_ERROR_INVALID says what
 * is wrong in one sentence for a person. (transfer full) */
EgTraceInput *eg_trace_input_new (const EgTraceRequest *request, EgModel *model, GError **error);
void eg_trace_input_free (EgTraceInput *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTraceInput, eg_trace_input_free)

G_END_DECLS
