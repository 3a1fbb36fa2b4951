/* What runs each op: with inputs drawn at random, of the sizes in a case's n, all that it writes to
 * lane->out. */
#pragma once

#include "op-cases.h"

G_BEGIN_DECLS

void op_run_norm (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_add (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_activate (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_copy_rows (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_tables (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_embed (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_gemm (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_gate (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_conv (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_scan (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_scan_heads (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_step_size (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_group_norm (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_head (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_top (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_stage (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_attention (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_rotate (OpLane *lane, const OpCase *self, GRand *rand);

void op_run_back_gemm (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_back_norm (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_back_group_norm (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_back_gate (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_back_activate (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_back_step_size (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_back_logits (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_back_dots (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_back_conv (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_back_scan (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_back_scan_heads (OpLane *lane, const OpCase *self, GRand *rand);
void op_run_back_attention (OpLane *lane, const OpCase *self, GRand *rand);

/* Heads, P, G, N, as one number of a case: HHPPPGNNN. */
typedef struct
{
  gsize H, P, G, N;
} OpHeads;
OpHeads op_heads (gsize number);

/* Segments of so many rows in turn, until `rows` are reached: 1, 2, …, longest, 1, 2 … (element-type gsize)
 * (transfer full) */
GArray *op_ragged (gsize rows, gsize longest);

G_END_DECLS
