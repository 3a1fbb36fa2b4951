/* Reduces facts to one curve over layers a site and role. */
#include "study/values.h"

#include "core/error.h"
#include "trace/ask/metric.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

static const char *const quantity_names[EG_N_STUDY_QUANTITIES] = { "score", "effect", "normalized" };

const char *
eg_study_quantity_get_name (EgStudyQuantity quantity)
{
  g_return_val_if_fail (quantity < EG_N_STUDY_QUANTITIES, NULL);
  return quantity_names[quantity];
}

gboolean
eg_study_quantity_from_name (const char *name, EgStudyQuantity *quantity, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (quantity_names); i++)
    if (g_ascii_strcasecmp (name, quantity_names[i]) == 0)
      {
        *quantity = (EgStudyQuantity)i;
        return TRUE;
      }
  return eg_error_invalid (error, _ ("“%s” is none of score, effect and normalized"), name);
}

/* Of most metrics, more is better. */
static gboolean
is_smaller_better (const EgTraceRequest *request)
{
  return eg_metric_is_better (request->metric, 0, 1);
}

EgPeak
eg_study_quantity_get_peak (EgStudyQuantity quantity, const EgTraceRequest *request)
{
  const gboolean falls = is_smaller_better (request) != eg_trace_request_is_loss (request);
  return quantity == EG_STUDY_SCORE && falls ? EG_PEAK_LOWEST : EG_PEAK_HIGHEST;
}

/* ---- rows ---- */

static gsize
row_size (const EgStudyValues *self)
{
  return self->settings->n_sites * EG_N_ROLES * self->settings->n_layers;
}

static void
row_free (gpointer data)
{
  EgStudyRow *row = data;
  g_free (row->key);
  g_free (row->scores);
  g_free (row);
}

/* The mean over the tokens of a role, layer by layer; NaN where it has none or one has no score. */
static void
average_role (const EgStudyFact *fact, gsize site, EgRole role, double *values)
{
  gsize begin, end;
  const gsize n
      = eg_role_get_range (role, fact->n_tokens, fact->subject_first, fact->subject_last, &begin, &end);
  for (gsize l = 0; l < fact->n_layers; l++)
    {
      double sum = n > 0 ? 0 : (double)NAN;
      for (gsize t = begin; t < end; t++)
        sum += (double)fact->scores[site][l * fact->n_tokens + t];
      values[l] = sum / (double)n;
    }
}

static EgStudyRow *
row_new (const EgStudyValues *self, const EgStudyFact *fact, gssize relation)
{
  EgStudyRow *row = g_new0 (EgStudyRow, 1);
  const gsize L = self->settings->n_layers;
  row->index = fact->fact->index;
  row->key = g_strdup_printf ("%s\x1f%s", fact->fact->prompt, fact->fact->subject);
  row->relation = relation;
  row->high = fact->high;
  row->low = fact->low;
  row->scores = g_new (double, row_size (self));
  for (gsize site = 0; site < self->settings->n_sites; site++)
    for (EgRole role = 0; role < EG_N_ROLES; role++)
      average_role (fact, site, role, row->scores + (site * EG_N_ROLES + role) * L);
  return row;
}

/* ---- relations ---- */

static EgStudyRelation *
relation_new (const char *name)
{
  EgStudyRelation *relation = g_new0 (EgStudyRelation, 1);
  relation->name = g_strdup (name);
  return relation;
}

static void
relation_free (gpointer data)
{
  EgStudyRelation *relation = data;
  g_free (relation->name);
  g_free (relation);
}

gboolean
eg_study_values_find_relation (const EgStudyValues *self, const char *name, gsize *relation)
{
  for (guint i = 0; i < self->relations->len; i++)
    if (g_str_equal (((const EgStudyRelation *)self->relations->pdata[i])->name, name))
      {
        *relation = i;
        return TRUE;
      }
  return FALSE;
}

/* ---- values ---- */

EgStudyValues *
eg_study_values_new (const EgStudySettings *settings, gsize n_facts)
{
  EgStudyValues *self = g_new0 (EgStudyValues, 1);
  self->settings = eg_study_settings_copy (settings);
  self->n_facts = n_facts;
  self->relations = g_ptr_array_new_with_free_func (relation_free);
  self->rows = g_ptr_array_new_with_free_func (row_free);
  return self;
}

void
eg_study_values_free (EgStudyValues *self)
{
  eg_study_settings_free (self->settings);
  g_ptr_array_unref (self->relations);
  g_ptr_array_unref (self->rows);
  g_free (self);
}

/* Where the row goes, from the end: most come in order. */
static guint
find_place (const EgStudyValues *self, gsize index)
{
  guint place = self->rows->len;
  while (place > 0 && ((const EgStudyRow *)self->rows->pdata[place - 1])->index > index)
    place--;
  return place;
}

void
eg_study_values_add (EgStudyValues *self, const EgStudyFact *fact)
{
  gssize relation = -1;
  self->counts[fact->state]++;
  if (fact->fact->relation != NULL)
    {
      gsize found = self->relations->len;
      if (!eg_study_values_find_relation (self, fact->fact->relation, &found))
        g_ptr_array_add (self->relations, relation_new (fact->fact->relation));
      ((EgStudyRelation *)self->relations->pdata[found])->counts[fact->state]++;
      relation = (gssize)found;
    }
  if (fact->state != EG_STUDY_TRACED)
    return;
  g_return_if_fail (fact->n_sites == self->settings->n_sites && fact->n_layers == self->settings->n_layers);
  g_ptr_array_insert (self->rows, (gint)find_place (self, fact->fact->index), row_new (self, fact, relation));
}

static gboolean
add_fact (const EgStudyFact *fact, gpointer user_data, GError **error)
{
  eg_study_values_add (user_data, fact);
  return TRUE;
}

EgStudyValues *
eg_study_values_load (EgStudyFolder *folder, GError **error)
{
  g_autoptr (EgStudyValues) self
      = eg_study_values_new (eg_study_folder_get_settings (folder), eg_study_folder_count_facts (folder));
  if (!eg_study_folder_foreach (folder, add_fact, self, error))
    return NULL;
  return g_steal_pointer (&self);
}

gboolean
eg_study_values_find_site (const EgStudyValues *self, const char *name, gsize *site)
{
  for (gsize i = 0; i < self->settings->n_sites; i++)
    if (g_str_equal (self->settings->sites[i], name))
      {
        *site = i;
        return TRUE;
      }
  return FALSE;
}

/* ---- curves ---- */

gboolean
eg_study_values_get_curve (const EgStudyValues *self,
                           const EgStudyRow *row,
                           gsize site,
                           EgStudyQuantity quantity,
                           EgRole role,
                           double *values)
{
  const EgTraceRequest *request = self->settings->request;
  const gsize L = self->settings->n_layers;
  const double *scores = row->scores + (site * EG_N_ROLES + role) * L;
  const double sign = is_smaller_better (request) ? -1 : 1;
  const double whole = eg_metric_is_better (request->metric, row->high, row->low)
                           ? sign * (row->high - row->low)
                           : (double)NAN;
  for (gsize l = 0; l < L; l++)
    {
      const double effect
          = sign * (eg_trace_request_is_loss (request) ? row->high - scores[l] : scores[l] - row->low);
      values[l] = quantity == EG_STUDY_SCORE    ? scores[l]
                  : quantity == EG_STUDY_EFFECT ? effect
                                                : effect / whole;
      if (isnan (values[l]))
        return FALSE;
    }
  return TRUE;
}

double *
eg_study_values_select (
    const EgStudyValues *self, gssize relation, gsize site, EgStudyQuantity quantity, EgRole role, gsize *n)
{
  const gsize L = self->settings->n_layers;
  double *values = g_new (double, self->rows->len *L);
  *n = 0;
  for (guint i = 0; i < self->rows->len; i++)
    {
      const EgStudyRow *row = self->rows->pdata[i];
      if ((relation < 0 || row->relation == relation)
          && eg_study_values_get_curve (self, row, site, quantity, role, values + *n * L))
        (*n)++;
    }
  return values;
}
