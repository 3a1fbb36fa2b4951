/* The switcher under the map and the curves, texts and table behind it. */
#include "app/page/analysis-pane.h"

#include "app/page/cell-table.h"
#include "app/page/curves-view.h"
#include "app/parts/flow-layout.h"

#include <glib/gi18n.h>
#include <string.h>

struct _EgAnalysisPane
{
  AdwBin parent_instance;
  EgTraceGrid *grid;
  EgCell pins[EG_MAX_PINS];
  gsize n_pins;

  GtkWidget *switcher;
  GtkStack *stack;
  EgCurvesView *layers, *subject, *pinned;
  GtkLabel *layers_text, *subject_text, *pinned_text;
  GtkWidget *unpin_button;
  EgCellTable *cells;
  EgScale scale;
};

enum
{
  UNPIN_ALL,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgAnalysisPane, eg_analysis_pane, ADW_TYPE_BIN)

static void
show_text (EgAnalysisPane *self, GtkLabel *label, EgCurves curves)
{
  g_autofree char *text = self->grid != NULL
                              ? eg_curves_describe (curves, self->grid, self->scale, self->pins, self->n_pins)
                              : g_strdup ("");
  gtk_label_set_text (label, text);
}

static void
update_texts (EgAnalysisPane *self)
{
  show_text (self, self->layers_text, EG_CURVES_LAYERS);
  show_text (self, self->subject_text, EG_CURVES_SUBJECT);
  show_text (self, self->pinned_text, EG_CURVES_PINNED);
  gtk_widget_set_sensitive (self->unpin_button, self->n_pins > 0);
}

static void
on_unpin (GtkButton *button, gpointer data)
{
  g_signal_emit (data, signals[UNPIN_ALL], 0);
}

static void
eg_analysis_pane_dispose (GObject *object)
{
  g_clear_pointer (&EG_ANALYSIS_PANE (object)->grid, eg_trace_grid_unref);
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_ANALYSIS_PANE);
  G_OBJECT_CLASS (eg_analysis_pane_parent_class)->dispose (object);
}

static void
eg_analysis_pane_class_init (EgAnalysisPaneClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_analysis_pane_dispose;
  g_type_ensure (EG_TYPE_CURVES_VIEW);
  g_type_ensure (EG_TYPE_CELL_TABLE);
  g_type_ensure (EG_TYPE_FLOW_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/analysis-pane.ui");
  gtk_widget_class_bind_template_child (widget_class, EgAnalysisPane, switcher);
  gtk_widget_class_bind_template_child (widget_class, EgAnalysisPane, stack);
  gtk_widget_class_bind_template_child (widget_class, EgAnalysisPane, layers);
  gtk_widget_class_bind_template_child (widget_class, EgAnalysisPane, subject);
  gtk_widget_class_bind_template_child (widget_class, EgAnalysisPane, pinned);
  gtk_widget_class_bind_template_child (widget_class, EgAnalysisPane, layers_text);
  gtk_widget_class_bind_template_child (widget_class, EgAnalysisPane, subject_text);
  gtk_widget_class_bind_template_child (widget_class, EgAnalysisPane, pinned_text);
  gtk_widget_class_bind_template_child (widget_class, EgAnalysisPane, unpin_button);
  gtk_widget_class_bind_template_child (widget_class, EgAnalysisPane, cells);
  gtk_widget_class_bind_template_callback (widget_class, on_unpin);
  signals[UNPIN_ALL] = g_signal_new ("unpin-all", EG_TYPE_ANALYSIS_PANE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                     NULL, G_TYPE_NONE, 0);
}

static void
eg_analysis_pane_init (EgAnalysisPane *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  /* Its buttons can stand in several rows: each has corners of its own. */
  gtk_widget_remove_css_class (self->switcher, "linked");
}

GtkWidget *
eg_analysis_pane_new (void)
{
  return g_object_new (EG_TYPE_ANALYSIS_PANE, NULL);
}

static void
show_page (EgAnalysisPane *self, const char *name, gboolean visible)
{
  GtkWidget *child = gtk_stack_get_child_by_name (self->stack, name);
  gtk_stack_page_set_visible (gtk_stack_get_page (self->stack, child), visible);
}

/* Curves go over layers, and some of them tell the subject from other tokens. */
static void
show_pages (EgAnalysisPane *self)
{
  const char *shown = gtk_stack_get_visible_child_name (self->stack);
  const gboolean layers = self->grid == NULL || eg_trace_grid_tells_layers (self->grid);
  const gboolean subject = layers && (self->grid == NULL || eg_trace_grid_tells_tokens (self->grid));

  if (!layers && strcmp (shown, "cells") != 0)
    gtk_stack_set_visible_child_name (self->stack, "cells");
  else if (!subject && strcmp (shown, "subject") == 0)
    gtk_stack_set_visible_child_name (self->stack, "layers");
  show_page (self, "layers", layers);
  show_page (self, "subject", subject);
  show_page (self, "pinned", layers);
}

void
eg_analysis_pane_set_grid (EgAnalysisPane *self, EgTraceGrid *grid)
{
  g_return_if_fail (EG_IS_ANALYSIS_PANE (self));

  if (grid != NULL)
    eg_trace_grid_ref (grid);
  g_clear_pointer (&self->grid, eg_trace_grid_unref);
  self->grid = grid;
  eg_curves_view_set_grid (self->layers, grid);
  eg_curves_view_set_grid (self->subject, grid);
  eg_curves_view_set_grid (self->pinned, grid);
  eg_cell_table_set_grid (self->cells, grid);
  show_pages (self);
  update_texts (self);
}

void
eg_analysis_pane_set_pins (EgAnalysisPane *self, const EgCell *pins, gsize n_pins)
{
  g_return_if_fail (EG_IS_ANALYSIS_PANE (self) && n_pins <= EG_MAX_PINS);

  if (n_pins > 0)
    memcpy (self->pins, pins, n_pins * sizeof *pins);
  if (n_pins > self->n_pins && (self->grid == NULL || eg_trace_grid_tells_layers (self->grid)))
    gtk_stack_set_visible_child_name (self->stack, "pinned");
  self->n_pins = n_pins;
  eg_curves_view_set_pins (self->pinned, pins, n_pins);
  update_texts (self);
}

void
eg_analysis_pane_set_scale (EgAnalysisPane *self, EgScale scale)
{
  g_return_if_fail (EG_IS_ANALYSIS_PANE (self));

  self->scale = scale;
  eg_curves_view_set_scale (self->layers, scale);
  eg_curves_view_set_scale (self->subject, scale);
  eg_curves_view_set_scale (self->pinned, scale);
  update_texts (self);
}

void
eg_analysis_pane_set_layer (EgAnalysisPane *self, gssize layer)
{
  g_return_if_fail (EG_IS_ANALYSIS_PANE (self));

  eg_curves_view_set_layer (self->layers, layer);
  eg_curves_view_set_layer (self->subject, layer);
  eg_curves_view_set_layer (self->pinned, layer);
}

gboolean
eg_analysis_pane_get_curves (EgAnalysisPane *self, EgCurves *curves)
{
  const char *name = gtk_stack_get_visible_child_name (self->stack);

  for (EgCurves c = EG_CURVES_LAYERS; name != NULL && c <= EG_CURVES_PINNED; c++)
    if (strcmp (name, eg_curves_get_name (c)) == 0)
      {
        *curves = c;
        return TRUE;
      }
  return FALSE;
}
