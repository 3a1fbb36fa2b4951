/* A trace, or its estimates, for one request: progress as events, and the result as a document or a file. */
#include "cli/serve-trace.h"

#include "cli/estimate.h"
#include "cli/serve-events.h"
#include "cli/serve-keeper.h"
#include "cli/serve-members.h"
#include "cli/serve-models.h"
#include "core/error.h"
#include "preview/show.h"
#include "trace/ask/input.h"
#include "trace/result/description.h"
#include "trace/result/result-io.h"
#include "trace/run/saved.h"
#include "trace/run/trace.h"

#include <glib/gi18n.h>

const char *const cli_serve_trace_members[]
    = { "model",    "tokenizer", "prompt", "device", "precision",  "threads",
        "progress", "form",      "resume", "output", "save-every", NULL };
const char *const cli_serve_estimate_members[]
    = { "model", "tokenizer", "prompt", "device", "precision", "threads", "form", "exact-top", NULL };

/* What is asked, and how it is answered.
 * @saved: from where it goes on, or NULL; @checks: how good estimates were, or NULL; @result: NULL before the
 * first progress */
typedef struct
{
  const CliRequest *request;
  EgTraceRequest *trace;
  EgSavedTrace *saved;
  gboolean progress, npz;
  char **notes, **checks;
  EgTraceResult *result;
  CliServeKeeper keeper;
} Job;

static void
job_clear (Job *self)
{
  g_clear_pointer (&self->trace, eg_trace_request_free);
  g_clear_pointer (&self->saved, eg_saved_trace_free);
  g_clear_pointer (&self->result, eg_trace_result_unref);
  g_strfreev (self->notes);
  g_strfreev (self->checks);
  cli_serve_keeper_clear (&self->keeper);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

/* ---- progress ---- */

/* What is known once the clean and the first corrupted runs are. */
static JsonObject *
describe_start (const EgTraceResult *result)
{
  JsonObject *members = json_object_new (), *target = json_object_new ();
  JsonArray *tokens = json_array_new (), *range = json_array_new (), *sites = json_array_new (),
            *shape = json_array_new ();
  const EgTraceTokens *prompt = result->tokens;
  for (gsize t = 0; t < prompt->n_tokens; t++)
    json_array_add_string_element (tokens, prompt->tokens[t]);
  json_array_add_int_element (range, (gint64)prompt->subject_first);
  json_array_add_int_element (range, (gint64)prompt->subject_last);
  for (gsize i = 0; i < result->n_grids; i++)
    json_array_add_string_element (sites, result->grids[i]->site);
  json_array_add_int_element (shape, (gint64)result->grids[0]->n_layers);
  json_array_add_int_element (shape, (gint64)result->grids[0]->n_tokens);
  json_object_set_int_member (target, "id", prompt->target_id);
  json_object_set_string_member (target, "text", prompt->target);
  json_object_set_array_member (members, "tokens", tokens);
  json_object_set_array_member (members, "subject_range", range);
  json_object_set_object_member (members, "target", target);
  json_object_set_double_member (members, "high_score", result->ends[0].high);
  json_object_set_double_member (members, "low_score", result->ends[0].low);
  json_object_set_array_member (members, "sites", sites);
  json_object_set_array_member (members, "shape", shape);
  return members;
}

static JsonArray *
cells_to_json (const EgTraceProgress *progress)
{
  JsonArray *cells = json_array_sized_new ((guint)progress->n_cells);
  for (gsize i = 0; i < progress->n_cells; i++)
    {
      const EgTraceCell *cell = &progress->cells[i];
      JsonArray *values = json_array_sized_new (6);
      json_array_add_int_element (values, (gint64)cell->site);
      json_array_add_int_element (values, (gint64)cell->layer);
      json_array_add_int_element (values, (gint64)cell->position);
      json_array_add_double_element (values, cell->score);
      json_array_add_double_element (values, cell->sem);
      json_array_add_int_element (values, cell->samples);
      json_array_add_array_element (cells, values);
    }
  return cells;
}

static JsonObject *
describe_progress (const EgTraceProgress *progress)
{
  JsonObject *members = json_object_new ();
  json_object_set_double_member (members, "share",
                                 progress->total > 0 ? (double)progress->done / (double)progress->total : 0);
  json_object_set_double_member (members, "elapsed", progress->elapsed);
  if (progress->left >= 0)
    json_object_set_double_member (members, "left", progress->left);
  else
    json_object_set_null_member (members, "left");
  json_object_set_array_member (members, "cells", cells_to_json (progress));
  return members;
}

static void
on_progress (const EgTraceProgress *progress, gpointer user_data)
{
  Job *job = user_data;
  gboolean is_read = TRUE;
  /* A trace that begins again on the processor has a new result. */
  if (job->result != progress->result)
    {
      g_clear_pointer (&job->result, eg_trace_result_unref);
      job->result = eg_trace_result_ref (progress->result);
      if (job->progress)
        is_read = cli_event_send (job->request->id, "start", describe_start (progress->result));
    }
  cli_serve_keeper_follow (&job->keeper, progress);
  if (job->progress && progress->n_cells > 0)
    is_read = cli_event_send (job->request->id, "progress", describe_progress (progress)) && is_read;
  if (!is_read)
    g_cancellable_cancel (job->request->cancellable);
}

/* ---- the result ---- */

static void
add_texts (JsonArray *array, char *const *texts)
{
  for (; texts != NULL && *texts != NULL; texts++)
    json_array_add_string_element (array, *texts);
}

static JsonArray *
list_notes (const Job *job, const EgTraceResult *result)
{
  JsonArray *notes = json_array_new ();
  g_autofree char *warning = eg_trace_result_warning (result);
  add_texts (notes, job->notes);
  add_texts (notes, job->checks);
  if (result->note != NULL)
    json_array_add_string_element (notes, result->note);
  if (warning != NULL)
    json_array_add_string_element (notes, warning);
  if (job->keeper.trouble != NULL)
    json_array_add_string_element (notes, job->keeper.trouble);
  return notes;
}

/* Its file, too. partial: of a trace that was stopped, or NULL. */
static JsonObject *
finish (Job *job, const EgTraceResult *result, const EgTracePartial *partial, GError **error)
{
  cli_serve_keeper_finish (&job->keeper, partial, result);
  g_autoptr (JsonObject) members = json_object_new ();
  if (job->npz)
    {
      g_autoptr (GBytes) bytes = partial != NULL ? eg_trace_partial_to_npz (partial, result, error)
                                                 : eg_trace_result_to_npz (result, error);
      if (bytes == NULL)
        return NULL;
      gsize length;
      const guchar *data = g_bytes_get_data (bytes, &length);
      g_autofree char *text = g_base64_encode (data, length);
      json_object_set_string_member (members, "npz", text);
    }
  else
    json_object_set_member (members, "result", eg_trace_result_to_json (result));
  json_object_set_boolean_member (members, "complete", result->complete);
  json_object_set_array_member (members, "notes", list_notes (job, result));
  return g_steal_pointer (&members);
}

/* ---- the request ---- */

static gboolean
read_form (Job *job, char **field, GError **error)
{
  const char *form;
  JsonObject *members = job->request->members;
  job->progress = TRUE;
  if (!cli_members_get_flag (members, "progress", &job->progress, field, error)
      || !cli_members_get_text (members, "form", &form, field, error))
    return FALSE;
  job->npz = g_strcmp0 (form, "npz") == 0;
  if (form == NULL || job->npz || g_str_equal (form, "json"))
    return TRUE;
  *field = g_strdup ("form");
  return eg_error_invalid (error, _ ("“%s” is neither json nor npz"), "form");
}

/* A trace from its file: only how it is answered may be said beside it. */
static gboolean
read_saved (Job *job, const char *path, char **field, GError **error)
{
  static const char *const names[]
      = { "model", "tokenizer", "threads", "progress", "form", "resume", "output", "save-every", NULL };
  guint64 threads = 0;
  if (!cli_members_check_names (job->request->members, names, NULL, field, error)
      || !cli_members_get_count (job->request->members, "threads", 1, 1024, &threads, field, error))
    return FALSE;
  job->saved = eg_saved_trace_load (path, error);
  if (job->saved == NULL || (!job->saved->result->complete && !eg_saved_trace_check (job->saved, error)))
    {
      *field = g_strdup ("resume");
      return FALSE;
    }
  if (job->saved->request != NULL)
    {
      job->trace = eg_trace_request_copy (job->saved->request);
      job->trace->threads = (guint)threads;
    }
  return TRUE;
}

static gboolean
read_job (Job *job, char **field, GError **error)
{
  const char *resume, *prompt;
  JsonObject *members = job->request->members;
  if (!read_form (job, field, error) || !cli_members_get_text (members, "resume", &resume, field, error))
    return FALSE;
  if (resume != NULL)
    return read_saved (job, resume, field, error);
  if (!cli_members_need_text (members, "prompt", &prompt, field, error))
    return FALSE;
  job->trace = eg_trace_request_new (prompt, NULL);
  return cli_members_to_request (members, job->trace, field, error);
}

/* Without a name, that of the file that it goes on from. */
static EgModel *
open_model (Job *job, GHashTable *models, char **field, GError **error)
{
  JsonObject *members = job->request->members;
  const char *name;
  if (!cli_members_get_text (members, "model", &name, field, error))
    return NULL;
  if (job->saved != NULL && name == NULL)
    {
      const char *folder = job->saved->folder;
      const gboolean has_folder = folder != NULL && g_file_test (folder, G_FILE_TEST_IS_DIR);
      json_object_set_string_member (members, "model", has_folder ? folder : job->saved->result->model);
      if (job->saved->tokenizer != NULL && !json_object_has_member (members, "tokenizer"))
        json_object_set_string_member (members, "tokenizer", job->saved->tokenizer);
    }
  return cli_serve_models_open (models, members, job->request->cancellable, field, error);
}

/* Checks the request against the model; what is to be said about it goes into the notes. */
static gboolean
check_input (Job *job, EgModel *model, char **field, GError **error)
{
  EgTraceField which = EG_N_FIELDS;
  g_autoptr (EgTraceInput) input = eg_trace_input_new (job->trace, model, &which, error);
  if (input == NULL)
    {
      *field = which < EG_N_FIELDS ? g_strdup (cli_members_field_name (which)) : NULL;
      return FALSE;
    }
  job->notes = g_strdupv (input->notes);
  return TRUE;
}

JsonObject *
cli_serve_trace (GHashTable *models, const CliRequest *request, char **field, GError **error)
{
  g_auto (Job) job = { .request = request };
  g_autoptr (GError) problem = NULL;
  if (!read_job (&job, field, error) || !cli_serve_keeper_read (&job.keeper, request->members, field, error))
    return NULL;
  if (job.saved != NULL && job.saved->result->complete)
    return finish (&job, job.saved->result, NULL, error);
  EgModel *model = open_model (&job, models, field, error);
  if (model == NULL || !check_input (&job, model, field, error))
    return NULL;
  g_autoptr (EgTracePartial) from
      = job.saved != NULL ? eg_saved_trace_continue (job.saved, model, &problem) : NULL;
  g_autoptr (EgTracePartial) left = NULL;
  g_autoptr (EgTraceResult) result = problem == NULL
                                         ? eg_trace_run_from (from, model, job.trace, request->cancellable,
                                                              on_progress, &job, &left, &problem)
                                         : NULL;
  if (result != NULL)
    return finish (&job, result, NULL, error);
  if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_CANCELLED) && job.result != NULL
      && (left != NULL || job.result->complete))
    return finish (&job, job.result, left, error);
  g_propagate_error (error, g_steal_pointer (&problem));
  return NULL;
}

static void
follow_lead (const EgTraceProgress *progress, gpointer lead)
{
  cli_estimate_follow (lead, progress);
}

/* The highest of each site computed, and the estimates beside them. */
static EgTraceResult *
compute_top (Job *job, const EgPreview *preview, EgModel *model, gsize top, GError **error)
{
  const CliEstimateOptions asked = { .only = TRUE, .top = top };
  g_autoptr (EgPreviewLead) lead = NULL;
  if (!cli_estimate_lead (&asked, preview, job->trace, &lead, error))
    return NULL;
  EgTraceResult *result = eg_trace_run_ordered (lead->order, NULL, model, job->trace,
                                                job->request->cancellable, follow_lead, lead, NULL, error);
  if (result != NULL)
    job->checks = cli_estimate_finish (&asked, preview, result);
  return result;
}

JsonObject *
cli_serve_estimate (GHashTable *models, const CliRequest *request, char **field, GError **error)
{
  g_auto (Job) job = { .request = request };
  guint64 top = 0;
  if (!read_job (&job, field, error)
      || !cli_members_get_count (request->members, "exact-top", 1, CLI_ESTIMATE_MAX_TOP, &top, field, error))
    return NULL;
  EgModel *model = open_model (&job, models, field, error);
  if (model == NULL || !check_input (&job, model, field, error))
    return NULL;
  g_autoptr (EgPreview) preview = eg_preview_new (model, job.trace, request->cancellable, error);
  if (preview == NULL)
    return NULL;
  g_autoptr (EgTraceResult) result
      = top > 0 ? compute_top (&job, preview, model, (gsize)top, error) : eg_preview_make_result (preview);
  return result != NULL ? finish (&job, result, NULL, error) : NULL;
}
