/* Finds a folder's files of weights, by an index or by their names, and what tensors they have. */
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
  char *main_name;      /* the file that says what there is */
  GPtrArray *files;     /* EgTensorFile */
  GHashTable *homes;    /* name → the EgTensorFile that has it, also of tensors that are not read */
  GHashTable *promised; /* name → file name; what the index says that its files do not have */
  GPtrArray *names;     /* of those that are read, sorted, then NULL; the keys of homes */
  guint64 size;

  GMutex narrowing;
  GHashTable *narrowed; /* EgTensor of F64 → EgTensor of F32 */
};

static void
free_file (gpointer data)
{
  eg_tensor_file_free (data);
}

static void
free_narrowed (gpointer data)
{
  EgTensor *tensor = data;
  g_free ((gpointer)tensor->data);
  g_free (tensor);
}

static EgCheckpoint *
checkpoint_new (const char *main_name)
{
  EgCheckpoint *self = g_new0 (EgCheckpoint, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->main_name = g_strdup (main_name);
  self->files = g_ptr_array_new_with_free_func (free_file);
  self->homes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->promised = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->names = g_ptr_array_new ();
  self->narrowed = g_hash_table_new_full (NULL, NULL, NULL, free_narrowed);
  g_mutex_init (&self->narrowing);
  return self;
}

/* Loads folder/name. Returns: (transfer none). */
static EgTensorFile *
add_file (EgCheckpoint *self, const char *folder, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  const gboolean is_pytorch = g_str_has_suffix (name, ".bin") || g_str_has_suffix (name, ".ckpt");
  EgTensorFile *file = is_pytorch ? eg_pytorch_file_load (path, error) : eg_safetensors_load (path, error);
  if (file == NULL)
    return NULL;
  g_ptr_array_add (self->files, file);
  self->size += file->size;
  return file;
}

/* Those that are there already, from another file, stay. */
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
        if (!g_hash_table_contains (self->homes, name))
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

static int
compare_names (gconstpointer left, gconstpointer right)
{
  return strcmp (*(const char *const *)left, *(const char *const *)right);
}

/* Every file that the index names, once, in the order of their names; NULL with an error. */
static GPtrArray *
list_files (const EgCheckpoint *self, JsonObject *map, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) files = g_ptr_array_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  json_object_iter_init (&iter, map);
  while (json_object_iter_next (&iter, &name, &node))
    {
      const char *file_name = eg_json_node_get_text (node);
      if (file_name == NULL)
        {
          refuse_index (self, name, error, _ ("is given no file"));
          return NULL;
        }
      if (!is_plain_name (file_name))
        {
          refuse_index (self, file_name, error, _ ("is not the plain name of a file in the same folder"));
          return NULL;
        }
      if (g_hash_table_add (seen, (char *)file_name))
        g_ptr_array_add (files, (char *)file_name);
    }
  g_ptr_array_sort (files, compare_names);
  return g_steal_pointer (&files);
}

/* The first names, and how many more there are. (transfer full) */
static char *
join_names (GPtrArray *names)
{
  const guint most = 10;
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < MIN (names->len, most); i++)
    {
      g_autofree char *quoted = eg_quote (names->pdata[i]);
      g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", quoted);
    }
  if (names->len > most)
    g_string_append_printf (text, _ (" and %u more"), names->len - most);
  return g_string_free (text, FALSE);
}

/* All that are missing, at once. */
static gboolean
check_files (const EgCheckpoint *self, const char *folder, GPtrArray *files, GError **error)
{
  g_autoptr (GPtrArray) missing = g_ptr_array_new ();
  for (guint i = 0; i < files->len; i++)
    {
      g_autofree char *path = g_build_filename (folder, files->pdata[i], NULL);
      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        g_ptr_array_add (missing, files->pdata[i]);
    }
  if (missing->len == 0)
    return TRUE;
  g_autofree char *names = join_names (missing);
  if (missing->len == 1)
    g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND,
                 _ ("%s names the file %s, which is missing from %s: copy it there too"), self->main_name,
                 names, folder);
  else
    g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND,
                 _ ("%s names files that are missing from %s: %s; copy them there too"), self->main_name,
                 folder, names);
  return FALSE;
}

/* shards: file name → EgTensorFile. */
static void
add_indexed_tensors (EgCheckpoint *self, JsonObject *map, GHashTable *shards)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  json_object_iter_init (&iter, map);
  while (json_object_iter_next (&iter, &name, &node))
    {
      EgTensorFile *file = g_hash_table_lookup (shards, eg_json_node_get_text (node));
      if (g_hash_table_contains (file->tensors, name) || g_hash_table_contains (file->unread, name))
        g_hash_table_insert (self->homes, g_strdup (name), file);
      else
        g_hash_table_insert (self->promised, g_strdup (name), g_strdup (file->name));
    }
}

static gboolean
add_indexed_files (EgCheckpoint *self, const char *folder, const char *index_path, GError **error)
{
  g_autoptr (JsonNode) index = eg_json_load_object (index_path, error);
  if (index == NULL)
    return FALSE;
  JsonNode *node = json_object_get_member (json_node_get_object (index), "weight_map");
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node)
      || json_object_get_size (json_node_get_object (node)) == 0)
    return refuse_index (self, "weight_map", error, _ ("is missing, or has nothing in it"));
  JsonObject *map = json_node_get_object (node);

  g_autoptr (GPtrArray) files = list_files (self, map, error);
  g_autoptr (GHashTable) shards = g_hash_table_new (g_str_hash, g_str_equal);
  if (files == NULL || !check_files (self, folder, files, error))
    return FALSE;
  for (guint i = 0; i < files->len; i++)
    {
      EgTensorFile *file = add_file (self, folder, files->pdata[i], error);
      if (file == NULL)
        return FALSE;
      g_hash_table_insert (shards, files->pdata[i], file);
    }
  add_indexed_tensors (self, map, shards);
  for (guint i = 0; i < self->files->len; i++)
    add_all_tensors (self, self->files->pdata[i]);
  return TRUE;
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

static EgCheckpoint *
open_main (const char *folder, const char *name, gboolean is_index, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (EgCheckpoint) self = checkpoint_new (name);
  if (!(is_index ? add_indexed_files (self, folder, path, error) : add_single_file (self, folder, error)))
    return NULL;
  sort_names (self);
  return g_steal_pointer (&self);
}

/* Returns: (transfer full) (nullable): the name of the only .ckpt file. */
static char *
find_lightning (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autofree char *found = NULL;
  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    if (g_str_has_suffix (name, ".ckpt") && found != NULL)
      return NULL;
    else if (g_str_has_suffix (name, ".ckpt"))
      found = g_strdup (name);
  return g_steal_pointer (&found);
}

EgCheckpoint *
eg_checkpoint_open (const char *folder, GError **error)
{
  g_return_val_if_fail (folder != NULL, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (main_names); i++)
    {
      g_autofree char *path = g_build_filename (folder, main_names[i].name, NULL);
      if (g_file_test (path, G_FILE_TEST_EXISTS))
        return open_main (folder, main_names[i].name, main_names[i].is_index, error);
    }
  g_autofree char *lightning = find_lightning (folder);
  if (lightning != NULL)
    return open_main (folder, lightning, FALSE, error);
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
  g_hash_table_unref (self->promised);
  g_hash_table_unref (self->narrowed);
  g_ptr_array_unref (self->files);
  g_mutex_clear (&self->narrowing);
  g_free (self->main_name);
  g_free (self);
}

/* As it is in its file. */
static const EgTensor *
find_tensor (EgCheckpoint *self, const char *name)
{
  const EgTensorFile *file = g_hash_table_lookup (self->homes, name);
  return file != NULL ? g_hash_table_lookup (file->tensors, name) : NULL;
}

/* wide: of F64. Returns: (transfer none): NULL if it does not fit into memory. */
static const EgTensor *
narrow (EgCheckpoint *self, const EgTensor *wide)
{
  g_mutex_lock (&self->narrowing);
  EgTensor *narrowed = g_hash_table_lookup (self->narrowed, wide);
  const gsize n_bytes = wide->n_bytes / 2;
  float *values = narrowed == NULL ? g_try_malloc (MAX (n_bytes, 1)) : NULL;
  if (values != NULL)
    {
      eg_tensor_to_floats (wide, values);
      narrowed = g_memdup2 (wide, sizeof *wide);
      narrowed->dtype = EG_DTYPE_F32;
      narrowed->n_bytes = n_bytes;
      narrowed->data = values;
      g_hash_table_insert (self->narrowed, (gpointer)wide, narrowed);
    }
  g_mutex_unlock (&self->narrowing);
  return narrowed;
}

const EgTensor *
eg_checkpoint_lookup (EgCheckpoint *self, const char *name)
{
  const EgTensor *tensor = find_tensor (self, name);
  return tensor != NULL && tensor->dtype == EG_DTYPE_F64 ? narrow (self, tensor) : tensor;
}

const EgTensor *
eg_checkpoint_require (EgCheckpoint *self, const char *name, GError **error)
{
  const EgTensor *tensor = eg_checkpoint_lookup (self, name);
  if (tensor != NULL)
    return tensor;
  const EgTensorFile *file = g_hash_table_lookup (self->homes, name);
  const char *promised = g_hash_table_lookup (self->promised, name);
  if (eg_checkpoint_has (self, name))
    g_set_error (error, EG_ERROR, EG_ERROR_MEMORY, _ ("%s: tensor %s does not fit into memory"), file->name,
                 name);
  else if (file != NULL)
    g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED, _ ("%s: tensor %s %s"), file->name, name,
                 (const char *)g_hash_table_lookup (file->unread, name));
  else if (promised != NULL)
    g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, _ ("%s: tensor %s is said to be in %s, but it is not"),
                 self->main_name, name, promised);
  else
    g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, _ ("%s: there is no tensor %s"), self->main_name, name);
  return NULL;
}

gboolean
eg_checkpoint_require_all (EgCheckpoint *self, const char *const *names, GError **error)
{
  g_autoptr (GPtrArray) missing = g_ptr_array_new ();
  for (; *names != NULL; names++)
    if (!g_hash_table_contains (self->homes, *names))
      g_ptr_array_add (missing, (char *)*names);
  if (missing->len == 1)
    eg_checkpoint_require (self, missing->pdata[0], error);
  else if (missing->len > 1)
    {
      g_autofree char *joined = join_names (missing);
      g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, _ ("%s: there are no tensors %s"), self->main_name,
                   joined);
    }
  return missing->len == 0;
}

gboolean
eg_checkpoint_has (EgCheckpoint *self, const char *name)
{
  return find_tensor (self, name) != NULL;
}

const gsize *
eg_checkpoint_get_shape (EgCheckpoint *self, const char *name, guint *n_dims)
{
  const EgTensor *tensor = find_tensor (self, name);
  *n_dims = tensor != NULL ? tensor->n_dims : 0;
  return tensor != NULL ? tensor->shape : NULL;
}

GHashTable *
eg_checkpoint_get_unread (EgCheckpoint *self)
{
  GHashTable *unread = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTableIter iter;
  gpointer name, file;
  g_hash_table_iter_init (&iter, self->homes);
  while (g_hash_table_iter_next (&iter, &name, &file))
    {
      const char *reason = g_hash_table_lookup (((EgTensorFile *)file)->unread, name);
      if (reason != NULL)
        g_hash_table_insert (unread, name, (char *)reason);
    }
  return unread;
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
