/* Writes a Mamba of random weights, for speed and for comparing devices: random-model FOLDER LAYERS WIDTH
 * [f32|bf16]. In the Hugging Face layout, without a tokenizer: GPT-NeoX's is taken. The weights are scaled as
 * a trained network's roughly are, so that the answer has a probability worth comparing. */
#include <glib.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define VOCABULARY 50280
#define STATES     16
#define TAPS       4
/* Numbers that are drawn once and written again and again; a prime, so that no two rows of a matrix are
 * alike. */
#define N_DRAWN 1000003

typedef struct
{
  char *name;
  gsize shape[3]; /* 0: no more */
  double mean, deviation;
  gboolean is_a; /* ln (1 … N), row after row */
} Tensor;

typedef struct
{
  gboolean narrow;
  GArray *tensors;
  float *drawn;
  gsize at;
  GRand *rand;
} Writer;

static void
add (Writer *self, char *name, gsize a, gsize b, gsize c, double mean, double deviation)
{
  const Tensor tensor = { name, { a, b, c }, mean, deviation, g_str_has_suffix (name, "A_log") };
  g_array_append_val (self->tensors, tensor);
}

static gsize
count (const Tensor *it)
{
  return it->shape[0] * MAX (it->shape[1], 1) * MAX (it->shape[2], 1);
}

static void
list_tensors (Writer *self, gsize n_layers, gsize d)
{
  const gsize D = 2 * d, R = (d + 15) / 16;
  add (self, g_strdup ("backbone.embeddings.weight"), VOCABULARY, d, 0, 0, 0.1);
  /* Not tied, or each token would be its own successor. Logits of standard deviation 3.5: the first of so
   * many tokens has a few per cent. */
  add (self, g_strdup ("lm_head.weight"), VOCABULARY, d, 0, 0, 3.5 / sqrt ((double)d));
  add (self, g_strdup ("backbone.norm_f.weight"), d, 0, 0, 1, 0);
  for (gsize l = 0; l < n_layers; l++)
    {
#define LAYER(part) g_strdup_printf ("backbone.layers.%zu." part, l)
      add (self, LAYER ("norm.weight"), d, 0, 0, 1, 0.1);
      add (self, LAYER ("mixer.A_log"), D, STATES, 0, 0, 0);
      add (self, LAYER ("mixer.D"), D, 0, 0, 1, 0);
      add (self, LAYER ("mixer.conv1d.weight"), D, 1, TAPS, 0, 0.5);
      add (self, LAYER ("mixer.conv1d.bias"), D, 0, 0, 0, 0.1);
      add (self, LAYER ("mixer.in_proj.weight"), 2 * D, d, 0, 0, 1 / sqrt ((double)d));
      add (self, LAYER ("mixer.x_proj.weight"), R + 2 * STATES, D, 0, 0, 1 / sqrt ((double)D));
      add (self, LAYER ("mixer.dt_proj.weight"), D, R, 0, 0, 1 / sqrt ((double)R));
      add (self, LAYER ("mixer.dt_proj.bias"), D, 0, 0, -3, 1);
      add (self, LAYER ("mixer.out_proj.weight"), d, D, 0, 0, 1 / sqrt ((double)(D * 2 * n_layers)));
#undef LAYER
    }
}

static float
next_number (Writer *self, const Tensor *it, gsize i)
{
  if (it->is_a)
    return logf ((float)(i % STATES + 1));
  self->at = (self->at + 1) % N_DRAWN;
  return (float)(it->mean + it->deviation * (double)self->drawn[self->at]);
}

/* The upper half of a float32, rounded. */
static guint16
bfloat (float x)
{
  guint32 bits;
  memcpy (&bits, &x, sizeof bits);
  return (guint16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static gboolean
write_tensor (Writer *self, const Tensor *it, FILE *file)
{
  static float wide[8192];
  static guint16 narrow[8192];
  for (gsize i = 0; i < count (it);)
    {
      const gsize n = MIN (G_N_ELEMENTS (wide), count (it) - i);
      for (gsize k = 0; k < n; k++, i++)
        {
          wide[k] = next_number (self, it, i);
          narrow[k] = bfloat (wide[k]);
        }
      if ((self->narrow ? fwrite (narrow, sizeof *narrow, n, file) : fwrite (wide, sizeof *wide, n, file))
          < n)
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_weights (Writer *self, const char *path)
{
  g_autoptr (GString) header = g_string_new ("{");
  guint64 offset = 0;
  for (guint i = 0; i < self->tensors->len; i++)
    {
      const Tensor *it = &g_array_index (self->tensors, Tensor, i);
      const guint64 end = offset + count (it) * (self->narrow ? 2 : 4);
      g_string_append_printf (header, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[", i ? "," : "", it->name,
                              self->narrow ? "BF16" : "F32");
      for (gsize k = 0; k < 3 && it->shape[k] > 0; k++)
        g_string_append_printf (header, "%s%zu", k ? "," : "", it->shape[k]);
      g_string_append_printf (header, "],\"data_offsets\":[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]}",
                              offset, end);
      offset = end;
    }
  g_string_append_c (header, '}');
  while (header->len % 8 != 0)
    g_string_append_c (header, ' ');
  const guint64 length = GUINT64_TO_LE (header->len);
  FILE *file = fopen (path, "wb");
  gboolean ok = file && fwrite (&length, sizeof length, 1, file) == 1
                && fwrite (header->str, 1, header->len, file) == header->len;
  for (guint i = 0; ok && i < self->tensors->len; i++)
    ok = write_tensor (self, &g_array_index (self->tensors, Tensor, i), file);
  return (!file || fclose (file) == 0) && ok;
}

static gboolean
write_config (const char *path, gsize n_layers, gsize d, GError **error)
{
  g_autofree char *text = g_strdup_printf (
      "{\"architectures\":[\"MambaForCausalLM\"],\"model_type\":\"mamba\",\"hidden_size\":%zu,\"intermediate_"
      "size\":%zu,"
      "\"num_hidden_layers\":%zu,\"state_size\":%d,\"conv_kernel\":%d,\"expand\":2,\"time_step_rank\":%zu,"
      "\"use_bias\":false,\"use_conv_bias\":true,\"layer_norm_epsilon\":1e-05,\"tie_word_embeddings\":false,"
      "\"vocab_size\":%d,\"hidden_act\":\"silu\"}\n",
      d, 2 * d, n_layers, STATES, TAPS, (d + 15) / 16, VOCABULARY);
  return g_file_set_contents (path, text, -1, error);
}

int
main (int argc, char **argv)
{
  guint64 n_layers, d;
  if (argc < 4 || argc > 5 || !g_ascii_string_to_unsigned (argv[2], 10, 1, 1000, &n_layers, NULL)
      || !g_ascii_string_to_unsigned (argv[3], 10, 1, 100000, &d, NULL)
      || (argc == 5 && strcmp (argv[4], "f32") != 0 && strcmp (argv[4], "bf16") != 0))
    {
      fprintf (stderr, "random-model FOLDER LAYERS WIDTH [f32|bf16]\n");
      return 2;
    }
  g_autoptr (GError) error = NULL;
  g_autofree char *config = g_build_filename (argv[1], "config.json", NULL),
                  *weights = g_build_filename (argv[1], "model.safetensors", NULL);
  Writer self = { .narrow = argc == 5 && strcmp (argv[4], "bf16") == 0,
                  .tensors = g_array_new (FALSE, FALSE, sizeof (Tensor)),
                  .drawn = g_new (float, N_DRAWN),
                  .rand = g_rand_new_with_seed (1) };
  /* The sum of twelve uniform numbers is close to normal. */
  for (gsize i = 0; i < N_DRAWN; i++)
    {
      double sum = -6;
      for (int k = 0; k < 12; k++)
        sum += g_rand_double (self.rand);
      self.drawn[i] = (float)sum;
    }
  list_tensors (&self, n_layers, d);
  g_mkdir_with_parents (argv[1], 0755);
  /* The configuration last: with it, the folder is whole. */
  const gboolean ok = write_weights (&self, weights) && write_config (config, n_layers, d, &error);
  if (!ok)
    fprintf (stderr, "random-model: %s: %s\n", argv[1], error ? error->message : g_strerror (errno));
  for (guint i = 0; i < self.tensors->len; i++)
    g_free (g_array_index (self.tensors, Tensor, i).name);
  g_array_unref (self.tensors);
  g_free (self.drawn);
  g_rand_free (self.rand);
  return !ok;
}
