/* What attention promises besides its formula, on every backend. */
#include "op-lane.h"

#include "engine/cuda/cuda.h"

#ifdef EG_HAVE_CUDA_HOST
const EgCudaModule *eg_cuda_module (void);
#endif

#include <math.h>
#include <string.h>

/* Sizes of all that follow: positions, rows of which are a segment's own, heads, their width. */
#define N     53
#define FIRST 20
#define ROWS  (N - FIRST)
#define HEADS 3
#define LD    (3 * HEADS * 128)

/* q, keys and values of all positions, for heads of width d. */
typedef struct
{
  float numbers[N * LD];
  gsize d;
} Input;

static Input *
draw_input (gsize d)
{
  GRand *rand = g_rand_new_with_seed ((guint32)d);
  Input *self = g_new (Input, 1);
  self->d = d;
  for (gsize i = 0; i < N * LD; i++)
    self->numbers[i] = (float)g_rand_double_range (rand, -2, 2);
  g_rand_free (rand);
  return self;
}

/* Positions in spans of at most `longest`. */
static GArray *
cut_into_spans (const Input *input, const float *x, gsize n, gsize longest)
{
  const gsize width = HEADS * input->d;
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (EgAttentionSpan));
  for (gsize i = 0; i < n; i += longest)
    {
      const float *at = x + i * LD + width;
      const EgAttentionSpan it = { at, at + width, LD, MIN (longest, n - i) };
      g_array_append_val (spans, it);
    }
  return spans;
}

/* The y of segments over the input's positions, into lane->out. */
static void
attend (OpLane *lane, const Input *input, const EgAttentionRows *segments, gsize n_segments, gsize longest)
{
  const gsize width = HEADS * input->d;
  gsize n_out = 0;
  for (gsize s = 0; s < n_segments; s++)
    n_out += segments[s].n_rows - segments[s].out_first;
  const float *x = op_upload (lane, input->numbers, N * LD);
  g_autoptr (GArray) spans = cut_into_spans (input, x, N, longest);
  g_autofree EgAttentionRows *rows = g_memdup2 (segments, n_segments * sizeof *segments);
  for (gsize s = 0; s < n_segments; s++)
    rows[s].n_spans = spans->len;
  const EgAttention op = { .y = op_blank (lane, n_out * width),
                           .q = x,
                           .ldq = LD,
                           .segments = rows,
                           .n_segments = n_segments,
                           .spans = (const EgAttentionSpan *)(gconstpointer)spans->data,
                           .n_spans = spans->len,
                           .n_heads = HEADS,
                           .d_head = input->d,
                           .scale = 0.5f };
  g_array_set_size (lane->out, 0);
  lane->backend->attention (lane->stream, &op);
  op_append (lane, op.y, n_out * width);
  op_lane_release (lane);
}

static void
assert_floats (const OpLane *lane, const float *expected, gsize n)
{
  const float *found = (const float *)(gconstpointer)lane->out->data;
  g_assert_cmpuint (lane->out->len, ==, n);
  for (gsize i = 0; i < n; i++)
    if (memcmp (&found[i], &expected[i], sizeof *found) != 0)
      g_error ("value %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " is %.9g, expected %.9g", i, n,
               (double)found[i], (double)expected[i]);
}

static void
assert_same_bits (const OpLane *a, const OpLane *b)
{
  assert_floats (a, (const float *)(gconstpointer)b->out->data, b->out->len);
}

typedef struct
{
  EgBackend *backend;
  void (*test) (EgBackend *backend, gsize d);
} Promise;

static void
test_promise (gconstpointer data)
{
  static const gsize widths[] = { 1, 7, 16, 30, 64, 97, 128 };
  const Promise *promise = data;
  for (gsize i = 0; i < G_N_ELEMENTS (widths); i++)
    promise->test (promise->backend, widths[i]);
}

static const EgAttentionRows whole = { .row = FIRST, .n_rows = ROWS, .first = FIRST };

static void
test_spans (EgBackend *backend, gsize d)
{
  g_autofree Input *input = draw_input (d);
  OpLane one, cut;
  op_lane_init (&one, backend);
  op_lane_init (&cut, backend);
  attend (&one, input, &whole, 1, N);
  for (gsize longest = 1; longest < N; longest += 1 + longest / 2)
    {
      attend (&cut, input, &whole, 1, longest);
      assert_same_bits (&one, &cut);
    }
  op_lane_clear (&one);
  op_lane_clear (&cut);
}

static void
test_rows_alone (EgBackend *backend, gsize d)
{
  g_autofree Input *input = draw_input (d);
  EgAttentionRows alone[ROWS];
  OpLane together, apart;
  op_lane_init (&together, backend);
  op_lane_init (&apart, backend);
  for (gsize r = 0; r < ROWS; r++)
    alone[r] = (EgAttentionRows){ .row = FIRST + r, .n_rows = 1, .first = FIRST + r, .out_row = r };
  attend (&together, input, &whole, 1, N);
  attend (&apart, input, alone, ROWS, N);
  assert_same_bits (&together, &apart);

  EgAttentionRows last = whole;
  last.out_first = ROWS - 1;
  attend (&apart, input, &last, 1, N);
  const float *end = (const float *)(gconstpointer)together.out->data + (ROWS - 1) * HEADS * d;
  assert_floats (&apart, end, HEADS * d);
  op_lane_clear (&together);
  op_lane_clear (&apart);
}

/* Keys and values of some positions are NaN, or an infinity. */
static void
spoil (Input *input, gsize begin, gsize end, float with)
{
  const gsize width = HEADS * input->d;
  for (gsize s = begin; s < end; s++)
    for (gsize i = 0; i < 2 * width; i++)
      input->numbers[s * LD + width + i] = with;
}

static void
test_reads (EgBackend *backend, gsize d)
{
  /* All rows but the first do not read what lies before the segment, nor its own first row. */
  const EgAttentionRows cut = { .row = FIRST,
                                .n_rows = 9,
                                .first = FIRST,
                                .out_first = 1,
                                .cut_first = 1,
                                .cut_end = 9,
                                .from_begin = 0,
                                .from_end = FIRST + 1,
                                .head_end = HEADS };
  g_autofree Input *input = draw_input (d);
  OpLane clean, spoilt;
  op_lane_init (&clean, backend);
  op_lane_init (&spoilt, backend);
  attend (&clean, input, &cut, 1, 5);
  spoil (input, 0, FIRST + 1, NAN);
  spoil (input, FIRST + 9, N, INFINITY);
  attend (&spoilt, input, &cut, 1, 5);
  assert_same_bits (&clean, &spoilt);
  g_assert_true (isfinite (g_array_index (clean.out, float, 0)));

  /* And it reads the rest. */
  spoil (input, FIRST + 1, FIRST + 2, NAN);
  attend (&spoilt, input, &cut, 1, 5);
  for (guint i = 0; i < spoilt.out->len; i++)
    g_assert_true (isnan (g_array_index (spoilt.out, float, i)));
  op_lane_clear (&clean);
  op_lane_clear (&spoilt);
}

static void
test_first_position (EgBackend *backend, gsize d)
{
  const EgAttentionRows first = { .n_rows = 1 };
  g_autofree Input *input = draw_input (d);
  OpLane lane;
  op_lane_init (&lane, backend);
  attend (&lane, input, &first, 1, N);
  assert_floats (&lane, input->numbers + 2 * HEADS * d, HEADS * d);
  op_lane_clear (&lane);
}

/* Scores far beyond what exp can take. */
static void
test_large_scores (EgBackend *backend, gsize d)
{
  const EgAttentionRows all = { .n_rows = N };
  g_autofree Input *input = draw_input (d);
  OpLane lane;
  op_lane_init (&lane, backend);
  for (gsize s = 0; s < N; s++)
    for (gsize i = 0; i < 2 * HEADS * d; i++)
      input->numbers[s * LD + i] *= 1000;
  attend (&lane, input, &all, 1, N);
  for (guint i = 0; i < lane.out->len; i++)
    g_assert_cmpfloat (fabsf (g_array_index (lane.out, float, i)), <=, 2.00001f);
  op_lane_clear (&lane);
}

static void
test_threads (EgBackend *backend, gsize d)
{
  g_autofree Input *input = draw_input (d);
  OpLane one, many;
  op_lane_init (&one, backend);
  attend (&one, input, &whole, 1, 7);
  for (gsize n_threads = 2; n_threads < 6; n_threads++)
    {
      op_lane_init_threads (&many, backend, n_threads);
      attend (&many, input, &whole, 1, 7);
      assert_same_bits (&one, &many);
      op_lane_clear (&many);
    }
  op_lane_clear (&one);
}

static void
add_promises (const char *name, EgBackend *backend)
{
  static const struct
  {
    const char *name;
    void (*test) (EgBackend *backend, gsize d);
  } promises[] = {
    { "same-bits-however-positions-lie-in-spans", test_spans },
    { "same-bits-whatever-stands-beside-a-row", test_rows_alone },
    { "same-bits-for-any-number-of-threads", test_threads },
    { "reads-no-later-position-and-none-that-is-cut", test_reads },
    { "the-first-position-reads-its-own-value", test_first_position },
    { "large-scores-do-not-overflow", test_large_scores },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (promises); i++)
    {
      g_autofree char *path = g_strdup_printf ("/attention/%s/%s", name, promises[i].name);
      Promise *promise = g_new (Promise, 1);
      *promise = (Promise){ backend, promises[i].test };
      g_test_add_data_func_full (path, promise, test_promise, g_free);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_promises ("cpu", eg_backend_cpu ());
  add_promises ("reference", eg_backend_reference ());
#ifdef EG_HAVE_CUDA_HOST
  g_autoptr (GError) error = NULL;
  eg_cuda_use_module (eg_cuda_module ());
  EgBackend *cuda = eg_cuda_open (0, EG_PRECISION_FP32, &error);
  g_assert_no_error (error);
  add_promises ("cuda-host", cuda);
#endif
  const int status = g_test_run ();
  eg_cuda_use_module (NULL);
  return status;
}
