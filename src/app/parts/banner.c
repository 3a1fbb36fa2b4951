/* A sentence, its button and the one that closes it, from a template. */
#include "app/parts/banner.h"

#include "app/parts/flow-layout.h"

struct _EgBanner
{
  AdwBin parent_instance;
  GtkLabel *label, *button_label;
  GtkButton *button;
};

enum
{
  CLOSED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgBanner, eg_banner, ADW_TYPE_BIN)

static void
on_close (GtkButton *button, gpointer data)
{
  eg_banner_hide (data);
  g_signal_emit (data, signals[CLOSED], 0);
}

static void
eg_banner_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_BANNER);
  G_OBJECT_CLASS (eg_banner_parent_class)->dispose (object);
}

static void
eg_banner_class_init (EgBannerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_banner_dispose;
  g_type_ensure (EG_TYPE_FLOW_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/banner.ui");
  gtk_widget_class_bind_template_child (widget_class, EgBanner, label);
  gtk_widget_class_bind_template_child (widget_class, EgBanner, button);
  gtk_widget_class_bind_template_child (widget_class, EgBanner, button_label);
  gtk_widget_class_bind_template_callback (widget_class, on_close);
  signals[CLOSED]
      = g_signal_new ("closed", EG_TYPE_BANNER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
eg_banner_init (EgBanner *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
eg_banner_new (void)
{
  return g_object_new (EG_TYPE_BANNER, NULL);
}

static void
set_class (GtkWidget *widget, const char *name, gboolean on)
{
  if (on)
    gtk_widget_add_css_class (widget, name);
  else
    gtk_widget_remove_css_class (widget, name);
}

void
eg_banner_show (EgBanner *self, EgBannerKind kind, const char *text, const char *action, const char *label)
{
  g_return_if_fail (EG_IS_BANNER (self));

  GtkWidget *box = adw_bin_get_child (ADW_BIN (self));

  gtk_label_set_text (self->label, text);
  gtk_widget_set_visible (GTK_WIDGET (self->button), action != NULL);
  if (action != NULL)
    {
      gtk_label_set_text_with_mnemonic (self->button_label, label);
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                      gtk_label_get_text (self->button_label), -1);
      gtk_actionable_set_detailed_action_name (GTK_ACTIONABLE (self->button), action);
    }
  set_class (box, "error", kind == EG_BANNER_ERROR);
  set_class (box, "question", kind == EG_BANNER_QUESTION);
  gtk_widget_set_visible (GTK_WIDGET (self), TRUE);
}

void
eg_banner_hide (EgBanner *self)
{
  g_return_if_fail (EG_IS_BANNER (self));

  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
