/* Waits for a call that answers by a callback, in a main context of this thread's own: for tests, scripts and
 * the command line. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * EgWaiting: from eg_waiting_begin() on, the thread’s default context is its own; the call is made then, with
 * eg_waiting_callback() and this as its data, and eg_waiting_end() gives its result.
 */
typedef struct
{
  GMainContext *context;
  GMainLoop *loop;
  GAsyncResult *result;
} EgWaiting;

void eg_waiting_begin (EgWaiting *self);
void eg_waiting_callback (GObject *source, GAsyncResult *result, gpointer waiting);
/* (transfer full) */
GAsyncResult *eg_waiting_end (EgWaiting *self);

G_END_DECLS
