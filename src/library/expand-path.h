/* Paths as people write them into variables: "~/models", "$SCRATCH/hub". */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* path with what huggingface_hub expands in it, as Python's os.path does: a leading "~" (the home folder) or
 * "~name" (that person's), then every $NAME and ${NAME}; what is not known stays as it is. A relative path is
 * one below the current folder. Returns: (transfer full): absolute. */
char *eg_expand_path (const char *path);

G_END_DECLS
