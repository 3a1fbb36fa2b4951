/* The studies that were made before, the last one first: to be opened again. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_STUDY_LIST (eg_study_list_get_type ())

/* Signal "open" (const char *path): a person wants this one. Not visible while there is none. */
G_DECLARE_FINAL_TYPE (EgStudyList, eg_study_list, EG, STUDY_LIST, AdwBin)

/* Looks, in the background, at what is in a folder of studies. */
void eg_study_list_refresh (EgStudyList *self, const char *folder);

G_END_DECLS
