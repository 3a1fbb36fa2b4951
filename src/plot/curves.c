/* The curves of a grid, made into charts and into sentences. */
#include "plot/curves.h"

#include "plot/heatmap-private.h"
#include "tokenizer/token-text.h"
#include "trace/result/analysis.h"

#include <glib/gi18n.h>
#include <math.h>

const char *
eg_curves_get_name (EgCurves curves)
{
  static const char *const names[] = { "layers", "subject", "pinned" };
  g_return_val_if_fail (curves < G_N_ELEMENTS (names), NULL);
  return names[curves];
}

EgColor
eg_curves_pin_color (gsize pin, gboolean dark)
{
  /* Okabe and Ito's, darker on light and lighter on dark. */
  static const EgColor light[EG_MAX_PINS]
      = { { 0, 0.36, 0.63, 1 },   { 0.75, 0.31, 0, 1 }, { 0, 0.47, 0.34, 1 },
          { 0.62, 0.28, 0.5, 1 }, { 0.5, 0.4, 0, 1 },   { 0.25, 0.25, 0.25, 1 } };
  static const EgColor on_dark[EG_MAX_PINS]
      = { { 0.43, 0.74, 1, 1 },  { 1, 0.62, 0.25, 1 },   { 0.25, 0.85, 0.65, 1 },
          { 0.92, 0.6, 0.8, 1 }, { 0.95, 0.85, 0.3, 1 }, { 0.85, 0.85, 0.85, 1 } };
  return (dark ? on_dark : light)[pin % EG_MAX_PINS];
}

/* "“␣Merkel” (6)", short enough for a legend. */
static char *
name_token (const EgTraceGrid *grid, gsize position)
{
  g_autofree char *token = eg_token_quote (eg_trace_grid_get_token (grid, position));
  return g_strdup_printf ("“%s” (%" G_GSIZE_FORMAT ")", token, position);
}

/* ---- in the map's unit ---- */

/* Whether a layer's average is that of all its tokens from first to last: what is not known yet must not bend
 * it. */
static gboolean
is_whole (const EgTraceGrid *grid, gsize layer, gsize first, gsize last)
{
  for (gsize t = first; t <= last && !grid->result->complete; t++)
    if (isnan (eg_trace_grid_score (grid, layer, t)))
      return FALSE;
  return TRUE;
}

/* [n_layers] averages over the tokens from first to last. (transfer full) */
static double *
make_averages (const EgTraceGrid *grid, EgScale scale, const double *averages, gsize first, gsize last)
{
  double *values = g_new (double, grid->n_layers);
  for (gsize l = 0; l < grid->n_layers; l++)
    values[l] = is_whole (grid, l, first, last) ? eg_scale_get_value (scale, grid, averages[l]) : (double)NAN;
  return values;
}

/* [n_layers] the same number everywhere, for a line across; of a trace that is not complete, none. */
static double *
make_mean (const EgTraceGrid *grid, EgScale scale, double mean)
{
  double *values = g_new (double, grid->n_layers);
  for (gsize l = 0; l < grid->n_layers; l++)
    values[l] = grid->result->complete ? eg_scale_get_value (scale, grid, mean) : (double)NAN;
  return values;
}

static double *
make_errors (const EgTraceGrid *grid, EgScale scale, const double *sem)
{
  double *values = g_new (double, grid->n_layers);
  for (gsize l = 0; l < grid->n_layers; l++)
    values[l] = eg_scale_get_error (scale, grid, sem[l]);
  return values;
}

static void
draw_layers (const EgTraceGrid *grid, EgScale scale, EgChart *chart, cairo_t *cr, double width, double height)
{
  g_autoptr (EgTraceAnalysis) analysis = eg_trace_grid_analyze (grid);
  g_autofree double *values = make_averages (grid, scale, analysis->layer_average, 0, grid->n_tokens - 1);
  g_autofree double *sem = make_errors (grid, scale, analysis->layer_sem);

  chart->n_series = 1;
  chart->series[0] = (EgChartSeries){
    .values = values,
    .sem = sem,
    .n = analysis->n_layers,
    .marked = analysis->top_layers,
    .n_marked = analysis->n_top,
    .color = chart->foreground,
  };
  eg_chart_draw (chart, cr, width, height);
}

static void
draw_subject (const EgTraceGrid *grid,
              EgScale scale,
              EgChart *chart,
              EgColor accent,
              cairo_t *cr,
              double width,
              double height)
{
  g_autoptr (EgTraceAnalysis) analysis = eg_trace_grid_analyze (grid);
  const gsize n = analysis->n_layers;
  gsize first, last;
  eg_trace_grid_get_subject (grid, &first, &last);
  g_autofree double *overall = make_mean (grid, scale, analysis->overall_mean);
  g_autofree double *subject = make_mean (grid, scale, analysis->subject_mean);
  g_autofree double *of_all = make_averages (grid, scale, analysis->layer_average, 0, grid->n_tokens - 1);
  g_autofree double *of_subject = make_averages (grid, scale, analysis->subject_average, first, last);

  EgColor faint = chart->dim, faint_accent = accent;
  faint.alpha *= 0.45;
  faint_accent.alpha *= 0.45;
  chart->n_series = 4;
  chart->series[0] = (EgChartSeries){ .values = overall, .n = n, .color = faint };
  chart->series[1] = (EgChartSeries){ .values = subject, .n = n, .color = faint_accent };
  chart->series[2]
      = (EgChartSeries){ .name = _ ("All tokens"), .values = of_all, .n = n, .color = chart->foreground };
  /* TRANSLATORS: the part of the prompt that is corrupted: “Eiffel Tower”. */
  const char *title = _ ("Subject");
  chart->series[3] = (EgChartSeries){ .name = title, .values = of_subject, .n = n, .color = accent };
  eg_chart_draw (chart, cr, width, height);
}

gsize
eg_curves_pin_group (const EgCell *pins, gsize pin)
{
  for (gsize p = 0; p < pin; p++)
    if (pins[p].position == pins[pin].position)
      return p;
  return pin;
}

/* The layers of all pins of one token. Returns: how many. */
static gsize
collect_layers (const EgCell *pins, gsize n_pins, gsize group, gsize *layers)
{
  gsize n = 0;

  for (gsize p = group; p < n_pins; p++)
    if (eg_curves_pin_group (pins, p) == group)
      layers[n++] = pins[p].layer;
  return n;
}

/* One curve a token, with a mark for each of its pins. */
static void
draw_pinned (const EgTraceGrid *grid,
             EgScale scale,
             const EgCell *pins,
             gsize n_pins,
             EgChart *chart,
             gboolean dark,
             cairo_t *cr,
             double width,
             double height)
{
  const gsize L = grid->n_layers, T = grid->n_tokens;
  g_autofree double *values = g_new (double, L *n_pins), *sem = g_new (double, L *n_pins);
  g_autofree gsize *layers = g_new (gsize, n_pins * n_pins);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  chart->n_series = 0;
  for (gsize p = 0; p < n_pins; p++)
    {
      if (eg_curves_pin_group (pins, p) != p)
        continue;
      for (gsize l = 0; l < L; l++)
        {
          values[p * L + l] = eg_scale_get_value (scale, grid, grid->scores[0][l * T + pins[p].position]);
          sem[p * L + l] = eg_scale_get_error (scale, grid, grid->sem[0][l * T + pins[p].position]);
        }
      g_ptr_array_add (names, name_token (grid, pins[p].position));
      chart->series[chart->n_series++] = (EgChartSeries){
        .name = names->pdata[names->len - 1],
        .values = values + p * L,
        .sem = sem + p * L,
        .n = L,
        .marked = layers + p * n_pins,
        .n_marked = collect_layers (pins, n_pins, p, layers + p * n_pins),
        .color = eg_curves_pin_color (p, dark),
      };
    }
  eg_chart_draw (chart, cr, width, height);
}

void
eg_curves_draw (EgCurves curves,
                const EgTraceGrid *grid,
                EgScale scale,
                const EgCell *pins,
                gsize n_pins,
                const EgChart *chart,
                EgColor accent,
                gboolean dark,
                gssize cursor,
                cairo_t *cr,
                double width,
                double height)
{
  g_autofree char *unit = eg_scale_describe (scale, grid);
  EgChart own = *chart;

  own.x_title = _ ("Layer");
  own.y_title = unit;
  own.cursor = cursor;
  switch (curves)
    {
    case EG_CURVES_LAYERS:
      draw_layers (grid, scale, &own, cr, width, height);
      break;
    case EG_CURVES_SUBJECT:
      draw_subject (grid, scale, &own, accent, cr, width, height);
      break;
    case EG_CURVES_PINNED:
    default:
      draw_pinned (grid, scale, pins, MIN (n_pins, EG_MAX_PINS), &own, dark, cr, width, height);
      break;
    }
}

char *
eg_curves_describe (EgCurves curves, const EgTraceGrid *grid, EgScale scale, const EgCell *pins, gsize n_pins)
{
  g_autoptr (EgTraceAnalysis) analysis = eg_trace_grid_analyze (grid);
  g_autoptr (GString) text = g_string_new (NULL);

  switch (curves)
    {
    case EG_CURVES_LAYERS:
      if (analysis->n_top == 0)
        {
          g_string_append (text, grid->result->complete ? _ ("No cell has a score")
                                                        : _ ("No cell has a score yet"));
          break;
        }
      g_string_append (text, eg_trace_result_matters_high (grid->result) ? _ ("Highest on average: ")
                                                                         : _ ("Lowest on average: "));
      for (gsize i = 0; i < analysis->n_top; i++)
        g_string_append_printf (
            text, /* TRANSLATORS: one of a list: a comma or nothing, the layer and its average score. */
            _ ("%slayer %zu (%.3f)"), i > 0 ? ", " : "", analysis->top_layers[i],
            eg_scale_get_value (scale, grid, analysis->layer_average[analysis->top_layers[i]]));
      break;
    case EG_CURVES_SUBJECT:
      g_string_append_printf (text, _ ("Subject %.3f, all tokens %.3f on average"),
                              eg_scale_get_value (scale, grid, analysis->subject_mean),
                              eg_scale_get_value (scale, grid, analysis->overall_mean));
      /* What is counted from the corrupted run has another ratio than what is counted from nothing. */
      if (!isnan (analysis->ratio) && !eg_scale_is_normalized (scale, grid))
        g_string_append_printf (text, _ (": %.2f times as much"), analysis->ratio);
      break;
    case EG_CURVES_PINNED:
    default:
      for (gsize p = 0; p < n_pins; p++)
        {
          g_autofree char *token = name_token (grid, pins[p].position);
          const double sem
              = eg_scale_get_error (scale, grid, eg_trace_grid_sem (grid, pins[p].layer, pins[p].position));
          g_string_append_printf (
              text, /* TRANSLATORS: one of a list: a semicolon or nothing, the layer, the token, the score. */
              _ ("%slayer %zu at %s: %.3f"), p > 0 ? "; " : "", pins[p].layer, token,
              eg_scale_get_value (scale, grid, eg_trace_grid_score (grid, pins[p].layer, pins[p].position)));
          if (!isnan (sem))
            g_string_append_printf (text, "\302\240±\302\240%.3f", sem);
        }
      if (n_pins == 0)
        g_string_append (text, _ ("Click cells of the map to compare their tokens here"));
      break;
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}
