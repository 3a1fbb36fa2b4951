/* From a trace's threads to the main context that asked for it. */
#pragma once

#include "trace/run/prompt.h"

G_BEGIN_DECLS

/* For the caller's thread-default main context; takes the task over. */
void
eg_delivery_init (EgTracedPrompt *self, GTask *task, EgTraceProgressFunc progress, gpointer progress_data);

/* There is something new to hand over. With the pool's lock. */
void eg_delivery_announce (EgTracedPrompt *self);

/* No thread works any more: hands over the rest, and then the result, or the error. Takes over the caller's
 * reference. */
void eg_delivery_finish (EgTracedPrompt *self);

G_END_DECLS
