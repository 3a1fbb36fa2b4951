/* Lists of sites by name: the border between what is asked for and the numbers that a family has. */
#include "trace/ask/site-names.h"

#include "core/error.h"

#include <glib/gi18n.h>
#include <stdlib.h>

#define ALL "all"

/* The number of a family's site; FALSE when it has none of the name. */
static gboolean
find_in (const EgFamily *family, const char *name, EgSite *site)
{
  for (*site = 0; *site < family->n_sites; ++*site)
    if (g_str_equal (family->sites[*site].name, name))
      return TRUE;
  return FALSE;
}

/* The first family that has it. */
static const EgSiteInfo *
find (const char *name)
{
  EgSite site;
  for (gsize f = 0; eg_families[f] != NULL; f++)
    if (find_in (eg_families[f], name, &site))
      return &eg_families[f]->sites[site];
  return NULL;
}

/* Not those of a family before it. */
static gboolean
has_own_sites (gsize f)
{
  for (gsize before = 0; before < f; before++)
    if (eg_families[before]->sites == eg_families[f]->sites)
      return FALSE;
  return TRUE;
}

const char *
eg_site_name_at (guint i)
{
  for (gsize f = 0; eg_families[f] != NULL; f++)
    for (EgSite site = 0; has_own_sites (f) && site < eg_families[f]->n_sites; site++)
      {
        const EgSiteInfo *info = &eg_families[f]->sites[site];
        if (find (info->name) == info && i-- == 0)
          return info->name;
      }
  return NULL;
}

const char *
eg_site_name_get_title (const char *name)
{
  const EgSiteInfo *info = find (name);
  return info != NULL ? _ (info->title) : name;
}

const char *
eg_site_name_of_knockouts (void)
{
  for (gsize f = 0; eg_families[f] != NULL; f++)
    if (eg_families[f]->knockout_site >= 0)
      return eg_families[f]->sites[eg_families[f]->knockout_site].name;
  return NULL;
}

gboolean
eg_site_name_has_knockouts (const char *name)
{
  for (gsize f = 0; eg_families[f] != NULL; f++)
    if (eg_families[f]->knockout_site >= 0
        && g_str_equal (eg_families[f]->sites[eg_families[f]->knockout_site].name, name))
      return TRUE;
  return FALSE;
}

gboolean
eg_site_name_is_carried (const char *name)
{
  const EgSiteInfo *info = find (name);
  return info != NULL && info->carried;
}

char **
eg_site_names_of_set (EgSiteSet set, const EgFamily *family, EgSite first)
{
  GPtrArray *names = g_ptr_array_new ();
  if ((set & EG_SITE_BIT (first)) != 0)
    g_ptr_array_add (names, g_strdup (family->sites[first].name));
  for (EgSite site = 0; site < family->n_sites; site++)
    if ((set & EG_SITE_BIT (site)) != 0 && site != first)
      g_ptr_array_add (names, g_strdup (family->sites[site].name));
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_free (names, FALSE);
}

EgSiteSet
eg_site_names_to_set (char *const *names, const EgFamily *family, EgSite *first)
{
  EgSiteSet set = 0;
  if (eg_site_names_are (names, ALL))
    {
      if (first != NULL)
        *first = 0;
      return eg_family_all_sites (family);
    }
  for (gsize i = 0; names != NULL && names[i] != NULL; i++)
    {
      EgSite site;
      if (!find_in (family, names[i], &site))
        continue;
      if (set == 0 && first != NULL)
        *first = site;
      set |= EG_SITE_BIT (site);
    }
  return set;
}

/* The place in the order of the tables. */
static guint
rank_of (const char *name)
{
  guint rank = 0;
  while (eg_site_name_at (rank) != NULL && !g_str_equal (eg_site_name_at (rank), name))
    rank++;
  return rank;
}

static int
compare (const void *a, const void *b)
{
  return (int)rank_of (*(char *const *)a) - (int)rank_of (*(char *const *)b);
}

char **
eg_site_names_parse (const char *text, gboolean optional, GError **error)
{
  g_auto (GStrv) names = g_strsplit (text, ",", -1);
  if (*text == '\0' && !optional)
    {
      char *const none[] = { (char *)"", NULL };
      eg_site_names_check (none, NULL, error);
      return NULL;
    }
  for (gsize i = 0; names[i] != NULL; i++)
    g_strstrip (names[i]);
  if (!eg_site_names_check (names, NULL, error))
    return NULL;
  const gsize n = eg_site_names_count (names);
  if (n > 2)
    qsort (names + 1, n - 1, sizeof *names, compare);
  return g_steal_pointer (&names);
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

gboolean
eg_site_names_are (char *const *names, const char *only)
{
  return eg_site_names_count (names) == 1 && g_str_equal (names[0], only);
}

static gboolean
refuse (const char *name, const EgFamily *family, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);
  for (guint i = 0; eg_site_name_at (i) != NULL; i++)
    {
      EgSite site;
      if (family == NULL || find_in (family, eg_site_name_at (i), &site))
        g_string_append_printf (known, "%s%s", known->len == 0 ? "" : ", ", eg_site_name_at (i));
    }
  if (family == NULL)
    return eg_error_invalid (error,
                             _ ("There is no site “%s”; the sites are %s; all, by itself, is all of them"),
                             name, known->str);
  /* TRANSLATORS: the name of a place in a network; those that this network has. */
  return eg_error_invalid (error, _ ("This model has no site “%s”; its sites are %s"), name, known->str);
}

gboolean
eg_site_names_check (char *const *names, const EgFamily *family, GError **error)
{
  if (eg_site_names_are (names, ALL))
    return TRUE;
  for (gsize i = 0; names != NULL && names[i] != NULL; i++)
    {
      EgSite site;
      if (family != NULL ? !find_in (family, names[i], &site) : find (names[i]) == NULL)
        return refuse (names[i], family, error);
      for (gsize k = 0; k < i; k++)
        if (g_str_equal (names[k], names[i]))
          return eg_error_invalid (error, _ ("The site “%s” is named twice"), names[i]);
    }
  return TRUE;
}
