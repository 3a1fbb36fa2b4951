/* Two maps beside each other on the screen: one place, marked and said, by pointer and keys. */
#include "app/page/comparison-view.h"
#include "fixture.h"

#include <string.h>

/* Maps of eight and of five layers over the same tokens. (transfer full) */
static EgComparison *
new_comparison (void)
{
  g_autoptr (EgTraceResult) a = fixture_result (8, 7), b = fixture_result (5, 7);
  g_autoptr (GError) error = NULL;
  EgComparison *comparison = eg_comparison_new (a->grids[0], b->grids[0], FALSE, &error);
  g_assert_no_error (error);
  return comparison;
}

static void
assert_says (EgComparisonView *view, const char *part)
{
  const char *text = eg_comparison_view_get_text (view);
  if (strstr (text, part) == NULL)
    g_error ("“%s” does not say “%s”", text, part);
}

static void
test_pointer (void)
{
  EgComparisonView *view
      = EG_COMPARISON_VIEW (eg_comparison_view_new (new_comparison (), "A: one", "B: two"));
  GtkWindow *window = fixture_show (GTK_WIDGET (view), 900, 600);
  GtkWidget *area = fixture_find (GTK_WIDGET (view), GTK_TYPE_DRAWING_AREA);
  const double width = gtk_widget_get_width (area), height = gtk_widget_get_height (area);

  assert_says (view, "A: one · B: two");
  /* in the middle of the first map, and of the second, are other layers of the same depth */
  fixture_point (window, area, width * 0.25, height * 0.25);
  fixture_settle (window);
  assert_says (view, " · A: layer ");
  assert_says (view, " · B: layer ");
  assert_says (view, "difference ");
  /* the margin is no place */
  fixture_point (window, area, 2, 2);
  fixture_settle (window);
  assert_says (view, "A: one · B: two");
  fixture_close (window);
}

static void
test_keys (void)
{
  EgComparisonView *view
      = EG_COMPARISON_VIEW (eg_comparison_view_new (new_comparison (), "A: one", "B: two"));
  GtkWindow *window = fixture_show (GTK_WIDGET (view), 900, 600);
  GtkWidget *area = fixture_find (GTK_WIDGET (view), GTK_TYPE_DRAWING_AREA);

  gtk_widget_grab_focus (area);
  fixture_input (window, "key Down"); /* the first place */
  assert_says (view, "A: layer 0, ");
  assert_says (view, "B: layer 0, ");
  fixture_input (window, "key Down");
  fixture_input (window, "key Down");
  assert_says (view, "A: layer 2, ");
  assert_says (view, "B: layer 1, "); /* 2/7 of the depth is nearest to 1/4 */
  for (int i = 0; i < 9; i++)
    eg_comparison_view_move (view, 1, 1);
  assert_says (view, "A: layer 7, ");
  assert_says (view, "B: layer 4, ");
  fixture_close (window);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add_func ("/comparison-view/the-pointer-marks-one-place-in-all", test_pointer);
  g_test_add_func ("/comparison-view/keys-move-it-to-the-end-of-both", test_keys);
  return g_test_run ();
}
