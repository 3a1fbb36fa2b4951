/* Chooses the writer of a file by its ending. */
#include "cli/output.h"

#include "cli/common.h"
#include "formats/atomic-file.h"
#include "trace/result/result-io.h"

#include <glib/gi18n.h>
#include <string.h>

static const struct
{
  const char *ending;
  gboolean (*save) (const EgTraceResult *result, const char *path, GError **error); /* NULL for figures */
} kinds[] = {
  { ".svg", NULL },
  { ".png", NULL },
  { ".pdf", NULL },
  { ".npz", eg_trace_result_save_npz },
  { ".json", eg_trace_result_save_json },
  { ".csv", eg_trace_result_save_csv },
};

/* The index into kinds[], or its size for another ending. */
static gsize
find_kind (const char *path)
{
  const char *dot = strrchr (path, '.');
  gsize i = 0;
  while (i < G_N_ELEMENTS (kinds) && (dot == NULL || g_ascii_strcasecmp (dot, kinds[i].ending) != 0))
    i++;
  return i;
}

int
cli_output_check (char *const *paths, gboolean figures_only)
{
  for (gsize i = 0; paths != NULL && paths[i] != NULL; i++)
    {
      const gsize kind = find_kind (paths[i]);
      if (kind == G_N_ELEMENTS (kinds) || (figures_only && kinds[kind].save != NULL))
        {
          cli_say (_ ("%s: the ending says no kind of file that can be written (%s)"), paths[i],
                   figures_only ? ".svg, .png, .pdf" : ".npz, .json, .csv, .svg, .png, .pdf");
          return CLI_USAGE;
        }
      g_autoptr (GError) error = NULL;
      if (!eg_output_check (paths[i], &error))
        return cli_fail (error);
    }
  return CLI_DONE;
}

EgPicture
cli_output_get_picture (const EgTraceResult *result)
{
  return result->n_grids > 1 ? EG_PICTURE_SITES : EG_PICTURE_HEATMAP;
}

gboolean
cli_output_write (const EgTraceGrid *grid, const EgFigure *figure, char *const *paths)
{
  gboolean done = TRUE;
  for (gsize i = 0; paths != NULL && paths[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      const gsize kind = find_kind (paths[i]);
      if (kinds[kind].save != NULL)
        kinds[kind].save (grid->result, paths[i], &error);
      else
        eg_export_figure (grid, figure, paths[i], &error);
      if (error != NULL)
        cli_fail (error);
      done = done && error == NULL;
    }
  return done;
}
