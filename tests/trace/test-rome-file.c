/* ROME's files (tests/golden/make_rome.py) are read transposed, and with a range that is inclusive. */
#include "core/error.h"
#include "trace/result/rome-file.h"

#include <math.h>
#include <string.h>

static EgNpz *
load (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", "rome", name, NULL);
  g_autoptr (GError) error = NULL;
  EgNpz *npz = eg_npz_load (path, &error);
  g_assert_no_error (error);
  return npz;
}

static EgRomeTrace *
read (const char *name)
{
  g_autoptr (EgNpz) npz = load (name);
  g_autoptr (GError) error = NULL;
  g_assert_true (eg_rome_file_is (npz));
  EgRomeTrace *trace = eg_rome_file_read (npz, name, &error);
  g_assert_no_error (error);
  return trace;
}

/* linspace (0.1, 0.9) over [tokens, layers]. */
static void
assert_scores (const EgRomeTrace *trace)
{
  const gsize n = trace->n_layers * trace->n_tokens;
  for (gsize l = 0; l < trace->n_layers; l++)
    for (gsize t = 0; t < trace->n_tokens; t++)
      {
        const double expected = 0.1 + 0.8 * (double)(t * trace->n_layers + l) / (double)(n - 1);
        g_assert_cmpfloat_with_epsilon (trace->scores[l * trace->n_tokens + t], expected, 1e-6);
      }
}

static void
test_reads_every_form (void)
{
  static const struct
  {
    const char *name, *site;
    gsize n_layers, first, last;
    guint window;
    const char *subject;
  } files[] = {
    { "plain.npz", "resid", 4, 1, 3, 1, "Space Needle" },
    { "none.npz", "resid", 4, 1, 3, 1, "Space Needle" },
    { "texts.npz", "resid", 4, 1, 3, 1, "Space Needle" },
    { "square.npz", "resid", 6, 1, 3, 1, "Space Needle" },
    { "mlp.npz", "mlp", 4, 1, 3, 10, "Space Needle" },
    { "end.npz", "resid", 4, 3, 5, 1, "le is in" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (EgRomeTrace) trace = read (files[i].name);
      g_assert_cmpuint (trace->n_layers, ==, files[i].n_layers);
      g_assert_cmpuint (trace->n_tokens, ==, 6);
      assert_scores (trace);
      g_assert_cmpuint (trace->subject_first, ==, files[i].first);
      g_assert_cmpuint (trace->subject_last, ==, files[i].last);
      g_assert_cmpstr (trace->site, ==, files[i].site);
      g_assert_cmpuint (trace->window, ==, files[i].window);
      g_assert_cmpstr (trace->subject, ==, files[i].subject);
      g_assert_cmpstr (trace->prompt, ==, "The Space Needle is in");
      g_assert_cmpstr (trace->target, ==, " Seattle");
      g_assert_cmpstr (trace->tokens[2], ==, " Need");
      g_assert_cmpint (trace->ids[5], ==, 5);
      g_assert_cmpfloat_with_epsilon (trace->low_score, 0.1, 1e-6);
      g_assert_cmpfloat_with_epsilon (trace->high_score, 0.9, 1e-6);
    }
}

static void
test_takes_no_other_file_for_one (void)
{
  g_autoptr (EgNpz) notebook = load ("notebook.npz");
  g_assert_false (eg_rome_file_is (notebook));
}

static void
test_names_what_is_wrong (void)
{
  static const char *const files[][2] = {
    { "wrong-prediction.npz", "without scores: the model’s prediction was not the expected one" },
    { "bad-beyond.npz", "subject_range is not" },
    { "bad-empty.npz", "subject_range is not" },
    { "bad-shape.npz", "scores is not [6, layers]" },
    { "bad-kind.npz", "its kind is “heads”" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (EgNpz) npz = load (files[i][0]);
      g_autoptr (GError) error = NULL;
      g_assert_true (eg_rome_file_is (npz));
      g_assert_null (eg_rome_file_read (npz, "x.npz", &error));
      g_assert_error (error, EG_ERROR, EG_ERROR_FORMAT);
      if (!g_str_has_prefix (error->message, "x.npz: ") || strstr (error->message, files[i][1]) == NULL)
        g_error ("“%s” does not say “%s”", error->message, files[i][1]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rome/reads-every-form", test_reads_every_form);
  g_test_add_func ("/rome/takes-no-other-file-for-one", test_takes_no_other_file_for_one);
  g_test_add_func ("/rome/names-what-is-wrong", test_names_what_is_wrong);
  return g_test_run ();
}
