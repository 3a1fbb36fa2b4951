/* Draws a figure to the surface that a file’s ending asks for. */
#include "plot/export.h"

#include "core/error.h"
#include "formats/atomic-file.h"
#include "plot/text-sink.h"

#include <glib/gi18n.h>
#include <cairo-pdf.h>
#include <cairo-svg.h>

#define POINTS_PER_INCH 72.0
#define PIXELS_PER_INCH 96.0
#define MIN_WIDTH       1.0
#define MAX_WIDTH       40.0

typedef enum
{
  FORMAT_SVG,
  FORMAT_PNG,
  FORMAT_PDF,
  N_FORMATS,
} Format;

static const char *const endings[N_FORMATS] = { ".svg", ".png", ".pdf" };

static gboolean
find_format (const char *path, Format *format)
{
  g_autofree char *lower = g_ascii_strdown (path, -1);

  for (guint i = 0; i < N_FORMATS; i++)
    if (g_str_has_suffix (lower, endings[i]))
      {
        *format = i;
        return TRUE;
      }
  return FALSE;
}

gboolean
eg_export_can_write (const char *path)
{
  Format format;
  return find_format (path, &format);
}

static gboolean
check_options (const EgFigureOptions *options, GError **error)
{
  if (!(options->width >= MIN_WIDTH && options->width <= MAX_WIDTH))
    eg_error_invalid (error, _ ("A figure’s width is %g to %g inches, not %g"), MIN_WIDTH, MAX_WIDTH,
                      options->width);
  else if (!(options->height == 0 || (options->height >= MIN_WIDTH && options->height <= MAX_WIDTH)))
    eg_error_invalid (error, _ ("A figure’s height is %g to %g inches, not %g"), MIN_WIDTH, MAX_WIDTH,
                      options->height);
  else if (!(options->png_scale >= 1 && options->png_scale <= 4))
    eg_error_invalid (error, _ ("A PNG’s scale is 1 to 4, not %g"), options->png_scale);
  else
    return TRUE;
  return FALSE;
}

/* Cairo writes through this, so that a full disk has its own sentence. */
typedef struct
{
  EgAtomicFile *file;
  GString *held; /* an SVG, whose texts are put at its end; NULL for others */
  GError *error;
} Writer;

static cairo_status_t
write_to_file (void *data, const unsigned char *bytes, unsigned int n)
{
  Writer *writer = data;

  if (writer->held != NULL)
    {
      g_string_append_len (writer->held, (const char *)bytes, n);
      return CAIRO_STATUS_SUCCESS;
    }
  if (writer->error == NULL && !eg_atomic_file_append (writer->file, bytes, n, &writer->error))
    return CAIRO_STATUS_WRITE_ERROR;
  return writer->error == NULL ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static cairo_surface_t *
create_surface (Format format, double width, double height, double pixel, const char *title, Writer *writer)
{
  cairo_surface_t *surface;

  switch (format)
    {
    case FORMAT_SVG:
      surface = cairo_svg_surface_create_for_stream (write_to_file, writer, width, height);
      cairo_svg_surface_set_document_unit (surface, CAIRO_SVG_UNIT_PT);
      return surface;
    case FORMAT_PDF:
      surface = cairo_pdf_surface_create_for_stream (write_to_file, writer, width, height);
      cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_CREATOR, "Engram");
      if (title != NULL)
        cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_TITLE, title);
      return surface;
    case FORMAT_PNG:
      surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int)(width * pixel + 0.5),
                                            (int)(height * pixel + 0.5));
      cairo_surface_set_device_scale (surface, pixel, pixel);
      return surface;
    case N_FORMATS:
    default:
      g_assert_not_reached ();
    }
}

/* The drawing, and its texts over it. */
static gboolean
write_svg (Writer *writer, const GString *texts)
{
  g_autoptr (GString) svg = g_steal_pointer (&writer->held);
  const char *end = g_strrstr_len (svg->str, (gssize)svg->len, "</svg>");

  if (end != NULL)
    g_string_insert (svg, end - svg->str, texts->str);
  return eg_atomic_file_append (writer->file, svg->str, svg->len, &writer->error);
}

/* Draws into the writer. Returns: what cairo says. */
static cairo_status_t
draw_to_writer (const EgTraceGrid *grid, const EgFigure *figure, Format format, Writer *writer)
{
  const EgFigureOptions *options = &figure->options;
  const double width = options->width * POINTS_PER_INCH, height = eg_figure_get_height (figure, grid);
  const double pixel = format == FORMAT_PNG ? options->png_scale * PIXELS_PER_INCH / POINTS_PER_INCH : 0;
  g_autoptr (GString) texts = g_string_new (NULL);
  EgTextSink sink
      = { .outlines = options->outlines && format != FORMAT_PNG, .svg = format == FORMAT_SVG ? texts : NULL };
  cairo_surface_t *surface = create_surface (format, width, height, pixel, options->style.title, writer);
  cairo_t *cr = cairo_create (surface);

  eg_text_sink_attach (&sink, surface);
  eg_figure_draw (figure, grid, cr, pixel);
  cairo_status_t status = cairo_status (cr);
  cairo_destroy (cr);
  if (format == FORMAT_PNG && status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_write_to_png_stream (surface, write_to_file, writer);
  cairo_surface_finish (surface);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_status (surface);
  cairo_surface_destroy (surface);
  if (format == FORMAT_SVG && status == CAIRO_STATUS_SUCCESS && !write_svg (writer, texts))
    return CAIRO_STATUS_WRITE_ERROR;
  return status;
}

gboolean
eg_export_figure (const EgTraceGrid *grid, const EgFigure *figure, const char *path, GError **error)
{
  Format format;

  if (!find_format (path, &format))
    return eg_error_invalid (error, _ ("%s: a figure’s name ends in .svg, .png or .pdf"), path);
  if (!check_options (&figure->options, error))
    return FALSE;

  g_autoptr (EgAtomicFile) file = eg_atomic_file_begin (path, error);
  if (file == NULL)
    return FALSE;

  Writer writer = { .file = file, .held = format == FORMAT_SVG ? g_string_new (NULL) : NULL };
  const cairo_status_t status = draw_to_writer (grid, figure, format, &writer);
  if (writer.held != NULL)
    g_string_free (writer.held, TRUE);
  if (writer.error != NULL)
    {
      g_propagate_error (error, writer.error);
      return FALSE;
    }
  if (status != CAIRO_STATUS_SUCCESS)
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, _ ("%s could not be drawn: %s"), path,
                   cairo_status_to_string (status));
      return FALSE;
    }
  return eg_atomic_file_commit (file, error);
}
