/* The scan of one head over all segments (EgHeadScan), compiled once for each instruction set as kernels.c
 * is. A block of the head's channels goes down a segment with what is read and written of each state in
 * registers; a channel's numbers are the same bits whatever stands beside it. */
#include "engine/cpu/kernels.h"

#include "engine/cpu/vector-math.h"

#define LANES REGISTER_FLOATS

/* Registers of a block: what enters it and what is read of it are as many again. */
#define REGISTERS 4
#define BLOCK     (REGISTERS * LANES)
G_STATIC_ASSERT (BLOCK <= EG_HEAD_BLOCK);

typedef float Lanes __attribute__ ((vector_size (LANES * sizeof (float))));
typedef float LanesAt __attribute__ ((vector_size (LANES * sizeof (float)), aligned (4), may_alias));
#define AT(memory) (*(LanesAt *)(memory))

/* A block of a head's channels, in one segment. h: [N, BLOCK] */
typedef struct
{
  const EgHeadScan *op;
  const EgScanRows *segment;
  gsize head, first, width;
  float *h;
} Block;

/* h = decay·h + B·in and out += C·h; or, where set, out += C·h alone. n_registers is known to the compiler.
 */
static inline __attribute__ ((always_inline)) void
run_states (float *h,
            gsize n_state,
            gsize n_registers,
            gboolean set,
            float decay,
            const float *b_row,
            const float *c_row,
            const Lanes in[REGISTERS],
            Lanes out[REGISTERS])
{
  Lanes sums[REGISTERS];
  for (gsize k = 0; k < n_registers; k++)
    sums[k] = out[k];
  for (gsize n = 0; n < n_state; n++, h += BLOCK)
    for (gsize k = 0; k < n_registers; k++)
      {
        Lanes it = AT (h + k * LANES);
        if (!set)
          {
            it = decay * it + b_row[n] * in[k];
            AT (h + k * LANES) = it;
          }
        sums[k] += c_row[n] * it;
      }
  for (gsize k = 0; k < n_registers; k++)
    out[k] = sums[k];
}

/* One state's numbers of a block; a whole one without a call. */
static inline void
copy_state (float *to, const float *from, gsize width)
{
  if (width == BLOCK)
    memcpy (to, from, BLOCK * sizeof (float));
  else
    memcpy (to, from, width * sizeof (float));
}

/* The block's numbers of every state, from memory [N, P] or into it. */
static void
take_states (const Block *self, const float *from)
{
  const gsize N = self->op->n_state, P = self->op->d_head;
  from += self->head * N * P + self->first;
  for (gsize n = 0; n < N; n++)
    copy_state (self->h + n * BLOCK, from + n * P, self->width);
}

static void
keep_states (const Block *self, float *to)
{
  const gsize N = self->op->n_state, P = self->op->d_head;
  to += self->head * N * P + self->first;
  for (gsize n = 0; n < N; n++)
    copy_state (to + n * P, self->h + n * BLOCK, self->width);
}

/* The segment's row t. */
static inline void
run_row (const Block *self, gsize t)
{
  const EgHeadScan *op = self->op;
  const EgScanRows *segment = self->segment;
  const gsize row = segment->row + t, N = op->n_state, D = op->n_heads * op->d_head;
  const gsize group = self->head / (op->n_heads / op->n_groups), at = self->head * op->d_head + self->first;
  const float *b_row = op->b_rows + row * op->ld + group * N, *c_row = op->c_rows + row * op->ld + group * N;
  const float step = op->delta[row * op->n_heads + self->head];
  const float decay = fast_exp2 (step * op->a[self->head]), skip = op->skip[self->head];
  const gboolean set = segment->set_state && t >= segment->set_first && t < segment->set_end;
  Lanes in[REGISTERS] = { 0 }, out[REGISTERS];
  memcpy (in, op->c + row * op->ld + at, self->width * sizeof (float));
  for (gsize k = 0; k < REGISTERS; k++)
    {
      out[k] = skip * in[k];
      in[k] *= step;
    }
  if (set)
    take_states (self, segment->set_state + (t - segment->set_first) * N * D);
  if (set)
    run_states (self->h, N, REGISTERS, TRUE, decay, b_row, c_row, in, out);
  else if (self->width > 2 * LANES)
    run_states (self->h, N, REGISTERS, FALSE, decay, b_row, c_row, in, out);
  else if (self->width > LANES)
    run_states (self->h, N, 2, FALSE, decay, b_row, c_row, in, out);
  else
    run_states (self->h, N, 1, FALSE, decay, b_row, c_row, in, out);
  if (t >= segment->out_first)
    memcpy (op->y + (segment->out_row + t - segment->out_first) * D + at, out, self->width * sizeof (float));
  if (segment->keep_state && t >= segment->keep_first && t < segment->keep_end
      && (t - segment->keep_first) % segment->keep_step == 0)
    keep_states (self, segment->keep_state + (t - segment->keep_first) / segment->keep_step * N * D);
}

void
EG_SCAN_HEAD (const EgHeadScan *op, gsize head, float *scratch)
{
  for (gsize s = 0; s < op->n_segments; s++)
    for (gsize first = 0; first < op->d_head; first += BLOCK)
      {
        const EgScanRows *segment = &op->segments[s];
        const Block block = { op, segment, head, first, MIN (BLOCK, op->d_head - first), scratch };
        /* A state fills whole blocks by itself. */
        if (!segment->state || block.width < BLOCK)
          memset (scratch, 0, op->n_state * BLOCK * sizeof (float));
        if (segment->state)
          take_states (&block, segment->state);
        for (gsize t = 0; t < segment->n_rows; t++)
          run_row (&block, t);
      }
}
