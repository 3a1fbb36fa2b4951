/* The popover that explains the map: texts for each method, and its drawing. */
#include "app/page/map-help.h"

#include "app/parts/run-drawing.h"
#include "trace/ask/site-names.h"

#include <glib/gi18n.h>
#include <string.h>

struct _EgMapHelp
{
  AdwBin parent_instance;

  GtkLabel *text, *scale;
  EgRunDrawing *drawing;
};

G_DEFINE_FINAL_TYPE (EgMapHelp, eg_map_help, ADW_TYPE_BIN)

static const char *const texts[EG_N_RUN_METHODS] = {
  [EG_RUN_NOISE] = N_ ("Each cell of the map is a run of its own. The subject is drowned in noise, so the "
                       "answer is lost; then "
                       "the state of one layer at one token is put back as it was. The more of the answer "
                       "returns, the more of "
                       "the fact passes through that state."),
  [EG_RUN_SWAP] = N_ (
      "Each cell of the map is a run of its own. Another subject stands in the place of the first one, so "
      "the "
      "answer is another; then the state of one layer at one token is put back as it was with the first. The "
      "more of the answer returns, the more that state tells the two subjects apart."),
  [EG_RUN_DAMAGE] = N_ (
      "Each cell of the map is a run of its own. The subject is as it should be, but the state of one layer "
      "at "
      "one token is that of the corrupted run. The more of the answer is lost, the more the model needs that "
      "state."),
  [EG_RUN_KNOCKOUT]
  = N_ ("Each bar is a run of its own. The subject is as it should be, but in some layers what its tokens "
        "write "
        "is not read by later ones. The more of the answer is lost, the more of the fact takes these paths."),
  [EG_RUN_FREEZE] = N_ (
      "Each cell of the map is a run of its own. The subject is drowned in noise; then the state of one "
      "layer "
      "at one token is put back, while the frozen sites keep the corrupted run’s values everywhere else: the "
      "paths through them are severed. What is still brought back takes other paths."),
};

/* What the colour bar's ends are. */
static const char *const scales[] = {
  N_ ("Layers go down, tokens go across; dashed lines mark the subject. Zero on the colour bar is the "
      "corrupted "
      "run, one the clean run."),
  N_ ("Layers go down, tokens go across; dashed lines mark the subject. Zero on the colour bar is the clean "
      "run, "
      "with nothing lost, one the corrupted run."),
};

static EgRunMethod
get_method (const EgTraceRequest *request)
{
  if (request->has_knockout)
    return EG_RUN_KNOCKOUT;
  if (eg_site_names_count (request->freeze) > 0)
    return EG_RUN_FREEZE;
  if (eg_trace_request_is_loss (request))
    return EG_RUN_DAMAGE;
  return request->corruption.kind == EG_CORRUPTION_SWAP ? EG_RUN_SWAP : EG_RUN_NOISE;
}

static void
eg_map_help_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_MAP_HELP);
  G_OBJECT_CLASS (eg_map_help_parent_class)->dispose (object);
}

static void
eg_map_help_class_init (EgMapHelpClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_map_help_dispose;
  g_type_ensure (EG_TYPE_RUN_DRAWING);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/map-help.ui");
  gtk_widget_class_bind_template_child (widget_class, EgMapHelp, text);
  gtk_widget_class_bind_template_child (widget_class, EgMapHelp, drawing);
  gtk_widget_class_bind_template_child (widget_class, EgMapHelp, scale);
}

static void
eg_map_help_init (EgMapHelp *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
eg_map_help_explain (EgMapHelp *self, const EgTraceRequest *request, EgColormap colormap)
{
  g_return_if_fail (EG_IS_MAP_HELP (self));

  const EgRunMethod method = get_method (request);

  gtk_label_set_text (self->text, _ (texts[method]));
  gtk_label_set_text (self->scale, _ (scales[eg_trace_request_is_loss (request)]));
  eg_run_drawing_set_method (self->drawing, method);
  eg_run_drawing_set_colormap (self->drawing, colormap);
}
