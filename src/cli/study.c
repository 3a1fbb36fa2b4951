/* engram-cli study: many facts. */
#include "cli/study.h"

#include "study/documents.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

static const CliCommand *const parts[]
    = { &cli_study_run, &cli_study_merge, &cli_study_show, &cli_study_compare, &cli_study_slurm, NULL };

/* "run" of the command named "study run". */
static const char *
get_word (const CliCommand *part)
{
  return strchr (part->name, ' ') + 1;
}

static char *
overview (void)
{
  GString *text = g_string_new (_ ("Usage: engram-cli study PART [OPTION…]\n\n"
                                   "Many facts, traced and averaged over by token role.\n\n"
                                   "Parts:\n"));
  for (gsize i = 0; parts[i] != NULL; i++)
    g_string_append_printf (text, "  %-10s %s\n", get_word (parts[i]), _ (parts[i]->summary));
  g_string_append (text, _ ("\nengram-cli study PART --help lists a part’s options.\n"));
  return g_string_free (text, FALSE);
}

static const CliCommand *
find_part (const char *word)
{
  for (gsize i = 0; parts[i] != NULL; i++)
    if (g_str_equal (get_word (parts[i]), word))
      return parts[i];
  return NULL;
}

static int
run (int argc, char **argv)
{
  g_autofree char *text = overview ();
  if (cli_options_are_visited ())
    {
      for (gsize i = 0; parts[i] != NULL; i++)
        parts[i]->run (1, (char *[]){ (char *)parts[i]->name, NULL });
      return CLI_DONE;
    }
  if (argc < 2)
    {
      fputs (text, stderr);
      return CLI_USAGE;
    }
  if (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h"))
    {
      cli_print ("%s", text);
      return CLI_DONE;
    }
  const CliCommand *part = find_part (argv[1]);
  if (part != NULL)
    return part->run (argc - 1, argv + 1);
  cli_say (_ ("A study has no part “%s” (engram-cli study --help lists them)"), argv[1]);
  return CLI_USAGE;
}

const CliCommand cli_study = {
  .name = "study",
  .usage = "run FACTS --folder DIR [OPTION…] | merge DIR… --folder DIR | show DIR [OPTION…]",
  .summary = N_ ("Trace many facts, and average over them by token role"),
  .run = run,
};

JsonObject *
cli_study_counts_to_json (EgStudyFolder *folder)
{
  gsize counts[EG_N_STUDY_STATES];
  eg_study_folder_count_states (folder, counts);
  return eg_study_counts_to_json (counts, eg_study_folder_count_facts (folder));
}

void
cli_study_print_counts (EgStudyFolder *folder)
{
  gsize counts[EG_N_STUDY_STATES];
  const gsize n = eg_study_folder_count_facts (folder), done = eg_study_folder_count_done (folder);
  eg_study_folder_count_states (folder, counts);
  cli_print (
      _ ("Facts: %zu; traced: %zu; not known to the model: %zu; not touched by corruption: %zu; failed: "
         "%zu\n"),
      n, counts[EG_STUDY_TRACED], counts[EG_STUDY_UNKNOWN], counts[EG_STUDY_UNAFFECTED],
      counts[EG_STUDY_FAILED]);
  if (done < n)
    cli_print (_ ("Not done yet: %zu\n"), n - done);
}

int
cli_study_refuse_idle (const CliIdleOption *options, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (options[i].typed != NULL && !options[i].counts)
      {
        cli_say (_ ("%s changes nothing of what is asked for: leave it out"), options[i].name);
        return CLI_USAGE;
      }
  return CLI_DONE;
}
