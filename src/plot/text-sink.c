/* Draws labels, or writes them as SVG, or draws their outlines, as their surface’s sink has it. */
#include "plot/text-sink.h"

#include <pango/pangocairo.h>
#include <string.h>

#define SOFT_SIZE    0.75
#define SOFT_OPACITY 0.5

static const cairo_user_data_key_t sink_key;

void
eg_text_sink_attach (EgTextSink *self, cairo_surface_t *surface)
{
  cairo_surface_set_user_data (surface, &sink_key, self, NULL);
}

/* The number as files have it, to a thousandth of a point. */
static void
append_number (GString *svg, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  g_string_append (svg, g_ascii_formatd (text, sizeof text, "%.6g", value));
}

static void
append_attribute (GString *svg, const char *name, double value)
{
  g_string_append_printf (svg, " %s=\"", name);
  append_number (svg, value);
  g_string_append_c (svg, '"');
}

/* The font that Pango has chosen, then those that are like it elsewhere. */
static void
append_font (GString *svg, const EgLabel *label)
{
  const PangoFontDescription *wanted = pango_layout_get_font_description (label->text);
  PangoContext *context = pango_layout_get_context (label->text);
  g_autoptr (PangoFont) font = pango_context_load_font (context, wanted);
  g_autoptr (PangoFontDescription) found = font != NULL ? pango_font_describe (font) : NULL;
  const char *family = pango_font_description_get_family (found != NULL ? found : wanted);
  g_autofree char *escaped = g_markup_escape_text (family, -1);

  g_string_append_printf (svg, " font-family=\"'%s', 'DejaVu Sans', Verdana, Arial, sans-serif\"", escaped);
  append_attribute (svg, "font-size", pango_font_description_get_size (wanted) / (double)PANGO_SCALE);
  if (pango_font_description_get_weight (wanted) >= PANGO_WEIGHT_BOLD)
    g_string_append (svg, " font-weight=\"bold\"");
}

static void
append_color (GString *svg, EgColor color)
{
  g_string_append_printf (svg, " fill=\"#%02x%02x%02x\"", (guint)(color.red * 255 + 0.5),
                          (guint)(color.green * 255 + 0.5), (guint)(color.blue * 255 + 0.5));
  if (color.alpha < 1)
    append_attribute (svg, "fill-opacity", color.alpha);
}

static void
append_text (GString *svg, const EgLabel *label, const char *text, gsize n)
{
  const gsize space = strlen ("␣");

  if (label->softened && n > space)
    {
      g_string_append (svg, "<tspan");
      append_attribute (
          svg, "font-size",
          SOFT_SIZE * pango_font_description_get_size (pango_layout_get_font_description (label->text))
              / PANGO_SCALE);
      append_attribute (svg, "fill-opacity", SOFT_OPACITY);
      g_string_append (svg, ">␣</tspan>");
      text += space;
      n -= space;
    }
  g_autofree char *escaped = g_markup_escape_text (text, (gssize)n);
  g_string_append (svg, escaped);
}

/* One line, as wide as it was measured, whatever font the viewer has. */
static void
append_line (GString *svg, const EgLabel *label, PangoLayoutIter *iter, const cairo_matrix_t *matrix)
{
  const PangoLayoutLine *line = pango_layout_iter_get_line_readonly (iter);
  const char *text = pango_layout_get_text (label->text) + line->start_index;
  gsize n = (gsize)line->length;
  PangoRectangle logical;

  while (n > 0 && text[n - 1] == ' ')
    n--;
  if (n == 0)
    return;
  pango_layout_iter_get_line_extents (iter, NULL, &logical);
  g_string_append (svg, "<text xml:space=\"preserve\" transform=\"matrix(");
  const double entries[] = { matrix->xx, matrix->yx, matrix->xy, matrix->yy, matrix->x0, matrix->y0 };
  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      if (i > 0)
        g_string_append_c (svg, ' ');
      append_number (svg, entries[i]);
    }
  g_string_append (svg, ")\"");
  append_attribute (svg, "x", logical.x / (double)PANGO_SCALE);
  append_attribute (svg, "y", pango_layout_iter_get_baseline (iter) / (double)PANGO_SCALE);
  append_attribute (svg, "textLength", logical.width / (double)PANGO_SCALE);
  g_string_append (svg, " lengthAdjust=\"spacingAndGlyphs\"");
  append_font (svg, label);
  append_color (svg, label->color);
  g_string_append_c (svg, '>');
  append_text (svg, label, text, n);
  g_string_append (svg, "</text>\n");
}

/* Whether the label, which cr is placed and coloured for, was taken by its surface’s sink. */
static gboolean
take (const EgLabel *label, cairo_t *cr)
{
  const EgTextSink *self = cairo_surface_get_user_data (cairo_get_target (cr), &sink_key);
  cairo_matrix_t matrix;

  if (self == NULL || (!self->outlines && self->svg == NULL))
    return FALSE;
  /* What is cut is no text any more, but a picture of it. */
  if (self->outlines || pango_layout_is_ellipsized (label->text))
    {
      pango_cairo_layout_path (cr, label->text);
      cairo_fill (cr);
      return TRUE;
    }
  cairo_get_matrix (cr, &matrix);
  PangoLayoutIter *iter = pango_layout_get_iter (label->text);
  do
    append_line (self->svg, label, iter, &matrix);
  while (pango_layout_iter_next_line (iter));
  pango_layout_iter_free (iter);
  return TRUE;
}

void
eg_label_draw (const EgLabel *self, cairo_t *cr)
{
  if (self->hidden)
    return;
  cairo_save (cr);
  cairo_translate (cr, self->x, self->y);
  cairo_rotate (cr, self->angle);
  eg_color_set (self->color, cr);
  if (!take (self, cr))
    pango_cairo_show_layout (cr, self->text);
  cairo_restore (cr);
}
