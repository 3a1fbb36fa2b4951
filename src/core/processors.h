/* How many threads this process should compute with, where nobody says how many. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* As many as Slurm gives the task on this node (SLURM_CPUS_PER_TASK, SLURM_CPUS_ON_NODE; without control
 * groups a task sees the whole node), or else the processors that this process may run on: its affinity mask
 * (taskset, a batch system's), which GLib 2.74's g_get_num_processors() passes over, and no more than
 * its control group's quota (cpu.max, a container's --cpus; rounded up). 1 … 256. */
guint eg_processors_available (void);

/* What a control group's file cpu.max allows: "200000 100000" is 2; G_MAXUINT for "max …", which is no limit,
 * and for anything else. */
guint eg_processors_parse_quota (const char *text);

G_END_DECLS
