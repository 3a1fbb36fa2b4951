/* Traces a fact, if it qualifies. */
#include "study/trace-fact.h"

#include "core/error.h"
#include "trace/run/predict.h"
#include "trace/run/trace.h"

#include <math.h>
#include <string.h>

struct _EgFactTracer
{
  EgModel *model;
  const EgStudySettings *settings;
  GCancellable *cancellable;
};

EgFactTracer *
eg_fact_tracer_new (EgModel *model, const EgStudySettings *settings, GCancellable *cancellable)
{
  EgFactTracer *self = g_new0 (EgFactTracer, 1);
  self->model = eg_model_ref (model);
  self->settings = settings;
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  return self;
}

void
eg_fact_tracer_free (EgFactTracer *self)
{
  eg_model_unref (self->model);
  g_clear_object (&self->cancellable);
  g_free (self);
}

static void
take_scores (EgStudyFact *self, const EgTraceResult *result, gsize n_layers)
{
  eg_study_fact_reserve (self, result->n_grids, n_layers);
  for (gsize i = 0; i < result->n_grids; i++)
    for (gsize j = 0; j < n_layers * self->n_tokens; j++)
      {
        self->scores[i][j] = (float)result->grids[i]->scores[0][j];
        self->sem[i][j] = (float)result->grids[i]->sem[0][j];
      }
}

EgStudyFact *
eg_fact_tracer_run (EgFactTracer *self, EgFact *fact, GError **error)
{
  const EgStudySettings *settings = self->settings;
  g_autoptr (EgStudyFact) found = eg_study_fact_new (fact);
  g_autoptr (EgTraceRequest) request = eg_trace_request_copy (settings->request);
  g_autoptr (GError) problem = NULL;
  request->threads = 1;
  request->prompt = g_strdup (fact->prompt);
  request->subject = g_strdup (fact->subject);
  request->target = g_strdup (fact->target);
  g_autoptr (EgPrediction) prediction
      = eg_predict (self->model, fact->prompt, 1, self->cancellable, &problem);
  g_autoptr (EgTraceResult) result
      = prediction != NULL ? eg_trace_run (self->model, request, self->cancellable, NULL, NULL, &problem)
                           : NULL;
  found->computer = g_strdup (eg_model_get_device_name (self->model));
  if (result == NULL && !g_error_matches (problem, EG_ERROR, EG_ERROR_INVALID))
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return NULL;
    }
  if (result == NULL)
    {
      found->problem = g_strdup (problem->message);
      return g_steal_pointer (&found);
    }
  found->n_tokens = result->tokens->n_tokens;
  found->tokens = g_strdupv (result->tokens->tokens);
  found->ids = g_memdup2 (result->tokens->ids, found->n_tokens * sizeof *found->ids);
  found->subject_first = result->tokens->subject_first;
  found->subject_last = result->tokens->subject_last;
  found->target = g_strdup (result->tokens->target);
  found->target_id = result->tokens->target_id;
  found->prediction = g_strdup (prediction->predictions[0].text);
  found->prediction_probability = prediction->predictions[0].probability;
  found->high = found->clean = result->ends[0].high;
  found->low = found->corrupted = result->ends[0].low;
  found->low_sem = result->ends[0].low_sem;
  found->noise_std = result->noise_std;
  if (prediction->predictions[0].id != (guint32)found->target_id)
    found->state = EG_STUDY_UNKNOWN;
  else if (!(found->clean - found->corrupted >= settings->min_effect * found->clean))
    found->state = EG_STUDY_UNAFFECTED;
  else
    {
      found->state = EG_STUDY_TRACED;
      take_scores (found, result, settings->n_layers);
    }
  return g_steal_pointer (&found);
}
