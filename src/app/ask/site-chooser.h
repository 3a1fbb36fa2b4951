/* A button that names some sites, and opens a list of all of them, each with what it is. */
#pragma once

#include "network/site.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_SITE_CHOOSER (eg_site_chooser_get_type ())

/* Properties: "names" (with commas between them, the first one first; "" for none), which is notified;
 * "optional" (whether none may be chosen); "label" (for a screen reader). */
G_DECLARE_FINAL_TYPE (EgSiteChooser, eg_site_chooser, EG, SITE_CHOOSER, AdwBin)

/* The one that is traced first: the one that was chosen first, as long as it is chosen. */
EgSite eg_site_chooser_get_first (EgSiteChooser *self);
EgSiteSet eg_site_chooser_get_sites (EgSiteChooser *self);

/* first: one of the sites; of none, it does not matter. */
void eg_site_chooser_set_sites (EgSiteChooser *self, EgSiteSet sites, EgSite first);

G_END_DECLS
