/* Names in GSettings to a request, once, and back after each change. */
#include "app/ask/remembered-settings.h"

/* Without text, file or tokens, which belong to one prompt. */
static void
load_corruption (GSettings *settings, EgTraceRequest *request)
{
  g_autofree char *kind = g_settings_get_string (settings, "corruption");
  g_autofree char *scale = g_settings_get_string (settings, "noise-scale");
  g_autofree char *span = g_settings_get_string (settings, "span");
  EgCorruption corruption = { .replace = g_settings_get_boolean (settings, "replace") };

  if (eg_corruption_parse_kind (&corruption, kind, NULL)
      && eg_corruption_parse_scale (&corruption, scale, NULL)
      && eg_corruption_parse_span (&corruption, span, NULL) && eg_corruption_check (&corruption, NULL))
    {
      eg_corruption_clear (&request->corruption);
      eg_corruption_copy (&corruption, &request->corruption);
    }
  eg_corruption_clear (&corruption);
}

/* What makes no sense is left as it was. */
static void
load (GSettings *settings, EgTraceRequest *request)
{
  g_autofree char *metric = g_settings_get_string (settings, "metric");
  g_autofree char *direction = g_settings_get_string (settings, "direction");
  g_autofree char *sweep = g_settings_get_string (settings, "sweep");
  g_autofree char *freeze = g_settings_get_string (settings, "freeze");

  load_corruption (settings, request);
  request->all_metrics = g_str_equal (metric, "all");
  if (!request->all_metrics)
    eg_metric_from_name (metric, &request->metric, NULL);
  eg_direction_from_name (direction, &request->direction, NULL);
  eg_sweep_from_name (sweep, &request->sweep, NULL);
  if (*freeze != '\0')
    eg_sites_from_names (freeze, &request->freeze, NULL, NULL);
  /* Sites and window are remembered by themselves: what does not go with them any more goes. */
  if (!eg_trace_request_check_sites (request, NULL))
    request->sweep = EG_SWEEP_CELLS;
}

static void
save_text (GSettings *settings, const char *key, const char *value)
{
  g_autofree char *before = g_settings_get_string (settings, key);

  if (!g_str_equal (before, value))
    g_settings_set_string (settings, key, value);
}

static void
save_corruption (GSettings *settings, const EgCorruption *corruption)
{
  g_autofree char *kind = eg_corruption_format_kind (corruption);
  g_autofree char *scale = eg_corruption_format_scale (corruption);

  if (corruption->kind == EG_CORRUPTION_SWAP || corruption->file != NULL)
    return;
  save_text (settings, "corruption", kind);
  save_text (settings, "noise-scale", scale);
  save_text (settings, "span", corruption->span == EG_SPAN_ALL ? "all" : "subject");
  if (g_settings_get_boolean (settings, "replace") != corruption->replace)
    g_settings_set_boolean (settings, "replace", corruption->replace);
}

static void
save (GSettings *settings, const EgTraceRequest *request)
{
  g_autofree char *freeze = eg_sites_to_names (request->freeze);

  save_corruption (settings, &request->corruption);
  if (request->all_metrics || request->metric != EG_METRIC_LOGIT_DIFF)
    save_text (settings, "metric", request->all_metrics ? "all" : eg_metric_get_name (request->metric));
  if (request->has_knockout)
    return;
  save_text (settings, "direction", eg_direction_get_name (request->direction));
  save_text (settings, "sweep", eg_sweep_get_name (request->sweep));
  save_text (settings, "freeze", freeze);
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
