/* A small map without words: token roles by layers. */
#pragma once

#include "plot/colormap.h"
#include "study/roles.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define EG_TYPE_ROLE_THUMB (eg_role_thumb_get_type ())
G_DECLARE_FINAL_TYPE (EgRoleThumb, eg_role_thumb, EG, ROLE_THUMB, GtkWidget)

GtkWidget *eg_role_thumb_new (void);

/* values: [EG_N_ROLES][n_layers], copied; NaN: nothing is drawn. low and high: the ends of the colours. */
void eg_role_thumb_set_values (
    EgRoleThumb *self, const double *values, gsize n_layers, double low, double high, EgColormap colormap);

G_END_DECLS
