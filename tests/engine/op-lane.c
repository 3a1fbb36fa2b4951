/* Inputs and outputs of ops. */
#include "op-lane.h"

#include <string.h>

void
op_lane_init (OpLane *lane, EgBackend *backend)
{
  op_lane_init_threads (lane, backend, 1);
}

void
op_lane_init_threads (OpLane *lane, EgBackend *backend, gsize n_threads)
{
  *lane = (OpLane){ .backend = backend, .stream = backend->stream_new (backend, n_threads) };
  lane->out = g_array_new (FALSE, FALSE, sizeof (float));
  lane->memory = g_ptr_array_new ();
}

void
op_lane_clear (OpLane *lane)
{
  lane->backend->stream_free (lane->stream);
  g_array_unref (lane->out);
  g_ptr_array_unref (lane->memory);
}

void
op_lane_release (OpLane *lane)
{
  for (guint i = 0; i < lane->memory->len; i++)
    lane->backend->release (lane->backend, lane->memory->pdata[i]);
  g_ptr_array_set_size (lane->memory, 0);
}

static float *
allocate (OpLane *lane, gsize n)
{
  float *memory = lane->backend->alloc (lane->backend, n);
  if (!memory)
    g_error ("no memory for %" G_GSIZE_FORMAT " floats", n);
  g_ptr_array_add (lane->memory, memory);
  return memory;
}

float *
op_upload (OpLane *lane, const float *values, gsize n)
{
  float *memory = allocate (lane, n);
  lane->backend->upload (lane->stream, memory, values, n);
  return memory;
}

float *
op_draw (OpLane *lane, GRand *rand, gsize n, double low, double high)
{
  g_autofree float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = (float)g_rand_double_range (rand, low, high);
  return op_upload (lane, values, n);
}

float *
op_blank (OpLane *lane, gsize n)
{
  g_autofree float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = -7;
  return op_upload (lane, values, n);
}

EgMatrix
op_draw_matrix (OpLane *lane, GRand *rand, EgDType dtype, gsize rows, gsize cols)
{
  const gsize n = rows * cols;
  if (dtype == EG_DTYPE_F32)
    return (EgMatrix){ op_draw (lane, rand, n, -1, 1), dtype, rows, cols };
  g_autofree guint16 *bits = g_new0 (guint16, n + 1);
  for (gsize i = 0; i < n; i++)
    bits[i] = (guint16)(0x3000 + g_rand_int_range (rand, 0, 0x0fff) + (g_rand_boolean (rand) ? 0x8000 : 0));
  return (EgMatrix){ op_upload (lane, (const float *)(gconstpointer)bits, (n + 1) / 2), dtype, rows, cols };
}

void
op_append (OpLane *lane, const float *from, gsize n)
{
  const guint at = lane->out->len;
  g_array_set_size (lane->out, at + (guint)n);
  lane->backend->download (lane->stream, &g_array_index (lane->out, float, at), from, n);
}

void
op_wait (OpLane *lane)
{
  float value;
  lane->backend->download (lane->stream, &value, lane->memory->pdata[0], 1);
}
