/* How good estimates were, as far as cells were computed. */
#pragma once

#include "trace/result/result.h"

G_BEGIN_DECLS

/**
 * EgPreviewCheck: of one grid, over the cells that have both, of enough samples, and are not passed over.
 * @n: how many; @pearson, @spearman: correlation of estimates with scores, NaN where it has no meaning
 * @n_top, @n_confirmed: of the ten highest estimates (by their effect), those that have a score, and those of
 * them whose effect is at least half of the estimate's
 * @n_common: of the ten highest scores, those that are among the ten highest estimates; of n_top
 * @largest: the greatest distance from a score; @worst: its cell
 * @is_trusted: whether the estimates say where to look
 */
typedef struct
{
  gsize n;
  double pearson, spearman;
  gsize n_top, n_confirmed, n_common;
  double largest;
  gsize worst;
  gboolean is_trusted;
} EgPreviewCheck;

/* Whether a cell's score rests on enough samples to be compared. */
gboolean eg_preview_can_check (const EgTraceGrid *grid, gsize cell);

/* Cells to look at. */
#define EG_PREVIEW_TOP 10

/* estimate: [cells] of the grid's site; passed: [cells] those that are passed over, as are those that are
 * known without being computed, which say nothing (EgPreview's exact). */
EgPreviewCheck eg_preview_check (const EgTraceGrid *grid, const double *estimate, const guint8 *passed);

/* The same of a grid's own estimates, over all cells that are none of its ends, wherever it comes from. */
EgPreviewCheck eg_preview_check_whole (const EgTraceGrid *grid);

/* How far a value is from where nothing is restored (or damaged), in the direction of what matters. */
double eg_preview_effect (const EgTraceGrid *grid, double value);

/* "estimated; spot check: within 0.04 (10 of 10 highest confirmed)", or that the estimate is not to be
 * trusted; NULL where nothing was computed. (transfer full) */
char *eg_preview_check_describe (const EgPreviewCheck *self);

G_END_DECLS
