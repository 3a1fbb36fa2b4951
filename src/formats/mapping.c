/* Maps files, and has pages that they lose read as zeros in place of a signal that ends the program. */
#define _GNU_SOURCE
#include "formats/mapping.h"

#include "core/error.h"
#include "formats/map-file.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST 256

struct _EgMapping
{
  char *path;
  GMappedFile *file;
  struct stat found; /* when it was mapped */
  int slot;          /* −1: none was free */
};

/* What the signal's handler sees of a mapping: written by whoever has set used. */
typedef struct
{
  int used;
  guintptr begin, end; /* end 0: nothing */
  int lost;            /* a page was read that the file no longer has */
} Slot;

static Slot slots[MOST];
static struct sigaction before;
static gsize page_size;

/* ---- the handler: nothing but atomic reads and mmap() ---- */

/* A page of zeros takes the place of the missing one, and the read goes on. */
static gboolean
fill_page (guintptr address)
{
  void *page = (void *)(address / page_size * page_size);
  const int error = errno;
  const gboolean filled
      = mmap (page, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page;

  errno = error;
  return filled;
}

static void
on_bus_error (int number, siginfo_t *info, void *context)
{
  const guintptr address = (guintptr)info->si_addr;

  for (int i = 0; i < MOST; i++)
    {
      Slot *slot = &slots[i];
      if (address < __atomic_load_n (&slot->end, __ATOMIC_ACQUIRE)
          && address >= __atomic_load_n (&slot->begin, __ATOMIC_RELAXED) && fill_page (address))
        {
          __atomic_store_n (&slot->lost, 1, __ATOMIC_RELEASE);
          return;
        }
    }
  /* Not ours: the read fails once more, and ends as it would have without us. */
  sigaction (number, &before, NULL);
}

static void
install_handler (void)
{
  static gsize once;
  struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_RESTART };

  if (!g_once_init_enter (&once))
    return;
  page_size = (gsize)sysconf (_SC_PAGESIZE);
  sigemptyset (&action.sa_mask);
  sigaction (SIGBUS, &action, &before);
  g_once_init_leave (&once, 1);
}

/* ---- mappings ---- */

static int
take_slot (GMappedFile *file)
{
  const guintptr begin = (guintptr)g_mapped_file_get_contents (file);
  const gsize length = g_mapped_file_get_length (file);

  for (int i = 0; i < MOST && length > 0; i++)
    {
      int unused = 0;
      if (!__atomic_compare_exchange_n (&slots[i].used, &unused, 1, FALSE, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
        continue;
      __atomic_store_n (&slots[i].lost, 0, __ATOMIC_RELAXED);
      __atomic_store_n (&slots[i].begin, begin, __ATOMIC_RELAXED);
      __atomic_store_n (&slots[i].end, begin + length, __ATOMIC_RELEASE);
      return i;
    }
  return -1;
}

static void
release_slot (int slot)
{
  if (slot < 0)
    return;
  __atomic_store_n (&slots[slot].end, 0, __ATOMIC_RELEASE);
  __atomic_store_n (&slots[slot].used, 0, __ATOMIC_RELEASE);
}

EgMapping *
eg_mapping_new (const char *path, GError **error)
{
  struct stat found = { 0 };

  /* Before it is mapped: what is written in between counts as a change. */
  (void)stat (path, &found);
  g_autoptr (GMappedFile) file = eg_map_file (path, error);
  if (file == NULL)
    return NULL;
  install_handler ();
  EgMapping *self = g_new (EgMapping, 1);
  *self = (EgMapping){ g_strdup (path), g_steal_pointer (&file), found, -1 };
  self->slot = take_slot (self->file);
  return self;
}

void
eg_mapping_free (EgMapping *self)
{
  release_slot (self->slot);
  g_mapped_file_unref (self->file);
  g_free (self->path);
  g_free (self);
}

GMappedFile *
eg_mapping_get_file (EgMapping *self)
{
  return self->file;
}

/* Another file of that name, or none: ours lives on without a name. */
static gboolean
was_changed (const EgMapping *self)
{
  const struct stat *was = &self->found;
  struct stat now;

  if (self->slot >= 0 && __atomic_load_n (&slots[self->slot].lost, __ATOMIC_ACQUIRE))
    return TRUE;
  if (stat (self->path, &now) != 0 || now.st_dev != was->st_dev || now.st_ino != was->st_ino)
    return FALSE;
  return now.st_size != was->st_size || now.st_mtim.tv_sec != was->st_mtim.tv_sec
         || now.st_mtim.tv_nsec != was->st_mtim.tv_nsec;
}

gboolean
eg_mapping_check (EgMapping *self, GError **error)
{
  if (!was_changed (self))
    return TRUE;
  g_autofree char *name = eg_file_get_title (self->path);
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
               _ ("%s: the file has been changed since it was opened; open the model again"), name);
  return FALSE;
}

/* Whether it lies in a mapping that has a slot. */
static gboolean
is_mapped (guintptr begin, guintptr end)
{
  for (int i = 0; i < MOST; i++)
    if (end <= __atomic_load_n (&slots[i].end, __ATOMIC_ACQUIRE)
        && begin >= __atomic_load_n (&slots[i].begin, __ATOMIC_RELAXED))
      return TRUE;
  return FALSE;
}

void
eg_mapping_give_back (const void *memory, gsize n_bytes)
{
  const guintptr begin = (guintptr)memory, end = begin + n_bytes;
  if (page_size == 0 || !is_mapped (begin, end))
    return;
  const guintptr first = (begin + page_size - 1) / page_size * page_size, last = end / page_size * page_size;
  if (first < last)
    madvise ((void *)first, last - first, MADV_DONTNEED);
}
