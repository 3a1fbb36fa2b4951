/* Runs a test under one set of kernels: with-kernels OPENBLAS OWN GEMM PROGRAM [ARGUMENTS…]
 *   OPENBLAS  one of OpenBLAS's for x86-64, as OPENBLAS_CORETYPE names it: "Haswell"
 *   OWN       one of ours, as ENGRAM_CPU_KERNELS names it: "AVX2"
 *   GEMM      what multiplies, as ENGRAM_GEMM names it: "engram" or "openblas"
 * What this machine cannot run is skipped by name. OpenBLAS chooses when it is loaded: so this starts itself
 * anew with the environment set, and looks at what is in use there before it becomes the test. */
#include "engine/backend.h"
#include "engine/cpu/openblas.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CHOSEN "--chosen"

typedef enum
{
  NEEDS_SSE4,
  NEEDS_AVX,
  NEEDS_AVX2,
  NEEDS_AVX512,
} Needs;

static const struct
{
  const char *name;
  Needs needs;
} kernels[] = {
  { "Nehalem", NEEDS_SSE4 }, { "Sandybridge", NEEDS_AVX }, { "Haswell", NEEDS_AVX2 },
  { "Zen", NEEDS_AVX2 },     { "SkylakeX", NEEDS_AVX512 }, { "baseline", NEEDS_SSE4 },
  { "AVX2", NEEDS_AVX2 },    { "AVX-512", NEEDS_AVX512 },
};

/* The instructions that the processor lacks, or NULL. */
static const char *
missing_for (Needs needs)
{
#if defined(__x86_64__)
  __builtin_cpu_init ();
  const gboolean avx2 = __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma");
  switch (needs)
    {
    case NEEDS_SSE4:
      return __builtin_cpu_supports ("sse4.2") ? NULL : "SSE4.2";
    case NEEDS_AVX:
      return __builtin_cpu_supports ("avx") ? NULL : "AVX";
    case NEEDS_AVX2:
      return avx2 ? NULL : "AVX2";
    case NEEDS_AVX512:
      return avx2 && __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512cd")
                     && __builtin_cpu_supports ("avx512vl") && __builtin_cpu_supports ("avx512dq")
                     && __builtin_cpu_supports ("avx512bw")
                 ? NULL
                 : "AVX-512";
    }
#endif
  return "x86-64’s instructions";
}

static const char *
missing_for_name (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kernels); i++)
    if (strcmp (kernels[i].name, name) == 0)
      return missing_for (kernels[i].needs);
  g_error ("There are no kernels named %s", name);
}

static int
start (const char *program, char **argv)
{
  execv (program, argv);
  g_print ("Bail out! %s: %s\n", program, g_strerror (errno));
  return 1;
}

/* In the program that has been started anew. */
static int
check_and_start (const char *openblas, const char *own, const char *gemm, char **argv)
{
  const char *core = eg_openblas_get_core ();
  if (g_ascii_strcasecmp (core, openblas) != 0)
    {
      g_print ("1..0 # SKIP OpenBLAS’s %s: this OpenBLAS has none, and takes %s\n", openblas, core);
      return 0;
    }
  if (strcmp (eg_backend_cpu_kernels (), own) != 0)
    {
      g_print ("Bail out! asked for our kernels %s, and %s are in use\n", own, eg_backend_cpu_kernels ());
      return 1;
    }
  if (strcmp (eg_backend_cpu_gemm (), gemm) != 0)
    {
      g_print ("Bail out! asked for products by %s, and %s is in use\n", gemm, eg_backend_cpu_gemm ());
      return 1;
    }
  return start (argv[0], argv);
}

int
main (int argc, char **argv)
{
  if (argc > 5 && strcmp (argv[1], CHOSEN) == 0)
    return check_and_start (argv[2], argv[3], argv[4], argv + 5);
  if (argc < 5)
    {
      g_printerr ("with-kernels OPENBLAS OWN GEMM PROGRAM [ARGUMENTS…]\n");
      return 2;
    }
  for (int i = 1; i < 3; i++)
    if (missing_for_name (argv[i]))
      {
        g_print ("1..0 # SKIP %s kernels: this processor has no %s\n", argv[i], missing_for_name (argv[i]));
        return 0;
      }
  g_setenv ("OPENBLAS_CORETYPE", argv[1], TRUE);
  g_setenv ("ENGRAM_CPU_KERNELS", argv[2], TRUE);
  g_setenv ("ENGRAM_GEMM", argv[3], TRUE);
  g_autofree char **again = g_new0 (char *, (gsize)argc + 2);
  again[0] = argv[0];
  again[1] = (char *)CHOSEN;
  for (int i = 1; i < argc; i++)
    again[i + 1] = argv[i];
  return start ("/proc/self/exe", again);
}
