/* One save at a time, written by a thread that ends with it. */
#include "trace/run/keeper.h"

#include "trace/run/saved.h"

#include <math.h>

/* Between the saves of rounds that follow each other fast. */
#define LEAST_SECONDS 0.5

struct _EgTraceKeeper
{
  char **paths;
  double seconds;
  gint64 begun; /* the last save, or the keeper */
  gsize rounds; /* that were done then */
  GThread *thread;
  gint writing, has_saved; /* atomic */
  GError *error;           /* the thread's as long as it is there */
  gboolean is_told;
};

/* A save under way. */
typedef struct
{
  EgTraceKeeper *keeper;
  EgTracePartial *partial;
  EgTraceResult *result;
} Save;

static void
save_free (Save *self)
{
  eg_trace_partial_unref (self->partial);
  eg_trace_result_unref (self->result);
  g_free (self);
}

EgTraceKeeper *
eg_trace_keeper_new (const char *const *paths, double seconds)
{
  EgTraceKeeper *self = g_new0 (EgTraceKeeper, 1);
  self->paths = g_strdupv ((char **)paths);
  self->seconds = seconds;
  self->begun = g_get_monotonic_time ();
  return self;
}

static gboolean
write_all (EgTraceKeeper *self, const EgTracePartial *partial, const EgTraceResult *result, GError **error)
{
  gboolean done = TRUE;
  for (gsize i = 0; self->paths[i] != NULL; i++)
    done = eg_trace_partial_save (partial, result, self->paths[i], done ? error : NULL) && done;
  if (done)
    g_atomic_int_set (&self->has_saved, TRUE);
  return done;
}

static gpointer
write_in_thread (gpointer data)
{
  Save *save = data;
  EgTraceKeeper *self = save->keeper;
  write_all (self, save->partial, save->result, &self->error);
  save_free (save);
  g_atomic_int_set (&self->writing, FALSE);
  return NULL;
}

static void
wait_for_thread (EgTraceKeeper *self)
{
  if (self->thread != NULL)
    g_thread_join (g_steal_pointer (&self->thread));
}

void
eg_trace_keeper_free (EgTraceKeeper *self)
{
  wait_for_thread (self);
  g_clear_error (&self->error);
  g_strfreev (self->paths);
  g_free (self);
}

static gboolean
is_time (const EgTraceKeeper *self, const EgTraceProgress *progress)
{
  const double passed = (double)(g_get_monotonic_time () - self->begun) / G_USEC_PER_SEC;
  return passed >= self->seconds || (progress->rounds > self->rounds && passed >= LEAST_SECONDS);
}

void
eg_trace_keeper_follow (EgTraceKeeper *self, const EgTraceProgress *progress)
{
  if (g_atomic_int_get (&self->writing) || !is_time (self, progress))
    return;
  wait_for_thread (self);
  Save *save = g_new (Save, 1);
  *save = (Save){ self, eg_trace_progress_get_partial (progress), eg_trace_result_copy (progress->result) };
  self->begun = g_get_monotonic_time ();
  self->rounds = progress->rounds;
  g_clear_error (&self->error);
  g_atomic_int_set (&self->writing, TRUE);
  self->thread = g_thread_try_new ("engram-keeper", write_in_thread, save, &self->error);
  if (self->thread != NULL)
    return;
  g_atomic_int_set (&self->writing, FALSE);
  save_free (save);
}

gboolean
eg_trace_keeper_save (EgTraceKeeper *self,
                      const EgTracePartial *partial,
                      const EgTraceResult *result,
                      GError **error)
{
  wait_for_thread (self);
  return write_all (self, partial, result, error);
}

GError *
eg_trace_keeper_take_error (EgTraceKeeper *self)
{
  if (g_atomic_int_get (&self->writing))
    return NULL;
  const gboolean is_new = self->error != NULL && !self->is_told;
  self->is_told = self->error != NULL;
  return is_new ? g_error_copy (self->error) : NULL;
}

gboolean
eg_trace_keeper_has_saved (EgTraceKeeper *self)
{
  return g_atomic_int_get (&self->has_saved);
}
