/* Which of a checkpoint's tensors are the network's: under whatever names and types training programs have
 * left them, the same numbers; and what would make another network of it is refused by name. */
#include "parts.h"
#include "tiny.h"

#include "core/error.h"
#include "library/model.h"
#include "network/workspace.h"

#include <string.h>

#define N_TOKENS 8
#define N_PROMPT 5

static char *home;

static char *
write_parts (const Parts *parts)
{
  static guint n;
  g_autofree char *name = g_strdup_printf ("parts-%u", n++);
  char *folder = tiny_make_folder (home, name, NULL);
  parts_write (parts, folder);
  return folder;
}

static EgModel *
open_parts (const Parts *parts)
{
  g_autofree char *folder = write_parts (parts);
  g_autoptr (GError) error = NULL;
  EgModel *model = eg_model_open (folder, NULL, &error);
  g_assert_no_error (error);
  return model;
}

/* Refused in one line, the same by a look at the folder that reads no weights. (transfer full) */
static char *
refuse_parts (const Parts *parts)
{
  g_autofree char *folder = write_parts (parts);
  g_autoptr (GError) error = NULL, also = NULL;
  guint64 n_bytes;
  gsize n_parameters;
  g_assert_null (eg_model_open (folder, NULL, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_null (strchr (error->message, '\n'));
  g_assert_false (eg_model_check (folder, NULL, &n_bytes, &n_parameters, &also));
  g_assert_cmpstr (also->message, ==, error->message);
  return g_strdup (error->message);
}

static void
assert_says (const char *message, const char *text)
{
  if (!strstr (message, text))
    g_error ("“%s” does not say “%s”", message, text);
}

/* What a network says after a few tokens. */
static void
run_model (EgModel *model, float logits[N_TOKENS])
{
  static const guint32 ids[N_PROMPT] = { 0, 1, 5, 3, 7 };
  g_autoptr (EgWorkspace) workspace = eg_workspace_new (eg_model_get_network (model), 1);
  g_autoptr (GError) error = NULL;
  EgBackend *be = eg_network_get_backend (eg_model_get_network (model));
  float *input = eg_workspace_embed (workspace, ids, N_PROMPT, &error);
  const EgSegment segment = { .input = input };
  g_assert_true (eg_workspace_place (workspace, input, 0, N_PROMPT, &error)
                 && eg_workspace_run (workspace, &segment, 1, N_PROMPT, NULL, &error)
                 && eg_workspace_logits (workspace, 0, logits, &error));
  be->release (be, input);
}

static void
assert_same_network (EgModel *model, EgModel *other)
{
  float logits[N_TOKENS], of_other[N_TOKENS];
  run_model (model, logits);
  run_model (other, of_other);
  g_assert_cmpmem (logits, sizeof logits, of_other, sizeof of_other);
  g_assert_cmpuint (eg_model_get_n_parameters (model), ==, eg_model_get_n_parameters (other));
}

static Parts *
parts_of (gboolean gpt2)
{
  return gpt2 ? parts_new_gpt2 (N_PROMPT) : parts_new_mamba ();
}

static const char *
root_of (gboolean gpt2)
{
  return gpt2 ? "transformer." : "backbone.";
}

/* ---- names ---- */

static void
test_wrappers (void)
{
  static const char *const wrappers[] = {
    "", "module.", "_orig_mod.", "model.", "module._orig_mod.", "_orig_mod.module.model.", "module.module."
  };
  for (int gpt2 = 0; gpt2 < 2; gpt2++)
    for (gsize i = 0; i < G_N_ELEMENTS (wrappers); i++)
      for (int bare = 0; bare < 2; bare++)
        {
          g_autoptr (Parts) plain = parts_of (gpt2), parts = parts_of (gpt2);
          g_autofree char *root = g_strconcat (wrappers[i], bare ? "" : root_of (gpt2), NULL);
          parts_rename (parts, root_of (gpt2), root);
          g_autoptr (EgModel) expected = open_parts (plain);
          g_autoptr (EgModel) model = open_parts (parts);
          assert_same_network (model, expected);
          g_assert_cmpuint (eg_network_get_n_others (eg_model_get_network (model)), ==, 0);
        }
}

/* mamba_ssm's name of the embedding. */
static void
test_other_name (void)
{
  g_autoptr (Parts) plain = parts_new_mamba (), parts = parts_new_mamba ();
  parts_rename (parts, "backbone.embeddings.", "backbone.embedding.");
  g_autoptr (EgModel) expected = open_parts (plain);
  g_autoptr (EgModel) model = open_parts (parts);
  assert_same_network (model, expected);
}

static const char *
embedding_of (gboolean gpt2)
{
  return gpt2 ? "transformer.wte.weight" : "backbone.embeddings.weight";
}

/* The head alone is stored where it is tied; and beside others' wrappers. */
static void
test_head_alone (void)
{
  for (int gpt2 = 0; gpt2 < 2; gpt2++)
    for (int wrapped = 0; wrapped < 2; wrapped++)
      {
        g_autoptr (Parts) plain = parts_of (gpt2), parts = parts_of (gpt2);
        parts_rename (parts, embedding_of (gpt2), "lm_head.weight");
        if (wrapped)
          parts_rename (parts, "", "module.");
        g_autoptr (EgModel) expected = open_parts (plain);
        g_autoptr (EgModel) model = open_parts (parts);
        assert_same_network (model, expected);
      }
}

/* Not tied: one of both is not enough, and each is read as what it is. */
static void
test_untied (void)
{
  for (int gpt2 = 0; gpt2 < 2; gpt2++)
    {
      g_autoptr (Parts) plain = parts_of (gpt2), parts = parts_of (gpt2), headless = parts_of (gpt2);
      parts_configure (parts, "\"tie_word_embeddings\":false");
      parts_configure (headless, "\"tie_word_embeddings\":false");
      g_autofree char *message = refuse_parts (headless);
      assert_says (message, "lm_head.weight");
      const Part *embedding = parts_find (parts, embedding_of (gpt2));
      parts_add (parts, "lm_head.weight", embedding->n);
      Part *head = parts_find (parts, "lm_head.weight");
      head->n_dims = embedding->n_dims;
      memcpy (head->shape, embedding->shape, sizeof head->shape);
      memcpy (head->values, embedding->values, head->n * sizeof *head->values);
      head->values[0] += 0.5f;
      float logits[N_TOKENS], tied[N_TOKENS];
      g_autoptr (EgModel) expected = open_parts (plain);
      g_autoptr (EgModel) model = open_parts (parts);
      run_model (expected, tied);
      run_model (model, logits);
      g_assert_cmpfloat (logits[0], !=, tied[0]);
      g_assert_cmpmem (logits + 1, sizeof logits - sizeof *logits, tied + 1, sizeof tied - sizeof *tied);
      g_assert_cmpuint (eg_model_get_n_parameters (model), ==,
                        eg_model_get_n_parameters (expected) + embedding->n);
      parts_remove (parts, embedding_of (gpt2));
      g_autofree char *without = refuse_parts (parts);
      assert_says (without, embedding_of (gpt2));
    }
}

/* ---- types ---- */

/* The numbers are such that every type has them exactly. */
static void
test_types (void)
{
  for (int gpt2 = 0; gpt2 < 2; gpt2++)
    for (EgDType dtype = EG_DTYPE_F16; dtype <= EG_DTYPE_F64; dtype++)
      {
        g_autoptr (Parts) plain = parts_of (gpt2), parts = parts_of (gpt2);
        parts_set_type (parts, dtype);
        g_autoptr (EgModel) expected = open_parts (plain);
        g_autoptr (EgModel) model = open_parts (parts);
        assert_same_network (model, expected);
        g_assert_cmpstr (eg_model_get_dtype_name (model), ==,
                         dtype == EG_DTYPE_F64 ? "F32" : eg_dtype_get_name (dtype));
      }
}

/* ---- tensors too many ---- */

static void
test_unknown (void)
{
  static const struct
  {
    gboolean gpt2;
    const char *name;
  } unknown[] = { { FALSE, "backbone.layers.0.norm.bias" },
                  { FALSE, "backbone.layers.0.mixer.dt_layernorm.weight" },
                  { FALSE, "backbone.layers.1.mixer.A_b_log" },
                  { FALSE, "backbone.layers.2.norm.weight" },
                  { FALSE, "backbone.layers.x.norm.weight" },
                  { FALSE, "backbone.norm_f.bias" },
                  { FALSE, "lm_head.bias" },
                  { TRUE, "transformer.h.0.crossattention.c_attn.weight" },
                  { TRUE, "transformer.h.0.ln_cross_attn.weight" },
                  { TRUE, "transformer.h.1.attn.q_attn.weight" },
                  { TRUE, "transformer.h.2.ln_1.weight" },
                  { TRUE, "transformer.wte.bias" },
                  { TRUE, "transformer.ln_f.scale" },
                  { TRUE, "lm_head.bias" } };
  for (gsize i = 0; i < G_N_ELEMENTS (unknown); i++)
    for (int wrapped = 0; wrapped < 2; wrapped++)
      {
        g_autoptr (Parts) parts = parts_of (unknown[i].gpt2);
        parts_add (parts, unknown[i].name, 4);
        if (wrapped)
          parts_rename (parts, "", "_orig_mod.");
        g_autofree char *message = refuse_parts (parts);
        assert_says (message, unknown[i].name);
        assert_says (message, "another network");
        assert_says (message, "model.safetensors");
      }
}

/* Optimizers' states, buffers: counted, and the first few named; what layers' buffers are is not said. */
static void
test_harmless (void)
{
  for (int gpt2 = 0; gpt2 < 2; gpt2++)
    {
      g_autoptr (Parts) plain = parts_of (gpt2), parts = parts_of (gpt2);
      static const char *const of_layers[2][3]
          = { { "backbone.layers.0.mixer.rotary_emb.inv_freq", "backbone.layers.1.bn.num_batches_tracked" },
              { "transformer.h.0.attn.bias", "transformer.h.1.attn.masked_bias" } };
      for (gsize i = 0; of_layers[gpt2][i]; i++)
        parts_add (parts, of_layers[gpt2][i], 1);
      for (guint i = 0; i < 10; i++)
        {
          g_autofree char *name = g_strdup_printf ("optimizer.state.%u.exp_avg", i);
          parts_add (parts, name, 3);
        }
      g_autoptr (EgModel) expected = open_parts (plain);
      g_autoptr (EgModel) model = open_parts (parts);
      assert_same_network (model, expected);
      EgNetwork *network = eg_model_get_network (model);
      g_assert_cmpuint (eg_network_get_n_others (network), ==, 10);
      g_assert_cmpuint (eg_network_get_others (network)->len, ==, 8);
      g_assert_cmpstr (eg_network_get_others (network)->pdata[0], ==, "optimizer.state.0.exp_avg");
    }
}

/* ---- tensors too few ---- */

static void
test_all_missing_at_once (void)
{
  static const char *const missing[2][3] = {
    { "backbone.layers.0.mixer.D", "backbone.layers.1.mixer.conv1d.bias", "backbone.norm_f.weight" },
    { "transformer.h.0.ln_2.bias", "transformer.wpe.weight", "transformer.ln_f.bias" },
  };
  for (int gpt2 = 0; gpt2 < 2; gpt2++)
    {
      g_autoptr (Parts) parts = parts_of (gpt2);
      for (gsize i = 0; i < 3; i++)
        parts_remove (parts, missing[gpt2][i]);
      g_autofree char *message = refuse_parts (parts);
      for (gsize i = 0; i < 3; i++)
        assert_says (message, missing[gpt2][i]);
    }
}

/* Each by itself. */
static void
test_each_missing (void)
{
  for (int gpt2 = 0; gpt2 < 2; gpt2++)
    {
      g_autoptr (Parts) all = parts_of (gpt2);
      for (guint i = 0; i < all->parts->len; i++)
        {
          const Part *part = all->parts->pdata[i];
          g_autoptr (Parts) parts = parts_of (gpt2);
          parts_remove (parts, part->name);
          g_autofree char *message = refuse_parts (parts);
          assert_says (message, part->name);
        }
    }
}

/* Of another shape: which, and what was expected. */
static void
test_each_shape (void)
{
  for (int gpt2 = 0; gpt2 < 2; gpt2++)
    {
      g_autoptr (Parts) all = parts_of (gpt2);
      for (guint i = 0; i < all->parts->len; i++)
        {
          g_autoptr (Parts) parts = parts_of (gpt2);
          Part *part = parts->parts->pdata[i];
          g_autofree char *right = eg_shape_to_string (part->shape, part->n_dims);
          part->shape[0]++;
          part->n = part->shape[0];
          for (guint k = 1; k < part->n_dims; k++)
            part->n *= part->shape[k];
          part->values = g_renew (float, part->values, part->n);
          memset (part->values, 0, part->n * sizeof *part->values);
          g_autofree char *message = refuse_parts (parts);
          assert_says (message, part->name);
          g_autofree char *expected = g_strconcat ("expected ", right, NULL);
          assert_says (message, expected);
        }
    }
}

int
main (int argc, char **argv)
{
  home = tiny_new_home ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tensor-names/wrappers-and-no-root-change-nothing", test_wrappers);
  g_test_add_func ("/tensor-names/another-name-of-the-embedding", test_other_name);
  g_test_add_func ("/tensor-names/a-tied-head-may-stand-alone", test_head_alone);
  g_test_add_func ("/tensor-names/an-untied-head-is-its-own", test_untied);
  g_test_add_func ("/tensor-names/every-type-has-the-same-numbers", test_types);
  g_test_add_func ("/tensor-names/what-no-such-network-has-is-named", test_unknown);
  g_test_add_func ("/tensor-names/what-lies-beside-is-counted", test_harmless);
  g_test_add_func ("/tensor-names/all-that-is-missing-is-named-at-once", test_all_missing_at_once);
  g_test_add_func ("/tensor-names/each-that-is-missing-is-named", test_each_missing);
  g_test_add_func ("/tensor-names/another-shape-is-said", test_each_shape);
  const int status = g_test_run ();
  tiny_remove (home);
  g_free (home);
  return status;
}
