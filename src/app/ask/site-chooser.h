/* A button that names some sites, and opens a list of all of them, each with what it is. */
#pragma once

#include "network/family.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_SITE_CHOOSER (eg_site_chooser_get_type ())

/* Properties: "names" (with commas between them, the first one first; "" for none), which is notified;
 * "optional" (whether none may be chosen); "label" (for a screen reader). */
G_DECLARE_FINAL_TYPE (EgSiteChooser, eg_site_chooser, EG, SITE_CHOOSER, AdwBin)

/* The first is the one that is traced first: the one that was chosen first, as long as it is chosen.
 * (transfer full) */
char **eg_site_chooser_get_names (EgSiteChooser *self);

/* NULL is none. Those that the family has not are chosen when another has them. */
void eg_site_chooser_set_names (EgSiteChooser *self, char *const *names);

/* Whose sites are listed. */
void eg_site_chooser_set_family (EgSiteChooser *self, const EgFamily *family);

G_END_DECLS
