/* Names out of files, made fit for a message: they may be long, or hold control characters. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* text: any bytes, NUL-terminated. Returns: (transfer full): valid UTF-8 on one line, with control characters
 * and broken bytes as U+FFFD, and cut to 120 characters (the last of them "…" then). */
char *eg_quote (const char *text);

G_END_DECLS
