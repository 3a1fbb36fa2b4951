/* Starts the program anew where OpenBLAS has picked slower kernels than the processor can run. */
#include "engine/cpu/openblas.h"

#include "engine/backend.h"

#include <cblas.h>
#include <string.h>
#include <unistd.h>

#define CORETYPE "OPENBLAS_CORETYPE"
/* Set beside it in the program that is started anew, so that this happens once. */
#define MARK "ENGRAM_OPENBLAS_CHOSEN"

static gboolean chosen;
static char **arguments;

#if defined(__x86_64__)
/* From OpenBLAS's names of its kernels for x86-64, those that use these instructions. */
static const char *const with_avx512[] = { "SkylakeX", "Cooperlake", "SapphireRapids", NULL };
static const char *const with_avx2[] = { "Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids", NULL };

static gboolean
is_one_of (const char *name, const char *const *names)
{
  for (; *names; names++)
    if (g_ascii_strcasecmp (name, *names) == 0)
      return TRUE;
  return FALSE;
}

/* The kernels that suit this processor better than the present ones; NULL when there are none. */
static const char *
better_core (const char *present)
{
  __builtin_cpu_init ();
  const gboolean avx2 = __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma");
  const gboolean avx512 = avx2 && __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512cd")
                          && __builtin_cpu_supports ("avx512vl") && __builtin_cpu_supports ("avx512dq")
                          && __builtin_cpu_supports ("avx512bw");
  if (avx512 && !is_one_of (present, with_avx512))
    return "SkylakeX";
  if (avx2 && !is_one_of (present, with_avx2))
    return "Haswell";
  return NULL;
}
#else
static const char *
better_core (const char *present)
{
  return NULL;
}
#endif

void
eg_openblas_choose_core (char **argv)
{
  if (g_getenv (MARK))
    {
      /* For this process alone, not for those that it starts. */
      g_unsetenv (MARK);
      g_unsetenv (CORETYPE);
      chosen = TRUE;
      return;
    }
  if (argv)
    arguments = g_strdupv (argv); /* parsing takes options out of it */
  if (chosen || !arguments || g_getenv (CORETYPE) || eg_backend_cpu_packs ())
    return;
  const char *core = better_core (eg_openblas_get_core ());
  if (!core)
    return;
  g_setenv (CORETYPE, core, TRUE);
  g_setenv (MARK, "1", TRUE);
  execv ("/proc/self/exe", arguments);
  /* There is no such file, or it cannot be started: then it goes on as it is. */
  g_unsetenv (MARK);
  g_unsetenv (CORETYPE);
}

const char *
eg_openblas_get_core (void)
{
  return openblas_get_corename ();
}

const char *
eg_openblas_get_config (void)
{
  return openblas_get_config ();
}

gboolean
eg_openblas_core_was_chosen (void)
{
  return chosen;
}
