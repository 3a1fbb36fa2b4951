#include "model/site.h"

#include "core/error.h"

#include <glib/gi18n.h>

static const struct
{
  const char *name, *title;
} sites[EG_N_SITES] = {
  [EG_SITE_RESID] = { "resid", N_ ("Residual stream") },
  [EG_SITE_MIXER] = { "mixer", N_ ("Mixer output") },
};

const char *
eg_site_get_name (EgSite site)
{
  g_return_val_if_fail (site < EG_N_SITES, NULL);
  return sites[site].name;
}

const char *
eg_site_get_title (EgSite site)
{
  g_return_val_if_fail (site < EG_N_SITES, NULL);
  return _ (sites[site].title);
}

gboolean
eg_site_from_name (const char *name, EgSite *site, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);
  for (EgSite s = 0; s < EG_N_SITES; s++)
    {
      if (g_str_equal (name, sites[s].name))
        {
          *site = s;
          return TRUE;
        }
      g_string_append_printf (names, "%s%s", s == 0 ? "" : ", ", sites[s].name);
    }
  g_set_error (error, EG_ERROR, EG_ERROR_INVALID, _ ("There is no site “%s”; the sites are %s"), name,
               names->str);
  return FALSE;
}
