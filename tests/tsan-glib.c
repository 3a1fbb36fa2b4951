/* What ThreadSanitizer must know of GLib, which is not built with it: where one thread hands something over
 * to another. These functions take the place of GLib's for the program that is linked with this file; each
 * calls GLib's own. A hand-over is told for its object alone, so that a race between things that merely
 * happen at the same time is still seen. To be run with TSAN_OPTIONS=ignore_noninstrumented_modules=1. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <gio/gio.h>

void __tsan_acquire (void *address);
void __tsan_release (void *address);

/* The same function of the library. */
#define REAL(name) ((__typeof__ (&name))dlsym (RTLD_NEXT, #name))

/* ---- locks, and counts of references ---- */

#undef g_once_init_enter
#undef g_once_init_leave

void
g_mutex_lock (GMutex *mutex)
{
  REAL (g_mutex_lock) (mutex);
  __tsan_acquire (mutex);
}

void
g_mutex_unlock (GMutex *mutex)
{
  __tsan_release (mutex);
  REAL (g_mutex_unlock) (mutex);
}

gboolean
g_once_init_enter (volatile void *location)
{
  const gboolean first = REAL (g_once_init_enter) (location);

  if (!first)
    __tsan_acquire ((void *)location);
  return first;
}

void
g_once_init_leave (volatile void *location, gsize result)
{
  __tsan_release ((void *)location);
  REAL (g_once_init_leave) (location, result);
}

gboolean (g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  __tsan_release (count);
  const gboolean last = REAL (g_atomic_ref_count_dec) (count);
  if (last)
    __tsan_acquire (count);
  return last;
}

/* ---- idle sources ---- */

typedef struct
{
  GSourceFunc function;
  gpointer data;
  GDestroyNotify notify;
} Callback;

static gboolean
call (gpointer data)
{
  Callback *callback = data;

  __tsan_acquire (callback);
  return callback->function (callback->data);
}

static void
callback_free (gpointer data)
{
  Callback *callback = data;

  __tsan_acquire (callback);
  if (callback->notify != NULL)
    callback->notify (callback->data);
  g_free (callback);
}

void
g_source_set_callback (GSource *source, GSourceFunc function, gpointer data, GDestroyNotify notify)
{
  /* Those of others call functions of another type. */
  if (source->source_funcs != &g_idle_funcs)
    {
      REAL (g_source_set_callback) (source, function, data, notify);
      return;
    }
  Callback *callback = g_new (Callback, 1);
  *callback = (Callback){ function, data, notify };
  __tsan_release (callback);
  REAL (g_source_set_callback) (source, call, callback, callback_free);
}

/* ---- tasks ---- */

typedef struct
{
  GTask *task;
  gpointer data;
  GDestroyNotify destroy;
} TaskData;

typedef struct
{
  GAsyncReadyCallback function;
  gpointer data;
} Ready;

static GQuark
quark (const char *name)
{
  return g_quark_from_string (name);
}

static void
on_ready (GObject *source, GAsyncResult *result, gpointer data)
{
  const Ready ready = *(Ready *)data;

  g_free (data);
  __tsan_acquire (result);
  ready.function (source, result, ready.data);
  __tsan_release (result);
}

#undef g_task_new
GTask *
g_task_new (gpointer source, GCancellable *cancellable, GAsyncReadyCallback function, gpointer data)
{
  Ready *ready = NULL;

  if (function != NULL)
    {
      ready = g_new (Ready, 1);
      *ready = (Ready){ function, data };
    }
  return REAL (g_task_new) (source, cancellable, function != NULL ? on_ready : NULL, ready);
}

static void
destroy_task_data (gpointer data)
{
  TaskData *wrapped = data;

  __tsan_acquire (wrapped->task);
  if (wrapped->destroy != NULL)
    wrapped->destroy (wrapped->data);
  g_free (wrapped);
}

void
g_task_set_task_data (GTask *task, gpointer data, GDestroyNotify destroy)
{
  TaskData *wrapped = g_new (TaskData, 1);

  *wrapped = (TaskData){ task, data, destroy };
  REAL (g_task_set_task_data) (task, wrapped, destroy_task_data);
  g_object_set_qdata (G_OBJECT (task), quark ("tsan-wrapped"), wrapped);
}

gpointer
g_task_get_task_data (GTask *task)
{
  TaskData *wrapped = g_object_get_qdata (G_OBJECT (task), quark ("tsan-wrapped"));

  __tsan_acquire (task);
  return wrapped != NULL ? wrapped->data : REAL (g_task_get_task_data) (task);
}

static void
run_task (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const GTaskThreadFunc function = g_object_get_qdata (G_OBJECT (task), quark ("tsan-function"));

  __tsan_acquire (task);
  function (task, source, g_task_get_task_data (task), cancellable);
  __tsan_release (task);
}

void
g_task_run_in_thread (GTask *task, GTaskThreadFunc function)
{
  g_object_set_qdata (G_OBJECT (task), quark ("tsan-function"), (gpointer)function);
  __tsan_release (task);
  REAL (g_task_run_in_thread) (task, run_task);
}

void
g_task_return_pointer (GTask *task, gpointer result, GDestroyNotify destroy)
{
  __tsan_release (task);
  REAL (g_task_return_pointer) (task, result, destroy);
}

void
g_task_return_boolean (GTask *task, gboolean result)
{
  __tsan_release (task);
  REAL (g_task_return_boolean) (task, result);
}

void
g_task_return_error (GTask *task, GError *error)
{
  __tsan_release (task);
  REAL (g_task_return_error) (task, error);
}

gpointer
g_task_propagate_pointer (GTask *task, GError **error)
{
  __tsan_acquire (task);
  return REAL (g_task_propagate_pointer) (task, error);
}

gboolean
g_task_propagate_boolean (GTask *task, GError **error)
{
  __tsan_acquire (task);
  return REAL (g_task_propagate_boolean) (task, error);
}
