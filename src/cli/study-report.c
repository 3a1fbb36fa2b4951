/* A study's statistics as lines and columns. */
#include "cli/study-report.h"

#include "cli/common.h"
#include "cli/table.h"
#include "trace/ask/fields.h"

#include <glib/gi18n.h>
#include <math.h>

#define COLUMN_GAP 2

/* ---- tables ---- */

/* Texts in rows of n_columns, the first of which are the heads; "" for none. (element-type utf8) */
static void
print_table (const GPtrArray *texts, gsize n_columns)
{
  g_autofree gsize *widths = g_new0 (gsize, n_columns);
  for (guint i = 0; i < texts->len; i++)
    widths[i % n_columns] = MAX (widths[i % n_columns], cli_text_width (texts->pdata[i]));
  for (guint i = 0; i < texts->len; i++)
    {
      const gsize column = i % n_columns;
      cli_print_padded (texts->pdata[i], widths[column] + (column > 0 ? COLUMN_GAP : 0), column > 0);
      if (column == n_columns - 1)
        cli_print ("\n");
    }
}

static void
add (GPtrArray *texts, const char *text)
{
  g_ptr_array_add (texts, g_strdup (text));
}

static void G_GNUC_PRINTF (2, 3) add_format (GPtrArray *texts, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_ptr_array_add (texts, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}

/* Without a "-0.000". */
static double
visible (double value)
{
  return fabs (value) < 0.0005 ? 0.0 : value;
}

static void
add_number (GPtrArray *texts, double value)
{
  if (isnan (value))
    add (texts, "–");
  else
    add_format (texts, "%.3f", visible (value));
}

/* "0.41 (0.38 … 0.44)" */
static void
add_interval (GPtrArray *texts, double value, double lower, double upper)
{
  if (isnan (value))
    add (texts, "–");
  else if (isnan (lower))
    add_number (texts, value);
  else
    add_format (texts, "%.3f (%.3f … %.3f)", visible (value), visible (lower), visible (upper));
}

/* "6 (5 … 6)" */
static void
add_peak (GPtrArray *texts, const EgStatistics *statistics)
{
  if (statistics->peak < 0)
    add (texts, "–");
  else if (statistics->peak_lower < 0)
    add_format (texts, "%zd", statistics->peak);
  else
    add_format (texts, "%zd (%zd … %zd)", statistics->peak, statistics->peak_lower, statistics->peak_upper);
}

/* The same as relative depth. */
static void
add_peak_depth (GPtrArray *texts, const EgStatistics *statistics)
{
  const double last = statistics->width > 1 ? (double)(statistics->width - 1) : 1;
  if (statistics->peak < 0)
    add (texts, "–");
  else if (statistics->peak_lower < 0)
    add_format (texts, "%.2f", (double)statistics->peak / last);
  else
    add_format (texts, "%.2f (%.2f … %.2f)", (double)statistics->peak / last,
                (double)statistics->peak_lower / last, (double)statistics->peak_upper / last);
}

/* At its peak. */
static void
add_at_peak (GPtrArray *texts, const EgStatistics *statistics)
{
  const gssize l = statistics->peak;
  if (l < 0)
    add (texts, "–");
  else
    add_interval (texts, statistics->mean[l], statistics->lower[l], statistics->upper[l]);
}

/* "0.12 … 0.34 … 0.56" there. */
static void
add_quartiles (GPtrArray *texts, const EgStatistics *statistics)
{
  const gssize l = statistics->peak;
  if (l < 0 || isnan (statistics->quartiles[0][l]))
    add (texts, "–");
  else
    add_format (texts, "%.3f, %.3f, %.3f", visible (statistics->quartiles[0][l]),
                visible (statistics->quartiles[1][l]), visible (statistics->quartiles[2][l]));
}

/* ---- a study ---- */

static void
print_peaks (const EgStudySummary *summary, gsize site, EgStudyQuantity quantity)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  /* TRANSLATORS: heads of a table's columns; intervals are in parentheses. */
  const char *const heads[] = { _ ("Token role"), _ ("Facts"), _ ("Peak layer (95%)"), _ ("Mean there (95%)"),
                                _ ("Quartiles there") };
  for (gsize i = 0; i < G_N_ELEMENTS (heads); i++)
    add (texts, heads[i]);
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    {
      const EgStatistics *statistics = eg_study_summary_get (summary, site, quantity, role);
      add (texts, eg_role_get_title (role));
      add_format (texts, "%zu", statistics->n);
      add_peak (texts, statistics);
      add_at_peak (texts, statistics);
      add_quartiles (texts, statistics);
    }
  print_table (texts, G_N_ELEMENTS (heads));
}

/* Layers down, roles across, by their names in files. */
static void
print_layers (const EgStudySummary *summary, gsize site, EgStudyQuantity quantity)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  add (texts, _ ("Layer"));
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    add (texts, eg_role_get_name (role));
  for (gsize l = 0; l < summary->n_layers; l++)
    {
      add_format (texts, "%zu", l);
      for (EgRole role = 0; role < EG_N_ROLES; role++)
        add_number (texts, eg_study_summary_get (summary, site, quantity, role)->mean[l]);
    }
  print_table (texts, 1 + EG_N_ROLES);
}

/* "mean effect, KL divergence, direction damage": what is not usual is named. (transfer full) */
static char *
describe_quantity (EgStudyQuantity quantity, const EgStudySettings *settings)
{
  const EgTraceRequest *request = settings->request;
  static const char *const exact[]
      = { N_ ("mean score"), N_ ("mean effect"), N_ ("mean part of the whole effect") };
  static const char *const estimated[] = { N_ ("mean of the estimates"), N_ ("mean of the estimated effects"),
                                           N_ ("mean part of the whole effect, estimated") };
  g_autofree char *way = eg_trace_field_format (EG_FIELD_DIRECTION, request);
  GString *text = g_string_new (_ ((settings->is_estimated ? estimated : exact)[quantity]));
  if (request->metric != EG_METRIC_PROB)
    g_string_append_printf (text, ", %s", eg_metric_get_title (request->metric));
  if (eg_trace_request_is_loss (request))
    {
      g_string_append (text, ", ");
      g_string_append_printf (text, _ ("direction %s"), way);
    }
  return g_string_free (text, FALSE);
}

void
cli_study_report_print (const EgStudySummary *summary,
                        const EgStudySettings *settings,
                        gsize site,
                        EgStudyQuantity quantity)
{
  g_autofree char *what = describe_quantity (quantity, settings);
  cli_print ("\n%s%s%s: %s\n", settings->sites[site], summary->relation != NULL ? ", " : "",
             summary->relation != NULL ? summary->relation : "", what);
  if (summary->n_facts == 0)
    {
      cli_print ("%s\n", _ ("No fact has been traced"));
      return;
    }
  print_peaks (summary, site, quantity);
  cli_print ("\n");
  print_layers (summary, site, quantity);
}

void
cli_study_report_print_relations (const EgStudyValues *values, gsize site, EgStudyQuantity quantity)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  static const EgRole roles[] = { EG_ROLE_SUBJECT_LAST, EG_ROLE_LAST };
  add (texts, _ ("Relation"));
  add (texts, _ ("Traced"));
  for (gsize i = 0; i < G_N_ELEMENTS (roles); i++)
    {
      /* TRANSLATORS: a column's head: of a token role, such as “Last token”. */
      add_format (texts, _ ("%s: peak layer (95%%)"), eg_role_get_title (roles[i]));
      add (texts, _ ("mean there (95%)"));
    }
  for (guint r = 0; r < values->relations->len; r++)
    {
      g_autoptr (EgStudySummary) summary = eg_study_summary_new (values, (gssize)r, EG_STATISTICS_RESAMPLES);
      add (texts, summary->relation);
      add_format (texts, "%zu", summary->n_facts);
      for (gsize i = 0; i < G_N_ELEMENTS (roles); i++)
        {
          const EgStatistics *statistics = eg_study_summary_get (summary, site, quantity, roles[i]);
          add_peak (texts, statistics);
          add_at_peak (texts, statistics);
        }
    }
  g_autofree char *what = describe_quantity (quantity, values->settings);
  cli_print ("\n%s: %s\n", values->settings->sites[site], what);
  print_table (texts, 2 + 2 * G_N_ELEMENTS (roles));
}

/* ---- a comparison ---- */

void
cli_study_report_print_comparison (const EgStudyComparison *comparison, EgStudyQuantity quantity)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *a = eg_study_side_describe (&comparison->a, &comparison->b);
  g_autofree char *b = eg_study_side_describe (&comparison->b, &comparison->a);
  const char *const heads[]
      = { _ ("Token role"), _ ("Facts"), _ ("A: peak depth (95%)"), _ ("B: peak depth (95%)"),
          /* TRANSLATORS: where two means over facts differ most, as relative depth. */
          _ ("Largest A − B at"), _ ("A − B there (95%)") };
  const double last = comparison->n_rows > 1 ? (double)(comparison->n_rows - 1) : 1;
  g_autofree char *what = describe_quantity (quantity, comparison->a.values->settings);
  /* TRANSLATORS: two studies that are compared, and how many facts of each. */
  cli_print (_ ("A: %s (%zu facts)\nB: %s (%zu facts)\n"), a, comparison->n_a, b, comparison->n_b);
  cli_print ("%s\n\n%s\n",
             comparison->is_paired ? _ ("Paired: each fact of A with the same fact of B")
                                   : _ ("Not paired: A and B are different facts"),
             what);
  for (gsize i = 0; i < G_N_ELEMENTS (heads); i++)
    add (texts, heads[i]);
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    {
      const EgStatistics *difference = comparison->difference[quantity][role];
      const EgStatistics *sides[] = { comparison->of_a[quantity][role], comparison->of_b[quantity][role] };
      gsize most = 0;
      add (texts, eg_role_get_title (role));
      add_format (texts, "%zu", difference->n);
      for (gsize i = 0; i < G_N_ELEMENTS (sides); i++)
        add_peak_depth (texts, sides[i]);
      for (gsize i = 1; i < comparison->n_rows; i++)
        most = fabs (difference->mean[i]) > fabs (difference->mean[most]) ? i : most;
      add_number (texts, difference->n > 0 ? (double)most / last : (double)NAN);
      add_interval (texts, difference->mean[most], difference->lower[most], difference->upper[most]);
    }
  print_table (texts, G_N_ELEMENTS (heads));
}
