/* A title, a bar, a line and a button under each other. */
#include "app/parts/progress-view.h"

#include <glib/gi18n.h>

#define SPACING 12
#define WIDTH   300

struct _EgProgressView
{
  GtkBox parent_instance;
  GtkLabel *title, *text;
  GtkProgressBar *bar;
  GtkButton *button;
};

enum
{
  STOP,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgProgressView, eg_progress_view, GTK_TYPE_BOX)

static void
on_clicked (EgProgressView *self)
{
  g_signal_emit (self, signals[STOP], 0);
}

static void
eg_progress_view_class_init (EgProgressViewClass *klass)
{
  signals[STOP]
      = g_signal_new ("stop", EG_TYPE_PROGRESS_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static GtkLabel *
add_label (EgProgressView *self, const char *style)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_justify (GTK_LABEL (label), GTK_JUSTIFY_CENTER);
  gtk_widget_add_css_class (label, style);
  gtk_box_append (GTK_BOX (self), label);
  return GTK_LABEL (label);
}

static void
eg_progress_view_init (EgProgressView *self)
{
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  gtk_box_set_spacing (GTK_BOX (self), SPACING);
  gtk_widget_set_halign (GTK_WIDGET (self), GTK_ALIGN_CENTER);
  gtk_widget_set_valign (GTK_WIDGET (self), GTK_ALIGN_CENTER);
  self->title = add_label (self, "heading");
  self->bar = GTK_PROGRESS_BAR (gtk_progress_bar_new ());
  gtk_widget_set_size_request (GTK_WIDGET (self->bar), WIDTH, -1);
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->bar));
  self->text = add_label (self, "numeric");
  gtk_label_set_max_width_chars (self->text, 50);
  self->button = GTK_BUTTON (gtk_button_new_with_mnemonic (_ ("_Cancel")));
  gtk_widget_set_halign (GTK_WIDGET (self->button), GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (GTK_WIDGET (self->button), "pill");
  g_signal_connect_swapped (self->button, "clicked", G_CALLBACK (on_clicked), self);
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->button));
}

GtkWidget *
eg_progress_view_new (const char *title)
{
  EgProgressView *self = g_object_new (EG_TYPE_PROGRESS_VIEW, NULL);

  gtk_label_set_text (self->title, title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->bar), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  return GTK_WIDGET (self);
}

void
eg_progress_view_show (EgProgressView *self, double fraction, const char *text)
{
  g_return_if_fail (EG_IS_PROGRESS_VIEW (self));

  gtk_progress_bar_set_fraction (self->bar, CLAMP (fraction, 0, 1));
  gtk_label_set_text (self->text, text);
}

void
eg_progress_view_end (EgProgressView *self, const char *sentence)
{
  g_return_if_fail (EG_IS_PROGRESS_VIEW (self));

  gtk_widget_set_visible (GTK_WIDGET (self->title), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->bar), FALSE);
  gtk_label_set_text (self->text, sentence);
  gtk_label_set_selectable (self->text, TRUE);
  gtk_button_set_label (self->button, _ ("_Close"));
}

const char *
eg_progress_view_get_text (EgProgressView *self)
{
  g_return_val_if_fail (EG_IS_PROGRESS_VIEW (self), NULL);

  return gtk_label_get_text (self->text);
}

double
eg_progress_view_get_fraction (EgProgressView *self)
{
  g_return_val_if_fail (EG_IS_PROGRESS_VIEW (self), 0);

  return gtk_progress_bar_get_fraction (self->bar);
}
