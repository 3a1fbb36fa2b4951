/* The heatmap as a person and a screen reader meet it: cursor, pins, zoom, orientation. Input comes from
 * xdotool. */
#include "app/page/heatmap-view.h"
#include "app/page/cell-card.h"
#include "app/page/map-scroll.h"
#include "fixture.h"

#include <math.h>
#include <string.h>

#define WIDTH  700
#define HEIGHT 460

typedef struct
{
  GtkWindow *window;
  EgHeatmapView *view;
  EgTraceResult *result;
  guint n_pins_changed;
} Scene;

static void
on_pins_changed (EgHeatmapView *view, gpointer data)
{
  ((Scene *)data)->n_pins_changed++;
}

static void
scene_open (Scene *self, gsize n_layers, gsize n_tokens)
{
  *self = (Scene){ .view = EG_HEATMAP_VIEW (eg_heatmap_view_new ()),
                   .result = fixture_result (n_layers, n_tokens) };
  g_signal_connect (self->view, "pins-changed", G_CALLBACK (on_pins_changed), self);
  eg_heatmap_view_set_grid (self->view, self->result->grids[0]);
  self->window = fixture_show (GTK_WIDGET (self->view), WIDTH, HEIGHT);
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

static void
scene_close (Scene *self)
{
  fixture_close (self->window);
  eg_trace_result_unref (self->result);
}

/* Where the view has a cell: the same layout, made anew. */
static EgRect
find_cell (Scene *self, gsize layer, gsize position)
{
  const EgHeatmapLayout *layout = eg_heatmap_view_get_layout (self->view);
  return eg_heatmap_layout_get_cell (layout, layer, position);
}

static void
point_at (Scene *self, gsize layer, gsize position)
{
  const EgRect cell = find_cell (self, layer, position);
  fixture_point (self->window, GTK_WIDGET (self->view), cell.x + cell.width / 2, cell.y + cell.height / 2);
}

static void
assert_value (Scene *self, const char *text)
{
  g_autofree char *other = gtk_test_accessible_check_property (GTK_ACCESSIBLE (self->view),
                                                               GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text);
  g_assert_cmpstr (other, ==, NULL);
}

/* The cursor is at this cell, and a screen reader is told so. */
static void
assert_cursor (Scene *self, gsize layer, gsize position)
{
  static const char *const words[] = { "The", "␣mother", "␣tongue", "␣of", "␣Angela", "␣Merkel", "␣is" };
  const double score = eg_trace_grid_score (self->result->grids[0], layer, position);
  g_autofree char *text
      = g_strdup_printf ("Layer %zu, “%s”, position %zu: %.3f ± 0.010, normalized %.2f", layer,
                         words[position], position, score, CLAMP ((score - 0.05) / (0.93 - 0.05), 0, 1));
  assert_value (self, text);
}

static gboolean
card_is_shown (Scene *self)
{
  GtkWidget *card = fixture_find (GTK_WIDGET (self->view), EG_TYPE_CELL_CARD);
  return gtk_widget_get_mapped (card);
}

static void
test_arrows_read_cell_by_cell (void)
{
  Scene scene;
  scene_open (&scene, 8, 7);

  assert_value (&scene, "");
  fixture_input (scene.window, "key Down");
  assert_cursor (&scene, 0, 0);
  g_assert_true (card_is_shown (&scene));
  fixture_input (scene.window, "key Down key Down key Right");
  assert_cursor (&scene, 2, 1);
  fixture_input (scene.window, "key End");
  g_assert_cmpint (eg_heatmap_view_get_layer (scene.view), ==, 2);
  fixture_input (scene.window, "key Page_Down");
  assert_cursor (&scene, 7, 6);
  /* Held at the edges. */
  fixture_input (scene.window, "key Down key Right");
  g_assert_cmpint (eg_heatmap_view_get_layer (scene.view), ==, 7);
  fixture_input (scene.window, "key ctrl+Home");
  assert_cursor (&scene, 0, 0);
  scene_close (&scene);
}

static void
test_pointer_shows_the_card (void)
{
  Scene scene;
  scene_open (&scene, 8, 7);

  g_assert_false (card_is_shown (&scene));
  for (gsize l = 0; l < 8; l += 7)
    for (gsize t = 0; t < 7; t += 3)
      {
        point_at (&scene, l, t);
        g_assert_cmpint (eg_heatmap_view_get_layer (scene.view), ==, (int)l);
        g_assert_true (card_is_shown (&scene));
        /* Beside the pointer, never under it, and whole. */
        GtkWidget *card = fixture_find (GTK_WIDGET (scene.view), EG_TYPE_CELL_CARD);
        const EgRect cell = find_cell (&scene, l, t);
        const double x = cell.x + cell.width / 2, y = cell.y + cell.height / 2;
        graphene_rect_t box;
        g_assert_true (gtk_widget_compute_bounds (card, GTK_WIDGET (scene.view), &box));
        g_assert_false (graphene_rect_contains_point (&box, &GRAPHENE_POINT_INIT ((float)x, (float)y)));
        g_assert_cmpfloat (box.origin.x, >=, 0);
        g_assert_cmpfloat (box.origin.y, >=, 0);
        g_assert_cmpfloat (box.origin.x + box.size.width, <=, WIDTH);
        g_assert_cmpfloat (box.origin.y + box.size.height, <=, HEIGHT);
      }
  fixture_point (scene.window, GTK_WIDGET (scene.view), 1, 1);
  g_assert_false (card_is_shown (&scene));
  scene_close (&scene);
}

static void
test_clicks_and_space_pin (void)
{
  Scene scene;
  scene_open (&scene, 8, 7);
  gsize n;

  for (gsize i = 0; i < EG_MAX_PINS + 1; i++)
    {
      point_at (&scene, i, 2);
      fixture_input (scene.window, "click 1");
    }
  const EgCell *pins = eg_heatmap_view_get_pins (scene.view, &n);
  /* One more than there may be: the oldest is gone. */
  g_assert_cmpuint (n, ==, EG_MAX_PINS);
  g_assert_cmpuint (pins[0].layer, ==, 1);
  g_assert_cmpuint (pins[0].position, ==, 2);
  g_assert_cmpuint (pins[n - 1].layer, ==, EG_MAX_PINS);
  g_assert_cmpuint (scene.n_pins_changed, ==, EG_MAX_PINS + 1);

  /* The cursor is where the pointer was; a pinned cell is unpinned. */
  fixture_input (scene.window, "key space");
  eg_heatmap_view_get_pins (scene.view, &n);
  g_assert_cmpuint (n, ==, EG_MAX_PINS - 1);
  eg_heatmap_view_unpin_all (scene.view);
  eg_heatmap_view_get_pins (scene.view, &n);
  g_assert_cmpuint (n, ==, 0);
  scene_close (&scene);
}

static void
test_wheel_zooms_at_the_pointer (void)
{
  Scene scene;
  scene_open (&scene, 48, 64);

  point_at (&scene, 30, 40);
  const EgRect before = find_cell (&scene, 30, 40);
  const double x = before.x + before.width / 2, y = before.y + before.height / 2;
  for (int i = 0; i < 6; i++)
    fixture_input (scene.window, "keydown ctrl click 4 keyup ctrl");
  g_assert_cmpfloat_with_epsilon (eg_heatmap_view_get_zoom (scene.view), pow (EG_ZOOM_STEP, 6), 1e-9);
  const EgRect after = find_cell (&scene, 30, 40);
  g_assert_cmpfloat (after.width, >, 3 * before.width);
  /* The point of the cell that was under the pointer still is, to the pixel. */
  g_assert_cmpfloat_with_epsilon (after.x + after.width / 2, x, after.width / 2);
  g_assert_cmpfloat_with_epsilon (after.y + after.height / 2, y, after.height / 2);
  g_assert_cmpint (eg_heatmap_view_get_layer (scene.view), ==, 30);

  /* The wheel alone scrolls, also sideways with Shift; the axes stay. */
  const EgRect map = eg_heatmap_view_get_layout (scene.view)->map;
  fixture_input (scene.window, "click 5");
  g_assert_cmpfloat (find_cell (&scene, 30, 40).y, <, after.y - 10);
  g_assert_cmpfloat (find_cell (&scene, 30, 40).x, ==, after.x);
  fixture_input (scene.window, "keydown shift click 5 keyup shift");
  g_assert_cmpfloat (find_cell (&scene, 30, 40).x, <, after.x - 10);
  g_assert_cmpfloat (eg_heatmap_view_get_layout (scene.view)->map.y, ==, map.y);

  eg_heatmap_view_zoom (scene.view, 0);
  g_assert_cmpfloat (eg_heatmap_view_get_zoom (scene.view), ==, 1);
  fixture_settle (scene.window);
  eg_heatmap_view_zoom (scene.view, 1 / EG_ZOOM_STEP);
  g_assert_cmpfloat (eg_heatmap_view_get_zoom (scene.view), ==, 1);
  eg_heatmap_view_zoom (scene.view, 1e9);
  g_assert_cmpfloat (eg_heatmap_view_get_zoom (scene.view), <=, 64);
  scene_close (&scene);
}

/* A cell, which has an extent, is within the map, and the map within the widget. */
static void
assert_in_view (EgHeatmapView *view, gsize layer, gsize position)
{
  const EgHeatmapLayout *layout = eg_heatmap_view_get_layout (view);
  const EgRect cell = eg_heatmap_layout_get_cell (layout, layer, position), *map = &layout->map;

  g_assert_cmpfloat (cell.width, >=, 1);
  g_assert_cmpfloat (cell.height, >=, 1);
  g_assert_cmpfloat (cell.x, >=, map->x - 1);
  g_assert_cmpfloat (cell.y, >=, map->y - 1);
  g_assert_cmpfloat (cell.x + cell.width, <=, map->x + map->width + 1);
  g_assert_cmpfloat (cell.y + cell.height, <=, map->y + map->height + 1);
  g_assert_cmpfloat (map->x, >=, 0);
  g_assert_cmpfloat (map->x + map->width, <=, layout->width);
}

/* Where the cursor goes, the map follows. */
static void
test_cursor_stays_in_view (void)
{
  static const char *const keys[]
      = { "Down", "ctrl+End", "Page_Up", "Home", "Page_Down", "ctrl+Home", "End" };
  Scene scene;
  scene_open (&scene, 48, 64);

  eg_heatmap_view_zoom (scene.view, 5);
  fixture_settle (scene.window);
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      fixture_input (scene.window, "key %s", keys[i]);
      const gboolean at_end = g_str_equal (keys[i], "ctrl+End") || g_str_equal (keys[i], "End")
                              || g_str_equal (keys[i], "Page_Up");
      assert_in_view (scene.view, (gsize)eg_heatmap_view_get_layer (scene.view), at_end ? 63 : 0);
      g_assert_true (card_is_shown (&scene));
    }
  scene_close (&scene);
}

static void
test_tokens_down_turns_the_arrows (void)
{
  Scene scene;
  scene_open (&scene, 8, 7);

  eg_heatmap_view_set_orientation (scene.view, EG_ORIENTATION_TOKENS_DOWN);
  fixture_settle (scene.window);
  fixture_input (scene.window, "key Down key Down key Right");
  assert_cursor (&scene, 1, 1);
  fixture_input (scene.window, "key End");
  g_assert_cmpint (eg_heatmap_view_get_layer (scene.view), ==, 7);
  point_at (&scene, 3, 5);
  g_assert_cmpint (eg_heatmap_view_get_layer (scene.view), ==, 3);
  scene_close (&scene);
}

/* A cell that comes in is drawn over the hatch, and the card and the reader's text follow. */
static void
test_cells_come_in (void)
{
  Scene scene;
  scene_open (&scene, 8, 7);
  const EgTraceCell cell = { .layer = 2, .position = 3 };
  const EgTraceCell strange = { .layer = 100, .position = 3 };
  const double score = eg_trace_grid_score (scene.result->grids[0], 2, 3);

  eg_heatmap_view_update_cells (scene.view, &strange, 1);
  scene.result->complete = FALSE;
  scene.result->grids[0]->scores[0][2 * 7 + 3] = NAN;
  eg_heatmap_view_update_cells (scene.view, &cell, 1);
  point_at (&scene, 2, 3);
  assert_value (&scene, "Layer 2, “␣of”, position 3: not computed yet");
  scene.result->grids[0]->scores[0][2 * 7 + 3] = score;
  eg_heatmap_view_update_cells (scene.view, &cell, 1);
  eg_heatmap_view_announce (scene.view);
  fixture_settle (scene.window);
  assert_cursor (&scene, 2, 3);
  scene_close (&scene);
}

/* Of one row, one column, a single cell; and in a window so small that the card loses its curves. */
static void
test_any_shape_in_any_room (void)
{
  static const struct
  {
    gsize n_layers, n_tokens;
    int width, height;
  } cases[] = {
    { 1, 20, 700, 460 },   { 24, 1, 700, 460 },   { 1, 1, 700, 460 },     { 48, 64, 330, 200 },
    { 64, 512, 700, 460 }, { 24, 300, 330, 460 }, { 64, 2000, 700, 460 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (EgOrientation o = 0; o < EG_N_ORIENTATIONS; o++)
      {
        EgHeatmapView *view = EG_HEATMAP_VIEW (eg_heatmap_view_new ());
        g_autoptr (EgTraceResult) result = fixture_result (cases[i].n_layers, cases[i].n_tokens);
        eg_heatmap_view_set_grid (view, result->grids[0]);
        eg_heatmap_view_set_orientation (view, o);
        GtkWindow *window = fixture_show (GTK_WIDGET (view), cases[i].width, cases[i].height);
        gtk_widget_grab_focus (GTK_WIDGET (view));
        fixture_input (window, "key Down key ctrl+End");
        g_assert_cmpint (eg_heatmap_view_get_layer (view), ==, (int)cases[i].n_layers - 1);
        assert_in_view (view, cases[i].n_layers - 1, cases[i].n_tokens - 1);
        fixture_input (window, "key ctrl+Home");
        assert_in_view (view, 0, 0);
        eg_heatmap_view_zoom (view, 3);
        fixture_settle (window);
        fixture_close (window);
      }
}

/* ---- the pointer goes ---- */

/* A page that is hidden, or a window that is left, takes the pointer's card with it. */
static void
test_card_goes_with_its_pointer (void)
{
  Scene scene;
  scene_open (&scene, 8, 7);

  point_at (&scene, 3, 2);
  g_assert_true (card_is_shown (&scene));
  gtk_widget_set_visible (GTK_WIDGET (scene.view), FALSE);
  fixture_settle (scene.window);
  gtk_widget_set_visible (GTK_WIDGET (scene.view), TRUE);
  fixture_settle (scene.window);
  g_assert_cmpint (eg_heatmap_view_get_layer (scene.view), ==, -1);
  g_assert_false (card_is_shown (&scene));
  scene_close (&scene);
}

/* What a screen reader is told is never older than a frame. */
static void
test_description_follows_the_cells (void)
{
  Scene scene;
  scene_open (&scene, 8, 7);
  EgTraceGrid *grid = scene.result->grids[0];

  for (gsize i = 0; i < 56; i++)
    grid->scores[0][i] = NAN;
  for (gsize i = 0; i < 3; i++)
    {
      const EgTraceCell cell = { .layer = i, .position = i };
      grid->scores[0][i * 7 + i] = 0.5;
      eg_heatmap_view_update_cells (scene.view, &cell, 1);
      fixture_settle (scene.window);
      g_autofree char *text = g_strdup_printf ("%zu of 56 cells", i + 1);
      g_autofree char *other = gtk_test_accessible_check_property (GTK_ACCESSIBLE (scene.view),
                                                                   GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text);
      g_assert_cmpstr (other, ==, NULL);
    }
  scene_close (&scene);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add_func ("/app/heatmap/arrows", test_arrows_read_cell_by_cell);
  g_test_add_func ("/app/heatmap/card", test_pointer_shows_the_card);
  g_test_add_func ("/app/heatmap/pins", test_clicks_and_space_pin);
  g_test_add_func ("/app/heatmap/wheel", test_wheel_zooms_at_the_pointer);
  g_test_add_func ("/app/heatmap/cursor-in-view", test_cursor_stays_in_view);
  g_test_add_func ("/app/heatmap/orientation", test_tokens_down_turns_the_arrows);
  g_test_add_func ("/app/heatmap/live", test_cells_come_in);
  g_test_add_func ("/app/heatmap/shapes", test_any_shape_in_any_room);
  g_test_add_func ("/app/heatmap/card-goes", test_card_goes_with_its_pointer);
  g_test_add_func ("/app/heatmap/description", test_description_follows_the_cells);
  return g_test_run ();
}
