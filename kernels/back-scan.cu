/* Gradients of the scans (EgScanBack, EgHeadScanBack), for both alike: only where a channel's numbers lie
 * differs.
 *
 * Some channels at a time, so that what is kept of them is bounded: first h after every row of every lane,
 * then G, each a thread a state and channel, down its lane and up again; then, of all rows at once, what sums
 * over states, and last what sums over channels, a block a number, which goes on from the channels before. */
#include "stream.cuh"

#include "engine/back.h"

namespace engram
{
static const unsigned back_scan_threads = 128;
/* What the states and gradients of some channels may take. */
static const size_t back_scan_bytes = (size_t)256 << 20;

/* Of both ops; lanes and dots in device memory. Heads are of P channels, those of a group `group_channels`.
 * states, gradients: [rows, N, width] of the channels from `first` on. steps: [graded rows, D] of each
 * channel its part of ddelta */
struct BackScanArguments
{
  float *ddelta, *dc, *db, *dcr;
  size_t lddc, lddbc;
  const float *dy, *delta, *c, *b_rows, *c_rows;
  size_t ldc, ldbc;
  const EgScanLane *lanes;
  unsigned n_graded;
  const EgDotRows *dots;
  float *full, *direct;
  const float *a, *skip;
  size_t D, N, P, group_channels;
  size_t first, width;
  float *states, *gradients, *steps;
};

/* Where a channel's Δ, A₂, B and C, and what a lane begins with, lie. HEADS: EgHeadScanBack's. */
template <bool HEADS>
__device__ static __forceinline__ float
step_of (const BackScanArguments &it, size_t row, size_t k)
{
  return HEADS ? it.delta[row * (it.D / it.P) + k / it.P] : it.delta[row * it.D + k];
}

template <bool HEADS>
__device__ static __forceinline__ float
decay_of (const BackScanArguments &it, size_t n, size_t k)
{
  return HEADS ? it.a[k / it.P] : it.a[n * it.D + k];
}

template <bool HEADS>
__device__ static __forceinline__ size_t
selected_at (const BackScanArguments &it, size_t row, size_t n, size_t k)
{
  return row * it.ldbc + (HEADS ? k / it.group_channels * it.N : 0) + n;
}

template <bool HEADS>
__device__ static __forceinline__ float
begin_of (const BackScanArguments &it, const EgScanLane &lane, size_t n, size_t k)
{
  if (!lane.state)
    return 0.0f;
  return lane.state[HEADS ? (k / it.P * it.N + n) * it.P + k % it.P : n * it.D + k];
}

/* h after each row: a thread a lane, state and channel. */
template <bool HEADS>
__global__ void
back_states_kernel (BackScanArguments it)
{
  const EgScanLane lane = it.lanes[blockIdx.x];
  const size_t n = blockIdx.y, own = (size_t)blockIdx.z * back_scan_threads + threadIdx.x, k = it.first + own;
  if (own >= it.width)
    return;
  const float a = decay_of<HEADS> (it, n, k);
  float h = begin_of<HEADS> (it, lane, n, k);
  for (size_t row = lane.row; row < lane.row + lane.n_rows; row++)
    {
      const float step = step_of<HEADS> (it, row, k);
      h = exp2f (step * a) * h
          + step * it.b_rows[selected_at<HEADS> (it, row, n, k)] * it.c[row * it.ldc + k];
      it.states[(row * it.N + n) * it.width + own] = h;
    }
}

/* G of each row, as well. */
template <bool HEADS>
__global__ void
back_gradients_kernel (BackScanArguments it)
{
  const EgScanLane lane = it.lanes[blockIdx.x];
  const size_t n = blockIdx.y, own = (size_t)blockIdx.z * back_scan_threads + threadIdx.x, k = it.first + own;
  if (own >= it.width)
    return;
  const float a = decay_of<HEADS> (it, n, k);
  float carried = 0.0f;
  for (size_t row = lane.row + lane.n_rows; row-- > lane.row;)
    {
      const float g = it.c_rows[selected_at<HEADS> (it, row, n, k)] * it.dy[row * it.D + k] + carried;
      it.gradients[(row * it.N + n) * it.width + own] = g;
      carried = exp2f (step_of<HEADS> (it, row, k) * a) * g;
    }
}

/* What sums over states: a thread a row and channel. */
template <bool HEADS>
__global__ void
back_channels_kernel (BackScanArguments it)
{
  const EgScanLane lane = it.lanes[blockIdx.x];
  const size_t own = (size_t)blockIdx.z * back_scan_threads + threadIdx.x, k = it.first + own;
  for (size_t t = blockIdx.y; own < it.width && t < lane.n_rows; t += gridDim.y)
    {
      const size_t row = lane.row + t;
      const float step = step_of<HEADS> (it, row, k), in = it.c[row * it.ldc + k];
      float d_step = 0.0f, d_in = 0.0f;
      for (size_t n = 0; n < it.N; n++)
        {
          const size_t at = (row * it.N + n) * it.width + own;
          const float a = decay_of<HEADS> (it, n, k), b = it.b_rows[selected_at<HEADS> (it, row, n, k)];
          const float before = t > 0 ? it.states[at - it.N * it.width] : begin_of<HEADS> (it, lane, n, k);
          const float g = it.gradients[at];
          d_step += g * (0.693147181f * a * exp2f (step * a) * before + b * in);
          d_in += g * b;
        }
      it.steps[row * it.D + k] = d_step;
      it.dc[row * it.lddc + k] = it.skip[HEADS ? k / it.P : k] * it.dy[row * it.D + k] + step * d_in;
    }
}

/* The channels of a group that are at hand: from *begin to *end, counted from the first. */
__device__ static __forceinline__ void
group_range (const BackScanArguments &it, size_t group, size_t *begin, size_t *end)
{
  const size_t low = group * it.group_channels, high = low + it.group_channels;
  *begin = low > it.first ? low - it.first : 0;
  *end = high > it.first ? high - it.first : 0;
  *end = *end < it.width ? *end : it.width;
}

/* db and dcr, which sum over a group's channels: a block a lane's row and state. */
template <bool HEADS>
__global__ void
back_selection_kernel (BackScanArguments it)
{
  const EgScanLane lane = it.lanes[blockIdx.x];
  const size_t group = blockIdx.z / it.N, n = blockIdx.z % it.N;
  double *parts = shared_memory<double> ();
  size_t begin, end;
  group_range (it, group, &begin, &end);
  for (size_t t = blockIdx.y; t < lane.n_rows; t += gridDim.y)
    {
      const size_t row = lane.row + t, at = (row * it.N + n) * it.width;
      float b = 0.0f, c = 0.0f;
      for (size_t own = begin + threadIdx.x; own < end; own += back_scan_threads)
        {
          const size_t k = it.first + own;
          b += it.gradients[at + own] * step_of<HEADS> (it, row, k) * it.c[row * it.ldc + k];
          c += it.dy[row * it.D + k] * it.states[at + own];
        }
      const double db = block_sum ((double)b, parts), dcr = block_sum ((double)c, parts);
      if (threadIdx.x == 0)
        {
          const size_t to = row * it.lddbc + group * it.N + n;
          it.db[to] = (it.first > 0 ? it.db[to] : 0.0f) + (float)db;
          it.dcr[to] = (it.first > 0 ? it.dcr[to] : 0.0f) + (float)dcr;
        }
    }
}

/* The states' dots: a block a pair and row. */
template <bool HEADS>
__global__ void
back_state_dots_kernel (BackScanArguments it)
{
  const EgDotRows rows = it.dots[blockIdx.x];
  const size_t t = blockIdx.y, size = it.N * it.width;
  if (t >= rows.n_rows)
    return;
  const float *source = it.states + (rows.source + t) * size, *base = it.states + (rows.base + t) * size;
  const size_t row = rows.gradient + t;
  double full = 0, direct = 0;
  for (size_t j = threadIdx.x; j < size; j += back_scan_threads)
    {
      const size_t k = it.first + j % it.width;
      const float difference = source[j] - base[j];
      full += (double)(it.gradients[row * size + j] * difference);
      direct += (double)(it.c_rows[selected_at<HEADS> (it, row, j / it.width, k)] * it.dy[row * it.D + k]
                         * difference);
    }
  full = block_sum (full, shared_memory<double> ());
  direct = block_sum (direct, shared_memory<double> ());
  if (threadIdx.x != 0)
    return;
  it.full[rows.out + t] = (it.first > 0 ? it.full[rows.out + t] : 0.0f) + (float)full;
  it.direct[rows.out + t] = (it.first > 0 ? it.direct[rows.out + t] : 0.0f) + (float)direct;
}

/* ddelta of a channel is its own part, of a head the sum over its channels: a block a lane's row. */
template <bool HEADS>
__global__ void
back_steps_kernel (BackScanArguments it)
{
  const EgScanLane lane = it.lanes[blockIdx.x];
  const size_t n = HEADS ? it.D / it.P : it.D, of_each = HEADS ? it.P : 1;
  for (size_t t = blockIdx.y; t < lane.n_rows; t += gridDim.y)
    for (size_t i = threadIdx.x; i < n; i += back_scan_threads)
      {
        const float *from = it.steps + (lane.row + t) * it.D + i * of_each;
        float sum = 0.0f;
        for (size_t p = 0; p < of_each; p++)
          sum += from[p];
        it.ddelta[(lane.row + t) * n + i] = sum;
      }
}

/* What there is of the op beside its arguments. */
struct BackScanSizes
{
  gsize n_lanes, n_dots, n_rows, n_graded_rows, most_rows, most_dot_rows, n_groups;
};

/* The channels from it.first on, it.width of them. */
template <bool HEADS>
static void
queue_channels (EgStream *stream, const BackScanArguments &it, const BackScanSizes &sizes)
{
  const unsigned tiles = blocks_for (it.width, back_scan_threads), N = (unsigned)it.N;
  const unsigned rows = (unsigned)MIN (sizes.most_rows, (gsize)1024);
  const size_t shared = back_scan_threads / warp_size * sizeof (double);
  const dim3 block (back_scan_threads);
  launch ("back_states", back_states_kernel<HEADS>, dim3 ((unsigned)sizes.n_lanes, N, tiles), block, 0,
          stream->compute, it);
  launch ("back_gradients", back_gradients_kernel<HEADS>, dim3 (it.n_graded, N, tiles), block, 0,
          stream->compute, it);
  launch ("back_channels", back_channels_kernel<HEADS>, dim3 (it.n_graded, rows, tiles), block, 0,
          stream->compute, it);
  launch ("back_selection", back_selection_kernel<HEADS>,
          dim3 (it.n_graded, rows, N * (unsigned)sizes.n_groups), block, shared, stream->compute, it);
  if (sizes.most_dot_rows > 0)
    launch ("back_state_dots", back_state_dots_kernel<HEADS>,
            dim3 ((unsigned)sizes.n_dots, (unsigned)sizes.most_dot_rows), block, shared, stream->compute, it);
}

static BackScanSizes
measure_scan (const EgScanLane *lanes, gsize n_lanes, gsize n_graded, const EgDotRows *dots, gsize n_dots)
{
  BackScanSizes sizes = {};
  sizes.n_lanes = n_lanes;
  sizes.n_dots = n_dots;
  for (gsize l = 0; l < n_lanes; l++)
    {
      sizes.n_rows = MAX (sizes.n_rows, lanes[l].row + lanes[l].n_rows);
      if (l < n_graded)
        {
          sizes.n_graded_rows = sizes.n_rows;
          sizes.most_rows = MAX (sizes.most_rows, lanes[l].n_rows);
        }
    }
  sizes.most_dot_rows = count_dot_rows (dots, n_dots);
  return sizes;
}

/* it: but for what is made here. lanes, dots: host. */
template <bool HEADS>
static void
queue_back_scan (EgStream *stream,
                 BackScanArguments it,
                 BackScanSizes sizes,
                 const EgScanLane *lanes,
                 const EgDotRows *dots)
{
  const size_t lane_bytes = sizes.n_lanes * sizeof *lanes;
  const size_t channel_bytes = (sizes.n_rows + sizes.n_graded_rows) * it.N * sizeof (float);
  const size_t width
      = MIN (it.D, MAX (back_scan_bytes / MAX (channel_bytes, (size_t)1) / 32 * 32, (size_t)32));
  if (it.n_graded == 0 || sizes.most_rows == 0 || !begin_op (stream))
    return;
  sizes.n_groups = it.D / it.group_channels;
  it.states = static_cast<float *> (scratch (stream, SCRATCH_STATES, channel_bytes * width));
  it.steps
      = static_cast<float *> (scratch (stream, SCRATCH_STEPS, sizes.n_graded_rows * it.D * sizeof (float)));
  const char *tables = static_cast<const char *> (
      upload_bytes (stream, lanes, lane_bytes, dots, sizes.n_dots * sizeof *dots));
  if (it.states && it.steps && tables)
    {
      it.lanes = reinterpret_cast<const EgScanLane *> (tables);
      it.dots = reinterpret_cast<const EgDotRows *> (tables + table_place (lane_bytes));
      for (it.first = 0; it.first < it.D; it.first += width)
        {
          it.width = MIN (width, it.D - it.first);
          it.gradients = it.states + sizes.n_rows * it.N * it.width;
          queue_channels<HEADS> (stream, it, sizes);
        }
      launch ("back_steps", back_steps_kernel<HEADS>,
              dim3 (it.n_graded, (unsigned)MIN (sizes.most_rows, (gsize)1024)), dim3 (back_scan_threads), 0,
              stream->compute, it);
    }
  end_op (stream);
}

static void
back_scan (EgStream *stream, const EgScanBack *op)
{
  BackScanArguments it = {};
  it.ddelta = op->ddelta;
  it.dc = op->dc;
  it.db = op->db;
  it.dcr = op->dcr;
  it.lddc = it.ldc = it.D = it.group_channels = op->n_inner;
  it.lddbc = op->lddbc;
  it.dy = op->dy;
  it.delta = op->delta;
  it.c = op->c;
  it.b_rows = op->b_rows;
  it.c_rows = op->c_rows;
  it.ldbc = op->ldbc;
  it.n_graded = (unsigned)op->n_graded;
  it.full = op->full;
  it.direct = op->direct;
  it.a = op->a;
  it.skip = op->skip;
  it.N = op->n_state;
  it.P = 1;
  queue_back_scan<false> (stream, it,
                          measure_scan (op->lanes, op->n_lanes, op->n_graded, op->dots, op->n_dots),
                          op->lanes, op->dots);
}

static void
back_scan_heads (EgStream *stream, const EgHeadScanBack *op)
{
  BackScanArguments it = {};
  it.ddelta = op->ddelta;
  it.dc = op->dc;
  it.db = op->db;
  it.dcr = op->dcr;
  it.lddc = it.lddbc = op->ldd;
  it.dy = op->dy;
  it.delta = op->delta;
  it.c = op->c;
  it.b_rows = op->b_rows;
  it.c_rows = op->c_rows;
  it.ldc = it.ldbc = op->ld;
  it.n_graded = (unsigned)op->n_graded;
  it.full = op->full;
  it.direct = op->direct;
  it.a = op->a;
  it.skip = op->skip;
  it.D = op->n_heads * op->d_head;
  it.N = op->n_state;
  it.P = op->d_head;
  it.group_channels = it.D / op->n_groups;
  queue_back_scan<true> (stream, it,
                         measure_scan (op->lanes, op->n_lanes, op->n_graded, op->dots, op->n_dots), op->lanes,
                         op->dots);
}
}
