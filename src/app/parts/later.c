/* Windows that go from within. */
#include "app/parts/later.h"

static gboolean
on_idle (gpointer data)
{
  gtk_window_destroy (GTK_WINDOW (data));
  return G_SOURCE_REMOVE;
}

void
eg_destroy_later (GtkWindow *window)
{
  g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, on_idle, g_object_ref (window), g_object_unref);
}
