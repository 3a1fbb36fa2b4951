#include "model/model-private.h"

#include "core/error.h"
#include "core/memory.h"

struct _EgModel
{
  gatomicrefcount refs;
  char *folder;
  char *name;
  EgModelConfig config;
  EgCheckpoint *checkpoint;
  EgWeights *weights;
  EgTokenizer *tokenizer;
  EgBackend *backend;
};

static gboolean
check_folder (const char *folder, GError **error)
{
  if (g_file_test (folder, G_FILE_TEST_IS_DIR))
    return TRUE;
  if (g_file_test (folder, G_FILE_TEST_EXISTS))
    g_set_error (error, EG_ERROR, EG_ERROR_INVALID,
                 "“%s” is a file; a model is a folder with config.json and model.safetensors in it", folder);
  else
    g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, "There is no folder “%s”", folder);
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
               "The weights of “%s” take %s, but this machine has %s of memory", name, needed_text,
               limit_text);
  return FALSE;
}

static EgTokenizer *
load_tokenizer (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "tokenizer.json", NULL);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, "There is no tokenizer.json in “%s”", folder);
      return NULL;
    }
  return eg_tokenizer_load (path, error);
}

EgModel *
eg_model_open (const char *folder, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (folder != NULL, NULL);
  if (g_cancellable_set_error_if_cancelled (cancellable, error) || !check_folder (folder, error))
    return NULL;

  g_autoptr (EgModel) self = g_new0 (EgModel, 1);
  g_atomic_ref_count_init (&self->refs);
  self->folder = g_canonicalize_filename (folder, NULL);
  self->name = g_path_get_basename (self->folder);
  self->backend = eg_backend_cpu ();

  g_autofree char *config_path = g_build_filename (folder, "config.json", NULL);
  if (!g_file_test (config_path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND,
                   "There is no config.json in “%s”: it is not a model's folder", folder);
      return NULL;
    }
  if (!eg_model_config_load (config_path, &self->config, error))
    return NULL;
  self->checkpoint = eg_checkpoint_open (folder, error);
  if (!self->checkpoint || !check_memory (self->name, self->checkpoint, error)
      || g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  self->weights = eg_weights_new (self->checkpoint, &self->config, error);
  if (!self->weights || g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  self->tokenizer = load_tokenizer (folder, error);
  if (!self->tokenizer)
    return NULL;
  return g_steal_pointer (&self);
}

static void
open_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;
  EgModel *model = eg_model_open (task_data, cancellable, &error);
  if (model)
    g_task_return_pointer (task, model, (GDestroyNotify)eg_model_unref);
  else
    g_task_return_error (task, error);
}

void
eg_model_open_async (const char *folder,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, eg_model_open_async);
  g_task_set_task_data (task, g_strdup (folder), g_free);
  g_task_run_in_thread (task, open_in_thread);
}

EgModel *
eg_model_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
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
  g_clear_pointer (&self->tokenizer, eg_tokenizer_unref);
  g_clear_pointer (&self->weights, eg_weights_free);
  g_clear_pointer (&self->checkpoint, eg_checkpoint_unref);
  g_free (self->name);
  g_free (self->folder);
  g_free (self);
}

const EgModelConfig *
eg_model_get_config (EgModel *self)
{
  return &self->config;
}

EgTokenizer *
eg_model_get_tokenizer (EgModel *self)
{
  return self->tokenizer;
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
  return self->weights->n_parameters;
}

gsize
eg_model_get_n_bytes (EgModel *self)
{
  return (gsize)eg_checkpoint_get_size (self->checkpoint);
}

const char *
eg_model_get_dtype_name (EgModel *self)
{
  const EgWeights *w = self->weights;
  const EgDType dtype = w->embedding.dtype;
  gboolean same = w->head.dtype == dtype;
  for (gsize l = 0; l < self->config.n_layers; l++)
    same = same && w->layers[l].in_proj.dtype == dtype && w->layers[l].x_proj.dtype == dtype
           && w->layers[l].dt_proj.dtype == dtype && w->layers[l].out_proj.dtype == dtype;
  return same ? eg_dtype_get_name (dtype) : "mixed";
}

const EgWeights *
eg_model_get_weights (EgModel *self)
{
  return self->weights;
}

EgBackend *
eg_model_get_backend (EgModel *self)
{
  return self->backend;
}

void
eg_model_set_backend (EgModel *self, EgBackend *backend)
{
  self->backend = backend;
}

char *
eg_model_find_demo (void)
{
  const char *data = g_getenv ("ENGRAM_DATA_DIR");
  if (data)
    return g_build_filename (data, "demo", NULL);
  g_autofree char *source = g_build_filename (ENGRAM_SOURCE_DATA_DIR, "demo", NULL);
  g_autofree char *config = g_build_filename (source, "config.json", NULL);
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  if (program && g_str_has_prefix (program, ENGRAM_BUILD_DIR "/") && g_file_test (config, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&source);
  return g_build_filename (ENGRAM_PKGDATADIR, "demo", NULL);
}
