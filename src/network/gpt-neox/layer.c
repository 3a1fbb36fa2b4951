/* A GPT-NeoX layer over the rows of many runs. */
#include "network/gpt-neox/private.h"

#include <math.h>

gpointer
eg_neox_own_new (void)
{
  EgNeoxOwn *own = g_new0 (EgNeoxOwn, 1);
  eg_attention_lanes_init (&own->lanes);
  own->segments = g_array_new (FALSE, FALSE, sizeof (EgRotaryRows));
  own->frequencies = g_array_new (FALSE, FALSE, sizeof (float));
  own->back_frequencies = g_array_new (FALSE, FALSE, sizeof (float));
  return own;
}

void
eg_neox_own_free (gpointer own)
{
  EgNeoxOwn *self = own;
  eg_attention_lanes_clear (&self->lanes);
  g_array_unref (self->segments);
  g_array_unref (self->frequencies);
  g_array_unref (self->back_frequencies);
  g_free (self);
}

static const EgNeoxSizes *
sizes_of (const EgWorkspace *workspace)
{
  return (const EgNeoxSizes *)workspace->sizes;
}

/* In float32, as transformers has them: at high positions their rounding is felt. */
static void
find_frequencies (EgNeoxOwn *own, const EgNeoxSizes *sizes)
{
  g_array_set_size (own->frequencies, 0);
  g_array_set_size (own->back_frequencies, 0);
  for (gsize i = 0; i < sizes->n_rotary / 2; i++)
    {
      const float exponent = (float)(2 * i) / (float)sizes->rotated;
      const float frequency = 1.0f / (float)pow (sizes->rotary_base, (double)exponent), back = -frequency;
      g_array_append_val (own->frequencies, frequency);
      g_array_append_val (own->back_frequencies, back);
    }
}

gboolean
eg_neox_reserve (EgWorkspace *workspace, gsize n_rows, GError **error)
{
  EgNeoxOwn *own = workspace->own;
  const EgNeoxSizes *sizes = sizes_of (workspace);
  const gsize d = workspace->sizes->d_model;
  if (own->frequencies->len != sizes->n_rotary / 2)
    find_frequencies (own, sizes);
  return eg_workspace_reserve (workspace, &own->q, n_rows, d, error)
         && eg_workspace_reserve (workspace, &own->y, n_rows, d, error)
         && eg_workspace_reserve (workspace, &own->m, n_rows, sizes->n_inner, error);
}

void
eg_neox_rotate (
    EgWorkspace *workspace, float *to, gsize ld_to, const float *from, gsize ld_from, gboolean back)
{
  const EgNeoxSizes *sizes = sizes_of (workspace);
  const EgNeoxOwn *own = workspace->own;
  const GArray *frequencies = back ? own->back_frequencies : own->frequencies;
  const EgRotary op = { .y = to,
                        .ldy = ld_to,
                        .x = from,
                        .ldx = ld_from,
                        .segments = (const EgRotaryRows *)(gpointer)own->segments->data,
                        .n_segments = own->segments->len,
                        .n_heads = sizes->n_heads,
                        .d_head = sizes->d_head,
                        .n_rotary = sizes->n_rotary,
                        .frequencies = (const float *)(gpointer)frequencies->data };
  workspace->backend->rotate (workspace->stream, &op);
}

/* q' and k' of all rows: of those that were taken over, too, since a value may come from another position. */
static void
rotate_all (EgWorkspace *workspace, const EgLayerRun *run)
{
  EgNeoxOwn *own = workspace->own;
  const gsize d = workspace->sizes->d_model, ld = workspace->sizes->d_input;
  float *input = workspace->input.memory;
  g_array_set_size (own->segments, 0);
  for (gsize s = 0; s < run->n_active; s++)
    {
      const EgSegmentRows *rows = &eg_workspace_rows (workspace)[s];
      const EgRotaryRows it = { rows->row, rows->n_rows, run->segments[s].position };
      g_array_append_val (own->segments, it);
    }
  eg_neox_rotate (workspace, own->q.memory, d, input, ld, FALSE);
  eg_neox_rotate (workspace, input + 3 * d, ld, input + d, ld, FALSE);
}

/* [q | k | v | k'] of all rows. */
static void
project_in (EgWorkspace *workspace, const EgLayerRun *run)
{
  const EgNeoxLayer *w = workspace->layer;
  const gsize d = workspace->sizes->d_model, ld = workspace->sizes->d_input;
  const gsize n_computed = eg_workspace_count_unknown (workspace, run);
  const gsize n_rows = eg_workspace_count_rows (workspace, n_computed);
  float *n = workspace->n.memory, *input = workspace->input.memory;
  if (n_rows > 0)
    {
      eg_workspace_norm (workspace, n, workspace->r.memory, n_rows, w->norm_1, w->norm_1_bias);
      eg_workspace_gemm (workspace, input, ld, n, d, n_rows, &w->qkv, w->qkv_bias);
    }
  eg_workspace_copy_known (workspace, run, n_computed, 3 * d);
  eg_workspace_visit (workspace, run, NEOX_QUERY, FALSE, input, ld);
  eg_workspace_visit (workspace, run, NEOX_KEY, FALSE, input + d, ld);
  eg_workspace_visit (workspace, run, NEOX_VALUE, FALSE, input + 2 * d, ld);
  rotate_all (workspace, run);
  eg_workspace_keep_input (workspace, run, ld);
}

float
eg_neox_scale_of (const EgNeoxSizes *sizes)
{
  return (float)(1 / sqrt ((double)sizes->d_head));
}

/* a of the rows that are wanted. */
static void
attend (EgWorkspace *workspace, const EgLayerRun *run)
{
  const EgNeoxSizes *sizes = sizes_of (workspace);
  EgNeoxOwn *own = workspace->own;
  const gsize d = workspace->sizes->d_model;
  eg_attention_load (workspace, &own->lanes, run, 3 * d, 2 * d);
  EgAttention op = eg_attention_over (&own->lanes);
  op.y = own->y.memory;
  op.q = own->q.memory;
  op.ldq = d;
  op.n_heads = sizes->n_heads;
  op.d_head = sizes->d_head;
  op.scale = eg_neox_scale_of (sizes);
  workspace->backend->attention (workspace->stream, &op);
  eg_workspace_visit (workspace, run, NEOX_HEADS, run->only_last, own->y.memory, d);
}

EgMlp
eg_neox_mlp_of (const EgWorkspace *workspace)
{
  const EgNeoxSizes *sizes = sizes_of (workspace);
  const EgNeoxLayer *w = workspace->layer;
  return (EgMlp){ .fc = &w->fc,
                  .fc_proj = &w->fc_proj,
                  .fc_bias = w->fc_bias,
                  .fc_proj_bias = w->fc_proj_bias,
                  .norm = w->norm_2,
                  .n_inner = sizes->n_inner,
                  .activation = sizes->activation,
                  .act_site = NEOX_MLP_ACT,
                  .site = NEOX_MLP };
}

gboolean
eg_neox_run_layer (EgWorkspace *workspace, const EgLayerRun *run, GError **error)
{
  const EgNeoxLayer *w = workspace->layer;
  const EgNeoxOwn *own = workspace->own;
  const gboolean parallel = sizes_of (workspace)->parallel;
  const gsize d = workspace->sizes->d_model;
  const gsize n_out = run->only_last ? run->n_active : eg_workspace_count_rows (workspace, run->n_active);
  float *n = workspace->n.memory, *o = workspace->o.memory, *r = workspace->r.memory;
  project_in (workspace, run);
  attend (workspace, run);
  eg_workspace_gemm (workspace, o, d, own->y.memory, d, n_out, &w->dense, w->dense_bias);
  eg_workspace_visit (workspace, run, NEOX_ATTN, run->only_last, o, d);
  if (run->only_last)
    {
      eg_workspace_gather_last (workspace, run->n_active, workspace->last.memory, r, d);
      r = workspace->last.memory;
    }
  if (parallel)
    eg_workspace_norm (workspace, n, r, n_out, w->norm_2, w->norm_2_bias);
  workspace->backend->add (workspace->stream, r, o, n_out * d);
  eg_workspace_visit (workspace, run, NEOX_RESID_MID, run->only_last, r, d);
  if (!parallel)
    eg_workspace_norm (workspace, n, r, n_out, w->norm_2, w->norm_2_bias);
  const EgMlp mlp = eg_neox_mlp_of (workspace);
  eg_mlp_run (workspace, &mlp, run, n, own->m.memory, n_out);
  return TRUE;
}
