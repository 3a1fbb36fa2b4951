/* A trace leaves the window: as numbers or a figure in a file, in the clipboard, on paper. */
#pragma once

#include "app/page/trace-page.h"
#include "app/parts/messages.h"

G_BEGIN_DECLS

#define EG_TYPE_EXPORTER (eg_exporter_get_type ())

/* Signal "saved" (EgTracePage *page, const char *name): its numbers are in a file of this name, which can be
 * opened again. Success and failure are shown to the person. */
G_DECLARE_FINAL_TYPE (EgExporter, eg_exporter, EG, EXPORTER, GObject)

/* window: over which dialogs appear; not kept alive. look: the object whose properties "colormap",
 * "scale", "hatch-noise" and "orientation" figures follow; the window, or as long alive. settings: where
 * choices are remembered, or NULL.
 */
EgExporter *eg_exporter_new (GtkWindow *window, EgMessages *messages, GObject *look, GSettings *settings);

/* Each of a page that has a result; the first two ask for a file. */
void eg_exporter_save (EgExporter *self, EgTracePage *page);
void eg_exporter_export (EgExporter *self, EgTracePage *page);
void eg_exporter_copy (EgExporter *self, EgTracePage *page);
void eg_exporter_copy_python (EgExporter *self, EgTracePage *page);
void eg_exporter_print (EgExporter *self, EgTracePage *page);

/* Writes what is shown, as the path's ending says. page: NULL, or without a result: says that there is
 * nothing. picture: a name of figure.h. */
void eg_exporter_export_to (EgExporter *self, EgTracePage *page, const char *path, const char *picture);

G_END_DECLS
