/* Writes what studies say as JSON. */
#include "study/documents.h"

#include "formats/json-writer.h"

#include <math.h>

/* ---- numbers ---- */

static JsonNode *
number (double value)
{
  JsonNode *node = json_node_new (isnan (value) ? JSON_NODE_NULL : JSON_NODE_VALUE);
  if (!isnan (value))
    json_node_set_double (node, value);
  return node;
}

static JsonNode *
whole (gssize value)
{
  JsonNode *node = json_node_new (value < 0 ? JSON_NODE_NULL : JSON_NODE_VALUE);
  if (value >= 0)
    json_node_set_int (node, value);
  return node;
}

static JsonArray *
numbers (const double *values, gsize n)
{
  JsonArray *array = json_array_sized_new ((guint)n);
  for (gsize i = 0; i < n; i++)
    json_array_add_element (array, number (values[i]));
  return array;
}

/* Which of a statistics' numbers over layers. */
typedef const double *(*GetFunc) (const EgStatistics *statistics);

/* clang-format off */
static const double *get_mean (const EgStatistics *it) { return it->mean; }
static const double *get_sem (const EgStatistics *it) { return it->sem; }
static const double *get_lower (const EgStatistics *it) { return it->lower; }
static const double *get_upper (const EgStatistics *it) { return it->upper; }
static const double *get_first_quartile (const EgStatistics *it) { return it->quartiles[0]; }
static const double *get_median (const EgStatistics *it) { return it->quartiles[1]; }
static const double *get_last_quartile (const EgStatistics *it) { return it->quartiles[2]; }
/* clang-format on */

/* [role][layer] of a quantity's statistics [EG_N_ROLES]. */
static JsonArray *
by_role (EgStatistics *const *roles, GetFunc get)
{
  JsonArray *array = json_array_sized_new (EG_N_ROLES);
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    json_array_add_array_element (array, numbers (get (roles[role]), roles[role]->width));
  return array;
}

static JsonArray *
quartiles_by_role (EgStatistics *const *roles)
{
  static const GetFunc quartiles[] = { get_first_quartile, get_median, get_last_quartile };
  JsonArray *array = json_array_sized_new (G_N_ELEMENTS (quartiles));
  for (gsize k = 0; k < G_N_ELEMENTS (quartiles); k++)
    json_array_add_array_element (array, by_role (roles, quartiles[k]));
  return array;
}

static void
set_array (JsonObject *object, const char *prefix, const char *name, JsonArray *array)
{
  g_autofree char *member = g_strconcat (prefix, name, NULL);
  json_object_set_array_member (object, member, array);
}

/* PREFIXpeak and PREFIXpeak_interval. */
static void
set_peaks (JsonObject *object, const char *prefix, EgStatistics *const *roles)
{
  JsonArray *peaks = json_array_new (), *intervals = json_array_new ();
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    {
      JsonArray *interval = json_array_new ();
      json_array_add_element (peaks, whole (roles[role]->peak));
      json_array_add_element (interval, whole (roles[role]->peak_lower));
      json_array_add_element (interval, whole (roles[role]->peak_upper));
      json_array_add_array_element (intervals, interval);
    }
  set_array (object, prefix, "peak", peaks);
  set_array (object, prefix, "peak_interval", intervals);
}

static JsonArray *
counts_by_role (EgStatistics *const *roles)
{
  JsonArray *array = json_array_sized_new (EG_N_ROLES);
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    json_array_add_int_element (array, (gint64)roles[role]->n);
  return array;
}

JsonArray *
eg_study_roles_to_json (void)
{
  JsonArray *array = json_array_sized_new (EG_N_ROLES);
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    json_array_add_string_element (array, eg_role_get_name (role));
  return array;
}

/* ---- a study ---- */

JsonObject *
eg_study_counts_to_json (const gsize *counts, gsize n_facts)
{
  JsonObject *object = json_object_new ();
  gsize known = 0;
  json_object_set_int_member (object, "total", (gint64)n_facts);
  for (EgStudyState state = 0; state < EG_N_STUDY_STATES; state++)
    {
      json_object_set_int_member (object, eg_study_state_get_name (state), (gint64)counts[state]);
      known += counts[state];
    }
  if (known < n_facts)
    json_object_set_int_member (object, "left", (gint64)(n_facts - known));
  return object;
}

static JsonObject *
site_to_json (const EgStudySummary *summary, gsize site, gboolean is_estimated)
{
  JsonObject *object = json_object_new ();
  for (EgStudyQuantity quantity = 0; quantity < EG_N_STUDY_QUANTITIES; quantity++)
    {
      EgStatistics *roles[EG_N_ROLES];
      const gboolean is_score = quantity == EG_STUDY_SCORE;
      const char *name = is_score && is_estimated ? "estimate" : eg_study_quantity_get_name (quantity);
      g_autofree char *prefix = is_score ? g_strdup ("") : g_strconcat (name, "_", NULL);
      for (EgRole role = 0; role < EG_N_ROLES; role++)
        roles[role] = (EgStatistics *)eg_study_summary_get (summary, site, quantity, role);
      json_object_set_array_member (object, name, by_role (roles, get_mean));
      set_array (object, prefix, "sem", by_role (roles, get_sem));
      set_array (object, prefix, "lower", by_role (roles, get_lower));
      set_array (object, prefix, "upper", by_role (roles, get_upper));
      set_array (object, prefix, "quartiles", quartiles_by_role (roles));
      if (!is_score)
        set_peaks (object, prefix, roles);
      else
        json_object_set_array_member (object, "n", counts_by_role (roles));
    }
  return object;
}

static JsonObject *
sites_to_json (const EgStudyValues *values, gssize relation, guint n_resamples)
{
  g_autoptr (EgStudySummary) summary = eg_study_summary_new (values, relation, n_resamples);
  JsonObject *object = json_object_new ();
  for (gsize site = 0; site < summary->n_sites; site++)
    json_object_set_object_member (object, values->settings->sites[site],
                                   site_to_json (summary, site, values->settings->is_estimated));
  return object;
}

static JsonObject *
relations_to_json (const EgStudyValues *values, guint n_resamples)
{
  JsonObject *object = json_object_new ();
  for (guint i = 0; i < values->relations->len; i++)
    {
      const EgStudyRelation *relation = values->relations->pdata[i];
      JsonObject *its = json_object_new ();
      gsize n = 0;
      for (EgStudyState state = 0; state < EG_N_STUDY_STATES; state++)
        n += relation->counts[state];
      json_object_set_object_member (its, "facts", eg_study_counts_to_json (relation->counts, n));
      json_object_set_object_member (its, "sites", sites_to_json (values, (gssize)i, n_resamples));
      json_object_set_object_member (object, relation->name, its);
    }
  return object;
}

JsonObject *
eg_study_to_json (const EgStudyValues *values, guint n_resamples)
{
  const EgStudySettings *settings = values->settings;
  JsonObject *object = json_object_new ();
  json_object_set_string_member (object, "model", settings->model);
  json_object_set_boolean_member (object, "estimated", settings->is_estimated);
  json_object_set_string_member (object, "metric", eg_metric_get_name (settings->request->metric));
  json_object_set_string_member (object, "direction",
                                 eg_trace_request_is_loss (settings->request) ? "damage" : "restore");
  json_object_set_int_member (object, "samples", eg_trace_request_get_samples (settings->request));
  if (settings->request->until_sem > 0)
    {
      json_object_set_double_member (object, "until_sem", settings->request->until_sem);
      json_object_set_int_member (object, "max_samples",
                                  eg_trace_request_get_max_samples (settings->request));
    }
  json_object_set_int_member (object, "seed", settings->request->seed);
  json_object_set_double_member (object, "min_effect", settings->min_effect);
  json_object_set_object_member (object, "facts", eg_study_counts_to_json (values->counts, values->n_facts));
  json_object_set_array_member (object, "roles", eg_study_roles_to_json ());
  json_object_set_int_member (object, "layers", (gint64)settings->n_layers);
  json_object_set_object_member (object, "sites", sites_to_json (values, -1, n_resamples));
  json_object_set_object_member (object, "relations", relations_to_json (values, n_resamples));
  return object;
}

/* ---- a comparison ---- */

static JsonObject *
side_to_json (const EgStudySide *side, gsize n)
{
  const EgStudySettings *settings = side->values->settings;
  JsonObject *object = json_object_new ();
  json_object_set_string_member (object, "model", settings->model);
  json_object_set_string_member (object, "site", settings->sites[side->site]);
  eg_json_set_text (
      object, "relation",
      side->relation >= 0 ? ((EgStudyRelation *)side->values->relations->pdata[side->relation])->name : NULL);
  json_object_set_int_member (object, "facts", (gint64)n);
  json_object_set_int_member (object, "layers", (gint64)settings->n_layers);
  return object;
}

static JsonObject *
differences_to_json (const EgStudyComparison *self, EgStudyQuantity quantity)
{
  JsonObject *object = json_object_new ();
  EgStatistics *const *difference = self->difference[quantity];
  json_object_set_array_member (object, "a", by_role (self->of_a[quantity], get_mean));
  json_object_set_array_member (object, "b", by_role (self->of_b[quantity], get_mean));
  json_object_set_array_member (object, "difference", by_role (difference, get_mean));
  json_object_set_array_member (object, "difference_sem", by_role (difference, get_sem));
  json_object_set_array_member (object, "difference_lower", by_role (difference, get_lower));
  json_object_set_array_member (object, "difference_upper", by_role (difference, get_upper));
  json_object_set_array_member (object, "n", counts_by_role (difference));
  set_peaks (object, "a_", self->of_a[quantity]);
  set_peaks (object, "b_", self->of_b[quantity]);
  return object;
}

JsonObject *
eg_study_comparison_to_json (const EgStudyComparison *self)
{
  JsonObject *object = json_object_new ();
  JsonArray *depths = json_array_new ();
  for (gsize i = 0; i < self->n_rows; i++)
    json_array_add_double_element (depths, self->n_rows > 1 ? (double)i / (double)(self->n_rows - 1) : 0);
  json_object_set_object_member (object, "a", side_to_json (&self->a, self->n_a));
  json_object_set_object_member (object, "b", side_to_json (&self->b, self->n_b));
  json_object_set_boolean_member (object, "paired", self->is_paired);
  json_object_set_array_member (object, "roles", eg_study_roles_to_json ());
  json_object_set_array_member (object, "depths", depths);
  for (EgStudyQuantity quantity = 0; quantity < EG_N_STUDY_QUANTITIES; quantity++)
    json_object_set_object_member (object, eg_study_quantity_get_name (quantity),
                                   differences_to_json (self, quantity));
  return object;
}
