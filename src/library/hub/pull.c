/* All files of a model, one after the other, and what is said meanwhile. */
#include "library/hub/pull.h"

#include "core/error.h"
#include "formats/json-text.h"
#include "library/hub/download.h"
#include "library/hub/store.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define REPORT_INTERVAL (G_USEC_PER_SEC / 10)
#define SPARE_BYTES     ((guint64)16 << 20) /* of the disk, that is not to be filled */

static gboolean
has_size (const char *folder, const char *name, guint64 size)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  GStatBuf status;
  return g_stat (path, &status) == 0 && S_ISREG (status.st_mode) && (guint64)status.st_size == size;
}

static void
find_here (const EgHubPlace *place, EgHubListing *listing)
{
  g_autoptr (EgHubStore) store = eg_hub_store_new (place->cache, listing->name);
  g_autofree char *snapshot = eg_hub_store_get_snapshot (store, listing->commit);
  for (guint i = 0; i < listing->files->len; i++)
    {
      EgHubFile *file = listing->files->pdata[i];
      file->here = has_size (snapshot, file->name, file->size);
    }
}

EgHubListing *
eg_hub_list (const EgHubPlace *place,
             const char *name,
             const char *revision,
             GCancellable *cancellable,
             GError **error)
{
  g_autoptr (EgConnection) connection = eg_connection_new (place);
  EgHubListing *listing = eg_hub_listing_fetch (connection, place, name, revision != NULL ? revision : "main",
                                                cancellable, error);
  if (listing != NULL)
    find_here (place, listing);
  return listing;
}

/* ---- room ---- */

/* Bytes that a file still needs on the disk: none for a blob that is there under another commit. */
static guint64
bytes_needed (const EgHubStore *store, const EgHubFile *file)
{
  g_autofree char *blobs = g_build_filename (store->folder, "blobs", NULL);
  return file->here || has_size (blobs, file->hash, file->size) ? 0 : file->size;
}

guint64
eg_hub_listing_get_bytes (const EgHubListing *listing)
{
  guint64 total = 0;
  for (guint i = 0; i < listing->files->len; i++)
    if (!g_uint64_checked_add (&total, total, ((EgHubFile *)listing->files->pdata[i])->size))
      return G_MAXUINT64;
  return total;
}

guint64
eg_hub_count_here (const EgHubPlace *place, const EgHubListing *listing)
{
  g_autoptr (EgHubStore) store = eg_hub_store_new (place->cache, listing->name);
  guint64 here = 0;
  for (guint i = 0; i < listing->files->len; i++)
    {
      const EgHubFile *file = listing->files->pdata[i];
      const guint64 part
          = bytes_needed (store, file) > 0 ? eg_hub_store_get_part_size (store, file->hash) : file->size;
      here += MIN (part, file->size);
    }
  return here;
}

static gboolean
check_room (const EgHubPlace *place, const EgHubStore *store, const EgHubListing *listing, GError **error)
{
  guint64 needed = 0;
  struct statvfs disk;
  for (guint i = 0; i < listing->files->len; i++)
    if (!g_uint64_checked_add (&needed, needed, bytes_needed (store, listing->files->pdata[i])))
      needed = G_MAXUINT64;
  if (needed == 0 || statvfs (store->folder, &disk) != 0)
    return TRUE;
  const double room = (double)disk.f_bavail * (double)disk.f_frsize;
  if ((double)needed + (double)SPARE_BYTES <= room)
    return TRUE;
  g_autofree char *wanted = g_format_size (needed), *left = g_format_size ((guint64)room);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, _ ("%s takes %s, and %s has room for %s"),
               listing->name, wanted, place->cache, left);
  return FALSE;
}

/* ---- progress ---- */

/* @before: bytes of the files that are done; @first: of the file under way when it began, which were there;
 * @fetched: since @begun */
typedef struct
{
  EgHubProgressFunc function;
  gpointer user_data;
  EgHubProgress progress;
  guint64 before, first, fetched;
  gboolean is_first;
  gint64 begun, reported;
} Meter;

static void
on_bytes (guint64 bytes, gpointer user_data)
{
  Meter *self = user_data;
  const gint64 now = g_get_monotonic_time ();
  if (self->is_first)
    self->first = bytes;
  self->is_first = FALSE;
  const double seconds = (double)(now - self->begun) / G_USEC_PER_SEC;
  const guint64 fetched = self->fetched + bytes - self->first;
  self->progress.done = self->before + bytes;
  self->progress.rate = seconds > 0.2 ? (double)fetched / seconds : -1;
  self->progress.left = self->progress.rate > 0
                            ? (double)(self->progress.total - self->progress.done) / self->progress.rate
                            : -1;
  if (self->function == NULL
      || (now - self->reported < REPORT_INTERVAL && self->progress.done < self->progress.total))
    return;
  self->reported = now;
  self->function (&self->progress, self->user_data);
}

/* ---- files ---- */

/* An index of shards names none that the repository does not have, nor anything beside it. */
static gboolean
check_index (const char *snapshot, const EgHubListing *listing, const char *name, GError **error)
{
  if (!g_str_has_suffix (name, ".index.json"))
    return TRUE;
  g_autofree char *path = g_build_filename (snapshot, name, NULL);
  g_autoptr (JsonNode) root = eg_json_load_object (path, error);
  JsonNode *map = root != NULL ? json_object_get_member (json_node_get_object (root), "weight_map") : NULL;
  if (root == NULL)
    return FALSE;
  if (map == NULL || !JSON_NODE_HOLDS_OBJECT (map))
    return TRUE; /* for the reader of checkpoints to say */
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < listing->files->len; i++)
    g_hash_table_add (names, ((EgHubFile *)listing->files->pdata[i])->name);
  JsonObjectIter iter;
  JsonNode *member;
  json_object_iter_init (&iter, json_node_get_object (map));
  while (json_object_iter_next (&iter, NULL, &member))
    if (eg_json_node_get_text (member) == NULL
        || !g_hash_table_contains (names, eg_json_node_get_text (member)))
      {
        g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s names a file that %s does not have"), name,
                     listing->name);
        return FALSE;
      }
  return TRUE;
}

static gboolean
pull_files (const EgHubPlace *place,
            const EgHubStore *store,
            EgHubListing *listing,
            Meter *meter,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (EgConnection) connection = eg_connection_new (place);
  g_autofree char *snapshot = eg_hub_store_get_snapshot (store, listing->commit);
  for (guint i = 0; i < listing->files->len; i++)
    {
      EgHubFile *file = listing->files->pdata[i];
      meter->progress.file = file->name;
      meter->is_first = TRUE;
      if (!file->here
          && !eg_hub_download (connection, place, store, listing, file, on_bytes, meter, cancellable, error))
        return FALSE;
      if (!check_index (snapshot, listing, file->name, error))
        return FALSE;
      meter->before += file->size;
      meter->fetched += file->here || meter->is_first ? 0 : file->size - meter->first;
      file->here = TRUE;
    }
  return TRUE;
}

char *
eg_hub_pull (const EgHubPlace *place,
             EgHubListing *listing,
             EgHubProgressFunc progress,
             gpointer user_data,
             GCancellable *cancellable,
             GError **error)
{
  g_autoptr (EgHubStore) store = eg_hub_store_new (place->cache, listing->name);
  Meter meter = { .function = progress, .user_data = user_data, .begun = g_get_monotonic_time () };
  meter.progress.total = eg_hub_listing_get_bytes (listing);
  if (!eg_hub_store_prepare (store, place->cache, listing->commit, error)
      || !check_room (place, store, listing, error)
      || !pull_files (place, store, listing, &meter, cancellable, error))
    return NULL;
  if (!g_str_equal (listing->revision, listing->commit)
      && !eg_hub_store_set_ref (store, listing->revision, listing->commit, error))
    return NULL;
  return eg_hub_store_get_snapshot (store, listing->commit);
}
