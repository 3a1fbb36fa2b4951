/* A whole prompt, run once. */
#include "trace/run/clean-run.h"

static void
release (EgWorkspace *workspace, float *rows)
{
  EgBackend *be = eg_network_get_backend (eg_workspace_get_network (workspace));
  be->release (be, rows);
}

float *
eg_clean_input (EgWorkspace *workspace, const guint32 *ids, gsize n_tokens, GError **error)
{
  float *input = eg_workspace_embed (workspace, ids, n_tokens, error);
  if (!input || eg_workspace_place (workspace, input, 0, n_tokens, error))
    return input;
  release (workspace, input);
  return NULL;
}

gboolean
eg_clean_run (EgWorkspace *workspace,
              const guint32 *ids,
              gsize n_tokens,
              EgRun *keep,
              GCancellable *cancellable,
              GError **error)
{
  float *input = eg_clean_input (workspace, ids, n_tokens, error);
  if (!input)
    return FALSE;
  const EgSegment segment = { .input = input, .keep = keep };
  const gboolean ok = eg_workspace_run (workspace, &segment, 1, n_tokens, cancellable, error);
  release (workspace, input);
  return ok;
}
