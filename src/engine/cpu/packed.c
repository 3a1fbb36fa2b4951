/* Products of packed weights, compiled once for each instruction set as kernels.c is.
 *
 * A panel, n rows of a weight [n, k], is packed as [⌈n / WIDTH⌉][k][WIDTH]: what one step over k needs of
 * WIDTH outputs lies together; rows beyond n are zeros. The rows of x are cut into blocks of at most TALL
 * rows, as even as they can be, and each is packed as [⌈k / DEEP⌉][rows][DEEP]. A tile of outputs, TALL ×
 * WIDTH, stays in registers while k goes through CHAIN of its steps, and what each chain gives is added to
 * those before: one number is the sum of its products in that order, whatever stands beside it, so that a
 * row's bits depend on no other row, nor on how rows are grouped.
 *
 * A product turned round takes the weight as what is cut into blocks, which is nearly as it lies, and packs x
 * as the panel: the same sums. What is packed then is small and passes, but only whole registers of rows are
 * computed.
 */
#include "engine/cpu/kernels.h"

#include <string.h>

/* As many registers as the set has: TALL × 2 of sums, 2 of the panel, 1 of x. */
#if defined(__AVX512F__)
#define LANES 16
#define TALL  14
#elif defined(__AVX2__)
#define LANES 8
#define TALL  6
#else
#define LANES 4
#define TALL  6
#endif
#define WIDTH (2 * LANES)
#define DEEP  16
/* A sum of n in one chain would lose √(n / 128) times as much by rounding. */
#define CHAIN 128

typedef float Lanes __attribute__ ((vector_size (LANES * sizeof (float))));
typedef float LanesAt __attribute__ ((vector_size (LANES * sizeof (float)), aligned (4), may_alias));

#define AT(p) (*(LanesAt *)(p))

/* ---- packing ---- */

typedef guint32 Four __attribute__ ((vector_size (16)));
typedef guint32 FourAt __attribute__ ((vector_size (16), aligned (4), may_alias));

/* to[p · ldto + i] = from[i · ldfrom + p], 4 × 4 of them. */
static inline void
turn_four (guint32 *to, gsize ldto, const guint32 *from, gsize ldfrom)
{
  const Four a = *(const FourAt *)from, b = *(const FourAt *)(from + ldfrom);
  const Four c = *(const FourAt *)(from + 2 * ldfrom), d = *(const FourAt *)(from + 3 * ldfrom);
  const Four ab0 = __builtin_shufflevector (a, b, 0, 4, 1, 5),
             ab1 = __builtin_shufflevector (a, b, 2, 6, 3, 7);
  const Four cd0 = __builtin_shufflevector (c, d, 0, 4, 1, 5),
             cd1 = __builtin_shufflevector (c, d, 2, 6, 3, 7);
  *(FourAt *)to = __builtin_shufflevector (ab0, cd0, 0, 1, 4, 5);
  *(FourAt *)(to + ldto) = __builtin_shufflevector (ab0, cd0, 2, 3, 6, 7);
  *(FourAt *)(to + 2 * ldto) = __builtin_shufflevector (ab1, cd1, 0, 1, 4, 5);
  *(FourAt *)(to + 3 * ldto) = __builtin_shufflevector (ab1, cd1, 2, 3, 6, 7);
}

/* to[p][i] = square[i][p] for p < deep */
static inline void
turn (guint32 *to, const guint32 square[WIDTH][DEEP], gsize deep)
{
  gsize p = 0;
  for (; p + 4 <= deep; p += 4)
    for (gsize i = 0; i < WIDTH; i += 4)
      turn_four (to + p * WIDTH + i, WIDTH, &square[i][p], DEEP);
  for (; p < deep; p++)
    for (gsize i = 0; i < WIDTH; i++)
      to[p * WIDTH + i] = square[i][p];
}

static inline void
turn_narrow (guint16 *restrict to, const guint16 square[WIDTH][DEEP], gsize deep)
{
  for (gsize p = 0; p < deep; p++)
    for (gsize i = 0; i < WIDTH; i++)
      to[p * WIDTH + i] = square[i][p];
}

/* One strip of at most WIDTH rows, in squares that stay in the first-level cache. */
#define DEFINE_PACK_STRIP(NAME, Element, turn)                                                               \
  static void NAME (Element *to, const Element *w, gsize ld, gsize n, gsize k)                               \
  {                                                                                                          \
    Element square[WIDTH][DEEP] = { 0 };                                                                     \
    for (gsize k0 = 0; k0 < k; k0 += DEEP)                                                                   \
      {                                                                                                      \
        const gsize deep = MIN (DEEP, k - k0);                                                               \
        for (gsize i = 0; i < n; i++)                                                                        \
          if (deep == DEEP)                                                                                  \
            memcpy (square[i], w + i * ld + k0, sizeof square[i]);                                           \
          else                                                                                               \
            memcpy (square[i], w + i * ld + k0, deep * sizeof (Element));                                    \
        turn (to + k0 * WIDTH, (const Element (*)[DEEP])square, deep);                                       \
      }                                                                                                      \
  }
DEFINE_PACK_STRIP (pack_strip, guint32, turn)
DEFINE_PACK_STRIP (pack_narrow_strip, guint16, turn_narrow)

static void
pack_panel (void *to, const void *w, gsize ld, gsize n, gsize k, gsize element)
{
  for (gsize i = 0; i < n; i += WIDTH)
    if (element == sizeof (guint32))
      pack_strip ((guint32 *)to + i * k, (const guint32 *)w + i * ld, ld, MIN (WIDTH, n - i), k);
    else
      pack_narrow_strip ((guint16 *)to + i * k, (const guint16 *)w + i * ld, ld, MIN (WIDTH, n - i), k);
}

/* Of columns side by side: what one step over k needs of a strip lies together already. Rows of w are far
 * from each other, so that no processor guesses the next one by itself. */
static void
pack_columns (void *to, const void *w, gsize ld, gsize n, gsize k, gsize element)
{
  const gsize whole = n / WIDTH * WIDTH, line = 64, ahead = 8 * ld * element;
  for (gsize p = 0; p < k; p++)
    {
      const guint8 *from = (const guint8 *)w + p * ld * element;
      guint8 *row = (guint8 *)to + p * WIDTH * element;
      for (gsize at = 0; p + 8 < k && at < n * element; at += line)
        __builtin_prefetch (from + ahead + at);
      for (gsize i = 0; i < whole; i += WIDTH)
        if (element == sizeof (guint32))
          memcpy (row + i * k * element, from + i * element, WIDTH * sizeof (guint32));
        else
          memcpy (row + i * k * element, from + i * element, WIDTH * sizeof (guint16));
      if (whole < n)
        {
          memset (row + whole * k * element, 0, WIDTH * element);
          memcpy (row + whole * k * element, from + whole * element, (n - whole) * element);
        }
    }
}

static gsize
count_blocks (gsize n_rows)
{
  return (n_rows + TALL - 1) / TALL;
}

/* Of a block of so many rows, packed. */
static gsize
block_floats (gsize n_rows, gsize k)
{
  return n_rows * eg_round_up (k, DEEP);
}

static void
pack_rows (float *to, const float *x, gsize ldx, gsize n_rows, gsize k)
{
  const gsize n = count_blocks (n_rows);
  for (gsize b = 0; b < n; b++)
    {
      const gsize first = n_rows * b / n, end = n_rows * (b + 1) / n;
      for (gsize k0 = 0; k0 < k; k0 += DEEP)
        for (gsize r = first; r < end; r++, to += DEEP)
          if (k - k0 >= DEEP)
            memcpy (to, x + r * ldx + k0, DEEP * sizeof *to);
          else
            memcpy (to, x + r * ldx + k0, (k - k0) * sizeof *to);
    }
}

/* ---- tiles ---- */

/* One step over k. */
#define STEP()                                                                                               \
  do                                                                                                         \
    {                                                                                                        \
      Lanes from[2];                                                                                         \
      for (gsize j = 0; j < columns; j++)                                                                    \
        from[j] = *(const LanesAt *)(panel + j * LANES);                                                     \
      _Pragma ("GCC unroll 16") for (gsize i = 0; i < rows; i++)                                             \
      {                                                                                                      \
        const Lanes value = x[i * DEEP] - (Lanes){ 0 };                                                      \
        for (gsize j = 0; j < columns; j++)                                                                  \
          sums[i][j] += value * from[j];                                                                     \
      }                                                                                                      \
      panel += WIDTH;                                                                                        \
      x++;                                                                                                   \
    }                                                                                                        \
  while (0)

/* Of a block of x and a strip of a panel, its first n ≤ columns · LANES rows. turned: as in EgPanelProduct */
typedef struct
{
  float *y;
  gsize ldy;
  const float *x, *panel;
  gsize n, k;
  const float *bias;
  gboolean turned;
} Tile;

/* Writes a tile whose rows are y's columns. found: [TALL, WIDTH], what is not asked for uninitialized */
static __attribute__ ((noinline)) void
write_turned (const Tile *it, float *found, gsize rows)
{
  const gsize whole_rows = rows / 4 * 4, whole_n = it->n / 4 * 4;
  for (gsize r = 0; r < it->n; r++)
    for (gsize i = r < whole_n ? whole_rows : 0; i < rows; i++)
      it->y[r * it->ldy + i] = found[i * WIDTH + r];
  for (gsize r = 0; r < whole_n; r += 4)
    for (gsize i = 0; i < whole_rows; i += 4)
      turn_four ((guint32 *)(it->y + r * it->ldy + i), it->ldy, (const guint32 *)found + i * WIDTH + r,
                 WIDTH);
}

static inline __attribute__ ((always_inline)) void
multiply_tile (const Tile *it, const gsize rows, const gsize columns)
{
  const float *restrict x = it->x, *restrict panel = it->panel;
  Lanes sums[TALL][2], total[TALL][2];
  for (gsize k = 0; k == 0 || k < it->k; k += CHAIN)
    {
      const gsize deep = MIN (CHAIN, it->k - k);
      _Pragma ("GCC unroll 16") for (gsize i = 0; i < rows; i++) sums[i][0] = sums[i][1] = (Lanes){ 0 };
      for (gsize k0 = 0; k0 + DEEP <= deep; k0 += DEEP, x += (rows - 1) * DEEP)
        for (gsize p = 0; p < DEEP; p++)
          STEP ();
      for (gsize p = 0; p < deep % DEEP; p++)
        STEP ();
      _Pragma ("GCC unroll 16") for (gsize i = 0; i < rows; i++) for (gsize j = 0; j < columns; j++)
          total[i][j]
          = k == 0 ? sums[i][j] : total[i][j] + sums[i][j];
    }

  float bias[WIDTH] = { 0 }, found[TALL][WIDTH];
  if (it->bias)
    memcpy (bias, it->bias, (it->turned ? rows : it->n) * sizeof *bias);
  const gboolean whole = it->n == columns * LANES && !it->turned;
  float *y = whole ? it->y : found[0];
  const gsize ld = whole ? it->ldy : WIDTH;
  _Pragma ("GCC unroll 16") for (gsize i = 0; i < rows; i++) for (gsize j = 0; j < columns; j++)
      AT (y + i * ld + j * LANES)
      = total[i][j] + (it->turned ? bias[i] - (Lanes){ 0 } : (Lanes)AT (bias + j * LANES));
  if (it->turned)
    write_turned (it, found[0], rows);
  for (gsize i = 0; !whole && !it->turned && i < rows; i++)
    memcpy (it->y + i * it->ldy, found[i], it->n * sizeof *y);
}

#define DEFINE_TILE(rows)                                                                                    \
  static void multiply_##rows (const Tile *it)                                                               \
  {                                                                                                          \
    if (it->n > LANES)                                                                                       \
      multiply_tile (it, rows, 2);                                                                           \
    else                                                                                                     \
      multiply_tile (it, rows, 1);                                                                           \
  }
DEFINE_TILE (1)
DEFINE_TILE (2)
DEFINE_TILE (3)
DEFINE_TILE (4)
DEFINE_TILE (5)
DEFINE_TILE (6)
#if TALL > 6
DEFINE_TILE (7)
DEFINE_TILE (8)
DEFINE_TILE (9)
DEFINE_TILE (10)
DEFINE_TILE (11)
DEFINE_TILE (12)
DEFINE_TILE (13)
DEFINE_TILE (14)
#endif

/* By the number of rows. */
static void (*const tiles[TALL + 1]) (const Tile *it) = {
  NULL,       multiply_1, multiply_2, multiply_3,  multiply_4,  multiply_5,  multiply_6,
#if TALL > 6
  multiply_7, multiply_8, multiply_9, multiply_10, multiply_11, multiply_12, multiply_13, multiply_14,
#endif
};

static void
multiply (const EgPanelProduct *op)
{
  const gsize n_blocks = count_blocks (op->n_rows);
  const float *x = op->x;
  for (gsize b = 0; b < n_blocks; b++)
    {
      const gsize first = op->n_rows * b / n_blocks, rows = op->n_rows * (b + 1) / n_blocks - first;
      for (gsize i = 0; i < op->n; i += WIDTH)
        {
          const Tile tile = { .y = op->turned ? op->y + i * op->ldy + first : op->y + first * op->ldy + i,
                              .ldy = op->ldy,
                              .x = x,
                              .panel = op->panel + i * op->k,
                              .n = MIN (WIDTH, op->n - i),
                              .k = op->k,
                              .bias = op->bias ? op->bias + (op->turned ? first : i) : NULL,
                              .turned = op->turned };
          tiles[rows](&tile);
        }
      x += block_floats (rows, op->k);
    }
}

const EgPackedKernels EG_PACKED = {
  .width = WIDTH,
  .deep = DEEP,
  .pack_panel = pack_panel,
  .pack_columns = pack_columns,
  .pack_rows = pack_rows,
  .multiply = multiply,
};
