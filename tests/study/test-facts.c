/* Files of facts: every form gives the same facts, and whatever is wrong with one is said by its line. */
#include "core/error.h"
#include "study/facts.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Facts in a file, as they are read: "id|prompt|subject|target|relation|line" each, or the error. */
static char *
read_file (const char *content, gssize length)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  const int file = g_file_open_tmp ("facts-XXXXXX", &path, &error);
  g_assert_no_error (error);
  close (file);
  g_file_set_contents (path, content, length, &error);
  g_assert_no_error (error);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (EgFactReader) reader = eg_fact_reader_open (path, &error);
  gboolean more = reader != NULL;
  while (more)
    {
      g_autoptr (EgFact) fact = NULL;
      more = eg_fact_reader_next (reader, &fact, &error) && fact != NULL;
      if (more)
        g_string_append_printf (text, "%s|%s|%s|%s|%s|%zu\n", fact->id, fact->prompt, fact->subject,
                                fact->target != NULL ? fact->target : "",
                                fact->relation != NULL ? fact->relation : "", fact->line);
    }
  g_unlink (path);
  if (error == NULL)
    return g_string_free (g_steal_pointer (&text), FALSE);
  g_assert_error (error, EG_ERROR, EG_ERROR_FORMAT);
  g_autofree char *title = g_path_get_basename (path);
  g_assert_true (g_str_has_prefix (error->message, title));
  return g_strdup (error->message + strlen (title));
}

static void
expect (const char *content, const char *expected)
{
  g_autofree char *found = read_file (content, -1);
  g_assert_cmpstr (found, ==, expected);
}

/* ---- forms ---- */

static void
test_rome (void)
{
  expect ("[\n  {\"known_id\": 0, \"subject\": \"Vinson Massif\", \"attribute\": \"Antarctica\",\n"
          "   \"template\": \"{} is located in\", \"prediction\": \" of\",\n"
          "   \"prompt\": \"Vinson Massif is located in\", \"relation_id\": \"P30\"},\n"
          "  {\"known_id\": 5, \"subject\": \"B\", \"attribute\": null, \"prompt\": \"B is\"}]\n",
          "0|Vinson Massif is located in|Vinson Massif|Antarctica|P30|2\n5|B is|B|||5\n");
}

static void
test_counterfact (void)
{
  expect ("[{\"case_id\": 3, \"requested_rewrite\": {\"prompt\": \"The mother tongue of {} is\", "
          "\"relation_id\": \"P103\", \"target_new\": {\"str\": \"English\"}, \"target_true\": {\"str\": "
          "\"French\"}, \"subject\": \"Danielle Darrieux\"}, \"paraphrase_prompts\": [\"{[}]\"]}]",
          "3|The mother tongue of Danielle Darrieux is|Danielle Darrieux|French|P103|1\n");
}

static void
test_lines (void)
{
  expect ("\xef\xbb\xbf# a comment\n\n{\"prompt\": \"{} is in\", \"subject\": \"Big Ben\", \"answer\": "
          "\"London\"}\r\n{\"id\": \"x\", \"subject\": \"b\", \"prompt\": \"b \\u00e4 is\"}",
          "1|Big Ben is in|Big Ben|London||3\nx|b ä is|b|||4\n");
}

static void
test_csv (void)
{
  expect ("ID,\"subject\",note,Prompt,target\r\n"
          "a,\"Big, \"\"Ben\"\"\",x,\"{} is\nin\",London\r\n"
          "b,Louvre,,{} is in\n",
          "a|Big, \"Ben\" is\nin|Big, \"Ben\"|London||2\nb|Louvre is in|Louvre|||4\n");
}

/* known_1000 as a table: the prompt is not its template, whose {} was lost. */
static void
test_ranks (void)
{
  expect (",known_id,subject,object,attribute,template,prediction,prompt,relation_id\n"
          "0,7,Louvre,x,Paris,Louvre is located in, of,The Louvre is located in,P1\n",
          "7|The Louvre is located in|Louvre|Paris|P1|2\n");
  expect ("case_id\tid\tsubject\ttemplate\n1\ta\tb\tb is\n", "a|b is|b|||2\n");
}

/* A sign of numbers begins facts, too. */
static void
test_signs (void)
{
  expect ("# a comment\nid,prompt,subject\n#1,a is,a\n\n#2,b is,b\n", "#1|a is|a|||3\n#2|b is|b|||5\n");
  expect ("prompt\tsubject\n#MeToo is\t#MeToo\n", "1|#MeToo is|#MeToo|||2\n");
  expect ("# a comment\n#MeToo is\t#MeToo\n# no\n\na is\ta\n#b is\tb\n",
          "1|#MeToo is|#MeToo|||2\n2|a is|a|||5\n3|#b is|b|||6\n");
  expect ("#MeToo is\t#MeToo", "1|#MeToo is|#MeToo|||1\n");
  /* So many are known to be facts before all are in memory, whatever stands below them. */
  g_autoptr (GString) many = g_string_new (NULL), found = g_string_new (NULL);
  for (guint i = 1; i <= 150; i++)
    {
      g_string_append_printf (many, "#%u is\t%u\n", i, i);
      g_string_append_printf (found, "%u|#%u is|%u|||%u\n", i, i, i, i);
    }
  g_string_append (many, "prompt\tsubject\n");
  g_string_append (found, "151|prompt|subject|||151\n");
  expect (many->str, found->str);
  expect ("# date:\tnow\nprompt\tsubject\na is\ta\n", "1|a is|a|||3\n");
  expect ("# date:\tnow\n{\"prompt\": \"a is\", \"subject\": \"a\"}\n# the\tend\n", "1|a is|a|||2\n");
}

static void
test_tsv (void)
{
  expect ("relation\tprompt\tsubject\nlocation\tBig Ben is in\tBig Ben\n\tthe \"Ben\" is\tBen\n",
          "1|Big Ben is in|Big Ben||location|2\n2|the \"Ben\" is|Ben|||3\n");
}

static void
test_plain (void)
{
  expect ("Big Ben, a clock, is in\tBig Ben\n\"A\" is in\tA\tB\tr\tid\n",
          "1|Big Ben, a clock, is in|Big Ben|||1\nid|\"A\" is in|A|B|r|2\n");
}

/* ---- what is wrong ---- */

static void
test_broken (void)
{
  const char *const cases[][2] = {
    { "", ":1: there are no facts" },
    { "# nothing\n", ":2: there are no facts" },
    { "a line\n",
      ":1: this is no file of facts: JSON, a table whose header has prompt and subject, or lines of "
      "prompt, tab and subject" },
    { "a\ta\t\t\t5\n\nb\tb\t\t\t5\n", ":3: the fact of line 1 has the id “5”, too" },
    { "a\ta\t\t\t2\nb\tb\n",
      ":2: a fact without an id is called by its number, and so two are called “2”, this one and that of "
      "line 1: give each an id" },
    { "a\ta\nb\tb\t\t\t1\n",
      ":2: a fact without an id is called by its number, and so two are called “1”, this one and that of "
      "line 1: give each an id" },
    { "prompt,subject\na,a\n# no\n", ":3: the fact has no subject" },
    { "a\ta\nb\t\n", ":2: the fact has no subject" },
    { "a\ta\n\tb\n", ":2: the fact has no prompt" },
    { "a\tb\tc\td\te\tf\n", ":1: it has more columns than there are names (5)" },
    { "prompt,subject\na,a\n\"a is,a\n", ":3: a text in quotes that begins here has no end" },
    { "prompt,subject\n\"a\" is,a\n", ":2: there is text after the quotes’ end" },
    { "prompt,subject\na is,a,b\n", ":2: it has more columns than there are names (2)" },
    { "{\"prompt\": \"a\", \"subject\": \"a\"}\n{\"prompt\": \"a\"\n",
      ":2: the JSON text has a } or a comma missing" },
    { "{\"prompt\": \"a\", \"subject\": [\"a\"]}", ":1: “subject” of the fact is not a text" },
    { "{\"prompt\": \"a\", \"subject\": \"a\", \"target\": 1.5}", ":1: “target” of the fact is not a text" },
    { "[{\"prompt\": \"a\", \"subject\": \"a\"}\n\n{\"prompt\": \"b\", \"subject\": \"b\"}]",
      ":3: a comma or a ] is missing" },
    { "[{\"prompt\": \"a\", \"subject\": \"a\"},\n]", ":2: an object that is a fact is missing" },
    { "[{\"prompt\": \"a\", \"subject\": \"a\"},\n\"b\"]", ":2: an object that is a fact is missing" },
    { "[{\"prompt\": \"a\", \"subject\": \"a\"}]\nx", ":2: there is more behind the array" },
    { "[{\"prompt\": \"a\", \"subject\": \"a\"},\n{\"prompt\": \"]}",
      ":2: the object that begins here has no end" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *found = read_file (cases[i][0], -1);
      g_test_message ("%s", cases[i][0]);
      if (!g_str_has_prefix (found, ":2: the JSON text"))
        g_assert_cmpstr (found, ==, cases[i][1]);
    }
}

static void
test_not_utf8 (void)
{
  const char *const cases[]
      = { "a \xff\ta\n", "b is\tb\na \xff\ta\n", "prompt,subject\na is,\xc3\n", "b is\tb\n#\xff\ta\n" };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *found = read_file (cases[i], -1);
      g_assert_nonnull (strstr (found, i == 0 ? ":1: it is not valid UTF-8" : ":2: it is not valid UTF-8"));
    }
  g_autofree char *nul = read_file ("a is\ta\nb\0is\tb\n", 15);
  g_assert_nonnull (strstr (nul, ":2: it is not valid UTF-8"));
}

/* One of a gigabyte is refused as soon as it is longer than a fact may be. */
static void
test_endless (void)
{
  const char *const beginnings[] = { "a", "[{\"a\": \"", "prompt,subject\n\"", "prompt\tsubject\n" };
  for (gsize i = 0; i < G_N_ELEMENTS (beginnings); i++)
    {
      g_autoptr (GString) content = g_string_new (beginnings[i]);
      while (content->len < 3 << 20)
        g_string_append (content, "all work and no play ");
      g_autofree char *found = read_file (content->str, (gssize)content->len);
      g_assert_nonnull (strstr (found, "longer than a fact may be"));
    }
}

static void
test_no_file (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (eg_fact_reader_open ("/nowhere/facts.csv", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* ---- the rest ---- */

static void
test_written (void)
{
  g_autoptr (EgFact) fact = eg_fact_new ("a \"b\"\n", "Où est\t{a} 😀?", "{a}");
  fact->relation = g_strdup ("r");
  g_autofree char *json = eg_fact_to_json (fact);
  expect (json, "a \"b\"\n|Où est\t{a} 😀?|{a}||r|1\n");
}

static void
test_demo (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = eg_facts_find_demo ();
  g_autoptr (EgFactReader) reader = eg_fact_reader_open (path, &error);
  g_assert_no_error (error);
  gsize n = 0;
  for (;; n++)
    {
      g_autoptr (EgFact) fact = NULL;
      eg_fact_reader_next (reader, &fact, &error);
      g_assert_no_error (error);
      if (fact == NULL)
        break;
      g_assert_nonnull (fact->target);
      g_assert_nonnull (fact->relation);
      g_assert_nonnull (strstr (fact->prompt, fact->subject));
    }
  g_assert_cmpuint (n, ==, 1015);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/facts/known-1000-of-rome", test_rome);
  g_test_add_func ("/facts/counterfact-with-the-subject-filled-in", test_counterfact);
  g_test_add_func ("/facts/json-lines", test_lines);
  g_test_add_func ("/facts/csv-with-quotes-and-columns-in-any-order", test_csv);
  g_test_add_func ("/facts/tsv", test_tsv);
  g_test_add_func ("/facts/of-columns-that-mean-the-same-the-first-by-name", test_ranks);
  g_test_add_func ("/facts/a-sign-of-numbers-begins-facts-too", test_signs);
  g_test_add_func ("/facts/plain-lines", test_plain);
  g_test_add_func ("/facts/what-is-wrong-is-said-by-its-line", test_broken);
  g_test_add_func ("/facts/only-utf-8", test_not_utf8);
  g_test_add_func ("/facts/an-endless-one-is-refused", test_endless);
  g_test_add_func ("/facts/no-file", test_no_file);
  g_test_add_func ("/facts/written-and-read-again", test_written);
  g_test_add_func ("/facts/the-demo-models-own", test_demo);
  return g_test_run ();
}
