/* The table of a request's fields: each is compared, copied, written, read and checked, and none forgotten.
 */
#include "core/error.h"
#include "trace/ask/fields.h"
#include "trace/ask/site-names.h"
#include "trace/result/result-io.h"

#include <glib/gstdio.h>
#include <string.h>

/* Another value than the usual one for each field, in its text; what needs others beside it has them. */
static const struct
{
  const char *text;
  struct
  {
    EgTraceField field;
    const char *text;
  } beside[3];
} others[EG_N_FIELDS] = {
  [EG_FIELD_PROMPT] = { "Rome is in" },
  [EG_FIELD_SUBJECT] = { "Rome" },
  [EG_FIELD_SUBJECT_OFFSET] = { "7" },
  [EG_FIELD_TARGET] = { " Paris" },
  [EG_FIELD_SAMPLES] = { "11" },
  [EG_FIELD_SEED] = { "4294967295" },
  [EG_FIELD_CORRUPTION] = { "student-t:3.5" },
  [EG_FIELD_NOISE_LEVEL] = { "2.5" },
  [EG_FIELD_NOISE_SCALE] = { "subjects:a list.txt" },
  [EG_FIELD_SPAN] = { "tokens:0-1" },
  [EG_FIELD_REPLACE] = { "1" },
  [EG_FIELD_METRIC] = { "kl" },
  [EG_FIELD_AGAINST] = { " Rome", { { EG_FIELD_METRIC, "logit-diff" } } },
  [EG_FIELD_SITES] = { "mixer" },
  [EG_FIELD_WINDOW] = { "5" },
  [EG_FIELD_SWEEP] = { "layers" },
  [EG_FIELD_DIRECTION] = { "damage" },
  [EG_FIELD_FREEZE] = { "conv,gate" },
  [EG_FIELD_KNOCKOUT]
  = { "0-1:0>1",
      { { EG_FIELD_SITES, "state" }, { EG_FIELD_SWEEP, "layers" }, { EG_FIELD_DIRECTION, "damage" } } },
  [EG_FIELD_UNTIL_SEM] = { "0.01" },
  [EG_FIELD_MAX_SAMPLES] = { "77", { { EG_FIELD_UNTIL_SEM, "0.01" } } },
  [EG_FIELD_ESTIMATE_STEPS] = { "5" },
  [EG_FIELD_KEEP_SAMPLES] = { "1" },
  [EG_FIELD_THREADS] = { "3" },
  [EG_FIELD_DEVICE] = { "cuda:1" },
};

static void
set (EgTraceRequest *request, EgTraceField field, const char *text)
{
  g_autoptr (GError) error = NULL;
  eg_trace_field_parse (field, request, text, &error);
  g_assert_no_error (error);
}

/* With all that the field needs, but itself as it usually is. (transfer full) */
static EgTraceRequest *
without (EgTraceField field)
{
  EgTraceRequest *request = eg_trace_request_new ("The Tower is in", "Tower");
  for (gsize i = 0; i < G_N_ELEMENTS (others[field].beside) && others[field].beside[i].text != NULL; i++)
    set (request, others[field].beside[i].field, others[field].beside[i].text);
  return request;
}

/* (transfer full) */
static EgTraceRequest *
with (EgTraceField field)
{
  EgTraceRequest *request = without (field);
  set (request, field, others[field].text);
  return request;
}

static void
test_defaults_are_the_documented_ones (void)
{
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("a b", "b");
  g_assert_cmpuint (request->samples, ==, 10);
  g_assert_cmpfloat (request->noise_level, ==, 3);
  g_assert_cmpuint (request->seed, ==, 1);
  g_assert_cmpstrv (request->sites, ((const char *const[]){ "resid", NULL }));
  g_assert_cmpuint (request->window, ==, 1);
  g_assert_cmpint (request->subject_offset, ==, -1);
  g_assert_cmpint (request->device.kind, ==, EG_DEVICE_CPU);
  g_assert_true (eg_trace_request_check (request, NULL, NULL));
  for (EgTraceField field = EG_FIELD_SUBJECT_OFFSET; field < EG_N_FIELDS; field++)
    g_assert_true (eg_trace_field_is_usual (field, request));
}

static void
test_equality_notices_each_field (void)
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    {
      g_autoptr (EgTraceRequest) a = with (field), b = with (field), usual = without (field);
      g_test_message ("%s", eg_trace_field_get_info (field)->name);
      g_assert_true (eg_trace_request_equal (a, b));
      g_assert_cmpint (eg_trace_request_equal (a, usual), ==, eg_trace_field_get_info (field)->ignored);
      g_assert_cmpint (eg_trace_request_equal (usual, a), ==, eg_trace_field_get_info (field)->ignored);
      eg_trace_field_reset (field, b);
      if (field > EG_FIELD_SUBJECT)
        g_assert_true (eg_trace_request_equal (b, usual));
    }
}

/* A copy has all, and nothing of it belongs to the original. */
static void
test_copies_have_each_field (void)
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    {
      EgTraceRequest *request = with (field);
      g_autofree char *text = eg_trace_field_format (field, request);
      g_autoptr (EgTraceRequest) copy = eg_trace_request_copy (request);
      eg_trace_request_free (request);
      g_autofree char *copied = eg_trace_field_format (field, copy);
      g_assert_cmpstr (text, ==, others[field].text);
      g_assert_cmpstr (copied, ==, text);
    }
}

/* What means nothing beside a swap does not tell requests apart. */
static void
test_equality_passes_over_what_means_nothing (void)
{
  static const EgTraceField useless[]
      = { EG_FIELD_SAMPLES, EG_FIELD_SEED,      EG_FIELD_NOISE_LEVEL, EG_FIELD_NOISE_SCALE,
          EG_FIELD_REPLACE, EG_FIELD_UNTIL_SEM, EG_FIELD_MAX_SAMPLES };
  for (gsize i = 0; i < G_N_ELEMENTS (useless); i++)
    {
      g_autoptr (EgTraceRequest) a = eg_trace_request_new ("a b", "b"), b = eg_trace_request_new ("a b", "b");
      set (a, EG_FIELD_CORRUPTION, "swap:c");
      set (b, EG_FIELD_CORRUPTION, "swap:c");
      g_assert_nonnull (eg_trace_field_get_useless (useless[i], a));
      set (a, useless[i], others[useless[i]].text);
      g_assert_true (eg_trace_request_equal (a, b));
    }
}

/* (transfer full) */
static EgTraceResult *
result_of (EgTraceField field)
{
  EgTraceRequest *request = with (field);
  EgTraceTokens *tokens = eg_trace_tokens_new (2);
  tokens->tokens = g_strsplit ("The| Tower", "|", 0);
  tokens->subject = g_strdup (request->subject);
  tokens->target = g_strdup (" Paris");
  tokens->against = g_strdup (request->against);
  EgTraceResult *result = eg_trace_result_new (request, tokens, 2, (const char *const *)request->sites, 1);
  result->samples = request->samples;
  return result;
}

static void
test_npz_keeps_each_field (void)
{
  g_autofree char *folder = g_dir_make_tmp ("engram-fields-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "result.npz", NULL);
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EgTraceResult) result = result_of (field);
      eg_trace_result_save_npz (result, path, &error);
      g_assert_no_error (error);
      g_autoptr (EgTraceResult) again = eg_trace_result_load_npz (path, &error);
      g_assert_no_error (error);
      g_autofree char *text = eg_trace_field_format (field, again->request);
      /* What computes is said in words, for a person; offsets are found in the tokens. */
      if (field != EG_FIELD_THREADS && field != EG_FIELD_DEVICE && field != EG_FIELD_SUBJECT_OFFSET)
        g_assert_cmpstr (text, ==, others[field].text);
    }
  g_unlink (path);
  g_rmdir (folder);
}

/* Where the document says it; "noise.kind" is in an object. */
static JsonNode *
find_member (JsonNode *document, const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, ".", -1);
  JsonNode *node = document;
  for (gsize i = 0; names[i] != NULL; i++)
    node = json_object_get_member (json_node_get_object (node), names[i]);
  return node;
}

static void
test_json_has_each_field (void)
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    {
      const EgFieldInfo *info = eg_trace_field_get_info (field);
      g_autoptr (EgTraceResult) result = result_of (field);
      g_autoptr (JsonNode) document = eg_trace_result_to_json (result);
      if (info->in_json == EG_FIELD_NEVER)
        continue;
      JsonNode *node = find_member (document, info->json != NULL ? info->json : info->name);
      g_assert_nonnull (node);
      g_autoptr (EgTraceRequest) again = without (field);
      if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
        g_assert_true (eg_trace_field_parse_in_file (field, again, json_node_get_string (node), NULL));
      else if (info->type == EG_FIELD_FLAG)
        eg_trace_field_set_number (field, again, json_node_get_boolean (node));
      else
        eg_trace_field_set_number (field, again, json_node_get_double (node));
      g_assert_true (eg_trace_field_equal (field, again, result->request));
    }
}

/* Every option is one of a field, once, and every field is an option, but those of the prompt itself and of
 * what computes. */
static void
test_options_are_fields (void)
{
  const EgTraceField *options = eg_trace_field_list_options ();
  gboolean seen[EG_N_FIELDS] = { FALSE };
  for (gsize i = 0; options[i] != EG_N_FIELDS; i++)
    {
      EgTraceField found;
      g_assert_false (seen[options[i]]);
      seen[options[i]] = TRUE;
      g_assert_true (eg_trace_field_from_option (eg_trace_field_get_info (options[i])->option, &found));
      g_assert_cmpint (found, ==, options[i]);
      g_assert_nonnull (eg_trace_field_get_info (found)->help);
    }
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    g_assert_cmpint (seen[field], ==, eg_trace_field_get_info (field)->option != NULL);
  g_assert_false (seen[EG_FIELD_PROMPT] || seen[EG_FIELD_DEVICE] || seen[EG_FIELD_THREADS]);
}

/* Every word that completes an option is one that it takes. */
static void
test_words_are_taken (void)
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    {
      const EgFieldInfo *info = eg_trace_field_get_info (field);
      for (guint i = 0; info->word != NULL && info->word (i) != NULL; i++)
        {
          const char *argument = g_str_equal (info->word (i), "tokens:") ? "1-2" : "3";
          g_autofree char *text
              = g_strconcat (info->word (i), g_str_has_suffix (info->word (i), ":") ? argument : "", NULL);
          g_autoptr (EgTraceRequest) request = without (field);
          set (request, field, text);
        }
    }
}

static void
assert_wrong (EgTraceRequest *request, EgTraceField expected, const char *message)
{
  g_autoptr (GError) error = NULL;
  EgTraceField which = EG_N_FIELDS;
  g_assert_false (eg_trace_request_check (request, &which, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
  g_test_message ("%s: %s", eg_trace_field_get_info (which)->name, error->message);
  g_assert_cmpint (which, ==, expected);
  g_assert_nonnull (strstr (error->message, message));
}

/* Out of range, by the number: each names its field, and the option's text is refused as well. */
static void
test_numbers_out_of_range_are_named (void)
{
  static const struct
  {
    EgTraceField field;
    double value;
    const char *text, *message;
  } cases[] = {
    { EG_FIELD_SAMPLES, 0, "0", "number of samples" },
    { EG_FIELD_SAMPLES, EG_MAX_SAMPLES + 1, "10001", "number of samples" },
    { EG_FIELD_NOISE_LEVEL, 0, "0", "noise level" },
    { EG_FIELD_NOISE_LEVEL, 2e6, "2e6", "noise level" },
    { EG_FIELD_WINDOW, 0, "0", "window" },
    { EG_FIELD_WINDOW, EG_MAX_WINDOW + 1, "1001", "window" },
    { EG_FIELD_UNTIL_SEM, -1, "-1", "wanted standard error" },
    { EG_FIELD_MAX_SAMPLES, EG_MAX_SAMPLES + 1, "10001", "greatest number of samples" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EgTraceRequest) request = without (cases[i].field);
      g_autofree char *option
          = g_strconcat ("--", eg_trace_field_get_info (cases[i].field)->option, " takes a ", NULL);
      g_assert_false (eg_trace_field_parse (cases[i].field, request, cases[i].text, &error));
      g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
      g_assert_true (g_str_has_prefix (error->message, option));
      eg_trace_field_set_number (cases[i].field, request, cases[i].value);
      assert_wrong (request, cases[i].field, cases[i].message);
    }
}

/* What does not go together names the field that is to be changed. */
static void
test_contradictions_are_named (void)
{
  static const struct
  {
    EgTraceField field;
    const char *text;
    EgTraceField with;
    const char *with_text;
    EgTraceField wrong;
    const char *message;
  } cases[] = {
    { EG_FIELD_TARGET, "", EG_FIELD_SEED, "1", EG_FIELD_TARGET, "target is empty" },
    { EG_FIELD_CORRUPTION, "student-t:2", EG_FIELD_SEED, "1", EG_FIELD_CORRUPTION, "degrees of freedom" },
    { EG_FIELD_CORRUPTION, "multivariate", EG_FIELD_SEED, "1", EG_FIELD_NOISE_SCALE, "text:FILE" },
    { EG_FIELD_CORRUPTION, "swap:x", EG_FIELD_NOISE_SCALE, "absolute", EG_FIELD_NOISE_SCALE, "noise scale" },
    { EG_FIELD_CORRUPTION, "swap:x", EG_FIELD_SPAN, "all", EG_FIELD_SPAN, "span" },
    { EG_FIELD_CORRUPTION, "swap:x", EG_FIELD_UNTIL_SEM, "0.1", EG_FIELD_UNTIL_SEM, "one run" },
    { EG_FIELD_METRIC, "logit-diff", EG_FIELD_SEED, "1", EG_FIELD_AGAINST, "against which" },
    { EG_FIELD_METRIC, "kl", EG_FIELD_AGAINST, "x", EG_FIELD_AGAINST, "logit-diff alone" },
    { EG_FIELD_SWEEP, "positions", EG_FIELD_WINDOW, "3", EG_FIELD_WINDOW, "no window" },
    { EG_FIELD_SWEEP, "carry", EG_FIELD_SITES, "mixer", EG_FIELD_SWEEP, "what later tokens read" },
    { EG_FIELD_KNOCKOUT, "0:0>1", EG_FIELD_SEED, "1", EG_FIELD_KNOCKOUT, "its site is state" },
    { EG_FIELD_UNTIL_SEM, "0.1", EG_FIELD_SAMPLES, "1", EG_FIELD_UNTIL_SEM, "two samples" },
    { EG_FIELD_UNTIL_SEM, "0.1", EG_FIELD_MAX_SAMPLES, "5", EG_FIELD_MAX_SAMPLES, "greatest number" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EgTraceRequest) request = eg_trace_request_new ("a b", "b");
      set (request, cases[i].field, cases[i].text);
      set (request, cases[i].with, cases[i].with_text);
      assert_wrong (request, cases[i].wrong, cases[i].message);
    }
}

/* Enumerations and names that no text can make. */
static void
test_what_is_none_of_the_choices_is_named (void)
{
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("a b", "b");
  request->metric = EG_N_METRICS;
  assert_wrong (request, EG_FIELD_METRIC, "no such metric");
  request->metric = 0;
  request->sweep = EG_N_SWEEPS;
  assert_wrong (request, EG_FIELD_SWEEP, "no such");
  request->sweep = 0;
  request->direction = EG_N_DIRECTIONS;
  assert_wrong (request, EG_FIELD_DIRECTION, "no such");
  request->direction = 0;
  g_strfreev (request->freeze);
  request->freeze = g_strsplit ("bogus", ",", 0);
  assert_wrong (request, EG_FIELD_FREEZE, "no site “bogus”");
  g_strfreev (request->sites);
  request->sites = g_strsplit ("mixer,mixer", ",", 0);
  assert_wrong (request, EG_FIELD_SITES, "named twice");
  g_clear_pointer (&request->sites, g_strfreev);
  assert_wrong (request, EG_FIELD_SITES, "no such site");
}

/* Options that were not typed take the only values that go with those that were. */
static void
test_the_only_values_need_not_be_named (void)
{
  gboolean named[EG_N_FIELDS] = { FALSE };
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("a b", "b");
  set (request, EG_FIELD_KNOCKOUT, "0:0>1");
  eg_trace_request_complete (request, named);
  g_assert_true (eg_trace_request_check (request, NULL, NULL));
  g_assert_true (eg_trace_request_is_loss (request));
  named[EG_FIELD_SITES] = TRUE;
  set (request, EG_FIELD_SITES, "mixer");
  eg_trace_request_complete (request, named);
  assert_wrong (request, EG_FIELD_KNOCKOUT, "its site is state");
}

static void
test_names_of_sites_come_once (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; eg_site_name_at (i) != NULL; i++)
    g_assert_true (g_hash_table_add (seen, (gpointer)eg_site_name_at (i)));
  g_assert_cmpuint (g_hash_table_size (seen), >, 12);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fields/defaults-are-the-documented-ones", test_defaults_are_the_documented_ones);
  g_test_add_func ("/fields/equality-notices-each", test_equality_notices_each_field);
  g_test_add_func ("/fields/equality-passes-over-what-means-nothing",
                   test_equality_passes_over_what_means_nothing);
  g_test_add_func ("/fields/copies-have-each", test_copies_have_each_field);
  g_test_add_func ("/fields/npz-keeps-each", test_npz_keeps_each_field);
  g_test_add_func ("/fields/json-has-each", test_json_has_each_field);
  g_test_add_func ("/fields/options-are-fields", test_options_are_fields);
  g_test_add_func ("/fields/words-are-taken", test_words_are_taken);
  g_test_add_func ("/fields/names-of-sites-come-once", test_names_of_sites_come_once);
  g_test_add_func ("/fields/numbers-out-of-range-are-named", test_numbers_out_of_range_are_named);
  g_test_add_func ("/fields/contradictions-are-named", test_contradictions_are_named);
  g_test_add_func ("/fields/what-is-none-of-the-choices-is-named", test_what_is_none_of_the_choices_is_named);
  g_test_add_func ("/fields/the-only-values-need-not-be-named", test_the_only_values_need_not_be_named);
  return g_test_run ();
}
