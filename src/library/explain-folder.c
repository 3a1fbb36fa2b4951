/* Says what a folder without a model's files is. */
#include "library/explain-folder.h"

#include "formats/json-text.h"
#include "formats/quote.h"

#include <glib/gi18n.h>
#include <string.h>

typedef struct
{
  const char *folder;
  GPtrArray *names; /* of all that is in it, sorted */
} Folder;

static int
compare_names (gconstpointer left, gconstpointer right)
{
  return strcmp (*(const char *const *)left, *(const char *const *)right);
}

/* (element-type filename) */
static GPtrArray *
list_names (const char *folder)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  return names;
}

static gboolean
has (const Folder *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* Returns: (nullable): the first name that ends so. */
static const char *
find_ending (const Folder *self, const char *ending)
{
  for (guint i = 0; i < self->names->len; i++)
    if (g_str_has_suffix (self->names->pdata[i], ending))
      return self->names->pdata[i];
  return NULL;
}

/* ---- kinds of folders ---- */

static char *
explain_adapter (const Folder *self)
{
  if (!has (self, "adapter_config.json"))
    return NULL;
  g_autofree char *path = g_build_filename (self->folder, "adapter_config.json", NULL);
  g_autoptr (JsonNode) root = eg_json_load_object (path, NULL);
  const char *base = root != NULL ? eg_json_node_get_text (
                         json_object_get_member (json_node_get_object (root), "base_model_name_or_path"))
                                  : NULL;
  g_autofree char *quoted = base != NULL ? eg_quote (base) : g_strdup (_ ("its base model"));
  /* TRANSLATORS: a folder, and the name of a model. */
  return g_strdup_printf (
      _ ("%s has an adapter, not a whole model: merge it into %s, with PEFT’s merge_and_unload () "
         "and save_pretrained (), and open what that saves"),
      self->folder, quoted);
}

static char *
explain_gguf (const Folder *self)
{
  const char *name = find_ending (self, ".gguf");
  if (name == NULL)
    return NULL;
  g_autofree char *quoted = eg_quote (name);
  return g_strdup_printf (
      _ ("The weights in %s are a GGUF file, %s, which Engram does not read: get the model as "
         "config.json with model.safetensors"),
      self->folder, quoted);
}

/* zero_to_fp32.py lies beside what DeepSpeed saves; "latest" names a folder of it. */
static char *
explain_deepspeed (const Folder *self)
{
  gboolean found = has (self, "zero_to_fp32.py") || find_ending (self, "_model_states.pt") != NULL
                   || find_ending (self, "_optim_states.pt") != NULL;
  for (guint i = 0; i < self->names->len && !found; i++)
    found = g_str_has_prefix (self->names->pdata[i], "global_step") && has (self, "latest");
  if (!found)
    return NULL;
  return g_strdup_printf (
      _ ("%s has a checkpoint of DeepSpeed: make pytorch_model.bin of it with DeepSpeed’s zero_to_fp32.py, "
         "“python zero_to_fp32.py . .” in that folder"),
      self->folder);
}

/* "fp16" of model.fp16.safetensors or model.safetensors.index.fp16.json; (transfer full) (nullable) */
static char *
get_variant (const char *name)
{
  static const char *const frames[][2] = { { "model.", ".safetensors" },
                                           { "pytorch_model.", ".bin" },
                                           { "model.safetensors.index.", ".json" },
                                           { "pytorch_model.bin.index.", ".json" } };
  for (gsize i = 0; i < G_N_ELEMENTS (frames); i++)
    {
      const gsize begin = strlen (frames[i][0]), end = strlen (frames[i][1]), length = strlen (name);
      if (length <= begin + end || !g_str_has_prefix (name, frames[i][0])
          || !g_str_has_suffix (name, frames[i][1]))
        continue;
      g_autofree char *variant = g_strndup (name + begin, length - begin - end);
      if (strpbrk (variant, ".-") == NULL)
        return g_steal_pointer (&variant);
    }
  return NULL;
}

static char *
explain_variant (const Folder *self)
{
  for (guint i = 0; i < self->names->len; i++)
    {
      const char *name = self->names->pdata[i];
      g_autofree char *variant = get_variant (name);
      if (variant == NULL)
        continue;
      g_autofree char *quoted = eg_quote (name), *infix = g_strconcat (".", variant, NULL);
      g_auto (GStrv) halves = g_strsplit (name, infix, 2);
      g_autofree char *plain = g_strjoinv ("", halves), *quoted_plain = eg_quote (plain);
      return g_strdup_printf (
          _ ("%s has the weights as a variant, %s: name it %s (and the files that an index names, "
             "in it and in the folder)"),
          self->folder, quoted, quoted_plain);
    }
  return NULL;
}

static char *
explain_lightning (const Folder *self)
{
  const char *name = find_ending (self, ".ckpt");
  if (name == NULL)
    return NULL;
  g_autofree char *quoted = eg_quote (name);
  return g_strdup_printf (_ ("%s has several checkpoints, of which %s is one: name the one to be opened "
                             "pytorch_model.bin"),
                          self->folder, quoted);
}

/* Weights that have another name, or are in another format. */
static char *
explain_other_names (const Folder *self)
{
  static const char *const endings[] = { ".safetensors", ".pt", ".pth", ".bin" };
  static const char *const others[] = { ".h5", ".msgpack", ".onnx", ".npz", ".ot" };
  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      const char *name = find_ending (self, endings[i]);
      if (name == NULL || g_str_has_prefix (name, "training_args") || g_str_has_prefix (name, "optimizer")
          || g_str_has_prefix (name, "scheduler") || g_str_has_prefix (name, "rng_state"))
        continue;
      g_autofree char *quoted = eg_quote (name);
      return g_strdup_printf (
          _ ("There are no weights in %s under a name that Engram looks for; if %s are they, name "
             "the file %s"),
          self->folder, quoted, i == 0 ? "model.safetensors" : "pytorch_model.bin");
    }
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    {
      const char *name = find_ending (self, others[i]);
      if (name == NULL)
        continue;
      g_autofree char *quoted = eg_quote (name);
      return g_strdup_printf (
          _ ("The weights in %s are in a format that Engram does not read, %s: save them with "
             "transformers’ save_pretrained () as model.safetensors"),
          self->folder, quoted);
    }
  return NULL;
}

/* Weights that are looked for: then something else is missing. */
static gboolean
has_weights (const Folder *self)
{
  return has (self, "model.safetensors") || has (self, "model.safetensors.index.json")
         || has (self, "pytorch_model.bin") || has (self, "pytorch_model.bin.index.json");
}

char *
eg_folder_explain (const char *folder)
{
  static const struct
  {
    char *(*explain) (const Folder *);
    gboolean wants_config; /* it says nothing of a folder without config.json */
  } kinds[] = {
    { explain_adapter, FALSE }, { explain_gguf, FALSE },     { explain_deepspeed, FALSE },
    { explain_variant, TRUE },  { explain_lightning, TRUE }, { explain_other_names, TRUE },
  };
  g_autoptr (GPtrArray) names = list_names (folder);
  const Folder self = { folder, names };
  const gboolean has_config = has (&self, "config.json");
  if (has_weights (&self))
    return NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      char *sentence = has_config || !kinds[i].wants_config ? kinds[i].explain (&self) : NULL;
      if (sentence != NULL)
        return sentence;
    }
  return NULL;
}
