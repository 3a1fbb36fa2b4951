/* EgMapHelp: the button “What am I looking at?”, and behind it an explanation of the map with a drawing of
 * the runs that it is made of. */
#pragma once

#include "plot/colormap.h"
#include "trace/ask/request.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_MAP_HELP (eg_map_help_get_type ())
G_DECLARE_FINAL_TYPE (EgMapHelp, eg_map_help, EG, MAP_HELP, AdwBin)

/* Explains the map of this request, by its method, in the map's colours. */
void eg_map_help_explain (EgMapHelp *self, const EgTraceRequest *request, EgColormap colormap);

G_END_DECLS
