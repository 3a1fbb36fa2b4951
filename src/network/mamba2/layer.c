/* A Mamba-2 block over the rows of many runs. */
#include "network/mamba2/private.h"

#include "network/ssm/input.h"

gpointer
eg_mamba2_own_new (void)
{
  EgMamba2Own *own = g_new0 (EgMamba2Own, 1);
  eg_ssm_lanes_init (&own->lanes);
  return own;
}

void
eg_mamba2_own_free (gpointer own)
{
  eg_ssm_lanes_clear (&((EgMamba2Own *)own)->lanes);
  g_free (own);
}

static const EgMamba2Sizes *
sizes_of (const EgWorkspace *workspace)
{
  return (const EgMamba2Sizes *)workspace->sizes;
}

gboolean
eg_mamba2_reserve (EgWorkspace *workspace, gsize n_rows, GError **error)
{
  const EgMamba2Sizes *sizes = sizes_of (workspace);
  EgMamba2Own *own = workspace->own;
  return eg_workspace_reserve (workspace, &own->c, n_rows, sizes->d_xbc, error)
         && eg_workspace_reserve (workspace, &own->delta, n_rows, sizes->n_heads, error)
         && eg_workspace_reserve (workspace, &own->y, n_rows, sizes->d_inner, error);
}

/* [x | B | C | dt | z] of all rows. */
static void
project_in (EgWorkspace *workspace, const EgLayerRun *run)
{
  const EgMamba2Layer *w = workspace->layer;
  const gsize D = sizes_of (workspace)->d_inner;
  const EgSsmInput input = { .norm = w->norm,
                             .rest = eg_ssm_rows_of (&w->in_proj, D, w->in_proj.rows - D),
                             .gate = eg_ssm_rows_of (&w->in_proj, 0, D),
                             .rest_bias = w->in_bias ? w->in_bias + D : NULL,
                             .gate_bias = w->in_bias,
                             .conv_in_site = MAMBA2_CONV_IN,
                             .gate_site = MAMBA2_GATE };
  eg_ssm_project_in (workspace, run, &input);
}

void
eg_mamba2_convolve (
    EgWorkspace *workspace, const float *x, gsize ldx, const EgConvRows *segments, gsize n, float *c)
{
  const EgMamba2Layer *w = workspace->layer;
  const EgConv op = { .c = c,
                      .x = x,
                      .ldx = ldx,
                      .segments = segments,
                      .n_segments = n,
                      .n_inner = sizes_of (workspace)->d_xbc,
                      .n_conv = sizes_of (workspace)->d_conv,
                      .w = w->conv,
                      .bias = w->conv_bias };
  workspace->backend->conv_silu (workspace->stream, &op);
}

void
eg_mamba2_compute_steps (EgWorkspace *workspace, const float *x, gsize ldx, gsize n_rows, float *delta)
{
  const EgMamba2Sizes *sizes = sizes_of (workspace);
  const EgMamba2Layer *w = workspace->layer;
  const EgStepSize op = { .delta = delta,
                          .x = x + sizes->d_xbc,
                          .ldx = ldx,
                          .n_rows = n_rows,
                          .n_heads = sizes->n_heads,
                          .bias = w->dt_bias,
                          .least = sizes->least_step,
                          .most = sizes->most_step };
  workspace->backend->step_size (workspace->stream, &op);
}

EgHeadScan
eg_mamba2_scan_of (EgWorkspace *workspace, const float *c, const float *delta)
{
  const EgMamba2Sizes *sizes = sizes_of (workspace);
  const EgMamba2Layer *w = workspace->layer;
  return (EgHeadScan){ .delta = delta,
                       .c = c,
                       .b_rows = c + sizes->d_inner,
                       .c_rows = c + sizes->d_inner + sizes->n_groups * sizes->d_state,
                       .ld = sizes->d_xbc,
                       .n_heads = sizes->n_heads,
                       .d_head = sizes->d_head,
                       .n_groups = sizes->n_groups,
                       .n_state = sizes->d_state,
                       .a = w->a,
                       .skip = w->skip };
}

static EgSsm ssm_of (EgWorkspace *workspace);

/* States alone, of rows of other runs. */
static gboolean
run_again (EgWorkspace *workspace, const EgSsmSpans *spans, GError **error)
{
  const EgMamba2Sizes *sizes = sizes_of (workspace);
  EgMamba2Own *own = workspace->own;
  const EgSsm ssm = ssm_of (workspace);
  if (!eg_workspace_reserve (workspace, &own->span_c, spans->n_rows, sizes->d_xbc, error)
      || !eg_workspace_reserve (workspace, &own->span_delta, spans->n_rows, sizes->n_heads, error))
    return FALSE;
  float *c = own->span_c.memory, *delta = own->span_delta.memory;
  eg_mamba2_convolve (workspace, spans->x, ssm.n_span, spans->conv, spans->n, c);
  eg_mamba2_compute_steps (workspace, spans->x, ssm.n_span, spans->n_rows, delta);
  eg_ssm_cut_inputs (workspace, &own->lanes, &ssm, c + sizes->d_inner, c, sizes->d_xbc);
  EgHeadScan scan = eg_mamba2_scan_of (workspace, c, delta);
  scan.segments = spans->scan;
  scan.n_segments = spans->n;
  workspace->backend->scan_heads (workspace->stream, &scan);
  return TRUE;
}

static EgSsm
ssm_of (EgWorkspace *workspace)
{
  const EgMamba2Sizes *sizes = sizes_of (workspace);
  return (EgSsm){ .state_site = MAMBA2_STATE,
                  .conv_state_site = MAMBA2_CONV_STATE,
                  .n_inner = sizes->d_xbc,
                  .n_conv = sizes->d_conv,
                  .n_span = sizes->d_xbc + sizes->n_heads,
                  .n_state = sizes->n_groups * sizes->d_state,
                  .d_head = sizes->d_head,
                  .run_again = run_again };
}

/* y, n_out rows of it. */
static void
scan_states (EgWorkspace *workspace, const EgLayerRun *run)
{
  EgMamba2Own *own = workspace->own;
  eg_ssm_plan_outputs (&own->lanes, run);
  EgHeadScan scan = eg_mamba2_scan_of (workspace, own->c.memory, own->delta.memory);
  scan.y = own->y.memory;
  GArray *parts[] = { own->lanes.scan, own->lanes.again };
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      scan.segments = (const EgScanRows *)(gpointer)parts[i]->data;
      scan.n_segments = parts[i]->len;
      if (scan.n_segments > 0)
        workspace->backend->scan_heads (workspace->stream, &scan);
    }
  eg_workspace_visit (workspace, run, MAMBA2_SSM, run->only_last, own->y.memory,
                      sizes_of (workspace)->d_inner);
}

void
eg_mamba2_gate (EgWorkspace *workspace, float *y, const float *z, gsize ldz, gsize n_rows)
{
  const EgGate op
      = { .y = y, .z = z, .ldz = ldz, .n_rows = n_rows, .n_inner = sizes_of (workspace)->d_inner };
  workspace->backend->gate (workspace->stream, &op);
}

void
eg_mamba2_norm (EgWorkspace *workspace, float *y, gsize n_rows)
{
  const EgMamba2Sizes *sizes = sizes_of (workspace);
  const EgMamba2Layer *w = workspace->layer;
  const EgGroupNorm op = { .x = y,
                           .ld = sizes->d_inner,
                           .n_rows = n_rows,
                           .n_groups = sizes->n_groups,
                           .width = sizes->d_inner / sizes->n_groups,
                           .weight = w->gate_norm,
                           .eps = sizes->gate_eps };
  workspace->backend->group_norm (workspace->stream, &op);
}

/* y, gated and normed in place. */
static void
gate_and_norm (EgWorkspace *workspace, const EgLayerRun *run, gsize n_out)
{
  const gsize D = sizes_of (workspace)->d_inner, ld = workspace->sizes->d_input;
  float *y = ((EgMamba2Own *)workspace->own)->y.memory;
  eg_mamba2_gate (workspace, y, workspace->input.memory + ld - D, ld, n_out);
  eg_mamba2_norm (workspace, y, n_out);
  eg_workspace_visit (workspace, run, MAMBA2_NORM, run->only_last, y, D);
}

gboolean
eg_mamba2_run_layer (EgWorkspace *workspace, const EgLayerRun *run, GError **error)
{
  const EgMamba2Sizes *sizes = sizes_of (workspace);
  const EgMamba2Layer *w = workspace->layer;
  EgMamba2Own *own = workspace->own;
  const gsize d = workspace->sizes->d_model, D = sizes->d_inner, GN = sizes->n_groups * sizes->d_state;
  const gsize ld = sizes->sizes.d_input, n_rows = eg_workspace_count_rows (workspace, run->n_active);
  const gsize n_out = run->only_last ? run->n_active : n_rows;
  const EgSsm ssm = ssm_of (workspace);
  float *c = own->c.memory, *delta = own->delta.memory, *o = workspace->o.memory;

  project_in (workspace, run);
  if (!eg_ssm_load (workspace, &own->lanes, &ssm, run, error))
    return FALSE;
  eg_mamba2_convolve (workspace, workspace->input.memory, ld,
                      (const EgConvRows *)(gpointer)own->lanes.pieces->data, own->lanes.pieces->len, c);
  eg_workspace_visit (workspace, run, MAMBA2_CONV, FALSE, c, sizes->d_xbc);
  eg_mamba2_compute_steps (workspace, workspace->input.memory, ld, n_rows, delta);
  eg_workspace_visit (workspace, run, MAMBA2_DELTA, FALSE, delta, sizes->n_heads);
  eg_workspace_visit (workspace, run, MAMBA2_B, FALSE, c + D, sizes->d_xbc);
  eg_workspace_visit (workspace, run, MAMBA2_C, FALSE, c + D + GN, sizes->d_xbc);
  scan_states (workspace, run);
  gate_and_norm (workspace, run, n_out);
  eg_workspace_gemm (workspace, o, d, own->y.memory, D, n_out, &w->out_proj, w->out_bias);
  eg_workspace_visit (workspace, run, MAMBA2_MIXER, run->only_last, o, d);
  if (run->only_last)
    eg_workspace_gather_last (workspace, run->n_active, workspace->last.memory, workspace->r.memory, d);
  return TRUE;
}
