/* The module's one symbol: which GPUs there are, and backends on them (engine/cuda/module.h). */
#include "stream.cuh"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

namespace engram
{
/* The build has code for GPUs from this compute capability on (meson.build). */
static const int least_capability = 75;
/* A group's rows for each multiprocessor: of a product [rows, 768] in tiles of 128 × 128, the narrowest that
 * is large, that is three tiles for each. Two lanes, so that one is prepared while the other's is computed.
 */
static const size_t rows_a_multiprocessor = 64, least_group = 512, most_group = 8192, lanes = 2;

/* A backend's table of gradients. */
static const EgBackOps cuda_back_ops = {
  .gemm = back_gemm,
  .norm = back_norm,
  .conv_silu = back_conv_silu,
  .scan = back_scan,
  .scan_heads = back_scan_heads,
  .step_size = back_step_size,
  .group_norm = back_group_norm,
  .gate = back_gate,
  .attention = back_attention,
  .activate = back_activate,
  .logits = back_logits,
  .dots = back_dots,
  .conv_dots = back_conv_dots,
};

__attribute__ ((format (printf, 2, 3))) static void
say (char *why, const char *format, ...)
{
  va_list values;
  va_start (values, format);
  vsnprintf (why, EG_CUDA_WHY, format, values);
  va_end (values);
}

/* A power of two, so that GPUs of about the same size cut their work alike. */
static size_t
group_rows (int device)
{
  cudaDeviceProp properties;
  size_t rows = least_group;
  if (!works (cudaGetDeviceProperties (&properties, device)))
    return rows;
  while (rows < most_group && 2 * rows <= rows_a_multiprocessor * (size_t)properties.multiProcessorCount)
    rows *= 2;
  return rows;
}

static int
cuda_n_devices (char *why)
{
  int driver = 0, runtime = 0, n = 0;
  why[0] = '\0';
  if (!works (cudaDriverGetVersion (&driver)) || driver == 0)
    {
      say (why, _ ("There is no NVIDIA driver on this machine"));
      return 0;
    }
  works (cudaRuntimeGetVersion (&runtime));
  const cudaError_t error = cudaGetDeviceCount (&n);
  works (error);
  if (error == cudaErrorInsufficientDriver)
    say (why,
         _ ("The NVIDIA driver is too old: it is for CUDA %d.%d, and this build of Engram needs one for "
            "%d.%d"),
         driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
  else if (error == cudaErrorNoDevice || (error == cudaSuccess && n == 0))
    say (why, _ ("There is no NVIDIA GPU on this machine, though its driver is installed"));
  else if (error != cudaSuccess)
    say (why, _ ("The NVIDIA driver does not answer: %s"), cudaGetErrorString (error));
  return error == cudaSuccess ? n : 0;
}

static double
attribute (int device, cudaDeviceAttr which)
{
  int value = 0;
  return works (cudaDeviceGetAttribute (&value, which, device)) ? (double)value : 0.0;
}

/* What the clocks allow. */
static void
describe_limits (int device, EgCudaDevice *info)
{
  const double lanes = info->capability <= 80 ? 64 : 128; /* of a multiprocessor, in FP32 */
  info->flops = 2e3 * lanes * attribute (device, cudaDevAttrMultiProcessorCount)
                * attribute (device, cudaDevAttrClockRate);
  info->bytes = 2e3 / 8 * attribute (device, cudaDevAttrGlobalMemoryBusWidth)
                * attribute (device, cudaDevAttrMemoryClockRate);
}

static gboolean
cuda_describe (int device, EgCudaDevice *info, char *why)
{
  cudaDeviceProp properties;
  const int n = cuda_n_devices (why);
  if (n == 0)
    return FALSE;
  if (device < 0 || device >= n)
    {
      say (why, _ ("There is no GPU number %d: this machine has %d, numbered from 0"), device, n);
      return FALSE;
    }
  const cudaError_t error = cudaGetDeviceProperties (&properties, device);
  if (!works (error))
    {
      say (why, _ ("GPU number %d does not answer: %s"), device, cudaGetErrorString (error));
      return FALSE;
    }
  snprintf (info->name, sizeof info->name, "%.*s", (int)sizeof info->name - 1, properties.name);
  info->capability = properties.major * 10 + properties.minor;
  if (info->capability < least_capability)
    {
      say (why, _ ("%s has compute capability %d.%d, and Engram needs %d.%d or later"), info->name,
           properties.major, properties.minor, least_capability / 10, least_capability % 10);
      return FALSE;
    }
  info->memory = properties.totalGlobalMem;
  describe_limits (device, info);
  return TRUE;
}

static gboolean
cuda_probe (int device, guint64 *memory_free, char *why)
{
  EgCudaDevice info;
  cudaFuncAttributes attributes;
  size_t n_free = 0, total = 0;
  if (!cuda_describe (device, &info, why))
    return FALSE;
  cudaError_t error = cudaSetDevice (device);
  if (works (error))
    error = cudaFuncGetAttributes (&attributes, head_kernel);
  if (works (error))
    error = cudaMemGetInfo (&n_free, &total);
  *memory_free = n_free;
  if (works (error))
    return TRUE;
  if (error == cudaErrorNoKernelImageForDevice || error == cudaErrorInvalidDeviceFunction)
    say (why, _ ("This build of Engram has no code for %s (compute capability %d.%d)"), info.name,
         info.capability / 10, info.capability % 10);
  else if (error == cudaErrorMemoryAllocation)
    say (why, _ ("%s has no memory left (%s)"), info.name, cudaGetErrorString (error));
  else
    say (why, _ ("%s cannot be used (%s)"), info.name, cudaGetErrorString (error));
  return FALSE;
}

static EgBackend *
cuda_open (int device, EgPrecision precision, char *why)
{
  EgCudaDevice info;
  guint64 memory_free = 0;
  if (!cuda_probe (device, &memory_free, why) || !cuda_describe (device, &info, why))
    return nullptr;
  auto *backend = new CudaBackend ();
  backend->device = device;
  backend->precision = precision;
  backend->pool.pooled = getenv ("ENGRAM_CUDA_NO_POOL") == nullptr;
  snprintf (backend->name, sizeof backend->name, "cuda:%d (%s%s)", device, info.name,
            precision == EG_PRECISION_TF32   ? ", tf32"
            : precision == EG_PRECISION_BF16 ? ", bf16"
                                             : "");
  EgBackend table = {};
  table.name = backend->name;
  table.n_lanes = lanes;
  table.group_rows = group_rows (device);
  table.most_states = EG_CUDA_MOST_STATES;
  table.stream_new = cuda_stream_new;
  table.stream_free = cuda_stream_free;
  table.check = cuda_check;
  table.alloc = cuda_alloc;
  table.release = cuda_release;
  table.memory_free = cuda_memory_free;
  table.wait = cuda_wait;
  table.upload = cuda_upload;
  table.download = cuda_download;
  table.stage = cuda_stage;
  table.use_slot = cuda_use_slot;
  table.leave_slot = cuda_leave_slot;
  table.gemm = cuda_gemm;
  table.norm = cuda_norm;
  table.conv_silu = cuda_conv_silu;
  table.scan = cuda_scan;
  table.scan_heads = cuda_scan_heads;
  table.step_size = cuda_step_size;
  table.group_norm = cuda_group_norm;
  table.gate = cuda_gate;
  table.attention = cuda_attention;
  table.rotate = cuda_rotate;
  table.activate = cuda_activate;
  table.add = cuda_add;
  table.copy_rows = cuda_copy_rows;
  table.embed = cuda_embed;
  table.head = cuda_head;
  table.top = cuda_top;
  table.back = &cuda_back_ops;
  backend->table = table;
  return &backend->table;
}

static void
cuda_close (EgBackend *self)
{
  auto *backend = reinterpret_cast<CudaBackend *> (self);
  cudaSetDevice (backend->device);
  for (const PoolPending &it : backend->pool.pending)
    pool_give (backend->pool, it.memory);
  pool_trim (backend->pool);
  delete backend;
}
}

extern "C" __attribute__ ((visibility ("default"))) const EgCudaModule *
eg_cuda_module (void)
{
  static const EgCudaModule module = { EG_CUDA_ABI,        engram::cuda_n_devices, engram::cuda_describe,
                                       engram::cuda_probe, engram::cuda_open,      engram::cuda_close };
  return &module;
}
