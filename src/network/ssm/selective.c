/* A block with a selective scan over the rows of many runs. */
#include "network/ssm/selective.h"

#include "network/ssm/input.h"

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

/* [x | z] of all rows. */
static void
project_in (EgWorkspace *workspace, const EgLayerRun *run)
{
  const EgSelectiveLayer *w = workspace->layer;
  const gsize D = sizes_of (workspace)->d_inner;
  const EgSsmInput input = { .norm = w->norm,
                             .rest = eg_ssm_rows_of (&w->in_proj, 0, D),
                             .gate = eg_ssm_rows_of (&w->in_proj, D, D),
                             .rest_bias = w->in_bias,
                             .gate_bias = w->in_bias ? w->in_bias + D : NULL,
                             .whole = &w->in_proj,
                             .conv_in_site = SELECTIVE_CONV_IN,
                             .gate_site = SELECTIVE_GATE };
  eg_ssm_project_in (workspace, run, &input);
}

void
eg_selective_convolve (
    EgWorkspace *workspace, const float *x, gsize ldx, const EgConvRows *segments, gsize n, float *c)
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

void
eg_selective_norm (EgWorkspace *workspace, float *dbc, gsize n_rows)
{
  const EgSelectiveSizes *sizes = sizes_of (workspace);
  norm_part (workspace, dbc, sizes->dt_rank, n_rows);
  norm_part (workspace, dbc + sizes->dt_rank, sizes->d_state, n_rows);
  norm_part (workspace, dbc + sizes->dt_rank + sizes->d_state, sizes->d_state, n_rows);
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
    eg_selective_norm (workspace, dbc, n_rows);
  eg_workspace_gemm (workspace, delta, D, dbc, ld, n_rows, &w->dt_proj, w->dt_bias);
  workspace->backend->activate (workspace->stream, EG_ACTIVATION_SOFTPLUS, delta, n_rows * D);
}

EgScan
eg_selective_scan_of (EgWorkspace *workspace, const float *c, const float *dbc, const float *delta)
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
  eg_selective_convolve (workspace, spans->x, D, spans->conv, spans->n, c);
  select_inputs (workspace, c, spans->n_rows, dbc, delta);
  eg_ssm_cut_inputs (workspace, &own->lanes, &ssm, dbc + sizes->dt_rank, NULL, ld);
  EgScan scan = eg_selective_scan_of (workspace, c, dbc, delta);
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
                  .n_span = sizes->d_inner,
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
  EgScan scan = eg_selective_scan_of (workspace, own->c.memory, own->dbc.memory, own->delta.memory);
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
  eg_selective_convolve (workspace, workspace->input.memory, 2 * D,
                         (const EgConvRows *)(gpointer)own->lanes.pieces->data, own->lanes.pieces->len, c);
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
