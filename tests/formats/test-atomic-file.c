/* Output files that are there whole or not at all. */
#define _GNU_SOURCE /* O_TMPFILE */
#include "formats/atomic-file.h"
#include "scratch.h"

#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void
assert_content (const char *path, const char *content)
{
  g_autoptr (GBytes) bytes = read_bytes (path);
  gsize size;
  const void *data = g_bytes_get_data (bytes, &size);
  g_assert_cmpuint (size, ==, strlen (content));
  g_assert_true (size == 0 || memcmp (data, content, size) == 0);
}

static void
assert_list (Scratch *scratch, const char *names)
{
  g_autofree char *list = scratch_list (scratch);
  g_assert_cmpstr (list, ==, names);
}

static guint
get_mode (const char *path)
{
  struct stat info;
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  return info.st_mode & 07777;
}

static void
write_text (const char *path, const char *text)
{
  GError *error = NULL;
  g_assert_true (eg_atomic_file_write (path, text, strlen (text), &error));
  g_assert_no_error (error);
}

static void
test_makes_and_replaces_files (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *path = scratch_get_path (scratch, "a.json");
  const mode_t old_mask = umask (027);
  write_text (path, "one");
  umask (old_mask);
  assert_content (path, "one");
  g_assert_cmpuint (get_mode (path), ==, 0640);

  g_assert_cmpint (g_chmod (path, 0604), ==, 0);
  write_text (path, "");
  assert_content (path, "");
  g_assert_cmpuint (get_mode (path), ==, 0604);
  assert_list (scratch, "a.json");
}

static void
test_shows_nothing_before_the_commit (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *path = scratch_get_path (scratch, "a.json");
  write_text (path, "old");
  g_autoptr (EgAtomicFile) file = eg_atomic_file_begin (path, NULL);
  g_assert_true (eg_atomic_file_append (file, "ne", 2, NULL));
  assert_content (path, "old");
  g_assert_true (eg_atomic_file_append (file, "w", 1, NULL));
  g_assert_true (eg_atomic_file_commit (file, NULL));
  assert_content (path, "new");
  assert_list (scratch, "a.json");
}

static void
test_does_nothing_without_a_commit (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *path = scratch_get_path (scratch, "a.json");
  for (guint round = 0; round < 2; round++)
    {
      EgAtomicFile *file = eg_atomic_file_begin (path, NULL);
      g_assert_true (eg_atomic_file_append (file, "new", 3, NULL));
      eg_atomic_file_free (file);
      assert_list (scratch, round == 0 ? "" : "a.json");
      write_text (path, "old");
    }
  assert_content (path, "old");
}

static void
test_keeps_the_ending (void)
{
  const char *const cases[][2]
      = { { "a.npz", ".npz" }, { "a.tar.gz", ".gz" },   { "a", "" },
          { ".hidden", "" },   { "größe.svg", ".svg" }, { "with space.pdf", ".pdf" } };
  g_autoptr (Scratch) scratch = scratch_new ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = scratch_get_path (scratch, cases[i][0]);
      g_autoptr (EgAtomicFile) file = eg_atomic_file_begin (path, NULL);
      const char *temporary = eg_atomic_file_get_path (file);
      g_autofree char *folder = g_path_get_dirname (temporary);
      g_autofree char *name = g_path_get_basename (temporary);
      g_assert_cmpstr (folder, ==, scratch->path);
      g_assert_true (g_str_has_suffix (name, cases[i][1]));
      g_assert_true (cases[i][1][0] != '\0' || strchr (name + 1, '.') == NULL);
    }
  /* As long as a name may be. */
  g_autofree char *longest = g_strnfill (251, 'x');
  g_autofree char *name = g_strconcat (longest, ".npz", NULL);
  g_autofree char *path = scratch_get_path (scratch, name);
  write_text (path, "long");
  assert_content (path, "long");
}

static void
test_lets_others_write_by_the_path (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *path = scratch_get_path (scratch, "a.svg");
  write_text (path, "old");
  g_assert_cmpint (g_chmod (path, 0600), ==, 0);
  /* This one replaces the temporary by another file, of mode 0666. */
  g_autoptr (EgAtomicFile) file = eg_atomic_file_begin (path, NULL);
  g_assert_true (g_file_set_contents (eg_atomic_file_get_path (file), "replaced", -1, NULL));
  g_assert_true (eg_atomic_file_commit (file, NULL));
  assert_content (path, "replaced");
  g_assert_cmpuint (get_mode (path), ==, 0600);
  assert_list (scratch, "a.svg");
}

static void
test_writes_through_links (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *folder = scratch_get_path (scratch, "folder");
  g_autofree char *target = g_build_filename (folder, "target.json", NULL);
  g_autofree char *link = scratch_get_path (scratch, "link.json");
  g_autofree char *second = scratch_get_path (scratch, "second.json");
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_cmpint (symlink ("folder/target.json", link), ==, 0);
  g_assert_cmpint (symlink (link, second), ==, 0);
  /* The first time, the links lead to nothing. */
  const char *const texts[] = { "one", "two" };
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      write_text (second, texts[i]);
      assert_content (target, texts[i]);
      g_assert_true (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
      g_assert_true (g_file_test (second, G_FILE_TEST_IS_SYMLINK));
    }
  assert_list (scratch, "folder link.json second.json");

  GError *error = NULL;
  g_autofree char *circle = scratch_get_path (scratch, "circle");
  g_assert_cmpint (symlink ("circle", circle), ==, 0);
  g_assert_false (eg_output_check (circle, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_LOOP);
  g_clear_error (&error);
}

/* Both the check and the writing say it. */
static void
assert_cannot_write (const char *path, int code, const char *message)
{
  g_autoptr (GError) check_error = NULL;
  g_assert_false (eg_output_check (path, &check_error));
  g_assert_error (check_error, G_FILE_ERROR, code);
  assert_message (check_error, message);
  g_autoptr (GError) error = NULL;
  g_assert_false (eg_atomic_file_write (path, "x", 1, &error));
  g_assert_error (error, G_FILE_ERROR, code);
  assert_message (error, message);
}

static void
test_says_what_cannot_be_written (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  scratch_write (scratch, "file", "x", 1);
  g_autofree char *nowhere = scratch_get_path (scratch, "nowhere");
  g_autofree char *in_nowhere = g_build_filename (nowhere, "a.json", NULL);
  g_autofree char *no_folder = g_strconcat ("No such folder: ", nowhere, NULL);
  assert_cannot_write (in_nowhere, G_FILE_ERROR_NOENT, no_folder);
  g_autofree char *in_file = scratch_get_path (scratch, "file/a.json");
  assert_cannot_write (in_file, G_FILE_ERROR_NOTDIR, "No such folder: ");
  assert_cannot_write (scratch->path, G_FILE_ERROR_ISDIR, "is a folder");
  g_autofree char *with_slash = g_strconcat (nowhere, "/", NULL);
  g_assert_false (eg_output_check (with_slash, NULL));
  assert_cannot_write ("", G_FILE_ERROR_ISDIR, "is a folder");
  assert_cannot_write ("/dev/full", G_FILE_ERROR_INVAL, "/dev/full is a device or pipe, not a file");
  assert_list (scratch, "file");

  GError *error = NULL;
  g_autofree char *good = scratch_get_path (scratch, "new.json");
  g_assert_true (eg_output_check (good, &error));
  g_assert_no_error (error);
  assert_list (scratch, "file");
}

static void
test_says_where_permission_is_missing (void)
{
  if (g_test_subprocess ())
    {
      /* A user whom the modes of files bind. */
      if (geteuid () == 0)
        g_assert_cmpint (setuid (65534), ==, 0);
      g_autofree char *new = g_build_filename (g_getenv ("TEST_FOLDER"), "new.json", NULL);
      assert_cannot_write (new, G_FILE_ERROR_ACCES, "No permission to write into the folder ");
      g_autofree char *old = g_build_filename (g_getenv ("TEST_FOLDER"), "open", "old.json", NULL);
      assert_cannot_write (old, G_FILE_ERROR_ACCES, "No permission to write ");
      return;
    }
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *folder = scratch_get_path (scratch, "open");
  g_autofree char *old = g_build_filename (folder, "old.json", NULL);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  write_text (old, "old");
  g_assert_cmpint (g_chmod (old, 0444), ==, 0);
  g_assert_cmpint (g_chmod (folder, 0777), ==, 0);
  g_assert_cmpint (g_chmod (scratch->path, 0555), ==, 0);
  g_setenv ("TEST_FOLDER", scratch->path, TRUE);
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_assert_cmpint (g_chmod (scratch->path, 0755), ==, 0);
  g_test_trap_assert_passed ();
  assert_content (old, "old");
}

static void
test_leaves_the_old_file_when_the_disk_is_full (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *path = scratch_get_path (scratch, "a.json");
  g_autofree char *large = g_strnfill (100000, 'x');
  write_text (path, "old");

  /* A limit on the size of files stands in for a full disk: a write falls short, and the next one fails. */
  struct rlimit old;
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old), ==, 0);
  const struct rlimit small = { 5000, old.rlim_max };
  void (*old_handler) (int) = signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
  GError *error = NULL;
  const gboolean written = eg_atomic_file_write (path, large, strlen (large), &error);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &old), ==, 0);
  signal (SIGXFSZ, old_handler);

  g_assert_false (written);
  g_assert_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (EFBIG));
  assert_message (error, "could not be written");
  g_clear_error (&error);
  assert_content (path, "old");
  assert_list (scratch, "a.json");

  eg_output_set_error (&error, ENOSPC, path);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  g_autofree char *message = g_strconcat ("No space left on device while writing ", path, NULL);
  g_assert_cmpstr (error->message, ==, message);
  g_clear_error (&error);
}

static void
test_removes_the_temporary_when_the_commit_fails (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *path = scratch_get_path (scratch, "a.json");
  g_autoptr (EgAtomicFile) file = eg_atomic_file_begin (path, NULL);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  GError *error = NULL;
  g_assert_false (eg_atomic_file_commit (file, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
  g_clear_error (&error);
  assert_list (scratch, "a.json");

  g_autofree char *other = scratch_get_path (scratch, "b.json");
  g_autoptr (EgAtomicFile) lost = eg_atomic_file_begin (other, NULL);
  g_assert_cmpint (g_unlink (eg_atomic_file_get_path (lost)), ==, 0);
  g_assert_false (eg_atomic_file_commit (lost, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_clear_error (&error);
  assert_list (scratch, "a.json");
}

/* A process that is killed has no time to remove anything. */
static void
test_a_crash_leaves_no_piece (void)
{
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *path = scratch_get_path (scratch, "a.json");
  const int probe = open (scratch->path, O_TMPFILE | O_RDWR, 0600);
  if (probe < 0)
    {
      g_test_skip ("this file system has no files without a name");
      return;
    }
  close (probe);
  write_text (path, "old");
  const pid_t child = fork ();
  if (child == 0)
    {
      EgAtomicFile *file = eg_atomic_file_begin (path, NULL);
      eg_atomic_file_append (file, "half", 4, NULL);
      _exit (0);
    }
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
  assert_content (path, "old");
  assert_list (scratch, "a.json");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/atomic-file/makes-and-replaces-files", test_makes_and_replaces_files);
  g_test_add_func ("/atomic-file/shows-nothing-before-the-commit", test_shows_nothing_before_the_commit);
  g_test_add_func ("/atomic-file/does-nothing-without-a-commit", test_does_nothing_without_a_commit);
  g_test_add_func ("/atomic-file/a-crash-leaves-no-piece", test_a_crash_leaves_no_piece);
  g_test_add_func ("/atomic-file/keeps-the-ending", test_keeps_the_ending);
  g_test_add_func ("/atomic-file/lets-others-write-by-the-path", test_lets_others_write_by_the_path);
  g_test_add_func ("/atomic-file/writes-through-links", test_writes_through_links);
  g_test_add_func ("/atomic-file/says-what-cannot-be-written", test_says_what_cannot_be_written);
  g_test_add_func ("/atomic-file/says-where-permission-is-missing", test_says_where_permission_is_missing);
  g_test_add_func ("/atomic-file/leaves-the-old-file-when-the-disk-is-full",
                   test_leaves_the_old_file_when_the_disk_is_full);
  g_test_add_func ("/atomic-file/removes-the-temporary-when-the-commit-fails",
                   test_removes_the_temporary_when_the_commit_fails);
  return g_test_run ();
}
