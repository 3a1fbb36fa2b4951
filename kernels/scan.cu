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
 * multiprocessor of 65,536 has at a time (README.md). A thread's S states are independent of each other:
 * S · warps, not warps alone, is what hides the latency of a row. No instantiation spills. */
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

/* B and C of n rows from the first on, the block together; n_padded numbers a row, 0 beyond N. */
__device__ static __forceinline__ void
load_tile (float *tile_b,
           float *tile_c,
           const float *b_rows,
           const float *c_rows,
           size_t ld,
           size_t N,
           size_t first_row,
           unsigned n_rows,
           unsigned n_padded)
{
  __syncthreads ();
  for (unsigned k = threadIdx.x; k < n_rows * n_padded; k += scan_threads)
    {
      const size_t row = first_row + k / n_padded, n = k % n_padded;
      tile_b[k] = n < N ? b_rows[row * ld + n] : 0.0f;
      tile_c[k] = n < N ? c_rows[row * ld + n] : 0.0f;
    }
  __syncthreads ();
}

/* h after one row: `now` is its Δ, `gain` Δ·c. */
template <unsigned S>
__device__ static __forceinline__ void
update (float (&h)[S], const float (&a)[S], float now, float gain, const float *b)
{
#pragma unroll
  for (unsigned s = 0; s < S; s++)
    h[s] = exp2f (now * a[s]) * h[s] + gain * b[s];
}

/* Of a thread's states, those there are from memory [N, D], or into it. */
template <unsigned S>
__device__ static __forceinline__ void
take_states (float (&h)[S], const float *from, unsigned n_states, size_t D)
{
#pragma unroll
  for (unsigned s = 0; s < S; s++)
    if (s < n_states)
      h[s] = from[s * D];
}

template <unsigned S>
__device__ static __forceinline__ void
keep_states (const float (&h)[S], float *to, unsigned n_states, size_t D)
{
#pragma unroll
  for (unsigned s = 0; s < S; s++)
    if (s < n_states)
      to[s * D] = h[s];
}

/* Σ_n C[n]·h[n] over a channel's threads, for all of them. */
template <unsigned S, unsigned CHANNELS>
__device__ static __forceinline__ float
read_states (const float (&h)[S], const float *c)
{
  float sum = 0.0f;
#pragma unroll
  for (unsigned s = 0; s < S; s++)
    sum += c[s] * h[s];
#pragma unroll
  for (unsigned lanes = CHANNELS; lanes < warp_size; lanes *= 2)
    sum += __shfl_xor_sync (all_lanes, sum, (int)lanes);
  return sum;
}

template <unsigned S, unsigned G>
__global__ void
__launch_bounds__ (scan_threads) scan_kernel (ScanArguments it)
{
  const unsigned channels = warp_size / G, lane = threadIdx.x % warp_size, group = lane / channels;
  const unsigned n_padded = S * G, tile_rows = scan_tile / n_padded;
  const size_t i
      = (size_t)blockIdx.y * (scan_threads / G) + threadIdx.x / warp_size * channels + lane % channels;
  const bool inside = i < it.n_inner;
  const size_t D = it.n_inner, N = it.n_state, at = inside ? i : 0, first_state = group * S * D + at;
  const unsigned n_states = group * S < N ? (unsigned)(N - group * S) : 0; /* the thread's, S at the most */
  const EgScanRows segment = it.segments[blockIdx.x];
  float *tile_b = shared_memory<float> (), *tile_c = tile_b + scan_tile;

  float h[S] = {}, a[S] = {};
  take_states (a, it.a + first_state, n_states, D);
  if (segment.state)
    take_states (h, segment.state + first_state, n_states, D);
  const float skip = it.skip[at];
  const float *delta = it.delta + segment.row * D + at, *c = it.c + segment.row * D + at;
  float step = segment.n_rows > 0 ? *delta : 0.0f, in = segment.n_rows > 0 ? *c : 0.0f;
  float *keep = segment.keep_state ? segment.keep_state + first_state : nullptr;
  size_t next_kept = keep ? segment.keep_first : segment.n_rows;
  const float *set = segment.set_state ? segment.set_state + first_state : nullptr;
  const size_t set_first = set ? segment.set_first : segment.n_rows, set_end = segment.set_end;

  for (size_t first = 0; first < segment.n_rows; first += tile_rows)
    {
      const unsigned n_rows = (unsigned)MIN (segment.n_rows - first, (size_t)tile_rows);
      load_tile (tile_b, tile_c, it.b_rows, it.c_rows, it.ldbc, N, segment.row + first, n_rows, n_padded);
#pragma unroll 1 /* rows wait for each other: more of them at a time would only take registers */
      for (unsigned r = 0; r < n_rows; r++)
        {
          const size_t t = first + r;
          const float now = step, input = in;
          const unsigned k = r * n_padded + group * S;
          if (t + 1 < segment.n_rows) /* the next row's, while this one is computed */
            {
              step = *(delta += D);
              in = *(c += D);
            }
          update (h, a, now, now * input, tile_b + k);
          if (t >= set_first && t < set_end)
            {
              take_states (h, set, n_states, D);
              set += N * D;
            }
          const float sum = read_states<S, channels> (h, tile_c + k);
          if (t == next_kept && t < segment.keep_end)
            {
              keep_states (h, keep, inside ? n_states : 0, D);
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
