/* Names in GSettings to a request, once, and back after each change. */
#include "app/ask/remembered-settings.h"

#include "trace/ask/fields.h"

/* The settings that some widget is bound to by itself are left to it. */
static gboolean
is_ours (EgTraceField field)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  return info->setting != NULL && info->remember != NULL;
}

/* The text of a setting. (transfer full) */
static char *
get_text (GSettings *settings, const EgFieldInfo *info)
{
  if (info->type == EG_FIELD_FLAG)
    return g_strdup (g_settings_get_boolean (settings, info->setting) ? "1" : "0");
  if (info->type == EG_FIELD_COUNT)
    return g_strdup_printf ("%d", g_settings_get_int (settings, info->setting));
  return g_settings_get_string (settings, info->setting);
}

static void
set_text (GSettings *settings, const EgFieldInfo *info, const char *text)
{
  if (info->type == EG_FIELD_FLAG)
    g_settings_set_boolean (settings, info->setting, g_str_equal (text, "1"));
  else if (info->type == EG_FIELD_COUNT)
    g_settings_set_int (settings, info->setting, (int)g_ascii_strtoll (text, NULL, 10));
  else
    g_settings_set_string (settings, info->setting, text);
}

/* Those of one part, as far as they are texts of what they should be. */
static void
load_part (GSettings *settings, EgFieldPart part, EgTraceRequest *request)
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    if (is_ours (field) && eg_trace_field_get_info (field)->part == part)
      {
        g_autofree char *text = get_text (settings, eg_trace_field_get_info (field));
        eg_trace_field_parse (field, request, text, NULL);
      }
}

/* What makes no sense is as usual. */
static void
load (GSettings *settings, EgTraceRequest *request)
{
  load_part (settings, EG_FIELD_OF_CORRUPTION, request);
  load_part (settings, EG_FIELD_OF_RESTORING, request);
  load_part (settings, EG_FIELD_OF_MEASURE, request);
  if (!eg_trace_request_check_part (request, EG_FIELD_OF_CORRUPTION, NULL, NULL))
    for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
      if (eg_trace_field_get_info (field)->part == EG_FIELD_OF_CORRUPTION)
        eg_trace_field_reset (field, request);
  /* Sites and window are remembered by themselves: what does not go with them any more goes. */
  if (!eg_trace_request_check_part (request, EG_FIELD_OF_RESTORING, NULL, NULL))
    eg_trace_field_reset (EG_FIELD_SWEEP, request);
}

static void
save (GSettings *settings, const EgTraceRequest *request)
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    {
      const EgFieldInfo *info = eg_trace_field_get_info (field);
      if (!is_ours (field))
        continue;
      g_autofree char *text = info->remember (request), *before = get_text (settings, info);
      if (text != NULL && !g_str_equal (text, before))
        set_text (settings, info, text);
    }
}

static void
on_draft_changed (EgDraft *draft, gpointer data)
{
  save (data, eg_draft_get_request (draft));
}

static void
unref_settings (gpointer data, GClosure *closure)
{
  g_object_unref (data);
}

void
eg_remembered_settings_bind (GSettings *settings, EgDraft *draft)
{
  g_return_if_fail (G_IS_SETTINGS (settings) && EG_IS_DRAFT (draft));

  g_autoptr (EgTraceRequest) request = eg_trace_request_copy (eg_draft_get_request (draft));

  load (settings, request);
  eg_draft_show_settings (draft, request);
  g_signal_connect_data (draft, "changed", G_CALLBACK (on_draft_changed), g_object_ref (settings),
                         unref_settings, 0);
}
