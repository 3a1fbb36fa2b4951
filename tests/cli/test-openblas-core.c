/* The program takes better kernels than an OpenBLAS that does not know the processor, unless a person has
 * chosen some. */
#include <json-glib/json-glib.h>

#include <string.h>

/* What `info` says of OpenBLAS. */
static void
ask (const char *gemm, const char *core_type, char **core, gboolean *chosen)
{
  g_auto (GStrv) environment = g_get_environ ();
  g_autofree char *out = NULL;
  g_autoptr (GError) error = NULL;
  int status;
  environment = g_environ_setenv (environment, "LD_PRELOAD", g_getenv ("FAKE_OPENBLAS"), TRUE);
  environment
      = g_environ_setenv (environment, "ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", TRUE);
  environment = g_environ_unsetenv (environment, "OPENBLAS_CORETYPE");
  /* Where it does not multiply, nothing is chosen. */
  environment = g_environ_unsetenv (environment, "ENGRAM_GEMM");
  if (core_type)
    environment = g_environ_setenv (environment, "OPENBLAS_CORETYPE", core_type, TRUE);
  char *argv[] = {
    (char *)g_getenv ("ENGRAM_CLI"), (char *)"info", (char *)"--json", (char *)"--gemm", (char *)gemm, NULL
  };
  g_spawn_sync (NULL, argv, environment, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_true (g_spawn_check_wait_status (status, NULL));
  g_autoptr (JsonNode) root = json_from_string (out, &error);
  g_assert_no_error (error);
  JsonObject *openblas = json_object_get_object_member (json_node_get_object (root), "openblas");
  *core = g_strdup (json_object_get_string_member (openblas, "core"));
  *chosen = json_object_get_boolean_member (openblas, "chosen");
}

static void
test_better_core_is_taken (void)
{
#if defined(__x86_64__)
  __builtin_cpu_init ();
  if (!__builtin_cpu_supports ("avx2") || !__builtin_cpu_supports ("fma"))
    {
      g_test_skip ("this processor has no AVX2");
      return;
    }
  const gboolean avx512 = __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw")
                          && __builtin_cpu_supports ("avx512vl") && __builtin_cpu_supports ("avx512dq")
                          && __builtin_cpu_supports ("avx512cd");
  g_autofree char *core = NULL;
  gboolean chosen;
  ask ("openblas", NULL, &core, &chosen);
  g_assert_cmpstr (core, ==, avx512 ? "SkylakeX" : "Haswell");
  g_assert_true (chosen);
#else
  g_test_skip ("not an x86-64 processor");
#endif
}

static void
test_own_choice_is_kept (void)
{
  g_autofree char *core = NULL;
  gboolean chosen;
  ask ("openblas", "Nehalem", &core, &chosen);
  g_assert_cmpstr (core, ==, "Nehalem");
  g_assert_false (chosen);
}

static void
test_unused_openblas_is_left_alone (void)
{
  g_autofree char *core = NULL;
  gboolean chosen;
  ask ("engram", NULL, &core, &chosen);
  g_assert_false (chosen);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/openblas-core/better-one-is-taken", test_better_core_is_taken);
  g_test_add_func ("/openblas-core/own-choice-is-kept", test_own_choice_is_kept);
  g_test_add_func ("/openblas-core/one-that-does-not-multiply-is-left-alone",
                   test_unused_openblas_is_left_alone);
  return g_test_run ();
}
