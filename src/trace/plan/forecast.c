/* Needed operations by a measured rate. */
#include "trace/plan/forecast.h"

#include "trace/plan/expected-work.h"

#include <string.h>

/* Of the whole time, what products take: 0.78 to 0.85, whatever the width. */
#define PRODUCTS 0.8

/* Rows of a usual group, and of a weight that is like a layer's. */
#define ROWS          128
#define OUTPUTS       1024
#define LEAST_REPEATS 4
#define MICROSECONDS  15000

/* Rows of the embedding, copied: a weight in the model's own number format that nobody else has packed. */
static EgMatrix
copy_weight (EgModel *model)
{
  const EgMatrix *embedding = &eg_network_get_weights (eg_model_get_network (model))->embedding;
  EgMatrix w = *embedding;
  w.rows = MIN (w.rows, OUTPUTS);
  w.lasting = TRUE;
  w.data = g_memdup2 (embedding->data, eg_matrix_get_bytes (&w));
  return w;
}

double
eg_trace_measure_rate (EgModel *model)
{
  EgBackend *be = eg_backend_cpu ();
  EgStream *stream = be->stream_new (be, 1);
  const EgMatrix w = copy_weight (eg_model_get_origin (model));
  g_autofree float *x = g_new (float, ROWS *w.cols), *y = g_new (float, ROWS *w.rows);
  for (gsize i = 0; i < ROWS * w.cols; i++)
    x[i] = (float)(i % 7) - 3.0f;
  const EgGemm op = { y, w.rows, x, w.cols, ROWS, &w, NULL };
  /* The shortest counts: others may have the processor meanwhile. The first one packs. */
  gint64 shortest = G_MAXINT64;
  const gint64 begin = g_get_monotonic_time ();
  for (gsize i = 0; i <= LEAST_REPEATS || g_get_monotonic_time () - begin < MICROSECONDS; i++)
    {
      const gint64 before = g_get_monotonic_time ();
      be->gemm (stream, &op);
      if (i > 0)
        shortest = MIN (shortest, g_get_monotonic_time () - before);
    }
  be->stream_free (stream);
  eg_backend_cpu_forget (w.data, eg_matrix_get_bytes (&w));
  g_free ((gpointer)w.data);
  return 2.0 * (double)(ROWS * w.rows * w.cols) / ((double)MAX (shortest, 1) * 1e-6);
}

double
eg_trace_forecast (
    EgModel *model, gsize n_tokens, gsize samples, char *const *sites, guint n_threads, double rate)
{
  const EgFamily *family = eg_model_get_family (model);
  const EgSizes *sizes = eg_model_get_sizes (model);
  const EgTraceRequest request = { .sites = (char **)sites, .window = 1 };
  const EgGrid grid = eg_grid_of (&request, family, sizes->n_layers, n_tokens, 0);
  const EgPlanCosts costs = eg_plan_costs_of (family, sizes);
  return eg_expected_work_of_grid (&grid, samples, &costs) / (rate * (double)MAX (n_threads, 1)) / PRODUCTS;
}
