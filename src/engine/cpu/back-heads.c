/* The backward loops of what Mamba-2 and Falcon-Mamba have beside Mamba-1, compiled once for each instruction
 * set as back-kernels.c is. */
#include "engine/cpu/back-kernels.h"

#include "engine/cpu/sums.h"
#include "engine/cpu/vector-math.h"

#include <math.h>
#include <string.h>

/* ---- scan of a head ---- */

/* A row of a head: what of it is read, and what is found. in: Δ·c; d_in: Σ_n G·B */
typedef struct
{
  const float *b_row, *c_row, *dy;
  float decay, *in, *d_in;
  gsize width;
} Row;

static inline void
state_step (float *restrict h,
            const float *restrict before,
            const float *restrict in,
            float decay,
            float b,
            gsize width)
{
  for (gsize p = 0; p < width; p++)
    h[p] = decay * before[p] + b * in[p];
}

static inline void
scale (float *restrict to, const float *restrict from, float factor, gsize n)
{
  for (gsize p = 0; p < n; p++)
    to[p] = factor * from[p];
}

static const float *
c_of (const EgHeadScanBack *op, gsize head, gsize row)
{
  return op->c + row * op->ld + head * op->d_head;
}

static gsize
group_at (const EgHeadScanBack *op, gsize head)
{
  return head / (op->n_heads / op->n_groups) * op->n_state;
}

/* h after each row of each lane: [rows, N, P]; in: [P] */
static void
run_states (const EgHeadScanBack *op, gsize head, float *states, float *zeros, float *in)
{
  const gsize N = op->n_state, P = op->d_head;
  memset (zeros, 0, N * P * sizeof *zeros);
  for (gsize l = 0; l < op->n_lanes; l++)
    {
      const EgScanLane *lane = &op->lanes[l];
      const float *before = lane->state ? lane->state + head * N * P : zeros;
      for (gsize row = lane->row; row < lane->row + lane->n_rows; row++)
        {
          const float step = op->delta[row * op->n_heads + head];
          const float decay = fast_exp2 (step * op->a[head]);
          const float *b_row = op->b_rows + row * op->ld + group_at (op, head);
          float *h = states + row * N * P;
          scale (in, c_of (op, head, row), step, P);
          for (gsize n = 0; n < N; n++)
            state_step (h + n * P, before + n * P, in, decay, b_row[n], P);
          before = h;
        }
    }
}

/* One state of a head at one row: its gradient g, what it adds to others, and Σ g·before. */
static inline float
back_step (float *restrict g, float *restrict carried, const float *restrict before, const Row *row, gsize n)
{
  const float *restrict dy = row->dy;
  float *restrict d_in = row->d_in;
  const float b = row->b_row[n], read = row->c_row[n], decay = row->decay;
  for (gsize p = 0; p < row->width; p++)
    {
      g[p] = read * dy[p] + carried[p];
      d_in[p] += g[p] * b;
      carried[p] = decay * g[p];
    }
  return dot (g, before, row->width);
}

/* g: [N, P] gradients of a row's states. */
static void
add_state_dots (
    const EgHeadScanBack *op, const float *states, gsize at, const float *g, const Row *row, float *dots)
{
  const gsize N = op->n_state, P = op->d_head;
  for (gsize i = 0; i < op->n_dots; i++)
    {
      const EgDotRows *it = &op->dots[i];
      if (at < it->gradient || at >= it->gradient + it->n_rows)
        continue;
      const gsize t = at - it->gradient;
      const float *source = states + (it->source + t) * N * P, *base = states + (it->base + t) * N * P;
      float *found = dots + 2 * (it->out + t);
      found[0] += dot_difference (g, source, base, N * P);
      for (gsize n = 0; n < N; n++)
        found[1] += row->c_row[n] * dot_difference (row->dy, source + n * P, base + n * P, P);
    }
}

static void
back_row (const EgHeadScanBack *op,
          gsize head,
          gsize at,
          const float *before,
          const float *states,
          const Row *row,
          float *carried,
          float *g,
          float *sums,
          float *dots)
{
  const gsize N = op->n_state, P = op->d_head;
  const float step = op->delta[at * op->n_heads + head], skip = op->skip[head];
  const float *h = states + at * N * P, *c = c_of (op, head, at);
  float *dc = op->dc + at * op->ldd + head * P;
  float kept = 0;
  memset (row->d_in, 0, P * sizeof (float));
  scale (row->in, c, step, P);
  for (gsize n = 0; n < N; n++)
    {
      kept += back_step (g + n * P, carried + n * P, before + n * P, row, n);
      sums[at * 2 * N + n] = dot (g + n * P, row->in, P);
      sums[at * 2 * N + N + n] = dot (row->dy, h + n * P, P);
    }
  add_state_dots (op, states, at, g, row, dots);
  op->ddelta[at * op->n_heads + head]
      = (float)G_LN2 * op->a[head] * row->decay * kept + dot (row->d_in, c, P);
  for (gsize p = 0; p < P; p++)
    dc[p] = skip * row->dy[p] + step * row->d_in[p];
}

static void
scan_head (const EgHeadScanBack *op, gsize head, float *scratch, float *sums, float *dots)
{
  const gsize N = op->n_state, P = op->d_head, D = op->n_heads * P, size = N * P;
  float *zeros = scratch, *carried = zeros + size, *g = carried + size, *in = g + size, *d_in = in + P;
  float *states = d_in + P;
  for (gsize i = 0; i < op->n_dots; i++)
    memset (dots + 2 * op->dots[i].out, 0, 2 * op->dots[i].n_rows * sizeof *dots);
  run_states (op, head, states, zeros, in);
  for (gsize l = 0; l < op->n_graded; l++)
    {
      const EgScanLane *lane = &op->lanes[l];
      memset (carried, 0, size * sizeof *carried);
      for (gsize t = lane->n_rows; t-- > 0;)
        {
          const gsize at = lane->row + t, group = at * op->ld + group_at (op, head);
          const Row row = { op->b_rows + group,
                            op->c_rows + group,
                            op->dy + at * D + head * P,
                            fast_exp2 (op->delta[at * op->n_heads + head] * op->a[head]),
                            in,
                            d_in,
                            P };
          const float *first = lane->state ? lane->state + head * size : zeros;
          back_row (op, head, at, t > 0 ? states + (at - 1) * size : first, states, &row, carried, g, sums,
                    dots);
        }
    }
}

/* ---- what goes before and after it ---- */

static void
step_size (const EgStepSizeBack *op, gsize first, gsize end)
{
  for (gsize r = first; r < end; r++)
    for (gsize i = 0; i < op->n_heads; i++)
      {
        const float x = op->x[r * op->ldx + i] + op->bias[i], step = fast_softplus (x);
        const gboolean within = step >= op->least && step <= op->most;
        op->dx[r * op->lddx + i] = within ? op->ddelta[r * op->n_heads + i] / (1.0f + fast_exp (-x)) : 0.0f;
      }
}

static inline void
group_norm_part (float *restrict d, const float *restrict x, const float *restrict weight, gsize n, float eps)
{
  if (weight)
    for (gsize i = 0; i < n; i++)
      d[i] *= weight[i];
  const double squares = (double)dot (x, x, n) / (double)n, product = (double)dot (d, x, n) / (double)n;
  const double s = 1.0 / sqrt (squares + (double)eps);
  const float factor = (float)s, slope = (float)(s * s * s * product);
  for (gsize i = 0; i < n; i++)
    d[i] = factor * d[i] - slope * x[i];
}

static void
group_norm (const EgGroupNormBack *op, gsize first, gsize end)
{
  for (gsize r = first; r < end; r++)
    for (gsize g = 0; g < op->n_groups; g++)
      group_norm_part (op->d + r * op->ldd + g * op->width, op->x + r * op->ldx + g * op->width,
                       op->weight ? op->weight + g * op->width : NULL, op->width, op->eps);
}

const EgCpuHeadBackKernels EG_BACK_HEADS = {
  .scan_head = scan_head,
  .step_size = step_size,
  .group_norm = group_norm,
};
