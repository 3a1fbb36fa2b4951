/* What products of packed weights promise: bits that depend on nothing but a row and the weight. */
#include "engine/backend.h"
#include "engine/cpu/kernels.h"
#include "engine/cpu/packs.h"

#include <string.h>

/* Rows, outputs, inputs: whole strips and pieces and odd ones, one panel and several. */
static const gsize sizes[][3] = {
  { 1, 1, 1 }, { 29, 33, 17 }, { 43, 80, 64 }, { 30, 700, 300 }, { 15, 96, 2000 }, { 57, 1536, 48 },
};

typedef struct
{
  gsize m, n, k;
  float *x, *bias;
  EgMatrix w;
} Case;

static Case
make_case (GRand *rand, const gsize size[3], EgDType dtype)
{
  Case it = { .m = size[0], .n = size[1], .k = size[2] };
  it.x = g_new (float, it.m *it.k);
  it.bias = g_new (float, it.n);
  const gsize n_bytes = it.n * it.k * eg_dtype_get_size (dtype);
  guint8 *data = g_malloc (n_bytes);
  for (gsize i = 0; i < it.m * it.k; i++)
    it.x[i] = (float)g_rand_double_range (rand, -1, 1);
  for (gsize i = 0; i < it.n; i++)
    it.bias[i] = (float)g_rand_double_range (rand, -1, 1);
  for (gsize i = 0; i < it.n * it.k; i++)
    if (dtype == EG_DTYPE_F32)
      ((float *)(gpointer)data)[i] = (float)g_rand_double_range (rand, -1, 1);
    else
      ((guint16 *)(gpointer)data)[i]
          = (guint16)(0x3000 + g_rand_int_range (rand, 0, 0xfff) + (g_rand_boolean (rand) ? 0x8000 : 0));
  it.w = (EgMatrix){ .data = data, .dtype = dtype, .rows = it.n, .cols = it.k };
  return it;
}

static void
case_clear (Case *it)
{
  g_free (it->x);
  g_free (it->bias);
  g_free ((gpointer)it->w.data);
}

/* y of rows first … first + n_rows − 1, by so many threads. */
static float *
multiply (const Case *it, gsize first, gsize n_rows, gboolean lasting, gsize n_threads)
{
  EgBackend *be = eg_backend_cpu ();
  EgStream *stream = be->stream_new (be, n_threads);
  float *y = g_new0 (float, n_rows * it->n);
  EgMatrix w = it->w;
  w.lasting = lasting;
  const EgGemm op = { y, it->n, it->x + first * it->k, it->k, n_rows, &w, it->bias };
  be->gemm (stream, &op);
  be->stream_free (stream);
  return y;
}

static void
forget (const Case *it)
{
  eg_backend_cpu_forget (it->w.data, it->n * it->k * eg_dtype_get_size (it->w.dtype));
}

static void
assert_same (const float *a, const float *b, gsize n)
{
  g_assert_cmpint (memcmp (a, b, n * sizeof *a), ==, 0);
}

typedef void (*CaseFunc) (const Case *it);

static void
for_all (CaseFunc func)
{
  if (!eg_backend_cpu_packs ())
    {
      g_test_skip ("these kernels multiply by OpenBLAS");
      return;
    }
  GRand *rand = g_rand_new_with_seed (1);
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (EgDType dtype = EG_DTYPE_F32; dtype <= EG_DTYPE_BF16; dtype++)
      {
        Case it = make_case (rand, sizes[i], dtype);
        func (&it);
        case_clear (&it);
      }
  g_rand_free (rand);
}

static void
check_rows (const Case *it)
{
  g_autofree float *all = multiply (it, 0, it->m, FALSE, 1);
  for (gsize r = 0; r < it->m; r++)
    for (gsize n = 1; r + n <= it->m; n += n < 3 ? 1 : 11)
      {
        g_autofree float *some = multiply (it, r, n, FALSE, 1);
        assert_same (some, all + r * it->n, n * it->n);
      }
}

static void
test_rows (void)
{
  for_all (check_rows);
}

static void
check_threads (const Case *it)
{
  g_autofree float *one = multiply (it, 0, it->m, FALSE, 1);
  g_autofree float *three = multiply (it, 0, it->m, TRUE, 3);
  assert_same (one, three, it->m * it->n);
  forget (it);
}

static void
test_threads (void)
{
  for_all (check_threads);
}

static void
check_kept (const Case *it)
{
  g_autofree float *passing = multiply (it, 0, it->m, FALSE, 1);
  g_assert_cmpuint (eg_packs_get_bytes (), ==, 0);
  g_autofree float *first = multiply (it, 0, it->m, TRUE, 1);
  g_assert_cmpuint (eg_packs_get_bytes (), >, 0);
  g_autofree float *again = multiply (it, 0, it->m, TRUE, 1);
  assert_same (first, passing, it->m * it->n);
  assert_same (again, passing, it->m * it->n);
  forget (it);
  g_assert_cmpuint (eg_packs_get_bytes (), ==, 0);
}

static void
test_kept (void)
{
  for_all (check_kept);
}

static void
check_forgotten (const Case *it)
{
  g_autofree float *before = multiply (it, 0, it->m, TRUE, 1);
  forget (it);
  memset ((gpointer)it->w.data, 0, it->n * it->k * eg_dtype_get_size (it->w.dtype));
  g_autofree float *after = multiply (it, 0, it->m, TRUE, 1);
  for (gsize r = 0; r < it->m; r++)
    assert_same (after + r * it->n, it->bias, it->n);
  forget (it);
}

static void
test_forgotten (void)
{
  for_all (check_forgotten);
}

static void
check_short_memory (const Case *it)
{
  g_autofree float *enough = multiply (it, 0, it->m, TRUE, 1);
  forget (it);
  g_setenv ("ENGRAM_MEMORY", "1", TRUE);
  g_autofree float *scarce = multiply (it, 0, it->m, TRUE, 1);
  g_unsetenv ("ENGRAM_MEMORY");
  g_assert_cmpuint (eg_packs_get_bytes (), ==, 0);
  assert_same (scarce, enough, it->m * it->n);
}

static void
test_short_memory (void)
{
  for_all (check_short_memory);
}

#if defined(__x86_64__)
static float *
multiply_by (const EgPackedKernels *kernels, const Case *it)
{
  const gsize rows = (it->n + kernels->width - 1) / kernels->width * kernels->width;
  const gsize width = (it->k + kernels->deep - 1) / kernels->deep * kernels->deep;
  EgBackend *be = eg_backend_cpu ();
  float *panel = be->alloc (be, rows * it->k), *x = be->alloc (be, it->m * width);
  float *y = g_new (float, it->m * it->n);
  kernels->pack_panel (panel, it->w.data, it->n, it->k, sizeof (float));
  kernels->pack_rows (x, it->x, it->k, it->m, it->k);
  const EgPanelProduct op = {
    .y = y, .ldy = it->n, .x = x, .n_rows = it->m, .panel = panel, .n = it->n, .k = it->k, .bias = it->bias
  };
  kernels->multiply (&op);
  be->release (be, panel);
  be->release (be, x);
  return y;
}
#endif

static void
test_sets (void)
{
#if defined(__x86_64__)
  __builtin_cpu_init ();
  if (!__builtin_cpu_supports ("avx512f") || !__builtin_cpu_supports ("avx512vl")
      || !__builtin_cpu_supports ("avx512dq") || !__builtin_cpu_supports ("avx512bw"))
    {
      g_test_skip ("this processor has no AVX-512");
      return;
    }
  GRand *rand = g_rand_new_with_seed (2);
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      Case it = make_case (rand, sizes[i], EG_DTYPE_F32);
      g_autofree float *avx2 = multiply_by (eg_cpu_kernels_avx2.packed, &it);
      g_autofree float *avx512 = multiply_by (eg_cpu_kernels_avx512.packed, &it);
      assert_same (avx2, avx512, it.m * it.n);
      case_clear (&it);
    }
  g_rand_free (rand);
#else
  g_test_skip ("not an x86-64 processor");
#endif
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/packed/a-row-has-the-same-bits-beside-any-others", test_rows);
  g_test_add_func ("/packed/any-number-of-threads-gives-the-same-bits", test_threads);
  g_test_add_func ("/packed/a-kept-weight-gives-the-same-bits", test_kept);
  g_test_add_func ("/packed/what-is-forgotten-is-read-anew", test_forgotten);
  g_test_add_func ("/packed/short-memory-changes-no-bit", test_short_memory);
  g_test_add_func ("/packed/avx2-and-avx512-give-the-same-bits", test_sets);
  return g_test_run ();
}
