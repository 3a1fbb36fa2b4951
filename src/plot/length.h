/* Lengths on paper as a person writes them. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define EG_MM_PER_INCH 25.4

/* "85mm", "3.35in", "8.5cm", "241pt", or a number alone, which is inches; "column" and "page" are the presets
 * of figure.h. EG_ERROR_INVALID says so. */
gboolean eg_length_parse (const char *text, double *inches, GError **error);

G_END_DECLS
