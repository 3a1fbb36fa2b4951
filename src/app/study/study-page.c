/* Puts table, maps and words of one study together, and renews them as it runs. */
#include "app/study/study-page.h"

#include "app/ask/settings-text.h"
#include "app/parts/duration-text.h"
#include "app/parts/flow-layout.h"
#include "app/study/fact-list.h"
#include "app/study/relation-list.h"
#include "app/study/role-view.h"
#include "library/locate.h"
#include "trace/ask/site-names.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define UPDATE_MS    100 /* between renewals of the words above */
#define NARROW       760 /* less wide, the facts stand above what they say */
#define SHARE_BESIDE 0.5 /* of the list */
#define SHARE_ABOVE  0.42

struct _EgStudyPage
{
  AdwBin parent_instance;
  EgStudying *studying;
  EgStudyFindings *findings;
  EgTraceRequest *draft; /* NULL: none yet */
  char *draft_model;
  EgColormap colormap;
  guint update_timeout, turn_idle;
  int width; /* for which the orientation is */

  GtkLabel *counts, *progress_label, *settings, *sentence, *none;
  GtkProgressBar *progress_bar;
  GtkPaned *paned;
  EgFactList *facts;
  GtkStackSwitcher *switcher;
  GtkDropDown *sites, *quantities;
  GtkStack *stack;
  EgRoleView *map, *curves;
  EgRelationList *relations;
};

enum
{
  PROP_0,
  PROP_COLORMAP,
};

enum
{
  OPEN_FACT,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgStudyPage, eg_study_page, ADW_TYPE_BIN)

/* ---- words above ---- */

/* Those states of which there are any. (transfer full) */
static char *
describe_counts (EgStudying *studying)
{
  static const EgFactRowState order[]
      = { EG_FACT_ROW_TRACED, EG_FACT_ROW_UNKNOWN, EG_FACT_ROW_UNAFFECTED, EG_FACT_ROW_FAILED };
  g_autoptr (GString) text = g_string_new (NULL);
  const gsize n_waiting = eg_studying_count (studying, EG_FACT_ROW_WAITING);
  gsize n = n_waiting;

  for (gsize i = 0; i < G_N_ELEMENTS (order); i++)
    n += eg_studying_count (studying, order[i]);
  g_string_append_printf (text, ngettext ("%'zu fact", "%'zu facts", n), n);
  for (gsize i = 0; i < G_N_ELEMENTS (order); i++)
    {
      const gsize count = eg_studying_count (studying, order[i]);
      static const char *const texts[] = {
        /* TRANSLATORS: of so many facts. */
        N_ ("%'zu traced"),
        /* TRANSLATORS: of so many facts: the model does not know them. */
        N_ ("%'zu not known"),
        /* TRANSLATORS: of so many facts: corrupting their subject changes nothing. */
        N_ ("%'zu unaffected"),
        /* TRANSLATORS: of so many facts: they could not be traced. */
        N_ ("%'zu failed"),
      };
      if (count == 0)
        continue;
      g_string_append (text, " · ");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
      g_string_append_printf (text, _ (texts[i]), count);
#pragma GCC diagnostic pop
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
count_facts (EgStudying *studying, gsize *done, gsize *total)
{
  const gsize waiting = eg_studying_count (studying, EG_FACT_ROW_WAITING);

  *done = 0;
  for (EgFactRowState state = EG_FACT_ROW_TRACED; state < EG_N_FACT_ROW_STATES; state++)
    *done += eg_studying_count (studying, state);
  *total = *done + waiting;
}

/* (transfer full) */
static char *
describe_progress (EgStudying *studying)
{
  gsize done, total;
  double rate, left;

  count_facts (studying, &done, &total);
  eg_studying_get_pace (studying, &rate, &left);
  switch (eg_studying_get_state (studying))
    {
    case EG_STUDYING_RUNNING:
      {
        g_autofree char *duration = left >= 0 ? eg_format_duration (left) : NULL;
        if (rate <= 0)
          return g_strdup_printf (_ ("%'zu of %'zu facts"), done, total);
        if (duration == NULL)
          return g_strdup_printf (_ ("%'zu of %'zu facts · %.3g facts/s"), done, total, rate);
        return g_strdup_printf (/* TRANSLATORS: “40 of 300 facts · 61 facts/s · 4 s left”. */
                                _ ("%'zu of %'zu facts · %.3g facts/s · %s left"), done, total, rate,
                                duration);
      }
    case EG_STUDYING_PAUSED:
      return g_strdup_printf (_ ("Paused at %'zu of %'zu facts"), done, total);
    case EG_STUDYING_FINISHED:
      /* TRANSLATORS: the state of a study, in place of how far it is. */
      return g_strdup (_ ("Finished"));
    case EG_STUDYING_READY:
      return g_strdup (_ ("Not started"));
    case EG_STUDYING_EMPTY:
    case EG_STUDYING_READING:
    default:
      return g_strdup ("");
    }
}

static void
update_words (EgStudyPage *self)
{
  const gboolean running = eg_studying_get_state (self->studying) == EG_STUDYING_RUNNING;
  g_autofree char *counts = describe_counts (self->studying);
  g_autofree char *progress = describe_progress (self->studying);
  gsize done, total;

  count_facts (self->studying, &done, &total);
  gtk_label_set_text (self->counts, counts);
  gtk_label_set_text (self->progress_label, progress);
  gtk_widget_set_visible (GTK_WIDGET (self->progress_bar), running);
  gtk_progress_bar_set_fraction (self->progress_bar, total > 0 ? (double)done / (double)total : 0);
}

static gboolean
on_update_timeout (gpointer data)
{
  EgStudyPage *self = data;

  self->update_timeout = 0;
  update_words (self);
  return G_SOURCE_REMOVE;
}

static void
on_progress (EgStudyPage *self)
{
  eg_fact_list_update (self->facts);
  if (self->update_timeout == 0)
    self->update_timeout = g_timeout_add (UPDATE_MS, on_update_timeout, self);
}

/* What makes the numbers, or would. */
static void
show_settings (EgStudyPage *self)
{
  const EgStudySettings *settings = eg_studying_get_settings (self->studying);
  const EgTraceRequest *request = settings != NULL ? settings->request : self->draft;
  const char *model = settings != NULL ? settings->model : self->draft_model;
  g_autoptr (GString) line = g_string_new (NULL);
  g_auto (GStrv) texts = request != NULL ? eg_settings_to_texts (request, NULL) : NULL;

  if (model != NULL && *model != '\0')
    g_string_append (line, eg_demo_find (model) != NULL ? _ (eg_demo_find (model)->label) : model);
  for (gsize i = 0; texts != NULL && texts[i] != NULL; i++)
    if (*texts[i] != '\0')
      g_string_append_printf (line, "%s%s", line->len > 0 ? " · " : "", texts[i]);
  if (settings != NULL && settings->is_estimated)
    /* TRANSLATORS: of a study: its numbers are estimates. */
    g_string_append_printf (line, " · %s", _ ("Estimated"));
  gtk_label_set_text (self->settings, line->str);
  gtk_widget_set_tooltip_text (
      GTK_WIDGET (self->settings),
      settings != NULL ? NULL : _ ("Model and settings are those of the window for traces"));
}

/* ---- findings ---- */

const EgStudySummary *
eg_study_page_get_shown (EgStudyPage *self, gsize *site, EgStudyQuantity *quantity)
{
  g_return_val_if_fail (EG_IS_STUDY_PAGE (self), NULL);

  const EgStudySummary *summary
      = eg_study_findings_get (self->findings, eg_fact_list_get_relation (self->facts));
  const guint chosen = gtk_drop_down_get_selected (self->sites);

  *site = summary != NULL && chosen < summary->n_sites ? chosen : 0;
  /* The first of the list is the last of the quantities: what papers show. */
  *quantity
      = (EgStudyQuantity)(EG_N_STUDY_QUANTITIES - 1 - MIN (gtk_drop_down_get_selected (self->quantities), 2));
  return summary;
}

GPtrArray *
eg_study_page_hold (EgStudyPage *self)
{
  g_return_val_if_fail (EG_IS_STUDY_PAGE (self), NULL);
  return eg_study_findings_hold (self->findings);
}

static gboolean
shows_curves (EgStudyPage *self)
{
  return g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), "curves") == 0;
}

EgColormap
eg_study_page_get_colormap (EgStudyPage *self)
{
  g_return_val_if_fail (EG_IS_STUDY_PAGE (self), EG_COLORMAP_RDYLBU_R);
  return self->colormap;
}

/* Of scores that say less where more was done. (transfer full) */
static char *
describe_lowest (const EgStatistics *best, EgRole role, const char *layers)
{
  const double mean = best->mean[best->peak], sem = best->sem[best->peak];

  if (isnan (sem))
    return g_strdup_printf (
        /* TRANSLATORS: the role of a token, as “Last subject token”; “layer 5”; a number. */
        _ ("%s: lowest at %s, %.3f"), eg_role_get_title (role), layers, mean);
  return g_strdup_printf (
      /* TRANSLATORS: the role of a token, as “Last subject token”; “layer 5”; a number and its error. */
      _ ("%s: lowest at %s, %.3f ± %.3f"), eg_role_get_title (role), layers, mean, sem);
}

/* "Most at layer 5 (4 to 6) in the last subject token: 0.62 ± 0.02, over 380 facts". (transfer full) */
static char *
describe_best (const EgStudySummary *summary, gsize site, EgStudyQuantity quantity)
{
  EgRole role;

  if (summary == NULL || !eg_study_summary_find_best (summary, site, quantity, &role))
    return g_strdup ("");
  const EgStatistics *best = eg_study_summary_get (summary, site, quantity, role);
  g_autofree char *layers
      = best->peak_lower >= 0 && best->peak_lower < best->peak_upper
            ? g_strdup_printf (/* TRANSLATORS: a layer, and the interval that holds it 95 times of 100. */
                               _ ("layer %zd (%zd to %zd)"), best->peak, best->peak_lower, best->peak_upper)
            : g_strdup_printf (_ ("layer %zd"), best->peak);
  if (best->kind == EG_PEAK_LOWEST)
    return describe_lowest (best, role, layers);
  if (isnan (best->sem[best->peak]))
    return g_strdup_printf (
        /* TRANSLATORS: the role of a token, as “Last subject token”; “layer 5”; a number. */
        _ ("%s: most at %s, %.3f"), eg_role_get_title (role), layers, best->mean[best->peak]);
  return g_strdup_printf (
      /* TRANSLATORS: the role of a token, as “Last subject token”; “layer 5”; a number and its error. */
      _ ("%s: most at %s, %.3f ± %.3f"), eg_role_get_title (role), layers, best->mean[best->peak],
      best->sem[best->peak]);
}

static void show_sentence (EgStudyPage *self);

static void
show_findings (EgStudyPage *self)
{
  gsize site;
  EgStudyQuantity quantity;

  if (self->findings == NULL)
    return;
  const EgStudySummary *summary = eg_study_page_get_shown (self, &site, &quantity);
  const EgStudySettings *settings = eg_studying_get_settings (self->studying);
  eg_role_view_show (self->map, summary, settings, site, quantity, self->colormap);
  eg_role_view_show (self->curves, summary, settings, site, quantity, self->colormap);
  eg_relation_list_show (self->relations, self->findings, site, quantity, self->colormap);
  gtk_widget_set_visible (GTK_WIDGET (self->none), summary == NULL || summary->n_facts == 0);
  show_sentence (self);
}

/* Of the place that is pointed at, or of the study. */
static void
show_sentence (EgStudyPage *self)
{
  gsize site;
  EgStudyQuantity quantity;
  const EgStudySummary *summary = eg_study_page_get_shown (self, &site, &quantity);
  g_autofree char *of_map = eg_role_view_get_text (self->map);
  g_autofree char *of_curves = eg_role_view_get_text (self->curves);
  g_autofree char *of_all = describe_best (summary, site, quantity);
  const char *of_place = shows_curves (self) ? of_curves : of_map;

  gtk_label_set_text (self->sentence, of_place != NULL ? of_place : of_all);
}

static void
on_relation_activated (EgRelationList *list, const char *relation, gpointer data)
{
  EgStudyPage *self = data;

  eg_fact_list_show_relation (self->facts, relation);
  gtk_stack_set_visible_child_name (self->stack, "map");
}

static void
on_open (EgFactList *list, EgFactRow *row, gpointer data)
{
  g_signal_emit (data, signals[OPEN_FACT], 0, row);
}

static void
fill_quantities (EgStudyPage *self)
{
  /* TRANSLATORS: what a study averages: the effect as a part of all that corruption took. */
  const char *const names[] = { _ ("Normalized effect"),
                                /* TRANSLATORS: what a study averages: score less corrupted probability. */
                                _ ("Effect"),
                                /* TRANSLATORS: what a study averages: the probability itself. */
                                _ ("Score"), NULL };
  g_autoptr (GtkStringList) list = gtk_string_list_new (names);

  gtk_drop_down_set_model (self->quantities, G_LIST_MODEL (list));
}

static void
fill_sites (EgStudyPage *self)
{
  const EgStudySettings *settings = eg_studying_get_settings (self->studying);
  g_autoptr (GtkStringList) list = gtk_string_list_new (NULL);

  for (gsize i = 0; settings != NULL && i < settings->n_sites; i++)
    gtk_string_list_append (list, eg_site_name_get_title (settings->sites[i]));
  gtk_drop_down_set_model (self->sites, G_LIST_MODEL (list));
  gtk_widget_set_visible (GTK_WIDGET (self->sites), settings != NULL && settings->n_sites > 1);
}

static void
on_rows_changed (EgStudyPage *self)
{
  eg_fact_list_set_rows (self->facts, eg_studying_get_rows (self->studying),
                         eg_studying_get_relations (self->studying));
  fill_sites (self);
  show_settings (self);
  update_words (self);
}

static void
on_state_changed (EgStudyPage *self)
{
  eg_fact_list_update (self->facts);
  show_settings (self);
  update_words (self);
}

/* ---- its width ---- */

/* A paned whose length changes moves its handle along, in proportion: so that it comes to stand where it is
 * wanted after the turn, it is put there before. */
static gboolean
on_turn (gpointer data)
{
  EgStudyPage *self = data;
  const GtkOrientation before = gtk_orientable_get_orientation (GTK_ORIENTABLE (self->paned));
  const int length = before == GTK_ORIENTATION_VERTICAL ? gtk_widget_get_height (GTK_WIDGET (self->paned))
                                                        : gtk_widget_get_width (GTK_WIDGET (self->paned));
  const gboolean narrow = self->width < NARROW;

  self->turn_idle = 0;
  gtk_paned_set_position (self->paned, (int)(length * (narrow ? SHARE_ABOVE : SHARE_BESIDE)));
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->paned),
                                  narrow ? GTK_ORIENTATION_VERTICAL : GTK_ORIENTATION_HORIZONTAL);
  return G_SOURCE_REMOVE;
}

/* No layout manager, which would hide the width from it. */
static void
eg_study_page_measure (GtkWidget *widget,
                       GtkOrientation orientation,
                       int for_size,
                       int *minimum,
                       int *natural,
                       int *minimum_baseline,
                       int *natural_baseline)
{
  gtk_widget_measure (adw_bin_get_child (ADW_BIN (widget)), orientation, for_size, minimum, natural,
                      minimum_baseline, natural_baseline);
}

/* Beside each other where there is room for both, else one above the other. */
static void
eg_study_page_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  EgStudyPage *self = EG_STUDY_PAGE (widget);
  const gboolean turns = self->width == 0 || (self->width < NARROW) != (width < NARROW);

  gtk_widget_allocate (adw_bin_get_child (ADW_BIN (self)), width, height, baseline, NULL);
  self->width = width;
  if (turns && self->turn_idle == 0)
    self->turn_idle = g_idle_add_full (G_PRIORITY_HIGH_IDLE, on_turn, self, NULL);
}

/* ---- the object ---- */

static void
eg_study_page_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_COLORMAP)
    g_value_set_string (value, eg_colormap_get_name (EG_STUDY_PAGE (object)->colormap));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
eg_study_page_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EgStudyPage *self = EG_STUDY_PAGE (object);

  if (id != PROP_COLORMAP)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  else if (eg_colormap_from_name (g_value_get_string (value), &self->colormap, NULL))
    show_findings (self);
}

static void
eg_study_page_dispose (GObject *object)
{
  EgStudyPage *self = EG_STUDY_PAGE (object);

  g_clear_handle_id (&self->update_timeout, g_source_remove);
  g_clear_handle_id (&self->turn_idle, g_source_remove);
  if (self->studying != NULL)
    g_signal_handlers_disconnect_by_data (self->studying, self);
  if (self->findings != NULL)
    g_signal_handlers_disconnect_by_data (self->findings, self);
  g_clear_object (&self->findings);
  g_clear_object (&self->studying);
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_STUDY_PAGE);
  G_OBJECT_CLASS (eg_study_page_parent_class)->dispose (object);
}

static void
eg_study_page_finalize (GObject *object)
{
  EgStudyPage *self = EG_STUDY_PAGE (object);

  g_clear_pointer (&self->draft, eg_trace_request_free);
  g_free (self->draft_model);
  G_OBJECT_CLASS (eg_study_page_parent_class)->finalize (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/study-page.ui");
  gtk_widget_class_bind_template_child (widget_class, EgStudyPage, counts);
  gtk_widget_class_bind_template_child (widget_class, EgStudyPage, progress_bar);
  gtk_widget_class_bind_template_child (widget_class, EgStudyPage, progress_label);
  gtk_widget_class_bind_template_child (widget_class, EgStudyPage, settings);
  gtk_widget_class_bind_template_child (widget_class, EgStudyPage, paned);
  gtk_widget_class_bind_template_child (widget_class, EgStudyPage, facts);
  gtk_widget_class_bind_template_child (widget_class, EgStudyPage, switcher);
  gtk_widget_class_bind_template_child (widget_class, EgStudyPage, sites);
  gtk_widget_class_bind_template_child (widget_class, EgStudyPage, quantities);
  gtk_widget_class_bind_template_child (widget_class, EgStudyPage, stack);
  gtk_widget_class_bind_template_child (widget_class, EgStudyPage, map);
  gtk_widget_class_bind_template_child (widget_class, EgStudyPage, curves);
  gtk_widget_class_bind_template_child (widget_class, EgStudyPage, relations);
  gtk_widget_class_bind_template_child (widget_class, EgStudyPage, sentence);
  gtk_widget_class_bind_template_child (widget_class, EgStudyPage, none);
  gtk_widget_class_bind_template_callback (widget_class, show_findings);
  gtk_widget_class_bind_template_callback (widget_class, show_sentence);
  gtk_widget_class_bind_template_callback (widget_class, on_relation_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_open);
}

static void
eg_study_page_class_init (EgStudyPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = eg_study_page_get_property;
  object_class->set_property = eg_study_page_set_property;
  object_class->dispose = eg_study_page_dispose;
  object_class->finalize = eg_study_page_finalize;
  widget_class->measure = eg_study_page_measure;
  widget_class->size_allocate = eg_study_page_size_allocate;
  g_object_class_install_property (
      object_class, PROP_COLORMAP,
      g_param_spec_string ("colormap", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
  g_type_ensure (EG_TYPE_FACT_LIST);
  g_type_ensure (EG_TYPE_FLOW_LAYOUT);
  g_type_ensure (EG_TYPE_RELATION_LIST);
  g_type_ensure (EG_TYPE_ROLE_VIEW);
  bind_template (widget_class);
  signals[OPEN_FACT] = g_signal_new ("open-fact", EG_TYPE_STUDY_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                     G_TYPE_NONE, 1, EG_TYPE_FACT_ROW);
}

static void
eg_study_page_init (EgStudyPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_set_layout_manager (GTK_WIDGET (self), NULL);
  gtk_widget_remove_css_class (GTK_WIDGET (self->switcher), "linked");
  fill_quantities (self);
}

void
eg_study_page_set_studying (EgStudyPage *self, EgStudying *studying)
{
  g_return_if_fail (EG_IS_STUDY_PAGE (self) && self->studying == NULL);

  self->studying = g_object_ref (studying);
  self->findings = eg_study_findings_new (studying);
  g_signal_connect_swapped (studying, "rows-changed", G_CALLBACK (on_rows_changed), self);
  g_signal_connect_swapped (studying, "state-changed", G_CALLBACK (on_state_changed), self);
  g_signal_connect_swapped (studying, "progress", G_CALLBACK (on_progress), self);
  g_signal_connect_swapped (self->findings, "changed", G_CALLBACK (show_findings), self);
  on_rows_changed (self);
}

void
eg_study_page_set_draft (EgStudyPage *self, const EgTraceRequest *request, const char *model)
{
  g_return_if_fail (EG_IS_STUDY_PAGE (self));

  g_clear_pointer (&self->draft, eg_trace_request_free);
  self->draft = eg_trace_request_copy (request);
  g_free (self->draft_model);
  self->draft_model = g_strdup (model);
  show_settings (self);
}

void
eg_study_page_find (EgStudyPage *self)
{
  g_return_if_fail (EG_IS_STUDY_PAGE (self));

  eg_fact_list_find (self->facts);
}
