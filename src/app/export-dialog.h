/* Saving a trace under a name: as a figure or as numbers, as the name's ending says. */
#pragma once

#include "plot/export.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* .svg .png .pdf: the heatmap; .npz .json .csv: the numbers. */
gboolean eg_export_result (const EgTraceResult *result,
                           const EgFigureOptions *options,
                           const char *path,
                           GError **error);

/* Called with the path that was written, or with what went wrong. */
typedef void (*EgExportedFunc) (const char *path, const GError *error, gpointer user_data);

/* Asks for a name and writes. ending: of the name that is proposed ("svg"). parent is given to func if it
 * lives. */
void eg_export_dialog_show (GtkWindow *parent,
                            EgTraceResult *result,
                            const EgFigureOptions *options,
                            const char *ending,
                            EgExportedFunc func);

G_END_DECLS
