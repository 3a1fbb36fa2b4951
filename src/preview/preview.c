/* From runs to estimates: gradients times differences, summed over what a cell restores. */
#include "preview/preview.h"

#include "core/error.h"
#include "preview/runs.h"

#include <glib/gi18n.h>
#include <math.h>

const char *
eg_preview_missing (const EgTraceRequest *request, EgModel *model)
{
  const char *missing = eg_back_missing (eg_model_get_network (eg_model_get_origin (model)));
  if (missing)
    return missing;
  if (request->metric == EG_METRIC_RANK)
    return _ ("A rank has no gradient, so that there is no estimate of it: take another metric");
  if (request->has_knockout)
    return _ ("There are no estimates of knockouts: they leave values out and put none");
  if (request->freeze && request->freeze[0])
    return _ ("There are no estimates beside frozen sites");
  return NULL;
}

/* ---- the gradients of a block ---- */

/* What the meter measures, as the logits' op has it. */
static EgLogitsBack
metric_of (const EgMeter *meter)
{
  EgLogitsBack op = { .target = meter->query.target, .against = meter->query.against };
  switch (meter->metrics[0])
    {
    case EG_METRIC_LOGIT_DIFF:
      op.against_part = -1;
      op.target_part = 1;
      break;
    case EG_METRIC_LOGIT:
      op.target_part = 1;
      break;
    case EG_METRIC_KL:
      op.probability = 1;
      op.weights = meter->weights;
      op.weight = (float)(-1 / meter->weight_sum);
      break;
    default:
      op.probability = -1;
      op.target_part = 1;
      break;
    }
  return op;
}

/* Who stands where among a pass's runs, of a block of n samples: those with gradients first. */
static void
order_runs (const EgPreviewRuns *runs, gsize n, const EgRun **list, EgBackPass *pass, EgBackPair *pairs)
{
  const gboolean damages = runs->grid->damages;
  const gsize K = runs->steps, points = n * K;
  gsize n_runs = 0;
  for (gsize i = 0; i < points; i++)
    list[n_runs++] = runs->runs[n + i];
  /* Without points, the gradients are those at the base. */
  if (damages)
    list[n_runs++] = runs->clean;
  for (gsize s = 0; s < n; s++)
    list[n_runs++] = runs->runs[s];
  if (!damages)
    list[n_runs++] = runs->clean;
  const gsize clean = damages ? points : n_runs - 1, corrupted = points + (damages ? 1 : 0);
  pass->n_graded = K > 0 ? points : damages ? 1 : n;
  pass->n_runs = n_runs;
  for (gsize s = 0; s < n; s++)
    for (gsize k = 0; k < MAX (K, 1); k++)
      {
        const gsize base = damages ? clean : corrupted + s;
        pairs[pass->n_pairs++] = (EgBackPair){ .graded = K > 0 ? s * K + k : base,
                                               .source = damages ? corrupted + s : clean,
                                               .base = base };
      }
}

/**
 * @dots: [samples][2][L][n_sites][n_positions], the means over the points
 */
typedef struct
{
  gsize n_sites, n_layers, n_positions;
  float *dots;
} Dots;

static gsize
plane_size (const Dots *self)
{
  return 2 * self->n_layers * self->n_sites * self->n_positions;
}

static gboolean
take_block (EgPreviewRuns *runs, Dots *dots, gsize first, gsize n, GError **error)
{
  const gsize K = MAX (runs->steps, 1), T = dots->n_positions, n_out = n * K * T;
  g_autofree const EgRun **list = g_new0 (const EgRun *, n *(1 + runs->steps) + 1);
  g_autofree EgBackPair *pairs = g_new0 (EgBackPair, n * K);
  EgBackPass pass = { .runs = list,
                      .first = runs->first,
                      .pairs = pairs,
                      .metric = metric_of (&runs->meter),
                      .sites = eg_grid_get_sites (runs->grid) };
  order_runs (runs, n, list, &pass, pairs);
  const gsize n_rows = 2 * dots->n_layers * dots->n_sites;
  g_autofree float *found = g_new (float, n_rows *n_out);
  if (!eg_workspace_back (runs->workspace, &pass, found, runs->cancellable, error))
    return FALSE;
  for (gsize s = 0; s < n; s++)
    for (gsize row = 0; row < n_rows; row++)
      for (gsize t = 0; t < T; t++)
        {
          double sum = 0;
          for (gsize k = 0; k < K; k++)
            sum += (double)found[row * n_out + (s * K + k) * T + t];
          dots->dots[(first + s) * plane_size (dots) + row * T + t] = (float)(sum / (double)K);
        }
  return TRUE;
}

/* ---- cells ---- */

/* most: what log p may come to */
static double
bounded (EgMetric metric, double value, double most)
{
  switch (metric)
    {
    case EG_METRIC_PROB:
      return exp (fmin (value, most));
    case EG_METRIC_LOGPROB:
      return fmin (value, most);
    case EG_METRIC_KL:
      return fmax (value, 0);
    default:
      return value;
    }
}

/* What all that a cell restores changes in one sample, to first order. Where later positions' values are put
 * together with one, what it hands on to them counts no more. */
static double
sum_box (const Dots *dots, const EgGrid *grid, gsize cell, gsize sample)
{
  const EgBox box = eg_grid_box (grid, cell);
  const gsize first = grid->n_tokens - dots->n_positions;
  const gboolean together = grid->sweep == EG_SWEEP_LAYERS || grid->sweep == EG_SWEEP_CARRY;
  const gsize site = grid->sites[eg_grid_site_index (grid, cell)];
  double sum = 0;
  for (gsize l = box.layer_begin; l < box.layer_end; l++)
    for (gsize t = MAX (box.position_begin, first); t < box.position_end; t++)
      {
        const gsize row = ((together ? dots->n_layers : 0) + l) * dots->n_sites + site;
        sum += (double)dots->dots[sample * plane_size (dots) + row * dots->n_positions + t - first];
      }
  return sum;
}

/* Of a sample: log p comes to no more than the clean or the corrupted run have. */
static double
estimate_sample (EgMetric metric, const EgPreviewRuns *runs, const Dots *dots, gsize cell, gsize sample)
{
  const double low = runs->low[sample], base = runs->grid->damages ? runs->high : low;
  return bounded (metric, base + sum_box (dots, runs->grid, cell, sample), fmax (runs->high, low));
}

static void
estimate_cells (EgPreview *self, const EgPreviewRuns *runs, const Dots *dots)
{
  const EgMetric metric = self->request->metric;
  const double n = (double)runs->samples;
  double squares = 0;
  for (gsize s = 0; s < runs->samples; s++)
    self->low += bounded (metric, runs->low[s], 0) / n;
  for (gsize s = 0; s < runs->samples; s++)
    squares += pow (bounded (metric, runs->low[s], 0) - self->low, 2);
  self->low_sem = runs->samples > 1 ? sqrt (squares / (n - 1) / n) : (double)NAN;
  self->high = bounded (metric, runs->high, 0);
  self->target_id = (guint32)runs->meter.query.target;
  self->against_id = (guint32)runs->meter.query.against;
  self->noise_std = runs->noise ? eg_noise_get_std (runs->noise) : (double)NAN;
  for (gsize cell = 0; cell < eg_grid_n_cells (&self->grid); cell++)
    {
      self->exact[cell] = eg_grid_cell_kind (&self->grid, cell) != EG_CELL_COMPUTED;
      if (eg_grid_is_missing (&self->grid, cell))
        self->values[cell] = NAN;
      else if (self->exact[cell])
        self->values[cell] = eg_grid_is_clean (&self->grid, cell) ? self->high : self->low;
      else
        for (gsize s = 0; s < runs->samples; s++)
          self->values[cell] += estimate_sample (metric, runs, dots, cell, s) / n;
    }
}

static gboolean
fill (EgPreview *self, GCancellable *cancellable, GError **error)
{
  g_auto (EgPreviewRuns) runs = { 0 };
  const EgFamily *family = eg_model_get_family (self->model);
  if (!eg_preview_runs_init (&runs, self->model, self->request, self->input, &self->grid, cancellable, error))
    return FALSE;
  Dots dots = { .n_sites = family->n_sites,
                .n_layers = eg_model_get_sizes (self->model)->n_layers,
                .n_positions = MIN (runs.n_clean, runs.n_corrupted) - runs.first };
  g_autofree float *memory = dots.dots = g_new0 (float, runs.samples *plane_size (&dots));
  for (gsize s = 0; s < runs.samples; s += runs.block)
    {
      const gsize n = MIN (runs.block, runs.samples - s);
      if (!eg_preview_runs_take (&runs, s, n, error) || !take_block (&runs, &dots, s, n, error))
        return FALSE;
    }
  estimate_cells (self, &runs, &dots);
  return memory != NULL;
}

/* Whether the processor may do what a device could not. */
static gboolean
is_device_problem (const GError *error)
{
  return g_error_matches (error, EG_ERROR, EG_ERROR_MEMORY)
         || g_error_matches (error, EG_ERROR, EG_ERROR_DEVICE);
}

/* On the model as it is placed. (transfer full) */
static EgPreview *
preview_on (EgModel *model, const EgTraceRequest *request, GCancellable *cancellable, GError **error)
{
  EgTraceInput *input = eg_trace_input_new (request, eg_model_get_origin (model), NULL, error);
  if (!input)
    return NULL;
  g_autoptr (EgPreview) self = g_new0 (EgPreview, 1);
  self->model = eg_model_ref (model);
  self->request = eg_trace_request_copy (request);
  self->input = input;
  self->grid = eg_grid_of_input (request, model, input);
  self->values = g_new0 (double, eg_grid_n_cells (&self->grid));
  self->exact = g_new0 (guint8, eg_grid_n_cells (&self->grid));
  if (request->estimate_steps > 0 && input->swapped && input->n_swapped != input->n_tokens)
    {
      eg_error_invalid (error, _ ("There are no steps between prompts of different lengths: estimate without "
                                  "steps, or swap a subject of as many tokens"));
      return NULL;
    }
  return fill (self, cancellable, error) ? g_steal_pointer (&self) : NULL;
}

EgPreview *
eg_preview_new (EgModel *model, const EgTraceRequest *request, GCancellable *cancellable, GError **error)
{
  EgModel *origin = eg_model_get_origin (model);
  const char *missing = eg_preview_missing (request, origin);
  const gint64 begin = g_get_monotonic_time ();
  if (missing)
    {
      g_set_error_literal (error, EG_ERROR, EG_ERROR_UNSUPPORTED, missing);
      return NULL;
    }
  const gboolean on_processor = request->device.kind == EG_DEVICE_CPU;
  EgBackend *backend = on_processor ? eg_backend_cpu () : eg_device_open (&request->device, error);
  if (!backend)
    return NULL;
  g_autoptr (GError) problem = NULL;
  g_autoptr (EgModel) placed
      = on_processor || !backend->back ? eg_model_ref (origin) : eg_model_place (origin, backend, &problem);
  g_autoptr (EgPreview) self = placed ? preview_on (placed, request, cancellable, &problem) : NULL;
  if (!self && placed != origin && is_device_problem (problem))
    {
      g_clear_error (&problem);
      self = preview_on (origin, request, cancellable, &problem);
    }
  if (self)
    self->seconds = (double)(g_get_monotonic_time () - begin) / G_USEC_PER_SEC;
  else
    g_propagate_error (error, g_steal_pointer (&problem));
  return g_steal_pointer (&self);
}

void
eg_preview_free (EgPreview *self)
{
  eg_trace_input_free (self->input);
  eg_trace_request_free (self->request);
  eg_model_unref (self->model);
  g_free (self->values);
  g_free (self->exact);
  g_free (self);
}

const double *
eg_preview_get_site (const EgPreview *self, gsize site_index)
{
  return self->values + site_index * self->grid.n_rows * self->grid.n_columns;
}

const guint8 *
eg_preview_get_known (const EgPreview *self, gsize site_index)
{
  return self->exact + site_index * self->grid.n_rows * self->grid.n_columns;
}
