/* Results that nobody has saved: kept, forgotten, and taken over from programs that ended; no display. */
#include "fixture.h"

#include "app/shell/unsaved.h"
#include "trace/result/result-io.h"

#include <glib/gstdio.h>
#include <string.h>
#include <utime.h>

static char *folder; /* of one test */

static EgUnsaved *
open_unsaved (void)
{
  g_autoptr (GError) error = NULL;
  EgUnsaved *self = eg_unsaved_new (folder, &error);

  g_assert_no_error (error);
  return self;
}

static gboolean
is_kept (EgUnsaved *unsaved, const char *key)
{
  g_autofree char *path = eg_unsaved_get_path (unsaved, key);
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* As a program that was killed leaves it: its folder with results, which nobody holds. age: seconds. */
static void
leave_behind (const char *program, const char *key, int age)
{
  g_autoptr (EgTraceResult) result = fixture_result (2, 3);
  g_autofree char *own = g_build_filename (folder, program, NULL);
  g_autofree char *name = g_strconcat (key, ".npz", NULL);
  g_autofree char *path = g_build_filename (own, name, NULL);
  g_autoptr (GError) error = NULL;
  const gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  const struct utimbuf times = { now - age, now - age };

  g_assert_cmpint (g_mkdir_with_parents (own, 0700), ==, 0);
  g_assert_true (eg_trace_result_save_npz (result, path, &error));
  g_assert_no_error (error);
  g_assert_cmpint (utime (path, &times), ==, 0);
}

static guint
count_files (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
test_kept_as_it_was (void)
{
  g_autoptr (EgTraceResult) result = fixture_result (2, 3);
  g_autoptr (EgUnsaved) unsaved = open_unsaved ();
  g_autoptr (GError) error = NULL;
  const double score = result->grids[0]->scores[0][0];

  eg_unsaved_keep (unsaved, "a", result, NULL);
  /* It is a copy: the trace goes on. */
  result->grids[0]->scores[0][0] = 2;
  eg_unsaved_flush (unsaved);
  g_autofree char *path = eg_unsaved_get_path (unsaved, "a");
  g_autoptr (EgTraceResult) again = eg_trace_result_load_npz (path, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat_with_epsilon (again->grids[0]->scores[0][0], score, 1e-6);
}

static void
test_forgotten_is_gone (void)
{
  g_autoptr (EgTraceResult) result = fixture_result (2, 3);
  EgUnsaved *unsaved = open_unsaved ();

  eg_unsaved_keep (unsaved, "a", result, NULL);
  eg_unsaved_forget (unsaved, "a");
  eg_unsaved_keep (unsaved, "b", result, NULL);
  eg_unsaved_flush (unsaved);
  g_assert_false (is_kept (unsaved, "a"));
  g_assert_true (is_kept (unsaved, "b"));
  eg_unsaved_forget (unsaved, "b");
  eg_unsaved_forget (unsaved, "never there");
  eg_unsaved_free (unsaved);
  /* Nothing is left of a program that has nothing to keep. */
  g_assert_cmpuint (count_files (folder), ==, 0);
}

static void
test_left_behind_is_taken_over_oldest_first (void)
{
  leave_behind ("one", "young", 10);
  leave_behind ("two", "old", 1000);
  leave_behind ("two", "middle", 100);
  EgUnsaved *unsaved = open_unsaved ();
  g_auto (GStrv) keys = eg_unsaved_adopt (unsaved);
  const char *const expected[] = { "old", "middle", "young", NULL };

  g_assert_cmpstrv (keys, expected);
  for (char **key = keys; *key != NULL; key++)
    g_assert_true (is_kept (unsaved, *key));
  /* It is ours now: of the others nothing is left, and nobody is offered it again. */
  g_assert_cmpuint (count_files (folder), ==, 1);
  g_auto (GStrv) again = eg_unsaved_adopt (unsaved);
  g_assert_cmpuint (g_strv_length (again), ==, 0);
  for (char **key = keys; *key != NULL; key++)
    eg_unsaved_forget (unsaved, *key);
  eg_unsaved_free (unsaved);
}

static void
test_running_program_keeps_its_own (void)
{
  g_autoptr (EgTraceResult) result = fixture_result (2, 3);
  g_autoptr (EgUnsaved) first = open_unsaved (), second = open_unsaved ();

  eg_unsaved_keep (first, "a", result, NULL);
  eg_unsaved_flush (first);
  g_auto (GStrv) keys = eg_unsaved_adopt (second);
  g_assert_cmpuint (g_strv_length (keys), ==, 0);
  g_assert_true (is_kept (first, "a"));
}

/* Whatever else lies there stays where it is. */
static void
test_only_results_are_taken (void)
{
  leave_behind ("one", "a", 10);
  g_autofree char *other = g_build_filename (folder, "one", "notes.txt", NULL);
  g_autofree char *nested = g_build_filename (folder, "one", "folder.npz", NULL);
  g_assert_true (g_file_set_contents (other, "mine", -1, NULL));
  g_assert_cmpint (g_mkdir (nested, 0700), ==, 0);
  g_autoptr (EgUnsaved) unsaved = open_unsaved ();
  g_auto (GStrv) keys = eg_unsaved_adopt (unsaved);

  g_assert_cmpuint (g_strv_length (keys), ==, 1);
  g_assert_true (g_file_test (other, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (nested, G_FILE_TEST_IS_DIR));
}

static void
test_place_that_cannot_be_is_said (void)
{
  g_autofree char *file = g_build_filename (folder, "file", NULL);
  g_autofree char *below = g_build_filename (file, "unsaved", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (file, "", -1, NULL));
  g_assert_null (eg_unsaved_new (below, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "unsaved"));
}

static void
remove_all (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

  for (const char *name = dir != NULL ? g_dir_read_name (dir) : NULL; name != NULL;
       name = g_dir_read_name (dir))
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      remove_all (child);
    }
  g_remove (path);
}

static void
in_a_folder (gconstpointer test)
{
  folder = g_dir_make_tmp ("engram-unsaved-XXXXXX", NULL);
  ((GTestFunc)test) ();
  remove_all (folder);
  g_clear_pointer (&folder, g_free);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    GTestFunc test;
  } tests[] = {
    { "/app/unsaved/kept-as-it-was", test_kept_as_it_was },
    { "/app/unsaved/forgotten-is-gone", test_forgotten_is_gone },
    { "/app/unsaved/left-behind-is-taken-over-oldest-first", test_left_behind_is_taken_over_oldest_first },
    { "/app/unsaved/running-program-keeps-its-own", test_running_program_keeps_its_own },
    { "/app/unsaved/only-results-are-taken", test_only_results_are_taken },
    { "/app/unsaved/place-that-cannot-be-is-said", test_place_that_cannot_be_is_said },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_data_func (tests[i].path, tests[i].test, in_a_folder);
  return g_test_run ();
}
