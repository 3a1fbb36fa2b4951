/* The thread that leads a prompt's trace from the clean run to its end. */
#pragma once

#include "trace/run/prompt.h"

G_BEGIN_DECLS

/* For g_thread_new(): takes over a reference to the prompt, whose first samples are planned. */
gpointer eg_coordinate (gpointer prompt);

G_END_DECLS
