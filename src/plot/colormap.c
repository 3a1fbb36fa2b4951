/* Colour maps by their names, and the colour at a place of one. */
#include "plot/colormap.h"

#include "core/error.h"
#include "plot/colormap-tables.h"

#include <glib/gi18n.h>

#define N_COLORS 256

/* A map is either a table of all its colours or anchors between which they are interpolated. */
typedef struct
{
  const char *name, *title;
  const guint32 *anchors; /* 0xRRGGBB */
  gsize n_anchors;
} ColormapInfo;

/* ColorBrewer's; low to high. */
static const guint32 rdylbu_r[] = { 0x313695, 0x4575b4, 0x74add1, 0xabd9e9, 0xe0f3f8, 0xffffbf,
                                    0xfee090, 0xfdae61, 0xf46d43, 0xd73027, 0xa50026 };
static const guint32 purples[]
    = { 0xfcfbfd, 0xefedf5, 0xdadaeb, 0xbcbddc, 0x9e9ac8, 0x807dba, 0x6a51a3, 0x54278f, 0x3f007d };
static const guint32 greens[]
    = { 0xf7fcf5, 0xe5f5e0, 0xc7e9c0, 0xa1d99b, 0x74c476, 0x41ab5d, 0x238b45, 0x006d2c, 0x00441b };
static const guint32 blues[]
    = { 0xf7fbff, 0xdeebf7, 0xc6dbef, 0x9ecae1, 0x6baed6, 0x4292c6, 0x2171b5, 0x08519c, 0x08306b };
static const guint32 oranges[]
    = { 0xfff5eb, 0xfee6ce, 0xfdd0a2, 0xfdae6b, 0xfd8d3c, 0xf16913, 0xd94801, 0xa63603, 0x7f2704 };
static const guint32 reds[]
    = { 0xfff5f0, 0xfee0d2, 0xfcbba1, 0xfc9272, 0xfb6a4a, 0xef3b2c, 0xcb181d, 0xa50f15, 0x67000d };

static const guint32 rdbu_r[] = { 0x053061, 0x2166ac, 0x4393c3, 0x92c5de, 0xd1e5f0, 0xf7f7f7,
                                  0xfddbc7, 0xf4a582, 0xd6604d, 0xb2182b, 0x67001f };

#define MAP(name, title, anchors)                                                                            \
  {                                                                                                          \
    name, title, anchors, G_N_ELEMENTS (anchors)                                                             \
  }
static const ColormapInfo colormaps[EG_N_COLORMAPS] = {
  [EG_COLORMAP_RDYLBU_R] = MAP ("RdYlBu_r", "Red–yellow–blue", rdylbu_r),
  [EG_COLORMAP_VIRIDIS] = MAP ("viridis", "Viridis", viridis),
  [EG_COLORMAP_CIVIDIS] = MAP ("cividis", "Cividis", cividis),
  [EG_COLORMAP_PURPLES] = MAP ("Purples", "Purples", purples),
  [EG_COLORMAP_GREENS] = MAP ("Greens", "Greens", greens),
  [EG_COLORMAP_BLUES] = MAP ("Blues", "Blues", blues),
  [EG_COLORMAP_ORANGES] = MAP ("Oranges", "Oranges", oranges),
  [EG_COLORMAP_REDS] = MAP ("Reds", "Reds", reds),
  [EG_COLORMAP_RDBU_R] = MAP ("RdBu_r", "Red–white–blue", rdbu_r),
};

static EgColor
unpack (guint32 rgb)
{
  return (EgColor){ (rgb >> 16 & 0xff) / 255.0, (rgb >> 8 & 0xff) / 255.0, (rgb & 0xff) / 255.0, 1.0 };
}

const char *
eg_colormap_get_name (EgColormap colormap)
{
  g_return_val_if_fail (colormap < EG_N_COLORMAPS, NULL);
  return colormaps[colormap].name;
}

const char *
eg_colormap_get_title (EgColormap colormap)
{
  g_return_val_if_fail (colormap < EG_N_COLORMAPS, NULL);
  return colormaps[colormap].title;
}

gboolean
eg_colormap_from_name (const char *name, EgColormap *colormap, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < EG_N_COLORMAPS; i++)
    {
      if (g_ascii_strcasecmp (name, colormaps[i].name) == 0)
        {
          *colormap = i;
          return TRUE;
        }
      g_string_append_printf (names, "%s%s", i == 0 ? "" : ", ", colormaps[i].name);
    }
  return eg_error_invalid (error, _ ("There is no color map “%s”; there are %s"), name, names->str);
}

EgColor
eg_colormap_lookup (EgColormap colormap, double value)
{
  g_return_val_if_fail (colormap < EG_N_COLORMAPS, ((EgColor){ 0 }));

  const ColormapInfo *map = &colormaps[colormap];
  const guint index = (guint)CLAMP (value * N_COLORS, 0, N_COLORS - 1);
  const double place = index * (double)(map->n_anchors - 1) / (N_COLORS - 1);
  const gsize before = MIN ((gsize)place, map->n_anchors - 2);
  const double t = place - (double)before;
  const EgColor a = unpack (map->anchors[before]), b = unpack (map->anchors[before + 1]);

  return (EgColor){ a.red + t * (b.red - a.red), a.green + t * (b.green - a.green),
                    a.blue + t * (b.blue - a.blue), 1.0 };
}
