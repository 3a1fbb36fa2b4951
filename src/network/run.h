/* What a run of the network keeps, so that others can continue it or take values from it (design §5).
 *
 * A run keeps rows for the positions first … n_positions−1; those before are its base's. The base must
 * outlive it. */
#pragma once

#include "library/model-private.h"
#include "network/site.h"

G_BEGIN_DECLS

typedef struct _EgRun EgRun;

/**
 * EgRunShape: what a run keeps.
 * @base: the run that it continues; %NULL where first is 0
 * @state_first, @state_end, @state_step: h is kept after state_first, state_first + state_step … before
 * state_end
 * @sites: whose values are kept, beside what continuing the run takes: resid, conv_in, gate, conv_state and,
 * from state_first on, state are always there
 */
typedef struct
{
  const EgRun *base;
  gsize n_positions, first;
  gsize state_first, state_end, state_step;
  EgSiteSet sites;
} EgRunShape;

/**
 * EgRun: device memory, one allocation a layer and kind.
 * @shape: its sites expanded (eg_sites_expand())
 * @resid: [L][n][d] r before layer l, at positions first …
 * @xz: [L][n][2·D] in_proj's output: what conv reads, and the gate z. Of the last layer's z only the last
 * position counts
 * @state: [L][states][N][D] h after the kept positions
 * @values: [site][L][n][width]: mixer, conv, delta, B, C, ssm; %NULL where not wanted. Of the last layer's
 * mixer and ssm only the last position counts
 * @last: [d] r after the last layer, at the last position
 */
struct _EgRun
{
  EgBackend *backend;
  EgRunShape shape;
  gsize n_layers, d_model, d_inner, d_state;
  float **resid, **xz, **state;
  float **values[EG_N_SITES];
  float *last;
  gboolean is_view; /* nothing of it is its own */
};

/* EG_ERROR_MEMORY when there is none. (transfer full) */
EgRun *eg_run_new (EgModel *model, const EgRunShape *shape, GError **error);
/* The same run seen from a text whose positions are shifted: its position p is the run's p − shift, which may
 * lie before that text's beginning: below 0, as a gsize that has gone round. Keeps nothing of its own; the
 * run must outlive it. For values that are put back alone. (transfer full) */
EgRun *eg_run_new_shifted (const EgRun *run, gssize shift);
void eg_run_free (EgRun *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgRun, eg_run_free)

/* Bytes that such a run takes. */
guint64 eg_run_size (const EgModelConfig *config, const EgRunShape *shape);

/* Floats of a site's value: d, D or N; 0 for those that are not one row. */
gsize eg_site_width (const EgModelConfig *config, EgSite site);

/* Rows at (layer, position), wherever they are kept. */
const float *eg_run_resid (const EgRun *self, gsize layer, gsize position);
const float *eg_run_xz (const EgRun *self, gsize layer, gsize position);

/* r after layer `layer` at a position: the next layer's input. */
const float *eg_run_resid_after (const EgRun *self, gsize layer, gsize position);

/* A site's value, for sites with a width. */
const float *eg_run_value (const EgRun *self, EgSite site, gsize layer, gsize position);

/* The run, this or one that it continues, that keeps a position. */
const EgRun *eg_run_at (const EgRun *self, gsize position);

/* The first position of its text: 0, but of a shifted run. self may be NULL. */
gsize eg_run_origin (const EgRun *self);

/* The last position ≤ this one after which h is kept, of the run that keeps it. Positions before state_first
 * must not be asked for. */
gsize eg_run_find_state (const EgRun *self, gsize position);

/* h after a position that eg_run_find_state() gave: [N, D]. Where state_step is 1, those after the next
 * positions follow. */
const float *eg_run_state (const EgRun *self, gsize layer, gsize kept_position);

G_END_DECLS
