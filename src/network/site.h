/* Sites: the named places inside a layer whose value can be captured and restored (one table for the engine,
 * the command line, the window and the files). The letters are those of the network's equations
 * (network/mamba.h). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EgSite: the value at (layer l, position t).
 * @EG_SITE_RESID: r after layer l, the residual stream (ROME's "hidden state"); [d]
 * @EG_SITE_MIXER: o, the block's output before it is added to the residual stream; [d]
 * @EG_SITE_CONV_IN: x, before the convolution; [D]
 * @EG_SITE_CONV: c, after the convolution and silu; [D]
 * @EG_SITE_GATE: z, before silu; [D]
 * @EG_SITE_DELTA: Δ, after softplus; [D]
 * @EG_SITE_B, @EG_SITE_C: B and C, each alone; [N]
 * @EG_SITE_SELECTION: Δ, B and C together
 * @EG_SITE_STATE: h[t], after its update and before y[t] reads it; carried on to t + 1; [N, D]
 * @EG_SITE_CONV_STATE: what positions t+1 … t+K−1 read of x at t−K+2 … t; c[t] itself keeps its value
 * @EG_SITE_SSM: y, before the gate; [D]
 */
typedef guint EgSite;
enum
{
  EG_SITE_RESID,
  EG_SITE_MIXER,
  EG_SITE_CONV_IN,
  EG_SITE_CONV,
  EG_SITE_GATE,
  EG_SITE_DELTA,
  EG_SITE_B,
  EG_SITE_C,
  EG_SITE_SELECTION,
  EG_SITE_STATE,
  EG_SITE_CONV_STATE,
  EG_SITE_SSM,
  EG_N_SITES,
};

/* Some sites: 1 << site each. */
typedef guint EgSiteSet;

/* No family has more sites. */
#define EG_MAX_SITES      32
#define EG_SITE_BIT(site) (1u << (site))
#define EG_ALL_SITES      (EG_SITE_BIT (EG_N_SITES) - 1)

/* Layers × positions, ends exclusive. */
typedef struct
{
  gsize layer_begin, layer_end, position_begin, position_end;
} EgBox;

/* "resid", "mixer": the name in files and on the command line. */
const char *eg_site_get_name (EgSite site);

/* "Residual stream", "Mixer output": the name that a person reads. */
const char *eg_site_get_title (EgSite site);

/* One sentence that says what it is. */
const char *eg_site_get_description (EgSite site);

/* FALSE and EG_ERROR_INVALID, with the list of names, when there is no such site. */
gboolean eg_site_from_name (const char *name, EgSite *site, GError **error);

/* Names with commas between them, or "all". @first: the one named first; may be %NULL. */
gboolean eg_sites_from_names (const char *names, EgSiteSet *set, EgSite *first, GError **error);

/* "mixer,state", in the order of the table; "" for none. (transfer full) */
char *eg_sites_to_names (EgSiteSet set);

/* The same places with Δ, B and C in place of the selection. */
EgSiteSet eg_sites_expand (EgSiteSet set);

G_END_DECLS
