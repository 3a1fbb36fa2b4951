/* What passes backward through a convolution and a state share. */
#include "network/ssm/back.h"

#include "network/layer.h"

EgConvRows *
eg_ssm_conv_rows (
    EgWorkspace *workspace, const EgLayerBack *back, float *history, gsize n_inner, gsize n_conv)
{
  const gsize before = n_conv - 1;
  EgConvRows *rows = g_new0 (EgConvRows, back->n_lanes);
  for (gsize i = 0; i < back->n_lanes; i++)
    {
      const EgBackLane *lane = &back->lanes[i];
      for (gsize k = 0; k < before; k++)
        {
          const gboolean is_text = lane->first + k >= before;
          eg_workspace_queue_copy (workspace, history + (i * before + k) * n_inner,
                                   is_text ? eg_run_input (lane->run, back->layer, lane->first + k - before)
                                           : workspace->back.zero.memory);
        }
      rows[i] = (EgConvRows){ lane->row, lane->n_rows, history + i * before * n_inner };
    }
  eg_workspace_flush_copies (workspace, n_inner);
  return rows;
}

static const float *
state_before (const EgBackLane *lane, gsize layer)
{
  return lane->first > 0 ? eg_run_state (lane->run, layer, lane->first - 1) : NULL;
}

EgScanLane *
eg_ssm_scan_lanes (const EgLayerBack *back)
{
  EgScanLane *lanes = g_new0 (EgScanLane, back->n_lanes);
  for (gsize i = 0; i < back->n_lanes; i++)
    {
      const EgBackLane *lane = &back->lanes[i];
      lanes[i] = (EgScanLane){ lane->row, lane->n_rows, state_before (lane, back->layer) };
    }
  return lanes;
}

EgScanRows *
eg_ssm_scan_rows (const EgLayerBack *back)
{
  EgScanRows *rows = g_new0 (EgScanRows, back->n_lanes);
  for (gsize i = 0; i < back->n_lanes; i++)
    {
      const EgBackLane *lane = &back->lanes[i];
      rows[i] = (EgScanRows){ .row = lane->row,
                              .n_rows = lane->n_rows,
                              .state = state_before (lane, back->layer),
                              .out_row = lane->row };
    }
  return rows;
}
