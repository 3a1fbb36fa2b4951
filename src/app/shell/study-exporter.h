/* What a study's window writes: its table and its pictures. */
#pragma once

#include "app/parts/messages.h"
#include "app/study/study-page.h"

G_BEGIN_DECLS

/* Each asks where to, writes in a thread, and says what became of it. The table as CSV: all facts, in the
 * order of the file. */
void eg_study_exporter_save (GtkWindow *window, EgStudying *studying, EgMessages *messages);
/* What is in front, for paper: .svg, .pdf or .png. */
void
eg_study_exporter_export (GtkWindow *window, EgStudying *studying, EgStudyPage *page, EgMessages *messages);

G_END_DECLS
