/* What the window's own files share: window.c (model, prompt, trace), window-tabs.c (its pages) and
 * window-files.c (files, clipboard, printer). */
#pragma once

#include "app/parts/banner.h"
#include "app/models/model-loader.h"
#include "app/models/model-menu.h"
#include "app/ask/prediction-list.h"
#include "app/ask/predictor.h"
#include "app/ask/prompt-panel.h"
#include "app/page/trace-page.h"
#include "app/ask/trace-settings.h"
#include "app/shell/window.h"

G_BEGIN_DECLS

struct _EgWindow
{
  AdwApplicationWindow parent_instance;
  EgModelLoader *loader;
  EgModelMenu *model_menu;
  EgPredictor *predictor;
  gboolean trace_when_loaded, target_valid, settings_valid;
  GSettings *remembered; /* NULL: nothing is */
  char *tokenizer;       /* of models without one; "": GPT-NeoX's */
  char *colormap, *orientation;
  gboolean normalized, analysis_shown;

  EgTracePage *front;     /* whose draft stands in the panel; NULL: none */
  EgTracePage *automatic; /* traced by itself at the first start; only to be compared */
  GPtrArray *closed;      /* of EgTracePage: those that can still be brought back */
  EgUnsaved *unsaved;     /* the application's; NULL: nothing is kept */
  GStrv left_behind;      /* keys of results of an earlier start that are offered, or were discarded */
  gboolean offering;      /* them, in the banner */

  AdwFlap *flap;
  AdwToastOverlay *toasts;
  AdwToast *toast; /* the one that is shown, of the overlay; or NULL */
  void (*toast_done) (EgWindow *self);
  GtkMenuButton *model_button;
  GtkWidget *cancel_button;
  GtkSpinner *model_spinner;
  GtkLabel *model_label;
  AdwWindowTitle *title;
  GtkButton *trace_button;
  GtkLabel *trace_label;
  GtkImage *trace_icon;
  GtkMenuButton *main_button;
  EgBanner *banner;
  GtkStack *content;
  AdwTabView *tabs;
  EgPromptPanel *prompt_panel;
  EgPredictionList *predictions;
  EgTraceSettings *settings;
};

/* ---- window.c ---- */

/* A text takes the place of the one before: toasts would queue, and be read too late. action and label: of
 * the toast's button, or NULL. done: called when the toast goes, or NULL; not before another text with the
 * same done goes, too. */
void eg_window_show_toast (
    EgWindow *self, const char *text, const char *action, const char *label, void (*done) (EgWindow *self));

/* An error, and the button that helps; or no button. */
void eg_window_show_error (EgWindow *self, const char *text, const char *action, const char *label);

/* Actions, title and tabs follow the front page. */
void eg_window_update (EgWindow *self);

/* What the panel asks for. (transfer full) */
EgTraceRequest *eg_window_make_request (EgWindow *self);

/* Puts a page's draft into the panel. */
void eg_window_show_request (EgWindow *self, const EgTraceRequest *request);

/* ---- window-tabs.c ---- */

/* The page in front. (nullable) */
EgTracePage *eg_window_get_page (EgWindow *self);

/* A new page, not yet in front. */
EgTracePage *eg_window_add_page (EgWindow *self);
void eg_window_select_page (EgWindow *self, EgTracePage *page);

/* What a page has that no other about the same subject and target has: the name of its file, or settings; ""
 * where nothing does. (transfer full) */
char *eg_window_tell_apart (EgWindow *self, EgTracePage *page);

/* All titles anew: what tells one apart depends on the others. */
void eg_window_show_tabs (EgWindow *self);

/* Where a request is traced: the page in front, if nothing there is lost by it, or a new one. */
EgTracePage *eg_window_page_for (EgWindow *self, const EgTraceRequest *request);

/* A model came, whose tokenizer may be that of files which were opened before. */
void eg_window_spell_all (EgWindow *self);

void eg_window_stop_all (EgWindow *self);
void eg_window_install_tabs (GtkWidgetClass *widget_class);

/* ---- window-files.c ---- */

/* The person closes the banner that offers. */
void eg_window_discard_recovery (EgWindow *self);
void eg_window_install_files (GtkWidgetClass *widget_class);
void eg_window_accept_drops (EgWindow *self);

G_END_DECLS
