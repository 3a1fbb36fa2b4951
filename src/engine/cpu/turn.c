/* Exchanges rows and columns, by way of squares: lines of the cache that are so far apart as rows of a wide
 * matrix push each other out of it. */
#include "engine/cpu/lane.h"

#include <string.h>

/* A file's numbers may stand at odd addresses. */
typedef guint32 Word __attribute__ ((aligned (1), may_alias));
typedef guint16 HalfWord __attribute__ ((aligned (1), may_alias));

#define SIDE 32

#define DEFINE_TURN(NAME, Number)                                                                            \
  static void NAME (Number *to, const Number *from, gsize ld, gsize rows, gsize cols)                        \
  {                                                                                                          \
    Number square[SIDE][SIDE];                                                                               \
    for (gsize r0 = 0; r0 < rows; r0 += SIDE)                                                                \
      for (gsize c0 = 0; c0 < cols; c0 += SIDE)                                                              \
        {                                                                                                    \
          const gsize n_rows = MIN (SIDE, rows - r0), n_cols = MIN (SIDE, cols - c0);                        \
          for (gsize r = 0; r < n_rows; r++)                                                                 \
            memcpy (square[r], from + (r0 + r) * ld + c0, n_cols * sizeof (Number));                         \
          for (gsize c = 0; c < n_cols; c++)                                                                 \
            for (gsize r = 0; r < n_rows; r++)                                                               \
              to[(c0 + c) * rows + r0 + r] = square[r][c];                                                   \
        }                                                                                                    \
  }
DEFINE_TURN (turn_words, Word)
DEFINE_TURN (turn_half_words, HalfWord)

void
eg_cpu_turn (void *to, const void *from, gsize ld, gsize rows, gsize cols, gsize element)
{
  if (element == sizeof (Word))
    turn_words (to, from, ld, rows, cols);
  else
    turn_half_words (to, from, ld, rows, cols);
}
