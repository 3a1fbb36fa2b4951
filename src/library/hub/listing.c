/* Reads the Hub's list of a repository's files, and chooses. */
#include "library/hub/listing.h"

#include "core/error.h"
#include "formats/json-text.h"

#include <glib/gi18n.h>
#include <string.h>

#define MAX_ANSWER ((gsize)64 << 20)
#define MAX_NAME   96

void
eg_hub_listing_free (EgHubListing *self)
{
  g_free (self->name);
  g_free (self->revision);
  g_free (self->commit);
  g_ptr_array_unref (self->files);
  g_free (self);
}

static void
file_free (gpointer data)
{
  EgHubFile *self = data;
  g_free (self->name);
  g_free (self->hash);
  g_free (self);
}

gboolean
eg_hub_is_hash (const char *text, gsize n)
{
  gsize i = 0;
  while (text != NULL && (g_ascii_isdigit (text[i]) || (text[i] >= 'a' && text[i] <= 'f')))
    i++;
  return text != NULL && i == n && text[n] == '\0';
}

/* Letters, digits, "-", "_" and ".", as the Hub has them; no part is "." or "..". */
static gboolean
is_part (const char *part)
{
  const gsize n = strspn (part, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.");
  return n > 0 && part[n] == '\0' && n <= MAX_NAME && part[0] != '.' && part[0] != '-'
         && strstr (part, "..") == NULL && strstr (part, "--") == NULL;
}

gboolean
eg_hub_is_name (const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, "/", -1);
  const guint n = g_strv_length (parts);
  return (n == 1 && is_part (parts[0])) || (n == 2 && is_part (parts[0]) && is_part (parts[1]));
}

static gboolean
is_revision (const char *revision)
{
  g_auto (GStrv) parts = g_strsplit (revision, "/", -1);
  for (guint i = 0; parts[i] != NULL; i++)
    if (!is_part (parts[i]))
      return FALSE;
  return parts[0] != NULL;
}

/* ---- the choice ---- */

/* "model-00001-of-00003.safetensors" */
static gboolean
is_shard (const char *name, const char *stem, const char *ending)
{
  g_autofree char *pattern = g_strdup_printf ("^%s-[0-9]{5}-of-[0-9]{5}\\.%s$", stem, ending);
  return g_regex_match_simple (pattern, name, 0, 0);
}

static gboolean
has (GHashTable *files, const char *name)
{
  return g_hash_table_contains (files, name);
}

static void
choose (GHashTable *files, const char *name, GPtrArray *chosen)
{
  if (has (files, name))
    g_ptr_array_add (chosen, (gpointer)name);
}

static void
choose_shards (GHashTable *files, const char *stem, const char *ending, GPtrArray *chosen)
{
  GHashTableIter iter;
  gpointer name;
  g_hash_table_iter_init (&iter, files);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (is_shard (name, stem, ending))
      g_ptr_array_add (chosen, name);
}

/* Weights as formats/checkpoint.h looks for them: safetensors before PyTorch's, whole before shards. FALSE
 * when there are none. */
static gboolean
choose_weights (GHashTable *files, GPtrArray *chosen)
{
  static const struct
  {
    const char *stem, *ending;
  } kinds[] = { { "model", "safetensors" }, { "pytorch_model", "bin" } };
  const guint before = chosen->len;
  for (gsize i = 0; i < G_N_ELEMENTS (kinds) && chosen->len == before; i++)
    {
      g_autofree char *whole = g_strconcat (kinds[i].stem, ".", kinds[i].ending, NULL);
      g_autofree char *index = g_strconcat (whole, ".index.json", NULL);
      gpointer key;
      if (g_hash_table_lookup_extended (files, whole, &key, NULL))
        g_ptr_array_add (chosen, key);
      else if (g_hash_table_lookup_extended (files, index, &key, NULL))
        {
          g_ptr_array_add (chosen, key);
          choose_shards (files, kinds[i].stem, kinds[i].ending, chosen);
        }
    }
  return chosen->len > before;
}

/* Small ones first: an error there costs no wait. */
static int
by_size (gconstpointer a, gconstpointer b)
{
  const EgHubFile *one = *(EgHubFile *const *)a, *other = *(EgHubFile *const *)b;
  return one->size != other->size ? (one->size < other->size ? -1 : 1) : strcmp (one->name, other->name);
}

static gboolean
choose_files (GHashTable *files, EgHubListing *listing, GError **error)
{
  static const char *const small[]
      = { "config.json", "tokenizer.json",          "tokenizer_config.json", "vocab.json",
          "merges.txt",  "special_tokens_map.json", "added_tokens.json",     "generation_config.json" };
  g_autoptr (GPtrArray) chosen = g_ptr_array_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (small); i++)
    choose (files, small[i], chosen);
  if (!has (files, "config.json") || !choose_weights (files, chosen))
    {
      g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
                   _ ("%s has no %s: there is nothing in it that Engram reads"), listing->name,
                   has (files, "config.json") ? "model.safetensors, pytorch_model.bin" : "config.json");
      return FALSE;
    }
  for (guint i = 0; i < chosen->len; i++)
    {
      gpointer key, value;
      g_hash_table_steal_extended (files, chosen->pdata[i], &key, &value);
      g_ptr_array_add (listing->files, value);
      g_free (key);
    }
  g_ptr_array_sort (listing->files, by_size);
  return TRUE;
}

/* ---- the answer ---- */

static gboolean
fail (const char *name, GError **error, const char *what)
{
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("What the Hub says of %s makes no sense: %s"), name,
               what);
  return FALSE;
}

static const char *
get_text (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL ? eg_json_node_get_text (node) : NULL;
}

static JsonObject *
get_object (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/* One of "siblings" into files, by its name; others than plain names are not wanted, whatever they are. */
static gboolean
read_file (JsonNode *node, GHashTable *files, const char *model, GError **error)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *name = get_text (object, "rfilename");
  if (name == NULL)
    return fail (model, error, _ ("a file has no name"));
  if (!is_part (name))
    return TRUE;
  JsonObject *large = get_object (object, "lfs");
  const char *hash = large != NULL ? get_text (large, "sha256") : get_text (object, "blobId");
  guint64 size;
  if (!eg_json_node_get_size (json_object_get_member (object, "size"), &size) || size > G_MAXINT64)
    return fail (model, error, _ ("a file has no size"));
  if (!eg_hub_is_hash (hash, large != NULL ? 64 : 40))
    return fail (model, error, _ ("a file has no hash"));
  EgHubFile *file = g_new0 (EgHubFile, 1);
  *file = (EgHubFile){ g_strdup (name), size, g_strdup (hash), FALSE };
  g_hash_table_insert (files, g_strdup (name), file);
  return TRUE;
}

static gboolean
read_answer (JsonObject *answer, EgHubListing *listing, GError **error)
{
  g_autoptr (GHashTable) files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, file_free);
  JsonNode *siblings = json_object_get_member (answer, "siblings");
  listing->commit = g_strdup (get_text (answer, "sha"));
  if (!eg_hub_is_hash (listing->commit, 40))
    return fail (listing->name, error, _ ("it has no commit"));
  if (siblings == NULL || !JSON_NODE_HOLDS_ARRAY (siblings))
    return fail (listing->name, error, _ ("it has no list of files"));
  JsonArray *array = json_node_get_array (siblings);
  for (guint i = 0; i < json_array_get_length (array); i++)
    if (!read_file (json_array_get_element (array, i), files, listing->name, error))
      return FALSE;
  return choose_files (files, listing, error);
}

/* All of a body, up to a limit. (transfer full) */
static GBytes *
read_all (GInputStream *body, GCancellable *cancellable, GError **error)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  for (;;)
    {
      g_autoptr (GBytes) piece = g_input_stream_read_bytes (body, 65536, cancellable, error);
      if (piece == NULL)
        return NULL;
      const gsize n = g_bytes_get_size (piece);
      if (n == 0)
        return g_byte_array_free_to_bytes (g_steal_pointer (&all));
      if (all->len + n > MAX_ANSWER)
        {
          g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("the Hub’s answer has no end"));
          return NULL;
        }
      g_byte_array_append (all, g_bytes_get_data (piece, NULL), (guint)n);
    }
}

static gboolean
fetch (EgHubListing *self,
       EgConnection *connection,
       const EgHubPlace *place,
       GCancellable *cancellable,
       GError **error)
{
  g_autofree char *escaped = g_uri_escape_string (self->revision, NULL, FALSE);
  g_autofree char *url
      = g_strdup_printf ("%s/api/models/%s/revision/%s?blobs=true", place->endpoint, self->name, escaped);
  g_autoptr (EgExchange) exchange = eg_connection_ask (connection, "GET", url, cancellable, error);
  if (exchange == NULL)
    return FALSE;
  if (exchange->status != 200)
    return eg_exchange_fail (exchange, place, self->name, error);
  g_autoptr (GBytes) bytes = read_all (exchange->body, cancellable, error);
  if (bytes == NULL)
    return FALSE;
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);
  g_autoptr (JsonNode) root = eg_json_parse_object (text, length, _ ("the Hub’s answer"), error);
  return root != NULL && read_answer (json_node_get_object (root), self, error);
}

EgHubListing *
eg_hub_listing_fetch (EgConnection *connection,
                      const EgHubPlace *place,
                      const char *name,
                      const char *revision,
                      GCancellable *cancellable,
                      GError **error)
{
  if (!eg_hub_is_name (name) || !is_revision (revision))
    {
      eg_error_invalid (error, _ ("“%s” is no name on the Hub: OWNER/NAME, as in state-spaces/mamba-130m-hf"),
                        eg_hub_is_name (name) ? revision : name);
      return NULL;
    }
  g_autoptr (EgHubListing) self = g_new0 (EgHubListing, 1);
  self->name = g_strdup (name);
  self->revision = g_strdup (revision);
  self->files = g_ptr_array_new_with_free_func (file_free);
  return fetch (self, connection, place, cancellable, error) ? g_steal_pointer (&self) : NULL;
}
