/* A result as lines for a terminal or a pipe. */
#include "cli/report.h"

#include "cli/common.h"
#include "cli/table.h"

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
  const char *const labels[]
      = { C_ ("report", "prompt"),   C_ ("report", "subject"),    C_ ("report", "target"),
          C_ ("report", "clean"),    C_ ("report", "corrupted"),  C_ ("report", "metric"),
          C_ ("report", "against"),  C_ ("report", "corruption"), C_ ("report", "settings"),
          C_ ("report", "sweep"),    C_ ("report", "site"),       C_ ("report", "top layers"),
          C_ ("report", "averages"), C_ ("report", "time"),       NULL };
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
print_sweep (const EgTraceResult *result)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *frozen = eg_sites_to_names (result->freeze);
  g_autofree char *knockout = result->has_knockout ? eg_knockout_to_text (&result->knockout) : NULL;
  if (result->sweep == EG_SWEEP_CELLS && result->direction == EG_DIRECTION_RESTORE && result->freeze == 0)
    return;
  g_ptr_array_add (parts, g_strdup (eg_sweep_get_name (result->sweep)));
  /* TRANSLATORS: which way values are put in, by its name on the command line: “restore” or “damage”. */
  g_ptr_array_add (parts, g_strdup_printf (_ ("direction %s"), eg_direction_get_name (result->direction)));
  if (result->freeze != 0)
    /* TRANSLATORS: the sites that keep their values, by their names. */
    g_ptr_array_add (parts, g_strdup_printf (_ ("frozen %s"), frozen));
  if (knockout != NULL)
    /* TRANSLATORS: the cut paths, as on the command line: “4-12:1-3>7”. */
    g_ptr_array_add (parts, g_strdup_printf (_ ("knockout %s"), knockout));
  print_parts (C_ ("report", "sweep"), parts);
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
  const EgCorruption *corruption = &result->corruption;
  const gsize n_sites = eg_trace_result_n_sites (result);
  g_autofree char *sites = names_of_sites (result);
  if (result->metric != EG_METRIC_PROB)
    cli_field (label_width (), C_ ("report", "metric"), "%s", eg_metric_get_name (result->metric));
  if (result->against != NULL)
    cli_field (label_width (), C_ ("report", "against"), _ ("“%s”"), result->against);
  print_corruption (corruption);
  g_ptr_array_add (parts,
                   g_strdup_printf (ngettext ("%u sample", "%u samples", result->samples), result->samples));
  if (corruption->kind != EG_CORRUPTION_SWAP && eg_corruption_uses_level (corruption))
    /* TRANSLATORS: the noise level, and the standard deviation that it is multiplied by. */
    g_ptr_array_add (parts, g_strdup_printf (_ ("noise %g × %.4g"), result->noise_level, result->noise_std));
  g_ptr_array_add (parts, g_strdup_printf (_ ("seed %u"), result->seed));
  g_ptr_array_add (parts, g_strdup_printf (ngettext ("site %s", "sites %s", (gulong)n_sites), sites));
  g_ptr_array_add (parts, g_strdup_printf (_ ("window %u"), result->window));
  print_parts (C_ ("report", "settings"), parts);
  print_sweep (result);
}

static void
print_settings (const EgTraceResult *result)
{
  const gsize width = label_width ();
  const EgTraceResultInput input = eg_trace_result_get_input (result);
  cli_field (width, C_ ("report", "prompt"), "%s", result->prompt);
  cli_field (width, C_ ("report", "subject"),
             /* TRANSLATORS: the subject's text, and its first and last token, counted from 0. */
             _ ("%s (tokens %zu to %zu)"), result->subject, input.subject_first, input.subject_last);
  cli_field (width, C_ ("report", "target"), _ ("“%s”"), result->target);
  cli_field (width, C_ ("report", "clean"), "%.4f", result->high_score);
  if (isnan (result->low_sem))
    cli_field (width, C_ ("report", "corrupted"), "%.4f", result->low_score);
  else
    cli_field (width, C_ ("report", "corrupted"), "%.4f ± %.4f", result->low_score, result->low_sem);
  if (result->has_settings)
    print_request (result);
}

/* A sweep over layers or positions: a line each. */
static void
print_list (const EgTraceResult *result)
{
  const gboolean layers = result->sweep == EG_SWEEP_LAYERS;
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
  for (gsize i = 0; i < result->n_layers * result->n_tokens; i++)
    {
      cli_print ("%*" G_GSIZE_FORMAT "  %*.4f  %*.4f", (int)width, i, (int)score_width, result->scores[i],
                 (int)sem_width, result->sem[i]);
      if (!layers)
        {
          gsize label_columns;
          g_autofree char *label = cli_token_label (result->tokens[i], &label_columns);
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
  const char *head = C_ ("table", "layer");
  const gsize head_width = MAX (cli_text_width (head), 5);
  cli_print_padded (head, head_width, FALSE);
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
      cli_print ("%*" G_GSIZE_FORMAT, (int)head_width, l);
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
  g_autoptr (GPtrArray) top = g_ptr_array_new_with_free_func (g_free);
  for (gsize i = 0; i < analysis->n_top; i++)
    g_ptr_array_add (top, g_strdup_printf ("%" G_GSIZE_FORMAT " (%.4f)", analysis->top_layers[i],
                                           analysis->layer_average[analysis->top_layers[i]]));
  print_parts (C_ ("report", "top layers"), top);
  cli_field (label_width (), C_ ("report", "averages"), _ ("subject %.4f, all tokens %.4f, ratio %.2f"),
             analysis->subject_mean, analysis->overall_mean, analysis->ratio);
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
        cli_field (label_width (), C_ ("report", "site"), "%s\n", eg_site_get_name (site->site));
      print_scores (site, colors);
      cli_print ("\n");
      print_analysis (site);
    }
  if (isnan (result->seconds))
    return;
  if (result->device != NULL)
    cli_field (label_width (), C_ ("report", "time"),
               /* TRANSLATORS: seconds, and the name of the processor or GPU. */
               _ ("%.2f s on %s"), result->seconds, result->device);
  else
    cli_field (label_width (), C_ ("report", "time"), _ ("%.2f s"), result->seconds);
}
