/* Opens each model once. */
#include "cli/serve-models.h"

#include "cli/serve-members.h"
#include "library/locate.h"

GHashTable *
cli_serve_models_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)eg_model_unref);
}

/* No path has a NUL, and no name a line's end that matters. */
static gboolean
get_key (
    JsonObject *members, const char **name, const char **tokenizer, char **key, char **field, GError **error)
{
  if (!cli_members_get_text (members, "model", name, field, error)
      || !cli_members_get_text (members, "tokenizer", tokenizer, field, error))
    return FALSE;
  *key = g_strconcat (*name != NULL ? *name : "", "\n", *tokenizer, NULL);
  return TRUE;
}

EgModel *
cli_serve_models_open (
    GHashTable *self, JsonObject *members, GCancellable *cancellable, char **field, GError **error)
{
  const char *name, *tokenizer;
  g_autofree char *key = NULL;
  if (!get_key (members, &name, &tokenizer, &key, field, error))
    return NULL;
  EgModel *model = g_hash_table_lookup (self, key);
  if (model != NULL)
    return model;
  const EgTokenizerChoice choice = { .given = tokenizer };
  g_autofree char *place = name != NULL ? g_strdup (name) : eg_model_find_demo ();
  model = eg_model_open_with_tokenizer (place, &choice, cancellable, error);
  if (model == NULL)
    *field = g_strdup ("model");
  else
    g_hash_table_insert (self, g_steal_pointer (&key), model);
  return model;
}

gboolean
cli_serve_models_close (GHashTable *self, JsonObject *members, gboolean *closed, char **field, GError **error)
{
  const char *name, *tokenizer;
  g_autofree char *key = NULL;
  if (!get_key (members, &name, &tokenizer, &key, field, error))
    return FALSE;
  *closed = g_hash_table_remove (self, key);
  return TRUE;
}
