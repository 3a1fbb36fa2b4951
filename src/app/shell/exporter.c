/* Asks where a page's numbers and figures are to go, has them written, and says what became of it. */
#include "app/shell/exporter.h"

#include "app/parts/path-dialog.h"
#include "app/shell/copy-figure.h"
#include "app/shell/export-dialog.h"
#include "app/shell/print-figure.h"
#include "app/shell/writer.h"
#include "trace/result/python-text.h"

#include <glib/gi18n.h>
#include <string.h>

struct _EgExporter
{
  GObject parent_instance;
  GtkWindow *window; /* NULL: closed */
  EgMessages *messages;
  GObject *look;
  GSettings *settings; /* NULL: nothing is remembered */
  EgTracePage *page;   /* of the dialogs; not kept alive; NULL: none, or gone */
  EgFigure *figure;    /* of the dialogs; NULL: none */
};

enum
{
  SAVED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgExporter, eg_exporter, G_TYPE_OBJECT)

/* What a figure is drawn of: what is seen, but for that of all sites. (transfer none) */
static EgTraceGrid *
get_grid (EgTracePage *page, EgPicture picture)
{
  EgTraceGrid *seen = eg_trace_page_get_shown (page);
  return picture == EG_PICTURE_SITES ? seen->result->grids[0] : seen;
}

/* Of what is on the screen, as it is on the screen, with title and caption. (transfer full) */
static EgFigure *
make_figure (EgExporter *self, EgTracePage *page)
{
  EgFigure figure = { .picture = EG_PICTURE_HEATMAP };
  const EgCell *pins = eg_trace_page_get_pins (page, &figure.n_pins);
  g_autofree char *colormap = NULL, *orientation = NULL, *scale = NULL;

  eg_figure_options_init (&figure.options);
  g_object_get (self->look, "colormap", &colormap, "orientation", &orientation, "scale", &scale,
                "hatch-noise", &figure.options.style.hatch_noise, NULL);
  eg_colormap_from_name (colormap, &figure.options.style.colormap, NULL);
  eg_orientation_from_name (orientation, &figure.options.style.orientation, NULL);
  eg_scale_from_name (scale, &figure.options.style.scale, NULL);
  for (gsize i = 0; i < figure.n_pins; i++)
    figure.pins[i] = pins[i];
  EgTraceGrid *grid = get_grid (page, figure.picture);
  g_autofree char *title = eg_figure_make_title (grid);
  figure.options.style.title = title;
  g_autofree char *caption = eg_figure_make_caption (&figure, grid);
  figure.options.caption = caption;
  return eg_figure_copy (&figure);
}

/* Of the picture that it has become, and of the numbers that there are by now. */
static void
renew_caption (EgFigure *figure, const EgTraceGrid *grid)
{
  if (figure->options.caption == NULL)
    return;
  g_free ((char *)figure->options.caption);
  figure->options.caption = eg_figure_make_caption (figure, grid);
}

/* ---- writing ---- */

typedef struct
{
  EgExporter *exporter;
  GWeakRef page;
  gboolean numbers;
} Writing;

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Writing *writing = data;
  g_autoptr (EgExporter) self = writing->exporter;
  g_autoptr (EgTracePage) page = g_weak_ref_get (&writing->page);
  const gboolean numbers = writing->numbers;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  const gboolean ok = eg_write_finish (result, &path, &error);

  g_weak_ref_clear (&writing->page);
  g_free (writing);
  if (!ok)
    {
      eg_messages_show_error (self->messages, error->message, numbers ? "win.save" : "win.export",
                              numbers ? _ ("_Save Elsewhere…") : _ ("_Export Again…"));
      return;
    }
  g_autofree char *name = g_path_get_basename (path);
  if (page != NULL && g_str_has_suffix (path, ".npz"))
    g_signal_emit (self, signals[SAVED], 0, page, name);
  g_autofree char *text = g_strdup_printf (_ ("Saved %s"), name);
  eg_messages_show (self->messages, text);
}

/* figure: NULL for numbers. */
static void
write_to (EgExporter *self, EgTracePage *page, EgFigure *figure, const char *path)
{
  EgTraceResult *result = page != NULL ? eg_trace_page_get_result (page) : NULL;

  if (result == NULL)
    {
      eg_messages_show (self->messages, _ ("There is nothing to export yet"));
      return;
    }
  Writing *writing = g_new0 (Writing, 1);
  writing->exporter = g_object_ref (self);
  g_weak_ref_init (&writing->page, page);
  writing->numbers = figure == NULL;
  if (figure != NULL)
    renew_caption (figure, get_grid (page, figure->picture));
  /* Numbers are of all, a figure of what is seen. */
  eg_write_async (figure != NULL ? get_grid (page, figure->picture) : result->grids[0],
                  eg_trace_page_get_partial (page), figure, path, on_written, writing);
}

/* ---- asking where to ---- */

static void
on_save_path (GtkWindow *parent, const char *path, gpointer data)
{
  EgExporter *self = data;
  write_to (self, self->page, NULL, path);
}

void
eg_exporter_save (EgExporter *self, EgTracePage *page)
{
  g_return_if_fail (EG_IS_EXPORTER (self) && EG_IS_TRACE_PAGE (page));

  g_autofree char *proposed = eg_propose_name (eg_trace_page_get_result (page), NULL, "npz");
  const EgFileKind kinds[] = {
    { "npz", _ ("NumPy archive, to open again") },
    { "csv", _ ("Table (CSV)") },
    { "json", _ ("JSON") },
  };

  g_set_weak_pointer (&self->page, page);
  eg_path_dialog_save (self->window, _ ("Save Numbers"), proposed, kinds, G_N_ELEMENTS (kinds), on_save_path,
                       self);
}

static void
on_export_path (GtkWindow *parent, const char *path, gpointer data)
{
  EgExporter *self = data;
  write_to (self, self->page, self->figure, path);
}

/* The kind that was chosen comes first. */
static void
ask_for_figure_path (EgExporter *self, const char *name, const char *ending)
{
  EgFileKind kinds[]
      = { { "svg", _ ("SVG image") }, { "pdf", _ ("PDF document") }, { "png", _ ("PNG image") } };

  for (gsize i = 1; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].ending, ending) == 0)
      {
        const EgFileKind chosen = kinds[i];
        kinds[i] = kinds[0];
        kinds[0] = chosen;
      }
  eg_path_dialog_save (self->window, _ ("Export Figure"), name, kinds, G_N_ELEMENTS (kinds), on_export_path,
                       self);
}

static void
on_export_chosen (const char *ending, const EgFigure *figure, gpointer data)
{
  EgExporter *self = data;
  const gboolean map = figure->picture == EG_PICTURE_HEATMAP;
  EgTraceResult *result = self->page != NULL ? eg_trace_page_get_result (self->page) : NULL;

  if (result == NULL || self->window == NULL)
    return;
  eg_figure_free (self->figure);
  self->figure = eg_figure_copy (figure);
  g_autofree char *name
      = eg_propose_name (result, map ? NULL : eg_picture_get_name (figure->picture), ending);
  ask_for_figure_path (self, name, ending);
}

void
eg_exporter_export (EgExporter *self, EgTracePage *page)
{
  g_return_if_fail (EG_IS_EXPORTER (self) && EG_IS_TRACE_PAGE (page));

  g_autoptr (EgFigure) figure = make_figure (self, page);

  g_set_weak_pointer (&self->page, page);
  eg_export_dialog_show (self->window, figure, eg_trace_page_get_shown (page), self->settings,
                         on_export_chosen, self);
}

void
eg_exporter_export_to (EgExporter *self, EgTracePage *page, const char *path, const char *picture)
{
  g_return_if_fail (EG_IS_EXPORTER (self) && path != NULL);

  g_autoptr (EgFigure) figure
      = page != NULL && eg_trace_page_get_result (page) != NULL ? make_figure (self, page) : NULL;

  for (EgPicture p = 0; figure != NULL && p < EG_N_PICTURES; p++)
    if (g_strcmp0 (picture, eg_picture_get_name (p)) == 0)
      figure->picture = p;
  write_to (self, page, eg_export_can_write (path) ? figure : NULL, path);
}

/* ---- the clipboard ---- */

static void
on_drawn (GObject *source, GAsyncResult *result, gpointer data)
{
  EgExporter *self = EG_EXPORTER (source);
  g_autoptr (GdkTexture) texture = eg_draw_texture_finish (result);

  if (self->window == NULL)
    return;
  gdk_clipboard_set_texture (gtk_widget_get_clipboard (GTK_WIDGET (self->window)), texture);
  eg_messages_show (self->messages, _ ("Copied the figure"));
}

void
eg_exporter_copy (EgExporter *self, EgTracePage *page)
{
  g_return_if_fail (EG_IS_EXPORTER (self) && EG_IS_TRACE_PAGE (page));

  g_autoptr (EgFigure) figure = make_figure (self, page);

  eg_draw_texture_async (self, eg_trace_page_get_shown (page), figure, on_drawn, NULL);
}

void
eg_exporter_copy_python (EgExporter *self, EgTracePage *page)
{
  g_return_if_fail (EG_IS_EXPORTER (self) && EG_IS_TRACE_PAGE (page));

  g_autofree char *code = eg_trace_result_to_python (eg_trace_page_get_result (page));

  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self->window)), code);
  eg_messages_show (self->messages, _ ("Copied three lines of Python"));
}

/* ---- the printer ---- */

static void
on_printed (GtkPrintOperation *operation, GtkPrintOperationResult result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (result != GTK_PRINT_OPERATION_RESULT_ERROR)
    return;
  gtk_print_operation_get_error (operation, &error);
  eg_messages_show_error (EG_EXPORTER (data)->messages, error->message, "win.print", _ ("_Print Again…"));
}

void
eg_exporter_print (EgExporter *self, EgTracePage *page)
{
  g_return_if_fail (EG_IS_EXPORTER (self) && EG_IS_TRACE_PAGE (page));

  g_autoptr (EgFigure) figure = make_figure (self, page);
  g_autofree char *title = eg_trace_page_describe (page);
  g_autoptr (GtkPrintOperation) operation
      = eg_print_operation_new (eg_trace_page_get_shown (page), figure, title);

  g_signal_connect_object (operation, "done", G_CALLBACK (on_printed), self, 0);
  gtk_print_operation_run (operation, GTK_PRINT_OPERATION_ACTION_PRINT_DIALOG, self->window, NULL);
}

/* ---- the object ---- */

static void
eg_exporter_dispose (GObject *object)
{
  EgExporter *self = EG_EXPORTER (object);

  g_clear_weak_pointer (&self->window);
  g_clear_weak_pointer (&self->page);
  G_OBJECT_CLASS (eg_exporter_parent_class)->dispose (object);
}

static void
eg_exporter_finalize (GObject *object)
{
  EgExporter *self = EG_EXPORTER (object);

  g_object_unref (self->messages);
  g_clear_object (&self->settings);
  eg_figure_free (self->figure);
  G_OBJECT_CLASS (eg_exporter_parent_class)->finalize (object);
}

static void
eg_exporter_class_init (EgExporterClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = eg_exporter_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_exporter_finalize;
  signals[SAVED] = g_signal_new ("saved", EG_TYPE_EXPORTER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 2, EG_TYPE_TRACE_PAGE, G_TYPE_STRING);
}

static void
eg_exporter_init (EgExporter *self)
{
}

EgExporter *
eg_exporter_new (GtkWindow *window, EgMessages *messages, GObject *look, GSettings *settings)
{
  EgExporter *self = g_object_new (EG_TYPE_EXPORTER, NULL);

  g_set_weak_pointer (&self->window, window);
  self->messages = g_object_ref (messages);
  self->look = look;
  self->settings = settings != NULL ? g_object_ref (settings) : NULL;
  return self;
}
