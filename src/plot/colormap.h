/* Colour maps: matplotlib's, colour by colour. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EgColor: sRGB, each 0 … 1, not premultiplied.
 */
typedef struct
{
  double red, green, blue, alpha;
} EgColor;

/**
 * EgColormap:
 * @EG_COLORMAP_RDYLBU_R: red-yellow-blue reversed: low is blue, high is red (the notebook's, and the default)
 * @EG_COLORMAP_RDBU_R: red-blue reversed: white in the middle
 *
 * Diverging and sequential maps of ColorBrewer (Brewer 2003), and viridis and cividis of matplotlib.
 */
typedef enum
{
  EG_COLORMAP_RDYLBU_R,
  EG_COLORMAP_VIRIDIS,
  EG_COLORMAP_CIVIDIS,
  EG_COLORMAP_PURPLES,
  EG_COLORMAP_GREENS,
  EG_COLORMAP_BLUES,
  EG_COLORMAP_ORANGES,
  EG_COLORMAP_REDS,
  EG_COLORMAP_RDBU_R,
  EG_N_COLORMAPS,
} EgColormap;

/* "RdYlBu_r", "viridis"…: matplotlib's name, used on the command line and in the settings. */
const char *eg_colormap_get_name (EgColormap colormap);

/* "Red–yellow–blue", "Viridis"…: the name that a person reads; to be translated by the caller. */
const char *eg_colormap_get_title (EgColormap colormap);

/* By its name, letter case aside. FALSE and EG_ERROR_INVALID, with the list of names, when there is none. */
gboolean eg_colormap_from_name (const char *name, EgColormap *colormap, GError **error);

/* The colour of a value in 0 … 1, out of 256 as matplotlib has them; values outside take the end's colour.
 * value must not be NaN. */
EgColor eg_colormap_lookup (EgColormap colormap, double value);

G_END_DECLS
