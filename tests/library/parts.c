#include "parts.h"

#include "tiny.h"

#include <string.h>

#define N_LAYERS 2
#define WIDTH    4
#define N_TOKENS 8

static void
part_free (gpointer data)
{
  Part *part = data;
  g_free (part->name);
  g_free (part->values);
  g_free (part);
}

static Part *
add_part (Parts *self, const char *name, guint n_dims, const gsize *shape)
{
  Part *part = g_new0 (Part, 1);
  part->name = g_strdup (name);
  part->n_dims = n_dims;
  part->n = 1;
  for (guint i = 0; i < n_dims; i++)
    part->n *= part->shape[i] = shape[i];
  part->values = g_new0 (float, part->n);
  g_ptr_array_add (self->parts, part);
  return part;
}

/* Numbers from −1 to 1 that every type has exactly, others for each part; norms' weights near 1. */
static void
fill (Part *part, guint32 seed)
{
  const gboolean is_norm = strstr (part->name, "norm") || strstr (part->name, "ln_");
  const gboolean is_scale = is_norm && g_str_has_suffix (part->name, "weight");
  for (gsize i = 0; i < part->n; i++)
    {
      seed = seed * 1664525u + 1013904223u;
      const float value = (float)((gint)(seed >> 26) - 32) / 32;
      part->values[i] = is_scale ? 1 + value / 4 : value;
    }
}

/* One line of a table of tensors; {l} in a name stands for every layer. */
typedef struct
{
  const char *name;
  gsize shape[3];
} Line;

static void
add_lines (Parts *self, const Line *lines, gsize n_lines)
{
  for (gsize i = 0; i < n_lines; i++)
    {
      g_auto (GStrv) halves = g_strsplit (lines[i].name, "{l}", 2);
      for (guint l = 0; l < (halves[1] ? N_LAYERS : 1); l++)
        {
          g_autofree char *name
              = halves[1] ? g_strdup_printf ("%s%u%s", halves[0], l, halves[1]) : g_strdup (lines[i].name);
          guint n_dims = 1;
          while (n_dims < 3 && lines[i].shape[n_dims] > 0)
            n_dims++;
          fill (add_part (self, name, n_dims, lines[i].shape), self->parts->len);
        }
    }
}

static Parts *
parts_new (char *config)
{
  Parts *self = g_new0 (Parts, 1);
  self->parts = g_ptr_array_new_with_free_func (part_free);
  self->config = config;
  return self;
}

Parts *
parts_new_mamba (void)
{
  static const Line lines[] = {
    { "backbone.embeddings.weight", { N_TOKENS, WIDTH } },
    { "backbone.layers.{l}.norm.weight", { WIDTH } },
    { "backbone.layers.{l}.mixer.in_proj.weight", { 16, WIDTH } },
    { "backbone.layers.{l}.mixer.conv1d.weight", { 8, 1, 2 } },
    { "backbone.layers.{l}.mixer.conv1d.bias", { 8 } },
    { "backbone.layers.{l}.mixer.x_proj.weight", { 5, 8 } },
    { "backbone.layers.{l}.mixer.dt_proj.weight", { 8, 1 } },
    { "backbone.layers.{l}.mixer.dt_proj.bias", { 8 } },
    { "backbone.layers.{l}.mixer.A_log", { 8, 2 } },
    { "backbone.layers.{l}.mixer.D", { 8 } },
    { "backbone.layers.{l}.mixer.out_proj.weight", { WIDTH, 8 } },
    { "backbone.norm_f.weight", { WIDTH } },
  };
  Parts *self = parts_new (
      g_strdup ("\"model_type\":\"mamba\",\"hidden_size\":4,\"num_hidden_layers\":2,\"vocab_size\":8,"
                "\"state_size\":2,\"conv_kernel\":2,\"expand\":2,\"time_step_rank\":1"));
  add_lines (self, lines, G_N_ELEMENTS (lines));
  return self;
}

Parts *
parts_new_mamba2 (void)
{
  static const Line lines[] = {
    { "backbone.embeddings.weight", { N_TOKENS, WIDTH } },
    { "backbone.layers.{l}.norm.weight", { WIDTH } },
    { "backbone.layers.{l}.mixer.in_proj.weight", { 28, WIDTH } },
    { "backbone.layers.{l}.mixer.conv1d.weight", { 16, 1, 2 } },
    { "backbone.layers.{l}.mixer.conv1d.bias", { 16 } },
    { "backbone.layers.{l}.mixer.dt_bias", { 4 } },
    { "backbone.layers.{l}.mixer.A_log", { 4 } },
    { "backbone.layers.{l}.mixer.D", { 4 } },
    { "backbone.layers.{l}.mixer.norm.weight", { 8 } },
    { "backbone.layers.{l}.mixer.out_proj.weight", { WIDTH, 8 } },
    { "backbone.norm_f.weight", { WIDTH } },
  };
  Parts *self = parts_new (
      g_strdup ("\"model_type\":\"mamba2\",\"hidden_size\":4,\"num_hidden_layers\":2,\"vocab_size\":8,"
                "\"num_heads\":4,\"head_dim\":2,\"n_groups\":2,\"state_size\":2,\"conv_kernel\":2,"
                "\"tie_word_embeddings\":true"));
  add_lines (self, lines, G_N_ELEMENTS (lines));
  return self;
}

Parts *
parts_new_gpt2 (guint n_positions)
{
  const Line lines[] = {
    { "transformer.wte.weight", { N_TOKENS, WIDTH } },
    { "transformer.wpe.weight", { n_positions, WIDTH } },
    { "transformer.h.{l}.ln_1.weight", { WIDTH } },
    { "transformer.h.{l}.ln_1.bias", { WIDTH } },
    { "transformer.h.{l}.attn.c_attn.weight", { WIDTH, 12 } },
    { "transformer.h.{l}.attn.c_attn.bias", { 12 } },
    { "transformer.h.{l}.attn.c_proj.weight", { WIDTH, WIDTH } },
    { "transformer.h.{l}.attn.c_proj.bias", { WIDTH } },
    { "transformer.h.{l}.ln_2.weight", { WIDTH } },
    { "transformer.h.{l}.ln_2.bias", { WIDTH } },
    { "transformer.h.{l}.mlp.c_fc.weight", { WIDTH, 6 } },
    { "transformer.h.{l}.mlp.c_fc.bias", { 6 } },
    { "transformer.h.{l}.mlp.c_proj.weight", { 6, WIDTH } },
    { "transformer.h.{l}.mlp.c_proj.bias", { WIDTH } },
    { "transformer.ln_f.weight", { WIDTH } },
    { "transformer.ln_f.bias", { WIDTH } },
  };
  Parts *self
      = parts_new (g_strdup_printf ("\"model_type\":\"gpt2\",\"n_embd\":4,\"n_layer\":2,\"vocab_size\":8,"
                                    "\"n_positions\":%u,\"n_head\":2,\"n_inner\":6",
                                    n_positions));
  add_lines (self, lines, G_N_ELEMENTS (lines));
  return self;
}

Parts *
parts_new_neox (void)
{
  const Line lines[] = {
    { "gpt_neox.embed_in.weight", { N_TOKENS, WIDTH } },
    { "gpt_neox.layers.{l}.input_layernorm.weight", { WIDTH } },
    { "gpt_neox.layers.{l}.input_layernorm.bias", { WIDTH } },
    { "gpt_neox.layers.{l}.attention.query_key_value.weight", { 12, WIDTH } },
    { "gpt_neox.layers.{l}.attention.query_key_value.bias", { 12 } },
    { "gpt_neox.layers.{l}.attention.dense.weight", { WIDTH, WIDTH } },
    { "gpt_neox.layers.{l}.attention.dense.bias", { WIDTH } },
    { "gpt_neox.layers.{l}.post_attention_layernorm.weight", { WIDTH } },
    { "gpt_neox.layers.{l}.post_attention_layernorm.bias", { WIDTH } },
    { "gpt_neox.layers.{l}.mlp.dense_h_to_4h.weight", { 6, WIDTH } },
    { "gpt_neox.layers.{l}.mlp.dense_h_to_4h.bias", { 6 } },
    { "gpt_neox.layers.{l}.mlp.dense_4h_to_h.weight", { WIDTH, 6 } },
    { "gpt_neox.layers.{l}.mlp.dense_4h_to_h.bias", { WIDTH } },
    { "gpt_neox.final_layer_norm.weight", { WIDTH } },
    { "gpt_neox.final_layer_norm.bias", { WIDTH } },
    { "embed_out.weight", { N_TOKENS, WIDTH } },
  };
  Parts *self = parts_new (g_strdup ("\"model_type\":\"gpt_neox\",\"hidden_size\":4,\"num_hidden_layers\":2,"
                                     "\"vocab_size\":8,\"num_attention_heads\":2,\"intermediate_size\":6"));
  add_lines (self, lines, G_N_ELEMENTS (lines));
  return self;
}

void
parts_free (Parts *self)
{
  g_ptr_array_unref (self->parts);
  g_free (self->config);
  g_free (self);
}

Part *
parts_find (Parts *self, const char *name)
{
  for (guint i = 0; i < self->parts->len; i++)
    if (g_str_equal (((Part *)self->parts->pdata[i])->name, name))
      return self->parts->pdata[i];
  g_error ("there is no tensor %s", name);
}

void
parts_add (Parts *self, const char *name, gsize n)
{
  add_part (self, name, 1, &n);
}

void
parts_remove (Parts *self, const char *name)
{
  g_ptr_array_remove (self->parts, parts_find (self, name));
}

void
parts_rename (Parts *self, const char *from, const char *to)
{
  guint n_renamed = 0;
  for (guint i = 0; i < self->parts->len; i++)
    {
      Part *part = self->parts->pdata[i];
      if (!g_str_has_prefix (part->name, from))
        continue;
      char *name = g_strconcat (to, part->name + strlen (from), NULL);
      g_free (part->name);
      part->name = name;
      n_renamed++;
    }
  g_assert_cmpuint (n_renamed, >, 0);
}

void
parts_set_type (Parts *self, EgDType dtype)
{
  for (guint i = 0; i < self->parts->len; i++)
    ((Part *)self->parts->pdata[i])->dtype = dtype;
}

void
parts_configure (Parts *self, const char *field)
{
  char *config = g_strdup_printf ("%s,%s", self->config, field);
  g_free (self->config);
  self->config = config;
}

/* ---- writing ---- */

/* Of a number that binary16 has exactly, an infinity or none. */
static guint16
half_of (guint32 bits)
{
  const guint32 sign = bits >> 16 & 0x8000, exponent = bits >> 23 & 0xff, fraction = bits >> 13 & 0x3ff;
  if (exponent == 0)
    return (guint16)sign;
  if (exponent == 0xff)
    return (guint16)(sign | 0x7c00 | fraction);
  return (guint16)(sign | (exponent - 112) << 10 | fraction);
}

static void
append_value (GByteArray *data, EgDType dtype, float value)
{
  guint32 bits;
  const double wide = (double)value;
  memcpy (&bits, &value, sizeof bits);
  const guint16 half = half_of (bits), upper = (guint16)(bits >> 16);
  switch (dtype)
    {
    case EG_DTYPE_F32:
      g_byte_array_append (data, (const guint8 *)&bits, sizeof bits);
      break;
    case EG_DTYPE_F16:
      g_byte_array_append (data, (const guint8 *)&half, sizeof half);
      break;
    case EG_DTYPE_BF16:
      g_byte_array_append (data, (const guint8 *)&upper, sizeof upper);
      break;
    case EG_DTYPE_F64:
      g_byte_array_append (data, (const guint8 *)&wide, sizeof wide);
      break;
    }
}

static void
append_part (GString *header, GByteArray *data, const Part *part)
{
  const guint begin = data->len;
  for (gsize i = 0; i < part->n; i++)
    append_value (data, part->dtype, part->values[i]);
  g_string_append_printf (header, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[", header->len > 1 ? "," : "",
                          part->name, eg_dtype_get_name (part->dtype));
  for (guint i = 0; i < part->n_dims; i++)
    g_string_append_printf (header, "%s%zu", i > 0 ? "," : "", part->shape[i]);
  g_string_append_printf (header, "],\"data_offsets\":[%u,%u]}", begin, data->len);
}

void
parts_write (const Parts *self, const char *folder)
{
  g_autoptr (GString) file = g_string_new ("{");
  g_autoptr (GByteArray) data = g_byte_array_new ();
  for (guint i = 0; i < self->parts->len; i++)
    append_part (file, data, self->parts->pdata[i]);
  g_string_append_c (file, '}');
  while (file->len % 8 != 0)
    g_string_append_c (file, ' ');
  const guint64 header_bytes = GUINT64_TO_LE ((guint64)file->len);
  g_string_prepend_len (file, (const char *)&header_bytes, sizeof header_bytes);
  g_string_append_len (file, (const char *)data->data, data->len);
  g_autofree char *path = g_build_filename (folder, "model.safetensors", NULL);
  g_assert_true (g_file_set_contents (path, file->str, (gssize)file->len, NULL));
  g_autofree char *config = g_strdup_printf ("{%s}", self->config);
  tiny_write (folder, "config.json", config);
  tiny_write_tokenizer (folder, N_TOKENS);
}
