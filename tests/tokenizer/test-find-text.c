/* A subject is found as a person would find it. */
#include "tokenizer/find-text.h"

static void
test_finds_other_writings (void)
{
  static const struct
  {
    const char *text, *part;
    gsize first;
    int start, end; /* -1: not there */
  } cases[] = {
    { "The tower", "tower", 0, 4, 9 },
    { "tower tower", "tower", 1, 6, 11 },
    { "The tower", "Tower", 0, -1, 0 },
    { "Un caf\u00e9 noir", "cafe\u0301", 0, 3, 7 },
    { "Un cafe\u0301 noir", "caf\u00e9", 0, 3, 8 },
    { "Un cafe\u0301", "caf\u00e9", 0, 3, 8 },
    { "s\u0323\u0307", "\u1e69", 0, 0, 3 },
    { "s\u0307\u0323", "\u1e69", 0, 0, 3 },
    { "\ud55c\uad6d", "\u1112\u1161\u11ab\u1100\u116e\u11a8", 0, 0, 2 },
    { "\u212b", "\u00e5", 0, -1, 0 },
    { "\u212b", "\u00c5", 0, 0, 1 },
    { "Space\u00a0Needle", "Space Needle", 0, 0, 12 },
    { "Space Needle", "Space\u00a0Needle", 0, 0, 12 },
    { "Space\u202fNeedle", "Space\u00a0Needle", 0, 0, 12 },
    { "a Space\u00a0Needle b", "Space Needle", 3, -1, 0 },
    /* Not half of a character. */
    { "caf\u00e9", "\u0301", 0, -1, 0 },
    { "caf\u00e9s\u0301", "e\u0301s", 0, -1, 0 },
    { "x", "x", 2, -1, 0 },
    { "x", "", 0, -1, 0 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gsize start = 99, end = 99, end_there = 99;
      const gboolean found = eg_text_find (cases[i].text, cases[i].part, cases[i].first, &start, &end);
      if (found != (cases[i].start >= 0)
          || (found && ((int)start != cases[i].start || (int)end != cases[i].end)))
        g_error ("“%s” in “%s”: %d, %zu to %zu", cases[i].part, cases[i].text, found, start, end);
      if (!found)
        continue;
      g_assert_true (eg_text_has_at (cases[i].text, cases[i].part, start, &end_there));
      g_assert_cmpuint (end_there, ==, end);
      g_assert_false (eg_text_has_at (cases[i].text, cases[i].part, start + 1, &end_there));
    }
}

static void
test_offers_what_is_near (void)
{
  static const char text[] = "The Space Needle is located in downtown Z\u00fcrich";
  static const char *const cases[][2] = {
    { "space needle", "Space Needle" },
    { "SPACE NEEDLE", "Space Needle" },
    { "Space Needle ", "Space Needle" },
    { " Space Needle", "Space Needle" },
    { "Space Neddle", "Space Needle" },
    { "Space Nedle", "Space Needle" },
    { "Space Needles", "Space Needle" },
    { "Spac Needle", "Space Needle" },
    { "Pace Needle", "Space Needle" },
    { "zu\u0308rich", "Z\u00fcrich" },
    { "Zurich", "Z\u00fcrich" },
    { "Space Nelde", NULL },
    { "Eiffel Tower", NULL },
    { "eedl", NULL },
    { "IS", "is" },
    { "it", NULL },
    { " ", NULL },
    { "locate", NULL },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *near = eg_text_find_near (text, cases[i][0]);
      if (g_strcmp0 (near, cases[i][1]) != 0)
        g_error ("“%s” gives “%s”, not “%s”", cases[i][0], near, cases[i][1]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/finds-other-writings", test_finds_other_writings);
  g_test_add_func ("/text/offers-what-is-near", test_offers_what_is_near);
  return g_test_run ();
}
