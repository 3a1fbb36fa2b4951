/* Writes a copy of a result or a figure in a thread. */
#include "app/shell/writer.h"

#include "app/parts/file-name.h"
#include "app/parts/hold.h"
#include "core/error.h"
#include "trace/result/result-io.h"
#include "trace/run/saved.h"

#include <glib/gi18n.h>
#include <string.h>

typedef struct
{
  EgTraceGrid *grid;
  EgTracePartial *partial; /* or NULL */
  EgFigure *figure;        /* NULL: numbers */
  char *path;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  eg_trace_grid_unref (job->grid);
  g_clear_pointer (&job->partial, eg_trace_partial_unref);
  eg_figure_free (job->figure);
  g_free (job->path);
  g_free (job);
}

static gboolean
ends_in (const char *path, const char *ending)
{
  const char *dot = strrchr (path, '.');
  return dot != NULL && g_ascii_strcasecmp (dot + 1, ending) == 0;
}

static gboolean
write_job (const Job *job, GError **error)
{
  if (job->figure != NULL && eg_export_can_write (job->path))
    return eg_export_figure (job->grid, job->figure, job->path, error);
  if (ends_in (job->path, "npz") && job->partial != NULL)
    return eg_trace_partial_save (job->partial, job->grid->result, job->path, error);
  if (ends_in (job->path, "npz"))
    return eg_trace_result_save_npz (job->grid->result, job->path, error);
  if (ends_in (job->path, "json"))
    return eg_trace_result_save_json (job->grid->result, job->path, error);
  if (ends_in (job->path, "csv"))
    return eg_trace_result_save_csv (job->grid->result, job->path, error);
  return eg_error_invalid (error, _ ("%s: the name must end in .svg, .png, .pdf, .npz, .json or .csv"),
                           job->path);
}

static void
write_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (write_job (task_data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
eg_write_async (const EgTraceGrid *grid,
                const EgTracePartial *partial,
                const EgFigure *figure,
                const char *path,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Job *job = g_new0 (Job, 1);

  job->grid = eg_trace_grid_copy (grid);
  job->partial = partial != NULL ? eg_trace_partial_ref ((EgTracePartial *)partial) : NULL;
  job->path = g_strdup (path);
  job->figure = figure != NULL ? eg_figure_copy (figure) : NULL;
  g_task_set_task_data (task, job, job_free);
  eg_program_hold ();
  g_task_run_in_thread (task, write_in_thread);
}

gboolean
eg_write_finish (GAsyncResult *result, char **path, GError **error)
{
  const Job *job = g_task_get_task_data (G_TASK (result));

  eg_program_release ();
  *path = g_strdup (job->path);
  return g_task_propagate_boolean (G_TASK (result), error);
}

char *
eg_propose_name (const EgTraceResult *result, const char *suffix, const char *ending)
{
  const char *subject = *result->tokens->subject != '\0' ? result->tokens->subject : _ ("trace");
  char *name
      = g_strconcat (subject, suffix != NULL ? ", " : "", suffix != NULL ? suffix : "", ".", ending, NULL);

  return eg_file_name_clean (name);
}
