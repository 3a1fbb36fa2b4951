/* Some cells of a trace, by a device and by the reference. */
#include "trace/run/verify.h"

#include "trace/ask/noise.h"
#include "trace/plan/memory.h"
#include "trace/run/clean-run.h"

#include <math.h>

#define PROMPT  "The Eiffel Tower is located in"
#define SUBJECT "Eiffel Tower"
#define N_CELLS 8

/**
 * Check: what both do.
 * @cells: [n_cells], in the order of layers
 * @target: the first prediction of the one that is done first
 * @progress: of all that both do; or %NULL
 * @n_done: parts that are done: of either, its first runs, and each group of cells
 */
typedef struct
{
  const EgTraceRequest *request;
  const EgTraceInput *input;
  EgGrid grid;
  gsize *cells, n_cells, target;
  gboolean has_target;
  GCancellable *cancellable;
  EgVerifyProgressFunc progress;
  gpointer data;
  gsize n_done;
} Check;

/* The first one's cells are one group, the second one's as many as there are where somebody follows. */
static void
add_done (Check *self)
{
  self->n_done++;
  if (self->progress)
    self->progress ((double)self->n_done / (double)(3 + self->n_cells), self->data);
}

/* Evenly among those that are computed. */
static void
choose_cells (Check *self, gsize n_wanted)
{
  const gsize n = eg_grid_n_cells (&self->grid) / self->grid.n_sites;
  g_autofree gsize *computed = g_new (gsize, n);
  gsize n_computed = 0;
  for (gsize cell = 0; cell < n; cell++)
    if (eg_grid_cell_kind (&self->grid, cell) == EG_CELL_COMPUTED)
      computed[n_computed++] = cell;
  self->n_cells = MIN (n_wanted, n_computed);
  self->cells = g_new (gsize, MAX (self->n_cells, 1));
  for (gsize i = 0; i < self->n_cells; i++)
    self->cells[i] = computed[i * n_computed / self->n_cells];
}

/* One sample's rows from the subject on. (transfer full): by the backend; NULL with an error */
static float *
draw_corrupted (const Check *self, EgModel *model, EgWorkspace *workspace, GError **error)
{
  EgBackend *be = eg_network_get_backend (eg_workspace_get_network (workspace));
  const gsize d = eg_model_get_sizes (model)->d_model, first = self->input->corrupted_first;
  const gsize n = self->input->n_tokens - first, n_noise = self->input->corrupted_last - first + 1;
  float *rows = eg_workspace_embed (workspace, self->input->ids + first, n, error);
  if (!rows)
    return NULL;
  g_autofree float *host = g_new (float, n *d);
  be->download (eg_workspace_get_stream (workspace), host, rows, n * d);
  g_autoptr (EgNoise) noise = eg_noise_new (model, &self->request->corruption, self->request->noise_level,
                                            self->request->seed, host, n_noise, self->cancellable, error);
  if (noise)
    {
      eg_noise_draw (noise, host, host);
      be->upload (eg_workspace_get_stream (workspace), rows, host, n * d);
      if (eg_workspace_place (workspace, rows, first, n, error))
        return rows;
    }
  be->release (be, rows);
  return NULL;
}

/* The clean run and the corrupted one, which are kept. */
static gboolean
run_first (Check *self,
           EgWorkspace *workspace,
           const float *input,
           const float *noisy,
           EgRun *clean,
           EgRun *corrupted,
           GError **error)
{
  const gsize first = self->input->corrupted_first;
  const EgSegment segments[]
      = { { .input = input, .keep = clean },
          { .position = first, .base = first > 0 ? clean : NULL, .input = noisy, .keep = corrupted } };
  EgTopValue found;
  double sum;
  if (!eg_workspace_run (workspace, segments, 2, self->input->n_tokens, self->cancellable, error))
    return FALSE;
  add_done (self);
  if (self->has_target)
    return TRUE;
  if (!eg_workspace_top (workspace, 0, &found, 1, &sum, error))
    return FALSE;
  self->target = found.index;
  self->has_target = TRUE;
  return TRUE;
}

/* Those from first to end, together. */
static gboolean
run_group (Check *self,
           EgWorkspace *workspace,
           const EgRun *clean,
           const EgRun *corrupted,
           gsize first,
           gsize end,
           double *scores,
           GError **error)
{
  const gsize n = end - first;
  g_autofree EgSegment *segments = g_new (EgSegment, n);
  g_autofree EgHeadRow *rows = g_new (EgHeadRow, n);
  const EgHeadQuery query = { .target = self->target, .against = self->target };
  for (gsize i = 0; i < n; i++)
    segments[i] = eg_grid_segment (&self->grid, self->cells[first + i], clean, corrupted);
  if (!eg_workspace_run (workspace, segments, n, self->input->n_tokens, self->cancellable, error))
    return FALSE;
  eg_workspace_head (workspace, &query, rows);
  if (!eg_workspace_check (workspace, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    scores[first + i] = exp (rows[i].target - rows[i].max) / rows[i].sum;
  add_done (self);
  return TRUE;
}

/* apart: each by itself, which changes nothing where every row is computed alone. */
static gboolean
run_cells (Check *self,
           EgWorkspace *workspace,
           const EgRun *clean,
           const EgRun *corrupted,
           gboolean apart,
           double *scores,
           GError **error)
{
  const gsize step = apart ? 1 : self->n_cells;
  for (gsize first = 0; first < self->n_cells; first += step)
    if (!run_group (self, workspace, clean, corrupted, first, first + step, scores, error))
      return FALSE;
  return TRUE;
}

static gboolean
measure_rows (
    Check *self, EgModel *model, EgWorkspace *workspace, float *input, double *scores, GError **error)
{
  const gboolean apart = self->progress && self->has_target; /* the second one, by the reference */
  EgNetwork *network = eg_model_get_network (model);
  EgBackend *be = eg_network_get_backend (network);
  const EgTraceMemory memory = eg_trace_memory_plan (eg_model_get_sizes (model), &self->grid, 1);
  g_autoptr (EgRun) clean = eg_run_new (network, &memory.clean, error);
  if (!clean)
    return FALSE;
  EgRunShape shape = memory.corrupted;
  shape.base = self->input->corrupted_first > 0 ? clean : NULL;
  g_autoptr (EgRun) corrupted = eg_run_new (network, &shape, error);
  float *noisy = corrupted ? draw_corrupted (self, model, workspace, error) : NULL;
  if (!noisy)
    return FALSE;
  const gboolean ok = run_first (self, workspace, input, noisy, clean, corrupted, error)
                      && run_cells (self, workspace, clean, corrupted, apart, scores, error);
  be->release (be, noisy);
  return ok;
}

/* scores: [n_cells] */
static gboolean
measure (Check *self, EgModel *model, double *scores, GError **error)
{
  EgNetwork *network = eg_model_get_network (model);
  EgBackend *be = eg_network_get_backend (network);
  g_autoptr (EgWorkspace) workspace
      = eg_workspace_new (network, eg_trace_request_count_threads (self->request));
  float *input = eg_clean_input (workspace, self->input->ids, self->input->n_tokens, error);
  if (!input)
    return FALSE;
  const gboolean ok = measure_rows (self, model, workspace, input, scores, error);
  be->release (be, input);
  return ok;
}

/* check: who is told of it, and what stops it; the rest of it is found out here. */
static gboolean
compare (Check *check,
         EgModel *model,
         EgModel *other,
         const EgTraceRequest *request,
         gsize n_cells,
         EgVerification *found,
         GError **error)
{
  g_autoptr (EgTraceInput) input = eg_trace_input_new (request, model, NULL, error);
  if (!input)
    return FALSE;
  check->request = request;
  check->input = input;
  check->grid = eg_grid_of_input (request, model, input);
  choose_cells (check, n_cells);
  g_autofree gsize *cells = check->cells;
  g_autofree double *scores = g_new (double, 2 * MAX (check->n_cells, 1));
  double *expected = scores + check->n_cells;
  if (!measure (check, model, scores, error) || !measure (check, other, expected, error))
    return FALSE;
  *found = (EgVerification){ .n_cells = check->n_cells };
  for (gsize i = 0; i < check->n_cells; i++)
    if (!(fabs (scores[i] - expected[i]) <= found->largest))
      {
        found->largest = fabs (scores[i] - expected[i]);
        found->layer = cells[i] / check->grid.n_columns;
        found->position = cells[i] % check->grid.n_columns;
      }
  return TRUE;
}

gboolean
eg_trace_verify (EgModel *model,
                 EgModel *plain,
                 const EgTraceRequest *request,
                 gsize n_cells,
                 GCancellable *cancellable,
                 EgVerifyProgressFunc progress,
                 gpointer user_data,
                 EgVerification *found,
                 GError **error)
{
  Check check = { .cancellable = cancellable, .progress = progress, .data = user_data };
  eg_network_set_backend (eg_model_get_network (plain), eg_backend_reference ());
  return compare (&check, model, plain, request, n_cells, found, error);
}

gboolean
eg_verify_on_device (EgModel *model,
                     const EgDevice *device,
                     GCancellable *cancellable,
                     EgVerifyProgressFunc progress,
                     gpointer user_data,
                     EgVerification *found,
                     char **device_name,
                     GError **error)
{
  const EgTokenizerChoice choice = { .given = eg_model_get_tokenizer_path (model) };
  EgBackend *backend = eg_device_open (device, error);
  g_autoptr (EgModel) placed = backend ? eg_model_place (model, backend, error) : NULL;
  g_autoptr (EgModel) plain
      = placed ? eg_model_open_with_tokenizer (eg_model_get_folder (model), &choice, cancellable, error)
               : NULL;
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (PROMPT, SUBJECT);
  if (!plain
      || !eg_trace_verify (placed, plain, request, N_CELLS, cancellable, progress, user_data, found, error))
    return FALSE;
  if (device_name)
    *device_name = g_strdup (eg_model_get_device_name (placed));
  return TRUE;
}

gboolean
eg_trace_compare_cells (EgModel *model,
                        EgModel *other,
                        const EgTraceRequest *request,
                        gsize n_cells,
                        GCancellable *cancellable,
                        EgVerification *found,
                        GError **error)
{
  Check check = { .cancellable = cancellable };
  return compare (&check, model, other, request, n_cells, found, error);
}
