#include "cli/interrupt.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_SECONDS 2

static GCancellable *cancellable;
static gint signal_status; /* atomic */

static gpointer
wait_for_signals (gpointer data)
{
  const sigset_t *signals = data;
  int number;
  if (sigwait (signals, &number) != 0)
    return NULL;
  g_atomic_int_set (&signal_status, 128 + number);
  g_cancellable_cancel (cancellable);

  const struct timespec patience = { .tv_sec = PATIENCE_SECONDS };
  sigtimedwait (signals, NULL, &patience);
  _exit (128 + number);
}

void
cli_interrupt_start (void)
{
  static sigset_t signals;
  sigemptyset (&signals);
  sigaddset (&signals, SIGINT);
  sigaddset (&signals, SIGTERM);
  cancellable = g_cancellable_new ();

  /* A shell without job control starts its background jobs with SIGINT ignored, and an ignored signal never
   * comes. */
  signal (SIGINT, SIG_DFL);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);
  g_thread_unref (g_thread_new ("signals", wait_for_signals, &signals));
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
