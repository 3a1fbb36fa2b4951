/* Names of files that are made of texts. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Puts hyphens in the place of what some system has not in names. Returns: name itself */
char *eg_file_name_clean (char *name);

G_END_DECLS
