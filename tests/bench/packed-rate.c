/* The rate of packed products, in seconds of the processor. */
#include "bench/packed-rate.h"

#include "engine/backend.h"

#define ROWS    512
#define REPEATS 6

double
measure_packed_rate (EgModel *model)
{
  EgBackend *be = eg_backend_cpu ();
  EgStream *stream = be->stream_new (be, 1);
  EgMatrix w = eg_network_get_weights (eg_model_get_network (model))->embedding;
  w.rows = MIN (w.rows, 4 * w.cols);
  w.lasting = TRUE;
  w.data = g_memdup2 (w.data, eg_matrix_get_bytes (&w));
  g_autofree float *x = g_new (float, ROWS *w.cols), *y = g_new (float, ROWS *w.rows);
  for (gsize i = 0; i < ROWS * w.cols; i++)
    x[i] = (float)(i % 7) - 3.0f;
  const EgGemm op = { y, w.rows, x, w.cols, ROWS, &w, NULL };
  double best = 0;
  for (int i = 0; i <= REPEATS; i++)
    {
      const double begin = read_clock (CLOCK_THREAD_CPUTIME_ID);
      for (int k = 0; k < 20; k++)
        be->gemm (stream, &op);
      const double rate
          = 20 * 2.0 * (double)(ROWS * w.rows * w.cols) / (read_clock (CLOCK_THREAD_CPUTIME_ID) - begin);
      best = i > 0 ? MAX (best, rate) : 0;
    }
  be->stream_free (stream);
  eg_backend_cpu_forget (w.data, eg_matrix_get_bytes (&w));
  g_free ((gpointer)w.data);
  return best;
}
