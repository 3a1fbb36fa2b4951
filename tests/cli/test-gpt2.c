/* engram-cli with a model of ten positions, the golden gpt2-untied: what is said of a text that is too long,
 * and that nothing is left of it. */
#include "command.h"

#include <string.h>

#define FITS "The Eiffel Tower is in"
#define LONG "The Eiffel Tower is in the old town of Rome"

static char *model;

static void
assert_refused (const Outcome *outcome, const char *sentence)
{
  g_assert_cmpint (outcome->status, ==, 1);
  g_assert_cmpstr (outcome->out, ==, "");
  assert_one_sentence (outcome->err);
  if (!strstr (outcome->err, sentence))
    g_error ("“%s” does not say “%s”", outcome->err, sentence);
}

static void
test_too_long (void)
{
  g_auto (Outcome) predicted = RUN ("predict", LONG, "--model", model);
  assert_refused (&predicted, "tokens, and this model takes at most 10");
  g_autofree char *folder = new_folder ();
  g_autofree char *path = g_build_filename (folder, "long.npz", NULL);
  g_auto (Outcome) traced
      = RUN ("trace", LONG, "--subject", "Eiffel Tower", "--model", model, "-o", path, "--json");
  assert_refused (&traced, "tokens, and this model takes at most 10");
  g_assert_cmpuint (count_files (folder), ==, 0);
  g_auto (Outcome) swapped = RUN ("trace", FITS, "--subject", "Eiffel", "--model", model, "--corrupt",
                                  "swap:old town of Rome and Paris");
  assert_refused (&swapped, "in the place of “Eiffel”");
  remove_folder (folder);
}

static void
test_fits (void)
{
  g_auto (Outcome) predicted = RUN ("predict", FITS, "--model", model, "--json");
  g_assert_cmpint (predicted.status, ==, 0);
  g_auto (Outcome) traced = RUN ("trace", FITS, "--subject", "Eiffel Tower", "--model", model, "--samples",
                                 "2", "--site", "attn,mlp", "--json");
  g_assert_cmpstr (traced.err, ==, "");
  g_assert_cmpint (traced.status, ==, 0);
  g_autoptr (JsonNode) node = parse (traced.out);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (node), "site"), ==, "attn");
  g_auto (Outcome) of_mamba
      = RUN ("trace", FITS, "--subject", "Eiffel Tower", "--model", model, "--site", "mixer");
  assert_refused (&of_mamba, "mixer");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  model = g_test_build_filename (G_TEST_DIST, "golden", "models", "gpt2-untied", NULL);
  g_test_add_func ("/cli/gpt2/texts-of-too-many-tokens-are-refused", test_too_long);
  g_test_add_func ("/cli/gpt2/others-are-traced", test_fits);
  const int status = g_test_run ();
  g_free (model);
  return status;
}
