/* The k highest of n values: each block finds those of its part, k times the highest below the last one, and
 * one block those of all parts. Few are ever asked for (a prediction's first tokens); a great many are sorted
 * on the host. */
#include "stream.cuh"

#include <algorithm>
#include <math.h>

namespace engram
{
static const unsigned top_threads = 256;
/* Values that a block looks at, and how many of the highest are found on the device. */
static const size_t top_part = 1024, top_most = 256;
static const unsigned nothing = 0xffffffffu;

struct TopValue
{
  float value; /* −∞ in place of NaN */
  unsigned index;
};

__device__ static __forceinline__ bool
is_before (TopValue a, TopValue b)
{
  return a.value > b.value || (a.value == b.value && a.index < b.index);
}

/* The first of the block's threads', for all of them; as block_sum (). */
__device__ static __forceinline__ TopValue
block_first (TopValue mine, TopValue *parts)
{
  for (int step = warp_size / 2; step > 0; step /= 2)
    {
      const TopValue other
          = { __shfl_xor_sync (all_lanes, mine.value, step), __shfl_xor_sync (all_lanes, mine.index, step) };
      mine = is_before (other, mine) ? other : mine;
    }
  if (threadIdx.x % warp_size == 0)
    parts[threadIdx.x / warp_size] = mine;
  __syncthreads ();
  TopValue first = parts[0];
  for (unsigned i = 1; i < top_threads / warp_size; i++)
    first = is_before (parts[i], first) ? parts[i] : first;
  __syncthreads ();
  return first;
}

/* found[0 … k) = the first k, in order, of at (begin) … at (end − 1), the block together; `nothing` where
 * there are no more. */
template <typename At>
__device__ static __forceinline__ void
find_top (TopValue *found, size_t begin, size_t end, unsigned k, TopValue *parts, At at)
{
  TopValue last = { INFINITY, 0 };
  for (unsigned p = 0; p < k; p++)
    {
      TopValue best = { -INFINITY, nothing };
      for (size_t i = begin + threadIdx.x; i < end; i += top_threads)
        {
          const TopValue it = at (i);
          if (it.index != nothing && (p == 0 || is_before (last, it)) && is_before (it, best))
            best = it;
        }
      last = block_first (best, parts);
      if (threadIdx.x == 0)
        found[p] = last;
    }
}

/* found: [blocks, k] */
__global__ void
__launch_bounds__ (top_threads) top_parts_kernel (TopValue *found, const float *values, size_t n, unsigned k)
{
  const size_t begin = (size_t)blockIdx.x * top_part, end = begin + top_part < n ? begin + top_part : n;
  find_top (found + (size_t)blockIdx.x * k, begin, end, k, shared_memory<TopValue> (), [=] (size_t i) {
    const float value = values[i];
    return TopValue{ value == value ? value : -INFINITY, (unsigned)i };
  });
}

/* One block: of all parts' n_found, and Σ exp (value − the highest). */
__global__ void
__launch_bounds__ (top_threads) top_kernel (TopValue *top,
                                            double *sum,
                                            const TopValue *found,
                                            size_t n_found,
                                            unsigned k,
                                            const float *values,
                                            size_t n)
{
  TopValue *parts = shared_memory<TopValue> ();
  find_top (top, 0, n_found, k, parts, [=] (size_t i) { return found[i]; });
  __syncthreads ();
  const float most = top[0].value;
  double mine = 0;
  for (size_t i = threadIdx.x; i < n; i += top_threads)
    mine += (double)expf (values[i] - most);
  mine = block_sum (mine, reinterpret_cast<double *> (parts));
  if (threadIdx.x == 0)
    *sum = mine;
}

/* All of them, sorted on the host. */
static double
sort_on_host (EgStream *stream, EgTopValue *found, const float *values, gsize n, gsize k)
{
  const auto *all = static_cast<const float *> (fetch (stream, values, n * sizeof (float)));
  if (!all)
    return (double)NAN;
  std::vector<TopValue> sorted (n);
  for (size_t i = 0; i < n; i++)
    sorted[i] = TopValue{ all[i] == all[i] ? all[i] : -INFINITY, (unsigned)i };
  std::partial_sort (sorted.begin (), sorted.begin () + (long)k, sorted.end (), [] (TopValue a, TopValue b) {
    return a.value > b.value || (a.value == b.value && a.index < b.index);
  });
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += exp ((double)all[i] - (double)sorted[0].value);
  for (gsize i = 0; i < k; i++)
    found[i] = EgTopValue{ sorted[i].index, sorted[i].value };
  return sum;
}

static double
cuda_top (EgStream *stream, EgTopValue *found, const float *values, gsize n, gsize k)
{
  for (gsize i = 0; i < k; i++) /* if nothing comes */
    found[i] = EgTopValue{ i, NAN };
  if (!begin_op (stream))
    return (double)NAN;
  if (k > top_most)
    return sort_on_host (stream, found, values, n, k);
  const size_t n_parts = (n + top_part - 1) / top_part;
  /* The sum, the answers, the parts'. */
  char *memory = static_cast<char *> (
      scratch (stream, SCRATCH_ANSWERS, sizeof (double) + (n_parts + 1) * k * sizeof (TopValue)));
  auto *sum = reinterpret_cast<double *> (memory);
  auto *top = reinterpret_cast<TopValue *> (memory + sizeof (double)), *parts = top + k;
  const size_t shared = top_threads / warp_size * sizeof (double);
  if (!memory)
    {
      end_op (stream);
      return (double)NAN;
    }
  launch ("top_parts", top_parts_kernel, dim3 ((unsigned)n_parts), dim3 (top_threads), shared,
          stream->compute, parts, values, (size_t)n, (unsigned)k);
  launch ("top", top_kernel, dim3 (1), dim3 (top_threads), shared, stream->compute, top, sum,
          static_cast<const TopValue *> (parts), n_parts * k, (unsigned)k, values, (size_t)n);
  const auto *answer
      = static_cast<const char *> (fetch (stream, memory, sizeof (double) + k * sizeof (TopValue)));
  if (!answer)
    return (double)NAN;
  const auto *first = reinterpret_cast<const TopValue *> (answer + sizeof (double));
  for (gsize i = 0; i < k; i++)
    found[i] = EgTopValue{ first[i].index, first[i].value };
  return *reinterpret_cast<const double *> (answer);
}
}
