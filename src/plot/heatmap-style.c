/* How a heatmap looks, apart from its numbers. */
#include "core/error.h"
#include "plot/heatmap-private.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

static const char *const orientations[EG_N_ORIENTATIONS] = {
  [EG_ORIENTATION_LAYERS_DOWN] = "layers-by-tokens",
  [EG_ORIENTATION_TOKENS_DOWN] = "tokens-by-layers",
};

const char *
eg_orientation_get_name (EgOrientation orientation)
{
  g_return_val_if_fail (orientation < EG_N_ORIENTATIONS, NULL);
  return orientations[orientation];
}

gboolean
eg_orientation_from_name (const char *name, EgOrientation *orientation, GError **error)
{
  for (guint i = 0; i < EG_N_ORIENTATIONS; i++)
    if (strcmp (name, orientations[i]) == 0)
      {
        *orientation = i;
        return TRUE;
      }
  return eg_error_invalid (error, _ ("There is no orientation “%s”; there are %s and %s"), name,
                           orientations[0], orientations[1]);
}

static const char *const scales[EG_N_SCALES] = {
  [EG_SCALE_NORMALIZED] = "normalized",
  [EG_SCALE_RAW] = "raw",
  [EG_SCALE_SYMMETRIC] = "symmetric",
};

const char *
eg_scale_get_name (EgScale scale)
{
  g_return_val_if_fail (scale < EG_N_SCALES, NULL);
  return scales[scale];
}

gboolean
eg_scale_from_name (const char *name, EgScale *scale, GError **error)
{
  for (guint i = 0; i < EG_N_SCALES; i++)
    if (strcmp (name, scales[i]) == 0)
      {
        *scale = i;
        return TRUE;
      }
  return eg_error_invalid (error, _ ("There is no scale “%s”; there are %s, %s and %s"), name, scales[0],
                           scales[1], scales[2]);
}

/* Whether the scale's numbers are parts of the way from the corrupted to the clean run: not where the runs
 * are known and there is no such way. */
gboolean
eg_scale_is_normalized (EgScale scale, const EgTraceGrid *grid)
{
  const EgTraceEnds *ends = eg_trace_grid_get_ends (grid);
  const gboolean known = !isnan (ends->low) && !isnan (ends->high);
  return scale != EG_SCALE_RAW && !(known && isnan (eg_trace_grid_fraction (grid, ends->high)));
}

double
eg_scale_get_value (EgScale scale, const EgTraceGrid *grid, double score)
{
  const EgTraceEnds *ends = eg_trace_grid_get_ends (grid);
  if (eg_scale_is_normalized (scale, grid))
    return eg_trace_grid_fraction (grid, score);
  if (scale == EG_SCALE_SYMMETRIC)
    return score - (eg_trace_result_is_loss (grid->result) ? ends->high : ends->low);
  return score;
}

double
eg_scale_get_error (EgScale scale, const EgTraceGrid *grid, double sem)
{
  return eg_scale_is_normalized (scale, grid) ? fabs (eg_trace_grid_scale (grid, sem)) : sem;
}

/* (transfer full) */
static char *
describe_normalized (const EgTraceGrid *grid)
{
  const EgMetric metric = eg_trace_grid_get_metric (grid);

  if (eg_trace_result_is_loss (grid->result))
    /* TRANSLATORS: %s is a metric, such as "Logit difference". */
    return g_strdup_printf (_ ("%s, normalized loss"), eg_metric_get_title (metric));
  if (metric == EG_METRIC_PROB)
    return g_strdup (_ ("Normalized probability"));
  /* TRANSLATORS: %s is a metric, such as "Logit difference". */
  return g_strdup_printf (_ ("%s, normalized"), eg_metric_get_title (metric));
}

char *
eg_scale_describe (EgScale scale, const EgTraceGrid *grid)
{
  const char *metric = eg_metric_get_title (eg_trace_grid_get_metric (grid));

  if (eg_scale_is_normalized (scale, grid))
    return describe_normalized (grid);
  if (scale != EG_SCALE_SYMMETRIC)
    return g_strdup (metric);
  /* TRANSLATORS: %s is a metric, such as "Logit difference". */
  return g_strdup_printf (_ ("%s, change"), metric);
}

void
eg_heatmap_style_init_figure (EgHeatmapStyle *self)
{
  *self = (EgHeatmapStyle){
    .colormap = EG_COLORMAP_RDYLBU_R,
    .scale = EG_SCALE_NORMALIZED,
    .orientation = EG_ORIENTATION_LAYERS_DOWN,
    .font_size = 8,
    .foreground = { 0, 0, 0, 1 },
    .dim = { 0.35, 0.35, 0.35, 1 },
    .background = { 1, 1, 1, 1 },
    .empty = { 0.96, 0.96, 0.96, 1 },
    .hatch = { 0.82, 0.82, 0.82, 1 },
    .estimated = { 1, 1, 1, 0.8 },
    .subject = { 0, 0, 0, 1 },
  };
}

void
eg_heatmap_style_init_screen (EgHeatmapStyle *self, gboolean dark)
{
  eg_heatmap_style_init_figure (self);
  self->font_size = 12;
  self->background = (EgColor){ 0, 0, 0, 0 };
  if (dark)
    {
      self->foreground = (EgColor){ 1, 1, 1, 1 };
      self->dim = (EgColor){ 1, 1, 1, 0.7 };
      self->empty = (EgColor){ 0.19, 0.19, 0.19, 1 };
      self->hatch = (EgColor){ 0.29, 0.29, 0.29, 1 };
      self->estimated = (EgColor){ 0.14, 0.14, 0.14, 0.75 };
      self->subject = (EgColor){ 0.47, 0.68, 0.93, 1 };
    }
  else
    {
      self->foreground = (EgColor){ 0, 0, 0, 0.87 };
      self->dim = (EgColor){ 0, 0, 0, 0.65 };
      self->subject = (EgColor){ 0.11, 0.44, 0.85, 1 };
    }
}
