/* Slurm's word, the affinity mask and the control group. */
#define _GNU_SOURCE /* sched_getaffinity */

#include "core/processors.h"

#include <sched.h>

#define MAX_PROCESSORS 256  /* that are of use */
#define MAX_IN_MASK    8192 /* as many as kernels are built for */

/* 0 where it is not there, or no number. */
static guint
read_count (const char *name)
{
  const char *text = g_getenv (name);
  guint64 value;
  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 1, MAX_PROCESSORS, &value, NULL))
    return 0;
  return (guint)value;
}

static guint
count_in_mask (void)
{
  const gsize size = CPU_ALLOC_SIZE (MAX_IN_MASK);
  cpu_set_t *mask = CPU_ALLOC (MAX_IN_MASK);
  const int n = mask != NULL && sched_getaffinity (0, size, mask) == 0 ? CPU_COUNT_S (size, mask) : 0;
  CPU_FREE (mask);
  return n > 0 ? (guint)n : g_get_num_processors ();
}

guint
eg_processors_parse_quota (const char *text)
{
  g_auto (GStrv) words = g_strsplit_set (text, " \n", 3);
  guint64 quota, period;
  if (g_strv_length (words) < 2 || !g_ascii_string_to_unsigned (words[0], 10, 1, G_MAXUINT32, &quota, NULL)
      || !g_ascii_string_to_unsigned (words[1], 10, 1, G_MAXUINT32, &period, NULL))
    return G_MAXUINT;
  return (guint)((quota + period - 1) / period);
}

static guint
read_quota (void)
{
  g_autofree char *text = NULL;
  return g_file_get_contents ("/sys/fs/cgroup/cpu.max", &text, NULL, NULL) ? eg_processors_parse_quota (text)
                                                                           : G_MAXUINT;
}

guint
eg_processors_available (void)
{
  guint n = read_count ("SLURM_CPUS_PER_TASK");
  if (n == 0)
    n = read_count ("SLURM_CPUS_ON_NODE");
  const guint here = CLAMP (MIN (count_in_mask (), read_quota ()), 1, MAX_PROCESSORS);
  return n > 0 ? MIN (n, here) : here;
}
