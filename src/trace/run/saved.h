/* A trace under way as a file: the .npz of its result (result-io.h), `complete` 0, that also has every value
 * of every sample, the whole request and the model, so that another process goes on with it to the same bits.
 *
 * Beside a result's arrays: `sample_values` [layers, tokens, samples] (a sweep over one of them: [layers,
 * samples], [tokens, samples]), float64, where `sample_known` of the same shape, bool, is true; `sample_low`
 * [samples] of the corrupted runs; of further metrics and sites, with their names behind, as scores have
 * them; `request` [fields], texts "name=value"; `model_folder`, `model_sizes` (layers, d_model, vocabulary,
 * parameters), and `tokenizer_file` where one was chosen. */
#pragma once

#include "trace/result/result.h"
#include "trace/run/partial.h"

G_BEGIN_DECLS

/* Writes what there is of a trace, whole or not at all (atomic-file.h). result: of the same trace, at least
 * as far as its clean and first corrupted runs; of one that is complete, only that is written. Any thread, as
 * long as nobody changes the result. */
gboolean eg_trace_partial_save (const EgTracePartial *self,
                                const EgTraceResult *result,
                                const char *path,
                                GError **error);

/* The bytes of that file; EG_ERROR_MEMORY where they are more than 1 GiB. (transfer full) */
GBytes *eg_trace_partial_to_npz (const EgTracePartial *self, const EgTraceResult *result, GError **error);

/**
 * EgSavedTrace: what such a file says.
 * @result: as far as it was; also of a file of a finished trace
 * @request, @estimates: %NULL where it cannot be gone on with: it is complete, or was saved without values of
 * single samples. The threads are not kept
 * @folder: of the model; @tokenizer: the file that was chosen, or %NULL
 * @sizes: of the model: layers, d_model, vocabulary, parameters
 */
typedef struct
{
  EgTraceResult *result;
  EgTraceRequest *request;
  EgEstimates *estimates;
  char *title, *folder, *tokenizer;
  gint64 sizes[4];
} EgSavedTrace;

/* Of any .npz of a result. EG_ERROR_NOT_FOUND, EG_ERROR_FORMAT, … name the file and the array. (transfer
 * full)
 */
EgSavedTrace *eg_saved_trace_load (const char *path, GError **error);
void eg_saved_trace_free (EgSavedTrace *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgSavedTrace, eg_saved_trace_free)

/* Whether there is something to go on with. EG_ERROR_INVALID says why not. */
gboolean eg_saved_trace_check (const EgSavedTrace *self, GError **error);

/* What eg_trace_continue_async() goes on with, on the device that computed it: its model is the one that was
 * opened, or that one placed on a GPU. EG_ERROR_INVALID when the model is not that of the trace (another
 * network, or a tokenizer that cuts the prompt in another way), EG_ERROR_DEVICE when the device is not there.
 * That the weights are the same is seen, and said by the trace, when it has run its clean run again. May take
 * a while (on a GPU); any thread. (transfer full) */
EgTracePartial *eg_saved_trace_continue (const EgSavedTrace *self, EgModel *model, GError **error);

G_END_DECLS
