/* Small maps of several sites: one click makes one the large one. */
#include "app/site-maps.h"
#include "fixture.h"

typedef struct
{
  guint n, last;
} Chosen;

static void
on_chosen (EgSiteMaps *maps, guint index, gpointer data)
{
  Chosen *chosen = data;
  chosen->n++;
  chosen->last = index;
}

static void
test_a_click_chooses (void)
{
  EgSiteMaps *maps = EG_SITE_MAPS (eg_site_maps_new ());
  EgTraceResult *results[EG_N_SITES];
  Chosen chosen = { 0 };
  const gsize n = MIN (EG_N_SITES, 4);

  for (gsize i = 0; i < n; i++)
    {
      results[i] = fixture_result (8, 7);
      results[i]->site = (EgSite)i;
    }
  eg_site_maps_set_results (maps, results, 1);
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (maps)));
  eg_site_maps_set_results (maps, results, n);
  g_assert_true (gtk_widget_get_visible (GTK_WIDGET (maps)));
  g_signal_connect (maps, "chosen", G_CALLBACK (on_chosen), &chosen);
  GtkWindow *window = fixture_show (GTK_WIDGET (maps), 640, 120);

  const double last = 640.0 * ((double)n - 0.5) / (double)n;
  fixture_point (window, GTK_WIDGET (maps), last, 60);
  fixture_input (window, "click 1");
  g_assert_cmpuint (chosen.n, ==, 1);
  g_assert_cmpuint (chosen.last, ==, n - 1);
  g_assert_cmpuint (eg_site_maps_get_chosen (maps), ==, n - 1);
  /* Once more on the same: nothing new. */
  fixture_input (window, "click 1");
  g_assert_cmpuint (chosen.n, ==, 1);
  fixture_input (window, "key Left");
  g_assert_cmpuint (chosen.last, ==, n - 2);
  fixture_input (window, "key Home");
  g_assert_cmpuint (eg_site_maps_get_chosen (maps), ==, 0);
  g_autofree char *text = g_strdup_printf ("Residual stream, 1 of %zu", n);
  g_autofree char *other
      = gtk_test_accessible_check_property (GTK_ACCESSIBLE (maps), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text);
  g_assert_cmpstr (other, ==, NULL);
  fixture_close (window);
  for (gsize i = 0; i < n; i++)
    eg_trace_result_unref (results[i]);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add_func ("/app/site-maps/click", test_a_click_chooses);
  return g_test_run ();
}
