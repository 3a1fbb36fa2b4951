/* Studies on paper: maps of token roles by layers on one scale, and their curves with 95% intervals. */
#pragma once

#include "plot/figure.h"
#include "plot/study-map.h"

G_BEGIN_DECLS

/* As many maps as have their curves beside them; of more, there are maps alone. */
#define EG_STUDY_MAX_CURVES 6

/**
 * EgStudyPanel: one map: a study's site, of all facts or of a relation.
 * @title: above it, or %NULL
 */
typedef struct
{
  const EgStudySummary *summary;
  const EgStudySettings *settings;
  gsize site;
  const char *title;
} EgStudyPanel;

/**
 * EgStudyFigure: what makes a figure (figure.h) of panels, [n_panels ≥ 1], which it borrows. One panel has
 * its curves below; of several, each is a row, its curves at the right. Of the options' style, the size, the
 * fonts, the colours, the colour map and the limits count.
 * @grid: stands for what is drawn where a figure wants one
 */
typedef struct
{
  EgDrawing drawing;
  const EgStudyPanel *panels;
  gsize n_panels;
  EgStudyQuantity quantity;
  EgTraceGrid **maps;
} EgStudyFigure;

/* To be cleared after; its address must not change meanwhile. */
void eg_study_figure_init (EgStudyFigure *self,
                           const EgStudyPanel *panels,
                           gsize n_panels,
                           EgStudyQuantity quantity);
void eg_study_figure_clear (EgStudyFigure *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EgStudyFigure, eg_study_figure_clear)

/* "Facts by token role in demo" (transfer full) */
char *eg_study_figure_make_title (const EgStudyFigure *self);

/* The model, the method, how many facts, and what bands and hatching mean. (transfer full) */
char *eg_study_figure_make_caption (const EgStudyFigure *self, const EgHeatmapStyle *style);

G_END_DECLS
