/* Sites: the named places inside a layer whose value can be captured and restored (one table for the engine,
 * the command line, the window and the files). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EgSite:
 * @EG_SITE_RESID: r after layer l, the residual stream (ROME's "hidden state")
 * @EG_SITE_MIXER: o, the block's output before it is added to the residual stream
 */
typedef enum
{
  EG_SITE_RESID,
  EG_SITE_MIXER,
  EG_N_SITES,
} EgSite;

/* "resid", "mixer": the name in files and on the command line. */
const char *eg_site_get_name (EgSite site);

/* "Residual stream", "Mixer output": the name that a person reads. */
const char *eg_site_get_title (EgSite site);

/* FALSE and EG_ERROR_INVALID, with the list of names, when there is no such site. */
gboolean eg_site_from_name (const char *name, EgSite *site, GError **error);

G_END_DECLS
