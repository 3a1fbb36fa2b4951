/* A study and all that is shown of it: its facts at one side, what they say at the other. */
#pragma once

#include "app/study/study-findings.h"
#include "plot/colormap.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_STUDY_PAGE (eg_study_page_get_type ())

/* Property "colormap" (a name of colormap.h). Signal "open-fact" (EgFactRow *row): a person wants to see its
 * trace. */
G_DECLARE_FINAL_TYPE (EgStudyPage, eg_study_page, EG, STUDY_PAGE, AdwBin)

/* Once. */
void eg_study_page_set_studying (EgStudyPage *self, EgStudying *studying);

/* With which settings it would be begun, and on which model ("": none), as long as it has not been. */
void eg_study_page_set_draft (EgStudyPage *self, const EgTraceRequest *request, const char *model);

/* The keyboard goes to the search. */
void eg_study_page_find (EgStudyPage *self);

/* What is on the screen, to be drawn on paper. NULL where there is none yet. (transfer none): to the next
 * turn of the main loop. */
const EgStudySummary *eg_study_page_get_shown (EgStudyPage *self, gsize *site, EgStudyQuantity *quantity);
/* All summaries, of which that is one, to be kept. (transfer full) (nullable) */
GPtrArray *eg_study_page_hold (EgStudyPage *self);
EgColormap eg_study_page_get_colormap (EgStudyPage *self);

G_END_DECLS
