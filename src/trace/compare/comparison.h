/* Two maps beside each other: which tokens are the same, how the maps differ there, and both over relative
 * depth. */
#pragma once

#include "trace/compare/alignment.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * EgDepthCurve: of a map, over its layers.
 * @depth: [n] l/(L−1), 0 … 1; 0 where there is one layer
 * @average: [n] the mean over the tokens; @subject: over the subject's
 */
typedef struct
{
  gsize n;
  double *depth, *average, *subject;
} EgDepthCurve;

/**
 * EgComparison:
 * @a, @b: the maps; @groups: their tokens (element-type EgTokenGroup)
 * @normalized: values are normalized scores, else the scores themselves
 * @n_rows: layers of the one that has more; of the other, values are taken between its layers, at the same
 * relative depth
 * @difference: [n_rows, groups] a − b; NaN where the tokens are not the same (eg_token_group_is_same()) or a
 * value is not known
 * @sem: [n_rows, groups] its standard error, of independent runs; between two layers of one, which share
 * their noise, at most so large: (1 − w)·sem + w·sem′. NaN where one is not known
 * @curve_a, @curve_b: over relative depth
 * @correlation: Pearson's, over the cells of both that have a difference; NaN for fewer than two, or where
 * one does not vary
 */
typedef struct
{
  EgTraceGrid *a, *b;
  GPtrArray *groups;
  gboolean normalized;
  gsize n_rows;
  double *difference, *sem;
  EgDepthCurve curve_a, curve_b;
  double correlation;
} EgComparison;

/* Whether a map has estimates, and no score. */
gboolean eg_comparison_is_estimate (const EgTraceGrid *grid);

/* Keeps both maps. NULL with EG_ERROR_INVALID: they have other sweeps, directions or metrics, one is of
 * estimates alone, they cannot be normalized, or they have no token in common. (transfer full) */
EgComparison *eg_comparison_new (EgTraceGrid *a, EgTraceGrid *b, gboolean normalized, GError **error);
void eg_comparison_free (EgComparison *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgComparison, eg_comparison_free)

/* A map's value as it is compared, and its standard error: NaN where it is not known. */
double eg_comparison_value (const EgComparison *self, const EgTraceGrid *grid, gsize layer, gsize position);
double
eg_comparison_value_sem (const EgComparison *self, const EgTraceGrid *grid, gsize layer, gsize position);

/* Whether a difference is within two standard errors of nothing; FALSE where its error is not known. */
gboolean eg_comparison_is_small (const EgComparison *self, gsize row, gsize group);

/* What a map is of, after its letter, and in which settings and target it differs from the other: "A: demo,
 * resid, noise 1". (transfer full) */
char *eg_comparison_describe (const char *letter, const EgTraceGrid *grid, const EgTraceGrid *other);

/* The document of `engram-cli compare --json`: a and b (what was traced), aligned_tokens, difference,
 * difference_sem, depth_curves, correlation. (transfer full) */
JsonNode *eg_comparison_to_json (const EgComparison *self);

G_END_DECLS
