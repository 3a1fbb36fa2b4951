/* engram-cli info: a model's sizes, and what a trace of it takes. */
#include "cli/common.h"
#include "cli/documents.h"
#include "cli/interrupt.h"
#include "cli/table.h"
#include "core/memory.h"
#include "core/processors.h"
#include "engine/backend.h"
#include "engine/cpu/openblas.h"
#include "formats/quote.h"
#include "trace/plan/forecast.h"
#include "trace/run/trace.h"
#include "trace/run/verify.h"

#include <glib/gi18n.h>

/* The trace whose time and memory are estimated. */
#define EXAMPLE_TOKENS  16
#define EXAMPLE_SAMPLES 10

static char *const all_sites[] = { (char *)"all", NULL };

static gsize
n_tokens_of (EgModel *model)
{
  return eg_tokenizer_n_ids (eg_model_get_tokenizer (model));
}

/* What lies in the files and is not used. */
static JsonObject *
others_to_json (EgNetwork *network)
{
  JsonObject *object = json_object_new ();
  JsonArray *names = json_array_new ();
  GPtrArray *others = eg_network_get_others (network);
  for (guint i = 0; i < others->len; i++)
    json_array_add_string_element (names, others->pdata[i]);
  json_object_set_int_member (object, "count", (gint64)eg_network_get_n_others (network));
  json_object_set_array_member (object, "first", names);
  return object;
}

static void
print_others (gsize width, EgNetwork *network)
{
  const gsize n = eg_network_get_n_others (network);
  if (n == 0)
    return;
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
  GPtrArray *others = eg_network_get_others (network);
  for (guint i = 0; i < others->len; i++)
    g_ptr_array_add (parts, eg_quote (others->pdata[i]));
  if (n > others->len)
    g_ptr_array_add (parts, g_strdup ("…"));
  g_autofree char *text = cli_join (parts);
  /* TRANSLATORS: of a model's files: tensors that lie there and are no part of the network. */
  cli_field (width, C_ ("info", "not used"), "%s", text);
}

static JsonObject *
tokenizer_to_json (EgModel *model)
{
  JsonObject *object = json_object_new ();
  const char *path = eg_model_get_tokenizer_path (model);
  json_object_set_string_member (object, "kind", path != NULL ? "byte-level BPE" : "bytes");
  json_object_set_int_member (object, "tokens", (gint64)n_tokens_of (model));
  json_object_set_string_member (object, "file", path);
  json_object_set_string_member (object, "origin",
                                 eg_tokenizer_origin_get_name (eg_model_get_tokenizer_origin (model)));
  return object;
}

static JsonObject *
memory_to_json (EgModel *model)
{
  JsonObject *object = json_object_new ();
  json_object_set_int_member (object, "tokens", EXAMPLE_TOKENS);
  json_object_set_int_member (object, "samples", EXAMPLE_SAMPLES);
  json_object_set_int_member (object, "bytes",
                              (gint64)eg_trace_memory (model, EXAMPLE_TOKENS, EXAMPLE_SAMPLES, NULL));
  json_object_set_int_member (object, "bytes_all_sites",
                              (gint64)eg_trace_memory (model, EXAMPLE_TOKENS, EXAMPLE_SAMPLES, all_sites));
  json_object_set_int_member (object, "packed_weights",
                              eg_backend_cpu_packs () ? (gint64)eg_model_get_n_bytes (model) : 0);
  json_object_set_int_member (object, "available", (gint64)eg_memory_available ());
  return object;
}

/* What is measured for it. */
typedef struct
{
  guint threads;
  double rate, seconds;
  gboolean verified;
  EgVerification verification;
} Measured;

static JsonObject *
time_to_json (const Measured *measured)
{
  JsonObject *object = json_object_new ();
  json_object_set_int_member (object, "tokens", EXAMPLE_TOKENS);
  json_object_set_int_member (object, "samples", EXAMPLE_SAMPLES);
  json_object_set_int_member (object, "threads", measured->threads);
  json_object_set_double_member (object, "seconds", measured->seconds);
  json_object_set_double_member (object, "gflops_a_thread", measured->rate / 1e9);
  return object;
}

static JsonObject *
verification_to_json (const EgVerification *verification)
{
  JsonObject *object = json_object_new ();
  json_object_set_int_member (object, "cells", (gint64)verification->n_cells);
  json_object_set_double_member (object, "largest_error", verification->largest);
  json_object_set_int_member (object, "layer", (gint64)verification->layer);
  json_object_set_int_member (object, "position", (gint64)verification->position);
  return object;
}

static JsonObject *
openblas_to_json (void)
{
  JsonObject *object = json_object_new ();
  json_object_set_string_member (object, "core", eg_openblas_get_core ());
  json_object_set_boolean_member (object, "chosen", eg_openblas_core_was_chosen ());
  json_object_set_string_member (object, "config", eg_openblas_get_config ());
  return object;
}

static JsonObject *
cuda_to_json (void)
{
  gboolean usable;
  g_autofree char *text = eg_device_describe_cuda (&usable);
  JsonObject *object = json_object_new ();
  json_object_set_boolean_member (object, "usable", usable);
  json_object_set_string_member (object, usable ? "device" : "why_not", text);
  return object;
}

/* By the names that the field has for them. */
static void
add_sizes (JsonObject *document, const EgFamily *family, const EgSizes *sizes)
{
  json_object_set_int_member (document, "n_layers", (gint64)sizes->n_layers);
  json_object_set_int_member (document, "d_model", (gint64)sizes->d_model);
  for (gsize i = 0; i < family->n_fields; i++)
    {
      const EgSizeField *field = &family->fields[i];
      if (field->is_flag)
        json_object_set_boolean_member (document, field->name, eg_size_field_get (field, sizes) != 0);
      else
        json_object_set_int_member (document, field->name, (gint64)eg_size_field_get (field, sizes));
    }
  json_object_set_int_member (document, "vocab_size", (gint64)sizes->vocab_size);
  json_object_set_boolean_member (document, "tied_embeddings", sizes->tie_embeddings);
}

static JsonArray *
sites_to_json (const EgFamily *family)
{
  JsonArray *names = json_array_new ();
  for (guint i = 0; i < family->n_sites; i++)
    json_array_add_string_element (names, family->sites[i].name);
  return names;
}

JsonObject *
cli_model_to_json (EgModel *model)
{
  EgNetwork *network = eg_model_get_network (model);
  const EgFamily *family = eg_model_get_family (model);
  JsonObject *document = json_object_new ();
  json_object_set_string_member (document, "model", eg_model_get_name (model));
  json_object_set_string_member (document, "folder", eg_model_get_folder (model));
  json_object_set_string_member (document, "architecture", family->name);
  add_sizes (document, family, eg_model_get_sizes (model));
  json_object_set_array_member (document, "sites", sites_to_json (family));
  json_object_set_string_member (document, "dtype", eg_model_get_dtype_name (model));
  json_object_set_int_member (document, "parameters", (gint64)eg_model_get_n_parameters (model));
  json_object_set_int_member (document, "bytes", (gint64)eg_model_get_n_bytes (model));
  if (eg_network_get_n_others (network) > 0)
    json_object_set_object_member (document, "other_tensors", others_to_json (network));
  json_object_set_object_member (document, "tokenizer", tokenizer_to_json (model));
  json_object_set_object_member (document, "trace_memory", memory_to_json (model));
  json_object_set_object_member (document, "openblas", openblas_to_json ());
  json_object_set_string_member (document, "gemm", eg_backend_cpu_gemm ());
  json_object_set_string_member (document, "kernels", eg_backend_cpu_kernels ());
  json_object_set_object_member (document, "cuda", cuda_to_json ());
  return document;
}

static void
print_json (EgModel *model, const Measured *measured)
{
  JsonObject *document = cli_model_to_json (model);
  json_object_set_object_member (document, "trace_time", time_to_json (measured));
  if (measured->verified)
    json_object_set_object_member (document, "verification", verification_to_json (&measured->verification));
  cli_print_json (document);
}

static gsize
label_width (void)
{
  /* TRANSLATORS: the labels of a model's sizes in the terminal, in a column. */
  const char *const labels[] = { C_ ("info", "model"),        C_ ("info", "folder"),
                                 C_ ("info", "architecture"), C_ ("info", "layers"),
                                 C_ ("info", "width"),        C_ ("info", "vocabulary"),
                                 C_ ("info", "parameters"),   C_ ("info", "not used"),
                                 C_ ("info", "tokenizer"),    C_ ("info", "trace memory"),
                                 C_ ("info", "trace time"),   C_ ("info", "verified"),
                                 C_ ("info", "processor"),    NULL };
  return cli_label_width (labels, 15);
}

/* By the names that the field has for them. */
static void
print_sizes (gsize width, const EgFamily *family, const EgSizes *sizes)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (parts, g_strdup_printf ("d_model %" G_GSIZE_FORMAT, sizes->d_model));
  for (gsize i = 0; i < family->n_fields; i++)
    if (!family->fields[i].is_flag)
      g_ptr_array_add (parts, g_strdup_printf ("%s %" G_GSIZE_FORMAT, family->fields[i].name,
                                               eg_size_field_get (&family->fields[i], sizes)));
  g_autofree char *text = cli_join (parts);
  cli_field (width, C_ ("info", "width"), "%s", text);
}

static void
print_sites (gsize width, const EgFamily *family)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < family->n_sites; i++)
    g_ptr_array_add (parts, g_strdup (family->sites[i].name));
  g_autofree char *text = cli_join (parts);
  cli_field (width, C_ ("info", "sites"), "%s", text);
}

static void
print_measured (gsize width, const Measured *measured)
{
  cli_field (width, C_ ("info", "trace time"),
             /* TRANSLATORS: how long a trace is expected to take. */
             ngettext ("about %.2g s for %d tokens and %d samples on %u thread",
                       "about %.2g s for %d tokens and %d samples on %u threads", measured->threads),
             measured->seconds, EXAMPLE_TOKENS, EXAMPLE_SAMPLES, measured->threads);
  if (measured->verified)
    cli_field (width, C_ ("info", "verified"),
               /* TRANSLATORS: probabilities of a trace, compared with those of the formulas in double
                * precision; the last ones are numbers of a layer and of a token. */
               _ ("%zu cells, at most %.1e from double precision (layer %zu, token %zu)"),
               measured->verification.n_cells, measured->verification.largest, measured->verification.layer,
               measured->verification.position);
}

static void
print_lines (EgModel *model, const Measured *measured)
{
  const EgSizes *sizes = eg_model_get_sizes (model);
  g_autofree char *file_size = g_format_size (eg_model_get_n_bytes (model));
  g_autofree char *trace_size
      = g_format_size (eg_trace_memory (model, EXAMPLE_TOKENS, EXAMPLE_SAMPLES, NULL));
  g_autofree char *all_size
      = g_format_size (eg_trace_memory (model, EXAMPLE_TOKENS, EXAMPLE_SAMPLES, all_sites));
  g_autofree char *available = g_format_size (eg_memory_available ());

  const gsize width = label_width ();
  cli_field (width, C_ ("info", "model"), "%s", eg_model_get_name (model));
  cli_field (width, C_ ("info", "folder"), "%s", eg_model_get_folder (model));
  cli_field (width, C_ ("info", "architecture"), "%s", _ (eg_model_get_family (model)->title));
  cli_field (width, C_ ("info", "layers"), "%" G_GSIZE_FORMAT, sizes->n_layers);
  print_sizes (width, eg_model_get_family (model), sizes);
  print_sites (width, eg_model_get_family (model));
  cli_field (width, C_ ("info", "vocabulary"),
             sizes->tie_embeddings ? _ ("%zu rows; head tied to the embedding")
                                   : _ ("%zu rows; head of its own"),
             sizes->vocab_size);
  cli_field (width, C_ ("info", "parameters"),
             /* TRANSLATORS: how many, the type of the numbers, such as F32, and the size of the file. */
             _ ("%zu (%s, %s on disk)"), eg_model_get_n_parameters (model), eg_model_get_dtype_name (model),
             file_size);
  print_others (width, eg_model_get_network (model));
  if (eg_model_get_tokenizer_path (model) != NULL)
    {
      cli_field (width, C_ ("info", "tokenizer"), _ ("byte-level BPE, %zu tokens, %s"), n_tokens_of (model),
                 eg_tokenizer_origin_describe (eg_model_get_tokenizer_origin (model)));
      cli_field (width, "", "%s", eg_model_get_tokenizer_path (model));
    }
  else
    cli_field (width, C_ ("info", "tokenizer"), "%s",
               eg_tokenizer_origin_describe (eg_model_get_tokenizer_origin (model)));
  cli_field (width, C_ ("info", "trace memory"),
             /* TRANSLATORS: the memory that a trace takes of one site, that of all sites, and what the
              * machine has. */
             _ ("%s for %d tokens and %d samples (of all sites: %s); %s available"), trace_size,
             EXAMPLE_TOKENS, EXAMPLE_SAMPLES, all_size, available);
  print_measured (width, measured);
  /* As results name it. */
  cli_field (width, C_ ("info", "processor"), "%s", eg_backend_cpu ()->name);
  cli_field (width, "OpenBLAS",
             eg_openblas_core_was_chosen ()
                 /* TRANSLATORS: the kind of processor, and how the library was built. */
                 ? _ ("%s, which OpenBLAS did not pick by itself (%s)")
                 : "%s (%s)",
             eg_openblas_get_core (), eg_openblas_get_config ());
  gboolean usable;
  g_autofree char *cuda = eg_device_describe_cuda (&usable);
  cli_field (width, "cuda", usable ? "%s" : _ ("not used: %s"), cuda);
}

static void
measure_time (EgModel *model, const CliOptions *options, Measured *measured)
{
  measured->threads = options->threads > 0 ? options->threads : eg_processors_available ();
  measured->rate = eg_trace_measure_rate (model);
  measured->seconds
      = eg_trace_forecast (model, EXAMPLE_TOKENS, EXAMPLE_SAMPLES, NULL, measured->threads, measured->rate);
}

static gboolean
verify (EgModel *model, const CliOptions *options, Measured *measured, GError **error)
{
  measured->verified = eg_verify_on_device (model, &options->device, cli_interrupt_cancellable (), NULL, NULL,
                                            &measured->verification, NULL, error);
  return measured->verified;
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  gboolean wants_verify = FALSE;
  const GOptionEntry entries[]
      = { { "verify", 0, 0, G_OPTION_ARG_NONE, &wants_verify,
            N_ ("Trace some cells in double precision, too, and say how far the numbers are from it"), NULL },
          { NULL } };
  Measured measured = { 0 };
  int status;
  if (!cli_options_parse (&options, &cli_info, entries, argc, argv, &status))
    return status;
  const guint n_arguments = g_strv_length (options.arguments);
  if (n_arguments > 1 || (n_arguments == 1 && options.model != NULL))
    {
      cli_say (_ ("info takes one model"));
      return CLI_USAGE;
    }
  if (n_arguments == 1)
    options.model = g_strdup (options.arguments[0]);

  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = cli_open_model (&options, &error);
  if (model == NULL)
    return cli_fail (error);
  measure_time (model, &options, &measured);
  if (wants_verify && !verify (model, &options, &measured, &error))
    return cli_fail (error);
  if (options.json)
    print_json (model, &measured);
  else
    print_lines (model, &measured);
  return CLI_DONE;
}

const CliCommand cli_info = {
  .name = "info",
  .usage = "[MODEL] [OPTION…]",
  .summary = N_ ("Show a model’s architecture, sizes and the memory a trace takes"),
  .run = run,
};
