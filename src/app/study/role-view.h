/* What a study says, as a picture on the screen: the map of token roles by layers, or the curves of roles. */
#pragma once

#include "plot/colormap.h"
#include "study/summary.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_ROLE_VIEW (eg_role_view_get_type ())

/* Property "picture": "map" or "curves". */
G_DECLARE_FINAL_TYPE (EgRoleView, eg_role_view, EG, ROLE_VIEW, GtkWidget)

/* summary: (nullable): nothing yet; not kept alive: another one is shown before it goes. */
void eg_role_view_show (EgRoleView *self,
                        const EgStudySummary *summary,
                        gsize site,
                        EgStudyQuantity quantity,
                        EgColormap colormap);

G_END_DECLS
