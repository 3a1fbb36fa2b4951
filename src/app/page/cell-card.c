/* The card under the pointer: a cell’s numbers and its two small curves. */
#include "app/page/cell-card.h"

#include "app/page/cell-text.h"
#include "app/page/chart-view.h"
#include "app/parts/flow-layout.h"

#include <math.h>

struct _EgCellCard
{
  AdwBin parent_instance;
  GtkLabel *title, *score, *normalized;
  EgChartView *over_layers, *over_tokens;
  GtkWidget *curves;
};

G_DEFINE_FINAL_TYPE (EgCellCard, eg_cell_card, ADW_TYPE_BIN)

static void
eg_cell_card_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_CELL_CARD);
  G_OBJECT_CLASS (eg_cell_card_parent_class)->dispose (object);
}

static void
eg_cell_card_class_init (EgCellCardClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_cell_card_dispose;
  g_type_ensure (EG_TYPE_CHART_VIEW);
  g_type_ensure (EG_TYPE_FLOW_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/cell-card.ui");
  gtk_widget_class_bind_template_child (widget_class, EgCellCard, title);
  gtk_widget_class_bind_template_child (widget_class, EgCellCard, score);
  gtk_widget_class_bind_template_child (widget_class, EgCellCard, normalized);
  gtk_widget_class_bind_template_child (widget_class, EgCellCard, over_layers);
  gtk_widget_class_bind_template_child (widget_class, EgCellCard, over_tokens);
  gtk_widget_class_bind_template_child (widget_class, EgCellCard, curves);
  gtk_widget_class_set_css_name (widget_class, "cellcard");
  /* The heatmap itself says what the card shows. */
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
eg_cell_card_init (EgCellCard *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
eg_cell_card_new (void)
{
  return g_object_new (EG_TYPE_CELL_CARD, NULL);
}

static void
extend (double *low, double *high, double value)
{
  *low = fmin (*low, value);
  *high = fmax (*high, value);
}

/* Both curves have the same scale: it holds 0, what the clean run reaches, and both of them. */
static void
find_range (const EgTraceGrid *grid, gsize layer, gsize position, double *low, double *high)
{
  *low = *high = 0;
  extend (low, high, eg_trace_grid_get_ends (grid)->high);
  for (gsize l = 0; l < grid->n_layers; l++)
    extend (low, high, eg_trace_grid_score (grid, l, position));
  for (gsize t = 0; t < grid->n_tokens; t++)
    extend (low, high, eg_trace_grid_score (grid, layer, t));
  if (*high - *low <= 0)
    *high = *low + 1;
}

void
eg_cell_card_set_cell (EgCellCard *self, const EgTraceGrid *grid, gsize layer, gsize position)
{
  g_return_if_fail (EG_IS_CELL_CARD (self));
  g_return_if_fail (layer < grid->n_layers && position < grid->n_tokens);

  const gsize L = grid->n_layers, T = grid->n_tokens;
  g_autofree char *title = eg_format_place (grid, layer, position);
  g_autofree char *score = eg_format_score (grid, layer, position);
  g_autofree char *normalized = eg_format_normalized (grid, layer, position);
  g_autofree double *column = g_new (double, L);
  g_autofree double *column_sem = g_new (double, L);

  for (gsize l = 0; l < L; l++)
    {
      column[l] = grid->scores[0][l * T + position];
      column_sem[l] = grid->sem[0][l * T + position];
    }
  /* What is estimated is no point of a curve. */
  const gboolean estimated = eg_trace_grid_is_estimated (grid, layer, position);
  double low, high;
  find_range (grid, layer, position, &low, &high);
  gtk_label_set_text (self->title, title);
  gtk_label_set_text (self->score, score);
  gtk_label_set_text (self->normalized, normalized);
  /* One value is no curve. */
  gtk_widget_set_visible (GTK_WIDGET (self->over_layers), L > 1 && !estimated);
  gtk_widget_set_visible (GTK_WIDGET (self->over_tokens), T > 1 && !estimated);
  eg_chart_view_set_curve (self->over_layers, column, column_sem, L, low, high, layer);
  eg_chart_view_set_curve (self->over_tokens, grid->scores[0] + layer * T, grid->sem[0] + layer * T, T, low,
                           high, position);
}

void
eg_cell_card_set_compact (EgCellCard *self, gboolean compact)
{
  g_return_if_fail (EG_IS_CELL_CARD (self));

  gtk_widget_set_visible (self->curves, !compact);
}
