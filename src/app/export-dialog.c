#include "app/export-dialog.h"

#include "core/error.h"
#include "trace/result-io.h"

#include <glib/gi18n.h>
#include <string.h>

static const struct
{
  const char *ending, *title;
} formats[] = {
  { "svg", N_ ("SVG image") },     { "png", N_ ("PNG image") }, { "pdf", N_ ("PDF document") },
  { "npz", N_ ("NumPy archive") }, { "json", N_ ("JSON") },     { "csv", N_ ("Table (CSV)") },
};

typedef struct
{
  GtkFileChooserNative *chooser;
  GWeakRef parent;
  EgTraceResult *result;
  EgFigureOptions options;
  EgExportedFunc func;
} Export;

static void
export_free (Export *self)
{
  g_object_unref (self->chooser);
  g_weak_ref_clear (&self->parent);
  eg_trace_result_unref (self->result);
  g_free (self);
}

static gboolean
ends_in (const char *path, const char *ending)
{
  const char *dot = strrchr (path, '.');
  return dot != NULL && g_ascii_strcasecmp (dot + 1, ending) == 0;
}

gboolean
eg_export_result (const EgTraceResult *result,
                  const EgFigureOptions *options,
                  const char *path,
                  GError **error)
{
  if (eg_export_can_write (path))
    return eg_export_heatmap (result, options, path, error);
  if (ends_in (path, "npz"))
    return eg_trace_result_save_npz (result, path, error);
  if (ends_in (path, "json"))
    return eg_trace_result_save_json (result, path, error);
  if (ends_in (path, "csv"))
    return eg_trace_result_save_csv (result, path, error);
  g_set_error (error, EG_ERROR, EG_ERROR_INVALID,
               _ ("%s: the name must end in .svg, .png, .pdf, .npz, .json or .csv"), path);
  return FALSE;
}

static gboolean
has_known_ending (const char *path)
{
  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    if (ends_in (path, formats[i].ending))
      return TRUE;
  return FALSE;
}

/* A name without a known ending gets that of the kind that is chosen below the names. */
static char *
complete_path (GtkFileChooser *chooser, const char *path)
{
  GtkFileFilter *filter = gtk_file_chooser_get_filter (chooser);

  if (has_known_ending (path))
    return g_strdup (path);
  for (gsize i = 0; filter != NULL && i < G_N_ELEMENTS (formats); i++)
    if (g_strcmp0 (gtk_file_filter_get_name (filter), _ (formats[i].title)) == 0)
      return g_strconcat (path, ".", formats[i].ending, NULL);
  return g_strdup (path);
}

static void
on_response (GtkNativeDialog *dialog, int response, gpointer data)
{
  Export *self = data;
  g_autoptr (GtkWindow) parent = g_weak_ref_get (&self->parent);

  if (response == GTK_RESPONSE_ACCEPT && parent != NULL)
    {
      g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
      g_autofree char *chosen = g_file_get_path (file);
      g_autofree char *path = chosen != NULL ? complete_path (GTK_FILE_CHOOSER (dialog), chosen) : NULL;
      g_autoptr (GError) error = NULL;
      if (path == NULL)
        g_set_error_literal (&error, EG_ERROR, EG_ERROR_INVALID,
                             _ ("Only a folder of this computer can be written to"));
      else
        eg_export_result (self->result, &self->options, path, &error);
      self->func (path, error, parent);
    }
  export_free (self);
}

/* "Eiffel Tower.svg", without what no file name may have. */
static char *
propose_name (const EgTraceResult *result, const char *ending)
{
  const char *subject = result->subject != NULL && *result->subject != '\0' ? result->subject : _ ("trace");
  char *name = g_strconcat (subject, ".", ending, NULL);
  return g_strdelimit (name, "/\\:*?\"<>|\n\r\t", '-');
}

void
eg_export_dialog_show (GtkWindow *parent,
                       EgTraceResult *result,
                       const EgFigureOptions *options,
                       const char *ending,
                       EgExportedFunc func)
{
  Export *self = g_new0 (Export, 1);
  g_autofree char *name = propose_name (result, ending);

  self->chooser = gtk_file_chooser_native_new (_ ("Export"), parent, GTK_FILE_CHOOSER_ACTION_SAVE,
                                               _ ("_Save"), _ ("_Cancel"));
  g_weak_ref_init (&self->parent, parent);
  self->result = eg_trace_result_ref (result);
  self->options = *options;
  self->func = func;
  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();
      gtk_file_filter_set_name (filter, _ (formats[i].title));
      gtk_file_filter_add_suffix (filter, formats[i].ending);
      gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), filter);
      if (strcmp (formats[i].ending, ending) == 0)
        gtk_file_chooser_set_filter (GTK_FILE_CHOOSER (self->chooser), filter);
    }
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), name);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  g_signal_connect (self->chooser, "response", G_CALLBACK (on_response), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}
