/* engram-cli study run: traces the facts of a file into a folder. */
#include "study/study-run.h"

#include "cli/interrupt.h"
#include "cli/request-options.h"
#include "cli/study.h"
#include "core/number.h"
#include "trace/ask/fields.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Seconds between two lines of progress: on a terminal, and in a file. */
#define TERMINAL_INTERVAL 0.1
#define FILE_INTERVAL     30

/* As they were typed; to be zeroed before and cleared after. */
typedef struct
{
  CliRequestOptions request;
  char *folder, *limit_text, *shard_text, *min_effect_text;
  gboolean estimate;
  guint64 limit, shard, n_shards;
  double min_effect;
} StudyOptions;

static void
study_options_clear (StudyOptions *self)
{
  cli_request_options_clear (&self->request);
  g_free (self->folder);
  g_free (self->limit_text);
  g_free (self->shard_text);
  g_free (self->min_effect_text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StudyOptions, study_options_clear)

/* ---- what was typed ---- */

/* "2/7" */
static gboolean
read_shard (StudyOptions *self)
{
  self->shard = self->n_shards = 1;
  if (self->shard_text == NULL)
    return TRUE;
  g_auto (GStrv) parts = g_strsplit (self->shard_text, "/", 2);
  if (g_strv_length (parts) == 2)
    return cli_parse_integer ("--shard", parts[1], 1, G_MAXINT32, &self->n_shards)
           && cli_parse_integer ("--shard", parts[0], 1, self->n_shards, &self->shard);
  cli_say (_ ("--shard is I/N, the Ith of N parts: 2/7"));
  return FALSE;
}

static gboolean
read_numbers (StudyOptions *self)
{
  g_autoptr (GError) error = NULL;
  self->min_effect = EG_STUDY_MIN_EFFECT;
  if ((self->limit_text != NULL
       && !cli_parse_integer ("--limit", self->limit_text, 1, G_MAXINT32, &self->limit))
      || !read_shard (self))
    return FALSE;
  if (self->min_effect_text == NULL
      || eg_parse_number ("--min-effect", self->min_effect_text, 0, 1, &self->min_effect, &error))
    return TRUE;
  cli_fail (error);
  return FALSE;
}

/* One request for all facts; NULL, said. (transfer full) */
static EgTraceRequest *
make_request (const StudyOptions *typed, const CliOptions *options)
{
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (NULL, NULL);
  if (!cli_request_options_apply (&typed->request, request))
    return NULL;
  request->device = options->device;
  return g_steal_pointer (&request);
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

/* (transfer full) */
static EgStudySettings *
make_settings (EgModel *model, const EgTraceRequest *request, const StudyOptions *typed)
{
  EgStudySettings *settings = eg_study_settings_new (model, request);
  settings->is_estimated = typed->estimate;
  settings->min_effect = typed->min_effect;
  settings->shard = typed->shard;
  settings->n_shards = typed->n_shards;
  return settings;
}

static int
begin (const char *facts, const StudyOptions *typed, const CliOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceRequest) request = make_request (typed, options);
  if (request == NULL)
    return CLI_USAGE;
  g_autofree char *demo = g_str_equal (facts, "demo") && !g_file_test (facts, G_FILE_TEST_EXISTS)
                              ? eg_facts_find_demo ()
                              : NULL;
  g_autoptr (EgModel) model = cli_open_model (options, &error);
  g_autoptr (EgStudySettings) settings = model != NULL ? make_settings (model, request, typed) : NULL;
  g_autoptr (EgStudyFolder) folder
      = settings != NULL && eg_study_settings_check_model (settings, model, &error) ? eg_study_folder_begin (
            typed->folder, demo != NULL ? demo : facts, (gsize)typed->limit, settings, &error)
                                                                                    : NULL;
  return folder != NULL ? run_study (folder, model, options) : cli_fail (error);
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  g_auto (StudyOptions) typed = { 0 };
  const GOptionEntry own[] = {
    { "folder", 0, 0, G_OPTION_ARG_FILENAME, &typed.folder,
      N_ ("Where the study is kept: made, or gone on with"), "DIR" },
    { "limit", 0, 0, G_OPTION_ARG_FILENAME, &typed.limit_text, N_ ("Only the first N facts"), "N" },
    { "shard", 0, 0, G_OPTION_ARG_FILENAME, &typed.shard_text,
      N_ ("Only the Ith of N parts of the facts, to be merged with the others"), "I/N" },
    { "min-effect", 0, 0, G_OPTION_ARG_FILENAME, &typed.min_effect_text,
      N_ ("Set facts apart where corruption takes less than this part of the probability (default: 0.05)"),
      "PART" },
    { "estimate", 0, 0, G_OPTION_ARG_NONE, &typed.estimate,
      N_ ("Estimate all facts to first order, in place of tracing them"), NULL },
    { NULL },
  };
  EgTraceField fields[EG_N_FIELDS + 1];
  eg_study_settings_list_fields (fields);
  g_autofree GOptionEntry *entries = cli_request_options_list (&typed.request, fields, own);
  const char *facts;
  int status;
  if (!cli_options_parse (&options, &cli_study_run, entries, argc, argv, &status)
      || !cli_options_get_argument (&options, _ ("file of facts"), &facts, &status))
    return status;
  if (!read_numbers (&typed))
    return CLI_USAGE;
  if (typed.folder != NULL)
    return begin (facts, &typed, &options);
  cli_say (_ ("--folder is missing: where is the study to be kept?"));
  return CLI_USAGE;
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
