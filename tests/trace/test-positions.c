/* Networks that know so many positions and no more: a text that is too long is an error before anything is
 * run, one that just fits works, and every position of a long one is traced. */
#include "../library/parts.h"
#include "../library/tiny.h"
#include "golden.h"
#include "rounding.h"

#include "core/error.h"
#include "trace/run/clean-run.h"
#include "trace/run/predict.h"

#include <math.h>
#include <string.h>

#define N_POSITIONS 10 /* of gpt2-untied */

static char *home;

/* "abcdefgh…", so many letters. (transfer full) */
static char *
letters (gsize n)
{
  char *text = g_malloc0 (n + 1);
  for (gsize i = 0; i < n; i++)
    text[i] = (char)('a' + (i * 5 + i / 8) % 8);
  return text;
}

static EgModel *
open_gpt2 (guint n_positions)
{
  g_autofree char *name = g_strdup_printf ("positions-%u", n_positions);
  g_autofree char *folder = tiny_make_folder (home, name, NULL);
  g_autoptr (Parts) parts = parts_new_gpt2 (n_positions);
  g_autoptr (GError) error = NULL;
  parts_write (parts, folder);
  EgModel *model = eg_model_open (folder, NULL, &error);
  g_assert_no_error (error);
  return model;
}

static void
assert_says (GError **error, const char *sentence)
{
  g_assert_error (*error, EG_ERROR, EG_ERROR_INVALID);
  if (!strstr ((*error)->message, sentence))
    g_error ("“%s” does not say “%s”", (*error)->message, sentence);
  g_clear_error (error);
}

static void
fail_if_called (const EgTraceProgress *progress, gpointer data)
{
  g_assert_not_reached ();
}

/* The prompt of one more token than there are positions; which field it is. */
static void
assert_too_long (EgModel *model, gsize n_positions)
{
  g_autofree char *text = letters (n_positions + 1);
  g_autofree char *sentence = g_strdup_printf ("The prompt has %zu tokens, and this model takes at most %zu",
                                               n_positions + 1, n_positions);
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (text, "a");
  g_autoptr (GError) error = NULL;
  EgTraceField field = EG_N_FIELDS;
  g_assert_null (eg_predict (model, text, 3, NULL, &error));
  assert_says (&error, sentence);
  g_assert_null (eg_trace_run (model, request, NULL, fail_if_called, NULL, &error));
  assert_says (&error, sentence);
  g_assert_null (eg_trace_input_new (request, model, &field, &error));
  assert_says (&error, sentence);
  g_assert_cmpint (field, ==, EG_FIELD_PROMPT);
}

static void
assert_fits (EgModel *model, gsize n_positions)
{
  g_autofree char *text = letters (n_positions);
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (text, "f");
  g_autoptr (GError) error = NULL;
  request->samples = 2;
  g_autoptr (EgPrediction) prediction = eg_predict (model, text, 3, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (prediction->n_tokens, ==, n_positions);
  g_autoptr (EgTraceResult) result = eg_trace_run (model, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  const EgTraceGrid *grid = result->grids[0];
  g_assert_cmpuint (grid->n_tokens, ==, n_positions);
  for (gsize i = 0; i < eg_trace_grid_n_cells (grid); i++)
    g_assert_true (isfinite (grid->scores[0][i]));
}

static void
test_lengths (void)
{
  static const guint lengths[] = { 2, 7, 64, 65, 200 };
  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (EgModel) model = open_gpt2 (lengths[i]);
      assert_fits (model, lengths[i]);
      assert_too_long (model, lengths[i]);
    }
}

/* A trace of gpt2-untied, which has ten positions. */
static EgTraceResult *
trace_untied (const char *prompt, const char *subject, const char *swap, GError **error)
{
  g_autoptr (EgModel) model = golden_open ("gpt2-untied");
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (prompt, subject);
  request->samples = 1;
  if (swap)
    g_assert_true (eg_corruption_parse_kind (&request->corruption, swap, NULL));
  return eg_trace_run (model, request, NULL, NULL, NULL, error);
}

/* A swap that makes it too long, one that just fits, and one that makes it shorter. */
static void
test_swaps (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = open_gpt2 (N_POSITIONS);
  static const struct
  {
    const char *swap;
    gboolean fits;
  } swaps[]
      = { { "swap:bbb", TRUE }, { "swap:bbbb", FALSE }, { "swap:bbbbbbbbbbbb", FALSE }, { "swap:b", TRUE } };
  for (gsize i = 0; i < G_N_ELEMENTS (swaps); i++)
    for (EgDirection direction = 0; direction < EG_N_DIRECTIONS; direction++)
      {
        g_autoptr (EgTraceRequest) request = eg_trace_request_new ("cdefghaah", "aa");
        EgTraceField field = EG_N_FIELDS;
        request->direction = direction;
        g_assert_true (eg_corruption_parse_kind (&request->corruption, swaps[i].swap, NULL));
        g_autoptr (EgTraceResult) result = eg_trace_run (model, request, NULL, NULL, NULL, &error);
        g_assert_true ((result != NULL) == swaps[i].fits);
        if (swaps[i].fits)
          continue;
        assert_says (&error, "in the place of “aa”");
        g_assert_null (eg_trace_input_new (request, model, &field, &error));
        assert_says (&error, "and this model takes at most 10");
        g_assert_cmpint (field, ==, EG_FIELD_CORRUPTION);
      }
}

/* Real words' tokens. */
static void
test_golden (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (trace_untied ("The Eiffel Tower is in the old town of Rome", "Eiffel Tower", NULL, &error));
  assert_says (&error, "and this model takes at most 10");
  g_autoptr (EgTraceResult) result = trace_untied ("The Eiffel Tower is in", "Eiffel Tower", NULL, &error);
  g_assert_no_error (error);
  g_assert_true (result->complete);
}

/* ---- long prompts ---- */

/* Cells of a long prompt against runs that continue nothing. */
static void
compare_long (EgSite site, EgDirection direction, gsize n_tokens, gsize stride)
{
  g_autoptr (EgModel) model = open_gpt2 (600);
  const EgFamily *family = eg_model_get_family (model);
  g_autofree char *text = letters (n_tokens);
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (text, "g");
  g_autoptr (GError) error = NULL;
  g_assert_true (eg_corruption_parse_kind (&request->corruption, "swap:h", NULL));
  golden_restore_in (family, request, site, 0);
  request->direction = direction;
  g_autoptr (EgTraceInput) input = eg_trace_input_new (request, model, NULL, &error);
  g_autoptr (EgTraceResult) result = eg_trace_run (model, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (input->n_tokens, ==, n_tokens);
  g_assert_cmpuint (input->n_swapped, ==, n_tokens);
  const gboolean restores = direction == EG_DIRECTION_RESTORE;
  const EgRunShape shape = {
    .n_positions = n_tokens, .state_end = n_tokens, .state_step = 1, .sites = eg_family_all_sites (family)
  };
  g_autoptr (EgWorkspace) workspace = eg_workspace_new (eg_model_get_network (model), 1);
  g_autoptr (EgRun) source = eg_run_new (eg_model_get_network (model), &shape, NULL);
  g_assert_true (
      eg_clean_run (workspace, restores ? input->ids : input->swapped, n_tokens, source, NULL, NULL));
  g_autofree float *rows = golden_embed (workspace, restores ? input->swapped : input->ids, n_tokens);
  golden_place (workspace, rows, n_tokens);
  const EgTraceGrid *grid = result->grids[0];
  for (gsize cell = 0; cell < grid->n_layers * n_tokens; cell += stride)
    {
      const gsize layer = cell / n_tokens, position = cell % n_tokens;
      const EgSegment whole = { .input = rows,
                                .source = source,
                                .sites = EG_SITE_BIT (site),
                                .box = { layer, layer + 1, position, position + 1 } };
      rounding_assert_near (golden_run_whole (workspace, &whole, n_tokens, (gsize)result->tokens->target_id),
                            grid->scores[0][cell], rounding_tolerance ("gpt2-", "prob"));
    }
}

static void
test_long_prompts (void)
{
  compare_long (EG_SITE_RESID, EG_DIRECTION_RESTORE, 512, 41);
  compare_long (EG_SITE_RESID, EG_DIRECTION_DAMAGE, 600, 97);
  g_autoptr (EgModel) model = open_gpt2 (600);
  const guint n_sites = eg_model_get_family (model)->n_sites;
  for (EgSite site = 1; site < n_sites; site++)
    compare_long (site, (EgDirection)(site % 2), 80, 7);
}

int
main (int argc, char **argv)
{
  home = tiny_new_home ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/positions/one-too-many-is-refused-and-all-of-them-work", test_lengths);
  g_test_add_func ("/positions/a-swap-may-not-make-it-too-long", test_swaps);
  g_test_add_func ("/positions/golden-model-of-ten", test_golden);
  g_test_add_func ("/positions/long-prompts-are-whole-runs", test_long_prompts);
  const int status = g_test_run ();
  tiny_remove (home);
  g_free (home);
  return status;
}
