/* What the programs say of CUDA: with a module that is there or not, and every reason why a GPU cannot be
 * used. $CUDA_HOST_MODULE is the kernels on a processor (tests/cuda-host), $CUDA_HOST_OTHER a module of
 * another version. */
#include "command.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

/* A folder with this file, or an empty one, as the place of the module. */
static char *
use_module (const char *file)
{
  char *folder = new_folder ();
  g_autofree char *path = g_build_filename (folder, "libengram-cuda.so", NULL);
  if (file)
    g_assert_cmpint (symlink (file, path), ==, 0);
  g_setenv ("ENGRAM_LIBRARY_DIR", folder, TRUE);
  return folder;
}

static void
leave_module (char *folder)
{
  g_unsetenv ("ENGRAM_LIBRARY_DIR");
  remove_folder (folder);
  g_free (folder);
}

/* "cpu (AVX-512, engram)": the kernels, and what multiplies. */
static void
assert_processor (const char *device)
{
  g_assert_true (g_regex_match_simple (
      "^cpu \\((baseline|AVX2|AVX-512), (engram|OpenBLAS [0-9.]+ [A-Za-z0-9]+)\\)$", device, 0, 0));
}

/* What info says of the first GPU: as JSON, and as text for a person. (transfer full) */
static char *
ask_info (gboolean *usable)
{
  g_auto (Outcome) json = RUN ("info", "--json"), text = RUN ("info");
  g_assert_cmpint (json.status, ==, 0);
  g_assert_cmpint (text.status, ==, 0);
  g_autoptr (JsonNode) node = parse (json.out);
  JsonObject *cuda = json_object_get_object_member (json_node_get_object (node), "cuda");
  *usable = json_object_get_boolean_member (cuda, "usable");
  char *said = g_strdup (json_object_get_string_member (cuda, *usable ? "device" : "why_not"));
  g_autofree char *line = g_strdup_printf ("cuda           %s%s\n", *usable ? "" : "not used: ", said);
  g_assert_nonnull (strstr (text.out, line));
  return said;
}

/* The reason is told by info, and by a trace that wants the GPU, which is an error; a trace that takes what
 * there is goes on the processor. */
static void
check_reason (const char *pattern)
{
  gboolean usable = TRUE;
  g_autofree char *said = ask_info (&usable);
  g_test_message ("%s", said);
  g_assert_false (usable);
  g_assert_true (g_pattern_match_simple (pattern, said));
  g_auto (Outcome) wanted = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--samples", "1", "--device", "cuda");
  g_assert_cmpint (wanted.status, !=, 0);
  g_assert_nonnull (strstr (wanted.err, said));
  g_auto (Outcome) any
      = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--samples", "1", "--device", "auto", "--json");
  g_assert_cmpint (any.status, ==, 0);
  g_autoptr (JsonNode) node = parse (any.out);
  assert_processor (json_object_get_string_member (json_node_get_object (node), "device"));
}

static void
test_modules (void)
{
  char *folder = use_module (NULL);
  check_reason ("This build of Engram has no CUDA engine: there is no */libengram-cuda.so *");
  leave_module (folder);

  folder = use_module (g_getenv ("CUDA_HOST_OTHER"));
  check_reason ("*/libengram-cuda.so belongs to another version of Engram");
  leave_module (folder);

  folder = use_module (NULL);
  g_autofree char *path = g_build_filename (folder, "libengram-cuda.so", NULL);
  g_assert_true (g_file_set_contents (path, "no library", -1, NULL));
  check_reason ("The CUDA engine cannot be loaded: *");
  leave_module (folder);
}

static void
test_devices (void)
{
  static const struct
  {
    const char *name, *value, *pattern;
  } reasons[] = {
    { "CUDA_HOST_DRIVER", "0", "There is no NVIDIA driver on this machine" },
    { "CUDA_HOST_DRIVER", "12040",
      "The NVIDIA driver is too old: it is for CUDA 12.4, and *needs one for 13.0" },
    { "CUDA_HOST_DEVICES", "0", "There is no NVIDIA GPU on this machine, though its driver is installed" },
    { "CUDA_HOST_CAPABILITY", "61", "cuda-host has compute capability 6.1, and Engram needs 7.5 or later" },
    { "CUDA_HOST_MEMORY", "0", "cuda-host has no memory left (*)" },
  };
  char *folder = use_module (g_getenv ("CUDA_HOST_MODULE"));
  for (gsize i = 0; i < G_N_ELEMENTS (reasons); i++)
    {
      g_setenv (reasons[i].name, reasons[i].value, TRUE);
      check_reason (reasons[i].pattern);
      g_unsetenv (reasons[i].name);
    }
  leave_module (folder);
}

/* (transfer full) */
static JsonNode *
trace_on (const char *device)
{
  g_auto (Outcome) outcome
      = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--samples", "1", "--device", device, "--json");
  g_assert_cmpint (outcome.status, ==, 0);
  return parse (outcome.out);
}

static const char *
device_of (JsonNode *node)
{
  return json_object_get_string_member (json_node_get_object (node), "device");
}

/* A trace by the module that the program opens: the processor's numbers. With too little memory it is the
 * processor that traces. */
static void
test_trace (void)
{
  char *folder = use_module (g_getenv ("CUDA_HOST_MODULE"));
  gboolean usable = FALSE;
  g_autofree char *said = ask_info (&usable);
  g_assert_true (usable);
  g_assert_true (g_str_has_prefix (said, "cuda-host, compute capability 9.0, 2.0"));

  g_autoptr (JsonNode) on_cpu = trace_on ("cpu"), on_gpu = trace_on ("cuda");
  g_setenv ("CUDA_HOST_MEMORY", "1", TRUE);
  g_autoptr (JsonNode) without_memory = trace_on ("cuda");
  g_unsetenv ("CUDA_HOST_MEMORY");
  leave_module (folder);

  assert_processor (device_of (on_cpu));
  g_assert_cmpstr (device_of (on_gpu), ==, "cuda:0 (cuda-host)");
  assert_processor (device_of (without_memory));
  JsonArray *expected = json_object_get_array_member (json_node_get_object (on_cpu), "scores");
  JsonArray *found = json_object_get_array_member (json_node_get_object (on_gpu), "scores");
  for (guint l = 0; l < json_array_get_length (expected); l++)
    {
      JsonArray *a = json_array_get_array_element (found, l), *b = json_array_get_array_element (expected, l);
      for (guint t = 0; t < json_array_get_length (b); t++)
        g_assert_cmpfloat_with_epsilon (number (a, t), number (b, t), 1e-5);
    }
}

/* A trace by the module, stopped after its first cell. (transfer full): its file */
static char *
stop_trace (const char *folder)
{
  char *file = g_build_filename (folder, "a.npz", NULL);
  g_autoptr (GSubprocess) process
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL,
                          g_getenv ("ENGRAM_CLI"), "trace", EIFFEL, "--subject", SUBJECT, "--samples", "20",
                          "--device", "cuda", "--stream", "--no-estimate", "-o", file, NULL);
  char byte;
  g_assert_cmpint (g_input_stream_read (g_subprocess_get_stdout_pipe (process), &byte, 1, NULL, NULL), ==, 1);
  g_subprocess_send_signal (process, SIGINT);
  g_assert_true (g_subprocess_communicate (process, NULL, NULL, NULL, NULL, NULL));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 130);
  return file;
}

/* What is printed, without the time that it took. (transfer full) */
static char *
timeless (const char *text)
{
  g_autoptr (GRegex) time = g_regex_new ("\"(seconds|date)\" *: *[-+0-9.e\"TZ:]+", 0, 0, NULL);
  return g_regex_replace_literal (time, text, -1, 0, "", 0, NULL);
}

/* A trace goes on where it began, and nowhere else. */
static void
test_resume (void)
{
  char *module = use_module (g_getenv ("CUDA_HOST_MODULE"));
  g_autofree char *folder = new_folder (), *file = stop_trace (folder);
  g_setenv ("CUDA_HOST_DRIVER", "0", TRUE);
  g_auto (Outcome) elsewhere = RUN ("trace", "--resume", file);
  g_unsetenv ("CUDA_HOST_DRIVER");
  g_assert_cmpint (elsewhere.status, ==, 1);
  assert_one_sentence (elsewhere.err);
  g_auto (Outcome) resumed = RUN ("trace", "--resume", file, "--json");
  g_assert_cmpint (resumed.status, ==, 0);
  g_auto (Outcome) whole
      = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--samples", "20", "--device", "cuda", "--json");
  leave_module (module);
  g_autofree char *expected = timeless (whole.out), *found = timeless (resumed.out);
  g_assert_cmpstr (found, ==, expected);
  g_assert_nonnull (strstr (found, "cuda:0 (cuda-host)"));
  remove_folder (folder);
}

/* The second of two GPUs, where the first is too old. */
static void
test_first_usable (void)
{
  char *folder = use_module (g_getenv ("CUDA_HOST_MODULE"));
  g_setenv ("CUDA_HOST_DEVICES", "2", TRUE);
  g_setenv ("CUDA_HOST_CAPABILITY", "61,75", TRUE);
  gboolean usable = FALSE;
  g_autofree char *said = ask_info (&usable);
  g_assert_true (usable);
  g_assert_true (g_str_has_prefix (said, "cuda-host, compute capability 7.5, "));
  g_autoptr (JsonNode) node = trace_on ("auto");
  g_assert_cmpstr (device_of (node), ==, "cuda:1 (cuda-host)");
  g_auto (Outcome) narrow = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--samples", "1", "--device",
                                 "cuda:1", "--precision", "tf32");
  g_assert_cmpint (narrow.status, !=, 0);
  g_assert_nonnull (strstr (narrow.err, "products in tf32 need 8.0 or later: choose fp32"));
  g_unsetenv ("CUDA_HOST_DEVICES");
  g_unsetenv ("CUDA_HOST_CAPABILITY");
  leave_module (folder);
}

/* What info --json says of CUDA, in German. (transfer full) */
static char *
ask_in_german (const char *member)
{
  g_setenv ("LANGUAGE", "de", TRUE);
  g_auto (Outcome) info = RUN ("info", "--json");
  g_unsetenv ("LANGUAGE");
  g_autoptr (JsonNode) node = parse (info.out);
  JsonObject *cuda = json_object_get_object_member (json_node_get_object (node), "cuda");
  return g_strdup (json_object_get_string_member (cuda, member));
}

/* A sentence of the module's own, and one of the program's. */
static void
test_translated (void)
{
  char *folder = use_module (g_getenv ("CUDA_HOST_MODULE"));
  g_autofree char *device = ask_in_german ("device");
  g_assert_true (g_str_has_prefix (device, "cuda-host, Compute Capability 9.0, "));
  g_setenv ("CUDA_HOST_CAPABILITY", "61", TRUE);
  g_autofree char *why_not = ask_in_german ("why_not");
  g_assert_cmpstr (why_not, ==,
                   "cuda-host hat die Compute Capability 6.1, und Engram braucht 7.5 oder höher");
  g_unsetenv ("CUDA_HOST_CAPABILITY");
  leave_module (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/device/module", test_modules);
  g_test_add_func ("/device/reasons", test_devices);
  g_test_add_func ("/device/trace", test_trace);
  g_test_add_func ("/device/resumed-where-it-began", test_resume);
  g_test_add_func ("/device/first-usable", test_first_usable);
  g_test_add_func ("/device/translated", test_translated);
  return g_test_run ();
}
