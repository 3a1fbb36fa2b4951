/* How much memory this process may use. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bytes: the machine's memory, or less where a control group (a container, a batch job) or $ENGRAM_MEMORY (in
 * bytes) says so. */
guint64 eg_memory_limit (void);

/* Bytes that could be taken now without swapping: MemAvailable, at most eg_memory_limit(). */
guint64 eg_memory_available (void);

G_END_DECLS
