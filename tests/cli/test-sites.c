/* engram-cli with several sites, other sweeps and knockouts: what is printed, streamed and written, and what
 * makes no sense. The numbers themselves are compared with PyTorch's in tests/trace. */
#include "command.h"

#include <string.h>

#define TRACE "trace", EIFFEL, "--subject", SUBJECT, "--samples", "2"

static JsonArray *
scores_of (JsonObject *object)
{
  return json_object_get_array_member (object, "scores");
}

/* A trace that is printed as a document, without a word beside it. */
static JsonNode *
trace_json (const char *const *options)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  const char *const first[] = { TRACE, "--json" };
  for (gsize i = 0; i < G_N_ELEMENTS (first); i++)
    g_ptr_array_add (argv, (char *)first[i]);
  for (gsize i = 0; options[i] != NULL; i++)
    g_ptr_array_add (argv, (char *)options[i]);
  g_ptr_array_add (argv, NULL);
  g_auto (Outcome) outcome = run_argv ((const char *const *)argv->pdata);
  g_assert_cmpstr (outcome.err, ==, "");
  g_assert_cmpint (outcome.status, ==, 0);
  return parse (outcome.out);
}

#define TRACE_JSON(...) trace_json ((const char *const[]){ __VA_ARGS__, NULL })

static void
assert_same_scores (JsonObject *a, JsonObject *b)
{
  JsonArray *x = scores_of (a), *y = scores_of (b);
  g_assert_cmpuint (json_array_get_length (x), ==, json_array_get_length (y));
  for (guint l = 0; l < json_array_get_length (x); l++)
    for (guint t = 0; t < json_array_get_length (json_array_get_array_element (x, l)); t++)
      g_assert_true (number (json_array_get_array_element (x, l), t)
                     == number (json_array_get_array_element (y, l), t));
}

/* The first is the document's own, the others follow it; each has the bits that it has alone. */
static void
test_several_sites_are_one_document (void)
{
  g_autoptr (JsonNode) together = TRACE_JSON ("--site", "state,resid,B"),
                       state = TRACE_JSON ("--site", "state"), resid = TRACE_JSON ("--site", "resid"),
                       b = TRACE_JSON ("--site", "B");
  JsonObject *document = json_node_get_object (together);
  JsonArray *more = json_object_get_array_member (document, "more_sites");
  g_assert_cmpstr (json_object_get_string_member (document, "site"), ==, "state");
  g_assert_cmpuint (json_array_get_length (more), ==, 2);
  JsonObject *first = json_array_get_object_element (more, 0),
             *second = json_array_get_object_element (more, 1);
  g_assert_cmpstr (json_object_get_string_member (first, "site"), ==, "resid");
  g_assert_cmpstr (json_object_get_string_member (second, "site"), ==, "B");
  assert_same_scores (document, json_node_get_object (state));
  assert_same_scores (first, json_node_get_object (resid));
  assert_same_scores (second, json_node_get_object (b));
  assert_keys (second, (const char *[]){ "site", "scores", "scores_sem", "normalized", "normalized_unclipped",
                                         "effect_sem", "most_important", "layer_average", "top_layers",
                                         "subject_average", "overall_average", "ratio", NULL });
}

static void
test_all_are_twelve (void)
{
  g_autoptr (JsonNode) node = TRACE_JSON ("--site", "all");
  JsonArray *more = json_object_get_array_member (json_node_get_object (node), "more_sites");
  g_assert_cmpuint (json_array_get_length (more), ==, 11);
}

/* One number a layer, or a token; the tokens are the prompt's all the same. */
static void
test_sweeps_have_one_dimension (void)
{
  g_autoptr (JsonNode) layers = TRACE_JSON ("--site", "mixer", "--sweep", "layers");
  g_autoptr (JsonNode) positions = TRACE_JSON ("--site", "mixer", "--sweep", "positions");
  JsonObject *document = json_node_get_object (layers), *other = json_node_get_object (positions);
  g_assert_cmpstr (json_object_get_string_member (document, "sweep"), ==, "layers");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (document, "tokens")), ==, 6);
  g_assert_cmpint (json_array_get_int_element (json_object_get_array_member (document, "subject_range"), 1),
                   ==, 2);
  g_assert_cmpuint (json_array_get_length (scores_of (document)), ==, 8);
  g_assert_true (json_array_get_double_element (scores_of (document), 0) > 0);
  assert_keys (json_object_get_object_member (document, "most_important"),
               (const char *[]){ "layer", "score", NULL });
  g_assert_cmpuint (json_array_get_length (scores_of (other)), ==, 6);
  assert_keys (json_object_get_object_member (other, "most_important"),
               (const char *[]){ "position", "token", "score", NULL });
}

/* A knockout names no site, sweep or direction: it has one of each. */
static void
test_knockout_is_a_sweep_of_damage (void)
{
  g_autoptr (JsonNode) node = TRACE_JSON ("--knockout", "1-6:1-2>5", "--window", "3");
  JsonObject *document = json_node_get_object (node);
  g_assert_cmpstr (json_object_get_string_member (document, "knockout"), ==, "1-6:1-2>5");
  g_assert_cmpstr (json_object_get_string_member (document, "site"), ==, "state");
  g_assert_cmpstr (json_object_get_string_member (document, "sweep"), ==, "layers");
  g_assert_cmpstr (json_object_get_string_member (document, "direction"), ==, "damage");
  g_assert_cmpuint (json_array_get_length (scores_of (document)), ==, 8);
  double least = 1;
  for (guint l = 0; l < 8; l++)
    least = MIN (least, json_array_get_double_element (scores_of (document), l));
  g_assert_cmpfloat (least, <, json_object_get_double_member (document, "high_score"));
}

static void
test_carry_is_of_the_state (void)
{
  g_autoptr (JsonNode) node = TRACE_JSON ("--sweep", "carry");
  JsonObject *document = json_node_get_object (node);
  g_assert_cmpstr (json_object_get_string_member (document, "site"), ==, "state");
  g_assert_cmpuint (json_array_get_length (scores_of (document)), ==, 8);
}

/* Every cell of a stream is told from those of other sites; what a sweep takes all of has no number. */
static void
test_stream_names_sites (void)
{
  g_auto (Outcome) outcome = RUN (TRACE, "--site", "mixer,gate", "--sweep", "layers", "--stream");
  g_assert_cmpint (outcome.status, ==, 0);
  g_auto (GStrv) lines = g_strsplit (g_strchomp (outcome.out), "\n", -1);
  guint n_cells[2] = { 0 };
  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) node = json_from_string (lines[i], &error);
      g_assert_no_error (error);
      JsonObject *event = json_node_get_object (node);
      if (strcmp (json_object_get_string_member (event, "event"), "cell") != 0)
        continue;
      const char *site = json_object_get_string_member (event, "site");
      n_cells[strcmp (site, "gate") == 0]++;
      assert_keys (event,
                   (const char *[]){ "event", "site", "layer", "score", "sem", "samples", "elapsed", NULL });
    }
  g_assert_cmpuint (n_cells[0], >=, 8);
  g_assert_cmpuint (n_cells[1], >=, 8);
}

/* A saved trace of several sites is drawn as one figure, or each alone; the table has them all. */
static void
test_files_have_all_sites (void)
{
  g_autofree char *folder = new_folder ();
  g_autofree char *command = g_strdup_printf (
      "cd '%s' && \"$ENGRAM_CLI\" trace '" EIFFEL "' --subject '" SUBJECT
      "' --samples 2 --site mixer,state --metric all -o a.npz -o a.csv -o a.svg >out && "
      "\"$ENGRAM_CLI\" plot a.npz -o all.svg && \"$ENGRAM_CLI\" plot a.npz -o one.svg --site state && "
      "cmp a.svg all.svg && ! cmp -s all.svg one.svg && ! \"$ENGRAM_CLI\" plot a.npz -o none.svg --site gate",
      folder);
  g_auto (Outcome) outcome = run_shell (command);
  g_assert_cmpstr (outcome.err, ==, "engram-cli: The trace has no site gate; it has mixer, state\n");
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_cmpuint (count_files (folder), ==, 6);
  g_autofree char *path = g_build_filename (folder, "a.csv", NULL);
  g_autofree char *text = NULL;
  g_file_get_contents (path, &text, NULL, NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gsize head = 0;
  while (g_str_has_prefix (lines[head], "# "))
    head++;
  g_assert_cmpuint (head, >=, 8);
  g_assert_cmpuint (g_strv_length (lines), ==, head + 1 + 2 * 8 * 6 + 1);
  g_assert_true (g_str_has_prefix (lines[head], "site,layer,position,token,score,sem,normalized,normalized_"
                                                "unclipped,score_logprob,sem_logprob,score_logit,"));
  g_assert_true (g_str_has_prefix (lines[head + 1], "mixer,0,0,The,"));
  g_assert_true (g_str_has_prefix (lines[head + 1 + 8 * 6], "state,0,0,The,"));
  remove_folder (folder);
}

/* What is printed for a person names each site, and lists a sweep line by line. */
static void
test_report (void)
{
  g_auto (Outcome) sites = RUN (TRACE, "--site", "mixer,state");
  g_assert_nonnull (strstr (sites.out, "sites mixer,state"));
  g_assert_nonnull (strstr (sites.out, "\nsite        mixer\n"));
  g_assert_nonnull (strstr (sites.out, "\nsite        state\n"));
  g_auto (Outcome) sweep = RUN (TRACE, "--sweep", "positions", "--freeze", "mixer");
  g_assert_nonnull (strstr (sweep.out, "sweep       positions, direction restore, frozen mixer\n"));
  g_assert_nonnull (strstr (sweep.out, "\n    1  "));
  g_assert_nonnull (strstr (sweep.out, "“ Tower”"));
  g_auto (Outcome) knockout = RUN (TRACE, "--knockout", "0-7:1-2>3-5");
  g_assert_nonnull (strstr (knockout.out, "knockout 0-7:1-2>3-5\n"));
}

typedef struct
{
  const char *message, *options[6];
} Mistake;

/* Each in a sentence, with this exit code and nothing else. */
static void
assert_refused (const Mistake *mistakes, gsize n, int status)
{
  for (gsize i = 0; i < n; i++)
    {
      const char *const *options = mistakes[i].options;
      g_auto (Outcome) outcome
          = RUN ("trace", EIFFEL, "--subject", SUBJECT, options[0], options[1], options[2], options[3]);
      g_test_message ("%s", outcome.err);
      g_assert_cmpint (outcome.status, ==, status);
      g_assert_cmpstr (outcome.out, ==, "");
      assert_one_sentence (outcome.err);
      g_assert_nonnull (strstr (outcome.err, mistakes[i].message));
    }
}

/* Before anything is opened: the exit code is that of wrong usage. */
static void
test_nonsense_is_refused (void)
{
  static const Mistake mistakes[] = {
    { "no site “bogus”; the sites are resid, mixer, conv_in", { "--site", "mixer,bogus" } },
    { "no site “”", { "--site", "" } },
    { "“mixer” is named twice", { "--site", "mixer,mixer" } },
    { "no sweep “up”; there are cells, layers, positions, carry", { "--sweep", "up" } },
    { "of what later tokens read", { "--sweep", "carry", "--site", "mixer" } },
    { "of what later tokens read", { "--sweep", "carry", "--site", "state,mixer" } },
    { "has no window", { "--sweep", "positions", "--window", "3" } },
    { "L0-L1:FROM>TO", { "--knockout", "bogus" } },
    { "L0-L1:FROM>TO", { "--knockout", "1-2-3:1>4" } },
    { "ends before it begins", { "--knockout", "3-1:1>4" } },
    { "ends before it begins", { "--knockout", "1-3:1>4@2-1" } },
    { "L0-L1:FROM>TO@HEADS", { "--knockout", "1-3:1>4@" } },
    { "L0-L1:FROM>TO@HEADS", { "--knockout", "1-3@2:1>4" } },
    { "backwards in time", { "--knockout", "1-3:4>1" } },
    { "backwards in time", { "--knockout", "1-3:1-4>4" } },
    { "its site is state", { "--knockout", "1-3:1>4", "--site", "mixer" } },
    { "its site is state", { "--knockout", "1-3:1>4", "--sweep", "cells" } },
    { "its site is state", { "--knockout", "1-3:1>4", "--direction", "restore" } },
    { "nothing can be frozen", { "--knockout", "1-3:1>4", "--freeze", "gate" } },
    { "A knockout makes one run", { "--knockout", "1-3:1>4", "--until-sem", "0.1" } },
    { "against the target is empty", { "--metric", "logit-diff", "--against", "" } },
    { "all, by itself", { "--site", "mixer,all" } },
    { "all, by itself", { "--metric", "prob,kl" } },
    { "the first token and the last", { "--corrupt", "tokens:3-1" } },
  };
  assert_refused (mistakes, G_N_ELEMENTS (mistakes), 2);
}

/* Other spans than the subject may be named as a corruption; then no subject is needed. */
static void
test_spans_are_corruptions (void)
{
  g_autoptr (JsonNode) node = TRACE_JSON ("--corrupt", "tokens:1-2");
  g_autoptr (JsonNode) other = TRACE_JSON ("--span", "tokens:1-2");
  g_assert_true (json_node_equal (json_object_get_member (json_node_get_object (node), "scores"),
                                  json_object_get_member (json_node_get_object (other), "scores")));
  g_auto (Outcome) all = RUN ("trace", EIFFEL, "--corrupt", "all", "--samples", "2");
  g_assert_cmpint (all.status, ==, 0);
  g_assert_nonnull (strstr (all.out, "span all"));
}

/* What could not be had is said. */
static void
test_shortcomings_are_said (void)
{
  g_auto (Outcome) error = RUN (TRACE, "--until-sem", "1e-6", "--max-samples", "3", "--json");
  g_assert_cmpint (error.status, ==, 0);
  g_assert_nonnull (strstr (error.err, "after 3 samples"));
  g_auto (Outcome) same
      = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--corrupt", "swap:Eiffel", "--metric", "all", "--json");
  g_assert_cmpint (same.status, ==, 0);
  g_assert_nonnull (strstr (same.err, "no logit difference"));
  g_autoptr (JsonNode) node = parse (same.out);
  g_assert_true (json_object_get_null_member (json_node_get_object (node), "high_score_logit-diff"));
}

/* What only the model and the prompt can tell. */
static void
test_misfits_are_refused (void)
{
  static const Mistake mistakes[] = {
    { "names layer 8, but the model’s last is 7", { "--knockout", "1-8:1>4" } },
    { "names position 6, but the prompt’s last is 5", { "--knockout", "1-3:1>6" } },
    { "layers have none", { "--knockout", "1-3:1>4@0" } },
    { "names head 4, but a layer’s last is 3", { "--knockout", "1-3:1>4@2-4", "--model", "demo-gpt2" } },
  };
  assert_refused (mistakes, G_N_ELEMENTS (mistakes), 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli-sites/spans-are-corruptions", test_spans_are_corruptions);
  g_test_add_func ("/cli-sites/shortcomings-are-said", test_shortcomings_are_said);
  g_test_add_func ("/cli-sites/several-are-one-document", test_several_sites_are_one_document);
  g_test_add_func ("/cli-sites/all-are-twelve", test_all_are_twelve);
  g_test_add_func ("/cli-sites/sweeps-have-one-dimension", test_sweeps_have_one_dimension);
  g_test_add_func ("/cli-sites/knockout-is-a-sweep-of-damage", test_knockout_is_a_sweep_of_damage);
  g_test_add_func ("/cli-sites/carry-is-of-the-state", test_carry_is_of_the_state);
  g_test_add_func ("/cli-sites/stream-names-sites", test_stream_names_sites);
  g_test_add_func ("/cli-sites/files-have-all-sites", test_files_have_all_sites);
  g_test_add_func ("/cli-sites/report", test_report);
  g_test_add_func ("/cli-sites/nonsense-is-refused", test_nonsense_is_refused);
  g_test_add_func ("/cli-sites/misfits-are-refused", test_misfits_are_refused);
  return g_test_run ();
}
