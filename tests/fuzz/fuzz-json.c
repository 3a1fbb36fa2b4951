/* JSON texts: as a tree, as a check alone, and as a file that Python wrote. */
#include "formats/json-text.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  GError *error = NULL;
  gsize n_values;
  EgJsonSpan spans[] = { { "model", "vocab" }, { "model", "merges" } };
  g_autoptr (JsonNode) tree = eg_json_parse_object ((const char *)data, size, "x", &error);
  fuzz_check (tree != NULL, &error);
  const gboolean good = eg_json_check_object ((const char *)data, size, "x", &n_values, &error);
  fuzz_check (good, &error);
  g_assert (good || tree == NULL);
  g_autoptr (JsonNode) outer
      = eg_json_parse_object_with_spans ((const char *)data, size, "x", spans, G_N_ELEMENTS (spans), &error);
  fuzz_check (outer != NULL, &error);
  g_autoptr (JsonNode) file = eg_json_load_object (fuzz_file (data, size), &error);
  fuzz_check (file != NULL, &error);
  return 0;
}
