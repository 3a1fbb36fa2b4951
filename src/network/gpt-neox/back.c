/* Back through a GPT-NeoX layer: what of it is not kept is computed again, from [q | k | v | k']. */
#include "network/attention/back.h"
#include "network/gpt-neox/private.h"

static const EgNeoxSizes *
sizes_of (const EgWorkspace *workspace)
{
  return (const EgNeoxSizes *)workspace->sizes;
}

static gboolean
reserve (EgWorkspace *workspace, const EgLayerBack *back, GError **error)
{
  EgNeoxBack *own = &((EgNeoxOwn *)workspace->own)->back;
  const gsize d = workspace->sizes->d_model, inner = sizes_of (workspace)->n_inner, n = back->n_graded_rows;
  return eg_workspace_reserve (workspace, &own->mid, back->n_rows, d, error)
         && eg_workspace_reserve (workspace, &own->before, back->n_rows, inner, error)
         && eg_workspace_reserve (workspace, &own->dm, n, inner, error)
         && eg_workspace_reserve (workspace, &own->dy, n, d, error)
         && eg_workspace_reserve (workspace, &own->dqkv, n, 3 * d, error)
         && eg_workspace_reserve (workspace, &own->turned, n, 3 * d, error);
}

/* The lanes, the first n of them, as what is rotated. */
static void
place_rotation (EgWorkspace *workspace, const EgLayerBack *back, gsize n)
{
  GArray *segments = ((EgNeoxOwn *)workspace->own)->segments;
  g_array_set_size (segments, 0);
  for (gsize i = 0; i < n; i++)
    {
      const EgBackLane *lane = &back->lanes[i];
      const EgRotaryRows rows = { lane->row, lane->n_rows, lane->first };
      g_array_append_val (segments, rows);
    }
}

static EgAttention
attention_of (EgWorkspace *workspace, const EgLayerBack *back, EgAttentionRows *rows, EgAttentionSpan *spans)
{
  const EgNeoxSizes *sizes = sizes_of (workspace);
  const gsize d = workspace->sizes->d_model;
  EgNeoxOwn *own = workspace->own;
  EgAttention op = eg_attention_over_back (workspace, back, 3 * d, 2 * d, rows, spans);
  op.y = own->y.memory;
  op.q = own->q.memory;
  op.ldq = d;
  op.n_heads = sizes->n_heads;
  op.d_head = sizes->d_head;
  op.scale = eg_neox_scale_of (sizes);
  return op;
}

/* q', a, the attention's output, r + o, and the neurons before and after their activation, of all rows. */
static void
run_again (EgWorkspace *workspace, const EgLayerBack *back, const EgAttention *attention)
{
  const EgNeoxSizes *sizes = sizes_of (workspace);
  const EgNeoxLayer *w = workspace->layer;
  EgNeoxOwn *own = workspace->own;
  const EgMlp mlp = eg_neox_mlp_of (workspace);
  const gsize d = workspace->sizes->d_model, n = back->n_rows;
  float *mid = own->back.mid.memory;
  place_rotation (workspace, back, back->n_lanes);
  eg_neox_rotate (workspace, own->q.memory, d, workspace->input.memory, 4 * d, FALSE);
  workspace->backend->attention (workspace->stream, attention);
  eg_workspace_gemm (workspace, workspace->o.memory, d, own->y.memory, d, n, &w->dense, w->dense_bias);
  eg_workspace_copy (workspace, mid, workspace->r.memory, n * d);
  workspace->backend->add (workspace->stream, mid, workspace->o.memory, n * d);
  eg_workspace_norm (workspace, workspace->n.memory, sizes->parallel ? workspace->r.memory : mid, n,
                     w->norm_2, w->norm_2_bias);
  eg_mlp_run_again (workspace, &mlp, workspace->n.memory, own->back.before.memory, own->m.memory, n);
}

static void
back_mlp (EgWorkspace *workspace, const EgLayerBack *back)
{
  EgNeoxOwn *own = workspace->own;
  const EgMlp mlp = eg_neox_mlp_of (workspace);
  const float *x = sizes_of (workspace)->parallel ? workspace->r.memory : own->back.mid.memory;
  eg_mlp_run_back (workspace, &mlp, back, x, own->back.before.memory, own->m.memory, own->back.dm.memory);
}

/* What the attention's output is added to, and what it is made of. */
static void
back_output (EgWorkspace *workspace, const EgLayerBack *back)
{
  const EgNeoxLayer *w = workspace->layer;
  EgNeoxOwn *own = workspace->own;
  const gsize d = workspace->sizes->d_model;
  float *dy = own->back.dy.memory;
  eg_back_visit (workspace, back, NEOX_RESID_MID, back->gradient, d, own->back.mid.memory, d);
  eg_back_visit (workspace, back, NEOX_ATTN, back->gradient, d, workspace->o.memory, d);
  eg_back_gemm (workspace, dy, d, back->gradient, d, back->n_graded_rows, &w->dense, FALSE);
  eg_back_visit (workspace, back, NEOX_HEADS, dy, d, own->y.memory, d);
}

static void
back_attention (EgWorkspace *workspace, const EgLayerBack *back, EgAttention *attention)
{
  const EgNeoxLayer *w = workspace->layer;
  EgNeoxOwn *own = workspace->own;
  const gsize d = workspace->sizes->d_model;
  float *dqkv = own->back.dqkv.memory, *turned = own->back.turned.memory;
  const float *input = workspace->input.memory;
  attention->n_segments = back->n_graded;
  const EgAttentionBack op = { .dq = turned,
                               .dk = turned + d,
                               .dv = dqkv + 2 * d,
                               .ldd = 3 * d,
                               .dy = own->back.dy.memory,
                               .op = attention };
  workspace->backend->back->attention (workspace->stream, &op);
  place_rotation (workspace, back, back->n_graded);
  eg_neox_rotate (workspace, dqkv, 3 * d, turned, 3 * d, TRUE);
  eg_neox_rotate (workspace, dqkv + d, 3 * d, turned + d, 3 * d, TRUE);
  eg_back_visit (workspace, back, NEOX_QUERY, dqkv, 3 * d, input, 4 * d);
  eg_back_visit (workspace, back, NEOX_KEY, dqkv + d, 3 * d, input + d, 4 * d);
  eg_back_visit (workspace, back, NEOX_VALUE, dqkv + 2 * d, 3 * d, input + 2 * d, 4 * d);
  if (back->layer == 0)
    return; /* nothing asks for the gradient of what enters the network */
  eg_back_gemm (workspace, workspace->n.memory, d, dqkv, 3 * d, back->n_graded_rows, &w->qkv, FALSE);
  eg_layer_norm_back (workspace, back, workspace->r.memory, w->norm_1);
}

gboolean
eg_neox_run_back (EgWorkspace *workspace, const EgLayerBack *back, GError **error)
{
  const gboolean parallel = sizes_of (workspace)->parallel;
  if (!reserve (workspace, back, error))
    return FALSE;
  g_autofree EgAttentionRows *rows = g_new0 (EgAttentionRows, back->n_lanes);
  g_autofree EgAttentionSpan *spans = g_new0 (EgAttentionSpan, 2 * back->n_lanes);
  EgAttention attention = attention_of (workspace, back, rows, spans);
  run_again (workspace, back, &attention);
  /* In parallel, the MLP reads r, and so adds nothing to the gradient of what the attention is added to. */
  if (parallel)
    back_output (workspace, back);
  back_mlp (workspace, back);
  if (!parallel)
    back_output (workspace, back);
  back_attention (workspace, back, &attention);
  return TRUE;
}
