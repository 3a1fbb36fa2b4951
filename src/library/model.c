/* Opens a model's folder: config.json, weights, tokenizer. */
#include "library/model.h"

#include "core/error.h"
#include "core/memory.h"
#include "formats/digest.h"
#include "library/locate.h"
#include "tokenizer/find.h"

#include <glib/gi18n.h>

struct _EgModel
{
  gatomicrefcount refs;
  char *folder;
  char *name;
  const EgFamily *family;
  EgSizes *sizes; /* until the network has them */
  EgCheckpoint *checkpoint;
  EgNetwork *network;
  EgTokenizer *tokenizer;
  char *tokenizer_path;
  EgTokenizerOrigin tokenizer_origin;

  /* A placed model shares all of the above but the network with the one that was opened, which it keeps. */
  EgModel *origin;
};

static gboolean
check_folder (const char *folder, GError **error)
{
  if (g_file_test (folder, G_FILE_TEST_IS_DIR))
    return TRUE;
  if (g_file_test (folder, G_FILE_TEST_EXISTS))
    eg_error_invalid (error, _ ("“%s” is a file; a model is a folder with config.json and its weights in it"),
                      folder);
  else
    g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, _ ("There is no folder “%s”"), folder);
  return FALSE;
}

static gboolean
check_memory (const char *name, EgCheckpoint *checkpoint, GError **error)
{
  const guint64 needed = eg_checkpoint_get_size (checkpoint), limit = eg_memory_limit ();
  if (needed <= limit)
    return TRUE;
  g_autofree char *needed_text = g_format_size_full (needed, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *limit_text = g_format_size_full (limit, G_FORMAT_SIZE_IEC_UNITS);
  g_set_error (error, EG_ERROR, EG_ERROR_MEMORY,
               _ ("The weights of “%s” take %s, but this machine has %s of memory"), name, needed_text,
               limit_text);
  return FALSE;
}

static gboolean
read_config (EgModel *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->folder, "config.json", NULL);
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    {
      self->sizes = eg_family_read_config (path, &self->family, error);
      return self->sizes != NULL;
    }
  g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND,
               _ ("There is no config.json in “%s”: it is not a model’s folder"), self->folder);
  return FALSE;
}

static gboolean
open_checkpoint (EgModel *self, GError **error)
{
  self->checkpoint = eg_checkpoint_open (self->folder, error);
  return self->checkpoint != NULL && check_memory (self->name, self->checkpoint, error);
}

/* The config and the list of tensors; the weights are only mapped. */
static gboolean
open_files (EgModel *self, GError **error)
{
  GError *problem = NULL;
  if (read_config (self, &problem) && open_checkpoint (self, &problem))
    return TRUE;
  g_autofree char *why = g_error_matches (problem, EG_ERROR, EG_ERROR_NOT_FOUND)
                             ? eg_model_explain_missing (self->folder)
                             : NULL;
  if (why == NULL)
    g_propagate_error (error, problem);
  else
    {
      g_error_free (problem);
      g_set_error_literal (error, EG_ERROR, EG_ERROR_NOT_FOUND, why);
    }
  return FALSE;
}

static gboolean
load_tokenizer (EgModel *self, const EgTokenizerChoice *choice, gsize n_rows, GError **error)
{
  self->tokenizer = eg_tokenizer_open (self->folder, self->name, n_rows, choice, &self->tokenizer_origin,
                                       &self->tokenizer_path, error);
  return self->tokenizer != NULL;
}

static EgModel *
model_new (const char *folder)
{
  EgModel *self = g_new0 (EgModel, 1);
  g_atomic_ref_count_init (&self->refs);
  self->folder = g_canonicalize_filename (folder, NULL);
  self->name = eg_model_get_name_of (self->folder);
  return self;
}

EgModel *
eg_model_open_with_tokenizer (const char *name,
                              const EgTokenizerChoice *choice,
                              GCancellable *cancellable,
                              GError **error)
{
  g_return_val_if_fail (name != NULL, NULL);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  g_autofree char *folder = eg_model_locate (name, error);
  if (folder == NULL || !check_folder (folder, error))
    return NULL;

  g_autoptr (EgModel) self = model_new (folder);
  if (!open_files (self, error) || g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  const gsize n_rows = self->sizes->vocab_size;
  self->network = eg_network_new (self->family, g_steal_pointer (&self->sizes), self->checkpoint, error);
  if (!self->network || g_cancellable_set_error_if_cancelled (cancellable, error)
      || !load_tokenizer (self, choice, n_rows, error))
    return NULL;
  return g_steal_pointer (&self);
}

gboolean
eg_model_check (const char *folder,
                const EgTokenizerChoice *choice,
                guint64 *n_bytes,
                gsize *n_parameters,
                GError **error)
{
  g_autoptr (EgModel) self = model_new (folder);
  *n_bytes = 0;
  *n_parameters = 0;
  if (!check_folder (folder, error) || !open_files (self, error))
    return FALSE;
  *n_bytes = eg_checkpoint_get_size (self->checkpoint);
  return eg_weights_check (self->family, self->sizes, self->checkpoint, n_parameters, error)
         && load_tokenizer (self, choice, self->sizes->vocab_size, error);
}

EgModel *
eg_model_open (const char *name, GCancellable *cancellable, GError **error)
{
  return eg_model_open_with_tokenizer (name, NULL, cancellable, error);
}

typedef struct
{
  char *name, *given, *setting;
} Opening;

static void
opening_free (gpointer data)
{
  Opening *self = data;
  g_free (self->name);
  g_free (self->given);
  g_free (self->setting);
  g_free (self);
}

static void
open_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Opening *opening = task_data;
  const EgTokenizerChoice choice = { opening->given, opening->setting };
  GError *error = NULL;
  EgModel *model = eg_model_open_with_tokenizer (opening->name, &choice, cancellable, &error);
  if (model)
    g_task_return_pointer (task, model, (GDestroyNotify)eg_model_unref);
  else
    g_task_return_error (task, error);
}

void
eg_model_open_async (const char *name,
                     const EgTokenizerChoice *choice,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Opening *opening = g_new0 (Opening, 1);
  opening->name = g_strdup (name);
  if (choice != NULL)
    {
      opening->given = g_strdup (choice->given);
      opening->setting = g_strdup (choice->setting);
    }
  g_task_set_source_tag (task, eg_model_open_async);
  g_task_set_task_data (task, opening, opening_free);
  g_task_run_in_thread (task, open_in_thread);
}

EgModel *
eg_model_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

gsize
eg_model_get_n_tensors (EgModel *self)
{
  return g_strv_length ((char **)eg_checkpoint_get_names (self->checkpoint));
}

gsize
eg_model_prefetch (EgModel *self, gsize tensor)
{
  const gsize page = 4096;
  const EgTensor *it
      = eg_checkpoint_lookup (self->checkpoint, eg_checkpoint_get_names (self->checkpoint)[tensor]);
  const volatile guint8 *bytes = it->data;
  for (gsize i = 0; i < it->n_bytes; i += page)
    (void)bytes[i];
  return it->n_bytes;
}

#define DIGEST_BYTES 4096

static void
digest_tensor (GChecksum *sum, const EgTensor *it)
{
  const guint8 *bytes = it->data;
  const gsize part = MIN (it->n_bytes, DIGEST_BYTES);
  g_autoptr (GString) head = g_string_new (it->name);
  g_string_append_printf (head, "\n%s", eg_dtype_get_name (it->dtype));
  for (guint i = 0; i < it->n_dims; i++)
    g_string_append_printf (head, " %zu", it->shape[i]);
  g_checksum_update (sum, (const guchar *)head->str, (gssize)head->len + 1);
  g_checksum_update (sum, bytes, (gssize)part);
  g_checksum_update (sum, bytes + it->n_bytes - part, (gssize)part);
}

char *
eg_model_make_digest (EgModel *self)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  EgCheckpoint *checkpoint = eg_model_get_origin (self)->checkpoint;
  const char *const *names = eg_checkpoint_get_names (checkpoint);
  for (gsize i = 0; names[i] != NULL; i++)
    digest_tensor (sum, eg_checkpoint_lookup (checkpoint, names[i]));
  return g_strdup (g_checksum_get_string (sum));
}

char *
eg_model_make_config_digest (EgModel *self)
{
  g_autofree char *path = g_build_filename (self->folder, "config.json", NULL);
  return eg_digest_files ((const char *const[]){ path, NULL });
}

char *
eg_model_make_tokenizer_digest (EgModel *self)
{
  g_auto (GStrv) files
      = self->tokenizer_path != NULL ? eg_tokenizer_list_files (self->tokenizer_path) : g_new0 (char *, 1);
  return eg_digest_files ((const char *const *)files);
}

EgModel *
eg_model_ref (EgModel *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
eg_model_unref (EgModel *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_pointer (&self->network, eg_network_unref);
  if (self->origin)
    {
      eg_model_unref (self->origin);
      g_free (self);
      return;
    }
  g_clear_pointer (&self->tokenizer, eg_tokenizer_unref);
  g_clear_pointer (&self->checkpoint, eg_checkpoint_unref);
  g_free (self->sizes);
  g_free (self->tokenizer_path);
  g_free (self->name);
  g_free (self->folder);
  g_free (self);
}

EgNetwork *
eg_model_get_network (EgModel *self)
{
  return self->network;
}

const EgFamily *
eg_model_get_family (EgModel *self)
{
  return eg_network_get_family (self->network);
}

const EgSizes *
eg_model_get_sizes (EgModel *self)
{
  return eg_network_get_sizes (self->network);
}

EgTokenizer *
eg_model_get_tokenizer (EgModel *self)
{
  return self->tokenizer;
}

EgTokenizerOrigin
eg_model_get_tokenizer_origin (EgModel *self)
{
  return self->tokenizer_origin;
}

const char *
eg_model_get_tokenizer_path (EgModel *self)
{
  return self->tokenizer_path;
}

const char *
eg_model_get_name (EgModel *self)
{
  return self->name;
}

const char *
eg_model_get_folder (EgModel *self)
{
  return self->folder;
}

gsize
eg_model_get_n_parameters (EgModel *self)
{
  return eg_network_get_n_parameters (self->network);
}

gsize
eg_model_get_n_bytes (EgModel *self)
{
  return (gsize)eg_checkpoint_get_size (self->checkpoint);
}

const char *
eg_model_get_dtype_name (EgModel *self)
{
  return eg_network_get_dtype_name (self->network);
}

EgModel *
eg_model_place (EgModel *self, EgBackend *backend, GError **error)
{
  EgModel *origin = eg_model_get_origin (self);
  g_autoptr (EgNetwork) network = eg_network_place (origin->network, backend, error);
  if (!network)
    return NULL;
  if (network == origin->network)
    return eg_model_ref (origin);
  EgModel *placed = g_memdup2 (origin, sizeof *origin);
  g_atomic_ref_count_init (&placed->refs);
  placed->origin = eg_model_ref (origin);
  placed->network = g_steal_pointer (&network);
  return placed;
}

EgModel *
eg_model_get_origin (EgModel *self)
{
  return self->origin ? self->origin : self;
}

const char *
eg_model_get_device_name (EgModel *self)
{
  return eg_network_get_backend (self->network)->name;
}
