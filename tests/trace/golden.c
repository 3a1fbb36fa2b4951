#include "../golden-file.h"
#include "golden.h"

#include "network/mamba1/mamba1.h"
#include "trace/ask/metric.h"
#include "trace/ask/site-names.h"

#include <math.h>

const char *const golden_models[]
    = { "expand2",     "deep",        "half",           "sharded",       "narrow",      "epsilon",
        "falcon-hub",  "falcon-half", "falcon-sharded", "mamba2-groups", "mamba2-half", "mamba2-sharded",
        "mamba2-deep", NULL };
const char *const golden_gpt2_models[]
    = { "gpt2-hub", "gpt2-half", "gpt2-sharded", "gpt2-bin", "gpt2-untied", "gpt2-deep", NULL };
const char *const golden_neox_models[]
    = { "neox-pythia", "neox-serial", "neox-sharded", "neox-bin", "neox-deep", NULL };

EgModel *
golden_open (const char *name)
{
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "golden", "models", name, NULL);
  g_autoptr (GError) error = NULL;
  EgModel *model = eg_model_open (folder, NULL, &error);
  g_assert_no_error (error);
  return model;
}

JsonNode *
golden_load (const char *name)
{
  g_autofree char *path = g_build_filename ("models", name, "golden.json", NULL);
  return golden_file (path);
}

EgTraceRequest *
golden_request (JsonObject *trace)
{
  EgTraceRequest *request = eg_trace_request_new (json_object_get_string_member (trace, "prompt"),
                                                  json_object_get_string_member (trace, "subject"));
  g_assert_true (eg_trace_request_set_sites (request, json_object_get_string_member (trace, "site"), NULL));
  request->window = (guint)json_object_get_int_member (trace, "window");
  request->samples = (guint)json_object_get_int_member (trace, "samples");
  request->noise_level = json_object_get_double_member (trace, "noise_level");
  request->seed = (guint32)json_object_get_int_member (trace, "seed");
  return request;
}

void
golden_restore_in (const EgFamily *family, EgTraceRequest *request, EgSite site, EgSiteSet more)
{
  g_strfreev (request->sites);
  request->sites = eg_site_names_of_set (EG_SITE_BIT (site) | more, family, site);
}

void
golden_restore (EgTraceRequest *request, EgSite site, EgSiteSet more)
{
  golden_restore_in (&eg_family_mamba1, request, site, more);
}

void
golden_freeze_in (const EgFamily *family, EgTraceRequest *request, EgSiteSet sites)
{
  g_strfreev (request->freeze);
  request->freeze = eg_site_names_of_set (sites, family, 0);
}

void
golden_freeze (EgTraceRequest *request, EgSiteSet sites)
{
  golden_freeze_in (&eg_family_mamba1, request, sites);
}

void
golden_add_tests (const char *const models[], const char *path, GTestDataFunc func)
{
  g_auto (GStrv) halves = g_strsplit (path, "*", 2);
  for (gsize i = 0; models[i]; i++)
    {
      g_autofree char *name = g_strconcat (halves[0], models[i], halves[1], NULL);
      g_test_add_data_func (name, models[i], func);
    }
}

float *
golden_embed (EgWorkspace *workspace, const guint32 *ids, gsize n)
{
  g_autoptr (GError) error = NULL;
  EgNetwork *network = eg_workspace_get_network (workspace);
  EgBackend *be = eg_network_get_backend (network);
  const gsize n_floats = n * eg_network_get_sizes (network)->d_model;
  float *rows = eg_workspace_embed (workspace, ids, n, &error), *host = g_new (float, n_floats);
  g_assert_no_error (error);
  be->download (eg_workspace_get_stream (workspace), host, rows, n_floats);
  be->release (be, rows);
  return host;
}

void
golden_place (EgWorkspace *workspace, float *rows, gsize n)
{
  g_autoptr (GError) error = NULL;
  eg_workspace_place (workspace, rows, 0, n, &error);
  g_assert_no_error (error);
}

double
golden_number (JsonArray *array, gsize index)
{
  JsonNode *node = json_array_get_element (array, (guint)index);
  return JSON_NODE_HOLDS_NULL (node) ? (double)NAN : json_node_get_double (node);
}

double
golden_run_whole (EgWorkspace *workspace, const EgSegment *segment, gsize n_tokens, gsize target)
{
  const EgHeadQuery query = { .target = target, .against = target };
  EgHeadRow answer;
  g_assert_true (eg_workspace_run (workspace, segment, 1, n_tokens, NULL, NULL));
  eg_workspace_head (workspace, &query, &answer);
  return eg_metric_value (EG_METRIC_PROB, &answer, NULL, 0);
}
