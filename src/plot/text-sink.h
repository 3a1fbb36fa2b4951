/* What becomes of the texts of a surface: text, that a reader can select, or outlines. Cairo writes texts
 * into an SVG as shapes; here they are gathered as <text> elements, to be put at its end (SVG 1.1, §10). */
#pragma once

#include "plot/label.h"

G_BEGIN_DECLS

/**
 * EgTextSink:
 * @outlines: texts are drawn as shapes, with no font
 * @svg: where <text> elements are gathered; %NULL: texts are drawn
 */
typedef struct
{
  gboolean outlines;
  GString *svg;
} EgTextSink;

/* Has all labels drawn on the surface go through the sink, which must outlive it. */
void eg_text_sink_attach (EgTextSink *self, cairo_surface_t *surface);

G_END_DECLS
