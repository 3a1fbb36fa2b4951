/* How often a trace goes through a layer on a device, and what that launches: what the roofline
 * (tests/bench/roofline.c) counts with, and test-cuda-traces.c holds against the calls that cuda-host counts.
 */
#pragma once

#include "trace/plan/plan.h"

/* Of a group in a layer, most layers, with float32 weights: kernels and products queued, and tables copied to
 * the device beside them. */
#define LAUNCHES_A_LAYER 14
#define TABLES_A_LAYER   6

/* Layers that all groups and blocks of corrupted runs go through. */
static inline gsize
count_layer_visits (const EgPlan *plan)
{
  const EgGrid *grid = &plan->grid;
  const gsize block = MAX (plan->sizes.corrupted_rows / (grid->n_tokens - grid->corrupted_first), 1);
  gsize visits = 0;
  for (guint r = 0; r < plan->rounds->len; r++)
    {
      const EgRound *round = plan->rounds->pdata[r];
      visits += (round->sample_end - round->sample_first + block - 1) / block * grid->n_layers;
      for (guint g = 0; g < round->groups->len; g++)
        {
          const EgGroup *group = round->groups->pdata[g];
          visits
              += grid->n_layers
                 - MIN (eg_grid_start_layer (grid, g_array_index (group->cells, gsize, 0)), grid->n_layers);
        }
    }
  return visits;
}
