/* Files that are written in a thread: what each ending gives, copies, names, and failures; no display. */
#include "fixture.h"

#include "app/shell/writer.h"
#include "trace/result/result-io.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder; /* of this run's files */

typedef struct
{
  gboolean ended, ok;
  char *path;
  GError *error;
} Outcome;

static void
outcome_clear (Outcome *self)
{
  g_free (self->path);
  g_clear_error (&self->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Outcome *self = data;

  self->ok = eg_write_finish (result, &self->path, &self->error);
  self->ended = TRUE;
}

/* Name of a file in the folder. (transfer full) */
static char *
write_file (const EgTraceGrid *grid, gboolean figure, const char *name, Outcome *outcome)
{
  EgFigure map = { .picture = EG_PICTURE_HEATMAP };
  char *path = g_build_filename (folder, name, NULL);

  eg_figure_options_init (&map.options);
  *outcome = (Outcome){ 0 };
  eg_write_async (grid, NULL, figure ? &map : NULL, path, on_written, outcome);
  fixture_wait_for (outcome->ended);
  g_assert_cmpstr (outcome->path, ==, path);
  return path;
}

static gboolean
begins_with (const char *path, const char *bytes)
{
  g_autofree char *contents = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  return length > strlen (bytes) && memcmp (contents, bytes, strlen (bytes)) == 0;
}

static void
test_ending_says_what_is_written (void)
{
  static const struct
  {
    const char *name, *bytes;
    gboolean figure;
  } files[] = {
    { "map.svg", "<?xml", TRUE },
    { "map.PNG", "\211PNG", TRUE },
    { "map.pdf", "%PDF", TRUE },
    { "n.NPZ", "PK", FALSE },
    { "n.json", "{", FALSE },
    { "n.csv", "", FALSE },
    /* Of numbers there is no picture, and a figure does not make one of them. */
    { "figure.npz", "PK", TRUE },
  };
  g_autoptr (EgTraceResult) result = fixture_result (3, 4);

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_auto (Outcome) outcome = { 0 };
      g_autofree char *path = write_file (result->grids[0], files[i].figure, files[i].name, &outcome);
      g_assert_no_error (outcome.error);
      g_assert_true (outcome.ok);
      g_assert_true (begins_with (path, files[i].bytes));
      g_remove (path);
    }
}

static int may_go_on; /* atomic */

static void
wait_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  while (!g_atomic_int_get (&may_go_on))
    g_usleep (1000);
  g_task_return_boolean (task, TRUE);
}

/* What is to be done in a thread now waits. */
static void
keep_threads_busy (void)
{
  for (int i = 0; i < 20; i++)
    {
      g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);
      g_task_run_in_thread (task, wait_in_thread);
    }
}

static void
test_what_changes_meanwhile_is_not_written (void)
{
  g_autoptr (EgTraceResult) result = fixture_result (3, 4);
  EgTraceGrid *grid = result->grids[0];
  g_autofree char *path = g_build_filename (folder, "copied.npz", NULL);
  g_auto (Outcome) outcome = { 0 };
  g_autoptr (GError) error = NULL;
  const double score = grid->scores[0][0];

  keep_threads_busy ();
  eg_write_async (grid, NULL, NULL, path, on_written, &outcome);
  grid->scores[0][0] = 2;
  g_atomic_int_set (&may_go_on, 1);
  fixture_wait_for (outcome.ended);
  g_assert_no_error (outcome.error);
  g_autoptr (EgTraceResult) again = eg_trace_result_load_npz (path, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat_with_epsilon (again->grids[0]->scores[0][0], score, 1e-6);
  g_remove (path);
}

static void
test_failure_is_said_and_leaves_nothing (void)
{
  g_autoptr (EgTraceResult) result = fixture_result (3, 4);
  g_auto (Outcome) unknown = { 0 }, missing = { 0 }, numbers = { 0 };
  g_autofree char *first = write_file (result->grids[0], TRUE, "map.bmp", &unknown);
  g_autofree char *second = write_file (result->grids[0], FALSE, "nowhere/n.npz", &missing);
  /* A figure's ending, without a figure. */
  g_autofree char *third = write_file (result->grids[0], FALSE, "n.svg", &numbers);

  g_assert_false (unknown.ok || missing.ok || numbers.ok);
  g_assert_nonnull (strstr (unknown.error->message, "the name must end in .svg"));
  g_assert_nonnull (strstr (missing.error->message, "nowhere"));
  g_assert_nonnull (strstr (numbers.error->message, "n.svg"));
  g_assert_false (g_file_test (first, G_FILE_TEST_EXISTS) || g_file_test (second, G_FILE_TEST_EXISTS)
                  || g_file_test (third, G_FILE_TEST_EXISTS));
}

static void
test_names_are_those_of_files (void)
{
  g_autoptr (EgTraceResult) result = fixture_result (3, 4);
  g_autofree char *plain = eg_propose_name (result, NULL, "npz");
  g_autofree char *layers = eg_propose_name (result, "layers", "svg");
  g_autofree char *title = eg_figure_make_title (result->grids[0]);

  g_assert_cmpstr (plain, ==, "Angela Merkel.npz");
  g_assert_cmpstr (layers, ==, "Angela Merkel, layers.svg");
  g_assert_cmpstr (title, ==, "“The mother tongue of Angela Merkel is” → “German”");
  g_free (result->tokens->subject);
  result->tokens->subject = g_strdup ("AC/DC: \"Back\nin Black\"?");
  g_autofree char *foreign = eg_propose_name (result, NULL, "npz");
  g_assert_cmpstr (foreign, ==, "AC-DC- -Back-in Black--.npz");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("engram-writer-XXXXXX", NULL);
  g_test_add_func ("/app/writer/ending-says-what-is-written", test_ending_says_what_is_written);
  g_test_add_func ("/app/writer/what-changes-meanwhile-is-not-written",
                   test_what_changes_meanwhile_is_not_written);
  g_test_add_func ("/app/writer/failure-is-said-and-leaves-nothing", test_failure_is_said_and_leaves_nothing);
  g_test_add_func ("/app/writer/names-are-those-of-files", test_names_are_those_of_files);
  const int status = g_test_run ();
  g_rmdir (folder);
  return status;
}
