/* engram-cli compare: two saved traces, the two demo models' among them. */
#include "command.h"

#include <math.h>
#include <string.h>

static char *folder;

/* A path in the folder. (transfer full) */
static char *
at (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static void
trace (const char *model, const char *sites, const char *seed, const char *name)
{
  g_autofree char *path = at (name);
  g_auto (Outcome) outcome = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--model", model, "--site", sites,
                                  "--samples", "2", "--seed", seed, "-o", path);
  g_assert_cmpstr (outcome.err, ==, "");
  g_assert_cmpint (outcome.status, ==, 0);
}

static JsonArray *
row (JsonObject *document, const char *name, guint i)
{
  return json_array_get_array_element (json_object_get_array_member (document, name), i);
}

/* The document; and that A - B is -(B - A), and nothing for a file beside itself. */
static void
test_same_model (void)
{
  static const char *const keys[]
      = { "a",           "b", "scale", "aligned_tokens", "difference", "difference_sem", "depth_curves",
          "correlation", NULL };
  g_autofree char *one = at ("one.npz"), *two = at ("two.npz");
  g_auto (Outcome) outcome = RUN ("compare", one, two, "--json");
  g_assert_cmpint (outcome.status, ==, 0);
  g_autoptr (JsonNode) node = parse (outcome.out);
  JsonObject *document = json_node_get_object (node);
  assert_keys (document, keys);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (document, "difference")), ==, 8);
  g_auto (Outcome) again = RUN ("compare", two, one, "--json"), itself = RUN ("compare", one, one, "--json");
  g_autoptr (JsonNode) turned = parse (again.out), nothing = parse (itself.out);
  for (guint l = 0; l < 8; l++)
    for (guint t = 0; t < 6; t++)
      {
        const double difference = number (row (document, "difference", l), t);
        g_assert_cmpfloat (number (row (json_node_get_object (turned), "difference", l), t), ==, -difference);
        g_assert_cmpfloat (number (row (json_node_get_object (nothing), "difference", l), t), ==, 0);
      }
  g_assert_cmpfloat_with_epsilon (
      json_object_get_double_member (json_node_get_object (nothing), "correlation"), 1, 1e-12);
  g_assert_cmpfloat (json_object_get_double_member (document, "correlation"), >, 0.5);
}

/* Eight layers of Mamba beside six of a transformer, one site of two. */
static void
test_two_models (void)
{
  g_autofree char *one = at ("one.npz"), *other = at ("other.npz");
  g_auto (Outcome) outcome = RUN ("compare", one, other, "--site-b", "mlp", "--normalized", "--json");
  g_assert_cmpint (outcome.status, ==, 0);
  g_autoptr (JsonNode) node = parse (outcome.out);
  JsonObject *document = json_node_get_object (node);
  JsonObject *b = json_object_get_object_member (document, "b");
  JsonObject *curves = json_object_get_object_member (document, "depth_curves");
  JsonArray *depth = json_object_get_array_member (json_object_get_object_member (curves, "b"), "depth");
  JsonArray *tokens = json_object_get_array_member (document, "aligned_tokens");
  g_assert_cmpstr (json_object_get_string_member (document, "scale"), ==, "normalized");
  g_assert_cmpstr (json_object_get_string_member (b, "model"), ==, "demo-gpt2");
  g_assert_cmpstr (json_object_get_string_member (b, "site"), ==, "mlp");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (document, "difference")), ==, 8);
  g_assert_cmpuint (json_array_get_length (depth), ==, 6);
  for (guint l = 0; l < 6; l++)
    g_assert_cmpfloat_with_epsilon (number (depth, l), 0.2 * l, 1e-12);
  g_assert_cmpuint (json_array_get_length (tokens), ==, 6);
  for (guint t = 0; t < 6; t++)
    g_assert_true (json_object_get_boolean_member (json_array_get_object_element (tokens, t), "same"));
}

static void
test_figures_and_text (void)
{
  g_autofree char *one = at ("one.npz"), *other = at ("other.npz");
  g_autofree char *svg = at ("both.svg"), *png = at ("both.png");
  g_auto (Outcome) outcome = RUN ("compare", one, other, "-o", svg, "-o", png);
  g_assert_cmpstr (outcome.err, ==, "");
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_true (g_str_has_prefix (outcome.out, "A: demo, resid\nB: demo-gpt2, attn\n"));
  g_assert_nonnull (strstr (outcome.out, "Tokens that are the same: 6 of 6\n"));
  g_assert_nonnull (strstr (outcome.out, "\nCorrelation: "));
  assert_begins_with (folder, "both.svg", "<?xml");
  assert_begins_with (folder, "both.png", "\x89PNG");
}

static void
assert_fails (int status, const char *says, const Outcome *outcome)
{
  g_assert_cmpint (outcome->status, ==, status);
  g_assert_cmpstr (outcome->out, ==, "");
  assert_one_sentence (outcome->err);
  if (strstr (outcome->err, says) == NULL)
    g_error ("“%s” does not say “%s”", outcome->err, says);
}

/* Other settings are named beside the sites; what damages, or is only estimated, is refused. */
static void
test_unlike_traces (void)
{
  g_autofree char *one = at ("one.npz"), *noisy = at ("noisy.npz"), *damage = at ("damage.npz"),
                  *estimate = at ("estimate.npz");
  g_auto (Outcome) first = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--samples", "2", "--noise", "1",
                                "--target", " Rome", "--window", "3", "-o", noisy);
  g_auto (Outcome) second
      = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--samples", "2", "--direction", "damage", "-o", damage);
  g_auto (Outcome) third
      = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--samples", "2", "--estimate", "-o", estimate);
  g_auto (Outcome) named = RUN ("compare", one, noisy), turned = RUN ("compare", one, damage),
                   guessed = RUN ("compare", one, estimate);
  g_assert_cmpint (first.status + second.status + third.status, ==, 0);
  g_assert_true (g_str_has_prefix (named.out, "A: demo, resid, target “"));
  g_assert_nonnull (strstr (named.out, "Paris"));
  g_assert_nonnull (strstr (named.out, ", noise 3, window 1\nB: demo, resid, target “"));
  g_assert_nonnull (strstr (named.out, ", noise 1, window 3\n"));
  assert_fails (1, "One of the two maps restores, and the other one damages", &turned);
  assert_fails (1, "One of the two maps is of estimates, which are no scores", &guessed);
}

static void
test_mistakes (void)
{
  g_autofree char *one = at ("one.npz"), *other = at ("other.npz"), *layers = at ("layers.npz");
  g_auto (Outcome) alone = RUN ("compare", one);
  assert_fails (2, "Two saved traces are compared: A.npz B.npz", &alone);
  g_auto (Outcome) no_site = RUN ("compare", one, other, "--site-b", "mixer");
  assert_fails (1, "the trace has no site mixer", &no_site);
  g_auto (Outcome) missing = RUN ("compare", one, "missing.npz");
  assert_fails (1, "missing.npz", &missing);
  g_auto (Outcome) text = RUN ("compare", one, other, "-o", "both.txt");
  assert_fails (2, ".svg, .png, .pdf", &text);
  g_auto (Outcome) swept
      = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--sweep", "layers", "--samples", "2", "-o", layers);
  g_assert_cmpint (swept.status, ==, 0);
  g_auto (Outcome) sweep = RUN ("compare", one, layers);
  assert_fails (1, "Only maps of layers by tokens can be compared", &sweep);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = new_folder ();
  trace ("demo", "resid", "1", "one.npz");
  trace ("demo", "resid", "2", "two.npz");
  trace ("demo-gpt2", "attn,mlp", "1", "other.npz");
  g_test_add_func ("/compare/the-other-way-round-differences-are-negated", test_same_model);
  g_test_add_func ("/compare/two-models-at-relative-depth", test_two_models);
  g_test_add_func ("/compare/figures-and-text", test_figures_and_text);
  g_test_add_func ("/compare/unlike-traces-are-named-or-refused", test_unlike_traces);
  g_test_add_func ("/compare/mistakes-are-said", test_mistakes);
  const int status = g_test_run ();
  remove_folder (folder);
  g_free (folder);
  return status;
}
