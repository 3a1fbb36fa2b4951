/* Mamba-1 as a family: blocks with a selective scan (network/ssm/selective.h), of two layouts. */
#include "network/mamba1/private.h"

#include <glib/gi18n.h>

static const EgKnownModel known[] = {
  { "state-spaces/mamba-130m-hf", 129135360, 4 },  { "state-spaces/mamba-370m-hf", 371516416, 4 },
  { "state-spaces/mamba-790m-hf", 793204224, 4 },  { "state-spaces/mamba-1.4b-hf", 1372178432, 4 },
  { "state-spaces/mamba-2.8b-hf", 2768345600, 4 }, { NULL, 0, 0 },
};

const EgFamily eg_family_mamba1 = {
  .name = "mamba",
  .title = N_ ("Mamba (selective state space model)"),
  .known = known,
  .recognizes = eg_mamba1_recognizes,
  .read = eg_mamba1_read,
  .sizes_size = sizeof (EgSelectiveSizes),
  .fields = eg_selective_fields,
  .n_fields = SELECTIVE_N_FIELDS,
  .get_dims = eg_selective_get_dims,
  .sites = eg_selective_sites,
  .n_sites = SELECTIVE_N_SITES,
  .knockout_site = SELECTIVE_STATE,
  .root = "backbone.",
  /* The original layout's name has no s. */
  .embedding = "embedding.weight|embeddings.weight",
  .norm = "norm_f.weight",
  .head = "lm_head.weight",
  .layer_prefix = "layers.",
  .tensors = eg_selective_tensors,
  .n_tensors = SELECTIVE_N_TENSORS,
  .layer_size = sizeof (EgSelectiveLayer),
  .row_width = eg_selective_row_width,
  .get_flops = eg_selective_get_flops,
  .own_new = eg_selective_own_new,
  .own_free = eg_selective_own_free,
  .reserve = eg_selective_reserve,
  .run_layer = eg_selective_run_layer,
  .run_back = eg_selective_run_back,
};
