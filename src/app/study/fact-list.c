/* Filters and sorts the rows, and renews those in view a few at a time. */
#include "app/study/fact-list.h"

#include "app/parts/flow-layout.h"
#include "app/parts/probability-text.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

typedef enum
{
  COLUMN_SUBJECT,
  COLUMN_ANSWER,
  COLUMN_CLEAN,
  COLUMN_CORRUPTED,
  COLUMN_EFFECT,
  COLUMN_STATE,
  N_COLUMNS,
} Column;

#define RENEW_MS 250  /* between renewals of the rows in view */
#define RENEW_US 2000 /* that one part of a renewal takes */
#define SORT_MS  1500 /* between sortings while the numbers change: rows do not jump about all the time */

struct _EgFactList
{
  AdwBin parent_instance;
  char *needle;         /* folded; NULL: nothing is searched */
  EgFactRowState state; /* EG_N_FACT_ROW_STATES: of any */
  char *relation;       /* NULL: of any */
  GPtrArray *bound;     /* of GtkListItem: those that show a row */
  guint next_bound;     /* of a renewal that is under way */
  guint renewing, sorting;
  GtkFilter *filter;
  GtkFilterListModel *filtered;
  GtkSortListModel *sorted;
  GtkSingleSelection *selection;

  GtkSearchEntry *search;
  GtkDropDown *states, *relations;
  GtkColumnView *view;
  GtkLabel *none, *detail;
  GtkWidget *open_button;
};

enum
{
  OPEN,
  RELATION_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgFactList, eg_fact_list, ADW_TYPE_BIN)

/* In the order of Column. */
static const char *const titles[N_COLUMNS] = {
  /* TRANSLATORS: the head of a column: what a fact is about. */
  N_ ("Subject"),
  /* TRANSLATORS: the head of a column: what the model should say next. */
  N_ ("Answer"),
  /* TRANSLATORS: the head of a column: the answer’s probability in the undisturbed run. */
  N_ ("Clean"),
  /* TRANSLATORS: the head of a column: the answer’s probability when the subject is drowned in noise. */
  N_ ("Corrupted"),
  /* TRANSLATORS: the head of a column: clean less corrupted probability. */
  N_ ("Effect"),
  /* TRANSLATORS: the head of a column: how far a fact is, as “Traced” or “Waiting”. */
  N_ ("State"),
};

static gboolean
is_number (Column column)
{
  return column == COLUMN_CLEAN || column == COLUMN_CORRUPTED || column == COLUMN_EFFECT;
}

static double
value_of (const EgFactRow *row, Column column)
{
  return column == COLUMN_CLEAN       ? row->clean
         : column == COLUMN_CORRUPTED ? row->corrupted
         : column == COLUMN_EFFECT    ? eg_fact_row_get_effect (row)
                                      : (double)row->state;
}

/* (transfer full) */
static char *
text_of (const EgFactRow *row, Column column)
{
  switch (column)
    {
    case COLUMN_SUBJECT:
      return g_strdup (row->subject);
    case COLUMN_ANSWER:
      return g_strdup (row->answer != NULL ? row->answer : "");
    case COLUMN_STATE:
      return g_strdup (eg_fact_row_state_get_title (row->state));
    case COLUMN_CLEAN:
    case COLUMN_CORRUPTED:
    case COLUMN_EFFECT:
    case N_COLUMNS:
    default:
      /* Nothing, and not a dash: a column of dashes looks as if it were data. */
      return isnan (value_of (row, column)) ? g_strdup ("") : eg_format_probability (value_of (row, column));
    }
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
  static const guint chars[N_COLUMNS] = { 14, 8, 5, 5, 5, 9 };
  const Column column = column_of (factory);
  /* Not labels: these do not ask for another size with every text. */
  GtkWidget *inscription = gtk_inscription_new (NULL);

  gtk_inscription_set_xalign (GTK_INSCRIPTION (inscription), is_number (column) ? 1 : 0);
  gtk_inscription_set_min_chars (GTK_INSCRIPTION (inscription), chars[column] / 2 + 1);
  gtk_inscription_set_nat_chars (GTK_INSCRIPTION (inscription), chars[column]);
  gtk_inscription_set_text_overflow (GTK_INSCRIPTION (inscription), GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_END);
  if (is_number (column))
    gtk_widget_add_css_class (inscription, "numeric");
  g_object_set_data (G_OBJECT (item), "column", GUINT_TO_POINTER (column));
  gtk_list_item_set_child (item, inscription);
}

static void
show_row (GtkListItem *item)
{
  const EgFactRow *row = gtk_list_item_get_item (item);
  GtkWidget *inscription = gtk_list_item_get_child (item);
  const Column column = column_of (item);

  if (row == NULL)
    return;
  g_autofree char *text = text_of (row, column);
  if (g_strcmp0 (text, gtk_inscription_get_text (GTK_INSCRIPTION (inscription))) == 0)
    return;
  gtk_inscription_set_text (GTK_INSCRIPTION (inscription), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (inscription), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  if (column == COLUMN_STATE)
    gtk_widget_set_tooltip_text (inscription, row->message != NULL ? row->message
                                                                   : eg_fact_row_state_describe (row->state));
  else if (column == COLUMN_SUBJECT)
    gtk_widget_set_tooltip_text (inscription, row->prompt);
  if (row->state == EG_FACT_ROW_TRACED || row->state == EG_FACT_ROW_WAITING)
    gtk_widget_remove_css_class (inscription, "apart");
  else
    gtk_widget_add_css_class (inscription, "apart");
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  g_ptr_array_add (((EgFactList *)data)->bound, item);
  show_row (item);
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  g_ptr_array_remove_fast (((EgFactList *)data)->bound, item);
}

/* What is not known comes last, and then in the order of the file. */
static int
compare_rows (gconstpointer a, gconstpointer b, gpointer data)
{
  const Column column = (Column)GPOINTER_TO_UINT (data);
  const EgFactRow *left = a, *right = b;

  if (column == COLUMN_SUBJECT)
    return g_utf8_collate (left->subject, right->subject);
  if (column == COLUMN_ANSWER)
    return g_utf8_collate (left->answer != NULL ? left->answer : "",
                           right->answer != NULL ? right->answer : "");
  const double x = value_of (left, column), y = value_of (right, column);
  if (isnan (x) || isnan (y))
    return (int)isnan (x) - (int)isnan (y);
  return (x > y) - (x < y);
}

static void
add_column (EgFactList *self, Column column)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkColumnViewColumn *view_column = gtk_column_view_column_new (_ (titles[column]), factory);
  g_autoptr (GtkSorter) sorter
      = GTK_SORTER (gtk_custom_sorter_new (compare_rows, GUINT_TO_POINTER (column), NULL));

  g_object_set_data (G_OBJECT (factory), "column", GUINT_TO_POINTER (column));
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), self);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), self);
  g_signal_connect (factory, "unbind", G_CALLBACK (on_unbind), self);
  gtk_column_view_column_set_sorter (view_column, sorter);
  gtk_column_view_column_set_expand (view_column, column == COLUMN_SUBJECT);
  gtk_column_view_append_column (self->view, view_column);
  g_object_unref (view_column);
}

/* Titles stand over their numbers. GTK 4.8 has no property for this. */
static void
align_titles (EgFactList *self)
{
  GtkWidget *header = gtk_widget_get_first_child (GTK_WIDGET (self->view));
  GtkWidget *title = header != NULL ? gtk_widget_get_first_child (header) : NULL;

  for (Column c = 0; c < N_COLUMNS && title != NULL; c++, title = gtk_widget_get_next_sibling (title))
    {
      GtkWidget *box = gtk_widget_get_first_child (title);
      if (is_number (c) && GTK_IS_BOX (box))
        gtk_widget_set_halign (box, GTK_ALIGN_END);
    }
}

/* ---- which rows ---- */

static gboolean
is_listed (gpointer item, gpointer data)
{
  const EgFactRow *row = item;
  const EgFactList *self = data;

  return (self->state == EG_N_FACT_ROW_STATES || row->state == self->state)
         && (self->relation == NULL || g_strcmp0 (row->relation, self->relation) == 0)
         && (self->needle == NULL || eg_fact_row_contains (row, self->needle));
}

static void
show_whether_none (EgFactList *self)
{
  GListModel *all = gtk_filter_list_model_get_model (self->filtered);

  gtk_widget_set_visible (GTK_WIDGET (self->none),
                          all != NULL && g_list_model_get_n_items (all) > 0
                              && g_list_model_get_n_items (G_LIST_MODEL (self->filtered)) == 0
                              && gtk_filter_list_model_get_pending (self->filtered) == 0);
}

static void
filter (EgFactList *self)
{
  gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_DIFFERENT);
  show_whether_none (self);
}

static void
on_search_changed (EgFactList *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->search));

  g_free (self->needle);
  self->needle = *text != '\0' ? g_utf8_casefold (text, -1) : NULL;
  filter (self);
}

static void
on_stop_search (GtkSearchEntry *search, gpointer data)
{
  gtk_editable_set_text (GTK_EDITABLE (search), "");
  gtk_widget_grab_focus (GTK_WIDGET (((EgFactList *)data)->view));
}

static void
on_state_selected (EgFactList *self)
{
  const guint selected = gtk_drop_down_get_selected (self->states);

  self->state = selected == 0 || selected > EG_N_FACT_ROW_STATES ? EG_N_FACT_ROW_STATES
                                                                 : (EgFactRowState)(selected - 1);
  filter (self);
}

static void
on_relation_selected (EgFactList *self)
{
  const guint selected = gtk_drop_down_get_selected (self->relations);
  GListModel *names = gtk_drop_down_get_model (self->relations);

  g_clear_pointer (&self->relation, g_free);
  if (names != NULL && selected > 0 && selected != GTK_INVALID_LIST_POSITION)
    self->relation = g_strdup (gtk_string_list_get_string (GTK_STRING_LIST (names), selected));
  filter (self);
  g_signal_emit (self, signals[RELATION_CHANGED], 0);
}

static void
fill_states (EgFactList *self)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);

  gtk_string_list_append (names, _ ("All states"));
  for (EgFactRowState state = 0; state < EG_N_FACT_ROW_STATES; state++)
    gtk_string_list_append (names, eg_fact_row_state_get_title (state));
  gtk_drop_down_set_model (self->states, G_LIST_MODEL (names));
}

static void
fill_relations (EgFactList *self, const char *const *relations)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);

  gtk_string_list_append (names, _ ("All relations"));
  for (const char *const *name = relations; *name != NULL; name++)
    gtk_string_list_append (names, *name);
  gtk_drop_down_set_model (self->relations, G_LIST_MODEL (names));
  gtk_widget_set_visible (GTK_WIDGET (self->relations), *relations != NULL);
}

/* ---- numbers that change ---- */

static void
show_detail (EgFactList *self)
{
  const EgFactRow *row = gtk_single_selection_get_selected_item (self->selection);
  g_autofree char *text = NULL;

  gtk_widget_set_sensitive (self->open_button, row != NULL);
  if (row != NULL && row->answer != NULL)
    text = g_strdup_printf (/* TRANSLATORS: a prompt and its answer; and how far that fact is. */
                            _ ("“%s” → “%s” · %s"), row->prompt, row->answer,
                            row->message != NULL ? row->message : eg_fact_row_state_describe (row->state));
  else if (row != NULL)
    text = g_strdup_printf (/* TRANSLATORS: a prompt; and how far that fact is. */ _ ("“%s” · %s"),
                            row->prompt,
                            row->message != NULL ? row->message : eg_fact_row_state_describe (row->state));
  gtk_label_set_text (self->detail, text != NULL ? text : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->detail), text);
}

static gboolean
on_renewing (gpointer data)
{
  EgFactList *self = data;
  const gint64 end = g_get_monotonic_time () + RENEW_US;

  while (self->next_bound < self->bound->len && g_get_monotonic_time () < end)
    show_row (self->bound->pdata[self->next_bound++]);
  if (self->next_bound < self->bound->len)
    return G_SOURCE_CONTINUE;
  self->renewing = 0;
  show_detail (self);
  return G_SOURCE_REMOVE;
}

static gboolean
begin_renewing (gpointer data)
{
  EgFactList *self = data;

  self->next_bound = 0;
  self->renewing = g_idle_add_full (G_PRIORITY_LOW, on_renewing, self, NULL);
  return G_SOURCE_REMOVE;
}

static gboolean
is_sorted (EgFactList *self)
{
  return gtk_sorter_get_order (gtk_column_view_get_sorter (self->view)) != GTK_SORTER_ORDER_NONE;
}

static gboolean
on_sorting (gpointer data)
{
  EgFactList *self = data;

  self->sorting = 0;
  if (self->state != EG_N_FACT_ROW_STATES)
    filter (self);
  if (is_sorted (self))
    gtk_sorter_changed (gtk_sort_list_model_get_sorter (self->sorted), GTK_SORTER_CHANGE_DIFFERENT);
  return G_SOURCE_REMOVE;
}

void
eg_fact_list_update (EgFactList *self)
{
  g_return_if_fail (EG_IS_FACT_LIST (self));

  if (self->renewing == 0)
    self->renewing = g_timeout_add (RENEW_MS, begin_renewing, self);
  if (self->sorting == 0)
    self->sorting = g_timeout_add (SORT_MS, on_sorting, self);
}

/* ---- opening ---- */

static void
on_activate (GtkColumnView *view, guint position, gpointer data)
{
  EgFactList *self = data;
  g_autoptr (EgFactRow) row = g_list_model_get_item (G_LIST_MODEL (self->selection), position);

  if (row != NULL)
    g_signal_emit (self, signals[OPEN], 0, row);
}

static void
on_open (EgFactList *self)
{
  EgFactRow *row = gtk_single_selection_get_selected_item (self->selection);

  if (row != NULL)
    g_signal_emit (self, signals[OPEN], 0, row);
}

/* ---- the widget ---- */

/* Tab goes on after the row that has the focus, not to the next of thousands: those are for the arrow keys.
 */
static gboolean
eg_fact_list_focus (GtkWidget *widget, GtkDirectionType direction)
{
  EgFactList *self = EG_FACT_LIST (widget);
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (widget));
  const gboolean inside = focus != NULL && gtk_widget_is_ancestor (focus, GTK_WIDGET (self->view));

  if (inside && direction == GTK_DIR_TAB_FORWARD && gtk_widget_get_sensitive (self->open_button))
    return gtk_widget_grab_focus (self->open_button);
  if (inside && direction == GTK_DIR_TAB_BACKWARD)
    return gtk_widget_child_focus (GTK_WIDGET (self->search), direction);
  return GTK_WIDGET_CLASS (eg_fact_list_parent_class)->focus (widget, direction);
}

static void
eg_fact_list_dispose (GObject *object)
{
  EgFactList *self = EG_FACT_LIST (object);

  g_clear_handle_id (&self->renewing, g_source_remove);
  g_clear_handle_id (&self->sorting, g_source_remove);
  if (self->filtered != NULL)
    g_signal_handlers_disconnect_by_data (self->filtered, self);
  if (self->selection != NULL)
    g_signal_handlers_disconnect_by_data (self->selection, self);
  if (self->view != NULL)
    gtk_column_view_set_model (self->view, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_FACT_LIST);
  g_clear_object (&self->selection);
  g_clear_object (&self->sorted);
  g_clear_object (&self->filtered);
  g_clear_object (&self->filter);
  G_OBJECT_CLASS (eg_fact_list_parent_class)->dispose (object);
}

static void
eg_fact_list_finalize (GObject *object)
{
  EgFactList *self = EG_FACT_LIST (object);

  g_ptr_array_unref (self->bound);
  g_free (self->needle);
  g_free (self->relation);
  G_OBJECT_CLASS (eg_fact_list_parent_class)->finalize (object);
}

static void
eg_fact_list_class_init (EgFactListClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_fact_list_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_fact_list_finalize;
  widget_class->focus = eg_fact_list_focus;
  g_type_ensure (EG_TYPE_FLOW_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/fact-list.ui");
  gtk_widget_class_bind_template_child (widget_class, EgFactList, search);
  gtk_widget_class_bind_template_child (widget_class, EgFactList, states);
  gtk_widget_class_bind_template_child (widget_class, EgFactList, relations);
  gtk_widget_class_bind_template_child (widget_class, EgFactList, view);
  gtk_widget_class_bind_template_child (widget_class, EgFactList, none);
  gtk_widget_class_bind_template_child (widget_class, EgFactList, detail);
  gtk_widget_class_bind_template_child (widget_class, EgFactList, open_button);
  gtk_widget_class_bind_template_callback (widget_class, on_search_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_stop_search);
  gtk_widget_class_bind_template_callback (widget_class, on_state_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_relation_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_activate);
  gtk_widget_class_bind_template_callback (widget_class, on_open);
  signals[OPEN] = g_signal_new ("open", EG_TYPE_FACT_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 1, EG_TYPE_FACT_ROW);
  signals[RELATION_CHANGED] = g_signal_new ("relation-changed", EG_TYPE_FACT_LIST, G_SIGNAL_RUN_LAST, 0, NULL,
                                            NULL, NULL, G_TYPE_NONE, 0);
}

static void
eg_fact_list_init (EgFactList *self)
{
  self->bound = g_ptr_array_new ();
  self->state = EG_N_FACT_ROW_STATES;
  self->filter = GTK_FILTER (gtk_custom_filter_new (is_listed, self, NULL));
  self->filtered = gtk_filter_list_model_new (NULL, g_object_ref (self->filter));
  /* Many facts are looked at over several frames. */
  gtk_filter_list_model_set_incremental (self->filtered, TRUE);
  gtk_widget_init_template (GTK_WIDGET (self));
  for (Column c = 0; c < N_COLUMNS; c++)
    add_column (self, c);
  align_titles (self);
  self->sorted = gtk_sort_list_model_new (G_LIST_MODEL (g_object_ref (self->filtered)),
                                          g_object_ref (gtk_column_view_get_sorter (self->view)));
  gtk_sort_list_model_set_incremental (self->sorted, TRUE);
  self->selection = gtk_single_selection_new (G_LIST_MODEL (g_object_ref (self->sorted)));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  gtk_column_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));
  g_signal_connect_swapped (self->filtered, "notify::pending", G_CALLBACK (show_whether_none), self);
  g_signal_connect_swapped (self->selection, "notify::selected-item", G_CALLBACK (show_detail), self);
  fill_states (self);
}

void
eg_fact_list_set_rows (EgFactList *self, GListModel *rows, const char *const *relations)
{
  g_return_if_fail (EG_IS_FACT_LIST (self));

  fill_relations (self, relations);
  gtk_filter_list_model_set_model (self->filtered, rows);
  show_whether_none (self);
  show_detail (self);
}

void
eg_fact_list_show_relation (EgFactList *self, const char *relation)
{
  g_return_if_fail (EG_IS_FACT_LIST (self));

  GListModel *names = gtk_drop_down_get_model (self->relations);

  for (guint i = 1; names != NULL && i < g_list_model_get_n_items (names); i++)
    if (g_strcmp0 (gtk_string_list_get_string (GTK_STRING_LIST (names), i), relation) == 0)
      {
        gtk_drop_down_set_selected (self->relations, i);
        return;
      }
  gtk_drop_down_set_selected (self->relations, 0);
}

const char *
eg_fact_list_get_relation (EgFactList *self)
{
  g_return_val_if_fail (EG_IS_FACT_LIST (self), NULL);

  return self->relation;
}

void
eg_fact_list_find (EgFactList *self)
{
  g_return_if_fail (EG_IS_FACT_LIST (self));

  gtk_widget_grab_focus (GTK_WIDGET (self->search));
}
