/* The list of models: what is found where, and what is said of each. */
#include "library/catalog.h"
#include "core/error.h"
#include "network/family.h"
#include "tiny.h"

#include <glib/gstdio.h>
#include <string.h>

static char *home;

static const EgModelEntry *
find (GPtrArray *entries, const char *name)
{
  for (guint i = 0; i < entries->len; i++)
    if (strcmp (((EgModelEntry *)entries->pdata[i])->name, name) == 0)
      return entries->pdata[i];
  g_error ("%s is not listed", name);
}

static void
assert_traceable (GPtrArray *entries, const char *name, EgModelPlace place, gsize n_parameters)
{
  const EgModelEntry *entry = find (entries, name);
  g_assert_cmpstr (entry->problem, ==, NULL);
  g_assert_cmpint (entry->place, ==, place);
  g_assert_cmpuint (entry->n_parameters, ==, n_parameters);
  g_assert_cmpuint (entry->n_bytes, >, 4 * n_parameters);
}

static void
assert_problem (GPtrArray *entries, const char *name, const char *part)
{
  const EgModelEntry *entry = find (entries, name);
  if (entry->problem == NULL || strstr (entry->problem, part) == NULL)
    g_error ("“%s” does not say “%s”", entry->problem, part);
}

static char *
stored (const char *name)
{
  return tiny_make_folder (home, "data", "engram", "models", name, NULL);
}

static char *
cached (const char *name)
{
  return tiny_make_folder (home, "cache", "huggingface", "hub", name, "snapshots", "0123", NULL);
}

static char *
make_model (char *folder, guint vocab_size, guint n_tokens)
{
  tiny_write_model (folder, vocab_size);
  if (n_tokens > 0)
    tiny_write_tokenizer (folder, n_tokens);
  return folder;
}

static void
test_lists_every_place_in_order (void)
{
  static const char *const expected[] = { "demo", "demo-gpt2", "b", "owner/a", "owner/z", "o/c", "o/d" };
  G_GNUC_UNUSED g_autofree char *b = make_model (stored ("b"), 5, 5);
  G_GNUC_UNUSED g_autofree char *z = make_model (stored ("owner/z"), 6, 5);
  G_GNUC_UNUSED g_autofree char *a = make_model (stored ("owner/a"), 7, 5);
  G_GNUC_UNUSED g_autofree char *hidden = make_model (stored (".hidden"), 7, 5);
  G_GNUC_UNUSED g_autofree char *d = make_model (cached ("models--o--d"), 50280, 0);
  G_GNUC_UNUSED g_autofree char *c = make_model (cached ("models--o--c"), 8, 5);
  G_GNUC_UNUSED g_autofree char *data_set = cached ("datasets--o--e");
  g_autoptr (GPtrArray) entries = eg_model_list (NULL, NULL, NULL);
  g_assert_cmpuint (entries->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < entries->len; i++)
    g_assert_cmpstr (((EgModelEntry *)entries->pdata[i])->name, ==, expected[i]);
  g_assert_cmpint (find (entries, "demo")->place, ==, EG_PLACE_DEMO);
  g_assert_cmpint (find (entries, "demo-gpt2")->place, ==, EG_PLACE_DEMO);
  assert_traceable (entries, "b", EG_PLACE_STORE, TINY_PARAMETERS (5));
  assert_traceable (entries, "owner/a", EG_PLACE_STORE, TINY_PARAMETERS (7));
  assert_traceable (entries, "o/c", EG_PLACE_CACHE, TINY_PARAMETERS (8));
  assert_traceable (entries, "o/d", EG_PLACE_CACHE, TINY_PARAMETERS (50280));
  g_assert_cmpstr (find (entries, "o/c")->folder, ==, c);
}

static void
write_config (const char *folder, const char *model_type)
{
  g_autofree char *config = g_strdup_printf ("{\"model_type\":\"%s\"}", model_type);
  tiny_write (folder, "config.json", config);
}

static void
test_says_why_not (void)
{
  g_autofree char *gpt2 = cached ("models--bert");
  write_config (gpt2, "bert");
  tiny_write (gpt2, "model.safetensors", "1234");
  tiny_write (gpt2, "pytorch_model.bin", "12345678");
  G_GNUC_UNUSED g_autofree char *empty = stored ("empty");
  g_autofree char *no_config = stored ("no-config");
  tiny_write (no_config, "model.safetensors", "");
  g_autofree char *no_weights = make_model (cached ("models--o--no-weights"), 5, 5);
  g_autofree char *weights = g_build_filename (no_weights, "model.safetensors", NULL);
  g_assert_cmpint (g_unlink (weights), ==, 0);
  g_autofree char *dangling = make_model (cached ("models--o--dangling"), 5, 5);
  g_autofree char *link = g_build_filename (dangling, "model.safetensors", NULL);
  g_assert_cmpint (g_unlink (link), ==, 0);
  tiny_link ("../../blobs/0", dangling, "model.safetensors");
  g_autofree char *loop = make_model (cached ("models--o--loop"), 5, 5);
  g_autofree char *loop_config = g_build_filename (loop, "config.json", NULL);
  g_assert_cmpint (g_unlink (loop_config), ==, 0);
  tiny_link ("config.json", loop, "config.json");
  g_autofree char *truncated = make_model (stored ("truncated"), 5, 5);
  tiny_write (truncated, "model.safetensors", "12345678");
  G_GNUC_UNUSED g_autofree char *other = make_model (stored ("other-tokenizer"), 5, 6);
  g_autofree char *shape = make_model (stored ("other-shape"), 6, 5);
  g_autofree char *larger = make_model (stored ("larger"), 5, 0);
  g_autofree char *larger_config = g_build_filename (larger, "config.json", NULL);
  g_autofree char *shape_config = g_build_filename (shape, "config.json", NULL);
  g_assert_cmpint (g_rename (larger_config, shape_config), ==, 0);
  g_autofree char *bare = tiny_make_folder (home, "cache", "huggingface", "hub", "models--o--bare", NULL);

  g_autoptr (GPtrArray) entries = eg_model_list (NULL, NULL, NULL);
  assert_problem (entries, "bert", "model_type is “bert”");
  g_assert_cmpuint (find (entries, "bert")->n_bytes, ==, 12);
  assert_problem (entries, "empty", "There is no config.json");
  assert_problem (entries, "no-config", "There is no config.json");
  assert_problem (entries, "o/no-weights", "There are no weights");
  assert_problem (entries, "o/dangling", "model.safetensors in ");
  assert_problem (entries, "o/dangling", "is a link to a file that is not there");
  assert_problem (entries, "o/loop", "config.json in ");
  assert_problem (entries, "truncated", "model.safetensors");
  assert_problem (entries, "other-tokenizer", "it has 6 tokens, the model’s vocabulary 5");
  assert_problem (entries, "other-shape", "has shape [6, 1], expected [5, 1]");
  assert_problem (entries, "o/bare", "has no snapshot");
  g_assert_cmpstr (find (entries, "o/bare")->folder, ==, bare);
}

static void
test_a_given_tokenizer_counts (void)
{
  G_GNUC_UNUSED g_autofree char *folder = make_model (stored ("given"), 5, 6);
  g_autofree char *elsewhere = tiny_make_folder (home, "elsewhere", NULL);
  tiny_write_tokenizer (elsewhere, 5);
  g_autofree char *file = g_build_filename (elsewhere, "tokenizer.json", NULL);
  const EgTokenizerChoice choice = { .given = file };
  g_autoptr (GPtrArray) entries = eg_model_list (NULL, NULL, NULL);
  assert_problem (entries, "given", "belongs to another model");
  g_autoptr (GPtrArray) with = eg_model_list (&choice, NULL, NULL);
  assert_traceable (with, "given", EG_PLACE_STORE, TINY_PARAMETERS (5));
}

static void
test_stops_when_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_cancellable_cancel (cancellable);
  g_assert_null (eg_model_list (NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* What the window offers to get. */
static void
test_known (void)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  for (gsize i = 0; eg_families[i] != NULL; i++)
    {
      const EgKnownModel *known = eg_families[i]->known;
      g_assert_nonnull (known);
      g_assert_nonnull (known->name);
      for (; known->name != NULL; known++)
        {
          g_assert_true (g_regex_match_simple ("^[A-Za-z-]+/[a-z0-9][a-z0-9.-]+$", known->name, 0, 0));
          g_assert_true (g_hash_table_add (names, (gpointer)known->name));
          g_assert_cmpuint (known->n_parameters, >, 50000000);
          g_assert_cmpuint (known->n_parameters, <, 15000000000);
          g_assert_true (known->bytes_each == 0 || known->bytes_each == 2 || known->bytes_each == 4);
        }
    }
  g_assert_cmpuint (g_hash_table_size (names), >=, 25);
}

int
main (int argc, char **argv)
{
  home = tiny_new_home ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/catalog/lists-every-place-in-order", test_lists_every_place_in_order);
  g_test_add_func ("/catalog/says-why-not", test_says_why_not);
  g_test_add_func ("/catalog/a-given-tokenizer-counts", test_a_given_tokenizer_counts);
  g_test_add_func ("/catalog/stops-when-cancelled", test_stops_when_cancelled);
  g_test_add_func ("/catalog/known-models-of-each-family", test_known);
  const int status = g_test_run ();
  tiny_remove (home);
  g_free (home);
  return status;
}
