/* What a run of the network keeps, so that others can continue it or take values from it (docs/design.md §5).
 *
 * A run keeps rows for the positions first … n_positions−1; those before are its base's. The base must
 * outlive it. */
#pragma once

#include "network/network.h"

G_BEGIN_DECLS

typedef struct _EgRun EgRun;

/**
 * EgRunShape: what a run keeps.
 * @base: the run that it continues; %NULL where first is 0
 * @state_first, @state_end, @state_step: the state, where a layer has one, is kept after state_first,
 * state_first + state_step … before state_end
 * @sites: whose values are kept, beside what continuing the run takes: the residual stream, the input rows
 * and, from state_first on, the states are always there
 */
typedef struct
{
  const EgRun *base;
  gsize n_positions, first;
  gsize state_first, state_end, state_step;
  EgSiteSet sites;
} EgRunShape;

/**
 * EgRun: of a network, which must outlive it; device memory, one allocation a layer and kind.
 * @shape: its sites expanded (eg_family_expand_sites())
 * @resid: [L][n][d] r before layer l, at positions first …
 * @input: [L][n][d_input] what each layer makes of them first (family.h). Of the last layer's, what only its
 * own position reads counts at the last position alone
 * @state: [L][states][d_memory] the state after the kept positions
 * @values: [site][L][n][width] of sites that are kept so; %NULL where not wanted. Of the last layer's outputs
 * only the last position counts
 * @last: [d] r after the last layer, at the last position
 */
struct _EgRun
{
  EgBackend *backend;
  const EgFamily *family;
  const EgSizes *sizes;
  const gsize *dims;
  EgRunShape shape;
  float **resid, **input, **state;
  float **values[EG_MAX_SITES];
  float *last;
  gboolean is_view; /* nothing of it is its own */
};

/* EG_ERROR_MEMORY when there is none. (transfer full) */
EgRun *eg_run_new (EgNetwork *network, const EgRunShape *shape, GError **error);
/* The same run seen from a text whose positions are shifted: its position p is the run's p − shift, which may
 * lie before that text's beginning: below 0, as a gsize that has gone round. Keeps nothing of its own; the
 * run must outlive it. For values that are put back alone. (transfer full) */
EgRun *eg_run_new_shifted (const EgRun *run, gssize shift);
void eg_run_free (EgRun *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgRun, eg_run_free)

/* Bytes that such a run takes. */
guint64 eg_run_size (const EgFamily *family, const EgSizes *sizes, const EgRunShape *shape);

/* Rows at (layer, position), wherever they are kept. */
const float *eg_run_resid (const EgRun *self, gsize layer, gsize position);
const float *eg_run_input (const EgRun *self, gsize layer, gsize position);

/* r after layer `layer` at a position: the next layer's input. */
const float *eg_run_resid_after (const EgRun *self, gsize layer, gsize position);

/* A site's value, for sites with a width. */
const float *eg_run_value (const EgRun *self, EgSite site, gsize layer, gsize position);

/* The run, this or one that it continues, that keeps a position. */
const EgRun *eg_run_at (const EgRun *self, gsize position);

/* The first position of its text: 0, but of a shifted run. self may be NULL. */
gsize eg_run_origin (const EgRun *self);

/* The last position ≤ this one after which the state is kept, of the run that keeps it. Positions before
 * state_first must not be asked for. */
gsize eg_run_find_state (const EgRun *self, gsize position);

/* The state after a position that eg_run_find_state() gave: [d_memory]. Where state_step is 1, those after
 * the next positions follow. */
const float *eg_run_state (const EgRun *self, gsize layer, gsize kept_position);

G_END_DECLS
