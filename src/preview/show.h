/* Estimates as a result has them: beside the scores, in arrays of their own. */
#pragma once

#include "preview/preview.h"
#include "trace/result/result.h"

G_BEGIN_DECLS

/* A result of estimates alone. (transfer full) */
EgTraceResult *eg_preview_make_result (const EgPreview *self);

/* Puts them beside the scores of a trace of the same request. */
void eg_preview_add_to_result (const EgPreview *self, EgTraceResult *result);

G_END_DECLS
