/* Traces and windows that are started, stopped, gone on with and closed at random moments: nothing is left of
 * them, and memory does not grow. ENGRAM_CYCLES: how many of each (40); 1000 for the long run. For the
 * sanitizers above all. */
#include "fixture.h"

#include "app/page/tracing.h"
#include "app/shell/window.h"
#include "library/locate.h"

#include <malloc.h>

#define WARM_UP 0.4 /* part of the cycles after which memory is looked at first: caches are full then */

/* Of AddressSanitizer's runtime, where there is one. */
size_t __sanitizer_get_current_allocated_bytes (void) __attribute__ ((weak));

static guint n_cycles = 40;

static gint64
allocated (void)
{
  if (__sanitizer_get_current_allocated_bytes)
    return (gint64)__sanitizer_get_current_allocated_bytes ();
  return (gint64)mallinfo2 ().uordblks;
}

/* Lets the main loop run for a random time. */
static void
run_for (GRand *random, int most_ms)
{
  const gint64 end = g_get_monotonic_time () + g_rand_int_range (random, 0, most_ms * 1000 + 1);

  while (g_get_monotonic_time () < end)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (100);
    }
}

/* Lets what was cut off come to its end, mostly. */
static void
settle (void)
{
  const gint64 end = g_get_monotonic_time () + G_USEC_PER_SEC / 10;

  while (g_get_monotonic_time () < end)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
}

typedef void (*Cycle) (GRand *random, gpointer data);

static int
compare (gconstpointer a, gconstpointer b)
{
  const gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
  return (x > y) - (x < y);
}

/* Bytes that a cycle leaves behind. What is allocated goes up and down with what is still on its way, now and
 * then by much: medians of the first and of the second half of the cycles are compared. */
static gint64
measure_growth (Cycle cycle, gpointer data, GRand *random, guint warm)
{
  const guint half = (n_cycles - warm) / 2;
  g_autofree gint64 *sizes = g_new (gint64, 2 * half);

  for (guint i = 0; i < warm + 2 * half; i++)
    {
      cycle (random, data);
      if (i < warm)
        continue;
      settle ();
      sizes[i - warm] = allocated ();
    }
  qsort (sizes, half, sizeof *sizes, compare);
  qsort (sizes + half, half, sizeof *sizes, compare);
  const gint64 growth = (sizes[half + half / 2] - sizes[half / 2]) / half;
  g_test_message ("%u cycles; %" G_GINT64_FORMAT " bytes a cycle after the first %u", n_cycles, growth, warm);
  return growth;
}

/* bytes: that a cycle may leave behind, on average. What leaks does so each time: once more is asked where
 * something else was in the way. */
static void
repeat (Cycle cycle, gpointer data, gint64 bytes)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  const guint warm = (guint)(n_cycles * WARM_UP);
  gint64 growth = measure_growth (cycle, data, random, warm);

#ifdef __SANITIZE_THREAD__
  growth = 0; /* freed memory is kept for a while: it looks for races */
#endif
  if (growth >= bytes)
    growth = measure_growth (cycle, data, random, warm);
  g_assert_cmpint (growth, <, bytes);
}

static void
count_state (EgTracing *tracing, gpointer data)
{
  *(guint *)data += 1;
}

static EgTraceRequest *
random_request (GRand *random)
{
  EgTraceRequest *request = eg_trace_request_new ("The Eiffel Tower is located in", "Eiffel Tower");

  request->samples = (guint)g_rand_int_range (random, 1, 60);
  request->threads = (guint)g_rand_int_range (random, 1, 5);
  return request;
}

/* Several traces of one object, one cut off by the next; then it goes while the last is at work. */
static void
trace_cycle (GRand *random, gpointer data)
{
  EgModel *model = data;
  EgTracing *tracing = eg_tracing_new ();
  gpointer watched = tracing;
  guint n_changes = 0;

  g_object_add_weak_pointer (G_OBJECT (tracing), &watched);
  g_signal_connect (tracing, "state-changed", G_CALLBACK (count_state), &n_changes);
  for (int i = g_rand_int_range (random, 1, 4); i > 0; i--)
    {
      g_autoptr (EgTraceRequest) request = random_request (random);
      eg_tracing_start (tracing, model, request, EG_ESTIMATE_FIRST);
      run_for (random, 20);
      eg_tracing_stop (tracing);
      run_for (random, 10);
      if (eg_tracing_can_continue (tracing))
        eg_tracing_continue (tracing, model);
      run_for (random, 10);
    }
  g_assert_cmpuint (n_changes, >, 0);
  g_signal_handlers_disconnect_by_data (tracing, &n_changes);
  g_object_unref (tracing);
  fixture_wait_for (watched == NULL);
}

static void
test_tracing (void)
{
  g_autofree char *demo = eg_model_find_demo ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = eg_model_open (demo, NULL, &error);

  g_assert_no_error (error);
  repeat (trace_cycle, model, 1000);
}

/* A window that loads, traces and is closed whenever. */
static void
window_cycle (GRand *random, gpointer data)
{
  EgWindow *window = eg_window_new (NULL, NULL, NULL);
  gpointer watched = window;

  g_object_add_weak_pointer (G_OBJECT (window), &watched);
  eg_window_set_texts (window, "The Space Needle is located in downtown", "Space Needle");
  eg_window_open_model (window, NULL);
  eg_window_trace (window);
  gtk_window_present (GTK_WINDOW (window));
  run_for (random, 150);
  if (g_rand_boolean (random))
    {
      eg_window_set_texts (window, "The mother tongue of Angela Merkel is", "Angela Merkel");
      eg_window_trace (window);
      run_for (random, 100);
    }
  if (g_rand_boolean (random))
    gtk_widget_activate_action (GTK_WIDGET (window), "win.stop", NULL);
  run_for (random, 20);
  gtk_window_destroy (GTK_WINDOW (window));
  fixture_wait_for (watched == NULL);
}

static void
test_windows (void)
{
  /* GTK 4.8 keeps 130 to 200 bytes of every GtkScrolledWindow that was shown, of which a window has three (a
   * bare GtkWindow with one shows it); the rest is what a few cycles cannot tell from noise. */
  repeat (window_cycle, NULL, 1000 + 400000 / n_cycles);
}

int
main (int argc, char **argv)
{
  const char *cycles = g_getenv ("ENGRAM_CYCLES");

  fixture_init (&argc, &argv);
  if (cycles != NULL)
    n_cycles = MAX ((guint)g_ascii_strtoull (cycles, NULL, 10), 5);
  g_test_add_func ("/cycles/traces-start-and-stop-at-any-moment", test_tracing);
  g_test_add_func ("/cycles/windows-close-at-any-moment", test_windows);
  return g_test_run ();
}
