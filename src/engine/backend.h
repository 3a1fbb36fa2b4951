/* The op table: what networks are made of, on rows of float32. Each is written once over it (network/); the
 * CPU, a plain reference and CUDA (kernels/) implement it.
 *
 * Rows are row-major with a leading dimension in floats. Every pointer marked "device" belongs to the
 * backend's memory: the network computes with such addresses and never reads through them; tables of
 * segments and copy lists are host memory. Ops are queued on a stream in order; eg_stream calls return
 * without waiting where the backend can. */
#pragma once

#include "formats/tensor.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _EgBackend EgBackend;
typedef struct _EgBackOps EgBackOps;

/* One worker's private lane: a queue of ops and its scratch memory. Not to be used by two threads at once
 * (but it may have threads of its own). */
typedef struct _EgStream EgStream;

/**
 * EgMatrix: a weight [rows, cols] in device memory, dense, row-major.
 * @transposed: the data lies as [cols, rows]; a head and a table of embeddings never do
 * @lasting: the data stays as it is until eg_backend_cpu_forget() is called, so that the processor may keep
 * it packed from its first use on
 */
typedef struct
{
  const void *data;
  EgDType dtype;
  gsize rows, cols;
  gboolean lasting, transposed;
} EgMatrix;

/**
 * EgGemm: y[r, 0…w->rows) = x[r, 0…w->cols) · wᵀ + bias.
 * @y: [n_rows, w->rows] with leading dimension @ldy; @x: [n_rows, w->cols] with leading dimension @ldx
 * @bias: [w->rows], or %NULL
 */
typedef struct
{
  float *y;
  gsize ldy;
  const float *x;
  gsize ldx, n_rows;
  const EgMatrix *w;
  const float *bias;
} EgGemm;

/**
 * EgNorm: of each of n_rows dense rows of width d: x / sqrt (mean (x²) + eps) · weight, an RMSNorm; or, where
 * @bias is not %NULL, (x − mean (x)) / sqrt (var (x) + eps) · weight + bias, a LayerNorm (var: of the
 * population).
 */
typedef struct
{
  float *y;
  const float *x;
  gsize n_rows, d;
  const float *weight, *bias;
  float eps;
} EgNorm;

/**
 * EgConvRows: one segment's rows among the stacked rows of a group.
 * @row, @n_rows: its rows, in the order of positions
 * @history: [K−1, D] device: what is read before the first row (zeros where the text begins)
 */
typedef struct
{
  gsize row, n_rows;
  const float *history;
} EgConvRows;

/**
 * EgConv: c[t, i] = silu (bias[i] + Σ_k w[k, i] · x[t−K+1+k, i]) within each segment.
 * @c: [rows, D] dense; @x: [rows, D] with leading dimension @ldx; @w: [K, D]; @bias: [D] or %NULL
 */
typedef struct
{
  float *c;
  const float *x;
  gsize ldx;
  const EgConvRows *segments;
  gsize n_segments;
  gsize n_inner, n_conv;
  const float *w, *bias;
} EgConv;

/**
 * EgScanRows: one segment's rows among the stacked rows of a group.
 * @row, @n_rows: its rows, in the order of positions
 * @state: [N, D] device: h before the first row; %NULL for zeros
 * @set_state: [set_end − set_first, N, D] device: what takes the place of h of its rows set_first … set_end −
 * 1 after their update, to be read by them and carried on; %NULL for none
 * @keep_state: [⌈(keep_end − keep_first) / keep_step⌉, N, D] device: where h of every keep_step-th of its
 * rows from keep_first on is kept; %NULL when nobody needs it
 * @out_first: the first of its rows whose y is wanted; n_rows for none
 * @out_row: the row of the output where that one goes
 */
typedef struct
{
  gsize row, n_rows;
  const float *state;
  const float *set_state;
  gsize set_first, set_end;
  float *keep_state;
  gsize keep_first, keep_end, keep_step;
  gsize out_first, out_row;
} EgScanRows;

/**
 * EgScan: h[t,n,i] = 2^(Δ[t,i]·A₂[n,i]) · h[t−1,n,i] + Δ[t,i]·B[t,n]·c[t,i], A₂ = A·log₂e ≤ 0, Δ ≥ 0;
 * y[t,i] = (Σ_n C[t,n]·h[t,n,i] + skip[i]·c[t,i]) · silu (z[t,i]), without the gate where z is %NULL.
 * Segments are done in their order: one may begin with a state that one before it keeps.
 * @y: [out rows, D] dense, never the memory of @delta or @c; %NULL where no row's y is wanted
 * @delta, @c: [rows, D] dense; @b_rows, @c_rows: B and C, [rows, N] with leading dimension @ldbc
 * @a: A₂ [N, D]; @skip: [D]; @z: y's rows with leading dimension @ldz
 */
typedef struct
{
  float *y;
  const float *delta, *c;
  const float *b_rows, *c_rows;
  gsize ldbc;
  const EgScanRows *segments;
  gsize n_segments;
  gsize n_inner, n_state;
  const float *a, *skip;
  const float *z;
  gsize ldz;
} EgScan;

/**
 * EgHeadScan: the scan of Mamba-2: its D = H·P channels are heads of P, with one Δ and one A each, and heads
 * share B and C in G groups. Of head i = 0 … H−1, in group g = i / (H / G), and its channel p:
 * h[t,i,n,p] = 2^(Δ[t,i]·A₂[i]) · h[t−1,i,n,p] + Δ[t,i]·B[t,g,n]·c[t,i,p], A₂ = A·log₂e ≤ 0, Δ ≥ 0;
 * y[t,i,p] = Σ_n C[t,g,n]·h[t,i,n,p] + skip[i]·c[t,i,p].
 * Segments as in EgScan; every state is [H, N, P].
 * @y: [out rows, D] dense; %NULL where no row's y is wanted; @delta: [rows, H] dense
 * @c, @b_rows, @c_rows: [rows, D], and B and C, [rows, G·N], all with leading dimension @ld
 * @a: A₂ [H]; @skip: [H]
 */
typedef struct
{
  float *y;
  const float *delta, *c;
  const float *b_rows, *c_rows;
  gsize ld;
  const EgScanRows *segments;
  gsize n_segments;
  gsize n_heads, d_head, n_groups, n_state;
  const float *a, *skip;
} EgHeadScan;

/**
 * EgStepSize: delta[r, i] = softplus (x[r, i] + bias[i]), but at least @least and at most @most (∞: no
 * limit).
 * @delta: [n_rows, H] dense; @x: with leading dimension @ldx
 */
typedef struct
{
  float *delta;
  const float *x;
  gsize ldx, n_rows, n_heads;
  const float *bias;
  float least, most;
} EgStepSize;

/**
 * EgGroupNorm: an RMSNorm of each of n_groups parts of a row by itself, in place: x / sqrt (mean (x²) + eps)
 * · weight.
 * @x: [n_rows, n_groups·width] with leading dimension @ld; @weight: [n_groups·width]; %NULL: there is none
 */
typedef struct
{
  float *x;
  gsize ld, n_rows, n_groups, width;
  const float *weight;
  float eps;
} EgGroupNorm;

/**
 * EgGate: y[r, i] *= silu (z[r, i]).
 * @y: [n_rows, D] dense; @z: with leading dimension @ldz
 */
typedef struct
{
  float *y;
  const float *z;
  gsize ldz, n_rows, n_inner;
} EgGate;

/* Keys and values of n consecutive positions, those of all heads: the i-th one's at keys + i·ld and
 * values + i·ld. Device. */
typedef struct
{
  const float *keys, *values;
  gsize ld, n;
} EgAttentionSpan;

/**
 * EgAttentionRows: one segment's rows among the stacked rows of a group.
 * @row, @n_rows: its rows of q; the first one's position is @first
 * @span, @n_spans: of the op's spans, those that hold the positions 0 … first + n_rows − 1, in order.
 * How positions lie in spans changes no number
 * @out_first: the first of its rows whose y is wanted; n_rows for none
 * @out_row: the row of the output where that one goes
 * @cut_first, @cut_end: of its rows, those that do not read the positions @from_begin … @from_end − 1, all
 * before them; empty for none
 * @head_begin, @head_end: the heads of which that is so
 */
typedef struct
{
  gsize row, n_rows, first;
  gsize span, n_spans;
  gsize out_first, out_row;
  gsize cut_first, cut_end, from_begin, from_end;
  gsize head_begin, head_end;
} EgAttentionRows;

/* Whether a head's rows from cut_first on leave positions out. */
static inline gboolean
eg_attention_cuts_head (const EgAttentionRows *rows, gsize head)
{
  return head >= rows->head_begin && head < rows->head_end;
}

/**
 * EgAttention: y[t, h] = Σ_s softmax_s (scale · q[t, h]·k[s, h]) · v[s, h] over the positions s ≤ t, for each
 * head h of width d_head. What a row does not read may be anything, NaN too.
 * @y: [out rows, H·d_head] dense; @q: [rows, H·d_head] with leading dimension @ldq
 */
typedef struct
{
  float *y;
  const float *q;
  gsize ldq;
  const EgAttentionRows *segments;
  gsize n_segments;
  const EgAttentionSpan *spans;
  gsize n_spans;
  gsize n_heads, d_head;
  float scale;
} EgAttention;

/**
 * EgRotaryRows: one segment's rows among the stacked rows of a group.
 * @row, @n_rows: its rows, in the order of positions; @first: the first one's position
 */
typedef struct
{
  gsize row, n_rows, first;
} EgRotaryRows;

/**
 * EgRotary: rotary position embedding (Su et al. 2021), as GPT-NeoX pairs the numbers: of each head of width
 * d_head of a row at position p, with R = n_rotary and i < R/2, by the angle a = p·frequencies[i] (rounded to
 * float32),
 *   y[i] = x[i]·cos a − x[i + R/2]·sin a;  y[i + R/2] = x[i + R/2]·cos a + x[i]·sin a;  y[j] = x[j], j ≥ R.
 * @y, @x: [rows, H·d_head] with leading dimensions @ldy and @ldx; not the same memory
 * @n_rotary: even, ≤ d_head; @frequencies: [n_rotary/2] host
 */
typedef struct
{
  float *y;
  gsize ldy;
  const float *x;
  gsize ldx;
  const EgRotaryRows *segments;
  gsize n_segments;
  gsize n_heads, d_head, n_rotary;
  const float *frequencies;
} EgRotary;

/**
 * EgActivation:
 * @EG_ACTIVATION_SOFTPLUS: log (1 + exp (x))
 * @EG_ACTIVATION_GELU: x·Φ (x), by erf
 * @EG_ACTIVATION_GELU_TANH: x/2 · (1 + tanh (√(2/π)·(x + 0.044715·x³))): GPT-2's gelu_new
 * @EG_ACTIVATION_RELU: max (x, 0)
 * @EG_ACTIVATION_SILU: x / (1 + exp (−x))
 */
typedef enum
{
  EG_ACTIVATION_SOFTPLUS,
  EG_ACTIVATION_GELU,
  EG_ACTIVATION_GELU_TANH,
  EG_ACTIVATION_RELU,
  EG_ACTIVATION_SILU,
  EG_N_ACTIVATIONS,
} EgActivation;

/* One row to copy, device to device. */
typedef struct
{
  float *to;
  const float *from;
} EgRowCopy;

/**
 * EgHeadQuery: what is wanted of each row's logits x·headᵀ [V], V the head's rows.
 * @target, @against: whose logits are wanted, each < V; may be the same
 * @weights: [V] device: the logits' weighted sum is wanted; %NULL: it is not
 * @rank: whether the logits above the target's are counted
 */
typedef struct
{
  gsize target, against;
  const float *weights;
  gboolean rank;
} EgHeadQuery;

/**
 * EgHeadRow: one row's answers. Every metric of a run is made of them (trace/ask/metric.h).
 * @max, @sum: the highest logit, and Σ exp (logit − max): log Σ exp (logit) = max + log (sum)
 * @target, @against: these two's logits
 * @weighted: Σ weights·logit; 0 where not wanted
 * @above: how many logits are greater than the target's; 0 where not wanted
 */
typedef struct
{
  double max, sum;
  double target, against;
  double weighted;
  gsize above;
} EgHeadRow;

/**
 * EgHead: answers[r] (host) is what the query asks of x[r]·headᵀ. One pass over the head, which never holds
 * all logits. Waits.
 * @x: [n_rows, head->cols] dense
 */
typedef struct
{
  EgHeadRow *answers;
  const float *x;
  gsize n_rows;
  const EgMatrix *head;
  const EgHeadQuery *query;
} EgHead;

/* One of the highest values, and where it is. */
typedef struct
{
  gsize index;
  float value;
} EgTopValue;

/**
 * EgStreamState: whether a stream's ops have worked.
 * @EG_STREAM_NO_MEMORY: the device's memory was not enough for one of them
 * @EG_STREAM_LOST: the device has failed
 */
typedef enum
{
  EG_STREAM_WORKS,
  EG_STREAM_NO_MEMORY,
  EG_STREAM_LOST,
} EgStreamState;

/* Places of a stream for weights that come to the device while others are used. */
#define EG_STREAM_SLOTS 2

/**
 * EgBackend:
 * @name: as results name the device
 * @n_lanes: how many streams should be at work at a time; 0: one a thread
 * @group_rows: rows of a group that keep the device busy; 0: what suits a processor (trace/plan/plan.h)
 * @most_states: the greatest d_state that scan and scan_heads take; 0: any. No other op has a limit
 */
struct _EgBackend
{
  const char *name;
  gsize n_lanes, group_rows, most_states;

  /* n_threads: how many may work at one op; its results are the same bits for any number. */
  EgStream *(*stream_new) (EgBackend *self, gsize n_threads);
  void (*stream_free) (EgStream *stream);

  /* NULL for a backend whose ops cannot fail. After a failure a stream's ops do nothing, and what they write
   * is not to be used; why: a sentence without its full stop, the stream's. */
  EgStreamState (*check) (EgStream *stream, const char **why);

  /* Device memory, aligned to 64 bytes, not cleared; NULL when there is none left. */
  float *(*alloc) (EgBackend *self, gsize n_floats);
  void (*release) (EgBackend *self, float *memory);

  /* Bytes that alloc could still give; NULL for the machine's own memory. */
  guint64 (*memory_free) (EgBackend *self);

  /* Weights to the device, beside the ops: NULL for a backend that computes where the host's memory is. stage
   * queues a copy that waits until the slot was left, and returns when `from` is read; ops after use_slot see
   * all that was staged there, until leave_slot. */
  void (*stage) (EgStream *stream, guint slot, void *to, const void *from, gsize n_bytes);
  void (*use_slot) (EgStream *stream, guint slot);
  void (*leave_slot) (EgStream *stream, guint slot);

  /* Waits for all ops: other streams' ops may then read what they wrote, which is in no order with them
   * otherwise. NULL for a backend that is done with an op when it returns. */
  void (*wait) (EgStream *stream);

  /* Host to device and back; both wait, and what upload brought is seen by all streams. */
  void (*upload) (EgStream *stream, float *to, const float *from, gsize n);
  void (*download) (EgStream *stream, float *to, const float *from, gsize n);

  /* What each computes stands at its struct. */
  void (*gemm) (EgStream *stream, const EgGemm *op);
  void (*norm) (EgStream *stream, const EgNorm *op);
  void (*conv_silu) (EgStream *stream, const EgConv *op);
  void (*scan) (EgStream *stream, const EgScan *op);
  void (*scan_heads) (EgStream *stream, const EgHeadScan *op);
  void (*step_size) (EgStream *stream, const EgStepSize *op);
  void (*group_norm) (EgStream *stream, const EgGroupNorm *op);
  void (*gate) (EgStream *stream, const EgGate *op);
  void (*attention) (EgStream *stream, const EgAttention *op);
  void (*rotate) (EgStream *stream, const EgRotary *op);

  /* In place, n floats. */
  void (*activate) (EgStream *stream, EgActivation activation, float *x, gsize n);

  /* y += x, n floats. */
  void (*add) (EgStream *stream, float *y, const float *x, gsize n);

  void (*copy_rows) (EgStream *stream, const EgRowCopy *copies, gsize n, gsize width);

  /* Widens one row of a matrix: an embedding. */
  void (*embed) (EgStream *stream, float *to, const EgMatrix *table, gsize row);

  void (*head) (EgStream *stream, const EgHead *op);

  /* found[0 … k) (host): the k highest of n values, the highest first, of equal ones the first; NaN is less
   * than any (and may come back as −∞). 1 ≤ k ≤ n. Returns Σ exp (value − found[0].value) over all n: what
   * makes a softmax of them. Waits. */
  double (*top) (EgStream *stream, EgTopValue *found, const float *values, gsize n, gsize k);

  /* Gradients of the ops (engine/back.h); NULL for a backend that has none. */
  const EgBackOps *back;
};

/* Vectorised kernels, and products by our own of packed weights or by OpenBLAS. The first call settles what
 * the processor can do. Its name says which compute: "cpu (AVX-512, engram)", "cpu (AVX2, OpenBLAS 0.3.21
 * Haswell)". */
EgBackend *eg_backend_cpu (void);

/* The formulas above, loop by loop, in double precision: what the others are tested against. */
EgBackend *eg_backend_reference (void);

/* "AVX2", "AVX-512", "baseline": the kernels that eg_backend_cpu() runs. */
const char *eg_backend_cpu_kernels (void);

/* "engram", "openblas": what eg_backend_cpu() multiplies by. */
const char *eg_backend_cpu_gemm (void);

/* What it can multiply by, as --gemm names it: "auto", "engram", "openblas"; NULL past them. */
const char *eg_backend_cpu_gemm_name (guint index);

/* Has it multiply by that, or by the best for its kernels, "auto": before anything computes.
 * EG_ERROR_INVALID: there is no such name. */
gboolean eg_backend_cpu_choose_gemm (const char *wanted, GError **error);

/* Whether it keeps weights packed: then products of few rows are near their best rate, too. */
gboolean eg_backend_cpu_packs (void);

/* Frees what eg_backend_cpu() has made of lasting weights in this memory: to be called before it is freed,
 * when nobody computes with them any more. */
void eg_backend_cpu_forget (const void *memory, gsize n_bytes);

G_END_DECLS
