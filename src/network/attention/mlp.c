/* The MLP of a layer with attention, and its way back. */
#include "network/attention/mlp.h"

void
eg_mlp_run (
    EgWorkspace *workspace, const EgMlp *self, const EgLayerRun *run, const float *n, float *m, gsize n_rows)
{
  const gsize d = workspace->sizes->d_model, inner = self->n_inner;
  float *o = workspace->o.memory;
  eg_workspace_gemm (workspace, m, inner, n, d, n_rows, self->fc, self->fc_bias);
  workspace->backend->activate (workspace->stream, self->activation, m, n_rows * inner);
  eg_workspace_visit (workspace, run, self->act_site, run->only_last, m, inner);
  eg_workspace_gemm (workspace, o, d, m, inner, n_rows, self->fc_proj, self->fc_proj_bias);
  eg_workspace_visit (workspace, run, self->site, run->only_last, o, d);
}

void
eg_mlp_run_again (
    EgWorkspace *workspace, const EgMlp *self, const float *n, float *before, float *m, gsize n_rows)
{
  const gsize inner = self->n_inner;
  eg_workspace_gemm (workspace, before, inner, n, workspace->sizes->d_model, n_rows, self->fc, self->fc_bias);
  eg_workspace_copy (workspace, m, before, n_rows * inner);
  workspace->backend->activate (workspace->stream, self->activation, m, n_rows * inner);
}

void
eg_mlp_run_back (EgWorkspace *workspace,
                 const EgMlp *self,
                 const EgLayerBack *back,
                 const float *x,
                 const float *before,
                 const float *m,
                 float *dm)
{
  const gsize d = workspace->sizes->d_model, inner = self->n_inner, n = back->n_graded_rows;
  eg_back_gemm (workspace, dm, inner, back->gradient, d, n, self->fc_proj, FALSE);
  eg_back_visit (workspace, back, self->act_site, dm, inner, m, inner);
  workspace->backend->back->activate (workspace->stream, self->activation, dm, before, n * inner);
  eg_back_gemm (workspace, workspace->n.memory, d, dm, inner, n, self->fc, FALSE);
  eg_layer_norm_back (workspace, back, x, self->norm);
}

void
eg_layer_norm_back (EgWorkspace *workspace, const EgLayerBack *back, const float *x, const float *weight)
{
  const EgNormBack op = { .dx = back->gradient,
                          .dy = workspace->n.memory,
                          .x = x,
                          .n_rows = back->n_graded_rows,
                          .d = workspace->sizes->d_model,
                          .weight = weight,
                          .is_layer_norm = TRUE,
                          .eps = workspace->sizes->norm_eps };
  workspace->backend->back->norm (workspace->stream, &op);
}
