/* Lists of sites by their names, as requests and files have them: the first is the one that is traced first,
 * the others follow in the order of the table of sites. */
#pragma once

#include "network/site.h"

G_BEGIN_DECLS

/* "mixer,state", or "all"; "" only where none is allowed. EG_ERROR_INVALID says which names there are.
 * (transfer full) */
char **eg_site_names_parse (const char *text, gboolean optional, GError **error);

/* "mixer,state"; "" for none, or for NULL. (transfer full) */
char *eg_site_names_join (char *const *names);

/* How many; 0 for NULL. */
gsize eg_site_names_count (char *const *names);

/* "Residual stream": what a person reads; the name itself where no site has it. (transfer none) */
const char *eg_site_name_get_title (const char *name);

/* Whether the only one is this. */
gboolean eg_site_names_are (char *const *names, const char *only);

/* Whether there are such sites, each once; EG_ERROR_INVALID. */
gboolean eg_site_names_check (char *const *names, GError **error);

/* The same as a set, with the first one apart (may be NULL); names that there are not are left out. */
EgSiteSet eg_site_names_to_set (char *const *names, EgSite *first);

/* first: one of the set; of an empty set, it does not matter. (transfer full) */
char **eg_site_names_of_set (EgSiteSet set, EgSite first);

G_END_DECLS
