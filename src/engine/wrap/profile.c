/* Calls the other backend's ops with a clock around each. */
#include "engine/wrap/profile.h"

#include <string.h>

/* A stream of the twin: the other's, and what its ops have taken. */
typedef struct
{
  EgStream *inner;
  gint64 nanoseconds[EG_N_OPS];
} ProfileStream;

static EgBackend *inner;
static GMutex lock;
static gint64 total[EG_N_OPS];

static gint64
now (void)
{
  struct timespec time;
  clock_gettime (CLOCK_MONOTONIC, &time);
  return time.tv_sec * G_GINT64_CONSTANT (1000000000) + time.tv_nsec;
}

/* Calls the inner backend's function on its stream, and counts the time as an op's. */
#define MEASURE(NAME, function, ...)                                                                         \
  ProfileStream *self = (ProfileStream *)stream;                                                             \
  const gint64 begin = now ();                                                                               \
  inner->function (self->inner, __VA_ARGS__);                                                                \
  self->nanoseconds[EG_OP_##NAME] += now () - begin

#define DEFINE(NAME, function, PARAMETERS, ...)                                                              \
  static void profile_##function PARAMETERS { MEASURE (NAME, function, __VA_ARGS__); }
EG_WRAPPED_OPS (DEFINE)

#define DEFINE_BACK(NAME, function, PARAMETERS, ...)                                                         \
  static void profile_back_##function PARAMETERS { MEASURE (NAME, back->function, __VA_ARGS__); }
EG_WRAPPED_BACK_OPS (DEFINE_BACK)

static void
profile_upload (EgStream *stream, float *to, const float *from, gsize n)
{
  MEASURE (UPLOAD, upload, to, from, n);
}

static void
profile_download (EgStream *stream, float *to, const float *from, gsize n)
{
  MEASURE (DOWNLOAD, download, to, from, n);
}

static void
profile_head (EgStream *stream, const EgHead *op)
{
  MEASURE (HEAD, head, op);
}

static double
profile_top (EgStream *stream, EgTopValue *found, const float *values, gsize n, gsize k)
{
  ProfileStream *self = (ProfileStream *)stream;
  const gint64 begin = now ();
  const double sum = inner->top (self->inner, found, values, n, k);
  self->nanoseconds[EG_OP_TOP] += now () - begin;
  return sum;
}

static EgStream *
profile_stream_new (EgBackend *backend, gsize n_threads)
{
  ProfileStream *self = g_new0 (ProfileStream, 1);
  self->inner = inner->stream_new (inner, n_threads);
  return (EgStream *)self;
}

static void
profile_stream_free (EgStream *stream)
{
  ProfileStream *self = (ProfileStream *)stream;
  inner->stream_free (self->inner);
  g_mutex_lock (&lock);
  for (gsize i = 0; i < EG_N_OPS; i++)
    total[i] += self->nanoseconds[i];
  g_mutex_unlock (&lock);
  g_free (self);
}

static EgStreamState
profile_check (EgStream *stream, const char **why)
{
  return inner->check ? inner->check (((ProfileStream *)stream)->inner, why) : EG_STREAM_WORKS;
}

static float *
profile_alloc (EgBackend *backend, gsize n_floats)
{
  return inner->alloc (inner, n_floats);
}

static void
profile_release (EgBackend *backend, float *memory)
{
  inner->release (inner, memory);
}

EgBackend *
eg_backend_profile (EgBackend *backend)
{
#define ENTRY(NAME, function, ...)      .function = profile_##function,
#define BACK_ENTRY(NAME, function, ...) .function = profile_back_##function,
  static const EgBackOps back = { EG_WRAPPED_BACK_OPS (BACK_ENTRY) };
  static EgBackend twin = { .stream_new = profile_stream_new,
                            .stream_free = profile_stream_free,
                            .check = profile_check,
                            .alloc = profile_alloc,
                            .release = profile_release,
                            .upload = profile_upload,
                            .download = profile_download,
                            .head = profile_head,
                            .top = profile_top,
                            EG_WRAPPED_OPS (ENTRY) };
  inner = backend;
  twin.name = backend->name;
  twin.back = backend->back ? &back : NULL;
  return &twin;
}

void
eg_backend_profile_take (double seconds[EG_N_OPS])
{
  g_mutex_lock (&lock);
  for (gsize i = 0; i < EG_N_OPS; i++)
    seconds[i] = (double)total[i] / 1e9;
  memset (total, 0, sizeof total);
  g_mutex_unlock (&lock);
}

const char *
eg_op_get_name (EgOp op)
{
#define FUNCTION_NAME(NAME, function, ...) #function,
  static const char *const names[EG_N_OPS]
      = { EG_WRAPPED_OPS (FUNCTION_NAME) "head", "top", "back", "upload", "download" };
  return names[op];
}
