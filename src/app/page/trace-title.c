/* Titles and descriptions, made of a result and of what was asked for. */
#include "app/page/trace-title.h"

#include "app/ask/settings-text.h"
#include "tokenizer/token-text.h"

#include <glib/gi18n.h>

#define MOST_SUBJECT 20 /* characters of a short title */

/* "The Legend…the Wild": its beginning and its end. (transfer full) */
static char *
shorten (const char *text, glong most)
{
  const glong n = g_utf8_strlen (text, -1);

  if (n <= most)
    return g_strdup (text);
  const glong before = most / 2, after = most - 1 - before;
  g_autofree char *start = g_utf8_substring (text, 0, before);
  return g_strdup_printf ("%s…%s", start, g_utf8_offset_to_pointer (text, n - after));
}

static char *
make_title (const EgTraceResult *result, const EgTraceRequest *request, glong most_subject)
{
  if (result == NULL || result->tokens->target == NULL)
    return request != NULL && request->subject != NULL && *request->subject != '\0'
               ? shorten (request->subject, most_subject)
               : g_strdup (_ ("Engram"));
  g_autofree char *quoted = eg_text_quote (result->tokens->subject);
  g_autofree char *subject = shorten (quoted, most_subject);
  g_autofree char *target = eg_text_quote (result->tokens->target);
  return g_strdup_printf ("%s → “%s”", subject, target);
}

char *
eg_trace_title (const EgTraceResult *result, const EgTraceRequest *request)
{
  return make_title (result, request, G_MAXLONG);
}

char *
eg_trace_title_short (const EgTraceResult *result, const EgTraceRequest *request)
{
  return make_title (result, request, MOST_SUBJECT);
}

char **
eg_trace_title_get_settings (const EgTraceResult *result, const EgTraceRequest *request)
{
  if (request == NULL || (result != NULL && !result->has_settings))
    return NULL;
  return eg_settings_to_texts (request, result != NULL ? result->model : NULL);
}

char *
eg_trace_title_describe (const EgTraceResult *result, const EgTraceRequest *request, const char *file)
{
  g_auto (GStrv) settings = eg_trace_title_get_settings (result, request);

  if (request == NULL)
    return g_strdup ("");
  g_autoptr (GString) text = g_string_new (request->prompt);
  for (gsize i = 0; settings != NULL && settings[i] != NULL; i++)
    if (*settings[i] != '\0')
      g_string_append_printf (text, "\n%s", settings[i]);
  if (file != NULL)
    g_string_append_printf (text, "\n%s", file);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
