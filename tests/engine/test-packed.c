/* What products of packed weights promise: bits that depend on nothing but a row and the weight. */
#include "engine/backend.h"
#include "engine/cpu/kernels.h"
#include "engine/cpu/packs.h"

#include "core/error.h"
#include "formats/mapping.h"

#include <glib/gstdio.h>
#include <math.h>
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

/* Until what is kept of the weight is packed. */
static void
ask_enough (const Case *it)
{
  for (gsize n = 0; n < EG_PACK_ROWS_BEFORE; n += it->m)
    g_free (multiply (it, 0, it->m, TRUE, 1));
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

/* Turned round and packed. */
static void
check_rows (const Case *it)
{
  g_autofree float *all = multiply (it, 0, it->m, FALSE, 1);
  ask_enough (it);
  for (gsize r = 0; r < it->m; r++)
    for (gsize n = 1; r + n <= it->m; n += n < 3 ? 1 : 11)
      {
        g_autofree float *turned = multiply (it, r, n, FALSE, 1), *packed = multiply (it, r, n, TRUE, 1);
        assert_same (turned, all + r * it->n, n * it->n);
        assert_same (packed, all + r * it->n, n * it->n);
      }
  forget (it);
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
  g_autofree float *turned = multiply (it, 0, it->m, FALSE, 3);
  assert_same (turned, one, it->m * it->n);
  ask_enough (it);
  g_autofree float *packed = multiply (it, 0, it->m, TRUE, 3);
  assert_same (packed, one, it->m * it->n);
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
  assert_same (first, passing, it->m * it->n);
  ask_enough (it);
  g_autofree float *packed = multiply (it, 0, it->m, TRUE, 1);
  assert_same (packed, passing, it->m * it->n);
  forget (it);
  g_assert_cmpuint (eg_packs_get_bytes (), ==, 0);
}

static void
test_kept (void)
{
  for_all (check_kept);
}

/* The same weight, [k, n]. */
static Case
transpose (const Case *it)
{
  const gsize element = eg_dtype_get_size (it->w.dtype);
  Case other = *it;
  guint8 *data = g_malloc (it->n * it->k * element);
  for (gsize i = 0; i < it->n; i++)
    for (gsize j = 0; j < it->k; j++)
      memcpy (data + (j * it->n + i) * element, (const guint8 *)it->w.data + (i * it->k + j) * element,
              element);
  other.w.data = data;
  other.w.transposed = TRUE;
  return other;
}

static void
check_transposed (const Case *it)
{
  g_autofree float *expected = multiply (it, 0, it->m, FALSE, 1);
  const Case other = transpose (it);
  for (gsize n_threads = 1; n_threads <= 3; n_threads += 2)
    for (int lasting = 0; lasting <= 1; lasting++)
      {
        g_autofree float *found = multiply (&other, 0, it->m, lasting, n_threads);
        assert_same (found, expected, it->m * it->n);
      }
  g_assert_cmpuint (eg_packs_get_bytes (), >, 0);
  forget (&other);
  g_assert_cmpuint (eg_packs_get_bytes (), ==, 0);
  g_free ((gpointer)other.w.data);
}

static void
test_transposed (void)
{
  for_all (check_transposed);
}

static void
check_forgotten (const Case *it)
{
  ask_enough (it);
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

/* ---- precision ---- */

/* The root mean square of what products differ by from sums in double precision, beside the numbers' own. */
static double
measure_error (const Case *it)
{
  g_autofree float *y = multiply (it, 0, it->m, FALSE, 1);
  const float *w = it->w.data;
  double errors = 0, squares = 0;
  for (gsize r = 0; r < it->m; r++)
    for (gsize j = 0; j < it->n; j++)
      {
        double sum = (double)it->bias[j];
        for (gsize k = 0; k < it->k; k++)
          sum += (double)it->x[r * it->k + k] * (double)w[j * it->k + k];
        errors += ((double)y[r * it->n + j] - sum) * ((double)y[r * it->n + j] - sum);
        squares += sum * sum;
      }
  return sqrt (errors / squares);
}

/* A sum's rounding errors grow with what is in it already: of n terms in one chain they are about √n · 2e-8,
 * which networks of many layers make a thousandth of a probability and more. */
static void
test_precision (void)
{
  static const gsize long_sums[] = { 28, 96, 3072 };
  if (!eg_backend_cpu_packs ())
    {
      g_test_skip ("these kernels multiply by OpenBLAS");
      return;
    }
  GRand *rand = g_rand_new_with_seed (2);
  Case it = make_case (rand, long_sums, EG_DTYPE_F32);
  const double error = measure_error (&it);
  g_test_message ("%.1e", error);
  g_assert_cmpfloat (error, <, 4e-7);
  case_clear (&it);
  g_rand_free (rand);
}

/* ---- memory ---- */

/* Of the mapping that begins there, what is in this process's memory; −1 where the system does not tell. */
static gint64
resident_bytes (const void *memory)
{
  g_autofree char *text = NULL, *begin = g_strdup_printf ("\n%lx-", (gulong)memory);
  if (!g_file_get_contents ("/proc/self/smaps", &text, NULL, NULL))
    return -1;
  const char *entry = strstr (text, begin), *rss = entry ? strstr (entry, "\nRss:") : NULL;
  return rss ? (gint64)g_ascii_strtoull (rss + strlen ("\nRss:"), NULL, 10) * 1024 : -1;
}

static void
test_mapped (gconstpointer transposed)
{
  if (!eg_backend_cpu_packs ())
    {
      g_test_skip ("these kernels multiply by OpenBLAS");
      return;
    }
  const gsize m = 64, n = 2048, k = 512, n_bytes = n * k * sizeof (float);
  g_autofree float *values = g_new (float, n *k), *x = g_new (float, m *k), *y = g_new (float, m *n);
  for (gsize i = 0; i < n * k; i++)
    values[i] = x[i % (m * k)] = (float)(i % 13) - 6;
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "engram-packed-XXXXXX", NULL);
  const int descriptor = g_mkstemp (path);
  g_assert_true (g_close (descriptor, NULL));
  g_assert_true (g_file_set_contents (path, (const char *)values, (gssize)n_bytes, NULL));
  EgMapping *mapping = eg_mapping_new (path, NULL);
  g_assert_nonnull (mapping);
  const char *data = g_mapped_file_get_contents (eg_mapping_get_file (mapping));
  guint sum = 0;
  for (gsize i = 0; i < n_bytes; i += 512)
    sum += (guint)data[i];
  g_test_message ("read: %u", sum);
  const gint64 before = resident_bytes (data);

  EgBackend *be = eg_backend_cpu ();
  EgStream *stream = be->stream_new (be, 1);
  const EgMatrix w = { data, EG_DTYPE_F32, n, k, TRUE, transposed != NULL };
  const EgGemm op = { y, n, x, k, m, &w, NULL };
  be->gemm (stream, &op);
  const gint64 first = resident_bytes (data);
  be->gemm (stream, &op);
  be->stream_free (stream);
  const gint64 after = resident_bytes (data);
  eg_backend_cpu_forget (data, n_bytes);
  eg_mapping_free (mapping);
  g_unlink (path);
  if (before < 0)
    {
      g_test_skip ("this system does not tell");
      return;
    }
  g_assert_cmpint (before, ==, (gint64)n_bytes);
  /* The first product is one of the weight as it lies; one that lies transposed is packed at once. */
  if (transposed == NULL)
    g_assert_cmpint (first, ==, before);
  else
    g_assert_cmpint (first, ==, after);
  /* The edges of panels share pages. */
  g_assert_cmpint (after, <, (gint64)n_bytes / 16);
}

/* ---- what multiplies ---- */

/* The shapes of mamba-130m and mamba-2.8b, and the head's. */
static const gsize real_sizes[][3] = {
  { 1, 3072, 768 },  { 32, 3072, 768 }, { 64, 3072, 768 },   { 32, 768, 1536 },  { 256, 80, 1536 },
  { 256, 1536, 48 }, { 32, 5028, 768 }, { 14, 10240, 2560 }, { 14, 2560, 5120 },
};

/* Every product by both, which share no line; sums of so many products of numbers within ±1. */
static void
assert_both_agree (const Case *it, const char *restored)
{
  g_assert_true (eg_backend_cpu_choose_gemm ("engram", NULL));
  g_autofree float *own = multiply (it, 0, it->m, FALSE, 1);
  g_assert_true (eg_backend_cpu_choose_gemm ("openblas", NULL));
  g_autofree float *other = multiply (it, 0, it->m, FALSE, 1);
  g_assert_true (eg_backend_cpu_choose_gemm (restored, NULL));
  double largest = 0, farthest = 0;
  for (gsize i = 0; i < it->m * it->n; i++)
    {
      largest = MAX (largest, fabs ((double)other[i]));
      farthest = MAX (farthest, fabs ((double)own[i] - (double)other[i]));
    }
  g_assert_cmpfloat (farthest, <=, 4e-6 * largest);
}

static void
test_both_agree (void)
{
  g_autofree char *present = g_strdup (eg_backend_cpu_gemm ());
  GRand *rand = g_rand_new_with_seed (3);
  for (gsize i = 0; i < G_N_ELEMENTS (sizes) + G_N_ELEMENTS (real_sizes); i++)
    for (EgDType dtype = EG_DTYPE_F32; dtype <= EG_DTYPE_BF16; dtype++)
      {
        const gsize n = G_N_ELEMENTS (sizes);
        Case it = make_case (rand, i < n ? sizes[i] : real_sizes[i - n], dtype);
        assert_both_agree (&it, present);
        case_clear (&it);
      }
  g_rand_free (rand);
}

static void
test_names (void)
{
  g_autofree char *present = g_strdup (eg_backend_cpu_gemm ());
  g_autoptr (GError) error = NULL;
  g_assert_true (eg_backend_cpu_choose_gemm ("openblas", NULL));
  g_assert_nonnull (strstr (eg_backend_cpu ()->name, "OpenBLAS"));
  g_assert_false (eg_backend_cpu_packs ());
  g_assert_true (eg_backend_cpu_choose_gemm ("engram", NULL));
  g_assert_nonnull (strstr (eg_backend_cpu ()->name, ", engram)"));
  g_assert_nonnull (strstr (eg_backend_cpu ()->name, eg_backend_cpu_kernels ()));
  g_assert_true (eg_backend_cpu_packs ());
  g_assert_false (eg_backend_cpu_choose_gemm ("mkl", &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
  g_assert_true (eg_backend_cpu_choose_gemm (present, NULL));
}

#if defined(__x86_64__)
static float *
multiply_by (const EgPackedKernels *kernels, const Case *it, gboolean turned)
{
  const gsize n = turned ? it->m : it->n, m = turned ? it->n : it->m;
  const gsize rows = eg_round_up (n, kernels->width);
  const gsize width = eg_round_up (it->k, kernels->deep);
  EgBackend *be = eg_backend_cpu ();
  float *panel = be->alloc (be, rows * it->k), *x = be->alloc (be, m * width);
  float *y = g_new (float, it->m * it->n);
  kernels->pack_panel (panel, turned ? it->x : it->w.data, it->k, n, it->k, sizeof (float));
  kernels->pack_rows (x, turned ? it->w.data : it->x, it->k, m, it->k);
  const EgPanelProduct op = { .y = y,
                              .ldy = it->n,
                              .x = x,
                              .n_rows = m,
                              .panel = panel,
                              .n = n,
                              .k = it->k,
                              .bias = it->bias,
                              .turned = turned };
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
      g_autofree float *avx2 = multiply_by (eg_cpu_kernels_avx2.packed, &it, FALSE);
      g_autofree float *avx512 = multiply_by (eg_cpu_kernels_avx512.packed, &it, FALSE);
      g_autofree float *avx2_turned = multiply_by (eg_cpu_kernels_avx2.packed, &it, TRUE);
      g_autofree float *avx512_turned = multiply_by (eg_cpu_kernels_avx512.packed, &it, TRUE);
      assert_same (avx2, avx512, it.m * it.n);
      assert_same (avx2, avx2_turned, it.m * it.n);
      assert_same (avx2, avx512_turned, it.m * it.n);
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
  g_test_add_func ("/packed/long-sums-lose-little", test_precision);
  g_test_add_func ("/packed/a-row-has-the-same-bits-beside-any-others", test_rows);
  g_test_add_func ("/packed/any-number-of-threads-gives-the-same-bits", test_threads);
  g_test_add_func ("/packed/a-kept-weight-gives-the-same-bits", test_kept);
  g_test_add_func ("/packed/what-is-forgotten-is-read-anew", test_forgotten);
  g_test_add_func ("/packed/short-memory-changes-no-bit", test_short_memory);
  g_test_add_func ("/packed/avx2-and-avx512-give-the-same-bits", test_sets);
  g_test_add_data_func ("/packed/a-mapped-weight-is-not-in-memory-twice", NULL, test_mapped);
  g_test_add_data_func ("/packed/a-mapped-weight-that-lies-transposed-is-not-in-memory-twice", &sizes,
                        test_mapped);
  g_test_add_func ("/packed/a-weight-that-lies-transposed-gives-the-same-bits", test_transposed);
  g_test_add_func ("/packed/openblas-gives-the-same-but-for-rounding", test_both_agree);
  g_test_add_func ("/packed/what-multiplies-is-chosen-and-told-by-name", test_names);
  return g_test_run ();
}
