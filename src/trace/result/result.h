/* The numbers of a trace, finished or under way, with the settings that made them. */
#pragma once

#include "tokenizer/tokenizer.h"
#include "trace/ask/request.h"

G_BEGIN_DECLS

typedef struct _EgTraceResult EgTraceResult;

/**
 * EgTraceResultInput: the whole prompt's tokens; ids may be %NULL.
 */
typedef struct
{
  gsize n_tokens;
  char **tokens;
  guint32 *ids;
  gsize subject_first, subject_last;
} EgTraceResultInput;

/**
 * EgTraceScores: of another metric of the same runs.
 * @scores, @sem: [n_layers, n_tokens], as the result's
 */
typedef struct
{
  double *scores, *sem;
  double high_score, low_score, low_sem;
} EgTraceScores;

/**
 * EgTraceResult: not thread-safe; owned by the thread (main context) that started the trace.
 * @n_layers, @n_tokens: the grid of cells: one token, named “all tokens”, where the sweep is over layers, and
 * one layer where it is over positions
 * @tokens, @ids, @subject_first, @subject_last: of the grid; those of the whole prompt are in
 * eg_trace_result_get_input()
 * @metric: what the scores are; %EG_METRIC_PROB in files that do not say
 * @scores: [n_layers, n_tokens] row-major, mean over samples of the metric in the restored (damaged) run;
 * NaN: not computed yet, or, where a swapped subject has fewer tokens, without a counterpart
 * @sem: same shape, standard error of that mean (ddof 1); NaN for one sample or where unknown (files without
 * it)
 * @counts: same shape, samples that the score rests on so far
 * @high_score, @low_score: the metric of the clean run; its mean over corrupted runs (NaN until known)
 * @others: the same of the other metrics that were measured; %NULL for one that was not, and for @metric
 * @against, @against_id: the token against which the target stands for logit-diff; %NULL, −1 without one
 * @corruption: how the prompt was corrupted; Gaussian noise in files that do not say
 * @noise_level: NaN where the corruption has none
 * @noise_std: σ, to which the level is relative; NaN where unknown (files of the notebook) or without meaning
 * @target_id, @samples, @seed, @window…: as requested; `has_settings` is FALSE for files that hold only the
 * notebook's fields
 * @until_sem, @max_samples: as requested; 0 where samples were not added; @samples is how many there were
 * @target_named: the request named the target; it was not the first prediction, or nobody knows
 * @device: what computed, "cpu" or "cuda:0 (NVIDIA H100 80GB HBM3, tf32)"; @note: a sentence about it that a
 * person should read, or %NULL; not kept in files
 * @input: the whole prompt, where the grid has not every token; %NULL where it has
 * @more_sites: results of further sites of the same trace, each complete in itself; %NULL for none
 * @complete: every cell rests on all samples
 * @seconds: of the trace alone
 */
struct _EgTraceResult
{
  gatomicrefcount refs;
  gsize n_layers, n_tokens;
  EgMetric metric;
  double *scores;
  double *sem;
  guint *counts;
  double high_score, low_score, low_sem;
  EgTraceScores *others[EG_N_METRICS];
  char *prompt, *subject;
  char **tokens;
  guint32 *ids;   /* NULL where unknown */
  char **spelled; /* NULL: as the tokens */
  gsize subject_first, subject_last;
  char *target;
  gint64 target_id; /* −1 where unknown */
  gboolean target_named;
  char *against;
  gint64 against_id;
  gboolean has_settings;
  guint samples, max_samples;
  double until_sem;
  guint32 seed;
  EgCorruption corruption;
  double noise_level, noise_std;
  EgSite site;
  guint window;
  EgSweep sweep;
  EgDirection direction;
  EgSiteSet freeze;
  gboolean has_knockout;
  EgKnockout knockout;
  EgTraceResultInput *input;
  GPtrArray *more_sites;
  char *model;
  char *device, *note;
  char *version;
  double seconds;
  gboolean complete;
};

EgTraceResult *eg_trace_result_new (gsize n_layers, gsize n_tokens);
EgTraceResult *eg_trace_result_ref (EgTraceResult *self);
void eg_trace_result_unref (EgTraceResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTraceResult, eg_trace_result_unref)

/* Makes room for another metric's scores, NaN all of them. */
EgTraceScores *eg_trace_result_add_metric (EgTraceResult *self, EgMetric metric);

/* The whole prompt, whatever the grid is; pointers into the result. */
EgTraceResultInput eg_trace_result_get_input (const EgTraceResult *self);

/* The whole prompt, which becomes the grid's own tokens where it has them all; the sweep is set already.
 * Takes it over. */
void eg_trace_result_take_input (EgTraceResult *self, EgTraceResultInput *input);

/* Learns from their ids what the tokens of all sites look like: bytes that are no characters, as such. Does
 * nothing where they are not this tokenizer's. */
void eg_trace_result_spell (EgTraceResult *self, EgTokenizer *tokenizer);

/* A token of the grid as it is to be shown, "" where there is none. (transfer none) */
const char *eg_trace_result_get_token (const EgTraceResult *self, gsize position);

/* The shape of a result's grid in files: [layers, tokens], or of a sweep over one of them [layers] or
 * [tokens]. Returns: the number of dimensions, 2 or 1. */
guint eg_trace_result_get_shape (const EgTraceResult *self, gsize shape[2]);

/* The results of a trace's sites: this one, then the others. (transfer none) */
gsize eg_trace_result_n_sites (const EgTraceResult *self);
EgTraceResult *eg_trace_result_get_site (const EgTraceResult *self, gsize index);

/* Adds another site's result, which it takes over. */
void eg_trace_result_take_site (EgTraceResult *self, EgTraceResult *other);

static inline double
eg_trace_result_score (const EgTraceResult *self, gsize layer, gsize position)
{
  return self->scores[layer * self->n_tokens + position];
}

/* Recovery, clip((score − low)/(high − low), 0, 1), or, of damage, loss, clip((high − score)/(high − low), 0,
 * 1); NaN where not known yet, or undefined: where the corrupted runs are
 * as good as the clean one, or better. */
double eg_trace_result_normalize (const EgTraceResult *self, double score);

/**
 * EgTraceAnalysis: the notebook's §4–§6, over the cells computed so far.
 * @has_best, @best_layer, @best_position, @best_score: the cell with the best score: the highest, or the
 * lowest of a metric whose smaller values are better
 * @layer_average: [n_layers] mean over tokens of the scores; @subject_average: [n_layers] mean over the
 * subject's
 * @layer_sem: [n_layers] nothing more than sqrt(Σ sem²)/T: the error of the average if cells were independent
 * @top_layers: the five best of @layer_average (fewer when there are fewer layers), best first, ties as
 *   numpy.argsort(…)[::-1] gives them
 * @overall_mean, @subject_mean: the means of both curves; @ratio = subject_mean/overall_mean, NaN when
 * undefined
 */
typedef struct
{
  gsize n_layers;
  gboolean has_best;
  gsize best_layer, best_position;
  double best_score;
  double *layer_average, *layer_sem, *subject_average;
  gsize n_top;
  gsize top_layers[5];
  double overall_mean, subject_mean, ratio;
} EgTraceAnalysis;

EgTraceAnalysis *eg_trace_result_analyze (const EgTraceResult *self);
void eg_trace_analysis_free (EgTraceAnalysis *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTraceAnalysis, eg_trace_analysis_free)

/* A copy that does not change when more cells of a trace under way come in. (transfer full) */
EgTraceResult *eg_trace_result_copy (const EgTraceResult *self);

/* The same prompt and settings of its first site, without scores and other metrics: to be filled with another
 * site's. (transfer full) */
EgTraceResult *eg_trace_result_copy_blank (const EgTraceResult *self);

/* What to ask for to get this result again, as far as it is known; the defaults elsewhere. (transfer full) */
EgTraceRequest *eg_trace_result_get_request (const EgTraceResult *self);

/* "Most important: layer 7 at “ is” brings “ German” back to 99%; within the subject: layer 1 at “ Merkel”
 * (41% ± 2%)": one sentence, or NULL before the first cell. (transfer full) */
char *eg_trace_result_describe (const EgTraceResult *self);

/**
 * EgTraceProblem: why a trace cannot mean much.
 * @EG_TRACE_NOT_LOWERED: high ≤ low; @EG_TRACE_UNSURE: high < 0.1; @EG_TRACE_HARDLY_LOWERED: low ≥ 0.8·high
 */
typedef enum
{
  EG_TRACE_NO_PROBLEM,
  EG_TRACE_NOT_LOWERED,
  EG_TRACE_UNSURE,
  EG_TRACE_HARDLY_LOWERED,
} EgTraceProblem;

EgTraceProblem eg_trace_result_get_problem (const EgTraceResult *self);

/* The note; else that problem in one sentence, with a suggestion; NULL when there is neither. (transfer full)
 */
char *eg_trace_result_warning (const EgTraceResult *self);

G_END_DECLS
