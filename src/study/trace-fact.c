/* Traces a fact, if it qualifies. */
#include "study/trace-fact.h"

#include "core/error.h"
#include "network/workspace.h"
#include "preview/preview.h"
#include "study/computer.h"
#include "tokenizer/token-text.h"
#include "trace/run/alone.h"

#include <math.h>
#include <string.h>

struct _EgFactTracer
{
  EgModel *model;
  const EgStudySettings *settings;
  GCancellable *cancellable;
  EgWorkspace *workspace;
  char *computer;
};

EgFactTracer *
eg_fact_tracer_new (EgModel *model, const EgStudySettings *settings, GCancellable *cancellable)
{
  EgFactTracer *self = g_new0 (EgFactTracer, 1);
  self->model = eg_model_ref (model);
  self->settings = settings;
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->workspace = eg_workspace_new (eg_model_get_network (model), 1);
  self->computer = eg_computer_describe (model);
  return self;
}

void
eg_fact_tracer_free (EgFactTracer *self)
{
  eg_workspace_free (self->workspace);
  eg_model_unref (self->model);
  g_clear_object (&self->cancellable);
  g_free (self->computer);
  g_free (self);
}

/* ---- setting apart ---- */

typedef struct
{
  const EgFactTracer *tracer;
  EgStudyFact *found;
} Gate;

/* What the clean run says of the prompt. */
static void
take_clean (EgStudyFact *self, const EgTraceEntry *entry, EgTokenizer *tokenizer)
{
  const EgTraceTokens *tokens = entry->result->tokens;
  self->n_tokens = tokens->n_tokens;
  self->tokens = g_strdupv (tokens->tokens);
  self->ids = g_memdup2 (tokens->ids, tokens->n_tokens * sizeof *tokens->ids);
  self->subject_first = tokens->subject_first;
  self->subject_last = tokens->subject_last;
  self->target = g_strdup (tokens->target);
  self->target_id = tokens->target_id;
  self->prediction = eg_tokenizer_token_text (tokenizer, entry->prediction);
  self->clean = entry->clean;
  /* Of the same token, the same number. */
  self->prediction_probability
      = (gint64)entry->prediction == self->target_id ? entry->clean : entry->probability;
}

static void
take_ends (EgStudyFact *self, const EgTraceResult *result)
{
  self->high = result->ends[0].high;
  self->low = result->ends[0].low;
  self->low_sem = result->ends[0].low_sem;
  self->noise_std = result->noise_std;
}

/* Whether corruption takes enough of the probability. */
static gboolean
is_affected (const EgStudyFact *found, const EgStudySettings *settings)
{
  return found->clean - found->corrupted >= settings->min_effect * found->clean;
}

/* Of an estimate the corrupted runs' probability is a part, unless another number of them is what it
 * estimates: then they need not be run for it before. */
static gboolean
tells_corrupted (const EgStudySettings *settings)
{
  return settings->is_estimated && settings->request->metric == EG_METRIC_PROB;
}

/* For the clean run, and then for the corrupted ones. */
static gboolean
pass (const EgTraceEntry *entry, gpointer data)
{
  const Gate *gate = data;
  const EgStudySettings *settings = gate->tracer->settings;
  EgStudyFact *found = gate->found;
  const gboolean is_first = isnan (entry->corrupted);
  if (is_first)
    take_clean (found, entry, eg_model_get_tokenizer (gate->tracer->model));
  found->corrupted = entry->corrupted;
  take_ends (found, entry->result);
  if (is_first && (gint64)entry->prediction != found->target_id)
    found->state = EG_STUDY_UNKNOWN;
  else if (!is_first && !is_affected (found, settings))
    found->state = EG_STUDY_UNAFFECTED;
  else
    {
      found->state = EG_STUDY_TRACED;
      /* Of an estimate, the rest is not a trace's. */
      return is_first ? !tells_corrupted (settings) : !settings->is_estimated;
    }
  return FALSE;
}

/* ---- the numbers ---- */

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

static gboolean
take_estimates (const EgFactTracer *self, EgStudyFact *found, const EgTraceRequest *request, GError **error)
{
  const EgStudySettings *settings = self->settings;
  g_autoptr (EgPreview) preview
      = eg_preview_new (eg_model_get_origin (self->model), request, self->cancellable, error);
  if (preview == NULL)
    return FALSE;
  if (tells_corrupted (settings))
    {
      found->corrupted = found->low = preview->low;
      found->low_sem = preview->low_sem;
      found->state = is_affected (found, settings) ? EG_STUDY_TRACED : EG_STUDY_UNAFFECTED;
    }
  if (found->state != EG_STUDY_TRACED)
    return TRUE;
  eg_study_fact_reserve (found, settings->n_sites, settings->n_layers);
  for (gsize i = 0; i < settings->n_sites; i++)
    for (gsize j = 0; j < settings->n_layers * found->n_tokens; j++)
      found->scores[i][j] = (float)eg_preview_get_site (preview, i)[j];
  return TRUE;
}

/* The fact's own request. Where P(target) is not what is measured, it is measured, too. (transfer full) */
static EgTraceRequest *
make_request (const EgFactTracer *self, const EgFact *fact)
{
  EgTraceRequest *request = eg_trace_request_copy (self->settings->request);
  request->threads = 1;
  request->prompt = g_strdup (fact->prompt);
  request->subject = g_strdup (fact->subject);
  request->target = g_strdup (fact->target);
  request->all_metrics = request->metric != EG_METRIC_PROB;
  return request;
}

static gboolean
trace (EgFactTracer *self, EgStudyFact *found, GError **error)
{
  Gate gate = { self, found };
  g_autoptr (EgTraceRequest) request = make_request (self, found->fact);
  g_autoptr (EgTraceResult) result
      = eg_trace_run_alone (self->workspace, self->model, request, pass, &gate, self->cancellable, error);
  if (result == NULL)
    return FALSE;
  if (result->complete)
    {
      take_ends (found, result);
      take_scores (found, result, self->settings->n_layers);
    }
  request->all_metrics = FALSE;
  return found->state != EG_STUDY_TRACED || !self->settings->is_estimated
         || take_estimates (self, found, request, error);
}

/* A fact that cannot be traced, with nothing else known of it: whatever it had come to. (transfer full) */
static EgStudyFact *
make_failed (const EgStudyFact *found, const char *problem)
{
  EgStudyFact *failed = eg_study_fact_new (eg_fact_copy (found->fact));
  failed->problem = g_strdup (problem);
  failed->computer = g_strdup (found->computer);
  return failed;
}

EgStudyFact *
eg_fact_tracer_run (EgFactTracer *self, EgFact *fact, GError **error)
{
  g_autoptr (EgStudyFact) found = eg_study_fact_new (fact);
  g_autoptr (GError) problem = NULL;
  found->computer = g_strdup (self->computer);
  if (trace (self, found, &problem))
    return g_steal_pointer (&found);
  if (g_error_matches (problem, EG_ERROR, EG_ERROR_INVALID))
    return make_failed (found, problem->message);
  g_propagate_error (error, g_steal_pointer (&problem));
  return NULL;
}
