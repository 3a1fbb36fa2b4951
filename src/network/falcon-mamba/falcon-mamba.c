/* Falcon-Mamba as a family: blocks with a selective scan (network/ssm/selective.h) whose selection is normed.
 */
#include "network/falcon-mamba/falcon-mamba.h"
#include "network/ssm/config.h"

#include "core/error.h"

#include <glib/gi18n.h>

static gboolean
recognizes (const EgFields *fields)
{
  return g_strcmp0 (eg_fields_text (fields, "model_type"), "falcon_mamba") == 0;
}

static gboolean
read_config (const EgFields *fields, gpointer sizes, GError **error)
{
  EgSelectiveSizes *self = sizes;
  self->norm_selection = TRUE;
  double eps;
  if (!eg_selective_read_hugging_face (fields, self, error)
      || !eg_fields_number (fields, "mixer_rms_eps", 1e-6, 0, 1, &eps, error))
    return FALSE;
  self->selection_eps = (float)eps;
  return TRUE;
}

static const EgKnownModel known[] = {
  { "tiiuae/falcon-mamba-7b", 7272665088, 2 },
  { NULL, 0, 0 },
};

const EgFamily eg_family_falcon_mamba = {
  .name = "falcon_mamba",
  .title = N_ ("Falcon-Mamba (selective state space model)"),
  .known = known,
  .recognizes = recognizes,
  .read = read_config,
  .sizes_size = sizeof (EgSelectiveSizes),
  .fields = eg_selective_fields,
  .n_fields = SELECTIVE_N_FIELDS,
  .get_dims = eg_selective_get_dims,
  .sites = eg_selective_sites,
  .n_sites = SELECTIVE_N_SITES,
  .knockout_site = SELECTIVE_STATE,
  .root = "backbone.",
  .embedding = "embeddings.weight",
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
