/* Lists the models on this machine, and why one cannot be traced. */
#include "library/catalog.h"

#include "library/locate.h"
#include "library/model.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct
{
  GPtrArray *entries;
  const EgTokenizerChoice *choice;
  GCancellable *cancellable;
} Lister;

void
eg_model_entry_free (EgModelEntry *self)
{
  g_free (self->name);
  g_free (self->folder);
  g_free (self->problem);
  g_free (self);
}

static void
free_entry (gpointer data)
{
  eg_model_entry_free (data);
}

const char *
eg_model_place_get_name (EgModelPlace place)
{
  static const char *const names[] = { "demo", "store", "cache" };
  return names[place];
}

static int
compare_names (gconstpointer left, gconstpointer right)
{
  return strcmp (*(const char *const *)left, *(const char *const *)right);
}

/* Returns: (transfer full) (element-type filename): sorted; those that begin with a dot are left out. */
static GPtrArray *
list_folders (const char *parent)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (parent, 0, NULL);
  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (parent, name, NULL);
      if (*name != '.' && g_file_test (path, G_FILE_TEST_IS_DIR))
        g_ptr_array_add (names, g_strdup (name));
    }
  g_ptr_array_sort (names, compare_names);
  return names;
}

static gboolean
is_weights (const char *name)
{
  static const char *const endings[] = { ".safetensors", ".bin", ".ckpt", ".gguf", ".pt", ".pth" };
  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (name, endings[i]))
      return TRUE;
  return FALSE;
}

/* Bytes of the files in folder that may hold weights, whatever is in them. */
static guint64
measure_weights (const char *folder)
{
  guint64 n_bytes = 0;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      GStatBuf status;
      if (is_weights (name) && g_stat (path, &status) == 0 && S_ISREG (status.st_mode))
        n_bytes += (guint64)status.st_size;
    }
  return n_bytes;
}

static EgModelEntry *
add_entry (Lister *self, const char *name, const char *folder, EgModelPlace place)
{
  EgModelEntry *entry = g_new0 (EgModelEntry, 1);
  entry->name = g_strdup (name);
  entry->folder = g_strdup (folder);
  entry->place = place;
  g_ptr_array_add (self->entries, entry);
  return entry;
}

static void
add_model (Lister *self, const char *name, const char *folder, EgModelPlace place)
{
  g_autoptr (GError) error = NULL;
  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  EgModelEntry *entry = add_entry (self, name, folder, place);
  if (!eg_model_check (folder, self->choice, &entry->n_bytes, &entry->n_parameters, &error))
    entry->problem = g_strdup (error->message);
  if (entry->n_bytes == 0)
    entry->n_bytes = measure_weights (folder);
}

/* A folder that is neither a model's nor empty holds models: "state-spaces". */
static void
add_stored (Lister *self, const char *store, const char *name)
{
  g_autofree char *folder = g_build_filename (store, name, NULL);
  g_autofree char *config = g_build_filename (folder, "config.json", NULL);
  g_autoptr (GPtrArray) inner = list_folders (folder);
  if (inner->len == 0 || measure_weights (folder) > 0 || g_file_test (config, G_FILE_TEST_EXISTS))
    {
      add_model (self, name, folder, EG_PLACE_STORE);
      return;
    }
  for (guint i = 0; i < inner->len; i++)
    {
      g_autofree char *inner_folder = g_build_filename (folder, inner->pdata[i], NULL);
      g_autofree char *inner_name = g_build_filename (name, inner->pdata[i], NULL);
      add_model (self, inner_name, inner_folder, EG_PLACE_STORE);
    }
}

static void
add_cached (Lister *self, const char *cache, const char *base_name)
{
  g_autofree char *name = eg_model_get_repository_name (base_name);
  if (name == NULL)
    return;
  g_autoptr (GError) error = NULL;
  g_autofree char *repository = g_build_filename (cache, base_name, NULL);
  g_autofree char *snapshot = eg_model_get_snapshot (repository, &error);
  if (snapshot != NULL)
    add_model (self, name, snapshot, EG_PLACE_CACHE);
  else
    add_entry (self, name, repository, EG_PLACE_CACHE)->problem = g_strdup (error->message);
}

GPtrArray *
eg_model_list (const EgTokenizerChoice *choice, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (free_entry);
  Lister self = { entries, choice, cancellable };

  for (const EgDemo *demo = eg_demos; demo->name != NULL; demo++)
    {
      g_autofree char *folder = eg_demo_get_folder (demo);
      add_model (&self, demo->name, folder, EG_PLACE_DEMO);
    }

  g_autofree char *store = eg_model_get_store ();
  g_autoptr (GPtrArray) stored = list_folders (store);
  for (guint i = 0; i < stored->len; i++)
    add_stored (&self, store, stored->pdata[i]);

  g_auto (GStrv) caches = eg_model_get_caches ();
  for (guint c = 0; caches[c] != NULL; c++)
    {
      g_autoptr (GPtrArray) repositories = list_folders (caches[c]);
      for (guint i = 0; i < repositories->len; i++)
        add_cached (&self, caches[c], repositories->pdata[i]);
    }
  return g_cancellable_set_error_if_cancelled (cancellable, error) ? NULL : g_steal_pointer (&entries);
}
