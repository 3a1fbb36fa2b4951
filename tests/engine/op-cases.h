/* Every op of a backend over a list of shapes, with inputs that depend on the case alone, so that two
 * backends can be compared number by number. */
#pragma once

#include "op-lane.h"

G_BEGIN_DECLS

/**
 * OpCase:
 * @tolerance: of the greatest error, relative to the largest value; is widened by a backend's precision where
 * @multiplies
 * @flops, @bytes: what the op has to do, and to move at the least
 */
typedef struct _OpCase OpCase;
struct _OpCase
{
  const char *op;
  char *shape;
  void (*run) (OpLane *lane, const OpCase *self, GRand *rand);
  gsize n[7]; /* sizes, by each op's own meaning */
  double tolerance, flops, bytes;
  gboolean multiplies;
};

/* All cases; large: shapes of real models instead, for timing. (transfer full) */
GPtrArray *op_cases_new (gboolean large);

/* Fills lane->out and lane->seconds. */
void op_case_run (const OpCase *self, OpLane *lane);

G_END_DECLS
