/* Estimates: what every cell of a trace would be, to first order, at the price of a few runs (docs/design.md
 * §12). An estimate is a guess, never called a score, and never mixed with what was computed. */
#pragma once

#include "trace/plan/grid.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * EgPreview: of one request. Immutable.
 * @grid: its cells, those of the request's sites
 * @values: [n_cells] estimates of the request's metric, as a trace has scores; NaN where a cell has none.
 * Cells that cost a trace nothing are as it has them
 * @exact: [n_cells] which those are
 * @high, @low, @low_sem: of the clean run; the mean of the corrupted ones, and its standard error
 * @target_id, @against_id: what the metric is of; @noise_std: σ, NaN of a swap
 * @seconds: that it took
 */
typedef struct
{
  EgModel *model;
  EgTraceRequest *request;
  EgTraceInput *input;
  EgGrid grid;
  double *values;
  guint8 *exact;
  double high, low, low_sem, noise_std;
  guint32 target_id, against_id;
  double seconds;
} EgPreview;

/* Why a request has no estimates: a sentence, or NULL where it has them. (transfer none) */
const char *eg_preview_missing (const EgTraceRequest *request, EgModel *model);

/* Waits; any thread. Integrates between the runs by the request's steps. On the request's device; where that
 * has too little memory or fails, on the processor. EG_ERROR_INVALID, EG_ERROR_MEMORY, EG_ERROR_DEVICE as
 * eg_device_open() has it. (transfer full) */
EgPreview *
eg_preview_new (EgModel *model, const EgTraceRequest *request, GCancellable *cancellable, GError **error);
void eg_preview_free (EgPreview *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgPreview, eg_preview_free)

/* [n_rows, n_columns]: which of a site's cells cost a trace nothing, and are as it has them. */
const guint8 *eg_preview_get_known (const EgPreview *self, gsize site_index);

/* A site's estimates: [n_rows, n_columns] of the grid, by its place among the request's sites. */
const double *eg_preview_get_site (const EgPreview *self, gsize site_index);

G_END_DECLS
