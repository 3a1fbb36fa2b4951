/* A study for one request: its facts from a file or from the line itself, progress as events, and its
 * document as the result. */
#include "cli/serve-study.h"

#include "cli/serve-events.h"
#include "cli/serve-facts.h"
#include "cli/serve-members.h"
#include "cli/serve-models.h"
#include "cli/study-begin.h"
#include "core/error.h"
#include "study/documents.h"
#include "study/fact-line.h"
#include "study/study-run.h"

#include <glib/gi18n.h>

/* Seconds from one event "progress" to the next. */
#define INTERVAL 0.1

const char *const cli_serve_study_members[]
    = { "model",      "tokenizer", "facts",     "folder",  "estimate", "limit",     "shard",
        "min-effect", "device",    "precision", "threads", "progress", "each-fact", NULL };
const char *const cli_serve_study_show_members[] = { "folder", NULL };

const EgTraceField *
cli_serve_study_list_options (void)
{
  static EgTraceField fields[EG_N_FIELDS + 1];
  eg_study_settings_list_fields (fields);
  return fields;
}

/* What is asked, and how it is answered; to be zeroed before and cleared after.
 * @each: whether each fact has its event; @shown_at: seconds, of the last progress */
typedef struct
{
  const CliRequest *request;
  const char *folder;
  CliServeFacts facts;
  CliStudyPlan plan;
  EgTraceRequest *trace;
  gboolean progress, each;
  double shown_at;
} Job;

static void
job_clear (Job *self)
{
  cli_serve_facts_clear (&self->facts);
  g_clear_pointer (&self->trace, eg_trace_request_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

/* ---- progress ---- */

static JsonObject *
describe_start (const EgStudyProgress *progress)
{
  const EgStudySettings *settings = eg_study_folder_get_settings (progress->folder);
  JsonObject *members = json_object_new ();
  JsonArray *sites = json_array_new ();
  for (gsize i = 0; i < settings->n_sites; i++)
    json_array_add_string_element (sites, settings->sites[i]);
  json_object_set_string_member (members, "folder", eg_study_folder_get_path (progress->folder));
  json_object_set_array_member (members, "roles", eg_study_roles_to_json ());
  json_object_set_int_member (members, "layers", (gint64)settings->n_layers);
  json_object_set_array_member (members, "sites", sites);
  json_object_set_object_member (members, "facts",
                                 eg_study_counts_to_json (progress->counts, progress->total));
  return members;
}

static JsonObject *
describe_progress (const EgStudyProgress *progress)
{
  JsonObject *members = json_object_new ();
  json_object_set_int_member (members, "done", (gint64)progress->done);
  json_object_set_int_member (members, "total", (gint64)progress->total);
  json_object_set_object_member (members, "facts",
                                 eg_study_counts_to_json (progress->counts, progress->total));
  json_object_set_double_member (members, "rate", progress->rate);
  json_object_set_double_member (members, "elapsed", progress->elapsed);
  if (progress->left >= 0)
    json_object_set_double_member (members, "left", progress->left);
  else
    json_object_set_null_member (members, "left");
  return members;
}

/* [role], each [layer], or null where the fact has no such token. */
static JsonArray *
curves_to_json (const EgStudyValues *values, const EgStudyRow *row, gsize site)
{
  const gsize n_layers = values->settings->n_layers;
  g_autofree double *curve = g_new (double, n_layers);
  JsonArray *roles = json_array_sized_new (EG_N_ROLES);
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    {
      if (!eg_study_values_get_curve (values, row, site, EG_STUDY_NORMALIZED, role, curve))
        {
          json_array_add_null_element (roles);
          continue;
        }
      JsonArray *layers = json_array_sized_new ((guint)n_layers);
      for (gsize l = 0; l < n_layers; l++)
        json_array_add_double_element (layers, curve[l]);
      json_array_add_array_element (roles, layers);
    }
  return roles;
}

/* By site; NULL of a fact that was not traced. */
static JsonObject *
normalized_to_json (const EgStudySettings *settings, const EgStudyFact *fact)
{
  g_autoptr (EgStudyValues) values = eg_study_values_new (settings, 1);
  eg_study_values_add (values, fact);
  if (values->rows->len == 0)
    return NULL;
  JsonObject *sites = json_object_new ();
  for (gsize i = 0; i < settings->n_sites; i++)
    json_object_set_array_member (sites, settings->sites[i],
                                  curves_to_json (values, values->rows->pdata[0], i));
  return sites;
}

static void
add_fact (JsonObject *members, const EgStudyProgress *progress)
{
  const EgStudySettings *settings = eg_study_folder_get_settings (progress->folder);
  JsonObject *sites = normalized_to_json (settings, progress->fact);
  json_object_set_object_member (members, "fact", eg_study_fact_to_json (progress->fact, settings));
  if (sites != NULL)
    json_object_set_object_member (members, "normalized", sites);
  else
    json_object_set_null_member (members, "normalized");
}

static gboolean
is_due (const Job *job, const EgStudyProgress *progress)
{
  return job->each || progress->done == progress->total || progress->elapsed - job->shown_at >= INTERVAL;
}

static void
on_progress (const EgStudyProgress *progress, gpointer data)
{
  Job *job = data;
  const char *event = progress->fact == NULL ? "start" : "progress";
  if (!job->progress || (progress->fact != NULL && !is_due (job, progress)))
    return;
  JsonObject *members = progress->fact == NULL ? describe_start (progress) : describe_progress (progress);
  if (progress->fact != NULL && job->each)
    add_fact (members, progress);
  job->shown_at = progress->elapsed;
  if (!cli_event_send (job->request->id, event, members))
    g_cancellable_cancel (job->request->cancellable);
}

/* ---- the result ---- */

static JsonObject *
finish (EgStudyFolder *folder, GError **error)
{
  g_autoptr (EgStudyValues) values = eg_study_values_load (folder, error);
  if (values == NULL)
    return NULL;
  JsonObject *members = json_object_new ();
  json_object_set_object_member (members, "result", eg_study_to_json (values, EG_STATISTICS_RESAMPLES));
  json_object_set_boolean_member (members, "complete", eg_study_folder_is_finished (folder));
  json_object_set_string_member (members, "folder", eg_study_folder_get_path (folder));
  return members;
}

/* ---- the request ---- */

static gboolean
read_plan (CliStudyPlan *plan, JsonObject *members, char **field, GError **error)
{
  const char *shard;
  guint64 limit = 0;
  cli_study_plan_init (plan);
  if (!cli_members_get_flag (members, "estimate", &plan->estimate, field, error)
      || !cli_members_get_count (members, "limit", 1, CLI_STUDY_MAX, &limit, field, error)
      || !cli_members_get_text (members, "shard", &shard, field, error))
    return FALSE;
  /* Other bounds than those of the sentence that it has: what is inside is for the settings' check. */
  if (!cli_members_get_number (members, "min-effect", -1, 1, &plan->min_effect, field, NULL))
    return eg_error_invalid (error, _ ("The least effect must be from 0 to below 1"));
  plan->limit = (gsize)limit;
  if (shard == NULL || cli_study_plan_read_shard (plan, shard, error))
    return TRUE;
  *field = g_strdup ("shard");
  return FALSE;
}

static gboolean
read_job (Job *job, char **field, GError **error)
{
  JsonObject *members = job->request->members;
  job->progress = TRUE;
  if (!cli_members_get_flag (members, "progress", &job->progress, field, error)
      || !cli_members_get_flag (members, "each-fact", &job->each, field, error)
      || !cli_members_need_text (members, "folder", &job->folder, field, error)
      || !read_plan (&job->plan, members, field, error))
    return FALSE;
  job->trace = eg_trace_request_new (NULL, NULL);
  return cli_members_take_options (members, job->trace, field, error)
         && cli_serve_facts_read (&job->facts, members, field, error);
}

/* (transfer full) */
static EgStudyFolder *
begin (const Job *job, EgModel *model, char **field, GError **error)
{
  EgTraceField which = EG_N_FIELDS;
  EgStudyFolder *folder
      = cli_study_begin (&job->plan, job->folder, job->facts.path, model, job->trace, &which, error);
  if (folder != NULL)
    return folder;
  if (which < EG_N_FIELDS)
    *field = g_strdup (cli_members_field_name (which));
  else if (!(job->plan.min_effect >= 0 && job->plan.min_effect < 1))
    *field = g_strdup ("min-effect");
  else
    *field = g_strdup (cli_serve_facts_check (&job->facts, job->plan.limit) ? "folder" : "facts");
  return NULL;
}

JsonObject *
cli_serve_study (GHashTable *models, const CliRequest *request, char **field, GError **error)
{
  g_auto (Job) job = { .request = request };
  g_autoptr (GError) problem = NULL;
  EgModel *model = read_job (&job, field, error)
                       ? cli_serve_models_open (models, request->members, request->cancellable, field, error)
                       : NULL;
  g_autoptr (EgStudyFolder) folder = model != NULL ? begin (&job, model, field, error) : NULL;
  if (folder == NULL)
    return NULL;
  if (eg_study_run (folder, model, job.trace->threads, request->cancellable, on_progress, &job, &problem)
      || g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return finish (folder, error);
  g_propagate_error (error, g_steal_pointer (&problem));
  return NULL;
}

JsonObject *
cli_serve_study_show (GHashTable *models, const CliRequest *request, char **field, GError **error)
{
  const char *path;
  (void)models;
  if (!cli_members_need_text (request->members, "folder", &path, field, error))
    return NULL;
  g_autoptr (EgStudyFolder) folder = eg_study_folder_open (path, error);
  JsonObject *members = folder != NULL ? finish (folder, error) : NULL;
  if (members == NULL)
    *field = g_strdup ("folder");
  return members;
}
