/* What passes backward through attention share. */
#include "network/attention/back.h"

#include "network/layer.h"

EgAttention
eg_attention_over_back (EgWorkspace *workspace,
                        const EgLayerBack *back,
                        gsize key_offset,
                        gsize value_offset,
                        EgAttentionRows *rows,
                        EgAttentionSpan *spans)
{
  const gsize ld = workspace->sizes->d_input;
  gsize n_spans = 0;
  for (gsize i = 0; i < back->n_lanes; i++)
    {
      const EgBackLane *lane = &back->lanes[i];
      const float *own = workspace->input.memory + lane->row * ld;
      rows[i] = (EgAttentionRows){ .row = lane->row,
                                   .n_rows = lane->n_rows,
                                   .first = lane->first,
                                   .span = n_spans,
                                   .n_spans = lane->first > 0 ? 2 : 1,
                                   .out_row = lane->row };
      if (lane->first > 0)
        {
          const float *before = eg_run_input (lane->run, back->layer, 0);
          spans[n_spans++] = (EgAttentionSpan){ before + key_offset, before + value_offset, ld, lane->first };
        }
      spans[n_spans++] = (EgAttentionSpan){ own + key_offset, own + value_offset, ld, lane->n_rows };
    }
  return (EgAttention){ .segments = rows, .n_segments = back->n_lanes, .spans = spans, .n_spans = n_spans };
}
