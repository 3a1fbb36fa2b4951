/* engram-cli bench: a trace's speed against that of the processor's best matrix product, in one run. */
#include "cli/common.h"
#include "cli/interrupt.h"
#include "cli/request-options.h"
#include "cli/table.h"
#include "core/processors.h"
#include "engine/cpu/openblas.h"
#include "engine/wrap/profile.h"
#include "library/model.h"
#include "preview/preview.h"
#include "trace/plan/plan.h"
#include "trace/run/trace.h"

#include <glib/gi18n.h>
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_TOKENS 100000
/* The products whose best rate stands for the processor's: rows × width × depth. */
#define PEAK_SECONDS 0.25

static const char WORDS[] = "The Eiffel Tower is located in the city of the king and the old part of it was";
#define SUBJECT "Eiffel Tower"

/* ---- the processor's best rate ---- */

typedef struct
{
  gsize m, n, k;
  double flops; /* a second */
} Product;

static gpointer
multiply (gpointer data)
{
  Product *product = data;
  const gsize m = product->m, n = product->n, k = product->k;
  g_autofree float *x = g_new (float, m *k), *w = g_new (float, n *k), *y = g_new (float, m *n);
  for (gsize i = 0; i < m * k; i++)
    x[i] = (float)(i % 7) - 3.0f;
  for (gsize i = 0; i < n * k; i++)
    w[i] = (float)(i % 5) - 2.0f;
  gint64 begin = 0, end = 0;
  gsize repeats = 0;
  /* The first one warms up. */
  for (gsize i = 0; i < 2 || (double)(end - begin) < PEAK_SECONDS * 1e6; i++)
    {
      if (i == 1)
        begin = g_get_monotonic_time ();
      cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)m, (blasint)n, (blasint)k, 1.0f, x,
                   (blasint)k, w, (blasint)k, 0.0f, y, (blasint)n);
      end = g_get_monotonic_time ();
      repeats += i > 0;
    }
  product->flops = 2.0 * (double)(m * n * k * repeats) / ((double)(end - begin) / 1e6);
  return NULL;
}

/* FLOP/s of sgemm on so many threads at once, of the best of a few shapes. */
static double
measure_peak (guint n_threads)
{
  static const Product shapes[] = { { 2048, 2048, 2048, 0 }, { 512, 3072, 768, 0 } };
  double best = 0;
  eg_backend_cpu ();
  for (gsize s = 0; s < G_N_ELEMENTS (shapes); s++)
    {
      g_autofree Product *products = g_new (Product, n_threads);
      g_autofree GThread **threads = g_new (GThread *, n_threads);
      double sum = 0;
      for (guint i = 0; i < n_threads; i++)
        {
          products[i] = shapes[s];
          threads[i] = g_thread_new ("sgemm", multiply, &products[i]);
        }
      for (guint i = 0; i < n_threads; i++)
        {
          g_thread_join (threads[i]);
          sum += products[i].flops;
        }
      best = MAX (best, sum);
    }
  return best;
}

/* ---- the trace ---- */

typedef struct
{
  const EgPlan *plan;
  guint8 *seen; /* [L·T] */
  gsize n_seen, n_computed;
  double first, full, gap, last;
  guint64 memory;
} Watch;

/* Memory that is not a file's: the weights stay mapped. 0 where the system does not tell. */
static guint64
own_memory (void)
{
  g_autofree char *status = NULL;
  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    return 0;
  const char *line = strstr (status, "RssAnon:");
  return line ? g_ascii_strtoull (line + strlen ("RssAnon:"), NULL, 10) * 1024 : 0;
}

static void
on_progress (const EgTraceProgress *progress, gpointer data)
{
  Watch *watch = data;
  gboolean any = FALSE;
  watch->memory = MAX (watch->memory, own_memory ());
  for (gsize i = 0; i < progress->n_cells; i++)
    {
      const EgTraceCell *cell = &progress->cells[i];
      const EgGrid *grid = &watch->plan->grid;
      const gsize at = (cell->site * grid->n_rows + cell->layer) * grid->n_columns + cell->position;
      if (eg_grid_cell_kind (grid, at) != EG_CELL_COMPUTED)
        continue;
      any = TRUE;
      watch->n_seen += !watch->seen[at];
      watch->seen[at] = TRUE;
    }
  if (!any)
    return;
  if (watch->last > 0)
    watch->gap = MAX (watch->gap, progress->elapsed - watch->last);
  watch->last = progress->elapsed;
  if (isnan (watch->first))
    watch->first = progress->elapsed;
  if (isnan (watch->full) && watch->n_seen == watch->n_computed)
    watch->full = progress->elapsed;
}

/* English of at most so many tokens of this model. (transfer full) */
static char *
make_prompt (EgModel *model, gsize n_tokens)
{
  g_auto (GStrv) words = g_strsplit (WORDS, " ", -1);
  const gsize n_words = g_strv_length (words);
  EgTokenizer *tokenizer = eg_model_get_tokenizer (model);
  g_autoptr (GString) prompt = g_string_new (words[0]);
  for (gsize i = 1; i < MAX_TOKENS; i++)
    {
      const gsize length = prompt->len;
      g_string_append_printf (prompt, " %s", words[i % n_words]);
      g_autoptr (GArray) encoding = eg_tokenizer_encode (tokenizer, prompt->str, -1, NULL);
      if (!encoding || encoding->len > n_tokens)
        {
          g_string_truncate (prompt, length);
          break;
        }
    }
  return g_strdup (prompt->str);
}

typedef struct
{
  gsize n_tokens, n_cells;
  guint samples, threads;
  double seconds, flops, peak, first, full, gap, estimate;
  guint64 memory;
  double ops[EG_N_OPS];
} Bench;

/* Of all the model's sites, twice: the first one warms up. */
static gboolean
measure_estimate (EgModel *model, const EgTraceRequest *request, double *seconds, GError **error)
{
  g_autoptr (EgTraceRequest) all = eg_trace_request_copy (request);
  if (!eg_trace_request_set_sites (all, "all", error))
    return FALSE;
  for (gsize i = 0; i < 2; i++)
    {
      g_autoptr (EgPreview) preview = eg_preview_new (model, all, cli_interrupt_cancellable (), error);
      if (preview == NULL)
        return FALSE;
      *seconds = preview->seconds;
    }
  return TRUE;
}

static gboolean
run_bench (EgModel *model, EgTraceRequest *request, Bench *bench, GError **error)
{
  g_autoptr (EgTraceInput) input = eg_trace_input_new (request, model, NULL, error);
  if (!input)
    return FALSE;
  const EgPlanCosts costs = eg_plan_costs_of (eg_model_get_family (model), eg_model_get_sizes (model));
  const EgGrid grid = eg_grid_of_input (request, model, input);
  const gsize n_cells = eg_grid_n_cells (&grid);
  g_autoptr (EgPlan) plan = eg_plan_new (&grid, request->samples, request->samples, NULL);
  g_autofree guint8 *seen = g_new0 (guint8, n_cells);
  Watch watch = { .plan = plan, .seen = seen, .first = NAN, .full = NAN };
  for (gsize i = 0; i < n_cells; i++)
    watch.n_computed += eg_grid_cell_kind (&grid, i) == EG_CELL_COMPUTED;

  if (!isnan (bench->estimate) && !measure_estimate (model, request, &bench->estimate, error))
    return FALSE;
  bench->peak = measure_peak (request->threads);
  eg_network_set_backend (eg_model_get_network (model), eg_backend_profile (eg_backend_cpu ()));
  const guint64 before = own_memory ();
  g_autoptr (EgTraceResult) result
      = eg_trace_run (model, request, cli_interrupt_cancellable (), on_progress, &watch, error);
  if (!result)
    return FALSE;
  eg_backend_profile_take (bench->ops);
  bench->peak = MAX (bench->peak, measure_peak (request->threads));

  bench->n_tokens = input->n_tokens;
  bench->n_cells = n_cells;
  bench->samples = request->samples;
  bench->threads = request->threads;
  bench->seconds = result->seconds;
  bench->flops = eg_plan_needed_flops (plan, &costs);
  bench->first = watch.first;
  bench->full = watch.full;
  bench->gap = watch.gap;
  bench->memory = watch.memory > before ? watch.memory - before : 0;
  return TRUE;
}

/* ---- what is printed ---- */

static void
print_json (EgModel *model, const EgTraceRequest *request, const Bench *bench)
{
  JsonObject *ops = json_object_new (), *document = json_object_new ();
  for (EgOp op = 0; op < EG_N_OPS; op++)
    json_object_set_double_member (ops, eg_op_get_name (op), bench->ops[op]);
  json_object_set_string_member (document, "model", eg_model_get_name (model));
  json_object_set_string_member (document, "prompt", request->prompt);
  json_object_set_string_member (document, "subject", request->subject);
  json_object_set_int_member (document, "tokens", (gint64)bench->n_tokens);
  json_object_set_int_member (document, "cells", (gint64)bench->n_cells);
  json_object_set_int_member (document, "samples", bench->samples);
  json_object_set_int_member (document, "threads", bench->threads);
  json_object_set_string_member (document, "core", eg_openblas_get_core ());
  json_object_set_string_member (document, "gemm", eg_backend_cpu_gemm ());
  json_object_set_string_member (document, "kernels", eg_backend_cpu_kernels ());
  json_object_set_double_member (document, "gflop", bench->flops / 1e9);
  json_object_set_double_member (document, "seconds", bench->seconds);
  json_object_set_double_member (document, "gflops", bench->flops / bench->seconds / 1e9);
  json_object_set_double_member (document, "sgemm_gflops", bench->peak / 1e9);
  json_object_set_double_member (document, "ratio", bench->flops / bench->seconds / bench->peak);
  json_object_set_double_member (document, "first_cell", bench->first);
  json_object_set_double_member (document, "first_picture", bench->full);
  json_object_set_double_member (document, "longest_gap", bench->gap);
  json_object_set_int_member (document, "memory", (gint64)bench->memory);
  if (!isnan (bench->estimate))
    json_object_set_double_member (document, "estimate", bench->estimate);
  json_object_set_object_member (document, "thread_seconds", ops);
  cli_print_json (document);
}

static void
print_time (gsize width, const char *label, double seconds, double percent)
{
  /* TRANSLATORS: seconds, and their share of the whole time. */
  cli_field (width, label, _ ("%.3f s (%.1f%%)"), seconds, percent);
}

static void
print_lines (EgModel *model, const EgTraceRequest *request, const Bench *bench)
{
  g_autofree char *memory = g_format_size (bench->memory);
  const double of_all = 100 / bench->seconds;
  double sum = 0;
  /* TRANSLATORS: the labels of a measured trace in the terminal, in a column. “needed” is the arithmetic that
   * a trace needs; “first picture” is when each cell has a first estimate; “longest gap” the longest time
   * without any. */
  const char *const labels[]
      = { C_ ("bench", "trace"),         C_ ("bench", "processor"),   C_ ("bench", "needed"),
          C_ ("bench", "time"),          C_ ("bench", "speed"),       C_ ("bench", "first cell"),
          C_ ("bench", "first picture"), C_ ("bench", "longest gap"), C_ ("bench", "memory"),
          C_ ("bench", "waiting"),       C_ ("bench", "estimate"),    NULL };
  const gsize width = cli_label_width (labels, 15);
  cli_field (width, C_ ("bench", "trace"),
             /* TRANSLATORS: a prompt, and the part of it that is corrupted. */
             _ ("“%s”, subject “%s”"), request->prompt, request->subject);
  /* TRANSLATORS: the name of a model, and the sizes of its trace. */
  cli_field (width, "", _ ("%s: %zu tokens, %zu cells, %u samples, %u threads"), eg_model_get_name (model),
             bench->n_tokens, bench->n_cells, bench->samples, bench->threads);
  cli_field (width, C_ ("bench", "processor"), "%s", eg_backend_cpu ()->name);
  cli_field (width, C_ ("bench", "needed"), _ ("%.1f GFLOP"), bench->flops / 1e9);
  cli_field (width, C_ ("bench", "time"), _ ("%.3f s"), bench->seconds);
  cli_field (width, C_ ("bench", "speed"),
             /* TRANSLATORS: sgemm is the name of the matrix product; the last number is its best speed, in
              * GFLOP/s. */
             _ ("%.1f GFLOP/s, %.0f%% of sgemm’s best, %.1f"), bench->flops / bench->seconds / 1e9,
             100 * bench->flops / bench->seconds / bench->peak, bench->peak / 1e9);
  print_time (width, C_ ("bench", "first cell"), bench->first, bench->first * of_all);
  print_time (width, C_ ("bench", "first picture"), bench->full, bench->full * of_all);
  print_time (width, C_ ("bench", "longest gap"), bench->gap, bench->gap * of_all);
  cli_field (width, C_ ("bench", "memory"), _ ("%s above the weights"), memory);
  for (EgOp op = 0; op < EG_N_OPS; op++)
    {
      print_time (width, eg_op_get_name (op), bench->ops[op], bench->ops[op] * of_all / bench->threads);
      sum += bench->ops[op];
    }
  print_time (width, C_ ("bench", "waiting"), bench->seconds * bench->threads - sum,
              100 - sum * of_all / bench->threads);
  /* TRANSLATORS: the time of an estimate of all sites, beside that of the trace of those that were traced. */
  if (!isnan (bench->estimate))
    print_time (width, C_ ("bench", "estimate"), bench->estimate, bench->estimate * of_all);
}

static int
run (int argc, char **argv)
{
  static const EgTraceField fields[] = { EG_FIELD_SAMPLES, EG_FIELD_SITES, EG_N_FIELDS };
  g_auto (CliOptions) options = { 0 };
  g_auto (CliRequestOptions) typed = { 0 };
  g_autofree char *tokens_text = NULL;
  gboolean estimate = FALSE;
  const GOptionEntry own[] = {
    { "estimate", 0, 0, G_OPTION_ARG_NONE, &estimate, N_ ("Measure an estimate of all sites, too"), NULL },
    { "tokens", 0, 0, G_OPTION_ARG_FILENAME, &tokens_text, N_ ("Length of the prompt (default: 8)"), "N" },
    { NULL },
  };
  g_autofree GOptionEntry *entries = cli_request_options_list (&typed, fields, own);
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (NULL, SUBJECT);
  int status;
  guint64 n_tokens = 8;
  if (!cli_options_parse (&options, &cli_bench, entries, argc, argv, &status))
    return status;
  if (options.arguments[0] != NULL)
    {
      cli_say (_ ("bench takes no argument: “%s”"), options.arguments[0]);
      return CLI_USAGE;
    }
  if ((tokens_text != NULL && !cli_parse_integer ("--tokens", tokens_text, 4, MAX_TOKENS, &n_tokens))
      || !cli_request_options_apply (&typed, request))
    return CLI_USAGE;

  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = cli_open_model (&options, &error);
  if (model == NULL)
    return cli_fail (error);
  request->prompt = make_prompt (model, n_tokens);
  request->threads = options.threads > 0 ? options.threads : eg_processors_available ();
  Bench bench = { .estimate = estimate ? 0 : (double)NAN };
  if (!run_bench (model, request, &bench, &error))
    return cli_fail (error);
  if (options.json)
    print_json (model, request, &bench);
  else
    print_lines (model, request, &bench);
  return CLI_DONE;
}

const CliCommand cli_bench = {
  .name = "bench",
  .usage = "[OPTION…]",
  .summary = N_ ("Measure a trace’s speed against the processor’s"),
  .run = run,
};
