/* Attention of one head over one segment, compiled once for each instruction set as kernels.c is. Whatever
 * stands beside a row, and however the positions that it reads lie in spans, its numbers are the same bits:
 * every sum goes over the positions that it reads in their order. */
#include "engine/cpu/kernels.h"

#include "engine/cpu/vector-math.h"

#include <math.h>

#define LANES REGISTER_FLOATS

/* In a register and in memory; halves of one. */
typedef float Eight __attribute__ ((vector_size (8 * sizeof (float))));
typedef float Four __attribute__ ((vector_size (4 * sizeof (float))));
typedef float Lanes __attribute__ ((vector_size (LANES * sizeof (float))));
typedef float LanesAt __attribute__ ((vector_size (LANES * sizeof (float)), aligned (4), may_alias));
#define AT(memory) (*(const LanesAt *)(memory))

/* Of the positions that a row reads, the next: `offset` of a segment's span, which is `position`. */
typedef struct
{
  gsize span, offset, position;
} Cursor;

/* The next positions that a row reads, as far as they lie together; FALSE when there are no more. */
static inline gboolean
next_piece (
    const EgAttention *op, const EgAttentionRows *segment, gsize row, Cursor *at, EgAttentionSpan *piece)
{
  const gsize end = segment->first + row + 1;
  const gboolean cut = row >= segment->cut_first && row < segment->cut_end;
  while (at->position < end)
    {
      const EgAttentionSpan *span = &op->spans[segment->span + at->span];
      const gboolean before = cut && at->position < segment->from_begin;
      const gboolean skipped = cut && !before && at->position < segment->from_end;
      const gsize border = before ? segment->from_begin : skipped ? segment->from_end : end;
      const gsize n = MIN (span->n - at->offset, MIN (border, end) - at->position);
      *piece = (EgAttentionSpan){ span->keys + at->offset * span->ld, span->values + at->offset * span->ld,
                                  span->ld, n };
      at->position += n;
      at->offset += n;
      if (at->offset == span->n)
        {
          at->span++;
          at->offset = 0;
        }
      if (!skipped && n > 0)
        return TRUE;
    }
  return FALSE;
}

/* The sum of a register's floats, halved again and again. */
static inline float
sum_lanes (const Lanes *lanes)
{
  Four four;
#if LANES > 4
  Four upper;
  const char *from = (const char *)lanes;
#if LANES > 8
  Eight eight, above;
  memcpy (&eight, from, sizeof eight);
  memcpy (&above, from + sizeof eight, sizeof above);
  eight += above;
  from = (const char *)&eight;
#endif
  memcpy (&four, from, sizeof four);
  memcpy (&upper, from + sizeof four, sizeof upper);
  four += upper;
#else
  four = *lanes;
#endif
  return (four[0] + four[2]) + (four[1] + four[3]);
}

/* What is left of a·b where whole registers end. */
static inline float
dot_rest (const float *a, const float *b, gsize n)
{
  float sum = 0;
  for (gsize i = n - n % LANES; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}

static inline float
dot (const float *a, const float *b, gsize n)
{
  Lanes sums = { 0 };
  for (gsize i = 0; i + LANES <= n; i += LANES)
    sums += AT (a + i) * AT (b + i);
  return sum_lanes (&sums) + dot_rest (a, b, n);
}

/* The same of four keys, the same bits: their registers' sums do not wait for each other. */
static inline void
dot_of_4 (float *products, const float *a, const float *b, gsize ld, gsize n)
{
  const float *b1 = b + ld, *b2 = b1 + ld, *b3 = b2 + ld;
  Lanes sums0 = { 0 }, sums1 = { 0 }, sums2 = { 0 }, sums3 = { 0 };
  for (gsize i = 0; i + LANES <= n; i += LANES)
    {
      const Lanes it = AT (a + i);
      sums0 += it * AT (b + i);
      sums1 += it * AT (b1 + i);
      sums2 += it * AT (b2 + i);
      sums3 += it * AT (b3 + i);
    }
  products[0] = sum_lanes (&sums0) + dot_rest (a, b, n);
  products[1] = sum_lanes (&sums1) + dot_rest (a, b1, n);
  products[2] = sum_lanes (&sums2) + dot_rest (a, b2, n);
  products[3] = sum_lanes (&sums3) + dot_rest (a, b3, n);
}

/* Scores of all positions that a row reads; returns how many there are. head: the first of its channels. */
static gsize
score (const EgAttention *op, const EgAttentionRows *segment, gsize row, gsize head, float *scores)
{
  const float *q = op->q + (segment->row + row) * op->ldq + head;
  gsize n = 0;
  Cursor at = { 0 };
  EgAttentionSpan piece;
  while (next_piece (op, segment, row, &at, &piece))
    {
      const float *keys = piece.keys + head;
      gsize i = 0;
      for (; i + 4 <= piece.n; i += 4)
        dot_of_4 (scores + n + i, q, keys + i * piece.ld, piece.ld, op->d_head);
      for (; i < piece.n; i++)
        scores[n + i] = dot (q, keys + i * piece.ld, op->d_head);
      n += piece.n;
    }
  for (gsize i = 0; i < n; i++)
    scores[i] *= op->scale;
  return n;
}

/* Each score becomes exp (score − the highest); returns their sum. */
static double
exponentiate (float *restrict scores, gsize n)
{
  const gsize whole = n - n % LANES;
  float highest[LANES], sums[LANES] = { 0 }, max = -INFINITY;
  for (gsize j = 0; j < LANES; j++)
    highest[j] = -INFINITY;
  for (gsize i = 0; i < whole; i += LANES)
    for (gsize j = 0; j < LANES; j++)
      highest[j] = scores[i + j] > highest[j] ? scores[i + j] : highest[j];
  for (gsize j = 0; j < LANES; j++)
    max = MAX (max, highest[j]);
  for (gsize i = whole; i < n; i++)
    max = MAX (max, scores[i]);

  for (gsize i = 0; i < n; i++)
    scores[i] = fast_exp (scores[i] - max);
  for (gsize i = 0; i < whole; i += LANES)
    for (gsize j = 0; j < LANES; j++)
      sums[j] += scores[i + j];
  double sum = 0;
  for (gsize j = 0; j < LANES; j++)
    sum += (double)sums[j];
  for (gsize i = whole; i < n; i++)
    sum += (double)scores[i];
  return sum;
}

/* Channels whose sums stay in registers. */
#define WIDE (4 * LANES)

/* y[0 … WIDE) = scale · Σ share · v[channel …] over what a row reads. */
static void
weigh_wide (float *y,
            const EgAttention *op,
            const EgAttentionRows *segment,
            gsize row,
            gsize channel,
            const float *shares,
            float scale)
{
  Lanes sums0 = { 0 }, sums1 = { 0 }, sums2 = { 0 }, sums3 = { 0 };
  Cursor at = { 0 };
  EgAttentionSpan piece;
  while (next_piece (op, segment, row, &at, &piece))
    for (gsize i = 0; i < piece.n; i++)
      {
        const float *v = piece.values + i * piece.ld + channel, share = *shares++;
        sums0 += share * AT (v);
        sums1 += share * AT (v + LANES);
        sums2 += share * AT (v + 2 * LANES);
        sums3 += share * AT (v + 3 * LANES);
      }
  *(LanesAt *)y = sums0 * scale;
  *(LanesAt *)(y + LANES) = sums1 * scale;
  *(LanesAt *)(y + 2 * LANES) = sums2 * scale;
  *(LanesAt *)(y + 3 * LANES) = sums3 * scale;
}

/* The same for n < WIDE channels. */
static void
weigh_narrow (float *restrict y,
              gsize n,
              const EgAttention *op,
              const EgAttentionRows *segment,
              gsize row,
              gsize channel,
              const float *restrict shares,
              float scale)
{
  float sums[WIDE] = { 0 };
  Cursor at = { 0 };
  EgAttentionSpan piece;
  while (next_piece (op, segment, row, &at, &piece))
    for (gsize i = 0; i < piece.n; i++)
      {
        const float *restrict v = piece.values + i * piece.ld + channel;
        const float share = *shares++;
        for (gsize j = 0; j < n; j++)
          sums[j] += share * v[j];
      }
  for (gsize j = 0; j < n; j++)
    y[j] = sums[j] * scale;
}

void
EG_ATTEND (const EgAttention *op, gsize segment_index, gsize head_index, float *scratch)
{
  EgAttentionRows own = op->segments[segment_index];
  const EgAttentionRows *segment = &own;
  const gsize d = op->d_head, head = head_index * d;
  if (!eg_attention_cuts_head (segment, head_index))
    own.cut_end = own.cut_first;
  for (gsize row = segment->out_first; row < segment->n_rows; row++)
    {
      const gsize n = score (op, segment, row, head, scratch);
      const float scale = (float)(1.0 / exponentiate (scratch, n));
      float *y = op->y + (segment->out_row + row - segment->out_first) * op->n_heads * d + head;
      gsize i = 0;
      for (; i + WIDE <= d; i += WIDE)
        weigh_wide (y + i, op, segment, row, head + i, scratch, scale);
      if (i < d)
        weigh_narrow (y + i, d - i, op, segment, row, head + i, scratch, scale);
    }
}
