#define _GNU_SOURCE
/* Saved traces: what loads can be analysed, told, drawn in every way, and saved to load again. An input is a
 * file as it is, or, so that no checksum stands before the fuzzer, its arrays one after the other: a line
 * "%%NAME" before each. */
#include "formats/zip.h"
#include "fuzz.h"
#include "plot/figure.h"
#include "trace/result/analysis.h"
#include "trace/result/result-io.h"

#include <cairo-svg.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define MARK        "%%"
#define MAX_MEMBERS 64
/* A picture of more cells takes longer than it is worth. */
#define MAX_CELLS 4096

static char *path;

static void
remove_file (void)
{
  g_unlink (path);
}

/* The archive of these arrays; FALSE when their names are none for an archive. */
static gboolean
write_arrays (const char *data, const char *end)
{
  EgZipMember members[MAX_MEMBERS];
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) contents = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  gsize n = 0;
  while (n < MAX_MEMBERS && data < end)
    {
      const char *begin = data + strlen (MARK), *line = memchr (begin, '\n', (gsize)(end - begin));
      if (line == NULL || line - begin > 60)
        break;
      const char *next = memmem (line, (gsize)(end - line), "\n" MARK, 1 + strlen (MARK));
      g_autofree char *name = g_strndup (begin, (gsize)(line - begin));
      if (*name == '\0' || !g_utf8_validate (name, -1, NULL) || g_hash_table_contains (names, name))
        break;
      const char *stop = next != NULL ? next : end;
      GBytes *content = g_bytes_new (line + 1, stop > line ? (gsize)(stop - line - 1) : 0);
      g_ptr_array_add (contents, content);
      members[n++] = (EgZipMember){ name, content };
      g_hash_table_add (names, g_steal_pointer (&name));
      data = next != NULL ? next + 1 : end;
    }
  return n > 0 && eg_zip_write (path, members, n, NULL);
}

static cairo_status_t
forget (void *closure, const unsigned char *bytes, unsigned int n)
{
  (void)closure;
  (void)bytes;
  (void)n;
  return CAIRO_STATUS_SUCCESS;
}

static void
draw (const EgTraceGrid *grid, const EgFigure *figure)
{
  cairo_surface_t *surface
      = cairo_svg_surface_create_for_stream (forget, NULL, figure->options.width * 72, 400);
  cairo_t *cr = cairo_create (surface);
  eg_figure_draw (figure, grid, cr, 0);
  g_assert (cairo_status (cr) == CAIRO_STATUS_SUCCESS);
  cairo_destroy (cr);
  cairo_surface_finish (surface);
  g_assert (cairo_surface_status (surface) == CAIRO_STATUS_SUCCESS);
  cairo_surface_destroy (surface);
}

static void
draw_all (const EgTraceResult *result)
{
  const EgTraceGrid *grid = result->grids[0];
  const gsize n_cells = eg_trace_grid_n_cells (grid);
  if (n_cells * result->n_grids > MAX_CELLS || n_cells == 0)
    return;
  EgFigure figure = { .pins = { { 0, 0 } }, .n_pins = 1 };
  eg_figure_options_init (&figure.options);
  for (figure.picture = 0; figure.picture < EG_N_PICTURES; figure.picture++)
    draw (grid, &figure);
  figure.picture = EG_PICTURE_HEATMAP;
  figure.options.style.scale = EG_SCALE_RAW;
  figure.options.style.orientation = EG_ORIENTATION_TOKENS_DOWN;
  draw (grid, &figure);
}

static void
use (EgTraceResult *result)
{
  g_autoptr (GError) error = NULL;
  g_assert (result->n_grids > 0);
  for (gsize i = 0; i < result->n_grids; i++)
    eg_trace_analysis_free (eg_trace_grid_analyze (result->grids[i]));
  g_autoptr (JsonNode) document = eg_trace_result_to_json (result);
  g_assert (document != NULL);
  draw_all (result);
  if (!eg_trace_result_save_npz (result, path, &error))
    g_error ("%s", error->message);
  g_autoptr (EgTraceResult) again = eg_trace_result_load_npz (path, &error);
  if (again == NULL)
    g_error ("%s", error->message);
  g_assert (again->n_grids == result->n_grids);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  GError *error = NULL;
  if (path == NULL)
    {
      path = g_strdup_printf ("/dev/shm/engram-fuzz-%d.npz", (int)getpid ());
      atexit (remove_file);
    }
  const gboolean is_arrays = size > strlen (MARK) && memcmp (data, MARK, strlen (MARK)) == 0;
  if (is_arrays && !write_arrays ((const char *)data, (const char *)data + size))
    return 0;
  g_autoptr (EgTraceResult) result
      = eg_trace_result_load_npz (is_arrays ? path : fuzz_file (data, size), &error);
  fuzz_check (result != NULL, &error);
  if (result != NULL)
    use (result);
  return 0;
}
