/* What a run of the network keeps, so that others can continue it or take clean values from it (design §5).
 *
 * A run keeps rows for the positions first … n_positions−1; those before are its base's. The base must
 * outlive it. */
#pragma once

#include "model/model-private.h"

G_BEGIN_DECLS

typedef struct _EgRun EgRun;

/**
 * EgRun: device memory, one allocation a layer and kind.
 * @resid: [L][n][d] r before layer l, at positions first …
 * @xz: [L][n][2·D] in_proj's output: what conv reads, and the gate z. Of the last layer's z only the last
 * position counts
 * @state: [L][states][N][D] h after every state_step-th position from state_first on, before state_end
 * @mixer: [L][n][d] the blocks' outputs; %NULL when not wanted. Of the last layer only the last position
 * counts
 * @last: [d] r after the last layer, at the last position
 */
struct _EgRun
{
  EgBackend *backend;
  const EgRun *base;
  gsize n_layers, d_model, d_inner, d_state;
  gsize n_positions, first;
  gsize state_first, state_end, state_step;
  float **resid, **xz, **state, **mixer;
  float *last;
  gboolean is_view; /* nothing of it is its own */
};

/* @base: %NULL for a run that continues nothing (first = 0). State is kept after state_first, state_first +
 * state_step … before state_end.
 * EG_ERROR_MEMORY when there is none. (transfer full) */
EgRun *eg_run_new (EgModel *model,
                   const EgRun *base,
                   gsize n_positions,
                   gsize first,
                   gsize state_first,
                   gsize state_end,
                   gsize state_step,
                   gboolean keep_mixer,
                   GError **error);
/* The same run seen from a text whose positions are shifted: its position p is the run's p − shift. Keeps
 * nothing of its own; the run must outlive it, and continue none. For values that are put back alone.
 * (transfer full) */
EgRun *eg_run_new_shifted (const EgRun *run, gssize shift);
void eg_run_free (EgRun *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgRun, eg_run_free)

/* Bytes that such a run takes. */
guint64 eg_run_size (const EgModelConfig *config, gsize n_kept, gsize n_states, gboolean keep_mixer);

/* Rows at (layer, position), wherever they are kept. */
const float *eg_run_resid (const EgRun *self, gsize layer, gsize position);
const float *eg_run_xz (const EgRun *self, gsize layer, gsize position);
const float *eg_run_mixer (const EgRun *self, gsize layer, gsize position);

/* The last position ≤ this one after which h is kept, and that h: [N, D]. Positions before state_first must
 * not be asked for. */
gsize eg_run_find_state (const EgRun *self, gsize position);
const float *eg_run_state (const EgRun *self, gsize layer, gsize kept_position);

/* r after layer `layer` at a position: the next layer's input. */
const float *eg_run_resid_after (const EgRun *self, gsize layer, gsize position);

G_END_DECLS
