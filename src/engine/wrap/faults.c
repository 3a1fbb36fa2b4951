/* Counts the other backend's calls and leaves out those that are to fail. */
#include "engine/wrap/faults.h"

#include "engine/wrap/ops.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

typedef struct
{
  EgBackend table; /* the first: calls get it as their EgBackend */
  EgBackend *inner;
  pthread_mutex_t lock; /* over all that follows; not GLib's: ThreadSanitizer sees through it */
  gboolean set;
  EgFault fault;
  guint64 counts[EG_N_FAULT_KINDS], n_failed;
  GHashTable *memory; /* what alloc gave */
  gsize n_streams;
} Faults;

typedef struct
{
  Faults *faults;
  EgStream *inner;
  EgStreamState state;
} FaultStream;

/* Whether the device is lost for good by now. With the lock. */
static gboolean
is_lost (const Faults *self)
{
  const EgFault *fault = &self->fault;
  return self->set && fault->for_good && fault->state == EG_STREAM_LOST
         && self->counts[fault->kind] > fault->after;
}

/* Counts a call; TRUE when it fails, with the state that it leaves. */
static gboolean
fails (Faults *self, EgFaultKind kind, EgStreamState *state)
{
  pthread_mutex_lock (&self->lock);
  const guint64 index = self->counts[kind]++;
  const EgFault *fault = &self->fault;
  gboolean failing = FALSE;
  if (self->set && kind == fault->kind)
    failing = fault->for_good ? index >= fault->after : index == fault->after;
  else
    failing = is_lost (self);
  self->n_failed += failing;
  *state = failing ? fault->state : EG_STREAM_WORKS;
  pthread_mutex_unlock (&self->lock);
  return failing;
}

/* Whether a stream's call goes on to the inner backend. */
static gboolean
goes_on (EgStream *stream, EgFaultKind kind)
{
  FaultStream *self = (FaultStream *)stream;
  return self->state == EG_STREAM_WORKS && !fails (self->faults, kind, &self->state);
}

static EgStream *
faults_stream_new (EgBackend *backend, gsize n_threads)
{
  Faults *faults = (Faults *)backend;
  FaultStream *self = g_new0 (FaultStream, 1);
  self->faults = faults;
  self->inner = faults->inner->stream_new (faults->inner, n_threads);
  fails (faults, EG_FAULT_STREAM, &self->state);
  pthread_mutex_lock (&faults->lock);
  faults->n_streams++;
  pthread_mutex_unlock (&faults->lock);
  return (EgStream *)self;
}

static void
faults_stream_free (EgStream *stream)
{
  FaultStream *self = (FaultStream *)stream;
  self->faults->inner->stream_free (self->inner);
  pthread_mutex_lock (&self->faults->lock);
  self->faults->n_streams--;
  pthread_mutex_unlock (&self->faults->lock);
  g_free (self);
}

static EgStreamState
faults_check (EgStream *stream, const char **why)
{
  FaultStream *self = (FaultStream *)stream;
  const EgBackend *inner = self->faults->inner;
  *why = NULL;
  pthread_mutex_lock (&self->faults->lock);
  if (is_lost (self->faults))
    self->state = EG_STREAM_LOST;
  pthread_mutex_unlock (&self->faults->lock);
  if (self->state == EG_STREAM_WORKS)
    return inner->check ? inner->check (self->inner, why) : EG_STREAM_WORKS;
  *why = self->state == EG_STREAM_LOST ? "The device has stopped working (as a test has asked for)"
                                       : "There is not enough memory (as a test has asked for)";
  return self->state;
}

static float *
faults_alloc (EgBackend *backend, gsize n_floats)
{
  Faults *self = (Faults *)backend;
  EgStreamState state;
  float *memory = fails (self, EG_FAULT_ALLOC, &state) ? NULL : self->inner->alloc (self->inner, n_floats);
  if (!memory)
    return NULL;
  pthread_mutex_lock (&self->lock);
  g_hash_table_add (self->memory, memory);
  pthread_mutex_unlock (&self->lock);
  return memory;
}

static void
faults_release (EgBackend *backend, float *memory)
{
  Faults *self = (Faults *)backend;
  if (memory)
    {
      pthread_mutex_lock (&self->lock);
      const gboolean known = g_hash_table_remove (self->memory, memory);
      pthread_mutex_unlock (&self->lock);
      if (!known)
        g_error ("memory is given back that this backend did not give, or twice");
    }
  self->inner->release (self->inner, memory);
}

static guint64
faults_memory_free (EgBackend *backend)
{
  Faults *self = (Faults *)backend;
  return self->inner->memory_free (self->inner);
}

/* The inner backend's function on its stream. */
#define CALL(stream, function, ...)                                                                          \
  ((FaultStream *)(stream))->faults->inner->function (((FaultStream *)(stream))->inner, __VA_ARGS__)

#define DEFINE(NAME, function, PARAMETERS, ...)                                                              \
  static void faults_##function PARAMETERS                                                                   \
  {                                                                                                          \
    if (goes_on (stream, EG_FAULT_OP))                                                                       \
      CALL (stream, function, __VA_ARGS__);                                                                  \
  }
EG_WRAPPED_OPS (DEFINE)

#define DEFINE_BACK(NAME, function, PARAMETERS, ...)                                                         \
  static void faults_back_##function PARAMETERS                                                              \
  {                                                                                                          \
    if (goes_on (stream, EG_FAULT_OP))                                                                       \
      CALL (stream, back->function, __VA_ARGS__);                                                            \
  }
EG_WRAPPED_BACK_OPS (DEFINE_BACK)

static void
faults_head (EgStream *stream, const EgHead *op)
{
  if (goes_on (stream, EG_FAULT_OP))
    CALL (stream, head, op);
  else
    for (gsize r = 0; r < op->n_rows; r++)
      op->answers[r] = (EgHeadRow){ (double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN, 0 };
}

static double
faults_top (EgStream *stream, EgTopValue *found, const float *values, gsize n, gsize k)
{
  if (goes_on (stream, EG_FAULT_OP))
    return CALL (stream, top, found, values, n, k);
  for (gsize i = 0; i < k; i++)
    found[i] = (EgTopValue){ i, NAN };
  return (double)NAN;
}

static void
faults_upload (EgStream *stream, float *to, const float *from, gsize n)
{
  if (goes_on (stream, EG_FAULT_UPLOAD))
    CALL (stream, upload, to, from, n);
}

static void
faults_download (EgStream *stream, float *to, const float *from, gsize n)
{
  if (goes_on (stream, EG_FAULT_DOWNLOAD))
    CALL (stream, download, to, from, n);
  else
    memset (to, 0xff, n * sizeof *to);
}

static void
faults_stage (EgStream *stream, guint slot, void *to, const void *from, gsize n_bytes)
{
  if (goes_on (stream, EG_FAULT_STAGE))
    CALL (stream, stage, slot, to, from, n_bytes);
}

/* These keep the inner stream's slots in order, whatever has failed. */
static void
faults_use_slot (EgStream *stream, guint slot)
{
  CALL (stream, use_slot, slot);
}

static void
faults_leave_slot (EgStream *stream, guint slot)
{
  CALL (stream, leave_slot, slot);
}

static void
faults_wait (EgStream *stream)
{
  FaultStream *self = (FaultStream *)stream;
  self->faults->inner->wait (self->inner);
}

EgBackend *
eg_backend_faults_new (EgBackend *inner)
{
#define ENTRY(NAME, function, ...)      .function = faults_##function,
#define BACK_ENTRY(NAME, function, ...) .function = faults_back_##function,
  static const EgBackOps back = { EG_WRAPPED_BACK_OPS (BACK_ENTRY) };
  Faults *self = g_new0 (Faults, 1);
  self->inner = inner;
  self->memory = g_hash_table_new (NULL, NULL);
  pthread_mutex_init (&self->lock, NULL);
  self->table = (EgBackend){ .name = inner->name,
                             .n_lanes = inner->n_lanes,
                             .group_rows = inner->group_rows,
                             .most_states = inner->most_states,
                             .stream_new = faults_stream_new,
                             .stream_free = faults_stream_free,
                             .check = faults_check,
                             .alloc = faults_alloc,
                             .release = faults_release,
                             .memory_free = inner->memory_free ? faults_memory_free : NULL,
                             .stage = inner->stage ? faults_stage : NULL,
                             .use_slot = inner->use_slot ? faults_use_slot : NULL,
                             .leave_slot = inner->leave_slot ? faults_leave_slot : NULL,
                             .wait = inner->wait ? faults_wait : NULL,
                             .upload = faults_upload,
                             .download = faults_download,
                             .head = faults_head,
                             .top = faults_top,
                             .back = inner->back ? &back : NULL,
                             EG_WRAPPED_OPS (ENTRY) };
  return &self->table;
}

void
eg_backend_faults_free (EgBackend *backend)
{
  Faults *self = (Faults *)backend;
  g_return_if_fail (self->n_streams == 0 && g_hash_table_size (self->memory) == 0);
  g_hash_table_unref (self->memory);
  pthread_mutex_destroy (&self->lock);
  g_free (self);
}

void
eg_backend_faults_set (EgBackend *backend, const EgFault *fault)
{
  Faults *self = (Faults *)backend;
  pthread_mutex_lock (&self->lock);
  self->set = fault != NULL;
  if (fault)
    self->fault = *fault;
  memset (self->counts, 0, sizeof self->counts);
  self->n_failed = 0;
  pthread_mutex_unlock (&self->lock);
}

guint64
eg_backend_faults_count (EgBackend *backend, EgFaultKind kind)
{
  Faults *self = (Faults *)backend;
  pthread_mutex_lock (&self->lock);
  const guint64 n = self->counts[kind];
  pthread_mutex_unlock (&self->lock);
  return n;
}

guint64
eg_backend_faults_failed (EgBackend *backend)
{
  Faults *self = (Faults *)backend;
  pthread_mutex_lock (&self->lock);
  const guint64 n = self->n_failed;
  pthread_mutex_unlock (&self->lock);
  return n;
}

gsize
eg_backend_faults_live_memory (EgBackend *backend)
{
  Faults *self = (Faults *)backend;
  pthread_mutex_lock (&self->lock);
  const gsize n = g_hash_table_size (self->memory);
  pthread_mutex_unlock (&self->lock);
  return n;
}

gsize
eg_backend_faults_live_streams (EgBackend *backend)
{
  Faults *self = (Faults *)backend;
  pthread_mutex_lock (&self->lock);
  const gsize n = self->n_streams;
  pthread_mutex_unlock (&self->lock);
  return n;
}
