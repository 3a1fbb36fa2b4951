/* Sets the facts of two sides against each other. */
#include "study/study-comparison.h"

#include "core/error.h"
#include "trace/ask/fields.h"

#include <glib/gi18n.h>

/* ---- which facts count ---- */

/* (element-type EgStudyRow): the side's, in order. */
static GPtrArray *
list_rows (const EgStudySide *side)
{
  GPtrArray *rows = g_ptr_array_new ();
  for (guint i = 0; i < side->values->rows->len; i++)
    {
      EgStudyRow *row = side->values->rows->pdata[i];
      if (side->relation < 0 || row->relation == side->relation)
        g_ptr_array_add (rows, row);
    }
  return rows;
}

/* Of both, those rows that are the same fact, in a's order; of a fact that is there several times, the first
 * with the first, the second with the second. */
static void
pair_rows (const GPtrArray *a, const GPtrArray *b, GPtrArray *of_a, GPtrArray *of_b)
{
  /* The place + 1 in b of the first such row that has no partner yet, and of the next one after each. */
  g_autoptr (GHashTable) first = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree guint *next = g_new (guint, b->len);
  for (guint i = b->len; i-- > 0;)
    {
      const char *key = ((EgStudyRow *)b->pdata[i])->key;
      next[i] = GPOINTER_TO_UINT (g_hash_table_lookup (first, key));
      g_hash_table_insert (first, (gpointer)key, GUINT_TO_POINTER (i + 1));
    }
  for (guint i = 0; i < a->len; i++)
    {
      EgStudyRow *row = a->pdata[i];
      const guint place = GPOINTER_TO_UINT (g_hash_table_lookup (first, row->key));
      if (place == 0)
        continue;
      g_ptr_array_add (of_a, row);
      g_ptr_array_add (of_b, b->pdata[place - 1]);
      g_hash_table_insert (first, row->key, GUINT_TO_POINTER (next[place - 1]));
    }
}

/* ---- curves ---- */

/* The curves [n, layers] of a side's rows; of paired ones, those that are known of the other's, too.
 * (transfer full) */
static double *
read_curves (const EgStudyComparison *self,
             const EgStudySide *side,
             const GPtrArray *rows,
             const EgStudySide *other,
             const GPtrArray *others,
             EgStudyQuantity quantity,
             EgRole role,
             gsize *n)
{
  const gsize L = side->values->settings->n_layers;
  g_autofree double *unused = g_new (double, self->n_rows);
  double *curves = g_new (double, MAX (rows->len, 1) * L);
  *n = 0;
  for (guint i = 0; i < rows->len; i++)
    if ((!self->is_paired
         || eg_study_values_get_curve (other->values, others->pdata[i], other->site, quantity, role, unused))
        && eg_study_values_get_curve (side->values, rows->pdata[i], side->site, quantity, role,
                                      curves + *n * L))
      (*n)++;
  return curves;
}

/* Curves [n, n_layers] at n_rows even depths. (transfer full) */
static double *
spread (const double *curves, gsize n, gsize n_layers, gsize n_rows)
{
  double *spread = g_new (double, MAX (n, 1) * n_rows);
  for (gsize i = 0; i < n; i++)
    for (gsize row = 0; row < n_rows; row++)
      spread[i * n_rows + row] = n_layers == n_rows
                                     ? curves[i * n_layers + row]
                                     : eg_statistics_at_depth (curves + i * n_layers, n_layers,
                                                               (double)row / (double)(n_rows - 1));
  return spread;
}

static void
compare (EgStudyComparison *self,
         const GPtrArray *rows_a,
         const GPtrArray *rows_b,
         EgStudyQuantity quantity,
         EgRole role,
         guint n_resamples)
{
  const gsize L_a = self->a.values->settings->n_layers, L_b = self->b.values->settings->n_layers;
  gsize n_a, n_b;
  g_autofree double *a = read_curves (self, &self->a, rows_a, &self->b, rows_b, quantity, role, &n_a);
  g_autofree double *b = read_curves (self, &self->b, rows_b, &self->a, rows_a, quantity, role, &n_b);
  g_autofree double *spread_a = spread (a, n_a, L_a, self->n_rows);
  g_autofree double *spread_b = spread (b, n_b, L_b, self->n_rows);
  const EgPeak kind = eg_study_quantity_get_peak (quantity, self->a.values->settings->request);
  self->of_a[quantity][role] = eg_statistics_new (a, n_a, L_a, kind, n_resamples);
  self->of_b[quantity][role] = eg_statistics_new (b, n_b, L_b, kind, n_resamples);
  self->difference[quantity][role]
      = self->is_paired
            ? eg_statistics_new_paired (spread_a, spread_b, n_a, self->n_rows, n_resamples)
            : eg_statistics_new_unpaired (spread_a, n_a, spread_b, n_b, self->n_rows, n_resamples);
}

/* ---- the comparison ---- */

static gboolean
check_sides (const EgStudySide *a, const EgStudySide *b, GError **error)
{
  const EgStudySettings *of_a = a->values->settings, *of_b = b->values->settings;
  if (of_a->request->metric != of_b->request->metric)
    return eg_error_invalid (error, _ ("The two studies have other metrics (%s and %s)"),
                             eg_metric_get_name (of_a->request->metric),
                             eg_metric_get_name (of_b->request->metric));
  if (of_a->request->direction != of_b->request->direction)
    return eg_error_invalid (error, _ ("One of the two studies restores, and the other one damages"));
  if (of_a->is_estimated != of_b->is_estimated)
    return eg_error_invalid (error, _ ("One of the two studies is of estimates, which are no scores"));
  return TRUE;
}

EgStudyComparison *
eg_study_comparison_new (const EgStudySide *a, const EgStudySide *b, guint n_resamples, GError **error)
{
  if (!check_sides (a, b, error))
    return NULL;
  g_autoptr (GPtrArray) all_a = list_rows (a), all_b = list_rows (b);
  g_autoptr (GPtrArray) both_a = g_ptr_array_new (), both_b = g_ptr_array_new ();
  if (all_a->len == 0 || all_b->len == 0)
    {
      eg_error_invalid (error, _ ("There is nothing to compare: one of the two has no fact that was traced"));
      return NULL;
    }
  pair_rows (all_a, all_b, both_a, both_b);
  EgStudyComparison *self = g_new0 (EgStudyComparison, 1);
  self->a = *a;
  self->b = *b;
  self->is_paired = 2 * both_a->len >= MIN (all_a->len, all_b->len);
  self->n_rows = MAX (a->values->settings->n_layers, b->values->settings->n_layers);
  const GPtrArray *rows_a = self->is_paired ? both_a : all_a, *rows_b = self->is_paired ? both_b : all_b;
  self->n_a = rows_a->len;
  self->n_b = rows_b->len;
  for (EgStudyQuantity quantity = 0; quantity < EG_N_STUDY_QUANTITIES; quantity++)
    for (EgRole role = 0; role < EG_N_ROLES; role++)
      compare (self, rows_a, rows_b, quantity, role, n_resamples);
  return self;
}

void
eg_study_comparison_free (EgStudyComparison *self)
{
  for (EgStudyQuantity quantity = 0; quantity < EG_N_STUDY_QUANTITIES; quantity++)
    for (EgRole role = 0; role < EG_N_ROLES; role++)
      {
        eg_statistics_free (self->of_a[quantity][role]);
        eg_statistics_free (self->of_b[quantity][role]);
        eg_statistics_free (self->difference[quantity][role]);
      }
  g_free (self);
}

char *
eg_study_side_describe (const EgStudySide *self, const EgStudySide *other)
{
  const EgStudySettings *settings = self->values->settings;
  const char *relation = self->relation >= 0
                             ? ((const EgStudyRelation *)self->values->relations->pdata[self->relation])->name
                             : NULL;
  g_autofree char *difference
      = eg_trace_request_describe_difference (settings->request, other->values->settings->request);
  return g_strdup_printf ("%s, %s%s%s%s%s", settings->model, settings->sites[self->site],
                          relation != NULL ? ", " : "", relation != NULL ? relation : "",
                          difference != NULL ? ", " : "", difference != NULL ? difference : "");
}
