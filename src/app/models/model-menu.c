/* Lists models in a thread and remembers those that were opened. */
#include "app/models/model-menu.h"

#include "app/parts/hold.h"
#include "app/parts/menu-label.h"
#include "library/catalog.h"
#include "library/locate.h"

#include <glib/gi18n.h>
#include <string.h>

#define RECENT    "recent-models"
#define MOST_KEPT 6

struct _EgModelMenu
{
  GObject parent_instance;
  GSettings *settings;
  GMenu *menu, *recent, *found;
  GCancellable *listing; /* NULL: none under way */
};

G_DEFINE_FINAL_TYPE (EgModelMenu, eg_model_menu, G_TYPE_OBJECT)

/* ---- what is there: looked up in a thread, since folders may lie on a slow disk ---- */

typedef struct
{
  GStrv remembered;
  GStrv recent;     /* of the remembered, those that are there */
  GPtrArray *found; /* of EgModelEntry */
} Listing;

static void
listing_free (gpointer data)
{
  Listing *self = data;

  g_strfreev (self->remembered);
  g_strfreev (self->recent);
  g_clear_pointer (&self->found, g_ptr_array_unref);
  g_free (self);
}

static void
list_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Listing *self = task_data;
  g_autoptr (GStrvBuilder) recent = g_strv_builder_new ();

  for (char **folder = self->remembered; *folder != NULL; folder++)
    if (g_file_test (*folder, G_FILE_TEST_IS_DIR))
      g_strv_builder_add (recent, *folder);
  self->recent = g_strv_builder_end (recent);
  self->found = eg_model_list (NULL, cancellable, NULL);
  g_task_return_boolean (task, TRUE);
}

/* ---- the menu ---- */

static void
append (GMenu *menu, const char *label, const char *name)
{
  g_autofree char *text = eg_menu_label (label);
  g_autoptr (GMenuItem) item = g_menu_item_new (text, NULL);

  g_menu_item_set_action_and_target (item, "win.open-model-named", "s", name);
  g_menu_append_item (menu, item);
}

static void
show_found (EgModelMenu *self, const Listing *listing)
{
  g_menu_remove_all (self->found);
  for (guint i = 0; listing->found != NULL && i < listing->found->len; i++)
    {
      const EgModelEntry *entry = listing->found->pdata[i];
      if (entry->place == EG_PLACE_DEMO || entry->problem != NULL
          || g_strv_contains ((const char *const *)listing->recent, entry->folder))
        continue;
      g_autofree char *size = g_format_size (entry->n_bytes);
      g_autofree char *label = g_strdup_printf ("%s · %s", entry->name, size);
      append (self->found, label, entry->folder);
    }
}

static void
show_recent (EgModelMenu *self, char *const *folders)
{
  g_menu_remove_all (self->recent);
  for (; *folders != NULL; folders++)
    {
      g_autofree char *name = eg_model_get_name_of (*folders);
      append (self->recent, name, *folders);
    }
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  EgModelMenu *self = EG_MODEL_MENU (source);
  const Listing *listing = g_task_get_task_data (G_TASK (result));

  eg_program_release ();
  if (!g_task_propagate_boolean (G_TASK (result), NULL))
    return;
  g_clear_object (&self->listing);
  show_recent (self, listing->recent);
  show_found (self, listing);
}

static GStrv
get_remembered (EgModelMenu *self)
{
  return self->settings != NULL ? g_settings_get_strv (self->settings, RECENT) : g_new0 (char *, 1);
}

static GMenuModel *
make_tokenizer_menu (void)
{
  GMenu *menu = g_menu_new ();

  g_menu_append (menu, _ ("_GPT-NeoX’s"), "win.tokenizer::");
  g_menu_append (menu, _ ("_Open File…"), "win.choose-tokenizer");
  return G_MENU_MODEL (menu);
}

static void
eg_model_menu_class_init (EgModelMenuClass *klass)
{
}

static void
eg_model_menu_init (EgModelMenu *self)
{
  g_autoptr (GMenu) first = g_menu_new (), last = g_menu_new ();
  g_autoptr (GMenuModel) tokenizer = make_tokenizer_menu ();

  self->menu = g_menu_new ();
  self->recent = g_menu_new ();
  self->found = g_menu_new ();
  for (const EgDemo *demo = eg_demos; demo->name != NULL; demo++)
    append (first, _ (demo->title), demo->name);
  g_menu_append (first, _ ("_Open Folder…"), "win.open-model");
  g_menu_append (first, _ ("_Get a Model…"), "win.get-model");
  g_menu_append (last, _ ("_Verify…"), "win.verify-model");
  g_menu_append_submenu (last, _ ("_Tokenizer of Models Without One"), tokenizer);
  g_menu_append_section (self->menu, NULL, G_MENU_MODEL (first));
  g_menu_append_section (self->menu, _ ("Opened Before"), G_MENU_MODEL (self->recent));
  g_menu_append_section (self->menu, _ ("On This Computer"), G_MENU_MODEL (self->found));
  g_menu_append_section (self->menu, NULL, G_MENU_MODEL (last));
}

EgModelMenu *
eg_model_menu_get_default (GSettings *settings)
{
  static EgModelMenu *self;

  if (self == NULL)
    {
      self = g_object_new (EG_TYPE_MODEL_MENU, NULL);
      self->settings = settings != NULL ? g_object_ref (settings) : NULL;
    }
  return self;
}

GMenuModel *
eg_model_menu_get_menu (EgModelMenu *self)
{
  return G_MENU_MODEL (self->menu);
}

void
eg_model_menu_refresh (EgModelMenu *self)
{
  g_return_if_fail (EG_IS_MODEL_MENU (self));

  Listing *listing = g_new0 (Listing, 1);

  if (self->listing != NULL)
    g_cancellable_cancel (self->listing);
  g_clear_object (&self->listing);
  self->listing = g_cancellable_new ();
  listing->remembered = get_remembered (self);
  g_autoptr (GTask) task = g_task_new (self, self->listing, on_listed, NULL);
  g_task_set_task_data (task, listing, listing_free);
  eg_program_hold ();
  g_task_run_in_thread (task, list_in_thread);
}

void
eg_model_menu_remember (EgModelMenu *self, const char *folder)
{
  g_return_if_fail (EG_IS_MODEL_MENU (self));

  g_auto (GStrv) before = get_remembered (self);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gsize n = 1;

  gboolean is_demo = FALSE;

  for (const EgDemo *demo = eg_demos; demo->name != NULL && !is_demo; demo++)
    {
      g_autofree char *its_folder = eg_demo_get_folder (demo);
      is_demo = strcmp (folder, its_folder) == 0;
    }
  g_autofree char *usual = eg_demo_get_folder (&eg_demos[0]);
  if (self->settings != NULL)
    g_settings_set_string (self->settings, "last-model", strcmp (folder, usual) == 0 ? "" : folder);
  if (self->settings == NULL || is_demo)
    return;
  g_strv_builder_add (builder, folder);
  for (char **it = before; *it != NULL && n < MOST_KEPT; it++)
    if (strcmp (*it, folder) != 0)
      {
        g_strv_builder_add (builder, *it);
        n++;
      }
  g_auto (GStrv) now = g_strv_builder_end (builder);
  g_settings_set_strv (self->settings, RECENT, (const char *const *)now);
  show_recent (self, now);
}
