/* All that one prompt's trace is made of, in pieces, for the files of run/ alone.
 *
 * Three parties work on it: the caller's main context, which alone touches `delivery.result`; the
 * coordinator, a thread that runs the clean run and the first corrupted ones; and the workers, of which it is
 * one, that take tasks in their order. That a prompt has a pool of threads of its own is for start.c to say,
 * and for nobody else to know. */
#pragma once

#include "trace/ask/noise.h"
#include "trace/plan/memory.h"
#include "trace/plan/schedule.h"
#include "trace/run/meter.h"
#include "trace/run/partial.h"
#include "trace/run/pool.h"
#include "trace/run/progress.h"

G_BEGIN_DECLS

/**
 * EgPromptRuns: what restored runs continue, and what is put into them.
 * @shifted: of a swapped prompt of another length: the source of what is put into the other run, at that
 * one's positions; or NULL
 * @corrupted: [max_samples], those of the rounds under way; @inputs: [max_samples] their rows from the
 * subject on, in device memory
 */
typedef struct
{
  EgRun *clean, *shifted;
  EgRun **corrupted;
  float **inputs;
} EgPromptRuns;

/**
 * EgPromptNoise: drawn in the order of samples, whoever asks.
 * @lock: of all that is below
 * @embeddings: [T, d] host; @noisy: [T − corrupted_first, d] host
 * @unneeded: [max_samples] its corrupted run is not needed again
 * @std: σ, to which the level is relative; NaN for a swap. Written by the coordinator, before any delivery
 */
typedef struct
{
  pthread_mutex_t lock;
  EgNoise *stream;
  float *embeddings, *noisy;
  gsize n_drawn;
  guint8 *unneeded;
  double std;
} EgPromptNoise;

/* A round under way: a group waits until all the corrupted runs of its round are there. */
typedef struct
{
  gsize blocks_left, groups_left;
  gboolean ready;
} EgRoundState;

/**
 * EgPromptRounds: the samples' plan, and how far it is.
 * @samples, @max_samples: those of the plans so far; how many they may come to
 * @block: samples of a block of corrupted runs
 * @states: of the plan's rounds; @next: the first that is not open
 */
typedef struct
{
  EgTraceMemory memory;
  EgGroupSizes sizes;
  EgPlanCosts costs;
  gsize samples, max_samples, block;
  EgPlan *plan;
  EgSchedule *schedule;
  EgRoundState *states;
  gsize next;
} EgPromptRounds;

/**
 * EgPromptTally: what has been measured.
 * @estimates: of the grid's cells; values are written by one worker each
 * @n_low: corrupted runs in them, counted as rounds open
 * @changed: of gsize: cells to hand over; @pending: [n_cells] a cell stands in it
 * @units_done: cells × samples; @rounds_done: whose cells are all known
 * @cost, @cost_done, @cost_before: of the plans so far; before: of what a partial trace had
 */
typedef struct
{
  EgEstimates *estimates;
  gsize n_low;
  GArray *changed;
  guint8 *pending;
  gsize units_done, rounds_done;
  guint64 cost, cost_done, cost_before;
} EgPromptTally;

/**
 * EgPromptDelivery: to the caller's main context.
 * @result: the main context's alone
 * @scheduled: a delivery is on its way; @announced: there was one; @finished: no thread works any more. With
 * the pool's lock
 */
typedef struct
{
  GMainContext *context;
  GTask *task;
  EgTraceProgressFunc progress;
  gpointer progress_data;
  EgTraceResult *result;
  gint64 start_time;
  gboolean scheduled, announced, finished;
} EgPromptDelivery;

/**
 * _EgTracedPrompt: tally, rounds and what is said to be so of the rest are under the pool's lock.
 * @error: of the first thread that failed: under the lock while workers are at work, else the coordinator's
 * @partial: what is there already, or NULL; @order: of its cells, or NULL; @relaxed: [sites] those to which
 * it does not apply any more
 * @n_tokens, @n_corrupted: of the clean prompt, and of the corrupted one; @n_cells: of all sites
 */
struct _EgTracedPrompt
{
  int refs;
  EgTracePool *pool;
  GError *error;
  EgModel *model;
  EgTraceRequest *request;
  EgTraceInput *input;
  EgTracePartial *partial;
  EgTraceOrder *order;
  gboolean *relaxed;
  GCancellable *cancellable;
  gsize n_tokens, n_corrupted, n_cells;
  EgGrid grid;
  EgMeter meter;
  EgPromptRuns runs;
  EgPromptNoise noise;
  EgPromptRounds rounds;
  EgPromptTally tally;
  EgPromptDelivery delivery;
};

/* Takes the pool and the input over. Nothing is planned yet, and there is no room for values. */
EgTracedPrompt *eg_traced_prompt_new (EgTracePool *pool,
                                      EgModel *model,
                                      const EgTraceRequest *request,
                                      EgTraceInput *input,
                                      EgTracePartial *partial,
                                      GCancellable *cancellable);
EgTracedPrompt *eg_traced_prompt_ref (EgTracedPrompt *self);
/* The last one in the main context, whose things it frees. */
void eg_traced_prompt_unref (EgTracedPrompt *self);

/* Room for every value and run. */
void eg_traced_prompt_reserve (EgTracedPrompt *self);

EgBackend *eg_traced_prompt_get_backend (const EgTracedPrompt *self);
EgNetwork *eg_traced_prompt_get_network (const EgTracedPrompt *self);

/* Corrupted runs and inputs that are not needed any more. */
void eg_traced_prompt_free_samples (EgTracedPrompt *self, gsize first, gsize end);

G_END_DECLS
