/* What downloads leave in the place of a file: a pointer of Git LFS (https://git-lfs.com: a short text that
 * begins "version https://git-lfs.github.com/spec/"), or a web page, of an error or of a person to be signed
 * in. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* bytes: the file's, or its beginning. title: its name, for the message. Returns: FALSE with EG_ERROR_FORMAT
 * if they are a pointer or a page, which no file of ours begins like. */
gboolean eg_check_placeholder (const void *bytes, gsize n, const char *title, GError **error);

G_END_DECLS
