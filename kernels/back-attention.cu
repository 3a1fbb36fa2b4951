/* Gradients of attention (EgAttentionBack): a warp a row and head, whose lanes have channels. First each
 * row's softmax, the mean of its slopes, and dq; then of each of the segment's own positions dk and dv, from
 * all rows that read it. No two warps add to one number. */
#include "stream.cuh"

#include "engine/back.h"

#include <math.h>

namespace engram
{
static const unsigned back_attention_threads = 128, back_attention_warps = back_attention_threads / warp_size;

/* What is known of a row's softmax: its maximum, Σ exp (score − max), and Σ p·dp. */
struct BackAttentionRow
{
  float max, sum, mean;
};

/* EgAttentionBack, with its tables in device memory. rows: [rows, H] */
struct BackAttentionArguments
{
  float *dq, *dk, *dv;
  size_t ldd;
  const float *dy, *q;
  size_t ldq;
  const EgAttentionRows *segments;
  const EgAttentionSpan *spans;
  size_t n_heads, d_head;
  float scale;
  BackAttentionRow *rows;
};

/* Σ a·b over a head's channels, for all lanes. */
__device__ static __forceinline__ float
warp_dot (const float *a, const float *b, size_t n)
{
  float sum = 0.0f;
  for (size_t i = threadIdx.x % warp_size; i < n; i += warp_size)
    sum += a[i] * b[i];
  for (int step = warp_size / 2; step > 0; step /= 2)
    sum += __shfl_xor_sync (all_lanes, sum, step);
  return sum;
}

/* to += factor·from, a lane's channels. */
__device__ static __forceinline__ void
warp_add (float *to, const float *from, float factor, size_t n)
{
  for (size_t i = threadIdx.x % warp_size; i < n; i += warp_size)
    to[i] += factor * from[i];
}

__device__ static __forceinline__ void
warp_clear (float *to, size_t n)
{
  for (size_t i = threadIdx.x % warp_size; i < n; i += warp_size)
    to[i] = 0.0f;
}

/* A warp's row of a segment and first channel of its head; FALSE where there is none. */
__device__ static __forceinline__ bool
warp_place (const BackAttentionArguments &it, const EgAttentionRows &segment, size_t *t, size_t *head)
{
  *t = (size_t)blockIdx.z * back_attention_warps + threadIdx.x / warp_size;
  *head = blockIdx.y;
  return *t < segment.n_rows;
}

__global__ void
__launch_bounds__ (back_attention_threads) back_attention_rows_kernel (BackAttentionArguments it)
{
  const EgAttentionRows segment = it.segments[blockIdx.x];
  size_t t, head;
  if (!warp_place (it, segment, &t, &head))
    return;
  const size_t row = segment.row + t, at = head * it.d_head, n = segment.first + t + 1;
  const float *q = it.q + row * it.ldq + at, *dy = it.dy + row * it.n_heads * it.d_head + at;
  float *dq = it.dq + row * it.ldd + at;
  SpanCursor cursor = { it.spans + segment.span, 0 };
  BackAttentionRow found = { -INFINITY, 0.0f, 0.0f };
  for (size_t s = 0; s < n; s++)
    {
      const size_t place = find_position (cursor, s) + at;
      const float score = it.scale * warp_dot (q, cursor.span->keys + place, it.d_head);
      const float slope = warp_dot (dy, cursor.span->values + place, it.d_head);
      const float max = fmaxf (found.max, score), before = expf (found.max - max), share = expf (score - max);
      found = BackAttentionRow{ max, found.sum * before + share, found.mean * before + share * slope };
    }
  found.mean /= found.sum;
  warp_clear (dq, it.d_head);
  cursor = SpanCursor{ it.spans + segment.span, 0 };
  for (size_t s = 0; s < n; s++)
    {
      const size_t place = find_position (cursor, s) + at;
      const float score = it.scale * warp_dot (q, cursor.span->keys + place, it.d_head);
      const float slope = warp_dot (dy, cursor.span->values + place, it.d_head);
      const float p = expf (score - found.max) / found.sum;
      warp_add (dq, cursor.span->keys + place, it.scale * p * (slope - found.mean), it.d_head);
    }
  if (threadIdx.x % warp_size == 0)
    it.rows[row * it.n_heads + head] = found;
}

__global__ void
__launch_bounds__ (back_attention_threads) back_attention_keys_kernel (BackAttentionArguments it)
{
  const EgAttentionRows segment = it.segments[blockIdx.x];
  size_t own, head;
  if (!warp_place (it, segment, &own, &head))
    return;
  const size_t at = head * it.d_head, to = (segment.row + own) * it.ldd + at;
  SpanCursor cursor = { it.spans + segment.span, 0 };
  const size_t place = find_position (cursor, segment.first + own) + at;
  const float *key = cursor.span->keys + place, *value = cursor.span->values + place;
  warp_clear (it.dk + to, it.d_head);
  warp_clear (it.dv + to, it.d_head);
  for (size_t t = own; t < segment.n_rows; t++)
    {
      const size_t row = segment.row + t;
      const float *q = it.q + row * it.ldq + at, *dy = it.dy + row * it.n_heads * it.d_head + at;
      const BackAttentionRow known = it.rows[row * it.n_heads + head];
      const float p = expf (it.scale * warp_dot (q, key, it.d_head) - known.max) / known.sum;
      const float slope = warp_dot (dy, value, it.d_head);
      warp_add (it.dk + to, q, it.scale * p * (slope - known.mean), it.d_head);
      warp_add (it.dv + to, dy, p, it.d_head);
    }
}

static void
back_attention (EgStream *stream, const EgAttentionBack *back)
{
  const EgAttention *op = back->op;
  gsize most_rows = 0, n_rows = 0;
  for (gsize s = 0; s < op->n_segments; s++)
    {
      most_rows = MAX (most_rows, op->segments[s].n_rows);
      n_rows = MAX (n_rows, op->segments[s].row + op->segments[s].n_rows);
    }
  if (most_rows == 0 || !begin_op (stream))
    return;
  const size_t n_bytes = op->n_segments * sizeof *op->segments;
  auto *rows = static_cast<BackAttentionRow *> (
      scratch (stream, SCRATCH_STEPS, n_rows * op->n_heads * sizeof (BackAttentionRow)));
  const char *tables = static_cast<const char *> (
      upload_bytes (stream, op->segments, n_bytes, op->spans, op->n_spans * sizeof *op->spans));
  if (rows && tables)
    {
      const dim3 grid ((unsigned)op->n_segments, (unsigned)op->n_heads,
                       blocks_for (most_rows, back_attention_warps));
      const BackAttentionArguments it
          = { back->dq,
              back->dk,
              back->dv,
              back->ldd,
              back->dy,
              op->q,
              op->ldq,
              reinterpret_cast<const EgAttentionRows *> (tables),
              reinterpret_cast<const EgAttentionSpan *> (tables + table_place (n_bytes)),
              op->n_heads,
              op->d_head,
              op->scale,
              rows };
      launch ("back_attention_rows", back_attention_rows_kernel, grid, dim3 (back_attention_threads), 0,
              stream->compute, it);
      launch ("back_attention_keys", back_attention_keys_kernel, grid, dim3 (back_attention_threads), 0,
              stream->compute, it);
    }
  end_op (stream);
}
}
