/* What a study says so far, computed again in a thread while it runs, and with intervals when it rests. */
#pragma once

#include "app/study/studying.h"
#include "study/summary.h"

G_BEGIN_DECLS

#define EG_TYPE_STUDY_FINDINGS (eg_study_findings_get_type ())

/* Signal "changed" (): there are newer summaries, or none any more. */
G_DECLARE_FINAL_TYPE (EgStudyFindings, eg_study_findings, EG, STUDY_FINDINGS, GObject)

/* Follows the study, which it keeps. */
EgStudyFindings *eg_study_findings_new (EgStudying *studying);

/* Of one relation's facts, or of all (NULL). NULL where there is none, or none yet. (transfer none): to the
 * next change. */
const EgStudySummary *eg_study_findings_get (EgStudyFindings *self, const char *relation);

/* Of each relation, in the order of their first facts that are known; may be empty. (transfer none) */
const EgStudySummary *const *eg_study_findings_get_relations (EgStudyFindings *self, gsize *n);

/* Keeps all of these as they are now, until it is let go. (transfer full) (nullable) */
GPtrArray *eg_study_findings_hold (EgStudyFindings *self);

G_END_DECLS
