/* What is done to the prompt: which noise, how strong, on which tokens, or another subject. */
#pragma once

#include "trace/ask/request.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_CORRUPTION_ROW (eg_corruption_row_get_type ())

/* Signal "changed" (). */
G_DECLARE_FINAL_TYPE (EgCorruptionRow, eg_corruption_row, EG, CORRUPTION_ROW, AdwExpanderRow)

/* The request's corruption. EG_ERROR_INVALID when the tokens of its span are not such. */
gboolean eg_corruption_row_fill (EgCorruptionRow *self, EgTraceRequest *request, GError **error);
void eg_corruption_row_show (EgCorruptionRow *self, const EgTraceRequest *request);

/* What is wrong with it, in place of what it is; NULL for nothing. */
void eg_corruption_row_set_error (EgCorruptionRow *self, const char *error);

/* "Gaussian noise · All tokens": the kind, and what is not as usual. (transfer full) */
char *eg_corruption_summarize (const EgCorruption *corruption);

G_END_DECLS
