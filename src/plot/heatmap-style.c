/* How a heatmap looks, apart from its numbers. */
#include "core/error.h"
#include "plot/heatmap.h"

#include <glib/gi18n.h>
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
  g_set_error (error, EG_ERROR, EG_ERROR_INVALID, _ ("There is no orientation “%s”; there are %s and %s"),
               name, orientations[0], orientations[1]);
  return FALSE;
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
      self->subject = (EgColor){ 0.47, 0.68, 0.93, 1 };
    }
  else
    {
      self->foreground = (EgColor){ 0, 0, 0, 0.87 };
      self->dim = (EgColor){ 0, 0, 0, 0.65 };
      self->subject = (EgColor){ 0.11, 0.44, 0.85, 1 };
    }
}
