/* How long a trace of the draft will take, known before it is begun: what it computes (trace/plan), at the
 * rate of the model and device, which the last trace has measured; before the first one, guessed from the
 * time of a prediction. */
#pragma once

#include "app/ask/draft.h"
#include "trace/result/result.h"
#include "trace/run/predict.h"

G_BEGIN_DECLS

#define EG_TYPE_EXPECTED_TIME (eg_expected_time_get_type ())

/* Signal "changed" (). */
G_DECLARE_FINAL_TYPE (EgExpectedTime, eg_expected_time, EG, EXPECTED_TIME, GObject)

/* Follows a draft. */
EgExpectedTime *eg_expected_time_new (EgDraft *draft);

/* Seconds; NaN while it is not known. */
double eg_expected_time_get (EgExpectedTime *self);

/* The same of its estimate alone; NaN, too, where it has none. */
double eg_expected_time_get_estimate (EgExpectedTime *self);

/* Learns from a prediction by the processor, and from a finished trace; their rates hold for the whole
 * program. */
void
eg_expected_time_learn_from_prediction (EgExpectedTime *self, EgModel *model, const EgPrediction *prediction);
void eg_expected_time_learn_from_trace (EgExpectedTime *self, EgModel *model, const EgTraceResult *result);

G_END_DECLS
