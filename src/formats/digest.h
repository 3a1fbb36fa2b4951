/* What tells files' contents from others. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* paths: NULL at the end. SHA-256, in hexadecimal, of what the files hold, whatever their names; one that is
 * not there, or cannot be read, counts as missing. (transfer full) */
char *eg_digest_files (const char *const *paths);

G_END_DECLS
