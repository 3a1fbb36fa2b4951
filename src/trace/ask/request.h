/* What a person asks for: a prompt, its subject, and how to trace it. */
#pragma once

#include "engine/device.h"
#include "library/model.h"
#include "network/site.h"
#include "trace/ask/corruption.h"
#include "trace/ask/metric.h"
#include "trace/ask/sweep.h"

G_BEGIN_DECLS

#define EG_MAX_SAMPLES 10000
#define EG_MAX_WINDOW  1000
#define EG_MAX_NOISE   1e6

/**
 * EgTraceRequest:
 * @prompt: UTF-8
 * @subject: the text in the prompt that is corrupted; may be %NULL where the corruption names its own span,
 * which is then the subject
 * @subject_offset: where the subject begins in @prompt, in Unicode characters; −1: its first occurrence
 * @target: the token to follow, or %NULL for the clean run's first prediction
 * @against: the token from whose logit the target's stands apart, for logit-diff; %NULL for the first
 * prediction after a swap
 * @corruption: what is done to the subject, or another span
 * @samples: noise draws, 1 … %EG_MAX_SAMPLES; a swap has one, whatever stands here
 * @until_sem: 0, or rounds of samples are added until the metric's standard error of every cell is at most
 * this
 * @max_samples: or until there are so many; without until_sem not used
 * @noise_level: relative to the corruption's noise scale; > 0
 * @seed: of numpy.random.RandomState
 * @metric: what is measured of each run; @all_metrics: of the others, too, those that have a meaning
 * @site, @window: what is restored, in how many layers around the cell's (1 … %EG_MAX_WINDOW)
 * @more_sites: others that are traced along with it, each by itself, from the same clean and corrupted runs
 * @sweep: what a cell is; carry is for the state alone. A sweep over positions has no window
 * @direction: into which runs values are put
 * @freeze: sites that, in each restored run, keep the values of the run that it continues everywhere but
 * where the cell restores, so that no effect goes through them (ROME's severed paths); none that is traced
 * @has_knockout, @knockout: in place of restoring, the state's paths are cut: the site is state, the sweep
 * over layers, the direction damage; a cell cuts the knockout's layers that are in its window
 * @threads: workers; 0 for one a processor
 * @device: what computes
 */
typedef struct
{
  char *prompt;
  char *subject;
  gssize subject_offset;
  char *target, *against;
  EgCorruption corruption;
  guint samples, max_samples;
  double until_sem;
  double noise_level;
  guint32 seed;
  EgMetric metric;
  gboolean all_metrics;
  EgSite site;
  guint window;
  EgSiteSet more_sites;
  EgSweep sweep;
  EgDirection direction;
  EgSiteSet freeze;
  gboolean has_knockout;
  EgKnockout knockout;
  guint threads;
  EgDevice device;
} EgTraceRequest;

/* A request with the defaults of a trace: 10 samples of Gaussian noise, level 3, seed 1, prob, resid,
 * window 1, on the processor. (transfer full) */
EgTraceRequest *eg_trace_request_new (const char *prompt, const char *subject);
EgTraceRequest *eg_trace_request_copy (const EgTraceRequest *self);
/* Whether both ask for the same numbers: the threads do not matter, but a device's last bits do. */
gboolean eg_trace_request_equal (const EgTraceRequest *a, const EgTraceRequest *b);
/* How many samples it begins with: those asked for, or a swap's one. */
guint eg_trace_request_get_samples (const EgTraceRequest *self);
/* How many it may come to. */
guint eg_trace_request_get_max_samples (const EgTraceRequest *self);
/* Whether sites, sweep, direction, freeze and knockout make sense together; EG_ERROR_INVALID. */
gboolean eg_trace_request_check_sites (const EgTraceRequest *self, GError **error);
/* All that needs no model to be nonsense, those too; EG_ERROR_INVALID. */
gboolean eg_trace_request_check (const EgTraceRequest *self, GError **error);
/* The knockout against a model's layers and a prompt's tokens. */
gboolean
eg_trace_request_check_knockout (const EgTraceRequest *self, gsize n_layers, gsize n_tokens, GError **error);
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
 * is wrong in one sentence for a person. (transfer full) */
EgTraceInput *eg_trace_input_new (const EgTraceRequest *request, EgModel *model, GError **error);
void eg_trace_input_free (EgTraceInput *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTraceInput, eg_trace_input_free)

G_END_DECLS
