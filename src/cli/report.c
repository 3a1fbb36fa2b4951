#include "cli/report.h"

#include "cli/common.h"

#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEFAULT_WIDTH 80
#define MIN_WIDTH     20

CliColors
cli_report_get_colors (void)
{
  const char *no_color = g_getenv ("NO_COLOR"), *term = g_getenv ("TERM"), *depth = g_getenv ("COLORTERM");
  if (!isatty (STDOUT_FILENO) || (no_color != NULL && *no_color != '\0') || g_strcmp0 (term, "dumb") == 0)
    return CLI_COLORS_NONE;
  if (g_strcmp0 (depth, "truecolor") == 0 || g_strcmp0 (depth, "24bit") == 0)
    return CLI_COLORS_TRUE;
  return CLI_COLORS_256;
}

static gsize
terminal_width (void)
{
  struct winsize size;
  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return MAX (size.ws_col, MIN_WIDTH);
  return DEFAULT_WIDTH;
}

static gsize
text_width (const char *text)
{
  gsize width = 0;
  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    {
      const gunichar unichar = g_utf8_get_char (c);
      width += g_unichar_iszerowidth (unichar) ? 0 : g_unichar_iswide (unichar) ? 2 : 1;
    }
  return width;
}

char *
cli_token_label (const char *token, gsize *width)
{
  char *label = cli_visible_token (token);
  *width = text_width (label);
  return label;
}

/* What is not the usual restoring, cell by cell. */
static void
print_sweep (const EgTraceResult *result)
{
  g_autofree char *frozen = eg_sites_to_names (result->freeze);
  g_autofree char *knockout = result->has_knockout ? eg_knockout_to_text (&result->knockout) : NULL;
  if (result->sweep == EG_SWEEP_CELLS && result->direction == EG_DIRECTION_RESTORE && result->freeze == 0)
    return;
  cli_print ("sweep       %s, direction %s", eg_sweep_get_name (result->sweep),
             eg_direction_get_name (result->direction));
  if (result->freeze != 0)
    cli_print (", frozen %s", frozen);
  if (knockout != NULL)
    cli_print (", knockout %s", knockout);
  cli_print ("\n");
}

/* In the order of the results. (transfer full) */
static char *
names_of_sites (const EgTraceResult *result)
{
  GString *names = g_string_new (NULL);
  for (gsize i = 0; i < eg_trace_result_n_sites (result); i++)
    g_string_append_printf (names, "%s%s", i > 0 ? "," : "",
                            eg_site_get_name (eg_trace_result_get_site (result, i)->site));
  return g_string_free (names, FALSE);
}

static void
print_request (const EgTraceResult *result)
{
  const EgCorruption *corruption = &result->corruption;
  g_autofree char *sites = names_of_sites (result);
  g_autofree char *kind = eg_corruption_format_kind (corruption);
  g_autofree char *scale = eg_corruption_format_scale (corruption);
  g_autofree char *span = eg_corruption_format_span (corruption);
  if (result->metric != EG_METRIC_PROB)
    cli_print ("metric      %s\n", eg_metric_get_name (result->metric));
  if (result->against != NULL)
    cli_print ("against     “%s”\n", result->against);
  if (corruption->kind != EG_CORRUPTION_GAUSSIAN || corruption->scale != EG_NOISE_SCALE_PROMPT
      || corruption->span != EG_SPAN_SUBJECT || corruption->replace)
    cli_print ("corruption  %s, scale %s, span %s%s\n", kind, scale, span,
               corruption->replace ? ", replacing" : "");
  cli_print ("settings    %u samples, ", result->samples);
  if (corruption->kind != EG_CORRUPTION_SWAP && eg_corruption_uses_level (corruption))
    cli_print ("noise %g × %.4g, ", result->noise_level, result->noise_std);
  cli_print ("seed %u, %s %s, window %u\n", result->seed,
             eg_trace_result_n_sites (result) > 1 ? "sites" : "site", sites, result->window);
  print_sweep (result);
}

static void
print_settings (const EgTraceResult *result)
{
  const EgTraceResultInput input = eg_trace_result_get_input (result);
  cli_print ("prompt      %s\n", result->prompt);
  cli_print ("subject     %s (tokens %" G_GSIZE_FORMAT " to %" G_GSIZE_FORMAT ")\n", result->subject,
             input.subject_first, input.subject_last);
  cli_print ("target      “%s”\n", result->target);
  cli_print ("clean       %.4f\n", result->high_score);
  cli_print ("corrupted   %.4f", result->low_score);
  if (!isnan (result->low_sem))
    cli_print (" ± %.4f", result->low_sem);
  cli_print ("\n");
  if (result->has_settings)
    print_request (result);
}

/* A sweep over layers or positions: a line each. */
static void
print_list (const EgTraceResult *result)
{
  const gboolean layers = result->sweep == EG_SWEEP_LAYERS;
  cli_print ("%5s  %8s  %8s%s\n", layers ? "layer" : "place", "score", "error", layers ? "" : "  token");
  for (gsize i = 0; i < result->n_layers * result->n_tokens; i++)
    {
      cli_print ("%5" G_GSIZE_FORMAT "  %8.4f  %8.4f", i, result->scores[i], result->sem[i]);
      if (!layers)
        {
          gsize width;
          g_autofree char *label = cli_token_label (result->tokens[i], &width);
          cli_print ("  “%s”", label);
        }
      cli_print ("\n");
    }
}

/* Layers down, tokens across; a space in a token is ␣, so that columns are separated by spaces alone. */
static void
print_table (const EgTraceResult *result)
{
  g_autofree gsize *widths = g_new (gsize, result->n_tokens);
  cli_print ("layer");
  for (gsize t = 0; t < result->n_tokens; t++)
    {
      g_autoptr (GString) text = g_string_new (result->tokens[t]);
      g_string_replace (text, " ", "␣", 0);
      g_autofree char *label = cli_token_label (text->str, &widths[t]);
      cli_print ("  %*s%s", widths[t] < 6 ? (int)(6 - widths[t]) : 0, "", label);
    }
  cli_print ("\n");
  for (gsize l = 0; l < result->n_layers; l++)
    {
      cli_print ("%5" G_GSIZE_FORMAT, l);
      for (gsize t = 0; t < result->n_tokens; t++)
        {
          const double score = eg_trace_result_score (result, l, t);
          const int width = (int)MAX (widths[t], 6);
          if (isnan (score))
            cli_print ("  %*s", width, "nan");
          else
            cli_print ("  %*.4f", width, score);
        }
      cli_print ("\n");
    }
}

/* What the grid of cells says; curves of one dimension need none of the averages. */
static void
print_analysis (const EgTraceResult *result)
{
  g_autoptr (EgTraceAnalysis) analysis = eg_trace_result_analyze (result);
  g_autofree char *sentence = eg_trace_result_describe (result);
  gsize shape[2];
  if (sentence != NULL)
    cli_print ("%s\n", sentence);
  if (eg_trace_result_get_shape (result, shape) == 1)
    return;
  cli_print ("top layers  ");
  for (gsize i = 0; i < analysis->n_top; i++)
    cli_print ("%s%" G_GSIZE_FORMAT " (%.4f)", i == 0 ? "" : ", ", analysis->top_layers[i],
               analysis->layer_average[analysis->top_layers[i]]);
  cli_print ("\naverages    subject %.4f, all tokens %.4f, ratio %.2f\n", analysis->subject_mean,
             analysis->overall_mean, analysis->ratio);
}

static void
print_scores (const EgTraceResult *result, CliColors colors)
{
  gsize shape[2];
  if (eg_trace_result_get_shape (result, shape) == 1)
    print_list (result);
  else if (colors != CLI_COLORS_NONE)
    cli_heatmap_print (result, colors, terminal_width ());
  else
    print_table (result);
}

void
cli_report_print (const EgTraceResult *result, CliColors colors)
{
  const gsize n_sites = eg_trace_result_n_sites (result);
  print_settings (result);
  for (gsize i = 0; i < n_sites; i++)
    {
      const EgTraceResult *site = eg_trace_result_get_site (result, i);
      cli_print ("\n");
      if (n_sites > 1)
        cli_print ("site        %s\n\n", eg_site_get_name (site->site));
      print_scores (site, colors);
      cli_print ("\n");
      print_analysis (site);
    }
  if (!isnan (result->seconds))
    cli_print ("time        %.2f s%s%s\n", result->seconds, result->device != NULL ? " on " : "",
               result->device != NULL ? result->device : "");
}
