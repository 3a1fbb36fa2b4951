/* Fields of a CSV file. */
#include "formats/csv.h"

#include "formats/json-writer.h"

#include <math.h>

void
eg_csv_append_quoted (GString *text, const char *field)
{
  g_string_append_c (text, '"');
  for (const char *c = field; *c != '\0'; c++)
    g_string_append (text, (char[]){ *c, *c == '"' ? '"' : '\0', '\0' });
  g_string_append_c (text, '"');
}

void
eg_csv_append_number (GString *text, double value)
{
  g_string_append_c (text, ',');
  if (isfinite (value))
    eg_json_append_double (text, value);
}
