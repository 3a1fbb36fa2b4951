/* Writes a study's statistics as CSV and as LaTeX. */
#include "study/tables.h"

#include "formats/csv.h"
#include "trace/ask/fields.h"

#include <math.h>
#include <string.h>

/* ---- CSV ---- */

static void
add_csv_text (GString *text, const char *field)
{
  if (strpbrk (field, ",\"\r\n") == NULL)
    g_string_append (text, field);
  else
    eg_csv_append_quoted (text, field);
}

static void
add_csv_row (GString *text,
             const EgStudyValues *values,
             const EgStudySummary *summary,
             gsize site,
             EgStudyQuantity quantity,
             EgRole role,
             gsize layer)
{
  const EgStatistics *it = eg_study_summary_get (summary, site, quantity, role);
  const double numbers[]
      = { it->mean[layer],         it->sem[layer],          it->lower[layer],       it->upper[layer],
          it->quartiles[0][layer], it->quartiles[1][layer], it->quartiles[2][layer] };
  add_csv_text (text, summary->relation != NULL ? summary->relation : "");
  g_string_append_printf (text, ",%s,%s,%s,%zu,%zu", values->settings->sites[site], eg_role_get_name (role),
                          quantity == EG_STUDY_SCORE && values->settings->is_estimated
                              ? "estimate"
                              : eg_study_quantity_get_name (quantity),
                          layer, it->n);
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    eg_csv_append_number (text, numbers[i]);
  g_string_append (text, "\r\n");
}

char *
eg_study_to_csv (const EgStudyValues *values, guint n_resamples)
{
  GString *text = g_string_new ("relation,site,role,quantity,layer,facts,mean,sem,lower,upper,first_quartile,"
                                "median,last_quartile\r\n");
  for (gssize relation = -1; relation < (gssize)values->relations->len; relation++)
    {
      g_autoptr (EgStudySummary) summary = eg_study_summary_new (values, relation, n_resamples);
      for (gsize site = 0; site < summary->n_sites; site++)
        for (EgRole role = 0; role < EG_N_ROLES; role++)
          for (EgStudyQuantity quantity = 0; quantity < EG_N_STUDY_QUANTITIES; quantity++)
            for (gsize l = 0; l < summary->n_layers; l++)
              add_csv_row (text, values, summary, site, quantity, role, l);
    }
  return g_string_free (text, FALSE);
}

/* ---- LaTeX ---- */

/* Names from files, with the signs that LaTeX reads otherwise. */
static void
add_latex_text (GString *text, const char *name)
{
  static const char *const signs[][2]
      = { { "\\", "\\textbackslash{}" }, { "~", "\\textasciitilde{}" }, { "^", "\\textasciicircum{}" } };
  for (const char *c = name; *c != '\0'; c++)
    {
      gsize i = 0;
      while (i < G_N_ELEMENTS (signs) && signs[i][0][0] != *c)
        i++;
      if (i < G_N_ELEMENTS (signs))
        g_string_append (text, signs[i][1]);
      else
        g_string_append_printf (text, "%s%c", strchr ("#$%&_{}", *c) != NULL ? "\\" : "",
                                g_ascii_iscntrl (*c) ? ' ' : *c);
    }
}

static void
add_latex_number (GString *text, double value)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd (digits, sizeof digits, "%.3f", fabs (value) < 0.0005 ? 0.0 : value);
  g_string_append_printf (text, "$%s$", digits);
}

static void
add_latex_row (GString *text, const EgStatistics *it, EgRole role)
{
  g_string_append_printf (text, "%s & %zu & ", eg_role_get_title (role), it->n);
  if (it->peak < 0)
    g_string_append (text, "-- & -- & -- & --");
  else
    {
      g_string_append_printf (text, "%zd & ", it->peak);
      if (it->peak_lower < 0)
        g_string_append (text, "--");
      else
        g_string_append_printf (text, "%zd--%zd", it->peak_lower, it->peak_upper);
      g_string_append (text, " & ");
      add_latex_number (text, it->mean[it->peak]);
      g_string_append (text, " & ");
      if (isnan (it->lower[it->peak]))
        g_string_append (text, "--");
      else
        {
          add_latex_number (text, it->lower[it->peak]);
          g_string_append (text, " to ");
          add_latex_number (text, it->upper[it->peak]);
        }
    }
  g_string_append (text, " \\\\\n");
}

static void
add_latex_group (GString *text, const EgStudySummary *summary, gsize site, EgStudyQuantity quantity)
{
  g_string_append (text, "\\midrule\n");
  if (summary->relation != NULL)
    {
      g_string_append (text, "\\multicolumn{6}{l}{\\textit{");
      add_latex_text (text, summary->relation);
      g_string_append (text, "}} \\\\\n");
    }
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    add_latex_row (text, eg_study_summary_get (summary, site, quantity, role), role);
}

static void
add_latex_samples (GString *text, const EgTraceRequest *request)
{
  char wanted[G_ASCII_DTOSTR_BUF_SIZE];
  g_string_append_printf (text, "%u", eg_trace_request_get_samples (request));
  if (request->until_sem > 0)
    g_string_append_printf (text, " to %u", eg_trace_request_get_max_samples (request));
  g_string_append (text, " samples");
  if (request->until_sem > 0)
    g_string_append_printf (text, " until standard errors are at most %s",
                            g_ascii_formatd (wanted, sizeof wanted, "%g", request->until_sem));
}

/* summaries: (element-type EgStudySummary): the groups */
static void
add_latex_table (
    GString *text, const EgStudyValues *values, GPtrArray *summaries, gsize site, EgStudyQuantity quantity)
{
  const EgStudySettings *settings = values->settings;
  g_autofree char *direction = eg_trace_field_format (EG_FIELD_DIRECTION, settings->request);
  g_string_append (text, "% Engram: ");
  add_latex_text (text, settings->model);
  g_string_append_printf (text, ", %s, %s%s of %u facts, metric %s, direction %s, ", settings->sites[site],
                          settings->is_estimated ? "estimated " : "", eg_study_quantity_get_name (quantity),
                          values->rows->len, eg_metric_get_name (settings->request->metric), direction);
  add_latex_samples (text, settings->request);
  g_string_append_printf (text, ", seed %u; needs \\usepackage{booktabs}\n", settings->request->seed);
  g_string_append (text, "\\begin{tabular}{lrrrrr}\n\\toprule\n"
                         "Token role & Facts & Peak layer & 95\\% & Mean there & 95\\% \\\\\n");
  for (guint i = 0; i < summaries->len; i++)
    add_latex_group (text, summaries->pdata[i], site, quantity);
  g_string_append (text, "\\bottomrule\n\\end{tabular}\n");
}

char *
eg_study_to_latex (const EgStudyValues *values,
                   gboolean by_relation,
                   gsize first,
                   gsize end,
                   EgStudyQuantity quantity,
                   guint n_resamples)
{
  const gssize n_relations = by_relation ? (gssize)values->relations->len : 0;
  g_autoptr (GPtrArray) summaries = g_ptr_array_new_with_free_func ((GDestroyNotify)eg_study_summary_free);
  GString *text = g_string_new (NULL);
  for (gssize r = by_relation ? 0 : -1; r < n_relations; r++)
    g_ptr_array_add (summaries, eg_study_summary_new (values, r, n_resamples));
  for (gsize site = first; site < end; site++)
    {
      if (site > first)
        g_string_append_c (text, '\n');
      add_latex_table (text, values, summaries, site, quantity);
    }
  return g_string_free (text, FALSE);
}
