/* Writes results in a thread, so that a slow or full disk holds nobody up. */
#pragma once

#include "plot/export.h"
#include "trace/run/partial.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Writes what the path's ending says: .svg .png .pdf: the figure; .npz .json .csv: the numbers. The result
 * and the figure are copied. partial: (nullable): what an .npz of a result that is not complete can be gone
 * on from. figure: (nullable), where the ending is that of numbers. */
void eg_write_async (const EgTraceGrid *grid,
                     const EgTracePartial *partial,
                     const EgFigure *figure,
                     const char *path,
                     GAsyncReadyCallback callback,
                     gpointer user_data);

/* path: (out) (transfer full): where it was to be written. */
gboolean eg_write_finish (GAsyncResult *result, char **path, GError **error);

/* "Eiffel Tower.svg", without what no file name may have. suffix: of other pictures than the heatmap, or
 * NULL. (transfer full) */
char *eg_propose_name (const EgTraceResult *result, const char *suffix, const char *ending);

G_END_DECLS
