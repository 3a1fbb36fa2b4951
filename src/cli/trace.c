/* engram-cli trace: which states bring the answer back. */
#include "cli/common.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/request-options.h"
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

/* The options as they were typed; to be zeroed before and cleared after. */
typedef struct
{
  CliRequestOptions request;
  char **outputs;
  gboolean stream;
} TraceOptions;

static void
trace_options_clear (TraceOptions *self)
{
  cli_request_options_clear (&self->request);
  g_strfreev (self->outputs);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TraceOptions, trace_options_clear)

/* How the trace is followed: by a line on the terminal, by a stream of cells, or not at all. */
typedef struct
{
  gboolean stream, terminal;
  double shown_at;
} Follower;

static void
print_line (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  g_autofree char *text = eg_json_to_text (node, FALSE);
  cli_print ("%s\n", text);
}

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
      print_line (event);
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
  const double share = progress->total > 0 ? (double)progress->done / (double)progress->total : 0;
  g_autofree char *text = progress->left >= 0 ? g_strdup_printf (_ ("Tracing: %3.0f%%, %.0f s left"),
                                                                 share * 100, ceil (progress->left))
                                              : g_strdup_printf (_ ("Tracing: %3.0f%%"), share * 100);
  fprintf (stderr, "\r\033[K%s", text);
  fflush (stderr);
}

static void
on_progress (const EgTraceProgress *progress, gpointer user_data)
{
  Follower *follower = user_data;
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
  print_line (event);
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

static int
trace (const EgTraceRequest *request, const CliOptions *options, const TraceOptions *trace)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = cli_open_model (options, &error);
  g_autoptr (EgTraceInput) input = model != NULL ? eg_trace_input_new (request, model, NULL, &error) : NULL;
  if (input == NULL)
    return cli_fail (error);
  for (gsize i = 0; input->notes != NULL && input->notes[i] != NULL; i++)
    cli_say ("%s", input->notes[i]);

  Follower follower = { .stream = trace->stream,
                        .terminal = isatty (STDERR_FILENO) && !(trace->stream && isatty (STDOUT_FILENO)) };
  g_autoptr (EgTraceResult) result
      = eg_trace_run (model, request, cli_interrupt_cancellable (), on_progress, &follower, &error);
  if (follower.terminal)
    fputs ("\r\033[K", stderr);
  if (result == NULL)
    return cli_fail (error);

  EgFigure figure = { .picture = cli_output_get_picture (result) };
  eg_figure_options_init (&figure.options);
  const gboolean written = cli_output_write (result->grids[0], &figure, trace->outputs);
  g_autofree char *warning = eg_trace_result_warning (result);
  if (warning != NULL)
    cli_say ("%s", warning);
  if (trace->stream)
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

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  g_auto (TraceOptions) typed = { 0 };
  const GOptionEntry own[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &typed.outputs,
      N_ ("Write .npz, .json, .csv, .svg, .png or .pdf (may be given again)"), "FILE" },
    { "stream", 0, 0, G_OPTION_ARG_NONE, &typed.stream,
      N_ ("One JSON line an estimate as it comes, then the result"), NULL },
    { NULL },
  };
  g_autofree GOptionEntry *entries
      = cli_request_options_list (&typed.request, eg_trace_field_list_options (), own);
  int status;
  const char *prompt;
  if (!cli_options_parse (&options, &cli_trace, entries, argc, argv, &status)
      || !cli_options_get_argument (&options, _ ("prompt"), &prompt, &status))
    return status;
  g_autoptr (EgTraceRequest) request = make_request (prompt, &typed, &options);
  if (request == NULL)
    return CLI_USAGE;
  status = cli_output_check (typed.outputs, FALSE);
  return status == CLI_DONE ? trace (request, &options, &typed) : status;
}

const CliCommand cli_trace = {
  .name = "trace",
  .usage = "PROMPT --subject TEXT [OPTION…]",
  .summary = N_ ("Trace which states bring the answer back"),
  .description
  = N_ ("Example:\n"
        "  engram-cli trace \"The Eiffel Tower is located in\" --subject \"Eiffel Tower\" -o tower.svg -o "
        "tower.npz\n"),
  .run = run,
};
