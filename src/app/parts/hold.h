/* Keeps the program alive while a thread works, although its window may be gone. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Each hold needs its release; both in the main thread. Nothing happens in a program that is no
 * GApplication, as a test. */
void eg_program_hold (void);
void eg_program_release (void);

G_END_DECLS
