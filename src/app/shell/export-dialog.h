/* How a figure is to be exported: which picture, in what format, how large, on which scale, with what around
 * it. */
#pragma once

#include "plot/figure.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_EXPORT_DIALOG (eg_export_dialog_get_type ())
G_DECLARE_FINAL_TYPE (EgExportDialog, eg_export_dialog, EG, EXPORT_DIALOG, AdwWindow)

/* Called with the file's ending ("svg") and the figure, whose texts live as long as the call; not when the
 * parent is gone. */
typedef void (*EgExportFunc) (const char *ending, const EgFigure *figure, gpointer user_data);

/* Shows the dialog over its parent. figure: what is proposed, with its style and pins; grid: of what;
 * settings: where choices are remembered, or NULL. */
void eg_export_dialog_show (GtkWindow *parent,
                            const EgFigure *figure,
                            EgTraceGrid *grid,
                            GSettings *settings,
                            EgExportFunc func,
                            gpointer user_data);

G_END_DECLS
