/* Results as files: .npz (design §7: the notebook's fields and Engram's), JSON and CSV. Every writer goes
 * through a temporary file and a rename. */
#pragma once

#include "formats/json-writer.h"
#include "formats/npz.h"
#include "trace/result/result.h"

G_BEGIN_DECLS

/* Grids are [layers, tokens], or [layers] or [tokens] where a sweep is over one of them alone. Of several
 * sites, "sites" lists all, and the names of the grids of those after the first end in the site's:
 * "scores_mixer". */
gboolean eg_trace_result_save_npz (const EgTraceResult *self, const char *path, GError **error);

/* The bytes of that file; EG_ERROR_MEMORY where they are more than 1 GiB. (transfer full) */
GBytes *eg_trace_result_to_npz (const EgTraceResult *self, GError **error);

/* Reads what eg_trace_result_save_npz() wrote, what the notebook saved (its eight fields, float64 scores),
 * and what ROME's own programs did (rome-file.h). (transfer full) */
EgTraceResult *eg_trace_result_load_npz (const char *path, GError **error);

/* The same, for files that hold more than a result: its arrays into a file to be, and out of one that is
 * open. title: what begins the messages. */
void eg_trace_result_add_to_npz (const EgTraceResult *self, EgNpzWriter *writer);
EgTraceResult *eg_trace_result_read_npz (EgNpz *npz, const char *title, GError **error);

/* The document of `engram-cli trace --json`. (transfer full) */
JsonNode *eg_trace_result_to_json (const EgTraceResult *self);
gboolean eg_trace_result_save_json (const EgTraceResult *self, const char *path, GError **error);

/* First what made the numbers, in lines "# key: value" (pandas.read_csv (comment="#") passes them over). Then
 * one row a cell: layer,position,token,score,sem,normalized,normalized_unclipped, then score_NAME,sem_NAME of
 * the other metrics that were measured, and estimate, where there is one; of several sites, their name first.
 * What a sweep has not, layers or positions, is empty. */
gboolean eg_trace_result_save_csv (const EgTraceResult *self, const char *path, GError **error);

G_END_DECLS
