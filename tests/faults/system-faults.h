/* The operating system that fails on demand: the test program's own versions of the C library's calls stand
 * before the library's, for all that is linked to it, and make one of them fail. A sweep sets a fault after
 * 0, 1, 2 … calls, until nothing fails any more, as SQLite's tests do. */
#pragma once

#include <glib.h>

/**
 * SystemCall: what can fail, each kind counted by itself. Files count below the watched folders alone.
 * @SYSTEM_OPEN: open; a process has too many files. @SYSTEM_READ: read, pread, mmap of a file, fstat: EIO
 * @SYSTEM_WRITE: write; half of it is written, and then the disk is full
 * @SYSTEM_SYNC: fsync of a file: EIO, of which the next one says nothing any more
 * @SYSTEM_CLOSE: close, fchmod, fsync of a folder: EIO. @SYSTEM_RENAME: rename, linkat: EIO
 * @SYSTEM_MEMORY: allocations that may fail: aligned_alloc, g_try_malloc… @SYSTEM_THREAD: pthread_create
 */
typedef enum
{
  SYSTEM_OPEN,
  SYSTEM_READ,
  SYSTEM_WRITE,
  SYSTEM_SYNC,
  SYSTEM_CLOSE,
  SYSTEM_RENAME,
  SYSTEM_MEMORY,
  SYSTEM_THREAD,
  SYSTEM_N_CALLS,
} SystemCall;

/* One more folder whose files can fail; for the whole run. */
void system_faults_watch (const char *folder);

/* From now on calls are counted anew, and the one of this kind after so many fails, or with for_good all of
 * them from there on; SYSTEM_N_CALLS: none does. no_unnamed: the file system knows no files without names. */
void system_faults_set (SystemCall kind, guint64 after, gboolean for_good, gboolean no_unnamed);

/* Nothing fails any more, nor is counted. */
void system_faults_end (void);

/* Since the last set: calls of a kind, those that failed among them; how many failed. */
guint64 system_faults_count (SystemCall kind);
guint64 system_faults_failed (void);
