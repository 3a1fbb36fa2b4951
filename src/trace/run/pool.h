/* What threads share that work on traces together. */
#pragma once

#include <glib.h>
#include <pthread.h>

G_BEGIN_DECLS

/**
 * EgTracePool: POSIX mutexes rather than GLib's, for ThreadSanitizer sees through them.
 * @n_threads: workers, of which the coordinator is one
 * @lock: of all that threads change of the prompts that they work on
 * @moved: signalled when a round of one is ready, or one has failed
 */
typedef struct
{
  int refs;
  gsize n_threads;
  pthread_mutex_t lock;
  pthread_cond_t moved;
} EgTracePool;

EgTracePool *eg_trace_pool_new (gsize n_threads);
EgTracePool *eg_trace_pool_ref (EgTracePool *self);
void eg_trace_pool_unref (EgTracePool *self);

G_END_DECLS
