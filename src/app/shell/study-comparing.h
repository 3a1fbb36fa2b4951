/* "Compare With…" of a study: beside one of its relations, or another study. */
#pragma once

#include "app/parts/messages.h"
#include "app/study/study-page.h"

G_BEGIN_DECLS

/* Asks what the facts that are shown are to stand beside, and shows both in a window of their own; what goes
 * wrong is said. */
void
eg_study_comparing_ask (GtkWindow *window, EgStudying *studying, EgStudyPage *page, EgMessages *messages);

G_END_DECLS
