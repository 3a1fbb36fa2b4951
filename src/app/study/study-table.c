/* Takes a picture of the rows and writes it in a thread. */
#include "app/study/study-table.h"

#include "app/parts/hold.h"
#include "formats/atomic-file.h"
#include "formats/csv.h"

#include <string.h>

/* Of a row, what may change while the thread writes. */
typedef struct
{
  EgFactRow *row;
  char *answer;
  EgFactRowState state;
  double clean, corrupted;
} Line;

typedef struct
{
  char *path;
  Line *lines;
  guint n;
} Job;

static void
job_free (gpointer data)
{
  Job *self = data;

  for (guint i = 0; i < self->n; i++)
    {
      g_object_unref (self->lines[i].row);
      g_free (self->lines[i].answer);
    }
  g_free (self->lines);
  g_free (self->path);
  g_free (self);
}

static void
append_text (GString *text, const char *field)
{
  g_string_append_c (text, ',');
  if (field == NULL || strpbrk (field, " ,\"\r\n\t") == NULL)
    g_string_append (text, field != NULL ? field : "");
  else
    eg_csv_append_quoted (text, field);
}

static void
append_line (GString *text, const Line *line)
{
  g_string_append_printf (text, "%u", line->row->index);
  append_text (text, line->row->id);
  append_text (text, line->row->prompt);
  append_text (text, line->row->subject);
  append_text (text, line->row->relation);
  append_text (text, line->answer);
  append_text (text, line->state == EG_FACT_ROW_WAITING
                         ? "waiting"
                         : eg_study_state_get_name ((EgStudyState)(line->state - EG_FACT_ROW_TRACED)));
  eg_csv_append_number (text, line->clean);
  eg_csv_append_number (text, line->corrupted);
  eg_csv_append_number (text, line->clean - line->corrupted);
  g_string_append_c (text, '\n');
}

static void
write_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Job *job = task_data;
  g_autoptr (GString) text
      = g_string_new ("index,id,prompt,subject,relation,answer,state,clean,corrupted,effect\n");
  GError *error = NULL;

  for (guint i = 0; i < job->n; i++)
    append_line (text, &job->lines[i]);
  if (eg_atomic_file_write (job->path, text->str, text->len, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
eg_study_table_write_async (EgStudying *studying,
                            const char *path,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  GListModel *rows = eg_studying_get_rows (studying);
  Job *job = g_new0 (Job, 1);

  job->path = g_strdup (path);
  job->n = g_list_model_get_n_items (rows);
  job->lines = g_new0 (Line, job->n);
  for (guint i = 0; i < job->n; i++)
    {
      EgFactRow *row = g_list_model_get_item (rows, i);
      job->lines[i] = (Line){ row, g_strdup (row->answer), row->state, row->clean, row->corrupted };
    }
  g_task_set_task_data (task, job, job_free);
  eg_program_hold ();
  g_task_run_in_thread (task, write_in_thread);
}

gboolean
eg_study_table_write_finish (GAsyncResult *result, char **path, GError **error)
{
  const Job *job = g_task_get_task_data (G_TASK (result));

  eg_program_release ();
  *path = g_strdup (job->path);
  return g_task_propagate_boolean (G_TASK (result), error);
}
