/* Shows the draft's prompt, tokens and subject, and takes what a person types or marks into it. */
#include "app/ask/prompt-panel.h"

#include "app/parts/field-message.h"
#include "app/parts/bounded-scroller.h"
#include "app/parts/token-strip.h"
#include "tokenizer/token-text.h"

#include <glib/gi18n.h>
#include <string.h>

struct _EgPromptPanel
{
  AdwBin parent_instance;
  EgDraft *draft;   /* NULL: nothing is shown yet, or any more */
  gboolean showing; /* what changes in a widget does not come from a person */

  GtkTextView *prompt_view;
  GtkMenuButton *prompts_button;
  GtkLabel *prompt_message;
  EgTokenStrip *tokens;
  GtkEntry *subject_entry;
  GtkLabel *subject_message;
};

enum
{
  ACTIVATED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgPromptPanel, eg_prompt_panel, ADW_TYPE_BIN)

/* ---- from the draft ---- */

/* (transfer full) */
static char *
read_prompt (EgPromptPanel *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->prompt_view);
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  return gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
}

static void
show_texts (EgPromptPanel *self)
{
  const char *prompt = eg_draft_get_request (self->draft)->prompt;
  const char *named = eg_draft_get_named_subject (self->draft), *guess = eg_draft_get_guess (self->draft);
  g_autofree char *shown = read_prompt (self);

  self->showing = TRUE;
  if (strcmp (shown, prompt) != 0)
    gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->prompt_view), prompt, -1);
  if (strcmp (gtk_editable_get_text (GTK_EDITABLE (self->subject_entry)), named) != 0)
    gtk_editable_set_text (GTK_EDITABLE (self->subject_entry), named);
  gtk_entry_set_placeholder_text (self->subject_entry,
                                  *guess != '\0' ? guess : _ ("Drag over the tokens, or type it"));
  self->showing = FALSE;
}

/* As the model reads it that made the map which is shown. */
static void
show_origin (EgPromptPanel *self, const EgDraftOrigin *origin)
{
  g_autofree guint32 *no_ids = g_new0 (guint32, origin->n);

  eg_token_strip_set_subject (self->tokens, (gssize)origin->subject_first, (gssize)origin->subject_last);
  eg_token_strip_set_tokens (self->tokens, (const char *const *)origin->spelled,
                             origin->ids != NULL ? origin->ids : no_ids, origin->n);
}

static void
show_tokens (EgPromptPanel *self)
{
  if (eg_draft_get_origin (self->draft) != NULL)
    {
      show_origin (self, eg_draft_get_origin (self->draft));
      return;
    }
  const EgPromptTokens *tokens = eg_draft_get_tokens (self->draft);
  EgModel *model = eg_draft_get_model (self->draft);
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < tokens->n; i++)
    g_ptr_array_add (texts, eg_token_spell (eg_model_get_tokenizer (model), tokens->ids[i]));
  eg_token_strip_set_subject (self->tokens, tokens->subject_first, tokens->subject_last);
  eg_token_strip_set_tokens (self->tokens, (const char *const *)texts->pdata, tokens->ids, tokens->n);
}

/* A subject that nobody has named, where none can be guessed, is not wrong, but missing. */
static void
show_messages (EgPromptPanel *self)
{
  const gboolean missing = *eg_draft_get_request (self->draft)->subject == '\0';
  const gboolean guessed = *eg_draft_get_named_subject (self->draft) == '\0';
  const char *empty = eg_draft_get_error (self->draft, EG_PART_PROMPT);
  const char *error = eg_draft_get_error (self->draft, EG_PART_SUBJECT);
  const char *message = eg_draft_get_note (self->draft, EG_PART_SUBJECT);

  if (empty != NULL || eg_draft_get_model (self->draft) == NULL)
    message = error = NULL;
  else if (error != NULL)
    message = missing ? _ ("Drag over the tokens above, or type the subject") : error;
  else if (guessed)
    message = _ ("Guessed from the capital letters");
  const char *note = eg_draft_get_note (self->draft, EG_PART_PROMPT);
  eg_field_message_show (self->prompt_message, GTK_WIDGET (self->prompt_view), empty != NULL ? empty : note,
                         empty != NULL);
  eg_field_message_show (self->subject_message, GTK_WIDGET (self->subject_entry), message,
                         error != NULL && !missing);
}

/* Settings that are told by positions are easier to give where those are seen. */
static void
show_numbers (EgPromptPanel *self)
{
  const EgTraceRequest *request = eg_draft_get_request (self->draft);

  eg_token_strip_set_numbered (self->tokens,
                               request->has_knockout || request->corruption.span == EG_SPAN_TOKENS);
}

static void
on_draft_changed (EgPromptPanel *self)
{
  show_numbers (self);
  show_texts (self);
  show_messages (self);
}

/* ---- from a person ---- */

static void
on_prompt_changed (GtkTextBuffer *buffer, gpointer data)
{
  EgPromptPanel *self = data;
  g_autofree char *prompt = read_prompt (self);

  if (!self->showing && self->draft != NULL)
    eg_draft_set_prompt (self->draft, prompt);
}

static void
on_subject_changed (GtkEditable *editable, gpointer data)
{
  EgPromptPanel *self = data;

  if (!self->showing && self->draft != NULL)
    eg_draft_set_subject (self->draft, gtk_editable_get_text (editable));
}

static void
on_subject_marked (EgTokenStrip *tokens, guint first, guint last, gpointer data)
{
  EgPromptPanel *self = data;

  if (self->draft != NULL)
    eg_draft_mark_subject (self->draft, first, last);
}

/* Enter traces; with Shift it is a line's end. */
static gboolean
on_prompt_key (GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state, gpointer data)
{
  if ((key != GDK_KEY_Return && key != GDK_KEY_KP_Enter) || (state & GDK_SHIFT_MASK) != 0)
    return FALSE;
  g_signal_emit (data, signals[ACTIVATED], 0);
  return TRUE;
}

static void
on_subject_activate (GtkEntry *entry, gpointer data)
{
  g_signal_emit (data, signals[ACTIVATED], 0);
}

/* ---- the widget ---- */

static void
eg_prompt_panel_dispose (GObject *object)
{
  EgPromptPanel *self = EG_PROMPT_PANEL (object);

  if (self->draft != NULL)
    g_signal_handlers_disconnect_by_data (self->draft, self);
  g_clear_object (&self->draft);
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_PROMPT_PANEL);
  G_OBJECT_CLASS (eg_prompt_panel_parent_class)->dispose (object);
}

static void
eg_prompt_panel_class_init (EgPromptPanelClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_prompt_panel_dispose;
  g_type_ensure (EG_TYPE_BOUNDED_SCROLLER);
  g_type_ensure (EG_TYPE_TOKEN_STRIP);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/prompt-panel.ui");
  gtk_widget_class_bind_template_child (widget_class, EgPromptPanel, prompt_view);
  gtk_widget_class_bind_template_child (widget_class, EgPromptPanel, prompts_button);
  gtk_widget_class_bind_template_child (widget_class, EgPromptPanel, prompt_message);
  gtk_widget_class_bind_template_child (widget_class, EgPromptPanel, tokens);
  gtk_widget_class_bind_template_child (widget_class, EgPromptPanel, subject_entry);
  gtk_widget_class_bind_template_child (widget_class, EgPromptPanel, subject_message);
  gtk_widget_class_bind_template_callback (widget_class, on_prompt_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_prompt_key);
  gtk_widget_class_bind_template_callback (widget_class, on_subject_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_subject_marked);
  gtk_widget_class_bind_template_callback (widget_class, on_subject_activate);
  signals[ACTIVATED] = g_signal_new ("activated", EG_TYPE_PROMPT_PANEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                     NULL, G_TYPE_NONE, 0);
}

static void
eg_prompt_panel_init (EgPromptPanel *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
eg_prompt_panel_new (void)
{
  return g_object_new (EG_TYPE_PROMPT_PANEL, NULL);
}

void
eg_prompt_panel_set_draft (EgPromptPanel *self, EgDraft *draft)
{
  g_return_if_fail (EG_IS_PROMPT_PANEL (self) && self->draft == NULL);

  self->draft = g_object_ref (draft);
  g_signal_connect_swapped (draft, "changed", G_CALLBACK (on_draft_changed), self);
  g_signal_connect_swapped (draft, "tokens-changed", G_CALLBACK (show_tokens), self);
  g_signal_connect_swapped (draft, "origin-changed", G_CALLBACK (show_tokens), self);
  on_draft_changed (self);
  show_tokens (self);
}

void
eg_prompt_panel_focus_prompt (EgPromptPanel *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->prompt_view));
}

void
eg_prompt_panel_set_menu (EgPromptPanel *self, GMenuModel *menu)
{
  g_return_if_fail (EG_IS_PROMPT_PANEL (self));

  gtk_menu_button_set_menu_model (self->prompts_button, menu);
}

void
eg_prompt_panel_open_menu (EgPromptPanel *self)
{
  g_return_if_fail (EG_IS_PROMPT_PANEL (self));

  gtk_menu_button_popup (self->prompts_button);
}
