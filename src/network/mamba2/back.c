/* Back through a Mamba-2 block: what of it is not kept is computed again, from [x | B | C | dt | z]. */
#include "network/mamba2/private.h"
#include "network/ssm/back.h"
#include "network/ssm/input.h"

static const EgMamba2Sizes *
sizes_of (const EgWorkspace *workspace)
{
  return (const EgMamba2Sizes *)workspace->sizes;
}

static gboolean
reserve (EgWorkspace *workspace, const EgLayerBack *back, GError **error)
{
  const EgMamba2Sizes *sizes = sizes_of (workspace);
  EgMamba2Back *own = &((EgMamba2Own *)workspace->own)->back;
  const gsize D = sizes->d_inner, n = back->n_graded_rows;
  return eg_workspace_reserve (workspace, &own->history, back->n_lanes * (sizes->d_conv - 1) + 1,
                               sizes->d_xbc, error)
         && eg_workspace_reserve (workspace, &own->gated, back->n_rows, D, error)
         && eg_workspace_reserve (workspace, &own->normed, back->n_rows, D, error)
         && eg_workspace_reserve (workspace, &own->dinput, n, workspace->sizes->d_input, error)
         && eg_workspace_reserve (workspace, &own->dconv, n, sizes->d_xbc, error)
         && eg_workspace_reserve (workspace, &own->dy, n, D, error)
         && eg_workspace_reserve (workspace, &own->ddelta, n, sizes->n_heads, error);
}

/* [c | B | C], Δ, and y before its gate, after it, and after its norm, of all rows. */
static void
run_again (EgWorkspace *workspace, const EgLayerBack *back, const EgConvRows *conv)
{
  EgMamba2Own *own = workspace->own;
  const gsize D = sizes_of (workspace)->d_inner, ld = workspace->sizes->d_input, n = back->n_rows;
  const float *input = workspace->input.memory;
  float *c = own->c.memory, *delta = own->delta.memory, *y = own->y.memory;
  float *gated = own->back.gated.memory, *normed = own->back.normed.memory;
  eg_mamba2_convolve (workspace, input, ld, conv, back->n_lanes, c);
  eg_mamba2_compute_steps (workspace, input, ld, n, delta);
  g_autofree EgScanRows *rows = eg_ssm_scan_rows (back);
  EgHeadScan scan = eg_mamba2_scan_of (workspace, c, delta);
  scan.y = y;
  scan.segments = rows;
  scan.n_segments = back->n_lanes;
  workspace->backend->scan_heads (workspace->stream, &scan);
  eg_workspace_copy (workspace, gated, y, n * D);
  eg_mamba2_gate (workspace, gated, input + ld - D, ld, n);
  eg_workspace_copy (workspace, normed, gated, n * D);
  eg_mamba2_norm (workspace, normed, n);
}

/* dy, of what is gated, and dz. */
static void
back_output (EgWorkspace *workspace, const EgLayerBack *back)
{
  const EgMamba2Sizes *sizes = sizes_of (workspace);
  const EgMamba2Layer *w = workspace->layer;
  EgMamba2Own *own = workspace->own;
  const gsize D = sizes->d_inner, d = workspace->sizes->d_model, ld = workspace->sizes->d_input;
  const gsize n = back->n_graded_rows;
  float *dy = own->back.dy.memory, *dz = own->back.dinput.memory + ld - D;
  const float *z = workspace->input.memory + ld - D;
  eg_back_gemm (workspace, dy, D, back->gradient, d, n, &w->out_proj, FALSE);
  eg_back_visit (workspace, back, MAMBA2_NORM, dy, D, own->back.normed.memory, D);
  const EgGroupNormBack norm = { .d = dy,
                                 .ldd = D,
                                 .x = own->back.gated.memory,
                                 .ldx = D,
                                 .n_rows = n,
                                 .n_groups = sizes->n_groups,
                                 .width = D / sizes->n_groups,
                                 .weight = w->gate_norm,
                                 .eps = sizes->gate_eps };
  workspace->backend->back->group_norm (workspace->stream, &norm);
  const EgGateBack gate
      = { .dy = dy, .dz = dz, .lddz = ld, .y = own->y.memory, .z = z, .ldz = ld, .n_rows = n, .n_inner = D };
  workspace->backend->back->gate (workspace->stream, &gate);
  eg_back_visit (workspace, back, MAMBA2_GATE, dz, ld, z, ld);
  eg_back_visit (workspace, back, MAMBA2_SSM, dy, D, own->y.memory, D);
}

static void
back_scan (EgWorkspace *workspace, const EgLayerBack *back)
{
  const EgMamba2Sizes *sizes = sizes_of (workspace);
  EgMamba2Own *own = workspace->own;
  const gsize D = sizes->d_inner, GN = sizes->n_groups * sizes->d_state, ld = sizes->d_xbc;
  float *dconv = own->back.dconv.memory;
  g_autofree EgScanLane *lanes = eg_ssm_scan_lanes (back);
  const EgHeadScan scan = eg_mamba2_scan_of (workspace, own->c.memory, own->delta.memory);
  const EgHeadScanBack op = { .ddelta = own->back.ddelta.memory,
                              .dc = dconv,
                              .db = dconv + D,
                              .dcr = dconv + D + GN,
                              .ldd = ld,
                              .dy = own->back.dy.memory,
                              .delta = scan.delta,
                              .c = scan.c,
                              .b_rows = scan.b_rows,
                              .c_rows = scan.c_rows,
                              .ld = scan.ld,
                              .lanes = lanes,
                              .n_lanes = back->n_lanes,
                              .n_graded = back->n_graded,
                              .dots = back->pairs,
                              .n_dots = eg_back_count_dots (back, MAMBA2_STATE),
                              .full = back->full + MAMBA2_STATE * back->n_out,
                              .direct = back->direct + MAMBA2_STATE * back->n_out,
                              .n_heads = scan.n_heads,
                              .d_head = scan.d_head,
                              .n_groups = scan.n_groups,
                              .n_state = scan.n_state,
                              .a = scan.a,
                              .skip = scan.skip };
  workspace->backend->back->scan_heads (workspace->stream, &op);
  eg_back_visit (workspace, back, MAMBA2_DELTA, op.ddelta, sizes->n_heads, scan.delta, sizes->n_heads);
  eg_back_visit (workspace, back, MAMBA2_B, op.db, ld, scan.b_rows, ld);
  eg_back_visit (workspace, back, MAMBA2_C, op.dcr, ld, scan.c_rows, ld);
  eg_back_visit (workspace, back, MAMBA2_CONV, dconv, ld, own->c.memory, ld);
}

/* To dt, and through the convolution to [x | B | C]. */
static void
back_conv (EgWorkspace *workspace, const EgLayerBack *back, const EgConvRows *conv)
{
  const EgMamba2Sizes *sizes = sizes_of (workspace);
  const EgMamba2Layer *w = workspace->layer;
  EgMamba2Own *own = workspace->own;
  const gsize ld = workspace->sizes->d_input, width = sizes->d_xbc;
  const float *x = workspace->input.memory;
  float *dx = own->back.dinput.memory;
  const EgStepSizeBack step = { .dx = dx + width,
                                .lddx = ld,
                                .ddelta = own->back.ddelta.memory,
                                .x = x + width,
                                .ldx = ld,
                                .n_rows = back->n_graded_rows,
                                .n_heads = sizes->n_heads,
                                .bias = w->dt_bias,
                                .least = sizes->least_step,
                                .most = sizes->most_step };
  workspace->backend->back->step_size (workspace->stream, &step);
  const EgConvBack op = { .dx = dx,
                          .lddx = ld,
                          .dc = own->back.dconv.memory,
                          .x = x,
                          .ldx = ld,
                          .segments = conv,
                          .n_segments = back->n_graded,
                          .n_inner = width,
                          .n_conv = sizes->d_conv,
                          .w = w->conv,
                          .bias = w->conv_bias };
  workspace->backend->back->conv_silu (workspace->stream, &op);
  const EgConvDots dots = { .full = back->full + MAMBA2_CONV_STATE * back->n_out,
                            .direct = back->direct + MAMBA2_CONV_STATE * back->n_out,
                            .du = own->back.dconv.memory,
                            .x = x,
                            .ldx = ld,
                            .rows = back->pairs,
                            .n = eg_back_count_dots (back, MAMBA2_CONV_STATE),
                            .n_inner = width,
                            .n_conv = sizes->d_conv,
                            .w = w->conv };
  workspace->backend->back->conv_dots (workspace->stream, &dots);
  eg_back_visit (workspace, back, MAMBA2_CONV_IN, dx, ld, x, ld);
}

/* Through the projection, whose rows begin with the gate's, and the norm to the rows before the layer. */
static void
back_input (EgWorkspace *workspace, const EgLayerBack *back)
{
  const gsize d = workspace->sizes->d_model, D = sizes_of (workspace)->d_inner;
  const gsize ld = workspace->sizes->d_input, n = back->n_graded_rows;
  const EgMamba2Layer *w = workspace->layer;
  const EgMatrix gate = eg_ssm_rows_of (&w->in_proj, 0, D), rest = eg_ssm_rows_of (&w->in_proj, D, ld - D);
  const float *dinput = ((EgMamba2Own *)workspace->own)->back.dinput.memory;
  eg_back_gemm (workspace, workspace->n.memory, d, dinput, ld, n, &rest, FALSE);
  eg_back_gemm (workspace, workspace->n.memory, d, dinput + ld - D, ld, n, &gate, TRUE);
  const EgNormBack norm = { .dx = back->gradient,
                            .dy = workspace->n.memory,
                            .x = workspace->r.memory,
                            .n_rows = n,
                            .d = d,
                            .weight = w->norm,
                            .eps = workspace->sizes->norm_eps };
  workspace->backend->back->norm (workspace->stream, &norm);
}

gboolean
eg_mamba2_run_back (EgWorkspace *workspace, const EgLayerBack *back, GError **error)
{
  const EgMamba2Sizes *sizes = sizes_of (workspace);
  if (!reserve (workspace, back, error))
    return FALSE;
  float *history = ((EgMamba2Own *)workspace->own)->back.history.memory;
  g_autofree EgConvRows *conv = eg_ssm_conv_rows (workspace, back, history, sizes->d_xbc, sizes->d_conv);
  run_again (workspace, back, conv);
  back_output (workspace, back);
  back_scan (workspace, back);
  back_conv (workspace, back, conv);
  if (back->layer > 0) /* nothing asks for the gradient of what enters the network */
    back_input (workspace, back);
  return TRUE;
}
