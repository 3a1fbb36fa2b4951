/* Takes colours and fonts from the theme for the plots. */
#include "app/parts/plot-style.h"

#include <adwaita.h>
#include <pango/pangocairo.h>

/* Plots speak a little more quietly than the controls around them. */
#define FONT_SCALE 0.9

static EgColor
from_rgba (GdkRGBA rgba)
{
  return (EgColor){ (double)rgba.red, (double)rgba.green, (double)rgba.blue, (double)rgba.alpha };
}

static const char *
font_family (GtkWidget *widget)
{
  const PangoFontDescription *font
      = pango_context_get_font_description (gtk_widget_get_pango_context (widget));
  return g_intern_string (pango_font_description_get_family (font));
}

double
eg_plot_style_font_size (GtkWidget *widget)
{
  PangoContext *context = gtk_widget_get_pango_context (widget);
  const PangoFontDescription *font = pango_context_get_font_description (context);
  const double size = (double)pango_font_description_get_size (font) / PANGO_SCALE;

  if (pango_font_description_get_size_is_absolute (font))
    return size;
  const double resolution = pango_cairo_context_get_resolution (context);
  return size * (resolution > 0 ? resolution : 96) / 72;
}

EgColor
eg_plot_style_subject (GtkWidget *widget)
{
  GdkRGBA rgba = { 0.11f, 0.44f, 0.85f, 1 };

  gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), "accent_color", &rgba);
  return from_rgba (rgba);
}

void
eg_plot_style_heatmap (GtkWidget *widget, EgHeatmapStyle *style)
{
  const EgHeatmapStyle old = *style;
  const gboolean dark
      = adw_style_manager_get_dark (adw_style_manager_get_for_display (gtk_widget_get_display (widget)));

  eg_heatmap_style_init_screen (style, dark);
  style->colormap = old.colormap;
  style->scale = old.scale;
  style->orientation = old.orientation;
  style->title = old.title;
  style->hatch_noise = old.hatch_noise;
  style->font_family = font_family (widget);
  style->font_size = eg_plot_style_font_size (widget) * FONT_SCALE;
  style->subject = eg_plot_style_subject (widget);
}

void
eg_plot_style_chart (GtkWidget *widget, EgChart *chart)
{
  const gboolean dark
      = adw_style_manager_get_dark (adw_style_manager_get_for_display (gtk_widget_get_display (widget)));

  eg_chart_init_screen (chart, dark);
  chart->font_family = font_family (widget);
  chart->font_size = eg_plot_style_font_size (widget) * FONT_SCALE;
  chart->pixel = gtk_widget_get_scale_factor (widget);
}

void
eg_plot_style_measure (
    GtkWidget *widget, GtkOrientation orientation, double height, int *minimum, int *natural)
{
  const double em = eg_plot_style_font_size (widget);
  const gboolean horizontal = orientation == GTK_ORIENTATION_HORIZONTAL;

  *minimum = horizontal ? MIN ((int)(16 * em), EG_PLOT_MIN_WIDTH) : (int)(9 * em);
  *natural = (int)((horizontal ? 40 : height) * em);
}

double
eg_plot_style_fit_font (double size, int width)
{
  const double widest = 18; /* font sizes that a plot needs across */
  return MIN (size, width / widest);
}
