/* Corrupts the prompt, sample by sample, and runs what comes of it. */
#include "trace/run/corrupted.h"

#include "core/error.h"
#include "trace/run/rounds.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* Whether noise can be made of what came from the device: else, why there are no numbers. */
static gboolean
check_embeddings (EgWorkspace *workspace, const float *embeddings, gsize n, GError **error)
{
  if (!eg_workspace_check (workspace, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!isfinite (embeddings[i]))
      return eg_workspace_explain_no_number (workspace, error);
  return TRUE;
}

/* From its first number. */
static gboolean
begin_stream (EgTracedPrompt *self, GError **error)
{
  EgPromptNoise *noise = &self->noise;
  const gsize first = self->input->corrupted_first, n = self->input->corrupted_last - first + 1;
  const float *rows = noise->embeddings + first * eg_model_get_sizes (self->model)->d_model;
  noise->stream = eg_noise_new (self->model, &self->request->corruption, self->request->noise_level,
                                self->request->seed, rows, n, self->cancellable, error);
  if (noise->stream != NULL)
    noise->std = eg_noise_get_std (noise->stream);
  return noise->stream != NULL;
}

gboolean
eg_corrupted_init_noise (EgTracedPrompt *self, EgWorkspace *workspace, const float *input, GError **error)
{
  EgPromptNoise *noise = &self->noise;
  const gsize first = self->input->corrupted_first, d = eg_model_get_sizes (self->model)->d_model;
  noise->embeddings = g_new (float, self->n_tokens *d);
  eg_traced_prompt_get_backend (self)->download (eg_workspace_get_stream (workspace), noise->embeddings,
                                                 input, self->n_tokens * d);
  if (!check_embeddings (workspace, noise->embeddings, self->n_tokens * d, error))
    return FALSE;
  noise->noisy = g_memdup2 (noise->embeddings + first * d, (self->n_tokens - first) * d * sizeof (float));
  return begin_stream (self, error);
}

gboolean
eg_corrupted_rewind (EgTracedPrompt *self, GError **error)
{
  if (self->noise.stream == NULL)
    return TRUE;
  g_clear_pointer (&self->noise.stream, eg_noise_free);
  self->noise.n_drawn = 0;
  return begin_stream (self, error);
}

/* The next sample's input: the clean rows, with the span's noise. With the noise's lock. */
static gboolean
draw_input (EgTracedPrompt *self, EgWorkspace *workspace, GError **error)
{
  EgPromptNoise *noise = &self->noise;
  EgBackend *be = eg_traced_prompt_get_backend (self);
  const gsize d = eg_model_get_sizes (self->model)->d_model, first = self->input->corrupted_first;
  const gsize n_noise = (self->input->corrupted_last - first + 1) * d, n = (self->n_tokens - first) * d;
  const float *rows = noise->embeddings + first * d;
  eg_noise_draw (noise->stream, rows, noise->noisy);
  if (memcmp (noise->noisy, rows, n_noise * sizeof *rows) == 0)
    return eg_error_invalid (
        error,
        _ ("Nothing is corrupted: the noise is too small to change any embedding; try a higher level"));
  if (noise->unneeded[noise->n_drawn])
    return TRUE;
  float *input = be->alloc (be, n);
  if (!input)
    {
      g_set_error_literal (error, EG_ERROR, EG_ERROR_MEMORY,
                           _ ("There is no memory left for the corrupted prompt"));
      return FALSE;
    }
  be->upload (eg_workspace_get_stream (workspace), input, noise->noisy, n);
  self->runs.inputs[noise->n_drawn] = input;
  return eg_workspace_place (workspace, input, first, self->n_tokens - first, error);
}

/* The inputs of samples up to `end`. */
static gboolean
draw_noise (EgTracedPrompt *self, EgWorkspace *workspace, gsize end, GError **error)
{
  EgPromptNoise *noise = &self->noise;
  gboolean ok = TRUE;
  pthread_mutex_lock (&noise->lock);
  for (; ok && noise->n_drawn < end; noise->n_drawn += ok)
    ok = draw_input (self, workspace, error);
  pthread_mutex_unlock (&noise->lock);
  return ok;
}

/* The input of a swap's one run: the other subject's tokens and what follows. */
static gboolean
embed_swapped (EgTracedPrompt *self, EgWorkspace *workspace, GError **error)
{
  const gsize first = self->input->corrupted_first, n = self->n_corrupted - first;
  float *input = eg_workspace_embed (workspace, self->input->swapped + first, n, error);
  self->runs.inputs[0] = input;
  return input != NULL && eg_workspace_place (workspace, input, first, n, error);
}

gboolean
eg_corrupted_prepare (
    EgTracedPrompt *self, EgWorkspace *workspace, gsize first, gsize n, EgSegment *segments, GError **error)
{
  const gsize position = self->input->corrupted_first;
  const EgRun *base = position > 0 ? self->runs.clean : NULL;
  if (self->input->swapped ? !embed_swapped (self, workspace, error)
                           : !draw_noise (self, workspace, first + n, error))
    return FALSE;
  for (gsize s = 0; s < n; s++)
    {
      EgRunShape shape = self->rounds.memory.corrupted;
      shape.base = base;
      EgRun *run = eg_run_new (eg_traced_prompt_get_network (self), &shape, error);
      if (!run)
        return FALSE;
      self->runs.corrupted[first + s] = run;
      segments[s] = (EgSegment){
        .position = position, .base = base, .input = self->runs.inputs[first + s], .keep = run
      };
    }
  return TRUE;
}

gboolean
eg_corrupted_run (EgTracedPrompt *self, EgWorkspace *workspace, const EgTask *task, GError **error)
{
  const EgRound *round = self->rounds.plan->rounds->pdata[task->round];
  const gsize block = self->rounds.block, first = round->sample_first + task->index * block;
  const gsize n = MIN (block, round->sample_end - first);
  g_autofree EgSegment *segments = g_new0 (EgSegment, n);
  g_autofree double *values = g_new (double, n * self->meter.n_metrics);
  if (!eg_corrupted_prepare (self, workspace, first, n, segments, error)
      || !eg_workspace_run (workspace, segments, n, self->n_corrupted, self->cancellable, error))
    return FALSE;
  eg_meter_read (&self->meter, workspace, n, FALSE, values);
  if (!eg_workspace_check (workspace, error))
    return FALSE;
  eg_rounds_take_block (self, task->round, first, n, values, n);
  return TRUE;
}
