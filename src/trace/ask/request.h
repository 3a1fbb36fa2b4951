/* What a person asks for: a prompt, its subject, and how to trace it. */
#pragma once

#include "engine/device.h"
#include "network/family.h"
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
 * @keep_samples: the result keeps the score of every sample, not their means alone
 * @noise_level: relative to the corruption's noise scale; > 0
 * @seed: of numpy.random.RandomState
 * @metric: what is measured of each run; @all_metrics: of the others, too, those that have a meaning
 * @sites: by their names, the first of which is the main one: what is restored; each by itself, from the same
 * clean and corrupted runs
 * @window: in how many layers around the cell's (1 … %EG_MAX_WINDOW)
 * @sweep: what a cell is; carry is for the state alone. A sweep over positions has no window
 * @direction: into which runs values are put
 * @freeze: sites that, in each restored run, keep the values of the run that it continues everywhere but
 * where the cell restores, so that no effect goes through them (ROME's severed paths); none that is traced;
 * %NULL is none, as an empty list is
 * @has_knockout, @knockout: in place of restoring, the state's paths are cut: the site is state, the sweep
 * over layers, the direction damage; a cell cuts the knockout's layers that are in its window
 * @estimate_steps: points between clean and corrupted run at which an estimate's gradients are taken; 0: at
 * the run that is changed
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
  gboolean keep_samples;
  double noise_level;
  guint32 seed;
  EgMetric metric;
  gboolean all_metrics;
  char **sites;
  guint window;
  EgSweep sweep;
  EgDirection direction;
  char **freeze;
  gboolean has_knockout;
  EgKnockout knockout;
  guint estimate_steps;
  guint threads;
  EgDevice device;
} EgTraceRequest;

/**
 * EgTraceField: the fields of a request, in the order in which files have them. All that is known of each is
 * in one table (fields.h).
 * @EG_FIELD_METRIC: with all_metrics; @EG_FIELD_CORRUPTION: the kind, with what belongs to it
 */
typedef enum
{
  EG_FIELD_PROMPT,
  EG_FIELD_SUBJECT,
  EG_FIELD_SUBJECT_OFFSET,
  EG_FIELD_TARGET,
  EG_FIELD_SAMPLES,
  EG_FIELD_SEED,
  EG_FIELD_CORRUPTION,
  EG_FIELD_NOISE_LEVEL,
  EG_FIELD_NOISE_SCALE,
  EG_FIELD_SPAN,
  EG_FIELD_REPLACE,
  EG_FIELD_METRIC,
  EG_FIELD_AGAINST,
  EG_FIELD_SITES,
  EG_FIELD_WINDOW,
  EG_FIELD_SWEEP,
  EG_FIELD_DIRECTION,
  EG_FIELD_FREEZE,
  EG_FIELD_KNOCKOUT,
  EG_FIELD_UNTIL_SEM,
  EG_FIELD_MAX_SAMPLES,
  EG_FIELD_ESTIMATE_STEPS,
  EG_FIELD_KEEP_SAMPLES,
  EG_FIELD_THREADS,
  EG_FIELD_DEVICE,
  EG_N_FIELDS,
} EgTraceField;

/* A request with the defaults of a trace: 10 samples of Gaussian noise, level 3, seed 1, prob, resid,
 * window 1, on the processor. (transfer full) */
EgTraceRequest *eg_trace_request_new (const char *prompt, const char *subject);
EgTraceRequest *eg_trace_request_copy (const EgTraceRequest *self);
void eg_trace_request_free (EgTraceRequest *self);

/* As many as it asks for, or one a processor. */
gsize eg_trace_request_count_threads (const EgTraceRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTraceRequest, eg_trace_request_free)

/* Whether both ask for the same numbers: the threads do not matter, but a device's last bits do. */
gboolean eg_trace_request_equal (const EgTraceRequest *a, const EgTraceRequest *b);

/* Names the sites anew, "mixer,state" or "all". EG_ERROR_INVALID. */
gboolean eg_trace_request_set_sites (EgTraceRequest *self, const char *names, GError **error);

/* How many samples it begins with: those asked for, or a swap's one. */
guint eg_trace_request_get_samples (const EgTraceRequest *self);
/* How many it may come to. */
guint eg_trace_request_get_max_samples (const EgTraceRequest *self);

/* Whether clean runs are damaged, so that what a cell tells is a loss and no recovery. */
static inline gboolean
eg_trace_request_is_loss (const EgTraceRequest *self)
{
  return self->direction == EG_DIRECTION_DAMAGE;
}

/* Gives the fields that nobody has named the only values that go with those that were: a sweep that carries
 * is of the state, a knockout damages the state layer by layer. */
void eg_trace_request_complete (EgTraceRequest *self, const gboolean named[EG_N_FIELDS]);

/* All that needs no model to be nonsense; EG_ERROR_INVALID, and which (may be NULL) is the field that is
 * wrong. */
gboolean eg_trace_request_check (const EgTraceRequest *self, EgTraceField *which, GError **error);
/* The knockout against a model's layers and heads and a prompt's tokens. */
gboolean eg_trace_request_check_knockout (const EgTraceRequest *self,
                                          const EgSizes *sizes,
                                          gsize n_tokens,
                                          GError **error);

G_END_DECLS
