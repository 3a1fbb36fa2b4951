/* Says which model the loader has, or how far it is, and opens the menu of models. */
#include "app/models/model-button.h"

#include "app/models/model-menu.h"
#include "library/locate.h"

#include <glib/gi18n.h>
#include <string.h>

struct _EgModelButton
{
  AdwBin parent_instance;
  EgModelLoader *loader; /* NULL: nothing is shown yet, or any more */
  EgModelMenu *menu;     /* the program's */

  GtkMenuButton *button;
  GtkWidget *cancel_button;
  GtkSpinner *spinner;
  GtkLabel *label;
};

G_DEFINE_FINAL_TYPE (EgModelButton, eg_model_button, ADW_TYPE_BIN)

/* As wide as its text, up to a limit; cut where there is less room; and with hardly any, an icon takes its
 * place. */
static void
set_text (EgModelButton *self, const char *text)
{
  gtk_label_set_width_chars (self->label, (int)MIN (g_utf8_strlen (text, -1), 12));
  gtk_label_set_text (self->label, text);
  g_autofree char *name = g_strdup_printf (_ ("Model: %s"), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static char *
describe_model (EgModel *model)
{
  g_autofree char *bytes = g_format_size (eg_model_get_n_bytes (model));
  const char *origin = eg_tokenizer_origin_describe (eg_model_get_tokenizer_origin (model));

  /* TRANSLATORS: of a model: the type of its numbers, its size, the device; its folder; where its tokenizer
   * comes from, and that file. */
  return g_strdup_printf (_ ("%'zu parameters, %s, %s, on %s\n%s\nTokenizer: %s\n%s"),
                          eg_model_get_n_parameters (model), eg_model_get_dtype_name (model), bytes,
                          eg_model_get_device_name (model), eg_model_get_folder (model), origin,
                          eg_model_get_tokenizer_path (model) ? eg_model_get_tokenizer_path (model) : "");
}

static void
show_loading (EgModelButton *self)
{
  const double progress = eg_model_loader_get_progress (self->loader);
  g_autofree char *text
      = progress > 0 ? g_strdup_printf (_ ("Loading… %.0f%%"), 100 * progress) : g_strdup (_ ("Loading…"));
  set_text (self, text);
}

static void
show_model (EgModelButton *self, EgModel *model)
{
  const char *name = eg_model_get_name (model);
  const EgDemo *demo = eg_demo_find (name);
  g_autofree char *tooltip = describe_model (model);
  g_autofree char *text
      /* TRANSLATORS: the name of a model, and how many layers it has. */
      = g_strdup_printf (_ ("%s · %zu layers"), demo != NULL ? _ (demo->label) : name,
                         eg_model_get_sizes (model)->n_layers);

  set_text (self, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->button), tooltip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, tooltip,
                                  -1);
}

static void
on_loader_changed (EgModelButton *self)
{
  const gboolean loading = eg_model_loader_is_loading (self->loader);
  EgModel *model = eg_model_loader_get_model (self->loader);

  gtk_spinner_set_spinning (self->spinner, loading);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), loading);
  gtk_widget_set_visible (self->cancel_button, loading);
  if (loading)
    show_loading (self);
  else if (model != NULL)
    show_model (self, model);
  else
    set_text (self, _ ("No model"));
}

static void
on_loaded (EgModelButton *self)
{
  eg_model_menu_remember (self->menu, eg_model_get_folder (eg_model_loader_get_model (self->loader)));
}

static void
on_opens (GtkMenuButton *button, gpointer data)
{
  eg_model_menu_refresh (EG_MODEL_BUTTON (data)->menu);
}

static void
eg_model_button_dispose (GObject *object)
{
  EgModelButton *self = EG_MODEL_BUTTON (object);

  if (self->loader != NULL)
    g_signal_handlers_disconnect_by_data (self->loader, self);
  g_clear_object (&self->loader);
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_MODEL_BUTTON);
  G_OBJECT_CLASS (eg_model_button_parent_class)->dispose (object);
}

static void
eg_model_button_class_init (EgModelButtonClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_model_button_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/model-button.ui");
  gtk_widget_class_bind_template_child (widget_class, EgModelButton, button);
  gtk_widget_class_bind_template_child (widget_class, EgModelButton, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, EgModelButton, spinner);
  gtk_widget_class_bind_template_child (widget_class, EgModelButton, label);
}

static void
eg_model_button_init (EgModelButton *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
eg_model_button_set_loader (EgModelButton *self, EgModelLoader *loader, GSettings *settings)
{
  g_return_if_fail (EG_IS_MODEL_BUTTON (self) && self->loader == NULL);

  self->loader = g_object_ref (loader);
  self->menu = eg_model_menu_get_default (settings);
  gtk_menu_button_set_menu_model (self->button, eg_model_menu_get_menu (self->menu));
  gtk_menu_button_set_create_popup_func (self->button, on_opens, self, NULL);
  g_signal_connect_swapped (loader, "changed", G_CALLBACK (on_loader_changed), self);
  g_signal_connect_swapped (loader, "loaded", G_CALLBACK (on_loaded), self);
  on_loader_changed (self);
}
