/* A study's traced facts by role: one number a fact, site, role and layer. All statistics of a study are made
 * of these, and nothing else of a fact is kept. */
#pragma once

#include "study/roles.h"
#include "study/settings.h"
#include "study/statistics.h"
#include "study/study-folder.h"

G_BEGIN_DECLS

/**
 * EgStudyQuantity: what a mean over facts is of, in the unit of the study's metric.
 * @EG_STUDY_SCORE: the mean over the role's tokens of their scores
 * @EG_STUDY_EFFECT: how much better the score is than low; of damage, how much worse than high: score − low,
 * high − score, and the other way round of metrics that are better where they are smaller
 * @EG_STUDY_NORMALIZED: the effect as a part of the whole, effect/|high − low|, of this fact. It is not cut
 * to 0 … 1, as the colours of a single trace are: cutting noise about 0 would lift its mean
 */
typedef enum
{
  EG_STUDY_SCORE,
  EG_STUDY_EFFECT,
  EG_STUDY_NORMALIZED,
  EG_N_STUDY_QUANTITIES,
} EgStudyQuantity;

/* "score", "effect", "normalized": in files and options. */
const char *eg_study_quantity_get_name (EgStudyQuantity quantity);

/* Which mean of it says that the most was done: restored or damaged. */
EgPeak eg_study_quantity_get_peak (EgStudyQuantity quantity, const EgTraceRequest *request);

/* FALSE and EG_ERROR_INVALID, with the list of names, when there is none of this name. */
gboolean eg_study_quantity_from_name (const char *name, EgStudyQuantity *quantity, GError **error);

/**
 * EgStudyRow: one traced fact.
 * @index: its place in the file of facts
 * @key: what it has in common with the same fact in another study: prompt and subject
 * @relation: its number among the relations, −1 for none
 * @high, @low: what its scores lie between
 * @scores: [n_sites][EG_N_ROLES][n_layers]; NaN: it has no token in this role, or one without a score
 */
typedef struct
{
  gsize index;
  char *key;
  gssize relation;
  double high, low;
  double *scores;
} EgStudyRow;

/**
 * EgStudyRelation: facts that have one relation.
 * @counts: [state] of those of which something is known
 */
typedef struct
{
  char *name;
  gsize counts[EG_N_STUDY_STATES];
} EgStudyRelation;

/**
 * EgStudyValues:
 * @settings: of the study
 * @counts: [state] of the facts added; @n_facts: of the whole study (of the shard), added or not
 * @relations: (element-type EgStudyRelation) in the order of their first facts added
 * @rows: (element-type EgStudyRow) by their index, whatever the order in which they came: so a study has the
 * same statistics, to the bit, live and read again
 */
typedef struct
{
  EgStudySettings *settings;
  gsize n_facts;
  gsize counts[EG_N_STUDY_STATES];
  GPtrArray *relations, *rows;
} EgStudyValues;

/* Without facts. Copies the settings. (transfer full) */
EgStudyValues *eg_study_values_new (const EgStudySettings *settings, gsize n_facts);

/* All that is known in a folder; what folders say goes wrong. (transfer full) */
EgStudyValues *eg_study_values_load (EgStudyFolder *folder, GError **error);
void eg_study_values_free (EgStudyValues *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgStudyValues, eg_study_values_free)

/* A fact more, which has not been added before. */
void eg_study_values_add (EgStudyValues *self, const EgStudyFact *fact);

/* FALSE when no fact has this relation. */
gboolean eg_study_values_find_relation (const EgStudyValues *self, const char *name, gsize *relation);

/* FALSE when the study has no such site. */
gboolean eg_study_values_find_site (const EgStudyValues *self, const char *name, gsize *site);

/* One row's curve over layers into values [n_layers]; FALSE where any of it is not known. */
gboolean eg_study_values_get_curve (const EgStudyValues *self,
                                    const EgStudyRow *row,
                                    gsize site,
                                    EgStudyQuantity quantity,
                                    EgRole role,
                                    double *values);

/* The curves of all facts (relation −1) or of one relation's that are known: [n, n_layers]. (transfer full)
 */
double *eg_study_values_select (
    const EgStudyValues *self, gssize relation, gsize site, EgStudyQuantity quantity, EgRole role, gsize *n);

G_END_DECLS
