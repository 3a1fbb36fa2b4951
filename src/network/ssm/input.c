/* Input rows with a gate. */
#include "network/ssm/input.h"

/* Of rows that are not known. */
static void
compute (EgWorkspace *workspace, const EgLayerRun *run, const EgSsmInput *input, gsize n_computed)
{
  const gsize d = workspace->sizes->d_model, ld = workspace->sizes->d_input;
  const gsize n_rows = eg_workspace_count_rows (workspace, n_computed);
  float *n = workspace->n.memory, *rows = workspace->input.memory, *gated = n;
  if (n_rows == 0)
    return;
  eg_workspace_norm (workspace, n, workspace->r.memory, n_rows, input->norm, NULL);
  if (!run->only_last && input->whole)
    {
      eg_workspace_gemm (workspace, rows, ld, n, d, n_rows, input->whole, input->rest_bias);
      return;
    }
  eg_workspace_gemm (workspace, rows, ld, n, d, n_rows, &input->rest, input->rest_bias);
  if (run->only_last)
    {
      gated = workspace->o.memory;
      eg_workspace_gather_last (workspace, n_computed, gated, n, d);
    }
  eg_workspace_gemm (workspace, rows + input->rest.rows, ld, gated, d, run->only_last ? n_computed : n_rows,
                     &input->gate, input->gate_bias);
}

/* Gates of the last positions that are known. */
static void
copy_known_gates (EgWorkspace *workspace, const EgLayerRun *run, const EgSsmInput *input, gsize n_computed)
{
  const gsize ld = workspace->sizes->d_input, at = input->rest.rows;
  for (gsize s = n_computed; s < run->n_active; s++)
    eg_workspace_queue_copy (
        workspace, workspace->input.memory + s * ld + at,
        eg_workspace_known_input (&run->segments[s], run->layer, workspace->n_positions - 1) + at);
  eg_workspace_flush_copies (workspace, input->gate.rows);
}

static void
keep_last_gates (EgWorkspace *workspace, const EgLayerRun *run, const EgSsmInput *input)
{
  const gsize ld = workspace->sizes->d_input, at = input->rest.rows;
  for (gsize s = 0; s < run->n_active; s++)
    if (run->segments[s].keep)
      eg_workspace_queue_copy (workspace,
                               run->segments[s].keep->input[run->layer]
                                   + (eg_workspace_rows (workspace)[s].n_rows - 1) * ld + at,
                               workspace->input.memory + s * ld + at);
  eg_workspace_flush_copies (workspace, input->gate.rows);
}

void
eg_ssm_project_in (EgWorkspace *workspace, const EgLayerRun *run, const EgSsmInput *input)
{
  const gsize ld = workspace->sizes->d_input, n_computed = eg_workspace_count_unknown (workspace, run);
  const gsize width = run->only_last ? input->rest.rows : ld;
  float *rows = workspace->input.memory;
  compute (workspace, run, input, n_computed);
  eg_workspace_copy_known (workspace, run, n_computed, width);
  if (run->only_last)
    copy_known_gates (workspace, run, input, n_computed);
  eg_workspace_visit (workspace, run, input->conv_in_site, FALSE, rows, ld);
  eg_workspace_visit (workspace, run, input->gate_site, run->only_last, rows + input->rest.rows, ld);
  eg_workspace_keep_input (workspace, run, width);
  if (run->only_last)
    keep_last_gates (workspace, run, input);
}
