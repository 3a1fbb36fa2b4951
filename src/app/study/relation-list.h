/* The relations of a study, each with a small map of its facts' averages; the first line is of all facts. */
#pragma once

#include "app/study/study-findings.h"
#include "plot/colormap.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_RELATION_LIST (eg_relation_list_get_type ())

/* Signal "chosen" (const char *relation): a person wants to see this one; NULL: all facts. */
G_DECLARE_FINAL_TYPE (EgRelationList, eg_relation_list, EG, RELATION_LIST, AdwBin)

/* Shows a quantity at a site as it is known now; all small maps have one scale. */
void eg_relation_list_show (EgRelationList *self,
                            EgStudyFindings *findings,
                            gsize site,
                            EgStudyQuantity quantity,
                            EgColormap colormap);

G_END_DECLS
