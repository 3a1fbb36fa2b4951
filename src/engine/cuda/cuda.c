/* Finds and opens the CUDA module, and keeps the backends that it has opened. */
#include "engine/cuda/cuda.h"

#include "core/data.h"
#include "core/error.h"

#include <glib/gi18n.h>
#include <gmodule.h>

#define MODULE_FILE "libengram-cuda.so"

typedef struct
{
  guint index;
  EgPrecision precision;
  EgBackend *backend;
} Opened;

static GMutex lock;
static const EgCudaModule *module; /* NULL as long as it is not open */
static GArray *opened;             /* of Opened */

char *
eg_cuda_module_path (void)
{
  return eg_library_path (MODULE_FILE);
}

/* The module brings cuBLAS with it, hundreds of megabytes whose loading alone takes longer than the demo
 * model's trace: without a driver there is no need to. A module that somebody has named may need none. */
static gboolean
check_driver (GError **error)
{
  if (g_getenv ("ENGRAM_LIBRARY_DIR"))
    return TRUE;
  GModule *driver = g_module_open ("libcuda.so.1", G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
  if (driver)
    {
      g_module_close (driver);
      return TRUE;
    }
  g_set_error_literal (error, EG_ERROR, EG_ERROR_DEVICE, _ ("There is no NVIDIA driver on this machine"));
  return FALSE;
}

/* The file's table; FALSE with a sentence. With the lock. */
static gboolean
load_module (GError **error)
{
  if (module)
    return TRUE;
  g_autofree char *path = eg_cuda_module_path ();
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (
          error, EG_ERROR, EG_ERROR_DEVICE,
          _ ("This build of Engram has no CUDA engine: there is no %s (it is built where nvcc is found)"),
          path);
      return FALSE;
    }
  if (!check_driver (error))
    return FALSE;
  GModule *file = g_module_open (path, G_MODULE_BIND_LOCAL);
  gpointer symbol = NULL;
  if (!file || !g_module_symbol (file, EG_CUDA_SYMBOL, &symbol) || !symbol)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_DEVICE, _ ("The CUDA engine cannot be loaded: %s"),
                   g_module_error ());
      if (file)
        g_module_close (file);
      return FALSE;
    }
  const EgCudaModule *table = ((EgCudaModuleFunc)symbol) ();
  if (table->abi != EG_CUDA_ABI)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_DEVICE, _ ("%s belongs to another version of Engram"), path);
      g_module_close (file);
      return FALSE;
    }
  g_module_make_resident (file);
  module = table;
  return TRUE;
}

static EgBackend *
find_opened (guint index, EgPrecision precision)
{
  for (guint i = 0; opened && i < opened->len; i++)
    {
      const Opened *it = &g_array_index (opened, Opened, i);
      if (it->index == index && it->precision == precision)
        return it->backend;
    }
  return NULL;
}

guint
eg_cuda_count (GError **error)
{
  char why[EG_CUDA_WHY];
  int n = 0;
  g_mutex_lock (&lock);
  if (load_module (error))
    {
      n = module->n_devices (why);
      if (n == 0)
        g_set_error_literal (error, EG_ERROR, EG_ERROR_DEVICE, why);
    }
  g_mutex_unlock (&lock);
  return (guint)n;
}

/* With the lock. */
static gboolean
describe (guint index, EgCudaDevice *info, GError **error)
{
  char why[EG_CUDA_WHY];
  if (!load_module (error))
    return FALSE;
  if (module->describe ((int)index, info, why))
    return TRUE;
  g_set_error_literal (error, EG_ERROR, EG_ERROR_DEVICE, why);
  return FALSE;
}

/* Its products of narrower numbers came with capability 8.0; before it, cuBLAS refuses BF16, and computes in
 * FP32 where TF32 is asked for. With the lock. */
static gboolean
check_precision (guint index, EgPrecision precision, GError **error)
{
  EgCudaDevice info;
  if (!describe (index, &info, error))
    return FALSE;
  if (precision == EG_PRECISION_FP32 || info.capability >= 80)
    return TRUE;
  return eg_error_invalid (
      error, _ ("%s has compute capability %d.%d, and products in %s need 8.0 or later: choose fp32"),
      info.name, info.capability / 10, info.capability % 10, eg_precision_get_name (precision));
}

/* With the lock. */
static EgBackend *
open_new (guint index, EgPrecision precision, GError **error)
{
  char why[EG_CUDA_WHY];
  if (!check_precision (index, precision, error))
    return NULL;
  const Opened it = { index, precision, module->open ((int)index, precision, why) };
  if (!it.backend)
    {
      g_set_error_literal (error, EG_ERROR, EG_ERROR_DEVICE, why);
      return NULL;
    }
  if (!opened)
    opened = g_array_new (FALSE, FALSE, sizeof (Opened));
  g_array_append_val (opened, it);
  return it.backend;
}

EgBackend *
eg_cuda_open (guint index, EgPrecision precision, GError **error)
{
  g_mutex_lock (&lock);
  EgBackend *backend = find_opened (index, precision);
  if (!backend)
    backend = open_new (index, precision, error);
  g_mutex_unlock (&lock);
  return backend;
}

gboolean
eg_cuda_describe (guint index, EgCudaDevice *info, GError **error)
{
  g_mutex_lock (&lock);
  const gboolean usable = describe (index, info, error);
  g_mutex_unlock (&lock);
  return usable;
}

gboolean
eg_cuda_probe (guint index, guint64 *memory_free, GError **error)
{
  char why[EG_CUDA_WHY];
  g_mutex_lock (&lock);
  gboolean usable = load_module (error);
  if (usable && !module->probe ((int)index, memory_free, why))
    {
      g_set_error_literal (error, EG_ERROR, EG_ERROR_DEVICE, why);
      usable = FALSE;
    }
  g_mutex_unlock (&lock);
  return usable;
}

void
eg_cuda_use_module (const EgCudaModule *replacement)
{
  g_mutex_lock (&lock);
  for (guint i = 0; opened && i < opened->len; i++)
    module->close (g_array_index (opened, Opened, i).backend);
  g_clear_pointer (&opened, g_array_unref);
  module = replacement;
  g_mutex_unlock (&lock);
}
