/* Finds the keys and values that the rows of a group read. */
#include "network/attention/lanes.h"

void
eg_attention_lanes_init (EgAttentionLanes *self)
{
  self->rows = g_array_new (FALSE, TRUE, sizeof (EgAttentionRows));
  self->spans = g_array_new (FALSE, TRUE, sizeof (EgAttentionSpan));
}

void
eg_attention_lanes_clear (EgAttentionLanes *self)
{
  g_array_unref (self->rows);
  g_array_unref (self->spans);
}

/* Positions first … end − 1 of a run and of those that it continues, the earliest first. */
static void
add_spans (
    EgAttentionLanes *self, const EgRun *run, gsize layer, gsize end, gsize key_offset, gsize value_offset)
{
  const gsize first = run->shape.first, ld = run->sizes->d_input;
  if (first > 0)
    add_spans (self, run->shape.base, layer, MIN (first, end), key_offset, value_offset);
  if (end <= first)
    return;
  const float *rows = eg_run_input (run, layer, first);
  const EgAttentionSpan span
      = { .keys = rows + key_offset, .values = rows + value_offset, .ld = ld, .n = end - first };
  g_array_append_val (self->spans, span);
}

void
eg_attention_load (EgWorkspace *workspace,
                   EgAttentionLanes *self,
                   const EgLayerRun *run,
                   gsize key_offset,
                   gsize value_offset)
{
  const gsize ld = workspace->sizes->d_input;
  g_array_set_size (self->rows, 0);
  g_array_set_size (self->spans, 0);
  for (gsize s = 0; s < run->n_active; s++)
    {
      const EgSegment *segment = &run->segments[s];
      const EgSegmentRows *rows = &eg_workspace_rows (workspace)[s];
      EgAttentionRows it = { .row = rows->row,
                             .n_rows = rows->n_rows,
                             .first = segment->position,
                             .span = self->spans->len,
                             .out_first = run->only_last ? rows->n_rows - 1 : 0,
                             .out_row = run->only_last ? s : rows->row };
      if (segment->position > 0)
        add_spans (self, segment->base, run->layer, segment->position, key_offset, value_offset);
      const float *own = workspace->input.memory + rows->row * ld;
      const EgAttentionSpan span
          = { .keys = own + key_offset, .values = own + value_offset, .ld = ld, .n = rows->n_rows };
      g_array_append_val (self->spans, span);
      it.n_spans = self->spans->len - it.span;
      if (eg_segment_cuts (segment, run->layer))
        {
          it.cut_end = MIN (segment->box.position_end, workspace->n_positions) - segment->position;
          it.from_begin = segment->from_begin;
          it.from_end = segment->from_end;
          it.head_begin = segment->head_begin;
          it.head_end = segment->head_end > 0 ? segment->head_end : workspace->sizes->n_heads;
        }
      g_array_append_val (self->rows, it);
    }
}

EgAttention
eg_attention_over (const EgAttentionLanes *self)
{
  return (EgAttention){ .segments = (const EgAttentionRows *)(gpointer)self->rows->data,
                        .n_segments = self->rows->len,
                        .spans = (const EgAttentionSpan *)(gpointer)self->spans->data,
                        .n_spans = self->spans->len };
}
