/* Results as CSV (RFC 4180, lines ended by LF, decimal points). */
#include "trace/ask/fields.h"
#include "trace/result/result-io.h"

#include "formats/atomic-file.h"
#include "formats/csv.h"
#include "trace/result/description.h"

#include <math.h>
#include <string.h>

static void
append_csv_text (GString *text, const char *field)
{
  if (field[0] != '\0' && strpbrk (field, " ,\"\r\n\t") == NULL)
    g_string_append (text, field);
  else
    eg_csv_append_quoted (text, field);
}

static void
append_csv_header (GString *text, const EgTraceResult *self)
{
  g_string_append_printf (text, "%slayer,position,token,score,sem,normalized,normalized_unclipped",
                          self->n_grids > 1 ? "site," : "");
  for (gsize m = 1; m < self->n_metrics; m++)
    {
      const char *metric = eg_metric_get_name (self->metrics[m]);
      g_string_append_printf (text, ",score_%s,sem_%s", metric, metric);
    }
  if (self->grids[0]->estimate != NULL)
    g_string_append (text, ",estimate");
  g_string_append_c (text, '\n');
}

/* A sweep over all layers or all positions has none of the one or the other. */
static void
append_csv_row (GString *text, const EgTraceGrid *grid, gsize l, gsize t)
{
  const gsize cell = l * grid->n_tokens + t;
  if (eg_trace_grid_tells_layers (grid))
    g_string_append_printf (text, "%" G_GSIZE_FORMAT, l);
  g_string_append_c (text, ',');
  if (eg_trace_grid_tells_tokens (grid))
    g_string_append_printf (text, "%" G_GSIZE_FORMAT, t);
  g_string_append_c (text, ',');
  if (eg_trace_grid_tells_tokens (grid))
    append_csv_text (text, eg_trace_grid_get_text (grid, t));
  for (gsize m = 0; m < grid->result->n_metrics; m++)
    {
      eg_csv_append_number (text, grid->scores[m][cell]);
      eg_csv_append_number (text, grid->sem[m][cell]);
      if (m == 0)
        {
          eg_csv_append_number (text, eg_trace_grid_normalize (grid, grid->scores[m][cell]));
          eg_csv_append_number (text, eg_trace_grid_fraction (grid, grid->scores[m][cell]));
        }
    }
  if (grid->estimate != NULL)
    eg_csv_append_number (text, grid->estimate[cell]);
  g_string_append_c (text, '\n');
}

/* "# key: value", on one line; nothing where there is no value. */
static void
append_remark (GString *text, const char *key, const char *value)
{
  if (value == NULL)
    return;
  g_string_append_printf (text, "# %s: ", key);
  for (const char *c = value; *c != '\0'; c++)
    if (*c == '\n' || *c == '\r')
      g_string_append (text, *c == '\n' ? "\\n" : "\\r");
    else
      g_string_append_c (text, *c);
  g_string_append_c (text, '\n');
}

static void
append_number_remark (GString *text, const char *key, double value)
{
  g_autoptr (GString) number = g_string_new (NULL);
  if (isnan (value))
    return;
  eg_json_append_double (number, value);
  append_remark (text, key, number->str);
}

/* The settings as the command line has them: the same in every language. */
static void
append_settings (GString *text, const EgTraceRequest *request)
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    {
      const EgFieldInfo *info = eg_trace_field_get_info (field);
      if (info->part == EG_FIELD_OF_PROMPT || info->option == NULL
          || !eg_trace_field_is_written (field, request, info->in_json))
        continue;
      g_autofree char *value = eg_trace_field_format (field, request);
      append_remark (text, info->option, value);
    }
}

/* What made the numbers. */
static void
append_csv_head (GString *text, const EgTraceResult *self)
{
  g_autofree char *day = eg_trace_result_get_day (self);
  append_remark (text, "model", self->model);
  append_remark (text, "prompt", self->request->prompt);
  append_remark (text, "subject", self->tokens->subject);
  append_remark (text, "target", self->tokens->target);
  append_number_remark (text, "high_score", self->ends[0].high);
  append_number_remark (text, "low_score", self->ends[0].low);
  append_settings (text, self->request);
  append_number_remark (text, "precision_error", self->precision_error);
  append_remark (text, "date", day);
  append_remark (text, "engram", self->version);
}

gboolean
eg_trace_result_save_csv (const EgTraceResult *self, const char *path, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  append_csv_head (text, self);
  append_csv_header (text, self);
  for (gsize i = 0; i < self->n_grids; i++)
    {
      const EgTraceGrid *grid = self->grids[i];
      for (gsize l = 0; l < grid->n_layers; l++)
        for (gsize t = 0; t < grid->n_tokens; t++)
          {
            if (self->n_grids > 1)
              g_string_append_printf (text, "%s,", grid->site);
            append_csv_row (text, grid, l, t);
          }
    }
  return eg_atomic_file_write (path, text->str, text->len, error);
}
