/* Copies a fact's scores into a result. */
#include "app/study/fact-trace.h"

#include <math.h>

/* (transfer full) */
static EgTraceTokens *
make_tokens (const EgStudyFact *known)
{
  EgTraceTokens *tokens = eg_trace_tokens_new (known->n_tokens);

  tokens->tokens = g_strdupv (known->tokens);
  tokens->ids = g_memdup2 (known->ids, known->n_tokens * sizeof *known->ids);
  tokens->subject = g_strdup (known->fact->subject);
  tokens->subject_first = known->subject_first;
  tokens->subject_last = known->subject_last;
  tokens->target = g_strdup (known->target);
  tokens->target_id = known->target_id;
  return tokens;
}

/* (transfer full) */
static EgTraceRequest *
make_request (const EgStudySettings *settings, const EgFact *fact)
{
  EgTraceRequest *request = eg_trace_request_copy (settings->request);

  g_free (request->prompt);
  request->prompt = g_strdup (fact->prompt);
  g_free (request->subject);
  request->subject = g_strdup (fact->subject);
  g_free (request->target);
  request->target = g_strdup (fact->target);
  g_strfreev (request->sites);
  request->sites = g_strdupv (settings->sites);
  return request;
}

static void
fill_grid (EgTraceGrid *grid, const float *scores, const float *sem, guint samples)
{
  const gsize n = eg_trace_grid_n_cells (grid);

  for (gsize i = 0; i < n; i++)
    {
      grid->scores[0][i] = scores[i];
      grid->sem[0][i] = sem[i];
      grid->counts[i] = isnan (scores[i]) ? 0 : samples;
    }
}

EgTraceResult *
eg_fact_trace_new (const EgStudySettings *settings, const EgStudyFact *known)
{
  if (known->state != EG_STUDY_TRACED || settings->is_estimated || known->n_sites != settings->n_sites)
    return NULL;
  EgTraceResult *result
      = eg_trace_result_new (make_request (settings, known->fact), make_tokens (known), known->n_layers,
                             (const char *const *)settings->sites, known->n_sites);

  result->samples = eg_trace_request_get_samples (result->request);
  result->ends[0] = (EgTraceEnds){ known->high, known->low, known->low_sem };
  result->noise_std = known->noise_std;
  result->model = g_strdup (settings->model);
  result->version = g_strdup (ENGRAM_VERSION);
  result->seconds = NAN;
  result->complete = TRUE;
  for (gsize k = 0; k < known->n_sites; k++)
    fill_grid (result->grids[k], known->scores[k], known->sem[k], result->samples);
  return result;
}
