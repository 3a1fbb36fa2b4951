/* The activations (EgActivation), in place: bound by memory alone. */
#include "stream.cuh"

namespace engram
{
/* Each in a form in which nothing overflows to NaN: exp (x) = ∞ gives 0 or x. */
template <EgActivation A>
__device__ __forceinline__ float
activated (float x)
{
  switch (A)
    {
    case EG_ACTIVATION_SOFTPLUS:
      return fmaxf (x, 0.0f) + log1pf (expf (-fabsf (x)));
    case EG_ACTIVATION_GELU:
      return x * (0.5f * erfcf (-0.707106781f * x));
    case EG_ACTIVATION_GELU_TANH:
      return x / (1.0f + expf (-1.59576912f * (x + 0.044715f * x * x * x)));
    case EG_ACTIVATION_RELU:
      return x < 0.0f ? 0.0f : x;
    case EG_ACTIVATION_SILU:
      return silu (x);
    default:
      return x;
    }
}

template <EgActivation A>
__device__ __forceinline__ float4
activated (float4 x)
{
  return make_float4 (activated<A> (x.x), activated<A> (x.y), activated<A> (x.z), activated<A> (x.w));
}

template <EgActivation A, typename T>
__global__ void
activate_kernel (T *x, size_t n)
{
  for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += (size_t)gridDim.x * blockDim.x)
    x[i] = activated<A> (x[i]);
}

template <EgActivation A>
static void
queue_activate (EgStream *stream, float *x, size_t n)
{
  if (fours (x, x, n))
    launch ("activate", activate_kernel<A, float4>, elementwise_grid (n / 4), dim3 (elementwise_threads), 0,
            stream->compute, reinterpret_cast<float4 *> (x), n / 4);
  else
    launch ("activate", activate_kernel<A, float>, elementwise_grid (n), dim3 (elementwise_threads), 0,
            stream->compute, x, n);
}

static void
cuda_activate (EgStream *stream, EgActivation activation, float *x, gsize n)
{
  if (n == 0 || !begin_op (stream))
    return;
  switch (activation)
    {
    case EG_ACTIVATION_SOFTPLUS:
      queue_activate<EG_ACTIVATION_SOFTPLUS> (stream, x, n);
      break;
    case EG_ACTIVATION_GELU:
      queue_activate<EG_ACTIVATION_GELU> (stream, x, n);
      break;
    case EG_ACTIVATION_GELU_TANH:
      queue_activate<EG_ACTIVATION_GELU_TANH> (stream, x, n);
      break;
    case EG_ACTIVATION_RELU:
      queue_activate<EG_ACTIVATION_RELU> (stream, x, n);
      break;
    case EG_ACTIVATION_SILU:
      queue_activate<EG_ACTIVATION_SILU> (stream, x, n);
      break;
    case EG_N_ACTIVATIONS:
      break;
    }
  end_op (stream);
}
}
