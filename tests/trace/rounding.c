#include "../golden-file.h"
#include "rounding.h"

#include <json-glib/json-glib.h>
#include <math.h>

/* Golden numbers are float64's, and transformers in float32 is within 5.5e-6 of their probabilities (GPT-2's
 * and GPT-NeoX's within 4e-6; float32_error in golden.json); logits of some tens have ten times that. Of
 * models that rounding.json does not have. */
static double
float32_tolerance (const char *number)
{
  const gboolean is_part = g_str_equal (number, "prob") || g_str_equal (number, "logits");
  return is_part ? 1e-5 : g_str_equal (number, "resid") ? 2e-5 : 1e-4;
}

double
rounding_tolerance (const char *model, const char *number)
{
  static JsonNode *root = NULL;
  if (root == NULL)
    root = golden_file ("rounding.json");
  if (!json_object_has_member (json_node_get_object (root), model))
    return float32_tolerance (number);
  JsonObject *numbers = json_object_get_object_member (json_node_get_object (root), model);
  const double rounding = json_object_get_double_member (numbers, number);
  g_assert_cmpfloat (rounding, >, 0);
  return 2 * rounding;
}

/* Of the test that runs: the distance that is the greatest part of its tolerance. */
static struct
{
  gboolean begun;
  double part, distance, tolerance;
} farthest;

static void
say_farthest (gpointer data)
{
  g_test_message ("farthest: %.2g, %.0f%% of %.2g", farthest.distance, 100 * farthest.part,
                  farthest.tolerance);
  farthest.begun = FALSE;
}

void
rounding_assert_near (double found, double expected, double tolerance)
{
  if (isnan (expected) && isnan (found))
    return;
  const double distance = fabs (found - expected);
  if (!(distance <= tolerance))
    g_error ("found %.9g, expected %.9g within %.2g", found, expected, tolerance);
  if (!farthest.begun)
    {
      farthest.begun = TRUE;
      farthest.part = -1;
      g_test_queue_destroy (say_farthest, NULL);
    }
  if (distance / tolerance > farthest.part)
    {
      farthest.part = distance / tolerance;
      farthest.distance = distance;
      farthest.tolerance = tolerance;
    }
}
