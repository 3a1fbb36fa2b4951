/* The lock and the signal of a pool of threads. */
#include "trace/run/pool.h"

EgTracePool *
eg_trace_pool_new (gsize n_threads)
{
  EgTracePool *self = g_new0 (EgTracePool, 1);
  self->refs = 1;
  self->n_threads = n_threads;
  pthread_mutex_init (&self->lock, NULL);
  pthread_cond_init (&self->moved, NULL);
  return self;
}

EgTracePool *
eg_trace_pool_ref (EgTracePool *self)
{
  __atomic_add_fetch (&self->refs, 1, __ATOMIC_RELAXED);
  return self;
}

void
eg_trace_pool_unref (EgTracePool *self)
{
  if (__atomic_sub_fetch (&self->refs, 1, __ATOMIC_ACQ_REL) > 0)
    return;
  pthread_mutex_destroy (&self->lock);
  pthread_cond_destroy (&self->moved);
  g_free (self);
}
