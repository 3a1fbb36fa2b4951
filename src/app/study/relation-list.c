/* A list of relations, made as it is scrolled into view; its numbers are renewed in place. */
#include "app/study/relation-list.h"

#include "app/study/role-thumb.h"

#include <glib/gi18n.h>
#include <math.h>

/* A line of the list. */
#define EG_TYPE_RELATION_ROW (eg_relation_row_get_type ())
G_DECLARE_FINAL_TYPE (EgRelationRow, eg_relation_row, EG, RELATION_ROW, GObject)

/**
 * EgRelationRow:
 * @name: %NULL: all facts
 * @means: [EG_N_ROLES][n_layers]
 */
struct _EgRelationRow
{
  GObject parent_instance;
  char *name, *text;
  double *means;
  gsize n_layers;
};

G_DEFINE_FINAL_TYPE (EgRelationRow, eg_relation_row, G_TYPE_OBJECT)

static void
eg_relation_row_finalize (GObject *object)
{
  EgRelationRow *self = EG_RELATION_ROW (object);

  g_free (self->name);
  g_free (self->text);
  g_free (self->means);
  G_OBJECT_CLASS (eg_relation_row_parent_class)->finalize (object);
}

static void
eg_relation_row_class_init (EgRelationRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = eg_relation_row_finalize;
}

static void
eg_relation_row_init (EgRelationRow *self)
{
}

struct _EgRelationList
{
  AdwBin parent_instance;
  GListStore *rows;
  GPtrArray *bound; /* of GtkListItem */
  double low, high; /* of all small maps */
  EgColormap colormap;
};

enum
{
  CHOSEN,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgRelationList, eg_relation_list, ADW_TYPE_BIN)

static const char *
get_title (const EgRelationRow *row)
{
  return row->name != NULL ? row->name : _ ("All facts");
}

/* "34 facts · 0.41 at layer 5, last subject token" (transfer full) */
static char *
describe (const EgStudySummary *summary, gsize site, EgStudyQuantity quantity)
{
  g_autofree char *facts
      = g_strdup_printf (ngettext ("%'zu fact", "%'zu facts", summary->n_facts), summary->n_facts);
  EgRole role;

  if (!eg_study_summary_find_best (summary, site, quantity, &role))
    return g_steal_pointer (&facts);
  const EgStatistics *best = eg_study_summary_get (summary, site, quantity, role);
  return g_strdup_printf (/* TRANSLATORS: “34 facts”; the greatest mean, or the smallest; the layer and the
                             role of its tokens, as “Last subject token”. */
                          _ ("%s · %.2f at layer %zd, %s"), facts, best->mean[best->peak], best->peak,
                          eg_role_get_title (role));
}

static void
fill (EgRelationRow *row, const EgStudySummary *summary, gsize site, EgStudyQuantity quantity)
{
  g_free (row->text);
  row->text = describe (summary, site, quantity);
  g_free (row->means);
  row->n_layers = summary->n_layers;
  row->means = g_new (double, EG_N_ROLES * row->n_layers);
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    {
      const EgStatistics *of = eg_study_summary_get (summary, site, quantity, role);
      for (gsize l = 0; l < row->n_layers; l++)
        row->means[role * row->n_layers + l] = of->n > 0 ? of->mean[l] : NAN;
    }
}

/* ---- widgets of a line ---- */

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *texts = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *thumb = eg_role_thumb_new ();

  for (int i = 0; i < 2; i++)
    {
      GtkWidget *label = gtk_label_new (NULL);
      gtk_label_set_xalign (GTK_LABEL (label), 0);
      gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
      gtk_box_append (GTK_BOX (texts), label);
    }
  gtk_widget_add_css_class (gtk_widget_get_last_child (texts), "caption");
  gtk_widget_add_css_class (gtk_widget_get_last_child (texts), "dim-label");
  gtk_widget_add_css_class (gtk_widget_get_last_child (texts), "numeric");
  gtk_widget_set_margin_top (box, 6);
  gtk_widget_set_margin_bottom (box, 6);
  gtk_widget_set_margin_start (box, 6);
  gtk_widget_set_margin_end (box, 6);
  gtk_widget_set_hexpand (texts, TRUE);
  gtk_widget_set_valign (texts, GTK_ALIGN_CENTER);
  gtk_widget_set_valign (thumb, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (box), texts);
  gtk_box_append (GTK_BOX (box), thumb);
  gtk_list_item_set_child (item, box);
}

static void
show_row (EgRelationList *self, GtkListItem *item)
{
  const EgRelationRow *row = gtk_list_item_get_item (item);
  GtkWidget *box = gtk_list_item_get_child (item);
  GtkWidget *texts = gtk_widget_get_first_child (box);

  gtk_label_set_text (GTK_LABEL (gtk_widget_get_first_child (texts)), get_title (row));
  gtk_label_set_text (GTK_LABEL (gtk_widget_get_last_child (texts)), row->text);
  gtk_widget_set_tooltip_text (texts, row->text);
  eg_role_thumb_set_values (EG_ROLE_THUMB (gtk_widget_get_last_child (box)), row->means, row->n_layers,
                            self->low, self->high, self->colormap);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  EgRelationList *self = data;

  g_ptr_array_add (self->bound, item);
  show_row (self, item);
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  g_ptr_array_remove_fast (((EgRelationList *)data)->bound, item);
}

static void
on_activate (GtkListView *view, guint position, gpointer data)
{
  EgRelationList *self = data;
  g_autoptr (EgRelationRow) row = g_list_model_get_item (G_LIST_MODEL (self->rows), position);

  if (row != NULL)
    g_signal_emit (self, signals[CHOSEN], 0, row->name);
}

/* ---- what is shown ---- */

static void
set_row (EgRelationList *self, guint i, const EgStudySummary *summary, gsize site, EgStudyQuantity quantity)
{
  g_autoptr (EgRelationRow) old = g_list_model_get_item (G_LIST_MODEL (self->rows), i);

  if (old != NULL && g_strcmp0 (old->name, summary->relation) == 0)
    {
      fill (old, summary, site, quantity);
      return;
    }
  g_autoptr (EgRelationRow) row = g_object_new (EG_TYPE_RELATION_ROW, NULL);
  row->name = g_strdup (summary->relation);
  fill (row, summary, site, quantity);
  gpointer added[] = { row };
  g_list_store_splice (self->rows, i, old != NULL ? 1 : 0, added, 1);
}

/* Zero is always there: a map of small numbers is not one of large ones. */
static void
find_scale (EgRelationList *self)
{
  const guint n = g_list_model_get_n_items (G_LIST_MODEL (self->rows));

  self->low = 0;
  self->high = 0;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (EgRelationRow) row = g_list_model_get_item (G_LIST_MODEL (self->rows), i);
      for (gsize c = 0; c < EG_N_ROLES * row->n_layers; c++)
        if (!isnan (row->means[c]))
          {
            self->low = MIN (self->low, row->means[c]);
            self->high = MAX (self->high, row->means[c]);
          }
    }
}

void
eg_relation_list_show (EgRelationList *self,
                       EgStudyFindings *findings,
                       gsize site,
                       EgStudyQuantity quantity,
                       EgColormap colormap)
{
  g_return_if_fail (EG_IS_RELATION_LIST (self));

  const EgStudySummary *all = eg_study_findings_get (findings, NULL);
  gsize n;
  const EgStudySummary *const *relations = eg_study_findings_get_relations (findings, &n);

  if (all == NULL)
    {
      g_list_store_remove_all (self->rows);
      return;
    }
  set_row (self, 0, all, site, quantity);
  for (gsize i = 0; i < n; i++)
    set_row (self, (guint)i + 1, relations[i], site, quantity);
  const guint n_old = g_list_model_get_n_items (G_LIST_MODEL (self->rows));
  if (n_old > n + 1)
    g_list_store_splice (self->rows, (guint)n + 1, n_old - (guint)n - 1, NULL, 0);
  self->colormap = colormap;
  find_scale (self);
  for (guint i = 0; i < self->bound->len; i++)
    show_row (self, self->bound->pdata[i]);
}

/* ---- the widget ---- */

static void
eg_relation_list_dispose (GObject *object)
{
  adw_bin_set_child (ADW_BIN (object), NULL);
  g_clear_object (&EG_RELATION_LIST (object)->rows);
  G_OBJECT_CLASS (eg_relation_list_parent_class)->dispose (object);
}

static void
eg_relation_list_finalize (GObject *object)
{
  g_ptr_array_unref (EG_RELATION_LIST (object)->bound);
  G_OBJECT_CLASS (eg_relation_list_parent_class)->finalize (object);
}

static void
eg_relation_list_class_init (EgRelationListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = eg_relation_list_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_relation_list_finalize;
  signals[CHOSEN] = g_signal_new ("chosen", EG_TYPE_RELATION_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
eg_relation_list_init (EgRelationList *self)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkWidget *scrolled = gtk_scrolled_window_new ();

  self->rows = g_list_store_new (EG_TYPE_RELATION_ROW);
  self->bound = g_ptr_array_new ();
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), self);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), self);
  g_signal_connect (factory, "unbind", G_CALLBACK (on_unbind), self);
  GtkSingleSelection *selection = gtk_single_selection_new (g_object_ref (G_LIST_MODEL (self->rows)));
  gtk_single_selection_set_autoselect (selection, FALSE);
  GtkWidget *view = gtk_list_view_new (GTK_SELECTION_MODEL (selection), factory);
  gtk_list_view_set_single_click_activate (GTK_LIST_VIEW (view), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Relations"), -1);
  g_signal_connect (view, "activate", G_CALLBACK (on_activate), self);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), view);
  adw_bin_set_child (ADW_BIN (self), scrolled);
}
