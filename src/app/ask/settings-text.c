/* A request’s settings as words, one by one. */
#include "app/ask/settings-text.h"

#include "app/ask/corruption-row.h"
#include "app/ask/restoring-row.h"
#include "tokenizer/token-text.h"
#include "trace/ask/site-names.h"

#include <glib/gi18n.h>

/* "Residual stream, Mixer output". (transfer full) */
static char *
name_sites (char *const *names)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < eg_site_names_count (names); i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", eg_site_name_get_title (names[i]));
  return g_string_free (text, FALSE);
}

static void
add (GPtrArray *texts, const char *name, const char *value)
{
  g_ptr_array_add (texts, g_strdup_printf ("%s %s", name, value));
}

static void
add_number (GPtrArray *texts, const char *name, double value)
{
  g_autofree char *number = g_strdup_printf ("%.6g", value);
  add (texts, name, number);
}

/* Nothing, where it is as usual, still has its place. */
static void
add_nothing (GPtrArray *texts)
{
  g_ptr_array_add (texts, g_strdup (""));
}

char **
eg_settings_to_texts (const EgTraceRequest *request, const char *model)
{
  GPtrArray *texts = g_ptr_array_new ();

  g_ptr_array_add (texts, name_sites (request->sites));
  add_number (texts, _ ("Samples"), eg_trace_request_get_samples (request));
  if (eg_corruption_uses_level (&request->corruption))
    add_number (texts, _ ("Noise"), request->noise_level);
  else
    add_nothing (texts);
  g_ptr_array_add (texts, eg_corruption_summarize (&request->corruption));
  g_ptr_array_add (texts, eg_restoring_summarize (request));
  if (eg_site_names_count (request->freeze) > 0)
    {
      g_autofree char *frozen = name_sites (request->freeze);
      add (texts, _ ("Frozen sites"), frozen);
    }
  else
    add_nothing (texts);
  add_number (texts, _ ("Window"), request->window);
  g_ptr_array_add (texts, g_strdup (eg_metric_get_title (request->metric)));
  add_number (texts, _ ("Seed"), request->seed);
  if (model != NULL)
    {
      g_autofree char *name = eg_text_quote (model);
      add (texts, _ ("Model"), name);
    }
  else
    add_nothing (texts);
  g_ptr_array_add (texts, NULL);
  return (char **)g_ptr_array_free (texts, FALSE);
}
