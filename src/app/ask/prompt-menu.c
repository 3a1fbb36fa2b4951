/* The examples, and what was traced before, as a menu that all windows share. */
#include "app/ask/prompt-menu.h"

#include "app/parts/menu-label.h"

#include <glib/gi18n.h>
#include <string.h>

#define HISTORY   "history"
#define MOST_KEPT 10

/* Of the notebook; not translated: the models speak English. */
static const struct
{
  const char *prompt, *subject;
} examples[] = {
  { "The Eiffel Tower is located in", "Eiffel Tower" },
  { "The Space Needle is located in downtown", "Space Needle" },
  { "The mother tongue of Angela Merkel is", "Angela Merkel" },
  { "Apple Inc. was founded by Steve", "Apple Inc" },
};

static void
append (GMenu *menu, const char *prompt, const char *subject)
{
  g_autofree char *label = eg_menu_label (prompt);
  g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);

  g_menu_item_set_action_and_target (item, "win.fill", "(ss)", prompt, subject);
  g_menu_append_item (menu, item);
}

static gboolean
is_example (const char *prompt, const char *subject)
{
  for (gsize i = 0; i < G_N_ELEMENTS (examples); i++)
    if (strcmp (prompt, examples[i].prompt) == 0 && strcmp (subject, examples[i].subject) == 0)
      return TRUE;
  return FALSE;
}

static void
on_history_changed (GSettings *settings, const char *key, gpointer data)
{
  GMenu *section = data;
  g_autoptr (GVariant) history = g_settings_get_value (settings, HISTORY);
  GVariantIter iter;
  const char *prompt, *subject;

  g_menu_remove_all (section);
  g_variant_iter_init (&iter, history);
  while (g_variant_iter_next (&iter, "(&s&s)", &prompt, &subject))
    append (section, prompt, subject);
}

GMenuModel *
eg_prompt_menu_get_default (GSettings *settings)
{
  static GMenu *menu;

  if (menu != NULL)
    return G_MENU_MODEL (menu);
  g_autoptr (GMenu) first = g_menu_new (), second = g_menu_new ();
  menu = g_menu_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (examples); i++)
    append (first, examples[i].prompt, examples[i].subject);
  g_menu_append_section (menu, _ ("Examples"), G_MENU_MODEL (first));
  if (settings == NULL)
    return G_MENU_MODEL (menu);
  g_menu_append_section (menu, _ ("Traced Before"), G_MENU_MODEL (second));
  g_signal_connect_object (settings, "changed::" HISTORY, G_CALLBACK (on_history_changed), second, 0);
  on_history_changed (settings, HISTORY, second);
  return G_MENU_MODEL (menu);
}

void
eg_prompt_menu_remember (GSettings *settings, const char *prompt, const char *subject)
{
  GVariantBuilder builder;
  GVariantIter iter;
  const char *old_prompt, *old_subject;

  if (settings == NULL || is_example (prompt, subject))
    return;
  g_autoptr (GVariant) history = g_settings_get_value (settings, HISTORY);
  gsize n = 1;
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(ss)"));
  g_variant_builder_add (&builder, "(ss)", prompt, subject);
  g_variant_iter_init (&iter, history);
  while (n < MOST_KEPT && g_variant_iter_next (&iter, "(&s&s)", &old_prompt, &old_subject))
    if (strcmp (old_prompt, prompt) != 0 || strcmp (old_subject, subject) != 0)
      {
        g_variant_builder_add (&builder, "(ss)", old_prompt, old_subject);
        n++;
      }
  g_settings_set_value (settings, HISTORY, g_variant_builder_end (&builder));
}

void
eg_prompt_menu_first (const char **prompt, const char **subject)
{
  *prompt = examples[0].prompt;
  *subject = examples[0].subject;
}
