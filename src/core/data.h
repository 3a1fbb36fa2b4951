/* Where the files are that come with the program. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* name: below the data folder, as "demo". That folder is $ENGRAM_DATA_DIR; else the source tree's, for a
 * program in its build tree; else where it is installed. (transfer full): a path, whether there is something
 * or not. */
char *eg_data_path (const char *name);

/* name: of a module that is opened at run time. Its folder is $ENGRAM_LIBRARY_DIR; else the build tree's
 * kernels/, for a program in it; else where modules are installed. (transfer full): a path, whether there is
 * something or not. */
char *eg_library_path (const char *name);

G_END_DECLS
