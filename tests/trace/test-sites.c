/* What must hold at every site, whatever the numbers are: several sites traced together have the bits of each
 * alone; putting everything back is the clean run, exactly; where nothing is corrupted, nothing has an
 * effect.
 */
#include "network/mamba1/private.h"
#include "golden.h"
#include "rounding.h"

#include "core/error.h"
#include "network/workspace.h"
#include "trace/run/clean-run.h"
#include "trace/plan/grid.h"
#include "trace/ask/metric.h"

#include <math.h>
#include <string.h>

static EgTraceRequest *
new_request (void)
{
  EgTraceRequest *request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  request->samples = 4;
  request->threads = 2;
  return request;
}

static void
assert_same_bits (const EgTraceGrid *a, const EgTraceGrid *b)
{
  const gsize n = eg_trace_grid_n_cells (a);
  const EgTraceEnds *of_a = eg_trace_grid_get_ends (a), *of_b = eg_trace_grid_get_ends (b);
  g_assert_cmpuint (n, ==, eg_trace_grid_n_cells (b));
  g_assert_cmpstr (a->site, ==, b->site);
  g_assert_cmpint (memcmp (a->scores[0], b->scores[0], n * sizeof (double)), ==, 0);
  g_assert_cmpint (memcmp (a->sem[0], b->sem[0], n * sizeof (double)), ==, 0);
  g_assert_true (of_a->high == of_b->high && of_a->low == of_b->low && of_a->low_sem == of_b->low_sem);
  g_assert_true (a->result->complete && b->result->complete);
}

/* All there are, and some whose first is another; in each sweep and direction. */
static void
test_together (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  const EgFamily *family = eg_model_get_family (model);
  const EgSite last = family->n_sites - 1;
  const struct
  {
    EgSite site;
    EgSiteSet more;
  } sets[] = { { EG_SITE_RESID, eg_family_all_sites (family) },
               { last - 1, EG_SITE_BIT (EG_SITE_RESID) | EG_SITE_BIT (last) } };
  for (gsize i = 0; i < G_N_ELEMENTS (sets); i++)
    for (EgSweep sweep = 0; sweep < EG_SWEEP_CARRY; sweep++)
      {
        g_autoptr (EgTraceRequest) request = new_request ();
        request->sweep = sweep;
        request->direction = (EgDirection)((i + sweep) % EG_N_DIRECTIONS);
        request->window = sweep == EG_SWEEP_LAYERS ? 3 : 1;
        golden_restore_in (family, request, sets[i].site, sets[i].more);
        g_autoptr (EgTraceResult) together = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
        g_assert_cmpuint (together->n_grids, ==, i == 0 ? family->n_sites : 3);
        for (gsize s = 0; s < together->n_grids; s++)
          {
            const EgTraceGrid *one = together->grids[s];
            g_assert_true (eg_trace_request_set_sites (request, one->site, NULL));
            g_autoptr (EgTraceResult) alone = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
            assert_same_bits (one, alone->grids[0]);
          }
      }
}

/* Only the last token is corrupted: the first site's cells are then all known, and the first runs are
 * another's. */
static void
test_together_at_the_end (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  const EgFamily *family = eg_model_get_family (model);
  for (EgSite site = EG_SITE_RESID + 1; site < family->n_sites; site++)
    for (EgDirection direction = 0; direction < EG_N_DIRECTIONS; direction++)
      {
        g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "in");
        request->samples = 2;
        request->direction = direction;
        golden_restore_in (family, request, EG_SITE_RESID, EG_SITE_BIT (site));
        g_autoptr (EgTraceResult) together = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
        g_assert_cmpuint (together->n_grids, ==, 2);
        g_assert_true (eg_trace_request_set_sites (request, together->grids[1]->site, NULL));
        g_autoptr (EgTraceResult) alone = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
        assert_same_bits (together->grids[1], alone->grids[0]);
      }
}

/* A long prompt, of whose runs states are kept at some positions only, with a subject of another length: some
 * cells against runs that continue nothing, and read a run of the other prompt that keeps every state. */
static void
compare_long_swap (const char *prompt, const char *swap, EgSite site, EgDirection direction)
{
  g_autoptr (EgModel) model = golden_open ("expand2");
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (prompt, "Eiffel Tower");
  g_autoptr (GError) error = NULL;
  g_assert_true (eg_corruption_parse_kind (&request->corruption, swap, NULL));
  golden_restore (request, site, 0);
  request->direction = direction;
  g_autoptr (EgTraceInput) input = eg_trace_input_new (request, model, NULL, &error);
  g_autoptr (EgTraceResult) result = eg_trace_run (model, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  const gboolean restores = direction == EG_DIRECTION_RESTORE;
  const gsize T = input->n_tokens, S = input->n_swapped;
  const gsize n_source = restores ? T : S, n_run = restores ? S : T;
  g_assert_cmpuint (T, >, 70);
  g_assert_cmpuint (T, !=, S);
  const EgRunShape shape = { .n_positions = n_source,
                             .state_end = n_source,
                             .state_step = 1,
                             .sites = (EG_SITE_BIT (SELECTIVE_N_SITES) - 1) };
  g_autoptr (EgWorkspace) workspace = eg_workspace_new (eg_model_get_network (model), 1);
  g_autoptr (EgRun) source = eg_run_new (eg_model_get_network (model), &shape, NULL);
  g_assert_true (
      eg_clean_run (workspace, restores ? input->ids : input->swapped, n_source, source, NULL, NULL));
  g_autoptr (EgRun) shifted = eg_run_new_shifted (source, (gssize)n_run - (gssize)n_source);
  EgBackend *be = eg_network_get_backend (eg_model_get_network (model));
  float *rows = eg_clean_input (workspace, restores ? input->swapped : input->ids, n_run, &error);
  g_assert_no_error (error);
  for (gsize cell = 0; cell < result->grids[0]->n_layers * T; cell += 29)
    {
      const gsize layer = cell / T, position = cell % T + n_run - T;
      const EgSegment whole = { .input = rows,
                                .source = shifted,
                                .sites = EG_SITE_BIT (site),
                                .box = { layer, layer + 1, position, position + 1 } };
      if (isnan (result->grids[0]->scores[0][cell]) || cell % T < input->corrupted_first)
        continue;
      rounding_assert_near (golden_run_whole (workspace, &whole, n_run, (gsize)result->tokens->target_id),
                            result->grids[0]->scores[0][cell], rounding_tolerance ("expand2", "prob"));
    }
  be->release (be, rows);
}

static void
test_long_swaps (void)
{
  g_autoptr (GString) prompt = g_string_new ("The Eiffel Tower is in ");
  for (gsize i = 0; i < 10; i++)
    g_string_append (prompt, "the old town of Rome and ");
  static const char *const swaps[] = { "swap:Rome", "swap:old town of Marie Curie" };
  static const EgSite sites[] = { SELECTIVE_STATE, SELECTIVE_CONV_STATE };
  for (gsize i = 0; i < G_N_ELEMENTS (swaps); i++)
    for (gsize s = 0; s < G_N_ELEMENTS (sites); s++)
      for (EgDirection direction = 0; direction < EG_N_DIRECTIONS; direction++)
        {
          compare_long_swap (prompt->str, swaps[i], sites[s], direction);
          compare_long_swap (prompt->str + strlen ("The "), swaps[i], sites[s], direction);
        }
}

/* ---- whole runs ---- */

typedef struct
{
  EgModel *model;
  const EgFamily *family;
  EgTraceInput *input;
  EgWorkspace *workspace;
  EgRun *clean, *corrupted;
  float *clean_rows, *noisy; /* [T, d] input rows */
  float *expected, *logits;  /* [V] */
  gsize n_layers, n_tokens, n_vocab;
} Runs;

static void
run_logits (Runs *self, const EgSegment *segment, float *logits)
{
  g_autoptr (GError) error = NULL;
  eg_workspace_run (self->workspace, segment, 1, self->n_tokens, NULL, &error);
  g_assert_no_error (error);
  eg_workspace_logits (self->workspace, 0, logits, &error);
  g_assert_no_error (error);
}

/* `noise` is added to the subject's embeddings in the corrupted run. */
static void
runs_init (Runs *self, const char *name, float noise)
{
  g_autoptr (EgTraceRequest) request = new_request ();
  g_autoptr (GError) error = NULL;
  *self = (Runs){ .model = golden_open (name) };
  self->family = eg_model_get_family (self->model);
  const EgSizes *sizes = eg_model_get_sizes (self->model);
  self->input = eg_trace_input_new (request, self->model, NULL, &error);
  g_assert_no_error (error);
  const gsize T = self->input->n_tokens, d = sizes->d_model;
  const EgRunShape shape
      = { .n_positions = T, .state_end = T, .state_step = 1, .sites = eg_family_all_sites (self->family) };
  self->n_layers = sizes->n_layers;
  self->n_tokens = T;
  self->workspace = eg_workspace_new (eg_model_get_network (self->model), 1);
  self->n_vocab = eg_model_get_sizes (self->model)->vocab_size;
  self->clean = eg_run_new (eg_model_get_network (self->model), &shape, &error);
  self->corrupted = eg_run_new (eg_model_get_network (self->model), &shape, &error);
  g_assert_no_error (error);
  g_assert_true (eg_clean_run (self->workspace, self->input->ids, T, self->clean, NULL, &error));
  self->clean_rows = golden_embed (self->workspace, self->input->ids, T);
  self->noisy = g_memdup2 (self->clean_rows, T * d * sizeof (float));
  for (gsize i = self->input->corrupted_first * d; i < (self->input->corrupted_last + 1) * d; i++)
    self->noisy[i] += noise * (float)((gint)(i % 7) - 3);
  golden_place (self->workspace, self->clean_rows, T);
  golden_place (self->workspace, self->noisy, T);
  self->expected = g_new (float, self->n_vocab);
  self->logits = g_new (float, self->n_vocab);
  run_logits (self, &(EgSegment){ .input = self->clean_rows, .keep = self->clean }, self->expected);
  run_logits (self, &(EgSegment){ .input = self->noisy, .keep = self->corrupted }, self->logits);
}

static void
runs_clear (Runs *self)
{
  eg_run_free (self->clean);
  eg_run_free (self->corrupted);
  eg_workspace_free (self->workspace);
  eg_trace_input_free (self->input);
  eg_model_unref (self->model);
  g_free (self->clean_rows);
  g_free (self->noisy);
  g_free (self->expected);
  g_free (self->logits);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Runs, runs_clear)

/* To the last bit. */
static gboolean
is_clean (const Runs *self)
{
  return memcmp (self->logits, self->expected, self->n_vocab * sizeof (float)) == 0;
}

/* A run from the first layer and token on, with the sites put back everywhere. */
static void
restore_everything (Runs *self, const float *input, const EgRun *source, EgSiteSet sites)
{
  const EgSegment segment = { .input = input,
                              .source = source,
                              .sites = eg_family_expand_sites (eg_model_get_family (self->model), sites),
                              .box = { 0, self->n_layers, 0, self->n_tokens } };
  run_logits (self, &segment, self->logits);
}

/* Whether it is the state of a convolution of width 1. */
static gboolean
is_narrow_state (const Runs *self, EgSite site)
{
  gsize width = 0;
  for (gsize i = 0; i < self->family->n_fields; i++)
    if (g_str_equal (self->family->fields[i].name, "d_conv"))
      width = eg_size_field_get (&self->family->fields[i], eg_model_get_sizes (self->model));
  return width == 1 && g_str_equal (self->family->sites[site].name, "conv_state");
}

/* All sites put back everywhere, and resid alone, make a corrupted run the clean one. What is put back of
 * each of the others has it read the clean run's value: so the clean run's own values change nothing of it,
 * at any site. */
static void
test_everything (gconstpointer name)
{
  g_auto (Runs) runs;
  runs_init (&runs, name, 0.5f);
  g_assert_false (is_clean (&runs));
  restore_everything (&runs, runs.noisy, runs.clean, eg_family_all_sites (runs.family));
  g_assert_true (is_clean (&runs));
  restore_everything (&runs, runs.noisy, runs.clean, EG_SITE_BIT (EG_SITE_RESID));
  g_assert_true (is_clean (&runs));
  for (EgSite site = 0; site < runs.family->n_sites; site++)
    {
      restore_everything (&runs, runs.clean_rows, runs.clean, EG_SITE_BIT (site));
      g_assert_true (is_clean (&runs));
      /* The test would see a site that puts nothing back; a convolution of width 1 has no state. */
      const gboolean exists = !is_narrow_state (&runs, site);
      restore_everything (&runs, runs.clean_rows, runs.corrupted, EG_SITE_BIT (site));
      g_assert_true (is_clean (&runs) == !exists);
    }
}

/* The corrupted run is the clean one: every cell of every site leaves the logits as they are, exactly, when
 * it is computed as the clean run was; and to the last rounding where it is continued, as rows of another
 * matrix. */
static void
test_nothing (gconstpointer name)
{
  g_auto (Runs) runs;
  runs_init (&runs, name, 0);
  g_assert_true (is_clean (&runs));
  for (EgSweep sweep = 0; sweep < EG_N_SWEEPS; sweep++)
    for (EgSite site = 0; site < runs.family->n_sites; site++)
      {
        if (sweep == EG_SWEEP_CARRY && !runs.family->sites[site].carried)
          continue;
        g_autoptr (EgTraceRequest) request = new_request ();
        golden_restore_in (runs.family, request, site, 0);
        request->sweep = sweep;
        const EgGrid grid = eg_grid_of (request, eg_model_get_family (runs.model), runs.n_layers,
                                        runs.n_tokens, runs.input->corrupted_first);
        for (gsize cell = 0; cell < eg_grid_n_cells (&grid); cell++)
          {
            EgSegment segment = eg_grid_segment (&grid, cell, runs.clean, runs.corrupted);
            segment.layer = segment.position = 0;
            segment.input = runs.noisy;
            run_logits (&runs, &segment, runs.logits);
            g_assert_true (is_clean (&runs));
          }
      }
}

/* A trace says so instead of measuring its own rounding. */
static void
test_nothing_is_said (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  const EgFamily *family = eg_model_get_family (model);
  for (EgSite site = 0; site < family->n_sites; site++)
    for (EgDirection direction = 0; direction < EG_N_DIRECTIONS; direction++)
      {
        g_autoptr (EgTraceRequest) request = new_request ();
        g_autoptr (GError) error = NULL;
        golden_restore_in (family, request, site, 0);
        request->direction = direction;
        request->noise_level = 1e-30;
        g_assert_null (eg_trace_run (model, request, NULL, NULL, NULL, &error));
        g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
        g_assert_nonnull (strstr (error->message, "Nothing is corrupted"));
        g_clear_error (&error);
        g_assert_true (eg_corruption_parse_kind (&request->corruption, "swap:Eiffel Tower", NULL));
        g_assert_null (eg_trace_run (model, request, NULL, NULL, NULL, &error));
        g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
        g_assert_nonnull (strstr (error->message, "Nothing would be corrupted"));
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  static const char *const deep[]
      = { "deep", "gpt2-deep", "neox-deep", "falcon-half", "mamba2-groups", NULL };
  golden_add_tests (deep, "/sites/*/together-have-the-bits-of-each-alone", test_together);
  golden_add_tests (deep, "/sites/*/at-the-end-together-have-the-bits-of-each-alone",
                    test_together_at_the_end);
  static const char *const *const families[] = { golden_models, golden_gpt2_models, golden_neox_models };
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    {
      golden_add_tests (families[i], "/sites/*/restoring-everything-is-the-clean-run", test_everything);
      golden_add_tests (families[i], "/sites/*/nothing-corrupted-has-no-effect", test_nothing);
    }
  g_test_add_func ("/sites/long-swaps-read-states-between", test_long_swaps);
  golden_add_tests (deep, "/sites/*/nothing-corrupted-is-said", test_nothing_is_said);
  return g_test_run ();
}
