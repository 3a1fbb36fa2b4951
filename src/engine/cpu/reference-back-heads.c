/* The reference's formulas, as reference-back.c has them, of what Mamba-2 and Falcon-Mamba have beside
 * Mamba-1. */
#include "engine/cpu/back.h"

#include <math.h>
#include <string.h>

/* ---- scan of heads ---- */

/* A channel of a head, and where its group's B and C begin in their rows. */
typedef struct
{
  const EgHeadScanBack *op;
  gsize head, channel, group_at;
} Channel;

static double
decay (const Channel *it, gsize row)
{
  const EgHeadScanBack *op = it->op;
  return exp2 ((double)op->delta[row * op->n_heads + it->head] * (double)op->a[it->head]);
}

static double
state_before (const Channel *it, const EgScanLane *lane, gsize n)
{
  const EgHeadScanBack *op = it->op;
  const gsize at = (it->head * op->n_state + n) * op->d_head + it->channel;
  return lane->state ? (double)lane->state[at] : 0.0;
}

static double
input_of (const Channel *it, gsize row)
{
  return (double)it->op->c[row * it->op->ld + it->head * it->op->d_head + it->channel];
}

/* h after all rows of all lanes: [rows, N] */
static void
run_states (const Channel *it, double *states)
{
  const EgHeadScanBack *op = it->op;
  const gsize N = op->n_state;
  for (gsize l = 0; l < op->n_lanes; l++)
    for (gsize n = 0; n < N; n++)
      {
        double h = state_before (it, &op->lanes[l], n);
        for (gsize row = op->lanes[l].row; row < op->lanes[l].row + op->lanes[l].n_rows; row++)
          {
            const double b = (double)op->b_rows[row * op->ld + it->group_at + n];
            h = decay (it, row) * h
                + (double)op->delta[row * op->n_heads + it->head] * b * input_of (it, row);
            states[row * N + n] = h;
          }
      }
}

static void
add_state_dots (
    const EgHeadScanBack *op, const double *states, gsize row, gsize n, double gradient, double direct)
{
  const gsize N = op->n_state;
  for (gsize p = 0; p < op->n_dots; p++)
    {
      const EgDotRows *it = &op->dots[p];
      if (row < it->gradient || row >= it->gradient + it->n_rows)
        continue;
      const gsize t = row - it->gradient;
      const double difference = states[(it->source + t) * N + n] - states[(it->base + t) * N + n];
      op->full[it->out + t] += (float)(gradient * difference);
      op->direct[it->out + t] += (float)(direct * difference);
    }
}

/* Of one lane; carried: [N] zeros */
static void
back_channel (const Channel *it, const EgScanLane *lane, const double *states, double *carried)
{
  const EgHeadScanBack *op = it->op;
  const gsize N = op->n_state, D = op->n_heads * op->d_head, at = it->head * op->d_head + it->channel;
  for (gsize t = lane->n_rows; t-- > 0;)
    {
      const gsize row = lane->row + t;
      const double step = (double)op->delta[row * op->n_heads + it->head], in = input_of (it, row);
      const double dy = (double)op->dy[row * D + at], e = decay (it, row);
      double d_step = 0, d_in = (double)op->skip[it->head] * dy;
      for (gsize n = 0; n < N; n++)
        {
          const double b = (double)op->b_rows[row * op->ld + it->group_at + n];
          const double read = (double)op->c_rows[row * op->ld + it->group_at + n];
          const double before = t > 0 ? states[(row - 1) * N + n] : state_before (it, lane, n);
          const double g = read * dy + carried[n];
          add_state_dots (op, states, row, n, g, read * dy);
          d_step += g * (G_LN2 * (double)op->a[it->head] * e * before + b * in);
          d_in += g * step * b;
          op->db[row * op->ldd + it->group_at + n] += (float)(g * step * in);
          op->dcr[row * op->ldd + it->group_at + n] += (float)(dy * states[row * N + n]);
          carried[n] = e * g;
        }
      op->ddelta[row * op->n_heads + it->head] += (float)d_step;
      op->dc[row * op->ldd + at] = (float)d_in;
    }
}

static void
clear_scan (const EgHeadScanBack *op)
{
  const gsize width = op->n_groups * op->n_state;
  for (gsize l = 0; l < op->n_graded; l++)
    for (gsize row = op->lanes[l].row; row < op->lanes[l].row + op->lanes[l].n_rows; row++)
      {
        memset (op->db + row * op->ldd, 0, width * sizeof (float));
        memset (op->dcr + row * op->ldd, 0, width * sizeof (float));
        memset (op->ddelta + row * op->n_heads, 0, op->n_heads * sizeof (float));
      }
  for (gsize p = 0; p < op->n_dots; p++)
    {
      memset (op->full + op->dots[p].out, 0, op->dots[p].n_rows * sizeof (float));
      memset (op->direct + op->dots[p].out, 0, op->dots[p].n_rows * sizeof (float));
    }
}

void
eg_reference_back_scan_heads (EgStream *stream, const EgHeadScanBack *op)
{
  gsize n_rows = 0;
  for (gsize l = 0; l < op->n_lanes; l++)
    n_rows = MAX (n_rows, op->lanes[l].row + op->lanes[l].n_rows);
  g_autofree double *states = g_new (double, n_rows * op->n_state);
  clear_scan (op);
  for (gsize k = 0; k < op->n_heads * op->d_head; k++)
    {
      const gsize head = k / op->d_head, group = head / (op->n_heads / op->n_groups);
      const Channel it = { op, head, k % op->d_head, group * op->n_state };
      run_states (&it, states);
      for (gsize l = 0; l < op->n_graded; l++)
        {
          g_autofree double *carried = g_new0 (double, op->n_state);
          back_channel (&it, &op->lanes[l], states, carried);
        }
    }
}

/* ---- what goes before and after it ---- */

void
eg_reference_back_step_size (EgStream *stream, const EgStepSizeBack *op)
{
  for (gsize r = 0; r < op->n_rows; r++)
    for (gsize i = 0; i < op->n_heads; i++)
      {
        const double x = (double)op->x[r * op->ldx + i] + (double)op->bias[i];
        const double step = x > 30.0 ? x : log1p (exp (x));
        const gboolean within = step >= (double)op->least && step <= (double)op->most;
        const double slope = within ? 1.0 / (1.0 + exp (-x)) : 0.0;
        op->dx[r * op->lddx + i] = (float)((double)op->ddelta[r * op->n_heads + i] * slope);
      }
}

void
eg_reference_back_group_norm (EgStream *stream, const EgGroupNormBack *op)
{
  for (gsize r = 0; r < op->n_rows; r++)
    for (gsize g = 0; g < op->n_groups; g++)
      {
        float *d = op->d + r * op->ldd + g * op->width;
        const float *x = op->x + r * op->ldx + g * op->width;
        const float *weight = op->weight ? op->weight + g * op->width : NULL;
        double squares = 0, product = 0;
        for (gsize i = 0; i < op->width; i++)
          {
            squares += (double)x[i] * (double)x[i] / (double)op->width;
            product += (double)d[i] * (weight ? (double)weight[i] : 1.0) * (double)x[i] / (double)op->width;
          }
        const double s = 1.0 / sqrt (squares + (double)op->eps);
        for (gsize i = 0; i < op->width; i++)
          d[i] = (float)(s * (double)d[i] * (weight ? (double)weight[i] : 1.0)
                         - (double)x[i] * s * s * s * product);
      }
}
