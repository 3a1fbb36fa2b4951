/* A comparison as JSON. */
#include "trace/compare/comparison.h"

#include "trace/ask/metric.h"

#include <math.h>

static void
add_number (JsonArray *array, double value)
{
  if (isfinite (value))
    json_array_add_double_element (array, value);
  else
    json_array_add_null_element (array);
}

static JsonArray *
vector_to_json (const double *values, gsize n)
{
  JsonArray *array = json_array_sized_new ((guint)n);
  for (gsize i = 0; i < n; i++)
    add_number (array, values[i]);
  return array;
}

static JsonArray *
matrix_to_json (const double *values, gsize rows, gsize cols)
{
  JsonArray *array = json_array_sized_new ((guint)rows);
  for (gsize r = 0; r < rows; r++)
    json_array_add_array_element (array, vector_to_json (values + r * cols, cols));
  return array;
}

/* What was traced. */
static JsonObject *
map_to_json (const EgTraceGrid *grid)
{
  const EgTraceResult *result = grid->result;
  const EgTraceEnds *ends = eg_trace_grid_get_ends (grid);
  JsonObject *object = json_object_new ();
  json_object_set_string_member (object, "model", result->model != NULL ? result->model : "");
  json_object_set_string_member (object, "prompt", result->request->prompt);
  json_object_set_string_member (object, "site", grid->site);
  json_object_set_int_member (object, "window", (gint64)result->request->window);
  json_object_set_string_member (object, "metric", eg_metric_get_name (eg_trace_grid_get_metric (grid)));
  json_object_set_string_member (object, "target",
                                 result->tokens->target != NULL ? result->tokens->target : "");
  json_object_set_double_member (object, "high_score", ends->high);
  json_object_set_double_member (object, "low_score", ends->low);
  json_object_set_int_member (object, "n_layers", (gint64)grid->n_layers);
  json_object_set_int_member (object, "n_tokens", (gint64)grid->n_tokens);
  return object;
}

/* First and last, inclusive, as subject_range is. */
static JsonArray *
range_to_json (const gsize range[2])
{
  JsonArray *array = json_array_sized_new (2);
  json_array_add_int_element (array, (gint64)range[0]);
  json_array_add_int_element (array, (gint64)range[1] - 1);
  return array;
}

static JsonArray *
groups_to_json (const EgComparison *self)
{
  JsonArray *array = json_array_sized_new (self->groups->len);
  for (guint g = 0; g < self->groups->len; g++)
    {
      const EgTokenGroup *group = self->groups->pdata[g];
      JsonObject *object = json_object_new ();
      json_object_set_array_member (object, "a", range_to_json (group->a));
      json_object_set_array_member (object, "b", range_to_json (group->b));
      json_object_set_string_member (object, "text_a", group->text_a);
      json_object_set_string_member (object, "text_b", group->text_b);
      json_object_set_boolean_member (object, "same", eg_token_group_is_same (group));
      json_array_add_object_element (array, object);
    }
  return array;
}

static JsonObject *
curve_to_json (const EgDepthCurve *curve)
{
  JsonObject *object = json_object_new ();
  json_object_set_array_member (object, "depth", vector_to_json (curve->depth, curve->n));
  json_object_set_array_member (object, "average", vector_to_json (curve->average, curve->n));
  json_object_set_array_member (object, "subject", vector_to_json (curve->subject, curve->n));
  return object;
}

JsonNode *
eg_comparison_to_json (const EgComparison *self)
{
  JsonObject *document = json_object_new (), *curves = json_object_new ();
  const gsize n_groups = self->groups->len;
  json_object_set_object_member (document, "a", map_to_json (self->a));
  json_object_set_object_member (document, "b", map_to_json (self->b));
  json_object_set_string_member (document, "scale", self->normalized ? "normalized" : "raw");
  json_object_set_array_member (document, "aligned_tokens", groups_to_json (self));
  json_object_set_array_member (document, "difference",
                                matrix_to_json (self->difference, self->n_rows, n_groups));
  json_object_set_array_member (document, "difference_sem",
                                matrix_to_json (self->sem, self->n_rows, n_groups));
  json_object_set_object_member (curves, "a", curve_to_json (&self->curve_a));
  json_object_set_object_member (curves, "b", curve_to_json (&self->curve_b));
  json_object_set_object_member (document, "depth_curves", curves);
  if (isfinite (self->correlation))
    json_object_set_double_member (document, "correlation", self->correlation);
  else
    json_object_set_null_member (document, "correlation");
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, document);
  return node;
}
