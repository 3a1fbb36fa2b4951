/* What is wrong with a model's folder is said in one sentence that names the field or the tensor. */
#include "tiny.h"

#include "core/error.h"
#include "library/model.h"

#include <glib/gstdio.h>
#include <string.h>

static char *home;

/* config.json's fields, as tiny_write_model() writes them. */
#define TYPE  "\"model_type\":\"mamba\","
#define SIZES "\"hidden_size\":1,\"num_hidden_layers\":1,\"vocab_size\":3,"
#define REST  "\"state_size\":1,\"conv_kernel\":2,\"expand\":2,\"time_step_rank\":1"

#define ORIGINAL "\"d_model\":1,\"n_layer\":1,\"vocab_size\":3"

static char *
new_model (void)
{
  static int n;
  g_autofree char *name = g_strdup_printf ("model-%d", n++);
  char *folder = tiny_make_folder (home, name, NULL);
  tiny_write_model (folder, 3);
  tiny_write_tokenizer (folder, 3);
  return folder;
}

static char *
open_and_fail (const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = eg_model_open (folder, NULL, &error);
  g_assert_null (model);
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_null (strchr (error->message, '\n'));
  return g_strdup (error->message);
}

static void
test_opens (void)
{
  g_autofree char *folder = new_model ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = eg_model_open (folder, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (eg_model_get_n_parameters (model), ==, TINY_PARAMETERS (3));
  g_assert_cmpstr (eg_model_get_dtype_name (model), ==, "F32");
}

static void
test_config_mistakes (void)
{
  static const struct
  {
    const char *config, *says;
  } mistakes[] = {
    { "", "config.json" },
    { "[]", "config.json" },
    { "{", "config.json" },
    { "{" TYPE SIZES REST, "config.json" },
    { "{\"model_type\":\"bert\"," SIZES REST "}", "model_type is “bert”" },
    { "{\"model_type\":\"rwkv\"," SIZES REST "}", "model_type is “rwkv”" },
    { "{\"model_type\":7," SIZES REST "}", "model_type" },
    { "{" TYPE SIZES REST ",\"hidden_size\":1}", "hidden_size" },
    { "{" TYPE "\"hidden_size\":0,\"num_hidden_layers\":1,\"vocab_size\":3," REST "}",
      "“hidden_size” must be" },
    { "{" TYPE "\"hidden_size\":-1,\"num_hidden_layers\":1,\"vocab_size\":3," REST "}",
      "“hidden_size” must be" },
    { "{" TYPE "\"hidden_size\":1.5,\"num_hidden_layers\":1,\"vocab_size\":3," REST "}",
      "“hidden_size” must be" },
    { "{" TYPE "\"hidden_size\":\"1\",\"num_hidden_layers\":1,\"vocab_size\":3," REST "}",
      "“hidden_size” must be" },
    { "{" TYPE "\"hidden_size\":99999999999,\"num_hidden_layers\":1,\"vocab_size\":3," REST "}",
      "“hidden_size” must be" },
    /* Absent fields have the values that transformers gives them; the size rules over expand. */
    { "{" TYPE "\"num_hidden_layers\":1,\"vocab_size\":3," REST "}", "expected [3, 768]" },
    { "{" TYPE "\"hidden_size\":1,\"vocab_size\":3," REST "}", "backbone.layers.1." },
    { "{" TYPE "\"hidden_size\":1,\"num_hidden_layers\":1," REST "}", "expected [50280, 1]" },
    { "{" TYPE SIZES "\"conv_kernel\":2,\"expand\":2}", "expected [33, 2]" },
    { "{" TYPE SIZES "\"state_size\":1,\"expand\":2}", "expected [2, 1, 4]" },
    { "{" TYPE SIZES REST ",\"intermediate_size\":3}", "expected [6, 1]" },
    { "{" TYPE SIZES REST ",\"norm_eps\":1e-6,\"layer_norm_epsilon\":1e-5}",
      "“layer_norm_epsilon” and “norm_eps” mean the same and contradict" },
    { "{" TYPE SIZES REST ",\"quantization_config\":{\"quant_method\":\"gptq\",\"bits\":4}}",
      "quantized (gptq)" },
    { "{" TYPE SIZES REST ",\"quantization_config\":7}", "quantized (?)" },
    { "{" TYPE SIZES REST ",\"quantization_config\":{\"load_in_8bit\":true,\"load_in_4bit\":false}}",
      "quantized" },
    { "{" TYPE SIZES REST ",\"hidden_act\":\"gelu\"}", "hidden_act is “gelu”" },
    { "{" TYPE SIZES REST ",\"use_bias\":1}", "“use_bias” must be true or false" },
    { "{" TYPE SIZES REST ",\"use_bias\":true}", "mixer.in_proj.bias" },
    { "{" TYPE SIZES REST ",\"use_conv_bias\":false}", "mixer.conv1d.bias" },
    { "{" TYPE SIZES REST ",\"tie_word_embeddings\":false}", "lm_head.weight" },
    { "{" TYPE SIZES REST ",\"layer_norm_epsilon\":-1}", "“layer_norm_epsilon” must be" },
    { "{" TYPE SIZES REST ",\"layer_norm_epsilon\":\"small\"}", "“layer_norm_epsilon” must be" },
    /* The original layout. */
    { "{\"d_model\":1,\"vocab_size\":3}", "“n_layer” is missing" },
    { "{\"d_model\":1,\"n_layer\":1}", "“vocab_size” is missing" },
    { "{" ORIGINAL ",\"ssm_cfg\":[]}", "“ssm_cfg” must be an object" },
    { "{" ORIGINAL ",\"ssm_cfg\":{\"layer\":\"Mamba3\"}}", "layer is “Mamba3”" },
    { "{" ORIGINAL ",\"ssm_cfg\":{\"headdim\":64}}", "does not know the field “headdim”" },
    { "{" ORIGINAL ",\"ssm_cfg\":{\"d_state\":0}}", "“d_state” must be" },
    { "{" ORIGINAL ",\"rms_norm\":false}", "rms_norm is false" },
    { "{" ORIGINAL ",\"attn_layer_idx\":[3]}", "attn_layer_idx is not empty" },
    { "{" ORIGINAL ",\"d_intermediate\":8}", "d_intermediate is not empty" },
    { "{" ORIGINAL ",\"pad_vocab_size_multiple\":0}", "“pad_vocab_size_multiple” must be" },
    { "{" ORIGINAL "}", "backbone.embeddings.weight has shape [3, 1], expected [8, 1]" },
    /* Another network than the weights are of. */
    { "{" TYPE "\"hidden_size\":1,\"num_hidden_layers\":2,\"vocab_size\":3," REST "}", "backbone.layers.1." },
    { "{" TYPE "\"hidden_size\":1,\"num_hidden_layers\":16000000,\"vocab_size\":3," REST "}",
      "backbone.layers.1." },
    { "{" TYPE "\"hidden_size\":2,\"num_hidden_layers\":1,\"vocab_size\":3," REST "}",
      "backbone.embeddings.weight has shape [3, 1], expected [3, 2]" },
    { "{" TYPE "\"hidden_size\":1,\"num_hidden_layers\":1,\"vocab_size\":4," REST "}", "expected [4, 1]" },
  };
  g_autofree char *folder = new_model ();
  for (gsize i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      tiny_write (folder, "config.json", mistakes[i].config);
      g_autofree char *message = open_and_fail (folder);
      g_assert_nonnull (strstr (message, mistakes[i].says));
    }
}

/* Renames, in model.safetensors's header, what has the same length. */
static void
edit_weights (const char *folder, const char *from, const char *to)
{
  g_autofree char *path = g_build_filename (folder, "model.safetensors", NULL);
  char *bytes;
  gsize n;
  g_assert_cmpuint (strlen (from), ==, strlen (to));
  g_assert_true (g_file_get_contents (path, &bytes, &n, NULL));
  char *place = g_strstr_len (bytes + 8, (gssize)n - 8, from);
  g_assert_nonnull (place);
  memcpy (place, to, strlen (to));
  g_assert_true (g_file_set_contents (path, bytes, (gssize)n, NULL));
  g_free (bytes);
}

static void
test_weight_mistakes (void)
{
  static const struct
  {
    const char *from, *to, *says;
  } mistakes[] = {
    { "mixer.A_log", "mixer.A_lag", "backbone.layers.0.mixer.A_log" },
    { "norm_f.weight", "norm_g.weight", "backbone.norm_f.weight" },
    { "mixer.x_proj.weight", "mixer.y_proj.weight", "mixer.x_proj.weight" },
    { "[4,1]", "[2,2]", "mixer.in_proj.weight has shape [2, 2], expected [4, 1]" },
    { "\"F32\"", "\"I32\"", "I32" },
    { "\"F32\"", "\"F64\"", "F64" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_autofree char *folder = new_model ();
      edit_weights (folder, mistakes[i].from, mistakes[i].to);
      g_autofree char *message = open_and_fail (folder);
      g_assert_nonnull (strstr (message, mistakes[i].says));
      g_assert_nonnull (strstr (message, "model.safetensors"));
    }
}

/* Said before anything is loaded, with what is needed and what there is. */
static void
test_too_big_for_memory (void)
{
  g_autofree char *folder = new_model ();
  g_setenv ("ENGRAM_MEMORY", "100", TRUE);
  g_autofree char *message = open_and_fail (folder);
  g_unsetenv ("ENGRAM_MEMORY");
  g_assert_nonnull (strstr (message, "take 1.2"));
  g_assert_nonnull (strstr (message, "has 100 bytes"));
  g_autoptr (EgModel) model = eg_model_open (folder, NULL, NULL);
  g_assert_nonnull (model);
}

static void
test_missing_files (void)
{
  static const char *const names[] = { "config.json", "model.safetensors" };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *folder = new_model ();
      g_autofree char *path = g_build_filename (folder, names[i], NULL);
      g_assert_cmpint (g_unlink (path), ==, 0);
      g_autofree char *message = open_and_fail (folder);
      g_assert_nonnull (strstr (message, names[i]));
    }
}

int
main (int argc, char **argv)
{
  home = tiny_new_home ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model/opens", test_opens);
  g_test_add_func ("/model/config-mistakes-are-named", test_config_mistakes);
  g_test_add_func ("/model/weight-mistakes-are-named", test_weight_mistakes);
  g_test_add_func ("/model/too-big-for-memory", test_too_big_for_memory);
  g_test_add_func ("/model/missing-files-are-named", test_missing_files);
  const int status = g_test_run ();
  tiny_remove (home);
  g_free (home);
  return status;
}
