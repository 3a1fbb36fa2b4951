/* What the cells of a trace are, and in which direction values are put. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EgSweep: what one cell restores of a site; a window applies wherever a cell has a layer.
 * @EG_SWEEP_CELLS: one position of a layer; cells [L][T]
 * @EG_SWEEP_LAYERS: all positions of a layer; [L]
 * @EG_SWEEP_POSITIONS: all layers of a position; [T]
 * @EG_SWEEP_CARRY: every position from one to the end, of a layer; [L][T]. Of the state alone: what if the
 * memory had been clean from here on
 */
typedef enum
{
  EG_SWEEP_CELLS,
  EG_SWEEP_LAYERS,
  EG_SWEEP_POSITIONS,
  EG_SWEEP_CARRY,
  EG_N_SWEEPS,
} EgSweep;

/**
 * EgDirection:
 * @EG_DIRECTION_RESTORE: the clean run's value into each corrupted run (denoising). Normalized is recovery,
 * (score − low) / (high − low)
 * @EG_DIRECTION_DAMAGE: each sample's corrupted value into the clean run (noising). Normalized is loss,
 * (high − score) / (high − low)
 */
typedef enum
{
  EG_DIRECTION_RESTORE,
  EG_DIRECTION_DAMAGE,
  EG_N_DIRECTIONS,
} EgDirection;

/**
 * EgKnockout: what positions FROM put into the state is left out of what positions TO read of it, in the
 * clean run: y[t] for t in TO is made of h without the updates of FROM, h itself is carried on with them
 * ("Mamba Knockout for Unraveling Factual Information Flow", ACL 2025: the entries (TO, FROM) of the hidden
 * attention of these layers are zero). What goes through the convolution, or through other positions' rows,
 * remains. All first and last are inclusive; TO is after FROM. @head_first, @head_end: of these heads alone,
 * the end exclusive; @head_end 0: of all heads, and of layers without heads
 */
typedef struct
{
  gsize layer_first, layer_last;
  gsize from_first, from_last;
  gsize to_first, to_last;
  gsize head_first, head_end;
} EgKnockout;

/* "cells", "layers", "positions", "carry"; "restore", "damage". */
const char *eg_sweep_get_name (EgSweep sweep);
const char *eg_direction_get_name (EgDirection direction);

/* FALSE and EG_ERROR_INVALID, with the list of names, when there is none of this name. */
gboolean eg_sweep_from_name (const char *name, EgSweep *sweep, GError **error);
gboolean eg_direction_from_name (const char *name, EgDirection *direction, GError **error);

/* "L0-L1:FROM>TO" or "L0-L1:FROM>TO@HEADS", where each is a number or a range A-B: "4-12:1-3>7", "4:1-3>7@2".
 * EG_ERROR_INVALID also where one ends before it begins, or TO is not after FROM. */
gboolean eg_knockout_parse (const char *text, EgKnockout *knockout, GError **error);
/* Whether its ranges end after they begin, and TO is after FROM; EG_ERROR_INVALID. */
gboolean eg_knockout_check (const EgKnockout *knockout, GError **error);
/* (transfer full) */
char *eg_knockout_to_text (const EgKnockout *knockout);

G_END_DECLS
