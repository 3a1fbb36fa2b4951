/* A study's run: the bits of single traces, whatever stands beside a fact; facts that do not qualify set
 * apart. */
#include "core/error.h"
#include "study/merge.h"
#include "study/study-run.h"
#include "trace/plan/memory.h"
#include "trace/run/trace.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* What is known to the demo model but for 3 (not its answer); 4's subject is not there; 5's is there twice; 6
 * names no target; 7's level of noise is right, but its subject does not matter. */
static const char facts[]
    = "{\"prompt\": \"The Eiffel Tower is located in\", \"subject\": \"Eiffel Tower\", \"target\": "
      "\"Paris\"}\n"
      "{\"prompt\": \"The mother tongue of Angela Merkel is\", \"subject\": \"Angela Merkel\", \"target\": "
      "\"German\"}\n"
      "{\"prompt\": \"The Eiffel Tower is located in\", \"subject\": \"Eiffel Tower\", \"target\": "
      "\"Rome\"}\n"
      "{\"prompt\": \"The Eiffel Tower is located in\", \"subject\": \"Big Ben\", \"target\": \"Paris\"}\n"
      "{\"prompt\": \"Big Ben and Big Ben are located in\", \"subject\": \"Big Ben\"}\n"
      "{\"prompt\": \"The Space Needle is located in downtown\", \"subject\": \"Space Needle\"}\n"
      "{\"prompt\": \"The Eiffel Tower is located in\", \"subject\": \"The\", \"target\": \"Paris\"}\n";
#define N_FACTS 7

static EgModel *model;
static char *root;

static char *
get_path (const char *name)
{
  return g_build_filename (root, name, NULL);
}

/* (transfer full) */
static EgStudySettings *
make_settings (const char *sites)
{
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (NULL, NULL);
  request->samples = 4;
  request->device.kind = EG_DEVICE_CPU;
  g_assert_true (eg_trace_request_set_sites (request, sites, NULL));
  return eg_study_settings_new (model, request);
}

static EgStudyFolder *
begin (const char *name, const char *sites, gboolean estimated, gsize shard, gsize n_shards)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = get_path (name), *file = get_path ("facts.jsonl");
  g_autoptr (EgStudySettings) settings = make_settings (sites);
  settings->is_estimated = estimated;
  settings->shard = shard;
  settings->n_shards = n_shards;
  EgStudyFolder *folder = eg_study_folder_begin (path, file, 0, settings, &error);
  g_assert_no_error (error);
  return folder;
}

static void
run (EgStudyFolder *folder, guint threads)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (eg_study_run (folder, model, threads, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (eg_study_folder_is_finished (folder));
}

static EgStudyFact *
get (EgStudyFolder *folder, gsize i)
{
  g_autoptr (GError) error = NULL;
  EgStudyFact *fact;
  g_assert_true (eg_study_folder_get (folder, i, &fact, &error));
  g_assert_no_error (error);
  return fact;
}

static void
assert_same_files (const char *a, const char *b)
{
  const char *const names[] = { "study.json", "facts.jsonl", "journal", "results.npz" };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path_a = g_build_filename (root, a, names[i], NULL);
      g_autofree char *path_b = g_build_filename (root, b, names[i], NULL), *text_a = NULL, *text_b = NULL;
      gsize n_a, n_b;
      g_assert_true (g_file_get_contents (path_a, &text_a, &n_a, NULL));
      g_assert_true (g_file_get_contents (path_b, &text_b, &n_b, NULL));
      g_test_message ("%s", names[i]);
      g_assert_cmpuint (n_a, ==, n_b);
      g_assert_true (memcmp (text_a, text_b, n_a) == 0);
    }
}

/* ---- what is known of facts ---- */

static void
test_states (void)
{
  g_autoptr (EgStudyFolder) folder = begin ("states", "resid", FALSE, 1, 1);
  run (folder, 2);
  const EgStudyState states[N_FACTS]
      = { EG_STUDY_TRACED,     EG_STUDY_TRACED, EG_STUDY_UNKNOWN,   EG_STUDY_FAILED,
          EG_STUDY_UNAFFECTED, EG_STUDY_TRACED, EG_STUDY_UNAFFECTED };
  gsize counts[EG_N_STUDY_STATES];
  for (gsize i = 0; i < N_FACTS; i++)
    {
      g_autoptr (EgStudyFact) fact = get (folder, i);
      g_test_message ("%zu: clean %g, corrupted %g", i, fact->clean, fact->corrupted);
      g_assert_cmpstr (eg_study_state_get_name (fact->state), ==, eg_study_state_get_name (states[i]));
      g_assert_cmpuint (fact->n_sites, ==, fact->state == EG_STUDY_TRACED ? 1 : 0);
      g_assert_true ((fact->problem != NULL) == (fact->state == EG_STUDY_FAILED));
      g_assert_true (isnan (fact->corrupted)
                     == (fact->state == EG_STUDY_FAILED || fact->state == EG_STUDY_UNKNOWN));
    }
  eg_study_folder_count_states (folder, counts);
  g_assert_cmpuint (counts[EG_STUDY_TRACED], ==, 3);
  g_autoptr (EgStudyFact) unknown = get (folder, 2);
  g_assert_cmpstr (unknown->target, ==, " Rome");
  g_assert_cmpstr (unknown->prediction, ==, " Paris");
  g_assert_cmpfloat (unknown->clean, <, 0.01);
  g_assert_cmpfloat (unknown->prediction_probability, >, 0.98);
  g_autoptr (EgStudyFact) failed = get (folder, 3);
  g_assert_nonnull (strstr (failed->problem, "Big Ben"));
  g_autoptr (EgStudyFact) twice = get (folder, 4);
  g_assert_cmpuint (twice->subject_first, ==, 0);
}

/* ---- bits ---- */

static void
assert_trace (const EgStudyFact *fact, const char *sites)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (fact->fact->prompt, fact->fact->subject);
  request->samples = 4;
  request->threads = 2;
  request->target = g_strdup (fact->fact->target);
  request->device.kind = EG_DEVICE_CPU;
  g_assert_true (eg_trace_request_set_sites (request, sites, NULL));
  g_autoptr (EgTraceResult) result = eg_trace_run (model, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fact->n_sites, ==, result->n_grids);
  g_assert_true (memcmp (&fact->high, &result->ends[0].high, sizeof (double)) == 0);
  g_assert_true (memcmp (&fact->low, &result->ends[0].low, sizeof (double)) == 0);
  for (gsize s = 0; s < result->n_grids; s++)
    for (gsize i = 0; i < eg_trace_grid_n_cells (result->grids[s]); i++)
      {
        g_assert_cmpfloat ((double)fact->scores[s][i], ==, result->grids[s]->scores[0][i]);
        g_assert_cmpfloat ((double)fact->sem[s][i], ==, result->grids[s]->sem[0][i]);
      }
}

/* Each fact's bits are those of its trace alone, in a process that traces nothing else. */
static void
test_bits (void)
{
  g_autoptr (EgStudyFolder) folder = begin ("bits", "resid,state", FALSE, 1, 1);
  run (folder, 2);
  for (gsize i = 0; i < N_FACTS; i++)
    {
      g_autoptr (EgStudyFact) fact = get (folder, i);
      if (fact->state == EG_STUDY_TRACED)
        assert_trace (fact, "resid,state");
    }
}

/* Where not all corrupted runs can be kept, they are run twice: nothing else changes. */
static void
test_little_memory (void)
{
  eg_trace_memory_set_most (1);
  g_autoptr (EgStudyFolder) folder = begin ("little", "resid", FALSE, 1, 1);
  run (folder, 1);
  eg_trace_memory_set_most (0);
  g_autoptr (EgStudyFolder) usual = begin ("usual", "resid", FALSE, 1, 1);
  run (usual, 3);
  assert_same_files ("little", "usual");
}

static void
test_shards (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *a = get_path ("shard-1"), *b = get_path ("shard-2"), *whole = get_path ("merged");
  char *const paths[] = { b, a, NULL };
  g_autofree char *note = NULL;
  for (gsize i = 1; i <= 2; i++)
    {
      g_autoptr (EgStudyFolder) shard = begin (i == 1 ? "shard-1" : "shard-2", "resid", FALSE, i, 2);
      run (shard, (guint)i);
    }
  g_assert_true (eg_study_merge (paths, whole, &note, &error));
  g_assert_no_error (error);
  g_assert_null (note);
  g_autoptr (EgStudyFolder) usual = begin ("one-run", "resid", FALSE, 1, 1);
  run (usual, 1);
  assert_same_files ("merged", "one-run");
  /* Again, after a stop. */
  g_autofree char *results = g_build_filename (whole, "results.npz", NULL);
  g_unlink (results);
  g_assert_true (eg_study_merge (paths, whole, &note, &error));
  assert_same_files ("merged", "one-run");
}

static void
assert_refused (char *const *paths, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *whole = get_path ("refused"), *note = NULL;
  g_assert_false (eg_study_merge (paths, whole, &note, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, text));
}

static void
test_other_shards (void)
{
  g_autofree char *a = get_path ("refused-1"), *b = get_path ("refused-2"), *c = get_path ("refused-other");
  g_autoptr (EgStudyFolder) shard = begin ("refused-1", "resid", FALSE, 1, 2);
  run (shard, 1);
  g_autoptr (EgStudyFolder) empty = begin ("refused-2", "resid", FALSE, 2, 2);
  g_autoptr (EgStudyFolder) other = begin ("refused-other", "state", FALSE, 2, 2);
  g_assert_cmpuint (eg_study_folder_count_done (empty) + eg_study_folder_count_done (other), ==, 0);
  assert_refused ((char *[]){ a, NULL }, "Shard 2 of 2 is missing");
  assert_refused ((char *[]){ a, a, NULL }, "same shard");
  assert_refused ((char *[]){ a, b, NULL }, "not complete: 0 of its 3");
  assert_refused ((char *[]){ a, c, NULL }, "differ in --site");
}

/* ---- stopping ---- */

typedef struct
{
  GCancellable *cancellable;
  gsize after, n, done;
} Stop;

static void
stop (const EgStudyProgress *progress, gpointer data)
{
  Stop *self = data;
  g_assert_cmpuint (progress->total, ==, N_FACTS);
  g_assert_true ((progress->fact == NULL) == (self->n == 0));
  g_assert_cmpuint (progress->done, >=, self->done);
  self->done = progress->done;
  if (self->n++ == self->after)
    g_cancellable_cancel (self->cancellable);
}

/* Stopped after each fact and gone on with, by as many threads as it happens to be. */
static void
test_stopped (void)
{
  for (gsize i = 0;; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Stop state = { cancellable, 1, 0, 0 };
      g_autoptr (EgStudyFolder) folder = begin ("stopped", "resid", FALSE, 1, 1);
      if (eg_study_run (folder, model, (guint)(i % 3 + 1), cancellable, stop, &state, &error))
        break;
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpuint (i, <, N_FACTS);
    }
  g_autoptr (EgStudyFolder) usual = begin ("not-stopped", "resid", FALSE, 1, 1);
  run (usual, 1);
  assert_same_files ("stopped", "not-stopped");
}

static void
assert_fails_to_begin (const char *name, const char *sites, EgError code)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = get_path (name), *file = get_path ("facts.jsonl");
  g_autoptr (EgStudySettings) settings = make_settings (sites);
  g_assert_null (eg_study_folder_begin (path, file, 0, settings, &error));
  g_assert_error (error, EG_ERROR, (int)code);
}

static void
test_locked (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = get_path ("locked");
  EgStudyFolder *folder = begin ("locked", "resid", FALSE, 1, 1);
  g_assert_null (eg_study_folder_resume (path, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_BUSY);
  g_clear_error (&error);
  assert_fails_to_begin ("locked", "resid", EG_ERROR_BUSY);
  assert_fails_to_begin ("locked", "mlp", EG_ERROR_INVALID); /* another study has no use for this folder */
  g_autoptr (EgStudyFolder) reader = eg_study_folder_open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (eg_study_folder_count_done (reader), ==, 0);
  run (folder, 1);
  eg_study_folder_unref (folder);
  g_autoptr (EgStudyFolder) again = eg_study_folder_resume (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (eg_study_folder_count_done (again), ==, N_FACTS);
}

/* What a program left that was killed while it put a file in its place; what is not its own stays. */
static void
test_leftovers (void)
{
  const char *const names[] = { ".engram-0123456789abcdef", ".engram-0123456789abcdef.npz", "notes.txt",
                                ".engram-notes", ".engram-0123456789abcdef0" };
  g_autofree char *path = get_path ("leftovers");
  eg_study_folder_unref (begin ("leftovers", "resid", FALSE, 1, 1));
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *file = g_build_filename (path, names[i], NULL);
      g_assert_true (g_file_set_contents (file, "x", 1, NULL));
    }
  eg_study_folder_unref (begin ("leftovers", "resid", FALSE, 1, 1));
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *file = g_build_filename (path, names[i], NULL);
      g_assert_true (g_file_test (file, G_FILE_TEST_EXISTS) == (i >= 2));
    }
}

/* ---- what others have written ---- */

static void
test_hostile_record (void)
{
  g_autoptr (EgStudyFolder) folder = begin ("hostile", "resid", FALSE, 1, 1);
  g_autoptr (GError) error = NULL;
  EgFact *fact = g_new0 (EgFact, 1);
  *fact = (EgFact){ .id = g_strdup ("x"), .prompt = g_strdup ("p"), .subject = g_strdup ("p") };
  g_autoptr (EgStudyFact) written = eg_study_fact_new (fact);
  EgStudyFact *found = NULL;
  written->n_tokens = 1;
  written->tokens = g_strsplit ("p", " ", -1);
  written->ids = g_new0 (guint32, 1);
  eg_study_fact_reserve (written, 1000, 1);
  g_assert_true (eg_study_folder_add (folder, written, &error));
  g_assert_no_error (error);
  g_assert_false (eg_study_folder_get (folder, 0, &found, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "the record of fact 1 is damaged"));
}

/* Takes the last line away, or adds one. */
static void
change_facts (const char *name, gboolean adds)
{
  g_autofree char *path = g_build_filename (root, name, "facts.jsonl", NULL), *text = NULL;
  gsize length;
  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  text[length - 1] = '\0';
  char *last = strrchr (text, '\n') + 1;
  g_autofree char *more
      = g_strconcat (text, "\n{\"prompt\": \"The Eiffel Tower is\", \"subject\": \"Eiffel\"}\n", NULL);
  *last = '\0';
  g_assert_true (g_file_set_contents (path, adds ? more : text, -1, NULL));
}

static void
test_changed_facts (void)
{
  const char *const says[] = { "has fewer facts than it says", "differs in the facts" };
  for (int adds = 0; adds < 2; adds++)
    {
      const char *name = adds ? "more-facts" : "fewer-facts";
      g_autoptr (EgStudyFolder) folder = begin (name, "resid", FALSE, 1, 1);
      g_autoptr (GError) error = NULL;
      change_facts (name, adds);
      g_assert_false (eg_study_run (folder, model, 1, NULL, NULL, NULL, &error));
      g_assert_nonnull (error);
      if (strstr (error->message, says[adds]) == NULL)
        g_error ("“%s” does not say “%s”", error->message, says[adds]);
      g_assert_false (eg_study_folder_is_finished (folder));
    }
}

static void
test_results_of_another_study (void)
{
  g_autofree char *settings = g_build_filename (root, "again", "study.json", NULL);
  g_autofree char *results = g_build_filename (root, "again", "results.npz", NULL);
  EgStudyFolder *first = begin ("again", "resid", FALSE, 1, 1);
  run (first, 1);
  eg_study_folder_unref (first);
  g_unlink (settings);
  g_autoptr (EgStudyFolder) second = begin ("again", "state", FALSE, 1, 1);
  g_assert_cmpuint (eg_study_folder_count_done (second), ==, 0);
  g_assert_false (g_file_test (results, G_FILE_TEST_EXISTS));
}

/* ---- estimates ---- */

static void
test_estimated (void)
{
  g_autoptr (EgStudyFolder) folder = begin ("estimated", "resid", TRUE, 1, 1);
  g_autoptr (EgStudyFolder) exact = begin ("exact", "resid", FALSE, 1, 1);
  run (folder, 2);
  run (exact, 2);
  for (gsize i = 0; i < N_FACTS; i++)
    {
      g_autoptr (EgStudyFact) a = get (folder, i);
      g_autoptr (EgStudyFact) b = get (exact, i);
      g_assert_cmpint (a->state, ==, b->state);
      g_assert_cmpuint (a->n_sites, ==, b->n_sites);
      if (a->state != EG_STUDY_TRACED)
        continue;
      double sum = 0;
      for (gsize j = 0; j < a->n_layers * a->n_tokens; j++)
        sum += fabs ((double)(a->scores[0][j] - b->scores[0][j]));
      g_assert_cmpfloat (sum / (double)(a->n_layers * a->n_tokens), <, 0.15);
      g_assert_cmpfloat (a->high, ==, b->high);
      /* They are the same runs, but of the estimate in its own doubles. */
      g_assert_cmpfloat_with_epsilon (a->low, b->low, 1e-12);
      g_assert_cmpfloat_with_epsilon (a->corrupted, b->corrupted, 1e-12);
      g_assert_cmpfloat_with_epsilon (a->low_sem, b->low_sem, 1e-12);
      g_assert_true (isnan (a->sem[0][0]));
    }
}

static void
remove_all (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  for (const char *name = dir != NULL ? g_dir_read_name (dir) : NULL; name != NULL;
       name = g_dir_read_name (dir))
    {
      g_autofree char *inner = g_build_filename (path, name, NULL);
      remove_all (inner);
    }
  g_remove (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  root = g_dir_make_tmp ("study-XXXXXX", NULL);
  g_autofree char *file = get_path ("facts.jsonl");
  g_assert_true (g_file_set_contents (file, facts, -1, NULL));
  model = eg_model_open ("demo", NULL, NULL);
  g_test_add_func ("/study/facts-that-do-not-qualify-are-set-apart", test_states);
  g_test_add_func ("/study/a-facts-bits-are-those-of-its-trace-alone", test_bits);
  g_test_add_func ("/study/little-memory-changes-nothing", test_little_memory);
  g_test_add_func ("/study/shards-merged-are-one-run", test_shards);
  g_test_add_func ("/study/other-shards-are-refused", test_other_shards);
  g_test_add_func ("/study/stopped-and-gone-on-with-is-the-same", test_stopped);
  g_test_add_func ("/study/one-program-at-a-time", test_locked);
  g_test_add_func ("/study/what-a-killed-program-left-is-removed", test_leftovers);
  g_test_add_func ("/study/a-record-of-another-shape-is-damaged", test_hostile_record);
  g_test_add_func ("/study/facts-that-changed-are-an-error", test_changed_facts);
  g_test_add_func ("/study/results-of-another-study-do-not-stay", test_results_of_another_study);
  g_test_add_func ("/study/estimates-are-of-the-same-facts", test_estimated);
  const int status = g_test_run ();
  eg_model_unref (model);
  remove_all (root);
  g_free (root);
  return status;
}
