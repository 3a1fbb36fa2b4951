/* What the files of results share. */
#pragma once

#include "trace/result/result.h"

/* The name of a grid in files: "scores", "scores_sem", … of the metric and the site that the file is about;
 * of others, the metric's name and the site's follow: "scores_kl", "scores_mixer", "scores_sem_kl_mixer".
 * Either may be NULL. (transfer full) */
char *eg_trace_result_field_name (const char *base, const char *metric, const char *site);

/* The request as a file has it: with the samples that there were so far. (transfer full) */
EgTraceRequest *eg_trace_result_get_request_for_file (const EgTraceResult *self);
