/* The popover that explains the map, filled from its template. */
#include "app/page/map-help.h"

#include "app/page/run-drawing.h"

struct _EgMapHelp
{
  AdwBin parent_instance;
};

G_DEFINE_FINAL_TYPE (EgMapHelp, eg_map_help, ADW_TYPE_BIN)

static void
eg_map_help_class_init (EgMapHelpClass *klass)
{
  g_type_ensure (EG_TYPE_RUN_DRAWING);
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass),
                                               "/io/github/engram_app/Engram/map-help.ui");
}

static void
eg_map_help_init (EgMapHelp *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
