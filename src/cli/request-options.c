/* Options made of the table of a request's fields, and what was typed made into a request. */
#include "cli/request-options.h"

#include "cli/common.h"
#include "trace/ask/fields.h"

#include <glib/gi18n.h>

void
cli_request_options_clear (CliRequestOptions *self)
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    g_free (self->texts[field]);
}

GOptionEntry *
cli_request_options_list (CliRequestOptions *self, const EgTraceField *fields, const GOptionEntry *more)
{
  g_autoptr (GArray) entries = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
  for (gsize i = 0; fields[i] != EG_N_FIELDS; i++)
    {
      const EgFieldInfo *info = eg_trace_field_get_info (fields[i]);
      const gboolean is_flag = info->type == EG_FIELD_FLAG;
      const GOptionEntry entry = {
        .long_name = info->option,
        .short_name = info->letter,
        .arg = is_flag ? G_OPTION_ARG_NONE : G_OPTION_ARG_FILENAME,
        .arg_data = is_flag ? (gpointer)&self->flags[fields[i]] : (gpointer)&self->texts[fields[i]],
        .description = info->help,
        .arg_description = info->metavar,
      };
      g_array_append_val (entries, entry);
    }
  for (; more->long_name != NULL; more++)
    g_array_append_val (entries, *more);
  return (GOptionEntry *)(gpointer)g_array_free (g_steal_pointer (&entries), FALSE);
}

/* What was typed for one field, if anything. */
static gboolean
apply (const CliRequestOptions *self, EgTraceField field, EgTraceRequest *request)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *option = g_strconcat ("--", eg_trace_field_get_info (field)->option, NULL);
  if (self->flags[field])
    eg_trace_field_set_number (field, request, TRUE);
  if (self->texts[field] == NULL)
    return TRUE;
  if (!cli_check_text (option, self->texts[field]))
    return FALSE;
  if (eg_trace_field_parse (field, request, self->texts[field], &error))
    return TRUE;
  cli_fail (error);
  return FALSE;
}

gboolean
cli_request_options_apply (const CliRequestOptions *self, EgTraceRequest *request)
{
  gboolean typed[EG_N_FIELDS];
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    {
      typed[field] = self->texts[field] != NULL || self->flags[field];
      if (typed[field] && !apply (self, field, request))
        return FALSE;
    }
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    if (typed[field] && eg_trace_field_get_useless (field, request) != NULL)
      {
        cli_say ("--%s: %s", eg_trace_field_get_info (field)->option,
                 eg_trace_field_get_useless (field, request));
        return FALSE;
      }
  eg_trace_request_complete (request, typed);
  return TRUE;
}

/* What was typed for one field changes nothing of the request. */
static gboolean
agrees (const CliRequestOptions *self, EgTraceField field, const EgTraceRequest *request, gboolean *ok)
{
  g_autoptr (EgTraceRequest) typed = eg_trace_request_copy (request);
  *ok = apply (self, field, typed);
  if (typed->corruption.file != NULL && request->corruption.file != NULL)
    {
      char *path = g_canonicalize_filename (typed->corruption.file, NULL);
      g_free (typed->corruption.file);
      typed->corruption.file = path;
    }
  return *ok && eg_trace_request_equal (typed, request);
}

gboolean
cli_request_options_agree (const CliRequestOptions *self, const EgTraceRequest *request, const char *file)
{
  gboolean ok = TRUE;
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    if ((self->texts[field] != NULL || self->flags[field]) && !agrees (self, field, request, &ok))
      {
        if (ok)
          cli_say (
              _ ("--%s is another one than that of %s, which goes on as it began: leave it out, or trace "
                 "anew without --resume"),
              eg_trace_field_get_info (field)->option, file);
        return FALSE;
      }
  return TRUE;
}
