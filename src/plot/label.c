/* A text that is measured, placed, turned and drawn. */
#include "plot/label.h"

#include <math.h>
#include <pango/pangocairo.h>

/* Metrics that no hinting changes: a figure has the same layout on every surface and at every scale. */
static PangoContext *
get_context (void)
{
  static GPrivate private = G_PRIVATE_INIT (g_object_unref);
  PangoContext *context = g_private_get (&private);

  if (context == NULL)
    {
      cairo_font_options_t *options = cairo_font_options_create ();
      cairo_font_options_set_hint_metrics (options, CAIRO_HINT_METRICS_OFF);
      cairo_font_options_set_hint_style (options, CAIRO_HINT_STYLE_NONE);
      cairo_font_options_set_antialias (options, CAIRO_ANTIALIAS_GRAY);
      context = pango_font_map_create_context (pango_cairo_font_map_get_default ());
      pango_cairo_context_set_font_options (context, options);
      pango_context_set_round_glyph_positions (context, FALSE);
      cairo_font_options_destroy (options);
      g_private_set (&private, context);
    }
  return context;
}

static void
measure (EgLabel *self)
{
  int width, height;
  pango_layout_get_size (self->text, &width, &height);
  self->width = (double)width / PANGO_SCALE;
  self->height = (double)height / PANGO_SCALE;
}

EgLabel *
eg_label_new (const char *text, const char *family, double size, gboolean bold, EgColor color)
{
  g_autoptr (PangoFontDescription) font = pango_font_description_new ();
  EgLabel *self = g_new0 (EgLabel, 1);

  pango_font_description_set_family (font, family != NULL ? family : "Sans");
  pango_font_description_set_absolute_size (font, size * PANGO_SCALE);
  pango_font_description_set_weight (font, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  self->text = pango_layout_new (get_context ());
  pango_layout_set_font_description (self->text, font);
  pango_layout_set_text (self->text, text, -1);
  self->color = color;
  measure (self);
  return self;
}

void
eg_label_free (EgLabel *self)
{
  if (self == NULL)
    return;
  g_object_unref (self->text);
  g_free (self);
}

void
eg_label_soften_space (EgLabel *self)
{
  static const char space[] = "␣";
  const char *text = pango_layout_get_text (self->text);

  if (!g_str_has_prefix (text, space) || g_str_equal (text, space))
    return;
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();
  PangoAttribute *of_space[]
      = { pango_attr_scale_new (0.75), pango_attr_foreground_alpha_new (G_MAXUINT16 / 2) };
  for (gsize i = 0; i < G_N_ELEMENTS (of_space); i++)
    {
      of_space[i]->start_index = 0;
      of_space[i]->end_index = sizeof space - 1;
      pango_attr_list_insert (attributes, of_space[i]);
    }
  pango_layout_set_attributes (self->text, attributes);
  self->softened = TRUE;
  measure (self);
}

void
eg_label_limit (EgLabel *self, double width)
{
  if (self->width <= width)
    return;
  pango_layout_set_ellipsize (self->text, PANGO_ELLIPSIZE_MIDDLE);
  pango_layout_set_width (self->text, (int)(width * PANGO_SCALE));
  measure (self);
}

static void
wrap (EgLabel *self, double width, PangoAlignment alignment)
{
  if (self->width <= width)
    return;
  pango_layout_set_wrap (self->text, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_alignment (self->text, alignment);
  pango_layout_set_width (self->text, (int)(width * PANGO_SCALE));
  measure (self);
  /* With an alignment, the text is set in the whole width. */
  self->width = width;
}

void
eg_label_wrap (EgLabel *self, double width)
{
  wrap (self, width, PANGO_ALIGN_CENTER);
}

void
eg_label_wrap_left (EgLabel *self, double width)
{
  wrap (self, width, PANGO_ALIGN_LEFT);
}

void
eg_label_place (EgLabel *self, double fx, double fy, double x, double y, double angle)
{
  const double dx = fx * self->width, dy = fy * self->height;
  self->angle = angle;
  self->x = x - (dx * cos (angle) - dy * sin (angle));
  self->y = y - (dx * sin (angle) + dy * cos (angle));
}

EgRect
eg_label_get_extents (const EgLabel *self)
{
  const double c = cos (self->angle), s = sin (self->angle);
  const double xs[] = { 0, self->width * c, -self->height * s, self->width * c - self->height * s };
  const double ys[] = { 0, self->width * s, self->height * c, self->width * s + self->height * c };
  double x0 = 0, x1 = 0, y0 = 0, y1 = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (xs); i++)
    {
      x0 = MIN (x0, xs[i]);
      x1 = MAX (x1, xs[i]);
      y0 = MIN (y0, ys[i]);
      y1 = MAX (y1, ys[i]);
    }
  return (EgRect){ self->x + x0, self->y + y0, x1 - x0, y1 - y0 };
}
