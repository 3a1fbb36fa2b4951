/* What a trace promises apart from its numbers: the same bits with any number of threads, continuation equal
 * to full recomputation, cancellation at any moment, cells handed over as they are finished, errors for bad
 * requests. */
#include "network/mamba1/private.h"
#include "golden.h"
#include "rounding.h"

#include "core/error.h"
#include "network/workspace.h"
#include "trace/run/clean-run.h"
#include "trace/ask/metric.h"
#include "trace/ask/noise.h"
#include "trace/plan/memory.h"
#include "trace/plan/plan.h"
#include "trace/run/predict.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

static gboolean
same_bits (const double *a, const double *b, gsize n)
{
  return memcmp (a, b, n * sizeof *a) == 0;
}

static EgTraceRequest *
new_request (void)
{
  EgTraceRequest *request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  request->samples = 4;
  return request;
}

static void
test_threads (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  const EgFamily *family = eg_model_get_family (model);
  for (EgSite site = 0; site < family->n_sites; site++)
    for (guint window = 1; window < 8; window += 3)
      {
        g_autoptr (EgTraceRequest) request = new_request ();
        golden_restore_in (family, request, site, 0);
        request->window = window;
        g_autoptr (EgTraceResult) first = NULL;
        for (guint threads = 1; threads < 8; threads = threads * 2 + (threads == 2))
          {
            request->threads = threads;
            g_autoptr (EgTraceResult) result = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
            if (!first)
              first = eg_trace_result_ref (result);
            const gsize n = eg_trace_grid_n_cells (result->grids[0]);
            g_assert_true (same_bits (first->grids[0]->scores[0], result->grids[0]->scores[0], n));
            g_assert_true (same_bits (first->grids[0]->sem[0], result->grids[0]->sem[0], n));
            g_assert_true (first->ends[0].low == result->ends[0].low
                           && first->ends[0].high == result->ends[0].high);
          }
      }
}

/* Less and less memory for a round of one sample: states are kept after every position, every second, and so
 * on, and computed again between; scores stay what they are. */
static void
test_states_as_they_fit (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  const EgSizes *sizes = eg_model_get_sizes (model);
  g_autoptr (EgTraceRequest) request = new_request ();
  request->samples = 1;
  g_autoptr (EgTraceInput) input = eg_trace_input_new (request, model, NULL, NULL);
  const EgGrid grid = eg_grid_of (request, eg_model_get_family (model), sizes->n_layers, input->n_tokens,
                                  input->corrupted_first);
  g_autoptr (EgTraceResult) first = NULL;
  gsize step = 0, n_steps = 0;
  for (guint64 bytes = 1 << 28; bytes > 0; bytes -= bytes / 16 + 1)
    {
      eg_trace_memory_set_round (bytes);
      const EgTraceMemory memory = eg_trace_memory_plan (sizes, &grid, 1);
      if (memory.corrupted.state_step == step)
        continue;
      g_assert_cmpuint (memory.corrupted.state_step, ==, step > 0 ? 2 * step : 1);
      step = memory.corrupted.state_step;
      n_steps++;
      g_autoptr (EgTraceResult) result = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
      if (!first)
        first = eg_trace_result_ref (result);
      const gsize n = eg_trace_grid_n_cells (result->grids[0]);
      for (gsize i = 0; i < n; i++)
        g_assert_cmpfloat_with_epsilon (result->grids[0]->scores[0][i], first->grids[0]->scores[0][i],
                                        rounding_tolerance (name, "prob"));
      /* Other products' rows differ by what stands beside them. */
      if (strstr (result->device, "engram"))
        g_assert_true (same_bits (result->grids[0]->scores[0], first->grids[0]->scores[0], n));
    }
  eg_trace_memory_set_round (0);
  g_assert_cmpuint (n_steps, ==, 5); /* 1, 2, 4, 8, 16 */
}

static EgRun *
whole_run_new (EgModel *model, gsize n_tokens)
{
  const EgRunShape shape = { .n_positions = n_tokens,
                             .state_end = n_tokens,
                             .state_step = 1,
                             .sites = eg_family_all_sites (eg_model_get_family (model)) };
  return eg_run_new (eg_model_get_network (model), &shape, NULL);
}

/* Every stride-th cell of a trace again, by whole runs from the first layer and token, each alone. Their rows
 * stand in matrices of other heights, where most kernels round them otherwise. */
static void
compare_with_whole_runs (EgModel *model, const EgTraceRequest *request, gsize stride)
{
  const double tolerance = rounding_tolerance (eg_model_get_name (model), "prob");
  const EgSizes *sizes = eg_model_get_sizes (model);
  const gsize d = sizes->d_model;
  g_autoptr (EgTraceResult) result = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
  const EgTraceTokens *prompt = result->tokens;
  const gsize T = prompt->n_tokens, first = prompt->subject_first;
  g_autoptr (EgWorkspace) workspace = eg_workspace_new (eg_model_get_network (model), 1);
  g_autoptr (EgRun) clean = whole_run_new (model, T);
  g_autoptr (EgRun) corrupted = whole_run_new (model, T);
  g_assert_true (eg_clean_run (workspace, prompt->ids, T, clean, NULL, NULL));
  const EgGrid grid = eg_grid_of (request, eg_model_get_family (model), sizes->n_layers, T, first);
  const gsize n_cells = eg_grid_n_cells (&grid);
  g_autofree float *embeddings = golden_embed (workspace, prompt->ids, T);
  g_autofree float *clean_rows = g_memdup2 (embeddings, T * d * sizeof (float));
  golden_place (workspace, clean_rows, T);

  g_autoptr (EgNoise) noise
      = eg_noise_new (model, &request->corruption, request->noise_level, request->seed,
                      embeddings + first * d, prompt->subject_last - first + 1, NULL, NULL);
  g_autofree double *sums = g_new0 (double, n_cells);
  for (guint s = 0; s < request->samples; s++)
    {
      g_autofree float *input = g_memdup2 (embeddings, T * d * sizeof (float));
      eg_noise_draw (noise, embeddings + first * d, input + first * d);
      golden_place (workspace, input, T);
      const EgSegment whole = { .input = input, .keep = corrupted };
      golden_run_whole (workspace, &whole, T, (gsize)result->tokens->target_id);
      for (gsize cell = 0; cell < n_cells; cell += stride)
        {
          /* From layer 0 on, so that every restoration, the first one too, happens inside the network. */
          EgSegment segment = eg_grid_segment (&grid, cell, clean, corrupted);
          segment.layer = segment.position = 0;
          segment.input = request->direction == EG_DIRECTION_DAMAGE ? clean_rows : input;
          sums[cell] += golden_run_whole (workspace, &segment, T, (gsize)result->tokens->target_id);
        }
    }
  for (gsize cell = 0; cell < n_cells; cell += stride)
    rounding_assert_near (sums[cell] / request->samples, result->grids[0]->scores[0][cell], tolerance);
}

static void
test_continuation (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  const EgFamily *family = eg_model_get_family (model);
  for (EgSweep sweep = 0; sweep < EG_N_SWEEPS; sweep++)
    for (EgSite site = 0; site < family->n_sites; site++)
      for (guint i = 0; i < 4; i++)
        {
          if (sweep == EG_SWEEP_CARRY && !family->sites[site].carried)
            continue;
          g_autoptr (EgTraceRequest) request = new_request ();
          request->samples = 3;
          golden_restore_in (family, request, site, 0);
          request->sweep = sweep;
          request->window = i % 2 == 1 && sweep != EG_SWEEP_POSITIONS ? 3 : 1;
          request->direction = i < 2 ? EG_DIRECTION_RESTORE : EG_DIRECTION_DAMAGE;
          compare_with_whole_runs (model, request, 1);
        }
}

/* The same with frozen paths: each site frozen while each other is restored. */
static void
test_frozen_continuation (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  const EgFamily *family = eg_model_get_family (model);
  for (EgSite site = 0; site < family->n_sites; site++)
    for (EgSite frozen = 0; frozen < family->n_sites; frozen++)
      {
        g_autoptr (EgTraceRequest) request = new_request ();
        const EgSiteSet set = EG_SITE_BIT (frozen);
        if ((eg_family_expand_sites (family, set) & eg_family_expand_sites (family, EG_SITE_BIT (site))) != 0)
          continue;
        request->samples = 2;
        golden_restore_in (family, request, site, 0);
        golden_freeze_in (family, request, set);
        request->window = 1 + frozen % 3;
        request->direction = (EgDirection)((site + frozen) % 2);
        request->sweep = frozen % 4 == 3 ? EG_SWEEP_LAYERS : EG_SWEEP_CELLS;
        compare_with_whole_runs (model, request, 3);
      }
}

/* A long prompt: states are kept after some positions only, and computed again between them. */
static void
compare_long_prompt (const char *name,
                     EgSite site,
                     EgDirection direction,
                     EgSiteSet freeze,
                     gsize n_repeats,
                     gsize n_tokens,
                     gsize stride)
{
  g_autoptr (EgModel) model = golden_open (name);
  g_autoptr (GString) prompt = g_string_new (NULL);
  for (gsize i = 0; i < n_repeats; i++)
    g_string_append (prompt, "The Eiffel Tower is in ");
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (prompt->str, "Eiffel Tower");
  request->samples = 1;
  golden_restore (request, site, 0);
  request->direction = direction;
  golden_freeze (request, freeze);
  g_autoptr (EgTraceInput) input = eg_trace_input_new (request, model, NULL, NULL);
  g_assert_cmpuint (input->n_tokens, ==, n_tokens);
  compare_with_whole_runs (model, request, stride);
}

static void
test_long_prompt (void)
{
  compare_long_prompt ("expand2", EG_SITE_RESID, EG_DIRECTION_RESTORE, 0, 64, 512, 211);
}

static void
test_states_between (gconstpointer name)
{
  const EgSiteSet state = EG_SITE_BIT (SELECTIVE_STATE);
  for (EgDirection direction = 0; direction < EG_N_DIRECTIONS; direction++)
    {
      compare_long_prompt (name, SELECTIVE_STATE, direction, 0, 10, 80, 31);
      compare_long_prompt (name, SELECTIVE_CONV_STATE, direction, 0, 10, 80, 31);
      compare_long_prompt (name, SELECTIVE_MIXER, direction, state, 10, 80, 31);
    }
}

typedef struct
{
  GCancellable *cancellable;
  gsize cancel_at, n_cells, n_updates;
  gint64 cancelled_at;
  double *scores;
  EgTraceResult *result;
} Watch;

static void
watch (const EgTraceProgress *progress, gpointer data)
{
  Watch *self = data;
  self->n_updates++;
  if (self->n_updates == 1)
    {
      g_assert_cmpuint (progress->n_cells, ==, 0);
      g_assert_false (isnan (progress->result->ends[0].high) || isnan (progress->result->ends[0].low));
      self->result = eg_trace_result_ref (progress->result);
      self->scores = g_new0 (double, eg_trace_grid_n_cells (progress->result->grids[0]));
    }
  for (gsize i = 0; i < progress->n_cells; i++)
    {
      const EgTraceCell *cell = &progress->cells[i];
      self->scores[cell->layer * progress->result->grids[0]->n_tokens + cell->position] = cell->score;
      self->n_cells++;
    }
  g_assert_cmpuint (progress->done, <=, progress->total);
  if (self->cancellable && self->n_updates >= self->cancel_at && !self->cancelled_at)
    {
      self->cancelled_at = g_get_monotonic_time ();
      g_cancellable_cancel (self->cancellable);
    }
}

static void
watch_clear (Watch *self)
{
  g_clear_pointer (&self->result, eg_trace_result_unref);
  g_free (self->scores);
}

static void
test_progress (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  g_autoptr (EgTraceRequest) request = new_request ();
  request->samples = 40;
  Watch seen = { 0 };
  g_autoptr (EgTraceResult) result = eg_trace_run (model, request, NULL, watch, &seen, NULL);
  const gsize n = eg_trace_grid_n_cells (result->grids[0]);
  g_assert_true (seen.result == result);
  g_assert_cmpuint (seen.n_cells, >=, n);
  g_assert_true (same_bits (seen.scores, result->grids[0]->scores[0], n));
  watch_clear (&seen);
}

static void
test_cancel (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  g_autoptr (EgTraceRequest) request = new_request ();
  request->samples = EG_MAX_SAMPLES;
  for (gsize at = 1; at <= 8; at++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;
      Watch seen = { .cancellable = cancellable, .cancel_at = at };
      g_assert_null (eg_trace_run (model, request, cancellable, watch, &seen, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_test_message ("stopped %.1f ms after the request",
                      (double)(g_get_monotonic_time () - seen.cancelled_at) / 1e3);
      g_assert_false (seen.result->complete);
      g_assert_cmpuint (seen.n_cells, >, 0);
      watch_clear (&seen);
    }
  g_autoptr (GCancellable) before = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_cancellable_cancel (before);
  g_assert_null (eg_trace_run (model, request, before, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* One stretch of a trace that is stopped over and over again. */
typedef struct
{
  GMainLoop *loop;
  GCancellable *cancellable;
  gsize n_updates, cancel_at;
  gsize first_done, last_done;
  EgTraceResult *result;
  EgTracePartial *partial;
} Stretch;

static void
on_stretch_progress (const EgTraceProgress *progress, gpointer data)
{
  Stretch *self = data;
  if (self->n_updates++ == 0)
    self->first_done = progress->done;
  self->last_done = progress->done;
  if (self->n_updates >= self->cancel_at)
    g_cancellable_cancel (self->cancellable);
}

static void
on_stretch_end (GObject *source, GAsyncResult *result, gpointer data)
{
  Stretch *self = data;
  g_autoptr (GError) error = NULL;
  self->result = eg_trace_finish (result, &error);
  self->partial = eg_trace_get_partial (result);
  g_assert_true ((self->result == NULL) == g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_main_loop_quit (self->loop);
}

/* Stops after so many updates, goes on, stops again …; every stretch begins with what the last has left. */
static EgTraceResult *
run_in_stretches (EgModel *model, const EgTraceRequest *request, gsize cancel_at, gsize *n_stretches)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (EgTracePartial) partial = NULL;
  gsize done = 0;
  for (*n_stretches = 1;; ++*n_stretches)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Stretch stretch = { .loop = loop, .cancellable = cancellable, .cancel_at = cancel_at };
      if (partial == NULL)
        eg_trace_async (model, request, cancellable, on_stretch_progress, &stretch, on_stretch_end, &stretch);
      else
        eg_trace_continue_async (partial, NULL, cancellable, on_stretch_progress, &stretch, on_stretch_end,
                                 &stretch);
      g_main_loop_run (loop);
      g_clear_pointer (&partial, eg_trace_partial_unref);
      partial = stretch.partial;
      g_assert_cmpuint (stretch.first_done, >=, done);
      done = stretch.last_done;
      if (stretch.result != NULL)
        return stretch.result;
      g_assert_nonnull (partial);
      if (*n_stretches % 8 == 0)
        cancel_at++; /* ends, however fast the machine is */
    }
}

static void
test_continue (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  const EgFamily *family = eg_model_get_family (model);
  /* More often for the first site than for the others. */
  for (EgSite site = 0; site < family->n_sites; site++)
    for (gsize cancel_at = 1; cancel_at <= (site == 0 ? 3 : 1); cancel_at += 2)
      {
        g_autoptr (EgTraceRequest) request = new_request ();
        request->samples = site == 0 ? 100 : 30;
        golden_restore_in (family, request, site, 0);
        gsize n_stretches;
        g_autoptr (EgTraceResult) whole = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
        g_autoptr (EgTraceResult) parts = run_in_stretches (model, request, cancel_at, &n_stretches);
        const gsize n = eg_trace_grid_n_cells (whole->grids[0]);
        g_test_message ("in %" G_GSIZE_FORMAT " stretches", n_stretches);
        g_assert_cmpuint (n_stretches, >, 1);
        g_assert_true (parts->complete);
        g_assert_true (same_bits (whole->grids[0]->scores[0], parts->grids[0]->scores[0], n));
        g_assert_true (same_bits (whole->grids[0]->sem[0], parts->grids[0]->sem[0], n));
        g_assert_true (
            memcmp (whole->grids[0]->counts, parts->grids[0]->counts, n * sizeof *whole->grids[0]->counts)
            == 0);
        g_assert_true (whole->ends[0].low == parts->ends[0].low
                       && whole->ends[0].low_sem == parts->ends[0].low_sem
                       && whole->ends[0].high == parts->ends[0].high
                       && whole->tokens->target_id == parts->tokens->target_id);
      }
}

/* More samples are added until every cell's error is small enough: as many with any number of threads, to the
 * same bits, stopped in between or not; and they are the samples of a trace that asks for so many at once. */
/* Every sample's score, of which the means are those of the result, and the errors of the effects over the
 * same noise, which are smaller than if each run had its own. */
static void
test_kept_samples (void)
{
  g_autoptr (EgModel) model = golden_open ("expand2");
  g_autoptr (EgTraceRequest) request = new_request ();
  request->keep_samples = TRUE;
  g_autoptr (EgTraceResult) result = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
  const EgTraceGrid *grid = result->grids[0];
  g_assert_cmpuint (result->n_kept, ==, 4);
  g_assert_cmpuint (strlen (result->date), ==, strlen ("2026-11-29T23:59:00Z"));
  for (gsize i = 0; i < eg_trace_grid_n_cells (grid); i++)
    {
      double sum = 0, effects = 0, squares = 0;
      for (gsize s = 0; s < 4; s++)
        {
          sum += grid->samples[0][i * 4 + s];
          effects += grid->samples[0][i * 4 + s] - result->low_samples[0][s];
        }
      for (gsize s = 0; s < 4; s++)
        squares += pow (grid->samples[0][i * 4 + s] - result->low_samples[0][s] - effects / 4, 2);
      g_assert_cmpfloat_with_epsilon (grid->scores[0][i], sum / 4, 1e-6);
      g_assert_cmpfloat_with_epsilon (grid->effect_sem[0][i], sqrt (squares / 3) / 2, 1e-6);
    }
  /* Before the subject, the restored run is the corrupted one. */
  g_assert_cmpfloat (grid->effect_sem[0][0], ==, 0);
  g_assert_true (eg_trace_grid_is_noise (grid, 0, 0));
}

static void
test_until (void)
{
  g_autoptr (EgModel) model = golden_open ("expand2");
  g_autoptr (EgTraceRequest) request = new_request ();
  request->samples = 8;
  request->until_sem = 0.03;
  g_autoptr (EgTraceResult) first = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
  const gsize n = eg_trace_grid_n_cells (first->grids[0]);
  g_test_message ("%u samples", first->samples);
  g_assert_true (first->complete && first->samples > 16 && first->samples < request->max_samples);
  for (gsize i = 0; i < n; i++)
    g_assert_true (first->grids[0]->sem[0][i] <= 0.03 && first->grids[0]->counts[i] == first->samples);
  for (guint threads = 1; threads <= 3; threads++)
    {
      gsize n_stretches;
      request->threads = threads;
      g_autoptr (EgTraceResult) other = threads == 3 ? run_in_stretches (model, request, 4, &n_stretches)
                                                     : eg_trace_run (model, request, NULL, NULL, NULL, NULL);
      g_assert_cmpuint (other->samples, ==, first->samples);
      g_assert_true (same_bits (first->grids[0]->scores[0], other->grids[0]->scores[0], n)
                     && same_bits (first->grids[0]->sem[0], other->grids[0]->sem[0], n));
      g_assert_true (first->ends[0].low == other->ends[0].low
                     && first->ends[0].low_sem == other->ends[0].low_sem);
    }

  g_autoptr (EgTraceRequest) at_once = new_request ();
  at_once->samples = first->samples;
  g_autoptr (EgTraceResult) same = eg_trace_run (model, at_once, NULL, NULL, NULL, NULL);
  for (gsize i = 0; i < n; i++)
    rounding_assert_near (first->grids[0]->scores[0][i], same->grids[0]->scores[0][i],
                          rounding_tolerance ("expand2", "prob"));

  request->max_samples = 20;
  g_autoptr (EgTraceResult) bounded = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
  g_assert_cmpuint (bounded->samples, ==, 20);
}

static void
assert_refused (EgModel *model, const EgTraceRequest *request, const char *sentence)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (eg_trace_run (model, request, NULL, NULL, NULL, &error));
  g_assert_nonnull (error);
  if (!strstr (error->message, sentence))
    g_error ("“%s” does not say “%s”", error->message, sentence);
}

static void
test_bad_requests (void)
{
  g_autoptr (EgModel) model = golden_open ("expand2");
  const struct
  {
    const char *prompt, *subject, *target, *sentence;
    guint samples, window;
    double noise;
  } cases[] = {
    { "", "Rome", NULL, "The prompt is empty", 1, 1, 3 },
    { "In Rome", "Paris", NULL, "The subject “Paris” is not in the prompt “In Rome”", 1, 1, 3 },
    { "In Rome", "", NULL, "No subject is marked", 1, 1, 3 },
    { "In Rome", "Rome", NULL, "samples must be from 1 to 10000, not 0", 0, 1, 3 },
    { "In Rome", "Rome", NULL, "samples must be from 1 to 10000, not 1000000000", 1000000000, 1, 3 },
    { "In Rome", "Rome", NULL, "noise level must be a number above 0", 1, 1, (double)NAN },
    { "In Rome", "Rome", NULL, "noise level must be a number above 0", 1, 1, -1 },
    { "In Rome", "Rome", NULL, "noise level must be a number above 0", 1, 1, (double)INFINITY },
    { "In Rome", "Rome", NULL, "window must be from 1 to 1000", 1, 0, 3 },
    { "In Rome", "Rome", "", "The target is empty", 1, 1, 3 },
    { "In \xff Rome", "Rome", NULL, "The prompt is not valid UTF-8", 1, 1, 3 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EgTraceRequest) request = eg_trace_request_new (cases[i].prompt, cases[i].subject);
      request->target = g_strdup (cases[i].target);
      request->samples = cases[i].samples;
      request->window = cases[i].window;
      request->noise_level = cases[i].noise;
      assert_refused (model, request, cases[i].sentence);
    }
}

static void
test_notes (void)
{
  g_autoptr (EgModel) model = golden_open ("expand2");
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("Rome is in Rome", "Rome");
  request->target = g_strdup ("unheard-of");
  g_autoptr (EgTraceInput) input = eg_trace_input_new (request, model, NULL, NULL);
  g_assert_cmpuint (g_strv_length (input->notes), ==, 2);
  g_assert_nonnull (strstr (input->notes[0], "more than once; the first is corrupted"));
  g_assert_nonnull (strstr (input->notes[1], "its first"));
  g_assert_cmpuint (input->subject_first, ==, 0);
  request->subject_offset = 11;
  g_autoptr (EgTraceInput) second = eg_trace_input_new (request, model, NULL, NULL);
  g_assert_cmpuint (second->subject_last, ==, second->n_tokens - 1);
  g_assert_cmpuint (g_strv_length (second->notes), ==, 1);
}

static void
test_memory (void)
{
  g_autoptr (EgModel) model = golden_open ("expand2");
  g_autoptr (EgTraceRequest) request = new_request ();
  g_setenv ("ENGRAM_MEMORY", "1000", TRUE);
  assert_refused (model, request, "of memory, and 1000 bytes are free");
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "golden", "models", "deep", NULL);
  g_autoptr (GError) error = NULL;
  g_assert_null (eg_model_open (folder, NULL, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_MEMORY);
  g_assert_nonnull (strstr (error->message, "this machine has"));
  g_unsetenv ("ENGRAM_MEMORY");
}

/* Samples that do not fit at once are computed in more rounds: the same draws, scores equal up to rounding.
 */
static void
test_little_memory (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  g_autoptr (EgTraceRequest) request = new_request ();
  g_autoptr (EgTraceResult) all = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
  g_setenv ("ENGRAM_MEMORY", "700000", TRUE);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceResult) few = eg_trace_run (model, request, NULL, NULL, NULL, &error);
  g_unsetenv ("ENGRAM_MEMORY");
  g_assert_no_error (error);
  for (gsize i = 0; i < eg_trace_grid_n_cells (all->grids[0]); i++)
    rounding_assert_near (all->grids[0]->scores[0][i], few->grids[0]->scores[0][i],
                          rounding_tolerance (name, "prob"));
}

/* ---- a model whose files change while it is in use ---- */

/* A copy of the demo model in a folder of its own, and the path of its weights. */
static char *
copy_demo (char **weights)
{
  static const char *const names[] = { "config.json", "model.safetensors", "tokenizer.json" };
  g_autofree char *demo = g_build_filename (g_getenv ("ENGRAM_DATA_DIR"), "demo", NULL);
  char *folder = g_dir_make_tmp ("engram-tracer-XXXXXX", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GFile) from = g_file_new_build_filename (demo, names[i], NULL);
      g_autoptr (GFile) to = g_file_new_build_filename (folder, names[i], NULL);
      g_assert_true (g_file_copy (from, to, G_FILE_COPY_NONE, NULL, NULL, NULL, NULL));
    }
  *weights = g_build_filename (folder, "model.safetensors", NULL);
  return folder;
}

static void
remove_copy (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  for (const char *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir))
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
shorten_once (const EgTraceProgress *progress, gpointer data)
{
  if (truncate (data, 4096) != 0)
    g_assert_not_reached ();
}

static void
assert_changed (GError **error)
{
  g_assert_error (*error, EG_ERROR, EG_ERROR_FORMAT);
  g_assert_nonnull (strstr ((*error)->message, "model.safetensors"));
  g_assert_nonnull (strstr ((*error)->message, "changed"));
  g_clear_error (error);
}

/* Zeros are read where the file ends now: no number that came of them may be believed. */
static void
test_weights_cut_short (void)
{
#ifdef __SANITIZE_THREAD__
  g_test_skip ("ThreadSanitizer takes the page that the signal's handler maps for a write to it");
  return;
#endif
  for (int during = 0; during < 2; during++)
    {
      g_autofree char *weights = NULL, *folder = copy_demo (&weights);
      g_autoptr (GError) error = NULL;
      g_autoptr (EgModel) model = eg_model_open (folder, NULL, &error);
      g_autoptr (EgTraceRequest) request = new_request ();

      g_assert_no_error (error);
      request->samples = 50;
      if (!during)
        shorten_once (NULL, weights);
      g_autoptr (EgTraceResult) result
          = eg_trace_run (model, request, NULL, during ? shorten_once : NULL, weights, &error);
      g_assert_null (result);
      assert_changed (&error);
      g_assert_null (eg_predict (model, "The Eiffel Tower is in", 5, NULL, &error));
      assert_changed (&error);
      remove_copy (folder);
    }
}

/* Written over in place, with nothing missing. */
static void
test_weights_overwritten (void)
{
  g_autofree char *weights = NULL, *folder = copy_demo (&weights);
  g_autofree char *bytes = NULL;
  gsize length;
  g_autoptr (EgModel) model = eg_model_open (folder, NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_get_contents (weights, &bytes, &length, NULL));
  g_usleep (20000); /* as fine as the clock of any file system */
  g_autoptr (GFile) file = g_file_new_for_path (weights);
  g_autoptr (GFileIOStream) stream = g_file_open_readwrite (file, NULL, NULL);
  g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (stream)), bytes,
                                            length, NULL, NULL, NULL));
  g_assert_true (g_io_stream_close (G_IO_STREAM (stream), NULL, NULL));
  g_assert_null (eg_predict (model, "The Eiffel Tower is in", 5, NULL, &error));
  assert_changed (&error);
  remove_copy (folder);
}

/* Renamed over, as most programs save, and removed: what is mapped stays. */
static void
test_weights_replaced (void)
{
  g_autofree char *weights = NULL, *folder = copy_demo (&weights);
  g_autoptr (EgModel) model = eg_model_open (folder, NULL, NULL);
  g_autoptr (EgTraceRequest) request = new_request ();
  g_autoptr (EgTraceResult) before = eg_trace_run (model, request, NULL, NULL, NULL, NULL);

  g_assert_true (g_file_set_contents (weights, "something else", -1, NULL));
  g_autoptr (EgTraceResult) replaced = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
  remove_copy (folder);
  g_autoptr (EgTraceResult) removed = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
  g_assert_nonnull (replaced);
  g_assert_nonnull (removed);
  g_assert_true (same_bits (before->grids[0]->scores[0], replaced->grids[0]->scores[0],
                            eg_trace_grid_n_cells (before->grids[0])));
  g_assert_true (same_bits (before->grids[0]->scores[0], removed->grids[0]->scores[0],
                            eg_trace_grid_n_cells (before->grids[0])));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  static const char *const deep[]
      = { "deep", "gpt2-deep", "neox-deep", "falcon-half", "mamba2-groups", NULL };
  static const char *const small[] = { "expand2",     "gpt2-bin",   "gpt2-half",      "neox-pythia",
                                       "neox-serial", "falcon-hub", "mamba2-sharded", NULL };
  golden_add_tests (deep, "/tracer/*/same-bits-with-any-number-of-threads", test_threads);
  golden_add_tests (small, "/tracer/*/continued-runs-equal-whole-runs", test_continuation);
  golden_add_tests (deep, "/tracer/*/frozen-paths-are-whole-runs", test_frozen_continuation);
  g_test_add_func ("/tracer/long-prompts-compute-states-again", test_long_prompt);
  /* Of all of them, sites of one name have one number. */
  static const char *const with_states[] = { "expand2", "falcon-half", "mamba2-groups", NULL };
  golden_add_tests (with_states, "/tracer/*/states-are-kept-as-they-fit", test_states_as_they_fit);
  golden_add_tests (with_states, "/tracer/*/states-between-kept-ones-are-computed-again",
                    test_states_between);
  golden_add_tests (deep, "/tracer/*/hands-over-cells-and-ends-with-the-result", test_progress);
  golden_add_tests (deep, "/tracer/*/stops-at-any-moment", test_cancel);
  golden_add_tests (deep, "/tracer/*/goes-on-to-the-same-bits-when-stopped", test_continue);
  g_test_add_func ("/tracer/keeps-samples", test_kept_samples);
  g_test_add_func ("/tracer/adds-samples-until-errors-are-small", test_until);
  g_test_add_func ("/tracer/refuses-bad-requests-in-a-sentence", test_bad_requests);
  g_test_add_func ("/tracer/says-what-it-chose", test_notes);
  g_test_add_func ("/tracer/refuses-what-does-not-fit-into-memory", test_memory);
  golden_add_tests (small, "/tracer/*/little-memory-gives-the-same-scores", test_little_memory);
  g_test_add_func ("/tracer/weights-cut-short-end-it-with-a-sentence", test_weights_cut_short);
  g_test_add_func ("/tracer/weights-written-over-end-it-with-a-sentence", test_weights_overwritten);
  g_test_add_func ("/tracer/weights-replaced-change-nothing", test_weights_replaced);
  return g_test_run ();
}
