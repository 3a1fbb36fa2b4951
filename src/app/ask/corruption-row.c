/* The row that unfolds into a corruption's settings: widgets to a corruption, and back. */
#include "app/ask/corruption-row.h"

#include "app/parts/choices.h"
#include "app/parts/field-message.h"
#include "app/parts/path-dialog.h"
#include "tokenizer/token-text.h"

#include <glib/gi18n.h>
#include <string.h>

struct _EgCorruptionRow
{
  AdwExpanderRow parent_instance;
  gboolean showing;
  char *file, *error;
  char *prompt; /* that the texts of settings which are not asked for now belong to */

  AdwComboRow *kind, *scale, *span;
  GtkEntry *swap, *tokens;
  GtkSpinButton *degrees;
  GtkSwitch *replace;
  AdwActionRow *file_row;
  GtkWidget *swap_row, *degrees_row, *replace_row, *tokens_row;
};

enum
{
  CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgCorruptionRow, eg_corruption_row, ADW_TYPE_EXPANDER_ROW)

static const char *const scales[EG_N_NOISE_SCALES] = {
  [EG_NOISE_SCALE_PROMPT] = N_ ("Standard deviation of what is corrupted"),
  [EG_NOISE_SCALE_SUBJECTS] = N_ ("Standard deviation of a list of subjects"),
  [EG_NOISE_SCALE_EMBEDDING] = N_ ("Standard deviation of all embeddings"),
  [EG_NOISE_SCALE_ABSOLUTE] = N_ ("One: the noise level as it stands"),
  [EG_NOISE_SCALE_TEXT] = N_ ("Mean and covariance of a text’s embeddings"),
};

static const char *const spans[EG_N_SPANS] = {
  [EG_SPAN_SUBJECT] = N_ ("The subject"),
  [EG_SPAN_TOKENS] = N_ ("Some tokens"),
  [EG_SPAN_ALL] = N_ ("All tokens"),
};

static guint
get_selected (AdwComboRow *row, guint n)
{
  return MIN (adw_combo_row_get_selected (row), n - 1);
}

static EgCorruptionKind
get_kind (EgCorruptionRow *self)
{
  return (EgCorruptionKind)get_selected (self->kind, EG_N_CORRUPTIONS);
}

static EgNoiseScale
get_scale (EgCorruptionRow *self)
{
  return (EgNoiseScale)get_selected (self->scale, EG_N_NOISE_SCALES);
}

static EgSpan
get_span (EgCorruptionRow *self)
{
  return (EgSpan)get_selected (self->span, EG_N_SPANS);
}

static gboolean
takes_file (EgNoiseScale scale)
{
  return scale == EG_NOISE_SCALE_SUBJECTS || scale == EG_NOISE_SCALE_TEXT;
}

char *
eg_corruption_summarize (const EgCorruption *corruption)
{
  GString *text = g_string_new (eg_corruption_kind_get_title (corruption->kind));

  if (corruption->kind == EG_CORRUPTION_SWAP)
    {
      g_autofree char *swap = eg_text_quote (corruption->swap != NULL ? corruption->swap : "");
      g_string_append_printf (text, " · %s", swap);
      return g_string_free (text, FALSE);
    }
  if (corruption->scale != EG_NOISE_SCALE_PROMPT)
    g_string_append_printf (text, " · %s", _ (scales[corruption->scale]));
  if (corruption->replace)
    /* TRANSLATORS: to put noise in the place of the embedding, instead of adding it. */
    g_string_append_printf (text, " · %s", _ ("Replace"));
  if (corruption->span != EG_SPAN_SUBJECT)
    g_string_append_printf (text, " · %s", _ (spans[corruption->span]));
  return g_string_free (text, FALSE);
}

/* (transfer full) */
static char *
summarize (EgCorruptionRow *self)
{
  const EgCorruption corruption = { .kind = get_kind (self),
                                    .swap = (char *)gtk_editable_get_text (GTK_EDITABLE (self->swap)),
                                    .scale = get_scale (self),
                                    .replace = gtk_switch_get_active (self->replace),
                                    .span = get_span (self) };
  return eg_corruption_summarize (&corruption);
}

/* What belongs to a kind or a scale is there with it; what means nothing cannot be changed. */
static void
update (EgCorruptionRow *self)
{
  const EgCorruptionKind kind = get_kind (self);
  const gboolean noise = kind != EG_CORRUPTION_SWAP;
  g_autofree char *summary = summarize (self);
  g_autofree char *name = self->file != NULL ? g_filename_display_basename (self->file) : g_strdup ("");
  g_autofree char *escaped = g_markup_escape_text (name, -1);

  gtk_widget_set_visible (self->swap_row, !noise);
  gtk_widget_set_visible (self->degrees_row, kind == EG_CORRUPTION_STUDENT_T);
  gtk_widget_set_visible (GTK_WIDGET (self->scale), noise);
  /* Such noise follows a text, and no other scale. */
  gtk_widget_set_sensitive (GTK_WIDGET (self->scale), kind != EG_CORRUPTION_MULTIVARIATE);
  gtk_widget_set_visible (GTK_WIDGET (self->file_row), noise && takes_file (get_scale (self)));
  adw_action_row_set_subtitle (self->file_row, escaped);
  gtk_widget_set_visible (self->replace_row, noise);
  gtk_widget_set_visible (GTK_WIDGET (self->span), noise);
  gtk_widget_set_visible (self->tokens_row, noise && get_span (self) == EG_SPAN_TOKENS);
  eg_field_message_show_row (ADW_EXPANDER_ROW (self), summary, self->error);
}

static void
changed (EgCorruptionRow *self)
{
  if (self->showing)
    return;
  update (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
on_changed (EgCorruptionRow *self)
{
  changed (self);
}

static void
on_switched (GtkSwitch *button, GParamSpec *pspec, gpointer data)
{
  changed (data);
}

/* A scale that another kind cannot have goes with the kind that had it. */
static void
on_selected (AdwComboRow *row, GParamSpec *pspec, gpointer data)
{
  EgCorruptionRow *self = data;
  const EgCorruptionKind kind = get_kind (self);

  if (self->showing)
    return;
  self->showing = TRUE;
  if (row == self->kind && kind == EG_CORRUPTION_MULTIVARIATE)
    adw_combo_row_set_selected (self->scale, EG_NOISE_SCALE_TEXT);
  else if (row == self->kind && kind != EG_CORRUPTION_STUDENT_T && get_scale (self) == EG_NOISE_SCALE_TEXT)
    adw_combo_row_set_selected (self->scale, EG_NOISE_SCALE_PROMPT);
  self->showing = FALSE;
  changed (self);
}

static void
on_file (GtkWindow *parent, const char *path, gpointer data)
{
  EgCorruptionRow *self = data;

  g_free (self->file);
  self->file = g_strdup (path);
  changed (self);
}

static void
on_choose_file (GtkButton *button, gpointer data)
{
  GtkWidget *window = gtk_widget_get_ancestor (GTK_WIDGET (button), GTK_TYPE_WINDOW);
  const char *title
      = get_scale (data) == EG_NOISE_SCALE_TEXT ? _ ("A Text") : _ ("A List of Subjects, One a Line");

  eg_path_dialog_open_file (GTK_WINDOW (window), title, NULL, on_file, data);
}

static void
eg_corruption_row_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_CORRUPTION_ROW);
  G_OBJECT_CLASS (eg_corruption_row_parent_class)->dispose (object);
}

static void
eg_corruption_row_finalize (GObject *object)
{
  EgCorruptionRow *self = EG_CORRUPTION_ROW (object);

  g_free (self->file);
  g_free (self->error);
  g_free (self->prompt);
  G_OBJECT_CLASS (eg_corruption_row_parent_class)->finalize (object);
}

static void
eg_corruption_row_class_init (EgCorruptionRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_corruption_row_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_corruption_row_finalize;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/engram_app/Engram/corruption-row.ui");
  gtk_widget_class_bind_template_child (widget_class, EgCorruptionRow, kind);
  gtk_widget_class_bind_template_child (widget_class, EgCorruptionRow, swap);
  gtk_widget_class_bind_template_child (widget_class, EgCorruptionRow, swap_row);
  gtk_widget_class_bind_template_child (widget_class, EgCorruptionRow, degrees);
  gtk_widget_class_bind_template_child (widget_class, EgCorruptionRow, degrees_row);
  gtk_widget_class_bind_template_child (widget_class, EgCorruptionRow, scale);
  gtk_widget_class_bind_template_child (widget_class, EgCorruptionRow, file_row);
  gtk_widget_class_bind_template_child (widget_class, EgCorruptionRow, replace);
  gtk_widget_class_bind_template_child (widget_class, EgCorruptionRow, replace_row);
  gtk_widget_class_bind_template_child (widget_class, EgCorruptionRow, span);
  gtk_widget_class_bind_template_child (widget_class, EgCorruptionRow, tokens);
  gtk_widget_class_bind_template_child (widget_class, EgCorruptionRow, tokens_row);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_switched);
  gtk_widget_class_bind_template_callback (widget_class, on_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_choose_file);
  signals[CHANGED] = g_signal_new ("changed", EG_TYPE_CORRUPTION_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
}

static void
eg_corruption_row_init (EgCorruptionRow *self)
{
  const char *kinds[EG_N_CORRUPTIONS], *scale_titles[EG_N_NOISE_SCALES], *span_titles[EG_N_SPANS];

  for (EgCorruptionKind kind = 0; kind < EG_N_CORRUPTIONS; kind++)
    kinds[kind] = eg_corruption_kind_get_title (kind);
  for (EgNoiseScale scale = 0; scale < EG_N_NOISE_SCALES; scale++)
    scale_titles[scale] = _ (scales[scale]);
  for (EgSpan span = 0; span < EG_N_SPANS; span++)
    span_titles[span] = _ (spans[span]);
  gtk_widget_init_template (GTK_WIDGET (self));
  self->showing = TRUE;
  eg_choices_set (self->kind, kinds, EG_N_CORRUPTIONS);
  eg_choices_set (self->scale, scale_titles, EG_N_NOISE_SCALES);
  eg_choices_set (self->span, span_titles, EG_N_SPANS);
  self->showing = FALSE;
  update (self);
}

/* FALSE when the tokens are not such. */
static gboolean
read_corruption (EgCorruptionRow *self, EgCorruption *corruption, GError **error)
{
  const EgCorruptionKind kind = get_kind (self);

  corruption->kind = kind;
  if (kind == EG_CORRUPTION_SWAP)
    {
      corruption->swap = g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->swap)));
      return TRUE;
    }
  if (kind == EG_CORRUPTION_STUDENT_T)
    corruption->degrees = gtk_spin_button_get_value (self->degrees);
  corruption->scale = get_scale (self);
  corruption->file = takes_file (corruption->scale) ? g_strdup (self->file) : NULL;
  corruption->replace = gtk_switch_get_active (self->replace);
  corruption->span = get_span (self);
  if (corruption->span != EG_SPAN_TOKENS)
    return TRUE;
  g_autofree char *span = g_strconcat ("tokens:", gtk_editable_get_text (GTK_EDITABLE (self->tokens)), NULL);
  return eg_corruption_parse_span (corruption, span, error);
}

gboolean
eg_corruption_row_fill (EgCorruptionRow *self, EgTraceRequest *request, GError **error)
{
  g_return_val_if_fail (EG_IS_CORRUPTION_ROW (self), FALSE);

  eg_corruption_clear (&request->corruption);
  request->corruption = (EgCorruption){ 0 };
  return read_corruption (self, &request->corruption, error);
}

/* What was typed for a setting that is not asked for now waits in its entry until it is again; not beside
 * another prompt, of which it was not thought. */
static void
show_text (GtkEntry *entry, const char *text, gboolean same_prompt)
{
  if (text != NULL || !same_prompt)
    gtk_editable_set_text (GTK_EDITABLE (entry), text != NULL ? text : "");
}

static gboolean
follow_prompt (EgCorruptionRow *self, const char *prompt)
{
  const gboolean same = g_strcmp0 (self->prompt, prompt) == 0;
  char *copy = g_strdup (prompt);

  g_free (self->prompt);
  self->prompt = copy;
  return same;
}

void
eg_corruption_row_show (EgCorruptionRow *self, const EgTraceRequest *request)
{
  g_return_if_fail (EG_IS_CORRUPTION_ROW (self));

  const EgCorruption *corruption = &request->corruption;
  g_autofree char *span = eg_corruption_format_span (corruption);
  const char *tokens = strchr (span, ':');
  const gboolean same_prompt = follow_prompt (self, request->prompt);

  self->showing = TRUE;
  adw_combo_row_set_selected (self->kind, corruption->kind);
  adw_combo_row_set_selected (self->scale, corruption->scale);
  adw_combo_row_set_selected (self->span, corruption->span);
  gtk_switch_set_active (self->replace, corruption->replace);
  show_text (self->swap, corruption->swap, same_prompt);
  show_text (self->tokens, tokens != NULL ? tokens + 1 : NULL, same_prompt);
  gtk_spin_button_set_value (self->degrees, corruption->degrees > 2 ? corruption->degrees : 3);
  g_free (self->file);
  self->file = g_strdup (corruption->file);
  self->showing = FALSE;
  changed (self);
}

void
eg_corruption_row_set_error (EgCorruptionRow *self, const char *error)
{
  g_return_if_fail (EG_IS_CORRUPTION_ROW (self));

  char *copy = g_strdup (error);
  g_free (self->error);
  self->error = copy;
  update (self);
}
