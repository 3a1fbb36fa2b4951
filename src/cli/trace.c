/* engram-cli trace: which states bring the answer back. */
#include "cli/common.h"
#include "cli/estimate.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/request-options.h"
#include "cli/resume.h"
#include "core/number.h"
#include "trace/ask/fields.h"
#include "trace/ask/input.h"
#include "trace/result/description.h"
#include "trace/result/result-io.h"
#include "trace/run/trace.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#define PROGRESS_INTERVAL 0.1 /* seconds */
#define MAX_SECONDS       86400

/* The options as they were typed; to be zeroed before and cleared after. */
typedef struct
{
  CliRequestOptions request;
  char **outputs, *resume, *save_every;
  double seconds;
  gboolean stream;
  CliEstimateOptions estimate;
} TraceOptions;

static void
trace_options_clear (TraceOptions *self)
{
  cli_request_options_clear (&self->request);
  g_strfreev (self->outputs);
  g_free (self->resume);
  g_free (self->save_every);
  g_free (self->estimate.top_text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TraceOptions, trace_options_clear)

/* How the trace is followed: by a line on the terminal, by a stream of cells, or not at all; and by a keeper
 * and by what leads it, or NULL. share: of the work that is done; result: NULL before the first progress. */
typedef struct
{
  gboolean stream, terminal;
  double shown_at;
  EgTraceKeeper *keeper;
  EgPreviewLead *lead;
  double share;
  EgTraceResult *result;
} Follower;

/* Of several sites, each is named; what a sweep takes all of has no number. */
static void
stream_cells (const EgTraceProgress *progress)
{
  for (gsize i = 0; i < progress->n_cells; i++)
    {
      const EgTraceCell *cell = &progress->cells[i];
      const EgTraceGrid *grid = progress->result->grids[cell->site];
      g_autoptr (JsonObject) event = json_object_new ();
      json_object_set_string_member (event, "event", "cell");
      if (progress->result->n_grids > 1)
        json_object_set_string_member (event, "site", grid->site);
      if (eg_trace_grid_tells_layers (grid))
        json_object_set_int_member (event, "layer", (gint64)cell->layer);
      if (eg_trace_grid_tells_tokens (grid))
        json_object_set_int_member (event, "position", (gint64)cell->position);
      json_object_set_double_member (event, "score", cell->score);
      json_object_set_double_member (event, "sem", cell->sem);
      json_object_set_int_member (event, "samples", cell->samples);
      json_object_set_double_member (event, "elapsed", progress->elapsed);
      cli_print_json_line (event);
      if (!cli_flush ()) /* nobody reads any more */
        {
          g_cancellable_cancel (cli_interrupt_cancellable ());
          return;
        }
    }
}

static void
show_progress (Follower *follower, const EgTraceProgress *progress)
{
  if (progress->elapsed - follower->shown_at < PROGRESS_INTERVAL)
    return;
  follower->shown_at = progress->elapsed;
  g_autofree char *text = progress->left >= 0
                              ? g_strdup_printf (_ ("Tracing: %3.0f%%, %.0f s left"), follower->share * 100,
                                                 ceil (progress->left))
                              : g_strdup_printf (_ ("Tracing: %3.0f%%"), follower->share * 100);
  fprintf (stderr, "\r\033[K%s", text);
  fflush (stderr);
}

/* A full disk is no reason to stop: it may have room again. */
static void
keep (Follower *follower, const EgTraceProgress *progress)
{
  eg_trace_keeper_follow (follower->keeper, progress);
  g_autoptr (GError) problem = eg_trace_keeper_take_error (follower->keeper);
  if (problem == NULL)
    return;
  if (follower->terminal)
    fputs ("\r\033[K", stderr);
  cli_say (_ ("%s; the trace goes on"), problem->message);
}

static void
on_progress (const EgTraceProgress *progress, gpointer user_data)
{
  Follower *follower = user_data;
  follower->share = progress->total > 0 ? (double)progress->done / (double)progress->total : 0;
  if (follower->result == NULL)
    follower->result = eg_trace_result_ref (progress->result);
  if (follower->lead != NULL)
    cli_estimate_follow (follower->lead, progress);
  if (follower->keeper != NULL)
    keep (follower, progress);
  if (follower->stream)
    stream_cells (progress);
  if (follower->terminal)
    show_progress (follower, progress);
}

static void
print_result_event (const EgTraceResult *result)
{
  g_autoptr (JsonNode) document = eg_trace_result_to_json (result);
  g_autoptr (JsonObject) event = json_object_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;
  json_object_set_string_member (event, "event", "result");
  json_object_iter_init_ordered (&iter, json_node_get_object (document));
  while (json_object_iter_next_ordered (&iter, &name, &member))
    json_object_set_member (event, name, json_node_copy (member));
  cli_print_json_line (event);
}

/* Texts and numbers into a request; NULL, said, when one of them makes no sense. (transfer full) */
static EgTraceRequest *
make_request (const char *prompt, const TraceOptions *trace, const CliOptions *options)
{
  g_autoptr (GError) error = NULL;
  if (!cli_check_text (_ ("The prompt"), prompt))
    return NULL;
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (prompt, NULL);
  if (!cli_request_options_apply (&trace->request, request))
    return NULL;
  if (request->subject == NULL && request->corruption.span == EG_SPAN_SUBJECT)
    {
      cli_say (_ ("--subject is missing: which part of the prompt is to be corrupted?"));
      return NULL;
    }
  if (!eg_trace_request_check (request, NULL, &error))
    {
      cli_fail (error);
      return NULL;
    }
  request->threads = options->threads;
  request->device = options->device;
  return g_steal_pointer (&request);
}

/* What is to be traced.
 * @saved: from where it goes on, or NULL
 * @outputs: with the file that it goes on from */
typedef struct
{
  EgTraceRequest *request;
  EgSavedTrace *saved;
  char **outputs;
} Job;

static void
job_clear (Job *self)
{
  g_clear_pointer (&self->request, eg_trace_request_free);
  g_clear_pointer (&self->saved, eg_saved_trace_free);
  g_strfreev (self->outputs);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

/* Writes and prints a result that is complete. */
static int
present (const EgTraceResult *result, const Job *job, const CliOptions *options, const TraceOptions *typed)
{
  EgFigure figure = { .picture = cli_output_get_picture (result) };
  eg_figure_options_init (&figure.options);
  g_autofree char *title = eg_figure_make_title (result->grids[0]);
  figure.options.style.title = title;
  g_autofree char *caption = eg_figure_make_caption (&figure, result->grids[0]);
  figure.options.caption = caption;
  const gboolean written = cli_output_write (result->grids[0], &figure, job->outputs);
  g_autofree char *warning = eg_trace_result_warning (result);
  if (warning != NULL)
    cli_say ("%s", warning);
  if (typed->stream)
    print_result_event (result);
  else if (options->json)
    {
      g_autoptr (JsonNode) document = eg_trace_result_to_json (result);
      cli_print_json (json_node_dup_object (document));
    }
  else
    cli_report_print (result, cli_report_get_colors ());
  return written ? CLI_DONE : CLI_FAILED;
}

static void
say_all (char *const *sentences)
{
  for (; sentences != NULL && *sentences != NULL; sentences++)
    cli_say ("%s", *sentences);
}

/* The result; NULL, with *status, when it was stopped, which is said, or failed. */
static EgTraceResult *
run_trace (const Job *job, const CliOptions *options, const TraceOptions *typed, int *status)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = cli_open_model (options, &error);
  g_autoptr (EgTraceInput) input
      = model != NULL ? eg_trace_input_new (job->request, model, NULL, &error) : NULL;
  g_autoptr (EgTracePartial) from
      = input != NULL && job->saved != NULL ? eg_saved_trace_continue (job->saved, model, &error) : NULL;
  g_autoptr (EgTracePartial) left = NULL;
  if (error != NULL)
    {
      *status = cli_fail (error);
      return NULL;
    }
  say_all (input->notes);
  g_autoptr (EgPreview) preview = NULL;
  if (!cli_estimate_make (&typed->estimate, model, job->request, job->saved != NULL, typed->stream, &preview,
                          &error))
    {
      *status = cli_fail (error);
      return NULL;
    }
  if (preview != NULL && typed->stream)
    cli_estimate_stream (preview);
  if (preview != NULL && typed->estimate.only && typed->estimate.top == 0)
    return eg_preview_make_result (preview);
  g_autoptr (EgPreviewLead) lead = NULL;
  if (!cli_estimate_lead (&typed->estimate, preview, job->request, &lead, &error))
    {
      *status = cli_fail (error);
      return NULL;
    }

  g_autofree const char **files = cli_resume_list_files (job->outputs);
  g_autoptr (EgTraceKeeper) keeper = eg_trace_keeper_new (files, typed->seconds);
  Follower follower = { .stream = typed->stream,
                        .terminal = isatty (STDERR_FILENO) && !(typed->stream && isatty (STDOUT_FILENO)),
                        .keeper = files[0] != NULL ? keeper : NULL,
                        .lead = lead };
  EgTraceResult *result = eg_trace_run_ordered (lead != NULL ? lead->order : NULL, lead != NULL ? NULL : from,
                                                model, job->request, cli_interrupt_cancellable (),
                                                on_progress, &follower, &left, &error);
  if (follower.terminal)
    fputs ("\r\033[K", stderr);
  const gboolean stopped = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  if (stopped && follower.result != NULL && follower.result->complete) /* too late to be stopped */
    result = eg_trace_result_ref (follower.result);
  else if (stopped)
    cli_resume_leave (keeper, files, left, follower.result, follower.share);
  if (result == NULL)
    *status = cli_fail (error);
  g_clear_pointer (&follower.result, eg_trace_result_unref);
  if (result != NULL && preview != NULL)
    {
      g_auto (GStrv) sentences = cli_estimate_finish (&typed->estimate, preview, result);
      say_all (sentences);
    }
  return result;
}

static int
trace (const Job *job, const CliOptions *options, const TraceOptions *typed)
{
  int status = CLI_FAILED;
  if (job->saved != NULL && job->saved->result->complete)
    return present (job->saved->result, job, options, typed);
  g_autoptr (EgTraceResult) result = run_trace (job, options, typed, &status);
  return result != NULL ? present (result, job, options, typed) : status;
}

/* A trace anew. The exit code. */
static int
begin (Job *job, const CliOptions *options, const TraceOptions *typed)
{
  const char *prompt;
  int status;
  if (!cli_options_get_argument (options, _ ("prompt"), &prompt, &status))
    return status;
  job->request = make_request (prompt, typed, options);
  job->outputs = g_strdupv (typed->outputs);
  return job->request != NULL ? CLI_DONE : CLI_USAGE;
}

/* A trace from its file, into which its result goes, too. The exit code. */
static int
resume (Job *job, CliOptions *options, const TraceOptions *typed)
{
  const char *prompt = NULL;
  int status = CLI_DONE;
  if (options->arguments[0] != NULL && !cli_options_get_argument (options, _ ("prompt"), &prompt, &status))
    return status;
  job->saved = cli_resume_load (typed->resume, prompt, &typed->request, options, &status);
  if (job->saved == NULL)
    return status;
  g_autoptr (GStrvBuilder) outputs = g_strv_builder_new ();
  if (job->saved->request != NULL)
    {
      job->saved->request->threads = options->threads;
      job->request = eg_trace_request_copy (job->saved->request);
      g_strv_builder_add (outputs, typed->resume);
    }
  for (gsize i = 0; typed->outputs != NULL && typed->outputs[i] != NULL; i++)
    if (!g_str_equal (typed->outputs[i], typed->resume))
      g_strv_builder_add (outputs, typed->outputs[i]);
  job->outputs = g_strv_builder_end (outputs);
  cli_resume_complete_options (job->saved, options);
  return CLI_DONE;
}

static gboolean
read_seconds (TraceOptions *typed)
{
  g_autoptr (GError) error = NULL;
  typed->seconds = EG_TRACE_KEEPER_SECONDS;
  if (typed->save_every == NULL
      || eg_parse_number ("--save-every", typed->save_every, 0, MAX_SECONDS, &typed->seconds, &error))
    return TRUE;
  cli_fail (error);
  return FALSE;
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  g_auto (TraceOptions) typed = { 0 };
  g_auto (Job) job = { 0 };
  const GOptionEntry own[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &typed.outputs,
      N_ ("Write .npz, .json, .csv, .svg, .png or .pdf (may be given again)"), "FILE" },
    { "resume", 0, 0, G_OPTION_ARG_FILENAME, &typed.resume,
      N_ ("Go on with a trace that was stopped, from its .npz, to the same result"), "FILE" },
    { "save-every", 0, 0, G_OPTION_ARG_FILENAME, &typed.save_every,
      N_ ("Meanwhile save what is there into each .npz, so often (default: 10)"), "SECONDS" },
    { "estimate", 0, 0, G_OPTION_ARG_NONE, &typed.estimate.only,
      N_ ("Estimate all cells to first order, in a moment, in place of computing them"), NULL },
    { "exact-top", 0, 0, G_OPTION_ARG_FILENAME, &typed.estimate.top_text,
      N_ ("With --estimate: compute the K highest of each site, and ten at random to check the others"),
      "K" },
    { "no-estimate", 0, 0, G_OPTION_ARG_NONE, &typed.estimate.none,
      N_ ("With --stream: compute cells in the usual order, not by their estimates"), NULL },
    { "stream", 0, 0, G_OPTION_ARG_NONE, &typed.stream,
      N_ ("One JSON line an estimate as it comes, then the result"), NULL },
    { NULL },
  };
  g_autofree GOptionEntry *entries
      = cli_request_options_list (&typed.request, eg_trace_field_list_options (), own);
  int status;
  if (!cli_options_parse (&options, &cli_trace, entries, argc, argv, &status))
    return status;
  if (!read_seconds (&typed)
      || !cli_estimate_read (&typed.estimate, typed.resume != NULL, typed.stream,
                             typed.request.texts[EG_FIELD_ESTIMATE_STEPS] != NULL))
    return CLI_USAGE;
  status = typed.resume != NULL ? resume (&job, &options, &typed) : begin (&job, &options, &typed);
  if (status == CLI_DONE)
    status = cli_output_check (job.outputs, FALSE);
  return status == CLI_DONE ? trace (&job, &options, &typed) : status;
}

const CliCommand cli_trace = {
  .name = "trace",
  .usage = "PROMPT --subject TEXT [OPTION…]",
  .summary = N_ ("Trace which states bring the answer back"),
  .description
  = N_ ("Example:\n"
        "  engram-cli trace \"The Eiffel Tower is located in\" --subject \"Eiffel Tower\" -o tower.svg -o "
        "tower.npz\n"
        "Ctrl+C stops it, and tower.npz has what is there until then; to go on:\n"
        "  engram-cli trace --resume tower.npz\n"),
  .run = run,
};
