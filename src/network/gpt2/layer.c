/* A GPT-2 block over the rows of many runs. */
#include "network/gpt2/private.h"

#include <math.h>

gpointer
eg_gpt2_own_new (void)
{
  EgGpt2Own *own = g_new0 (EgGpt2Own, 1);
  eg_attention_lanes_init (&own->lanes);
  return own;
}

void
eg_gpt2_own_free (gpointer own)
{
  eg_attention_lanes_clear (&((EgGpt2Own *)own)->lanes);
  g_free (own);
}

static const EgGpt2Sizes *
sizes_of (const EgWorkspace *workspace)
{
  return (const EgGpt2Sizes *)workspace->sizes;
}

gboolean
eg_gpt2_reserve (EgWorkspace *workspace, gsize n_rows, GError **error)
{
  EgGpt2Own *own = workspace->own;
  return eg_workspace_reserve (workspace, &own->y, n_rows, workspace->sizes->d_model, error)
         && eg_workspace_reserve (workspace, &own->m, n_rows, sizes_of (workspace)->n_inner, error);
}

/* [q | k | v] of all rows. */
static void
project_in (EgWorkspace *workspace, const EgLayerRun *run)
{
  const EgGpt2Layer *w = workspace->layer;
  const gsize d = workspace->sizes->d_model, n_computed = eg_workspace_count_unknown (workspace, run);
  const gsize n_rows = eg_workspace_count_rows (workspace, n_computed);
  float *n = workspace->n.memory, *qkv = workspace->input.memory;
  if (n_rows > 0)
    {
      eg_workspace_norm (workspace, n, workspace->r.memory, n_rows, w->norm_1, w->norm_1_bias);
      eg_workspace_gemm (workspace, qkv, 3 * d, n, d, n_rows, &w->attn, w->attn_bias);
    }
  eg_workspace_copy_known (workspace, run, n_computed, 3 * d);
  eg_workspace_visit (workspace, run, GPT2_QUERY, FALSE, qkv, 3 * d);
  eg_workspace_visit (workspace, run, GPT2_KEY, FALSE, qkv + d, 3 * d);
  eg_workspace_visit (workspace, run, GPT2_VALUE, FALSE, qkv + 2 * d, 3 * d);
  eg_workspace_keep_input (workspace, run, 3 * d);
}

float
eg_gpt2_scale_of (const EgGpt2Sizes *sizes, gsize layer)
{
  const double by_width = sizes->scale_weights ? 1 / sqrt ((double)sizes->d_head) : 1;
  return (float)(sizes->scale_by_layer ? by_width / (double)(layer + 1) : by_width);
}

/* a of the rows that are wanted. */
static void
attend (EgWorkspace *workspace, const EgLayerRun *run)
{
  const EgGpt2Sizes *sizes = sizes_of (workspace);
  EgGpt2Own *own = workspace->own;
  const gsize d = workspace->sizes->d_model;
  eg_attention_load (workspace, &own->lanes, run, d, 2 * d);
  EgAttention op = eg_attention_over (&own->lanes);
  op.y = own->y.memory;
  op.q = workspace->input.memory;
  op.ldq = 3 * d;
  op.n_heads = sizes->n_heads;
  op.d_head = sizes->d_head;
  op.scale = eg_gpt2_scale_of (sizes, run->layer);
  workspace->backend->attention (workspace->stream, &op);
  eg_workspace_visit (workspace, run, GPT2_HEADS, run->only_last, own->y.memory, d);
}

EgMlp
eg_gpt2_mlp_of (const EgWorkspace *workspace)
{
  const EgGpt2Sizes *sizes = sizes_of (workspace);
  const EgGpt2Layer *w = workspace->layer;
  return (EgMlp){ .fc = &w->fc,
                  .fc_proj = &w->fc_proj,
                  .fc_bias = w->fc_bias,
                  .fc_proj_bias = w->fc_proj_bias,
                  .norm = w->norm_2,
                  .n_inner = sizes->n_inner,
                  .activation = sizes->activation,
                  .act_site = GPT2_MLP_ACT,
                  .site = GPT2_MLP };
}

gboolean
eg_gpt2_run_layer (EgWorkspace *workspace, const EgLayerRun *run, GError **error)
{
  const EgGpt2Layer *w = workspace->layer;
  const EgGpt2Own *own = workspace->own;
  const gsize d = workspace->sizes->d_model;
  const gsize n_out = run->only_last ? run->n_active : eg_workspace_count_rows (workspace, run->n_active);
  float *o = workspace->o.memory, *r = workspace->r.memory;
  project_in (workspace, run);
  attend (workspace, run);
  eg_workspace_gemm (workspace, o, d, own->y.memory, d, n_out, &w->attn_proj, w->attn_proj_bias);
  eg_workspace_visit (workspace, run, GPT2_ATTN, run->only_last, o, d);
  if (run->only_last)
    {
      eg_workspace_gather_last (workspace, run->n_active, workspace->last.memory, r, d);
      r = workspace->last.memory;
    }
  workspace->backend->add (workspace->stream, r, o, n_out * d);
  eg_workspace_visit (workspace, run, GPT2_RESID_MID, run->only_last, r, d);
  const EgMlp mlp = eg_gpt2_mlp_of (workspace);
  eg_workspace_norm (workspace, workspace->n.memory, r, n_out, w->norm_2, w->norm_2_bias);
  eg_mlp_run (workspace, &mlp, run, workspace->n.memory, own->m.memory, n_out);
  return TRUE;
}
