/* engram-cli as its users meet it: documents, exit codes, errors, files and interruptions. The program is the
 * one that $ENGRAM_CLI names. */
#include "command.h"

#include "../trace/rounding.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* ---- documents ---- */

static void
test_predict_document (void)
{
  g_auto (Outcome) outcome = RUN ("predict", EIFFEL, "--top", "3", "--json");
  g_assert_cmpstr (outcome.err, ==, "");
  g_assert_cmpint (outcome.status, ==, 0);
  g_autoptr (JsonNode) node = parse (outcome.out);
  JsonObject *document = json_node_get_object (node);
  assert_keys (document, (const char *[]){ "model", "prompt", "token_ids", "tokens", "predictions", NULL });
  g_assert_cmpstr (json_object_get_string_member (document, "model"), ==, "demo");
  g_assert_cmpstr (json_object_get_string_member (document, "prompt"), ==, EIFFEL);
  JsonArray *predictions = json_object_get_array_member (document, "predictions");
  g_assert_cmpuint (json_array_get_length (predictions), ==, 3);
  double before = 1;
  for (guint i = 0; i < 3; i++)
    {
      JsonObject *prediction = json_array_get_object_element (predictions, i);
      assert_keys (prediction, (const char *[]){ "id", "text", "probability", NULL });
      const double probability = json_object_get_double_member (prediction, "probability");
      g_assert_cmpfloat (probability, <=, before);
      g_assert_cmpfloat (probability, >=, 0);
      before = probability;
    }
  g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (predictions, 0), "text"), ==,
                   " Paris");
}

static void
test_tokenize_document (void)
{
  g_auto (Outcome) outcome = RUN ("tokenize", "The \xf0\x9f\x97\xbc of", "--json");
  g_assert_cmpint (outcome.status, ==, 0);
  g_autoptr (JsonNode) node = parse (outcome.out);
  JsonObject *document = json_node_get_object (node);
  assert_keys (document, (const char *[]){ "ids", "tokens", "offsets", NULL });
  JsonArray *offsets = json_object_get_array_member (document, "offsets");
  const guint n = json_array_get_length (offsets);
  g_assert_cmpuint (n, ==, json_array_get_length (json_object_get_array_member (document, "ids")));
  g_assert_cmpuint (n, ==, json_array_get_length (json_object_get_array_member (document, "tokens")));
  JsonArray *first = json_array_get_array_element (offsets, 0),
            *last = json_array_get_array_element (offsets, n - 1);
  g_assert_cmpint (json_array_get_int_element (first, 0), ==, 0);
  g_assert_cmpint (json_array_get_int_element (last, 1), ==, 8); /* characters, not bytes */
}

/* The number by which settings name a token comes first. */
static void
test_tokenize_prints_positions (void)
{
  g_auto (Outcome) outcome = RUN ("tokenize", EIFFEL);
  g_auto (GStrv) lines = g_strsplit (outcome.out, "\n", -1);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_cmpuint (g_strv_length (lines), >, 5);
  for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++)
    g_assert_cmpuint (g_ascii_strtoull (lines[i], NULL, 10), ==, i);
}

static const char *const trace_keys[] = { "model",
                                          "prompt",
                                          "subject",
                                          "tokens",
                                          "token_ids",
                                          "subject_range",
                                          "target",
                                          "high_score",
                                          "low_score",
                                          "low_score_sem",
                                          "samples",
                                          "seed",
                                          "noise",
                                          "metric",
                                          "site",
                                          "window",
                                          "scores",
                                          "scores_sem",
                                          "normalized",
                                          "normalized_unclipped",
                                          "effect_sem",
                                          "most_important",
                                          "layer_average",
                                          "top_layers",
                                          "subject_average",
                                          "overall_average",
                                          "ratio",
                                          "device",
                                          "date",
                                          "seconds",
                                          NULL };

static void
test_trace_document (void)
{
  g_auto (Outcome) outcome = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--samples", "3", "--seed", "5",
                                  "--noise", "2.5", "--site", "mixer", "--window", "3", "--json");
  g_assert_cmpint (outcome.status, ==, 0);
  g_autoptr (JsonNode) node = parse (outcome.out);
  JsonObject *document = json_node_get_object (node);
  assert_keys (document, trace_keys);
  assert_keys (json_object_get_object_member (document, "target"), (const char *[]){ "id", "text", NULL });
  assert_keys (json_object_get_object_member (document, "noise"),
               (const char *[]){ "kind", "level", "std", "scale", "span", "replace", NULL });
  assert_keys (json_object_get_object_member (document, "most_important"),
               (const char *[]){ "layer", "position", "token", "score", NULL });
  g_assert_cmpint (json_object_get_int_member (document, "samples"), ==, 3);
  g_assert_cmpint (json_object_get_int_member (document, "seed"), ==, 5);
  g_assert_cmpint (json_object_get_int_member (document, "window"), ==, 3);
  g_assert_cmpstr (json_object_get_string_member (document, "site"), ==, "mixer");
  JsonObject *noise = json_object_get_object_member (document, "noise");
  g_assert_cmpstr (json_object_get_string_member (noise, "kind"), ==, "gaussian");
  g_assert_cmpfloat (json_object_get_double_member (noise, "level"), ==, 2.5);
  const guint n_tokens = json_array_get_length (json_object_get_array_member (document, "tokens"));
  JsonArray *scores = json_object_get_array_member (document, "scores");
  g_assert_cmpuint (json_array_get_length (scores), ==, 8);
  for (guint l = 0; l < 8; l++)
    {
      JsonArray *row = json_array_get_array_element (scores, l);
      g_assert_cmpuint (json_array_get_length (row), ==, n_tokens);
      for (guint t = 0; t < n_tokens; t++)
        g_assert_true (number (row, t) >= 0 && number (row, t) <= 1);
    }
}

static void
test_info_document (void)
{
  g_auto (Outcome) outcome = RUN ("info", "--json");
  g_assert_cmpint (outcome.status, ==, 0);
  g_autoptr (JsonNode) node = parse (outcome.out);
  JsonObject *document = json_node_get_object (node);
  static const char *const needed[] = { "architecture", "n_layers",     "d_model",    "parameters",
                                        "tokenizer",    "trace_memory", "trace_time", "openblas" };
  for (gsize i = 0; i < G_N_ELEMENTS (needed); i++)
    g_assert_true (json_object_has_member (document, needed[i]));
  JsonObject *memory = json_object_get_object_member (document, "trace_memory");
  g_assert_cmpint (json_object_get_int_member (memory, "bytes_all_sites"), >,
                   json_object_get_int_member (memory, "bytes"));
  JsonObject *time = json_object_get_object_member (document, "trace_time");
  g_assert_cmpfloat (json_object_get_double_member (time, "seconds"), >, 0);
  g_assert_false (json_object_has_member (document, "verification"));
  g_auto (Outcome) lines = RUN ("info");
  g_assert_cmpint (lines.status, ==, 0);
  g_assert_nonnull (strstr (lines.out, "parameters"));
}

static void
test_info_verify (void)
{
  g_auto (Outcome) outcome = RUN ("info", "--verify", "--json", "--device", "cpu");
  g_assert_cmpint (outcome.status, ==, 0);
  g_autoptr (JsonNode) node = parse (outcome.out);
  JsonObject *found = json_object_get_object_member (json_node_get_object (node), "verification");
  g_assert_cmpint (json_object_get_int_member (found, "cells"), ==, 8);
  /* The demo model's probabilities are some tenths; what is promised of any is 1e-5. */
  g_assert_cmpfloat (json_object_get_double_member (found, "largest_error"), <, 3e-6);
  g_auto (Outcome) lines = RUN ("info", "--verify");
  g_assert_nonnull (strstr (lines.out, "verified"));
}

/* predict against transformers' softmax, and a trace against the hooks' */
static void
test_golden_model (void)
{
  const double tolerance = rounding_tolerance ("expand2", "prob");
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "golden", "models", "expand2", NULL);
  g_autofree char *path = g_build_filename (folder, "golden.json", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (JsonParser) parser = json_parser_new ();
  json_parser_load_from_data (parser, text, -1, &error);
  g_assert_no_error (error);
  JsonObject *golden = json_node_get_object (json_parser_get_root (parser));

  JsonArray *prompts = json_object_get_array_member (golden, "logits");
  for (guint i = 0; i < json_array_get_length (prompts); i++)
    {
      JsonObject *expected = json_array_get_object_element (prompts, i);
      const char *prompt = json_object_get_string_member (expected, "prompt");
      g_auto (Outcome) outcome = RUN ("predict", "--json", "--model", folder, "--", prompt);
      g_assert_cmpint (outcome.status, ==, 0);
      g_autoptr (JsonNode) node = parse (outcome.out);
      JsonArray *predictions = json_object_get_array_member (json_node_get_object (node), "predictions");
      for (guint k = 0; k < 5; k++)
        {
          JsonObject *token = json_array_get_object_element (predictions, k);
          g_assert_cmpint (
              json_object_get_int_member (token, "id"), ==,
              json_array_get_int_element (json_object_get_array_member (expected, "top_ids"), k));
          rounding_assert_near (json_object_get_double_member (token, "probability"),
                                number (json_object_get_array_member (expected, "top_probabilities"), k),
                                tolerance);
        }
    }

  JsonObject *expected = json_array_get_object_element (json_object_get_array_member (golden, "traces"), 0);
  g_auto (Outcome) outcome
      = RUN ("trace", json_object_get_string_member (expected, "prompt"), "--model", folder, "--subject",
             json_object_get_string_member (expected, "subject"), "--samples", "4", "--json");
  g_assert_cmpint (outcome.status, ==, 0);
  g_autoptr (JsonNode) node = parse (outcome.out);
  JsonArray *scores = json_object_get_array_member (json_node_get_object (node), "scores");
  JsonArray *golden_scores = json_object_get_array_member (expected, "scores");
  g_assert_cmpuint (json_array_get_length (scores), ==, json_array_get_length (golden_scores));
  for (guint l = 0; l < json_array_get_length (scores); l++)
    {
      JsonArray *row = json_array_get_array_element (scores, l);
      JsonArray *golden_row = json_array_get_array_element (golden_scores, l);
      for (guint t = 0; t < json_array_get_length (row); t++)
        rounding_assert_near (number (row, t), number (golden_row, t), tolerance);
    }
}

static void
test_threads_change_no_bit (void)
{
  g_auto (Outcome) one = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--threads", "1", "--json");
  g_auto (Outcome) three = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--threads", "3", "--json");
  g_autoptr (JsonNode) a = parse (one.out), b = parse (three.out);
  json_object_remove_member (json_node_get_object (a), "seconds");
  json_object_remove_member (json_node_get_object (a), "date");
  json_object_remove_member (json_node_get_object (b), "seconds");
  json_object_remove_member (json_node_get_object (b), "date");
  g_assert_true (json_node_equal (a, b));
}

static void
test_stream_ends_in_the_result (void)
{
  g_auto (Outcome) outcome = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--samples", "7", "--stream");
  g_assert_cmpint (outcome.status, ==, 0);
  g_auto (GStrv) lines = g_strsplit (outcome.out, "\n", 0);
  const guint n_lines = g_strv_length (lines) - 1; /* nothing follows the last line end */
  g_assert_cmpstr (lines[n_lines], ==, "");
  g_assert_cmpuint (n_lines, >, 1);

  g_autoptr (GHashTable) last
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)json_node_unref);
  double elapsed = 0;
  for (guint i = 0; i + 1 < n_lines; i++)
    {
      g_autoptr (JsonNode) node = json_from_string (lines[i], NULL);
      g_assert_nonnull (node);
      JsonObject *event = json_node_get_object (node);
      if (g_hash_table_size (last) == 0 && json_object_has_member (event, "estimate"))
        continue; /* test-estimate.c */
      assert_keys (event, (const char *[]){ "event", "layer", "position", "score", "sem", "samples",
                                            "elapsed", NULL });
      g_assert_cmpstr (json_object_get_string_member (event, "event"), ==, "cell");
      g_assert_cmpfloat (json_object_get_double_member (event, "elapsed"), >=, elapsed);
      elapsed = json_object_get_double_member (event, "elapsed");
      g_hash_table_insert (last,
                           g_strdup_printf ("%d %d", (int)json_object_get_int_member (event, "layer"),
                                            (int)json_object_get_int_member (event, "position")),
                           g_steal_pointer (&node));
    }

  g_autoptr (JsonNode) node = json_from_string (lines[n_lines - 1], NULL);
  JsonObject *result = json_node_get_object (node);
  g_assert_cmpstr (json_object_get_string_member (result, "event"), ==, "result");
  json_object_remove_member (result, "event");
  assert_keys (result, trace_keys);
  JsonArray *scores = json_object_get_array_member (result, "scores");
  JsonArray *sems = json_object_get_array_member (result, "scores_sem");
  const guint n_tokens = json_array_get_length (json_object_get_array_member (result, "tokens"));
  g_assert_cmpuint (g_hash_table_size (last), ==, json_array_get_length (scores) * n_tokens);
  for (guint l = 0; l < json_array_get_length (scores); l++)
    for (guint t = 0; t < n_tokens; t++)
      {
        g_autofree char *key = g_strdup_printf ("%u %u", l, t);
        JsonObject *event = json_node_get_object (g_hash_table_lookup (last, key));
        g_assert_cmpint (json_object_get_int_member (event, "samples"), ==, 7);
        g_assert_cmpfloat (json_object_get_double_member (event, "score"), ==,
                           number (json_array_get_array_element (scores, l), t));
        g_assert_cmpfloat (json_object_get_double_member (event, "sem"), ==,
                           number (json_array_get_array_element (sems, l), t));
      }
}

/* ---- what a person reads ---- */

static void
test_pipe_gets_plain_numbers (void)
{
  g_auto (Outcome) outcome = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--samples", "2");
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_null (strchr (outcome.out, '\033'));
  g_assert_cmpstr (outcome.err, ==, "");
  g_assert_nonnull (strstr (outcome.out, "layer"));
  g_assert_nonnull (strstr (outcome.out, "In the subject: restoring layer "));
}

/* What the trace shows in a terminal of this width; NULL, and the test is skipped, where there are no
 * terminals. */
static char *
run_in_terminal (unsigned short columns, const char *variable, const char *value)
{
  int master, slave;
  const struct winsize size = { .ws_row = 40, .ws_col = columns };
  if (openpty (&master, &slave, NULL, NULL, &size) != 0)
    {
      g_test_skip ("no pseudo-terminal can be had here");
      return NULL;
    }
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_subprocess_launcher_setenv (launcher, "TERM", "xterm-256color", TRUE);
  g_subprocess_launcher_unsetenv (launcher, "NO_COLOR");
  g_subprocess_launcher_unsetenv (launcher, "COLORTERM");
  if (variable != NULL)
    g_subprocess_launcher_setenv (launcher, variable, value, TRUE);
  g_subprocess_launcher_take_stdout_fd (launcher, dup (slave));
  g_subprocess_launcher_take_stderr_fd (launcher, slave);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = g_subprocess_launcher_spawn (launcher, &error, g_getenv ("ENGRAM_CLI"),
                                                                 "trace", EIFFEL, "--subject", SUBJECT, NULL);
  g_assert_no_error (error);
  g_clear_object (&launcher); /* closes its slaves, so that the reading ends with the program */
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[4096];
  for (gssize n; (n = read (master, buffer, sizeof buffer)) > 0;)
    g_string_append_len (text, buffer, n);
  close (master);
  g_assert_true (g_subprocess_wait_check (process, NULL, &error));
  return g_strdup (text->str);
}

static void
test_terminal_gets_a_colour_heatmap (void)
{
  g_autofree char *wide = run_in_terminal (100, NULL, NULL);
  if (wide == NULL)
    return;
  g_assert_nonnull (strstr (wide, "▀▀"));
  g_assert_nonnull (strstr (wide, "\033[38;5;"));
  g_assert_nonnull (strstr (wide, " subject "));
  g_assert_nonnull (strstr (wide, "Tower"));
  g_autofree char *true_colour = run_in_terminal (100, "COLORTERM", "truecolor");
  g_assert_nonnull (strstr (true_colour, "\033[38;2;"));
}

static void
test_heatmap_fits_the_terminal (void)
{
  static const guint widths[] = { 30, 44, 60, 80, 200 };
  for (gsize i = 0; i < G_N_ELEMENTS (widths); i++)
    {
      g_autofree char *text = run_in_terminal ((unsigned short)widths[i], NULL, NULL);
      g_autoptr (GRegex) escapes = g_regex_new ("\033\\[[0-9;]*[mK]", 0, 0, NULL);
      g_autofree char *plain = g_regex_replace_literal (escapes, text, -1, 0, "", 0, NULL);
      g_auto (GStrv) lines = g_strsplit (plain, "\n", 0);
      for (gsize l = 0; lines[l] != NULL; l++)
        if (strstr (lines[l], "▀") != NULL || strstr (lines[l], "└") != NULL)
          g_assert_cmpint (g_utf8_strlen (g_strchomp (lines[l]), -1), <=, MAX (widths[i], 50));
    }
}

static void
test_no_color_is_honoured (void)
{
  g_autofree char *text = run_in_terminal (100, "NO_COLOR", "1");
  if (text == NULL)
    return;
  g_assert_null (strstr (text, "▀"));
  g_assert_null (strstr (text, "\033[38"));
  g_assert_nonnull (strstr (text, "layer"));
}

/* ---- options ---- */

static void
test_dashes_end_the_options (void)
{
  g_auto (Outcome) outcome = RUN ("tokenize", "--json", "--", "--help");
  g_assert_cmpint (outcome.status, ==, 0);
  g_autoptr (JsonNode) node = parse (outcome.out);
  g_autoptr (GString) text = g_string_new (NULL);
  JsonArray *tokens = json_object_get_array_member (json_node_get_object (node), "tokens");
  for (guint t = 0; t < json_array_get_length (tokens); t++)
    g_string_append (text, json_array_get_string_element (tokens, t));
  g_assert_cmpstr (text->str, ==, "--help");

  g_auto (Outcome) dash = RUN ("predict", "--json", "--", "-o is");
  g_assert_cmpint (dash.status, ==, 0);
  g_autoptr (JsonNode) document = parse (dash.out);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (document), "prompt"), ==, "-o is");
}

static void
test_help_is_on_standard_output (void)
{
  static const char *const commands[] = { "predict", "tokenize", "trace", "plot", "info" };
  g_auto (Outcome) overview = RUN ("--help");
  g_assert_cmpint (overview.status, ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_assert_nonnull (strstr (overview.out, commands[i]));
      g_auto (Outcome) help = RUN (commands[i], "--help");
      g_assert_cmpint (help.status, ==, 0);
      g_assert_cmpstr (help.err, ==, "");
      /* A figure needs none. */
      g_assert_cmpint (strstr (help.out, "--model") == NULL, ==, g_str_equal (commands[i], "plot"));
      g_assert_nonnull (strstr (help.out, "Usage: engram-cli "));
    }
  g_auto (Outcome) version = RUN ("--version");
  g_assert_cmpint (version.status, ==, 0);
  g_assert_true (g_str_has_prefix (version.out, "engram-cli "));
}

typedef struct
{
  int status;
  const char *message;
  const char *arguments[12];
} Mistake;

static void
test_mistakes_give_one_sentence (void)
{
  static const Mistake mistakes[] = {
    { 2, "no command “fly”", { "fly" } },
    { 2, "--bogus", { "predict", "x", "--bogus" } },
    { 2, "Missing: prompt", { "predict" } },
    { 2, "3 arguments", { "predict", "a", "b", "c" } },
    { 2, "--top", { "predict", "a", "--top", "0" } },
    { 2, "--top", { "predict", "a", "--top", "5x" } },
    { 2, "--threads", { "predict", "a", "--threads", "0" } },
    { 2, "not valid UTF-8", { "predict", "a\xff" } },
    { 2, "not valid UTF-8", { "tokenize", "\xc3" } },
    { 2, "not valid UTF-8", { "trace", "a", "--subject", "\xff" } },
    { 1, "nonexistent", { "predict", "a", "--model", "/nonexistent/model" } },
    { 1, "empty", { "predict", "" } },
    { 1, "nonexistent", { "info", "/nonexistent/model" } },
    { 2, "--subject is missing", { "trace", "a" } },
    { 1, "“Louvre” is not in the prompt “" EIFFEL "”", { "trace", EIFFEL, "--subject", "Louvre" } },
    { 1, "empty", { "trace", "", "--subject", "a" } },
    { 1, "subject", { "trace", "a", "--subject", "" } },
    { 2, "empty", { "trace", EIFFEL, "--subject", SUBJECT, "--target", "" } },
    { 2,
      "--samples takes a whole number from 1",
      { "trace", EIFFEL, "--subject", SUBJECT, "--samples", "0" } },
    { 2, "--samples", { "trace", EIFFEL, "--subject", SUBJECT, "--samples", "1000000000" } },
    { 2, "--samples", { "trace", EIFFEL, "--subject", SUBJECT, "--samples", "99999999999999999999" } },
    { 2, "--noise", { "trace", EIFFEL, "--subject", SUBJECT, "--noise", "nan" } },
    { 2, "--noise", { "trace", EIFFEL, "--subject", SUBJECT, "--noise", "inf" } },
    { 2, "--noise", { "trace", EIFFEL, "--subject", SUBJECT, "--noise", "-1" } },
    { 2, "--noise", { "trace", EIFFEL, "--subject", SUBJECT, "--noise", "3,0" } },
    { 2, "--seed", { "trace", EIFFEL, "--subject", SUBJECT, "--seed", "-1" } },
    { 2, "--seed", { "trace", EIFFEL, "--subject", SUBJECT, "--seed", "4294967296" } },
    { 2, "--window", { "trace", EIFFEL, "--subject", SUBJECT, "--window", "0" } },
    { 2, "resid, mixer", { "trace", EIFFEL, "--subject", SUBJECT, "--site", "bogus" } },
    { 2, "restore, damage", { "trace", EIFFEL, "--subject", SUBJECT, "--direction", "up" } },
    { 2, "no site “bogus”", { "trace", EIFFEL, "--subject", SUBJECT, "--freeze", "mixer,bogus" } },
    { 2,
      "gaussian, uniform, student-t:DEGREES",
      { "trace", EIFFEL, "--subject", SUBJECT, "--corrupt", "bogus" } },
    { 2, "“student-t:3”", { "trace", EIFFEL, "--subject", SUBJECT, "--corrupt", "student-t" } },
    { 2, "above 2", { "trace", EIFFEL, "--subject", SUBJECT, "--corrupt", "student-t:1" } },
    { 2,
      "--samples: swapping",
      { "trace", EIFFEL, "--subject", SUBJECT, "--corrupt", "swap:Louvre", "--samples", "3" } },
    { 2,
      "--noise: swapping",
      { "trace", EIFFEL, "--subject", SUBJECT, "--corrupt", "swap:Louvre", "--noise", "3" } },
    { 2,
      "--seed: swapping",
      { "trace", EIFFEL, "--subject", SUBJECT, "--corrupt", "swap:Louvre", "--seed", "3" } },
    { 2,
      "--noise-scale: swapping",
      { "trace", EIFFEL, "--subject", SUBJECT, "--corrupt", "swap:Louvre", "--noise-scale", "absolute" } },
    { 2,
      "--replace: swapping",
      { "trace", EIFFEL, "--subject", SUBJECT, "--corrupt", "swap:Louvre", "--replace" } },
    { 2,
      "--until-sem: swapping",
      { "trace", EIFFEL, "--subject", SUBJECT, "--corrupt", "swap:Louvre", "--until-sem", "1" } },
    { 2,
      "Only the subject can be swapped",
      { "trace", EIFFEL, "--subject", SUBJECT, "--corrupt", "swap:Louvre", "--span", "all" } },
    { 1,
      "Nothing would be corrupted",
      { "trace", EIFFEL, "--subject", SUBJECT, "--corrupt", "swap:Eiffel Tower" } },
    { 2, "text:FILE", { "trace", EIFFEL, "--subject", SUBJECT, "--corrupt", "multivariate" } },
    { 2,
      "own level",
      { "trace", EIFFEL, "--subject", SUBJECT, "--corrupt", "multivariate", "--noise-scale", "text:/none",
        "--noise", "1" } },
    { 1,
      "/none",
      { "trace", EIFFEL, "--subject", SUBJECT, "--corrupt", "multivariate", "--noise-scale", "text:/none" } },
    { 2, "not to gaussian", { "trace", EIFFEL, "--subject", SUBJECT, "--noise-scale", "text:/none" } },
    { 2, "prompt, subjects:FILE", { "trace", EIFFEL, "--subject", SUBJECT, "--noise-scale", "bogus" } },
    { 2, "subject, tokens:A-B and all", { "trace", EIFFEL, "--subject", SUBJECT, "--span", "bogus" } },
    { 1, "last is token 5", { "trace", EIFFEL, "--subject", SUBJECT, "--span", "tokens:3-6" } },
    { 2, "prob, logprob, logit", { "trace", EIFFEL, "--subject", SUBJECT, "--metric", "bogus" } },
    { 2, "needs the token against", { "trace", EIFFEL, "--subject", SUBJECT, "--metric", "logit-diff" } },
    { 2, "logit-diff alone", { "trace", EIFFEL, "--subject", SUBJECT, "--against", " Rome" } },
    { 2, "--until-sem", { "trace", EIFFEL, "--subject", SUBJECT, "--until-sem", "0" } },
    { 2, "--max-samples", { "trace", EIFFEL, "--subject", SUBJECT, "--max-samples", "100" } },
    { 2,
      "from 10, with which it begins",
      { "trace", EIFFEL, "--subject", SUBJECT, "--until-sem", "1", "--max-samples", "5" } },
    { 2, ".npz, .json, .csv", { "trace", EIFFEL, "--subject", SUBJECT, "-o", "/tmp/x.bmp" } },
    { 2, ".npz, .json, .csv", { "trace", EIFFEL, "--subject", SUBJECT, "-o", "noending" } },
    { 1,
      "/nonexistent",
      { "trace", EIFFEL, "--subject", SUBJECT, "-o", "/nonexistent/x.npz", "--save-every", "3600" } },
    { 2, "-o FILE is missing", { "plot", "x.npz" } },
    { 2, ".svg, .png, .pdf", { "plot", "x.npz", "-o", "/tmp/y.npz" } },
    { 2, "viridis", { "plot", "x.npz", "-o", "/tmp/y.svg", "--colormap", "bogus" } },
    { 2, "symmetric", { "plot", "x.npz", "-o", "/tmp/y.svg", "--scale", "bogus" } },
    { 2, "85mm", { "plot", "x.npz", "-o", "/tmp/y.svg", "--width", "wide" } },
    { 2, "two numbers", { "plot", "x.npz", "-o", "/tmp/y.svg", "--limits", "1" } },
    { 2, "RdBu_r", { "plot", "x.npz", "-o", "/tmp/y.svg", "--scale", "symmetric", "--colormap", "Blues" } },
    { 2, "--threads", { "plot", "x.npz", "-o", "/tmp/y.svg", "--threads", "2" } },
    { 2, "tokens-by-layers", { "plot", "x.npz", "-o", "/tmp/y.svg", "--orientation", "bogus" } },
    { 1, "x.npz", { "plot", "/nonexistent/x.npz", "-o", "/tmp/engram-never.svg" } },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_auto (Outcome) outcome = run_argv (mistakes[i].arguments);
      g_test_message ("%s", outcome.err);
      g_assert_cmpint (outcome.status, ==, mistakes[i].status);
      g_assert_cmpstr (outcome.out, ==, "");
      assert_one_sentence (outcome.err);
      g_assert_nonnull (strstr (outcome.err, mistakes[i].message));
    }
  g_assert_false (g_file_test ("/tmp/engram-never.svg", G_FILE_TEST_EXISTS));
  g_auto (Outcome) nothing = run_argv ((const char *[]){ NULL });
  g_assert_cmpint (nothing.status, ==, 2);
  g_assert_cmpstr (nothing.out, ==, "");
}

static void
test_subject_twice_is_said_once (void)
{
  g_auto (Outcome) outcome = RUN ("trace", "Paris is in France and Paris is in", "--subject", "Paris",
                                  "--samples", "1", "--json", "--target", " France");
  g_assert_cmpint (outcome.status, ==, 0);
  const char *said = strstr (outcome.err, "more than once");
  g_assert_nonnull (said);
  g_assert_null (strstr (said + 1, "more than once"));
  g_autoptr (JsonNode) node = parse (outcome.out);
  JsonArray *range = json_object_get_array_member (json_node_get_object (node), "subject_range");
  g_assert_cmpint (json_array_get_int_element (range, 0), ==, 0);
}

static void
test_target_of_many_tokens_is_its_first (void)
{
  g_auto (Outcome) outcome = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--samples", "1", "--json",
                                  "--target", "Paris is a city");
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_nonnull (strstr (outcome.err, "its first, “␣Paris”, is followed"));
  g_autoptr (JsonNode) node = parse (outcome.out);
  JsonObject *target = json_object_get_object_member (json_node_get_object (node), "target");
  g_assert_cmpstr (json_object_get_string_member (target, "text"), ==, " Paris");
}

/* ---- files ---- */

static void
test_every_ending_is_written (void)
{
  g_autofree char *folder = new_folder ();
  g_autofree char *command = g_strdup_printf ("cd '%s' && \"$ENGRAM_CLI\" trace '" EIFFEL
                                              "' --subject '" SUBJECT "' --samples 2 --json "
                                              "-o a.npz -o a.json -o a.csv -o a.svg -o a.PNG -o a.pdf",
                                              folder);
  g_auto (Outcome) outcome = run_shell (command);
  g_assert_cmpstr (outcome.err, ==, "");
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_cmpuint (count_files (folder), ==, 6);
  assert_begins_with (folder, "a.npz", "PK\003\004");
  assert_begins_with (folder, "a.json", "{");
  assert_begins_with (folder, "a.csv", "# model: demo\n# prompt: " EIFFEL "\n# subject: " SUBJECT "\n");
  assert_begins_with (folder, "a.svg", "<?xml");
  assert_begins_with (folder, "a.PNG", "\x89PNG");
  assert_begins_with (folder, "a.pdf", "%PDF");
  g_autofree char *path = g_build_filename (folder, "a.json", NULL);
  g_autofree char *text = NULL;
  g_file_get_contents (path, &text, NULL, NULL);
  g_assert_cmpstr (text, ==, outcome.out);
  remove_folder (folder);
}

static void
test_notebook_trace_is_plotted (void)
{
  g_autofree char *folder = new_folder ();
  g_autofree char *npz = g_test_build_filename (G_TEST_DIST, "golden", "example_trace.npz", NULL);
  g_autofree char *svg = g_build_filename (folder, "a.svg", NULL);
  g_autofree char *png = g_build_filename (folder, "a.png", NULL);
  g_auto (Outcome) outcome = RUN ("plot", npz, "-o", svg, "-o", png, "--colormap", "viridis", "--raw");
  g_assert_cmpstr (outcome.err, ==, "");
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_cmpstr (outcome.out, ==, "");
  assert_begins_with (folder, "a.svg", "<?xml");
  assert_begins_with (folder, "a.png", "\x89PNG");
  remove_folder (folder);
}

/* Each option of a figure changes it; what would change nothing is refused. */
static void
test_no_option_of_figures_does_nothing (void)
{
  static const char *const good[][2]
      = { { "--scale", "raw" },    { "--scale", "symmetric" }, { "--limits", "0,0.5" },
          { "--width", "85mm" },   { "--height", "3in" },      { "--colormap", "RdYlBu_r" },
          { "--title", "" },       { "--title", "Mine" },      { "--caption", "" },
          { "--caption", "Mine" }, { "--hide-spaces", NULL },  { "--outlines", NULL },
          { "--own-scale", NULL }, { "--hatch-noise", NULL },  { "--metric", "kl" },
          { "--site", "state" },   { "--picture", "layers" },  { "--orientation", "tokens-by-layers" } };
  static const char *const useless[][4]
      = { { "--picture", "layers", "--colormap", "Blues" }, { "--picture", "subject", "--hatch-noise", NULL },
          { "--own-scale", "--raw", NULL, NULL },           { "--png-scale", "2", NULL, NULL },
          { "--picture", "sites", "--site", "state" },      { "--picture", "pinned", NULL, NULL } };
  g_autofree char *folder = new_folder ();
  g_autofree char *npz = g_build_filename (folder, "a.npz", NULL),
                  *plain = g_build_filename (folder, "p.svg", NULL);
  g_autofree char *svg = g_build_filename (folder, "b.svg", NULL), *a = NULL;
  g_auto (Outcome) traced = RUN ("trace", EIFFEL, "--subject", SUBJECT, "--samples", "3", "--site",
                                 "resid,state", "--metric", "all", "-o", npz, "--json");
  g_assert_cmpint (traced.status, ==, 0);
  g_auto (Outcome) drawn = RUN ("plot", npz, "-o", plain);
  g_assert_cmpint (drawn.status, ==, 0);
  g_file_get_contents (plain, &a, NULL, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *b = NULL;
      g_auto (Outcome) other = RUN ("plot", npz, "-o", svg, good[i][0], good[i][1]);
      g_assert_cmpstr (other.err, ==, "");
      g_assert_cmpint (other.status, ==, 0);
      g_file_get_contents (svg, &b, NULL, NULL);
      g_assert_cmpstr (a, !=, b);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (useless); i++)
    {
      g_auto (Outcome) other
          = RUN ("plot", npz, "-o", svg, useless[i][0], useless[i][1], useless[i][2], useless[i][3]);
      g_assert_cmpint (other.status, ==, 2);
      assert_one_sentence (other.err);
    }
  g_auto (Outcome) unknown = RUN ("plot", npz, "-o", svg, "--site", "mixer");
  g_assert_cmpint (unknown.status, ==, 1);
  remove_folder (folder);
}

static void
test_part_of_a_token_is_said_once (void)
{
  g_auto (Outcome) outcome = RUN ("trace", EIFFEL, "--subject", "iffel", "--samples", "1", "--json");
  g_assert_cmpint (outcome.status, ==, 0);
  const char *said = strstr (outcome.err, "overlaps “␣Eiffel”");
  g_assert_nonnull (said);
  g_assert_null (strstr (said + 1, "overlaps"));
  g_auto (Outcome) whole = RUN ("trace", EIFFEL, "--subject", " Eiffel Tower ", "--samples", "1", "--json");
  g_assert_cmpstr (whole.err, ==, "");
}

static void
test_orientation_turns_the_figure (void)
{
  static const char *const names[] = { "layers-by-tokens", "tokens-by-layers" };
  g_autofree char *folder = new_folder ();
  g_autofree char *npz = g_test_build_filename (G_TEST_DIST, "golden", "example_trace.npz", NULL);
  g_autofree char *plain = g_build_filename (folder, "plain.svg", NULL);
  g_auto (Outcome) outcome = RUN ("plot", npz, "-o", plain);
  g_assert_cmpint (outcome.status, ==, 0);

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *svg = g_build_filename (folder, "turned.svg", NULL);
      g_auto (Outcome) turned = RUN ("plot", npz, "-o", svg, "--orientation", names[i]);
      g_autofree char *a = NULL, *b = NULL;
      g_assert_cmpint (turned.status, ==, 0);
      g_file_get_contents (plain, &a, NULL, NULL);
      g_file_get_contents (svg, &b, NULL, NULL);
      /* The first is what there is without a word. */
      if (i == 0)
        g_assert_cmpstr (a, ==, b);
      else
        g_assert_cmpstr (a, !=, b);
    }
  remove_folder (folder);
}

static void
test_damaged_trace_leaves_no_figure (void)
{
  g_autofree char *folder = new_folder ();
  g_autofree char *npz = g_build_filename (folder, "a.npz", NULL);
  g_autofree char *svg = g_build_filename (folder, "a.svg", NULL);
  g_assert_true (g_file_set_contents (npz, "PK\003\004 no archive", -1, NULL));
  g_auto (Outcome) outcome = RUN ("plot", npz, "-o", svg);
  g_assert_cmpint (outcome.status, ==, 1);
  assert_one_sentence (outcome.err);
  g_assert_cmpuint (count_files (folder), ==, 1);
  remove_folder (folder);
}

static void
test_full_standard_output_fails (void)
{
  g_auto (Outcome) outcome = run_shell ("\"$ENGRAM_CLI\" info >/dev/full");
  g_assert_cmpint (outcome.status, ==, 1);
  assert_one_sentence (outcome.err);
}

/* A limit on the size of files stands in for a full disk. */
static void
test_full_disk_leaves_no_file (void)
{
  g_autofree char *folder = new_folder ();
  g_autofree char *command
      = g_strdup_printf ("trap '' XFSZ; ulimit -f 1; \"$ENGRAM_CLI\" trace '" EIFFEL "' --subject '" SUBJECT
                         "' --json --save-every 3600 -o %s/a.npz",
                         folder);
  g_auto (Outcome) outcome = run_shell (command);
  g_assert_cmpint (outcome.status, ==, 1);
  /* A machine so busy that a round takes half a second has saved before, or tried to. */
  const char *before = strstr (outcome.err, "; the trace goes on\n");
  const char *last = before != NULL ? strchr (before, '\n') + 1 : outcome.err;
  assert_one_sentence (last);
  g_assert_nonnull (strstr (last, "a.npz"));
  g_assert_cmpuint (count_files (folder), ==, 0);
  remove_folder (folder);
}

static void
test_closed_pipe_is_quiet (void)
{
  g_auto (Outcome) outcome = run_shell ("\"$ENGRAM_CLI\" trace '" EIFFEL "' --subject '" SUBJECT
                                        "' --samples 10000 --stream | head -n 1");
  g_assert_cmpstr (outcome.err, ==, "");
  g_assert_true (g_str_has_prefix (outcome.out, "{\"event\":\"estimate\""));
}

static void
test_no_toolkit_is_linked (void)
{
  g_auto (Outcome) outcome = run_shell ("ldd \"$ENGRAM_CLI\"");
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_nonnull (strstr (outcome.out, "libglib"));
  g_assert_null (strstr (outcome.out, "libgtk"));
  g_assert_null (strstr (outcome.out, "libadwaita"));
}

/* ---- interruptions ---- */

static GSubprocess *
start_long_trace (const char *file)
{
  g_autoptr (GError) error = NULL;
  GSubprocess *process
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error,
                          g_getenv ("ENGRAM_CLI"), "trace", EIFFEL, "--subject", SUBJECT, "--samples",
                          "10000", "--stream", "--no-estimate", "-o", file, NULL);
  g_assert_no_error (error);
  return process;
}

static void
assert_signal_ends (int signal_number, int status)
{
  g_autofree char *folder = new_folder ();
  g_autofree char *file = g_build_filename (folder, "a.npz", NULL);
  g_autoptr (GSubprocess) process = start_long_trace (file);
  char byte;
  g_assert_cmpint (g_input_stream_read (g_subprocess_get_stdout_pipe (process), &byte, 1, NULL, NULL), ==, 1);
  const gint64 start = g_get_monotonic_time ();
  g_subprocess_send_signal (process, signal_number);
  g_autofree char *err = NULL;
  g_assert_true (g_subprocess_communicate_utf8 (process, NULL, NULL, NULL, &err, NULL));
  g_assert_cmpint (g_get_monotonic_time () - start, <, 2 * G_USEC_PER_SEC);
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, status);
  assert_one_sentence (err);
  g_assert_nonnull (strstr (err, "--resume"));
  g_assert_cmpuint (count_files (folder), ==, 1);
  remove_folder (folder);
}

static void
test_interrupt_ends_at_once (void)
{
  assert_signal_ends (SIGINT, 130);
}

static void
test_termination_ends_at_once (void)
{
  assert_signal_ends (SIGTERM, 143);
}

static void
test_interrupt_at_any_moment_leaves_a_whole_file_or_none (void)
{
  for (guint i = 0; i < 12; i++)
    {
      g_autofree char *folder = new_folder ();
      g_autofree char *file = g_build_filename (folder, "a.npz", NULL);
      g_autoptr (GSubprocess) process = start_long_trace (file);
      g_usleep (i * i * 2500);
      g_subprocess_send_signal (process, SIGINT);
      g_assert_true (g_subprocess_communicate (process, NULL, NULL, NULL, NULL, NULL));
      if (g_subprocess_get_if_exited (
              process)) /* before the program's first lines the signal itself ends it */
        g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 130);
      if (g_file_test (file, G_FILE_TEST_EXISTS))
        {
          g_autofree char *figure = g_build_filename (folder, "a.svg", NULL);
          g_auto (Outcome) plot = RUN ("plot", file, "-o", figure);
          g_assert_cmpint (plot.status, ==, 0);
          g_assert_cmpuint (count_files (folder), ==, 2);
        }
      else
        g_assert_cmpuint (count_files (folder), ==, 0);
      remove_folder (folder);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_nonnull (g_getenv ("ENGRAM_CLI"));
  g_test_add_func ("/cli/predict-document", test_predict_document);
  g_test_add_func ("/cli/tokenize-document", test_tokenize_document);
  g_test_add_func ("/cli/tokenize-positions", test_tokenize_prints_positions);
  g_test_add_func ("/cli/trace-document", test_trace_document);
  g_test_add_func ("/cli/info-document", test_info_document);
  g_test_add_func ("/cli/info-verifies-numbers", test_info_verify);
  g_test_add_func ("/cli/golden-model", test_golden_model);
  g_test_add_func ("/cli/threads-change-no-bit", test_threads_change_no_bit);
  g_test_add_func ("/cli/stream-ends-in-the-result", test_stream_ends_in_the_result);
  g_test_add_func ("/cli/pipe-gets-plain-numbers", test_pipe_gets_plain_numbers);
  g_test_add_func ("/cli/terminal-gets-a-colour-heatmap", test_terminal_gets_a_colour_heatmap);
  g_test_add_func ("/cli/heatmap-fits-the-terminal", test_heatmap_fits_the_terminal);
  g_test_add_func ("/cli/no-color-is-honoured", test_no_color_is_honoured);
  g_test_add_func ("/cli/dashes-end-the-options", test_dashes_end_the_options);
  g_test_add_func ("/cli/help-is-on-standard-output", test_help_is_on_standard_output);
  g_test_add_func ("/cli/mistakes-give-one-sentence", test_mistakes_give_one_sentence);
  g_test_add_func ("/cli/subject-twice-is-said-once", test_subject_twice_is_said_once);
  g_test_add_func ("/cli/target-of-many-tokens-is-its-first", test_target_of_many_tokens_is_its_first);
  g_test_add_func ("/cli/every-ending-is-written", test_every_ending_is_written);
  g_test_add_func ("/cli/notebook-trace-is-plotted", test_notebook_trace_is_plotted);
  g_test_add_func ("/cli/figure-options", test_no_option_of_figures_does_nothing);
  g_test_add_func ("/cli/part-of-a-token", test_part_of_a_token_is_said_once);
  g_test_add_func ("/cli/orientation", test_orientation_turns_the_figure);
  g_test_add_func ("/cli/damaged-trace-leaves-no-figure", test_damaged_trace_leaves_no_figure);
  g_test_add_func ("/cli/full-standard-output-fails", test_full_standard_output_fails);
  g_test_add_func ("/cli/full-disk-leaves-no-file", test_full_disk_leaves_no_file);
  g_test_add_func ("/cli/closed-pipe-is-quiet", test_closed_pipe_is_quiet);
  g_test_add_func ("/cli/no-toolkit-is-linked", test_no_toolkit_is_linked);
  g_test_add_func ("/cli/interrupt-ends-at-once", test_interrupt_ends_at_once);
  g_test_add_func ("/cli/termination-ends-at-once", test_termination_ends_at_once);
  g_test_add_func ("/cli/interrupt-at-any-moment-leaves-a-whole-file-or-none",
                   test_interrupt_at_any_moment_leaves_a_whole_file_or_none);
  return g_test_run ();
}
