/* A repository in Hugging Face's cache: blobs by their etags, snapshots of links to them, refs, locks. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * EgHubStore:
 * @folder: models--OWNER--NAME; @locks: the folder of its locks
 */
typedef struct
{
  char *folder, *locks;
} EgHubStore;

/* Makes no folder yet. cache: the folder of all repositories. (transfer full) */
EgHubStore *eg_hub_store_new (const char *cache, const char *name);
void eg_hub_store_free (EgHubStore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgHubStore, eg_hub_store_free)

/* (transfer full) */
char *eg_hub_store_get_blob (const EgHubStore *self, const char *etag);
char *eg_hub_store_get_snapshot (const EgHubStore *self, const char *commit);

/* Makes the folders, with the cache's tag for programs that make backups. */
gboolean eg_hub_store_prepare (const EgHubStore *self, const char *cache, const char *commit, GError **error);

/* Waits for the lock of a blob, which huggingface_hub takes, too: nobody else writes that blob then. waiting:
 * called while somebody else has it; may be NULL. Returns: a descriptor to be closed; −1 with an error. */
int eg_hub_store_lock (const EgHubStore *self, const char *etag, GCancellable *cancellable, GError **error);

/* The part of a blob to go on with: "ETAG.incomplete". What else there is of it, parts of other programs that
 * were left behind, becomes it, if it is larger, or is removed. The blob's lock is held. (transfer full) */
char *eg_hub_store_take_part (const EgHubStore *self, const char *etag);

/* Bytes of the part that eg_hub_store_take_part() would go on with. */
guint64 eg_hub_store_get_part_size (const EgHubStore *self, const char *etag);

/* Links snapshots/COMMIT/NAME to the blob; where no links can be made, the blob moves there if it is new, and
 * is copied otherwise. */
gboolean eg_hub_store_link (const EgHubStore *self,
                            const char *commit,
                            const char *name,
                            const char *etag,
                            gboolean is_new,
                            GError **error);

/* Makes refs/REVISION name the commit. */
gboolean
eg_hub_store_set_ref (const EgHubStore *self, const char *revision, const char *commit, GError **error);

G_END_DECLS
