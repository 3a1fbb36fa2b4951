/* Back through a block with a selective scan: what of it is not kept is computed again, from [x | z]. */
#include "network/ssm/back.h"
#include "network/ssm/selective.h"

static const EgSelectiveSizes *
sizes_of (const EgWorkspace *workspace)
{
  return (const EgSelectiveSizes *)workspace->sizes;
}

static gboolean
reserve (EgWorkspace *workspace, const EgLayerBack *back, GError **error)
{
  const EgSelectiveSizes *sizes = sizes_of (workspace);
  EgSelectiveBack *own = &((EgSelectiveOwn *)workspace->own)->back;
  const gsize D = sizes->d_inner, ld = sizes->dt_rank + 2 * sizes->d_state, n = back->n_graded_rows;
  return eg_workspace_reserve (workspace, &own->history, back->n_lanes * (sizes->d_conv - 1) + 1, D, error)
         && eg_workspace_reserve (workspace, &own->before, back->n_rows, D, error)
         && eg_workspace_reserve (workspace, &own->dxz, n, 2 * D, error)
         && eg_workspace_reserve (workspace, &own->dc, n, D, error)
         && eg_workspace_reserve (workspace, &own->dy, n, D, error)
         && eg_workspace_reserve (workspace, &own->ddelta, n, D, error)
         && eg_workspace_reserve (workspace, &own->ddbc, n, ld, error)
         && (!sizes->norm_selection
             || eg_workspace_reserve (workspace, &own->plain, back->n_rows, ld, error));
}

/* [δ | B | C] through their norms; plain: as they were before. */
static void
norm_selection (EgWorkspace *workspace, float *plain, float *dbc, gsize n_rows)
{
  const gsize ld = sizes_of (workspace)->dt_rank + 2 * sizes_of (workspace)->d_state;
  eg_workspace_copy (workspace, plain, dbc, n_rows * ld);
  eg_selective_norm (workspace, dbc, n_rows);
}

/* c, [δ | B | C], Δ before and after its softplus, and y before the gate, of all rows. */
static void
run_again (EgWorkspace *workspace, const EgLayerBack *back, const EgConvRows *conv)
{
  const EgSelectiveSizes *sizes = sizes_of (workspace);
  const EgSelectiveLayer *w = workspace->layer;
  EgSelectiveOwn *own = workspace->own;
  const gsize D = sizes->d_inner, ld = sizes->dt_rank + 2 * sizes->d_state, n = back->n_rows;
  float *c = own->c.memory, *dbc = own->dbc.memory, *delta = own->delta.memory;
  eg_selective_convolve (workspace, workspace->input.memory, 2 * D, conv, back->n_lanes, c);
  eg_workspace_gemm (workspace, dbc, ld, c, D, n, &w->x_proj, NULL);
  if (sizes->norm_selection)
    norm_selection (workspace, own->back.plain.memory, dbc, n);
  eg_workspace_gemm (workspace, own->back.before.memory, D, dbc, ld, n, &w->dt_proj, w->dt_bias);
  eg_workspace_copy (workspace, delta, own->back.before.memory, n * D);
  workspace->backend->activate (workspace->stream, EG_ACTIVATION_SOFTPLUS, delta, n * D);

  g_autofree EgScanRows *rows = eg_ssm_scan_rows (back);
  EgScan scan = eg_selective_scan_of (workspace, c, dbc, delta);
  scan.y = own->y.memory;
  scan.segments = rows;
  scan.n_segments = back->n_lanes;
  workspace->backend->scan (workspace->stream, &scan);
}

/* dy, of what the gate is applied to, and dz. */
static void
back_gate (EgWorkspace *workspace, const EgLayerBack *back)
{
  const gsize D = sizes_of (workspace)->d_inner, d = workspace->sizes->d_model;
  const EgSelectiveLayer *w = workspace->layer;
  EgSelectiveOwn *own = workspace->own;
  float *dy = own->back.dy.memory, *dz = own->back.dxz.memory + D;
  const float *z = workspace->input.memory + D;
  eg_back_gemm (workspace, dy, D, back->gradient, d, back->n_graded_rows, &w->out_proj, FALSE);
  const EgGateBack gate = { .dy = dy,
                            .dz = dz,
                            .lddz = 2 * D,
                            .y = own->y.memory,
                            .z = z,
                            .ldz = 2 * D,
                            .n_rows = back->n_graded_rows,
                            .n_inner = D };
  workspace->backend->back->gate (workspace->stream, &gate);
  eg_back_visit (workspace, back, SELECTIVE_GATE, dz, 2 * D, z, 2 * D);
  eg_back_visit (workspace, back, SELECTIVE_SSM, dy, D, own->y.memory, D);
}

static void
back_scan (EgWorkspace *workspace, const EgLayerBack *back)
{
  const EgSelectiveSizes *sizes = sizes_of (workspace);
  EgSelectiveOwn *own = workspace->own;
  const gsize R = sizes->dt_rank, N = sizes->d_state, ld = R + 2 * N;
  g_autofree EgScanLane *lanes = eg_ssm_scan_lanes (back);
  const EgScan scan = eg_selective_scan_of (workspace, own->c.memory, own->dbc.memory, own->delta.memory);
  const EgScanBack op = { .ddelta = own->back.ddelta.memory,
                          .dc = own->back.dc.memory,
                          .db = own->back.ddbc.memory + R,
                          .dcr = own->back.ddbc.memory + R + N,
                          .lddbc = ld,
                          .dy = own->back.dy.memory,
                          .delta = scan.delta,
                          .c = scan.c,
                          .b_rows = scan.b_rows,
                          .c_rows = scan.c_rows,
                          .ldbc = scan.ldbc,
                          .lanes = lanes,
                          .n_lanes = back->n_lanes,
                          .n_graded = back->n_graded,
                          .dots = back->pairs,
                          .n_dots = eg_back_count_dots (back, SELECTIVE_STATE),
                          .full = back->full + SELECTIVE_STATE * back->n_out,
                          .direct = back->direct + SELECTIVE_STATE * back->n_out,
                          .n_inner = scan.n_inner,
                          .n_state = scan.n_state,
                          .a = scan.a,
                          .skip = scan.skip };
  workspace->backend->back->scan (workspace->stream, &op);
  eg_back_visit (workspace, back, SELECTIVE_DELTA, op.ddelta, sizes->d_inner, scan.delta, sizes->d_inner);
  eg_back_visit (workspace, back, SELECTIVE_B, op.db, ld, scan.b_rows, ld);
  eg_back_visit (workspace, back, SELECTIVE_C, op.dcr, ld, scan.c_rows, ld);
}

/* Back through the norm of a part of [δ | B | C]. */
static void
back_norm_part (EgWorkspace *workspace, const EgLayerBack *back, gsize at, gsize width)
{
  const EgSelectiveSizes *sizes = sizes_of (workspace);
  const EgSelectiveBack *own = &((EgSelectiveOwn *)workspace->own)->back;
  const gsize ld = sizes->dt_rank + 2 * sizes->d_state;
  const EgGroupNormBack op = { .d = own->ddbc.memory + at,
                               .ldd = ld,
                               .x = own->plain.memory + at,
                               .ldx = ld,
                               .n_rows = back->n_graded_rows,
                               .n_groups = 1,
                               .width = width,
                               .eps = sizes->selection_eps };
  workspace->backend->back->group_norm (workspace->stream, &op);
}

/* From Δ, B and C back to c. */
static void
back_selection (EgWorkspace *workspace, const EgLayerBack *back)
{
  const EgSelectiveSizes *sizes = sizes_of (workspace);
  const EgSelectiveLayer *w = workspace->layer;
  EgSelectiveOwn *own = workspace->own;
  const gsize D = sizes->d_inner, ld = sizes->dt_rank + 2 * sizes->d_state, n = back->n_graded_rows;
  workspace->backend->back->activate (workspace->stream, EG_ACTIVATION_SOFTPLUS, own->back.ddelta.memory,
                                      own->back.before.memory, n * D);
  eg_back_gemm (workspace, own->back.ddbc.memory, ld, own->back.ddelta.memory, D, n, &w->dt_proj, FALSE);
  if (sizes->norm_selection)
    {
      back_norm_part (workspace, back, 0, sizes->dt_rank);
      back_norm_part (workspace, back, sizes->dt_rank, sizes->d_state);
      back_norm_part (workspace, back, sizes->dt_rank + sizes->d_state, sizes->d_state);
    }
  eg_back_gemm (workspace, own->back.dc.memory, D, own->back.ddbc.memory, ld, n, &w->x_proj, TRUE);
  eg_back_visit (workspace, back, SELECTIVE_CONV, own->back.dc.memory, D, own->c.memory, D);
}

static void
back_conv (EgWorkspace *workspace, const EgLayerBack *back, const EgConvRows *conv)
{
  const EgSelectiveSizes *sizes = sizes_of (workspace);
  const EgSelectiveLayer *w = workspace->layer;
  EgSelectiveOwn *own = workspace->own;
  const gsize D = sizes->d_inner;
  const float *x = workspace->input.memory;
  const EgConvBack op = { .dx = own->back.dxz.memory,
                          .lddx = 2 * D,
                          .dc = own->back.dc.memory,
                          .x = x,
                          .ldx = 2 * D,
                          .segments = conv,
                          .n_segments = back->n_graded,
                          .n_inner = D,
                          .n_conv = sizes->d_conv,
                          .w = w->conv,
                          .bias = w->conv_bias };
  workspace->backend->back->conv_silu (workspace->stream, &op);
  const EgConvDots dots = { .full = back->full + SELECTIVE_CONV_STATE * back->n_out,
                            .direct = back->direct + SELECTIVE_CONV_STATE * back->n_out,
                            .du = own->back.dc.memory,
                            .x = x,
                            .ldx = 2 * D,
                            .rows = back->pairs,
                            .n = eg_back_count_dots (back, SELECTIVE_CONV_STATE),
                            .n_inner = D,
                            .n_conv = sizes->d_conv,
                            .w = w->conv };
  workspace->backend->back->conv_dots (workspace->stream, &dots);
  eg_back_visit (workspace, back, SELECTIVE_CONV_IN, op.dx, 2 * D, x, 2 * D);
}

/* Through the projection and the norm to the rows before the layer. */
static void
back_input (EgWorkspace *workspace, const EgLayerBack *back)
{
  const gsize d = workspace->sizes->d_model, D = sizes_of (workspace)->d_inner;
  const EgSelectiveLayer *w = workspace->layer;
  EgSelectiveOwn *own = workspace->own;
  eg_back_gemm (workspace, workspace->n.memory, d, own->back.dxz.memory, 2 * D, back->n_graded_rows,
                &w->in_proj, FALSE);
  const EgNormBack norm = { .dx = back->gradient,
                            .dy = workspace->n.memory,
                            .x = workspace->r.memory,
                            .n_rows = back->n_graded_rows,
                            .d = d,
                            .weight = w->norm,
                            .eps = workspace->sizes->norm_eps };
  workspace->backend->back->norm (workspace->stream, &norm);
}

gboolean
eg_selective_run_back (EgWorkspace *workspace, const EgLayerBack *back, GError **error)
{
  if (!reserve (workspace, back, error))
    return FALSE;
  float *history = ((EgSelectiveOwn *)workspace->own)->back.history.memory;
  g_autofree EgConvRows *conv = eg_ssm_conv_rows (workspace, back, history, sizes_of (workspace)->d_inner,
                                                  sizes_of (workspace)->d_conv);
  run_again (workspace, back, conv);
  back_gate (workspace, back);
  back_scan (workspace, back);
  back_selection (workspace, back);
  back_conv (workspace, back, conv);
  if (back->layer > 0) /* nothing asks for the gradient of what enters the network */
    back_input (workspace, back);
  return TRUE;
}
