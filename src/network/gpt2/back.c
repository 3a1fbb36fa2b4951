/* Back through a GPT-2 block: what of it is not kept is computed again, from [q | k | v]. */
#include "network/attention/back.h"
#include "network/gpt2/private.h"

static const EgGpt2Sizes *
sizes_of (const EgWorkspace *workspace)
{
  return (const EgGpt2Sizes *)workspace->sizes;
}

static gboolean
reserve (EgWorkspace *workspace, const EgLayerBack *back, GError **error)
{
  EgGpt2Back *own = &((EgGpt2Own *)workspace->own)->back;
  const gsize d = workspace->sizes->d_model, inner = sizes_of (workspace)->n_inner, n = back->n_graded_rows;
  return eg_workspace_reserve (workspace, &own->mid, back->n_rows, d, error)
         && eg_workspace_reserve (workspace, &own->before, back->n_rows, inner, error)
         && eg_workspace_reserve (workspace, &own->dm, n, inner, error)
         && eg_workspace_reserve (workspace, &own->dy, n, d, error)
         && eg_workspace_reserve (workspace, &own->dqkv, n, 3 * d, error);
}

static EgAttention
attention_of (EgWorkspace *workspace, const EgLayerBack *back, EgAttentionRows *rows, EgAttentionSpan *spans)
{
  const EgGpt2Sizes *sizes = sizes_of (workspace);
  const gsize d = workspace->sizes->d_model;
  EgAttention op = eg_attention_over_back (workspace, back, d, 2 * d, rows, spans);
  op.y = ((EgGpt2Own *)workspace->own)->y.memory;
  op.q = workspace->input.memory;
  op.ldq = 3 * d;
  op.n_heads = sizes->n_heads;
  op.d_head = sizes->d_head;
  op.scale = eg_gpt2_scale_of (sizes, back->layer);
  return op;
}

/* a, the attention's output, r between the blocks, and the neurons before and after their activation, of all
 * rows. */
static void
run_again (EgWorkspace *workspace, const EgLayerBack *back, const EgAttention *attention)
{
  const EgGpt2Layer *w = workspace->layer;
  EgGpt2Own *own = workspace->own;
  const EgMlp mlp = eg_gpt2_mlp_of (workspace);
  const gsize d = workspace->sizes->d_model, n = back->n_rows;
  float *mid = own->back.mid.memory;
  workspace->backend->attention (workspace->stream, attention);
  eg_workspace_gemm (workspace, workspace->o.memory, d, own->y.memory, d, n, &w->attn_proj,
                     w->attn_proj_bias);
  eg_workspace_copy (workspace, mid, workspace->r.memory, n * d);
  workspace->backend->add (workspace->stream, mid, workspace->o.memory, n * d);
  eg_workspace_norm (workspace, workspace->n.memory, mid, n, w->norm_2, w->norm_2_bias);
  eg_mlp_run_again (workspace, &mlp, workspace->n.memory, own->back.before.memory, own->m.memory, n);
}

static void
back_mlp (EgWorkspace *workspace, const EgLayerBack *back)
{
  EgGpt2Own *own = workspace->own;
  const gsize d = workspace->sizes->d_model;
  const EgMlp mlp = eg_gpt2_mlp_of (workspace);
  const float *mid = own->back.mid.memory;
  eg_mlp_run_back (workspace, &mlp, back, mid, own->back.before.memory, own->m.memory, own->back.dm.memory);
  eg_back_visit (workspace, back, GPT2_RESID_MID, back->gradient, d, mid, d);
}

static void
back_attention (EgWorkspace *workspace, const EgLayerBack *back, EgAttention *attention)
{
  const EgGpt2Layer *w = workspace->layer;
  EgGpt2Own *own = workspace->own;
  const gsize d = workspace->sizes->d_model, n = back->n_graded_rows;
  float *dy = own->back.dy.memory, *dqkv = own->back.dqkv.memory;
  const float *qkv = workspace->input.memory;
  eg_back_visit (workspace, back, GPT2_ATTN, back->gradient, d, workspace->o.memory, d);
  eg_back_gemm (workspace, dy, d, back->gradient, d, n, &w->attn_proj, FALSE);
  eg_back_visit (workspace, back, GPT2_HEADS, dy, d, own->y.memory, d);
  attention->n_segments = back->n_graded;
  const EgAttentionBack op
      = { .dq = dqkv, .dk = dqkv + d, .dv = dqkv + 2 * d, .ldd = 3 * d, .dy = dy, .op = attention };
  workspace->backend->back->attention (workspace->stream, &op);
  eg_back_visit (workspace, back, GPT2_QUERY, op.dq, 3 * d, qkv, 3 * d);
  eg_back_visit (workspace, back, GPT2_KEY, op.dk, 3 * d, qkv + d, 3 * d);
  eg_back_visit (workspace, back, GPT2_VALUE, op.dv, 3 * d, qkv + 2 * d, 3 * d);
  if (back->layer == 0)
    return; /* nothing asks for the gradient of what enters the network */
  eg_back_gemm (workspace, workspace->n.memory, d, dqkv, 3 * d, n, &w->attn, FALSE);
  eg_layer_norm_back (workspace, back, workspace->r.memory, w->norm_1);
}

gboolean
eg_gpt2_run_back (EgWorkspace *workspace, const EgLayerBack *back, GError **error)
{
  if (!reserve (workspace, back, error))
    return FALSE;
  g_autofree EgAttentionRows *rows = g_new0 (EgAttentionRows, back->n_lanes);
  g_autofree EgAttentionSpan *spans = g_new0 (EgAttentionSpan, 2 * back->n_lanes);
  EgAttention attention = attention_of (workspace, back, rows, spans);
  run_again (workspace, back, &attention);
  back_mlp (workspace, back);
  back_attention (workspace, back, &attention);
  return TRUE;
}
