/* engram-cli study slurm: a study as jobs of a cluster. */
#include "study/slurm.h"

#include "cli/study-options.h"
#include "cli/study.h"
#include "core/error.h"
#include "trace/ask/fields.h"

#include <glib/gi18n.h>
#include <string.h>
#include <sys/wait.h>

/* As they were typed; to be zeroed before and cleared after. */
typedef struct
{
  CliStudyOptions study;
  char *shards_text, *time, *partition, *memory, *cpus_text;
  char **more;
  gboolean submit;
  guint64 n_shards, n_cpus;
} SlurmOptions;

static void
slurm_options_clear (SlurmOptions *self)
{
  char *const texts[] = { self->shards_text, self->time, self->partition, self->memory, self->cpus_text };
  cli_study_options_clear (&self->study);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  g_strfreev (self->more);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SlurmOptions, slurm_options_clear)

/* ---- the tasks' own command line ---- */

static void
add_option (GStrvBuilder *arguments, const char *option, const char *value)
{
  if (value == NULL)
    return;
  g_autofree char *typed = g_strdup_printf ("--%s=%s", option, value);
  g_strv_builder_add (arguments, typed);
}

static void
add_flag (GStrvBuilder *arguments, const char *option, gboolean is_set)
{
  g_autofree char *typed = g_strconcat ("--", option, NULL);
  if (is_set)
    g_strv_builder_add (arguments, typed);
}

/* Of `study run`, as it was typed here. (transfer full) */
static char **
make_arguments (const char *facts, const SlurmOptions *typed, const CliOptions *options)
{
  g_autoptr (GStrvBuilder) arguments = g_strv_builder_new ();
  g_strv_builder_add (arguments, facts);
  add_option (arguments, "model", options->model);
  add_option (arguments, "tokenizer", options->tokenizer);
  add_option (arguments, "device", options->device_text);
  add_option (arguments, "precision", options->precision_text);
  add_option (arguments, "gemm", options->gemm_text);
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    {
      const char *option = eg_trace_field_get_info (field)->option;
      add_option (arguments, option, typed->study.request.texts[field]);
      add_flag (arguments, option, typed->study.request.flags[field]);
    }
  add_option (arguments, "limit", typed->study.limit_text);
  add_option (arguments, "min-effect", typed->study.min_effect_text);
  add_flag (arguments, "estimate", typed->study.plan.estimate);
  return g_strv_builder_end (arguments);
}

/* ---- what was typed ---- */

/* What was typed that makes no sense by itself; the exit code. */
static int
check (SlurmOptions *self, const CliOptions *options)
{
  if (options->threads_text != NULL)
    {
      cli_say (_ ("--threads is for one machine: on a cluster, --cpus-per-task says how many a task has"));
      return CLI_USAGE;
    }
  if (self->study.folder == NULL || self->shards_text == NULL)
    {
      cli_say (_ ("--folder and --shards are needed: where the study is to be kept, and of how many parts"));
      return CLI_USAGE;
    }
  if (!cli_parse_integer ("--shards", self->shards_text, 1, 100000, &self->n_shards)
      || (self->cpus_text != NULL
          && !cli_parse_integer ("--cpus-per-task", self->cpus_text, 1, 4096, &self->n_cpus)))
    return CLI_USAGE;
  if (options->json && self->submit)
    {
      cli_say (_ ("--submit prints what Slurm says: leave out --json"));
      return CLI_USAGE;
    }
  return CLI_DONE;
}

/* As each of the tasks does, up to the limit. */
static gboolean
check_facts (const char *facts, gsize limit, GError **error)
{
  g_autofree char *path = cli_study_find_facts (facts);
  g_autoptr (EgFactReader) reader = eg_fact_reader_open (path, error);
  for (gsize n = 0; reader != NULL && (limit == 0 || n < limit); n++)
    {
      g_autoptr (EgFact) fact = NULL;
      if (!eg_fact_reader_next (reader, &fact, error))
        return FALSE;
      if (fact == NULL)
        return n > 0 || eg_error_invalid (error, _ ("%s: there are no facts"), facts);
    }
  return reader != NULL;
}

/* Fetches it, too, if that is wanted: a task may have no network. The tasks' machines may have the memory
 * that this one has not. */
static gboolean
check_model (const EgTraceRequest *request,
             const CliStudyPlan *plan,
             const CliOptions *options,
             EgTraceField *which,
             GError **error)
{
  GError *problem = NULL;
  g_autoptr (EgModel) model = cli_open_model (options, &problem);
  if (model == NULL && g_error_matches (problem, EG_ERROR, EG_ERROR_MEMORY))
    {
      g_error_free (problem);
      return TRUE;
    }
  if (model == NULL)
    {
      g_propagate_error (error, problem);
      return FALSE;
    }
  g_autoptr (EgStudySettings) settings = eg_study_settings_new (model, request);
  settings->is_estimated = plan->estimate;
  return eg_study_settings_check_model (settings, model, which, error);
}

/* What `study run` would refuse in each of the tasks; the exit code. */
static int
check_tasks (const char *facts, SlurmOptions *self, const CliOptions *options)
{
  g_autoptr (GError) error = NULL;
  EgTraceField which = EG_N_FIELDS;
  g_autoptr (EgTraceRequest) request = cli_study_options_make_request (&self->study, options);
  if (request == NULL)
    return CLI_USAGE;
  if (check_facts (facts, self->study.plan.limit, &error)
      && check_model (request, &self->study.plan, options, &which, &error))
    return CLI_DONE;
  const int status = cli_fail (error);
  return which < EG_N_FIELDS ? CLI_USAGE : status;
}

/* ---- sending ---- */

static int
submit (const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *script = g_build_filename (folder, "submit.sh", NULL);
  char *arguments[] = { (char *)"bash", script, NULL };
  int status = 0;
  if (!cli_flush ())
    return CLI_FAILED;
  if (!g_spawn_sync (NULL, arguments, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL,
                     NULL, NULL, &status, &error))
    return cli_fail (error);
  if (WIFEXITED (status) && WEXITSTATUS (status) == 0)
    return CLI_DONE;
  cli_say (_ ("Slurm has not taken the jobs: the scripts are in %s"), folder);
  return CLI_FAILED;
}

static void
print_document (const char *folder, guint64 n_shards)
{
  static const char *const scripts[] = { "array.sh", "merge.sh", "submit.sh" };
  JsonObject *document = json_object_new ();
  JsonArray *names = json_array_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (scripts); i++)
    json_array_add_string_element (names, scripts[i]);
  json_object_set_string_member (document, "folder", folder);
  json_object_set_int_member (document, "shards", (gint64)n_shards);
  json_object_set_array_member (document, "scripts", names);
  cli_print_json (document);
}

static int
write_job (const char *facts, const SlurmOptions *typed, const CliOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *program = g_file_read_link ("/proc/self/exe", &error);
  g_autofree char *directory = g_get_current_dir ();
  g_autofree char *folder = g_canonicalize_filename (typed->study.folder, NULL);
  g_auto (GStrv) arguments = make_arguments (facts, typed, options);
  const EgSlurmJob job = { .program = program,
                           .directory = directory,
                           .folder = folder,
                           .arguments = arguments,
                           .n_shards = (guint)typed->n_shards,
                           .n_cpus = (guint)typed->n_cpus,
                           .time = typed->time,
                           .partition = typed->partition,
                           .memory = typed->memory,
                           .more = typed->more };
  if (program == NULL || !eg_slurm_job_write (&job, &error))
    return cli_fail (error);
  if (typed->submit)
    return submit (folder);
  if (options->json)
    print_document (folder, typed->n_shards);
  else
    cli_print (_ ("Written: array.sh, merge.sh and submit.sh in %s\nSend them with: bash %s/submit.sh\n"),
               folder, folder);
  return CLI_DONE;
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  g_auto (SlurmOptions) typed = { 0 };
  const GOptionEntry own[] = {
    { "folder", 0, 0, G_OPTION_ARG_FILENAME, &typed.study.folder,
      N_ ("Where the study is kept, on a disk that all nodes see"), "DIR" },
    { "shards", 0, 0, G_OPTION_ARG_FILENAME, &typed.shards_text, N_ ("How many tasks share the facts"), "N" },
    { "time", 0, 0, G_OPTION_ARG_FILENAME, &typed.time,
      N_ ("A task’s time limit, as sbatch has it; what is not done then is sent again"), "TIME" },
    { "partition", 0, 0, G_OPTION_ARG_FILENAME, &typed.partition, N_ ("The partition, as sbatch has it"),
      "NAME" },
    { "cpus-per-task", 0, 0, G_OPTION_ARG_FILENAME, &typed.cpus_text,
      N_ ("Processors a task, and so threads (default: what Slurm gives it)"), "N" },
    { "mem", 0, 0, G_OPTION_ARG_FILENAME, &typed.memory, N_ ("A task’s memory, as sbatch has it"), "SIZE" },
    { "sbatch", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &typed.more,
      N_ ("Another option of sbatch, such as --sbatch=--account=NAME (may be given again)"), "OPTION" },
    { "submit", 0, 0, G_OPTION_ARG_NONE, &typed.submit, N_ ("Send the jobs at once"), NULL },
    { NULL },
  };
  const char *facts;
  int status;
  if (!cli_study_options_parse (&typed.study, &options, &cli_study_slurm, own, argc, argv, &facts, &status))
    return status;
  status = check (&typed, &options);
  if (status == CLI_DONE)
    status = check_tasks (facts, &typed, &options);
  return status == CLI_DONE ? write_job (facts, &typed, &options) : status;
}

const CliCommand cli_study_slurm = {
  .name = "study slurm",
  .usage = "FACTS --folder DIR --shards N [OPTION…]",
  .summary = N_ ("Write a study as job scripts for Slurm, and send them"),
  .description
  = N_ ("The options of “study run” are those of every task. The scripts are to be read: array.sh "
        "traces a shard a task, merge.sh makes one study of them in DIR/merged, submit.sh sends "
        "both.\n"),
  .run = run,
};
