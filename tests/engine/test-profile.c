/* The backend that measures another: its numbers, and where the time goes. */
#include "engine/wrap/profile.h"

#include <string.h>

static void
test_same_numbers (void)
{
  EgBackend *backends[] = { eg_backend_cpu (), eg_backend_profile (eg_backend_cpu ()) };
  float results[2][16];
  EgTopValue found[2];
  double sums[2];
  for (gsize b = 0; b < 2; b++)
    {
      float *x = results[b];
      EgStream *stream = backends[b]->stream_new (backends[b], 1);
      for (gsize i = 0; i < 16; i++)
        x[i] = (float)i - 7;
      backends[b]->activate (stream, EG_ACTIVATION_GELU, x, 16);
      backends[b]->add (stream, x, x + 8, 8);
      sums[b] = backends[b]->top (stream, &found[b], x, 16, 1);
      backends[b]->stream_free (stream);
    }
  g_assert_cmpmem (results[0], sizeof results[0], results[1], sizeof results[1]);
  g_assert_cmpuint (found[0].index, ==, found[1].index);
  g_assert_cmpfloat (sums[0], ==, sums[1]);
}

static void
test_where_time_goes (void)
{
  const gsize n = 1 << 16;
  EgBackend *be = eg_backend_profile (eg_backend_cpu ());
  double seconds[EG_N_OPS];
  g_autofree float *x = g_new0 (float, n);
  eg_backend_profile_take (seconds);
  EgStream *stream = be->stream_new (be, 1);
  be->activate (stream, EG_ACTIVATION_SILU, x, n);
  be->stream_free (stream);
  eg_backend_profile_take (seconds);
  for (EgOp op = 0; op < EG_N_OPS; op++)
    g_assert_true ((seconds[op] > 0) == (op == EG_OP_ACTIVATE));
  eg_backend_profile_take (seconds);
  g_assert_cmpfloat (seconds[EG_OP_ACTIVATE], ==, 0);
}

static void
test_names (void)
{
  g_assert_cmpstr (eg_op_get_name (EG_OP_GEMM), ==, "gemm");
  g_assert_cmpstr (eg_op_get_name (EG_OP_ATTENTION), ==, "attention");
  g_assert_cmpstr (eg_op_get_name (EG_OP_HEAD), ==, "head");
  g_assert_cmpstr (eg_op_get_name (EG_OP_DOWNLOAD), ==, "download");
  for (EgOp op = 0; op < EG_N_OPS; op++)
    for (EgOp other = 0; other < op; other++)
      g_assert_cmpstr (eg_op_get_name (op), !=, eg_op_get_name (other));
}

/* No op of the table was forgotten: all of its functions but those a processor needs no twin of are there. */
static void
test_every_op (void)
{
  const EgBackend *be = eg_backend_profile (eg_backend_cpu ()), *inner = eg_backend_cpu ();
  const gsize first = G_STRUCT_OFFSET (EgBackend, stream_new);
  for (gsize at = first; at < sizeof *be; at += sizeof (gpointer))
    {
      gpointer of_twin, of_inner;
      memcpy (&of_twin, (const char *)be + at, sizeof of_twin);
      memcpy (&of_inner, (const char *)inner + at, sizeof of_inner);
      g_assert_true ((of_twin != NULL) == (of_inner != NULL));
    }
  for (gsize at = 0; at < sizeof *be->back; at += sizeof (gpointer))
    {
      gpointer of_twin, of_inner;
      memcpy (&of_twin, (const char *)be->back + at, sizeof of_twin);
      memcpy (&of_inner, (const char *)inner->back + at, sizeof of_inner);
      g_assert_true (of_twin != NULL && of_inner != NULL && of_twin != of_inner);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/profile/same-numbers", test_same_numbers);
  g_test_add_func ("/profile/an-op-s-time-is-its-own", test_where_time_goes);
  g_test_add_func ("/profile/every-op-has-a-name-of-its-own", test_names);
  g_test_add_func ("/profile/no-op-is-forgotten", test_every_op);
  return g_test_run ();
}
