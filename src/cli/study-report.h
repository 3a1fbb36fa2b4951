/* A study for a person: how many facts, where each token role has its peak, and the means layer by layer. */
#pragma once

#include "study/study-comparison.h"
#include "study/summary.h"

G_BEGIN_DECLS

/* Prints one site of a summary on standard output. */
void cli_study_report_print (const EgStudySummary *summary,
                             const EgStudySettings *settings,
                             gsize site,
                             EgStudyQuantity quantity);

/* A line a relation: how many facts, and where the subject's last token and the prompt's have their peaks. */
void cli_study_report_print_relations (const EgStudyValues *values, gsize site, EgStudyQuantity quantity);

/* What two sides differ by, role by role. */
void cli_study_report_print_comparison (const EgStudyComparison *comparison, EgStudyQuantity quantity);

G_END_DECLS
