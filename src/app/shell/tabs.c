/* Pages in a tab view, the draft that goes with the one in front, and those that can still be brought back.
 */
#include "app/shell/tabs.h"

#include "app/shell/tab-titles.h"

#include <glib/gi18n.h>
#include <string.h>

/* What is shown longer than 10 s is on the disk, however slow that is. */
#define KEEP_EVERY_MS 4000

/* A page that was closed, and the place among the tabs that it had then. */
typedef struct
{
  EgTracePage *page;
  int position;
} ClosedPage;

static void
closed_page_free (gpointer data)
{
  g_object_unref (((ClosedPage *)data)->page);
  g_free (data);
}

struct _EgTabs
{
  GObject parent_instance;
  AdwTabView *view; /* NULL: the window has closed */
  EgDraft *draft;
  EgMessages *messages;
  GObject *look;
  EgUnsaved *unsaved;     /* NULL: nothing is kept */
  EgModel *model;         /* whose spelling the pages have; NULL: none's */
  EgTracePage *front;     /* to which the draft belongs; NULL: none */
  EgTracePage *automatic; /* traced by itself at the first start; only to be compared */
  GPtrArray *closed;      /* of ClosedPage: those that can still be brought back, the last one last */
  guint keep_timeout;     /* 0: nothing is under way */
};

enum
{
  CHANGED,
  TRACED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgTabs, eg_tabs, G_TYPE_OBJECT)

static EgTracePage *
get_nth_page (EgTabs *self, int i)
{
  return EG_TRACE_PAGE (adw_tab_page_get_child (adw_tab_view_get_nth_page (self->view, i)));
}

EgTracePage *
eg_tabs_get_front (EgTabs *self)
{
  g_return_val_if_fail (EG_IS_TABS (self), NULL);

  AdwTabPage *tab = self->view != NULL ? adw_tab_view_get_selected_page (self->view) : NULL;
  return tab != NULL ? EG_TRACE_PAGE (adw_tab_page_get_child (tab)) : NULL;
}

gboolean
eg_tabs_is_outdated (EgTabs *self)
{
  g_return_val_if_fail (EG_IS_TABS (self), FALSE);

  EgTracePage *page = eg_tabs_get_front (self);
  return page != NULL
         && eg_trace_page_is_outdated (page, eg_draft_get_model (self->draft),
                                       eg_draft_get_request (self->draft));
}

static gboolean
asks_the_same (const EgTraceRequest *a, const EgTraceRequest *b)
{
  return a != NULL && strcmp (a->prompt, b->prompt) == 0 && g_strcmp0 (a->subject, b->subject) == 0;
}

/* Of a map that another model has made, the panel shows what that one makes of the prompt. */
static void
update_origin (EgTabs *self, EgTracePage *page)
{
  const EgTraceResult *result = page != NULL ? eg_trace_page_get_result (page) : NULL;
  const gboolean other = result != NULL && eg_trace_page_is_of_other_model (page)
                         && asks_the_same (result->request, eg_draft_get_request (self->draft));

  eg_draft_set_origin (self->draft,
                       other ? eg_draft_origin_new (eg_trace_page_get_model (page), result->tokens) : NULL);
}

static void
tell_changed (EgTabs *self)
{
  EgTracePage *page = eg_tabs_get_front (self);

  if (page != NULL)
    eg_trace_page_set_outdated (page, eg_tabs_is_outdated (self));
  update_origin (self, page);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* What nobody has asked for is so only if it took so long that it was kept under way. */
static gboolean
is_worth_keeping (EgTabs *self, EgTracePage *page)
{
  return page != self->automatic || eg_trace_page_get_key (page) != NULL;
}

gboolean
eg_tabs_has_trace_to_lose (EgTabs *self)
{
  g_return_val_if_fail (EG_IS_TABS (self), FALSE);

  for (int i = 0; self->view != NULL && i < adw_tab_view_get_n_pages (self->view); i++)
    {
      EgTracePage *page = get_nth_page (self, i);
      if (eg_trace_page_get_state (page) == EG_TRACING_RUNNING && is_worth_keeping (self, page))
        return TRUE;
    }
  return FALSE;
}

char *
eg_tabs_tell_front_apart (EgTabs *self)
{
  g_return_val_if_fail (EG_IS_TABS (self), NULL);

  EgTracePage *page = eg_tabs_get_front (self);
  return page != NULL ? eg_tab_titles_tell_apart (self->view, page) : g_strdup ("");
}

/* ---- keeping ---- */

/* What is traced stays, whatever happens to the program, until it is saved or closed. */
static void
keep (EgTabs *self, EgTracePage *page)
{
  EgTraceResult *result = eg_trace_page_get_result (page);

  if (self->unsaved == NULL || result == NULL || !eg_trace_page_was_traced (page)
      || eg_trace_page_get_file_name (page) != NULL)
    return;
  if (eg_trace_page_get_key (page) == NULL)
    {
      g_autofree char *key = g_uuid_string_random ();
      eg_trace_page_set_key (page, key);
    }
  eg_unsaved_keep (self->unsaved, eg_trace_page_get_key (page), result, eg_trace_page_get_partial (page));
}

static void
keep_ended (EgTabs *self, EgTracePage *page)
{
  const EgTracingState state = eg_trace_page_get_state (page);

  if ((state == EG_TRACING_DONE || state == EG_TRACING_STOPPED || state == EG_TRACING_FAILED)
      && is_worth_keeping (self, page))
    keep (self, page);
}

/* FALSE: nothing is under way. */
static gboolean
keep_under_way (EgTabs *self)
{
  gboolean any = FALSE;

  for (int i = 0; i < adw_tab_view_get_n_pages (self->view); i++)
    if (eg_trace_page_get_state (get_nth_page (self, i)) == EG_TRACING_RUNNING)
      {
        keep (self, get_nth_page (self, i));
        any = TRUE;
      }
  return any;
}

static gboolean
on_keep_timeout (gpointer data)
{
  EgTabs *self = data;

  const gboolean any = keep_under_way (self);

  tell_changed (self);
  if (any)
    return G_SOURCE_CONTINUE;
  self->keep_timeout = 0;
  return G_SOURCE_REMOVE;
}

/* All that it has shown. */
static void
forget (EgTabs *self, EgTracePage *page)
{
  g_auto (GStrv) keys = eg_trace_page_get_keys (page);

  for (char **key = keys; *key != NULL && self->unsaved != NULL; key++)
    eg_unsaved_forget (self->unsaved, *key);
}

static void
set_file_name (EgTabs *self, EgTracePage *page, const char *file)
{
  eg_trace_page_set_file_name (page, file);
  eg_tab_titles_show (self->view);
  tell_changed (self);
}

void
eg_tabs_set_saved (EgTabs *self, EgTracePage *page, const char *file)
{
  g_return_if_fail (EG_IS_TABS (self) && EG_IS_TRACE_PAGE (page));

  const char *key = eg_trace_page_get_key (page);

  if (self->view == NULL)
    return;
  if (key != NULL && self->unsaved != NULL)
    eg_unsaved_forget (self->unsaved, key);
  eg_trace_page_set_key (page, NULL);
  set_file_name (self, page, file);
}

/* ---- adding and selecting ---- */

static void
on_page_changed (EgTracePage *page, gpointer data)
{
  EgTabs *self = data;

  if (self->view == NULL)
    return;
  keep_ended (self, page);
  if (eg_trace_page_get_state (page) == EG_TRACING_DONE && eg_trace_page_was_traced (page))
    g_signal_emit (self, signals[TRACED], 0, page);
  if (self->keep_timeout == 0 && eg_trace_page_get_state (page) == EG_TRACING_RUNNING)
    self->keep_timeout = g_timeout_add (KEEP_EVERY_MS, on_keep_timeout, self);
  eg_tab_titles_show (self->view);
  tell_changed (self);
}

static void
insert (EgTabs *self, EgTracePage *page, int position)
{
  adw_tab_view_insert (self->view, GTK_WIDGET (page), MIN (position, adw_tab_view_get_n_pages (self->view)));
  eg_tab_titles_show (self->view);
}

/* A new page, not yet in front. */
static EgTracePage *
add_page (EgTabs *self)
{
  static const char *const looks[] = { "colormap", "scale", "hatch-noise", "orientation", "analysis" };
  EgTracePage *page = EG_TRACE_PAGE (eg_trace_page_new ());

  for (gsize i = 0; i < G_N_ELEMENTS (looks); i++)
    g_object_bind_property (self->look, looks[i], page, looks[i], G_BINDING_SYNC_CREATE);
  g_signal_connect_object (page, "changed", G_CALLBACK (on_page_changed), self, 0);
  eg_trace_page_set_open_model (page, eg_draft_get_model (self->draft));
  insert (self, page, G_MAXINT);
  return page;
}

/* The panel shows what the page in front is about. */
static void
show_draft (EgTabs *self)
{
  const EgTraceRequest *now = eg_draft_get_request (self->draft);

  if (self->front == NULL || eg_trace_page_get_draft (self->front) == NULL)
    return;
  g_autoptr (EgTraceRequest) draft = eg_trace_request_copy (eg_trace_page_get_draft (self->front));
  /* What computed a file elsewhere says nothing of here. */
  if (!eg_trace_page_was_traced (self->front))
    draft->device = now->device;
  if (!eg_trace_request_equal (draft, now))
    eg_draft_show (self->draft, draft);
}

static void
select_page (EgTabs *self, EgTracePage *page)
{
  adw_tab_view_set_selected_page (self->view, adw_tab_view_get_page (self->view, GTK_WIDGET (page)));
  /* The first of all tabs was selected before there was anything to show. */
  if (page == self->front)
    show_draft (self);
}

/* A screen reader need not wander through the pages behind. */
static void
hide_pages_behind (EgTabs *self)
{
  for (int i = 0; i < adw_tab_view_get_n_pages (self->view); i++)
    {
      EgTracePage *page = get_nth_page (self, i);
      gtk_accessible_update_state (GTK_ACCESSIBLE (page), GTK_ACCESSIBLE_STATE_HIDDEN, page != self->front,
                                   -1);
    }
}

static void
on_page_selected (EgTabs *self)
{
  EgTracePage *page = eg_tabs_get_front (self);

  if (page == self->front)
    return;
  if (self->front != NULL && eg_trace_page_get_draft (self->front) != NULL)
    eg_trace_page_set_draft (self->front, eg_draft_get_request (self->draft));
  self->front = page;
  hide_pages_behind (self);
  show_draft (self);
  tell_changed (self);
}

/* A model's tokenizer may be that of files which were opened before. */
static void
spell_all (EgTabs *self, EgModel *model)
{
  for (int i = 0; i < adw_tab_view_get_n_pages (self->view); i++)
    {
      eg_trace_page_spell (get_nth_page (self, i), eg_model_get_tokenizer (model));
      eg_trace_page_set_open_model (get_nth_page (self, i), model);
    }
  g_clear_pointer (&self->model, eg_model_unref);
  self->model = eg_model_ref (model);
}

static void
on_draft_changed (EgTabs *self)
{
  EgModel *model = eg_draft_get_model (self->draft);
  EgTracePage *page = eg_tabs_get_front (self);

  if (self->view == NULL)
    return;
  if (model != NULL && model != self->model)
    spell_all (self, model);
  if (page != NULL)
    eg_trace_page_set_outdated (page, eg_tabs_is_outdated (self));
  update_origin (self, page);
}

/* ---- tracing ---- */

static EgTracePage *
page_for (EgTabs *self, const EgTraceRequest *request)
{
  EgTracePage *page = eg_tabs_get_front (self);

  if (page == NULL)
    return add_page (self);
  const gboolean running = eg_trace_page_get_state (page) == EG_TRACING_RUNNING;
  if (page == self->automatic || eg_trace_page_get_result (page) == NULL || !eg_tabs_is_outdated (self))
    return page;
  eg_trace_page_reset_draft (page);
  if (running && asks_the_same (eg_trace_page_get_draft (page), request))
    return page;
  if (running)
    eg_trace_page_stop (page);
  self->front = NULL; /* the draft is the new page's */
  return add_page (self);
}

void
eg_tabs_trace (EgTabs *self, EgEstimateUse use)
{
  g_return_if_fail (EG_IS_TABS (self) && self->view != NULL);

  const EgTraceRequest *request = eg_draft_get_request (self->draft);
  EgTracePage *page = page_for (self, request);
  const gboolean automatic = page == self->automatic;

  if (automatic && eg_trace_page_get_result (page) != NULL)
    self->automatic = NULL;
  eg_trace_page_start (page, eg_draft_get_model (self->draft), request, use);
  if (!automatic && eg_trace_page_can_go (page, -1))
    eg_messages_offer (self->messages, _ ("Tracing again; the result before is kept"), "win.undo-trace",
                       _ ("_Undo"), NULL, NULL);
  select_page (self, page);
}

/* The panel follows, unless something else stands there already. */
void
eg_tabs_go (EgTabs *self, int step)
{
  g_return_if_fail (EG_IS_TABS (self) && self->view != NULL);

  EgTracePage *page = eg_tabs_get_front (self);
  const gboolean outdated = eg_tabs_is_outdated (self);

  if (page == NULL)
    return;
  eg_trace_page_go (page, step);
  if (outdated)
    return;
  eg_trace_page_reset_draft (page);
  show_draft (self);
}

void
eg_tabs_add_automatic (EgTabs *self)
{
  g_return_if_fail (EG_IS_TABS (self) && self->view != NULL);

  self->automatic = add_page (self);
}

void
eg_tabs_claim (EgTabs *self)
{
  g_return_if_fail (EG_IS_TABS (self));

  if (eg_tabs_get_front (self) == self->automatic)
    self->automatic = NULL;
  tell_changed (self);
}

void
eg_tabs_show_result (
    EgTabs *self, EgTraceResult *result, EgSavedTrace *saved, const char *file, const char *key)
{
  g_return_if_fail (EG_IS_TABS (self));

  g_autoptr (EgSavedTrace) rest = saved;

  if (self->view == NULL)
    return;
  EgTracePage *page = add_page (self);
  eg_trace_page_set_key (page, key);
  eg_trace_page_show (page, result, g_steal_pointer (&rest));
  if (file != NULL)
    set_file_name (self, page, file);
  select_page (self, page);
}

/* ---- closing, and bringing back ---- */

static void
forget_closed (gpointer object)
{
  EgTabs *self = object;

  for (guint i = 0; i < self->closed->len; i++)
    forget (self, ((ClosedPage *)self->closed->pdata[i])->page);
  g_ptr_array_set_size (self->closed, 0);
}

static void
offer_undo (EgTabs *self, EgTracePage *page, int position)
{
  g_autofree char *name = eg_trace_page_describe (page);
  ClosedPage *closed = g_new (ClosedPage, 1);

  *closed = (ClosedPage){ g_object_ref (page), position };
  g_ptr_array_add (self->closed, closed);
  g_autofree char *text = self->closed->len == 1
                              ? g_strdup_printf (_ ("Closed %s"), name)
                              : g_strdup_printf (_ ("Closed %u traces"), self->closed->len);
  eg_messages_offer (self->messages, text, "win.reopen-tab", _ ("_Undo"), forget_closed, self);
}

static gboolean
on_close_page (AdwTabView *view, AdwTabPage *tab, gpointer data)
{
  EgTabs *self = data;
  g_autoptr (EgTracePage) page = g_object_ref (EG_TRACE_PAGE (adw_tab_page_get_child (tab)));
  const int position = adw_tab_view_get_page_position (view, tab);

  if (page == self->front)
    self->front = NULL;
  if (page == self->automatic)
    self->automatic = NULL;
  eg_trace_page_stop (page);
  adw_tab_view_close_page_finish (view, tab, TRUE);
  eg_tab_titles_show (view);
  if (eg_trace_page_get_result (page) != NULL)
    offer_undo (self, page, position);
  tell_changed (self);
  return GDK_EVENT_STOP;
}

void
eg_tabs_reopen (EgTabs *self)
{
  g_return_if_fail (EG_IS_TABS (self) && self->view != NULL);

  /* The last one first: each finds the tabs as they were when it was closed. */
  while (self->closed->len > 0)
    {
      ClosedPage *closed = g_ptr_array_steal_index (self->closed, self->closed->len - 1);
      eg_trace_page_set_open_model (closed->page, eg_draft_get_model (self->draft));
      insert (self, closed->page, closed->position);
      select_page (self, closed->page);
      closed_page_free (closed);
    }
}

gboolean
eg_tabs_close_front (EgTabs *self)
{
  g_return_val_if_fail (EG_IS_TABS (self) && self->view != NULL, FALSE);

  AdwTabPage *tab = adw_tab_view_get_selected_page (self->view);

  if (adw_tab_view_get_n_pages (self->view) <= 1 || tab == NULL)
    return FALSE;
  adw_tab_view_close_page (self->view, tab);
  return TRUE;
}

void
eg_tabs_close_others (EgTabs *self)
{
  g_return_if_fail (EG_IS_TABS (self) && self->view != NULL);

  AdwTabPage *tab = adw_tab_view_get_selected_page (self->view);

  if (tab != NULL)
    adw_tab_view_close_other_pages (self->view, tab);
}

/* The menu of a tab is about that tab. */
static void
on_tab_menu (AdwTabView *view, AdwTabPage *tab, gpointer data)
{
  if (tab != NULL)
    adw_tab_view_set_selected_page (view, tab);
}

/* ---- the object ---- */

void
eg_tabs_end (EgTabs *self)
{
  g_return_if_fail (EG_IS_TABS (self));

  if (self->view == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->view, self);
  g_clear_handle_id (&self->keep_timeout, g_source_remove);
  keep_under_way (self);
  for (int i = 0; i < adw_tab_view_get_n_pages (self->view); i++)
    eg_trace_page_stop (get_nth_page (self, i));
  g_clear_weak_pointer (&self->view);
  self->front = NULL;
  g_ptr_array_set_size (self->closed, 0);
}

static void
eg_tabs_dispose (GObject *object)
{
  EgTabs *self = EG_TABS (object);

  eg_tabs_end (self);
  g_clear_object (&self->draft);
  g_clear_object (&self->messages);
  g_clear_pointer (&self->model, eg_model_unref);
  G_OBJECT_CLASS (eg_tabs_parent_class)->dispose (object);
}

static void
eg_tabs_finalize (GObject *object)
{
  g_ptr_array_unref (EG_TABS (object)->closed);
  G_OBJECT_CLASS (eg_tabs_parent_class)->finalize (object);
}

static void
eg_tabs_class_init (EgTabsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = eg_tabs_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_tabs_finalize;
  signals[CHANGED]
      = g_signal_new ("changed", EG_TYPE_TABS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[TRACED] = g_signal_new ("traced", EG_TYPE_TABS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                  1, EG_TYPE_TRACE_PAGE);
}

static void
eg_tabs_init (EgTabs *self)
{
  self->closed = g_ptr_array_new_with_free_func (closed_page_free);
}

EgTabs *
eg_tabs_new (AdwTabView *view, EgDraft *draft, EgMessages *messages, GObject *look, EgUnsaved *unsaved)
{
  EgTabs *self = g_object_new (EG_TYPE_TABS, NULL);

  g_set_weak_pointer (&self->view, view);
  self->draft = g_object_ref (draft);
  self->messages = g_object_ref (messages);
  self->look = look;
  self->unsaved = unsaved;
  g_signal_connect_object (view, "notify::selected-page", G_CALLBACK (on_page_selected), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "close-page", G_CALLBACK (on_close_page), self, 0);
  g_signal_connect_object (view, "setup-menu", G_CALLBACK (on_tab_menu), self, 0);
  g_signal_connect_object (draft, "changed", G_CALLBACK (on_draft_changed), self, G_CONNECT_SWAPPED);
  return self;
}
