/* Makes the result that a trace, or an estimate, fills. */
#include "trace/run/begin-result.h"

/* What a result keeps of the prompt. (transfer full) */
static EgTraceTokens *
tokens_of (const EgTraceInput *input, EgTokenizer *tokenizer)
{
  EgTraceTokens *tokens = eg_trace_tokens_new (input->n_tokens);
  tokens->tokens = g_strdupv (input->tokens);
  tokens->ids = g_memdup2 (input->ids, input->n_tokens * sizeof *input->ids);
  tokens->subject = g_strdup (input->subject);
  tokens->subject_first = input->subject_first;
  tokens->subject_last = input->subject_last;
  if (input->has_against)
    {
      tokens->against_id = input->against_id;
      tokens->against = eg_tokenizer_token_text (tokenizer, input->against_id);
    }
  return tokens;
}

/* What was asked for, with the names of the sites that it came to. (transfer full) */
static EgTraceRequest *
request_of (const EgTraceRequest *asked, const EgGrid *grid)
{
  EgTraceRequest *request = eg_trace_request_copy (asked);
  g_strfreev (request->sites);
  request->sites = g_new0 (char *, grid->n_sites + 1);
  for (gsize i = 0; i < grid->n_sites; i++)
    request->sites[i] = g_strdup (grid->family->sites[grid->sites[i]].name);
  return request;
}

EgTraceResult *
eg_trace_begin_result (EgModel *model,
                       const EgTraceRequest *request,
                       const EgTraceInput *input,
                       const EgGrid *grid)
{
  EgTokenizer *tokenizer = eg_model_get_tokenizer (model);
  EgTraceRequest *own = request_of (request, grid);
  EgTraceResult *result = eg_trace_result_new (own, tokens_of (input, tokenizer), grid->n_layers,
                                               (const char *const *)own->sites, grid->n_sites);
  result->samples = eg_trace_request_get_samples (own);
  result->model = g_strdup (eg_model_get_name (model));
  result->device = g_strdup (eg_model_get_device_name (model));
  result->version = g_strdup (ENGRAM_VERSION);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  result->date = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  eg_trace_result_spell (result, tokenizer);
  return result;
}
