/* Ctrl-C and SIGTERM: the work is cancelled and cleans up after itself; what does not stop within seconds, or
 * is interrupted again, ends at once. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Once, at the program's beginning. */
void cli_interrupt_start (void);

/* Something is being saved, which may take longer than those seconds: then it is not ended for that. */
void cli_interrupt_hold (gboolean hold);

/* (transfer none) */
GCancellable *cli_interrupt_cancellable (void);

/* 0, or the exit code that the signal asks for. */
int cli_interrupt_status (void);

G_END_DECLS
