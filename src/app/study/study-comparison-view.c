/* Loads and compares two sides, and draws them as a figure has them, in the theme's colours. */
#include "app/study/study-comparison-view.h"

#include "app/parts/plot-style.h"

#include <glib/gi18n.h>
#include <math.h>

#define LEAST_DIFFERENCE 1e-9 /* less is none */
#define UNITS_PER_INCH   72.0 /* of a figure; here one is a pixel */

/* ---- both sides ---- */

/* FALSE where the study has no such relation. */
static gboolean
find_side (
    EgStudySide *side, const EgStudyValues *values, const char *relation, const char *site, GError **error)
{
  gsize found = 0;

  *side = (EgStudySide){ values, 0, -1 };
  if (site != NULL)
    eg_study_values_find_site (values, site, &side->site);
  if (relation == NULL)
    return TRUE;
  if (!eg_study_values_find_relation (values, relation, &found))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("No fact of the relation “%s” is known yet"),
                   relation);
      return FALSE;
    }
  side->relation = (gssize)found;
  return TRUE;
}

/* (transfer full) (nullable) */
static EgStudyValues *
load (const char *path, GError **error)
{
  g_autoptr (EgStudyFolder) folder = eg_study_folder_open (path, error);
  return folder != NULL ? eg_study_values_load (folder, error) : NULL;
}

EgStudyPair *
eg_study_pair_new (const char *const folders[2],
                   const char *const relations[2],
                   const char *site,
                   GError **error)
{
  g_autoptr (EgStudyPair) self = g_new0 (EgStudyPair, 1);
  EgStudySide a, b;

  g_atomic_ref_count_init (&self->refs);
  if ((self->a = load (folders[0], error)) == NULL || (self->b = load (folders[1], error)) == NULL
      || !find_side (&a, self->a, relations[0], site, error)
      || !find_side (&b, self->b, relations[1], site, error))
    return NULL;
  g_autofree char *name_a = eg_study_side_describe (&a, &b), *name_b = eg_study_side_describe (&b, &a);
  self->titles[0] = g_strconcat ("A: ", name_a, NULL);
  self->titles[1] = g_strconcat ("B: ", name_b, NULL);
  self->comparison = eg_study_comparison_new (&a, &b, EG_STATISTICS_RESAMPLES, error);
  return self->comparison != NULL ? g_steal_pointer (&self) : NULL;
}

EgStudyPair *
eg_study_pair_ref (EgStudyPair *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
eg_study_pair_unref (EgStudyPair *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_pointer (&self->comparison, eg_study_comparison_free);
  g_clear_pointer (&self->a, eg_study_values_free);
  g_clear_pointer (&self->b, eg_study_values_free);
  g_free (self->titles[0]);
  g_free (self->titles[1]);
  g_free (self);
}

char *
eg_study_pair_describe (const EgStudyPair *self, EgStudyQuantity quantity)
{
  const EgStudyComparison *it = self->comparison;
  const EgStatistics *most = NULL;
  EgRole role = 0;
  gsize row = 0;

  for (EgRole r = 0; r < EG_N_ROLES; r++)
    for (gsize l = 0; l < it->n_rows; l++)
      {
        const EgStatistics *of = it->difference[quantity][r];
        if (of->n > 0 && (most == NULL || fabs (of->mean[l]) > fabs (most->mean[row])))
          {
            most = of;
            role = r;
            row = l;
          }
      }
  g_autofree char *facts
      = it->is_paired ? g_strdup_printf (
            ngettext ("%zu fact that is in both", "%zu facts that are in both", it->n_a), it->n_a)
                      : g_strdup_printf (_ ("%zu and %zu facts"), it->n_a, it->n_b);
  if (most == NULL || fabs (most->mean[row]) < LEAST_DIFFERENCE)
    return g_steal_pointer (&facts);
  return g_strdup_printf (
      /* TRANSLATORS: the role of a token, as “Last subject token”; how deep, in percent of the layers; a
         difference and the ends of its interval; “40 facts that are in both”. */
      _ ("%s differs most, at %.0f%% of the depth: %+.3f (95%%: %+.3f to %+.3f) · %s"),
      eg_role_get_title (role), it->n_rows > 1 ? 100 * (double)row / (double)(it->n_rows - 1) : 0.0,
      most->mean[row], most->lower[row], most->upper[row], facts);
}

/* ---- the widget ---- */

struct _EgStudyComparisonView
{
  GtkBox parent_instance;
  EgStudyPair *pair;
  EgStudyComparisonFigure figure;
  EgColormap colormap;
  GtkWidget *area;
};

G_DEFINE_FINAL_TYPE (EgStudyComparisonView, eg_study_comparison_view, GTK_TYPE_BOX)

static void
draw (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
  EgStudyComparisonView *self = data;
  EgFigureOptions options;
  const gboolean dark = adw_style_manager_get_dark (adw_style_manager_get_default ());

  eg_figure_options_init (&options);
  eg_heatmap_style_init_screen (&options.style, dark);
  eg_plot_style_heatmap (GTK_WIDGET (area), &options.style);
  options.style.colormap = self->colormap;
  options.style.font_size = eg_plot_style_fit_font (options.style.font_size, width);
  options.width = width / UNITS_PER_INCH;
  self->figure.dark = dark;
  self->figure.drawing.draw (self->figure.drawing.data, &options, cr, height,
                             gtk_widget_get_scale_factor (GTK_WIDGET (area)));
}

static void
eg_study_comparison_view_finalize (GObject *object)
{
  EgStudyComparisonView *self = EG_STUDY_COMPARISON_VIEW (object);

  eg_study_comparison_figure_clear (&self->figure);
  eg_study_pair_unref (self->pair);
  G_OBJECT_CLASS (eg_study_comparison_view_parent_class)->finalize (object);
}

static void
eg_study_comparison_view_class_init (EgStudyComparisonViewClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = eg_study_comparison_view_finalize;
}

static void
eg_study_comparison_view_init (EgStudyComparisonView *self)
{
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  gtk_box_set_spacing (GTK_BOX (self), 6);
  self->area = gtk_drawing_area_new ();
  gtk_widget_set_hexpand (self->area, TRUE);
  gtk_widget_set_vexpand (self->area, TRUE);
  gtk_widget_set_size_request (self->area, EG_PLOT_MIN_WIDTH, EG_PLOT_MIN_WIDTH);
  gtk_box_append (GTK_BOX (self), self->area);
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark",
                           G_CALLBACK (gtk_widget_queue_draw), self->area, G_CONNECT_SWAPPED);
}

GtkWidget *
eg_study_comparison_view_new (EgStudyPair *pair, EgStudyQuantity quantity, EgColormap colormap)
{
  EgStudyComparisonView *self = g_object_new (EG_TYPE_STUDY_COMPARISON_VIEW, NULL);
  g_autofree char *text = eg_study_pair_describe (pair, quantity);
  GtkWidget *label = gtk_label_new (text);

  self->pair = eg_study_pair_ref (pair);
  self->colormap = colormap;
  eg_study_comparison_figure_init (&self->figure, pair->comparison, quantity, pair->titles[0],
                                   pair->titles[1]);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (self->area), draw, self, NULL);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_set_can_focus (label, FALSE);
  gtk_widget_add_css_class (label, "numeric");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->area), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Two studies, their difference and their curves"), -1);
  gtk_accessible_update_relation (GTK_ACCESSIBLE (self->area), GTK_ACCESSIBLE_RELATION_DESCRIBED_BY, label,
                                  NULL, -1);
  gtk_box_append (GTK_BOX (self), label);
  return GTK_WIDGET (self);
}
