/* Golden files: JSON below tests/golden. */
#pragma once

#include <json-glib/json-glib.h>

/* name: of the file in that folder, as "models/deep/golden.json". (transfer full) */
static inline JsonNode *
golden_file (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", name, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  return json_parser_steal_root (parser);
}
