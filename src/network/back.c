/* Goes back through the layers: what a family has no part in. */
#include "network/back.h"

#include "core/error.h"
#include "network/layer.h"

#include <glib/gi18n.h>
#include <string.h>

const char *
eg_back_missing (EgNetwork *network)
{
  if (!eg_network_get_family (network)->run_back)
    return _ ("There are no estimates for networks of this family yet: it has no gradients");
  return NULL;
}

EgSiteSet
eg_back_sites (const EgFamily *family)
{
  EgSiteSet set = 0;
  for (EgSite site = 0; site < family->n_sites; site++)
    if (eg_site_is_added (&family->sites[site]))
      set |= EG_SITE_BIT (site);
  return set;
}

static gsize
count_rows (const EgRun *run, gsize first)
{
  return run->shape.n_positions - first;
}

gsize
eg_back_count_positions (const EgBackPass *pass)
{
  gsize n = G_MAXSIZE;
  for (gsize i = 0; i < pass->n_runs; i++)
    n = MIN (n, count_rows (pass->runs[i], pass->first));
  return n;
}

guint64
eg_back_row_size (const EgFamily *family, const EgSizes *sizes)
{
  /* Values and, for some rows, gradients of about the same size; r after the layer. */
  return 2 * eg_workspace_row_size (family, sizes) + 2 * (guint64)sizes->d_model * sizeof (float);
}

void
eg_back_visit (EgWorkspace *workspace,
               const EgLayerBack *back,
               EgSite site,
               const float *gradient,
               gsize ldg,
               const float *values,
               gsize ldv)
{
  const EgDots op = { .dots = back->full + site * back->n_out,
                      .gradient = gradient,
                      .ldg = ldg,
                      .values = values,
                      .ldv = ldv,
                      .width = workspace->dims[workspace->family->sites[site].width],
                      .rows = back->pairs,
                      .n = eg_back_count_dots (back, site) };
  workspace->backend->back->dots (workspace->stream, &op);
}

void
eg_back_gemm (EgWorkspace *workspace,
              float *dx,
              gsize lddx,
              const float *dy,
              gsize lddy,
              gsize n_rows,
              const EgMatrix *w,
              gboolean add)
{
  const EgGemmBack op
      = { .dx = dx, .lddx = lddx, .dy = dy, .lddy = lddy, .n_rows = n_rows, .w = w, .add = add };
  workspace->backend->back->gemm (workspace->stream, &op);
}

/* ---- a pass ---- */

/* @last_pairs: the pairs' last rows alone */
typedef struct
{
  EgWorkspace *workspace;
  const EgBackPass *pass;
  EgBackLane *lanes;
  EgDotRows *pairs, *last_pairs;
  gsize n_rows, n_graded_rows, n_positions, n_out;
} Pass;

static void
clear_pass (Pass *self)
{
  g_free (self->lanes);
  g_free (self->pairs);
  g_free (self->last_pairs);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pass, clear_pass)

/* The row of a lane's last positions from which on the answer goes. */
static gsize
aligned_row (const Pass *self, gsize lane)
{
  return self->lanes[lane].row + self->lanes[lane].n_rows - self->n_positions;
}

static void
place_pass (Pass *self, EgWorkspace *workspace, const EgBackPass *pass)
{
  self->workspace = workspace;
  self->pass = pass;
  self->lanes = g_new0 (EgBackLane, pass->n_runs);
  self->pairs = g_new0 (EgDotRows, pass->n_pairs);
  self->last_pairs = g_new0 (EgDotRows, pass->n_pairs);
  self->n_positions = eg_back_count_positions (pass);
  self->n_out = pass->n_pairs * self->n_positions;
  for (gsize i = 0; i < pass->n_runs; i++)
    {
      self->lanes[i]
          = (EgBackLane){ pass->runs[i], pass->first, count_rows (pass->runs[i], pass->first), self->n_rows };
      self->n_rows += self->lanes[i].n_rows;
      if (i < pass->n_graded)
        self->n_graded_rows = self->n_rows;
    }
  for (gsize p = 0; p < pass->n_pairs; p++)
    {
      const EgBackPair *pair = &pass->pairs[p];
      const EgDotRows rows = { aligned_row (self, pair->graded), aligned_row (self, pair->source),
                               aligned_row (self, pair->base), self->n_positions, p * self->n_positions };
      const gsize skipped = self->n_positions - 1;
      self->pairs[p] = rows;
      self->last_pairs[p] = (EgDotRows){ rows.gradient + skipped, rows.source + skipped, rows.base + skipped,
                                         1, rows.out + skipped };
    }
}

static gsize
count_dots (const Pass *self)
{
  return 2 * self->workspace->sizes->n_layers * self->workspace->family->n_sites * self->n_out;
}

static gboolean
clear_buffer (EgWorkspace *workspace, EgBuffer *buffer, gsize n_rows, gsize width, GError **error)
{
  if (!eg_workspace_reserve (workspace, buffer, n_rows, width, error))
    return FALSE;
  g_autofree float *zeros = g_new0 (float, n_rows *width);
  workspace->backend->upload (workspace->stream, buffer->memory, zeros, n_rows * width);
  return TRUE;
}

static gboolean
reserve_pass (Pass *self, GError **error)
{
  EgWorkspace *workspace = self->workspace;
  const EgSizes *sizes = workspace->sizes;
  EgBackBuffers *back = &workspace->back;
  return eg_workspace_reserve_rows (workspace, self->n_rows, self->pass->n_graded, error)
         && eg_workspace_reserve (workspace, &back->after, self->n_rows, sizes->d_model, error)
         && clear_buffer (workspace, &back->gradient, self->n_graded_rows, sizes->d_model, error)
         && clear_buffer (workspace, &back->last, self->pass->n_graded, sizes->d_model, error)
         && clear_buffer (workspace, &back->zero, 1, MAX (sizes->d_input, sizes->d_model), error)
         && clear_buffer (workspace, &back->dots, 1, count_dots (self), error)
         && eg_workspace_reserve (workspace, &back->logits, self->pass->n_graded, sizes->vocab_size, error);
}

/* The gradient with respect to the last rows, through the head and the last norm. */
static void
back_head (Pass *self)
{
  EgWorkspace *workspace = self->workspace;
  const EgBackOps *ops = workspace->backend->back;
  const gsize d = workspace->sizes->d_model, V = workspace->sizes->vocab_size, n = self->pass->n_graded;
  EgBackBuffers *back = &workspace->back;
  float *last = workspace->last.memory;
  for (gsize i = 0; i < n; i++)
    eg_workspace_queue_copy (workspace, last + i * d, self->lanes[i].run->last);
  eg_workspace_flush_copies (workspace, d);
  eg_workspace_norm (workspace, workspace->n.memory, last, n, workspace->weights->norm,
                     workspace->weights->norm_bias);
  eg_workspace_gemm (workspace, back->logits.memory, V, workspace->n.memory, d, n, &workspace->weights->head,
                     NULL);
  EgLogitsBack metric = self->pass->metric;
  metric.logits = back->logits.memory;
  metric.n_rows = n;
  metric.n = V;
  ops->logits (workspace->stream, &metric);
  eg_back_gemm (workspace, workspace->o.memory, d, back->logits.memory, V, n, &workspace->weights->head,
                FALSE);
  const EgNormBack norm = { .dx = back->last.memory,
                            .dy = workspace->o.memory,
                            .x = last,
                            .n_rows = n,
                            .d = d,
                            .weight = workspace->weights->norm,
                            .is_layer_norm = workspace->weights->norm_bias != NULL,
                            .eps = workspace->sizes->norm_eps };
  ops->norm (workspace->stream, &norm);
  for (gsize i = 0; i < n; i++)
    eg_workspace_queue_copy (workspace,
                             back->gradient.memory + (self->lanes[i].row + self->lanes[i].n_rows - 1) * d,
                             back->last.memory + i * d);
  eg_workspace_flush_copies (workspace, d);
}

/* Numbers of the lanes' input rows, `width` of each from the at-th on; only_last: of the last positions
 * alone, and 0 in all others'. */
static void
load_input (Pass *self, gsize layer, gsize at, gsize width, gboolean only_last)
{
  EgWorkspace *workspace = self->workspace;
  if (width == 0)
    return;
  for (gsize i = 0; i < self->pass->n_runs; i++)
    for (gsize t = 0; t < self->lanes[i].n_rows; t++)
      {
        const EgBackLane *lane = &self->lanes[i];
        const gboolean is_there = !only_last || t + 1 == lane->n_rows;
        eg_workspace_queue_copy (
            workspace, workspace->input.memory + (lane->row + t) * workspace->sizes->d_input + at,
            is_there ? eg_run_input (lane->run, layer, lane->first + t) + at : workspace->back.zero.memory);
      }
  eg_workspace_flush_copies (workspace, width);
}

/* A part of an input row. */
typedef struct
{
  gsize offset, width;
} InputPart;

/* What its own position alone reads of an input row: no family has two such sites. */
static InputPart
find_unread (const EgWorkspace *workspace)
{
  const EgFamily *family = workspace->family;
  for (EgSite site = 0; site < family->n_sites; site++)
    {
      const EgSiteInfo *info = &family->sites[site];
      if (info->kept == EG_KEPT_INPUT && info->stays)
        return (InputPart){ workspace->dims[info->offset], workspace->dims[info->width] };
    }
  return (InputPart){ 0 };
}

/* Rows with which the lanes enter a layer. Of the last one's input, what its own position alone reads is
 * there of the last position alone. */
static void
load_rows (Pass *self, gsize layer)
{
  EgWorkspace *workspace = self->workspace;
  const gboolean is_last = layer + 1 == workspace->sizes->n_layers;
  const InputPart unread = is_last ? find_unread (workspace) : (InputPart){ 0 };
  const gsize d = workspace->sizes->d_model, width = workspace->sizes->d_input;
  for (gsize i = 0; i < self->pass->n_runs; i++)
    for (gsize t = 0; t < self->lanes[i].n_rows; t++)
      eg_workspace_queue_copy (workspace, workspace->r.memory + (self->lanes[i].row + t) * d,
                               eg_run_resid (self->lanes[i].run, layer, self->lanes[i].first + t));
  eg_workspace_flush_copies (workspace, d);
  load_input (self, layer, 0, unread.offset, FALSE);
  load_input (self, layer, unread.offset, unread.width, is_last);
  load_input (self, layer, unread.offset + unread.width, width - unread.offset - unread.width, FALSE);
}

/* What stands after a layer: the residual stream, and what is added to it, which have the same gradient. In
 * the last layer, of the last position alone. */
static void
visit_after (Pass *self, const EgLayerBack *back, EgSite site)
{
  EgWorkspace *workspace = self->workspace;
  const gboolean is_last = back->layer + 1 == workspace->sizes->n_layers;
  const gsize d = workspace->sizes->d_model;
  float *after = workspace->back.after.memory;
  for (gsize i = 0; i < self->pass->n_runs; i++)
    for (gsize t = is_last ? self->lanes[i].n_rows - 1 : 0; t < self->lanes[i].n_rows; t++)
      eg_workspace_queue_copy (
          workspace, after + (self->lanes[i].row + t) * d,
          eg_run_value (self->lanes[i].run, site, back->layer, self->lanes[i].first + t));
  eg_workspace_flush_copies (workspace, d);
  EgLayerBack visited = *back;
  if (is_last)
    visited.pairs = self->last_pairs;
  eg_back_visit (workspace, &visited, site, back->gradient, d, after, d);
}

static gboolean
back_layer (Pass *self, gsize layer, GError **error)
{
  EgWorkspace *workspace = self->workspace;
  const gsize n_sites = workspace->family->n_sites, plane = n_sites * self->n_out;
  float *full = workspace->back.dots.memory + layer * plane;
  const EgLayerBack back = { .lanes = self->lanes,
                             .n_lanes = self->pass->n_runs,
                             .n_graded = self->pass->n_graded,
                             .n_rows = self->n_rows,
                             .n_graded_rows = self->n_graded_rows,
                             .layer = layer,
                             .gradient = workspace->back.gradient.memory,
                             .pairs = self->pairs,
                             .n_pairs = self->pass->n_pairs,
                             .n_out = self->n_out,
                             .full = full,
                             .direct = full + workspace->sizes->n_layers * plane,
                             .sites = eg_family_expand_sites (workspace->family, self->pass->sites) };
  const EgSiteSet after = (eg_back_sites (workspace->family) | EG_SITE_BIT (EG_SITE_RESID)) & back.sites;
  for (EgSite site = 0; site < n_sites; site++)
    if ((after & EG_SITE_BIT (site)) != 0)
      visit_after (self, &back, site);
  /* Where nothing in layer 0 is asked for, there is nothing more to do in it: none lies before it. */
  const gsize first = (back.sites & ~after) == 0 ? 1 : 0;
  if (layer < first)
    return TRUE;
  load_rows (self, layer);
  if (!eg_workspace_enter_layer (workspace, layer, error)
      || !workspace->family->run_back (workspace, &back, error))
    return FALSE;
  eg_workspace_leave_layer (workspace, layer, layer > first ? layer - 1 : workspace->sizes->n_layers);
  return TRUE;
}

/* Sites that are several others: their sum. Those that no later position reads by itself: direct is full. */
static void
complete_dots (const Pass *self, float *dots)
{
  const EgFamily *family = self->workspace->family;
  const gsize n = self->n_out, L = self->workspace->sizes->n_layers;
  for (gsize l = 0; l < L; l++)
    for (EgSite site = 0; site < family->n_sites; site++)
      {
        float *full = dots + (l * family->n_sites + site) * n, *direct = full + L * family->n_sites * n;
        for (EgSite part = 0; part < family->n_sites; part++)
          for (gsize i = 0; (family->sites[site].parts & EG_SITE_BIT (part)) != 0 && i < n; i++)
            full[i] += dots[(l * family->n_sites + part) * n + i];
        if (family->sites[site].kept != EG_KEPT_APART || family->sites[site].parts != 0)
          memcpy (direct, full, n * sizeof *full);
      }
}

gboolean
eg_workspace_back (
    EgWorkspace *self, const EgBackPass *pass, float *dots, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (!eg_back_missing (self->network), FALSE);
  g_auto (Pass) it = { 0 };
  place_pass (&it, self, pass);
  if (!reserve_pass (&it, error))
    return FALSE;
  back_head (&it);
  for (gsize l = self->sizes->n_layers; l-- > 0;)
    if (g_cancellable_set_error_if_cancelled (cancellable, error) || !back_layer (&it, l, error))
      return FALSE;
  self->backend->download (self->stream, dots, self->back.dots.memory, count_dots (&it));
  complete_dots (&it, dots);
  return eg_workspace_check (self, error);
}
