/* Whether a trace begins with estimates, as a row of the settings; not there for requests that have none. */
#pragma once

#include "app/ask/draft.h"
#include "app/ask/estimate-use.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_ESTIMATE_ROW (eg_estimate_row_get_type ())

/* Property "use": a name of estimate-use.h. */
G_DECLARE_FINAL_TYPE (EgEstimateRow, eg_estimate_row, EG, ESTIMATE_ROW, AdwComboRow)

EgEstimateUse eg_estimate_row_get_use (EgEstimateRow *self);
void eg_estimate_row_set_use (EgEstimateRow *self, EgEstimateUse use);

/* Looks whether the draft has estimates. */
void eg_estimate_row_follow (EgEstimateRow *self, EgDraft *draft);

G_END_DECLS
