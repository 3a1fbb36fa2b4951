/* The window's tabs: one trace each. */
#include "app/shell/window-private.h"
#include "tokenizer/token-text.h"

#include <glib/gi18n.h>
#include <string.h>

EgTracePage *
eg_window_get_page (EgWindow *self)
{
  AdwTabPage *tab = self->tabs != NULL ? adw_tab_view_get_selected_page (self->tabs) : NULL;
  return tab != NULL ? EG_TRACE_PAGE (adw_tab_page_get_child (tab)) : NULL;
}

/* ---- what a tab shows of its page ---- */

/* A finished or stopped trace stays, whatever happens to the program, until it is saved or closed. */
static void
keep (EgWindow *self, EgTracePage *page)
{
  const EgTracingState state = eg_trace_page_get_state (page);
  EgTraceResult *result = eg_trace_page_get_result (page);

  if (self->unsaved == NULL || result == NULL || !eg_trace_page_was_traced (page) || page == self->automatic
      || (state != EG_TRACING_DONE && state != EG_TRACING_STOPPED))
    return;
  if (eg_trace_page_get_key (page) == NULL)
    {
      g_autofree char *key = g_uuid_string_random ();
      eg_trace_page_set_key (page, key);
    }
  eg_unsaved_keep (self->unsaved, eg_trace_page_get_key (page), result);
}

static EgTracePage *
get_nth_page (EgWindow *self, int i)
{
  return EG_TRACE_PAGE (adw_tab_page_get_child (adw_tab_view_get_nth_page (self->tabs, i)));
}

/* Joins the settings that are other ones than those of a page about the same. (transfer full) */
static char *
join_differences (EgWindow *self, EgTracePage *page)
{
  g_autofree char *title = eg_trace_page_describe (page);
  g_auto (GStrv) own = eg_trace_page_get_settings (page);
  g_autoptr (GString) text = g_string_new (NULL);
  const gsize n = own != NULL ? g_strv_length (own) : 0;
  g_autofree gboolean *differs = g_new0 (gboolean, n);

  for (int k = 0; n > 0 && k < adw_tab_view_get_n_pages (self->tabs); k++)
    {
      EgTracePage *other = get_nth_page (self, k);
      g_autofree char *other_title = eg_trace_page_describe (other);
      if (other == page || strcmp (title, other_title) != 0)
        continue;
      g_auto (GStrv) settings = eg_trace_page_get_settings (other);
      for (gsize i = 0; settings != NULL && i < n; i++)
        differs[i] = differs[i] || strcmp (own[i], settings[i]) != 0;
    }
  for (gsize i = 0; i < n; i++)
    if (differs[i] && *own[i] != '\0')
      g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", own[i]);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
eg_window_tell_apart (EgWindow *self, EgTracePage *page)
{
  const char *file = eg_trace_page_get_file_name (page);
  return file != NULL ? eg_text_quote (file) : join_differences (self, page);
}

static void
show_in_tab (EgWindow *self, EgTracePage *page)
{
  AdwTabPage *tab = adw_tab_view_get_page (self->tabs, GTK_WIDGET (page));
  g_autofree char *name = eg_trace_page_describe (page);
  g_autofree char *mark = eg_window_tell_apart (self, page);
  g_autofree char *settings = eg_trace_page_describe_settings (page);
  g_autofree char *tooltip = g_markup_escape_text (settings, -1);
  /* What tells it apart comes first: tabs show the beginning. */
  g_autofree char *title = *mark != '\0' ? g_strdup_printf ("%s · %s", mark, name) : g_strdup (name);

  if (strcmp (title, adw_tab_page_get_title (tab)) != 0)
    adw_tab_page_set_title (tab, title);
  if (g_strcmp0 (tooltip, adw_tab_page_get_tooltip (tab)) != 0)
    adw_tab_page_set_tooltip (tab, tooltip);
  adw_tab_page_set_loading (tab, eg_trace_page_get_state (page) == EG_TRACING_RUNNING);
}

void
eg_window_show_tabs (EgWindow *self)
{
  for (int i = 0; i < adw_tab_view_get_n_pages (self->tabs); i++)
    show_in_tab (self, get_nth_page (self, i));
}

static void
on_page_changed (EgTracePage *page, gpointer data)
{
  EgWindow *self = data;

  if (self->loader == NULL)
    return;
  keep (self, page);
  /* A page that was closed, and perhaps will be brought back, has none. */
  if (gtk_widget_get_parent (GTK_WIDGET (page)) != NULL)
    eg_window_show_tabs (self);
  eg_window_update (self);
}

/* ---- adding and selecting ---- */

static void
insert (EgWindow *self, EgTracePage *page)
{
  adw_tab_view_append (self->tabs, GTK_WIDGET (page));
  eg_window_show_tabs (self);
}

EgTracePage *
eg_window_add_page (EgWindow *self)
{
  EgTracePage *page = EG_TRACE_PAGE (eg_trace_page_new ());

  g_object_bind_property (self, "colormap", page, "colormap", G_BINDING_SYNC_CREATE);
  g_object_bind_property (self, "normalized", page, "normalized", G_BINDING_SYNC_CREATE);
  g_object_bind_property (self, "orientation", page, "orientation", G_BINDING_SYNC_CREATE);
  g_object_bind_property (self, "analysis", page, "analysis", G_BINDING_SYNC_CREATE);
  g_signal_connect_object (page, "changed", G_CALLBACK (on_page_changed), self, 0);
  insert (self, page);
  return page;
}

/* The panel shows what the page in front is about. */
static void
show_draft (EgWindow *self)
{
  if (self->front == NULL || eg_trace_page_get_draft (self->front) == NULL)
    return;
  g_autoptr (EgTraceRequest) draft = eg_trace_request_copy (eg_trace_page_get_draft (self->front));
  g_autoptr (EgTraceRequest) now = eg_window_make_request (self);
  /* What computed a file elsewhere says nothing of here. */
  if (!eg_trace_page_was_traced (self->front))
    draft->device = now->device;
  if (!eg_trace_request_equal (draft, now))
    eg_window_show_request (self, draft);
}

void
eg_window_select_page (EgWindow *self, EgTracePage *page)
{
  adw_tab_view_set_selected_page (self->tabs, adw_tab_view_get_page (self->tabs, GTK_WIDGET (page)));
  /* The first of all tabs was selected before there was anything to show. */
  if (page == self->front)
    show_draft (self);
}

static gboolean
asks_the_same (const EgTraceRequest *a, const EgTraceRequest *b)
{
  return a != NULL && strcmp (a->prompt, b->prompt) == 0 && g_strcmp0 (a->subject, b->subject) == 0;
}

EgTracePage *
eg_window_page_for (EgWindow *self, const EgTraceRequest *request)
{
  EgTracePage *page = eg_window_get_page (self);

  if (page == NULL)
    return eg_window_add_page (self);
  const gboolean outdated
      = eg_trace_page_is_outdated (page, eg_model_loader_get_model (self->loader), request);
  const gboolean running = eg_trace_page_get_state (page) == EG_TRACING_RUNNING;
  if (page == self->automatic || eg_trace_page_get_result (page) == NULL || !outdated)
    return page;
  eg_trace_page_reset_draft (page);
  if (running && asks_the_same (eg_trace_page_get_draft (page), request))
    return page;
  if (running)
    eg_trace_page_stop (page);
  self->front = NULL; /* what stands in the panel is the new page's */
  return eg_window_add_page (self);
}

/* A screen reader need not wander through the pages behind. */
static void
hide_pages_behind (EgWindow *self)
{
  for (int i = 0; i < adw_tab_view_get_n_pages (self->tabs); i++)
    {
      GtkWidget *page = adw_tab_page_get_child (adw_tab_view_get_nth_page (self->tabs, i));
      gtk_accessible_update_state (GTK_ACCESSIBLE (page), GTK_ACCESSIBLE_STATE_HIDDEN,
                                   page != GTK_WIDGET (self->front), -1);
    }
}

/* The panel belongs to the page in front. */
static void
on_page_selected (AdwTabView *tabs, GParamSpec *pspec, gpointer data)
{
  EgWindow *self = data;
  EgTracePage *page = eg_window_get_page (self);

  if (page == self->front)
    return;
  if (self->front != NULL && eg_trace_page_get_draft (self->front) != NULL)
    {
      g_autoptr (EgTraceRequest) draft = eg_window_make_request (self);
      eg_trace_page_set_draft (self->front, draft);
    }
  self->front = page;
  hide_pages_behind (self);
  show_draft (self);
  eg_window_update (self);
}

void
eg_window_spell_all (EgWindow *self)
{
  EgTokenizer *tokenizer = eg_model_get_tokenizer (eg_model_loader_get_model (self->loader));

  for (int i = 0; i < adw_tab_view_get_n_pages (self->tabs); i++)
    eg_trace_page_spell (get_nth_page (self, i), tokenizer);
}

void
eg_window_stop_all (EgWindow *self)
{
  for (int i = 0; i < adw_tab_view_get_n_pages (self->tabs); i++)
    eg_trace_page_stop (get_nth_page (self, i));
}

/* ---- closing, and bringing back ---- */

static void
forget_closed (EgWindow *self)
{
  for (guint i = 0; i < self->closed->len; i++)
    {
      const char *key = eg_trace_page_get_key (self->closed->pdata[i]);
      if (key != NULL && self->unsaved != NULL)
        eg_unsaved_forget (self->unsaved, key);
    }
  g_ptr_array_set_size (self->closed, 0);
}

static void
offer_undo (EgWindow *self, EgTracePage *page)
{
  g_autofree char *name = eg_trace_page_describe (page);

  g_ptr_array_add (self->closed, g_object_ref (page));
  g_autofree char *text = self->closed->len == 1
                              ? g_strdup_printf (_ ("Closed %s"), name)
                              : g_strdup_printf (_ ("Closed %u traces"), self->closed->len);
  eg_window_show_toast (self, text, "win.reopen-tab", _ ("_Undo"), forget_closed);
}

static gboolean
on_close_page (AdwTabView *tabs, AdwTabPage *tab, gpointer data)
{
  EgWindow *self = data;
  g_autoptr (EgTracePage) page = g_object_ref (EG_TRACE_PAGE (adw_tab_page_get_child (tab)));

  if (page == self->front)
    self->front = NULL;
  if (page == self->automatic)
    self->automatic = NULL;
  eg_trace_page_stop (page);
  adw_tab_view_close_page_finish (tabs, tab, TRUE);
  eg_window_show_tabs (self);
  if (eg_trace_page_get_result (page) != NULL)
    offer_undo (self, page);
  eg_window_update (self);
  return GDK_EVENT_STOP;
}

static void
reopen_tab_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);

  while (self->closed->len > 0)
    {
      g_autoptr (EgTracePage) page = g_ptr_array_steal_index (self->closed, 0);
      insert (self, page);
      eg_window_select_page (self, page);
    }
}

static void
close_tab_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);
  AdwTabPage *tab = adw_tab_view_get_selected_page (self->tabs);

  if (adw_tab_view_get_n_pages (self->tabs) <= 1 || tab == NULL)
    gtk_window_close (GTK_WINDOW (self));
  else
    adw_tab_view_close_page (self->tabs, tab);
}

static void
close_others_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);
  AdwTabPage *tab = adw_tab_view_get_selected_page (self->tabs);

  if (tab != NULL)
    adw_tab_view_close_other_pages (self->tabs, tab);
}

/* The menu of a tab is about that tab. */
static void
on_tab_menu (AdwTabView *tabs, AdwTabPage *tab, gpointer data)
{
  if (tab != NULL)
    adw_tab_view_set_selected_page (tabs, tab);
}

void
eg_window_install_tabs (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.close-tab", NULL, close_tab_action);
  gtk_widget_class_install_action (widget_class, "win.close-others", NULL, close_others_action);
  gtk_widget_class_install_action (widget_class, "win.reopen-tab", NULL, reopen_tab_action);
  gtk_widget_class_bind_template_callback (widget_class, on_page_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_close_page);
  gtk_widget_class_bind_template_callback (widget_class, on_tab_menu);
}
