/* A study's statistics as tables: for a spreadsheet, and for a paper. */
#pragma once

#include "study/summary.h"

G_BEGIN_DECLS

/* CSV (RFC 4180, a point in numbers whatever the locale): a row a relation ("" for all facts), site, token
 * role, quantity and layer, with facts, mean, sem, lower, upper, first_quartile, median, last_quartile; empty
 * where not known (statistics.h). Numbers read back exactly. (transfer full) */
char *eg_study_to_csv (const EgStudyValues *values, guint n_resamples);

/* A tabular of LaTeX with booktabs' rules for each of the sites [first, end): of one quantity a row a token
 * role, and a group a relation where by_relation: facts, the layer of the peak with its 95% interval, and the
 * mean there with its own; what it is of stands before it in a comment. (transfer full) */
char *eg_study_to_latex (const EgStudyValues *values,
                         gboolean by_relation,
                         gsize first,
                         gsize end,
                         EgStudyQuantity quantity,
                         guint n_resamples);

G_END_DECLS
