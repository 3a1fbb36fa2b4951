/* The selective scan: h[t,n,i] = 2^(Δ[t,i]·A₂[n,i]) · h[t−1,n,i] + Δ[t,i]·B[t,n]·c[t,i] and
 * y[t,i] = (Σ_n C[t,n]·h[t,n,i] + skip[i]·c[t,i]) · silu (z[t,i]), in one pass, h in registers from the first
 * row of a segment to its last; given states take h's place where a segment says so.
 *
 * A channel's N states are shared among G threads of one warp, S each (S·G ≥ N; those beyond N stay 0). Lanes
 * of a warp are channels first, so that reads of Δ, c, z, the state and writes of y are of neighbouring
 * numbers. B and C of some rows at a time lie in shared memory, where all channels of a block read the same
 * number at once. A block is one segment: rows past its end cost nothing.
 *
 * Occupancy: a block of 128 threads takes 8 KiB of shared memory, so registers alone say how many blocks a
 * multiprocessor of 65,536 has at a time. Of capability 9.0, by ptxas: S 1 takes 56 a thread: 9 blocks, 36 of
 * 64 warps; S 4, G 1 64: 8 blocks, 32 warps; S 4, G 2 and 4 80: 6 blocks, 24 warps; S 16, G 1 148: 3 blocks,
 * 12 warps; S 16, G 2 168: 3 blocks; S 16, G 4 to 16 188: 2 blocks, 8 warps. A thread's S states are
 * independent of each other: S · warps, not warps alone, is what hides the latency of a row. No instantiation
 * spills; README.md has the other generations. */
#include "stream.cuh"

#include <map>

namespace engram
{
static const unsigned scan_threads = 128;
/* Numbers of B, and as many of C, in shared memory at a time. */
static const unsigned scan_tile = 1024;

/* EgScan, with its segments in device memory. */
struct ScanArguments
{
  float *y;
  const float *delta, *c, *b_rows, *c_rows;
  size_t ldbc;
  const EgScanRows *segments;
  size_t n_inner;
  unsigned n_state;
  const float *a, *skip, *z;
  size_t ldz;
};

template <unsigned S, unsigned G>
__global__ void
__launch_bounds__ (scan_threads) scan_kernel (ScanArguments it)
{
  const unsigned channels = warp_size / G; /* of a warp */
  const unsigned lane = threadIdx.x % warp_size, group = lane / channels;
  const unsigned n_padded = S * G, tile_rows = scan_tile / n_padded;
  const size_t i
      = (size_t)blockIdx.y * (scan_threads / G) + threadIdx.x / warp_size * channels + lane % channels;
  const bool inside = i < it.n_inner;
  const size_t D = it.n_inner, N = it.n_state, at = inside ? i : 0;
  const EgScanRows segment = it.segments[blockIdx.x];
  float *tile_b = shared_memory<float> (), *tile_c = tile_b + scan_tile;

  float h[S], a[S];
#pragma unroll
  for (unsigned s = 0; s < S; s++)
    {
      const size_t n = group * S + s;
      a[s] = n < N ? it.a[n * D + at] : 0.0f;
      h[s] = n < N && segment.state ? segment.state[n * D + at] : 0.0f;
    }
  const float skip = it.skip[at];
  const float *delta = it.delta + segment.row * D + at, *c = it.c + segment.row * D + at;
  float step = segment.n_rows > 0 ? *delta : 0.0f, in = segment.n_rows > 0 ? *c : 0.0f;
  float *keep = segment.keep_state;
  size_t next_kept = keep ? segment.keep_first : segment.n_rows;
  const float *set = segment.set_state ? segment.set_state + at : nullptr;
  const size_t set_first = segment.set_state ? segment.set_first : segment.n_rows, set_end = segment.set_end;

  for (size_t first = 0; first < segment.n_rows; first += tile_rows)
    {
      const unsigned n_rows
          = segment.n_rows - first < tile_rows ? (unsigned)(segment.n_rows - first) : tile_rows;
      __syncthreads ();
      for (unsigned k = threadIdx.x; k < n_rows * n_padded; k += scan_threads)
        {
          const size_t row = segment.row + first + k / n_padded, n = k % n_padded;
          tile_b[k] = n < N ? it.b_rows[row * it.ldbc + n] : 0.0f;
          tile_c[k] = n < N ? it.c_rows[row * it.ldbc + n] : 0.0f;
        }
      __syncthreads ();
#pragma unroll 1 /* rows wait for each other: more of them at a time would only take registers */
      for (unsigned r = 0; r < n_rows; r++)
        {
          const size_t t = first + r;
          const float now = step, input = in;
          if (t + 1 < segment.n_rows) /* the next row's, while this one is computed */
            {
              delta += D;
              c += D;
              step = *delta;
              in = *c;
            }
          const float gain = now * input;
          float sum = 0.0f;
#pragma unroll
          for (unsigned s = 0; s < S; s++)
            {
              const unsigned k = r * n_padded + group * S + s;
              h[s] = exp2f (now * a[s]) * h[s] + gain * tile_b[k];
            }
          if (t >= set_first && t < set_end)
            {
#pragma unroll
              for (unsigned s = 0; s < S; s++)
                if (group * S + s < N)
                  h[s] = set[(group * S + s) * D];
              set += N * D;
            }
#pragma unroll
          for (unsigned s = 0; s < S; s++)
            sum += tile_c[r * n_padded + group * S + s] * h[s];
#pragma unroll
          for (unsigned step_lanes = channels; step_lanes < warp_size; step_lanes *= 2)
            sum += __shfl_xor_sync (all_lanes, sum, (int)step_lanes);
          if (t == next_kept && t < segment.keep_end)
            {
#pragma unroll
              for (unsigned s = 0; s < S; s++)
                if (inside && group * S + s < N)
                  keep[(group * S + s) * D + i] = h[s];
              keep += N * D;
              next_kept += segment.keep_step;
            }
          if (t >= segment.out_first && inside && group == 0)
            {
              const size_t row = segment.out_row + t - segment.out_first;
              const float y = sum + skip * input;
              it.y[row * D + i] = it.z ? y * silu (it.z[row * it.ldz + i]) : y;
            }
        }
    }
}

template <unsigned S, unsigned G>
static void
queue_scan (EgStream *stream, const ScanArguments &arguments, size_t n_segments)
{
  launch ("scan", scan_kernel<S, G>,
          dim3 ((unsigned)n_segments, blocks_for (arguments.n_inner, scan_threads / G)), dim3 (scan_threads),
          2 * scan_tile * sizeof (float), stream->compute, arguments);
}

/* Ranges of memory, none of which overlaps another: where each begins and ends. */
typedef std::map<const float *, const float *> Ranges;

static bool
touches (const Ranges &ranges, const float *begin, const float *end)
{
  const auto after = ranges.lower_bound (end);
  return begin < end && after != ranges.begin () && std::prev (after)->second > begin;
}

/* Segments that may run side by side: those from `first` on of which none begins with, or is given, states
 * that one before it keeps. */
static size_t
count_independent (const EgScanRows *segments, size_t first, size_t n_segments, size_t n_floats)
{
  Ranges kept;
  size_t end = first;
  for (; end < n_segments; end++)
    {
      const EgScanRows &it = segments[end];
      const size_t n_given = it.set_end > it.set_first ? it.set_end - it.set_first : 0;
      if ((it.state && touches (kept, it.state, it.state + n_floats))
          || (it.set_state && touches (kept, it.set_state, it.set_state + n_given * n_floats)))
        break;
      if (it.keep_state && it.keep_end > it.keep_first)
        kept[it.keep_state]
            = it.keep_state + (it.keep_end - it.keep_first + it.keep_step - 1) / it.keep_step * n_floats;
    }
  return end - first;
}

/* Where a block has one segment and 128 channels, this many threads fill a large GPU; with fewer, a channel's
 * states are shared among more of them. */
static const size_t many_threads = 32768;

static void
queue_wave (EgStream *stream, const ScanArguments &arguments, size_t n_segments)
{
  const unsigned N = arguments.n_state;
  const bool few = n_segments * arguments.n_inner < many_threads;
  if (N == 1)
    queue_scan<1, 1> (stream, arguments, n_segments);
  else if (N <= 4)
    queue_scan<4, 1> (stream, arguments, n_segments);
  else if (N <= 8)
    queue_scan<4, 2> (stream, arguments, n_segments);
  else if (N <= 16 && few)
    queue_scan<4, 4> (stream, arguments, n_segments);
  else if (N <= 16)
    queue_scan<16, 1> (stream, arguments, n_segments);
  else if (N <= 32)
    queue_scan<16, 2> (stream, arguments, n_segments);
  else if (N <= 64)
    queue_scan<16, 4> (stream, arguments, n_segments);
  else if (N <= 128)
    queue_scan<16, 8> (stream, arguments, n_segments);
  else
    queue_scan<16, 16> (stream, arguments, n_segments);
}

static void
cuda_scan (EgStream *stream, const EgScan *op)
{
  if (op->n_segments == 0 || !begin_op (stream))
    return;
  if (op->n_state > EG_CUDA_MOST_STATES)
    fail_lost (stream, "d_state > 256"); /* never: most_states says it */
  const EgScanRows *table = upload_table (stream, op->segments, op->n_segments);
  size_t n = 0;
  for (size_t first = 0; table && first < op->n_segments; first += n)
    {
      n = count_independent (op->segments, first, op->n_segments, op->n_inner * op->n_state);
      queue_wave (stream,
                  ScanArguments{ op->y, op->delta, op->c, op->b_rows, op->c_rows, op->ldbc, table + first,
                                 op->n_inner, (unsigned)op->n_state, op->a, op->skip, op->z, op->ldz },
                  n);
    }
  end_op (stream);
}
}
