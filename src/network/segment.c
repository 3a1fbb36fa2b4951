/* Whose value stands at a place of a segment. */
#include "network/segment.h"

gboolean
eg_segment_restores (const EgSegment *segment, EgSite site, gsize layer)
{
  return segment->source && (segment->sites & EG_SITE_BIT (site)) != 0
         && eg_segment_box_has_layer (segment, layer);
}

gboolean
eg_segment_replaces (const EgSegment *segment, EgSite site, gsize layer)
{
  return (segment->frozen & EG_SITE_BIT (site)) != 0 || eg_segment_restores (segment, site, layer);
}

const EgRun *
eg_segment_replacement (const EgSegment *segment, EgSite site, gsize layer, gsize position)
{
  if (eg_segment_box_has_layer (segment, layer) && eg_segment_box_has_position (segment, position))
    return eg_segment_restores (segment, site, layer) ? segment->source : NULL;
  return (segment->frozen & EG_SITE_BIT (site)) != 0 ? segment->base : NULL;
}

gboolean
eg_segment_cuts (const EgSegment *segment, gsize layer)
{
  return segment->from_begin < segment->from_end && eg_segment_box_has_layer (segment, layer);
}
