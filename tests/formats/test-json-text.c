/* JSON from outside: what RFC 8259 allows, and nothing that json-glib would let through besides. */
#include "formats/json-text.h"
#include "formats/quote.h"
#include "scratch.h"

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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-text/reads-what-json-is", test_reads_what_json_is);
  g_test_add_func ("/json-text/refuses-what-json-is-not", test_refuses_what_json_is_not);
  g_test_add_func ("/json-text/takes-a-nul-for-no-end", test_takes_a_nul_for_no_end);
  g_test_add_func ("/json-text/limits-depth", test_limits_depth);
  g_test_add_func ("/json-text/limits-the-number-of-values", test_limits_the_number_of_values);
  g_test_add_func ("/json-text/gets-sizes-and-texts-and-nothing-like-them",
                   test_gets_sizes_and_texts_and_nothing_like_them);
  g_test_add_func ("/quote/any-bytes-on-one-line", test_quotes_any_bytes_on_one_line);
  return g_test_run ();
}
