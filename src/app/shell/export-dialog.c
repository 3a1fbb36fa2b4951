/* The dialog of an export: what is chosen in it goes to a function, and is remembered. */
#include "app/shell/export-dialog.h"

#include "app/parts/wheel.h"
#include "plot/length.h"

#include <glib/gi18n.h>
#include <string.h>

static const char *const endings[] = { "svg", "pdf", "png" };

#define LEAST_HEIGHT 0.5 /* inches */

/* As the list has them; the last one is for any other. */
static const char *const widths[] = { "page", "column", "180mm", "85mm" };

static const EgColormap colormaps[]
    = { EG_COLORMAP_PURPLES, EG_COLORMAP_RDYLBU_R, EG_COLORMAP_VIRIDIS, EG_COLORMAP_CIVIDIS,
        EG_COLORMAP_BLUES,   EG_COLORMAP_GREENS,   EG_COLORMAP_ORANGES, EG_COLORMAP_REDS };

struct _EgExportDialog
{
  AdwWindow parent_instance;
  EgFigure *figure;
  EgTraceGrid *grid;
  EgPicture offered[EG_N_PICTURES]; /* in the order of the list */
  EgExportFunc func;
  gpointer user_data;

  AdwComboRow *picture, *format, *width, *scale, *colormap;
  AdwEntryRow *other_width, *height, *limits;
  GtkWidget *png_scale_row, *own_scale_row, *hatch_row, *spaces_row, *outlines_row;
  GtkSpinButton *png_scale;
  GtkSwitch *title, *caption, *own_scale, *hatch, *spaces, *outlines;
};

G_DEFINE_FINAL_TYPE (EgExportDialog, eg_export_dialog, ADW_TYPE_WINDOW)

/* ---- what is chosen ---- */

static EgPicture
get_picture (EgExportDialog *self)
{
  return self->offered[MIN (adw_combo_row_get_selected (self->picture), EG_N_PICTURES - 1)];
}

static guint
get_format (EgExportDialog *self)
{
  return MIN (adw_combo_row_get_selected (self->format), G_N_ELEMENTS (endings) - 1);
}

static gboolean
is_pixels (EgExportDialog *self)
{
  return strcmp (endings[get_format (self)], "png") == 0;
}

static gboolean
parse_width (EgExportDialog *self, double *inches)
{
  const guint chosen = adw_combo_row_get_selected (self->width);
  const char *text = chosen < G_N_ELEMENTS (widths)
                         ? widths[chosen]
                         : gtk_editable_get_text (GTK_EDITABLE (self->other_width));
  return eg_length_parse (text, inches, NULL) && *inches >= 1 && *inches <= 40;
}

/* Nothing, which is 0, is what suits the width. */
static gboolean
parse_height (EgExportDialog *self, double *inches)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->height));
  *inches = 0;
  return *text == '\0' || (eg_length_parse (text, inches, NULL) && *inches >= LEAST_HEIGHT && *inches <= 40);
}

/* Of normalized maps that are given no limits. */
static gboolean
may_have_own_scale (EgExportDialog *self)
{
  const EgPicture picture = get_picture (self);
  const gboolean map = picture == EG_PICTURE_HEATMAP || picture == EG_PICTURE_SITES;
  return map && adw_combo_row_get_selected (self->scale) == EG_SCALE_NORMALIZED
         && *gtk_editable_get_text (GTK_EDITABLE (self->limits)) == '\0';
}

/* Nothing is what suits the numbers. */
static gboolean
parse_limits (EgExportDialog *self, EgHeatmapStyle *style)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->limits));
  style->limit_low = style->limit_high = 0;
  return *text == '\0' || eg_limits_parse (text, style, NULL);
}

static void
set_wrong (AdwEntryRow *row, gboolean wrong)
{
  if (wrong)
    gtk_widget_add_css_class (GTK_WIDGET (row), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (row), "error");
}

/* Only what changes something of this figure is there; what is wrong cannot be exported. */
static void
update (EgExportDialog *self)
{
  const EgPicture picture = get_picture (self);
  const gboolean map = picture == EG_PICTURE_HEATMAP || picture == EG_PICTURE_SITES;
  const gboolean symmetric = adw_combo_row_get_selected (self->scale) == EG_SCALE_SYMMETRIC;
  EgHeatmapStyle style;
  double width, height;
  const gboolean right_width = parse_width (self, &width), right_limits = parse_limits (self, &style);
  const gboolean right_height = parse_height (self, &height);

  gtk_widget_set_visible (self->png_scale_row, is_pixels (self));
  gtk_widget_set_visible (self->outlines_row, !is_pixels (self));
  gtk_widget_set_visible (GTK_WIDGET (self->other_width),
                          adw_combo_row_get_selected (self->width) >= G_N_ELEMENTS (widths));
  gtk_widget_set_visible (GTK_WIDGET (self->colormap), map && !symmetric);
  gtk_widget_set_visible (self->own_scale_row, may_have_own_scale (self));
  gtk_widget_set_visible (self->hatch_row, map);
  gtk_widget_set_visible (self->spaces_row, map && eg_trace_grid_tells_tokens (self->grid));
  set_wrong (self->other_width, !right_width);
  set_wrong (self->height, !right_height);
  set_wrong (self->limits, !right_limits);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "dialog.export",
                                 right_width && right_height && right_limits);
}

static void
on_changed (GObject *row, GParamSpec *pspec, gpointer data)
{
  EgExportDialog *self = data;
  if (self->grid != NULL)
    update (self);
}

/* The figure that is chosen. (transfer full) */
static EgFigure *
make_figure (EgExportDialog *self)
{
  EgFigure figure = *self->figure;
  EgHeatmapStyle *style = &figure.options.style;
  const guint colormap = MIN (adw_combo_row_get_selected (self->colormap), G_N_ELEMENTS (colormaps) - 1);

  figure.picture = get_picture (self);
  parse_width (self, &figure.options.width);
  parse_height (self, &figure.options.height);
  parse_limits (self, style);
  style->own_scale = may_have_own_scale (self) && gtk_switch_get_active (self->own_scale);
  figure.options.png_scale = gtk_spin_button_get_value (self->png_scale);
  figure.options.outlines = gtk_switch_get_active (self->outlines);
  style->scale = MIN (adw_combo_row_get_selected (self->scale), EG_N_SCALES - 1);
  style->colormap = colormaps[colormap];
  style->hatch_noise = gtk_switch_get_active (self->hatch);
  style->hide_spaces = gtk_switch_get_active (self->spaces);
  g_autofree char *title = eg_figure_make_title (self->grid);
  style->title = gtk_switch_get_active (self->title) ? title : NULL;
  g_autofree char *caption = eg_figure_make_caption (&figure, self->grid);
  figure.options.caption = gtk_switch_get_active (self->caption) ? caption : NULL;
  return eg_figure_copy (&figure);
}

static void
export_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgExportDialog *self = EG_EXPORT_DIALOG (widget);
  GtkWindow *parent = gtk_window_get_transient_for (GTK_WINDOW (self));
  g_autoptr (EgFigure) figure = make_figure (self);
  const char *ending = endings[get_format (self)];
  const EgExportFunc func = self->func;
  const gpointer user_data = self->user_data;

  gtk_window_destroy (GTK_WINDOW (self));
  if (parent != NULL)
    func (ending, figure, user_data);
}

/* ---- the window ---- */

static void
eg_export_dialog_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_EXPORT_DIALOG);
  G_OBJECT_CLASS (eg_export_dialog_parent_class)->dispose (object);
}

static void
eg_export_dialog_finalize (GObject *object)
{
  EgExportDialog *self = EG_EXPORT_DIALOG (object);
  eg_figure_free (self->figure);
  g_clear_pointer (&self->grid, eg_trace_grid_unref);
  G_OBJECT_CLASS (eg_export_dialog_parent_class)->finalize (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/export-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, picture);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, format);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, width);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, other_width);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, scale);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, limits);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, height);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, own_scale_row);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, own_scale);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, colormap);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, png_scale_row);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, png_scale);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, hatch_row);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, hatch);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, spaces_row);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, spaces);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, outlines_row);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, outlines);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, title);
  gtk_widget_class_bind_template_child (widget_class, EgExportDialog, caption);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
}

static void
eg_export_dialog_class_init (EgExportDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_export_dialog_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_export_dialog_finalize;
  bind_template (widget_class);
  gtk_widget_class_install_action (widget_class, "dialog.export", NULL, export_action);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
eg_export_dialog_init (EgExportDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  eg_wheel_scrolls_only (GTK_WIDGET (self));
}

/* Those that this trace has; the proposed one is chosen. */
static void
offer_pictures (EgExportDialog *self)
{
  static const char *const titles[EG_N_PICTURES] = {
    [EG_PICTURE_HEATMAP] = /* TRANSLATORS: a picture: the heatmap. */
    N_ ("Map"),
    [EG_PICTURE_LAYERS] = N_ ("Layer average"),
    [EG_PICTURE_SUBJECT] = N_ ("Subject and all tokens"),
    [EG_PICTURE_PINNED] = N_ ("Pinned cells"),
    [EG_PICTURE_SITES] = N_ ("All sites side by side"),
  };
  g_autoptr (GtkStringList) list = gtk_string_list_new (NULL);
  guint n = 0, chosen = 0;

  for (EgPicture p = 0; p < EG_N_PICTURES; p++)
    {
      if (!eg_picture_is_of (p, self->grid, self->figure->n_pins))
        continue;
      gtk_string_list_append (list, _ (titles[p]));
      if (p == self->figure->picture)
        chosen = n;
      self->offered[n++] = p;
    }
  adw_combo_row_set_model (self->picture, G_LIST_MODEL (list));
  adw_combo_row_set_selected (self->picture, chosen);
}

static void
remember (EgExportDialog *self, GSettings *settings)
{
  const struct
  {
    const char *key;
    gpointer widget;
    const char *property;
  } bound[] = {
    { "figure-format", self->format, "selected" },       { "figure-width", self->width, "selected" },
    { "figure-other-width", self->other_width, "text" }, { "figure-colormap", self->colormap, "selected" },
    { "figure-scale", self->png_scale, "value" },        { "figure-title", self->title, "active" },
    { "figure-caption", self->caption, "active" },       { "figure-hatch", self->hatch, "active" },
    { "figure-hide-spaces", self->spaces, "active" },    { "figure-outlines", self->outlines, "active" }
  };

  for (gsize i = 0; settings != NULL && i < G_N_ELEMENTS (bound); i++)
    g_settings_bind (settings, bound[i].key, bound[i].widget, bound[i].property, G_SETTINGS_BIND_DEFAULT);
}

void
eg_export_dialog_show (GtkWindow *parent,
                       const EgFigure *figure,
                       EgTraceGrid *grid,
                       GSettings *settings,
                       EgExportFunc func,
                       gpointer user_data)
{
  EgExportDialog *self = g_object_new (EG_TYPE_EXPORT_DIALOG, "transient-for", parent, NULL);

  self->figure = eg_figure_copy (figure);
  self->grid = eg_trace_grid_ref (grid);
  self->func = func;
  self->user_data = user_data;
  offer_pictures (self);
  adw_combo_row_set_selected (self->scale, figure->options.style.scale);
  remember (self, settings);
  update (self);
  /* Not the first button, which is Cancel: Return takes what is remembered. */
  gtk_window_set_focus (GTK_WINDOW (self), gtk_window_get_default_widget (GTK_WINDOW (self)));
  gtk_window_present (GTK_WINDOW (self));
}
