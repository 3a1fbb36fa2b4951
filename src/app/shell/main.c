/* The program’s first lines: the BLAS core, the language, the application. */
#include "app/shell/application.h"

#include "core/data.h"
#include "engine/cpu/openblas.h"

#include <locale.h>

int
main (int argc, char **argv)
{
  eg_openblas_choose_core (argv);
  setlocale (LC_ALL, "");
  eg_data_bind_translations ();

  g_autoptr (EgApplication) application = eg_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
