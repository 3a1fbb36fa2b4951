/* Numbers that a person typed: all of the text, inside bounds, with a decimal point whatever the locale. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A whole number in [min, max]. EG_ERROR_INVALID names what it is of, such as --samples, and the bounds. */
gboolean eg_parse_integer (
    const char *what, const char *text, guint64 min, guint64 max, guint64 *value, GError **error);

/* A number above one bound and up to the other. */
gboolean
eg_parse_number (const char *what, const char *text, double above, double max, double *value, GError **error);

G_END_DECLS
