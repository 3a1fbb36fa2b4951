/* EgMapHelp: the button “What am I looking at?” and what it says. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_MAP_HELP (eg_map_help_get_type ())
G_DECLARE_FINAL_TYPE (EgMapHelp, eg_map_help, EG, MAP_HELP, AdwBin)

G_END_DECLS
