/* Fields of a CSV file (RFC 4180). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* In quotes, those in it doubled. */
void eg_csv_append_quoted (GString *text, const char *field);

/* A comma, and the number as eg_json_append_double() writes it; nothing behind the comma where it is none. */
void eg_csv_append_number (GString *text, double value);

G_END_DECLS
