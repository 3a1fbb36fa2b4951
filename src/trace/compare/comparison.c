/* Differences, curves and the correlation of two maps. */
#include "trace/compare/comparison.h"

#include "core/error.h"
#include "tokenizer/token-text.h"
#include "trace/ask/fields.h"

#include <glib/gi18n.h>
#include <math.h>

double
eg_comparison_value (const EgComparison *self, const EgTraceGrid *grid, gsize layer, gsize position)
{
  const double score = eg_trace_grid_score (grid, layer, position);
  return self->normalized ? eg_trace_grid_normalize (grid, score) : score;
}

double
eg_comparison_value_sem (const EgComparison *self, const EgTraceGrid *grid, gsize layer, gsize position)
{
  const EgTraceEnds *ends = eg_trace_grid_get_ends (grid);
  const double sem = eg_trace_grid_sem (grid, layer, position);
  return self->normalized ? sem / fabs (ends->high - ends->low) : sem;
}

/* A number of a map at a relative depth, which may lie between two layers. */
typedef struct
{
  gsize layer;
  double share; /* of the next layer */
} Depth;

static Depth
at_depth (gsize n_layers, gsize row, gsize n_rows)
{
  if (n_layers == n_rows)
    return (Depth){ row, 0 };
  const double place = n_rows > 1 ? (double)row / (double)(n_rows - 1) * (double)(n_layers - 1) : 0;
  const gsize layer = MIN ((gsize)place, n_layers - 1);
  return (Depth){ layer, layer + 1 < n_layers ? place - (double)layer : 0 };
}

static double
value_at (const EgComparison *self, const EgTraceGrid *grid, Depth depth, gsize position)
{
  const double value = eg_comparison_value (self, grid, depth.layer, position);
  if (!(depth.share > 0))
    return value;
  return (1 - depth.share) * value
         + depth.share * eg_comparison_value (self, grid, depth.layer + 1, position);
}

/* Two layers of a map share their noise, so that their errors may go together: at most, they add up. */
static double
sem_at (const EgComparison *self, const EgTraceGrid *grid, Depth depth, gsize position)
{
  const double sem = eg_comparison_value_sem (self, grid, depth.layer, position);
  if (!(depth.share > 0))
    return sem;
  return (1 - depth.share) * sem
         + depth.share * eg_comparison_value_sem (self, grid, depth.layer + 1, position);
}

static double
mean_over (const EgComparison *self, const EgTraceGrid *grid, gsize layer, gsize first, gsize last)
{
  double sum = 0;
  gsize n = 0;
  for (gsize t = first; t <= last; t++)
    {
      const double value = eg_comparison_value (self, grid, layer, t);
      sum += isnan (value) ? 0 : value;
      n += isnan (value) ? 0 : 1;
    }
  return n > 0 ? sum / (double)n : (double)NAN;
}

static EgDepthCurve
make_curve (const EgComparison *self, const EgTraceGrid *grid)
{
  const gsize L = grid->n_layers;
  EgDepthCurve curve = { L, g_new (double, L), g_new (double, L), g_new (double, L) };
  gsize first, last;
  eg_trace_grid_get_subject (grid, &first, &last);
  for (gsize l = 0; l < L; l++)
    {
      curve.depth[l] = L > 1 ? (double)l / (double)(L - 1) : 0;
      curve.average[l] = mean_over (self, grid, l, 0, grid->n_tokens - 1);
      curve.subject[l] = mean_over (self, grid, l, first, last);
    }
  return curve;
}

/* Sums for Pearson's correlation, by running means. */
typedef struct
{
  double n, mean_a, mean_b, var_a, var_b, both;
} Moments;

static void
add_pair (Moments *self, double a, double b)
{
  self->n++;
  const double from_a = a - self->mean_a, from_b = b - self->mean_b;
  self->mean_a += from_a / self->n;
  self->mean_b += from_b / self->n;
  self->var_a += from_a * (a - self->mean_a);
  self->var_b += from_b * (b - self->mean_b);
  self->both += from_a * (b - self->mean_b);
}

static void
subtract (EgComparison *self)
{
  const gsize n_groups = self->groups->len;
  Moments moments = { 0 };
  self->difference = g_new (double, self->n_rows *n_groups);
  self->sem = g_new (double, self->n_rows *n_groups);
  for (gsize row = 0; row < self->n_rows; row++)
    for (gsize g = 0; g < n_groups; g++)
      {
        const EgTokenGroup *group = self->groups->pdata[g];
        const Depth depth_a = at_depth (self->a->n_layers, row, self->n_rows);
        const Depth depth_b = at_depth (self->b->n_layers, row, self->n_rows);
        const gboolean is_same = eg_token_group_is_same (group);
        const double a = is_same ? value_at (self, self->a, depth_a, group->a[0]) : (double)NAN;
        const double b = is_same ? value_at (self, self->b, depth_b, group->b[0]) : (double)NAN;
        const gsize at = row * n_groups + g;
        self->difference[at] = a - b;
        self->sem[at] = is_same ? hypot (sem_at (self, self->a, depth_a, group->a[0]),
                                         sem_at (self, self->b, depth_b, group->b[0]))
                                : (double)NAN;
        if (!isnan (self->difference[at]))
          add_pair (&moments, a, b);
      }
  self->correlation = moments.n >= 2 && moments.var_a > 0 && moments.var_b > 0
                          ? moments.both / sqrt (moments.var_a * moments.var_b)
                          : (double)NAN;
}

gboolean
eg_comparison_is_estimate (const EgTraceGrid *grid)
{
  gsize n_scores = 0;
  for (gsize i = 0; i < eg_trace_grid_n_cells (grid); i++)
    n_scores += isnan (grid->scores[0][i]) ? 0 : 1;
  return n_scores == 0 && eg_trace_grid_has_estimated (grid);
}

static gboolean
check (const EgTraceGrid *a, const EgTraceGrid *b, gboolean normalized, GError **error)
{
  const EgTraceGrid *both[] = { a, b };
  for (gsize i = 0; i < G_N_ELEMENTS (both); i++)
    {
      const EgTraceEnds *ends = eg_trace_grid_get_ends (both[i]);
      if (!eg_trace_grid_tells_layers (both[i]) || !eg_trace_grid_tells_tokens (both[i])
          || both[i]->result->request->sweep == EG_SWEEP_LAYERS
          || both[i]->result->request->sweep == EG_SWEEP_POSITIONS)
        return eg_error_invalid (error, _ ("Only maps of layers by tokens can be compared"));
      if (normalized && isnan (eg_trace_grid_normalize (both[i], ends->high)))
        return eg_error_invalid (
            error, _ ("A map whose corrupted runs are as good as its clean one has no normalized scores"));
    }
  if (eg_comparison_is_estimate (a) || eg_comparison_is_estimate (b))
    return eg_error_invalid (error, _ ("One of the two maps is of estimates, which are no scores"));
  if (eg_trace_result_is_loss (a->result) != eg_trace_result_is_loss (b->result))
    return eg_error_invalid (error, _ ("One of the two maps restores, and the other one damages"));
  if (eg_trace_grid_get_metric (a) == eg_trace_grid_get_metric (b))
    return TRUE;
  return eg_error_invalid (error, _ ("One map is of %s, the other of %s"),
                           eg_metric_get_title (eg_trace_grid_get_metric (a)),
                           eg_metric_get_title (eg_trace_grid_get_metric (b)));
}

EgComparison *
eg_comparison_new (EgTraceGrid *a, EgTraceGrid *b, gboolean normalized, GError **error)
{
  if (!check (a, b, normalized, error))
    return NULL;
  g_autoptr (EgComparison) self = g_new0 (EgComparison, 1);
  self->a = eg_trace_grid_ref (a);
  self->b = eg_trace_grid_ref (b);
  self->normalized = normalized;
  self->n_rows = MAX (a->n_layers, b->n_layers);
  self->groups = eg_tokens_align (a->result->tokens, a->result->request->prompt, b->result->tokens,
                                  b->result->request->prompt);
  if (self->groups->len == 0)
    {
      eg_error_invalid (error, _ ("The two prompts have no token in common"));
      return NULL;
    }
  subtract (self);
  self->curve_a = make_curve (self, a);
  self->curve_b = make_curve (self, b);
  return g_steal_pointer (&self);
}

static void
curve_clear (EgDepthCurve *self)
{
  g_free (self->depth);
  g_free (self->average);
  g_free (self->subject);
}

void
eg_comparison_free (EgComparison *self)
{
  eg_trace_grid_unref (self->a);
  eg_trace_grid_unref (self->b);
  g_clear_pointer (&self->groups, g_ptr_array_unref);
  g_free (self->difference);
  g_free (self->sem);
  curve_clear (&self->curve_a);
  curve_clear (&self->curve_b);
  g_free (self);
}

gboolean
eg_comparison_is_small (const EgComparison *self, gsize row, gsize group)
{
  const gsize at = row * self->groups->len + group;
  return fabs (self->difference[at]) <= 2 * self->sem[at];
}

/* ---- in words ---- */

/* "A: demo, attn, window 3" (transfer full) */
static char *
name_map (const char *letter, const EgTraceGrid *grid, guint window)
{
  const char *model = grid->result->model != NULL ? grid->result->model : "?";
  return window > 1
             ? g_strdup_printf (/* TRANSLATORS: A or B, the model, the site, in how many layers at once. */
                                _ ("%s: %s, %s, window %u"), letter, model, grid->site, window)
             : g_strdup_printf ("%s: %s, %s", letter, model, grid->site);
}

char *
eg_comparison_describe (const char *letter, const EgTraceGrid *grid, const EgTraceGrid *other)
{
  const EgTraceResult *result = grid->result, *beside = other->result;
  const guint window = result->request->window;
  const gboolean known = result->has_settings && beside->has_settings;
  g_autofree char *name = name_map (letter, grid, !known || window == beside->request->window ? window : 1);
  g_autofree char *difference
      = known ? eg_trace_request_describe_difference (result->request, beside->request) : NULL;
  GString *text = g_string_new (name);
  if (result->tokens->target != NULL && beside->tokens->target != NULL
      && !g_str_equal (result->tokens->target, beside->tokens->target))
    {
      g_autofree char *target = eg_token_quote (result->tokens->target);
      g_string_append_printf (text, ", target “%s”", target);
    }
  if (difference != NULL)
    g_string_append_printf (text, ", %s", difference);
  return g_string_free (text, FALSE);
}
