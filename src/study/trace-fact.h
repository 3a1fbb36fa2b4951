/* One fact's trace: what a study's thread does again and again. */
#pragma once

#include "library/model.h"
#include "study/settings.h"
#include "study/study-fact.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _EgFactTracer EgFactTracer;

/* For one thread, with room to compute in that it keeps. model: as it is placed; settings: must outlive it.
 */
EgFactTracer *eg_fact_tracer_new (EgModel *model, const EgStudySettings *settings, GCancellable *cancellable);
void eg_fact_tracer_free (EgFactTracer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgFactTracer, eg_fact_tracer_free)

/* Traces it on this thread, or sets it apart; takes the fact over. What is wrong with the fact itself is its
 * `problem`; NULL with an error where no fact could be traced: cancelled, a device lost, no memory. (transfer
 * full) */
EgStudyFact *eg_fact_tracer_run (EgFactTracer *self, EgFact *fact, GError **error);

G_END_DECLS
