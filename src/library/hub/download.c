/* Fetches a file piece by piece, goes on after cuts, and compares its hash. */
#include "library/hub/download.h"

#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define PIECE       ((gsize)256 << 10)
#define MAX_REPEATS 5 /* that bring nothing */
#define PART_MODE   0666

/* A file under way.
 * @etag: the blob's name
 * @part, @descriptor: what is there of it; @size: its bytes; @checksum: of them
 */
typedef struct
{
  EgConnection *connection;
  const EgHubPlace *place;
  const EgHubListing *listing;
  const EgHubFile *file;
  char *etag, *part, *url;
  int descriptor;
  guint64 size;
  GChecksum *checksum;
  EgHubBytesFunc progress;
  gpointer user_data;
  GCancellable *cancellable;
} Download;

static void
download_clear (Download *self)
{
  g_free (self->etag);
  g_free (self->part);
  g_free (self->url);
  g_clear_pointer (&self->checksum, g_checksum_free);
  if (self->descriptor >= 0)
    close (self->descriptor);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Download, download_clear)

/* ---- the part ---- */

static gboolean
fail_write (const Download *self, GError **error)
{
  const int number = errno;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (number), _ ("%s cannot be written: %s"),
               self->part, g_strerror (number));
  return FALSE;
}

/* Of nothing yet: SHA-256 of the content, or SHA-1 of it as git's blob. */
static void
begin_checksum (Download *self)
{
  const gboolean is_large = strlen (self->file->hash) == 64;
  g_clear_pointer (&self->checksum, g_checksum_free);
  self->checksum = g_checksum_new (is_large ? G_CHECKSUM_SHA256 : G_CHECKSUM_SHA1);
  if (is_large)
    return;
  g_autofree char *head = g_strdup_printf ("blob %" G_GUINT64_FORMAT, self->file->size);
  g_checksum_update (self->checksum, (const guchar *)head, (gssize)strlen (head) + 1);
}

/* From the beginning. */
static gboolean
empty_part (Download *self, GError **error)
{
  self->size = 0;
  begin_checksum (self);
  return (ftruncate (self->descriptor, 0) == 0 && lseek (self->descriptor, 0, SEEK_SET) == 0)
         || fail_write (self, error);
}

/* Reads what is there into the checksum; what is more than the whole file is nothing. */
static gboolean
open_part (Download *self, GError **error)
{
  self->descriptor = g_open (self->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, PART_MODE);
  if (self->descriptor < 0)
    return fail_write (self, error);
  g_autofree guchar *piece = g_malloc (PIECE);
  begin_checksum (self);
  for (gssize n; (n = read (self->descriptor, piece, PIECE)) != 0; self->size += (guint64)n)
    {
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (n < 0)
        return fail_write (self, error);
      g_checksum_update (self->checksum, piece, n);
    }
  return self->size <= self->file->size || empty_part (self, error);
}

static gboolean
append (Download *self, const guchar *data, gsize n, GError **error)
{
  if (n > self->file->size - self->size)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
                   _ ("%s has more bytes than the Hub says of it (%" PRIu64 ")"), self->file->name,
                   self->file->size);
      return FALSE;
    }
  for (gsize done = 0; done < n;)
    {
      const gssize written = write (self->descriptor, data + done, n - done);
      if (written < 0 && errno != EINTR)
        return fail_write (self, error);
      done += (gsize)MAX (written, 0);
    }
  g_checksum_update (self->checksum, data, (gssize)n);
  self->size += n;
  self->progress (self->size, self->user_data);
  return TRUE;
}

/* ---- the network ---- */

/* What came of one request. */
typedef enum
{
  WHOLE,
  AGAIN,
  FAILED,
} Outcome;

/* Copies a body into the part. A cut is no failure. */
static Outcome
read_body (Download *self, GInputStream *body, GError **error)
{
  g_autofree guchar *piece = g_malloc (PIECE);
  for (;;)
    {
      const gssize n = g_input_stream_read (body, piece, PIECE, self->cancellable, NULL);
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FAILED;
      if (n <= 0)
        return self->size == self->file->size ? WHOLE : AGAIN;
      if (!append (self, piece, (gsize)n, error))
        return FAILED;
    }
}

/* Whether the answer is what was asked for: the rest of the file as it was when its part began. */
static Outcome
take_answer (Download *self, const EgExchange *exchange, GError **error)
{
  if (exchange->etag != NULL && !g_str_equal (exchange->etag, self->etag))
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s has changed on the Hub meanwhile: try again"),
                   self->file->name);
      empty_part (self, NULL);
      return FAILED;
    }
  const gboolean continues
      = exchange->status == 206 && exchange->range_start == (gint64)self->size
        && (exchange->range_size < 0 || exchange->range_size == (gint64)self->file->size);
  /* From the beginning: a server that knows no ranges, or another range than was asked for. */
  if (!continues && self->size > 0 && !empty_part (self, error))
    return FAILED;
  if (continues || exchange->status == 200)
    return read_body (self, exchange->body, error);
  return AGAIN;
}

static Outcome
ask (Download *self, guint attempt, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (EgExchange) exchange
      = eg_connection_send (self->connection, "GET", self->url, self->size, self->cancellable, &problem);
  const gboolean known
      = exchange != NULL && (exchange->status == 200 || exchange->status == 206 || exchange->status == 416);
  if (known)
    return take_answer (self, exchange, error);
  if (exchange != NULL && !eg_exchange_is_temporary (exchange))
    {
      eg_exchange_fail (exchange, self->place, self->listing->name, error);
      return FAILED;
    }
  const gboolean patient = attempt < MAX_REPEATS && (problem == NULL || problem->domain != EG_ERROR)
                           && !g_cancellable_is_cancelled (self->cancellable);
  if (!patient && problem != NULL)
    g_propagate_error (error, g_steal_pointer (&problem));
  else if (!patient)
    eg_exchange_fail (exchange, self->place, self->listing->name, error);
  else if (exchange == NULL || exchange->retry_after < 0
           || eg_exchange_wait (exchange, attempt, self->cancellable, error))
    return AGAIN;
  return FAILED;
}

/* Until all bytes are there. What brings nothing is repeated a few times, what brings something always. */
static gboolean
fetch_bytes (Download *self, GError **error)
{
  guint idle = 0;
  while (self->size < self->file->size || self->file->size == 0)
    {
      const guint64 before = self->size;
      const Outcome outcome = ask (self, idle, error);
      if (outcome != AGAIN)
        return outcome == WHOLE;
      idle = self->size > before ? 0 : idle + 1;
      if (idle > MAX_REPEATS)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
                       _ ("%s breaks off again and again: what is here of it is kept, try again later"),
                       self->file->name);
          return FALSE;
        }
      if (idle > 0 && !eg_exchange_wait (NULL, idle - 1, self->cancellable, error))
        return FALSE;
    }
  return TRUE;
}

/* With a hash that is another one, the part is gone. A part that another program began gets a second chance,
 * from the beginning. */
static gboolean
fetch_verified (Download *self, GError **error)
{
  for (gboolean resumed = self->size > 0;; resumed = FALSE)
    {
      if (!fetch_bytes (self, error))
        return FALSE;
      if (g_str_equal (g_checksum_get_string (self->checksum), self->file->hash))
        return TRUE;
      if (!empty_part (self, error))
        return FALSE;
      if (!resumed)
        break;
    }
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
               _ ("%s came with another hash than the Hub says: it was damaged on its way, and is removed"),
               self->file->name);
  return FALSE;
}

/* ---- a file ---- */

/* What the blob is to be called: by the Hub's own head of the file. */
static gboolean
find_etag (Download *self, GError **error)
{
  g_autoptr (EgExchange) exchange
      = eg_connection_ask (self->connection, "HEAD", self->url, self->cancellable, error);
  if (exchange == NULL)
    return FALSE;
  if (exchange->status >= 400)
    return eg_exchange_fail (exchange, self->place, self->listing->name, error);
  const gboolean is_same
      = g_strcmp0 (exchange->etag, self->file->hash) == 0
        && (exchange->commit == NULL || g_str_equal (exchange->commit, self->listing->commit))
        && (exchange->size < 0 || exchange->size == (gint64)self->file->size);
  if (!is_same)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
                   _ ("What the Hub says of %s is not what its list of files says: try again"),
                   self->file->name);
      return FALSE;
    }
  self->etag = g_strdup (exchange->etag);
  return TRUE;
}

static gboolean
has_blob (const char *blob, guint64 size)
{
  GStatBuf status;
  return g_stat (blob, &status) == 0 && S_ISREG (status.st_mode) && (guint64)status.st_size == size;
}

/* The lock is held. */
static gboolean
fetch_blob (Download *self, const EgHubStore *store, const char *blob, GError **error)
{
  self->part = eg_hub_store_take_part (store, self->etag);
  if (!open_part (self, error))
    return FALSE;
  if (!fetch_verified (self, error))
    {
      if (self->size == 0)
        g_unlink (self->part);
      return FALSE;
    }
  if (fsync (self->descriptor) == 0 && g_rename (self->part, blob) == 0)
    return TRUE;
  return fail_write (self, error);
}

gboolean
eg_hub_download (EgConnection *connection,
                 const EgHubPlace *place,
                 const EgHubStore *store,
                 const EgHubListing *listing,
                 const EgHubFile *file,
                 EgHubBytesFunc progress,
                 gpointer user_data,
                 GCancellable *cancellable,
                 GError **error)
{
  g_auto (Download) self = { .connection = connection,
                             .place = place,
                             .listing = listing,
                             .file = file,
                             .descriptor = -1,
                             .progress = progress,
                             .user_data = user_data,
                             .cancellable = cancellable };
  self.url
      = g_strdup_printf ("%s/%s/resolve/%s/%s", place->endpoint, listing->name, listing->commit, file->name);
  if (!find_etag (&self, error))
    return FALSE;
  g_autofree char *blob = eg_hub_store_get_blob (store, self.etag);
  const int lock = eg_hub_store_lock (store, self.etag, cancellable, error);
  if (lock < 0)
    return FALSE;
  const gboolean is_new = !has_blob (blob, file->size);
  const gboolean done = (!is_new || fetch_blob (&self, store, blob, error))
                        && eg_hub_store_link (store, listing->commit, file->name, self.etag, is_new, error);
  close (lock);
  if (done)
    progress (file->size, user_data);
  return done;
}
