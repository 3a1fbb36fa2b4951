/* What config.json may say, of every family: spellings that mean the same, defaults, and what is refused by
 * name. (Mamba's mistakes: test-model.c.) */
#include "parts.h"
#include "tiny.h"

#include "core/error.h"
#include "library/model.h"
#include "network/gpt2/private.h"
#include "network/mamba2/private.h"
#include "network/ssm/selective.h"

#include <glib/gstdio.h>
#include <string.h>

static char *home;

/* (transfer full) */
static char *
write_with (Parts *parts, const char *fields)
{
  static guint n;
  g_autofree char *name = g_strdup_printf ("config-%u", n++);
  char *folder = tiny_make_folder (home, name, NULL);
  if (fields)
    parts_configure (parts, fields);
  parts_write (parts, folder);
  return folder;
}

static EgModel *
open_with (Parts *parts, const char *fields)
{
  g_autofree char *folder = write_with (parts, fields);
  g_autoptr (GError) error = NULL;
  EgModel *model = eg_model_open (folder, NULL, &error);
  g_assert_no_error (error);
  return model;
}

static void
assert_refused (Parts *parts, const char *fields, const char *sentence)
{
  g_autofree char *folder = write_with (parts, fields);
  g_autoptr (GError) error = NULL;
  g_assert_null (eg_model_open (folder, NULL, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  if (!strstr (error->message, sentence) || strchr (error->message, '\n'))
    g_error ("“%s” does not say “%s”", error->message, sentence);
}

/* ---- GPT-2 ---- */

static void
test_gpt2_mistakes (void)
{
  static const struct
  {
    const char *fields, *says;
  } mistakes[] = {
    { "\"activation_function\":\"mish\"", "activation_function is “mish”; Engram knows gelu_new" },
    { "\"activation_function\":7", "activation_function is “?”" },
    { "\"add_cross_attention\":true", "add_cross_attention is true" },
    { "\"is_causal\":false", "is_causal is false; Engram traces models where it is true" },
    { "\"add_cross_attention\":1", "“add_cross_attention” must be true or false" },
    { "\"scale_attn_weights\":\"yes\"", "“scale_attn_weights” must be true or false" },
    { "\"scale_attn_by_inverse_layer_idx\":0", "“scale_attn_by_inverse_layer_idx” must be true or false" },
    { "\"layer_norm_epsilon\":-1", "“layer_norm_epsilon” must be" },
    { "\"layer_norm_epsilon\":1e-5,\"norm_eps\":1e-6", "mean the same and contradict" },
    { "\"tie_word_embeddings\":false", "lm_head.weight" },
    { "\"quantization_config\":{\"quant_method\":\"gptq\"}", "quantized (gptq)" },
    { "\"n_inner\":7", "expected" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_autoptr (Parts) parts = parts_new_gpt2 (5);
      if (g_str_has_prefix (mistakes[i].fields, "\"n_inner"))
        {
          g_free (parts->config);
          parts->config = g_strdup ("\"model_type\":\"gpt2\",\"n_embd\":4,\"n_layer\":2,\"vocab_size\":8,"
                                    "\"n_positions\":5,\"n_head\":2");
        }
      assert_refused (parts, mistakes[i].fields, mistakes[i].says);
    }
}

/* The sizes, and those that transformers takes where none is named. */
static void
test_gpt2_sizes (void)
{
  static const struct
  {
    const char *config, *says;
  } sizes[] = {
    { "\"n_embd\":4,\"n_layer\":2,\"vocab_size\":8,\"n_positions\":5,\"n_head\":3,\"n_inner\":6",
      "n_embd is 4, which 3 heads (n_head) do not share evenly" },
    { "\"n_embd\":4,\"n_layer\":2,\"vocab_size\":8,\"n_positions\":5,\"n_head\":8,\"n_inner\":6",
      "n_embd is 4, which 8 heads (n_head) do not share evenly" },
    { "\"n_embd\":4,\"n_layer\":2,\"vocab_size\":8,\"n_positions\":5,\"n_head\":0,\"n_inner\":6",
      "“n_head” must be" },
    { "\"n_embd\":4,\"n_layer\":2,\"vocab_size\":8,\"n_positions\":6,\"n_head\":2,\"n_inner\":6",
      "transformer.wpe.weight has shape [5, 4], expected [6, 4]" },
    { "\"n_embd\":4,\"n_layer\":3,\"vocab_size\":8,\"n_positions\":5,\"n_head\":2,\"n_inner\":6",
      "transformer.h.2." },
    { "\"n_embd\":4,\"n_layer\":1,\"vocab_size\":8,\"n_positions\":5,\"n_head\":2,\"n_inner\":6",
      "transformer.h.1." },
    { "\"n_embd\":4,\"vocab_size\":8,\"n_positions\":5,\"n_head\":2,\"n_inner\":6", "transformer.h.2." },
    { "\"n_embd\":4,\"n_layer\":2,\"n_positions\":5,\"n_head\":2,\"n_inner\":6", "expected [50257, 4]" },
    { "\"n_embd\":4,\"n_layer\":2,\"vocab_size\":8,\"n_head\":2,\"n_inner\":6", "expected [1024, 4]" },
    { "\"n_embd\":4,\"n_layer\":2,\"vocab_size\":8,\"n_positions\":5,\"n_head\":2", "expected [4, 16]" },
    { "\"n_embd\":4,\"n_layer\":2,\"vocab_size\":8,\"n_positions\":5,\"n_head\":2,\"n_inner\":null",
      "expected [4, 16]" },
    { "\"n_layer\":2,\"vocab_size\":8,\"n_positions\":5,\"n_inner\":6", "expected [8, 768]" },
    { "\"n_embd\":4,\"n_layer\":2,\"vocab_size\":8,\"n_positions\":5,\"n_inner\":6", "4, which 12 heads" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (Parts) parts = parts_new_gpt2 (5);
      g_free (parts->config);
      parts->config = g_strdup (sizes[i].config);
      assert_refused (parts, "\"model_type\":\"gpt2\"", sizes[i].says);
    }
}

/* GPT2Config's attribute_map. */
static void
test_gpt2_other_names (void)
{
  g_autoptr (Parts) parts = parts_new_gpt2 (5);
  g_free (parts->config);
  parts->config
      = g_strdup ("\"model_type\":\"gpt2\",\"hidden_size\":4,\"num_hidden_layers\":2,\"vocab_size\":8,"
                  "\"max_position_embeddings\":5,\"num_attention_heads\":2,\"n_inner\":6");
  g_autoptr (EgModel) model = open_with (parts, "\"n_layer\":2");
  const EgFamily *family = eg_model_get_family (model);
  g_assert_cmpuint (eg_model_get_sizes (model)->n_positions, ==, 5);
  for (gsize i = 0; i < family->n_fields; i++)
    if (g_str_equal (family->fields[i].name, "n_head"))
      g_assert_cmpuint (eg_size_field_get (&family->fields[i], eg_model_get_sizes (model)), ==, 2);
  assert_refused (parts, "\"n_head\":4", "“n_head” and “num_attention_heads” mean the same and contradict");
}

static void
test_gpt2_activations (void)
{
  static const struct
  {
    const char *name;
    EgActivation activation;
  } known[] = {
    { "gelu_new", EG_ACTIVATION_GELU_TANH },
    { "gelu_pytorch_tanh", EG_ACTIVATION_GELU_TANH },
    { "gelu_fast", EG_ACTIVATION_GELU_TANH },
    { "gelu_accurate", EG_ACTIVATION_GELU_TANH },
    { "gelu_python_tanh", EG_ACTIVATION_GELU_TANH },
    { "gelu", EG_ACTIVATION_GELU },
    { "gelu_python", EG_ACTIVATION_GELU },
    { "relu", EG_ACTIVATION_RELU },
    { "silu", EG_ACTIVATION_SILU },
    { "swish", EG_ACTIVATION_SILU },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_autoptr (Parts) parts = parts_new_gpt2 (5);
      g_autofree char *field = g_strdup_printf ("\"activation_function\":\"%s\"", known[i].name);
      g_autoptr (EgModel) model = open_with (parts, field);
      g_assert_cmpstr (eg_model_get_family (model)->name, ==, "gpt2");
      g_assert_cmpint (((const EgGpt2Sizes *)eg_model_get_sizes (model))->activation, ==,
                       known[i].activation);
    }
}

/* ---- Falcon-Mamba ---- */

static void
test_falcon_mamba (void)
{
#define FALCON                                                                                               \
  "\"model_type\":\"falcon_mamba\",\"hidden_size\":4,\"num_hidden_layers\":2,\"vocab_size\":8,\"state_"      \
  "size\":2,"                                                                                                \
  "\"conv_kernel\":2,\"time_step_rank\":1"
  static const struct
  {
    const char *fields, *says; /* NULL: it opens */
  } files[] = {
    { "\"expand\":2", NULL },
    { "\"expand\":16,\"intermediate_size\":8", NULL },
    { "\"expand\":2,\"mixer_rms_eps\":0.25", NULL },
    { "\"expand\":16", "expected [128, 4]" },
    { "\"mixer_rms_eps\":-1", "“mixer_rms_eps” must be a number from 0 to 1" },
    { "\"mixer_rms_eps\":\"1e-6\"", "“mixer_rms_eps” must be a number from 0 to 1" },
    { "\"hidden_act\":\"relu\"", "hidden_act is “relu”" },
    { "\"tie_word_embeddings\":false", "lm_head.weight" },
    { "\"use_bias\":true", "mixer.in_proj.bias" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (Parts) parts = parts_new_mamba ();
      g_free (parts->config);
      parts->config = g_strdup (FALCON);
      if (files[i].says)
        {
          assert_refused (parts, files[i].fields, files[i].says);
          continue;
        }
      g_autoptr (EgModel) model = open_with (parts, files[i].fields);
      g_assert_cmpstr (eg_model_get_family (model)->name, ==, "falcon_mamba");
    }
}

/* ---- Mamba-2 ---- */

/* What is there once more in a file that says it otherwise. */
static void
replace_field (Parts *parts, const char *from, const char *to)
{
  g_auto (GStrv) halves = g_strsplit (parts->config, from, 2);
  g_assert_nonnull (halves[1]);
  g_free (parts->config);
  parts->config = g_strconcat (halves[0], to, halves[1], NULL);
}

static void
test_mamba2_mistakes (void)
{
  static const struct
  {
    const char *from, *to, *says;
  } mistakes[] = {
    { "\"num_heads\":4", "\"num_heads\":3",
      "a layer is 8 wide, which 3 heads of 2 (num_heads, head_dim) are not" },
    { "\"num_heads\":4", "\"expand\":3", "a layer is 12 wide, which 128 heads of 2" },
    { "\"head_dim\":2", "\"head_dim\":0", "“head_dim” must be" },
    { "\"head_dim\":2", "\"head_dim\":16777216", "which 4 heads of 16777216" },
    { "\"num_heads\":4", "\"num_heads\":99999999999", "“num_heads” must be" },
    { "\"n_groups\":2", "\"n_groups\":3", "4 heads cannot be shared among 3 groups (n_groups)" },
    { "\"n_groups\":2", "\"n_groups\":8", "4 heads cannot be shared among 8 groups" },
    { "\"n_groups\":2", "\"n_groups\":1", "expected [24, 4]" },
    { "\"state_size\":2", "\"state_size\":3", "expected [32, 4]" },
    { "\"state_size\":2", "\"state_size\":16777216", "expected [" },
    { "\"conv_kernel\":2", "\"conv_kernel\":3", "expected [16, 1, 3]" },
    { ",\"tie_word_embeddings\":true", "", "lm_head.weight" },
    { "\"n_groups\":2", "\"n_groups\":2,\"intermediate_size\":9", "intermediate_size is 9; Engram traces" },
    { "\"n_groups\":2", "\"n_groups\":2,\"use_bias\":true", "mixer.in_proj.bias" },
    { "\"n_groups\":2", "\"n_groups\":2,\"use_conv_bias\":false", "mixer.conv1d.bias" },
    { "\"n_groups\":2", "\"n_groups\":2,\"hidden_act\":\"gelu\"", "hidden_act is “gelu”" },
    { "\"n_groups\":2", "\"n_groups\":2,\"rms_norm\":false", "rms_norm is false" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_autoptr (Parts) parts = parts_new_mamba2 ();
      replace_field (parts, mistakes[i].from, mistakes[i].to);
      assert_refused (parts, NULL, mistakes[i].says);
    }
}

static void
test_mamba2_limits (void)
{
  static const char *const known[]
      = { "null", "[0.0, Infinity]", "[0, 10]", "[0.0, {\"__float__\": \"Infinity\"}]", "[0.25, 0.25]" };
  static const char *const refused[] = { "[0.1]",       "[0.1, 0.2, 0.3]",
                                         "[0.5, 0.1]",  "0.1",
                                         "\"none\"",    "[-1.0, 1]",
                                         "[NaN, 1.0]",  "[0.0, NaN]",
                                         "[null, 1.0]", "[Infinity, Infinity]",
                                         "{}",          "[0.0, {\"__float__\": \"big\"}]" };
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_autoptr (Parts) parts = parts_new_mamba2 ();
      g_autofree char *field = g_strconcat ("\"time_step_limit\":", known[i], NULL);
      g_autoptr (EgModel) model = open_with (parts, field);
      g_assert_cmpstr (eg_model_get_family (model)->name, ==, "mamba2");
    }
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (Parts) parts = parts_new_mamba2 ();
      g_autofree char *field = g_strconcat ("\"time_step_limit\":", refused[i], NULL);
      assert_refused (parts, field, "“time_step_limit” must be two numbers");
    }
}

/* As flash-linear-attention writes them, whose configs say model_type "mamba2", too. */
static void
test_mamba2_other_names (void)
{
  static const struct
  {
    const char *fields, *says;
  } mistakes[] = {
    { "\"dt_limit\":[0.25,0.5],\"time_step_limit\":[0.25,1.0]", "“dt_limit” mean the same and contradict" },
    { "\"dt_limit\":[0.5]", "“dt_limit” must be two numbers" },
    { "\"rmsnorm\":false", "rmsnorm is false" },
    { "\"rmsnorm\":true,\"norm_before_gate\":true", "norm_before_gate is true" },
    { "\"rmsnorm\":true,\"D_has_hdim\":true", "D_has_hdim is true" },
  };
  g_autoptr (Parts) parts = parts_new_mamba2 (), twice = parts_new_mamba2 ();
  g_autoptr (EgModel) model = open_with (
      parts, "\"dt_limit\":[0.25,0.5],\"rmsnorm\":true,\"norm_before_gate\":false,\"norm_eps\":0.25");
  const EgMamba2Sizes *sizes = (const EgMamba2Sizes *)eg_model_get_sizes (model);
  g_assert_cmpfloat (sizes->least_step, ==, 0.25f);
  g_assert_cmpfloat (sizes->most_step, ==, 0.5f);
  g_assert_cmpfloat (sizes->gate_eps, ==, 0.25f);
  g_autoptr (EgModel) same = open_with (twice, "\"dt_limit\":[0.25,0.5],\"time_step_limit\":[0.25,0.5]");
  g_assert_cmpfloat (((const EgMamba2Sizes *)eg_model_get_sizes (same))->most_step, ==, 0.5f);
  for (gsize i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_autoptr (Parts) wrong = parts_new_mamba2 ();
      assert_refused (wrong, mistakes[i].fields, mistakes[i].says);
    }
}

/* Δ's rank has another name there, and no “auto”. */
static void
test_mamba_rank (void)
{
  g_autoptr (Parts) parts = parts_new_mamba (), twice = parts_new_mamba (), contrary = parts_new_mamba ();
  replace_field (parts, "\"time_step_rank\":1", "\"dt_rank\":1");
  g_autoptr (EgModel) model = open_with (parts, NULL);
  g_assert_cmpuint (((const EgSelectiveSizes *)eg_model_get_sizes (model))->dt_rank, ==, 1);
  g_autoptr (EgModel) same = open_with (twice, "\"dt_rank\":1");
  g_assert_cmpuint (((const EgSelectiveSizes *)eg_model_get_sizes (same))->dt_rank, ==, 1);
  assert_refused (contrary, "\"dt_rank\":2", "“dt_rank” mean the same and contradict");
}

static void
resize_embedding (Parts *parts, gsize n_rows)
{
  Part *embedding = parts_find (parts, "backbone.embeddings.weight");
  embedding->shape[0] = n_rows;
  embedding->n = n_rows * 4;
  embedding->values = g_renew (float, embedding->values, embedding->n);
  memset (embedding->values, 0, embedding->n * sizeof *embedding->values);
}

/* A Hugging Face file with the fields of the original that it was made from, as state-spaces/mamba-130m-hf
 * and all that follows from it: only its own are read. */
typedef struct
{
  const char *from, *to, *says; /* says: NULL where it opens */
} Change;

static void
try_leftovers (Parts *(*parts_new) (void), const char *leftovers, const Change *changes, gsize n_changes)
{
  for (gsize i = 0; i < n_changes; i++)
    {
      g_autoptr (Parts) parts = parts_new ();
      replace_field (parts, changes[i].from, changes[i].to);
      if (strstr (changes[i].to, "\"vocab_size\":9"))
        resize_embedding (parts, 9);
      if (changes[i].says)
        assert_refused (parts, leftovers, changes[i].says);
      else
        eg_model_unref (open_with (parts, leftovers));
    }
}

static void
test_mamba_leftovers (void)
{
#define LEFTOVERS(d, L)                                                                                      \
  "\"d_model\":" d ",\"n_layer\":" L ",\"d_inner\":8,\"ssm_cfg\":{},\"rms_norm\":true,\"fused_add_norm\":"   \
  "true,\"residual_in_fp32\":true,\"pad_vocab_size_multiple\":8"
  static const Change changes[] = {
    { "\"state_size\":2", "\"state_size\":2", NULL },
    { "\"vocab_size\":8", "\"vocab_size\":9", NULL },
    { "\"vocab_size\":8", "\"vocab_size\":7", "expected [7, 4]" },
    { "\"state_size\":2", "\"state_size\":3", "expected [7, 8]" },
    { "\"conv_kernel\":2", "\"conv_kernel\":3", "expected [8, 1, 3]" },
    { "\"time_step_rank\":1", "\"time_step_rank\":2", "expected [6, 8]" },
    { "\"expand\":2", "\"expand\":3", "expected [24, 4]" },
    { "\"expand\":2", "\"hidden_act\":\"gelu\"", "hidden_act is “gelu”" },
    { "\"expand\":2", "\"use_bias\":true", "mixer.in_proj.bias" },
    { "\"expand\":2", "\"use_conv_bias\":false", "mixer.conv1d.bias" },
    { "\"expand\":2", "\"tie_word_embeddings\":false", "lm_head.weight" },
    { "\"num_hidden_layers\":2", "\"num_hidden_layers\":3", "backbone.layers.2." },
    { "\"num_hidden_layers\":2", "\"num_hidden_layers\":1", "backbone.layers.1." },
  };
  try_leftovers (parts_new_mamba, LEFTOVERS ("4", "2"), changes, G_N_ELEMENTS (changes));
  try_leftovers (parts_new_mamba, LEFTOVERS ("5", "7"), changes, G_N_ELEMENTS (changes));
}

static void
test_mamba2_leftovers (void)
{
  static const Change changes[] = {
    { "\"state_size\":2", "\"state_size\":2", NULL },
    { "\"vocab_size\":8", "\"vocab_size\":9", NULL },
    { "\"state_size\":2", "\"state_size\":3", "expected [32, 4]" },
    { "\"conv_kernel\":2", "\"conv_kernel\":3", "expected [16, 1, 3]" },
    { "\"n_groups\":2", "\"n_groups\":2,\"use_bias\":true", "mixer.in_proj.bias" },
    { "\"num_hidden_layers\":2", "\"num_hidden_layers\":3", "backbone.layers.2." },
  };
  try_leftovers (parts_new_mamba2, LEFTOVERS ("4", "2"), changes, G_N_ELEMENTS (changes));
  try_leftovers (parts_new_mamba2, "\"ssm_cfg\":{}", changes, G_N_ELEMENTS (changes));
}

/* Forms of the block that mamba_ssm has are right, or refused by name. */
static void
test_mamba2_original (void)
{
#define BLOCK "\"layer\":\"Mamba2\",\"d_state\":2,\"d_conv\":2,\"ngroups\":2"
  static const struct
  {
    const char *block, *says; /* NULL: it opens */
  } files[] = {
    { BLOCK ",\"headdim\":2", NULL },
    { BLOCK ",\"headdim\":2,\"d_ssm\":8,\"D_has_hdim\":false,\"rmsnorm\":true,\"norm_before_gate\":false,"
            "\"chunk_size\":7,\"dt_limit\":[0.0, Infinity],\"A_init_range\":[1, 16]",
      NULL },
    { BLOCK ",\"headdim\":2,\"d_ssm\":4", "d_ssm is 4; Engram traces models where it is" },
    { BLOCK ",\"headdim\":2,\"D_has_hdim\":true", "D_has_hdim is true" },
    { BLOCK ",\"headdim\":2,\"rmsnorm\":false", "rmsnorm is false" },
    { BLOCK ",\"headdim\":2,\"norm_before_gate\":true", "norm_before_gate is true" },
    { BLOCK ",\"headdim\":3", "a layer is 8 wide, which 2 heads of 3 (headdim) are not" },
    { BLOCK, "a layer is 8 wide, which 0 heads of 64 (headdim) are not" },
    { BLOCK ",\"headdim\":4,\"expand\":3", "2 groups (ngroups)" },
    { BLOCK ",\"headdim\":2,\"dt_limit\":[1.0, 0.0]", "“dt_limit” must be two numbers" },
    { BLOCK ",\"headdim\":2,\"dt_rank\":1", "does not know the field “dt_rank” of ssm_cfg" },
    { BLOCK ",\"headdim\":2,\"bias\":true", "mixer.in_proj.bias" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (Parts) parts = parts_new_mamba2 ();
      g_free (parts->config);
      parts->config = g_strdup ("\"d_model\":4,\"n_layer\":2,\"vocab_size\":7");
      parts_rename (parts, "backbone.embeddings.weight", "backbone.embedding.weight");
      g_autofree char *field = g_strconcat ("\"ssm_cfg\":{", files[i].block, "}", NULL);
      if (files[i].says)
        {
          assert_refused (parts, field, files[i].says);
          continue;
        }
      g_autoptr (EgModel) model = open_with (parts, field);
      g_assert_cmpstr (eg_model_get_family (model)->name, ==, "mamba2");
    }
}

/* ---- GPT-NeoX ---- */

static void
test_neox_mistakes (void)
{
  static const struct
  {
    const char *fields, *says;
  } mistakes[] = {
    { "\"hidden_act\":\"mish\"", "hidden_act is “mish”; Engram knows gelu_new" },
    { "\"use_parallel_residual\":1", "“use_parallel_residual” must be true or false" },
    { "\"attention_bias\":\"no\"", "“attention_bias” must be true or false" },
    { "\"attention_bias\":false", "attention_bias is false, but model.safetensors has a tensor" },
    { "\"rotary_pct\":1.5", "“rotary_pct” must be a number from 0 to 1" },
    { "\"rotary_pct\":\"all\"", "“rotary_pct” must be a number from 0 to 1" },
    { "\"rotary_pct\":-0.25", "“rotary_pct” must be a number from 0 to 1" },
    { "\"rotary_pct\":1,\"rotary_emb_base\":0",
      "2 numbers of a head of 2, to the base 0, cannot be rotated" },
    { "\"rotary_emb_base\":-1", "“rotary_emb_base” must be a number from 0" },
    { "\"rope_parameters\":7", "“rope_parameters” must be an object" },
    { "\"rope_scaling\":[]", "“rope_scaling” must be an object" },
    { "\"rope_scaling\":{\"type\":\"linear\",\"factor\":2}", "type is “linear”; Engram traces models whose" },
    { "\"rope_parameters\":{\"rope_type\":\"yarn\"}", "rope_type is “yarn”; Engram traces models whose" },
    { "\"rope_parameters\":{\"rope_theta\":5},\"rotary_emb_base\":6",
      "“rotary_emb_base” and “rope_theta” mean the same and contradict" },
    { "\"rope_parameters\":{\"partial_rotary_factor\":0.5},\"rotary_pct\":1",
      "“rotary_pct” and “partial_rotary_factor” mean the same and contradict" },
    { "\"layer_norm_eps\":-1", "“layer_norm_eps” must be" },
    { "\"is_causal\":false", "is_causal is false; Engram traces models where it is true" },
    { "\"head_dim\":4", "“head_dim” and “hidden_size / num_attention_heads” mean the same and contradict" },
    { "\"head_dim\":0", "“head_dim” must be" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_autoptr (Parts) parts = parts_new_neox ();
      assert_refused (parts, mistakes[i].fields, mistakes[i].says);
    }
  g_autoptr (Parts) uneven = parts_new_neox ();
  g_free (uneven->config);
  uneven->config = g_strdup ("\"model_type\":\"gpt_neox\",\"hidden_size\":4,\"num_attention_heads\":3");
  assert_refused (uneven, "\"vocab_size\":8", "hidden_size is 4, which 3 heads (num_attention_heads)");
  g_autoptr (Parts) headless = parts_new_neox ();
  parts_remove (headless, "embed_out.weight");
  assert_refused (headless, NULL, "there is no tensor lm_head.weight");
}

/* How many numbers of a head of two are rotated: a quarter of them unless a field says otherwise. */
static void
test_neox_rotations (void)
{
  static const struct
  {
    const char *fields;
    gsize n_rotary;
  } rotations[] = {
    { "\"rotary_pct\":null", 0 },
    { "\"rotary_pct\":0.5", 2 },
    { "\"rotary_pct\":1", 2 },
    { "\"rope_parameters\":{\"rope_theta\":500,\"partial_rotary_factor\":1.0,\"rope_type\":\"default\"}", 2 },
    { "\"rope_parameters\":{},\"rotary_pct\":1", 2 },
    { "\"rope_scaling\":null,\"rope_parameters\":{\"partial_rotary_factor\":1},\"rotary_pct\":1.0", 2 },
    { "\"rotary_emb_base\":0", 0 },
    { "\"head_dim\":2,\"is_causal\":true", 0 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rotations); i++)
    {
      g_autoptr (Parts) parts = parts_new_neox ();
      g_autoptr (EgModel) model = open_with (parts, rotations[i].fields);
      const EgFamily *family = eg_model_get_family (model);
      g_assert_cmpstr (family->name, ==, "gpt_neox");
      g_assert_cmpstr (family->fields[2].name, ==, "n_rotary");
      g_assert_cmpuint (eg_size_field_get (&family->fields[2], eg_model_get_sizes (model)), ==,
                        rotations[i].n_rotary);
    }
}

/* ---- every family ---- */

static Parts *
parts_of (gboolean gpt2)
{
  return gpt2 ? parts_new_gpt2 (5) : parts_new_mamba ();
}

static Parts *
parts_new_short_gpt2 (void)
{
  return parts_new_gpt2 (5);
}

static Parts *
parts_new_falcon (void)
{
  Parts *parts = parts_new_mamba ();
  replace_field (parts, "\"mamba\"", "\"falcon_mamba\"");
  return parts;
}

static Parts *
parts_new_original (void)
{
  Parts *parts = parts_new_mamba ();
  g_free (parts->config);
  parts->config
      = g_strdup ("\"d_model\":4,\"n_layer\":2,\"vocab_size\":8,\"ssm_cfg\":{\"d_state\":2,\"d_conv\":2}");
  return parts;
}

/* A network, and the names of ε that it reads, the first of them first. */
typedef struct
{
  Parts *(*parts_new) (void);
  const char *own[5];
} Epsilon;

static void
assert_epsilon (const Epsilon *of, const char *fields, float epsilon)
{
  g_autoptr (Parts) parts = of->parts_new ();
  g_autoptr (EgModel) model = open_with (parts, fields);
  g_assert_cmpfloat (eg_model_get_sizes (model)->norm_eps, ==, epsilon);
}

/* Two names of it: the one that is read, and another, which that network may read or not. */
static void
try_epsilons (const Epsilon *of, const char *name)
{
  g_autoptr (Parts) contrary = of->parts_new (), lone = of->parts_new ();
  g_autofree char *field = g_strdup_printf ("\"%s\":0.25", name);
  g_autofree char *same = g_strdup_printf ("%s,\"%s\":2.5e-1", field, of->own[0]);
  g_autofree char *usual = g_strdup_printf ("\"%s\":1e-05", name);
  g_autofree char *other = g_strdup_printf ("%s,\"%s\":0.125", field, of->own[0]);
  g_autofree char *rename
      = g_strdup_printf ("“%s” is not read for this network; rename it to “%s”", name, of->own[0]);
  assert_epsilon (of, usual, 1e-5f);
  if (g_strv_contains (of->own, name))
    assert_epsilon (of, field, 0.25f);
  else
    assert_refused (lone, field, rename);
  if (g_str_equal (name, of->own[0]))
    return;
  assert_epsilon (of, same, 0.25f);
  assert_refused (contrary, other, "mean the same and contradict");
  assert_refused (contrary, NULL, name);
}

/* Those of Mamba's files, whoever wrote them; of others the one that transformers reads. */
#define SSM_EPSILONS "layer_norm_epsilon", "norm_eps", "norm_epsilon", "rms_norm_eps"

static void
test_epsilons (void)
{
  static const char *const spellings[]
      = { "layer_norm_epsilon", "layer_norm_eps", "norm_epsilon", "norm_eps", "rms_norm_eps" };
  static const Epsilon networks[] = {
    { parts_new_mamba, { SSM_EPSILONS } },    { parts_new_mamba2, { SSM_EPSILONS } },
    { parts_new_falcon, { SSM_EPSILONS } },   { parts_new_short_gpt2, { "layer_norm_epsilon" } },
    { parts_new_neox, { "layer_norm_eps" } }, { parts_new_original, { SSM_EPSILONS } },
  };
  for (gsize n = 0; n < G_N_ELEMENTS (networks); n++)
    {
      assert_epsilon (&networks[n], NULL, 1e-5f);
      for (gsize i = 0; i < G_N_ELEMENTS (spellings); i++)
        try_epsilons (&networks[n], spellings[i]);
    }
}

static void
test_quantization (void)
{
  static const char *const harmless[]
      = { "null", "{}", "{\"load_in_8bit\":false,\"load_in_4bit\":false}",
          "{\"load_in_8bit\":false,\"load_in_4bit\":false,\"quant_method\":\"bitsandbytes\"}" };
  static const struct
  {
    const char *value, *says;
  } refused[] = {
    { "{\"quant_method\":\"gptq\",\"bits\":4}", "quantized (gptq)" },
    { "{\"quant_method\":\"fp8\"}", "quantized (fp8)" },
    { "{\"load_in_8bit\":true}", "quantized" },
    { "{\"load_in_8bit\":false}", "quantized" },
    { "{\"load_in_8bit\":false,\"load_in_4bit\":true,\"quant_method\":\"bitsandbytes\"}",
      "quantized (bitsandbytes)" },
    { "{\"load_in_8bit\":\"no\"}", "“load_in_8bit” must be true or false" },
    { "[]", "quantized (?)" },
    { "\"gptq\"", "quantized (?)" },
  };
  for (int gpt2 = 0; gpt2 < 2; gpt2++)
    {
      for (gsize i = 0; i < G_N_ELEMENTS (harmless); i++)
        {
          g_autoptr (Parts) parts = parts_of (gpt2);
          g_autofree char *field = g_strconcat ("\"quantization_config\":", harmless[i], NULL);
          eg_model_unref (open_with (parts, field));
        }
      for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
        {
          g_autoptr (Parts) parts = parts_of (gpt2);
          g_autofree char *field = g_strconcat ("\"quantization_config\":", refused[i].value, NULL);
          assert_refused (parts, field, refused[i].says);
        }
    }
}

static void
test_other_files (void)
{
  static const struct
  {
    const char *fields, *says; /* NULL: it opens */
  } files[] = {
    { "\"configuration_files\":[\"config.json\",\"config.5.0.0.json\"]",
      "configuration_files is “config.5.0.0.json”; Engram traces models whose" },
    { "\"transformers_weights\":\"other.safetensors\"",
      "transformers_weights is “other.safetensors”; Engram traces models whose" },
    { "\"transformers_weights\":7", "transformers_weights is “not a text”" },
    { "\"configuration_files\":[\"config.json\",\"generation_config.json\",7,null]", NULL },
    { "\"configuration_files\":[],\"transformers_weights\":\"model.safetensors\"", NULL },
    { "\"configuration_files\":null,\"transformers_weights\":null", NULL },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (Parts) parts = parts_new_gpt2 (5);
      if (files[i].says)
        assert_refused (parts, files[i].fields, files[i].says);
      else
        eg_model_unref (open_with (parts, files[i].fields));
    }
}

static void
test_unknown_families (void)
{
  static const struct
  {
    const char *type, *says;
  } refused[] = {
    { "\"gptj\"", "model_type is “gptj”; Engram traces Mamba (selective state space model), Falcon-Mamba" },
    { "\"gpt_neox_japanese\"", "GPT-NeoX (transformer)" },
    { "\"GPT2\"", "model_type is “GPT2”" },
    { "\"\"", "model_type is “”" },
    { "[\"gpt2\"]", "model_type is “?”" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (Parts) parts = parts_new_gpt2 (5);
      g_free (parts->config);
      parts->config = g_strconcat ("\"model_type\":", refused[i].type, NULL);
      assert_refused (parts, "\"n_embd\":4", refused[i].says);
    }
  g_autoptr (Parts) parts = parts_new_gpt2 (5);
  g_free (parts->config);
  parts->config = g_strdup ("\"n_embd\":4");
  assert_refused (parts, "\"n_layer\":2", "does not say which network this is; Engram traces");
}

/* ---- MambaByte ---- */

/* The original layout with a hidden_size beside d_model, and no tokenizer: every byte is a token. */
static void
test_mambabyte (void)
{
#define BYTES                                                                                                \
  "\"d_model\":4,\"n_layer\":2,\"vocab_size\":256,\"ssm_cfg\":{\"d_state\":2,\"d_conv\":2},"                 \
  "\"rms_norm\":true,\"residual_in_fp32\":true,\"fused_add_norm\":true,\"pad_vocab_size_multiple\":8"
  static const char *const more[] = { "\"hidden_size\":4", "\"tie_embeddings\":true" };
  for (gsize i = 0; i < G_N_ELEMENTS (more); i++)
    {
      g_autoptr (Parts) parts = parts_new_mamba ();
      resize_embedding (parts, 256);
      g_free (parts->config);
      parts->config = g_strdup (BYTES);
      g_autofree char *folder = write_with (parts, more[i]);
      g_autofree char *tokenizer = g_build_filename (folder, "tokenizer.json", NULL);
      g_assert_cmpint (g_unlink (tokenizer), ==, 0);
      g_autoptr (GError) error = NULL;
      g_autoptr (EgModel) model = eg_model_open (folder, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (eg_model_get_sizes (model)->n_layers, ==, 2);
      g_autoptr (GArray) tokens = eg_tokenizer_encode (eg_model_get_tokenizer (model), "aé", -1, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (tokens->len, ==, 3);
      g_assert_cmpuint (g_array_index (tokens, EgToken, 0).id, ==, 'a');
      g_assert_cmpuint (g_array_index (tokens, EgToken, 2).id, ==, 0xa9);
    }
  g_autoptr (Parts) parts = parts_new_mamba ();
  g_free (parts->config);
  parts->config = g_strdup (BYTES);
  assert_refused (parts, "\"hidden_size\":8", "mean the same and contradict");
}

int
main (int argc, char **argv)
{
  home = tiny_new_home ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/configs/gpt2/sizes-by-the-names-of-all-configs", test_gpt2_other_names);
  g_test_add_func ("/configs/gpt2/mistakes-are-named", test_gpt2_mistakes);
  g_test_add_func ("/configs/gpt2/sizes-and-their-defaults", test_gpt2_sizes);
  g_test_add_func ("/configs/gpt2/activations", test_gpt2_activations);
  g_test_add_func ("/configs/falcon-mamba/sizes-and-mistakes", test_falcon_mamba);
  g_test_add_func ("/configs/mamba2/mistakes-are-named", test_mamba2_mistakes);
  g_test_add_func ("/configs/mamba2/limits-of-the-step", test_mamba2_limits);
  g_test_add_func ("/configs/mamba2/other-forms-are-right-or-refused", test_mamba2_original);
  g_test_add_func ("/configs/mamba2/limits-by-their-other-name", test_mamba2_other_names);
  g_test_add_func ("/configs/mamba/rank-by-its-other-name", test_mamba_rank);
  g_test_add_func ("/configs/mamba/fields-left-over-of-the-original-are-not-read", test_mamba_leftovers);
  g_test_add_func ("/configs/mamba2/fields-left-over-of-the-original-are-not-read", test_mamba2_leftovers);
  g_test_add_func ("/configs/gpt-neox/mistakes-are-named", test_neox_mistakes);
  g_test_add_func ("/configs/gpt-neox/rotations-in-every-spelling", test_neox_rotations);
  g_test_add_func ("/configs/epsilon-in-every-spelling", test_epsilons);
  g_test_add_func ("/configs/quantized-weights-are-refused", test_quantization);
  g_test_add_func ("/configs/other-files-than-those-that-are-read-are-refused", test_other_files);
  g_test_add_func ("/configs/unknown-families-are-named", test_unknown_families);
  g_test_add_func ("/configs/mambabyte", test_mambabyte);
  const int status = g_test_run ();
  tiny_remove (home);
  g_free (home);
  return status;
}
