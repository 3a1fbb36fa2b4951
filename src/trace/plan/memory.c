/* What the runs of a trace keep, so that they fit into memory. */
#include "trace/plan/memory.h"

/* The corrupted runs of one round take at most this much memory, if one sample's do. */
#define ROUND_BYTES (G_GUINT64_CONSTANT (512) << 20)
/* Samples of a round whose cells of one layer have together this many rows are enough for wide products. */
#define WIDE_ROWS 256
/* States are kept after every position, or where those do not fit, after every second, fourth … of them, at
 * least after each of these: between two of them they are computed again. After every 16th, this costs half a
 * row a segment and layer and nothing next to the rows of a prompt with more tokens than LONG_PROMPT. */
#define STATE_STEP  16
#define LONG_PROMPT 64
/* A device's groups are not made smaller than this beforehand; those that fail are halved. */
#define LEAST_DEVICE_ROWS 128

/* The sites whose values others' runs take from the run that they continue. */
static EgSiteSet
kept_of_base (const EgGrid *grid)
{
  EgSiteSet sites = 0;
  for (gsize i = 0; i < grid->n_sites; i++)
    sites |= EG_SITE_BIT (grid->sites[i]);
  return grid->frozen | eg_family_sites_below (grid->family, sites);
}

/* Whether states are values that are put somewhere: then they are kept of every position. */
static gboolean
wants_states (const EgGrid *grid, const EgRunShape *shape)
{
  for (EgSite site = 0; site < grid->family->n_sites; site++)
    if ((shape->sites & EG_SITE_BIT (site)) != 0 && grid->family->sites[site].carried)
      return TRUE;
  return FALSE;
}

static EgRunShape
clean_shape (const EgGrid *grid, gsize step)
{
  const gsize T = grid->n_tokens, first = grid->corrupted_first;
  EgRunShape shape = { .n_positions = T, .state_first = first > 0 ? first - 1 : 0, .state_step = step };
  if (grid->has_knockout)
    {
      /* Continued anywhere, without what was put into the state anywhere. */
      shape.state_first %= step;
      shape.state_end = T - 1;
      return shape;
    }
  const gboolean is_source = !grid->damages;
  for (gsize i = 0; is_source && i < grid->n_sites; i++)
    shape.sites |= EG_SITE_BIT (grid->sites[i]);
  if (!is_source)
    shape.sites = kept_of_base (grid);
  /* The corrupted runs continue it at the subject, and damaged ones everywhere after it. */
  shape.state_end = wants_states (grid, &shape) ? T : is_source ? first : T - 1;
  return shape;
}

static EgRunShape
corrupted_shape (const EgGrid *grid, gsize step)
{
  const gsize T = grid->n_corrupted, first = grid->corrupted_first;
  EgRunShape shape = { .n_positions = T, .first = first, .state_first = first, .state_step = step };
  const gboolean is_source = grid->damages && !grid->has_knockout;
  for (gsize i = 0; is_source && i < grid->n_sites; i++)
    shape.sites |= EG_SITE_BIT (grid->sites[i]);
  if (!grid->damages)
    shape.sites = kept_of_base (grid);
  shape.state_end = wants_states (grid, &shape) ? T : !grid->damages ? T - 1 : first;
  return shape;
}

static gsize most_samples;
static guint64 round_bytes = ROUND_BYTES;

void
eg_trace_memory_set_most (gsize samples)
{
  most_samples = samples;
}

void
eg_trace_memory_set_round (guint64 bytes)
{
  round_bytes = bytes > 0 ? bytes : ROUND_BYTES;
}

EgTraceMemory
eg_trace_memory_plan (const EgSizes *sizes, const EgGrid *grid, gsize samples)
{
  const gsize wide_enough = MIN (samples, WIDE_ROWS / eg_grid_rows_a_layer (grid) + 1);
  gsize step = MAX (grid->n_tokens, grid->n_corrupted) - grid->corrupted_first > LONG_PROMPT ? STATE_STEP : 1;
  EgTraceMemory memory = { .corrupted = corrupted_shape (grid, step) };
  while (step < STATE_STEP
         && eg_run_size (grid->family, sizes, &memory.corrupted) * wide_enough > round_bytes)
    {
      step *= 2;
      memory.corrupted = corrupted_shape (grid, step);
    }
  memory.clean = clean_shape (grid, step);
  const guint64 one = eg_run_size (grid->family, sizes, &memory.corrupted);
  memory.samples_at_once = (gsize)CLAMP (round_bytes / one, 1, samples);
  if (most_samples > 0)
    memory.samples_at_once = MIN (memory.samples_at_once, most_samples);
  memory.bytes
      = eg_run_size (grid->family, sizes, &memory.clean) + one * MIN (2 * memory.samples_at_once, samples);
  return memory;
}

gsize
eg_trace_group_rows (EgNetwork *network, guint64 kept)
{
  EgBackend *backend = eg_network_get_backend (network);
  const guint64 row = eg_workspace_row_size (eg_network_get_family (network), eg_network_get_sizes (network));
  if (backend->group_rows == 0)
    return 0;
  const guint64 available = backend->memory_free ? backend->memory_free (backend) : G_MAXUINT64;
  const guint64 a_lane = (available > kept ? available - kept : 0) / 2 / MAX (backend->n_lanes, 1);
  gsize rows = backend->group_rows;
  while (rows / 2 >= LEAST_DEVICE_ROWS && rows * row > a_lane)
    rows /= 2;
  return rows;
}
