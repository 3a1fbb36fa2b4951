/* Puts shards together. */
#include "study/merge.h"

#include "core/error.h"
#include "study/results-file.h"

#include <glib/gi18n.h>

static GPtrArray *
open_shards (char *const *folders, GError **error)
{
  g_autoptr (GPtrArray) shards = g_ptr_array_new_with_free_func ((GDestroyNotify)eg_study_folder_unref);
  for (gsize i = 0; folders[i] != NULL; i++)
    {
      EgStudyFolder *shard = eg_study_folder_open (folders[i], error);
      if (shard == NULL)
        return NULL;
      g_ptr_array_add (shards, shard);
    }
  return g_steal_pointer (&shards);
}

/* Against those before it. a: what they say together */
static gboolean
check_same_study (const EgStudySettings *a, EgStudyFolder *first, EgStudyFolder *shard, GError **error)
{
  const EgStudySettings *b = eg_study_folder_get_settings (shard);
  g_autofree char *different = eg_study_settings_compare (a, b);
  if (different == NULL && a->n_shards != b->n_shards)
    different = g_strdup ("--shard");
  /* TRANSLATORS: two folders, and “the model”, “the facts” or an option of the command line. */
  return different == NULL
         || eg_error_invalid (error, _ ("“%s” and “%s” are not of one study: they differ in %s"),
                              eg_study_folder_get_path (first), eg_study_folder_get_path (shard), different);
}

static gboolean
check_done (EgStudyFolder *shard, GError **error)
{
  const gsize done = eg_study_folder_count_done (shard), n = eg_study_folder_count_facts (shard);
  return done == n
         || eg_error_invalid (error, _ ("The shard in “%s” is not complete: %zu of its %zu facts are done"),
                              eg_study_folder_get_path (shard), done, n);
}

/* Puts them into the order of their numbers; each must be there once. */
static gboolean
check_shards (GPtrArray *shards, EgStudyFolder **ordered, GError **error)
{
  EgStudyFolder *first = shards->pdata[0];
  g_autoptr (EgStudySettings) known = eg_study_settings_copy (eg_study_folder_get_settings (first));
  const gsize n = known->n_shards;
  for (guint i = 0; i < shards->len; i++)
    {
      EgStudyFolder *shard = shards->pdata[i];
      if (!check_same_study (known, first, shard, error) || !check_done (shard, error))
        return FALSE;
      eg_study_settings_learn (known, eg_study_folder_get_settings (shard));
      const gsize number = eg_study_folder_get_settings (shard)->shard;
      if (ordered[number - 1] != NULL)
        return eg_error_invalid (error, _ ("“%s” and “%s” are the same shard, %zu of %zu"),
                                 eg_study_folder_get_path (ordered[number - 1]),
                                 eg_study_folder_get_path (shard), number, n);
      ordered[number - 1] = shard;
    }
  for (gsize i = 0; i < n; i++)
    if (ordered[i] == NULL)
      return eg_error_invalid (error, _ ("Shard %zu of %zu is missing"), i + 1, n);
  return TRUE;
}

static gboolean
copy_facts (
    EgStudyFolder **ordered, gsize n_shards, EgStudyFolder *whole, GHashTable *computers, GError **error)
{
  const gsize n = eg_study_folder_count_facts (whole);
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (EgStudyFact) fact = NULL;
      if (!eg_study_folder_get (ordered[i % n_shards], i / n_shards, &fact, error))
        return FALSE;
      g_hash_table_add (computers, g_strdup (fact->computer));
      if (!eg_study_folder_add (whole, fact, error))
        return FALSE;
    }
  return TRUE;
}

static char *
make_note (GHashTable *computers)
{
  if (g_hash_table_size (computers) < 2)
    return NULL;
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (computers), (GCompareFunc)g_strcmp0);
  g_autoptr (GString) list = g_string_new (NULL);
  for (GList *l = names; l != NULL; l = l->next)
    g_string_append_printf (list, "%s%s", list->len > 0 ? " | " : "", (char *)l->data);
  return g_strdup_printf (
      _ ("The shards were computed by different computers, whose last bits may differ: %s"), list->str);
}

gboolean
eg_study_merge (char *const *folders, const char *path, char **note, GError **error)
{
  g_autoptr (GHashTable) computers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  *note = NULL;
  g_autoptr (GPtrArray) shards = open_shards (folders, error);
  if (shards == NULL)
    return FALSE;
  g_return_val_if_fail (shards->len > 0, FALSE);
  const gsize n = eg_study_folder_get_settings (shards->pdata[0])->n_shards;
  g_autofree EgStudyFolder **ordered = g_new0 (EgStudyFolder *, n);
  if (!check_shards (shards, ordered, error))
    return FALSE;
  g_autoptr (EgStudyFolder) whole = eg_study_folder_begin_merged (path, ordered, n, error);
  if (whole == NULL || !copy_facts (ordered, n, whole, computers, error) || !eg_study_finish (whole, error))
    return FALSE;
  *note = make_note (computers);
  return TRUE;
}
