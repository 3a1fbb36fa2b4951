/* Traces under way as files: from every moment of one, another process goes on to the same bits. */
#include "trace/ask/fields.h"
#include "trace/result/result-io.h"
#include "trace/run/keeper.h"
#include "trace/run/saved.h"

#include <glib/gstdio.h>
#include <string.h>

static char *
temporary (const char *name)
{
  static char *folder;
  if (folder == NULL)
    folder = g_dir_make_tmp ("engram-saved-XXXXXX", NULL);
  return g_build_filename (folder, name, NULL);
}

static EgTraceRequest *
new_request (void)
{
  EgTraceRequest *request = eg_trace_request_new ("The Eiffel Tower is located in", "Eiffel Tower");
  request->samples = 24;
  return request;
}

static EgModel *
open_demo (void)
{
  GError *error = NULL;
  g_autofree char *folder = g_build_filename (g_getenv ("ENGRAM_DATA_DIR"), "demo", NULL);
  EgModel *model = eg_model_open (folder, NULL, &error);
  g_assert_no_error (error);
  return model;
}

/* All arrays of a file but the time that it took and its date, one after another: name, then bytes. */
static GBytes *
file_of (const EgTraceResult *result)
{
  g_autofree char *path = temporary ("whole.npz"), *text = NULL;
  g_autoptr (EgTraceResult) timeless = eg_trace_result_copy (result);
  gsize n;
  timeless->seconds = 0;
  g_clear_pointer (&timeless->date, g_free);
  g_assert_true (eg_trace_result_save_npz (timeless, path, NULL));
  g_assert_true (g_file_get_contents (path, &text, &n, NULL));
  return g_bytes_new (text, n);
}

static void
assert_same (const EgTraceResult *a, const EgTraceResult *b)
{
  g_autoptr (GBytes) of_a = file_of (a), of_b = file_of (b);
  g_assert_true (g_bytes_equal (of_a, of_b));
}

/* Saves at each update, and cancels nothing. */
typedef struct
{
  guint n_files;
  gsize rounds;
} Saver;

static char *
file_at (guint i)
{
  g_autofree char *name = g_strdup_printf ("at-%u.npz", i);
  return temporary (name);
}

static void
save_update (const EgTraceProgress *progress, gpointer data)
{
  Saver *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTracePartial) partial = eg_trace_progress_get_partial (progress);
  g_autofree char *path = file_at (self->n_files++);
  g_assert_true (eg_trace_partial_save (partial, progress->result, path, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (progress->rounds, >=, self->rounds);
  self->rounds = progress->rounds;
}

/* Goes on from a file, and forgets all that was before it. */
static EgTraceResult *
go_on (const char *path, guint threads)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgSavedTrace) saved = eg_saved_trace_load (path, &error);
  g_assert_no_error (error);
  g_autoptr (EgModel) model = eg_model_open (saved->folder, NULL, &error);
  g_assert_no_error (error);
  saved->request->threads = threads;
  g_autoptr (EgTracePartial) partial = eg_saved_trace_continue (saved, model, &error);
  g_assert_no_error (error);
  EgTraceResult *result
      = eg_trace_run_from (partial, model, partial->request, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  return result;
}

static void
assert_goes_on (const EgTraceRequest *request)
{
  g_autoptr (EgModel) model = open_demo ();
  g_autoptr (GError) error = NULL;
  Saver saver = { 0 };
  g_autoptr (EgTraceResult) whole = eg_trace_run (model, request, NULL, save_update, &saver, &error);
  g_assert_no_error (error);
  g_test_message ("%u files, %zu rounds", saver.n_files, saver.rounds);
  g_assert_cmpuint (saver.n_files, >, 1);
  for (guint i = 0; i < saver.n_files; i += MAX (saver.n_files / 5, 1))
    {
      g_autofree char *path = file_at (i);
      g_autoptr (EgTraceResult) parts = go_on (path, 1 + i % 3);
      assert_same (whole, parts);
    }
}

static void
test_noise (void)
{
  g_autoptr (EgTraceRequest) request = new_request ();
  request->all_metrics = TRUE;
  g_assert_true (eg_trace_request_set_sites (request, "mixer,state", NULL));
  assert_goes_on (request);
}

static void
test_until (void)
{
  g_autoptr (EgTraceRequest) request = new_request ();
  request->samples = 4;
  request->max_samples = 40;
  request->until_sem = 0.001;
  assert_goes_on (request);
}

static void
test_swap (void)
{
  g_autoptr (EgTraceRequest) request = new_request ();
  g_assert_true (eg_corruption_parse_kind (&request->corruption, "swap:Space Needle in Seattle", NULL));
  request->metric = EG_METRIC_LOGIT_DIFF;
  request->direction = EG_DIRECTION_DAMAGE;
  assert_goes_on (request);
}

static void
test_sweeps (void)
{
  for (EgSweep sweep = EG_SWEEP_LAYERS; sweep <= EG_SWEEP_POSITIONS; sweep++)
    {
      g_autoptr (EgTraceRequest) request = new_request ();
      request->sweep = sweep;
      assert_goes_on (request);
    }
}

/* "name=value|name=value", as files have them. */
static void
set_fields (EgTraceRequest *request, const char *text)
{
  g_auto (GStrv) fields = g_strsplit (text, "|", 0);
  for (gsize i = 0; fields[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (fields[i], "=", 2);
      gboolean found = FALSE;
      for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
        if (g_str_equal (eg_trace_field_get_info (field)->name, parts[0]))
          found = eg_trace_field_parse (field, request, parts[1], NULL);
      g_assert_true (found);
    }
}

/* A request each of whose fields is unusual, where they go together. */
static void
test_request_is_kept (void)
{
  static const char *const texts[] = {
    "target= Rome",
    "samples=3",
    "seed=7",
    "corruption=uniform",
    "noise_level=0.1",
    "noise_scale=absolute",
    "replace=1",
    "corruption=student-t:5.5",
    "knockout=0-1:1-3>5|site=state|sweep=layers|direction=damage",
    "device=auto",
    "metric=all",
    "metric=logit-diff|against= Rome",
    "site=mixer,gate",
    "window=3",
    "sweep=positions",
    "direction=damage",
    "freeze=conv",
    "until_sem=0.12345678901234567",
    "until_sem=1|max_samples=11",
    "subject_offset=4",
    "span=tokens:1-2",
  };
  g_autoptr (EgModel) model = open_demo ();
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (EgTraceRequest) request = new_request ();
      g_autoptr (GError) error = NULL;
      request->samples = 2;
      set_fields (request, texts[i]);
      Saver saver = { 0 };
      g_autoptr (EgTraceResult) whole = eg_trace_run (model, request, NULL, save_update, &saver, &error);
      g_assert_no_error (error);
      g_autofree char *path = file_at (0);
      g_autoptr (EgSavedTrace) saved = eg_saved_trace_load (path, &error);
      g_assert_no_error (error);
      for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
        {
          g_autofree char *before = eg_trace_field_format (field, request);
          g_autofree char *after = eg_trace_field_format (field, saved->request);
          g_assert_cmpstr (before, ==, after);
        }
      g_autoptr (EgTraceResult) again = go_on (path, 0);
      assert_same (whole, again);
    }
}

typedef struct
{
  EgTraceKeeper *good, *bad;
  guint n_errors;
  GCancellable *cancellable;
} Kept;

static void
keep_update (const EgTraceProgress *progress, gpointer data)
{
  Kept *self = data;
  eg_trace_keeper_follow (self->good, progress);
  eg_trace_keeper_follow (self->bad, progress);
  g_autoptr (GError) no_error = eg_trace_keeper_take_error (self->good);
  g_autoptr (GError) error = eg_trace_keeper_take_error (self->bad);
  g_assert_no_error (no_error);
  self->n_errors += error != NULL;
  if (self->n_errors > 0 && eg_trace_keeper_has_saved (self->good))
    g_cancellable_cancel (self->cancellable);
}

/* Until it is cancelled, it saves; what kept it from that is said once; and the last word is eg_…_save(). */
static void
test_keeper (void)
{
  g_autoptr (EgModel) model = open_demo ();
  g_autoptr (EgTraceRequest) request = new_request ();
  g_autofree char *path = temporary ("kept.npz"), *missing = temporary ("nowhere/kept.npz");
  g_autoptr (EgTraceKeeper) good = eg_trace_keeper_new ((const char *[]){ path, NULL }, 1e-6);
  g_autoptr (EgTraceKeeper) bad = eg_trace_keeper_new ((const char *[]){ missing, NULL }, 1e-6);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (EgTracePartial) left = NULL;
  g_autoptr (GError) error = NULL;
  Kept kept = { good, bad, 0, cancellable };
  request->samples = EG_MAX_SAMPLES;
  g_assert_null (eg_trace_run_from (NULL, model, request, cancellable, keep_update, &kept, &left, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_nonnull (left);
  g_assert_cmpuint (kept.n_errors, ==, 1);
  g_clear_error (&error);

  g_autoptr (EgSavedTrace) saved = eg_saved_trace_load (path, &error);
  g_assert_no_error (error);
  g_assert_false (saved->result->complete);
  g_assert_false (eg_trace_keeper_save (bad, left, saved->result, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_clear_error (&error);
  g_assert_true (eg_trace_keeper_save (good, left, saved->result, &error));
  g_autoptr (EgSavedTrace) last = eg_saved_trace_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (last->estimates->max_samples, >=, saved->estimates->max_samples);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/saved/noise-goes-on-from-any-moment", test_noise);
  g_test_add_func ("/saved/more-samples-are-added-as-they-were-to-be", test_until);
  g_test_add_func ("/saved/swap-goes-on", test_swap);
  g_test_add_func ("/saved/sweeps-go-on", test_sweeps);
  g_test_add_func ("/saved/every-field-of-the-request-is-kept", test_request_is_kept);
  g_test_add_func ("/saved/keeper-saves-and-says-what-keeps-it", test_keeper);
  return g_test_run ();
}
