/* The cells as rows of a sortable table, made as they are scrolled into view. */
#include "app/page/cell-table.h"

#include "app/page/cell-text.h"
#include "plot/curves.h"
#include "tokenizer/token-text.h"

#include <glib/gi18n.h>
#include <math.h>

/* A row: a cell of the result that is shown. */
#define EG_TYPE_CELL_ROW (eg_cell_row_get_type ())
G_DECLARE_FINAL_TYPE (EgCellRow, eg_cell_row, EG, CELL_ROW, GObject)

struct _EgCellRow
{
  GObject parent_instance;
  EgCell cell;
};

G_DEFINE_FINAL_TYPE (EgCellRow, eg_cell_row, G_TYPE_OBJECT)

static void
eg_cell_row_class_init (EgCellRowClass *klass)
{
}

static void
eg_cell_row_init (EgCellRow *self)
{
}

typedef enum
{
  COLUMN_LAYER,
  COLUMN_POSITION,
  COLUMN_TOKEN,
  COLUMN_SCORE,
  COLUMN_SEM,
  COLUMN_NORMALIZED,
  N_COLUMNS,
} Column;

/* A trace under way has thousands of new numbers a second, and the window must answer all the while: rows are
 * made once for a shape, one by one as long as each makes widgets; numbers are renewed a few at a time.
 */
#define FIRST_ROWS  1    /* made at once, while each makes widgets: more would hold the window */
#define WIDGET_ROWS 200  /* for so many does GTK make widgets */
#define RENEW_MS    250  /* between renewals of the numbers */
#define RENEW_US    2000 /* that one part of a renewal takes */
#define REST_MS                                                                                              \
  600 /* without new numbers, after which rows are sorted again: they do not jump about before */

struct _EgCellTable
{
  AdwBin parent_instance;
  EgTraceGrid *grid;
  gsize n_layers, n_tokens;        /* of the rows that there are, or are being made */
  double *keys[N_COLUMNS];         /* [n_layers, n_tokens] values as they were when rows were last sorted */
  GPtrArray *bound;                /* of GtkListItem: those that show a cell */
  guint next_bound;                /* of a renewal that is under way */
  guint making, renewing, resting; /* sources */
  GListStore *rows;
  GtkSorter *sorter; /* of the model */
  GtkMultiSelection *selection;
  GtkColumnView *view;
  GtkWidget *menu; /* NULL until it is opened */
};

G_DEFINE_FINAL_TYPE (EgCellTable, eg_cell_table, ADW_TYPE_BIN)

/* In the order of Column. */
static const char *const titles[N_COLUMNS] = {
  /* TRANSLATORS: the axis of a figure, and the head of a column: the number of a layer of the model. */
  N_ ("Layer"),
  /* TRANSLATORS: the head of a column: a token's number in the prompt, from 0. */
  N_ ("Position"),
  /* TRANSLATORS: the head of a column: a piece of text that the model reads at once. */
  N_ ("Token"),
  /* TRANSLATORS: the head of a column: what a cell of the map measured. */
  N_ ("Score"),
  N_ ("Standard error"),
  /* TRANSLATORS: the head of a column: the score, from 0 (the corrupted run) to 1 (the clean run). */
  N_ ("Normalized"),
};

static double
value_of (const EgTraceGrid *grid, EgCell cell, Column column)
{
  const gsize at = cell.layer * grid->n_tokens + cell.position;

  switch (column)
    {
    case COLUMN_LAYER:
      return (double)cell.layer;
    case COLUMN_SCORE:
      return grid->scores[0][at];
    case COLUMN_SEM:
      return grid->sem[0][at];
    case COLUMN_NORMALIZED:
      return eg_trace_grid_normalize (grid, grid->scores[0][at]);
    case COLUMN_POSITION:
    case COLUMN_TOKEN:
    case N_COLUMNS:
    default:
      return (double)cell.position;
    }
}

/* digits: of probabilities; 17 to read them back exactly. */
static char *
text_of (const EgTraceGrid *grid, EgCell cell, Column column, int digits)
{
  const double value = value_of (grid, cell, column);
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (column == COLUMN_TOKEN)
    return eg_token_to_visible (eg_trace_grid_get_token (grid, cell.position));
  /* All of them together have no number. */
  if ((column == COLUMN_LAYER && !eg_trace_grid_tells_layers (grid))
      || (column == COLUMN_POSITION && !eg_trace_grid_tells_tokens (grid)))
    return g_strdup ("–");
  if (column == COLUMN_LAYER || column == COLUMN_POSITION)
    return g_strdup_printf ("%.0f", value);
  if (isnan (value))
    return g_strdup ("–");
  if (digits < 17)
    return g_strdup_printf ("%.*f", digits, value);
  return g_strdup (g_ascii_dtostr (buffer, sizeof buffer, value));
}

/* ---- columns ---- */

static Column
column_of (gpointer factory_or_item)
{
  return (Column)GPOINTER_TO_UINT (g_object_get_data (factory_or_item, "column"));
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  /* Not labels: these do not ask for another size with every text. */
  GtkWidget *inscription = gtk_inscription_new (NULL);
  const Column column = column_of (factory);

  gtk_inscription_set_xalign (GTK_INSCRIPTION (inscription), column == COLUMN_TOKEN ? 0 : 1);
  gtk_inscription_set_min_chars (GTK_INSCRIPTION (inscription), column == COLUMN_TOKEN ? 8 : 6);
  gtk_inscription_set_nat_chars (GTK_INSCRIPTION (inscription), column == COLUMN_TOKEN ? 14 : 8);
  gtk_inscription_set_text_overflow (GTK_INSCRIPTION (inscription), GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_END);
  if (column != COLUMN_TOKEN)
    gtk_widget_add_css_class (inscription, "numeric");
  g_object_set_data (G_OBJECT (item), "column", GUINT_TO_POINTER (column));
  gtk_list_item_set_child (item, inscription);
}

static void
show_cell (EgCellTable *self, GtkListItem *item)
{
  const EgCellRow *row = gtk_list_item_get_item (item);

  if (self->grid == NULL || row == NULL || row->cell.layer >= self->grid->n_layers
      || row->cell.position >= self->grid->n_tokens)
    return;
  g_autofree char *text = text_of (self->grid, row->cell, column_of (item), 4);
  gtk_inscription_set_text (GTK_INSCRIPTION (gtk_list_item_get_child (item)), text);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  EgCellTable *self = data;

  g_ptr_array_add (self->bound, item);
  show_cell (self, item);
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  g_ptr_array_remove_fast (((EgCellTable *)data)->bound, item);
}

typedef struct
{
  EgCellTable *table;
  Column column;
} Sorting;

/* What rows are sorted by must not change while they are, though the trace goes on. */
static void
take_keys (EgCellTable *self)
{
  const gsize n = self->n_layers * self->n_tokens;

  for (Column c = 0; c < N_COLUMNS; c++)
    {
      g_free (self->keys[c]);
      self->keys[c] = g_new (double, n);
      for (gsize i = 0; i < n; i++)
        self->keys[c][i] = value_of (self->grid, (EgCell){ i / self->n_tokens, i % self->n_tokens }, c);
    }
}

static double
get_key (const EgCellTable *self, gconstpointer row, Column column)
{
  const EgCell cell = ((const EgCellRow *)row)->cell;
  return self->keys[column][cell.layer * self->n_tokens + cell.position];
}

static int
compare_rows (gconstpointer a, gconstpointer b, gpointer data)
{
  const Sorting *sorting = data;
  const double left = get_key (sorting->table, a, sorting->column);
  const double right = get_key (sorting->table, b, sorting->column);

  if (isnan (left) || isnan (right))
    return (int)isnan (left) - (int)isnan (right);
  return (left > right) - (left < right);
}

/* Before the columns' sorter, which turns all around for the other way: cells without a score come last both
 * ways. */
static int
compare_missing (gconstpointer a, gconstpointer b, gpointer data)
{
  return (int)isnan (get_key (data, a, COLUMN_SCORE)) - (int)isnan (get_key (data, b, COLUMN_SCORE));
}

static void
on_sorter_changed (GtkSorter *sorter, GtkSorterChange change, gpointer data)
{
  EgCellTable *self = data;

  if (self->grid != NULL && self->grid->n_layers == self->n_layers && self->grid->n_tokens == self->n_tokens)
    take_keys (self);
}

/* After the rows were sorted: what was asked for stands at the top, wherever the row went that was in view.
 */
static void
on_sorted (GtkSorter *sorter, GtkSorterChange change, gpointer data)
{
  EgCellTable *self = data;

  /* The list within the view, which before GTK 4.12 can be told so only by its action. */
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->view)); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (GTK_IS_LIST_VIEW (child))
      gtk_widget_activate_action (child, "list.scroll-to-item", "u", 0);
}

static void
add_column (EgCellTable *self, Column column)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkColumnViewColumn *view_column = gtk_column_view_column_new (_ (titles[column]), factory);
  Sorting *sorting = g_new (Sorting, 1);
  *sorting = (Sorting){ self, column };
  g_autoptr (GtkSorter) sorter = GTK_SORTER (gtk_custom_sorter_new (compare_rows, sorting, g_free));

  g_object_set_data (G_OBJECT (factory), "column", GUINT_TO_POINTER (column));
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), self);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), self);
  g_signal_connect (factory, "unbind", G_CALLBACK (on_unbind), self);
  gtk_column_view_column_set_sorter (view_column, sorter);
  gtk_column_view_column_set_expand (view_column, TRUE);
  gtk_column_view_append_column (self->view, view_column);
  g_object_unref (view_column);
}

/* Titles stand over their numbers. GTK 4.8 has no property for this. */
static void
align_titles (EgCellTable *self)
{
  GtkWidget *header = gtk_widget_get_first_child (GTK_WIDGET (self->view));
  GtkWidget *title = header != NULL ? gtk_widget_get_first_child (header) : NULL;

  for (Column c = 0; c < N_COLUMNS && title != NULL; c++, title = gtk_widget_get_next_sibling (title))
    {
      GtkWidget *box = gtk_widget_get_first_child (title);
      if (c != COLUMN_TOKEN && GTK_IS_BOX (box))
        gtk_widget_set_halign (box, GTK_ALIGN_END);
    }
}

/* ---- copying ---- */

/* The selected rows, or all, as lines of tab-separated values with a heading: what spreadsheets paste. */
static void
copy (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgCellTable *self = EG_CELL_TABLE (widget);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GtkBitset) selected = gtk_selection_model_get_selection (GTK_SELECTION_MODEL (self->selection));
  const gboolean all = gtk_bitset_is_empty (selected);
  const guint n = g_list_model_get_n_items (G_LIST_MODEL (self->selection));

  if (self->grid == NULL)
    return;
  for (Column c = 0; c < N_COLUMNS; c++)
    g_string_append_printf (text, "%s%s", c > 0 ? "\t" : "", _ (titles[c]));
  g_string_append_c (text, '\n');
  for (guint i = 0; i < n; i++)
    {
      if (!all && !gtk_bitset_contains (selected, i))
        continue;
      g_autoptr (EgCellRow) row = g_list_model_get_item (G_LIST_MODEL (self->selection), i);
      for (Column c = 0; c < N_COLUMNS; c++)
        {
          g_autofree char *value = text_of (self->grid, row->cell, c, 17);
          g_string_append_printf (text, "%s%s", c > 0 ? "\t" : "", value);
        }
      g_string_append_c (text, '\n');
    }
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text->str);
}

/* ---- the menu ---- */

/* Of all tables: a GtkPopoverMenu of GTK 4.8 keeps the model that it shows. */
static GMenuModel *
get_menu (void)
{
  static GMenu *menu;

  if (menu == NULL)
    {
      menu = g_menu_new ();
      g_menu_append (menu, _ ("_Copy"), "table.copy");
    }
  return G_MENU_MODEL (menu);
}

static void
open_menu (EgCellTable *self, const GdkRectangle *at)
{
  if (self->menu == NULL)
    {
      self->menu = gtk_popover_menu_new_from_model (get_menu ());
      gtk_popover_set_has_arrow (GTK_POPOVER (self->menu), FALSE);
      gtk_widget_set_halign (self->menu, GTK_ALIGN_START);
      gtk_widget_set_parent (self->menu, GTK_WIDGET (self));
    }
  gtk_popover_set_pointing_to (GTK_POPOVER (self->menu), at);
  gtk_popover_popup (GTK_POPOVER (self->menu));
}

/* At the row that has the focus. */
static void
menu_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (widget));
  graphene_rect_t bounds;

  if (focus != NULL && gtk_widget_is_ancestor (focus, widget)
      && gtk_widget_compute_bounds (focus, widget, &bounds))
    open_menu (EG_CELL_TABLE (widget), &(GdkRectangle){ (int)(bounds.origin.x + bounds.size.width / 3),
                                                        (int)bounds.origin.y, 1, (int)bounds.size.height });
}

/* The place in the list of the row that a widget within it belongs to; GTK_INVALID_LIST_POSITION: none. */
static guint
find_row (EgCellTable *self, GtkWidget *widget)
{
  for (guint i = 0; i < self->bound->len && !GTK_IS_LIST_VIEW (widget) && !GTK_IS_COLUMN_VIEW (widget); i++)
    {
      GtkListItem *item = self->bound->pdata[i];
      GtkWidget *child = gtk_list_item_get_child (item);
      if (child == widget || gtk_widget_is_ancestor (child, widget))
        return gtk_list_item_get_position (item);
    }
  return GTK_INVALID_LIST_POSITION;
}

/* A row that is not selected is selected alone: the menu is about what is seen to be selected. */
static void
on_secondary_click (GtkGestureClick *gesture, int n_press, double x, double y, gpointer data)
{
  EgCellTable *self = data;
  GtkSelectionModel *selection = GTK_SELECTION_MODEL (self->selection);
  GtkWidget *widget = gtk_widget_pick (GTK_WIDGET (self), x, y, GTK_PICK_DEFAULT);
  const guint row = widget != NULL ? find_row (self, widget) : GTK_INVALID_LIST_POSITION;

  if (row == GTK_INVALID_LIST_POSITION)
    return;
  if (!gtk_selection_model_is_selected (selection, row))
    gtk_selection_model_select_item (selection, row, TRUE);
  open_menu (self, &(GdkRectangle){ (int)x, (int)y, 1, 1 });
}

/* ---- rows and their numbers ---- */

static void
add_rows (EgCellTable *self, gsize n)
{
  const gsize n_old = g_list_model_get_n_items (G_LIST_MODEL (self->rows));
  const gsize end = MIN (n_old + n, self->n_layers * self->n_tokens);
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_object_unref);

  for (gsize i = n_old; i < end; i++)
    {
      EgCellRow *row = g_object_new (EG_TYPE_CELL_ROW, NULL);
      row->cell = (EgCell){ i / self->n_tokens, i % self->n_tokens };
      g_ptr_array_add (rows, row);
    }
  g_list_store_splice (self->rows, (guint)n_old, 0, rows->pdata, rows->len);
}

static gboolean
on_making (gpointer data)
{
  EgCellTable *self = data;
  const gsize n = g_list_model_get_n_items (G_LIST_MODEL (self->rows));

  add_rows (self, n < WIDGET_ROWS ? FIRST_ROWS : G_MAXUINT / 2);
  if (g_list_model_get_n_items (G_LIST_MODEL (self->rows)) < self->n_layers * self->n_tokens)
    return G_SOURCE_CONTINUE;
  self->making = 0;
  return G_SOURCE_REMOVE;
}

static gboolean
on_renewing (gpointer data)
{
  EgCellTable *self = data;
  const gint64 end = g_get_monotonic_time () + RENEW_US;

  while (self->next_bound < self->bound->len && g_get_monotonic_time () < end)
    show_cell (self, self->bound->pdata[self->next_bound++]);
  if (self->next_bound < self->bound->len)
    return G_SOURCE_CONTINUE;
  self->renewing = 0;
  return G_SOURCE_REMOVE;
}

static gboolean
begin_renewing (gpointer data)
{
  EgCellTable *self = data;

  self->next_bound = 0;
  self->renewing = g_idle_add_full (G_PRIORITY_LOW, on_renewing, self, NULL);
  return G_SOURCE_REMOVE;
}

static gboolean
on_rest (gpointer data)
{
  EgCellTable *self = data;

  self->resting = 0;
  take_keys (self);
  gtk_sorter_changed (self->sorter, GTK_SORTER_CHANGE_DIFFERENT);
  return G_SOURCE_REMOVE;
}

static void
stop_sources (EgCellTable *self)
{
  g_clear_handle_id (&self->making, g_source_remove);
  g_clear_handle_id (&self->renewing, g_source_remove);
  g_clear_handle_id (&self->resting, g_source_remove);
}

/* Shows the result as it is, over the next frames. */
static void
renew (EgCellTable *self)
{
  const gsize n_layers = self->grid != NULL ? self->grid->n_layers : 0;
  const gsize n_tokens = self->grid != NULL ? self->grid->n_tokens : 0;

  if (n_layers != self->n_layers || n_tokens != self->n_tokens)
    {
      stop_sources (self);
      self->n_layers = n_layers;
      self->n_tokens = n_tokens;
      g_list_store_remove_all (self->rows);
      if (self->grid == NULL)
        return;
      take_keys (self);
      add_rows (self, FIRST_ROWS);
      self->making = g_idle_add_full (G_PRIORITY_LOW, on_making, self, NULL);
      return;
    }
  if (self->grid == NULL)
    return;
  if (self->renewing == 0)
    self->renewing = g_timeout_add (RENEW_MS, begin_renewing, self);
  g_clear_handle_id (&self->resting, g_source_remove);
  self->resting = g_timeout_add (REST_MS, on_rest, self);
}

/* ---- the widget ---- */

static void
eg_cell_table_map (GtkWidget *widget)
{
  renew (EG_CELL_TABLE (widget));
  GTK_WIDGET_CLASS (eg_cell_table_parent_class)->map (widget);
}

/* Tab goes on after the row that has the focus, not to the next of thousands: those are for the arrow keys.
 */
static gboolean
eg_cell_table_focus (GtkWidget *widget, GtkDirectionType direction)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (widget));
  const gboolean leave = direction == GTK_DIR_TAB_FORWARD || direction == GTK_DIR_TAB_BACKWARD;

  if (leave && focus != NULL && gtk_widget_is_ancestor (focus, widget))
    return FALSE;
  return GTK_WIDGET_CLASS (eg_cell_table_parent_class)->focus (widget, direction);
}

static void
eg_cell_table_dispose (GObject *object)
{
  EgCellTable *self = EG_CELL_TABLE (object);

  stop_sources (self);
  g_clear_pointer (&self->menu, gtk_widget_unparent);
  g_clear_pointer (&self->grid, eg_trace_grid_unref);
  adw_bin_set_child (ADW_BIN (self), NULL);
  g_clear_object (&self->selection);
  g_clear_object (&self->rows);
  G_OBJECT_CLASS (eg_cell_table_parent_class)->dispose (object);
}

static void
eg_cell_table_finalize (GObject *object)
{
  EgCellTable *self = EG_CELL_TABLE (object);

  for (Column c = 0; c < N_COLUMNS; c++)
    g_free (self->keys[c]);
  g_ptr_array_unref (self->bound);
  G_OBJECT_CLASS (eg_cell_table_parent_class)->finalize (object);
}

static void
eg_cell_table_class_init (EgCellTableClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_cell_table_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_cell_table_finalize;
  widget_class->map = eg_cell_table_map;
  widget_class->focus = eg_cell_table_focus;
  gtk_widget_class_install_action (widget_class, "table.copy", NULL, copy);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_c, GDK_CONTROL_MASK, "table.copy", NULL);
  gtk_widget_class_install_action (widget_class, "menu.popup", NULL, menu_action);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Menu, 0, "menu.popup", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F10, GDK_SHIFT_MASK, "menu.popup", NULL);
}

static void
eg_cell_table_init (EgCellTable *self)
{
  GtkWidget *scrolled = gtk_scrolled_window_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  self->bound = g_ptr_array_new ();
  self->rows = g_list_store_new (EG_TYPE_CELL_ROW);
  self->view = GTK_COLUMN_VIEW (gtk_column_view_new (NULL));
  for (Column c = 0; c < N_COLUMNS; c++)
    add_column (self, c);
  align_titles (self);
  GtkMultiSorter *sorter = gtk_multi_sorter_new ();
  gtk_multi_sorter_append (sorter, GTK_SORTER (gtk_custom_sorter_new (compare_missing, self, NULL)));
  /* Connected before the model is: what is asked to be sorted is sorted by the newest values. */
  g_signal_connect (gtk_column_view_get_sorter (self->view), "changed", G_CALLBACK (on_sorter_changed), self);
  gtk_multi_sorter_append (sorter, g_object_ref (gtk_column_view_get_sorter (self->view)));
  self->sorter = GTK_SORTER (sorter);
  GtkSortListModel *sorted
      = gtk_sort_list_model_new (G_LIST_MODEL (g_object_ref (self->rows)), GTK_SORTER (sorter));
  self->selection = gtk_multi_selection_new (G_LIST_MODEL (sorted));
  gtk_column_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));
  g_signal_connect (gtk_column_view_get_sorter (self->view), "changed", G_CALLBACK (on_sorted), self);
  /* TRANSLATORS: the cells of the map, as a table and as the name of its tab. */
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Cells"),
                                  -1);
  gtk_widget_add_css_class (GTK_WIDGET (self->view), "data-table");
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), GTK_WIDGET (self->view));
  adw_bin_set_child (ADW_BIN (self), scrolled);
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  g_signal_connect (click, "pressed", G_CALLBACK (on_secondary_click), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
}

GtkWidget *
eg_cell_table_new (void)
{
  return g_object_new (EG_TYPE_CELL_TABLE, NULL);
}

void
eg_cell_table_set_grid (EgCellTable *self, EgTraceGrid *grid)
{
  g_return_if_fail (EG_IS_CELL_TABLE (self));

  if (grid != NULL)
    eg_trace_grid_ref (grid);
  g_clear_pointer (&self->grid, eg_trace_grid_unref);
  self->grid = grid;
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    renew (self);
}
