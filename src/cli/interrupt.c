/* Ctrl+C and SIGTERM cancel what is under way, once. */
#include "cli/interrupt.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#define PATIENCE_SECONDS 2
#define HELD_INTERVAL    20000 /* microseconds */

static GCancellable *cancellable;
static sem_t interrupted;
static gint signal_status, held; /* atomic */

/* A handler, since OpenBLAS's threads are there before main() and cannot be made to leave the signals to
 * another. */
static void
on_signal (int number)
{
  if (g_atomic_int_get (&signal_status) != 0)
    _exit (128 + number);
  g_atomic_int_set (&signal_status, 128 + number);
  sem_post (&interrupted);
}

static gpointer
wait_for_signal (gpointer data)
{
  while (sem_wait (&interrupted) != 0 && errno == EINTR)
    ;
  g_cancellable_cancel (cancellable);
  g_usleep (PATIENCE_SECONDS * G_USEC_PER_SEC);
  while (g_atomic_int_get (&held))
    g_usleep (HELD_INTERVAL);
  _exit (cli_interrupt_status ());
}

void
cli_interrupt_start (void)
{
  const struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
  cancellable = g_cancellable_new ();
  sem_init (&interrupted, 0, 0);
  g_thread_unref (g_thread_new ("signals", wait_for_signal, NULL));
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
}

void
cli_interrupt_hold (gboolean hold)
{
  g_atomic_int_set (&held, hold);
}

GCancellable *
cli_interrupt_cancellable (void)
{
  return cancellable;
}

int
cli_interrupt_status (void)
{
  return g_atomic_int_get (&signal_status);
}
