/* Makes a study's means into a map and into curves. */
#include "plot/study-map.h"

#include "plot/curves.h"
#include "plot/heatmap-private.h"

#include <glib/gi18n.h>
#include <math.h>

#define BARELY_WHOLE 1.05 /* a mean part that is no more than this above all of it makes no scale to 2 */
#define SMALL        0.1  /* of the greatest mean: one that is less below zero makes no scale of two sides */

/* Multiples of the font size, in the legend. */
#define LINE_LENGTH 1.4
#define LINE_GAP    0.4
#define NAME_GAP    1.6
#define LINE_SPACE  0.25

/* ---- the map ---- */

static EgTraceTokens *
make_roles (void)
{
  EgTraceTokens *tokens = eg_trace_tokens_new (EG_N_ROLES);
  tokens->tokens = g_new0 (char *, EG_N_ROLES + 1);
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    tokens->tokens[role] = g_strdup (eg_role_get_title (role));
  /* TRANSLATORS: in place of a subject's text, where many are meant: noise on “each subject”. */
  tokens->subject = g_strdup (_ ("each subject"));
  tokens->subject_first = EG_ROLE_SUBJECT_FIRST;
  tokens->subject_last = EG_ROLE_SUBJECT_LAST;
  return tokens;
}

EgTraceGrid *
eg_study_map_new_of (EgStatistics *const *statistics,
                     const EgStudySettings *settings,
                     gsize site,
                     EgStudyQuantity quantity)
{
  EgTraceRequest *request = eg_trace_request_copy (settings->request);
  /* Of effects and of parts of the whole, more is more, whatever the metric. */
  if (quantity != EG_STUDY_SCORE)
    {
      request->direction = EG_DIRECTION_RESTORE;
      request->metric = EG_METRIC_PROB;
    }
  EgTraceResult *result = eg_trace_result_new (request, make_roles (), statistics[0]->width,
                                               (const char *[]){ settings->sites[site] }, 1);
  EgTraceGrid *map = result->grids[0];
  if (quantity != EG_STUDY_SCORE)
    result->ends[0].low = 0;
  result->complete = TRUE;
  /* Where each fact has as many as it needs, there is no number. */
  result->samples = request->until_sem > 0 ? 0 : eg_trace_request_get_samples (request);
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    for (gsize l = 0; l < map->n_layers; l++)
      {
        map->scores[0][l * EG_N_ROLES + role] = statistics[role]->mean[l];
        map->sem[0][l * EG_N_ROLES + role] = statistics[role]->sem[l];
        if (quantity != EG_STUDY_SCORE)
          map->effect_sem[0][l * EG_N_ROLES + role] = statistics[role]->sem[l];
      }
  return map;
}

EgTraceGrid *
eg_study_map_new (const EgStudySummary *summary,
                  const EgStudySettings *settings,
                  gsize site,
                  EgStudyQuantity quantity)
{
  EgStatistics *statistics[EG_N_ROLES];
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    statistics[role] = (EgStatistics *)eg_study_summary_get (summary, site, quantity, role);
  return eg_study_map_new_of (statistics, settings, site, quantity);
}

const char *
eg_study_quantity_get_title (EgStudyQuantity quantity, const EgStudySettings *settings)
{
  const gboolean loss = eg_trace_request_is_loss (settings->request);
  switch (quantity)
    {
    case EG_STUDY_EFFECT:
      /* TRANSLATORS: what a study's numbers are, beside the colour bar. */
      return settings->is_estimated ? _ ("Average indirect effect, estimated")
                                    : _ ("Average indirect effect");
    case EG_STUDY_NORMALIZED:
      if (settings->is_estimated)
        return loss ? _ ("Average loss, estimated") : _ ("Average recovery, estimated");
      /* TRANSLATORS: which part of a damage is made good, or done. */
      return loss ? _ ("Average loss") : _ ("Average recovery");
    case EG_STUDY_SCORE:
    case EG_N_STUDY_QUANTITIES:
    default:
      return settings->is_estimated ? _ ("Average, estimated")
                                    : eg_metric_get_title (settings->request->metric);
    }
}

void
eg_study_map_set_style (EgHeatmapStyle *style,
                        EgTraceGrid *const *maps,
                        gsize n,
                        EgStudyQuantity quantity,
                        const EgStudySettings *settings)
{
  style->scale = EG_SCALE_RAW;
  style->orientation = EG_ORIENTATION_TOKENS_DOWN;
  style->unit = eg_study_quantity_get_title (quantity, settings);
  style->hatch_noise = quantity != EG_STUDY_SCORE;
  style->least = style->greatest = 0;
  for (gsize i = 0; i < n; i++)
    eg_heatmap_style_hold_scores (style, maps[i]);
  const gboolean is_barely_whole
      = quantity == EG_STUDY_NORMALIZED && style->greatest > 1 && style->greatest <= BARELY_WHOLE;
  if (style->greatest > 0 && -style->least < SMALL * style->greatest && (style->least < 0 || is_barely_whole)
      && !(style->limit_low < style->limit_high))
    style->limit_high = is_barely_whole ? style->greatest : eg_heatmap_round_up (style->greatest);
}

/* ---- curves ---- */

EgColor
eg_study_role_color (EgRole role, gboolean dark)
{
  return eg_curves_pin_color (role, dark);
}

void
eg_study_curves_draw (const EgStudySummary *summary,
                      gsize site,
                      EgStudyQuantity quantity,
                      const EgChart *chart,
                      gboolean dark,
                      gssize cursor,
                      cairo_t *cr,
                      double width,
                      double height)
{
  EgChart own = *chart;
  own.cursor = cursor;
  own.n_series = EG_N_ROLES;
  own.x_title = _ ("Layer");
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    {
      const EgStatistics *statistics = eg_study_summary_get (summary, site, quantity, role);
      own.series[role] = (EgChartSeries){ .values = statistics->mean,
                                          .lower = statistics->lower,
                                          .upper = statistics->upper,
                                          .n = summary->n_layers,
                                          .color = eg_study_role_color (role, dark) };
    }
  eg_chart_draw (&own, cr, width, height);
}

void
eg_study_curves_hold (
    const EgStudySummary *summary, gsize site, EgStudyQuantity quantity, double *low, double *high)
{
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    {
      const EgStatistics *statistics = eg_study_summary_get (summary, site, quantity, role);
      for (gsize l = 0; l < summary->n_layers; l++)
        {
          *low = fmin (*low, fmin (statistics->mean[l], statistics->lower[l]));
          *high = fmax (*high, fmax (statistics->mean[l], statistics->upper[l]));
        }
    }
}

void
eg_study_curves_set_axis (EgChart *chart, double low, double high)
{
  chart->low = low < 0 && -low < SMALL * high ? 0 : low;
  chart->high = high > chart->low ? high : chart->low + 1;
}

/* ---- the legend ---- */

static EgLabel *
make_name (const EgHeatmapStyle *style, EgRole role)
{
  return eg_label_new (eg_role_get_title (role), style->font_family, style->font_size, FALSE,
                       style->foreground);
}

static void
draw_name (EgLabel *label, EgColor color, double em, double x, double y, cairo_t *cr)
{
  eg_color_set (color, cr);
  cairo_set_line_width (cr, 0.14 * em);
  cairo_move_to (cr, x, y + label->height / 2);
  cairo_line_to (cr, x + LINE_LENGTH * em, y + label->height / 2);
  cairo_stroke (cr);
  eg_label_place (label, 0, 0, x + (LINE_LENGTH + LINE_GAP) * em, y, 0);
  eg_label_draw (label, cr);
}

double
eg_study_legend_draw (const EgHeatmapStyle *style, gboolean dark, cairo_t *cr, double width)
{
  const double em = style->font_size;
  double x = 0, y = 0, height = 0;
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    {
      g_autoptr (EgLabel) label = make_name (style, role);
      const double taken = (LINE_LENGTH + LINE_GAP) * em + label->width;
      if (x > 0 && x + taken > width)
        {
          x = 0;
          y += label->height + LINE_SPACE * em;
        }
      if (cr != NULL)
        draw_name (label, eg_study_role_color (role, dark), em, x, y, cr);
      x += taken + NAME_GAP * em;
      height = y + label->height;
    }
  return height;
}
