/* Titles and tooltips of tabs: subject and target, and then what differs from other tabs. */
#include "app/shell/tab-titles.h"

#include "tokenizer/token-text.h"

#include <string.h>

static EgTracePage *
get_nth_page (AdwTabView *view, int i)
{
  return EG_TRACE_PAGE (adw_tab_page_get_child (adw_tab_view_get_nth_page (view, i)));
}

/* Joins the settings that are other ones than those of a page about the same. (transfer full) */
static char *
join_differences (AdwTabView *view, EgTracePage *page)
{
  g_autofree char *title = eg_trace_page_describe (page);
  g_auto (GStrv) own = eg_trace_page_get_settings (page);
  g_autoptr (GString) text = g_string_new (NULL);
  const gsize n = own != NULL ? g_strv_length (own) : 0;
  g_autofree gboolean *differs = g_new0 (gboolean, n);

  for (int k = 0; n > 0 && k < adw_tab_view_get_n_pages (view); k++)
    {
      EgTracePage *other = get_nth_page (view, k);
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
eg_tab_titles_tell_apart (AdwTabView *view, EgTracePage *page)
{
  const char *file = eg_trace_page_get_file_name (page);
  return file != NULL ? eg_text_quote (file) : join_differences (view, page);
}

static void
show_in_tab (AdwTabView *view, EgTracePage *page)
{
  AdwTabPage *tab = adw_tab_view_get_page (view, GTK_WIDGET (page));
  g_autofree char *name = eg_trace_page_describe_briefly (page);
  g_autofree char *mark = eg_tab_titles_tell_apart (view, page);
  g_autofree char *settings = eg_trace_page_describe_settings (page);
  g_autofree char *tooltip = g_markup_escape_text (settings, -1);
  /* What it is about comes first, however much tells it apart: all of that is in the tooltip. */
  g_autofree char *title = *mark != '\0' ? g_strdup_printf ("%s · %s", name, mark) : g_strdup (name);

  if (strcmp (title, adw_tab_page_get_title (tab)) != 0)
    adw_tab_page_set_title (tab, title);
  if (g_strcmp0 (tooltip, adw_tab_page_get_tooltip (tab)) != 0)
    adw_tab_page_set_tooltip (tab, tooltip);
  adw_tab_page_set_loading (tab, eg_trace_page_get_state (page) == EG_TRACING_RUNNING);
}

void
eg_tab_titles_show (AdwTabView *view)
{
  for (int i = 0; i < adw_tab_view_get_n_pages (view); i++)
    show_in_tab (view, get_nth_page (view, i));
}
