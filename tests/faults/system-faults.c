/* The names of the C library's own, also where others mean those for long files. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE
#define _GNU_SOURCE
#include "system-faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_WATCHED 8

static char *watched[MAX_WATCHED];
static gboolean armed, no_unnamed, for_good;
static SystemCall failing = SYSTEM_N_CALLS;
static guint64 after, counts[SYSTEM_N_CALLS], n_failed;

/* ---- what the tests ask for ---- */

void
system_faults_watch (const char *folder)
{
  gsize i = 0;
  while (watched[i] != NULL)
    i++;
  g_assert_cmpuint (i, <, MAX_WATCHED);
  watched[i] = g_strdup (folder);
}

void
system_faults_set (SystemCall kind, guint64 after_calls, gboolean keeps_failing, gboolean without_unnamed)
{
  memset (counts, 0, sizeof counts);
  n_failed = 0;
  failing = kind;
  after = after_calls;
  for_good = keeps_failing;
  no_unnamed = without_unnamed;
  __atomic_store_n (&armed, TRUE, __ATOMIC_SEQ_CST);
}

void
system_faults_end (void)
{
  __atomic_store_n (&armed, FALSE, __ATOMIC_SEQ_CST);
}

guint64
system_faults_count (SystemCall kind)
{
  return __atomic_load_n (&counts[kind], __ATOMIC_SEQ_CST);
}

guint64
system_faults_failed (void)
{
  return __atomic_load_n (&n_failed, __ATOMIC_SEQ_CST);
}

/* ---- which call fails ---- */

static gboolean
is_watched (const char *path)
{
  for (gsize i = 0; i < MAX_WATCHED && watched[i] != NULL; i++)
    if (strncmp (path, watched[i], strlen (watched[i])) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_watched_file (int file)
{
  char link[64], path[4096];
  const int error = errno;
  snprintf (link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t n = readlink (link, path, sizeof path - 1);
  errno = error;
  if (n < 0)
    return FALSE;
  path[n] = '\0';
  return is_watched (path);
}

/* Counts a call, and says whether it is to fail. */
static gboolean
fails (SystemCall kind, int error)
{
  const guint64 number = __atomic_fetch_add (&counts[kind], 1, __ATOMIC_SEQ_CST);
  if (kind != failing || (for_good ? number < after : number != after))
    return FALSE;
  __atomic_fetch_add (&n_failed, 1, __ATOMIC_SEQ_CST);
  errno = error;
  return TRUE;
}

static gboolean
is_armed (void)
{
  return __atomic_load_n (&armed, __ATOMIC_SEQ_CST);
}

static gboolean
file_fails (SystemCall kind, int file, int error)
{
  return is_armed () && file >= 0 && is_watched_file (file) && fails (kind, error);
}

/* The library's own. */
#define NEXT(name, type)                                                                                     \
  static type *next;                                                                                         \
  if (__atomic_load_n (&next, __ATOMIC_RELAXED) == NULL)                                                     \
    {                                                                                                        \
      gpointer found = dlsym (RTLD_NEXT, name);                                                              \
      type *function;                                                                                        \
      memcpy (&function, &found, sizeof function);                                                           \
      __atomic_store_n (&next, function, __ATOMIC_RELAXED);                                                  \
    }

/* ---- files ---- */

typedef int OpenFunc (const char *, int, mode_t);

static int
open_or_fail (OpenFunc *next, const char *path, int flags, mode_t mode)
{
  if (is_armed () && is_watched (path))
    {
      if (no_unnamed && (flags & O_TMPFILE) == O_TMPFILE)
        {
          errno = EOPNOTSUPP;
          return -1;
        }
      if (fails (SYSTEM_OPEN, EMFILE))
        return -1;
    }
  return next (path, flags, mode);
}

#define DEFINE_OPEN(function)                                                                                \
  int function (const char *path, int flags, ...)                                                            \
  {                                                                                                          \
    va_list arguments;                                                                                       \
    NEXT (#function, OpenFunc)                                                                               \
    va_start (arguments, flags);                                                                             \
    const mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg (arguments, mode_t) : 0;             \
    va_end (arguments);                                                                                      \
    return open_or_fail (next, path, flags, mode);                                                           \
  }
DEFINE_OPEN (open)
DEFINE_OPEN (open64)

typedef ssize_t ReadFunc (int, void *, size_t);
typedef ssize_t WriteFunc (int, const void *, size_t);

ssize_t
read (int file, void *bytes, size_t n)
{
  NEXT ("read", ReadFunc)
  return file_fails (SYSTEM_READ, file, EIO) ? -1 : next (file, bytes, n);
}

#define DEFINE_PREAD(function, offset_type)                                                                  \
  typedef ssize_t function##_func (int, void *, size_t, offset_type);                                        \
  ssize_t function (int file, void *bytes, size_t n, offset_type at)                                         \
  {                                                                                                          \
    NEXT (#function, function##_func)                                                                        \
    return file_fails (SYSTEM_READ, file, EIO) ? -1 : next (file, bytes, n, at);                             \
  }
DEFINE_PREAD (pread, off_t)
DEFINE_PREAD (pread64, off64_t)

/* The first time half of it comes through. */
ssize_t
write (int file, const void *bytes, size_t n)
{
  NEXT ("write", WriteFunc)
  if (!file_fails (SYSTEM_WRITE, file, ENOSPC))
    return next (file, bytes, n);
  return n > 1 && system_faults_failed () == 1 && for_good ? next (file, bytes, n / 2) : -1;
}

#define DEFINE_MMAP(function, offset_type)                                                                   \
  typedef void *function##_func (void *, size_t, int, int, int, offset_type);                                \
  void *function (void *place, size_t n, int protection, int flags, int file, offset_type at)                \
  {                                                                                                          \
    NEXT (#function, function##_func)                                                                        \
    return file_fails (SYSTEM_READ, file, ENOMEM) ? MAP_FAILED                                               \
                                                  : next (place, n, protection, flags, file, at);            \
  }
DEFINE_MMAP (mmap, off_t)
DEFINE_MMAP (mmap64, off64_t)

#define DEFINE_STAT(function, type)                                                                          \
  typedef int function##_func (int, type *);                                                                 \
  int function (int file, type *info)                                                                        \
  {                                                                                                          \
    NEXT (#function, function##_func)                                                                        \
    return file_fails (SYSTEM_READ, file, EIO) ? -1 : next (file, info);                                     \
  }
DEFINE_STAT (fstat, struct stat)
DEFINE_STAT (fstat64, struct stat64)

typedef int FileFunc (int);
typedef int ModeFunc (int, mode_t);
typedef int RenameFunc (const char *, const char *);
typedef int LinkFunc (int, const char *, int, const char *, int);

static gboolean
is_folder (int file)
{
  /* A file without a name was opened by its folder's. */
  return (fcntl (file, F_GETFL) & O_TMPFILE) == O_DIRECTORY;
}

int
fsync (int file)
{
  NEXT ("fsync", FileFunc)
  if (file_fails (is_folder (file) ? SYSTEM_CLOSE : SYSTEM_SYNC, file, EIO))
    return -1;
  /* No test waits for the disk. */
  return is_armed () ? 0 : next (file);
}

int
fchmod (int file, mode_t mode)
{
  NEXT ("fchmod", ModeFunc)
  return file_fails (SYSTEM_CLOSE, file, EIO) ? -1 : next (file, mode);
}

/* The file is closed, whatever is said of it. */
int
close (int file)
{
  NEXT ("close", FileFunc)
  const gboolean failed = file_fails (SYSTEM_CLOSE, file, EIO);
  const int status = next (file);
  if (failed)
    errno = EIO;
  return failed ? -1 : status;
}

int
rename (const char *from, const char *to)
{
  NEXT ("rename", RenameFunc)
  return is_armed () && is_watched (to) && fails (SYSTEM_RENAME, EIO) ? -1 : next (from, to);
}

int
linkat (int from_folder, const char *from, int to_folder, const char *to, int flags)
{
  NEXT ("linkat", LinkFunc)
  return is_armed () && is_watched (to) && fails (SYSTEM_RENAME, EIO)
             ? -1
             : next (from_folder, from, to_folder, to, flags);
}

/* ---- memory and threads ---- */

static gboolean
memory_fails (void)
{
  return is_armed () && fails (SYSTEM_MEMORY, ENOMEM);
}

typedef void *AlignedFunc (size_t, size_t);
typedef gpointer TryFunc (gsize);
typedef gpointer TryManyFunc (gsize, gsize);
typedef int ThreadFunc (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

void *
aligned_alloc (size_t alignment, size_t n)
{
  NEXT ("aligned_alloc", AlignedFunc)
  return memory_fails () ? NULL : next (alignment, n);
}

gpointer
g_try_malloc (gsize n)
{
  NEXT ("g_try_malloc", TryFunc)
  return memory_fails () ? NULL : next (n);
}

gpointer
g_try_malloc0 (gsize n)
{
  NEXT ("g_try_malloc0", TryFunc)
  return memory_fails () ? NULL : next (n);
}

gpointer
g_try_malloc_n (gsize n, gsize size)
{
  NEXT ("g_try_malloc_n", TryManyFunc)
  return memory_fails () ? NULL : next (n, size);
}

gpointer
g_try_malloc0_n (gsize n, gsize size)
{
  NEXT ("g_try_malloc0_n", TryManyFunc)
  return memory_fails () ? NULL : next (n, size);
}

int
pthread_create (pthread_t *thread, const pthread_attr_t *attributes, void *(*start) (void *), void *data)
{
  NEXT ("pthread_create", ThreadFunc)
  return is_armed () && fails (SYSTEM_THREAD, EAGAIN) ? EAGAIN : next (thread, attributes, start, data);
}
