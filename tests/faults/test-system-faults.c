/* Every read, write, synchronisation, renaming, allocation and thread of opening, tracing, saving and loading
 * fails, once and for good: what is asked for is done in spite of it, or fails with one clear sentence; old
 * files are as they were, nothing half-written and no temporary is left, no file stays open, and the next
 * attempt works. Of many calls, some are tried; all of them with -m slow. */
#include "../trace/golden.h"
#include "system-faults.h"

#include "formats/atomic-file.h"
#include "plot/export.h"
#include "trace/result/result-io.h"
#include "trace/run/keeper.h"
#include "trace/run/predict.h"
#include "trace/run/saved.h"

#include <glib/gstdio.h>
#include <string.h>

#define N_TRIED 24
#define N_FIRST 12
#define PROMPT  "The Eiffel Tower is in"

static char *folder, *target;
static EgModel *model;
static EgTraceRequest *request;
static EgTraceResult *result;
static EgTracePartial *partial;
/* What was halved for want of memory has rows in matrices of other heights, and so other last bits. */
static gboolean has_all_memory;

/* ---- what is tried ---- */

typedef struct
{
  const char *name, *argument;
  gboolean (*run) (const char *argument, GError **error);
  gboolean writes; /* the target, which was there before */
  gboolean same;   /* the same bytes each time */
} Scenario;

static gboolean
save_npz (const char *argument, GError **error)
{
  return eg_trace_result_save_npz (result, target, error);
}

static gboolean
save_partial (const char *argument, GError **error)
{
  return eg_trace_partial_save (partial, result, target, error);
}

static gboolean
save_json (const char *argument, GError **error)
{
  return eg_trace_result_save_json (result, target, error);
}

static gboolean
save_csv (const char *argument, GError **error)
{
  return eg_trace_result_save_csv (result, target, error);
}

static gboolean
save_figure (const char *ending, GError **error)
{
  EgFigure figure = { .picture = EG_PICTURE_HEATMAP };
  eg_figure_options_init (&figure.options);
  return eg_export_figure (result->grids[0], &figure, target, error);
}

static gboolean
open_model (const char *name, GError **error)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", "models", name, NULL);
  g_autoptr (EgModel) opened = eg_model_open (path, NULL, error);
  g_autoptr (EgPrediction) prediction = opened != NULL ? eg_predict (opened, PROMPT, 3, NULL, error) : NULL;
  return prediction != NULL;
}

static gboolean
load_npz (const char *argument, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "there.npz", NULL);
  g_autoptr (EgTraceResult) loaded = eg_trace_result_load_npz (path, error);
  return loaded != NULL;
}

static gboolean
load_saved (const char *argument, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "partial.npz", NULL);
  g_autoptr (EgSavedTrace) saved = eg_saved_trace_load (path, error);
  return saved != NULL && eg_saved_trace_check (saved, error);
}

static gboolean
same_scores (const EgTraceResult *one, const EgTraceResult *other)
{
  return memcmp (one->grids[0]->scores[0], other->grids[0]->scores[0],
                 eg_trace_grid_n_cells (one->grids[0]) * sizeof (double))
         == 0;
}

/* With fewer threads it has the same bits. */
static gboolean
trace (const char *threads, GError **error)
{
  g_autoptr (EgTraceRequest) again = eg_trace_request_copy (request);
  again->threads = (guint)g_ascii_strtoull (threads, NULL, 10);
  g_autoptr (EgTraceResult) found = eg_trace_run (model, again, NULL, NULL, NULL, error);
  g_assert_true (found == NULL || (found->complete && (!has_all_memory || same_scores (found, result))));
  return found != NULL;
}

typedef struct
{
  EgTraceKeeper *keeper;
  guint n_told;
} Kept;

static void
keep (const EgTraceProgress *progress, gpointer data)
{
  Kept *self = data;
  eg_trace_keeper_follow (self->keeper, progress);
  g_autoptr (GError) error = eg_trace_keeper_take_error (self->keeper);
  self->n_told += error != NULL;
}

/* What keeps a trace in a file may fail: the trace goes on to its right end. */
static gboolean
trace_and_keep (const char *argument, GError **error)
{
  const char *const paths[] = { target, NULL };
  Kept kept = { eg_trace_keeper_new (paths, 0), 0 };
  g_autoptr (EgTraceResult) found = eg_trace_run (model, request, NULL, keep, &kept, error);
  const gboolean saved = found != NULL && eg_trace_keeper_save (kept.keeper, partial, found, error);
  eg_trace_keeper_free (kept.keeper);
  g_assert_true (found == NULL || !has_all_memory || same_scores (found, result));
  return saved;
}

static const Scenario scenarios[] = {
  { "save/npz", NULL, save_npz, TRUE, TRUE },      { "save/partial", NULL, save_partial, TRUE, TRUE },
  { "save/json", NULL, save_json, TRUE, TRUE },    { "save/csv", NULL, save_csv, TRUE, TRUE },
  { "save/svg", ".svg", save_figure, TRUE },       { "save/png", ".png", save_figure, TRUE },
  { "save/pdf", ".pdf", save_figure, TRUE },       { "load/npz", NULL, load_npz, FALSE },
  { "load/saved", NULL, load_saved, FALSE },       { "open/safetensors", "expand2", open_model, FALSE },
  { "open/shards", "sharded", open_model, FALSE }, { "open/torch", "gpt2-bin", open_model, FALSE },
  { "trace/one-thread", "1", trace, FALSE },       { "trace/three-threads", "3", trace, FALSE },
  { "trace/kept", NULL, trace_and_keep, TRUE },
};

/* ---- what must hold ---- */

static guint
count_names (const char *path)
{
  guint n = 0;
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
assert_clear (const GError *error, const char *name, SystemCall kind, guint64 after)
{
  if (!g_utf8_validate (error->message, -1, NULL) || *error->message == '\0' || strchr (error->message, '\n')
      || g_str_has_suffix (error->message, ".") || strstr (error->message, "(null)"))
    g_error ("%s, call %" G_GUINT64_FORMAT " of kind %d: “%s”", name, after, kind, error->message);
}

static void
assert_target (const char *expected, gsize n_expected)
{
  g_autofree char *found = NULL;
  gsize n_found;
  g_assert_true (g_file_get_contents (target, &found, &n_found, NULL));
  g_assert_cmpuint (n_found, ==, n_expected);
  g_assert_true (memcmp (found, expected, n_found) == 0);
}

/* A thread that has handed over its result may hold the main context's for a moment yet. */
static void
assert_closed (guint n_open)
{
  for (guint i = 0; i < 5000 && count_names ("/proc/self/fd") != n_open; i++)
    g_usleep (1000);
  g_assert_cmpuint (count_names ("/proc/self/fd"), ==, n_open);
}

static const char old[] = "what was there before";

static gboolean
attempt (const Scenario *self, SystemCall kind, guint64 after, gboolean for_good, gboolean no_unnamed)
{
  g_autoptr (GError) error = NULL;
  /* Of a file that is replaced, GLib waits until it is on the disk. */
  g_unlink (target);
  if (self->writes)
    g_assert_true (g_file_set_contents (target, old, sizeof old - 1, NULL));
  const guint n_names = count_names (folder), n_open = count_names ("/proc/self/fd");
  has_all_memory = kind != SYSTEM_MEMORY;
  system_faults_set (kind, after, for_good, no_unnamed);
  const gboolean done = self->run (self->argument, &error);
  system_faults_end ();
  g_assert_true (done == (error == NULL));
  if (!done)
    assert_clear (error, self->name, kind, after);
  if (!done && g_test_verbose ())
    g_test_message ("%s, %d, %" G_GUINT64_FORMAT ": %s", self->name, kind, after, error->message);
  g_assert_cmpuint (count_names (folder), ==, n_names);
  assert_closed (n_open);
  /* What may never have come to the disk does not take the old file's place. */
  g_assert_true (!done || kind != SYSTEM_SYNC || self->run == trace_and_keep || system_faults_failed () == 0);
  if (self->writes && !done && self->run != trace_and_keep)
    assert_target (old, strlen (old));
  return done;
}

static guint64
step (guint64 n, guint64 n_calls)
{
  return g_test_slow () || n < N_FIRST ? n + 1 : n + MAX (n_calls / N_TRIED, 1);
}

/* What an undisturbed run of it writes. */
static void
sweep (const Scenario *self, gboolean no_unnamed)
{
  guint64 n_calls[SYSTEM_N_CALLS];
  g_autofree char *expected = NULL;
  gsize n_expected = 0;
  g_assert_true (attempt (self, SYSTEM_N_CALLS, 0, FALSE, no_unnamed));
  for (SystemCall kind = 0; kind < SYSTEM_N_CALLS; kind++)
    n_calls[kind] = system_faults_count (kind);
  if (self->writes)
    g_assert_true (g_file_get_contents (target, &expected, &n_expected, NULL));
  for (SystemCall kind = 0; kind < SYSTEM_N_CALLS; kind++)
    {
      guint n_done = 0, n_tried = 0;
      for (guint64 n = 0; n < n_calls[kind]; n = step (n, n_calls[kind]))
        for (int for_good = 0; for_good < 2; for_good++, n_tried++)
          if (attempt (self, kind, n, for_good, no_unnamed))
            {
              n_done++;
              if (self->same)
                assert_target (expected, n_expected);
            }
      if (n_tried > 0)
        g_test_message ("%s: kind %d: %" G_GUINT64_FORMAT " calls, %u of %u attempts done in spite of it",
                        self->name, kind, n_calls[kind], n_done, n_tried);
    }
  g_assert_true (attempt (self, SYSTEM_N_CALLS, 0, FALSE, no_unnamed));
}

static void
test_scenario (gconstpointer data)
{
  const Scenario *self = data;
  g_autofree char *name = g_strconcat ("target", self->argument, NULL);
  g_free (target);
  target = g_build_filename (folder, self->run == save_figure ? name : "target.npz", NULL);
  sweep (self, FALSE);
  if (self->writes)
    sweep (self, TRUE);
  g_unlink (target);
}

/* ---- before and after ---- */

static void
take_partial (const EgTraceProgress *progress, gpointer data)
{
  if (partial == NULL && progress->done > 0)
    partial = eg_trace_progress_get_partial (progress);
}

static void
set_up (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *models = g_test_build_filename (G_TEST_DIST, "golden", "models", NULL);
  folder = g_dir_make_tmp ("engram-faults-XXXXXX", &error);
  g_assert_no_error (error);
  system_faults_watch (folder);
  system_faults_watch (models);
  model = golden_open ("expand2");
  request = eg_trace_request_new (PROMPT, "Eiffel Tower");
  request->samples = 3;
  request->threads = 2;
  result = eg_trace_run (model, request, NULL, take_partial, NULL, &error);
  g_assert_no_error (error);
  g_autofree char *there = g_build_filename (folder, "there.npz", NULL);
  g_autofree char *halfway = g_build_filename (folder, "partial.npz", NULL);
  g_autoptr (EgTraceResult) incomplete = eg_trace_result_copy (result);
  incomplete->complete = FALSE;
  g_assert_true (eg_trace_result_save_npz (result, there, &error));
  g_assert_true (eg_trace_partial_save (partial, incomplete, halfway, &error));
}

static void
tear_down (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_unlink (path);
    }
  g_rmdir (folder);
  g_free (folder);
  g_free (target);
  eg_trace_partial_unref (partial);
  eg_trace_result_unref (result);
  eg_trace_request_free (request);
  eg_model_unref (model);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  set_up ();
  for (gsize i = 0; i < G_N_ELEMENTS (scenarios); i++)
    {
      g_autofree char *path
          = g_strdup_printf ("/system-faults/%s/fails-clearly-and-loses-nothing", scenarios[i].name);
      g_test_add_data_func (path, &scenarios[i], test_scenario);
    }
  const int status = g_test_run ();
  tear_down ();
  return status;
}
