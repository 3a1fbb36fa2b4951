/* The scan of one head over all segments (EgHeadScan), compiled once for each instruction set as kernels.c
 * is.
 *
 * Rows a … b − 1 of a segment that goes on from a state h, at most CHUNK of them, read h and what they put
 * into it themselves (the dual form of Mamba-2's paper, arXiv:2405.21060 §6, of one chunk): y[t] = (2^Δa of
 * rows a … t)·C[t]·h + Σ_{a ≤ s ≤ t} (2^Δa of rows s + 1 … t)·(C[t]·B[s])·Δ[s]·c[s] + skip·c[t]. So a state
 * is read once for several rows, and is not made where nobody needs it: most runs end with the text. Where
 * later rows or somebody else do, it goes through the rows in registers.
 *
 * A segment that begins with the text reads each row's own state, as rows do whose states are set: such a run
 * into which all its states are put back is that run, to the last bit. A number is the same bits whatever
 * segments, channels and rows stand beside it, whether states are kept or not; how it is rounded depends on
 * where its chunk begins: with a segment, after CHUNK rows, or after rows whose states are set.
 */
#include "engine/cpu/kernels.h"

#include "engine/cpu/vector-math.h"

#define LANES REGISTER_FLOATS

/* REGISTERS: of channels that are gone through at a time; ROWS: that read a state at a time; STATES: that
 * rows go through at a time. */
#define REGISTERS 4
#if LANES == 16
#define ROWS   6
#define STATES 4
#else
#define ROWS   2
#define STATES 2
#endif
#define BLOCK (REGISTERS * LANES)
/* Beyond some dozens of rows, what each reads of those before it costs as much as making the state. */
#define CHUNK 32

typedef float Lanes __attribute__ ((vector_size (LANES * sizeof (float))));
typedef float LanesAt __attribute__ ((vector_size (LANES * sizeof (float)), aligned (4), may_alias));

/* One head of a segment's rows first … end − 1. h: [N, P] before them, NULL for zeros where only
 * states are made; is_after: after the
 * one row that there is. decay: of each row from the first on; carried: what y[t] has of C·h; mix: [t −
 * first][s − first], what it has of c[s]. */
typedef struct
{
  const EgHeadScan *op;
  const EgScanRows *segment;
  gsize head, first, end;
  const float *h;
  gboolean is_after;
  float decay[CHUNK], step[CHUNK], carried[CHUNK], mix[CHUNK][CHUNK];
} Chunk;

static inline gboolean
is_kept (const EgScanRows *segment, gsize t)
{
  return segment->keep_state && t >= segment->keep_first && t < segment->keep_end
         && (t - segment->keep_first) % segment->keep_step == 0;
}

static inline gboolean
is_set (const EgScanRows *segment, gsize t)
{
  return segment->set_state && t >= segment->set_first && t < segment->set_end;
}

/* A head's [N, P] of a state [H, N, P]. */
static inline gsize
head_at (const EgHeadScan *op, gsize head)
{
  return head * op->n_state * op->d_head;
}

static float *
kept_at (const EgHeadScan *op, const EgScanRows *segment, gsize head, gsize t)
{
  const gsize size = op->n_heads * op->n_state * op->d_head;
  return segment->keep_state + (t - segment->keep_first) / segment->keep_step * size + head_at (op, head);
}

static const float *
set_at (const EgHeadScan *op, const EgScanRows *segment, gsize head, gsize t)
{
  const gsize size = op->n_heads * op->n_state * op->d_head;
  return segment->set_state + (t - segment->set_first) * size + head_at (op, head);
}

/* Of B or C, the segment's row t. */
static inline const float *
selected (const EgHeadScan *op, const float *rows, const EgScanRows *segment, gsize head, gsize t)
{
  return rows + (segment->row + t) * op->ld + head / (op->n_heads / op->n_groups) * op->n_state;
}

static inline const float *
input_at (const EgHeadScan *op, const EgScanRows *segment, gsize head, gsize t)
{
  return op->c + (segment->row + t) * op->ld + head * op->d_head;
}

/* n of a register's floats; n = LANES is known to the compiler. */
static inline __attribute__ ((always_inline)) Lanes
take (const float *from, gsize n)
{
  if (n == LANES)
    return *(const LanesAt *)from;
  Lanes it = { 0 };
  memcpy (&it, from, n * sizeof *from);
  return it;
}

static inline __attribute__ ((always_inline)) void
put (float *to, Lanes it, gsize n)
{
  if (n == LANES)
    *(LanesAt *)to = it;
  else
    memcpy (to, &it, n * sizeof *to);
}

/* In the same order whatever registers hold. */
static float
dot (const float *a, const float *b, gsize n)
{
  Lanes parts[16 / LANES] = { 0 };
  float sums[16];
  gsize i = 0;
  for (; i + 16 <= n; i += 16)
    for (gsize k = 0; k < 16 / LANES; k++)
      parts[k] += take (a + i + k * LANES, LANES) * take (b + i + k * LANES, LANES);
  memcpy (sums, parts, sizeof sums);
  for (gsize k = 0; i + k < n; k++)
    sums[k] += a[i + k] * b[i + k];
  for (gsize width = 8; width > 0; width /= 2)
    for (gsize k = 0; k < width; k++)
      sums[k] += sums[k + width];
  return sums[0];
}

/* ---- y ---- */

/* sums[r] = C[r]·h, rows of them and registers of channels; h's rows are P apart, C's op->ld. */
static inline __attribute__ ((always_inline)) void
read_states (const EgHeadScan *op,
             const float *h,
             const float *c_rows,
             gsize rows,
             gsize registers,
             gsize n,
             Lanes sums[ROWS][REGISTERS])
{
  const gsize N = op->n_state, P = op->d_head, ld = op->ld;
  for (gsize i = 0; i < N; i++, h += P)
    {
      Lanes at[REGISTERS];
      for (gsize k = 0; k < registers; k++)
        at[k] = take (h + k * LANES, n);
      _Pragma ("GCC unroll 8") for (gsize r = 0; r < rows; r++)
      {
        const Lanes c = c_rows[r * ld + i] - (Lanes){ 0 };
        for (gsize k = 0; k < registers; k++)
          sums[r][k] += c * at[k];
      }
    }
}

/* y of a block of channels, rows first … first + rows − 1 of the segment. */
static inline __attribute__ ((always_inline)) void
write_rows (const Chunk *self, gsize first, gsize rows, gsize channel, gsize registers, gsize n)
{
  const EgHeadScan *op = self->op;
  const EgScanRows *segment = self->segment;
  const gsize ld = op->ld, D = op->n_heads * op->d_head;
  const float skip = op->skip[self->head];
  const float *in = input_at (op, segment, self->head, self->first) + channel;
  float *y = op->y + (segment->out_row + first - segment->out_first) * D + self->head * op->d_head + channel;
  Lanes sums[ROWS][REGISTERS] = { 0 };
  read_states (op, self->h + channel, selected (op, op->c_rows, segment, self->head, first), rows, registers,
               n, sums);
  _Pragma ("GCC unroll 8") for (gsize r = 0; r < rows; r++, y += D)
  {
    const gsize row = first + r - self->first, n_inputs = self->is_after ? 0 : row + 1;
    const float carried = self->carried[row], *mix = self->mix[row];
    Lanes out[REGISTERS] = { 0 };
    for (gsize k = 0; k < registers; k++)
      {
        /* One product at a time: of two in one sum a compiler may round either. */
        out[k] += carried * sums[r][k];
        out[k] += skip * take (in + row * ld + k * LANES, n);
      }
    for (gsize s = 0; s < n_inputs; s++)
      for (gsize k = 0; k < registers; k++)
        out[k] += mix[s] * take (in + s * ld + k * LANES, n);
    for (gsize k = 0; k < registers; k++)
      put (y + k * LANES, out[k], n);
  }
}

/* As many rows at a time as registers hold, and as even. */
static inline __attribute__ ((always_inline)) void
write_block (const Chunk *self, gsize first, gsize channel, gsize registers, gsize n)
{
  const gsize left = self->end - first, steps = (left + ROWS - 1) / ROWS;
  for (gsize i = 0; i < steps; i++)
    {
      const gsize t = first + left * i / steps, rows = left * (i + 1) / steps - left * i / steps;
#if ROWS == 6
      if (rows == 6)
        write_rows (self, t, 6, channel, registers, n);
      else if (rows == 5)
        write_rows (self, t, 5, channel, registers, n);
      else if (rows == 4)
        write_rows (self, t, 4, channel, registers, n);
      else if (rows == 3)
        write_rows (self, t, 3, channel, registers, n);
      else
#endif
          if (rows == 2)
        write_rows (self, t, 2, channel, registers, n);
      else
        write_rows (self, t, 1, channel, registers, n);
    }
}

/* What each row from `first` on has of those before it in the chunk, and of the state. */
static void
fill_mix (Chunk *self, gsize first)
{
  const EgHeadScan *op = self->op;
  const EgScanRows *segment = self->segment;
  float carried = 1.0f, kept[CHUNK];
  for (gsize t = self->first; t < self->end; t++)
    {
      const gsize row = t - self->first;
      for (gsize s = 0; s < row; s++)
        kept[s] *= self->decay[row];
      kept[row] = self->step[row];
      carried *= self->decay[row];
      self->carried[row] = carried;
      if (t < first)
        continue;
      const float *c_row = selected (op, op->c_rows, segment, self->head, t);
      for (gsize s = 0; s <= row; s++)
        self->mix[row][s]
            = kept[s]
              * dot (c_row, selected (op, op->b_rows, segment, self->head, self->first + s), op->n_state);
    }
}

static void
write_outputs (Chunk *self)
{
  const gsize first = MAX (self->first, self->segment->out_first), P = self->op->d_head;
  if (first >= self->end)
    return;
  if (!self->is_after)
    fill_mix (self, first);
  gsize channel = 0;
  for (; channel + BLOCK <= P; channel += BLOCK)
    write_block (self, first, channel, REGISTERS, LANES);
  for (; channel < P; channel += LANES)
    write_block (self, first, channel, 1, MIN (LANES, P - channel));
}

/* ---- states ---- */

/* h after each row up to end − 1: `states` of them from state i on, a block of channels. to: [N, P] after the
 * last row, may be h itself; NULL: nobody needs it. */
static inline __attribute__ ((always_inline)) void
go_through (
    const Chunk *self, float *to, gsize end, gsize i, gsize states, gsize channel, gsize registers, gsize n)
{
  const EgHeadScan *op = self->op;
  const EgScanRows *segment = self->segment;
  const gsize P = op->d_head, at = i * P + channel;
  Lanes h[STATES][REGISTERS] = { 0 };
  if (self->h)
    for (gsize j = 0; j < states; j++)
      for (gsize k = 0; k < registers; k++)
        h[j][k] = take (self->h + at + j * P + k * LANES, n);
  for (gsize t = self->first; t < end; t++)
    {
      const gsize row = t - self->first;
      const float decay = self->decay[row], step = self->step[row];
      const float *in = input_at (op, segment, self->head, t) + channel;
      const float *b_row = selected (op, op->b_rows, segment, self->head, t) + i;
      Lanes entering[REGISTERS];
      for (gsize k = 0; k < registers; k++)
        entering[k] = step * take (in + k * LANES, n);
      for (gsize j = 0; j < states; j++)
        for (gsize k = 0; k < registers; k++)
          h[j][k] = decay * h[j][k] + b_row[j] * entering[k];
      if (is_kept (segment, t))
        {
          float *kept = kept_at (op, segment, self->head, t) + at;
          for (gsize j = 0; j < states; j++)
            for (gsize k = 0; k < registers; k++)
              put (kept + j * P + k * LANES, h[j][k], n);
        }
    }
  if (to)
    for (gsize j = 0; j < states; j++)
      for (gsize k = 0; k < registers; k++)
        put (to + at + j * P + k * LANES, h[j][k], n);
}

static inline __attribute__ ((always_inline)) void
go_through_block (const Chunk *self, float *to, gsize end, gsize channel, gsize registers, gsize n)
{
  gsize i = 0;
  for (; i + STATES <= self->op->n_state; i += STATES)
    go_through (self, to, end, i, STATES, channel, registers, n);
  for (; i < self->op->n_state; i++)
    go_through (self, to, end, i, 1, channel, registers, n);
}

static void
make_states (const Chunk *self, float *to, gsize end)
{
  const gsize P = self->op->d_head;
  gsize channel = 0;
  for (; channel + BLOCK <= P; channel += BLOCK)
    go_through_block (self, to, end, channel, REGISTERS, LANES);
  for (; channel < P; channel += LANES)
    go_through_block (self, to, end, channel, 1, MIN (LANES, P - channel));
}

/* After the last of the chunk's rows whose state is kept. */
static gsize
find_kept_end (const Chunk *self)
{
  gsize end = self->end;
  while (end > self->first && !is_kept (self->segment, end - 1))
    end--;
  return end;
}

/* ---- a segment ---- */

/* y of row t, of the state after it. */
static void
read_state (Chunk *self, gsize t, const float *h)
{
  self->h = h;
  self->first = t;
  self->end = t + 1;
  self->is_after = TRUE;
  self->carried[0] = 1.0f;
  write_outputs (self);
}

static void
read_set_state (Chunk *self, gsize t)
{
  const EgHeadScan *op = self->op;
  const float *h = set_at (op, self->segment, self->head, t);
  if (is_kept (self->segment, t))
    memcpy (kept_at (op, self->segment, self->head, t), h, op->n_state * op->d_head * sizeof *h);
  read_state (self, t, h);
}

static void
read_step (Chunk *self, gsize t)
{
  const gsize row = t - self->first;
  self->step[row] = self->op->delta[(self->segment->row + t) * self->op->n_heads + self->head];
  self->decay[row] = fast_exp2 (self->step[row] * self->op->a[self->head]);
  self->end = t + 1;
}

static void
run_row (Chunk *self, gsize t, float *scratch)
{
  self->first = t;
  read_step (self, t);
  make_states (self, scratch, t + 1);
  read_state (self, t, scratch);
}

/* Rows from t on, none of whose states is set; returns the first that is not done. */
static gsize
run_chunk (Chunk *self, gsize t, float *scratch)
{
  const EgScanRows *segment = self->segment;
  const gsize most = MIN (segment->n_rows, t + CHUNK);
  self->first = self->end = t;
  self->is_after = FALSE;
  while (self->end < most && !is_set (segment, self->end))
    read_step (self, self->end);
  write_outputs (self);
  const gboolean goes_on = self->end < segment->n_rows && !is_set (segment, self->end);
  const gsize end = goes_on ? self->end : find_kept_end (self);
  if (end > t)
    make_states (self, goes_on ? scratch : NULL, end);
  if (goes_on)
    self->h = scratch;
  return self->end;
}

void
EG_SCAN_HEAD (const EgHeadScan *op, gsize head, float *scratch)
{
  for (gsize s = 0; s < op->n_segments; s++)
    {
      const EgScanRows *segment = &op->segments[s];
      Chunk chunk;
      chunk.op = op;
      chunk.segment = segment;
      chunk.head = head;
      chunk.h = segment->state ? segment->state + head_at (op, head) : NULL;
      for (gsize t = 0; t < segment->n_rows;)
        if (is_set (segment, t))
          read_set_state (&chunk, t++);
        else if (!segment->state && segment->out_first < segment->n_rows)
          run_row (&chunk, t++, scratch);
        else
          t = run_chunk (&chunk, t, scratch);
    }
}
