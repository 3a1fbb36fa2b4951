/* A study's statistics, site by site, quantity by quantity, role by role. */
#include "study/summary.h"

#include <string.h>

static gsize
place_of (gsize site, EgStudyQuantity quantity, EgRole role)
{
  return (site * EG_N_STUDY_QUANTITIES + quantity) * EG_N_ROLES + role;
}

/* The statistics of a role at every site: of the same facts mostly, which are drawn once then. */
static void
add_role (EgStudySummary *self, const EgStudyValues *values, gssize relation, EgRole role, guint n_resamples)
{
  g_autoptr (EgResamples) resamples = NULL;
  for (gsize site = 0; site < self->n_sites; site++)
    for (EgStudyQuantity quantity = 0; quantity < EG_N_STUDY_QUANTITIES; quantity++)
      {
        gsize n;
        g_autofree double *curves = eg_study_values_select (values, relation, site, quantity, role, &n);
        if (resamples == NULL || eg_resamples_get_n (resamples) != n)
          {
            g_clear_pointer (&resamples, eg_resamples_free);
            resamples = n >= 2 && n_resamples > 0 ? eg_resamples_new (n, n_resamples) : NULL;
          }
        self->statistics[place_of (site, quantity, role)] = eg_statistics_new_resampled (
            curves, n, self->n_layers, eg_study_quantity_get_peak (quantity, values->settings->request),
            resamples);
      }
}

EgStudySummary *
eg_study_summary_new (const EgStudyValues *values, gssize relation, guint n_resamples)
{
  EgStudySummary *self = g_new0 (EgStudySummary, 1);
  const EgStudyRelation *its = relation >= 0 ? values->relations->pdata[relation] : NULL;
  self->relation = its != NULL ? g_strdup (its->name) : NULL;
  self->n_layers = values->settings->n_layers;
  self->n_sites = values->settings->n_sites;
  memcpy (self->counts, its != NULL ? its->counts : values->counts, sizeof self->counts);
  self->n_facts = self->counts[EG_STUDY_TRACED];
  self->statistics = g_new (EgStatistics *, place_of (self->n_sites, 0, 0));
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    add_role (self, values, relation, role, n_resamples);
  return self;
}

void
eg_study_summary_free (EgStudySummary *self)
{
  for (gsize i = 0; i < place_of (self->n_sites, 0, 0); i++)
    eg_statistics_free (self->statistics[i]);
  g_free (self->statistics);
  g_free (self->relation);
  g_free (self);
}

const EgStatistics *
eg_study_summary_get (const EgStudySummary *self, gsize site, EgStudyQuantity quantity, EgRole role)
{
  g_return_val_if_fail (site < self->n_sites && quantity < EG_N_STUDY_QUANTITIES && role < EG_N_ROLES, NULL);
  return self->statistics[place_of (site, quantity, role)];
}

gboolean
eg_study_summary_find_best (const EgStudySummary *self, gsize site, EgStudyQuantity quantity, EgRole *role)
{
  gboolean any = FALSE;
  double best = 0;
  for (EgRole r = 0; r < EG_ROLE_LAST; r++)
    {
      const EgStatistics *statistics = eg_study_summary_get (self, site, quantity, r);
      if (statistics->peak < 0
          || (any && !eg_peak_is_beyond (statistics->kind, statistics->mean[statistics->peak], best)))
        continue;
      best = statistics->mean[statistics->peak];
      *role = r;
      any = TRUE;
    }
  return any;
}
