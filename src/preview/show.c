/* Puts estimates into results. */
#include "preview/show.h"

#include "trace/run/begin-result.h"

#include <math.h>
#include <string.h>

void
eg_preview_add_to_result (const EgPreview *self, EgTraceResult *result)
{
  g_return_if_fail (result->n_grids == self->grid.n_sites);
  eg_trace_result_add_estimates (result);
  for (gsize i = 0; i < result->n_grids; i++)
    {
      EgTraceGrid *grid = result->grids[i];
      const double *values = eg_preview_get_site (self, i);
      /* As precise as scores are: files have them as float32. */
      for (gsize cell = 0; cell < eg_trace_grid_n_cells (grid); cell++)
        grid->estimate[cell] = (double)(float)values[cell];
    }
}

EgTraceResult *
eg_preview_make_result (const EgPreview *self)
{
  EgTokenizer *tokenizer = eg_model_get_tokenizer (self->model);
  EgTraceResult *result = eg_trace_begin_result (self->model, self->request, self->input, &self->grid);
  EgTraceTokens *tokens = result->tokens;
  eg_preview_add_to_result (self, result);
  result->estimated = TRUE;
  result->ends[0] = (EgTraceEnds){ .high = self->high, .low = self->low, .low_sem = self->low_sem };
  result->noise_std = self->noise_std;
  result->seconds = self->seconds;
  tokens->target_id = self->target_id;
  g_free (tokens->target);
  tokens->target = eg_tokenizer_token_text (tokenizer, self->target_id);
  if (self->request->metric != EG_METRIC_LOGIT_DIFF || tokens->against != NULL)
    return result;
  tokens->against_id = self->against_id;
  tokens->against = eg_tokenizer_token_text (tokenizer, self->against_id);
  return result;
}
