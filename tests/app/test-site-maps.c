/* Small maps of several sites: one click makes one the large one. */
#include "app/page/heatmap-view.h"
#include "app/page/site-maps.h"
#include "app/page/trace-page.h"
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
  g_autoptr (EgTraceResult) result = fixture_result_of_sites (8, 7, "resid,mixer,conv_in,conv");
  Chosen chosen = { 0 };
  const gsize n = result->n_grids;

  eg_site_maps_set_grids (maps, result->grids, 1);
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (maps)));
  eg_site_maps_set_grids (maps, result->grids, n);
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
}

/* The page's large map is that of the chosen site; a result of one site has no small maps. */
static void
test_page_shows_the_chosen_site (void)
{
  EgTracePage *page = EG_TRACE_PAGE (eg_trace_page_new ());
  g_autoptr (EgTraceResult) result = fixture_result_of_sites (8, 7, "resid,mixer");
  g_autoptr (EgTraceResult) alone = fixture_result (8, 7);
  GtkWindow *window = fixture_show (GTK_WIDGET (page), 700, 700);

  eg_trace_page_show (page, result, NULL);
  fixture_settle (window);
  GtkWidget *maps = fixture_find (GTK_WIDGET (page), EG_TYPE_SITE_MAPS);
  g_assert_true (gtk_widget_get_mapped (maps));
  g_assert_true (eg_trace_page_get_shown (page) == result->grids[0]);
  fixture_point (window, maps, gtk_widget_get_width (maps) * 0.75, gtk_widget_get_height (maps) * 0.5);
  fixture_input (window, "click 1");
  g_assert_true (eg_trace_page_get_shown (page) == result->grids[1]);
  /* What is saved is all of it. */
  g_assert_true (eg_trace_page_get_result (page) == result);

  eg_trace_page_show (page, alone, NULL);
  fixture_settle (window);
  g_assert_true (eg_trace_page_get_shown (page) == alone->grids[0]);
  g_assert_false (gtk_widget_get_mapped (maps));
  fixture_close (window);
}

/* The colour in the middle of a widget. */
static guint32
get_middle (GtkWindow *window, GtkWidget *widget, double across)
{
  fixture_settle (window);
  cairo_surface_t *picture = fixture_take_picture (GTK_WIDGET (window));
  double x, y;

  g_assert_true (gtk_widget_translate_coordinates (widget, GTK_WIDGET (window),
                                                   gtk_widget_get_width (widget) * across,
                                                   gtk_widget_get_height (widget) * 0.5, &x, &y));
  const guint32 pixel = fixture_get_pixel (picture, (int)x, (int)y);
  cairo_surface_destroy (picture);
  return pixel;
}

/* Maps that do not show the present settings step back, the small ones too. */
static void
test_all_maps_dim (void)
{
  EgTracePage *page = EG_TRACE_PAGE (eg_trace_page_new ());
  g_autoptr (EgTraceResult) result = fixture_result_of_sites (8, 7, "resid,mixer");
  GtkWindow *window = fixture_show (GTK_WIDGET (page), 700, 700);
  GtkWidget *maps[2];
  guint32 before[2];

  eg_trace_page_show (page, result, NULL);
  fixture_settle (window);
  maps[0] = fixture_find (GTK_WIDGET (page), EG_TYPE_HEATMAP_VIEW);
  maps[1] = fixture_find (GTK_WIDGET (page), EG_TYPE_SITE_MAPS);
  for (int i = 0; i < 2; i++)
    before[i] = get_middle (window, maps[i], 0.25);
  eg_trace_page_set_outdated (page, TRUE);
  for (int i = 0; i < 2; i++)
    g_assert_cmphex (get_middle (window, maps[i], 0.25), !=, before[i]);
  eg_trace_page_set_outdated (page, FALSE);
  for (int i = 0; i < 2; i++)
    g_assert_cmphex (get_middle (window, maps[i], 0.25), ==, before[i]);
  fixture_close (window);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add_func ("/app/site-maps/click", test_a_click_chooses);
  g_test_add_func ("/app/site-maps/page", test_page_shows_the_chosen_site);
  g_test_add_func ("/app/site-maps/dim", test_all_maps_dim);
  return g_test_run ();
}
