/* engram-cli study show: what a study says. */
#include "cli/output.h"
#include "cli/study-report.h"
#include "cli/study.h"
#include "core/error.h"
#include "formats/atomic-file.h"
#include "plot/length.h"
#include "plot/study-figure.h"
#include "study/documents.h"
#include "study/fact-line.h"
#include "study/tables.h"
#include "trace/ask/site-names.h"

#include <glib/gi18n.h>
#include <string.h>

/* As they were typed; to be zeroed before and cleared after. @figures, @tables: the outputs by their kind. */
typedef struct
{
  char **outputs, **figures, **tables;
  char *by, *site, *quantity_name, *colormap, *title, *caption, *width;
  gboolean facts;
  gboolean by_relation;
  EgStudyQuantity quantity;
  EgFigureOptions figure;
} ShowOptions;

static void
show_options_clear (ShowOptions *self)
{
  char *const texts[] = { self->by,    self->site,    self->quantity_name, self->colormap,
                          self->title, self->caption, self->width };
  g_strfreev (self->outputs);
  g_free (self->figures);
  g_free (self->tables);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ShowOptions, show_options_clear)

/* ---- facts ---- */

static gboolean
print_fact (const EgStudyFact *fact, gpointer data, GError **error)
{
  g_autoptr (JsonObject) line = eg_study_fact_to_json (fact, data);
  cli_print_json_line (line);
  return cli_flush ();
}

static int
show_facts (EgStudyFolder *folder)
{
  g_autoptr (GError) error = NULL;
  const EgStudySettings *settings = eg_study_folder_get_settings (folder);
  if (!eg_study_folder_foreach (folder, print_fact, (gpointer)settings, &error) && error != NULL)
    return cli_fail (error);
  return CLI_DONE;
}

/* ---- figures ---- */

/* Which sites are shown: [*first, *end). */
static gboolean
find_sites (const EgStudyValues *values, const char *name, gsize *first, gsize *end)
{
  *first = 0;
  *end = values->settings->n_sites;
  if (name == NULL)
    return TRUE;
  if (!eg_study_values_find_site (values, name, first))
    {
      g_autofree char *known = g_strjoinv (", ", values->settings->sites);
      cli_say (_ ("The study has no site %s; it has %s"), name, known);
      return FALSE;
    }
  *end = *first + 1;
  return TRUE;
}

/* What a figure borrows: (element-type EgStudyPanel, EgStudySummary, utf8). */
typedef struct
{
  GArray *panels;
  GPtrArray *summaries, *titles;
} Panels;

static void
panels_clear (Panels *self)
{
  g_array_unref (self->panels);
  g_ptr_array_unref (self->summaries);
  g_ptr_array_unref (self->titles);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Panels, panels_clear)

/* title: (transfer full) */
static void
add_panel (
    Panels *self, const EgStudySummary *summary, const EgStudySettings *settings, gsize site, char *title)
{
  const EgStudyPanel panel = { summary, settings, site, title };
  g_array_append_val (self->panels, panel);
  g_ptr_array_add (self->titles, title);
}

/* Of all facts, the sites [first, end); or the first of them, relation by relation, where facts were traced.
 */
static void
panels_init (Panels *self, const EgStudyValues *values, gboolean by_relation, gsize first, gsize end)
{
  const EgStudySettings *settings = values->settings;
  self->panels = g_array_new (FALSE, FALSE, sizeof (EgStudyPanel));
  self->summaries = g_ptr_array_new_with_free_func ((GDestroyNotify)eg_study_summary_free);
  self->titles = g_ptr_array_new_with_free_func (g_free);
  for (gssize r = 0; by_relation && r < (gssize)values->relations->len; r++)
    {
      EgStudySummary *summary = eg_study_summary_new (values, r, EG_STATISTICS_RESAMPLES);
      g_ptr_array_add (self->summaries, summary);
      if (summary->n_facts > 0)
        /* TRANSLATORS: a map's title: a relation, and how many facts it is of. */
        add_panel (self, summary, settings, first,
                   g_strdup_printf ("%s (%zu)", summary->relation, summary->n_facts));
    }
  if (by_relation)
    return;
  EgStudySummary *all = eg_study_summary_new (values, -1, EG_STATISTICS_RESAMPLES);
  g_ptr_array_add (self->summaries, all);
  for (gsize site = first; site < end; site++)
    add_panel (self, all, settings, site,
               end - first > 1 ? g_strdup (eg_site_name_get_title (settings->sites[site])) : NULL);
}

static gboolean
write_figures (const EgStudyValues *values, const ShowOptions *typed, gsize first, gsize end)
{
  g_auto (Panels) panels;
  panels_init (&panels, values, typed->by_relation, first, end);
  EgFigure figure = { .picture = EG_PICTURE_HEATMAP };
  EgHeatmapStyle *style = &figure.options.style;
  figure.options = typed->figure;
  if (panels.panels->len == 0)
    {
      cli_say (_ ("There is nothing to draw: no fact has a relation and was traced"));
      return FALSE;
    }
  if (typed->by_relation && end - first > 1)
    cli_say (_ ("The figure of relations is of %s; --site draws another one"),
             values->settings->sites[first]);
  g_auto (EgStudyFigure) drawing;
  eg_study_figure_init (&drawing, (const EgStudyPanel *)(gpointer)panels.panels->data, panels.panels->len,
                        typed->quantity);
  figure.drawing = &drawing.drawing;
  g_autofree char *title
      = typed->title != NULL ? g_strdup (typed->title) : eg_study_figure_make_title (&drawing);
  g_autofree char *caption
      = typed->caption != NULL ? g_strdup (typed->caption) : eg_study_figure_make_caption (&drawing, style);
  style->title = title;
  figure.options.caption = caption;
  return cli_output_write (drawing.maps[0], &figure, typed->figures);
}

/* ---- tables ---- */

static gboolean
ends_in (const char *path, const char *ending)
{
  const char *dot = strrchr (path, '.');
  return dot != NULL && g_ascii_strcasecmp (dot, ending) == 0;
}

/* Divides the outputs, whose texts stay theirs, and looks whether they can be written; the exit code. */
static int
divide_outputs (ShowOptions *self)
{
  const guint n = self->outputs != NULL ? g_strv_length (self->outputs) : 0;
  guint n_figures = 0, n_tables = 0;
  self->figures = g_new0 (char *, n + 1);
  self->tables = g_new0 (char *, n + 1);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      char *path = self->outputs[i];
      const gboolean is_table = ends_in (path, ".csv") || ends_in (path, ".tex");
      if (is_table && !eg_output_check (path, &error))
        return cli_fail (error);
      if (!is_table && !eg_export_can_write (path))
        {
          cli_say (_ ("%s: the ending says no kind of file that can be written (%s)"), path,
                   ".svg, .png, .pdf, .csv, .tex");
          return CLI_USAGE;
        }
      *(is_table ? &self->tables[n_tables++] : &self->figures[n_figures++]) = path;
    }
  return cli_output_check (self->figures, TRUE);
}

static gboolean
write_tables (const EgStudyValues *values, const ShowOptions *typed, gsize first, gsize end)
{
  for (gsize i = 0; typed->tables[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      const char *path = typed->tables[i];
      g_autofree char *text = ends_in (path, ".csv")
                                  ? eg_study_to_csv (values, EG_STATISTICS_RESAMPLES)
                                  : eg_study_to_latex (values, typed->by_relation, first, end,
                                                       typed->quantity, EG_STATISTICS_RESAMPLES);
      g_autoptr (EgAtomicFile) file = eg_atomic_file_begin (path, &error);
      if (file == NULL || !eg_atomic_file_append (file, text, strlen (text), &error)
          || !eg_atomic_file_commit (file, &error))
        {
          cli_fail (error);
          return FALSE;
        }
    }
  return TRUE;
}

/* ---- the command ---- */

static void
print_report (
    const EgStudyValues *values, EgStudyFolder *folder, const ShowOptions *typed, gsize first, gsize end)
{
  g_autoptr (EgStudySummary) summary = eg_study_summary_new (values, -1, EG_STATISTICS_RESAMPLES);
  cli_print (_ ("Model: %s\n"), values->settings->model);
  cli_study_print_counts (folder);
  for (gsize site = first; site < end; site++)
    {
      cli_study_report_print (summary, values->settings, site, typed->quantity);
      if (typed->by_relation)
        cli_study_report_print_relations (values, site, typed->quantity);
    }
}

static int
show (const char *path, const ShowOptions *typed, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgStudyFolder) folder = eg_study_folder_open (path, &error);
  if (folder == NULL)
    return cli_fail (error);
  if (typed->facts)
    return show_facts (folder);
  g_autoptr (EgStudyValues) values = eg_study_values_load (folder, &error);
  gsize first, end;
  if (values == NULL)
    return cli_fail (error);
  if (!find_sites (values, typed->site, &first, &end))
    return CLI_USAGE;
  if ((typed->figures[0] != NULL && !write_figures (values, typed, first, end))
      || !write_tables (values, typed, first, end))
    return CLI_FAILED;
  if (json)
    cli_print_json (eg_study_to_json (values, EG_STATISTICS_RESAMPLES));
  else
    print_report (values, folder, typed, first, end);
  return CLI_DONE;
}

/* What was typed and changes nothing of what is asked for; the exit code. */
static int
refuse_idle (const ShowOptions *self, gboolean json)
{
  const gboolean is_text = !self->facts && !json, writes = self->outputs != NULL;
  const CliIdleOption options[] = {
    { self->site, "--site", is_text || writes },
    { self->quantity_name, "--quantity", is_text || writes },
    { self->colormap, "--colormap", self->figures[0] != NULL },
    { self->title, "--title", self->figures[0] != NULL },
    { self->caption, "--caption", self->figures[0] != NULL },
    { self->width, "--width", self->figures[0] != NULL },
  };
  return cli_study_refuse_idle (options, G_N_ELEMENTS (options));
}

/* What was typed that needs no study; the exit code. */
static int
check_options (ShowOptions *self, gboolean json)
{
  g_autoptr (GError) error = NULL;
  self->quantity = EG_STUDY_EFFECT;
  self->by_relation = self->by != NULL;
  if (self->by != NULL && !g_str_equal (self->by, "relation"))
    {
      cli_say (_ ("--by is relation: there is nothing else to divide facts by"));
      return CLI_USAGE;
    }
  eg_figure_options_init (&self->figure);
  if ((self->quantity_name != NULL
       && !eg_study_quantity_from_name (self->quantity_name, &self->quantity, &error))
      || (self->colormap != NULL
          && !eg_colormap_from_name (self->colormap, &self->figure.style.colormap, &error))
      || (self->width != NULL && !eg_length_parse (self->width, &self->figure.width, &error)))
    {
      cli_fail (error);
      return CLI_USAGE;
    }
  if (self->facts && (json || self->outputs != NULL))
    {
      cli_say (_ ("--facts prints a line a fact and nothing else: leave out --json and -o"));
      return CLI_USAGE;
    }
  if (!cli_check_text ("--title", self->title) || !cli_check_text ("--caption", self->caption))
    return CLI_USAGE;
  const int status = divide_outputs (self);
  return status == CLI_DONE ? refuse_idle (self, json) : status;
}

static int
run (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  g_auto (ShowOptions) typed = { 0 };
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &typed.outputs,
      N_ ("The figure or the table to write (may be given again)"), "FILE.svg|png|pdf|csv|tex" },
    { "facts", 0, 0, G_OPTION_ARG_NONE, &typed.facts, N_ ("One JSON line a fact"), NULL },
    { "by", 0, 0, G_OPTION_ARG_FILENAME, &typed.by,
      N_ ("relation: each relation by itself, in figure and text (--json always has both)"), "relation" },
    { "site", 0, 0, G_OPTION_ARG_FILENAME, &typed.site, N_ ("Of several sites, this one alone"), "NAME" },
    { "quantity", 0, 0, G_OPTION_ARG_FILENAME, &typed.quantity_name,
      N_ ("What the mean is of: effect (default), normalized (its part of the whole effect) or score"),
      "NAME" },
    { "colormap", 0, 0, G_OPTION_ARG_FILENAME, &typed.colormap, N_ ("Colors (default: Purples)"), "NAME" },
    { "title", 0, 0, G_OPTION_ARG_FILENAME, &typed.title, N_ ("The figure’s title; \"\" for none"), "TEXT" },
    { "caption", 0, 0, G_OPTION_ARG_FILENAME, &typed.caption,
      N_ ("Another caption than model, method and numbers of facts; \"\" for none"), "TEXT" },
    { "width", 0, 0, G_OPTION_ARG_FILENAME, &typed.width,
      N_ ("As in 85mm or 3.35in; column is 3.5 inches, page is 7 (default: page)"), "LENGTH" },
    { NULL },
  };
  const char *path;
  int status;
  if (!cli_options_parse (&options, &cli_study_show, entries, argc, argv, &status)
      || !cli_options_get_argument (&options, _ ("folder of a study"), &path, &status))
    return status;
  status = check_options (&typed, options.json);
  return status == CLI_DONE ? show (path, &typed, options.json) : status;
}

const CliCommand cli_study_show = {
  .name = "study show",
  .usage = "DIR [OPTION…]",
  .is_without_model = TRUE,
  .summary = N_ ("Show what a study says so far, as text, JSON or a figure"),
  .run = run,
};
