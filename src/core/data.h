/* Where the files are that come with the program: beside the sources for a program in its build tree, else
 * where it is installed. What is installed finds its files from where it lies, so that a prefix may be moved.
 */
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

/* name: below the prefix's share/, as "glib-2.0/schemas". (transfer full) (nullable): %NULL in a build tree.
 */
char *eg_data_shared_path (const char *name);

/* To be called after setlocale(): where the translations are ($ENGRAM_LOCALE_DIR, the build tree, the
 * prefix), in UTF-8. */
void eg_data_bind_translations (void);

G_END_DECLS
