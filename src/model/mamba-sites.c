/* Where sites are restored, frozen and captured. */
#include "model/mamba-private.h"

static gboolean
box_has_layer (const EgSegment *segment, gsize layer)
{
  return layer >= segment->box.layer_begin && layer < segment->box.layer_end;
}

static gboolean
box_has_position (const EgSegment *segment, gsize position)
{
  return position >= segment->box.position_begin && position < segment->box.position_end;
}

static gboolean
restores (const EgSegment *segment, EgSite site, gsize layer)
{
  return segment->source && (segment->sites & EG_SITE_BIT (site)) != 0 && box_has_layer (segment, layer);
}

gboolean
eg_segment_replaces (const EgSegment *segment, EgSite site, gsize layer)
{
  return (segment->frozen & EG_SITE_BIT (site)) != 0 || restores (segment, site, layer);
}

const EgRun *
eg_segment_replacement (const EgSegment *segment, EgSite site, gsize layer, gsize position)
{
  if (box_has_layer (segment, layer) && box_has_position (segment, position))
    return restores (segment, site, layer) ? segment->source : NULL;
  return (segment->frozen & EG_SITE_BIT (site)) != 0 ? segment->base : NULL;
}

static void
put_values (EgWorkspace *self,
            const EgSegment *segments,
            gsize n_active,
            EgSite site,
            gsize layer,
            gboolean only_last,
            float *values,
            gsize ld)
{
  for (gsize s = 0; s < n_active; s++)
    {
      const EgSegment *segment = &segments[s];
      if (!eg_segment_replaces (segment, site, layer))
        continue;
      for (gsize t = only_last ? self->n_positions - 1 : segment->position; t < self->n_positions; t++)
        {
          const EgRun *run = eg_segment_replacement (segment, site, layer, t);
          const gsize row = only_last ? s : eg_workspace_rows (self)[s].row + t - segment->position;
          if (run)
            eg_workspace_queue_copy (self, values + row * ld, eg_run_value (run, site, layer, t));
        }
    }
}

static void
keep_values (EgWorkspace *self,
             const EgSegment *segments,
             gsize n_active,
             EgSite site,
             gsize layer,
             gboolean only_last,
             const float *values,
             gsize ld,
             gsize width)
{
  for (gsize s = 0; s < n_active; s++)
    {
      float **kept = segments[s].keep ? segments[s].keep->values[site] : NULL;
      const EgRows *rows = &eg_workspace_rows (self)[s];
      for (gsize t = only_last ? rows->n_rows - 1 : 0; kept && t < rows->n_rows; t++)
        eg_workspace_queue_copy (self, kept[layer] + t * width,
                                 values + (only_last ? s : rows->row + t) * ld);
    }
}

void
eg_workspace_visit (EgWorkspace *self,
                    const EgSegment *segments,
                    gsize n_active,
                    EgSite site,
                    gsize layer,
                    gboolean only_last,
                    float *values,
                    gsize ld)
{
  const gsize width = eg_site_width (self->config, site);
  put_values (self, segments, n_active, site, layer, only_last, values, ld);
  eg_workspace_flush_copies (self, width);
  keep_values (self, segments, n_active, site, layer, only_last, values, ld, width);
  eg_workspace_flush_copies (self, width);
}

gboolean
eg_workspace_visits_ssm (const EgSegment *segments, gsize n_active, gsize layer)
{
  for (gsize s = 0; s < n_active; s++)
    if (eg_segment_replaces (&segments[s], EG_SITE_SSM, layer)
        || (segments[s].keep && segments[s].keep->values[EG_SITE_SSM]))
      return TRUE;
  return FALSE;
}

void
eg_workspace_begin_segment (EgWorkspace *self, const EgSegment *segment, gsize from, float *to)
{
  const gsize d = self->config->d_model, l = segment->layer;
  const gboolean after_mixer = l > 0 && restores (segment, EG_SITE_MIXER, l - 1);
  const gboolean after_resid = l > 0 && restores (segment, EG_SITE_RESID, l - 1);
  for (gsize t = from; t < self->n_positions; t++)
    {
      const gboolean restored = box_has_position (segment, t);
      const float *row = segment->input            ? segment->input + (t - segment->position) * d
                         : restored && after_resid ? eg_run_resid_after (segment->source, l - 1, t)
                         : restored && after_mixer ? eg_run_resid (segment->base, l - 1, t)
                         : l > 0                   ? eg_run_resid_after (segment->base, l - 1, t)
                                                   : eg_run_resid (segment->base, 0, t);
      eg_workspace_queue_copy (self, to + (t - from) * d, row);
    }
  eg_workspace_flush_copies (self, d);
  for (gsize t = from; after_mixer && t < self->n_positions; t++)
    if (box_has_position (segment, t))
      self->backend->add (self->stream, to + (t - from) * d,
                          eg_run_value (segment->source, EG_SITE_MIXER, l - 1, t), d);
}
