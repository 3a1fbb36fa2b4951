/* Which folder a name means, and which tokenizer a model is given. */
#include "core/error.h"
#include "library/locate.h"
#include "library/model.h"
#include "tiny.h"

#include <glib/gstdio.h>
#include <string.h>
#include <utime.h>

static char *home;

#define SENTENCE(error, part)                                                                                \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    g_assert_nonnull (error);                                                                                \
    if (strstr ((error)->message, part) == NULL || strchr ((error)->message, '\n') != NULL                   \
        || g_str_has_suffix ((error)->message, "."))                                                         \
      g_error ("“%s” is no sentence that says “%s”", (error)->message, part);                                \
  }                                                                                                          \
  G_STMT_END

static void
assert_located (const char *name, const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *located = eg_model_locate (name, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (located, ==, folder);
}

static void
assert_lost (const char *name, EgError code, const char *part)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (eg_model_locate (name, &error));
  g_assert_error (error, EG_ERROR, (int)code);
  SENTENCE (error, part);
}

/* ---- names ---- */

static void
test_a_folder_is_itself (void)
{
  g_autofree char *old = g_get_current_dir ();
  g_autofree char *folder = tiny_make_folder (home, "here", "owner", "model", NULL);
  g_autofree char *stored = tiny_make_folder (home, "data", "engram", "models", "owner", "model", NULL);
  g_autofree char *here = g_build_filename (home, "here", NULL);
  assert_located (folder, folder);
  assert_located ("owner/model", stored);
  g_assert_cmpint (g_chdir (here), ==, 0);
  assert_located ("owner/model", "owner/model");
  g_assert_cmpint (g_chdir (old), ==, 0);
  assert_lost ("/no/such", EG_ERROR_NOT_FOUND, "There is no folder “/no/such”");
}

static void
test_a_name_is_looked_for_in_order (void)
{
  g_autofree char *default_cache = tiny_make_folder (home, "cache", "huggingface", "hub", NULL);
  g_autofree char *hf_home = tiny_make_folder (home, "hf", NULL);
  g_autofree char *hub = tiny_make_folder (home, "hub", NULL);
  g_autofree char *in_default
      = tiny_make_folder (default_cache, "models--o--ordered", "snapshots", "1", NULL);
  g_autofree char *in_home = tiny_make_folder (hf_home, "hub", "models--o--ordered", "snapshots", "1", NULL);
  g_autofree char *in_hub = tiny_make_folder (hub, "models--o--ordered", "snapshots", "1", NULL);

  assert_located ("o/ordered", in_default);
  g_setenv ("HF_HOME", hf_home, TRUE);
  assert_located ("o/ordered", in_home);
  g_setenv ("HF_HUB_CACHE", hub, TRUE);
  assert_located ("o/ordered", in_hub);
  g_autofree char *stored = tiny_make_folder (home, "data", "engram", "models", "o", "ordered", NULL);
  assert_located ("o/ordered", stored);

  assert_lost ("o/missing", EG_ERROR_NOT_FOUND,
               "There is no folder “o/missing”, and no model of that name in ");
  g_autofree char *places
      = g_strdup_printf ("in %s/data/engram/models, %s, %s/hub or %s", home, hub, hf_home, default_cache);
  assert_lost ("o/missing", EG_ERROR_NOT_FOUND, places);
  g_setenv ("HF_HUB_CACHE", default_cache, TRUE);
  g_auto (GStrv) caches = eg_model_get_caches ();
  g_assert_cmpuint (g_strv_length (caches), ==, 2);
  g_unsetenv ("HF_HOME");
  g_unsetenv ("HF_HUB_CACHE");
}

/* As huggingface_hub's constants.py makes them of the same variables in the same folder. */
static void
test_caches_are_named_as_the_hub_reads_them (void)
{
  g_autofree char *old = g_get_current_dir ();
  g_autofree char *here = tiny_make_folder (home, "current", NULL);
  g_setenv ("EG_PLACE", "/place", TRUE);
  static const struct
  {
    const char *variable, *value, *path; /* path: below the folder home where it does not begin with "/" */
  } cases[] = {
    { "HF_HOME", "cache", "current/cache/hub" },
    { "HF_HOME", "./a/../cache/", "current/cache/hub" },
    { "HF_HOME", "~", "hub" },
    { "HF_HOME", "~/hf", "hf/hub" },
    { "HF_HOME", "~no-such-person/hf", "current/~no-such-person/hf/hub" },
    { "HF_HOME", "~root/hf", "/root/hf/hub" },
    { "HF_HOME", "$HOME/hf", "hf/hub" },
    { "HF_HOME", "${HOME}/hf", "hf/hub" },
    { "HF_HOME", "$EG_PLACE/hf", "/place/hf/hub" },
    { "HF_HOME", "$EG_PLACE$EG_PLACE", "/place/place/hub" },
    { "HF_HOME", "/x/$EG_NOWHERE/${EG_NOWHERE}/$/${", "/x/$EG_NOWHERE/${EG_NOWHERE}/$/${/hub" },
    { "HF_HUB_CACHE", "caches", "current/caches" },
    { "HF_HUB_CACHE", "~/caches", "caches" },
    { "HUGGINGFACE_HUB_CACHE", "~/old", "old" },
    { "HUGGINGFACE_HUB_CACHE", "$EG_PLACE/old", "/place/old" },
  };

  g_assert_cmpint (g_chdir (here), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_setenv (cases[i].variable, cases[i].value, TRUE);
      g_auto (GStrv) caches = eg_model_get_caches ();
      g_autofree char *expected = g_canonicalize_filename (cases[i].path, home);
      g_assert_cmpuint (g_strv_length (caches), ==, 2);
      g_assert_cmpstr (caches[0], ==, expected);
      g_unsetenv (cases[i].variable);
    }
  g_assert_cmpint (g_chdir (old), ==, 0);
}

static void
test_old_and_new_names_of_a_cache_count (void)
{
  g_setenv ("HUGGINGFACE_HUB_CACHE", "/old", TRUE);
  g_setenv ("HF_HUB_CACHE", "/new", TRUE);
  g_setenv ("HF_HOME", "", TRUE);
  g_auto (GStrv) caches = eg_model_get_caches ();
  g_assert_cmpuint (g_strv_length (caches), ==, 3);
  g_assert_cmpstr (caches[0], ==, "/new");
  g_assert_cmpstr (caches[1], ==, "/old");
  g_unsetenv ("HUGGINGFACE_HUB_CACHE");
  g_unsetenv ("HF_HUB_CACHE");
  g_unsetenv ("HF_HOME");
}

static void
test_a_path_is_no_name (void)
{
  static const char *const paths[]
      = { "", "/", "../x", "a/../b", "./x", "a/b/c", "a//b", "a/", ".x", "x/.y" };
  G_GNUC_UNUSED g_autofree char *outside = tiny_make_folder (home, "data", "engram", "x", NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    if (!g_file_test (paths[i], G_FILE_TEST_EXISTS))
      {
        g_autoptr (GError) error = NULL;
        g_assert_null (eg_model_locate (paths[i], &error));
        g_autofree char *expected = g_strdup_printf ("There is no folder “%s”", paths[i]);
        g_assert_cmpstr (error->message, ==, expected);
      }
}

static void
test_demos_are_names (void)
{
  g_autofree char *demo = eg_model_find_demo (),
                  *transformer = eg_demo_get_folder (eg_demo_find ("demo-gpt2"));
  assert_located ("demo-gpt2", transformer);
  g_assert_null (eg_demo_find ("demo-gpt3"));
  assert_located ("demo", demo);
  g_autofree char *stored = tiny_make_folder (home, "data", "engram", "models", "demo", NULL);
  assert_located ("demo", stored);
  g_assert_cmpint (g_rmdir (stored), ==, 0);
}

/* ---- snapshots ---- */

static void
set_time (const char *path, gint64 seconds)
{
  const struct utimbuf times = { (time_t)seconds, (time_t)seconds };
  g_assert_cmpint (utime (path, &times), ==, 0);
}

static void
test_main_is_the_snapshot (void)
{
  g_autofree char *repository
      = tiny_make_folder (home, "cache", "huggingface", "hub", "models--o--refs", NULL);
  assert_lost ("o/refs", EG_ERROR_NOT_FOUND, "has no snapshot");
  g_autofree char *one = tiny_make_folder (repository, "snapshots", "1aa", NULL);
  g_autofree char *two = tiny_make_folder (repository, "snapshots", "2bb", NULL);
  g_autofree char *three = tiny_make_folder (repository, "snapshots", "3cc", NULL);
  set_time (one, 1000000);
  set_time (two, 3000000);
  set_time (three, 2000000);
  assert_located ("o/refs", two); /* the newest, while nothing says which */
  g_autofree char *refs = tiny_make_folder (repository, "refs", NULL);
  tiny_write (refs, "main", "1aa");
  assert_located ("o/refs", one);
  tiny_write (refs, "main", "3cc\n");
  assert_located ("o/refs", three);
  tiny_write (refs, "main", "4dd");
  assert_lost ("o/refs", EG_ERROR_NOT_FOUND, "refs/main names the snapshot 4dd, which is not there");
}

static void
test_hostile_refs_lead_nowhere (void)
{
  g_autofree char *repository
      = tiny_make_folder (home, "cache", "huggingface", "hub", "models--o--hostile", NULL);
  G_GNUC_UNUSED g_autofree char *snapshot = tiny_make_folder (repository, "snapshots", "1aa", NULL);
  g_autofree char *refs = tiny_make_folder (repository, "refs", NULL);
  g_autofree char *huge = g_strnfill (1 << 20, 'a');
  const char *const bad[] = { "", "\n", ".", "..", "../..", "../../../../etc", "/etc", "1aa/../..", huge };
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      tiny_write (refs, "main", bad[i]);
      assert_lost ("o/hostile", EG_ERROR_FORMAT, "refs/main does not name a snapshot");
    }
}

static void
test_a_model_is_called_by_its_name (void)
{
  g_autofree char *stored = g_build_filename (home, "data", "engram", "models", "owner", "model", NULL);
  const char *const cases[][2] = {
    { "/a/b/mamba-130m", "mamba-130m" },
    { "/a/hub/models--state-spaces--mamba-130m-hf/snapshots/0123", "state-spaces/mamba-130m-hf" },
    { "/a/hub/models--gpt2/snapshots/0123/", "gpt2" },
    { "/a/hub/models--/snapshots/0123", "0123" },
    { "/a/datasets--x/snapshots/0123", "0123" },
    { stored, "owner/model" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = eg_model_get_name_of (cases[i][0]);
      g_assert_cmpstr (name, ==, cases[i][1]);
    }
}

/* ---- tokenizers ---- */

static void
assert_tokenizer (const char *folder,
                  const EgTokenizerChoice *choice,
                  EgTokenizerOrigin origin,
                  gsize n_tokens)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = eg_model_open_with_tokenizer (folder, choice, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (eg_model_get_tokenizer_origin (model), ==, origin);
  g_assert_cmpuint (eg_tokenizer_n_ids (eg_model_get_tokenizer (model)), ==, n_tokens);
}

static void
assert_refused (const char *folder, const EgTokenizerChoice *choice, EgError code, const char *part)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (eg_model_open_with_tokenizer (folder, choice, NULL, &error));
  g_assert_error (error, EG_ERROR, (int)code);
  SENTENCE (error, part);
}

static void
remove_tokenizer (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "tokenizer.json", NULL);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

static void
test_the_nearest_tokenizer_is_used (void)
{
  g_autofree char *folder = tiny_make_folder (home, "near", "model", NULL);
  g_autofree char *parent = g_path_get_dirname (folder);
  g_autofree char *given = tiny_make_folder (home, "given", NULL);
  g_autofree char *setting = tiny_make_folder (home, "setting", NULL);
  tiny_write_model (folder, 50280);
  tiny_write_tokenizer (given, 3);
  tiny_write_tokenizer (folder, 4);
  tiny_write_tokenizer (parent, 5);
  tiny_write_tokenizer (setting, 6);
  g_autofree char *given_file = g_build_filename (given, "tokenizer.json", NULL);
  g_autofree char *setting_file = g_build_filename (setting, "tokenizer.json", NULL);
  const EgTokenizerChoice both = { given_file, setting_file }, set = { NULL, setting_file };

  assert_tokenizer (folder, &both, EG_TOKENIZER_GIVEN, 3);
  assert_tokenizer (folder, &set, EG_TOKENIZER_FOLDER, 4);
  assert_tokenizer (folder, NULL, EG_TOKENIZER_FOLDER, 4);
  remove_tokenizer (folder);
  assert_tokenizer (folder, &set, EG_TOKENIZER_BESIDE, 5);
  remove_tokenizer (parent);
  assert_tokenizer (folder, &set, EG_TOKENIZER_SETTING, 6);
  assert_tokenizer (folder, NULL, EG_TOKENIZER_SHIPPED, 50277);
}

/* A tokenizer that is named and not there is no reason to take another. */
static void
test_a_missing_tokenizer_is_said (void)
{
  g_autofree char *folder = tiny_make_folder (home, "missing", "model", NULL);
  tiny_write_model (folder, 50280);
  const EgTokenizerChoice given = { "/no/given.json", NULL }, set = { NULL, "/no/set.json" };
  assert_refused (folder, &given, EG_ERROR_NOT_FOUND, "There is no file /no/given.json");
  assert_refused (folder, &set, EG_ERROR_NOT_FOUND, "There is no file /no/set.json");
  tiny_link ("../../blobs/0123", folder, "tokenizer.json");
  assert_refused (folder, NULL, EG_ERROR_NOT_FOUND, "missing/model/tokenizer.json");
}

static void
test_another_models_tokenizer_is_refused (void)
{
  g_autofree char *folder = tiny_make_folder (home, "other", "model", NULL);
  tiny_write_model (folder, 5);
  assert_refused (folder, NULL, EG_ERROR_NOT_FOUND,
                  "“model” has no tokenizer.json, and GPT-NeoX’s does not fit it: that has 50277 tokens, the "
                  "model’s vocabulary 5");
  tiny_write_tokenizer (folder, 6);
  assert_refused (folder, NULL, EG_ERROR_INVALID,
                  "belongs to another model than “model”: it has 6 tokens, the model’s vocabulary 5");
  tiny_write_tokenizer (folder, 5);
  assert_tokenizer (folder, NULL, EG_TOKENIZER_FOLDER, 5);
  tiny_write_tokenizer (folder, 4);
  assert_tokenizer (folder, NULL, EG_TOKENIZER_FOLDER, 4);
}

/* ---- the cache as it lies on the disk ---- */

/* Files in blobs/, links to them in the snapshot, as the library leaves them. */
static char *
make_repository (const char *name, guint vocab_size, guint n_tokens)
{
  g_autofree char *hub = tiny_make_folder (home, "cache", "huggingface", "hub", name, NULL);
  g_autofree char *blobs = tiny_make_folder (hub, "blobs", NULL);
  g_autofree char *refs = tiny_make_folder (hub, "refs", NULL);
  char *snapshot = tiny_make_folder (hub, "snapshots", "0123abcd", NULL);
  tiny_write (refs, "main", "0123abcd");
  tiny_write_model (blobs, vocab_size);
  tiny_write_tokenizer (blobs, n_tokens);
  tiny_link ("../../blobs/config.json", snapshot, "config.json");
  tiny_link ("../../blobs/model.safetensors", snapshot, "model.safetensors");
  tiny_link ("../../blobs/tokenizer.json", snapshot, "tokenizer.json");
  return snapshot;
}

static void
test_a_cached_model_opens_by_its_name (void)
{
  g_autofree char *snapshot = make_repository ("models--o--cached", 5, 4);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = eg_model_open ("o/cached", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (eg_model_get_name (model), ==, "o/cached");
  g_assert_cmpstr (eg_model_get_folder (model), ==, snapshot);
  g_assert_cmpuint (eg_model_get_n_parameters (model), ==, TINY_PARAMETERS (5));
}

static void
test_a_download_that_is_not_whole_is_said (void)
{
  g_autofree char *snapshot = make_repository ("models--o--part", 5, 4);
  g_autofree char *weights = g_build_filename (snapshot, "..", "..", "blobs", "model.safetensors", NULL);
  g_autofree char *incomplete = g_strconcat (weights, ".incomplete", NULL);
  g_autofree char *link = g_build_filename (snapshot, "model.safetensors", NULL);
  g_assert_cmpint (g_rename (weights, incomplete), ==, 0);
  assert_refused ("o/part", NULL, EG_ERROR_NOT_FOUND, "model.safetensors in ");
  assert_refused ("o/part", NULL, EG_ERROR_NOT_FOUND, " is a link to a file that is not there");
  g_assert_cmpint (g_unlink (link), ==, 0);
  assert_refused ("o/part", NULL, EG_ERROR_NOT_FOUND, "models--o--part is not complete");
  g_assert_cmpint (g_unlink (incomplete), ==, 0);
  assert_refused ("o/part", NULL, EG_ERROR_NOT_FOUND, "There are no weights in ");
}

/* ---- folders that are no model's ---- */

static void
test_a_folder_that_is_none_says_what_it_is (void)
{
  static const struct
  {
    const char *files[5], *says;
  } cases[] = {
    { { "adapter_config.json", "adapter_model.safetensors" },
      "has an adapter, not a whole model: merge it into o/base" },
    { { "config.json", "adapter_config.json", "adapter_model.safetensors" },
      "has an adapter, not a whole model" },
    { { "mamba-130m.Q4_K_M.gguf" }, "are a GGUF file, mamba-130m.Q4_K_M.gguf, which" },
    { { "config.json", "x.gguf" }, "are a GGUF file, x.gguf, which" },
    { { "config.json", "zero_to_fp32.py" }, "has a checkpoint of DeepSpeed" },
    { { "config.json", "latest", "global_step10" }, "has a checkpoint of DeepSpeed" },
    { { "config.json", "mp_rank_00_model_states.pt" }, "has a checkpoint of DeepSpeed" },
    { { "config.json", "model.fp16.safetensors" },
      "as a variant, model.fp16.safetensors: name it model.safetensors (" },
    { { "config.json", "model.bf16-00001-of-00002.safetensors", "model.safetensors.index.bf16.json" },
      "as a variant, model.safetensors.index.bf16.json: name it model.safetensors.index.json (" },
    { { "config.json", "pytorch_model.fp16.bin" },
      "as a variant, pytorch_model.fp16.bin: name it pytorch_model.bin (" },
    { { "config.json", "a.ckpt", "last.ckpt" }, "has several checkpoints, of which a.ckpt is one" },
    { { "config.json", "mamba.safetensors" },
      "if mamba.safetensors are they, name the file model.safetensors" },
    { { "config.json", "optimizer.pt", "weights.pth" },
      "if weights.pth are they, name the file pytorch_model.bin" },
    { { "config.json", "optimizer.pt" }, "There are no weights in" },
    { { "config.json", "tf_model.h5" }, "does not read, tf_model.h5: save them" },
    { { "config.json" }, "There are no weights in" },
    { { "README.md" }, "There is no config.json in" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = g_strdup_printf ("%zu", i),
                      *folder = tiny_make_folder (home, "none", name, NULL);
      for (guint k = 0; k < G_N_ELEMENTS (cases[i].files) && cases[i].files[k] != NULL; k++)
        if (g_str_equal (cases[i].files[k], "config.json"))
          {
            g_autofree char *weights = g_build_filename (folder, "model.safetensors", NULL);
            tiny_write_model (folder, 5);
            g_unlink (weights);
          }
        else
          tiny_write (folder, cases[i].files[k], "{\"base_model_name_or_path\":\"o/base\"}");
      assert_refused (folder, NULL, EG_ERROR_NOT_FOUND, cases[i].says);
    }
}

/* Where an index says what is missing, nothing else does. */
static void
test_missing_parts_are_said_before_other_files (void)
{
  g_autofree char *folder = tiny_make_folder (home, "parts", NULL);
  g_autofree char *weights = g_build_filename (folder, "model.safetensors", NULL);
  tiny_write_model (folder, 5);
  g_unlink (weights);
  tiny_write (folder, "x.gguf", "");
  assert_refused (folder, NULL, EG_ERROR_NOT_FOUND, "x.gguf");
  tiny_write (folder, "model.safetensors.index.json", "{\"weight_map\":{\"a\":\"1.safetensors\"}}");
  assert_refused (folder, NULL, EG_ERROR_NOT_FOUND, "names the file 1.safetensors, which is missing");
}

int
main (int argc, char **argv)
{
  home = tiny_new_home ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/locate/a-folder-is-itself", test_a_folder_is_itself);
  g_test_add_func ("/locate/a-name-is-looked-for-in-order", test_a_name_is_looked_for_in_order);
  g_test_add_func ("/locate/caches-are-named-as-the-hub-reads-them",
                   test_caches_are_named_as_the_hub_reads_them);
  g_test_add_func ("/locate/old-and-new-names-of-a-cache-count", test_old_and_new_names_of_a_cache_count);
  g_test_add_func ("/locate/a-path-is-no-name", test_a_path_is_no_name);
  g_test_add_func ("/locate/demos-are-names", test_demos_are_names);
  g_test_add_func ("/locate/main-is-the-snapshot", test_main_is_the_snapshot);
  g_test_add_func ("/locate/hostile-refs-lead-nowhere", test_hostile_refs_lead_nowhere);
  g_test_add_func ("/locate/a-model-is-called-by-its-name", test_a_model_is_called_by_its_name);
  g_test_add_func ("/locate/the-nearest-tokenizer-is-used", test_the_nearest_tokenizer_is_used);
  g_test_add_func ("/locate/a-missing-tokenizer-is-said", test_a_missing_tokenizer_is_said);
  g_test_add_func ("/locate/another-models-tokenizer-is-refused", test_another_models_tokenizer_is_refused);
  g_test_add_func ("/locate/a-cached-model-opens-by-its-name", test_a_cached_model_opens_by_its_name);
  g_test_add_func ("/locate/a-download-that-is-not-whole-is-said", test_a_download_that_is_not_whole_is_said);
  g_test_add_func ("/locate/a-folder-that-is-none-says-what-it-is",
                   test_a_folder_that_is_none_says_what_it_is);
  g_test_add_func ("/locate/missing-parts-are-said-before-other-files",
                   test_missing_parts_are_said_before_other_files);
  const int status = g_test_run ();
  tiny_remove (home);
  g_free (home);
  return status;
}
