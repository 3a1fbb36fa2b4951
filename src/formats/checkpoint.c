#include "formats/checkpoint.h"

#include "core/error.h"
#include "formats/json-text.h"
#include "formats/pytorch-file.h"
#include "formats/quote.h"
#include "formats/safetensors.h"

#include <glib/gi18n.h>
#include <string.h>

/* What is looked for, in this order. */
static const struct
{
  const char *name;
  gboolean is_index;
} main_names[] = {
  { "model.safetensors", FALSE },
  { "model.safetensors.index.json", TRUE },
  { "pytorch_model.bin", FALSE },
  { "pytorch_model.bin.index.json", TRUE },
};

struct _EgCheckpoint
{
  gatomicrefcount ref_count;
  const char *main_name; /* the file that says what there is */
  GPtrArray *files;      /* EgTensorFile */
  GHashTable *homes;     /* name → the EgTensorFile that has it, also of tensors that are not read */
  GPtrArray *names;      /* of those that are read, sorted, then NULL; the keys of homes */
  guint64 size;
};

static void
free_file (gpointer data)
{
  eg_tensor_file_free (data);
}

static EgCheckpoint *
checkpoint_new (const char *main_name)
{
  EgCheckpoint *self = g_new0 (EgCheckpoint, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->main_name = main_name;
  self->files = g_ptr_array_new_with_free_func (free_file);
  self->homes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->names = g_ptr_array_new ();
  return self;
}

/* Loads folder/name. Returns: (transfer none). */
static EgTensorFile *
add_file (EgCheckpoint *self, const char *folder, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  EgTensorFile *file = g_str_has_suffix (name, ".bin") ? eg_pytorch_file_load (path, error)
                                                       : eg_safetensors_load (path, error);
  if (file == NULL)
    return NULL;
  g_ptr_array_add (self->files, file);
  self->size += file->size;
  return file;
}

static void
add_all_tensors (EgCheckpoint *self, EgTensorFile *file)
{
  GHashTable *tables[] = { file->tensors, file->unread };
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      GHashTableIter iter;
      gpointer name;
      g_hash_table_iter_init (&iter, tables[i]);
      while (g_hash_table_iter_next (&iter, &name, NULL))
        g_hash_table_insert (self->homes, g_strdup (name), file);
    }
}

G_GNUC_PRINTF (4, 5)
static gboolean
refuse_index (const EgCheckpoint *self, const char *name, GError **error, const char *format, ...)
{
  g_autofree char *quoted = eg_quote (name);
  va_list args;
  va_start (args, format);
  g_autofree char *reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, "%s: “%s” %s", self->main_name, quoted, reason);
  return FALSE;
}

static gboolean
is_plain_name (const char *name)
{
  return name[0] != '\0' && strcmp (name, ".") != 0 && strcmp (name, "..") != 0
         && strpbrk (name, "/\\") == NULL;
}

/* shards: file name → EgTensorFile, of those loaded so far. */
static gboolean
add_indexed_tensor (EgCheckpoint *self,
                    const char *folder,
                    GHashTable *shards,
                    const char *name,
                    const char *file_name,
                    GError **error)
{
  if (file_name == NULL)
    return refuse_index (self, name, error, _ ("is given no file"));
  if (!is_plain_name (file_name))
    return refuse_index (self, file_name, error, _ ("is not the plain name of a file in the same folder"));

  EgTensorFile *file = g_hash_table_lookup (shards, file_name);
  if (file == NULL)
    {
      g_autofree char *path = g_build_filename (folder, file_name, NULL);
      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        {
          g_autofree char *quoted = eg_quote (file_name);
          g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND,
                       _ ("%s names the file %s, which is missing from %s: copy it there too"),
                       self->main_name, quoted, folder);
          return FALSE;
        }
      file = add_file (self, folder, file_name, error);
      if (file == NULL)
        return FALSE;
      g_hash_table_insert (shards, g_strdup (file_name), file);
    }
  if (!g_hash_table_contains (file->tensors, name) && !g_hash_table_contains (file->unread, name))
    return refuse_index (self, name, error, _ ("is said to be in %s, but it is not"), file->name);
  g_hash_table_insert (self->homes, g_strdup (name), file);
  return TRUE;
}

static gboolean
add_indexed_files (EgCheckpoint *self, const char *folder, const char *index_path, GError **error)
{
  g_autoptr (JsonNode) index = eg_json_load_object (index_path, error);
  if (index == NULL)
    return FALSE;
  JsonNode *map = json_object_get_member (json_node_get_object (index), "weight_map");
  if (map == NULL || !JSON_NODE_HOLDS_OBJECT (map) || json_object_get_size (json_node_get_object (map)) == 0)
    return refuse_index (self, "weight_map", error, _ ("is missing, or has nothing in it"));

  g_autoptr (GHashTable) shards = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  json_object_iter_init (&iter, json_node_get_object (map));
  while (json_object_iter_next (&iter, &name, &node))
    if (!add_indexed_tensor (self, folder, shards, name, eg_json_node_get_text (node), error))
      return FALSE;
  return TRUE;
}

static int
compare_names (gconstpointer left, gconstpointer right)
{
  return strcmp (*(const char *const *)left, *(const char *const *)right);
}

static void
sort_names (EgCheckpoint *self)
{
  GHashTableIter iter;
  gpointer name;
  g_hash_table_iter_init (&iter, self->homes);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (eg_checkpoint_has (self, name))
      g_ptr_array_add (self->names, name);
  g_ptr_array_sort (self->names, compare_names);
  g_ptr_array_add (self->names, NULL);
}

static void
set_no_weights_error (const char *folder, GError **error)
{
  if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
    g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, _ ("There is no folder %s"), folder);
  else
    g_set_error (
        error, EG_ERROR, EG_ERROR_NOT_FOUND,
        _ ("There are no weights in %s: neither model.safetensors nor pytorch_model.bin, nor an index of "
           "several such files. Choose the folder that a model was downloaded to"),
        folder);
}

static gboolean
add_single_file (EgCheckpoint *self, const char *folder, GError **error)
{
  EgTensorFile *file = add_file (self, folder, self->main_name, error);
  if (file == NULL)
    return FALSE;
  add_all_tensors (self, file);
  return TRUE;
}

EgCheckpoint *
eg_checkpoint_open (const char *folder, GError **error)
{
  g_return_val_if_fail (folder != NULL, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (main_names); i++)
    {
      g_autofree char *path = g_build_filename (folder, main_names[i].name, NULL);
      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        continue;
      g_autoptr (EgCheckpoint) self = checkpoint_new (main_names[i].name);
      if (!(main_names[i].is_index ? add_indexed_files (self, folder, path, error)
                                   : add_single_file (self, folder, error)))
        return NULL;
      sort_names (self);
      return g_steal_pointer (&self);
    }
  set_no_weights_error (folder, error);
  return NULL;
}

EgCheckpoint *
eg_checkpoint_ref (EgCheckpoint *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
eg_checkpoint_unref (EgCheckpoint *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_ptr_array_unref (self->names);
  g_hash_table_unref (self->homes);
  g_ptr_array_unref (self->files);
  g_free (self);
}

const EgTensor *
eg_checkpoint_lookup (EgCheckpoint *self, const char *name)
{
  const EgTensorFile *file = g_hash_table_lookup (self->homes, name);
  return file != NULL ? g_hash_table_lookup (file->tensors, name) : NULL;
}

const EgTensor *
eg_checkpoint_require (EgCheckpoint *self, const char *name, GError **error)
{
  const EgTensor *tensor = eg_checkpoint_lookup (self, name);
  if (tensor != NULL)
    return tensor;
  const EgTensorFile *file = g_hash_table_lookup (self->homes, name);
  if (file != NULL)
    g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
                 _ ("%s: tensor %s has dtype %s, which Engram does not read"), file->name, name,
                 (const char *)g_hash_table_lookup (file->unread, name));
  else
    g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, _ ("%s: there is no tensor %s"), self->main_name, name);
  return NULL;
}

gboolean
eg_checkpoint_has (EgCheckpoint *self, const char *name)
{
  return eg_checkpoint_lookup (self, name) != NULL;
}

const char *
eg_checkpoint_get_file_name (EgCheckpoint *self, const char *name)
{
  const EgTensorFile *file = g_hash_table_lookup (self->homes, name);
  return file != NULL ? file->name : self->main_name;
}

const char *const *
eg_checkpoint_get_names (EgCheckpoint *self)
{
  return (const char *const *)self->names->pdata;
}

gboolean
eg_checkpoint_check (EgCheckpoint *self, GError **error)
{
  for (guint i = 0; i < self->files->len; i++)
    if (!eg_mapping_check (((EgTensorFile *)self->files->pdata[i])->mapping, error))
      return FALSE;
  return TRUE;
}

guint64
eg_checkpoint_get_size (EgCheckpoint *self)
{
  return self->size;
}
