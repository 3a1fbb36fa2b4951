/* One run of a group of runs: where it begins, which run it continues, and whose values are put where. */
#pragma once

#include "network/run.h"

G_BEGIN_DECLS

/**
 * EgSegment: it begins at a layer and a position and computes layers ≥ layer, positions ≥ position.
 * @layer: 0 … L; L means that only the head is computed
 * @base: the run that it continues: its rows before this layer, and what its layers keep for this position.
 * %NULL only where layer and position are 0
 * @input: [n_positions − position, d] device: the rows with which it begins, in place of the base's; %NULL
 * for those
 * @source: whose values of @sites (expanded, see eg_family_expand_sites()) are put back; %NULL: none are
 * @box: where. The first layer touched must be ≥ layer; after it, by one layer at most, for sites that are
 * `after`, which a segment begins with. Its positions are ≥ position; ≥ position − later of the site
 * @frozen: sites (expanded) that keep the base's values everywhere outside of @box
 * @from_begin, @from_end: unless empty, a knockout: in @box, what is read of the memory lacks what these
 * positions, all before the box's, put into it. The memory itself, which later positions read, has it.
 * @source is %NULL. @head_begin, @head_end: of these heads alone; @head_end 0: of all
 * @keep: filled with the segment's rows (its n_positions and first must be the segment's); %NULL for nothing
 *
 * Of @source and, for @frozen, of @base, those sites must be kept; of @base those that
 * eg_family_sites_below() says, too.
 */
typedef struct
{
  gsize layer, position;
  const EgRun *base;
  const float *input;
  const EgRun *source;
  EgSiteSet sites, frozen;
  EgBox box;
  gsize from_begin, from_end;
  gsize head_begin, head_end;
  EgRun *keep;
} EgSegment;

/* Whether a segment's values of a site are put anywhere in this layer. */
gboolean eg_segment_replaces (const EgSegment *segment, EgSite site, gsize layer);

/* The run whose value of a site is put at (layer, position); NULL: what was computed stays. */
const EgRun *eg_segment_replacement (const EgSegment *segment, EgSite site, gsize layer, gsize position);

/* Whether a site's value is put back at the box's positions of this layer. */
gboolean eg_segment_restores (const EgSegment *segment, EgSite site, gsize layer);

static inline gboolean
eg_segment_box_has_layer (const EgSegment *segment, gsize layer)
{
  return layer >= segment->box.layer_begin && layer < segment->box.layer_end;
}

static inline gboolean
eg_segment_box_has_position (const EgSegment *segment, gsize position)
{
  return position >= segment->box.position_begin && position < segment->box.position_end;
}

/* Whether the layer is one in which a knockout cuts. */
gboolean eg_segment_cuts (const EgSegment *segment, gsize layer);

G_END_DECLS
