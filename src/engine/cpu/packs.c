/* A table from weights to their packed panels. */
#include "engine/cpu/packs.h"

#include "core/memory.h"
#include "formats/mapping.h"

#include <pthread.h>
#include <stdlib.h>

/* All packs together take at most this part of the memory that was left before the first one. */
#define MOST_OF_MEMORY 0.75

/* A panel's state. */
enum
{
  PANEL_UNTOUCHED,
  PANEL_UNDER_WAY,
  PANEL_READY,
};

struct _EgPack
{
  EgMatrix w;
  const EgPackedKernels *kernels;
  gsize panel_rows, n_panels, n_bytes;
  gsize n_asked; /* rows, atomic; none from EG_PACK_ROWS_BEFORE on */
  guint8 *memory;
  guint8 *states; /* [n_panels], atomic */
  gsize n_ready;  /* panels, atomic */
};

/* POSIX locks rather than GLib's: ThreadSanitizer sees through them. */
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static GHashTable *packs; /* of EgPack, as a set */
static guint64 total, limit;

static guint
hash_pack (gconstpointer key)
{
  const EgPack *pack = key;
  return g_direct_hash (pack->w.data) ^ (guint)pack->w.rows;
}

static gboolean
equal_packs (gconstpointer a, gconstpointer b)
{
  const EgPack *x = a, *y = b;
  return x->w.data == y->w.data && x->w.rows == y->w.rows && x->w.cols == y->w.cols
         && x->w.dtype == y->w.dtype && x->w.transposed == y->w.transposed && x->panel_rows == y->panel_rows
         && x->kernels == y->kernels;
}

static void
pack_free (gpointer data)
{
  EgPack *pack = data;
  free (pack->memory);
  g_free (pack->states);
  g_free (pack);
}

/* With the lock. */
static gboolean
take_memory (EgPack *pack)
{
  if (total == 0)
    limit = (guint64)(MOST_OF_MEMORY * (double)eg_memory_available ());
  if (pack->n_bytes > limit - MIN (total, limit))
    return FALSE;
  /* Pages that nobody has written to take no memory yet. */
  pack->memory = aligned_alloc (64, MAX (eg_round_up (pack->n_bytes, 64), 64));
  if (!pack->memory)
    return FALSE;
  total += pack->n_bytes;
  return TRUE;
}

static EgPack *
add_pack (const EgPack *key)
{
  pthread_rwlock_wrlock (&lock);
  if (!packs)
    packs = g_hash_table_new_full (hash_pack, equal_packs, pack_free, NULL);
  EgPack *pack = g_hash_table_lookup (packs, key);
  if (!pack)
    {
      EgPack *it = g_memdup2 (key, sizeof *key);
      const gsize rows = eg_round_up (it->w.rows, it->kernels->width);
      it->n_panels = (it->w.rows + it->panel_rows - 1) / it->panel_rows;
      it->n_bytes = rows * it->w.cols * eg_dtype_get_size (it->w.dtype);
      if (take_memory (it))
        {
          it->states = g_new0 (guint8, it->n_panels);
          g_hash_table_add (packs, it);
          pack = it;
        }
      else
        g_free (it);
    }
  pthread_rwlock_unlock (&lock);
  return pack;
}

EgPack *
eg_packs_find (const EgMatrix *w, gsize panel_rows, const EgPackedKernels *kernels)
{
  const EgPack key = { .w = *w, .kernels = kernels, .panel_rows = panel_rows };
  pthread_rwlock_rdlock (&lock);
  EgPack *pack = packs ? g_hash_table_lookup (packs, &key) : NULL;
  pthread_rwlock_unlock (&lock);
  return pack ? pack : add_pack (&key);
}

gboolean
eg_pack_is_worth_it (EgPack *self, gsize n_rows)
{
  const gsize n = MIN (n_rows, EG_PACK_ROWS);
  return __atomic_load_n (&self->n_asked, __ATOMIC_RELAXED) >= EG_PACK_ROWS_BEFORE
         || __atomic_fetch_add (&self->n_asked, n, __ATOMIC_RELAXED) >= EG_PACK_ROWS_BEFORE
         || n >= EG_PACK_ROWS;
}

void
eg_pack_weight (const EgPackedKernels *kernels, void *to, const EgMatrix *w, gsize first, gsize n)
{
  const gsize element = eg_dtype_get_size (w->dtype);
  const guint8 *data = w->data;
  if (w->transposed)
    kernels->pack_columns (to, data + first * element, w->rows, n, w->cols, element);
  else
    kernels->pack_panel (to, data + first * w->cols * element, w->cols, n, w->cols, element);
}

/* The file's pages of a panel that is packed; where its numbers lie among those of others, of all once all
 * are.
 */
static void
give_back (EgPack *self, gsize first, gsize n)
{
  const gsize row = self->w.cols * eg_dtype_get_size (self->w.dtype);
  const gboolean is_last = __atomic_add_fetch (&self->n_ready, 1, __ATOMIC_ACQ_REL) == self->n_panels;
  if (!self->w.transposed)
    eg_mapping_give_back ((const guint8 *)self->w.data + first * row, n * row);
  else if (is_last)
    eg_mapping_give_back (self->w.data, self->w.rows * row);
}

const void *
eg_pack_get_panel (EgPack *self, gsize index)
{
  const gsize first = index * self->panel_rows, n = MIN (self->panel_rows, self->w.rows - first);
  const gsize row = self->w.cols * eg_dtype_get_size (self->w.dtype);
  guint8 *panel = self->memory + first * row, *state = &self->states[index], before = PANEL_UNTOUCHED;
  if (__atomic_load_n (state, __ATOMIC_ACQUIRE) == PANEL_READY)
    return panel;
  if (!__atomic_compare_exchange_n (state, &before, PANEL_UNDER_WAY, FALSE, __ATOMIC_ACQUIRE,
                                    __ATOMIC_ACQUIRE))
    return before == PANEL_READY ? panel : NULL;
  eg_pack_weight (self->kernels, panel, &self->w, first, n);
  give_back (self, first, n);
  __atomic_store_n (state, PANEL_READY, __ATOMIC_RELEASE);
  return panel;
}

void
eg_packs_forget (const void *memory, gsize n_bytes)
{
  const guint8 *begin = memory, *end = begin + n_bytes;
  pthread_rwlock_wrlock (&lock);
  GHashTableIter iter;
  gpointer key;
  if (packs)
    g_hash_table_iter_init (&iter, packs);
  while (packs && g_hash_table_iter_next (&iter, &key, NULL))
    {
      const EgPack *pack = key;
      const guint8 *data = pack->w.data;
      if (data < begin || data >= end)
        continue;
      total -= pack->n_bytes;
      g_hash_table_iter_remove (&iter);
    }
  if (packs && g_hash_table_size (packs) == 0)
    g_clear_pointer (&packs, g_hash_table_unref);
  pthread_rwlock_unlock (&lock);
}

guint64
eg_packs_get_bytes (void)
{
  pthread_rwlock_rdlock (&lock);
  const guint64 bytes = total;
  pthread_rwlock_unlock (&lock);
  return bytes;
}
