/* Rotary embedding, and attention, over segments of unequal length, whose first positions are another run's.
 */
#include "op-runs.h"

#include <math.h>

enum
{
  LAST_ROWS = 1, /* of each segment one row's y is wanted, of every fourth none */
  SINGLES = 2,   /* each position is a span of its own */
  CUTS = 4,      /* rows do not read some of the positions before them */
};

/* Spans of n positions, position 0 at the memory's begin. */
static void
add_spans (GArray *spans, const float *memory, gsize ld, gsize width, gsize n, gsize longest)
{
  for (gsize i = 0; i < n;)
    {
      const EgAttentionSpan it = { memory + i * ld, memory + i * ld + width, ld, MIN (longest, n - i) };
      g_array_append_val (spans, it);
      i += it.n;
    }
}

/* Segment s, but for its spans. */
static EgAttentionRows
attention_rows (const OpCase *self, gsize s, gsize row, gsize n_rows, gsize out_row)
{
  const gsize flags = self->n[5];
  EgAttentionRows it
      = { .row = row, .n_rows = n_rows, .first = self->n[2] * (s % 5) / 4, .out_row = out_row };
  it.out_first = !(flags & LAST_ROWS) ? 0 : s % 4 == 3 ? n_rows : n_rows - 1;
  if (flags & CUTS)
    {
      it.cut_first = n_rows / 3;
      it.cut_end = n_rows - (n_rows > 1 && s % 2 == 1);
      it.from_begin = it.first / (1 + s % 3);
      it.from_end = it.first + it.cut_first;
      /* All heads, or all but the last, or none but that. */
      it.head_begin = s % 3 == 2 ? self->n[3] - 1 : 0;
      it.head_end = s % 3 == 1 ? self->n[3] - 1 : self->n[3];
    }
  return it;
}

/* n: rows, longest segment, positions before a segment at the most, heads, d_head, flags. Keys and values of
 * a segment's own rows lie behind their q, as a product with one weight for all three gives them. */
void
op_run_attention (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], n_heads = self->n[3], d = self->n[4], width = n_heads * d;
  const gsize ld = 3 * width + 1, ld_before = 2 * width + 3, longest = self->n[5] & SINGLES ? 1 : rows;
  const float *x = op_draw (lane, rand, rows * ld, -2, 2);
  const float *before = op_draw (lane, rand, (self->n[2] + 1) * ld_before, -2, 2);
  g_autoptr (GArray) lengths = op_ragged (rows, self->n[1]);
  g_autoptr (GArray) spans = g_array_new (FALSE, FALSE, sizeof (EgAttentionSpan));
  g_autofree EgAttentionRows *segments = g_new0 (EgAttentionRows, lengths->len);
  gsize n_out = 0;
  for (gsize s = 0, row = 0; s < lengths->len; row += segments[s++].n_rows)
    {
      EgAttentionRows *it = &segments[s];
      *it = attention_rows (self, s, row, g_array_index (lengths, gsize, s), n_out);
      it->span = spans->len;
      add_spans (spans, before, ld_before, width, it->first, MIN (longest, 2 + s % 9));
      add_spans (spans, x + row * ld + width, ld, width, it->n_rows, longest);
      it->n_spans = spans->len - it->span;
      n_out += it->n_rows - it->out_first;
    }
  const EgAttention op = { .y = op_blank (lane, n_out * width),
                           .q = x,
                           .ldq = ld,
                           .segments = segments,
                           .n_segments = lengths->len,
                           .spans = (const EgAttentionSpan *)(gconstpointer)spans->data,
                           .n_spans = spans->len,
                           .n_heads = n_heads,
                           .d_head = d,
                           .scale = 2 / sqrtf ((float)d) };
  OP_RUN (lane, op_append (lane, op.y, n_out * width), lane->backend->attention (lane->stream, &op));
}

/* n: rows, longest segment, positions before a segment at the most, heads, d_head, n_rotary. Frequencies as
 * they are: from 1 down. */
void
op_run_rotate (OpLane *lane, const OpCase *self, GRand *rand)
{
  const gsize rows = self->n[0], width = self->n[3] * self->n[4], half = self->n[5] / 2;
  const gsize ldx = width + 3, ldy = width + 1;
  g_autoptr (GArray) lengths = op_ragged (rows, self->n[1]);
  g_autofree EgRotaryRows *segments = g_new0 (EgRotaryRows, lengths->len);
  g_autofree float *frequencies = g_new (float, half + 1);
  for (gsize i = 0; i < half; i++)
    frequencies[i] = powf (10000, -(float)i / (float)half);
  for (gsize s = 0, row = 0; s < lengths->len; row += segments[s++].n_rows)
    segments[s] = (EgRotaryRows){ row, g_array_index (lengths, gsize, s), self->n[2] * (s % 5) / 4 };
  const EgRotary op = { .y = op_draw (lane, rand, rows * ldy, -1, 1),
                        .ldy = ldy,
                        .x = op_draw (lane, rand, rows * ldx, -2, 2),
                        .ldx = ldx,
                        .segments = segments,
                        .n_segments = lengths->len,
                        .n_heads = self->n[3],
                        .d_head = self->n[4],
                        .n_rotary = self->n[5],
                        .frequencies = frequencies };
  OP_RUN (lane, op_append (lane, op.y, rows * ldy), lane->backend->rotate (lane->stream, &op));
}
