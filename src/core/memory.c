/* How much memory the machine, or the control group, leaves to this process. */
#include "core/memory.h"

#include <stdio.h>
#include <unistd.h>

/* The number after `key` in a file of the kernel's, or the file's first number when key is NULL; 0 when there
 * is none. */
static guint64
read_number (const char *path, const char *key)
{
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return 0;
  const char *at = text;
  if (key)
    {
      at = g_strstr_len (text, -1, key);
      if (!at)
        return 0;
      at += strlen (key);
    }
  return g_ascii_strtoull (at, NULL, 10);
}

guint64
eg_memory_limit (void)
{
  guint64 limit = (guint64)sysconf (_SC_PHYS_PAGES) * (guint64)sysconf (_SC_PAGESIZE);
  const guint64 group = read_number ("/sys/fs/cgroup/memory.max", NULL);
  if (group > 0)
    limit = MIN (limit, group);
  const char *wanted = g_getenv ("ENGRAM_MEMORY");
  const guint64 asked = wanted ? g_ascii_strtoull (wanted, NULL, 10) : 0;
  if (asked > 0)
    limit = MIN (limit, asked);
  return limit;
}

guint64
eg_memory_available (void)
{
  const guint64 limit = eg_memory_limit ();
  const guint64 available = read_number ("/proc/meminfo", "MemAvailable:") * 1024;
  return available > 0 ? MIN (available, limit) : limit;
}
