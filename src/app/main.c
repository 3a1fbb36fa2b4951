#include "app/application.h"

#include "engine/cpu/openblas.h"

#include <glib/gi18n.h>
#include <locale.h>

int
main (int argc, char **argv)
{
  eg_openblas_choose_core (argv);
  setlocale (LC_ALL, "");
  bindtextdomain ("engram", ENGRAM_LOCALEDIR);
  bind_textdomain_codeset ("engram", "UTF-8");
  textdomain ("engram");

  g_autoptr (EgApplication) application = eg_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
