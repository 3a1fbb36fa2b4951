/* What is measured and what computes: seldom changed. */
#pragma once

#include "trace/ask/request.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_MORE_ROW (eg_more_row_get_type ())

/* Signal "changed" (). */
G_DECLARE_FINAL_TYPE (EgMoreRow, eg_more_row, EG, MORE_ROW, AdwExpanderRow)

/* The request's metric, the token against the target, seed, threads and device, and until which error there
 * are more samples; its corruption and samples are filled in before. */
void eg_more_row_fill (EgMoreRow *self, EgTraceRequest *request);
void eg_more_row_show (EgMoreRow *self, const EgTraceRequest *request);

/* Whether noise is drawn, so that the seed means something. */
void eg_more_row_set_noise (EgMoreRow *self, gboolean noise);

void eg_more_row_set_error (EgMoreRow *self, const char *error);

/* Seed, threads and device are remembered. */
void eg_more_row_bind (EgMoreRow *self, GSettings *settings);

/* A number that is still being typed counts. */
void eg_more_row_commit (EgMoreRow *self);

G_END_DECLS
