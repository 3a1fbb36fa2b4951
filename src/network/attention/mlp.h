/* The MLP of a layer with attention, m = f (n·W_fc + b), o = m·W_proj + b, of normed rows n, and its way
 * back. A family says of which weights, and what is visited. */
#pragma once

#include "network/back.h"
#include "network/layer.h"

G_BEGIN_DECLS

/**
 * EgMlp: @norm [d]: the norm before it, LayerNorm's weight
 * @n_inner: I; @activation: f; @act_site, @site: of m and of o
 */
typedef struct
{
  const EgMatrix *fc, *fc_proj;
  const float *fc_bias, *fc_proj_bias, *norm;
  gsize n_inner;
  EgActivation activation;
  EgSite act_site, site;
} EgMlp;

/* o, in the workspace's, of n [n_rows, d]; m: [n_rows, I]. Visits both sites. */
void eg_mlp_run (
    EgWorkspace *workspace, const EgMlp *self, const EgLayerRun *run, const float *n, float *m, gsize n_rows);

/* m, and what it was before f, of n, for the way back. */
void eg_mlp_run_again (
    EgWorkspace *workspace, const EgMlp *self, const float *n, float *before, float *m, gsize n_rows);

/* Adds to the rows' gradient that of x, which the norm reads. dm: [graded rows, I] */
void eg_mlp_run_back (EgWorkspace *workspace,
                      const EgMlp *self,
                      const EgLayerBack *back,
                      const float *x,
                      const float *before,
                      const float *m,
                      float *dm);

/* Through a LayerNorm of x, whose gradient is in the workspace's n; added to the rows' gradient. */
void
eg_layer_norm_back (EgWorkspace *workspace, const EgLayerBack *back, const float *x, const float *weight);

G_END_DECLS
