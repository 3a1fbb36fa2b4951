/* Weights that are infinite or no numbers, in any tensor and of any type: a prediction and a trace name the
 * tensor instead of showing what came of it; and where no run reads them, nothing is said. */
#include "../library/parts.h"
#include "../library/tiny.h"

#include "core/error.h"
#include "trace/run/predict.h"
#include "trace/run/trace.h"

#include <math.h>
#include <string.h>

#define N_POSITIONS 6
#define PROMPT      "abcd"

static char *home;

static EgModel *
open_parts (const Parts *parts)
{
  static guint n;
  g_autofree char *name = g_strdup_printf ("weights-%u", n++);
  g_autofree char *folder = tiny_make_folder (home, name, NULL);
  g_autoptr (GError) error = NULL;
  parts_write (parts, folder);
  EgModel *model = eg_model_open (folder, NULL, &error);
  g_assert_no_error (error);
  return model;
}

static EgTraceResult *
trace (EgModel *model, const char *corruption, GError **error)
{
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (PROMPT, "b");
  request->samples = 2;
  request->threads = 1;
  g_assert_true (eg_corruption_parse_kind (&request->corruption, corruption, NULL));
  return eg_trace_run (model, request, NULL, NULL, NULL, error);
}

static void
assert_named (GError **error, const char *tensor, gsize at)
{
  g_autofree char *place = g_strdup_printf ("the element %zu)", at);
  g_assert_error (*error, EG_ERROR, EG_ERROR_FORMAT);
  if (!strstr ((*error)->message, tensor) || !strstr ((*error)->message, place)
      || !strstr ((*error)->message, "model.safetensors"))
    g_error ("“%s” does not name %s, %s", (*error)->message, tensor, place);
  g_clear_error (error);
}

/* What is said of a prediction, of noise and of a swap. An infinite weight may leave a number: no decay, a
 * gate that is shut. */
static void
assert_refused (EgModel *model, const char *tensor, gsize at, gboolean may_work)
{
  g_autoptr (GError) error = NULL;
  static const char *const corruptions[] = { "gaussian", "swap:e" };
  g_autoptr (EgPrediction) prediction = eg_predict (model, PROMPT, 3, NULL, &error);
  if (prediction)
    g_assert_true (may_work && isfinite (prediction->predictions[0].probability));
  else
    assert_named (&error, tensor, at);
  for (gsize i = 0; i < G_N_ELEMENTS (corruptions); i++)
    {
      g_autoptr (EgTraceResult) result = trace (model, corruptions[i], &error);
      if (result)
        g_assert_true (may_work && isfinite (result->ends[0].high));
      else
        assert_named (&error, tensor, at);
    }
}

static Parts *
parts_of (guint kind)
{
  Parts *parts = kind == 0   ? parts_new_mamba ()
                 : kind == 3 ? parts_new_neox ()
                             : parts_new_gpt2 (N_POSITIONS);
  if (kind == 2)
    parts_configure (parts, "\"activation_function\":\"relu\"");
  return parts;
}

static void
spoil_each (guint kind, EgDType dtype, float value)
{
  g_autoptr (Parts) all = parts_of (kind);
  for (guint i = 0; i < all->parts->len; i++)
    {
      g_autoptr (Parts) parts = parts_of (kind);
      Part *part = parts->parts->pdata[i];
      const gsize at = i % 2 == 0 ? MIN (part->n - 1, 5) : 0;
      part->values[at] = value;
      parts_set_type (parts, dtype);
      g_test_message ("%s of %s: %g", part->name, eg_dtype_get_name (dtype), (double)value);
      g_autoptr (EgModel) model = open_parts (parts);
      assert_refused (model, part->name, at, isinf (value) != 0);
    }
}

static void
test_named (void)
{
  for (guint kind = 0; kind < 4; kind++)
    {
      for (EgDType dtype = EG_DTYPE_F32; dtype <= EG_DTYPE_F64; dtype++)
        spoil_each (kind, dtype, NAN);
      spoil_each (kind, EG_DTYPE_F32, INFINITY);
      spoil_each (kind, EG_DTYPE_F16, -INFINITY);
    }
}

/* Positions after the prompt's, and a tensor that is not the network's. */
static void
test_not_read (void)
{
  g_autoptr (Parts) parts = parts_new_gpt2 (N_POSITIONS);
  g_autoptr (GError) error = NULL;
  Part *positions = parts_find (parts, "transformer.wpe.weight");
  positions->values[positions->n - 1] = NAN;
  parts_add (parts, "optimizer.step", 1);
  parts_find (parts, "optimizer.step")->values[0] = NAN;
  g_autoptr (EgModel) model = open_parts (parts);
  g_autoptr (EgPrediction) prediction = eg_predict (model, PROMPT, 3, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (prediction->predictions[0].probability > 0);
  g_autoptr (EgTraceResult) result = trace (model, "gaussian", &error);
  g_assert_no_error (error);
  g_assert_true (isfinite (result->ends[0].high));
}

/* Every weight is a number, but what comes of them is none: no weight is blamed. */
static void
test_beyond_range (void)
{
  g_autoptr (Parts) parts = parts_new_gpt2 (N_POSITIONS);
  g_autoptr (GError) error = NULL;
  Part *scale = parts_find (parts, "transformer.ln_f.weight");
  for (gsize i = 0; i < scale->n; i++)
    scale->values[i] = 3e38f;
  g_autoptr (EgModel) model = open_parts (parts);
  g_assert_null (eg_predict (model, PROMPT, 3, NULL, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "beyond float32’s range"));
  g_clear_error (&error);
  g_assert_null (trace (model, "gaussian", &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "beyond float32’s range"));
}

int
main (int argc, char **argv)
{
  home = tiny_new_home ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/weights/those-that-are-no-numbers-are-named", test_named);
  g_test_add_func ("/weights/those-that-no-run-reads-do-not-matter", test_not_read);
  g_test_add_func ("/weights/numbers-beyond-the-range-are-said-to-be-so", test_beyond_range);
  const int status = g_test_run ();
  tiny_remove (home);
  g_free (home);
  return status;
}
