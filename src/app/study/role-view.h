/* What a study says, as a picture on the screen: the map of token roles by layers, or the curves of roles. A
 * place in it is pointed at by the pointer or the arrow keys, and said in words. */
#pragma once

#include "plot/study-map.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_ROLE_VIEW (eg_role_view_get_type ())

/* Property "picture": "map" or "curves". Signal "pointed" (): another place, or none. */
G_DECLARE_FINAL_TYPE (EgRoleView, eg_role_view, EG, ROLE_VIEW, GtkWidget)

/* summary: (nullable): nothing yet; neither it nor the settings are kept alive: others are shown before they
 * go. */
void eg_role_view_show (EgRoleView *self,
                        const EgStudySummary *summary,
                        const EgStudySettings *settings,
                        gsize site,
                        EgStudyQuantity quantity,
                        EgColormap colormap);

/* The place that is pointed at, "Last subject token, layer 4: 0.331 ± 0.040 (0.25 to 0.41), 65 facts"; NULL:
 * none. (transfer full) */
char *eg_role_view_get_text (EgRoleView *self);

/* Points at a place of the picture; role: only of the map. */
void eg_role_view_point (EgRoleView *self, gsize layer, EgRole role);

G_END_DECLS
