/* Where sites are restored, frozen and captured. */
#include "network/mamba-private.h"

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

/* Whether the row with which a segment enters its first layer at a position is one to which a restored
 * block's output is still to be added. */
static gboolean
adds_mixer (const EgSegment *segment, gsize position)
{
  return segment->layer > 0 && !segment->input && restores (segment, EG_SITE_MIXER, segment->layer - 1)
         && box_has_position (segment, position);
}

static const float *
first_row (const EgWorkspace *self, const EgSegment *segment, gsize position)
{
  const gsize d = self->config->d_model, l = segment->layer;
  if (segment->input)
    return segment->input + (position - segment->position) * d;
  if (l == 0)
    return eg_run_resid (segment->base, 0, position);
  if (!box_has_position (segment, position))
    return eg_run_resid_after (segment->base, l - 1, position);
  if (restores (segment, EG_SITE_RESID, l - 1))
    return eg_run_resid_after (segment->source, l - 1, position);
  if (restores (segment, EG_SITE_MIXER, l - 1))
    return eg_run_resid (segment->base, l - 1, position);
  return eg_run_resid_after (segment->base, l - 1, position);
}

/* to[i] += mixer of the i-th row, where adds_mixer(): all of them at once, by way of o and n, which nobody
 * uses between layers. */
static void
add_mixers (EgWorkspace *self, const EgSegment *segments, gsize n_segments, gboolean only_last, float *to)
{
  const gsize d = self->config->d_model;
  float *sums = self->o.memory, *values = self->n.memory;
  g_autoptr (GArray) back = g_array_new (FALSE, FALSE, sizeof (EgRowCopy));
  for (gsize s = 0; s < n_segments; s++)
    for (gsize t = only_last ? self->n_positions - 1 : segments[s].position; t < self->n_positions;
         t++, to += d)
      {
        if (!adds_mixer (&segments[s], t))
          continue;
        const EgRowCopy copy = { to, sums + back->len * d };
        eg_workspace_queue_copy (self, sums + back->len * d, to);
        eg_workspace_queue_copy (self, values + back->len * d,
                                 eg_run_value (segments[s].source, EG_SITE_MIXER, segments[s].layer - 1, t));
        g_array_append_val (back, copy);
      }
  if (back->len == 0)
    return;
  eg_workspace_flush_copies (self, d);
  self->backend->add (self->stream, sums, values, back->len * d);
  self->backend->copy_rows (self->stream, (const EgRowCopy *)(gpointer)back->data, back->len, d);
}

void
eg_workspace_begin_segments (
    EgWorkspace *self, const EgSegment *segments, gsize n_segments, gboolean only_last, float *to)
{
  const gsize d = self->config->d_model;
  float *row = to;
  for (gsize s = 0; s < n_segments; s++)
    for (gsize t = only_last ? self->n_positions - 1 : segments[s].position; t < self->n_positions;
         t++, row += d)
      eg_workspace_queue_copy (self, row, first_row (self, &segments[s], t));
  eg_workspace_flush_copies (self, d);
  add_mixers (self, segments, n_segments, only_last, to);
}
