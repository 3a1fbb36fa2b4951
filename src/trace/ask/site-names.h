/* Lists of sites by their names, as requests and files have them, whatever the family: the first is the one
 * that is traced first, the others follow in the order of the families' tables. A list of "all" alone is all
 * the sites of the model that is traced. */
#pragma once

#include "network/family.h"

G_BEGIN_DECLS

/* The names that any family has, each once; NULL after the last. */
const char *eg_site_name_at (guint i);

/* "Residual stream": what a person reads; the name itself where no family has it. (transfer none) */
const char *eg_site_name_get_title (const char *name);

/* The site whose paths a knockout cuts, of the first family that has one; whether it is that of any family.
 */
const char *eg_site_name_of_knockouts (void);
gboolean eg_site_name_has_knockouts (const char *name);

/* Whether what is put there is read by later positions, too, so that a sweep can carry it on; of any family.
 */
gboolean eg_site_name_is_carried (const char *name);

/* "mixer,state", or "all"; "" only where none is allowed. EG_ERROR_INVALID says which names there are.
 * (transfer full) */
char **eg_site_names_parse (const char *text, gboolean optional, GError **error);

/* "mixer,state"; "" for none, or for NULL. (transfer full) */
char *eg_site_names_join (char *const *names);

/* How many; 0 for NULL. */
gsize eg_site_names_count (char *const *names);

/* Whether the only one is this. */
gboolean eg_site_names_are (char *const *names, const char *only);

/* Whether there are such sites, each once; of this family, where one is given. EG_ERROR_INVALID. */
gboolean eg_site_names_check (char *const *names, const EgFamily *family, GError **error);

/* A family's sites as a set, with the first one apart (may be NULL); names that it has not are left out. */
EgSiteSet eg_site_names_to_set (char *const *names, const EgFamily *family, EgSite *first);

/* first: one of the set; of an empty set, it does not matter. (transfer full) */
char **eg_site_names_of_set (EgSiteSet set, const EgFamily *family, EgSite first);

G_END_DECLS
