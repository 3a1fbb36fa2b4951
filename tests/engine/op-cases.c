/* The list of shapes of every op. */
#include "op-cases.h"

#include "op-runs.h"

#include <string.h>

typedef struct
{
  const char *op;
  void (*run) (OpLane *lane, const OpCase *self, GRand *rand);
  double tolerance;
  gboolean multiplies;
  const char *shape; /* of n */
} Op;

static const Op rmsnorm = { "rmsnorm", op_run_norm, 1e-6, FALSE, "%zu rows of %zu" };
/* A mean of numbers about 3 is known to 3·2^−24, and what is left of it is of size 1. */
static const Op layernorm = { "layernorm", op_run_norm, 2e-6, FALSE, "%zu rows of %zu, layer %zu" };
static const Op add = { "add", op_run_add, 1e-7, FALSE, "%zu numbers, offset %zu" };
static const Op softplus = { "softplus", op_run_activate, 1e-6, FALSE, "%zu numbers" };
/* Of numbers to 4: some ulp of each. */
static const Op activate = { "activate", op_run_activate, 3e-7, FALSE, "%zu numbers, kind %zu" };
/* Scores of d_head products, to 10 or so, are known to 1e-6, and so are their exponentials' shares of the
 * sum. */
static const Op attention = { "attention", op_run_attention, 4e-6, FALSE,
                              "%zu rows, segments to %zu, behind %zu, %zu heads of %zu, flags %zu" };
static const Op rotate = { "rotate", op_run_rotate, 1e-6, FALSE,
                           "%zu rows, segments to %zu, behind %zu, %zu heads of %zu, %zu rotated" };
static const Op copy_rows = { "copy_rows", op_run_copy_rows, 0, FALSE, "%zu rows of %zu, every %zu" };
static const Op tables = { "copy_rows", op_run_tables, 0, FALSE, "%zu rows, %zu times" };
static const Op embed = { "embed", op_run_embed, 0, FALSE, "[%zu, %zu] type %zu, row %zu" };
static const Op gemm
    = { "gemm", op_run_gemm, 2e-6, TRUE, "%zu x %zu x %zu type %zu +%zu bias %zu, transposed %zu" };
static const Op conv
    = { "conv_silu", op_run_conv, 1e-6, FALSE, "%zu rows, segments to %zu, D %zu, K %zu, bias %zu" };
static const Op scan
    = { "scan", op_run_scan, 5e-6, FALSE, "%zu rows, segments to %zu, D %zu, N %zu, outputs %zu, given %zu" };
static const Op scan_heads = { "scan_heads", op_run_scan_heads, 5e-6, FALSE,
                               "%zu rows, segments to %zu, given %zu, HHPPPGNNN %09zu, outputs %zu" };
static const Op step_size = { "step_size", op_run_step_size, 1e-6, FALSE, "%zu rows of %zu, limits %zu" };
static const Op group_norm
    = { "group_norm", op_run_group_norm, 1e-6, FALSE, "%zu rows, %zu groups of %zu, weights %zu" };
static const Op gate = { "gate", op_run_gate, 1e-6, FALSE, "%zu rows of %zu" };
static const Op head
    = { "head", op_run_head, 5e-6, TRUE, "%zu rows, V %zu, d %zu type %zu, target %zu, asks %zu" };
static const Op top = { "top", op_run_top, 1e-7, FALSE, "%zu values, k %zu, of %zu kinds, each %zu-th NaN" };
static const Op stage = { "stage", op_run_stage, 0, FALSE, "%zu bytes" };

/* Backward ops. */
static const Op back_gemm = { "back gemm", op_run_back_gemm, 2e-6, TRUE,
                              "%zu x %zu x %zu type %zu +%zu added %zu, transposed %zu" };
static const Op back_norm = { "back norm", op_run_back_norm, 2e-6, FALSE, "%zu rows of %zu, layer %zu" };
static const Op back_group_norm
    = { "back group_norm", op_run_back_group_norm, 2e-6, FALSE, "%zu rows, %zu groups of %zu, weights %zu" };
static const Op back_gate = { "back gate", op_run_back_gate, 1e-6, FALSE, "%zu rows of %zu" };
static const Op back_activate
    = { "back activate", op_run_back_activate, 4e-6, FALSE, "%zu numbers, kind %zu" };
static const Op back_step_size
    = { "back step_size", op_run_back_step_size, 1e-6, FALSE, "%zu rows of %zu, limits %zu" };
static const Op back_logits
    = { "back logits", op_run_back_logits, 2e-6, FALSE, "%zu rows of %zu, to %zu, weights %zu" };
static const Op back_dots = { "dots", op_run_back_dots, 2e-6, FALSE, "%zu rows, lanes to %zu, width %zu" };
static const Op back_conv = { "back conv_silu", op_run_back_conv, 2e-6, FALSE,
                              "%zu rows, segments to %zu, D %zu, K %zu, bias %zu" };
static const Op back_scan
    = { "back scan", op_run_back_scan, 5e-6, FALSE, "%zu rows, lanes to %zu, D %zu, N %zu, given %zu" };
static const Op back_scan_heads = { "back scan_heads", op_run_back_scan_heads, 5e-6, FALSE,
                                    "%zu rows, lanes to %zu, given %zu, HHPPPGNNN %09zu" };
static const Op back_attention = { "back attention", op_run_back_attention, 4e-6, FALSE,
                                   "%zu rows, segments to %zu, behind %zu, %zu heads of %zu" };

static void
add_case (GPtrArray *cases, const Op *op, const gsize n[7], double flops, double floats)
{
  OpCase *it = g_new0 (OpCase, 1);
  it->op = op->op;
  it->run = op->run;
  it->tolerance = op->tolerance;
  it->multiplies = op->multiplies;
  it->flops = flops;
  it->bytes = floats * sizeof (float);
  memcpy (it->n, n, sizeof it->n);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  it->shape = g_strdup_printf (op->shape, n[0], n[1], n[2], n[3], n[4], n[5], n[6]);
#pragma GCC diagnostic pop
  g_ptr_array_add (cases, it);
}

static double
product (const gsize *n, guint count)
{
  double value = 1;
  for (guint i = 0; i < count; i++)
    value *= (double)n[i];
  return value;
}

#define ADD_ALL(op, flops, floats, ...)                                                                      \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    static const gsize shapes[][7] = { __VA_ARGS__ };                                                        \
    for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)                                                        \
      {                                                                                                      \
        const gsize *n = shapes[i];                                                                          \
        add_case (cases, op, n, flops, floats);                                                              \
      }                                                                                                      \
  }                                                                                                          \
  G_STMT_END

static void
case_free (gpointer data)
{
  OpCase *it = data;
  g_free (it->shape);
  g_free (it);
}

/* Floats that a scan moves: Δ, c, z and y of each row and channel, and B and C. */
#define SCAN_FLOATS (product (n, 1) * (4.0 * (double)n[2] + 2.0 * (double)n[3]))
#define SCAN_FLOPS  (6 * (double)n[0] * (double)n[2] * (double)n[3])
#define GEMM_FLOATS ((double)n[0] * (double)n[1] + (double)n[1] * (double)n[2] + (double)n[0] * (double)n[2])

/* Of segments with half of the positions before them, and half of their own rows. */
#define ATTENTION_FLOPS  (2 * (double)n[0] * (double)(n[1] / 2 + n[2]) * (double)n[3] * (double)n[4])
#define ATTENTION_FLOATS (4 * (double)n[0] * (double)n[3] * (double)n[4])

static void
add_large (GPtrArray *cases)
{
  ADD_ALL (&rmsnorm, 0, 2 * product (n, 2), { 8192, 768 }, { 8192, 2560 });
  ADD_ALL (&layernorm, 0, 2 * product (n, 2), { 8192, 768, 1 }, { 8192, 2560, 1 });
  ADD_ALL (&softplus, 0, 2 * product (n, 1), { 8192 * 1536 }, { 8192 * 5120 });
  ADD_ALL (&activate, 0, 2 * product (n, 1), { 8192 * 3072, EG_ACTIVATION_GELU_TANH });
  ADD_ALL (&attention, ATTENTION_FLOPS, ATTENTION_FLOATS, { 8192, 7, 7, 12, 64 }, { 2048, 1024, 0, 12, 64 },
           { 8192, 7, 7, 20, 128 });
  ADD_ALL (&rotate, 0, 2 * (double)n[0] * (double)n[3] * (double)n[4], { 8192, 7, 7, 12, 64, 16 });
  ADD_ALL (&add, 0, 3 * product (n, 1), { 8192 * 768 }, { 8192 * 2560 });
  ADD_ALL (&copy_rows, 0, 2 * product (n, 2), { 8192, 1536, 3072 });
  ADD_ALL (&conv, 0, 2 * (double)n[0] * (double)n[2], { 8192, 7, 1536, 4, 1 }, { 8192, 7, 5120, 4, 1 });
  ADD_ALL (&scan, SCAN_FLOPS, SCAN_FLOATS, { 8192, 7, 1536, 16 }, { 8192, 7, 5120, 16 },
           { 512, 512, 1536, 16 });
  ADD_ALL (&scan_heads, 5.0 * (double)n[0] * 24 * 64 * 128, (double)n[0] * (2 * 1536 + 280),
           { 8192, 7, 0, 240641128 });
  ADD_ALL (&step_size, 0, 2 * product (n, 2), { 8192, 24 });
  ADD_ALL (&group_norm, 0, 2 * product (n, 3), { 8192, 1, 1536, 1 }, { 8192, 8, 1024, 1 });
  ADD_ALL (&gemm, 2 * product (n, 3), GEMM_FLOATS, { 8192, 3072, 768 }, { 8192, 768, 1536 },
           { 8192, 10240, 2560 }, { 8192, 2560, 5120 }, { 8192, 10240, 2560, EG_DTYPE_F16 });
  ADD_ALL (&head, 2 * product (n, 3), GEMM_FLOATS, { 1680, 50280, 768, 0, 5, 3 });
  ADD_ALL (&top, 0, (double)n[0], { 50280, 10 });
}

static void
add_small_back (GPtrArray *cases)
{
  ADD_ALL (&back_gemm, 2 * product (n, 3), GEMM_FLOATS, { 1, 1, 1, 0, 0, 0 }, { 1, 17, 33, 0, 2, 1 },
           { 7, 5, 3, 1, 3, 0 }, { 70, 129, 65, 0, 1, 1 }, { 70, 129, 65, 1, 1, 0 }, { 3, 900, 700, 2, 0, 1 },
           { 1, 17, 33, 0, 2, 1, 1 }, { 70, 129, 65, 0, 1, 1, 1 }, { 70, 900, 700, 1, 1, 0, 1 },
           { 3, 900, 65, 2, 0, 1, 1 });
  ADD_ALL (&back_norm, 0, 3 * product (n, 2), { 1, 2, 0 }, { 3, 33, 0 }, { 2, 2560, 0 }, { 3, 33, 1 },
           { 257, 64, 1 });
  ADD_ALL (&back_group_norm, 0, 3 * product (n, 3), { 3, 1, 33, 0 }, { 57, 2, 64, 1 }, { 2, 8, 300, 1 });
  ADD_ALL (&back_gate, 0, 5 * product (n, 2), { 1, 1 }, { 3, 33 }, { 57, 300 });
  ADD_ALL (&back_activate, 0, 3 * product (n, 1), { 7, EG_ACTIVATION_SOFTPLUS },
           { 4099, EG_ACTIVATION_SOFTPLUS }, { 4099, EG_ACTIVATION_GELU }, { 4099, EG_ACTIVATION_GELU_TANH },
           { 4099, EG_ACTIVATION_RELU }, { 4099, EG_ACTIVATION_SILU });
  ADD_ALL (&back_step_size, 0, 3 * product (n, 2), { 1, 1, 0 }, { 33, 24, 1 }, { 2, 300, 1 });
  ADD_ALL (&back_logits, 0, 2 * product (n, 2), { 1, 1, 1, 0 }, { 3, 317, 2, 1 }, { 2, 5000, 30, 0 });
  ADD_ALL (&back_dots, 0, 3 * product (n, 1) * (double)n[2], { 1, 1, 1 }, { 20, 7, 33 }, { 30, 9, 1537 });
  ADD_ALL (&back_conv, 0, 0, { 1, 1, 1, 1, 1 }, { 5, 2, 3, 2, 0 }, { 30, 7, 38, 3, 1 },
           { 90, 40, 129, 4, 1 });
  ADD_ALL (&back_scan, 0, 0, { 1, 1, 1, 1 }, { 6, 3, 3, 1, 1 }, { 30, 9, 40, 5, 1 }, { 28, 7, 256, 16 },
           { 9, 4, 70, 24, 1 }, { 9, 4, 17, 256 });
  ADD_ALL (&back_scan_heads, 0, 0, { 1, 1, 0, 10011001 }, { 6, 3, 1, 20031001 }, { 20, 7, 1, 40092003 },
           { 28, 7, 0, 20641016 }, { 9, 4, 1, 40642128 });
  ADD_ALL (&back_attention, 0, 0, { 1, 1, 0, 1, 1 }, { 6, 3, 5, 2, 3 }, { 28, 7, 12, 3, 64 },
           { 45, 9, 40, 2, 33 }, { 12, 5, 3, 1, 130 });
}

static void
add_small (GPtrArray *cases)
{
  ADD_ALL (&rmsnorm, 0, 2 * product (n, 2), { 1, 1 }, { 3, 33 }, { 257, 64 }, { 2, 2560 }, { 10000, 5 });
  ADD_ALL (&add, 0, 3 * product (n, 1), { 1, 0 }, { 7, 1 }, { 4096, 0 }, { 4096, 1 }, { 70001, 0 });
  ADD_ALL (&layernorm, 0, 2 * product (n, 2), { 1, 1, 1 }, { 1, 2, 1 }, { 3, 33, 1 }, { 257, 64, 1 },
           { 2, 2560, 1 }, { 10000, 5, 1 });
  ADD_ALL (&softplus, 0, 2 * product (n, 1), { 1 }, { 6 }, { 4096 }, { 70001 });
  ADD_ALL (&activate, 0, 2 * product (n, 1), { 6, EG_ACTIVATION_GELU }, { 4096, EG_ACTIVATION_GELU },
           { 70001, EG_ACTIVATION_GELU }, { 7, EG_ACTIVATION_GELU_TANH }, { 4096, EG_ACTIVATION_GELU_TANH },
           { 70001, EG_ACTIVATION_GELU_TANH }, { 5, EG_ACTIVATION_RELU }, { 4096, EG_ACTIVATION_RELU },
           { 3, EG_ACTIVATION_SILU }, { 4096, EG_ACTIVATION_SILU }, { 70001, EG_ACTIVATION_SILU });
  ADD_ALL (&attention, ATTENTION_FLOPS, ATTENTION_FLOATS, { 1, 1, 0, 1, 1, 0 }, { 3, 3, 0, 1, 2, 0 },
           { 6, 3, 5, 2, 3, 1 }, { 20, 7, 9, 3, 16, 4 }, { 20, 7, 9, 3, 17, 6 }, { 30, 9, 40, 2, 31, 5 },
           { 40, 20, 33, 1, 32, 2 }, { 45, 9, 64, 2, 33, 0 }, { 28, 7, 12, 12, 64, 0 },
           { 28, 7, 12, 12, 64, 7 }, { 33, 33, 0, 5, 65, 0 }, { 70, 70, 70, 2, 80, 4 },
           { 19, 6, 35, 3, 96, 3 }, { 37, 8, 31, 2, 128, 4 }, { 18, 17, 50, 2, 129, 4 },
           { 12, 5, 40, 1, 256, 5 }, { 9, 5, 3, 2, 300, 0 }, { 1, 1, 300, 2, 64, 0 },
           { 300, 300, 0, 1, 8, 0 }, { 200, 150, 90, 1, 20, 4 });
  ADD_ALL (&rotate, 0, 2 * (double)n[0] * (double)n[3] * (double)n[4], { 1, 1, 0, 1, 1, 0 },
           { 3, 3, 0, 1, 2, 2 }, { 20, 7, 9, 3, 16, 4 }, { 45, 9, 2000, 2, 33, 32 },
           { 28, 7, 12, 12, 64, 16 }, { 1500, 1500, 0, 2, 80, 80 }, { 12, 5, 40, 1, 300, 290 });
  ADD_ALL (&copy_rows, 0, 2 * product (n, 2), { 1, 1, 1 }, { 3, 7, 9 }, { 300, 16, 32 }, { 10000, 4, 4 });
  ADD_ALL (&tables, 0, 2 * product (n, 2), { 2000, 20 });
  ADD_ALL (&embed, 0, (double)n[1], { 5, 3, 0, 4 }, { 5, 3, 1, 4 }, { 5, 3, 2, 1 }, { 100, 768, 0, 50 },
           { 100, 768, 1, 99 }, { 100, 768, 2, 0 });
  ADD_ALL (&gemm, 2 * product (n, 3), GEMM_FLOATS, { 1, 1, 1, 0, 0, 0 }, { 1, 17, 33, 0, 2, 1 },
           { 7, 5, 3, 1, 3, 0 }, { 7, 5, 3, 2, 3, 1 }, { 2, 300, 64, 1, 0, 1 }, { 70, 129, 65, 0, 1, 1 },
           { 70, 129, 65, 1, 1, 0 }, { 70, 129, 65, 2, 1, 0 }, { 3, 900, 700, 2, 0, 0 },
           { 10000, 3, 5, 0, 0, 1 }, { 1, 17, 33, 0, 2, 1, 1 }, { 70, 129, 65, 0, 1, 1, 1 },
           { 70, 900, 700, 1, 1, 0, 1 }, { 3, 900, 65, 2, 0, 1, 1 });
  ADD_ALL (&conv, 0, 2 * (double)n[0] * (double)n[2], { 1, 1, 1, 1, 1 }, { 5, 2, 3, 2, 0 },
           { 30, 7, 38, 3, 1 }, { 90, 9, 129, 4, 1 }, { 40, 40, 65, 4, 0 }, { 70, 70, 33, 7, 1 },
           { 10000, 10000, 2, 4, 1 });
  ADD_ALL (&scan, SCAN_FLOPS, SCAN_FLOATS, { 1, 1, 1, 1 }, { 6, 3, 3, 1 }, { 20, 7, 38, 2 },
           { 20, 5, 129, 3, 1 }, { 30, 9, 64, 4 }, { 30, 9, 40, 5, 2 }, { 12, 4, 130, 8, 1 },
           { 9, 3, 70, 13 }, { 28, 7, 256, 16 }, { 28, 7, 256, 16, 1 }, { 150, 2, 512, 16 },
           { 80, 80, 20, 16 }, { 9, 3, 70, 17 }, { 9, 4, 70, 24 }, { 9, 4, 33, 32, 1 }, { 20, 7, 20, 64 },
           { 9, 4, 20, 100 }, { 9, 4, 20, 128, 2 }, { 9, 4, 11, 200 }, { 9, 4, 17, 256 }, { 9, 9, 3, 256, 1 },
           { 10000, 10000, 2, 16, 1 }, { 28, 7, 256, 16, 0, 1 }, { 9, 4, 70, 24, 1, 1 },
           { 9, 4, 17, 256, 0, 1 }, { 30, 9, 40, 5, 2, 1 });
  ADD_ALL (&scan_heads, 0, 0, { 1, 1, 0, 10011001 }, { 6, 3, 0, 20031001, 1 }, { 20, 7, 0, 40092003 },
           { 20, 5, 1, 60232004, 1 }, { 30, 9, 0, 30401005, 2 }, { 12, 4, 1, 80164016 },
           { 28, 7, 0, 20641016, 1 }, { 9, 3, 1, 30653017 }, { 9, 4, 0, 41001032, 1 }, { 20, 7, 1, 20481064 },
           { 28, 7, 0, 40641128 }, { 28, 7, 1, 40642128, 1 }, { 9, 4, 0, 21301200, 2 }, { 9, 9, 1, 10031256 },
           { 9, 9, 0, 20201256, 1 }, { 10000, 10000, 0, 10021016, 1 });
  ADD_ALL (&step_size, 0, 2 * product (n, 2), { 1, 1 }, { 3, 33, 1 }, { 257, 24 }, { 2, 300, 1 });
  ADD_ALL (&group_norm, 0, 2 * product (n, 3), { 1, 1, 1, 0 }, { 3, 1, 33, 0 }, { 257, 2, 64, 1 },
           { 2, 8, 300, 1 }, { 10000, 3, 5, 0 }, { 4, 1, 1536, 1 });
  ADD_ALL (&gate, 0, 3 * product (n, 2), { 1, 1 }, { 3, 33 }, { 257, 64 });
  ADD_ALL (&head, 2 * product (n, 3), GEMM_FLOATS, { 1, 5, 4, 0, 0, 3 }, { 1, 1, 3, 0, 0, 3 },
           { 9, 317, 19, 1, 316, 0 }, { 9, 317, 19, 2, 100, 3 }, { 40, 20000, 24, 0, 7000, 3 },
           { 300, 2500, 8, 0, 2400, 1 });
  ADD_ALL (&top, 0, (double)n[0], { 1, 1 }, { 2, 2 }, { 5, 5, 1 }, { 300, 7 }, { 1024, 3, 2 },
           { 4096, 256, 40 }, { 5000, 257 }, { 50280, 5 }, { 50280, 40, 3 }, { 3000, 9, 0, 3 },
           { 600, 300, 7, 50 });
  ADD_ALL (&stage, 0, 0, { 4 }, { 100000 }, { 36 << 20 });
}

GPtrArray *
op_cases_new (gboolean large)
{
  GPtrArray *cases = g_ptr_array_new_with_free_func (case_free);
  if (large)
    add_large (cases);
  else
    {
      add_small (cases);
      add_small_back (cases);
    }
  return cases;
}

void
op_case_run (const OpCase *self, OpLane *lane)
{
  guint32 seed = g_str_hash (self->shape);
  GRand *rand = g_rand_new_with_seed (seed);
  g_array_set_size (lane->out, 0);
  lane->seconds = 0;
  self->run (lane, self, rand);
  g_rand_free (rand);
  op_lane_release (lane);
}
