/* What a study knows of one fact. */
#pragma once

#include "study/fact.h"

G_BEGIN_DECLS

/**
 * EgStudyState:
 * @EG_STUDY_TRACED: knows the answer, corruption lowers it: traced (or estimated)
 * @EG_STUDY_UNKNOWN: the clean run's first prediction is not the target that the fact names
 * @EG_STUDY_UNAFFECTED: corruption does not lower the answer's probability enough
 * @EG_STUDY_FAILED: it cannot be traced: why is in `problem`
 */
typedef enum
{
  EG_STUDY_TRACED,
  EG_STUDY_UNKNOWN,
  EG_STUDY_UNAFFECTED,
  EG_STUDY_FAILED,
  EG_N_STUDY_STATES,
} EgStudyState;

/* As files have it: "traced". */
const char *eg_study_state_get_name (EgStudyState state);

/**
 * EgStudyFact: immutable, once it is made.
 * @fact: with its index in the file of facts
 * @problem: of a failed one, a sentence; else %NULL
 * @n_tokens, @tokens, @ids: [n_tokens] of the prompt; 0 and NULL of a failed one
 * @subject_first, @subject_last: inclusive
 * @target, @target_id: the token that was followed; NULL, −1 where there was none
 * @prediction: the clean run's first prediction; NULL of a failed one; @prediction_probability: its
 * @clean, @corrupted: P(target) of the clean run, and the mean over corrupted ones: by these it was set apart
 * or not. NaN where not computed: of a failed one, and @corrupted of an unknown one
 * @high, @low, @low_sem: the same of the request's metric, what its scores lie between (EgTraceEnds): the two
 * above where the metric is prob
 * @noise_std: σ; NaN where there is none
 * @n_layers: rows of the scores; @n_sites: of the study's sites, in their order. Both 0 where not traced
 * @scores: [n_sites] of [n_layers, n_tokens] row-major: of each cell the mean over samples, as a trace's
 * result has it (rounded to float); of a study of estimates, estimates (never both). NaN: a cell without a
 * counterpart
 * @sem: the same of standard errors over samples; NaN of one sample, and of estimates
 * @computer: what computed it: the processor (or GPU), its kernels, and what multiplied
 */
typedef struct
{
  gatomicrefcount refs;
  EgFact *fact;
  EgStudyState state;
  char *problem;
  gsize n_tokens;
  char **tokens;
  guint32 *ids;
  gsize subject_first, subject_last;
  char *target;
  gint64 target_id;
  char *prediction;
  double prediction_probability;
  double clean, corrupted;
  double high, low, low_sem, noise_std;
  gsize n_layers, n_sites;
  float **scores, **sem;
  char *computer;
} EgStudyFact;

/* Takes the fact over. Nothing is known: failed, NaN. (transfer full) */
EgStudyFact *eg_study_fact_new (EgFact *fact);
EgStudyFact *eg_study_fact_ref (EgStudyFact *self);
void eg_study_fact_unref (EgStudyFact *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgStudyFact, eg_study_fact_unref)

/* Room for [n_layers, n_tokens] scores and errors of each site, NaN all of it. n_tokens is set before. */
void eg_study_fact_reserve (EgStudyFact *self, gsize n_sites, gsize n_layers);

/* The fact as bytes: the same fact is always the same bytes. (transfer full) */
GBytes *eg_study_fact_to_bytes (const EgStudyFact *self);

/* NULL where they are not those of a fact: nothing of them is trusted. (transfer full) */
EgStudyFact *eg_study_fact_from_bytes (GBytes *bytes);

G_END_DECLS
