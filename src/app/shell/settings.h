/* The settings' schema, installed or in the build tree. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* (transfer full): NULL, said once on stderr, where there is no schema: the program then runs on its
 * defaults. */
GSettings *eg_settings_new (const char *id);

G_END_DECLS
