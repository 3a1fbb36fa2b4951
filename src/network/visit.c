/* Where sites are restored, frozen and captured, and rows of other runs are taken over. */
#include "network/layer.h"

static void
put_values (
    EgWorkspace *self, const EgLayerRun *run, EgSite site, gboolean only_last, float *values, gsize ld)
{
  for (gsize s = 0; s < run->n_active; s++)
    {
      const EgSegment *segment = &run->segments[s];
      if (!eg_segment_replaces (segment, site, run->layer))
        continue;
      for (gsize t = only_last ? self->n_positions - 1 : segment->position; t < self->n_positions; t++)
        {
          const EgRun *source = eg_segment_replacement (segment, site, run->layer, t);
          const gsize row = only_last ? s : eg_workspace_rows (self)[s].row + t - segment->position;
          if (source)
            eg_workspace_queue_copy (self, values + row * ld, eg_run_value (source, site, run->layer, t));
        }
    }
}

static void
keep_values (EgWorkspace *self,
             const EgLayerRun *run,
             EgSite site,
             gboolean only_last,
             const float *values,
             gsize ld,
             gsize width)
{
  for (gsize s = 0; s < run->n_active; s++)
    {
      float **kept = run->segments[s].keep ? run->segments[s].keep->values[site] : NULL;
      const EgSegmentRows *rows = &eg_workspace_rows (self)[s];
      for (gsize t = only_last ? rows->n_rows - 1 : 0; kept && t < rows->n_rows; t++)
        eg_workspace_queue_copy (self, kept[run->layer] + t * width,
                                 values + (only_last ? s : rows->row + t) * ld);
    }
}

void
eg_workspace_visit (
    EgWorkspace *self, const EgLayerRun *run, EgSite site, gboolean only_last, float *values, gsize ld)
{
  const gsize width = self->dims[self->family->sites[site].width];
  put_values (self, run, site, only_last, values, ld);
  eg_workspace_flush_copies (self, width);
  keep_values (self, run, site, only_last, values, ld, width);
  eg_workspace_flush_copies (self, width);
}

gboolean
eg_workspace_visits (const EgLayerRun *run, EgSite site)
{
  for (gsize s = 0; s < run->n_active; s++)
    if (eg_segment_replaces (&run->segments[s], site, run->layer)
        || (run->segments[s].keep && run->segments[s].keep->values[site]))
      return TRUE;
  return FALSE;
}

/* ---- where a segment begins ---- */

/* The site, if any, that is put at the position of the layer before the segment's first, and whose value is
 * still to be added to a row; -1 for none. */
static int
find_added (const EgWorkspace *self, const EgSegment *segment, gsize position)
{
  if (segment->layer == 0 || segment->input || !eg_segment_box_has_position (segment, position))
    return -1;
  for (EgSite site = 0; site < self->family->n_sites; site++)
    if (eg_site_is_added (&self->family->sites[site])
        && eg_segment_restores (segment, site, segment->layer - 1))
      return (int)site;
  return -1;
}

/* To what the site's value is added: the row before the layer, or another site's value in it. */
static const float *
find_sum (const EgWorkspace *self, const EgSegment *segment, EgSite site, gsize position)
{
  const EgSite added_to = self->family->sites[site].added_to;
  return self->family->sites[added_to].kept == EG_KEPT_VALUE
             ? eg_run_value (segment->base, added_to, segment->layer - 1, position)
             : eg_run_resid (segment->base, segment->layer - 1, position);
}

static const float *
first_row (const EgWorkspace *self, const EgSegment *segment, gsize position)
{
  const gsize d = self->sizes->d_model, l = segment->layer;
  if (segment->input)
    return segment->input + (position - segment->position) * d;
  if (l == 0)
    return eg_run_resid (segment->base, 0, position);
  if (!eg_segment_box_has_position (segment, position))
    return eg_run_resid_after (segment->base, l - 1, position);
  if (eg_segment_restores (segment, EG_SITE_RESID, l - 1))
    return eg_run_resid_after (segment->source, l - 1, position);
  const int site = find_added (self, segment, position);
  return site >= 0 ? find_sum (self, segment, (EgSite)site, position)
                   : eg_run_resid_after (segment->base, l - 1, position);
}

/* to[i] += the value put into the i-th row, where find_added() says so: all of them at once, by way of o and
 * n, which nobody uses between layers. */
static void
add_values (EgWorkspace *self, const EgSegment *segments, gsize n_segments, gboolean only_last, float *to)
{
  const gsize d = self->sizes->d_model;
  float *sums = self->o.memory, *values = self->n.memory;
  g_autoptr (GArray) back = g_array_new (FALSE, FALSE, sizeof (EgRowCopy));
  for (gsize s = 0; s < n_segments; s++)
    for (gsize t = only_last ? self->n_positions - 1 : segments[s].position; t < self->n_positions;
         t++, to += d)
      {
        const int site = find_added (self, &segments[s], t);
        if (site < 0)
          continue;
        const EgRowCopy copy = { to, sums + back->len * d };
        eg_workspace_queue_copy (self, sums + back->len * d, to);
        eg_workspace_queue_copy (self, values + back->len * d,
                                 eg_run_value (segments[s].source, (EgSite)site, segments[s].layer - 1, t));
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
  const gsize d = self->sizes->d_model;
  float *row = to;
  for (gsize s = 0; s < n_segments; s++)
    for (gsize t = only_last ? self->n_positions - 1 : segments[s].position; t < self->n_positions;
         t++, row += d)
      eg_workspace_queue_copy (self, row, first_row (self, &segments[s], t));
  eg_workspace_flush_copies (self, d);
  add_values (self, segments, n_segments, only_last, to);
}

/* ---- rows that are kept, or known ---- */

/* Rows of a segment, so many floats from one to the next. */
static void
keep_rows (EgWorkspace *self, gsize s, float *to, const float *values, gsize stride)
{
  const EgSegmentRows *rows = &eg_workspace_rows (self)[s];
  for (gsize t = 0; t < rows->n_rows; t++)
    eg_workspace_queue_copy (self, to + t * stride, values + (rows->row + t) * stride);
}

void
eg_workspace_keep_resid (EgWorkspace *self, const EgLayerRun *run, gsize first)
{
  const gsize d = self->sizes->d_model;
  for (gsize s = first; s < run->n_active; s++)
    if (run->segments[s].keep)
      keep_rows (self, s, run->segments[s].keep->resid[run->layer], self->r.memory, d);
  eg_workspace_flush_copies (self, d);
}

void
eg_workspace_keep_input (EgWorkspace *self, const EgLayerRun *run, gsize width)
{
  for (gsize s = 0; s < run->n_active; s++)
    if (run->segments[s].keep)
      keep_rows (self, s, run->segments[s].keep->input[run->layer], self->input.memory, self->sizes->d_input);
  eg_workspace_flush_copies (self, width);
}

/* Whether a run is that of a segment of the same group: what this layer makes of it is not there yet. */
static gboolean
is_under_way (const EgLayerRun *run, const EgRun *other)
{
  for (gsize s = 0; s < run->n_active && other; s++)
    if (run->segments[s].keep == other)
      return TRUE;
  return FALSE;
}

/* TRUE when the rows with which a segment enters this layer are all rows of its base or its source: what the
 * layer makes of them first is known. */
static gboolean
knows_input (const EgWorkspace *self, const EgLayerRun *run, const EgSegment *segment)
{
  const gsize layer = run->layer;
  if (segment->layer != layer || !segment->base || segment->input || is_under_way (run, segment->base)
      || is_under_way (run, segment->source))
    return FALSE;
  for (EgSite site = 0; layer > 0 && segment->source && site < self->family->n_sites; site++)
    if (eg_site_is_added (&self->family->sites[site]) && eg_segment_replaces (segment, site, layer - 1))
      return FALSE;
  return TRUE;
}

gsize
eg_workspace_count_unknown (const EgWorkspace *self, const EgLayerRun *run)
{
  gsize n = run->n_active;
  while (n > 0 && knows_input (self, run, &run->segments[n - 1]))
    n--;
  return n;
}

const float *
eg_workspace_known_input (const EgSegment *segment, gsize layer, gsize position)
{
  const EgRun *run = layer > 0 ? eg_segment_replacement (segment, EG_SITE_RESID, layer - 1, position) : NULL;
  return eg_run_input (run ? run : segment->base, layer, position);
}

void
eg_workspace_copy_known (EgWorkspace *self, const EgLayerRun *run, gsize n_computed, gsize width)
{
  const gsize stride = self->sizes->d_input;
  for (gsize s = n_computed; s < run->n_active; s++)
    {
      const EgSegmentRows *rows = &eg_workspace_rows (self)[s];
      for (gsize i = 0; i < rows->n_rows; i++)
        eg_workspace_queue_copy (
            self, self->input.memory + (rows->row + i) * stride,
            eg_workspace_known_input (&run->segments[s], run->layer, run->segments[s].position + i));
    }
  eg_workspace_flush_copies (self, width);
}

void
eg_workspace_gather_last (EgWorkspace *self, gsize n_active, float *to, const float *from, gsize width)
{
  for (gsize s = 0; s < n_active; s++)
    {
      const EgSegmentRows *rows = &eg_workspace_rows (self)[s];
      eg_workspace_queue_copy (self, to + s * width, from + (rows->row + rows->n_rows - 1) * width);
    }
  eg_workspace_flush_copies (self, width);
}
