/* The window's files: opening and saving traces, exporting, copying and printing figures. */
#include "app/shell/window-private.h"

#include "app/shell/export-dialog.h"
#include "app/parts/path-dialog.h"
#include "app/shell/print-figure.h"
#include "app/shell/writer.h"
#include "trace/result/result-io.h"

#include <glib/gi18n.h>
#include <string.h>

#define POINTS_PER_INCH 72.0
#define COPY_SCALE      4.0 /* device pixels a point: 288 an inch */

/* ---- figures ---- */

/* Of what is on the screen, as it is on the screen. */
static EgFigure
make_figure (EgWindow *self, EgTracePage *page)
{
  EgFigure figure = { .picture = EG_PICTURE_HEATMAP };
  const EgCell *pins = eg_trace_page_get_pins (page, &figure.n_pins);

  eg_figure_options_init (&figure.options);
  eg_colormap_from_name (self->colormap, &figure.options.style.colormap, NULL);
  eg_orientation_from_name (self->orientation, &figure.options.style.orientation, NULL);
  figure.options.style.scale = self->normalized ? EG_SCALE_NORMALIZED : EG_SCALE_RAW;
  for (gsize i = 0; i < figure.n_pins; i++)
    figure.pins[i] = pins[i];
  return figure;
}

/* ---- writing ---- */

/* The page is no longer to be kept once it is in a file that can be opened again. */
static void
mark_saved (EgWindow *self, EgTracePage *page)
{
  if (eg_trace_page_get_key (page) == NULL)
    return;
  if (self->unsaved != NULL)
    eg_unsaved_forget (self->unsaved, eg_trace_page_get_key (page));
  eg_trace_page_set_key (page, NULL);
}

static void
set_file_name (EgWindow *self, EgTracePage *page, const char *name)
{
  eg_trace_page_set_file_name (page, name);
  /* A page that was closed, and perhaps will be brought back, has no tab. */
  if (gtk_widget_get_parent (GTK_WIDGET (page)) != NULL)
    eg_window_show_tabs (self);
  eg_window_update (self);
}

typedef struct
{
  GWeakRef window, page;
  gboolean numbers;
} Writing;

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Writing *writing = data;
  g_autoptr (EgWindow) self = g_weak_ref_get (&writing->window);
  g_autoptr (EgTracePage) page = g_weak_ref_get (&writing->page);
  const gboolean numbers = writing->numbers;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  const gboolean ok = eg_write_finish (result, &path, &error);

  g_weak_ref_clear (&writing->window);
  g_weak_ref_clear (&writing->page);
  g_free (writing);
  if (self == NULL || self->loader == NULL)
    return;
  if (!ok)
    {
      eg_window_show_error (self, error->message, numbers ? "win.save" : "win.export",
                            numbers ? _ ("_Save Elsewhere…") : _ ("_Export Again…"));
      return;
    }
  g_autofree char *name = g_path_get_basename (path);
  if (page != NULL && g_str_has_suffix (path, ".npz"))
    {
      mark_saved (self, page);
      set_file_name (self, page, name);
    }
  g_autofree char *text = g_strdup_printf (_ ("Saved %s"), name);
  eg_window_show_toast (self, text, NULL, NULL, NULL);
}

/* figure: NULL for numbers. */
static void
write_to (EgWindow *self, EgTracePage *page, const EgFigure *figure, const char *path)
{
  /* A figure is of what is seen, but for that of all sites; numbers are of all. */
  const gboolean shown = figure != NULL && figure->picture != EG_PICTURE_SITES;
  EgTraceResult *result = page == NULL ? NULL
                          : shown      ? eg_trace_page_get_shown (page)
                                       : eg_trace_page_get_result (page);

  if (result == NULL)
    {
      eg_window_show_toast (self, _ ("There is nothing to export yet"), NULL, NULL, NULL);
      return;
    }
  Writing *writing = g_new0 (Writing, 1);
  g_weak_ref_init (&writing->window, self);
  g_weak_ref_init (&writing->page, page);
  writing->numbers = figure == NULL;
  eg_write_async (result, figure, path, on_written, writing);
}

/* ---- saving and exporting ---- */

static void
on_save_path (GtkWindow *parent, const char *path, gpointer data)
{
  EgWindow *self = EG_WINDOW (parent);
  write_to (self, eg_window_get_page (self), NULL, path);
}

static void
save_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgTracePage *page = eg_window_get_page (EG_WINDOW (widget));
  g_autofree char *proposed = eg_propose_name (eg_trace_page_get_result (page), NULL, "npz");
  const EgFileKind kinds[] = {
    { "npz", _ ("NumPy archive, to open again") },
    { "csv", _ ("Table (CSV)") },
    { "json", _ ("JSON") },
  };

  eg_path_dialog_save (GTK_WINDOW (widget), _ ("Save Numbers"), proposed, kinds, G_N_ELEMENTS (kinds),
                       on_save_path, NULL);
}

/* A figure that waits for its file's name. */
typedef struct
{
  EgFigure figure;
  char *title;
} Pending;

static void
pending_free (gpointer data)
{
  g_free (((Pending *)data)->title);
  g_free (data);
}

static void
on_export_path (GtkWindow *parent, const char *path, gpointer data)
{
  EgWindow *self = EG_WINDOW (parent);
  const Pending *pending = g_object_get_data (G_OBJECT (self), "eg-pending-figure");

  write_to (self, eg_window_get_page (self), &pending->figure, path);
}

static void
on_export_chosen (GtkWindow *parent, const char *ending, const EgFigure *figure)
{
  EgTracePage *page = eg_window_get_page (EG_WINDOW (parent));
  const gboolean map = figure->picture == EG_PICTURE_HEATMAP;
  Pending *pending = g_new0 (Pending, 1);

  if (page == NULL || eg_trace_page_get_result (page) == NULL)
    {
      g_free (pending);
      return;
    }
  pending->figure = *figure;
  pending->title = g_strdup (figure->options.style.title);
  pending->figure.options.style.title = pending->title;
  g_object_set_data_full (G_OBJECT (parent), "eg-pending-figure", pending, pending_free);
  g_autofree char *proposed = eg_propose_name (eg_trace_page_get_result (page),
                                               map ? NULL : eg_picture_get_name (figure->picture), ending);
  EgFileKind kinds[]
      = { { "svg", _ ("SVG image") }, { "pdf", _ ("PDF document") }, { "png", _ ("PNG image") } };
  for (gsize i = 1; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].ending, ending) == 0)
      {
        const EgFileKind chosen = kinds[i];
        kinds[i] = kinds[0];
        kinds[0] = chosen;
      }
  eg_path_dialog_save (parent, _ ("Export Figure"), proposed, kinds, G_N_ELEMENTS (kinds), on_export_path,
                       NULL);
}

static void
export_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);
  EgTracePage *page = eg_window_get_page (self);
  const EgFigure figure = make_figure (self, page);
  g_autofree char *title = eg_figure_title (eg_trace_page_get_result (page));

  eg_export_dialog_show (GTK_WINDOW (self), &figure, title, self->remembered, on_export_chosen);
}

void
eg_window_export_to (EgWindow *self, const char *path, const char *picture)
{
  g_return_if_fail (EG_IS_WINDOW (self));

  EgTracePage *page = eg_window_get_page (self);
  EgFigure figure = { 0 };

  if (page != NULL)
    figure = make_figure (self, page);
  for (EgPicture p = 0; p < EG_N_PICTURES; p++)
    if (g_strcmp0 (picture, eg_picture_get_name (p)) == 0)
      figure.picture = p;
  write_to (self, page, eg_export_can_write (path) ? &figure : NULL, path);
}

/* ---- the clipboard ---- */

typedef struct
{
  EgTraceResult *result;
  EgFigure figure;
} Copying;

static void
copying_free (gpointer data)
{
  eg_trace_result_unref (((Copying *)data)->result);
  g_free (data);
}

static void
draw_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Copying *copying = task_data;
  const double width = copying->figure.options.width * POINTS_PER_INCH;
  const double height = eg_figure_get_height (&copying->figure, copying->result);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, (int)(width * COPY_SCALE + 0.5),
                                                         (int)(height * COPY_SCALE + 0.5));

  cairo_surface_set_device_scale (surface, COPY_SCALE, COPY_SCALE);
  cairo_t *cr = cairo_create (surface);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  eg_figure_draw (&copying->figure, copying->result, cr, COPY_SCALE);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  g_task_return_pointer (task, surface, (GDestroyNotify)cairo_surface_destroy);
}

static GdkTexture *
texture_of (cairo_surface_t *surface)
{
  const int height = cairo_image_surface_get_height (surface);
  const gsize stride = (gsize)cairo_image_surface_get_stride (surface);
  g_autoptr (GBytes) bytes = g_bytes_new (cairo_image_surface_get_data (surface), stride * (gsize)height);

  return gdk_memory_texture_new (cairo_image_surface_get_width (surface), height, GDK_MEMORY_DEFAULT, bytes,
                                 stride);
}

static void
on_drawn (GObject *source, GAsyncResult *result, gpointer data)
{
  EgWindow *self = EG_WINDOW (source);
  cairo_surface_t *surface = g_task_propagate_pointer (G_TASK (result), NULL);
  g_autoptr (GdkTexture) texture = texture_of (surface);

  eg_application_release_default ();
  cairo_surface_destroy (surface);
  if (self->loader == NULL)
    return;
  gdk_clipboard_set_texture (gtk_widget_get_clipboard (GTK_WIDGET (self)), texture);
  eg_window_show_toast (self, _ ("Copied the figure"), NULL, NULL, NULL);
}

static void
copy_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);
  EgTracePage *page = eg_window_get_page (self);
  Copying *copying = g_new0 (Copying, 1);
  g_autoptr (GTask) task = g_task_new (self, NULL, on_drawn, NULL);

  copying->result = eg_trace_result_copy (eg_trace_page_get_shown (page));
  copying->figure = make_figure (self, page);
  g_task_set_task_data (task, copying, copying_free);
  eg_application_hold_default ();
  g_task_run_in_thread (task, draw_in_thread);
}

/* ---- the printer ---- */

static void
on_printed (GtkPrintOperation *operation, GtkPrintOperationResult result, gpointer data)
{
  GtkWindow *window = g_object_get_data (G_OBJECT (operation), "eg-window");
  g_autoptr (GError) error = NULL;

  if (result != GTK_PRINT_OPERATION_RESULT_ERROR || EG_WINDOW (window)->loader == NULL)
    return;
  gtk_print_operation_get_error (operation, &error);
  eg_window_show_error (EG_WINDOW (window), error->message, "win.print", _ ("_Print Again…"));
}

static void
print_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);
  EgTracePage *page = eg_window_get_page (self);
  const EgFigure figure = make_figure (self, page);
  g_autofree char *title = eg_trace_page_describe (page);
  g_autoptr (GtkPrintOperation) operation
      = eg_print_operation_new (eg_trace_page_get_shown (page), &figure, title);

  g_object_set_data_full (G_OBJECT (operation), "eg-window", g_object_ref (self), g_object_unref);
  g_signal_connect (operation, "done", G_CALLBACK (on_printed), NULL);
  gtk_print_operation_run (operation, GTK_PRINT_OPERATION_ACTION_PRINT_DIALOG, GTK_WINDOW (self), NULL);
}

/* ---- opening ---- */

typedef struct
{
  char *path, *key; /* key: of a result that is kept; or NULL */
} Opening;

static void
opening_free (gpointer data)
{
  g_free (((Opening *)data)->path);
  g_free (((Opening *)data)->key);
  g_free (data);
}

static void
read_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Opening *opening = task_data;
  GError *error = NULL;
  EgTraceResult *result = eg_trace_result_load_npz (opening->path, &error);

  if (result != NULL)
    g_task_return_pointer (task, result, (GDestroyNotify)eg_trace_result_unref);
  else
    g_task_return_error (task, error);
}

static void
on_read (GObject *source, GAsyncResult *async_result, gpointer data)
{
  EgWindow *self = EG_WINDOW (source);
  const Opening *opening = g_task_get_task_data (G_TASK (async_result));
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceResult) result = g_task_propagate_pointer (G_TASK (async_result), &error);

  eg_application_release_default ();
  if (self->loader == NULL)
    return;
  if (result == NULL)
    {
      /* A file of ours that cannot be read would be offered forever. */
      if (opening->key != NULL)
        eg_unsaved_forget (self->unsaved, opening->key);
      eg_window_show_error (self, error->message, "win.open", _ ("_Open Another…"));
      return;
    }
  EgModel *model = eg_model_loader_get_model (self->loader);
  if (model != NULL)
    eg_trace_result_spell (result, eg_model_get_tokenizer (model));
  EgTracePage *page = eg_window_add_page (self);
  eg_trace_page_set_key (page, opening->key);
  eg_trace_page_show (page, result);
  if (opening->key == NULL)
    {
      g_autofree char *name = g_path_get_basename (opening->path);
      set_file_name (self, page, name);
    }
  eg_window_select_page (self, page);
}

/* Takes the key over. */
static void
read_file (EgWindow *self, const char *path, const char *key)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_read, NULL);
  Opening *opening = g_new0 (Opening, 1);

  opening->path = g_strdup (path);
  opening->key = g_strdup (key);
  g_task_set_task_data (task, opening, opening_free);
  eg_application_hold_default ();
  g_task_run_in_thread (task, read_in_thread);
}

void
eg_window_open_file (EgWindow *self, const char *path)
{
  g_return_if_fail (EG_IS_WINDOW (self));

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    eg_window_open_model (self, path);
  else
    read_file (self, path, NULL);
}

static void
on_open_path (GtkWindow *parent, const char *path, gpointer data)
{
  eg_window_open_file (EG_WINDOW (parent), path);
}

static void
open_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  const EgFileKind kind = { "npz", _ ("Traces (NumPy archives)") };
  eg_path_dialog_open_file (GTK_WINDOW (widget), _ ("Open a Trace"), &kind, on_open_path, NULL);
}

static void
open_model_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_path_dialog_open_folder (GTK_WINDOW (widget), _ ("Open a Model’s Folder"), on_open_path, NULL);
}

static void
on_tokenizer_path (GtkWindow *parent, const char *path, gpointer data)
{
  g_object_set (parent, "tokenizer", path, NULL);
}

static void
choose_tokenizer_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  const EgFileKind kind = { "json", _ ("Tokenizers (JSON)") };
  eg_path_dialog_open_file (GTK_WINDOW (widget), _ ("Open a Tokenizer"), &kind, on_tokenizer_path, NULL);
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, gpointer data)
{
  const GSList *files = gdk_file_list_get_files (g_value_get_boxed (value));
  gboolean taken = FALSE;

  for (; files != NULL; files = files->next)
    if (g_file_peek_path (files->data) != NULL)
      {
        eg_window_open_file (data, g_file_peek_path (files->data));
        taken = TRUE;
      }
  return taken;
}

void
eg_window_accept_drops (EgWindow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  g_signal_connect (target, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}

/* ---- what an earlier start has left behind ---- */

void
eg_window_offer_recovery (EgWindow *self)
{
  if (self->unsaved == NULL)
    return;
  g_strfreev (self->left_behind);
  self->left_behind = eg_unsaved_adopt (self->unsaved);
  const guint n = g_strv_length (self->left_behind);
  if (n == 0)
    return;
  g_autofree char *text = g_strdup_printf (
      ngettext ("%u trace of the last time was not saved", "%u traces of the last time were not saved", n),
      n);
  eg_banner_show (self->banner, EG_BANNER_QUESTION, text, "win.recover", _ ("_Reopen"));
  self->offering = TRUE;
}

static void
recover_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);
  g_auto (GStrv) keys = g_steal_pointer (&self->left_behind);

  if (self->offering)
    eg_banner_hide (self->banner);
  self->offering = FALSE;
  for (char **key = keys; key != NULL && *key != NULL; key++)
    {
      g_autofree char *path = eg_unsaved_get_path (self->unsaved, *key);
      read_file (self, path, *key);
    }
}

static void
forget_left_behind (EgWindow *self)
{
  for (char **key = self->left_behind; key != NULL && *key != NULL; key++)
    eg_unsaved_forget (self->unsaved, *key);
  g_clear_pointer (&self->left_behind, g_strfreev);
}

void
eg_window_discard_recovery (EgWindow *self)
{
  if (!self->offering)
    return;
  self->offering = FALSE;
  eg_window_show_toast (self, _ ("Discarded what was not saved"), "win.recover", _ ("_Undo"),
                        forget_left_behind);
}

void
eg_window_install_files (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.open", NULL, open_action);
  gtk_widget_class_install_action (widget_class, "win.open-model", NULL, open_model_action);
  gtk_widget_class_install_action (widget_class, "win.choose-tokenizer", NULL, choose_tokenizer_action);
  gtk_widget_class_install_action (widget_class, "win.save", NULL, save_action);
  gtk_widget_class_install_action (widget_class, "win.export", NULL, export_action);
  gtk_widget_class_install_action (widget_class, "win.copy", NULL, copy_action);
  gtk_widget_class_install_action (widget_class, "win.print", NULL, print_action);
  gtk_widget_class_install_action (widget_class, "win.recover", NULL, recover_action);
}
