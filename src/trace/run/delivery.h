/* From a trace's threads to the main context that asked for it. */
#pragma once

#include "trace/run/prompt.h"

G_BEGIN_DECLS

/* For the caller's thread-default main context; takes the task over. */
void
eg_delivery_init (EgTracedPrompt *self, GTask *task, EgTraceProgressFunc progress, gpointer progress_data);

/* Without a main context: nothing is handed over but by the two below, on the thread that does all. */
void eg_delivery_init_alone (EgTracedPrompt *self);

/* The result with what is known of the ends. (transfer none) */
const EgTraceResult *eg_delivery_look (EgTracedPrompt *self);

/* The result with all that is known. (transfer full) */
EgTraceResult *eg_delivery_take (EgTracedPrompt *self, gboolean complete);

/* There is something new to hand over. With the pool's lock. */
void eg_delivery_announce (EgTracedPrompt *self);

/* No thread works any more: hands over the rest, and then the result, or the error. Takes over the caller's
 * reference. */
void eg_delivery_finish (EgTracedPrompt *self);

G_END_DECLS
