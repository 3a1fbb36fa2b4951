/* Sites by name. */
#include "network/site.h"

#include "core/error.h"

#include <glib/gi18n.h>

static const struct
{
  const char *name, *title, *description;
} sites[EG_N_SITES] = {
  [EG_SITE_RESID] = { "resid", N_ ("Residual stream"), N_ ("The residual stream after the layer") },
  [EG_SITE_MIXER]
  = { "mixer", N_ ("Mixer output"), N_ ("The block's output before it is added to the residual stream") },
  [EG_SITE_CONV_IN] = { "conv_in", N_ ("Convolution input"), N_ ("x: what enters the convolution") },
  [EG_SITE_CONV] = { "conv", N_ ("Convolution output"), N_ ("c: the convolution's output after silu") },
  /* TRANSLATORS: a site: what the output of a layer is multiplied by. */
  [EG_SITE_GATE] = { "gate", N_ ("Gate"), N_ ("z: what the block's output is gated with") },
  [EG_SITE_DELTA]
  = { "delta", N_ ("Step size Δ"), N_ ("Δ: how much of the token is taken in, and how much is forgotten") },
  [EG_SITE_B] = { "B", N_ ("Input projection B"), N_ ("B: how the token is written into the state") },
  [EG_SITE_C] = { "C", N_ ("Output projection C"), N_ ("C: how the state is read") },
  [EG_SITE_SELECTION]
  = { "selection", N_ ("Selection Δ, B, C"), N_ ("The selection parameters Δ, B and C together") },
  [EG_SITE_STATE]
  /* TRANSLATORS: a site: the hidden state that a layer carries from token to token. */
  = { "state", N_ ("State"), N_ ("h: the memory after the token's update, read by it and carried on") },
  [EG_SITE_CONV_STATE] = { "conv_state", N_ ("Convolution state"),
                           N_ ("What later tokens' convolutions read of this token and those before") },
  [EG_SITE_SSM] = { "ssm", N_ ("SSM output"), N_ ("y: what is read from the state, before the gate") },
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

const char *
eg_site_get_description (EgSite site)
{
  g_return_val_if_fail (site < EG_N_SITES, NULL);
  return _ (sites[site].description);
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
  g_set_error (error, EG_ERROR, EG_ERROR_INVALID,
               _ ("There is no site “%s”; the sites are %s; all, by itself, is all of them"), name,
               names->str);
  return FALSE;
}

gboolean
eg_sites_from_names (const char *names, EgSiteSet *set, EgSite *first, GError **error)
{
  const gboolean all = g_str_equal (names, "all");
  g_auto (GStrv) parts = g_strsplit (names, ",", -1);
  *set = all ? EG_ALL_SITES : 0;
  if (all && first != NULL)
    *first = 0;
  if (parts[0] == NULL)
    {
      EgSite none;
      return eg_site_from_name ("", &none, error);
    }
  for (gsize i = 0; !all && parts[i] != NULL; i++)
    {
      EgSite site;
      if (!eg_site_from_name (g_strstrip (parts[i]), &site, error))
        return FALSE;
      if ((*set & EG_SITE_BIT (site)) != 0)
        {
          g_set_error (error, EG_ERROR, EG_ERROR_INVALID, _ ("The site “%s” is named twice"),
                       sites[site].name);
          return FALSE;
        }
      *set |= EG_SITE_BIT (site);
      if (i == 0 && first != NULL)
        *first = site;
    }
  return TRUE;
}

char *
eg_sites_to_names (EgSiteSet set)
{
  GString *names = g_string_new (NULL);
  for (EgSite s = 0; s < EG_N_SITES; s++)
    if ((set & EG_SITE_BIT (s)) != 0)
      g_string_append_printf (names, "%s%s", names->len == 0 ? "" : ",", sites[s].name);
  return g_string_free (names, FALSE);
}

EgSiteSet
eg_sites_expand (EgSiteSet set)
{
  if ((set & EG_SITE_BIT (EG_SITE_SELECTION)) == 0)
    return set;
  return (set & ~EG_SITE_BIT (EG_SITE_SELECTION)) | EG_SITE_BIT (EG_SITE_DELTA) | EG_SITE_BIT (EG_SITE_B)
         | EG_SITE_BIT (EG_SITE_C);
}
