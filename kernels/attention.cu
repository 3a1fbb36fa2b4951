/* y[t, h] = Σ_s softmax_s (scale · q[t, h]·k[s, h]) · v[s, h] over the positions s that a row reads, in one
 * pass over them: the maximum and the sum so far are carried on, and what was added up is scaled when the
 * maximum grows.
 *
 * A block has 16 rows of one segment, one head, and up to 128 of its channels of y. It takes 32 positions at
 * a time, always the same ones, so that a row's numbers depend on nothing beside it: their keys, then their
 * values, lie in shared memory for all its rows. A warp has four of the rows; of scores a lane has one
 * position, of y one channel in each 32. Wider heads are taken 128 channels at a time, their scores once for
 * each. */
#include "stream.cuh"

#include <math.h>

namespace engram
{
static const unsigned attention_threads = 128, attention_warps = attention_threads / warp_size;
static const unsigned rows_a_warp = 4, attention_rows = rows_a_warp * attention_warps;
static const unsigned attention_keys = warp_size;

/* EgAttention, with its segments and spans in device memory. */
struct AttentionArguments
{
  float *y;
  const float *q;
  size_t ldq;
  const EgAttentionRows *segments;
  const EgAttentionSpan *spans;
  unsigned n_heads, d_head;
  float scale;
};

/* What a block shares; W: channels at a time. A row of numbers is one longer, so that neighbouring rows lie
 * in different banks. */
template <unsigned W> struct AttentionTile
{
  const float *keys[attention_keys], *values[attention_keys];
  float q[attention_rows][W];
  float numbers[attention_keys][W + 1];
};

/* A row's softmax so far: max, Σ exp (score − max), and Σ exp (score − max) · v of the lane's channels. */
template <unsigned C> struct AttentionRow
{
  float max, sum, y[C];
};

/* Where a thread's position lies: the span it is in, and that one's first position. Only goes on. */
struct SpanCursor
{
  const EgAttentionSpan *span;
  size_t begin;
};

__device__ static __forceinline__ size_t
find_position (SpanCursor &at, size_t position)
{
  while (position >= at.begin + at.span->n)
    {
      at.begin += at.span->n;
      at.span++;
    }
  return (position - at.begin) * at.span->ld;
}

/* rows[r][0 … n) = from (r)[0 … n) for all r < n_rows, the block together. */
template <unsigned W, unsigned STRIDE, typename From>
__device__ static __forceinline__ void
load_rows (float (*rows)[STRIDE], unsigned n_rows, unsigned n, From from)
{
  for (unsigned k = threadIdx.x; k < n_rows * W; k += attention_threads)
    if (k % W < n)
      rows[k / W][k % W] = from (k / W)[k % W];
}

/* A lane's position's score joins a row's softmax; returns exp (score − max). All lanes of the warp. */
template <unsigned C>
__device__ static __forceinline__ float
join_score (AttentionRow<C> &row, float score, bool reads)
{
  if (!__any_sync (all_lanes, reads))
    return 0.0f;
  float max = reads ? score : -INFINITY;
  for (int step = warp_size / 2; step > 0; step /= 2)
    max = fmaxf (max, __shfl_xor_sync (all_lanes, max, step));
  max = fmaxf (max, row.max);
  const float before = expf (row.max - max), share = reads ? expf (score - max) : 0.0f;
  float sum = share;
  for (int step = warp_size / 2; step > 0; step /= 2)
    sum += __shfl_xor_sync (all_lanes, sum, step);
  row.max = max;
  row.sum = row.sum * before + sum;
#pragma unroll
  for (unsigned c = 0; c < C; c++)
    row.y[c] *= before;
  return share;
}

/* Whether a segment's row reads a position; cuts: whether the head may leave some out. */
__device__ static __forceinline__ bool
reads_position (const EgAttentionRows &segment, bool cuts, size_t row, size_t position)
{
  const bool cut = cuts && row >= segment.cut_first && row < segment.cut_end && position >= segment.from_begin
                   && position < segment.from_end;
  return position <= segment.first + row && !cut;
}

/* The rows' Σ share · v over the tile's n values. */
template <unsigned C, unsigned W>
__device__ static __forceinline__ void
add_values (
    AttentionRow<C> *rows, const float *shares, const AttentionTile<W> &tile, unsigned n, unsigned width)
{
  const unsigned lane = threadIdx.x % warp_size;
  for (unsigned j = 0; j < n; j++)
    {
      float v[C];
#pragma unroll
      for (unsigned c = 0; c < C; c++)
        v[c] = c * warp_size + lane < width ? tile.numbers[j][c * warp_size + lane] : 0.0f;
#pragma unroll
      for (unsigned r = 0; r < rows_a_warp; r++)
        {
          const float share = __shfl_sync (all_lanes, shares[r], (int)j);
          if (share != 0.0f) /* what a row does not read may be anything */
#pragma unroll
            for (unsigned c = 0; c < C; c++)
              rows[r].y[c] += share * v[c];
        }
    }
}

/* Of the block's rows from `first` on, the n scores of the tile's positions, a lane's own: q · k. */
template <unsigned W>
__device__ static __forceinline__ void
add_scores (float *scores,
            const AttentionArguments &it,
            AttentionTile<W> &tile,
            const float *q,
            unsigned n_rows,
            unsigned n)
{
  const unsigned lane = threadIdx.x % warp_size, warp = threadIdx.x / warp_size;
  for (unsigned i0 = 0; i0 < it.d_head; i0 += W)
    {
      const unsigned width = it.d_head - i0 < W ? it.d_head - i0 : W;
      __syncthreads ();
      load_rows<W> (tile.q, n_rows, width, [=] (unsigned r) { return q + r * it.ldq + i0; });
      load_rows<W> (tile.numbers, n, width, [&] (unsigned j) { return tile.keys[j] + i0; });
      __syncthreads ();
      for (unsigned i = 0; lane < n && i < width; i++)
        {
          const float k = tile.numbers[lane][i];
#pragma unroll
          for (unsigned r = 0; r < rows_a_warp; r++)
            if (r * attention_warps + warp < n_rows)
              scores[r] += tile.q[r * attention_warps + warp][i] * k;
        }
    }
}

template <unsigned C>
__global__ void
__launch_bounds__ (attention_threads) attention_kernel (AttentionArguments it)
{
  const unsigned W = C * warp_size, lane = threadIdx.x % warp_size, warp = threadIdx.x / warp_size;
  const EgAttentionRows &segment = it.segments[blockIdx.x];
  const size_t first = segment.out_first + (size_t)blockIdx.z * attention_rows;
  if (first >= segment.n_rows)
    return;
  const unsigned n_rows = (unsigned)MIN (segment.n_rows - first, (size_t)attention_rows);
  const unsigned head = blockIdx.y % it.n_heads, i0 = blockIdx.y / it.n_heads * W; /* of y's channels */
  const unsigned width = it.d_head - i0 < W ? it.d_head - i0 : W;
  const bool cuts = head >= segment.head_begin && head < segment.head_end;
  const size_t n_positions = segment.first + first + n_rows, H = (size_t)head * it.d_head;
  const float *q = it.q + (segment.row + first) * it.ldq + H;
  AttentionTile<W> &tile = *shared_memory<AttentionTile<W> > ();
  SpanCursor at = { it.spans + segment.span, 0 };
  AttentionRow<C> rows[rows_a_warp];
#pragma unroll
  for (unsigned r = 0; r < rows_a_warp; r++)
    {
      rows[r].max = -INFINITY;
      rows[r].sum = 0.0f;
#pragma unroll
      for (unsigned c = 0; c < C; c++)
        rows[r].y[c] = 0.0f;
    }

  for (size_t s = 0; s < n_positions; s += attention_keys)
    {
      const unsigned n = (unsigned)MIN (n_positions - s, (size_t)attention_keys);
      if (threadIdx.x < n)
        {
          const size_t offset = find_position (at, s + threadIdx.x) + H;
          tile.keys[threadIdx.x] = at.span->keys + offset;
          tile.values[threadIdx.x] = at.span->values + offset;
        }
      float scores[rows_a_warp] = {};
      add_scores<W> (scores, it, tile, q, n_rows, n);
#pragma unroll
      for (unsigned r = 0; r < rows_a_warp; r++)
        {
          const unsigned row = r * attention_warps + warp;
          const bool reads
              = row < n_rows && lane < n && reads_position (segment, cuts, first + row, s + lane);
          scores[r] = join_score (rows[r], it.scale * scores[r], reads);
        }
      __syncthreads ();
      load_rows<W> (tile.numbers, n, width, [&] (unsigned j) { return tile.values[j] + i0; });
      __syncthreads ();
      add_values<C, W> (rows, scores, tile, n, width);
    }

#pragma unroll
  for (unsigned r = 0; r < rows_a_warp; r++)
    {
      const size_t row = r * attention_warps + warp, D = (size_t)it.n_heads * it.d_head;
      float *y = it.y + (segment.out_row + first - segment.out_first + row) * D + H + i0;
#pragma unroll
      for (unsigned c = 0; c < C; c++)
        if (row < n_rows && c * warp_size + lane < width)
          y[c * warp_size + lane] = rows[r].y[c] / rows[r].sum;
    }
}

template <unsigned C>
static void
queue_attention (EgStream *stream, const AttentionArguments &arguments, size_t n_segments, size_t most_rows)
{
  const unsigned W = C * warp_size;
  launch ("attention", attention_kernel<C>,
          dim3 ((unsigned)n_segments, arguments.n_heads * blocks_for (arguments.d_head, W),
                blocks_for (most_rows, attention_rows)),
          dim3 (attention_threads), sizeof (AttentionTile<W>), stream->compute, arguments);
}

static void
queue_attention_as_wide (EgStream *stream,
                         const AttentionArguments &arguments,
                         size_t n_segments,
                         size_t most_rows)
{
  if (arguments.d_head <= warp_size)
    queue_attention<1> (stream, arguments, n_segments, most_rows);
  else if (arguments.d_head <= 2 * warp_size)
    queue_attention<2> (stream, arguments, n_segments, most_rows);
  else
    queue_attention<4> (stream, arguments, n_segments, most_rows);
}

static void
cuda_attention (EgStream *stream, const EgAttention *op)
{
  gsize most_rows = 0;
  for (gsize s = 0; s < op->n_segments; s++)
    most_rows = MAX (most_rows, op->segments[s].n_rows - op->segments[s].out_first);
  if (most_rows == 0 || !begin_op (stream))
    return;
  const size_t n_bytes = op->n_segments * sizeof *op->segments;
  const auto *tables = static_cast<const char *> (
      upload_bytes (stream, op->segments, n_bytes, op->spans, op->n_spans * sizeof *op->spans));
  if (tables)
    queue_attention_as_wide (
        stream,
        AttentionArguments{ op->y, op->q, op->ldq, reinterpret_cast<const EgAttentionRows *> (tables),
                            reinterpret_cast<const EgAttentionSpan *> (tables + table_place (n_bytes)),
                            (unsigned)op->n_heads, (unsigned)op->d_head, op->scale },
        op->n_segments, most_rows);
  end_op (stream);
}
}
