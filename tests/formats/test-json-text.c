/* JSON from outside: what RFC 8259 allows, and nothing else. */
#include "formats/json-text.h"
#include "formats/quote.h"
#include "scratch.h"

#include <math.h>
#include <string.h>

static JsonNode *
parse (const char *text, GError **error)
{
  return eg_json_parse_object (text, strlen (text), "x.json", error);
}

static void
test_reads_what_json_is (void)
{
  const char *const texts[] = {
    "{}",
    " \t\r\n{ } \n",
    "{\"a\":[1,-2,0,0.5,-0.05,1e05,1E-05,2e+3,true,false,null,\"\\u00e9\\\"{[}],:/\"]}",
    "{\"a\":{\"a\":{\"a\":{}}},\"b\":{\"a\":1}}",
    "{\"a\":[{\"x\":1},{\"x\":2}]}",
    "{\"größe\":\"# // /* */ NaN\"}",
  };
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      GError *error = NULL;
      g_autoptr (JsonNode) node = parse (texts[i], &error);
      g_assert_no_error (error);
      g_assert_true (JSON_NODE_HOLDS_OBJECT (node));
    }
}

static void
test_refuses_what_json_is_not (void)
{
  const struct
  {
    const char *text;
    const char *message;
  } bad[] = {
    { "", "ends too early" },
    { "   ", "ends too early" },
    { "{\"a\":\"", "ends too early" },
    { "{\"a\":\"\\", "ends too early" },
    { "{\"a\":[1}}", "is damaged" },
    { "1", "is not an object" },
    { "\"a\"", "is not an object" },
    { "}", "is not an object" },
    { "{}{}", "goes on after its end" },
    { "{} x", "goes on after its end" },
    { "{} \"", "goes on after its end" },
    { "{} nul", "goes on after its end" },
    { "{},", "goes on after its end" },
    { "{\"a\":1 /* no */}", "does not belong there" },
    { "{\"a\":1} // no", "goes on after its end" },
    { "{\"a\":NaN}", "does not belong there" },
    { "{\"a\":-Infinity}", "does not belong there" },
    { "{\"a\":0x10}", "does not belong there" },
    { "{\"a\":010}", "does not belong there" },
    { "{\"a\":[1,-010]}", "does not belong there" },
    { "{'a':1}", "does not belong there" },
    { "{\"a\":\"\n\"}", "control character" },
    { "{\"a\":tru}", "is damaged" },
    { "{\"a\":nulll}", "does not belong there" },
    { "{\"a\":fa", "ends too early" },
    { "{\"a\":-}", "does not belong there" },
    { "{\"a\":-", "ends too early" },
    { "{\"a\":+1}", "does not belong there" },
    { "{\"a\":.5}", "does not belong there" },
    { "{\"a\":1.}", "does not belong there" },
    { "{\"a\":1e}", "does not belong there" },
    { "{\"a\":1e+", "ends too early" },
    { "{\"a\":00}", "does not belong there" },
    { "{\"a\":-01}", "does not belong there" },
    { "{\"a\":1.2.3}", "does not belong there" },
    { "{\"a\":}", "is damaged (a value is missing at byte 6)" },
    { "{\"a\":[,1]}", "is damaged (a value" },
    { "{\"a\":[1 2]}", "is damaged (a comma or a closing bracket" },
    { "{\"a\":[1}", "is damaged (a comma or a closing bracket" },
    { "{\"a\":1]", "is damaged (a comma or a closing brace" },
    { "{\"a\"}", "is damaged (a colon" },
    { "{1:1}", "is damaged (a name" },
    { "{,}", "is damaged (a name" },
    { "{\"a\":\"\\x\"}", "is damaged (it has a broken escape" },
    { "{\"a\":\"\\u12g4\"}", "broken escape" },
    { "{\"a\":\"\\u123", "broken escape" },
    { "{\"a\":\"\\udc00\"}", "broken escape" },
    { "{\"a\":\"\\ud800\\u0041\"}", "broken escape" },
    { "{\"a\":\"\\ud800\\ud800\"}", "broken escape" },
    { "{\"a\":\"\\ud800x\"}", "broken escape" },
    { "{\"a\":1,}", "is damaged" },
    { "{\"a\":[1,]}", "is damaged" },
    { "{\"a\" 1}", "is damaged" },
    { "{\"a\":1 \"b\":2}", "is damaged" },
    { "{\"a\":\"\\ud800\"}", "is damaged" },
    { "{\"a\":\"\xc3\"}", "not valid UTF-8" },
    { "{\"a\":1,\"a\":1}", "“a” is there twice" },
    { "{\"a\":{\"b\":[{\"c\":1,\"d\":1,\"c\":2}]}}", "“c” is there twice" },
    { "{\"a\":{\"b\":{\"c\":1}},\"a\":{\"b\":{\"c\":1}}}", "“a” is there twice" },
    { "{\"a\\u0000b\":1,\"a\":1}", "“a” is there twice" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      GError *error = NULL;
      assert_refused (parse (bad[i].text, &error), error, EG_ERROR_FORMAT, bad[i].message);
    }
}

static void
test_takes_a_nul_for_no_end (void)
{
  GError *error = NULL;
  assert_refused (eg_json_parse_object ("{}\0 ", 4, "x.json", &error), error, EG_ERROR_FORMAT,
                  "not valid UTF-8");
}

static void
test_limits_depth (void)
{
  GError *error = NULL;
  g_autoptr (GString) text = g_string_new ("{\"a\":");
  for (guint i = 0; i < 63; i++)
    g_string_append_c (text, '[');
  for (guint i = 0; i < 63; i++)
    g_string_append_c (text, ']');
  g_string_append_c (text, '}');
  g_autoptr (JsonNode) deep = parse (text->str, &error);
  g_assert_no_error (error);
  g_assert_nonnull (deep);

  g_string_insert (text, (gssize)strlen ("{\"a\":"), "[");
  g_string_insert (text, (gssize)text->len - 1, "]");
  assert_refused (parse (text->str, &error), error, EG_ERROR_FORMAT, "nested too deeply");

  /* As deep as would end a program that recurses. */
  g_autofree char *brackets = g_strnfill (20000000, '[');
  g_autofree char *deepest = g_strconcat ("{\"a\":", brackets, NULL);
  assert_refused (parse (deepest, &error), error, EG_ERROR_FORMAT, "nested too deeply");
}

static void
test_limits_the_number_of_values (void)
{
  GError *error = NULL;
  g_autoptr (GString) text = g_string_new ("{\"a\":[0");
  for (guint i = 0; i < 4000001; i++)
    g_string_append (text, ",0");
  g_string_append (text, "]}");
  assert_refused (parse (text->str, &error), error, EG_ERROR_FORMAT, "more than 4 million values");
}

static void
test_unescapes_texts (void)
{
  g_autoptr (JsonNode) node
      = parse ("{\"\\u0061\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\ude00\\uffff\"}", NULL);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (node), "a"), ==,
                   "\"\\/\b\f\n\r\té😀\xef\xbf\xbf");
}

/* Whatever is taken, json-glib reads in the same way. */
static void
test_agrees_with_json_glib (void)
{
  static const char original[] = "{\"a\":[1,-2,0,0.5,-0.05,1e05,1E-05,2e+3,true,false,null],"
                                 "\"\\u00e9\\ud83d\\ude00\\n\":{\"b\":[],\"c\":{}},"
                                 "\"d\":\"\\\"[{,:\\\\\", \"e\" : [ [ ] , { \"f\" : \"größe\" } ] }";
  static const char changes[] = "\"\\{}[],:019-.eutn ";
  guint32 random = 1;
  guint n_taken = 0;
  for (guint i = 0; i < 20000; i++)
    {
      g_autofree char *text = g_strdup (original);
      for (guint k = 0; k < 1 + i % 3; k++)
        {
          random = random * 1664525u + 1013904223u;
          text[(random >> 8) % (sizeof original - 1)] = changes[(random >> 24) % (sizeof changes - 1)];
        }
      g_autoptr (JsonNode) node = parse (text, NULL);
      if (node == NULL)
        continue;
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) expected = json_from_string (text, &error);
      if (expected == NULL || !json_node_equal (node, expected))
        g_error ("%s was taken (%s)", text, error != NULL ? error->message : "but is something else");
      n_taken++;
    }
  g_assert_cmpuint (n_taken, >, 1000);
}

static void
test_leaves_spans_as_they_are_written (void)
{
  static const char text[]
      = "{\"v\":{\"x\":1},\"m\":{\"v\": {\"x\": [1, {}], \"x\":2} ,\"l\":[ 1,[2] ],\"s\":\"x\","
        "\"n\":{\"v\":{\"x\":3}},\"e\":[]}}";
  EgJsonSpan spans[]
      = { { "m", "v" }, { "m", "l" }, { "m", "s" }, { "m", "missing" }, { "n", "v" }, { "m", "e" } };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node
      = eg_json_parse_object_with_spans (text, strlen (text), "x.json", spans, G_N_ELEMENTS (spans), &error);
  g_assert_no_error (error);
  JsonObject *root = json_node_get_object (node), *m = json_object_get_object_member (root, "m");
  static const char *const written[] = { "{\"x\": [1, {}], \"x\":2}", "[ 1,[2] ]", NULL, NULL, NULL, "[]" };
  static const gsize n_values[] = { 4, 3, 0, 0, 0, 0 };
  for (guint i = 0; i < G_N_ELEMENTS (spans); i++)
    {
      g_autofree char *found = spans[i].start != NULL ? g_strndup (spans[i].start, spans[i].length) : NULL;
      g_assert_cmpstr (found, ==, written[i]);
      g_assert_cmpuint (spans[i].n_values, ==, n_values[i]);
    }
  g_assert_true (json_object_get_null_member (m, "v"));
  g_assert_true (json_object_get_null_member (m, "l"));
  g_assert_cmpstr (json_object_get_string_member (m, "s"), ==, "x");
  g_assert_nonnull (json_object_get_object_member (json_object_get_object_member (m, "n"), "v"));
  g_assert_nonnull (json_object_get_object_member (root, "v"));
}

static void
test_checks_spans_too (void)
{
  const struct
  {
    const char *text;
    const char *message;
  } bad[] = {
    { "{\"m\":{\"v\":{\"a\":1,}}}", "is damaged (a name" },
    { "{\"m\":{\"v\":{\"a\":\"\\ud800\"}}}", "broken escape" },
    { "{\"m\":{\"v\":[1,2", "ends too early" },
    { "{\"m\":{\"v\":[1,2}}", "is damaged" },
    { "{\"m\":{\"v\":[NaN]}}", "does not belong there" },
    { "{\"m\":{\"v\":[],\"v\":[]}}", "“v” is there twice" },
    { "{\"m\":{\"v\":[],\"\\u0076\":1}}", "“v” is there twice" },
    { "{\"m\":{\"v\":[]},\"m\":{\"v\":[]}}", "“m” is there twice" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      EgJsonSpan span = { "m", "v" };
      GError *error = NULL;
      assert_refused (
          eg_json_parse_object_with_spans (bad[i].text, strlen (bad[i].text), "x.json", &span, 1, &error),
          error, EG_ERROR_FORMAT, bad[i].message);
    }
  EgJsonSpan span = { "m", "v" };
  GError *error = NULL;
  g_autofree char *brackets = g_strnfill (1000000, '[');
  g_autofree char *deep = g_strconcat ("{\"m\":{\"v\":", brackets, NULL);
  assert_refused (eg_json_parse_object_with_spans (deep, strlen (deep), "x.json", &span, 1, &error), error,
                  EG_ERROR_FORMAT, "nested too deeply");
}

static void
test_gets_sizes_and_texts_and_nothing_like_them (void)
{
  g_autoptr (JsonNode) node = parse (
      "{\"max\":9223372036854775807,\"zero\":0,\"text\":\"x\",\"empty\":\"\",\"neg\":-1,\"frac\":1.5,"
      "\"exp\":1e2,\"big\":9223372036854775808,\"huge\":18446744073709551617,\"bool\":true,\"null\":null,"
      "\"list\":[],\"object\":{}}",
      NULL);
  JsonObject *object = json_node_get_object (node);
  guint64 size;
  g_assert_true (eg_json_node_get_size (json_object_get_member (object, "max"), &size));
  g_assert_cmpuint (size, ==, G_MAXINT64);
  g_assert_true (eg_json_node_get_size (json_object_get_member (object, "zero"), &size));
  g_assert_cmpuint (size, ==, 0);
  g_assert_cmpstr (eg_json_node_get_text (json_object_get_member (object, "text")), ==, "x");
  g_assert_cmpstr (eg_json_node_get_text (json_object_get_member (object, "empty")), ==, "");

  const char *const neither[]
      = { "neg", "frac", "exp", "big", "huge", "bool", "null", "list", "object", "missing" };
  for (guint i = 0; i < G_N_ELEMENTS (neither); i++)
    {
      g_assert_false (eg_json_node_get_size (json_object_get_member (object, neither[i]), &size));
      g_assert_null (eg_json_node_get_text (json_object_get_member (object, neither[i])));
    }
  g_assert_false (eg_json_node_get_size (json_object_get_member (object, "text"), &size));
  g_assert_null (eg_json_node_get_text (json_object_get_member (object, "zero")));
}

static void
test_quotes_any_bytes_on_one_line (void)
{
  const char *const cases[][2] = {
    { "", "" },
    { "backbone.größe", "backbone.größe" },
    { "a\nb\tc\x1b[1m", "a�b�c�[1m" },
    { "\xff\xc3", "��" },
    { "\xe2\x80\xae", "�" }, /* right-to-left override */
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *quoted = eg_quote (cases[i][0]);
      g_assert_cmpstr (quoted, ==, cases[i][1]);
    }
  g_autofree char *fits = g_strnfill (120, 'x');
  g_autofree char *quoted = eg_quote (fits);
  g_assert_cmpstr (quoted, ==, fits);
  g_autofree char *longer = g_strnfill (100000, 'x');
  g_autofree char *cut = eg_quote (longer);
  g_assert_cmpint (g_utf8_strlen (cut, -1), ==, 120);
  g_assert_true (g_str_has_suffix (cut, "x…"));
}

/* A file that a person may have edited, or that was cut: the line and the field are named. */
static void
test_files_say_the_line_and_the_field (void)
{
  static const char *const files[][2] = {
    { "{\n \"a\": 1,\n \"b\": [1,\n", "config.json: line 3, field “b”: the JSON text ends too early" },
    { "{\n \"a\": 1,\n \"b\": \"x\n",
      "config.json: line 3, field “b”: the JSON text has a control character" },
    { "{\n \"a\": 1,\n \"use_cache\": true,\n \"use_cache\": true\n}",
      "config.json: line 4: “use_cache” is there twice" },
    { "{\n \"a\": {\"c\": 1,\n  \"c\": 2}}", "config.json: line 3: “c” is there twice" },
    { "{\n \"a\": 1\n \"b\": 2}", "config.json: line 3, field “a”: the JSON text is damaged (a comma" },
    { "\n\n[]", "config.json: line 3: the JSON text is not an object" },
    { "", "config.json: line 1: the JSON text ends too early" },
    { "{\"a\": Infinit}", "config.json: line 1, field “a”: the JSON text has a character" },
    { "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
      "config.json is not the file itself but a pointer" },
    { "  <!DOCTYPE html><html>", "config.json is not the file itself but a web page" },
  };
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *path = scratch_get_path (scratch, "config.json");
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      GError *error = NULL;
      scratch_write (scratch, "config.json", files[i][0], strlen (files[i][0]));
      assert_refused (eg_json_load_object (path, &error), error, EG_ERROR_FORMAT, files[i][1]);
    }
}

static void
test_files_have_pythons_numbers (void)
{
  static const char text[]
      = "{\"a\":Infinity,\"b\":-Infinity,\"c\":NaN,\"d\":{\"__float__\":\"Infinity\"},\"e\":2,"
        "\"f\":0.5,\"g\":{\"__float__\":\"-Infinity\"},\"h\":\"Infinity\",\"i\":{\"__float__\":\"x\"},"
        "\"j\":[1],\"k\":null,\"l\":{},\"m\":{\"__float__\":\"1 \"}}";
  static const double values[] = { INFINITY, -INFINITY, NAN, INFINITY, 2, 0.5, -INFINITY };
  g_autoptr (Scratch) scratch = scratch_new ();
  g_autofree char *path = scratch_get_path (scratch, "config.json");
  GError *error = NULL;
  scratch_write (scratch, "config.json", text, strlen (text));
  g_autoptr (JsonNode) root = eg_json_load_object (path, &error);
  g_assert_no_error (error);
  for (char name = 'a'; name <= 'n'; name++)
    {
      double value = 7;
      const gsize i = (gsize)(name - 'a');
      JsonNode *node = json_object_get_member (json_node_get_object (root), (const char[]){ name, '\0' });
      g_assert_cmpint (eg_json_node_get_double (node, &value), ==, i < G_N_ELEMENTS (values));
      if (i < G_N_ELEMENTS (values))
        g_assert_true (isnan (values[i]) ? isnan (value) : value == values[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-text/reads-what-json-is", test_reads_what_json_is);
  g_test_add_func ("/json-text/refuses-what-json-is-not", test_refuses_what_json_is_not);
  g_test_add_func ("/json-text/takes-a-nul-for-no-end", test_takes_a_nul_for_no_end);
  g_test_add_func ("/json-text/limits-depth", test_limits_depth);
  g_test_add_func ("/json-text/limits-the-number-of-values", test_limits_the_number_of_values);
  g_test_add_func ("/json-text/unescapes-texts", test_unescapes_texts);
  g_test_add_func ("/json-text/agrees-with-json-glib", test_agrees_with_json_glib);
  g_test_add_func ("/json-text/leaves-spans-as-they-are-written", test_leaves_spans_as_they_are_written);
  g_test_add_func ("/json-text/checks-spans-too", test_checks_spans_too);
  g_test_add_func ("/json-text/gets-sizes-and-texts-and-nothing-like-them",
                   test_gets_sizes_and_texts_and_nothing_like_them);
  g_test_add_func ("/quote/any-bytes-on-one-line", test_quotes_any_bytes_on_one_line);
  g_test_add_func ("/json/files-say-the-line-and-the-field", test_files_say_the_line_and_the_field);
  g_test_add_func ("/json/files-have-pythons-numbers", test_files_have_pythons_numbers);
  return g_test_run ();
}
