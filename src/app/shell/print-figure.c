/* Draws a figure on one page. */
#include "app/shell/print-figure.h"

#define POINTS_PER_INCH 72.0

typedef struct
{
  EgTraceGrid *grid;
  EgFigure *figure;
} Printing;

static void
printing_free (gpointer data, GClosure *closure)
{
  Printing *self = data;

  eg_trace_grid_unref (self->grid);
  eg_figure_free (self->figure);
  g_free (self);
}

static void
on_draw_page (GtkPrintOperation *operation, GtkPrintContext *context, int page, gpointer data)
{
  const Printing *self = data;
  cairo_t *cr = gtk_print_context_get_cairo_context (context);
  const double width = self->figure->options.width * POINTS_PER_INCH;
  const double height = eg_figure_get_height (self->figure, self->grid);
  const double scale
      = MIN (gtk_print_context_get_width (context) / width, gtk_print_context_get_height (context) / height);

  cairo_scale (cr, scale, scale);
  eg_figure_draw (self->figure, self->grid, cr, 0);
}

GtkPrintOperation *
eg_print_operation_new (const EgTraceGrid *grid, const EgFigure *figure, const char *job)
{
  GtkPrintOperation *operation = gtk_print_operation_new ();
  Printing *self = g_new (Printing, 1);

  *self = (Printing){ eg_trace_grid_copy (grid), eg_figure_copy (figure) };
  gtk_print_operation_set_n_pages (operation, 1);
  gtk_print_operation_set_unit (operation, GTK_UNIT_POINTS);
  gtk_print_operation_set_job_name (operation, job);
  gtk_print_operation_set_allow_async (operation, TRUE);
  g_signal_connect_data (operation, "draw-page", G_CALLBACK (on_draw_page), self, printing_free, 0);
  return operation;
}
