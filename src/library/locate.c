/* Finds a model by its name: a folder, the store, Hugging Face's caches. */
#include "library/locate.h"

#include "core/data.h"
#include "core/error.h"
#include "formats/quote.h"
#include "library/expand-path.h"
#include "library/explain-folder.h"

#include <glib/gi18n.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#define REPOSITORY_PREFIX "models--"

/* A commit's name has 40 characters. */
#define MAX_REF_BYTES 256

const EgDemo eg_demos[] = { { "demo", N_ ("Demo Model"), N_ ("Demo model") },
                            { "demo-gpt2", N_ ("Demo Transformer"), N_ ("Demo transformer") },
                            { NULL } };

const EgDemo *
eg_demo_find (const char *name)
{
  for (const EgDemo *it = eg_demos; it->name != NULL; it++)
    if (g_str_equal (it->name, name))
      return it;
  return NULL;
}

char *
eg_demo_get_folder (const EgDemo *self)
{
  return eg_data_path (self->name);
}

char *
eg_model_find_demo (void)
{
  return eg_demo_get_folder (&eg_demos[0]);
}

/* A Flatpak has folders of its own for data and caches; models lie in the system's, which it may read. */
static char *
get_host_folder (const char *own, const char *variable, const char *below_home)
{
  const char *named = g_getenv (variable);
  if (!g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS))
    return g_strdup (own);
  return named != NULL && *named != '\0' ? g_strdup (named)
                                         : g_build_filename (g_get_home_dir (), below_home, NULL);
}

char *
eg_model_get_store (void)
{
  g_autofree char *data = get_host_folder (g_get_user_data_dir (), "HOST_XDG_DATA_HOME", ".local/share");
  return g_build_filename (data, "engram", "models", NULL);
}

/* path: (transfer full). */
static void
add_once (GPtrArray *paths, char *path)
{
  if (g_ptr_array_find_with_equal_func (paths, path, g_str_equal, NULL))
    g_free (path);
  else
    g_ptr_array_add (paths, path);
}

/* What the variable names, with below after it; nothing where it is unset or empty. */
static void
add_named (GPtrArray *paths, const char *variable, const char *below)
{
  const char *value = g_getenv (variable);
  if (value == NULL || *value == '\0')
    return;
  g_autofree char *folder = eg_expand_path (value);
  add_once (paths, g_build_filename (folder, below, NULL));
}

GStrv
eg_model_get_caches (void)
{
  GPtrArray *paths = g_ptr_array_new ();
  add_named (paths, "HF_HUB_CACHE", NULL);
  add_named (paths, "HUGGINGFACE_HUB_CACHE", NULL);
  add_named (paths, "HF_HOME", "hub");
  g_autofree char *named = get_host_folder (g_get_user_cache_dir (), "HOST_XDG_CACHE_HOME", ".cache");
  g_autofree char *cache = eg_expand_path (named);
  add_once (paths, g_build_filename (cache, "huggingface", "hub", NULL));
  g_ptr_array_add (paths, NULL);
  return (GStrv)g_ptr_array_free (paths, FALSE);
}

/* ---- a cache's repositories ---- */

char *
eg_model_get_repository_name (const char *base_name)
{
  if (!g_str_has_prefix (base_name, REPOSITORY_PREFIX) || base_name[strlen (REPOSITORY_PREFIX)] == '\0')
    return NULL;
  g_auto (GStrv) parts = g_strsplit (base_name + strlen (REPOSITORY_PREFIX), "--", -1);
  return g_strjoinv ("/", parts);
}

static char *
get_repository_base_name (const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, "/", -1);
  g_autofree char *joined = g_strjoinv ("--", parts);
  return g_strconcat (REPOSITORY_PREFIX, joined, NULL);
}

static gboolean
is_plain_name (const char *name)
{
  return *name != '\0' && *name != '.' && strchr (name, '/') == NULL;
}

/* What refs/main says; NULL without an error if there is no such file. */
static char *
read_main_ref (const char *repository, GError **error)
{
  g_autofree char *path = g_build_filename (repository, "refs", "main", NULL);
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return NULL;
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);
  char text[MAX_REF_BYTES + 1] = { 0 };
  gsize length;
  if (stream == NULL
      || !g_input_stream_read_all (G_INPUT_STREAM (stream), text, sizeof text - 1, &length, NULL, error))
    return NULL;
  g_strstrip (text);
  if (length < sizeof text - 1 && is_plain_name (text))
    return g_strdup (text);
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s does not name a snapshot"), path);
  return NULL;
}

/* Returns: (nullable): the folder in snapshots/ that was changed last; of equal ones the last by name. */
static char *
find_newest (const char *snapshots)
{
  g_autoptr (GDir) dir = g_dir_open (snapshots, 0, NULL);
  g_autofree char *newest = NULL;
  gint64 newest_time = G_MININT64;
  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (snapshots, name, NULL);
      GStatBuf status;
      if (g_stat (path, &status) != 0 || !S_ISDIR (status.st_mode))
        continue;
      const gint64 time = (gint64)status.st_mtime;
      if (newest == NULL || time > newest_time || (time == newest_time && strcmp (path, newest) > 0))
        {
          g_free (newest);
          newest = g_steal_pointer (&path);
          newest_time = time;
        }
    }
  return g_steal_pointer (&newest);
}

char *
eg_model_get_snapshot (const char *repository, GError **error)
{
  GError *ref_error = NULL;
  g_autofree char *commit = read_main_ref (repository, &ref_error);
  if (ref_error != NULL)
    {
      g_propagate_error (error, ref_error);
      return NULL;
    }
  g_autofree char *snapshot
      = commit != NULL ? g_build_filename (repository, "snapshots", commit, NULL) : NULL;
  if (snapshot != NULL && g_file_test (snapshot, G_FILE_TEST_IS_DIR))
    return g_steal_pointer (&snapshot);
  if (commit != NULL)
    {
      g_autofree char *quoted = eg_quote (commit);
      g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND,
                   _ ("%s: refs/main names the snapshot %s, which is not there; download the model again"),
                   repository, quoted);
      return NULL;
    }
  g_autofree char *snapshots = g_build_filename (repository, "snapshots", NULL);
  char *newest = find_newest (snapshots);
  if (newest == NULL)
    g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND,
                 _ ("%s has no snapshot: its download has not got that far"), repository);
  return newest;
}

/* ---- names ---- */

/* NAME or OWNER/NAME, and nothing that leads elsewhere. */
static gboolean
is_model_name (const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, "/", -1);
  gboolean plain = parts[0] != NULL && g_strv_length (parts) <= 2;
  for (guint i = 0; plain && parts[i] != NULL; i++)
    plain = is_plain_name (parts[i]);
  return plain;
}

static char *
join_places (const char *store, char *const *caches)
{
  GString *text = g_string_new (store);
  for (guint i = 0; caches[i] != NULL; i++)
    g_string_append_printf (text, "%s%s", caches[i + 1] == NULL ? _ (" or ") : ", ", caches[i]);
  return g_string_free (text, FALSE);
}

char *
eg_model_locate (const char *name, GError **error)
{
  g_return_val_if_fail (name != NULL, NULL);

  if (g_file_test (name, G_FILE_TEST_EXISTS))
    return g_strdup (name);
  if (!is_model_name (name))
    {
      g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, _ ("There is no folder “%s”"), name);
      return NULL;
    }
  g_autofree char *store = eg_model_get_store ();
  g_autofree char *stored = g_build_filename (store, name, NULL);
  if (g_file_test (stored, G_FILE_TEST_IS_DIR))
    return g_steal_pointer (&stored);

  g_auto (GStrv) caches = eg_model_get_caches ();
  g_autofree char *base_name = get_repository_base_name (name);
  for (guint i = 0; caches[i] != NULL; i++)
    {
      g_autofree char *repository = g_build_filename (caches[i], base_name, NULL);
      if (g_file_test (repository, G_FILE_TEST_IS_DIR))
        return eg_model_get_snapshot (repository, error);
    }
  const EgDemo *demo = eg_demo_find (name);
  if (demo != NULL)
    return eg_demo_get_folder (demo);
  g_autofree char *places = join_places (store, caches);
  g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND,
               _ ("There is no folder “%s”, and no model of that name in %s"), name, places);
  return NULL;
}

/* The folder's repository in a cache (…/models--X/snapshots/COMMIT), or NULL. */
static char *
get_repository_of (const char *folder)
{
  g_autofree char *snapshots = g_path_get_dirname (folder);
  g_autofree char *base_name = g_path_get_basename (snapshots);
  return g_str_equal (base_name, "snapshots") ? g_path_get_dirname (snapshots) : NULL;
}

char *
eg_model_get_name_of (const char *folder)
{
  g_autofree char *path = g_canonicalize_filename (folder, NULL);
  g_autofree char *repository = get_repository_of (path);
  g_autofree char *base_name = g_path_get_basename (repository != NULL ? repository : path);
  char *name = repository != NULL ? eg_model_get_repository_name (base_name) : NULL;
  if (name != NULL)
    return name;
  g_autofree char *store = eg_model_get_store ();
  const gsize length = strlen (store);
  if (g_str_has_prefix (path, store) && path[length] == '/' && path[length + 1] != '\0')
    return g_strdup (path + length + 1);
  return g_path_get_basename (path);
}

/* ---- downloads that are not whole ---- */

static gboolean
is_model_file (const char *name)
{
  return g_str_has_suffix (name, ".safetensors") || g_str_has_suffix (name, ".bin")
         || g_str_has_suffix (name, ".ckpt") || g_str_has_suffix (name, ".json");
}

static char *
find_dangling_link (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      if (is_model_file (name) && g_file_test (path, G_FILE_TEST_IS_SYMLINK)
          && !g_file_test (path, G_FILE_TEST_EXISTS))
        return g_strdup (name);
    }
  return NULL;
}

static gboolean
has_incomplete_blob (const char *repository)
{
  g_autofree char *blobs = g_build_filename (repository, "blobs", NULL);
  g_autoptr (GDir) dir = g_dir_open (blobs, 0, NULL);
  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    if (g_str_has_suffix (name, ".incomplete"))
      return TRUE;
  return FALSE;
}

char *
eg_model_explain_missing (const char *folder)
{
  g_autofree char *path = g_canonicalize_filename (folder, NULL);
  g_autofree char *link = find_dangling_link (path);
  if (link != NULL)
    {
      g_autofree char *quoted = eg_quote (link);
      return g_strdup_printf (_ ("%s in %s is a link to a file that is not there; download the model again"),
                              quoted, path);
    }
  g_autofree char *repository = get_repository_of (path);
  if (repository != NULL && has_incomplete_blob (repository))
    return g_strdup_printf (_ ("The download of %s is not complete: finish it, or start it again"),
                            repository);
  return eg_folder_explain (path);
}
