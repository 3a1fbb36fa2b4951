/* The runs that an estimate is made of: the clean one, and block by block the corrupted ones and those
 * between both. For the files of preview/ alone. */
#pragma once

#include "network/back.h"
#include "trace/ask/noise.h"
#include "trace/plan/grid.h"
#include "trace/run/meter.h"

G_BEGIN_DECLS

/**
 * EgPreviewRuns:
 * @workspace, @other: where runs are computed; other: a swap's run, or NULL
 * @meter: the request's metric; of a probability, its logarithm
 * @samples, @steps, @block: samples, points between two runs (0: none), and samples of a block
 * @first, @n_clean, @n_corrupted: the first position that differs, and the prompts' tokens
 * @clean_rows, @corrupted_rows: host: input rows from @first on, before positions are added
 * @clean, @runs: the clean run, and [block · (1 + steps)] those of the block: corrupted ones first, then each
 * one's points
 * @high, @low: [samples] what the meter measures of them
 */
typedef struct
{
  EgModel *model;
  EgTraceRequest *request;
  const EgTraceInput *input;
  const EgGrid *grid;
  GCancellable *cancellable;
  EgWorkspace *workspace, *other;
  EgMeter meter;
  gsize samples, steps, block;
  gsize first, n_clean, n_corrupted;
  float *clean_rows, *corrupted_rows;
  EgNoise *noise;
  EgRun *clean, **runs;
  gsize n_runs;
  double high, *low;
} EgPreviewRuns;

/* input, grid: must outlive it. Zeroed before. */
gboolean eg_preview_runs_init (EgPreviewRuns *self,
                               EgModel *model,
                               const EgTraceRequest *request,
                               const EgTraceInput *input,
                               const EgGrid *grid,
                               GCancellable *cancellable,
                               GError **error);
void eg_preview_runs_clear (EgPreviewRuns *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EgPreviewRuns, eg_preview_runs_clear)

/* For tests: no block has more samples; 0: as memory has it. */
void eg_preview_runs_set_most (gsize samples);

/* Runs samples first … first + n − 1, n ≤ block, and measures them. In their order, each once. */
gboolean eg_preview_runs_take (EgPreviewRuns *self, gsize first, gsize n, GError **error);

G_END_DECLS
