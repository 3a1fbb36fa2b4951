/* How many threads this process should compute with, where nobody says how many. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The processors that this process may run on: its affinity mask (taskset, a batch system's), which
 * GLib 2.74's g_get_num_processors() passes over; no more than a container's quota (--cpus, rounded up;
 * version 2 of control groups), nor than Slurm gives (SLURM_CPUS_PER_TASK, else SLURM_CPUS_ON_NODE: where
 * Slurm binds nothing, a task may run on the whole node). 1 … 256. */
guint eg_processors_available (void);

/* What a control group's file cpu.max allows: "200000 100000" is 2; G_MAXUINT for "max …", which is no limit,
 * and for anything else. */
guint eg_processors_parse_quota (const char *text);

G_END_DECLS
