/* The dialog of an export: what is chosen in it goes to a function, and is remembered. */
#include "app/parts/wheel.h"
#include "app/shell/export-dialog.h"

#include <glib/gi18n.h>
#include <string.h>

static const char *const endings[] = { "svg", "pdf", "png" };
static const double widths[] = { EG_FIGURE_WIDTH_PAGE, EG_FIGURE_WIDTH_COLUMN };

struct _EgExportDialog
{
  AdwWindow parent_instance;
  EgFigure figure;
  char *title_text;
  EgExportFunc func;
  gpointer user_data;

  AdwComboRow *picture, *format, *width;
  GtkWidget *scale_row;
  GtkSpinButton *scale;
  GtkSwitch *title;
};

G_DEFINE_FINAL_TYPE (EgExportDialog, eg_export_dialog, ADW_TYPE_WINDOW)

/* Only pixels have a scale. */
static void
on_format_changed (GObject *row, GParamSpec *pspec, gpointer data)
{
  EgExportDialog *self = data;
  const guint format = adw_combo_row_get_selected (self->format);
  const gboolean pixels = format < G_N_ELEMENTS (endings) && strcmp (endings[format], "png") == 0;

  gtk_widget_set_visible (self->scale_row, pixels);
}

static void
export_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgExportDialog *self = EG_EXPORT_DIALOG (widget);
  GtkWindow *parent = gtk_window_get_transient_for (GTK_WINDOW (self));
  const guint format = MIN (adw_combo_row_get_selected (self->format), G_N_ELEMENTS (endings) - 1);
  const guint width = MIN (adw_combo_row_get_selected (self->width), G_N_ELEMENTS (widths) - 1);
  EgFigure figure = self->figure;
  g_autofree char *title = g_strdup (self->title_text);
  const EgExportFunc func = self->func;
  const gpointer user_data = self->user_data;

  figure.picture = MIN (adw_combo_row_get_selected (self->picture), EG_N_PICTURES - 1);
  figure.options.width = widths[width];
  figure.options.png_scale = gtk_spin_button_get_value (self->scale);
  figure.options.style.title = gtk_switch_get_active (self->title) ? title : NULL;
  gtk_window_destroy (GTK_WINDOW (self));
  if (parent != NULL)
    func (endings[format], &figure, user_data);
}

static void
eg_export_dialog_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_EXPORT_DIALOG);
  G_OBJECT_CLASS (eg_export_dialog_parent_class)->dispose (object);
}

static void
eg_export_dialog_finalize (GObject *object)
{
  g_free (EG_EXPORT_DIALOG (object)->title_text);
  G_OBJECT_CLASS (eg_export_dialog_parent_class)->finalize (object);
}

static void
eg_export_dialog_class_init (EgExportDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_export_dialog_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_export_dialog_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/export-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, picture);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, format);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, width);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, scale_row);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, scale);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, title);
  gtk_widget_class_bind_template_callback (widget_class, on_format_changed);
  gtk_widget_class_install_action (widget_class, "dialog.export", NULL, export_action);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
eg_export_dialog_init (EgExportDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  eg_wheel_scrolls_only (GTK_WIDGET (self));
  on_format_changed (NULL, NULL, self);
}

void
eg_export_dialog_show (GtkWindow *parent,
                       const EgFigure *figure,
                       const char *title,
                       GSettings *settings,
                       EgExportFunc func,
                       gpointer user_data)
{
  EgExportDialog *self = g_object_new (EG_TYPE_EXPORT_DIALOG, "transient-for", parent, NULL);

  self->figure = *figure;
  self->title_text = g_strdup (title);
  self->func = func;
  self->user_data = user_data;
  adw_combo_row_set_selected (self->picture, figure->picture);
  if (settings != NULL)
    {
      g_settings_bind (settings, "figure-format", self->format, "selected", G_SETTINGS_BIND_DEFAULT);
      g_settings_bind (settings, "figure-width", self->width, "selected", G_SETTINGS_BIND_DEFAULT);
      g_settings_bind (settings, "figure-scale", self->scale, "value", G_SETTINGS_BIND_DEFAULT);
      g_settings_bind (settings, "figure-title", self->title, "active", G_SETTINGS_BIND_DEFAULT);
    }
  /* Not the first button, which is Cancel: Return takes what is remembered. */
  gtk_window_set_focus (GTK_WINDOW (self), gtk_window_get_default_widget (GTK_WINDOW (self)));
  gtk_window_present (GTK_WINDOW (self));
}
