/* The traces of a window, a tab each: adding, selecting, closing, bringing back, and keeping what is not
 * saved.
 */
#pragma once

#include "app/ask/draft.h"
#include "app/page/trace-page.h"
#include "app/parts/messages.h"
#include "app/shell/unsaved.h"

G_BEGIN_DECLS

#define EG_TYPE_TABS (eg_tabs_get_type ())

/* Signal "changed" (): another page is in front, or it shows something else. The draft belongs to the page in
 * front: it is put away with it, and comes back with it; a page that shows other numbers than the draft asks
 * for steps back a little. Signal "traced" (EgTracePage *page): a trace of it has come to its end. */
G_DECLARE_FINAL_TYPE (EgTabs, eg_tabs, EG, TABS, GObject)

/* view: where the tabs are; not kept alive. look: has the properties "colormap", "scale", "hatch-noise",
 * "orientation" and "analysis", which all pages follow; must outlive the pages. unsaved: where results are
 * kept until they are saved, or NULL; must outlive the tabs. */
EgTabs *
eg_tabs_new (AdwTabView *view, EgDraft *draft, EgMessages *messages, GObject *look, EgUnsaved *unsaved);

/* Whether a trace is under way that somebody has asked for, or that has taken so long that it is kept. */
gboolean eg_tabs_has_trace_to_lose (EgTabs *self);

/* The window closes: traces end, and what they have and what was closed just now is kept. */
void eg_tabs_end (EgTabs *self);

/* The page in front. (transfer none) (nullable) */
EgTracePage *eg_tabs_get_front (EgTabs *self);

/* Whether it shows other numbers than the draft asks for. */
gboolean eg_tabs_is_outdated (EgTabs *self);

/* As eg_tab_titles_tell_apart(), of the page in front. (transfer full) */
char *eg_tabs_tell_front_apart (EgTabs *self);

/* Traces the draft, which can be traced: in the page in front, if nothing there is lost by it, or in a new
 * one. use: of estimates. */
void eg_tabs_trace (EgTabs *self, EgEstimateUse use);

/* Brings back what the page in front had shown before (step −1), or what came after it (1). */
void eg_tabs_go (EgTabs *self, int step);

/* A page for a trace that nobody has asked for: its result is not kept, and the next trace takes its place.
 */
void eg_tabs_add_automatic (EgTabs *self);

/* Somebody has asked for the trace in front: its result is kept even if it had begun by itself. */
void eg_tabs_claim (EgTabs *self);

/* Shows a result in a tab of its own, in front. file: the name of its file, or NULL; key: under which it is
 * kept, or NULL; saved: (transfer full): what it can go on from, or NULL. Nothing happens when the window has
 * closed. */
void eg_tabs_show_result (
    EgTabs *self, EgTraceResult *result, EgSavedTrace *saved, const char *file, const char *key);

/* The page's numbers are in a file of this name now, which can be opened again: they need not be kept. */
void eg_tabs_set_saved (EgTabs *self, EgTracePage *page, const char *file);

/* FALSE where there is no other tab: then it is the window that closes. */
gboolean eg_tabs_close_front (EgTabs *self);
void eg_tabs_close_others (EgTabs *self);

/* Brings back what was closed just now. */
void eg_tabs_reopen (EgTabs *self);

G_END_DECLS
