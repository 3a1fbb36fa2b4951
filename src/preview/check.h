/* How good estimates were, as far as cells were computed. */
#pragma once

#include "trace/result/result.h"

G_BEGIN_DECLS

/**
 * EgPreviewCheck: of one grid, over the cells that have both, are computed, and not known without it.
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

/* Cells to look at. */
#define EG_PREVIEW_TOP 10

/* known: [cells] those that are known without being computed, which say nothing (EgPreview's exact). */
EgPreviewCheck eg_preview_check (const EgTraceGrid *grid, const guint8 *known);

/* "estimated; spot check: within 0.04 (10 of 10 highest confirmed)", or that the estimate is not to be
 * trusted; NULL where nothing was computed. (transfer full) */
char *eg_preview_check_describe (const EgPreviewCheck *self);

G_END_DECLS
