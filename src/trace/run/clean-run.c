#include "trace/run/clean-run.h"

#include "core/error.h"

#include <glib/gi18n.h>

float *
eg_clean_input (EgWorkspace *workspace, EgModel *model, const guint32 *ids, gsize n_tokens, GError **error)
{
  const EgModelConfig *config = eg_model_get_config (model);
  EgBackend *be = eg_model_get_backend (model);
  if (n_tokens == 0)
    {
      g_set_error_literal (error, EG_ERROR, EG_ERROR_INVALID, _ ("The prompt has no token"));
      return NULL;
    }
  for (gsize t = 0; t < n_tokens; t++)
    if (ids[t] >= config->vocab_size)
      {
        g_set_error (error, EG_ERROR, EG_ERROR_INVALID,
                     _ ("The tokenizer's token %u is beyond the model's vocabulary of %zu; tokenizer.json "
                        "belongs to another model"),
                     ids[t], config->vocab_size);
        return NULL;
      }
  float *input = be->alloc (be, n_tokens * config->d_model);
  if (!input)
    g_set_error_literal (error, EG_ERROR, EG_ERROR_MEMORY, _ ("There is no memory left for the prompt"));
  for (gsize t = 0; input && t < n_tokens; t++)
    be->embed (eg_workspace_get_stream (workspace), input + t * config->d_model,
               &eg_model_get_weights (model)->embedding, ids[t]);
  return input;
}

gboolean
eg_clean_run (EgWorkspace *workspace,
              EgModel *model,
              const guint32 *ids,
              gsize n_tokens,
              EgRun *keep,
              GCancellable *cancellable,
              GError **error)
{
  EgBackend *be = eg_model_get_backend (model);
  float *input = eg_clean_input (workspace, model, ids, n_tokens, error);
  if (!input)
    return FALSE;
  const EgSegment segment = { .input = input, .keep = keep };
  const gboolean ok = eg_mamba_run (workspace, &segment, 1, n_tokens, cancellable, error);
  be->release (be, input);
  return ok;
}
