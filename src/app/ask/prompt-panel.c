#include "app/ask/prompt-panel.h"

#include "app/parts/field-message.h"
#include "app/parts/token-strip.h"
#include "trace/ask/request.h"
#include "tokenizer/token-text.h"

#include <glib/gi18n.h>
#include <string.h>

struct _EgPromptPanel
{
  AdwBin parent_instance;
  EgModel *model;
  char *prompt, *guess; /* guess: the subject while nobody has named one */
  gssize subject_offset;
  char *set_aside; /* the named subject that the prompt lost, until it has it again; NULL: none */
  gssize set_aside_offset;
  gboolean valid, setting;
  gsize n_tokens;
  gsize *starts, *ends; /* [n_tokens] */

  GtkTextView *prompt_view;
  GtkMenuButton *prompts_button;
  GtkLabel *prompt_message;
  EgTokenStrip *tokens;
  GtkEntry *subject_entry;
  GtkLabel *subject_message;
};

enum
{
  CHANGED,
  ACTIVATED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgPromptPanel, eg_prompt_panel, ADW_TYPE_BIN)

static const char *
typed_subject (EgPromptPanel *self)
{
  return gtk_editable_get_text (GTK_EDITABLE (self->subject_entry));
}

static const char *
subject_of (EgPromptPanel *self)
{
  const char *typed = typed_subject (self);
  return *typed != '\0' ? typed : self->guess;
}

static void
forget_tokens (EgPromptPanel *self)
{
  g_clear_pointer (&self->starts, g_free);
  g_clear_pointer (&self->ends, g_free);
  self->n_tokens = 0;
}

/* Takes the places of the tokens over, to know what a drag marks. */
static void
show_tokens (EgPromptPanel *self, const guint32 *ids, const gsize *starts, const gsize *ends, gsize n)
{
  EgTokenizer *tokenizer = eg_model_get_tokenizer (self->model);
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < n; i++)
    g_ptr_array_add (texts, eg_token_spell (tokenizer, ids[i]));
  forget_tokens (self);
  self->n_tokens = n;
  self->starts = g_memdup2 (starts, n * sizeof (gsize));
  self->ends = g_memdup2 (ends, n * sizeof (gsize));
  eg_token_strip_set_tokens (self->tokens, (const char *const *)texts->pdata, ids, n);
}

/* The tokens of a prompt whose subject is not there (yet). */
static void
show_tokens_alone (EgPromptPanel *self)
{
  g_autoptr (GArray) tokens
      = eg_tokenizer_encode (eg_model_get_tokenizer (self->model), self->prompt, -1, NULL);
  const gsize n = tokens != NULL ? tokens->len : 0;
  g_autofree guint32 *ids = g_new (guint32, n);
  g_autofree gsize *starts = g_new (gsize, n), *ends = g_new (gsize, n);

  for (gsize i = 0; i < n; i++)
    {
      const EgToken *token = &g_array_index (tokens, EgToken, i);
      ids[i] = token->id;
      starts[i] = token->start;
      ends[i] = token->end;
    }
  eg_token_strip_set_subject (self->tokens, -1, -1);
  show_tokens (self, ids, starts, ends, n);
}

static void
show_subject_message (EgPromptPanel *self, const EgTraceInput *input, const GError *error)
{
  const gboolean guessed = *typed_subject (self) == '\0';
  const char *message = NULL;

  if (error != NULL)
    message
        = *subject_of (self) == '\0' ? _ ("Drag over the tokens above, or type the subject") : error->message;
  else if (input != NULL && guessed)
    message = _ ("Guessed from the capital letters");
  else if (input != NULL && input->notes != NULL)
    message = input->notes[0];
  eg_field_message_show (self->subject_message, GTK_WIDGET (self->subject_entry), message,
                         error != NULL && *subject_of (self) != '\0');
  gtk_entry_set_placeholder_text (
      self->subject_entry, *self->guess != '\0' ? self->guess : _ ("Drag over the tokens, or type it"));
}

static void
check (EgPromptPanel *self)
{
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (self->prompt, subject_of (self));
  g_autoptr (EgTraceInput) input = NULL;
  g_autoptr (GError) error = NULL;
  const gboolean empty = *self->prompt == '\0';

  self->valid = FALSE;
  if (self->model == NULL)
    {
      eg_token_strip_set_tokens (self->tokens, NULL, NULL, 0);
      forget_tokens (self);
      return;
    }

  request->subject_offset = self->subject_offset;
  input = eg_trace_input_new (request, self->model, &error);
  self->valid = input != NULL;
  if (input != NULL)
    {
      eg_token_strip_set_subject (self->tokens, (gssize)input->subject_first, (gssize)input->subject_last);
      show_tokens (self, input->ids, input->starts, input->ends, input->n_tokens);
    }
  else
    show_tokens_alone (self);

  eg_field_message_show (self->prompt_message, GTK_WIDGET (self->prompt_view),
                         empty ? _ ("The prompt is empty") : NULL, TRUE);
  show_subject_message (self, input, empty ? NULL : error);
}

static void
changed (EgPromptPanel *self)
{
  if (self->setting)
    return;
  check (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
read_prompt (EgPromptPanel *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->prompt_view);
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  g_free (self->prompt);
  self->prompt = gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
  g_free (self->guess);
  self->guess = eg_guess_subject (self->prompt);
}

/* A place that was marked holds as long as the subject stands there. */
static void
check_offset (EgPromptPanel *self)
{
  const gssize offset = self->subject_offset;

  if (offset >= 0
      && (offset > g_utf8_strlen (self->prompt, -1)
          || !g_str_has_prefix (g_utf8_offset_to_pointer (self->prompt, offset), subject_of (self))))
    self->subject_offset = -1;
}

static void
set_subject (EgPromptPanel *self, const char *subject, gssize offset)
{
  self->setting = TRUE;
  gtk_editable_set_text (GTK_EDITABLE (self->subject_entry), subject);
  self->setting = FALSE;
  self->subject_offset = offset;
}

/* A named subject that the prompt has lost makes place for a guess; it comes back with its words, as when the
 * edit is undone. */
static void
follow_prompt (EgPromptPanel *self)
{
  const char *typed = typed_subject (self);

  if (*typed != '\0' && strstr (self->prompt, typed) == NULL)
    {
      g_free (self->set_aside);
      self->set_aside = g_strdup (typed);
      self->set_aside_offset = self->subject_offset;
      set_subject (self, "", -1);
    }
  else if (*typed == '\0' && self->set_aside != NULL && strstr (self->prompt, self->set_aside) != NULL)
    {
      set_subject (self, self->set_aside, self->set_aside_offset);
      g_clear_pointer (&self->set_aside, g_free);
    }
}

static void
on_prompt_changed (GtkTextBuffer *buffer, gpointer data)
{
  EgPromptPanel *self = data;

  read_prompt (self);
  if (!self->setting)
    follow_prompt (self);
  check_offset (self);
  changed (self);
}

static void
on_subject_changed (GtkEditable *editable, gpointer data)
{
  EgPromptPanel *self = data;

  if (!self->setting)
    {
      self->subject_offset = -1;
      g_clear_pointer (&self->set_aside, g_free);
    }
  changed (self);
}

/* The characters of the tokens that were dragged over, without the spaces around them. */
static void
on_subject_marked (EgTokenStrip *tokens, guint first, guint last, gpointer data)
{
  EgPromptPanel *self = data;

  if (last >= self->n_tokens)
    return;
  const char *start = g_utf8_offset_to_pointer (self->prompt, (glong)self->starts[first]);
  const char *end = g_utf8_offset_to_pointer (self->prompt, (glong)self->ends[last]);
  while (start < end && g_unichar_isspace (g_utf8_get_char (start)))
    start = g_utf8_next_char (start);
  while (end > start && g_unichar_isspace (g_utf8_get_char (g_utf8_prev_char (end))))
    end = g_utf8_prev_char (end);
  if (start == end)
    return;

  g_autofree char *subject = g_strndup (start, (gsize)(end - start));
  set_subject (self, subject, g_utf8_pointer_to_offset (self->prompt, start));
  g_clear_pointer (&self->set_aside, g_free);
  changed (self);
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

static void
eg_prompt_panel_dispose (GObject *object)
{
  EgPromptPanel *self = EG_PROMPT_PANEL (object);

  self->setting = TRUE;
  g_clear_pointer (&self->model, eg_model_unref);
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_PROMPT_PANEL);
  G_OBJECT_CLASS (eg_prompt_panel_parent_class)->dispose (object);
}

static void
eg_prompt_panel_finalize (GObject *object)
{
  EgPromptPanel *self = EG_PROMPT_PANEL (object);

  forget_tokens (self);
  g_free (self->prompt);
  g_free (self->guess);
  g_free (self->set_aside);
  G_OBJECT_CLASS (eg_prompt_panel_parent_class)->finalize (object);
}

static void
eg_prompt_panel_class_init (EgPromptPanelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = eg_prompt_panel_dispose;
  object_class->finalize = eg_prompt_panel_finalize;
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

  signals[CHANGED] = g_signal_new ("changed", EG_TYPE_PROMPT_PANEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
  signals[ACTIVATED] = g_signal_new ("activated", EG_TYPE_PROMPT_PANEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                     NULL, G_TYPE_NONE, 0);
}

static void
eg_prompt_panel_init (EgPromptPanel *self)
{
  self->prompt = g_strdup ("");
  self->guess = g_strdup ("");
  self->subject_offset = -1;
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
eg_prompt_panel_new (void)
{
  return g_object_new (EG_TYPE_PROMPT_PANEL, NULL);
}

void
eg_prompt_panel_set_model (EgPromptPanel *self, EgModel *model)
{
  g_return_if_fail (EG_IS_PROMPT_PANEL (self));

  if (model != NULL)
    eg_model_ref (model);
  g_clear_pointer (&self->model, eg_model_unref);
  self->model = model;
  changed (self);
}

void
eg_prompt_panel_set_texts (EgPromptPanel *self, const char *prompt, const char *subject)
{
  g_return_if_fail (EG_IS_PROMPT_PANEL (self));

  self->setting = TRUE;
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->prompt_view), prompt, -1);
  self->setting = FALSE;
  set_subject (self, subject, -1);
  g_clear_pointer (&self->set_aside, g_free);
  changed (self);
}

void
eg_prompt_panel_set_subject_offset (EgPromptPanel *self, gssize offset)
{
  g_return_if_fail (EG_IS_PROMPT_PANEL (self));

  if (self->subject_offset == offset)
    return;
  self->subject_offset = offset;
  check_offset (self);
  changed (self);
}

const char *
eg_prompt_panel_get_prompt (EgPromptPanel *self)
{
  return self->prompt;
}

const char *
eg_prompt_panel_get_subject (EgPromptPanel *self)
{
  return subject_of (self);
}

gssize
eg_prompt_panel_get_subject_offset (EgPromptPanel *self)
{
  return self->subject_offset;
}

gboolean
eg_prompt_panel_get_valid (EgPromptPanel *self)
{
  return self->valid;
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
