/* Asks before a window closes, or a desktop logs out, while a trace is under way. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

typedef struct _EgClosing EgClosing;

/* Of this window, which outlives it. (transfer full) */
EgClosing *eg_closing_new (GtkWindow *window);
void eg_closing_free (EgClosing *self);

/* Asks, once: whoever closes the window again meanwhile sees the question. The window is gone when a person
 * wants it. */
void eg_closing_ask (EgClosing *self);

/* A desktop asks before it logs out of a session that something is under way in. A question that is still
 * open when nothing is any more goes, and the window stays. */
void eg_closing_set_tracing (EgClosing *self, gboolean tracing);

G_END_DECLS
