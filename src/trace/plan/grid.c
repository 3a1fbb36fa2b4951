/* What each cell of a trace puts where, and what it costs. */
#include "trace/plan/grid.h"

#include "trace/ask/site-names.h"

EgGrid
eg_grid_of (const EgTraceRequest *request,
            const EgFamily *family,
            gsize n_layers,
            gsize n_tokens,
            gsize corrupted_first)
{
  EgGrid self
      = { .family = family,
          .n_layers = n_layers,
          .n_tokens = n_tokens,
          .n_corrupted = n_tokens,
          .corrupted_first = corrupted_first,
          .aligned_first = corrupted_first,
          .sweep = request->sweep,
          .window = request->window,
          .damages = eg_trace_request_is_loss (request),
          .frozen = eg_family_expand_sites (family, eg_site_names_to_set (request->freeze, family, NULL)),
          .has_knockout = request->has_knockout,
          .knockout = request->knockout };
  EgSiteSet sites = eg_site_names_to_set (request->sites, family, &self.sites[0]);
  if (request->has_knockout)
    sites = EG_SITE_BIT (self.sites[0] = (EgSite)family->knockout_site);
  self.n_sites = 1;
  for (EgSite site = 0; site < family->n_sites; site++)
    if ((sites & EG_SITE_BIT (site)) != 0 && site != self.sites[0])
      self.sites[self.n_sites++] = site;
  self.n_rows = self.sweep == EG_SWEEP_POSITIONS ? 1 : n_layers;
  self.n_columns = self.sweep == EG_SWEEP_LAYERS ? 1 : n_tokens;
  return self;
}

EgGrid
eg_grid_of_input (const EgTraceRequest *request, EgModel *model, const EgTraceInput *input)
{
  EgGrid self = eg_grid_of (request, eg_model_get_family (model), eg_model_get_sizes (model)->n_layers,
                            input->n_tokens, input->corrupted_first);
  if (input->swapped == NULL)
    return self;
  self.n_corrupted = input->n_swapped;
  if (self.n_tokens > self.n_corrupted)
    self.aligned_first += self.n_tokens - self.n_corrupted;
  return self;
}

gsize
eg_grid_n_cells (const EgGrid *self)
{
  return self->n_sites * self->n_rows * self->n_columns;
}

EgSiteSet
eg_grid_get_sites (const EgGrid *self)
{
  EgSiteSet sites = 0;
  for (gsize i = 0; i < self->n_sites; i++)
    sites |= EG_SITE_BIT (self->sites[i]);
  return sites;
}

gsize
eg_grid_site_index (const EgGrid *self, gsize cell)
{
  return cell / (self->n_rows * self->n_columns);
}

static EgSite
site_of (const EgGrid *self, gsize cell)
{
  return self->sites[eg_grid_site_index (self, cell)];
}

static const EgSiteInfo *
info_of (const EgGrid *self, gsize cell)
{
  return &self->family->sites[site_of (self, cell)];
}

gboolean
eg_grid_is_missing (const EgGrid *self, gsize cell)
{
  const gsize position = cell % self->n_columns;
  const EgBox box = eg_grid_box (self, cell);
  if (self->has_knockout)
    return box.layer_begin >= box.layer_end;
  return (self->sweep == EG_SWEEP_CELLS || self->sweep == EG_SWEEP_POSITIONS)
         && position >= self->corrupted_first && position < self->aligned_first;
}

gboolean
eg_grid_runs_corrupted (const EgGrid *self)
{
  return !self->damages && !self->has_knockout;
}

gsize
eg_grid_run_length (const EgGrid *self)
{
  return eg_grid_runs_corrupted (self) ? self->n_corrupted : self->n_tokens;
}

void
eg_grid_window (gsize n_layers, gsize layer, gsize window, gsize *begin, gsize *end)
{
  *begin = layer > window / 2 ? layer - window / 2 : 0;
  *end = MIN (n_layers, layer + (window + 1) / 2);
}

EgBox
eg_grid_box (const EgGrid *self, gsize cell)
{
  const gsize layer = cell / self->n_columns % self->n_rows, position = cell % self->n_columns;
  EgBox box = { 0, self->n_layers, 0, self->n_tokens };
  if (self->sweep != EG_SWEEP_POSITIONS)
    eg_grid_window (self->n_layers, layer, self->window, &box.layer_begin, &box.layer_end);
  if (self->has_knockout)
    {
      box.layer_begin = MAX (box.layer_begin, self->knockout.layer_first);
      box.layer_end = MIN (box.layer_end, self->knockout.layer_last + 1);
      box.position_begin = self->knockout.to_first;
      box.position_end = self->knockout.to_last + 1;
      return box;
    }
  /* Before the subject, clean and corrupted runs are the same. */
  box.position_begin = self->sweep == EG_SWEEP_LAYERS  ? self->aligned_first
                       : self->sweep == EG_SWEEP_CARRY ? MAX (position, self->aligned_first)
                                                       : position;
  if (self->sweep == EG_SWEEP_CELLS || self->sweep == EG_SWEEP_POSITIONS)
    box.position_end = position + 1;
  return box;
}

gboolean
eg_grid_begins_with_values (const EgGrid *self)
{
  return self->sites[0] == EG_SITE_RESID && self->sweep == EG_SWEEP_CELLS && self->window == 1
         && self->frozen == 0 && !self->has_knockout;
}

gsize
eg_grid_start_layer (const EgGrid *self, gsize cell)
{
  return eg_grid_box (self, cell).layer_begin + (info_of (self, cell)->after ? 1 : 0);
}

gsize
eg_grid_start_position (const EgGrid *self, gsize cell)
{
  return eg_grid_box (self, cell).position_begin + info_of (self, cell)->later;
}

EgCellKind
eg_grid_cell_kind (const EgGrid *self, gsize cell)
{
  const EgBox box = eg_grid_box (self, cell);
  const EgSite site = site_of (self, cell);
  /* After the last layer only the last position is read. */
  const gboolean only_last_layer = box.layer_begin + 1 >= self->n_layers;
  const gboolean has_last = box.position_end >= self->n_tokens;
  if (self->has_knockout)
    return box.layer_begin >= box.layer_end || (only_last_layer && !has_last) ? EG_CELL_UNCHANGED
                                                                              : EG_CELL_COMPUTED;
  if (box.position_end <= self->aligned_first || eg_grid_start_position (self, cell) >= self->n_tokens
      || (only_last_layer && !has_last && info_of (self, cell)->stays))
    return EG_CELL_UNCHANGED;
  /* What comes before the positions of a text of another length is another history. */
  const gboolean is_whole
      = box.position_begin <= self->corrupted_first && self->n_corrupted == self->n_tokens;
  if (site == EG_SITE_RESID && has_last
      && (box.layer_end == self->n_layers || (is_whole && self->frozen == 0)))
    return EG_CELL_REPLACED;
  return EG_CELL_COMPUTED;
}

gsize
eg_grid_alike (const EgGrid *self, gsize cell)
{
  const gsize position = cell % self->n_columns;
  return self->sweep == EG_SWEEP_CARRY ? cell - position + MAX (position, self->aligned_first) : cell;
}

gboolean
eg_grid_is_clean (const EgGrid *self, gsize cell)
{
  const gboolean replaced = eg_grid_cell_kind (self, cell) == EG_CELL_REPLACED;
  return self->has_knockout || replaced == !self->damages;
}

gboolean
eg_grid_is_one_run (const EgGrid *self)
{
  return self->has_knockout;
}

EgSegment
eg_grid_segment (const EgGrid *self, gsize cell, const EgRun *clean, const EgRun *corrupted)
{
  const gboolean restores = eg_grid_runs_corrupted (self);
  const gsize shift = eg_grid_run_length (self) - self->n_tokens; /* goes round where tokens are fewer */
  EgSegment segment = { .layer = eg_grid_start_layer (self, cell),
                        .position = eg_grid_start_position (self, cell) + shift,
                        .base = restores ? corrupted : clean,
                        .source = restores ? clean : corrupted,
                        .sites = eg_family_expand_sites (self->family, EG_SITE_BIT (site_of (self, cell))),
                        .frozen = self->frozen,
                        .box = eg_grid_box (self, cell) };
  segment.box.position_begin += shift;
  segment.box.position_end += shift;
  if (!self->has_knockout)
    return segment;
  segment.source = NULL;
  segment.sites = 0;
  segment.from_begin = self->knockout.from_first;
  segment.from_end = self->knockout.from_last + 1;
  segment.head_begin = self->knockout.head_first;
  segment.head_end = self->knockout.head_end;
  return segment;
}

gsize
eg_grid_rows_a_layer (const EgGrid *self)
{
  const gsize m = self->n_tokens - self->aligned_first;
  if (self->has_knockout)
    return self->n_tokens - self->knockout.to_first;
  return self->sweep == EG_SWEEP_LAYERS ? m : m * (m + 1) / 2;
}

gsize
eg_grid_n_turns (const EgGrid *self)
{
  return self->n_rows;
}

gsize
eg_grid_turn_begin (const EgGrid *self, gsize site_index, gsize turn)
{
  return (site_index * self->n_rows + turn) * self->n_columns
         + (self->n_columns > 1 ? self->aligned_first : 0);
}

gsize
eg_grid_turn_end (const EgGrid *self, gsize site_index, gsize turn)
{
  return (site_index * self->n_rows + turn + 1) * self->n_columns;
}
