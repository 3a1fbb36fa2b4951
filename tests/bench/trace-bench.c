/* What a trace and its estimates take, in seconds of the processor and in memory: so that others who use the
 * machine, too, disturb it less.
 *
 *   trace-bench MODEL TOKENS [REPEATS [PARTS]]
 *
 * On one thread, of ten samples. PARTS, with commas: trace (of `resid`), estimate (of `resid`), estimates (of
 * all sites). Each warms up twice, so that weights are packed; the least of REPEATS (3) others counts.
 * Prints, as JSON: tokens; needed GFLOP of the trace (eg_expected_work()); for each part its seconds and the
 * most MiB that it took beside the weights, mapped and packed; the rate of packed products, GFLOP/s, the
 * highest of those measured before and after each part; and the part of that rate at which the trace does
 * what it needs.
 */
#include "bench/packed-rate.h"
#include "preview/preview.h"
#include "trace/plan/expected-work.h"
#include "trace/run/trace.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char WORDS[] = "The Eiffel Tower is located in the city of the king and the old part of it was";

/* MiB of a line of /proc/self/status. */
static double
read_memory (const char *name)
{
  g_autofree char *status = NULL;
  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    return NAN;
  const char *line = strstr (status, name);
  return line != NULL ? (double)g_ascii_strtoull (line + strlen (name), NULL, 10) / 1024 : NAN;
}

/* Reads what is used, 200 times a second, till told to stop. */
typedef struct
{
  gint stop;
  double highest;
} Watch;

static gpointer
watch_memory (gpointer data)
{
  Watch *self = data;
  while (!g_atomic_int_get (&self->stop))
    {
      self->highest = MAX (self->highest, read_memory ("RssAnon:"));
      g_usleep (5000);
    }
  return NULL;
}

static char *
make_prompt (EgModel *model, gsize n_tokens)
{
  g_auto (GStrv) words = g_strsplit (WORDS, " ", -1);
  g_autoptr (GString) prompt = g_string_new (words[0]);
  for (gsize i = 1;; i++)
    {
      const gsize length = prompt->len;
      g_string_append_printf (prompt, " %s", words[i % g_strv_length (words)]);
      g_autoptr (GArray) ids = eg_tokenizer_encode (eg_model_get_tokenizer (model), prompt->str, -1, NULL);
      if (ids->len <= n_tokens)
        continue;
      return g_strndup (prompt->str, length);
    }
}

static void
run_part (EgModel *model, const EgTraceRequest *request, gboolean is_trace)
{
  g_autoptr (GError) error = NULL;
  EgTraceResult *result = is_trace ? eg_trace_run (model, request, NULL, NULL, NULL, &error) : NULL;
  EgPreview *preview = is_trace ? NULL : eg_preview_new (model, request, NULL, &error);
  if (error != NULL)
    g_error ("%s", error->message);
  g_clear_pointer (&result, eg_trace_result_unref);
  g_clear_pointer (&preview, eg_preview_free);
}

/* (transfer full) */
static EgTraceRequest *
make_request (EgModel *model, gsize n_tokens, const char *sites)
{
  g_autoptr (GError) error = NULL;
  EgTraceRequest *request = eg_trace_request_new (NULL, NULL);
  request->device.kind = EG_DEVICE_CPU;
  request->threads = 1;
  request->prompt = make_prompt (model, n_tokens);
  request->subject = g_strdup ("Eiffel Tower");
  if (!eg_trace_request_set_sites (request, sites, &error))
    g_error ("%s", error->message);
  return request;
}

/* Prints what a part took. Returns: seconds */
static double
measure_part (EgModel *model, const char *name, gsize n_tokens, gsize repeats)
{
  const gboolean is_trace = g_str_equal (name, "trace");
  g_autoptr (EgTraceRequest) request
      = make_request (model, n_tokens, g_str_equal (name, "estimates") ? "all" : "resid");
  Watch watch = { 0, 0 };
  double least = INFINITY;
  for (int i = 0; i < 2; i++)
    run_part (model, request, is_trace);
  malloc_trim (0);
  const double before = read_memory ("RssAnon:");
  GThread *watcher = g_thread_new ("memory", watch_memory, &watch);
  for (gsize i = 0; i < repeats; i++)
    {
      const double begin = read_clock (CLOCK_PROCESS_CPUTIME_ID);
      run_part (model, request, is_trace);
      least = MIN (least, read_clock (CLOCK_PROCESS_CPUTIME_ID) - begin);
    }
  g_atomic_int_set (&watch.stop, 1);
  g_thread_join (watcher);
  printf (", \"%s\": {\"seconds\": %.3f, \"memory\": %.0f}", name, least, watch.highest - before);
  return least;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  if (argc < 3)
    {
      fputs ("trace-bench MODEL TOKENS [REPEATS [PARTS]]\n", stderr);
      return 2;
    }
  g_autoptr (EgModel) model = eg_model_open (argv[1], NULL, &error);
  if (model == NULL)
    g_error ("%s", error->message);
  const gsize n_tokens = strtoul (argv[2], NULL, 10), repeats = argc > 3 ? strtoul (argv[3], NULL, 10) : 3;
  g_auto (GStrv) parts = g_strsplit (argc > 4 ? argv[4] : "trace,estimate,estimates", ",", -1);
  g_autoptr (EgTraceRequest) resid = make_request (model, n_tokens, "resid");
  const double needed = eg_expected_work (model, resid, NULL);
  double rate = measure_packed_rate (model), seconds = NAN;
  printf ("{\"tokens\": %zu, \"needed_gflop\": %.1f", n_tokens, needed / 1e9);
  for (gsize i = 0; parts[i] != NULL; i++)
    {
      const double taken = measure_part (model, parts[i], n_tokens, repeats);
      rate = MAX (rate, measure_packed_rate (model));
      seconds = g_str_equal (parts[i], "trace") ? taken : seconds;
    }
  printf (", \"rate\": %.1f", rate / 1e9);
  if (!isnan (seconds))
    printf (", \"part\": %.3f", needed / seconds / rate);
  puts ("}");
  return 0;
}
