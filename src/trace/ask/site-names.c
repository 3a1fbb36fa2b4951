/* Lists of sites by name: the border between what is asked for and the numbers that a grid has. */
#include "trace/ask/site-names.h"

char **
eg_site_names_of_set (EgSiteSet set, EgSite first)
{
  GPtrArray *names = g_ptr_array_new ();
  if ((set & EG_SITE_BIT (first)) != 0)
    g_ptr_array_add (names, g_strdup (eg_site_get_name (first)));
  for (EgSite site = 0; site < EG_N_SITES; site++)
    if ((set & EG_SITE_BIT (site)) != 0 && site != first)
      g_ptr_array_add (names, g_strdup (eg_site_get_name (site)));
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_free (names, FALSE);
}

EgSiteSet
eg_site_names_to_set (char *const *names, EgSite *first)
{
  EgSiteSet set = 0;
  for (gsize i = 0; names != NULL && names[i] != NULL; i++)
    {
      EgSite site;
      if (!eg_site_from_name (names[i], &site, NULL))
        continue;
      if (set == 0 && first != NULL)
        *first = site;
      set |= EG_SITE_BIT (site);
    }
  return set;
}

char **
eg_site_names_parse (const char *text, gboolean optional, GError **error)
{
  EgSite first = 0;
  EgSiteSet set = 0;
  if ((!optional || *text != '\0') && !eg_sites_from_names (text, &set, &first, error))
    return NULL;
  return eg_site_names_of_set (set, first);
}

char *
eg_site_names_join (char *const *names)
{
  return names != NULL ? g_strjoinv (",", (char **)names) : g_strdup ("");
}

gsize
eg_site_names_count (char *const *names)
{
  return names != NULL ? g_strv_length ((char **)names) : 0;
}

const char *
eg_site_name_get_title (const char *name)
{
  EgSite site;
  return eg_site_from_name (name, &site, NULL) ? eg_site_get_title (site) : name;
}

gboolean
eg_site_names_are (char *const *names, const char *only)
{
  return eg_site_names_count (names) == 1 && g_str_equal (names[0], only);
}

gboolean
eg_site_names_check (char *const *names, GError **error)
{
  g_autofree char *text = eg_site_names_join (names);
  EgSiteSet set;
  return *text == '\0' || eg_sites_from_names (text, &set, NULL, error);
}
