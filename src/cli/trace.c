/* engram-cli trace: which states bring the answer back. */
#include "cli/common.h"
#include "cli/corruption-options.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/report.h"
#include "trace/result/result-io.h"
#include "trace/run/tracer.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#define PROGRESS_INTERVAL 0.1 /* seconds */

/* The options as they were typed; to be zeroed before and cleared after. */
typedef struct
{
  char *subject, *target, *site, *sweep, *window, *direction, *freeze, *knockout;
  CliCorruptionOptions corruption;
  char **outputs;
  gboolean stream;
} TraceOptions;

static void
trace_options_clear (TraceOptions *self)
{
  g_free (self->subject);
  g_free (self->target);
  cli_corruption_options_clear (&self->corruption);
  g_free (self->site);
  g_free (self->sweep);
  g_free (self->window);
  g_free (self->direction);
  g_free (self->freeze);
  g_free (self->knockout);
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
  const EgSweep sweep = progress->result->sweep;
  for (gsize i = 0; i < progress->n_cells; i++)
    {
      const EgTraceCell *cell = &progress->cells[i];
      const EgTraceResult *result = eg_trace_result_get_site (progress->result, cell->site);
      g_autoptr (JsonObject) event = json_object_new ();
      json_object_set_string_member (event, "event", "cell");
      if (eg_trace_result_n_sites (progress->result) > 1)
        json_object_set_string_member (event, "site", eg_site_get_name (result->site));
      if (sweep != EG_SWEEP_POSITIONS)
        json_object_set_int_member (event, "layer", (gint64)cell->layer);
      if (sweep != EG_SWEEP_LAYERS)
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

/* What has one site, sweep or direction alone, so that it need not be typed, but may. */
static void
set_defaults (const TraceOptions *trace, EgTraceRequest *request)
{
  if (request->sweep == EG_SWEEP_CARRY && trace->site == NULL)
    request->site = EG_SITE_STATE;
  if (trace->knockout == NULL)
    return;
  request->has_knockout = TRUE;
  if (trace->site == NULL)
    request->site = EG_SITE_STATE;
  if (trace->sweep == NULL)
    request->sweep = EG_SWEEP_LAYERS;
  if (trace->direction == NULL)
    request->direction = EG_DIRECTION_DAMAGE;
}

/* What is restored, damaged or cut. */
static gboolean
set_sites (const TraceOptions *trace, EgTraceRequest *request, GError **error)
{
  EgSiteSet sites = 0;
  if ((trace->site != NULL && !eg_sites_from_names (trace->site, &sites, &request->site, error))
      || (trace->sweep != NULL && !eg_sweep_from_name (trace->sweep, &request->sweep, error))
      || (trace->direction != NULL && !eg_direction_from_name (trace->direction, &request->direction, error))
      || (trace->freeze != NULL && !eg_sites_from_names (trace->freeze, &request->freeze, NULL, error))
      || (trace->knockout != NULL && !eg_knockout_parse (trace->knockout, &request->knockout, error)))
    return FALSE;
  request->more_sites = sites & ~EG_SITE_BIT (request->site);
  set_defaults (trace, request);
  return TRUE;
}

/* Texts and numbers into a request; NULL, said, when one of them makes no sense. (transfer full) */
static EgTraceRequest *
make_request (const char *prompt, const TraceOptions *trace, guint threads)
{
  if (!cli_check_text (_ ("The prompt"), prompt) || !cli_check_text ("--subject", trace->subject)
      || !cli_check_text ("--target", trace->target))
    return NULL;
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (prompt, trace->subject);
  guint64 window = request->window;
  if (!cli_corruption_options_apply (&trace->corruption, request)
      || (trace->window != NULL && !cli_parse_integer ("--window", trace->window, 1, EG_MAX_WINDOW, &window)))
    return NULL;
  if (trace->subject == NULL && request->corruption.span == EG_SPAN_SUBJECT)
    {
      cli_say (_ ("--subject is missing: which part of the prompt is to be corrupted?"));
      return NULL;
    }
  request->window = (guint)window;
  request->target = g_strdup (trace->target);
  g_autoptr (GError) error = NULL;
  if (!set_sites (trace, request, &error) || !eg_trace_request_check (request, &error))
    {
      cli_fail (error);
      return NULL;
    }
  request->threads = threads;
  return g_steal_pointer (&request);
}

static int
trace (const EgTraceRequest *request, const CliOptions *options, const TraceOptions *trace)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = cli_open_model (options, &error);
  g_autoptr (EgTraceInput) input = model != NULL ? eg_trace_input_new (request, model, &error) : NULL;
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
  const gboolean written = cli_output_write (result, &figure, trace->outputs);
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
  CliCorruptionOptions *corruption = &typed.corruption;
  const GOptionEntry entries[] = {
    { "subject", 's', 0, G_OPTION_ARG_FILENAME, &typed.subject, N_ ("The part of the prompt to corrupt"),
      "TEXT" },
    { "target", 't', 0, G_OPTION_ARG_FILENAME, &typed.target,
      N_ ("The token to follow (default: the model's first prediction)"), "TEXT" },
    { "corrupt", 0, 0, G_OPTION_ARG_FILENAME, &corruption->corrupt,
      N_ ("gaussian, uniform, student-t:DEGREES or multivariate noise, or swap:TEXT; tokens:A-B and all are "
          "gaussian with that span (default: gaussian)"),
      "HOW" },
    { "span", 0, 0, G_OPTION_ARG_FILENAME, &corruption->span,
      N_ ("What is corrupted: subject, tokens:A-B or all (default: subject)"), "SPAN" },
    { "noise", 0, 0, G_OPTION_ARG_FILENAME, &corruption->noise,
      N_ ("Noise in standard deviations of the noise scale (default: 3)"), "LEVEL" },
    { "noise-scale", 0, 0, G_OPTION_ARG_FILENAME, &corruption->scale,
      N_ ("Standard deviation of prompt (the corrupted span), subjects:FILE or embedding, absolute (1), or "
          "text:FILE (default: prompt)"),
      "SCALE" },
    { "replace", 0, 0, G_OPTION_ARG_NONE, &corruption->replace,
      N_ ("Put the noise in the embeddings' place instead of adding it"), NULL },
    { "samples", 0, 0, G_OPTION_ARG_FILENAME, &corruption->samples, N_ ("Noise draws (default: 10)"), "N" },
    { "until-sem", 0, 0, G_OPTION_ARG_FILENAME, &corruption->until_sem,
      N_ ("Draw more until every cell's standard error (of --metric all: prob's) is at most this"), "ERROR" },
    { "max-samples", 0, 0, G_OPTION_ARG_FILENAME, &corruption->max_samples,
      N_ ("But never more than this (default: 1000)"), "N" },
    { "seed", 0, 0, G_OPTION_ARG_FILENAME, &corruption->seed, N_ ("Of NumPy's RandomState (default: 1)"),
      "N" },
    { "metric", 0, 0, G_OPTION_ARG_FILENAME, &corruption->metric,
      N_ ("prob, logprob, logit, logit-diff, kl or rank; all: prob, and the others with it (default: prob)"),
      "NAME" },
    { "against", 0, 0, G_OPTION_ARG_FILENAME, &corruption->against,
      N_ ("For logit-diff: the token whose logit is taken off the target's (default: what the swapped prompt "
          "predicts)"),
      "TEXT" },
    { "site", 0, 0, G_OPTION_ARG_FILENAME, &typed.site,
      N_ ("What is restored: resid, mixer, conv_in, conv, gate, delta, B, C, selection, state, conv_state or "
          "ssm; several with commas, or all, each traced by itself (default: resid)"),
      "SITES" },
    { "sweep", 0, 0, G_OPTION_ARG_FILENAME, &typed.sweep,
      N_ ("A result for each of the cells, layers (all tokens of one), or positions (all layers of one); "
          "carry: the state from a token on (default: cells)"),
      "NAME" },
    { "window", 0, 0, G_OPTION_ARG_FILENAME, &typed.window,
      N_ ("Restored in how many layers at once (default: 1)"), "N" },
    { "direction", 0, 0, G_OPTION_ARG_FILENAME, &typed.direction,
      N_ ("restore clean values in corrupted runs, or damage the clean run with corrupted ones (default: "
          "restore)"),
      "NAME" },
    { "freeze", 0, 0, G_OPTION_ARG_FILENAME, &typed.freeze,
      N_ ("Sites that keep their values everywhere else, so that no effect goes through them"), "SITES" },
    { "knockout", 0, 0, G_OPTION_ARG_FILENAME, &typed.knockout,
      N_ ("Instead of restoring, cut what the tokens FROM tell the tokens TO through the state, in each of "
          "the "
          "layers and its window, as in 4-12:1-3>7"),
      "LAYERS:FROM>TO" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &typed.outputs,
      N_ ("Write .npz, .json, .csv, .svg, .png or .pdf (may be given again)"), "FILE" },
    { "stream", 0, 0, G_OPTION_ARG_NONE, &typed.stream,
      N_ ("One JSON line an estimate as it comes, then the result"), NULL },
    { NULL },
  };
  int status;
  const char *prompt;
  if (!cli_options_parse (&options, &cli_trace, entries, argc, argv, &status)
      || !cli_options_get_argument (&options, _ ("prompt"), &prompt, &status))
    return status;
  g_autoptr (EgTraceRequest) request = make_request (prompt, &typed, options.threads);
  if (request == NULL)
    return CLI_USAGE;
  request->device = options.device;
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
