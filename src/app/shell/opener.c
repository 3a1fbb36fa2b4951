/* Reads .npz files in a thread and hands the results to the tabs. */
#include "app/shell/opener.h"

#include "app/parts/hold.h"
#include "trace/run/saved.h"

#include <glib/gi18n.h>

struct _EgOpener
{
  GObject parent_instance;
  EgTabs *tabs;
  EgDraft *draft;
  EgMessages *messages;
  EgUnsaved *unsaved; /* or NULL */
};

G_DEFINE_FINAL_TYPE (EgOpener, eg_opener, G_TYPE_OBJECT)

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
  EgSavedTrace *saved = eg_saved_trace_load (opening->path, &error);

  if (saved != NULL)
    g_task_return_pointer (task, saved, (GDestroyNotify)eg_saved_trace_free);
  else
    g_task_return_error (task, error);
}

static void
on_read (GObject *source, GAsyncResult *async_result, gpointer data)
{
  EgOpener *self = EG_OPENER (source);
  const Opening *opening = g_task_get_task_data (G_TASK (async_result));
  EgModel *model = eg_draft_get_model (self->draft);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgSavedTrace) saved = g_task_propagate_pointer (G_TASK (async_result), &error);

  eg_program_release ();
  if (saved == NULL)
    {
      /* A file of ours that cannot be read would be offered forever. */
      if (opening->key != NULL && self->unsaved != NULL)
        eg_unsaved_forget (self->unsaved, opening->key);
      eg_messages_show_error (self->messages, error->message, "win.open", _ ("_Open Another…"));
      return;
    }
  g_autoptr (EgTraceResult) result = eg_trace_result_ref (saved->result);
  if (model != NULL)
    eg_trace_result_spell (result, eg_model_get_tokenizer (model));
  g_autofree char *name = opening->key == NULL ? g_path_get_basename (opening->path) : NULL;
  const gboolean goes_on = eg_saved_trace_check (saved, NULL);
  eg_tabs_show_result (self->tabs, result, goes_on ? g_steal_pointer (&saved) : NULL, name, opening->key);
}

/* Takes the path over. */
static void
read_file (EgOpener *self, char *path, const char *key)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_read, NULL);
  Opening *opening = g_new0 (Opening, 1);

  opening->path = path;
  opening->key = g_strdup (key);
  g_task_set_task_data (task, opening, opening_free);
  eg_program_hold ();
  g_task_run_in_thread (task, read_in_thread);
}

void
eg_opener_open (EgOpener *self, const char *path)
{
  g_return_if_fail (EG_IS_OPENER (self) && path != NULL);

  read_file (self, g_strdup (path), NULL);
}

void
eg_opener_reopen (EgOpener *self, const char *key)
{
  g_return_if_fail (EG_IS_OPENER (self) && key != NULL && self->unsaved != NULL);

  read_file (self, eg_unsaved_get_path (self->unsaved, key), key);
}

static void
eg_opener_dispose (GObject *object)
{
  EgOpener *self = EG_OPENER (object);

  /* What is being read finds no place any more, but is still kept. */
  self->unsaved = NULL;
  G_OBJECT_CLASS (eg_opener_parent_class)->dispose (object);
}

static void
eg_opener_finalize (GObject *object)
{
  EgOpener *self = EG_OPENER (object);

  g_object_unref (self->tabs);
  g_object_unref (self->draft);
  g_object_unref (self->messages);
  G_OBJECT_CLASS (eg_opener_parent_class)->finalize (object);
}

static void
eg_opener_class_init (EgOpenerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = eg_opener_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_opener_finalize;
}

static void
eg_opener_init (EgOpener *self)
{
}

EgOpener *
eg_opener_new (EgTabs *tabs, EgDraft *draft, EgMessages *messages, EgUnsaved *unsaved)
{
  EgOpener *self = g_object_new (EG_TYPE_OPENER, NULL);

  self->tabs = g_object_ref (tabs);
  self->draft = g_object_ref (draft);
  self->messages = g_object_ref (messages);
  self->unsaved = unsaved;
  return self;
}
