/* A result as lines for a terminal or a pipe. */
#include "cli/report.h"

#include "cli/common.h"
#include "cli/table.h"
#include "trace/ask/fields.h"
#include "trace/result/analysis.h"
#include "trace/result/description.h"

#include <glib/gi18n.h>
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

char *
cli_token_label (const char *token, gsize *width)
{
  char *label = cli_visible_token (token);
  *width = cli_text_width (label);
  return label;
}

/* Of all lines, so that those of one report stand below each other. */
static gsize
label_width (void)
{
  /* TRANSLATORS: the labels of a trace's report in the terminal, in a column. “clean” and “corrupted” are the
   * target's score in the clean and the corrupted run; “against” is the token of logit-diff. */
  const char *const labels[] = { C_ ("report", "prompt"),    C_ ("report", "subject"),
                                 C_ ("report", "target"),    C_ ("report", "clean"),
                                 C_ ("report", "corrupted"), C_ ("report", "metric"),
                                 C_ ("report", "against"),   C_ ("report", "corruption"),
                                 C_ ("report", "settings"),  C_ ("report", "sweep"),
                                 C_ ("report", "site"),      C_ ("report", "top layers"),
                                 C_ ("report", "averages"),  C_ ("report", "estimated"),
                                 C_ ("report", "time"),      NULL };
  return cli_label_width (labels, 12);
}

static void
print_parts (const char *label, GPtrArray *parts)
{
  g_autofree char *text = cli_join (parts);
  cli_field (label_width (), label, "%s", text);
}

/* What is not the usual restoring, cell by cell. */
static void
print_sweep (const EgTraceRequest *request)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *way = eg_trace_field_format (EG_FIELD_DIRECTION, request);
  g_autofree char *frozen = eg_trace_field_format (EG_FIELD_FREEZE, request);
  g_autofree char *knockout = eg_trace_field_format (EG_FIELD_KNOCKOUT, request);
  if (eg_trace_field_is_usual (EG_FIELD_SWEEP, request) && !eg_trace_request_is_loss (request)
      && *frozen == '\0')
    return;
  g_ptr_array_add (parts, eg_trace_field_format (EG_FIELD_SWEEP, request));
  /* TRANSLATORS: which way values are put in, by its name on the command line: “restore” or “damage”. */
  g_ptr_array_add (parts, g_strdup_printf (_ ("direction %s"), way));
  if (*frozen != '\0')
    /* TRANSLATORS: the sites that keep their values, by their names. */
    g_ptr_array_add (parts, g_strdup_printf (_ ("frozen %s"), frozen));
  if (knockout != NULL)
    /* TRANSLATORS: the cut paths, as on the command line: “4-12:1-3>7”. */
    g_ptr_array_add (parts, g_strdup_printf (_ ("knockout %s"), knockout));
  print_parts (C_ ("report", "sweep"), parts);
}

static void
print_corruption (const EgCorruption *corruption)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *scale = eg_corruption_format_scale (corruption);
  g_autofree char *span = eg_corruption_format_span (corruption);
  if (corruption->kind == EG_CORRUPTION_GAUSSIAN && corruption->scale == EG_NOISE_SCALE_PROMPT
      && corruption->span == EG_SPAN_SUBJECT && !corruption->replace)
    return;
  g_ptr_array_add (parts, eg_corruption_format_kind (corruption));
  /* TRANSLATORS: the noise scale, by its name on the command line. */
  g_ptr_array_add (parts, g_strdup_printf (_ ("scale %s"), scale));
  /* TRANSLATORS: what is corrupted, by its name on the command line. */
  g_ptr_array_add (parts, g_strdup_printf (_ ("span %s"), span));
  if (corruption->replace)
    g_ptr_array_add (parts, g_strdup (_ ("replacing")));
  print_parts (C_ ("report", "corruption"), parts);
}

static void
print_request (const EgTraceResult *result)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
  const EgTraceRequest *request = result->request;
  const EgTraceTokens *tokens = result->tokens;
  g_autofree char *sites = eg_trace_field_format (EG_FIELD_SITES, request);
  if (request->metric != EG_METRIC_PROB)
    cli_field (label_width (), C_ ("report", "metric"), "%s", eg_metric_get_name (request->metric));
  if (tokens->against != NULL)
    cli_field (label_width (), C_ ("report", "against"), _ ("“%s”"), tokens->against);
  print_corruption (&request->corruption);
  g_ptr_array_add (parts,
                   g_strdup_printf (ngettext ("%u sample", "%u samples", result->samples), result->samples));
  if (eg_corruption_uses_level (&request->corruption))
    /* TRANSLATORS: the noise level, and the standard deviation that it is multiplied by. */
    g_ptr_array_add (parts, g_strdup_printf (_ ("noise %g × %.4g"), request->noise_level, result->noise_std));
  g_ptr_array_add (parts, g_strdup_printf (_ ("seed %u"), request->seed));
  g_ptr_array_add (parts, g_strdup_printf (ngettext ("site %s", "sites %s", (gulong)result->n_grids), sites));
  g_ptr_array_add (parts, g_strdup_printf (_ ("window %u"), request->window));
  print_parts (C_ ("report", "settings"), parts);
  print_sweep (request);
}

static void
print_settings (const EgTraceResult *result)
{
  const gsize width = label_width ();
  const EgTraceTokens *tokens = result->tokens;
  const EgTraceEnds *ends = &result->ends[0];
  cli_field (width, C_ ("report", "prompt"), "%s", result->request->prompt);
  cli_field (width, C_ ("report", "subject"),
             /* TRANSLATORS: the subject's text, and its first and last token, counted from 0. */
             _ ("%s (tokens %zu to %zu)"), tokens->subject, tokens->subject_first, tokens->subject_last);
  cli_field (width, C_ ("report", "target"), _ ("“%s”"), tokens->target);
  cli_field (width, C_ ("report", "clean"), "%.4f", ends->high);
  if (isnan (ends->low_sem))
    cli_field (width, C_ ("report", "corrupted"), "%.4f", ends->low);
  else
    cli_field (width, C_ ("report", "corrupted"), "%.4f ± %.4f", ends->low, ends->low_sem);
  if (result->has_settings)
    print_request (result);
}

/* A score, or, where there is none, its estimate, which a ~ tells from it. (transfer full) */
static char *
format_cell (const EgTraceGrid *grid, gsize cell)
{
  const double score = grid->scores[0][cell];
  if (!isnan (score))
    return g_strdup_printf ("%.4f", score);
  if (grid->estimate != NULL && !isnan (grid->estimate[cell]))
    return g_strdup_printf ("~%.4f", grid->estimate[cell]);
  return g_strdup ("nan");
}

/* A sweep over layers or positions: a line each. */
static void
print_list (const EgTraceGrid *grid)
{
  const gboolean layers = !eg_trace_grid_tells_tokens (grid);
  /* TRANSLATORS: the heads of a table's columns; “place” is a token's number, “error” the standard error. */
  const char *first = layers ? C_ ("table", "layer") : C_ ("table", "place");
  const char *score = C_ ("table", "score"), *sem = C_ ("table", "error");
  const gsize width = MAX (cli_text_width (first), 5);
  const gsize score_width = MAX (cli_text_width (score), 8), sem_width = MAX (cli_text_width (sem), 8);
  cli_print_padded (first, width, TRUE);
  cli_print ("  ");
  cli_print_padded (score, score_width, TRUE);
  cli_print ("  ");
  cli_print_padded (sem, sem_width, TRUE);
  cli_print ("%s%s\n", layers ? "" : "  ", layers ? "" : C_ ("table", "token"));
  for (gsize i = 0; i < eg_trace_grid_n_cells (grid); i++)
    {
      g_autofree char *text = format_cell (grid, i);
      cli_print ("%*" G_GSIZE_FORMAT "  %*s  %*.4f", (int)width, i, (int)score_width, text, (int)sem_width,
                 grid->sem[0][i]);
      if (!layers)
        {
          gsize label_columns;
          g_autofree char *label = cli_token_label (eg_trace_grid_get_text (grid, i), &label_columns);
          cli_print ("  “%s”", label);
        }
      cli_print ("\n");
    }
}

/* Layers down, tokens across; a space in a token is ␣, so that columns are separated by spaces alone. */
static void
print_table (const EgTraceGrid *grid)
{
  g_autofree gsize *widths = g_new (gsize, grid->n_tokens);
  const char *head = C_ ("table", "layer");
  const gsize head_width = MAX (cli_text_width (head), 5);
  cli_print_padded (head, head_width, FALSE);
  for (gsize t = 0; t < grid->n_tokens; t++)
    {
      g_autoptr (GString) text = g_string_new (eg_trace_grid_get_text (grid, t));
      g_string_replace (text, " ", "␣", 0);
      g_autofree char *label = cli_token_label (text->str, &widths[t]);
      cli_print ("  %*s%s", widths[t] < 6 ? (int)(6 - widths[t]) : 0, "", label);
    }
  cli_print ("\n");
  for (gsize l = 0; l < grid->n_layers; l++)
    {
      cli_print ("%*" G_GSIZE_FORMAT, (int)head_width, l);
      for (gsize t = 0; t < grid->n_tokens; t++)
        {
          g_autofree char *text = format_cell (grid, l * grid->n_tokens + t);
          cli_print ("  %*s", (int)MAX (widths[t], 6), text);
        }
      cli_print ("\n");
    }
}

/* What the grid of cells says; curves of one dimension need none of the averages. */
static void
print_analysis (const EgTraceGrid *grid)
{
  g_autoptr (EgTraceAnalysis) analysis = eg_trace_grid_analyze (grid);
  g_autofree char *sentence = eg_trace_grid_describe (grid);
  gsize shape[2];
  if (sentence != NULL)
    cli_print ("%s\n", sentence);
  if (eg_trace_grid_get_shape (grid, shape) == 1)
    return;
  g_autoptr (GPtrArray) top = g_ptr_array_new_with_free_func (g_free);
  for (gsize i = 0; i < analysis->n_top; i++)
    g_ptr_array_add (top, g_strdup_printf ("%" G_GSIZE_FORMAT " (%.4f)", analysis->top_layers[i],
                                           analysis->layer_average[analysis->top_layers[i]]));
  print_parts (C_ ("report", "top layers"), top);
  if (isnan (analysis->ratio))
    cli_field (label_width (), C_ ("report", "averages"), _ ("subject %.4f, all tokens %.4f"),
               analysis->subject_mean, analysis->overall_mean);
  else
    cli_field (label_width (), C_ ("report", "averages"), _ ("subject %.4f, all tokens %.4f, ratio %.2f"),
               analysis->subject_mean, analysis->overall_mean, analysis->ratio);
}

static void
print_scores (const EgTraceGrid *grid, CliColors colors)
{
  gsize shape[2];
  if (eg_trace_grid_get_shape (grid, shape) == 1)
    print_list (grid);
  else if (colors != CLI_COLORS_NONE && !grid->result->estimated)
    cli_heatmap_print (grid, colors, terminal_width ());
  else
    print_table (grid);
}

void
cli_report_print (const EgTraceResult *result, CliColors colors)
{
  print_settings (result);
  for (gsize i = 0; i < result->n_grids; i++)
    {
      const EgTraceGrid *grid = result->grids[i];
      cli_print ("\n");
      if (result->n_grids > 1)
        cli_field (label_width (), C_ ("report", "site"), "%s\n", grid->site);
      print_scores (grid, colors);
      cli_print ("\n");
      if (!result->estimated)
        print_analysis (grid);
    }
  if (result->estimated)
    cli_field (label_width (), C_ ("report", "estimated"), "%s",
               _ ("what has a ~ is estimated to first order, and not computed"));
  if (isnan (result->seconds))
    return;
  if (result->device != NULL)
    cli_field (label_width (), C_ ("report", "time"),
               /* TRANSLATORS: seconds, and the name of the processor or GPU. */
               _ ("%.2f s on %s"), result->seconds, result->device);
  else
    cli_field (label_width (), C_ ("report", "time"), _ ("%.2f s"), result->seconds);
  g_autofree char *precision = eg_trace_result_describe_precision (result);
  if (precision != NULL)
    cli_field (label_width (), "", "%s", precision);
}
