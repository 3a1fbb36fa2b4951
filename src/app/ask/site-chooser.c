/* A list of sites behind a button: those of one family, whose names are kept when another has them, too. */
#include "app/ask/site-chooser.h"

#include "trace/ask/site-names.h"

#include <glib/gi18n.h>
#include <string.h>

#define MOST_DESCRIBED 3

struct _EgSiteChooser
{
  AdwBin parent_instance;
  const EgFamily *family;
  char **wanted; /* what was chosen last, whatever the family has of it */
  EgSiteSet sites;
  EgSite first;
  gboolean optional, showing;

  GtkMenuButton *button;
  GtkPopover *popover;
  GtkLabel *label;
  GtkListBox *list;
  GtkButton *all_button;
  GtkCheckButton *checks[EG_MAX_SITES]; /* NULL until the list is opened */
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
count (EgSiteChooser *self)
{
  guint n = 0;
  for (EgSite site = 0; site < self->family->n_sites; site++)
    n += (self->sites & EG_SITE_BIT (site)) != 0;
  return n;
}

static const char *
get_title (EgSiteChooser *self, EgSite site)
{
  return _ (self->family->sites[site].title);
}

static const char *
get_description (EgSiteChooser *self, EgSite site)
{
  return _ (self->family->sites[site].description);
}

static EgSiteSet
get_all (EgSiteChooser *self)
{
  EgSiteSet all = 0;

  for (EgSite site = 0; site < self->family->n_sites; site++)
    all |= EG_SITE_BIT (site);
  return all;
}

static void
show_all_button (EgSiteChooser *self)
{
  gtk_button_set_label (self->all_button, self->sites != get_all (self) ? _ ("_All")
                                          : self->optional              ? _ ("_None")
                                                                        : _ ("_One"));
}

/* What the button says; its tooltip says what the sites are. */
static void
show_on_button (EgSiteChooser *self)
{
  const guint n = count (self);
  g_autoptr (GString) tooltip = g_string_new (NULL);
  g_autofree char *several = g_strdup_printf (ngettext ("%u site", "%u sites", n), n);

  /* What they are is said of few: the names of many fill enough of the screen. */
  for (EgSite site = 0; site < self->family->n_sites; site++)
    if ((self->sites & EG_SITE_BIT (site)) != 0)
      g_string_append_printf (tooltip, n > MOST_DESCRIBED ? "%s%s" : "%s%s: %s",
                              tooltip->len == 0    ? ""
                              : n > MOST_DESCRIBED ? ", "
                                                   : "\n",
                              get_title (self, site), get_description (self, site));
  /* TRANSLATORS: no site is chosen. */
  gtk_label_set_text (self->label, n == 0 ? _ ("None") : n == 1 ? get_title (self, self->first) : several);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->button), tooltip->len > 0 ? tooltip->str : NULL);
}

/* Another text makes a button of another width, and the open list would move with it, away from the pointer:
 * the button waits until the list is closed. */
static void
show (EgSiteChooser *self)
{
  self->showing = TRUE;
  for (EgSite site = 0; site < self->family->n_sites; site++)
    if (self->checks[site] != NULL)
      gtk_check_button_set_active (self->checks[site], (self->sites & EG_SITE_BIT (site)) != 0);
  self->showing = FALSE;
  show_all_button (self);
  if (!gtk_widget_get_visible (GTK_WIDGET (self->popover)))
    show_on_button (self);
}

static void
on_closed (GtkPopover *popover, gpointer data)
{
  show_on_button (data);
}

static void
set_sites (EgSiteChooser *self, EgSiteSet sites, EgSite first)
{
  EgSite lowest = 0;
  while (lowest + 1 < self->family->n_sites && (sites & EG_SITE_BIT (lowest)) == 0)
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

/* As a person chooses. */
static void
choose (EgSiteChooser *self, EgSiteSet sites, EgSite first)
{
  g_strfreev (self->wanted);
  self->wanted = eg_site_names_of_set (sites, self->family, first);
  set_sites (self, sites, first);
}

/* Of what is wanted, that which the family has; the residual stream where it has nothing of it. */
static void
take_wanted (EgSiteChooser *self)
{
  EgSite first = 0;
  const EgSiteSet sites = eg_site_names_to_set (self->wanted, self->family, &first);

  set_sites (self, sites == 0 && !self->optional ? EG_SITE_BIT (0) : sites, first);
}

static void
on_toggled (GtkCheckButton *check, gpointer data)
{
  EgSiteChooser *self = data;
  EgSiteSet sites = 0;

  if (self->showing)
    return;
  for (EgSite site = 0; site < self->family->n_sites; site++)
    if (gtk_check_button_get_active (self->checks[site]))
      sites |= EG_SITE_BIT (site);
  /* The last one stays. */
  if (sites == 0 && !self->optional)
    show (self);
  else
    choose (self, sites, self->first);
}

/* A name takes that site alone, while there is one at most; ticks are not lost by it. */
static void
on_row_activated (GtkListBox *list, GtkListBoxRow *row, gpointer data)
{
  EgSiteChooser *self = data;
  const EgSite site = (EgSite)gtk_list_box_row_get_index (row);

  if (count (self) > 1)
    {
      gtk_check_button_set_active (self->checks[site], !gtk_check_button_get_active (self->checks[site]));
      return;
    }

  choose (self, EG_SITE_BIT (site), site);
  gtk_popover_popdown (self->popover);
}

/* All of them; where all are chosen, the first alone again, or none. */
static void
on_all (GtkButton *button, gpointer data)
{
  EgSiteChooser *self = data;
  const EgSiteSet least = self->optional ? 0 : EG_SITE_BIT (self->first);

  choose (self, self->sites != get_all (self) ? get_all (self) : least, self->first);
}

static void
add_row (EgSiteChooser *self, EgSite site)
{
  GtkWidget *row = adw_action_row_new (), *check = gtk_check_button_new ();

  self->checks[site] = GTK_CHECK_BUTTON (check);
  gtk_widget_set_valign (check, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (check), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  get_title (self, site), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  get_description (self, site), -1);
  g_signal_connect (check, "toggled", G_CALLBACK (on_toggled), self);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), get_title (self, site));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), get_description (self, site));
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
  for (EgSite site = 0; site < self->family->n_sites; site++)
    add_row (self, site);
  show (self);
}

static void
set_text (EgSiteChooser *self, const char *text)
{
  g_auto (GStrv) names = text != NULL ? eg_site_names_parse (text, self->optional, NULL) : NULL;

  if (names != NULL)
    eg_site_chooser_set_names (self, names);
}

static void
eg_site_chooser_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EgSiteChooser *self = EG_SITE_CHOOSER (object);
  g_auto (GStrv) names = NULL;

  switch (id)
    {
    case PROP_NAMES:
      names = eg_site_chooser_get_names (self);
      g_value_take_string (value, eg_site_names_join (names));
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
      set_text (self, g_value_get_string (value));
      break;
    case PROP_OPTIONAL:
      self->optional = g_value_get_boolean (value);
      if (self->optional)
        choose (self, 0, 0);
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
eg_site_chooser_finalize (GObject *object)
{
  g_strfreev (EG_SITE_CHOOSER (object)->wanted);
  G_OBJECT_CLASS (eg_site_chooser_parent_class)->finalize (object);
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
  object_class->finalize = eg_site_chooser_finalize;
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
  gtk_widget_class_bind_template_child (widget_class, EgSiteChooser, all_button);
  gtk_widget_class_bind_template_callback (widget_class, on_all);
  gtk_widget_class_bind_template_callback (widget_class, on_closed);
}

static void
eg_site_chooser_init (EgSiteChooser *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->family = eg_families[0];
  self->sites = EG_SITE_BIT (0);
  self->wanted = eg_site_names_of_set (self->sites, self->family, 0);
  gtk_menu_button_set_create_popup_func (self->button, on_opens, self, NULL);
  g_signal_connect (self->list, "row-activated", G_CALLBACK (on_row_activated), self);
  show (self);
}

char **
eg_site_chooser_get_names (EgSiteChooser *self)
{
  g_return_val_if_fail (EG_IS_SITE_CHOOSER (self), NULL);

  return eg_site_names_of_set (self->sites, self->family, self->first);
}

void
eg_site_chooser_set_names (EgSiteChooser *self, char *const *names)
{
  g_return_if_fail (EG_IS_SITE_CHOOSER (self));

  char **copy = g_strdupv ((char **)names);
  g_strfreev (self->wanted);
  self->wanted = copy;
  take_wanted (self);
}

void
eg_site_chooser_set_family (EgSiteChooser *self, const EgFamily *family)
{
  g_return_if_fail (EG_IS_SITE_CHOOSER (self) && family != NULL);

  GtkListBoxRow *row;

  if (family == self->family)
    return;
  while ((row = gtk_list_box_get_row_at_index (self->list, 0)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
  memset (self->checks, 0, sizeof self->checks);
  self->family = family;
  self->sites = 0; /* not those of the same numbers */
  take_wanted (self);
}
