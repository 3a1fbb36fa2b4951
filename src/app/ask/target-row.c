/* Shows the draft's target, takes what is typed into it, and offers the model's tokens that begin so. */
#include "app/ask/target-row.h"

#include "app/ask/token-index.h"
#include "app/parts/field-message.h"

#include <string.h>

#define N_COMPLETIONS 12
#define SPACE         "␣"

struct _EgTargetRow
{
  AdwActionRow parent_instance;
  EgDraft *draft;         /* NULL: nothing is shown yet, or any more */
  gboolean showing;       /* what changes in the entry does not come from a person */
  EgTokenizer *tokenizer; /* of which the index is */
  EgTokenIndex *index;    /* NULL until it is made */
  GCancellable *indexing; /* NULL: none is being made */
  GtkListStore *matches;
  GtkLabel *message;

  GtkEntry *entry;
  GtkEntryCompletion *completion;
};

enum
{
  ENTERED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgTargetRow, eg_target_row, ADW_TYPE_ACTION_ROW)

static const char *
get_text (EgTargetRow *self)
{
  return gtk_editable_get_text (GTK_EDITABLE (self->entry));
}

/* ---- what is shown of a target ---- */

/* As tokens are shown everywhere: " Paris" as "␣Paris". (transfer full) */
static char *
to_shown (const char *target)
{
  return *target == ' ' ? g_strconcat (SPACE, target + 1, NULL) : g_strdup (target);
}

/* (transfer full) */
static char *
from_shown (const char *text)
{
  return g_str_has_prefix (text, SPACE) ? g_strconcat (" ", text + strlen (SPACE), NULL) : g_strdup (text);
}

/* ---- completion ---- */

/* Tokens that begin with what has been typed, with or without the space that most words begin with. */
static void
update_matches (EgTargetRow *self, const char *text)
{
  gtk_list_store_clear (self->matches);
  if (self->index == NULL || *text == '\0')
    return;
  /* Not before it is needed: with a model, GTK 4.8 keeps about 2 KB of an entry that is gone. */
  if (gtk_entry_completion_get_model (self->completion) == NULL)
    gtk_entry_completion_set_model (self->completion, GTK_TREE_MODEL (self->matches));
  g_autoptr (GPtrArray) found = eg_token_index_find (self->index, text, N_COMPLETIONS);
  for (guint i = 0; i < found->len; i++)
    {
      g_autofree char *shown = to_shown (found->pdata[i]);
      gtk_list_store_insert_with_values (self->matches, NULL, -1, 0, shown, -1);
    }
}

static gboolean
on_match_selected (GtkEntryCompletion *completion, GtkTreeModel *model, GtkTreeIter *iter, gpointer data)
{
  EgTargetRow *self = data;
  g_autofree char *text = NULL;

  gtk_tree_model_get (model, iter, 0, &text, -1);
  gtk_editable_set_text (GTK_EDITABLE (self->entry), text);
  gtk_editable_set_position (GTK_EDITABLE (self->entry), -1);
  return TRUE;
}

/* The matches are the answer already. */
static gboolean
match_always (GtkEntryCompletion *completion, const char *key, GtkTreeIter *iter, gpointer data)
{
  return TRUE;
}

static void
on_indexed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (EgTokenIndex) index = eg_token_index_new_finish (result);

  /* Cancelled: the widget may be gone. */
  if (index == NULL)
    return;
  EgTargetRow *self = data;
  g_clear_object (&self->indexing);
  self->index = g_steal_pointer (&index);
}

static void
forget_index (EgTargetRow *self)
{
  if (self->indexing != NULL)
    g_cancellable_cancel (self->indexing);
  g_clear_object (&self->indexing);
  g_clear_pointer (&self->index, eg_token_index_free);
  g_clear_pointer (&self->tokenizer, eg_tokenizer_unref);
}

static void
index_tokens (EgTargetRow *self)
{
  EgModel *model = eg_draft_get_model (self->draft);
  EgTokenizer *tokenizer = model != NULL ? eg_model_get_tokenizer (model) : NULL;

  if (tokenizer == self->tokenizer)
    return;
  forget_index (self);
  if (tokenizer == NULL)
    return;
  self->tokenizer = eg_tokenizer_ref (tokenizer);
  self->indexing = g_cancellable_new ();
  eg_token_index_new_async (tokenizer, self->indexing, on_indexed, self);
}

/* ---- the draft ---- */

static void
on_draft_changed (EgTargetRow *self)
{
  const char *target = eg_draft_get_request (self->draft)->target;
  g_autofree char *shown = to_shown (target != NULL ? target : "");
  g_autofree char *there = from_shown (get_text (self));
  const char *error = eg_draft_get_error (self->draft, EG_PART_TARGET);
  const char *note = eg_draft_get_note (self->draft, EG_PART_TARGET);

  index_tokens (self);
  if (strcmp (there, target != NULL ? target : "") != 0)
    {
      self->showing = TRUE;
      gtk_editable_set_text (GTK_EDITABLE (self->entry), shown);
      self->showing = FALSE;
    }
  eg_field_message_show (self->message, GTK_WIDGET (self->entry), error != NULL ? error : note,
                         error != NULL);
}

static void
on_entry_changed (GtkEditable *editable, gpointer data)
{
  EgTargetRow *self = data;
  g_autofree char *target = from_shown (get_text (self));

  update_matches (self, target);
  if (!self->showing && self->draft != NULL)
    eg_draft_set_target (self->draft, target);
}

static void
on_activate (GtkEntry *entry, gpointer data)
{
  g_signal_emit (data, signals[ENTERED], 0);
}

/* ---- the widget ---- */

static void
eg_target_row_dispose (GObject *object)
{
  EgTargetRow *self = EG_TARGET_ROW (object);

  if (self->draft != NULL)
    g_signal_handlers_disconnect_by_data (self->draft, self);
  g_clear_object (&self->draft);
  forget_index (self);
  g_clear_object (&self->matches);
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_TARGET_ROW);
  G_OBJECT_CLASS (eg_target_row_parent_class)->dispose (object);
}

static void
eg_target_row_class_init (EgTargetRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_target_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/target-row.ui");
  gtk_widget_class_bind_template_child (widget_class, EgTargetRow, entry);
  gtk_widget_class_bind_template_child (widget_class, EgTargetRow, completion);
  gtk_widget_class_bind_template_callback (widget_class, on_entry_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_activate);
  gtk_widget_class_bind_template_callback (widget_class, on_match_selected);
  signals[ENTERED]
      = g_signal_new ("entered", EG_TYPE_TARGET_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
eg_target_row_init (EgTargetRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->matches = gtk_list_store_new (1, G_TYPE_STRING);
  /* The property of that name says what is inserted, but shows nothing: only this adds a renderer. */
  gtk_entry_completion_set_text_column (self->completion, 0);
  gtk_entry_completion_set_match_func (self->completion, match_always, NULL, NULL);
}

void
eg_target_row_set_draft (EgTargetRow *self, EgDraft *draft, GtkLabel *message)
{
  g_return_if_fail (EG_IS_TARGET_ROW (self) && self->draft == NULL);

  self->draft = g_object_ref (draft);
  self->message = message;
  g_signal_connect_swapped (draft, "changed", G_CALLBACK (on_draft_changed), self);
  on_draft_changed (self);
}
