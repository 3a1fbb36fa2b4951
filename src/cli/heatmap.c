/* The heatmap in a terminal: each character shows two values, one as the colour of “▀”, one as its
 * background. */
#include "cli/report.h"

#include "cli/common.h"
#include "cli/table.h"
#include "plot/colormap.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define MARGIN          6  /* "%4d " and a space */
#define MAX_LABEL       14 /* columns of a token's label */
#define FEW_LAYERS      12 /* up to here a layer takes a whole line */
#define MAX_BAR         24 /* blocks of the legend's bar */
#define MIN_BAR         4
#define LABELLED_COLUMN 4 /* columns of a cell whose label stands below on a line of its own, at most */

/**
 * Panel: the tokens [first, end) of a map that may be too wide for one.
 * @cell_width: columns a token
 * @beside: whether the labels stand in one line below their columns, or each on a line of its own
 */
typedef struct
{
  const EgTraceGrid *grid;
  CliColors colors;
  double low, high;
  gboolean normalized;
  gsize subject_first, subject_last;
  gsize first, end, cell_width;
  gboolean beside;
} Panel;

/* The nearest of xterm's six levels: 0, 95, 135, 175, 215, 255. */
static guint
cube_index (double value)
{
  const double level = value * 255;
  return level < 47.5 ? 0 : level < 115 ? 1 : (guint)((level - 35) / 40);
}

/* Appends the numbers that make a colour the foreground ("38") or the background ("48"). */
static void
append_color (GString *text, const char *ground, EgColor color, CliColors colors)
{
  if (colors == CLI_COLORS_TRUE)
    g_string_append_printf (text, "%s;2;%d;%d;%d", ground, (int)(color.red * 255 + 0.5),
                            (int)(color.green * 255 + 0.5), (int)(color.blue * 255 + 0.5));
  else
    g_string_append_printf (text, "%s;5;%u", ground,
                            16 + 36 * cube_index (color.red) + 6 * cube_index (color.green)
                                + cube_index (color.blue));
}

/* One cell of a line: `width` half blocks, upper over lower; NaN shows the terminal's own background. */
static void
print_blocks (CliColors colors, double upper, double lower, gsize width)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char *block = isnan (upper) ? "▄" : "▀";
  if (isnan (upper) && isnan (lower))
    {
      g_string_append (text, "\033[2m");
      block = "·";
    }
  else
    {
      g_string_append (text, "\033[");
      append_color (text, "38", eg_colormap_lookup (EG_COLORMAP_RDYLBU_R, isnan (upper) ? lower : upper),
                    colors);
      if (!isnan (upper) && !isnan (lower))
        {
          g_string_append_c (text, ';');
          append_color (text, "48", eg_colormap_lookup (EG_COLORMAP_RDYLBU_R, lower), colors);
        }
      g_string_append_c (text, 'm');
    }
  for (gsize i = 0; i < width; i++)
    g_string_append (text, block);
  cli_print ("%s\033[0m", text->str);
}

/* Where a score lies on the colour scale. */
static double
place (const Panel *panel, gsize layer, gsize position)
{
  if (layer >= panel->grid->n_layers)
    return NAN;
  const double score = eg_trace_grid_score (panel->grid, layer, position);
  if (panel->normalized)
    return eg_trace_grid_normalize (panel->grid, score);
  return (score - panel->low) / (panel->high - panel->low);
}

static gboolean
starts_subject (const Panel *panel, gsize t)
{
  return t == panel->subject_first;
}

static gboolean
ends_subject (const Panel *panel, gsize t)
{
  return t == panel->subject_last;
}

static gboolean
in_subject (const Panel *panel, gsize t)
{
  return t >= panel->subject_first && t <= panel->subject_last;
}

/* A bracket over the subject, with its name where there is room. */
static void
print_bracket (const Panel *panel)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gsize start = 0, columns = 0;
  for (gsize t = panel->first; t < panel->end; t++)
    {
      if (starts_subject (panel, t))
        g_string_append (text, "╭");
      if (in_subject (panel, t) && columns == 0)
        start = text->len;
      for (gsize i = 0; i < panel->cell_width; i++)
        g_string_append (text, in_subject (panel, t) ? "─" : " ");
      columns += in_subject (panel, t) ? panel->cell_width : 0;
      if (ends_subject (panel, t))
        g_string_append (text, "╮");
    }
  g_autofree char *name = g_strdup_printf (" %s ", C_ ("report", "subject"));
  const gsize name_width = cli_text_width (name), dash = sizeof "─" - 1;
  if (columns >= name_width)
    {
      const gsize before = start + (columns - name_width) / 2 * dash;
      g_string_erase (text, (gssize)before, (gssize)(name_width * dash));
      g_string_insert (text, (gssize)before, name);
    }
  cli_print ("%*s%s\n", MARGIN, "", text->str);
}

static void
print_rows (const Panel *panel)
{
  const gsize n_layers = panel->grid->n_layers;
  const gboolean whole_lines = n_layers <= FEW_LAYERS;
  for (gsize l = 0; l < n_layers; l += whole_lines ? 1 : 2)
    {
      cli_print ("%4" G_GSIZE_FORMAT "  ", l);
      for (gsize t = panel->first; t < panel->end; t++)
        {
          if (starts_subject (panel, t))
            cli_print ("┊");
          print_blocks (panel->colors, place (panel, l, t), place (panel, whole_lines ? l : l + 1, t),
                        panel->cell_width);
          if (ends_subject (panel, t))
            cli_print ("┊");
        }
      cli_print ("\n");
    }
}

/* The token without the spaces around it, cut to `limit` columns; *width is what it takes. */
static char *
short_label (const char *token, gsize limit, gsize *width)
{
  g_autofree char *stripped = g_strstrip (g_strdup (token));
  g_autofree char *label = cli_token_label (*stripped != '\0' ? stripped : "␣", width);
  if (*width <= limit)
    return g_steal_pointer (&label);
  g_autoptr (GString) text = g_string_new (NULL);
  gsize used = 0;
  for (const char *c = label; *c != '\0'; c = g_utf8_next_char (c))
    {
      const gunichar unichar = g_utf8_get_char (c);
      const gsize columns = g_unichar_iszerowidth (unichar) ? 0 : g_unichar_iswide (unichar) ? 2 : 1;
      if (used + columns + 1 > limit)
        break;
      g_string_append_unichar (text, unichar);
      used += columns;
    }
  g_string_append (text, "…");
  *width = used + 1;
  return g_strdup (text->str);
}

static void
print_label (const Panel *panel, gsize t, const char *label)
{
  cli_print ("%s%s%s", in_subject (panel, t) ? "\033[1m" : "", label, in_subject (panel, t) ? "\033[0m" : "");
}

static void
print_labels_in_a_line (const Panel *panel)
{
  cli_print ("%*s", MARGIN, "");
  for (gsize t = panel->first; t < panel->end; t++)
    {
      gsize width;
      g_autofree char *label
          = short_label (eg_trace_grid_get_text (panel->grid, t), panel->cell_width - 1, &width);
      if (starts_subject (panel, t))
        cli_print (" ");
      print_label (panel, t, label);
      cli_print ("%*s", (int)(panel->cell_width - width), "");
      if (ends_subject (panel, t))
        cli_print (" ");
    }
  cli_print ("\n");
}

/* From the last token to the first, each at the end of a line down from its column. */
static void
print_labels_as_stairs (const Panel *panel)
{
  for (gsize last = panel->end; last > panel->first; last--)
    {
      cli_print ("%*s", MARGIN, "");
      for (gsize t = panel->first; t < last; t++)
        {
          if (starts_subject (panel, t))
            cli_print (" ");
          if (t == last - 1)
            break;
          cli_print ("│%*s", (int)(panel->cell_width - 1 + (ends_subject (panel, t) ? 1 : 0)), "");
        }
      gsize width;
      g_autofree char *label
          = short_label (eg_trace_grid_get_text (panel->grid, last - 1), MAX_LABEL, &width);
      cli_print ("└ ");
      print_label (panel, last - 1, label);
      cli_print ("\n");
    }
}

static void
print_legend (const Panel *panel, gsize width)
{
  g_autofree char *low = g_strdup_printf ("%.3g", panel->low);
  g_autofree char *high = g_strdup_printf ("%.3g", panel->high);
  const EgMetric metric = eg_trace_grid_get_metric (panel->grid);
  const char *name = eg_metric_get_title (metric);
  g_autofree char *title = !panel->normalized         ? g_strdup (name)
                           : metric == EG_METRIC_PROB ? g_strdup (_ ("Normalized probability"))
                                                      : g_strdup_printf (_ ("%s, normalized"), name);
  const gsize texts = MARGIN + strlen (low) + strlen (high) + cli_text_width (title) + 4;
  const gsize n = width > texts ? CLAMP (width - texts, MIN_BAR, MAX_BAR) : MIN_BAR;
  cli_print ("\n%*s%s ", MARGIN, "", low);
  for (gsize i = 0; i < n; i++)
    {
      const double value = (double)i / (double)(n - 1);
      print_blocks (panel->colors, value, value, 1);
    }
  cli_print (" %s  %s\n", high, title);
}

/* Normalized where that is defined; otherwise the scores themselves, from 0, or the lowest of them, to the
 * highest. */
static void
set_scale (Panel *panel)
{
  const EgTraceGrid *grid = panel->grid;
  const EgTraceEnds *ends = eg_trace_grid_get_ends (grid);
  panel->normalized = eg_metric_is_better (eg_trace_grid_get_metric (grid), ends->high, ends->low);
  panel->low = 0;
  panel->high = panel->normalized ? 1 : fmax (ends->high, 0);
  for (gsize i = 0; !panel->normalized && i < eg_trace_grid_n_cells (grid); i++)
    {
      panel->high = fmax (panel->high, grid->scores[0][i]);
      panel->low = fmin (panel->low, grid->scores[0][i]);
    }
  if (!(panel->high > panel->low))
    panel->high = panel->low + 1;
}

void
cli_heatmap_print (const EgTraceGrid *grid, CliColors colors, gsize width)
{
  Panel panel = { .grid = grid, .colors = colors };
  gsize longest = 1;
  for (gsize t = 0; t < grid->n_tokens; t++)
    {
      gsize label_width;
      g_free (short_label (eg_trace_grid_get_text (grid, t), MAX_LABEL, &label_width));
      longest = MAX (longest, label_width);
    }
  set_scale (&panel);
  eg_trace_grid_get_subject (grid, &panel.subject_first, &panel.subject_last);

  /* Two columns are the subject's lines. */
  const gsize columns = MAX (width, MARGIN + MAX_LABEL + 8) - MARGIN - 2;
  panel.cell_width = MAX (longest + 1, LABELLED_COLUMN);
  panel.beside = panel.cell_width * grid->n_tokens <= columns;
  if (!panel.beside)
    panel.cell_width = CLAMP ((columns - longest - 2) / grid->n_tokens, 1, LABELLED_COLUMN);
  const gsize per_panel = panel.beside ? grid->n_tokens : (columns - longest - 2) / panel.cell_width;

  for (panel.first = 0; panel.first < grid->n_tokens; panel.first = panel.end)
    {
      panel.end = MIN (panel.first + per_panel, grid->n_tokens);
      if (panel.first > 0)
        cli_print ("\n");
      print_bracket (&panel);
      print_rows (&panel);
      if (panel.beside)
        print_labels_in_a_line (&panel);
      else
        print_labels_as_stairs (&panel);
    }
  print_legend (&panel, width);
}
