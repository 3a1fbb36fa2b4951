/* A time in words. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "40 ms", "0.6 s", "3 s", "2 min 5 s", "2 h 10 min". (transfer full) */
char *eg_format_duration (double seconds);

G_END_DECLS
