/* Sites: the named places inside a layer whose value can be captured and restored. Inside the network and the
 * grid a site is its place in the table of the model's family (family.h); requests, results, files and
 * programs name it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef guint EgSite;

/* r after layer l, the residual stream (ROME's "hidden state"): the first site of every family. */
#define EG_SITE_RESID 0

/* Some sites: 1 << site each. */
typedef guint EgSiteSet;

/* No family has more sites. */
#define EG_MAX_SITES      32
#define EG_SITE_BIT(site) (1u << (site))

/* Layers × positions, ends exclusive. */
typedef struct
{
  gsize layer_begin, layer_end, position_begin, position_end;
} EgBox;

G_END_DECLS
