/* A block with a selective scan over the rows of many runs. */
#include "network/ssm/selective.h"

gpointer
eg_selective_own_new (void)
{
  EgSelectiveOwn *own = g_new0 (EgSelectiveOwn, 1);
  eg_ssm_lanes_init (&own->lanes);
  return own;
}

void
eg_selective_own_free (gpointer own)
{
  eg_ssm_lanes_clear (&((EgSelectiveOwn *)own)->lanes);
  g_free (own);
}

static const EgSelectiveSizes *
sizes_of (const EgWorkspace *workspace)
{
  return (const EgSelectiveSizes *)workspace->sizes;
}

gboolean
eg_selective_reserve (EgWorkspace *workspace, gsize n_rows, GError **error)
{
  const EgSelectiveSizes *sizes = sizes_of (workspace);
  EgSelectiveOwn *own = workspace->own;
  return eg_workspace_reserve (workspace, &own->c, n_rows, sizes->d_inner, error)
         && eg_workspace_reserve (workspace, &own->dbc, n_rows, sizes->dt_rank + 2 * sizes->d_state, error)
         && eg_workspace_reserve (workspace, &own->delta, n_rows, sizes->d_inner, error)
         && eg_workspace_reserve (workspace, &own->y, n_rows, sizes->d_inner, error);
}

/* [x | z] of rows that are not known: with only_last, x of every row, and as row s of z that of segment s's
 * last position. */
static void
compute_input (EgWorkspace *workspace, const EgLayerRun *run, gsize n_computed)
{
  const EgSelectiveLayer *w = workspace->layer;
  const gsize d = workspace->sizes->d_model, D = sizes_of (workspace)->d_inner;
  const gsize n_rows = eg_workspace_count_rows (workspace, n_computed);
  float *n = workspace->n.memory, *xz = workspace->input.memory, *last = workspace->o.memory;
  if (n_rows == 0)
    return;
  eg_workspace_norm (workspace, n, workspace->r.memory, n_rows, w->norm, NULL);
  if (!run->only_last)
    {
      eg_workspace_gemm (workspace, xz, 2 * D, n, d, n_rows, &w->in_proj, w->in_bias);
      return;
    }
  const gsize half = D * d * eg_dtype_get_size (w->in_proj.dtype);
  const EgMatrix x_half = { w->in_proj.data, w->in_proj.dtype, D, d };
  const EgMatrix z_half = { (const guint8 *)w->in_proj.data + half, w->in_proj.dtype, D, d };
  eg_workspace_gemm (workspace, xz, 2 * D, n, d, n_rows, &x_half, w->in_bias);
  eg_workspace_gather_last (workspace, n_computed, last, n, d);
  eg_workspace_gemm (workspace, xz + D, 2 * D, last, d, n_computed, &z_half,
                     w->in_bias ? w->in_bias + D : NULL);
}

/* z of the last positions that are known. */
static void
copy_known_gates (EgWorkspace *workspace, const EgLayerRun *run, gsize n_computed)
{
  const gsize D = sizes_of (workspace)->d_inner;
  for (gsize s = n_computed; s < run->n_active; s++)
    eg_workspace_queue_copy (
        workspace, workspace->input.memory + s * 2 * D + D,
        eg_workspace_known_input (&run->segments[s], run->layer, workspace->n_positions - 1) + D);
  eg_workspace_flush_copies (workspace, D);
}

static void
keep_last_gates (EgWorkspace *workspace, const EgLayerRun *run)
{
  const gsize D = sizes_of (workspace)->d_inner;
  for (gsize s = 0; s < run->n_active; s++)
    if (run->segments[s].keep)
      eg_workspace_queue_copy (workspace,
                               run->segments[s].keep->input[run->layer]
                                   + (eg_workspace_rows (workspace)[s].n_rows - 1) * 2 * D + D,
                               workspace->input.memory + s * 2 * D + D);
  eg_workspace_flush_copies (workspace, D);
}

/* [x | z] of all rows. */
static void
project_in (EgWorkspace *workspace, const EgLayerRun *run)
{
  const gsize D = sizes_of (workspace)->d_inner, n_computed = eg_workspace_count_unknown (workspace, run);
  float *xz = workspace->input.memory;
  compute_input (workspace, run, n_computed);
  eg_workspace_copy_known (workspace, run, n_computed, run->only_last ? D : 2 * D);
  if (run->only_last)
    copy_known_gates (workspace, run, n_computed);
  eg_workspace_visit (workspace, run, SELECTIVE_CONV_IN, FALSE, xz, 2 * D);
  eg_workspace_visit (workspace, run, SELECTIVE_GATE, run->only_last, xz + D, 2 * D);
  eg_workspace_keep_input (workspace, run, run->only_last ? D : 2 * D);
  if (run->only_last)
    keep_last_gates (workspace, run);
}

/* c = silu (conv (x)) */
static void
convolve (EgWorkspace *workspace, const float *x, gsize ldx, const EgConvRows *segments, gsize n, float *c)
{
  const EgSelectiveLayer *w = workspace->layer;
  const EgConv op = { .c = c,
                      .x = x,
                      .ldx = ldx,
                      .segments = segments,
                      .n_segments = n,
                      .n_inner = sizes_of (workspace)->d_inner,
                      .n_conv = sizes_of (workspace)->d_conv,
                      .w = w->conv,
                      .bias = w->conv_bias };
  workspace->backend->conv_silu (workspace->stream, &op);
}

/* A weightless RMSNorm of a part of [δ | B | C]. */
static void
norm_part (EgWorkspace *workspace, float *part, gsize width, gsize n_rows)
{
  const EgSelectiveSizes *sizes = sizes_of (workspace);
  const EgGroupNorm op = { .x = part,
                           .ld = sizes->dt_rank + 2 * sizes->d_state,
                           .n_rows = n_rows,
                           .n_groups = 1,
                           .width = width,
                           .eps = sizes->selection_eps };
  workspace->backend->group_norm (workspace->stream, &op);
}

/* [δ | B | C] and Δ of c */
static void
select_inputs (EgWorkspace *workspace, const float *c, gsize n_rows, float *dbc, float *delta)
{
  const EgSelectiveSizes *sizes = sizes_of (workspace);
  const EgSelectiveLayer *w = workspace->layer;
  const gsize D = sizes->d_inner, ld = sizes->dt_rank + 2 * sizes->d_state;
  eg_workspace_gemm (workspace, dbc, ld, c, D, n_rows, &w->x_proj, NULL);
  if (sizes->norm_selection)
    {
      norm_part (workspace, dbc, sizes->dt_rank, n_rows);
      norm_part (workspace, dbc + sizes->dt_rank, sizes->d_state, n_rows);
      norm_part (workspace, dbc + sizes->dt_rank + sizes->d_state, sizes->d_state, n_rows);
    }
  eg_workspace_gemm (workspace, delta, D, dbc, ld, n_rows, &w->dt_proj, w->dt_bias);
  workspace->backend->activate (workspace->stream, EG_ACTIVATION_SOFTPLUS, delta, n_rows * D);
}

static EgScan
scan_of (EgWorkspace *workspace, const float *c, const float *dbc, const float *delta)
{
  const EgSelectiveSizes *sizes = sizes_of (workspace);
  const EgSelectiveLayer *w = workspace->layer;
  return (EgScan){ .delta = delta,
                   .c = c,
                   .b_rows = dbc + sizes->dt_rank,
                   .c_rows = dbc + sizes->dt_rank + sizes->d_state,
                   .ldbc = sizes->dt_rank + 2 * sizes->d_state,
                   .n_inner = sizes->d_inner,
                   .n_state = sizes->d_state,
                   .a = w->a,
                   .skip = w->skip };
}

static EgSsm ssm_of (EgWorkspace *workspace);

/* States alone, of rows of other runs. */
static gboolean
run_again (EgWorkspace *workspace, const EgSsmSpans *spans, GError **error)
{
  const EgSelectiveSizes *sizes = sizes_of (workspace);
  EgSelectiveOwn *own = workspace->own;
  const gsize D = sizes->d_inner, ld = sizes->dt_rank + 2 * sizes->d_state;
  const EgSsm ssm = ssm_of (workspace);
  if (!eg_workspace_reserve (workspace, &own->span_c, spans->n_rows, D, error)
      || !eg_workspace_reserve (workspace, &own->span_dbc, spans->n_rows, ld, error)
      || !eg_workspace_reserve (workspace, &own->span_delta, spans->n_rows, D, error))
    return FALSE;
  float *c = own->span_c.memory, *dbc = own->span_dbc.memory, *delta = own->span_delta.memory;
  convolve (workspace, spans->x, D, spans->conv, spans->n, c);
  select_inputs (workspace, c, spans->n_rows, dbc, delta);
  eg_ssm_cut_inputs (workspace, &own->lanes, &ssm, dbc + sizes->dt_rank, ld);
  EgScan scan = scan_of (workspace, c, dbc, delta);
  scan.segments = spans->scan;
  scan.n_segments = spans->n;
  workspace->backend->scan (workspace->stream, &scan);
  return TRUE;
}

static EgSsm
ssm_of (EgWorkspace *workspace)
{
  const EgSelectiveSizes *sizes = sizes_of (workspace);
  return (EgSsm){ .state_site = SELECTIVE_STATE,
                  .conv_state_site = SELECTIVE_CONV_STATE,
                  .n_inner = sizes->d_inner,
                  .n_conv = sizes->d_conv,
                  .n_state = sizes->d_state,
                  .run_again = run_again };
}

/* y, gated, n_out rows of it. */
static void
scan_states (EgWorkspace *workspace, const EgLayerRun *run, gsize n_out)
{
  EgSelectiveOwn *own = workspace->own;
  const gsize D = sizes_of (workspace)->d_inner;
  const float *z = workspace->input.memory + D;
  float *y = own->y.memory;
  const gboolean gate_apart = eg_workspace_visits (run, SELECTIVE_SSM);
  eg_ssm_plan_outputs (&own->lanes, run);
  EgScan scan = scan_of (workspace, own->c.memory, own->dbc.memory, own->delta.memory);
  scan.y = y;
  scan.z = gate_apart ? NULL : z;
  scan.ldz = 2 * D;
  GArray *parts[] = { own->lanes.scan, own->lanes.again };
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      scan.segments = (const EgScanRows *)(gpointer)parts[i]->data;
      scan.n_segments = parts[i]->len;
      if (scan.n_segments > 0)
        workspace->backend->scan (workspace->stream, &scan);
    }
  if (!gate_apart)
    return;
  eg_workspace_visit (workspace, run, SELECTIVE_SSM, run->only_last, y, D);
  const EgGate gate = { .y = y, .z = z, .ldz = 2 * D, .n_rows = n_out, .n_inner = D };
  workspace->backend->gate (workspace->stream, &gate);
}

gboolean
eg_selective_run_layer (EgWorkspace *workspace, const EgLayerRun *run, GError **error)
{
  const EgSelectiveSizes *sizes = sizes_of (workspace);
  const EgSelectiveLayer *w = workspace->layer;
  EgSelectiveOwn *own = workspace->own;
  const gsize d = workspace->sizes->d_model, D = sizes->d_inner, R = sizes->dt_rank, N = sizes->d_state;
  const gsize n_rows = eg_workspace_count_rows (workspace, run->n_active);
  const gsize n_out = run->only_last ? run->n_active : n_rows;
  const EgSsm ssm = ssm_of (workspace);
  float *c = own->c.memory, *dbc = own->dbc.memory, *delta = own->delta.memory, *o = workspace->o.memory;

  project_in (workspace, run);
  if (!eg_ssm_load (workspace, &own->lanes, &ssm, run, error))
    return FALSE;
  convolve (workspace, workspace->input.memory, 2 * D, (const EgConvRows *)(gpointer)own->lanes.pieces->data,
            own->lanes.pieces->len, c);
  eg_workspace_visit (workspace, run, SELECTIVE_CONV, FALSE, c, D);
  select_inputs (workspace, c, n_rows, dbc, delta);
  eg_workspace_visit (workspace, run, SELECTIVE_DELTA, FALSE, delta, D);
  eg_workspace_visit (workspace, run, SELECTIVE_B, FALSE, dbc + R, R + 2 * N);
  eg_workspace_visit (workspace, run, SELECTIVE_C, FALSE, dbc + R + N, R + 2 * N);
  scan_states (workspace, run, n_out);
  eg_workspace_gemm (workspace, o, d, own->y.memory, D, n_out, &w->out_proj, w->out_bias);
  eg_workspace_visit (workspace, run, SELECTIVE_MIXER, run->only_last, o, d);
  if (run->only_last)
    eg_workspace_gather_last (workspace, run->n_active, workspace->last.memory, workspace->r.memory, d);
  return TRUE;
}
