/* engram-cli study run: traces the facts of a file into a folder. */
#include "study/study-run.h"

#include "cli/interrupt.h"
#include "cli/study-options.h"
#include "cli/study.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Seconds between two lines of progress: on a terminal, and in a file. */
#define TERMINAL_INTERVAL 0.1
#define FILE_INTERVAL     30

/* With the shard as it was typed; to be zeroed before and cleared after. */
typedef struct
{
  CliStudyOptions study;
  char *shard_text;
} RunOptions;

static void
run_options_clear (RunOptions *self)
{
  cli_study_options_clear (&self->study);
  g_free (self->shard_text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RunOptions, run_options_clear)

/* ---- what was typed ---- */

static gboolean
read_shard (RunOptions *self)
{
  g_autoptr (GError) error = NULL;
  if (self->shard_text == NULL || cli_study_plan_read_shard (&self->study.plan, self->shard_text, &error))
    return TRUE;
  cli_fail (error);
  return FALSE;
}

/* ---- progress ---- */

typedef struct
{
  gboolean is_terminal;
  double shown_at;
} Follower;

static void
on_progress (const EgStudyProgress *progress, gpointer data)
{
  Follower *self = data;
  if (progress->elapsed - self->shown_at < (self->is_terminal ? TERMINAL_INTERVAL : FILE_INTERVAL))
    return;
  self->shown_at = progress->elapsed;
  g_autofree char *text
      = progress->left >= 0
            ? g_strdup_printf (_ ("Study: %zu of %zu facts, %.3g facts/s, %.0f s left"), progress->done,
                               progress->total, progress->rate, ceil (progress->left))
            : g_strdup_printf (_ ("Study: %zu of %zu facts"), progress->done, progress->total);
  fprintf (stderr, self->is_terminal ? "\r\033[K%s" : "%s\n", text);
  fflush (stderr);
}

/* ---- the run ---- */

static void
say_stopped (EgStudyFolder *folder)
{
  cli_say (_ ("Stopped: %zu of %zu facts are in %s; the same command goes on from there"),
           eg_study_folder_count_done (folder), eg_study_folder_count_facts (folder),
           eg_study_folder_get_path (folder));
}

static int
present (EgStudyFolder *folder, const CliOptions *options)
{
  if (!options->json)
    {
      cli_study_print_counts (folder);
      return CLI_DONE;
    }
  JsonObject *document = json_object_new ();
  json_object_set_string_member (document, "folder", eg_study_folder_get_path (folder));
  json_object_set_string_member (document, "model", eg_study_folder_get_settings (folder)->model);
  json_object_set_object_member (document, "facts", cli_study_counts_to_json (folder));
  cli_print_json (document);
  return CLI_DONE;
}

static int
run_study (EgStudyFolder *folder, EgModel *model, const CliOptions *options)
{
  g_autoptr (GError) error = NULL;
  Follower follower = { .is_terminal = isatty (STDERR_FILENO) };
  const gboolean ok = eg_study_run (folder, model, options->threads, cli_interrupt_cancellable (),
                                    on_progress, &follower, &error);
  if (follower.is_terminal)
    fputs ("\r\033[K", stderr);
  if (ok)
    return present (folder, options);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    say_stopped (folder);
  return cli_fail (error);
}

static int
begin (const char *facts, RunOptions *typed, const CliOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceRequest) request
      = read_shard (typed) ? cli_study_options_make_request (&typed->study, options) : NULL;
  if (request == NULL)
    return CLI_USAGE;
  if (typed->study.folder == NULL)
    {
      cli_say (_ ("--folder is missing: where is the study to be kept?"));
      return CLI_USAGE;
    }
  g_autofree char *path = cli_study_find_facts (facts);
  g_autoptr (EgModel) model = cli_open_model (options, &error);
  EgTraceField which = EG_N_FIELDS;
  g_autoptr (EgStudyFolder) folder = model != NULL ? cli_study_begin (&typed->study.plan, typed->study.folder,
                                                                      path, model, request, &which, &error)
                                                   : NULL;
  if (folder != NULL)
    return run_study (folder, model, options);
  const int status = cli_fail (error);
  return which < EG_N_FIELDS ? CLI_USAGE : status;
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  g_auto (RunOptions) typed = { 0 };
  const GOptionEntry own[] = {
    { "folder", 0, 0, G_OPTION_ARG_FILENAME, &typed.study.folder,
      N_ ("Where the study is kept: made, or gone on with"), "DIR" },
    { "shard", 0, 0, G_OPTION_ARG_FILENAME, &typed.shard_text,
      N_ ("Only the Ith of N parts of the facts, to be merged with the others"), "I/N" },
    { NULL },
  };
  const char *facts;
  int status;
  return cli_study_options_parse (&typed.study, &options, &cli_study_run, own, argc, argv, &facts, &status)
             ? begin (facts, &typed, &options)
             : status;
}

const CliCommand cli_study_run = {
  .name = "study run",
  .usage = "FACTS --folder DIR [OPTION…]",
  .summary = N_ ("Trace the facts of a file: those that the model knows"),
  .description = N_ ("FACTS is ROME’s known_1000.json, CounterFact, JSON lines, CSV or TSV with the columns "
                     "prompt, subject and "
                     "perhaps target, relation and id, or lines of prompt, tab and subject; “demo” is the "
                     "demo models’ own.\n"
                     "Example:\n"
                     "  engram-cli study run demo --folder demo-study\n"
                     "It may be stopped at any time: the same command goes on. DIR/results.npz has the "
                     "numbers in the end.\n"),
  .run = run,
};
