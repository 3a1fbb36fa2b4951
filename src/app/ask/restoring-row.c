/* The row that unfolds into what a cell does: widgets to window, sweep, direction, freeze and knockout, and
 * back.
 */
#include "app/ask/restoring-row.h"

#include "app/parts/choices.h"
#include "app/parts/field-message.h"
#include "app/parts/run-drawing.h"
#include "app/ask/site-chooser.h"
#include "trace/ask/site-names.h"

#include <glib/gi18n.h>

struct _EgRestoringRow
{
  AdwExpanderRow parent_instance;
  gboolean showing;
  char *error, *note;
  EgSweep sweep_before; /* a knockout, which has a sweep and a direction of its own */
  EgDirection direction_before;
  EgKnockout suggested;
  gboolean has_suggestion, has_heads;

  GtkSpinButton *window;
  AdwComboRow *sweep, *direction;
  EgSiteChooser *freeze;
  GtkSwitch *knockout;
  GtkEntry *layers, *from, *to, *heads;
  GtkWidget *window_row, *freeze_row, *layers_row, *from_row, *to_row, *heads_row, *note_row;
};

enum
{
  CHANGED,
  KNOCKOUT,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgRestoringRow, eg_restoring_row, ADW_TYPE_EXPANDER_ROW)

static const char *const sweeps[EG_N_SWEEPS] = {
  [EG_SWEEP_CELLS] = N_ ("One token in one layer"),
  [EG_SWEEP_LAYERS] = N_ ("All tokens of a layer"),
  [EG_SWEEP_POSITIONS] = N_ ("One token in all layers"),
  [EG_SWEEP_CARRY] = N_ ("A layer’s state from a token on"),
};

static const char *const directions[EG_N_DIRECTIONS] = {
  [EG_DIRECTION_RESTORE] = N_ ("Restore what corruption destroyed"),
  [EG_DIRECTION_DAMAGE] = N_ ("Damage the clean run"),
};

static EgSweep
get_sweep (EgRestoringRow *self)
{
  return (EgSweep)MIN (adw_combo_row_get_selected (self->sweep), EG_N_SWEEPS - 1);
}

static EgDirection
get_direction (EgRestoringRow *self)
{
  return (EgDirection)MIN (adw_combo_row_get_selected (self->direction), EG_N_DIRECTIONS - 1);
}

static const char *
get_text (GtkEntry *entry)
{
  return gtk_editable_get_text (GTK_EDITABLE (entry));
}

/* What the entries say, as on the command line. (transfer full) */
static char *
get_knockout (EgRestoringRow *self)
{
  const char *heads = gtk_widget_get_visible (self->heads_row) ? get_text (self->heads) : "";
  return g_strdup_printf ("%s:%s>%s%s%s", get_text (self->layers), get_text (self->from), get_text (self->to),
                          *heads != '\0' ? "@" : "", heads);
}

char *
eg_restoring_summarize (const EgTraceRequest *request)
{
  if (request->has_knockout)
    {
      g_autofree char *knockout = eg_knockout_to_text (&request->knockout);
      return g_strdup_printf ("%s · %s", _ ("Knock out"), knockout);
    }
  GString *text = g_string_new (_ (sweeps[request->sweep]));
  if (eg_trace_request_is_loss (request))
    g_string_append_printf (text, " · %s", _ (directions[request->direction]));
  if (eg_site_names_count (request->freeze) > 0)
    g_string_append_printf (text, " · %s", _ ("Frozen sites"));
  return g_string_free (text, FALSE);
}

/* (transfer full) */
static char *
summarize (EgRestoringRow *self)
{
  g_auto (GStrv) freeze = eg_site_chooser_get_names (self->freeze);
  const EgTraceRequest request
      = { .sweep = get_sweep (self), .direction = get_direction (self), .freeze = freeze };

  g_autofree char *knockout = get_knockout (self);
  if (gtk_switch_get_active (self->knockout))
    return g_strdup_printf ("%s · %s", _ ("Knock out"), knockout);
  return eg_restoring_summarize (&request);
}

/* Below the rows that it is about, which must not move away from the pointer that changes them; where those
 * are folded, in what is seen of them. */
static void
show_note (EgRestoringRow *self)
{
  g_autofree char *escaped = g_markup_escape_text (self->note != NULL ? self->note : "", -1);

  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->note_row), escaped);
  gtk_widget_set_visible (self->note_row, self->note != NULL);
}

/* A knockout has a sweep and a direction of its own; tokens in all layers have no window. */
static void
update (EgRestoringRow *self)
{
  const gboolean knockout = gtk_switch_get_active (self->knockout);

  gtk_widget_set_visible (self->heads_row, knockout && self->has_heads);
  g_autofree char *summary = summarize (self);
  gtk_widget_set_sensitive (self->window_row, get_sweep (self) != EG_SWEEP_POSITIONS);
  gtk_widget_set_sensitive (GTK_WIDGET (self->sweep), !knockout);
  gtk_widget_set_sensitive (GTK_WIDGET (self->direction), !knockout);
  gtk_widget_set_sensitive (self->freeze_row, !knockout);
  gtk_widget_set_visible (self->layers_row, knockout);
  gtk_widget_set_visible (self->from_row, knockout);
  gtk_widget_set_visible (self->to_row, knockout);
  show_note (self);
  g_autofree char *both = self->note != NULL && !adw_expander_row_get_expanded (ADW_EXPANDER_ROW (self))
                              ? g_strdup_printf ("%s\n%s", summary, self->note)
                              : g_steal_pointer (&summary);
  eg_field_message_show_row (ADW_EXPANDER_ROW (self), both, self->error);
}

static void
changed (EgRestoringRow *self)
{
  if (self->showing)
    return;
  update (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
on_changed (EgRestoringRow *self)
{
  changed (self);
}

static void
on_selected (GtkWidget *row, GParamSpec *pspec, gpointer data)
{
  changed (data);
}

/* What a knockout always is, and what it was before. */
static void
show_own_sweep (EgRestoringRow *self, gboolean knockout)
{
  if (knockout)
    {
      self->sweep_before = get_sweep (self);
      self->direction_before = get_direction (self);
    }
  adw_combo_row_set_selected (self->sweep, knockout ? EG_SWEEP_LAYERS : self->sweep_before);
  adw_combo_row_set_selected (self->direction, knockout ? EG_DIRECTION_DAMAGE : self->direction_before);
}

/* "3", "3-5" */
static void
show_range (GtkEntry *entry, gsize first, gsize last)
{
  g_autofree char *text
      = first == last ? g_strdup_printf ("%zu", first) : g_strdup_printf ("%zu-%zu", first, last);
  gtk_editable_set_text (GTK_EDITABLE (entry), text);
}

static void
show_knockout (EgRestoringRow *self, const EgKnockout *knockout)
{
  show_range (self->layers, knockout->layer_first, knockout->layer_last);
  show_range (self->from, knockout->from_first, knockout->from_last);
  show_range (self->to, knockout->to_first, knockout->to_last);
  if (knockout->head_end > 0)
    show_range (self->heads, knockout->head_first, knockout->head_end - 1);
  else
    gtk_editable_set_text (GTK_EDITABLE (self->heads), "");
}

static void
on_knockout (GtkSwitch *button, GParamSpec *pspec, gpointer data)
{
  EgRestoringRow *self = data;
  const gboolean empty
      = *get_text (self->layers) == '\0' && *get_text (self->from) == '\0' && *get_text (self->to) == '\0';

  if (self->showing)
    return;
  self->showing = TRUE;
  show_own_sweep (self, gtk_switch_get_active (button));
  if (gtk_switch_get_active (button) && empty && self->has_suggestion)
    show_knockout (self, &self->suggested);
  self->showing = FALSE;
  g_signal_emit (self, signals[KNOCKOUT], 0);
  changed (self);
}

static void
eg_restoring_row_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_RESTORING_ROW);
  G_OBJECT_CLASS (eg_restoring_row_parent_class)->dispose (object);
}

static void
eg_restoring_row_finalize (GObject *object)
{
  g_free (EG_RESTORING_ROW (object)->error);
  g_free (EG_RESTORING_ROW (object)->note);
  G_OBJECT_CLASS (eg_restoring_row_parent_class)->finalize (object);
}

static void
eg_restoring_row_class_init (EgRestoringRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_restoring_row_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_restoring_row_finalize;
  g_type_ensure (EG_TYPE_RUN_DRAWING);
  g_type_ensure (EG_TYPE_SITE_CHOOSER);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/restoring-row.ui");
  gtk_widget_class_bind_template_child (widget_class, EgRestoringRow, window);
  gtk_widget_class_bind_template_child (widget_class, EgRestoringRow, window_row);
  gtk_widget_class_bind_template_child (widget_class, EgRestoringRow, sweep);
  gtk_widget_class_bind_template_child (widget_class, EgRestoringRow, direction);
  gtk_widget_class_bind_template_child (widget_class, EgRestoringRow, freeze);
  gtk_widget_class_bind_template_child (widget_class, EgRestoringRow, freeze_row);
  gtk_widget_class_bind_template_child (widget_class, EgRestoringRow, knockout);
  gtk_widget_class_bind_template_child (widget_class, EgRestoringRow, layers);
  gtk_widget_class_bind_template_child (widget_class, EgRestoringRow, layers_row);
  gtk_widget_class_bind_template_child (widget_class, EgRestoringRow, from);
  gtk_widget_class_bind_template_child (widget_class, EgRestoringRow, from_row);
  gtk_widget_class_bind_template_child (widget_class, EgRestoringRow, to);
  gtk_widget_class_bind_template_child (widget_class, EgRestoringRow, to_row);
  gtk_widget_class_bind_template_child (widget_class, EgRestoringRow, heads);
  gtk_widget_class_bind_template_child (widget_class, EgRestoringRow, heads_row);
  gtk_widget_class_bind_template_child (widget_class, EgRestoringRow, note_row);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_knockout);
  signals[CHANGED] = g_signal_new ("changed", EG_TYPE_RESTORING_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
  signals[KNOCKOUT] = g_signal_new ("knockout", EG_TYPE_RESTORING_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 0);
}

static void
eg_restoring_row_init (EgRestoringRow *self)
{
  const char *sweep_titles[EG_N_SWEEPS], *direction_titles[EG_N_DIRECTIONS];

  for (EgSweep sweep = 0; sweep < EG_N_SWEEPS; sweep++)
    sweep_titles[sweep] = _ (sweeps[sweep]);
  for (EgDirection direction = 0; direction < EG_N_DIRECTIONS; direction++)
    direction_titles[direction] = _ (directions[direction]);
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (self, "notify::expanded", G_CALLBACK (update), NULL);
  self->showing = TRUE;
  eg_choices_set (self->sweep, sweep_titles, EG_N_SWEEPS);
  eg_choices_set (self->direction, direction_titles, EG_N_DIRECTIONS);
  self->showing = FALSE;
  update (self);
}

static gboolean
read_knockout (EgRestoringRow *self, EgKnockout *knockout, GError **error)
{
  g_autofree char *text = get_knockout (self);
  return eg_knockout_parse (text, knockout, error);
}

gboolean
eg_restoring_row_has_knockout (EgRestoringRow *self)
{
  g_return_val_if_fail (EG_IS_RESTORING_ROW (self), FALSE);

  return gtk_switch_get_active (self->knockout);
}

gboolean
eg_restoring_row_fill (EgRestoringRow *self, EgTraceRequest *request, GError **error)
{
  g_return_val_if_fail (EG_IS_RESTORING_ROW (self), FALSE);

  const gboolean knockout = eg_restoring_row_has_knockout (self);

  request->sweep = get_sweep (self);
  request->direction = get_direction (self);
  g_strfreev (request->freeze);
  request->freeze = knockout ? NULL : eg_site_chooser_get_names (self->freeze);
  request->window
      = request->sweep != EG_SWEEP_POSITIONS ? (guint)gtk_spin_button_get_value_as_int (self->window) : 1;
  request->has_knockout = knockout;
  request->knockout = (EgKnockout){ 0 };
  return !knockout || read_knockout (self, &request->knockout, error);
}

void
eg_restoring_row_show (EgRestoringRow *self, const EgTraceRequest *request)
{
  g_return_if_fail (EG_IS_RESTORING_ROW (self));

  self->showing = TRUE;
  self->sweep_before = EG_SWEEP_CELLS;
  self->direction_before = EG_DIRECTION_RESTORE;
  adw_combo_row_set_selected (self->sweep, request->sweep);
  adw_combo_row_set_selected (self->direction, request->direction);
  eg_site_chooser_set_names (self->freeze, request->freeze);
  if (request->sweep != EG_SWEEP_POSITIONS)
    gtk_spin_button_set_value (self->window, request->window);
  gtk_switch_set_active (self->knockout, request->has_knockout);
  if (request->has_knockout)
    show_knockout (self, &request->knockout);
  self->showing = FALSE;
  changed (self);
}

void
eg_restoring_row_set_family (EgRestoringRow *self, const EgFamily *family)
{
  g_return_if_fail (EG_IS_RESTORING_ROW (self));

  eg_site_chooser_set_family (self->freeze, family);
}

void
eg_restoring_row_set_error (EgRestoringRow *self, const char *error)
{
  g_return_if_fail (EG_IS_RESTORING_ROW (self));

  char *copy = g_strdup (error);
  g_free (self->error);
  self->error = copy;
  update (self);
}

void
eg_restoring_row_set_note (EgRestoringRow *self, const char *note)
{
  g_return_if_fail (EG_IS_RESTORING_ROW (self));

  char *copy = g_strdup (note);
  g_free (self->note);
  self->note = copy;
  update (self);
}

void
eg_restoring_row_set_has_heads (EgRestoringRow *self, gboolean has_heads)
{
  g_return_if_fail (EG_IS_RESTORING_ROW (self));

  if (self->has_heads == has_heads)
    return;
  self->has_heads = has_heads;
  update (self);
}

void
eg_restoring_row_suggest (EgRestoringRow *self, gsize n_layers, const EgPromptTokens *tokens)
{
  g_return_if_fail (EG_IS_RESTORING_ROW (self));

  const gsize first = (gsize)tokens->subject_first, last = (gsize)tokens->subject_last;

  self->has_suggestion = last + 1 < tokens->n;
  self->suggested = (EgKnockout){ .layer_last = n_layers - 1,
                                  .from_first = first,
                                  .from_last = last,
                                  .to_first = tokens->n - 1,
                                  .to_last = tokens->n - 1 };
}

void
eg_restoring_row_bind (EgRestoringRow *self, GSettings *settings)
{
  g_return_if_fail (EG_IS_RESTORING_ROW (self));

  g_settings_bind (settings, "restored-layers", self->window, "value", G_SETTINGS_BIND_DEFAULT);
}

void
eg_restoring_row_commit (EgRestoringRow *self)
{
  g_return_if_fail (EG_IS_RESTORING_ROW (self));

  gtk_spin_button_update (self->window);
}
