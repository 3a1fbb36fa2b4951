/* Texts of a plot: measured by Pango, placed, and drawn the same on every surface. */
#pragma once

#include "plot/colormap.h"

#include <cairo.h>
#include <pango/pango.h>

G_BEGIN_DECLS

typedef struct
{
  double x, y, width, height;
} EgRect;

/**
 * EgLabel: one text.
 * @width, @height: of the text before it is turned
 * @x, @y: where the top left corner of the text goes
 * @angle: by which it is turned about that corner, in radians, clockwise
 * @hidden: not drawn at all
 * @softened: it begins with a ␣ that is small and faint
 */
typedef struct
{
  PangoLayout *text;
  EgColor color;
  double width, height;
  double x, y, angle;
  gboolean hidden, softened;
} EgLabel;

/* A text that is not placed yet. family NULL: "Sans"; size in units of the surface. (transfer full) */
EgLabel *eg_label_new (const char *text, const char *family, double size, gboolean bold, EgColor color);
void eg_label_free (EgLabel *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgLabel, eg_label_free)

/* Cuts the text to a width, with an ellipsis in its middle. */
void eg_label_limit (EgLabel *self, double width);

/* Breaks the text into lines of at most a width, each centred. */
void eg_label_wrap (EgLabel *self, double width);

/* The same, each line at the left. */
void eg_label_wrap_left (EgLabel *self, double width);

/* Turns the text about its top left corner so that the point (fx·width, fy·height) of it comes to (x, y). */
void eg_label_place (EgLabel *self, double fx, double fy, double x, double y, double angle);

/* The upright box around the text as it is placed. */
EgRect eg_label_get_extents (const EgLabel *self);

/* As text, or as the surface's sink wants it (text-sink.h). */
void eg_label_draw (const EgLabel *self, cairo_t *cr);

/* Makes the ␣ that a token begins with small and faint: it is a part of the token, and seldom what one looks
 * for. */
void eg_label_soften_space (EgLabel *self);

static inline void
eg_color_set (EgColor color, cairo_t *cr)
{
  cairo_set_source_rgba (cr, color.red, color.green, color.blue, color.alpha);
}

G_END_DECLS
