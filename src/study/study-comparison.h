/* Two studies beside each other, or two relations or sites of one: how their means differ, role by role, over
 * relative depth l/(L−1). */
#pragma once

#include "study/summary.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * EgStudySide: what is compared.
 * @values: of the study; @site: one of its sites; @relation: one of its relations, or −1 for all facts
 */
typedef struct
{
  const EgStudyValues *values;
  gsize site;
  gssize relation;
} EgStudySide;

/**
 * EgStudyComparison:
 * @a, @b: the sides; their values are borrowed
 * @is_paired: each fact of one side is set against the same fact, with the same prompt and subject, of the
 * other: where at least half of the smaller side's facts are there in both. Only these count then, on both
 * sides. Otherwise the sides are independent of each other
 * @n_a, @n_b: facts that count
 * @n_rows: layers of the side that has more; of the other, each fact's curve is read between its layers at
 * the same relative depth
 * @of_a, @of_b: [EG_N_STUDY_QUANTITIES][EG_N_ROLES], each over its own layers, of the facts that count;
 * @difference: over rows, of a − b (statistics.h). Only facts that have a token in this role on both sides
 * are in the paired ones
 */
typedef struct
{
  EgStudySide a, b;
  gboolean is_paired;
  gsize n_a, n_b, n_rows;
  EgStatistics *of_a[EG_N_STUDY_QUANTITIES][EG_N_ROLES], *of_b[EG_N_STUDY_QUANTITIES][EG_N_ROLES];
  EgStatistics *difference[EG_N_STUDY_QUANTITIES][EG_N_ROLES];
} EgStudyComparison;

/* NULL with EG_ERROR_INVALID: they are of other metrics, one of them of estimates, or of other directions, or
 * one has no traced fact. (transfer full) */
EgStudyComparison *
eg_study_comparison_new (const EgStudySide *a, const EgStudySide *b, guint n_resamples, GError **error);
void eg_study_comparison_free (EgStudyComparison *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgStudyComparison, eg_study_comparison_free)

/* "demo, attn, P36, window 3": with the settings in which it differs from the other side. (transfer full) */
char *eg_study_side_describe (const EgStudySide *self, const EgStudySide *other);

G_END_DECLS
