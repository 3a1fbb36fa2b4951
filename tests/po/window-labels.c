/* window-labels [--large]: opens the window as a person does at the first start, waits for its map, opens
 * what can be opened, one after the other: rows, help, menus and lists of buttons, shortcuts, the export
 * dialog. It prints each label, "label: TEXT", and each that does not show its whole text, "cut: TEXT"; ends
 * with 1 when there was one of those. Which language is in the environment. --large: with texts of twice
 * their size, in a window of 360 pixels, as WCAG 2.1 asks (1.4.4 and 1.4.10); the page is looked at first,
 * then the panel. */
#include "app/shell/application.h"
#include "app/page/heatmap-view.h"
#include "app/page/map-help.h"
#include "app/ask/prediction-list.h"
#include "app/shell/window.h"
#include "core/data.h"

#include <adwaita.h>
#include <locale.h>

#define LOOK_MS  200
#define MAX_LOOK 450 /* a minute and a half */
#define SETTLE   5   /* looks after the map is there */
#define STEP     3   /* looks after something was opened */

/* Wider, and the window no longer fits into half of a small screen. */
#define MAX_WIDTH 1000

#define SCREEN_WIDTH 1280 /* of tests/app/on-xvfb.sh */

#define LARGE_WIDTH  360
#define LARGE_HEIGHT 760
#define LARGE_DPI    (192 * PANGO_SCALE)

typedef struct
{
  GtkApplication *application;
  gboolean large;
  guint looks, seen;
  GPtrArray
      *buttons;   /* (nullable) (element-type GtkMenuButton): those to open, once the rows were looked at */
  guint n_opened; /* of the buttons, then the shortcuts and the dialog */
  guint n_labels, n_cut;
} Look;

static GtkWidget *
find (GtkWidget *root, GType type)
{
  if (g_type_is_a (G_OBJECT_TYPE (root), type))
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find (child, type);
      if (found != NULL)
        return found;
    }
  return NULL;
}

/* The name of a model, in its button, may be of any length and is shortened there; titles of tabs, tokens and
 * what stands in an entry likewise. */
static gboolean
is_foreign (GtkWidget *label)
{
  return gtk_label_get_ellipsize (GTK_LABEL (label)) != PANGO_ELLIPSIZE_NONE
         && (gtk_widget_get_ancestor (label, GTK_TYPE_MENU_BUTTON) != NULL
             || gtk_widget_get_ancestor (label, ADW_TYPE_TAB_BAR) != NULL
             || gtk_widget_get_ancestor (label, EG_TYPE_PREDICTION_LIST) != NULL
             || gtk_widget_get_ancestor (label, GTK_TYPE_TEXT) != NULL);
}

/* Whether a part of it is beyond an edge of its window or popover. What scrolls sideways, tabs and the table,
 * may be. */
static gboolean
is_beyond (GtkWidget *label)
{
  GtkWidget *window = GTK_WIDGET (gtk_widget_get_native (label));
  graphene_rect_t bounds;

  for (GtkWidget *w = label; w != NULL; w = gtk_widget_get_parent (w))
    if (ADW_IS_TAB_BAR (w) || GTK_IS_COLUMN_VIEW (w))
      return FALSE;
  return gtk_widget_compute_bounds (label, window, &bounds)
         && (bounds.origin.x < -1
             || bounds.origin.x + bounds.size.width > (float)gtk_widget_get_width (window) + 1);
}

static void
check_label (GtkWidget *label, Look *look)
{
  PangoLayout *layout = gtk_label_get_layout (GTK_LABEL (label));
  int width, height;

  pango_layout_get_pixel_size (layout, &width, &height);
  look->n_labels++;
  g_print ("label: %s\n", gtk_label_get_text (GTK_LABEL (label)));
  const gboolean narrow = width > gtk_widget_get_width (label) + 1 && !gtk_label_get_wrap (GTK_LABEL (label));
  const gboolean low = height > gtk_widget_get_height (label) + 1;
  if ((pango_layout_is_ellipsized (layout) && !is_foreign (label)) || narrow || low
      || (look->large && is_beyond (label)))
    {
      look->n_cut++;
      g_print ("cut: %s\n", gtk_label_get_text (GTK_LABEL (label)));
    }
}

static void
check_labels (GtkWidget *root, Look *look)
{
  if (!gtk_widget_get_mapped (root))
    return;
  if (GTK_IS_LABEL (root) && gtk_widget_get_width (root) > 0)
    check_label (root, look);
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    check_labels (child, look);
}

static void
open_all (GtkWidget *root)
{
  if (ADW_IS_EXPANDER_ROW (root))
    adw_expander_row_set_expanded (ADW_EXPANDER_ROW (root), TRUE);
  if (EG_IS_MAP_HELP (root))
    gtk_menu_button_popup (GTK_MENU_BUTTON (find (root, GTK_TYPE_MENU_BUTTON)));
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    open_all (child);
}

static void
check_windows (Look *look)
{
  GListModel *windows = gtk_window_get_toplevels ();

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWidget) window = g_list_model_get_item (windows, i);
      int minimum;
      if (!gtk_widget_get_mapped (window))
        continue;
      /* GTK puts shortcuts into two columns, however wide. */
      const int most = GTK_IS_SHORTCUTS_WINDOW (window) ? SCREEN_WIDTH
                       : look->large                    ? LARGE_WIDTH
                                                        : MAX_WIDTH;
      check_labels (window, look);
      gtk_widget_measure (window, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
      if (minimum > most)
        {
          look->n_cut++;
          g_print ("cut: the window is at least %d wide\n", minimum);
        }
    }
}

static void
finish (Look *look)
{
  check_windows (look);
  g_print ("%u labels\n", look->n_labels);
  g_application_quit (G_APPLICATION (look->application));
}

/* The buttons that open something when they are pressed. */
static void
collect_buttons (GtkWidget *root, GPtrArray *buttons)
{
  if (GTK_IS_MENU_BUTTON (root) && gtk_widget_get_mapped (root) && gtk_widget_get_sensitive (root))
    g_ptr_array_add (buttons, root);
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect_buttons (child, buttons);
}

/* Opens what is next, and closes what was open. FALSE: there is nothing more. */
static gboolean
open_next (Look *look, GtkWindow *window)
{
  const guint n = look->n_opened++;

  if (look->buttons == NULL)
    {
      look->buttons = g_ptr_array_new ();
      collect_buttons (GTK_WIDGET (window), look->buttons);
    }
  if (n > 0 && n <= look->buttons->len)
    gtk_menu_button_popdown (look->buttons->pdata[n - 1]);
  if (n < look->buttons->len)
    gtk_menu_button_popup (look->buttons->pdata[n]);
  else if (n == look->buttons->len)
    gtk_widget_activate_action (GTK_WIDGET (window), "win.show-help-overlay", NULL);
  else if (n == look->buttons->len + 1)
    {
      gtk_window_close (
          GTK_WINDOW (gtk_application_window_get_help_overlay (GTK_APPLICATION_WINDOW (window))));
      gtk_widget_activate_action (GTK_WIDGET (window), "win.export", NULL);
    }
  else
    return FALSE;
  return TRUE;
}

static GtkWindow *
get_main_window (Look *look)
{
  for (GList *l = gtk_application_get_windows (look->application); l != NULL; l = l->next)
    if (EG_IS_WINDOW (l->data))
      return l->data;
  return NULL;
}

static void
make_large (GtkWindow *window)
{
  g_object_set (gtk_settings_get_default (), "gtk-xft-dpi", LARGE_DPI, NULL);
  gtk_window_set_default_size (window, LARGE_WIDTH, LARGE_HEIGHT);
}

static gboolean
on_look (gpointer data)
{
  Look *look = data;
  GtkWindow *window = get_main_window (look);
  GtkWidget *map = window != NULL ? find (GTK_WIDGET (window), EG_TYPE_HEATMAP_VIEW) : NULL;

  if (look->looks++ > MAX_LOOK)
    {
      g_print ("cut: there was no map\n");
      look->n_cut++;
      g_application_quit (G_APPLICATION (look->application));
      return G_SOURCE_REMOVE;
    }
  if (map == NULL || !gtk_widget_get_mapped (map))
    return G_SOURCE_CONTINUE;
  look->seen++;
  if (look->seen == SETTLE && look->large)
    make_large (window);
  else if (look->seen == SETTLE)
    open_all (GTK_WIDGET (window));
  else if (look->seen == 2 * SETTLE && look->large)
    {
      check_windows (look);
      adw_flap_set_reveal_flap (ADW_FLAP (find (GTK_WIDGET (window), ADW_TYPE_FLAP)), TRUE);
    }
  if (look->seen < (look->large ? 4 : 2) * SETTLE)
    return G_SOURCE_CONTINUE;
  if (!look->large && (look->seen - 2 * SETTLE) % STEP != 0)
    return G_SOURCE_CONTINUE;
  if (!look->large)
    {
      check_windows (look);
      if (open_next (look, window))
        return G_SOURCE_CONTINUE;
    }
  finish (look);
  return G_SOURCE_REMOVE;
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  eg_data_bind_translations ();
  g_autoptr (EgApplication) application = eg_application_new ();
  Look look = { .application = GTK_APPLICATION (application),
                .large = argc > 1 && g_str_equal (argv[1], "--large") };

  g_timeout_add (LOOK_MS, on_look, &look);
  g_application_run (G_APPLICATION (application), 1, argv);
  g_clear_pointer (&look.buttons, g_ptr_array_unref);
  return look.n_cut > 0 || look.n_labels == 0;
}
