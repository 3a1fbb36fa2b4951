/* What is asked of x·headᵀ [rows, V], panel after panel of the head: logits of one panel only are ever held,
 * in scratch, and no probabilities. A row's answers are gathered in device memory from panel to panel. */
#include "stream.cuh"

#include <math.h>

namespace engram
{
static const unsigned head_threads = 256;
/* Logits that are held at a time, and the narrowest panel. */
static const size_t head_logits = (size_t)48 << 20, head_least_panel = 2048;

/* What all panels so far say of a row: EgHeadRow. */
struct HeadState
{
  float max, target, against;
  unsigned above;
  double sum, weighted;
};

struct HeadPanel
{
  const float *logits; /* [rows, n] */
  size_t first, n;     /* of the head's rows */
  size_t target, against;
  const float *weights; /* [V] or NULL */
  bool begin;           /* the first panel, which has the target */
};

/* One block a row: the panel's logits join the row's state. */
__global__ void
__launch_bounds__ (head_threads) head_kernel (HeadState *states, HeadPanel panel)
{
  double *parts = shared_memory<double> ();
  const float *row = panel.logits + (size_t)blockIdx.x * panel.n;
  const float target = panel.begin ? row[panel.target - panel.first] : states[blockIdx.x].target;
  float max = row[0];
  for (size_t v = threadIdx.x; v < panel.n; v += head_threads)
    max = fmaxf (max, row[v]);
  max = block_max (max, reinterpret_cast<float *> (parts));

  float sum = 0;
  double weighted = 0;
  unsigned above = 0;
  for (size_t v = threadIdx.x; v < panel.n; v += head_threads)
    {
      const float logit = row[v];
      sum += expf (logit - max);
      above += logit > target;
      if (panel.weights)
        weighted += (double)panel.weights[panel.first + v] * (double)logit;
    }
  const double all_sum = block_sum ((double)sum, parts);
  const double all_above = block_sum ((double)above, parts);
  const double all_weighted = panel.weights ? block_sum (weighted, parts) : 0.0;
  if (threadIdx.x != 0)
    return;

  HeadState state = { max, target, 0.0f, (unsigned)all_above, all_sum, all_weighted };
  if (!panel.begin)
    {
      const HeadState before = states[blockIdx.x];
      state.max = fmaxf (before.max, max);
      state.against = before.against;
      state.sum = before.sum * exp ((double)before.max - (double)state.max)
                  + all_sum * exp ((double)max - (double)state.max);
      state.weighted += before.weighted;
      state.above += before.above;
    }
  if (panel.against >= panel.first && panel.against < panel.first + panel.n)
    state.against = row[panel.against - panel.first];
  states[blockIdx.x] = state;
}

/* n of the head's rows, from `first` on. */
static void
queue_panel (
    EgStream *stream, const EgHead *op, HeadState *states, float *logits, size_t first, size_t n, bool begin)
{
  const EgMatrix *head = op->head;
  const EgHeadQuery *query = op->query;
  const size_t size = head->dtype == EG_DTYPE_F32 ? sizeof (float) : sizeof (uint16_t), d = head->cols;
  const EgMatrix part = { static_cast<const char *> (head->data) + first * d * size, head->dtype, n, d };
  const EgGemm product = { logits, n, op->x, d, op->n_rows, &part, nullptr };
  queue_gemm (stream, &product);
  if (stream->state != EG_STREAM_WORKS)
    return;
  launch ("head", head_kernel, dim3 ((unsigned)op->n_rows), dim3 (head_threads),
          head_threads / warp_size * sizeof (double), stream->compute, states,
          HeadPanel{ logits, first, n, query->target, query->against, query->weights, begin });
}

static void
cuda_head (EgStream *stream, const EgHead *op)
{
  const size_t n_rows = op->n_rows, n_vocab = op->head->rows;
  for (size_t r = 0; r < n_rows; r++) /* if nothing comes */
    op->answers[r] = EgHeadRow{ (double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN, 0 };
  if (n_rows == 0 || !begin_op (stream))
    return;
  const size_t panel = MIN (MAX (head_logits / n_rows / 128 * 128, head_least_panel), n_vocab);
  const size_t n_panels = (n_vocab + panel - 1) / panel, of_target = op->query->target / panel;
  auto *states = static_cast<HeadState *> (scratch (stream, SCRATCH_ANSWERS, n_rows * sizeof (HeadState)));
  float *logits = static_cast<float *> (scratch (stream, SCRATCH_LOGITS, n_rows * panel * sizeof (float)));
  for (size_t i = 0; states && logits && i < n_panels; i++)
    {
      /* The target's panel before the others, whose logits are compared with its. */
      const size_t p = i == 0 ? of_target : i <= of_target ? i - 1 : i;
      queue_panel (stream, op, states, logits, p * panel, MIN (panel, n_vocab - p * panel), i == 0);
    }
  const auto *found = static_cast<const HeadState *> (fetch (stream, states, n_rows * sizeof (HeadState)));
  for (size_t r = 0; found && r < n_rows; r++)
    op->answers[r] = EgHeadRow{ (double)found[r].max,    found[r].sum,
                                (double)found[r].target, (double)found[r].against,
                                found[r].weighted,       op->query->rank ? (gsize)found[r].above : 0 };
}
}
