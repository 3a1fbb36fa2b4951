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

/* Calls the inner backend's op on its stream, and counts the time. */
#define MEASURE(op, function, ...)                                                                           \
  ProfileStream *self = (ProfileStream *)stream;                                                             \
  const gint64 begin = now ();                                                                               \
  inner->function (self->inner, __VA_ARGS__);                                                                \
  self->nanoseconds[op] += now () - begin

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

static void
profile_upload (EgStream *stream, float *to, const float *from, gsize n)
{
  MEASURE (EG_OP_COPY, upload, to, from, n);
}

static void
profile_download (EgStream *stream, float *to, const float *from, gsize n)
{
  MEASURE (EG_OP_COPY, download, to, from, n);
}

static void
profile_gemm (EgStream *stream,
              float *y,
              gsize ldy,
              const float *x,
              gsize ldx,
              gsize n_rows,
              const EgMatrix *w,
              const float *bias)
{
  MEASURE (EG_OP_GEMM, gemm, y, ldy, x, ldx, n_rows, w, bias);
}

static void
profile_rmsnorm (
    EgStream *stream, float *y, const float *x, gsize n_rows, gsize d, const float *weight, float eps)
{
  MEASURE (EG_OP_RMSNORM, rmsnorm, y, x, n_rows, d, weight, eps);
}

static void
profile_conv_silu (EgStream *stream,
                   float *c,
                   const float *x,
                   gsize ldx,
                   const EgRows *segments,
                   gsize n_segments,
                   gsize n_inner,
                   gsize n_conv,
                   const float *w,
                   const float *bias)
{
  MEASURE (EG_OP_CONV_SILU, conv_silu, c, x, ldx, segments, n_segments, n_inner, n_conv, w, bias);
}

static void
profile_softplus (EgStream *stream, float *x, gsize n)
{
  MEASURE (EG_OP_SOFTPLUS, softplus, x, n);
}

static void
profile_scan (EgStream *stream,
              float *y,
              const float *delta,
              const float *c,
              const float *b_rows,
              const float *c_rows,
              gsize ldbc,
              const EgRows *segments,
              gsize n_segments,
              gsize n_inner,
              gsize n_state,
              const float *a,
              const float *skip,
              const float *z,
              gsize ldz)
{
  MEASURE (EG_OP_SCAN, scan, y, delta, c, b_rows, c_rows, ldbc, segments, n_segments, n_inner, n_state, a,
           skip, z, ldz);
}

static void
profile_gate (EgStream *stream, float *y, const float *z, gsize ldz, gsize n_rows, gsize n_inner)
{
  MEASURE (EG_OP_GATE, gate, y, z, ldz, n_rows, n_inner);
}

static void
profile_add (EgStream *stream, float *y, const float *x, gsize n)
{
  MEASURE (EG_OP_ADD, add, y, x, n);
}

static void
profile_copy_rows (EgStream *stream, const EgRowCopy *copies, gsize n, gsize width)
{
  MEASURE (EG_OP_COPY, copy_rows, copies, n, width);
}

static void
profile_embed (EgStream *stream, float *to, const EgMatrix *table, gsize row)
{
  MEASURE (EG_OP_COPY, embed, to, table, row);
}

static void
profile_head (EgStream *stream,
              EgHeadRow *answers,
              const float *x,
              gsize n_rows,
              const EgMatrix *head,
              const EgHeadQuery *query)
{
  MEASURE (EG_OP_HEAD, head, answers, x, n_rows, head, query);
}

static double
profile_top (EgStream *stream, EgTopValue *found, const float *values, gsize n, gsize k)
{
  ProfileStream *self = (ProfileStream *)stream;
  const gint64 begin = now ();
  const double sum = inner->top (self->inner, found, values, n, k);
  self->nanoseconds[EG_OP_HEAD] += now () - begin;
  return sum;
}

EgBackend *
eg_backend_profile (EgBackend *backend)
{
  static EgBackend twin = {
    .stream_new = profile_stream_new,
    .stream_free = profile_stream_free,
    .alloc = profile_alloc,
    .release = profile_release,
    .upload = profile_upload,
    .download = profile_download,
    .gemm = profile_gemm,
    .rmsnorm = profile_rmsnorm,
    .conv_silu = profile_conv_silu,
    .softplus = profile_softplus,
    .scan = profile_scan,
    .gate = profile_gate,
    .add = profile_add,
    .copy_rows = profile_copy_rows,
    .embed = profile_embed,
    .head = profile_head,
    .top = profile_top,
  };
  inner = backend;
  twin.name = backend->name;
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
  static const char *const names[EG_N_OPS]
      = { "gemm", "rmsnorm", "conv", "softplus", "scan", "gate", "add", "copy", "head" };
  return names[op];
}
