/* config.json of Mamba-2, as Hugging Face's Mamba2Config writes it, or as mamba_ssm's MambaConfig does whose
 * ssm_cfg says that the layers are Mamba2 (the original layout). */
#include "network/mamba2/private.h"

#include "core/error.h"
#include "formats/json-text.h"
#include "network/ssm/config.h"

#include <glib/gi18n.h>
#include <math.h>

/* What the original's norm after the gate has, whatever the others' is. */
#define ORIGINAL_GATE_EPS 1e-5f

/* [least, most] of Δ: none by default. As transformers' forward over a prompt has it. */
static gboolean
read_limits (const EgFields *fields, const char *name, EgMamba2Sizes *self, GError **error)
{
  self->least_step = 0;
  self->most_step = INFINITY;
  if (!eg_fields_has (fields, name))
    return TRUE;
  JsonNode *node = json_object_get_member (fields->object, name);
  JsonArray *pair = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  double least, most;
  if (!pair || json_array_get_length (pair) != 2
      || !eg_json_node_get_double (json_array_get_element (pair, 0), &least)
      || !eg_json_node_get_double (json_array_get_element (pair, 1), &most) || !(least >= 0 && least <= most)
      || isinf (least))
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
                   _ ("%s: the field “%s” must be two numbers, the least and the greatest, from 0 on"),
                   fields->where, name);
      return FALSE;
    }
  self->least_step = (float)least;
  self->most_step = (float)most;
  return TRUE;
}

/* As transformers spells them, or flash-linear-attention and the original layout. */
static gboolean
read_either_limits (const EgFields *fields, EgMamba2Sizes *self, GError **error)
{
  if (!eg_fields_has (fields, "dt_limit"))
    return read_limits (fields, "time_step_limit", self, error);
  if (!read_limits (fields, "dt_limit", self, error))
    return FALSE;
  EgMamba2Sizes other;
  if (!eg_fields_has (fields, "time_step_limit"))
    return TRUE;
  if (!read_limits (fields, "time_step_limit", &other, error))
    return FALSE;
  return (other.least_step == self->least_step && other.most_step == self->most_step)
         || eg_fields_set_disagreement (fields, "time_step_limit", "dt_limit", error);
}

/* Forms of the block that mamba_ssm and flash-linear-attention have, and Engram has not. */
static gboolean
refuse_other_forms (const EgFields *fields, GError **error)
{
  return eg_fields_require_flag (fields, "rmsnorm", TRUE, error)
         && eg_fields_require_flag (fields, "norm_before_gate", FALSE, error)
         && eg_fields_require_flag (fields, "D_has_hdim", FALSE, error);
}

/* H·P is D, and groups have as many heads each. heads, groups: the fields' names. */
static gboolean
check_heads (
    const EgFields *fields, const EgMamba2Sizes *self, const char *heads, const char *groups, GError **error)
{
  if (self->n_heads * self->d_head != self->d_inner)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
                   /* TRANSLATORS: a file, a width, a number of heads and the width of one. */
                   _ ("%s: a layer is %zu wide, which %zu heads of %zu (%s) are not"), fields->where,
                   self->d_inner, self->n_heads, self->d_head, heads);
      return FALSE;
    }
  if (self->n_heads % self->n_groups == 0)
    return TRUE;
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: %zu heads cannot be shared among %zu groups (%s)"),
               fields->where, self->n_heads, self->n_groups, groups);
  return FALSE;
}

/* What is computed from d, expand; a file may say it, too. */
static gboolean
check_inner (const EgFields *fields, const char *name, const EgMamba2Sizes *self, GError **error)
{
  gsize said;
  if (!eg_fields_size_or (fields, name, self->d_inner, &said, error))
    return FALSE;
  if (said != self->d_inner)
    g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
                 _ ("%s: %s is %zu; Engram traces models where it is expand times the width, %zu"),
                 fields->where, name, said, self->d_inner);
  return said == self->d_inner;
}

static gboolean
read_inner (const EgFields *fields, EgMamba2Sizes *self, GError **error)
{
  gsize expand;
  if (!eg_fields_size_or (fields, "expand", 2, &expand, error))
    return FALSE;
  self->d_inner = expand * self->sizes.d_model;
  return TRUE;
}

/* norm_before_gate, which some files have, is not read here, as transformers does not: the gate is first. But
 * flash-linear-attention, whose configs say rmsnorm, heeds it. */
static gboolean
read_hugging_face (const EgFields *fields, EgMamba2Sizes *self, GError **error)
{
  if ((eg_fields_has (fields, "rmsnorm") && !refuse_other_forms (fields, error))
      || !eg_fields_require_text (fields, "hidden_act", "silu|swish", error)
      || !eg_fields_require_flag (fields, "rms_norm", TRUE, error)
      || !eg_fields_size_or (fields, "hidden_size", 4096, &self->sizes.d_model, error)
      || !eg_fields_size_or (fields, "num_hidden_layers", 64, &self->sizes.n_layers, error)
      || !eg_fields_size_or (fields, "vocab_size", 32768, &self->sizes.vocab_size, error)
      || !eg_fields_size_or (fields, "num_heads", 128, &self->n_heads, error)
      || !eg_fields_size_or (fields, "head_dim", 64, &self->d_head, error)
      || !eg_fields_size_or (fields, "n_groups", 8, &self->n_groups, error)
      || !eg_fields_size_or (fields, "state_size", 128, &self->d_state, error)
      || !eg_fields_size_or (fields, "conv_kernel", 4, &self->d_conv, error)
      || !read_inner (fields, self, error) || !check_inner (fields, "intermediate_size", self, error)
      || !check_heads (fields, self, "num_heads, head_dim", "n_groups", error)
      || !read_either_limits (fields, self, error)
      || !eg_fields_boolean (fields, "use_bias", FALSE, &self->use_bias, error)
      || !eg_fields_boolean (fields, "use_conv_bias", TRUE, &self->use_conv_bias, error)
      || !eg_fields_boolean (fields, "tie_word_embeddings", FALSE, &self->sizes.tie_embeddings, error)
      || !eg_fields_epsilon (fields, EG_SSM_EPSILON, &self->sizes.norm_eps, error))
    return FALSE;
  self->gate_eps = self->sizes.norm_eps;
  return TRUE;
}

/* ---- the original layout ---- */

static gboolean
read_block (const EgFields *ssm, EgMamba2Sizes *self, GError **error)
{
  if (!refuse_other_forms (ssm, error) || !eg_fields_size_or (ssm, "d_state", 128, &self->d_state, error)
      || !eg_fields_size_or (ssm, "d_conv", 4, &self->d_conv, error)
      || !eg_fields_size_or (ssm, "headdim", 64, &self->d_head, error)
      || !eg_fields_size_or (ssm, "ngroups", 1, &self->n_groups, error) || !read_inner (ssm, self, error)
      || !check_inner (ssm, "d_ssm", self, error) || !read_limits (ssm, "dt_limit", self, error)
      || !eg_fields_boolean (ssm, "bias", FALSE, &self->use_bias, error)
      || !eg_fields_boolean (ssm, "conv_bias", TRUE, &self->use_conv_bias, error))
    return FALSE;
  self->n_heads = self->d_inner / self->d_head;
  return check_heads (ssm, self, "headdim", "ngroups", error);
}

static gboolean
read_original (const EgFields *fields, EgMamba2Sizes *self, GError **error)
{
  static const char *const known[] = {
    "layer",      "d_state",          "d_conv",     "conv_init", "expand",           "headdim",
    "d_ssm",      "ngroups",          "D_has_hdim", "rmsnorm",   "A_init_range",     "dt_min",
    "dt_max",     "dt_init_floor",    "dt_limit",   "bias",      "norm_before_gate", "conv_bias",
    "chunk_size", "use_mem_eff_path", NULL,
  };
  EgFields ssm;
  self->gate_eps = ORIGINAL_GATE_EPS;
  return eg_ssm_read_original (fields, known, &self->sizes, &ssm, error) && read_block (&ssm, self, error);
}

/* What follows from them. */
static void
complete (EgMamba2Sizes *self)
{
  self->d_xbc = self->d_inner + 2 * self->n_groups * self->d_state;
  self->d_proj = self->d_inner + self->d_xbc + self->n_heads;
  self->sizes.d_input = self->d_proj;
  self->sizes.d_memory = self->d_inner * self->d_state;
  self->sizes.n_state = self->d_state;
  self->sizes.n_heads = self->n_heads;
}

gboolean
eg_mamba2_recognizes (const EgFields *fields)
{
  if (eg_fields_has (fields, "model_type"))
    return g_strcmp0 (eg_fields_text (fields, "model_type"), "mamba2") == 0;
  return g_strcmp0 (eg_ssm_get_layer_name (fields), "Mamba2") == 0;
}

/* Without a model_type, ssm_cfg is what said that it is Mamba-2. */
static gboolean
is_original (const EgFields *fields)
{
  return eg_fields_has (fields, "ssm_cfg")
         && (eg_ssm_is_original (fields) || !eg_fields_has (fields, "model_type"));
}

gboolean
eg_mamba2_read (const EgFields *fields, gpointer sizes, GError **error)
{
  EgMamba2Sizes *self = sizes;
  if (!(is_original (fields) ? read_original (fields, self, error) : read_hugging_face (fields, self, error)))
    return FALSE;
  complete (self);
  return TRUE;
}
