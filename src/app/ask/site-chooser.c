#include "app/ask/site-chooser.h"

#include <glib/gi18n.h>
#include <string.h>

struct _EgSiteChooser
{
  AdwBin parent_instance;
  EgSiteSet sites;
  EgSite first;
  gboolean optional, showing;

  GtkMenuButton *button;
  GtkPopover *popover;
  GtkLabel *label;
  GtkListBox *list;
  GtkCheckButton *checks[EG_N_SITES]; /* NULL until the list is opened */
};

enum
{
  PROP_0,
  PROP_NAMES,
  PROP_OPTIONAL,
  PROP_LABEL,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EgSiteChooser, eg_site_chooser, ADW_TYPE_BIN)

static guint
count (EgSiteSet sites)
{
  guint n = 0;
  for (EgSite site = 0; site < EG_N_SITES; site++)
    n += (sites & EG_SITE_BIT (site)) != 0;
  return n;
}

/* What the button says; its tooltip says what the sites are. */
static void
show_on_button (EgSiteChooser *self)
{
  const guint n = count (self->sites);
  g_autoptr (GString) tooltip = g_string_new (NULL);
  g_autofree char *several = g_strdup_printf (ngettext ("%u site", "%u sites", n), n);

  for (EgSite site = 0; site < EG_N_SITES; site++)
    if ((self->sites & EG_SITE_BIT (site)) != 0)
      g_string_append_printf (tooltip, "%s%s: %s", tooltip->len > 0 ? "\n" : "", eg_site_get_title (site),
                              eg_site_get_description (site));
  /* TRANSLATORS: no site is chosen. */
  gtk_label_set_text (self->label, n == 0 ? _ ("None") : n == 1 ? eg_site_get_title (self->first) : several);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->button), tooltip->len > 0 ? tooltip->str : NULL);
}

/* Another text makes a button of another width, and the open list would move with it, away from the pointer:
 * the button waits until the list is closed. */
static void
show (EgSiteChooser *self)
{
  self->showing = TRUE;
  for (EgSite site = 0; site < EG_N_SITES; site++)
    if (self->checks[site] != NULL)
      gtk_check_button_set_active (self->checks[site], (self->sites & EG_SITE_BIT (site)) != 0);
  self->showing = FALSE;
  if (!gtk_widget_get_visible (GTK_WIDGET (self->popover)))
    show_on_button (self);
}

static void
on_closed (GtkPopover *popover, gpointer data)
{
  show_on_button (data);
}

void
eg_site_chooser_set_sites (EgSiteChooser *self, EgSiteSet sites, EgSite first)
{
  g_return_if_fail (EG_IS_SITE_CHOOSER (self));

  EgSite lowest = 0;
  while (lowest + 1 < EG_N_SITES && (sites & EG_SITE_BIT (lowest)) == 0)
    lowest++;
  if ((sites & EG_SITE_BIT (first)) == 0)
    first = lowest;
  if (sites == self->sites && (sites == 0 || first == self->first))
    return;
  self->sites = sites;
  self->first = first;
  show (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAMES]);
}

static void
on_toggled (GtkCheckButton *check, gpointer data)
{
  EgSiteChooser *self = data;
  EgSiteSet sites = 0;

  if (self->showing)
    return;
  for (EgSite site = 0; site < EG_N_SITES; site++)
    if (gtk_check_button_get_active (self->checks[site]))
      sites |= EG_SITE_BIT (site);
  /* The last one stays. */
  if (sites == 0 && !self->optional)
    show (self);
  else
    eg_site_chooser_set_sites (self, sites, self->first);
}

/* A name takes that site alone. */
static void
on_row_activated (GtkListBox *list, GtkListBoxRow *row, gpointer data)
{
  EgSiteChooser *self = data;
  const EgSite site = (EgSite)gtk_list_box_row_get_index (row);

  eg_site_chooser_set_sites (self, EG_SITE_BIT (site), site);
  gtk_popover_popdown (self->popover);
}

static void
add_row (EgSiteChooser *self, EgSite site)
{
  GtkWidget *row = adw_action_row_new (), *check = gtk_check_button_new ();

  self->checks[site] = GTK_CHECK_BUTTON (check);
  gtk_widget_set_valign (check, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (check), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  eg_site_get_title (site), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  eg_site_get_description (site), -1);
  g_signal_connect (check, "toggled", G_CALLBACK (on_toggled), self);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), eg_site_get_title (site));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), eg_site_get_description (site));
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), check);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  gtk_list_box_append (self->list, row);
}

/* Not before somebody looks: a window begins sooner. */
static void
on_opens (GtkMenuButton *button, gpointer data)
{
  EgSiteChooser *self = data;

  if (self->checks[0] != NULL)
    return;
  for (EgSite site = 0; site < EG_N_SITES; site++)
    add_row (self, site);
  show (self);
}

/* The first one, then the others in the order of the table. */
static char *
make_names (EgSiteChooser *self)
{
  g_autofree char *others = eg_sites_to_names (self->sites & ~EG_SITE_BIT (self->first));

  if (self->sites == 0)
    return g_strdup ("");
  return g_strconcat (eg_site_get_name (self->first), *others != '\0' ? "," : "", others, NULL);
}

static void
set_names (EgSiteChooser *self, const char *names)
{
  EgSiteSet sites = 0;
  EgSite first = 0;

  if (names != NULL
      && ((*names == '\0' && self->optional) || eg_sites_from_names (names, &sites, &first, NULL)))
    eg_site_chooser_set_sites (self, sites, first);
}

static void
eg_site_chooser_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EgSiteChooser *self = EG_SITE_CHOOSER (object);

  switch (id)
    {
    case PROP_NAMES:
      g_value_take_string (value, make_names (self));
      break;
    case PROP_OPTIONAL:
      g_value_set_boolean (value, self->optional);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
eg_site_chooser_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EgSiteChooser *self = EG_SITE_CHOOSER (object);

  switch (id)
    {
    case PROP_NAMES:
      set_names (self, g_value_get_string (value));
      break;
    case PROP_OPTIONAL:
      self->optional = g_value_get_boolean (value);
      if (self->optional)
        eg_site_chooser_set_sites (self, 0, 0);
      break;
    case PROP_LABEL:
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                      g_value_get_string (value), -1);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

/* As the button itself: a row that it stands in opens it. */
static gboolean
eg_site_chooser_mnemonic_activate (GtkWidget *widget, gboolean group_cycling)
{
  return gtk_widget_mnemonic_activate (GTK_WIDGET (EG_SITE_CHOOSER (widget)->button), group_cycling);
}

static void
eg_site_chooser_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_SITE_CHOOSER);
  G_OBJECT_CLASS (eg_site_chooser_parent_class)->dispose (object);
}

static void
eg_site_chooser_class_init (EgSiteChooserClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = eg_site_chooser_get_property;
  object_class->set_property = eg_site_chooser_set_property;
  object_class->dispose = eg_site_chooser_dispose;
  widget_class->mnemonic_activate = eg_site_chooser_mnemonic_activate;
  properties[PROP_NAMES] = g_param_spec_string ("names", NULL, NULL, "resid", flags);
  properties[PROP_OPTIONAL] = g_param_spec_boolean ("optional", NULL, NULL, FALSE, flags);
  properties[PROP_LABEL]
      = g_param_spec_string ("label", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/site-chooser.ui");
  gtk_widget_class_bind_template_child (widget_class, EgSiteChooser, button);
  gtk_widget_class_bind_template_child (widget_class, EgSiteChooser, popover);
  gtk_widget_class_bind_template_child (widget_class, EgSiteChooser, label);
  gtk_widget_class_bind_template_child (widget_class, EgSiteChooser, list);
  gtk_widget_class_bind_template_callback (widget_class, on_closed);
}

static void
eg_site_chooser_init (EgSiteChooser *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->sites = EG_SITE_BIT (EG_SITE_RESID);
  self->first = EG_SITE_RESID;
  gtk_menu_button_set_create_popup_func (self->button, on_opens, self, NULL);
  g_signal_connect (self->list, "row-activated", G_CALLBACK (on_row_activated), self);
  show (self);
}

EgSite
eg_site_chooser_get_first (EgSiteChooser *self)
{
  g_return_val_if_fail (EG_IS_SITE_CHOOSER (self), EG_SITE_RESID);

  return self->first;
}

EgSiteSet
eg_site_chooser_get_sites (EgSiteChooser *self)
{
  g_return_val_if_fail (EG_IS_SITE_CHOOSER (self), 0);

  return self->sites;
}
