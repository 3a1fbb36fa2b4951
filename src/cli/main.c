/* engram-cli: causal tracing without a screen. */
#include "cli/common.h"
#include "cli/interrupt.h"
#include "core/data.h"
#include "engine/cpu/openblas.h"

#include <glib/gi18n.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

const CliCommand *const cli_commands[]
    = { &cli_predict, &cli_tokenize, &cli_trace, &cli_study, &cli_plot,  &cli_compare,
        &cli_info,    &cli_models,   &cli_pull,  &cli_bench, &cli_serve, NULL };

static const CliCommand *
find_command (const char *name)
{
  for (gsize i = 0; cli_commands[i] != NULL; i++)
    if (g_str_equal (cli_commands[i]->name, name))
      return cli_commands[i];
  return g_str_equal (name, cli_describe.name) ? &cli_describe : NULL;
}

static char *
overview (void)
{
  GString *text = g_string_new (_ ("Usage: engram-cli COMMAND [OPTION…]\n\n"
                                   "Which states of a language model bring a fact back?\n\n"
                                   "Commands:\n"));
  for (gsize i = 0; cli_commands[i] != NULL; i++)
    g_string_append_printf (text, "  %-10s %s\n", cli_commands[i]->name, _ (cli_commands[i]->summary));
  g_string_append (
      text, _ ("\nengram-cli COMMAND --help lists a command’s options; engram-cli --version the version.\n"
               "-- ends the options: what follows is text, even when it begins with a dash.\n"));
  return g_string_free (text, FALSE);
}

/* A file that is opened must never become standard output. */
static void
fill_standard_descriptors (void)
{
  int descriptor;
  do
    descriptor = open ("/dev/null", O_RDWR);
  while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor >= 0)
    close (descriptor);
}

static int
run (int argc, char **argv)
{
  g_autofree char *text = NULL;
  if (argc < 2)
    {
      text = overview ();
      fputs (text, stderr);
      return CLI_USAGE;
    }
  const char *name = argv[1];
  if (g_str_equal (name, "--version"))
    {
      cli_print ("engram-cli %s\n", ENGRAM_VERSION);
      return CLI_DONE;
    }
  if (g_str_equal (name, "--help") || g_str_equal (name, "-h") || (g_str_equal (name, "help") && argc == 2))
    {
      text = overview ();
      cli_print ("%s", text);
      return CLI_DONE;
    }
  const gboolean help = g_str_equal (name, "help");
  const CliCommand *command = find_command (help ? argv[2] : name);
  if (command == NULL)
    {
      cli_say (_ ("There is no command “%s” (engram-cli --help lists them)"), help ? argv[2] : name);
      return CLI_USAGE;
    }
  if (help)
    return command->run (2, (char *[]){ argv[2], "--help", NULL });
  return command->run (argc - 1, argv + 1);
}

int
main (int argc, char **argv)
{
  eg_openblas_choose_core (argv);
  fill_standard_descriptors ();
  signal (SIGPIPE, SIG_IGN);
  signal (SIGXFSZ, SIG_IGN);                  /* a limit on files is an error like a full disk */
  g_log_writer_default_set_use_stderr (TRUE); /* before any thread */
  cli_interrupt_start ();
  setlocale (LC_ALL, "");
  eg_data_bind_translations ();
  g_set_prgname ("engram-cli");
  return cli_end (run (argc, argv));
}
