/* The numbers of a trace, finished or under way, with the request that made them. */
#pragma once

#include "tokenizer/tokenizer.h"
#include "trace/ask/request.h"

#include <math.h>

G_BEGIN_DECLS

typedef struct _EgTraceResult EgTraceResult;

/**
 * EgTraceTokens: the whole prompt as the model reads it, and the answers that are followed.
 * @ids, @tokens: [n_tokens]; ids are %NULL where unknown
 * @spelled: [n_tokens] with bytes that are no characters as such; %NULL: as the tokens
 * @subject: its text, or that of the span which stands for it
 * @subject_first, @subject_last: its tokens, inclusive
 * @target, @target_id: %NULL, −1 until known
 * @against, @against_id: what stands against the target for logit-diff; %NULL, −1 without one
 */
typedef struct
{
  gsize n_tokens;
  guint32 *ids;
  char **tokens, **spelled;
  char *subject;
  gsize subject_first, subject_last;
  char *target, *against;
  gint64 target_id, against_id;
} EgTraceTokens;

/* Of so many tokens, nothing else of which is known yet. (transfer full) */
EgTraceTokens *eg_trace_tokens_new (gsize n_tokens);
void eg_trace_tokens_free (EgTraceTokens *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTraceTokens, eg_trace_tokens_free)

/**
 * EgTraceEnds: what the scores of a metric lie between.
 * @high: of the clean run; @low: the mean over corrupted runs; @low_sem: its standard error. NaN until known
 */
typedef struct
{
  double high, low, low_sem;
} EgTraceEnds;

/**
 * EgTraceGrid: the cells of one site.
 * @result: to which it belongs, and with which it goes
 * @site: its name
 * @n_layers, @n_tokens: one token, named “all tokens”, where the sweep is over layers, and one layer where it
 * is over positions
 * @scores: of each of the result's metrics, [n_layers, n_tokens] row-major: mean over samples of the metric
 * in the restored (damaged) run; NaN: not computed yet, or, where a swapped subject has fewer tokens, without
 * a counterpart
 * @sem: same shapes, standard errors of these means (ddof 1); NaN for one sample or where unknown (files
 * without them)
 * @effect_sem: same shapes, standard errors of the effects score − low over the same noise, sample by sample;
 * of damage of high − score, which are those of the scores. NaN where not known
 * @samples: [n_layers, n_tokens, result's n_kept] the metric in each sample's run; %NULL where they are not
 * kept (EgTraceRequest)
 * @counts: [n_layers, n_tokens], samples that the scores rest on so far
 * @estimate: same shape, of the main metric: what each would be to first order, never a score; %NULL for none
 */
typedef struct
{
  EgTraceResult *result;
  char *site;
  gsize n_layers, n_tokens;
  double *scores[EG_N_METRICS], *sem[EG_N_METRICS], *effect_sem[EG_N_METRICS];
  double *samples[EG_N_METRICS];
  guint *counts;
  double *estimate;
} EgTraceGrid;

/**
 * EgTraceResult: not thread-safe; owned by the thread (main context) that started the trace.
 * @request: what was asked for; of a file, as far as it is known, the defaults elsewhere
 * @has_settings: FALSE for files that hold only the notebook's fields: of the request, prompt and subject
 * alone are known
 * @tokens: of the whole prompt
 * @metrics, @ends: [n_metrics] what was measured, the request's metric first
 * @grids: [n_grids], one a site, the request's main site first
 * @samples: how many there were so far, of those that were asked for or more; 0 in maps over many facts, each
 * of which has as many as it needed (until_sem)
 * @noise_std: σ, to which the level is relative; NaN where unknown (files of the notebook) or without meaning
 * @model: its name
 * @device: what computed, "cpu" or "cuda:0 (NVIDIA H100 80GB HBM3, tf32)"; @note: a sentence about it that a
 * person should read, or %NULL; not kept in files
 * @version: of Engram
 * @date: when it was traced, "2026-11-29T23:59:00Z", or %NULL where unknown
 * @n_kept, @low_samples: [n_kept] of the corrupted runs, where single samples are kept; 0, %NULL otherwise
 * @complete: every cell rests on all samples
 * @estimated: cells were estimated, and no more than some of them computed after it
 * @seconds: of the trace alone
 * @precision_error: of a trace in a lower precision: the largest distance of a few of its probabilities from
 * those in single precision; NaN elsewhere
 */
struct _EgTraceResult
{
  gatomicrefcount refs;
  const EgTraceRequest *request;
  gboolean has_settings;
  EgTraceTokens *tokens;
  gsize n_metrics;
  EgMetric metrics[EG_N_METRICS];
  EgTraceEnds ends[EG_N_METRICS];
  gsize n_grids;
  EgTraceGrid **grids;
  guint samples;
  double noise_std;
  char *model;
  char *device, *note;
  char *version, *date;
  gsize n_kept;
  double *low_samples[EG_N_METRICS];
  double seconds, precision_error;
  gboolean complete;
  gboolean estimated;
};

/* With a grid for each of the sites, of the shape that the request's sweep has; no score is known. Takes over
 * both. (transfer full) */
EgTraceResult *eg_trace_result_new (
    EgTraceRequest *request, EgTraceTokens *tokens, gsize n_layers, const char *const *sites, gsize n_sites);
EgTraceResult *eg_trace_result_ref (EgTraceResult *self);
void eg_trace_result_unref (EgTraceResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTraceResult, eg_trace_result_unref)

/* A copy that does not change when more cells of a trace under way come in. (transfer full) */
EgTraceResult *eg_trace_result_copy (const EgTraceResult *self);

/* Makes room for another metric in all grids, NaN all of it. Returns: its index. */
gsize eg_trace_result_add_metric (EgTraceResult *self, EgMetric metric);

/* FALSE when it was not measured. index may be NULL. */
gboolean eg_trace_result_find_metric (const EgTraceResult *self, EgMetric metric, gsize *index);

/* Makes room for estimates in all grids, NaN all of them. */
void eg_trace_result_add_estimates (EgTraceResult *self);

/* Whether any cell of any site has a score. */
gboolean eg_trace_result_has_scores (const EgTraceResult *self);

/* Whether a score tells what is lost (of damage, EgTraceRequest), and not what comes back. */
gboolean eg_trace_result_is_loss (const EgTraceResult *self);

/* The grid of a site; NULL when it was not traced. */
EgTraceGrid *eg_trace_result_find_site (const EgTraceResult *self, const char *site);

/* Learns from their ids what the tokens look like: bytes that are no characters, as such. Does nothing where
 * they are not this tokenizer's. */
void eg_trace_result_spell (EgTraceResult *self, EgTokenizer *tokenizer);

/* ---- grids ---- */

/* A copy of its result, which goes with the grid of it that is returned. (transfer full):
 * eg_trace_grid_unref()
 */
EgTraceGrid *eg_trace_grid_copy (const EgTraceGrid *self);

/* Keeps its result, and with it all of its grids. */
EgTraceGrid *eg_trace_grid_ref (EgTraceGrid *self);
void eg_trace_grid_unref (EgTraceGrid *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTraceGrid, eg_trace_grid_unref)

/* Whether its rows are layers (or it has one, of all of them); its columns tokens. */
gboolean eg_trace_grid_tells_layers (const EgTraceGrid *self);
gboolean eg_trace_grid_tells_tokens (const EgTraceGrid *self);

gsize eg_trace_grid_n_cells (const EgTraceGrid *self);

/* The shape in files: [layers, tokens], or of a sweep over one of them [layers] or [tokens]. Returns: the
 * number of dimensions, 2 or 1. */
guint eg_trace_grid_get_shape (const EgTraceGrid *self, gsize shape[2]);

/* The subject's columns, inclusive. */
void eg_trace_grid_get_subject (const EgTraceGrid *self, gsize *first, gsize *last);

/* A column's token, as it is to be shown; as the tokenizer has it. "" where there is none. (transfer none) */
const char *eg_trace_grid_get_token (const EgTraceGrid *self, gsize position);
const char *eg_trace_grid_get_text (const EgTraceGrid *self, gsize position);

/* Of the main metric: which it is, what its scores lie between, a cell's score and its error. */
EgMetric eg_trace_grid_get_metric (const EgTraceGrid *self);
const EgTraceEnds *eg_trace_grid_get_ends (const EgTraceGrid *self);

static inline double
eg_trace_grid_score (const EgTraceGrid *self, gsize layer, gsize position)
{
  return self->scores[0][layer * self->n_tokens + position];
}

static inline double
eg_trace_grid_sem (const EgTraceGrid *self, gsize layer, gsize position)
{
  return self->sem[0][layer * self->n_tokens + position];
}

/* Whether a cell has no score yet, but an estimate; and whether any has. */
static inline gboolean
eg_trace_grid_is_estimated (const EgTraceGrid *self, gsize layer, gsize position)
{
  const gsize cell = layer * self->n_tokens + position;
  return self->estimate != NULL && isnan (self->scores[0][cell]) && !isnan (self->estimate[cell]);
}

gboolean eg_trace_grid_has_estimated (const EgTraceGrid *self);

/* What a map shows of a cell: its score, or, where there is none, its estimate, which is to look like one. */
static inline double
eg_trace_grid_shown (const EgTraceGrid *self, gsize layer, gsize position)
{
  return eg_trace_grid_is_estimated (self, layer, position)
             ? self->estimate[layer * self->n_tokens + position]
             : eg_trace_grid_score (self, layer, position);
}

/* The place between the corrupted and the clean run, (score − low)/(high − low), or, of damage, (high −
 * score)/(high − low): below 0 and above 1 for what lies outside them. NaN where not known yet, or undefined.
 */
double eg_trace_grid_fraction (const EgTraceGrid *self, double score);

/* How much of the main metric's way a difference of scores is; a standard error's, for example. NaN where
 * undefined. */
double eg_trace_grid_scale (const EgTraceGrid *self, double difference);

/* Recovery, clip((score − low)/(high − low), 0, 1), or, of damage, loss, clip((high − score)/(high − low), 0,
 * 1); NaN where not known yet, or undefined: where the corrupted runs are as good as the clean one, or
 * better. */
double eg_trace_grid_normalize (const EgTraceGrid *self, double score);

/* score − low, or, of damage, high − score; NaN where not known. */
double eg_trace_grid_effect (const EgTraceGrid *self, gsize layer, gsize position);

/* Whether a cell's effect is within two standard errors of none. FALSE where its error is not known. */
gboolean eg_trace_grid_is_noise (const EgTraceGrid *self, gsize layer, gsize position);

/* Makes room for the values of n samples, NaN all of them. */
void eg_trace_result_keep_samples (EgTraceResult *self, gsize n);

G_END_DECLS
