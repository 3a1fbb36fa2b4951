/* Values into the estimates, and their cells into the list of those that changed. */
#include "trace/run/tally.h"

/* A cell has new values: so many that were not there. */
static void
note_cell (EgPromptTally *self, gsize cell, gsize n_new)
{
  self->units_done += n_new;
  if (self->pending[cell])
    return;
  self->pending[cell] = TRUE;
  g_array_append_val (self->changed, cell);
}

void
eg_tally_take_partial (EgTracedPrompt *self)
{
  const gsize S = self->rounds.max_samples;
  for (gsize cell = 0; cell < self->n_cells; cell++)
    {
      const guint8 *known = self->tally.estimates->known + cell * S;
      gsize n_known = 0;
      for (gsize s = 0; s < S; s++)
        n_known += known[s];
      if (n_known > 0)
        note_cell (&self->tally, cell, n_known);
    }
}

void
eg_tally_record_cell (
    EgTracedPrompt *self, const EgGroup *group, gsize cell, const double *values, gsize stride)
{
  const EgGrid *grid = &self->grid;
  EgPromptTally *tally = &self->tally;
  const gsize n_samples = group->sample_end - group->sample_first;
  gsize alike = cell;
  while (alike > 0 && eg_grid_alike (grid, alike - 1) == cell)
    alike--;
  for (; alike <= cell; alike++)
    if (!eg_grid_is_one_run (grid))
      note_cell (
          tally, alike,
          eg_estimates_record (tally->estimates, alike, group->sample_first, n_samples, values, stride));
    else
      for (gsize s = 0; s < self->rounds.samples; s++)
        note_cell (tally, alike, eg_estimates_record (tally->estimates, alike, s, 1, values, stride));
}

void
eg_tally_record_round (EgTracedPrompt *self, const EgRound *round)
{
  const EgGrid *grid = &self->grid;
  EgPromptTally *tally = &self->tally;
  tally->n_low = round->sample_end;
  for (gsize cell = 0; cell < self->n_cells; cell++)
    if (eg_grid_cell_kind (grid, cell) != EG_CELL_COMPUTED && !eg_grid_is_missing (grid, cell))
      note_cell (tally, cell,
                 eg_estimates_record_known (tally->estimates, cell, round->sample_first,
                                            round->sample_end - round->sample_first,
                                            eg_grid_is_clean (grid, cell)));
}
