/* The cells of a trace: what each one puts where, and what it costs. */
#pragma once

#include "network/workspace.h"
#include "trace/ask/input.h"

G_BEGIN_DECLS

/**
 * EgCellKind: what a cell costs.
 * @EG_CELL_UNCHANGED: nothing that the head reads changes: its scores are those of the run that it would
 * continue
 * @EG_CELL_REPLACED: all that the head reads is the source's: so are its scores
 */
typedef enum
{
  EG_CELL_COMPUTED,
  EG_CELL_UNCHANGED,
  EG_CELL_REPLACED,
} EgCellKind;

/**
 * Clean and corrupted prompts are the same before `corrupted_first`, and aligned from their ends: the clean
 * one's position t ≥ aligned_first is the corrupted one's t + n_corrupted − n_tokens. Those of the clean one
 * between the two have no counterpart, and nothing of theirs can be restored or damaged.
 *
 * EgGrid: the cells of each site, one site after another; a site's are n_rows × n_columns, row-major: layers
 * × positions of the clean prompt, with one row or column where a sweep takes all of them at once.
 * @family: what the sites are
 * @n_tokens, @n_corrupted: of the clean prompt, and of the corrupted one
 * @sites: [n_sites]
 * @damages: the cells are runs of the clean prompt, into which corrupted values are put
 * @frozen: as the request has it
 * @has_knockout: the cells are @knockout's, windows of its layers, of one site, the family's for it
 */
typedef struct
{
  const EgFamily *family;
  gsize n_layers, n_tokens, n_corrupted;
  gsize corrupted_first, aligned_first;
  EgSite sites[EG_MAX_SITES];
  gsize n_sites;
  EgSweep sweep;
  gsize window;
  gboolean damages;
  EgSiteSet frozen;
  gboolean has_knockout;
  EgKnockout knockout;
  gsize n_rows, n_columns;
} EgGrid;

/* n_corrupted is n_tokens. */
EgGrid eg_grid_of (const EgTraceRequest *request,
                   const EgFamily *family,
                   gsize n_layers,
                   gsize n_tokens,
                   gsize corrupted_first);
/* As the input has it, which may be a swap for a subject of another length. */
EgGrid eg_grid_of_input (const EgTraceRequest *request, EgModel *model, const EgTraceInput *input);

gsize eg_grid_n_cells (const EgGrid *self);
/* All its sites, as a set. */
EgSiteSet eg_grid_get_sites (const EgGrid *self);
/* The index of a cell's site. */
gsize eg_grid_site_index (const EgGrid *self, gsize cell);

/* The layers that a cell of layer l restores: max (0, l − ⌊w/2⌋) … min (L, l + ⌈w/2⌉) − 1, end exclusive. */
void eg_grid_window (gsize n_layers, gsize layer, gsize window, gsize *begin, gsize *end);

/* Whether the cell has no score: its position has no counterpart, or a knockout cuts none of its layers. */
gboolean eg_grid_is_missing (const EgGrid *self, gsize cell);

/* Whether the cells are runs of the corrupted prompt, and not of the clean one; tokens of these runs. */
gboolean eg_grid_runs_corrupted (const EgGrid *self);
gsize eg_grid_run_length (const EgGrid *self);

/* What a cell restores, or knocks out, in the clean prompt's positions. */
EgBox eg_grid_box (const EgGrid *self, gsize cell);

/* Whether all that a cell of the first site puts anywhere is in the rows with which its run begins: of other
 * runs it needs nothing but what they have by then, so that they can go through the network with it. */
gboolean eg_grid_begins_with_values (const EgGrid *self);

/* The first layer and position (of the clean prompt) that a cell changes. */
gsize eg_grid_start_layer (const EgGrid *self, gsize cell);
gsize eg_grid_start_position (const EgGrid *self, gsize cell);

EgCellKind eg_grid_cell_kind (const EgGrid *self, gsize cell);

/* The cell whose scores a cell has, too: itself, but for those of a carry sweep before the subject, which are
 * the subject's first. */
gsize eg_grid_alike (const EgGrid *self, gsize cell);

/* Whether a cell's scores are the clean run's (or each sample's corrupted run's), of one that is not
 * computed. */
gboolean eg_grid_is_clean (const EgGrid *self, gsize cell);

/* Whether all samples of a cell are one and the same run. */
gboolean eg_grid_is_one_run (const EgGrid *self);

/* A cell as a segment; base and source by what it is that is put where. Where the prompts have different
 * lengths, the source is to be seen from the base's positions (eg_run_new_shifted()). */
EgSegment eg_grid_segment (const EgGrid *self, gsize cell, const EgRun *clean, const EgRun *corrupted);

/* Rows of the cells that begin in one layer. */
gsize eg_grid_rows_a_layer (const EgGrid *self);

/* The cells whose turn comes with a layer, in the order of positions: all of one row of the grid. */
gsize eg_grid_n_turns (const EgGrid *self);
gsize eg_grid_turn_begin (const EgGrid *self, gsize site_index, gsize turn);
gsize eg_grid_turn_end (const EgGrid *self, gsize site_index, gsize turn);

G_END_DECLS
