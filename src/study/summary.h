/* What a study says: of each site, quantity and role, a curve over layers with its statistics over facts. */
#pragma once

#include "study/statistics.h"
#include "study/values.h"

G_BEGIN_DECLS

/**
 * EgStudySummary: of all traced facts of a study, or of one relation's.
 * @relation: its name, or %NULL
 * @n_facts: how many were traced; @counts: [state] of all of them
 * @statistics: [n_sites][EG_N_STUDY_QUANTITIES][EG_N_ROLES], each over layers; see eg_study_summary_get()
 */
typedef struct
{
  char *relation;
  gsize n_facts, n_layers, n_sites;
  gsize counts[EG_N_STUDY_STATES];
  EgStatistics **statistics;
} EgStudySummary;

/* relation: its number among values' relations, or −1 for all facts. n_resamples: EG_STATISTICS_RESAMPLES, or
 * 0 without intervals, which takes most of the time. Any thread. (transfer full) */
EgStudySummary *eg_study_summary_new (const EgStudyValues *values, gssize relation, guint n_resamples);
void eg_study_summary_free (EgStudySummary *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgStudySummary, eg_study_summary_free)

/* Over layers; its n is the number of facts that have such a token. */
const EgStatistics *
eg_study_summary_get (const EgStudySummary *self, gsize site, EgStudyQuantity quantity, EgRole role);

/* Which role has the peak of a quantity, the largest mean or the smallest (EgPeak), anywhere in its layers,
 * the last token aside, which brings the answer back in the end whatever a model knows. FALSE where none is
 * known. */
gboolean
eg_study_summary_find_best (const EgStudySummary *self, gsize site, EgStudyQuantity quantity, EgRole *role);

G_END_DECLS
