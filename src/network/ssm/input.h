/* The input rows of blocks with a convolution, a state and a gate: [what enters the convolution … | gate].
 * Later tokens read the first part; its own token alone reads the gate. */
#pragma once

#include "network/layer.h"

G_BEGIN_DECLS

/**
 * EgSsmInput: of the layer that is being run.
 * @norm: [d] of the RMSNorm before
 * @rest, @gate: [n, d] each; @rest_bias, @gate_bias: or %NULL
 * @whole: both, where they follow each other, with @rest_bias for both; %NULL: they do not
 * @conv_in_site: the first part's, at its beginning; @gate_site: the gate's
 */
typedef struct
{
  const float *norm;
  EgMatrix rest, gate;
  const float *rest_bias, *gate_bias;
  const EgMatrix *whole;
  EgSite conv_in_site, gate_site;
} EgSsmInput;

/* So many rows of a matrix from the first on; not of one that lies transposed. */
static inline EgMatrix
eg_ssm_rows_of (const EgMatrix *matrix, gsize first, gsize n)
{
  const gsize skipped = first * matrix->cols * eg_dtype_get_size (matrix->dtype);
  return (EgMatrix){ (const guint8 *)matrix->data + skipped, matrix->dtype, n, matrix->cols,
                     matrix->lasting };
}

/* The workspace's input rows, computed or known, sites put and rows kept. With only_last, the gates are of
 * each segment's last position alone: segment s's in row s. */
void eg_ssm_project_in (EgWorkspace *workspace, const EgLayerRun *run, const EgSsmInput *input);

G_END_DECLS
