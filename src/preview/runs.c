/* Runs the clean prompt, the corrupted ones, and points between them, and keeps what a pass backward reads.
 */
#include "preview/runs.h"

#include "core/error.h"
#include "core/memory.h"

#include <glib/gi18n.h>
#include <string.h>

/* What a block's runs, and what is computed of them, may take together, if one sample's do. */
#define BLOCK_BYTES (G_GUINT64_CONSTANT (224) << 20)
/* More rows than that are not faster. */
#define BLOCK_ROWS 1024

static gsize most_samples; /* for tests */

void
eg_preview_runs_set_most (gsize samples)
{
  most_samples = samples;
}

static EgNetwork *
network_of (const EgPreviewRuns *self)
{
  return eg_model_get_network (self->model);
}

static EgRunShape
shape_of (const EgPreviewRuns *self, gsize n_positions, gsize first)
{
  const EgRunShape shape = { .n_positions = n_positions,
                             .first = first,
                             .state_first = first,
                             .state_end = first,
                             .state_step = 1,
                             .sites = eg_back_sites (eg_model_get_family (self->model)),
                             .base = first > 0 ? self->clean : NULL };
  return shape;
}

/* Of the clean run, the state that all others begin with is kept, and no other. */
static EgRunShape
clean_shape (const EgPreviewRuns *self)
{
  EgRunShape shape = shape_of (self, self->n_clean, 0);
  if (self->first > 0)
    {
      shape.state_first = self->first - 1;
      shape.state_end = self->first;
    }
  return shape;
}

/* Samples that are worked on together. */
static gboolean
plan_blocks (EgPreviewRuns *self, GError **error)
{
  const EgFamily *family = eg_model_get_family (self->model);
  const EgSizes *sizes = eg_model_get_sizes (self->model);
  const gsize n = MAX (self->n_corrupted, self->n_clean) - self->first, points = 1 + self->steps;
  const EgRunShape shape = shape_of (self, MAX (self->n_corrupted, self->n_clean), self->first);
  const EgRunShape clean = clean_shape (self);
  const guint64 run = eg_run_size (family, sizes, &shape) + n * eg_back_row_size (family, sizes)
                      + sizes->vocab_size * sizeof (float);
  const guint64 fixed = eg_run_size (family, sizes, &clean) + n * eg_back_row_size (family, sizes);
  const guint64 most = MIN (BLOCK_BYTES / (run * points), BLOCK_ROWS / (n * points));
  self->block = CLAMP (most_samples > 0 ? most_samples : most, 1, self->samples);
  EgBackend *be = eg_network_get_backend (network_of (self));
  const guint64 needed = fixed + self->block * points * run;
  const guint64 available = be->memory_free ? be->memory_free (be) : eg_memory_available ();
  if (needed <= available)
    return TRUE;
  g_autofree char *need = g_format_size_full (needed, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *have = g_format_size_full (available, G_FORMAT_SIZE_IEC_UNITS);
  g_set_error (error, EG_ERROR, EG_ERROR_MEMORY,
               _ ("An estimate of this prompt’s %zu tokens needs %s of memory, and %s are free"),
               self->n_clean, need, have);
  return FALSE;
}

/* Tokens' rows from a position on, on the host. (transfer full) */
static float *
download_rows (EgPreviewRuns *self, const guint32 *ids, gsize first, gsize n_tokens, GError **error)
{
  EgBackend *be = eg_network_get_backend (network_of (self));
  const gsize n = (n_tokens - first) * eg_model_get_sizes (self->model)->d_model;
  float *device = eg_workspace_embed (self->workspace, ids + first, n_tokens - first, error);
  if (!device)
    return NULL;
  float *rows = g_new (float, n);
  be->download (eg_workspace_get_stream (self->workspace), rows, device, n);
  be->release (be, device);
  return rows;
}

static gboolean
load_rows (EgPreviewRuns *self, GError **error)
{
  const EgTraceInput *input = self->input;
  const gsize n_noise = input->corrupted_last - self->first + 1;
  self->clean_rows = download_rows (self, input->ids, self->first, self->n_clean, error);
  if (!self->clean_rows)
    return FALSE;
  if (input->swapped)
    {
      self->corrupted_rows = download_rows (self, input->swapped, self->first, self->n_corrupted, error);
      return self->corrupted_rows != NULL;
    }
  self->corrupted_rows
      = g_memdup2 (self->clean_rows, (self->n_clean - self->first) * eg_model_get_sizes (self->model)->d_model
                                         * sizeof (float));
  self->noise = eg_noise_new (self->model, &self->request->corruption, self->request->noise_level,
                              self->request->seed, self->clean_rows, n_noise, self->cancellable, error);
  return self->noise != NULL;
}

gboolean
eg_preview_runs_init (EgPreviewRuns *self,
                      EgModel *model,
                      const EgTraceRequest *request,
                      const EgTraceInput *input,
                      const EgGrid *grid,
                      GCancellable *cancellable,
                      GError **error)
{
  const gsize n = eg_trace_request_count_threads (request);
  self->model = model;
  self->request = eg_trace_request_copy (request);
  self->request->all_metrics = FALSE;
  if (request->metric == EG_METRIC_PROB)
    self->request->metric = EG_METRIC_LOGPROB;
  self->input = input;
  self->grid = grid;
  self->cancellable = cancellable;
  self->samples = eg_trace_request_get_samples (request);
  self->steps = request->estimate_steps;
  self->first = input->corrupted_first;
  self->n_clean = input->n_tokens;
  self->n_corrupted = input->swapped ? input->n_swapped : input->n_tokens;
  self->low = g_new0 (double, self->samples);
  eg_meter_init (&self->meter, model, self->request);
  if (!plan_blocks (self, error))
    return FALSE;
  self->runs = g_new0 (EgRun *, self->block * (1 + self->steps));
  self->workspace = eg_workspace_new (network_of (self), n);
  self->other = input->swapped ? eg_workspace_new (network_of (self), n) : NULL;
  return load_rows (self, error);
}

static void
free_runs (EgPreviewRuns *self)
{
  for (gsize i = 0; i < self->n_runs; i++)
    g_clear_pointer (&self->runs[i], eg_run_free);
  self->n_runs = 0;
}

void
eg_preview_runs_clear (EgPreviewRuns *self)
{
  free_runs (self);
  g_free (self->runs);
  g_clear_pointer (&self->clean, eg_run_free);
  g_clear_pointer (&self->noise, eg_noise_free);
  g_clear_pointer (&self->workspace, eg_workspace_free);
  g_clear_pointer (&self->other, eg_workspace_free);
  eg_meter_clear (&self->meter);
  g_clear_pointer (&self->request, eg_trace_request_free);
  g_free (self->clean_rows);
  g_free (self->corrupted_rows);
  g_free (self->low);
}

/* ---- a block ---- */

/* Input rows in device memory, kept until the block has run. */
static float *
upload_rows (EgPreviewRuns *self,
             EgWorkspace *workspace,
             GPtrArray *inputs,
             const float *rows,
             gsize n,
             GError **error)
{
  EgBackend *be = eg_network_get_backend (network_of (self));
  const gsize n_floats = n * eg_model_get_sizes (self->model)->d_model;
  float *device = be->alloc (be, n_floats);
  if (!device)
    {
      g_set_error_literal (error, EG_ERROR, EG_ERROR_MEMORY,
                           _ ("There is no memory left for the corrupted prompt"));
      return NULL;
    }
  g_ptr_array_add (inputs, device);
  be->upload (eg_workspace_get_stream (workspace), device, rows, n_floats);
  return eg_workspace_place (workspace, device, self->first, n, error) ? device : NULL;
}

/* The rows between the runs at which the k-th gradient is taken, beginning with those of the base: midpoints
 * of equal parts. (transfer full) */
static float *
rows_between (const EgPreviewRuns *self, gsize k)
{
  const gsize n = (self->n_clean - self->first) * eg_model_get_sizes (self->model)->d_model;
  const double part = ((double)k + 0.5) / (double)self->steps;
  const double clean_part = self->grid->damages ? 1 - part : part;
  float *rows = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    rows[i] = (float)((double)self->corrupted_rows[i]
                      + clean_part * ((double)self->clean_rows[i] - (double)self->corrupted_rows[i]));
  return rows;
}

/* One more run of the block, of these rows. */
static gboolean
add_run (EgPreviewRuns *self,
         EgWorkspace *workspace,
         GPtrArray *inputs,
         const float *rows,
         gsize slot,
         EgSegment *segment,
         GError **error)
{
  const EgRunShape shape = shape_of (self, self->n_corrupted, self->first);
  const float *input = upload_rows (self, workspace, inputs, rows, self->n_corrupted - self->first, error);
  self->runs[slot] = input ? eg_run_new (network_of (self), &shape, error) : NULL;
  self->n_runs = MAX (self->n_runs, slot + 1);
  *segment
      = (EgSegment){ .position = self->first, .base = shape.base, .input = input, .keep = self->runs[slot] };
  return self->runs[slot] != NULL;
}

static gboolean
add_block (EgPreviewRuns *self,
           EgWorkspace *workspace,
           GPtrArray *inputs,
           gsize n,
           EgSegment *segments,
           GError **error)
{
  for (gsize s = 0; s < n; s++)
    {
      if (self->noise)
        eg_noise_draw (self->noise, self->clean_rows, self->corrupted_rows);
      if (!add_run (self, workspace, inputs, self->corrupted_rows, s, &segments[s], error))
        return FALSE;
      for (gsize k = 0; k < self->steps; k++)
        {
          g_autofree float *rows = rows_between (self, k);
          const gsize slot = n + s * self->steps + k;
          if (!add_run (self, workspace, inputs, rows, slot, &segments[slot], error))
            return FALSE;
        }
    }
  return TRUE;
}

/* The whole clean prompt, in device memory, and what is kept of it. */
static gboolean
add_clean (EgPreviewRuns *self, GPtrArray *inputs, EgSegment *segment, GError **error)
{
  const EgRunShape shape = clean_shape (self);
  float *input = eg_workspace_embed (self->workspace, self->input->ids, self->n_clean, error);
  if (!input)
    return FALSE;
  g_ptr_array_add (inputs, input);
  if (!eg_workspace_place (self->workspace, input, 0, self->n_clean, error))
    return FALSE;
  self->clean = eg_run_new (network_of (self), &shape, error);
  *segment = (EgSegment){ .input = input, .keep = self->clean };
  return self->clean != NULL;
}

static gboolean
run (EgPreviewRuns *self,
     EgWorkspace *workspace,
     const EgSegment *segments,
     gsize n,
     gsize n_positions,
     GError **error)
{
  return eg_workspace_run (workspace, segments, n, n_positions, self->cancellable, error);
}

/* The clean run and a swap's one, each in its own workspace. */
static gboolean
run_swapped (EgPreviewRuns *self, GPtrArray *inputs, double *values, GError **error)
{
  const gsize n = 1 + self->steps;
  g_autofree EgSegment *segments = g_new0 (EgSegment, n);
  if (!add_clean (self, inputs, segments, error)
      || !run (self, self->workspace, segments, 1, self->n_clean, error)
      || !add_block (self, self->other, inputs, 1, segments, error)
      || !run (self, self->other, segments, n, self->n_corrupted, error)
      || !eg_meter_aim (&self->meter, self->input, self->workspace, 0, self->other, 0, error))
    return FALSE;
  eg_meter_read (&self->meter, self->workspace, 1, TRUE, values);
  self->high = values[0];
  eg_meter_read (&self->meter, self->other, n, FALSE, values);
  return eg_workspace_check (self->other, error);
}

/* The clean run goes with the first block. */
static gboolean
run_block (EgPreviewRuns *self, GPtrArray *inputs, gsize n, double *values, GError **error)
{
  const gsize n_runs = n * (1 + self->steps), before = self->clean ? 0 : 1;
  g_autofree EgSegment *segments = g_new0 (EgSegment, before + n_runs);
  if ((before > 0 && !add_clean (self, inputs, segments, error))
      || !add_block (self, self->workspace, inputs, n, segments + before, error)
      || !run (self, self->workspace, segments, before + n_runs, self->n_clean, error)
      || (before > 0 && !eg_meter_aim (&self->meter, self->input, self->workspace, 0, NULL, 0, error)))
    return FALSE;
  eg_meter_read (&self->meter, self->workspace, before + n_runs, before > 0, values);
  if (before > 0)
    self->high = values[0];
  memmove (values, values + before, n_runs * sizeof *values);
  return TRUE;
}

gboolean
eg_preview_runs_take (EgPreviewRuns *self, gsize first, gsize n, GError **error)
{
  EgBackend *be = eg_network_get_backend (network_of (self));
  const gboolean is_first = !self->clean;
  g_autofree double *values = g_new0 (double, n *(1 + self->steps) + 1);
  g_autoptr (GPtrArray) inputs = g_ptr_array_new ();
  free_runs (self);
  gboolean ok
      = self->other ? run_swapped (self, inputs, values, error) : run_block (self, inputs, n, values, error);
  ok = ok && eg_workspace_check (self->workspace, error)
       && (!is_first || eg_meter_check (&self->meter, self->workspace, error));
  memcpy (self->low + first, values, n * sizeof *values);
  for (guint i = 0; i < inputs->len; i++)
    be->release (be, inputs->pdata[i]);
  return ok;
}
