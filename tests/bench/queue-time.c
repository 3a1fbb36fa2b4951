/* How long the host takes to queue a trace for a GPU, which must not be longer than the GPU takes to compute
 * it: the tracer and the network on a device that does nothing at all. queue-time MODEL [GROUP-ROWS] The
 * model's sizes count alone. Device memory is addresses that nobody reads. */
#include "library/model.h"
#include "trace/run/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gsize next_address = (gsize)1 << 40;
static gint n_ops;

static EgStream *
null_stream_new (EgBackend *self, gsize n_threads)
{
  return (EgStream *)g_new0 (char, 1);
}

static void
null_stream_free (EgStream *stream)
{
  g_free (stream);
}

static float *
null_alloc (EgBackend *self, gsize n_floats)
{
  return (float *)__atomic_fetch_add (&next_address, (n_floats + 64) * sizeof (float), __ATOMIC_RELAXED);
}

static void
null_release (EgBackend *self, float *memory)
{
}

static guint64
null_memory_free (EgBackend *self)
{
  return (guint64)64 << 30;
}

static void
null_upload (EgStream *stream, float *to, const float *from, gsize n)
{
}

/* Not all the same, or there would be no noise. */
static void
null_download (EgStream *stream, float *to, const float *from, gsize n)
{
  for (gsize i = 0; i < n; i++)
    to[i] = (float)(i % 17) - 8;
}

#define COUNT g_atomic_int_inc (&n_ops)

static void
null_gemm (EgStream *stream, const EgGemm *op)
{
  COUNT;
}

static void
null_norm (EgStream *stream, const EgNorm *op)
{
  COUNT;
}

static void
null_conv_silu (EgStream *stream, const EgConv *op)
{
  COUNT;
}

static void
null_scan (EgStream *stream, const EgScan *op)
{
  COUNT;
}

static void
null_gate (EgStream *stream, const EgGate *op)
{
  COUNT;
}

static void
null_attention (EgStream *stream, const EgAttention *op)
{
  COUNT;
}

static void
null_rotate (EgStream *stream, const EgRotary *op)
{
  COUNT;
}

static void
null_activate (EgStream *stream, EgActivation activation, float *x, gsize n)
{
  COUNT;
}

static void
null_add (EgStream *stream, float *y, const float *x, gsize n)
{
  COUNT;
}

static void
null_copy_rows (EgStream *stream, const EgRowCopy *copies, gsize n, gsize width)
{
  g_atomic_int_add (&n_ops, n > 0);
}

static void
null_embed (EgStream *stream, float *to, const EgMatrix *table, gsize row)
{
  COUNT;
}

static void
null_head (EgStream *stream, const EgHead *op)
{
  COUNT;
  for (gsize r = 0; r < op->n_rows; r++)
    op->answers[r] = (EgHeadRow){ .max = 1, .sum = 2, .target = 1, .against = 1 };
}

static EgBackend null_backend = {
  .name = "nothing",
  .n_lanes = 2,
  .group_rows = 8192,
  .stream_new = null_stream_new,
  .stream_free = null_stream_free,
  .alloc = null_alloc,
  .release = null_release,
  .memory_free = null_memory_free,
  .upload = null_upload,
  .download = null_download,
  .gemm = null_gemm,
  .norm = null_norm,
  .conv_silu = null_conv_silu,
  .activate = null_activate,
  .scan = null_scan,
  .gate = null_gate,
  .attention = null_attention,
  .rotate = null_rotate,
  .add = null_add,
  .copy_rows = null_copy_rows,
  .embed = null_embed,
  .head = null_head,
};

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = argc >= 2 ? eg_model_open (argv[1], NULL, &error) : NULL;
  if (!model)
    {
      fprintf (stderr, "queue-time: %s\n", error ? error->message : "queue-time MODEL [GROUP-ROWS]");
      return 2;
    }
  if (argc > 2)
    null_backend.group_rows = (gsize)strtoul (argv[2], NULL, 10);
  eg_network_set_backend (eg_model_get_network (model), &null_backend);
  g_autoptr (EgTraceRequest) request
      = eg_trace_request_new ("The Eiffel Tower is located in", "Eiffel Tower");
  request->target = g_strdup (" Paris");
  double best = G_MAXDOUBLE;
  for (int i = 0; i < 5; i++)
    {
      n_ops = 0;
      g_autoptr (EgTraceResult) result = eg_trace_run (model, request, NULL, NULL, NULL, &error);
      if (!result)
        {
          fprintf (stderr, "queue-time: %s\n", error->message);
          return 1;
        }
      best = MIN (best, result->seconds);
    }
  printf ("%s in groups of %zu rows: %d ops are queued in %.1f ms\n", eg_model_get_name (model),
          null_backend.group_rows, n_ops, best * 1e3);
  return 0;
}
