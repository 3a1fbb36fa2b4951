/* A study beside the same traces one by one, in one process, in seconds of the processor: so that others who
 * use the machine, too, disturb it less.
 *
 *   study-bench MODEL FACTS [LIMIT [THREADS]]
 *
 * Prints, as JSON: facts and traced ones; needed GFLOP (eg_expected_work()); seconds of the processor of a
 * study, of an estimated study, and of the traces one by one; the rate of packed products, GFLOP/s of one
 * processor, measured between them; and the part of that rate at which the study does what it needs. */
#include "bench/packed-rate.h"
#include "core/processors.h"
#include "study/study-run.h"
#include "trace/plan/expected-work.h"
#include "trace/run/trace.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static EgModel *
open_model (const char *name)
{
  g_autoptr (GError) error = NULL;
  EgModel *model = eg_model_open (name, NULL, &error);
  if (model == NULL)
    g_error ("%s", error->message);
  return model;
}

static EgTraceRequest *
make_request (guint threads)
{
  EgTraceRequest *request = eg_trace_request_new (NULL, NULL);
  request->device.kind = EG_DEVICE_CPU;
  request->threads = threads;
  return request;
}

static void
clear_folder (const char *path)
{
  const char *const names[] = { "study.json", "facts.jsonl", "journal", "results.npz", ".lock" };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *file = g_build_filename (path, names[i], NULL);
      g_unlink (file);
    }
  g_rmdir (path);
}

/* Seconds of the processor; the folder as it then is. */
static double
run_study (
    EgModel *model, const char *facts, gsize limit, guint threads, gboolean estimated, EgStudyFolder **folder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceRequest) request = make_request (0);
  g_autoptr (EgStudySettings) settings = eg_study_settings_new (model, request);
  g_autofree char *path = g_dir_make_tmp ("study-bench-XXXXXX", NULL);
  settings->is_estimated = estimated;
  const double begin = read_clock (CLOCK_PROCESS_CPUTIME_ID);
  *folder = eg_study_folder_begin (path, facts, limit, settings, &error);
  if (*folder == NULL || !eg_study_run (*folder, model, threads, NULL, NULL, NULL, &error))
    g_error ("%s", error->message);
  return read_clock (CLOCK_PROCESS_CPUTIME_ID) - begin;
}

typedef struct
{
  EgModel *model;
  guint threads;
  gboolean traces;
  gsize n_traced;
  double needed;
} Counter;

static gboolean
count (const EgStudyFact *fact, gpointer data, GError **error)
{
  Counter *self = data;
  g_autoptr (EgTraceRequest) request = make_request (self->threads);
  request->prompt = g_strdup (fact->fact->prompt);
  request->subject = g_strdup (fact->fact->subject);
  request->target = g_strdup (fact->fact->target);
  if (fact->state != EG_STUDY_TRACED)
    return TRUE;
  self->n_traced++;
  if (!self->traces)
    self->needed += eg_expected_work (self->model, request, NULL);
  else
    eg_trace_result_unref (eg_trace_run (self->model, request, NULL, NULL, NULL, NULL));
  return TRUE;
}

int
main (int argc, char **argv)
{
  if (argc < 3)
    {
      fputs ("study-bench MODEL FACTS [LIMIT [THREADS]]\n", stderr);
      return 2;
    }
  g_autoptr (EgModel) model = open_model (argv[1]);
  const gsize limit = argc > 3 ? strtoul (argv[3], NULL, 10) : 0;
  const guint threads = argc > 4 ? (guint)strtoul (argv[4], NULL, 10) : eg_processors_available ();
  g_autoptr (EgStudyFolder) warm = NULL;
  g_autoptr (EgStudyFolder) exact = NULL;
  g_autoptr (EgStudyFolder) estimated = NULL;
  /* Packs the weights. */
  run_study (model, argv[2], MIN (limit > 0 ? limit : 2, 2), threads, FALSE, &warm);
  const double rate_before = measure_packed_rate (model);
  const double study = run_study (model, argv[2], limit, threads, FALSE, &exact);
  const double rate_between = measure_packed_rate (model);
  Counter works = { model, threads, FALSE, 0, 0 }, traces = { model, threads, TRUE, 0, 0 };
  eg_study_folder_foreach (exact, count, &works, NULL);
  const double begin = read_clock (CLOCK_PROCESS_CPUTIME_ID);
  eg_study_folder_foreach (exact, count, &traces, NULL);
  const double alone = read_clock (CLOCK_PROCESS_CPUTIME_ID) - begin;
  const double estimate = run_study (model, argv[2], limit, threads, TRUE, &estimated);
  const double rate_after = measure_packed_rate (model), rate = (rate_before + rate_between) / 2;
  printf ("{\"facts\": %zu, \"traced\": %zu, \"needed_gflop\": %.1f, \"study\": %.2f, \"one_by_one\": %.2f, "
          "\"estimated\": %.2f, \"rates\": [%.1f, %.1f, %.1f], \"part\": %.3f, \"times_one_by_one\": %.3f, "
          "\"times_estimated\": %.1f}\n",
          eg_study_folder_count_facts (exact), works.n_traced, works.needed / 1e9, study, alone, estimate,
          rate_before / 1e9, rate_between / 1e9, rate_after / 1e9, works.needed / study / rate, alone / study,
          study / estimate);
  clear_folder (eg_study_folder_get_path (warm));
  clear_folder (eg_study_folder_get_path (exact));
  clear_folder (eg_study_folder_get_path (estimated));
  return 0;
}
