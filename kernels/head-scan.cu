/* What Mamba-2 has beside the selective scan: the scan of heads (EgHeadScan), the step sizes that it takes
 * (EgStepSize), and the norm of parts of rows (EgGroupNorm).
 *
 * The scan is scan.cu's, but that one number a row and head says how much of all states is kept, and a block
 * is channels of one head: their B and C are one group's. States lie [H, N, P]. */
#include "stream.cuh"

namespace engram
{
/* EgHeadScan, with its segments in device memory. */
struct HeadScanArguments
{
  float *y;
  const float *delta, *c, *b_rows, *c_rows;
  size_t ld;
  const EgScanRows *segments;
  size_t n_heads, d_head, heads_a_group;
  unsigned n_state, blocks_a_head;
  const float *a, *skip;
};

template <unsigned S>
__device__ static __forceinline__ void
update_head (float (&h)[S], float decay, float gain, const float *b)
{
#pragma unroll
  for (unsigned s = 0; s < S; s++)
    h[s] = decay * h[s] + gain * b[s];
}

template <unsigned S, unsigned G>
__global__ void
__launch_bounds__ (scan_threads) head_scan_kernel (HeadScanArguments it)
{
  const unsigned channels = warp_size / G, lane = threadIdx.x % warp_size, group = lane / channels;
  const unsigned n_padded = S * G, tile_rows = scan_tile / n_padded;
  const size_t head = blockIdx.y / it.blocks_a_head, P = it.d_head, N = it.n_state, D = it.n_heads * P;
  const size_t p = (size_t)(blockIdx.y % it.blocks_a_head) * (scan_threads / G)
                   + threadIdx.x / warp_size * channels + lane % channels;
  const bool inside = p < P;
  const size_t at = inside ? p : 0, first_state = (head * N + group * S) * P + at;
  const unsigned n_states = group * S < N ? (unsigned)(N - group * S) : 0; /* the thread's, S at the most */
  const EgScanRows segment = it.segments[blockIdx.x];
  const float *b_rows = it.b_rows + head / it.heads_a_group * N,
              *c_rows = it.c_rows + head / it.heads_a_group * N;
  float *tile_b = shared_memory<float> (), *tile_c = tile_b + scan_tile;

  float h[S] = {};
  if (segment.state)
    take_states (h, segment.state + first_state, n_states, P);
  const float a = it.a[head], skip = it.skip[head];
  const float *delta = it.delta + segment.row * it.n_heads + head,
              *c = it.c + segment.row * it.ld + head * P + at;
  float step = segment.n_rows > 0 ? *delta : 0.0f, in = segment.n_rows > 0 ? *c : 0.0f;
  float *keep = segment.keep_state ? segment.keep_state + first_state : nullptr;
  size_t next_kept = keep ? segment.keep_first : segment.n_rows;
  const float *set = segment.set_state ? segment.set_state + first_state : nullptr;
  const size_t set_first = set ? segment.set_first : segment.n_rows, set_end = segment.set_end;

  for (size_t first = 0; first < segment.n_rows; first += tile_rows)
    {
      const unsigned n_rows = (unsigned)MIN (segment.n_rows - first, (size_t)tile_rows);
      load_tile (tile_b, tile_c, b_rows, c_rows, it.ld, N, segment.row + first, n_rows, n_padded);
#pragma unroll 1 /* rows wait for each other: more of them at a time would only take registers */
      for (unsigned r = 0; r < n_rows; r++)
        {
          const size_t t = first + r;
          const float now = step, input = in;
          const unsigned k = r * n_padded + group * S;
          if (t + 1 < segment.n_rows) /* the next row's, while this one is computed */
            {
              step = *(delta += it.n_heads);
              in = *(c += it.ld);
            }
          update_head (h, exp2f (now * a), now * input, tile_b + k);
          if (t >= set_first && t < set_end)
            {
              take_states (h, set, n_states, P);
              set += N * D;
            }
          const float sum = read_states<S, channels> (h, tile_c + k);
          if (t == next_kept && t < segment.keep_end)
            {
              keep_states (h, keep, inside ? n_states : 0, P);
              keep += N * D;
              next_kept += segment.keep_step;
            }
          if (t >= segment.out_first && inside && group == 0)
            it.y[(segment.out_row + t - segment.out_first) * D + head * P + p] = sum + skip * input;
        }
    }
}

template <unsigned S, unsigned G>
static void
queue_head_scan (EgStream *stream, HeadScanArguments arguments, size_t n_segments)
{
  arguments.blocks_a_head = blocks_for (arguments.d_head, scan_threads / G);
  launch ("scan_heads", head_scan_kernel<S, G>,
          dim3 ((unsigned)n_segments, (unsigned)arguments.n_heads * arguments.blocks_a_head),
          dim3 (scan_threads), 2 * scan_tile * sizeof (float), stream->compute, arguments);
}

static void
queue_head_wave (EgStream *stream, const HeadScanArguments &arguments, size_t n_segments)
{
  const unsigned N = arguments.n_state;
  if (N <= 4)
    queue_head_scan<4, 1> (stream, arguments, n_segments);
  else if (N <= 16)
    queue_head_scan<16, 1> (stream, arguments, n_segments);
  else if (N <= 64)
    queue_head_scan<16, 4> (stream, arguments, n_segments);
  else if (N <= 128)
    queue_head_scan<16, 8> (stream, arguments, n_segments);
  else
    queue_head_scan<16, 16> (stream, arguments, n_segments);
}

static void
cuda_scan_heads (EgStream *stream, const EgHeadScan *op)
{
  if (op->n_segments == 0 || !begin_op (stream))
    return;
  if (op->n_state > EG_CUDA_MOST_STATES)
    fail_lost (stream, "d_state > 256"); /* never: most_states says it */
  const EgScanRows *table = upload_table (stream, op->segments, op->n_segments);
  size_t n = 0;
  for (size_t first = 0; table && first < op->n_segments; first += n)
    {
      n = count_independent (op->segments, first, op->n_segments, op->n_heads * op->d_head * op->n_state);
      queue_head_wave (stream,
                       HeadScanArguments{ op->y, op->delta, op->c, op->b_rows, op->c_rows, op->ld,
                                          table + first, op->n_heads, op->d_head, op->n_heads / op->n_groups,
                                          (unsigned)op->n_state, 0, op->a, op->skip },
                       n);
    }
  end_op (stream);
}

/* delta[r, i] = softplus (x[r, i] + bias[i]), within its limits: a block a row. */
__global__ void
step_size_kernel (
    float *delta, const float *x, size_t ldx, size_t n_heads, const float *bias, float least, float most)
{
  for (size_t i = threadIdx.x; i < n_heads; i += elementwise_threads)
    delta[blockIdx.x * n_heads + i]
        = fminf (fmaxf (activated<EG_ACTIVATION_SOFTPLUS> (x[blockIdx.x * ldx + i] + bias[i]), least), most);
}

static void
cuda_step_size (EgStream *stream, const EgStepSize *op)
{
  if (op->n_rows == 0 || !begin_op (stream))
    return;
  launch ("step_size", step_size_kernel, dim3 ((unsigned)op->n_rows), dim3 (elementwise_threads), 0,
          stream->compute, op->delta, op->x, (size_t)op->ldx, (size_t)op->n_heads, op->bias, op->least,
          op->most);
  end_op (stream);
}

/* A block a part of a row. */
__global__ void
group_norm_kernel (float *x, size_t ld, unsigned width, const float *weight, float eps)
{
  float *row = x + (size_t)blockIdx.x * ld + (size_t)blockIdx.y * width;
  float sum = 0;
  for (unsigned i = threadIdx.x; i < width; i += norm_threads)
    sum += row[i] * row[i];
  sum = block_sum (sum, shared_memory<float> ());
  const float scale = 1.0f / sqrtf (sum / (float)width + eps);
  for (unsigned i = threadIdx.x; i < width; i += norm_threads)
    row[i] = weight ? row[i] * scale * weight[(size_t)blockIdx.y * width + i] : row[i] * scale;
}

static void
cuda_group_norm (EgStream *stream, const EgGroupNorm *op)
{
  if (op->n_rows == 0 || !begin_op (stream))
    return;
  launch ("group_norm", group_norm_kernel, dim3 ((unsigned)op->n_rows, (unsigned)op->n_groups),
          dim3 (norm_threads), norm_threads / warp_size * sizeof (float), stream->compute, op->x,
          (size_t)op->ld, (unsigned)op->width, op->weight, op->eps);
  end_op (stream);
}
}
