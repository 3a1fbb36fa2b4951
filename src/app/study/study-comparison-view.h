/* Two studies, or two relations of one, beside each other on relative depth: both maps, their difference, and
 * their curves. */
#pragma once

#include "plot/study-comparison-figure.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EgStudyPair: what is compared, with all that it needs.
 * @a, @b: of both studies, or of the same one twice; @titles: of the sides
 */
typedef struct
{
  gatomicrefcount refs;
  EgStudyValues *a, *b;
  char *titles[2];
  EgStudyComparison *comparison;
} EgStudyPair;

/* Reads both folders and compares those facts of them that have a relation (NULL: all) at a site, or at its
 * first where it has no such one; takes a while. Errors of folders, and EG_ERROR_INVALID where they cannot be
 * compared. (transfer full) */
EgStudyPair *eg_study_pair_new (const char *const folders[2],
                                const char *const relations[2],
                                const char *site,
                                GError **error);
EgStudyPair *eg_study_pair_ref (EgStudyPair *self);
void eg_study_pair_unref (EgStudyPair *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgStudyPair, eg_study_pair_unref)

/* What is said below: the role with the largest difference, and over how many facts. (transfer full) */
char *eg_study_pair_describe (const EgStudyPair *self, EgStudyQuantity quantity);

#define EG_TYPE_STUDY_COMPARISON_VIEW (eg_study_comparison_view_get_type ())
G_DECLARE_FINAL_TYPE (EgStudyComparisonView, eg_study_comparison_view, EG, STUDY_COMPARISON_VIEW, GtkBox)

GtkWidget *eg_study_comparison_view_new (EgStudyPair *pair, EgStudyQuantity quantity, EgColormap colormap);

G_END_DECLS
