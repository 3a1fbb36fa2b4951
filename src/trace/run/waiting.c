/* Waits for a call that answers by a callback. */
#include "trace/run/waiting.h"

void
eg_waiting_begin (EgWaiting *self)
{
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->result = NULL;
  g_main_context_push_thread_default (self->context);
}

void
eg_waiting_callback (GObject *source, GAsyncResult *result, gpointer waiting)
{
  EgWaiting *self = waiting;
  self->result = g_object_ref (result);
  g_main_loop_quit (self->loop);
}

GAsyncResult *
eg_waiting_end (EgWaiting *self)
{
  g_main_loop_run (self->loop);
  g_main_context_pop_thread_default (self->context);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  return self->result;
}
