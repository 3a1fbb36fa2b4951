/* What putting one run's values in the place of another's changes, to first order: of every site at every
 * layer and position, by one pass backward over runs that were kept (docs/design.md §12). */
#pragma once

#include "engine/back.h"
#include "network/workspace.h"

G_BEGIN_DECLS

/**
 * EgBackPair: by its place among the runs, the run at which the gradient is taken, and those whose difference
 * source − base it is multiplied with.
 */
typedef struct
{
  gsize graded, source, base;
} EgBackPair;

/**
 * EgBackPass:
 * @runs: [n_runs] that keep eg_back_sites() from position `first` on, and the state before it; those at which
 * gradients are taken, @n_graded of them, first. They may differ in length: then they stand beside each other
 * from their ends
 * @metric: what is differentiated, of its logits, n_rows and n nothing is read
 * @sites: those that are asked for; the answers of others are of no meaning
 */
typedef struct
{
  const EgRun *const *runs;
  gsize n_runs, n_graded;
  gsize first;
  const EgBackPair *pairs;
  gsize n_pairs;
  EgLogitsBack metric;
  EgSiteSet sites;
} EgBackPass;

/* Why a network has no gradients, or NULL where it has. (transfer none) */
const char *eg_back_missing (EgNetwork *network);

/* Sites whose values runs must keep for it. */
EgSiteSet eg_back_sites (const EgFamily *family);

/* Positions that each pair has in the answer: the last ones of the shortest run from `first` on. */
gsize eg_back_count_positions (const EgBackPass *pass);

/* Bytes that a pass takes beside its runs, for each row of a run. */
guint64 eg_back_row_size (const EgFamily *family, const EgSizes *sizes);

/* dots: [2][L][n_sites][n_pairs][positions] host: ∇ (metric)·(source − base) of each value; second, of what
 * the position's own layer reads of it at that position alone, where a site is carried on to later ones: what
 * counts where later positions' values are put, too. Of a site with parts: their sum. */
gboolean eg_workspace_back (
    EgWorkspace *self, const EgBackPass *pass, float *dots, GCancellable *cancellable, GError **error);

/* ---- for families ---- */

/* A run's rows among the stacked rows. */
typedef struct
{
  const EgRun *run;
  gsize first, n_rows, row;
} EgBackLane;

/**
 * EgLayerBack: one layer. The workspace's r and input have the rows of all lanes with which they entered it;
 * of the last layer's input what only its own position reads is 0 but at the last position.
 * @gradient: [n_graded_rows, d] with respect to the rows after the layer; to become that before it
 * @pairs: EgDotRows of the pairs; @full, @direct: [n_sites][pairs · positions]
 * @sites: those that are asked for, parts in the place of what has them
 */
struct _EgLayerBack
{
  const EgBackLane *lanes;
  gsize n_lanes, n_graded, n_rows, n_graded_rows;
  gsize layer;
  float *gradient;
  const EgDotRows *pairs;
  gsize n_pairs, n_out;
  float *full, *direct;
  EgSiteSet sites;
};

/* How many pairs' dots of a site are asked for: all, or none. */
static inline gsize
eg_back_count_dots (const EgLayerBack *back, EgSite site)
{
  return (back->sites & EG_SITE_BIT (site)) != 0 ? back->n_pairs : 0;
}

/* A site's gradients, of the graded rows, and its values, of all rows. */
void eg_back_visit (EgWorkspace *workspace,
                    const EgLayerBack *back,
                    EgSite site,
                    const float *gradient,
                    gsize ldg,
                    const float *values,
                    gsize ldv);

/* Products of gradients with weights, as eg_workspace_gemm() has them. */
void eg_back_gemm (EgWorkspace *workspace,
                   float *dx,
                   gsize lddx,
                   const float *dy,
                   gsize lddy,
                   gsize n_rows,
                   const EgMatrix *w,
                   gboolean add);

G_END_DECLS
