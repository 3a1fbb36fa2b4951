#include "tiny.h"

#include <glib/gstdio.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

char *
tiny_new_home (void)
{
  g_autoptr (GError) error = NULL;
  char *home = g_dir_make_tmp ("engram-home-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *data = g_build_filename (home, "data", NULL);
  g_autofree char *cache = g_build_filename (home, "cache", NULL);
  g_setenv ("HOME", home, TRUE);
  g_setenv ("XDG_DATA_HOME", data, TRUE);
  g_setenv ("XDG_CACHE_HOME", cache, TRUE);
  g_unsetenv ("HF_HOME");
  g_unsetenv ("HF_HUB_CACHE");
  g_unsetenv ("HUGGINGFACE_HUB_CACHE");
  return home;
}

void
tiny_remove (const char *folder)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      if (g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        tiny_remove (path);
      else
        g_unlink (path);
    }
  g_clear_pointer (&dir, g_dir_close);
  g_rmdir (folder);
}

char *
tiny_make_folder (const char *folder, ...)
{
  char *path = g_strdup (folder);
  va_list parts;
  va_start (parts, folder);
  for (const char *part; (part = va_arg (parts, const char *)) != NULL;)
    {
      char *longer = g_build_filename (path, part, NULL);
      g_free (path);
      path = longer;
    }
  va_end (parts);
  g_assert_cmpint (g_mkdir_with_parents (path, 0700), ==, 0);
  return path;
}

void
tiny_write (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

void
tiny_link (const char *target, const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_assert_cmpint (symlink (target, path), ==, 0);
}

static void
add_tensor (GString *header, gsize *offset, const char *name, const char *shape, gsize n)
{
  g_string_append_printf (header, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}",
                          header->len > 1 ? "," : "", name, shape, *offset, *offset + 4 * n);
  *offset += 4 * n;
}

void
tiny_write_model (const char *folder, guint vocab_size)
{
  g_autofree char *config = g_strdup_printf ("{\"model_type\":\"mamba\",\"hidden_size\":1,\"num_hidden_"
                                             "layers\":1,\"vocab_size\":%u,\"state_size\":1,"
                                             "\"conv_kernel\":2,\"expand\":2,\"time_step_rank\":1}",
                                             vocab_size);
  tiny_write (folder, "config.json", config);

  g_autoptr (GString) file = g_string_new ("{");
  g_autofree char *rows = g_strdup_printf ("%u,1", vocab_size);
  gsize n_bytes = 0;
#define LAYER "backbone.layers.0."
  add_tensor (file, &n_bytes, "backbone.embeddings.weight", rows, vocab_size);
  add_tensor (file, &n_bytes, "backbone.norm_f.weight", "1", 1);
  add_tensor (file, &n_bytes, LAYER "norm.weight", "1", 1);
  add_tensor (file, &n_bytes, LAYER "mixer.in_proj.weight", "4,1", 4);
  add_tensor (file, &n_bytes, LAYER "mixer.conv1d.weight", "2,1,2", 4);
  add_tensor (file, &n_bytes, LAYER "mixer.conv1d.bias", "2", 2);
  add_tensor (file, &n_bytes, LAYER "mixer.x_proj.weight", "3,2", 6);
  add_tensor (file, &n_bytes, LAYER "mixer.dt_proj.weight", "2,1", 2);
  add_tensor (file, &n_bytes, LAYER "mixer.dt_proj.bias", "2", 2);
  add_tensor (file, &n_bytes, LAYER "mixer.A_log", "2,1", 2);
  add_tensor (file, &n_bytes, LAYER "mixer.D", "2", 2);
  add_tensor (file, &n_bytes, LAYER "mixer.out_proj.weight", "1,2", 2);
#undef LAYER
  g_string_append_c (file, '}');
  while (file->len % 8 != 0)
    g_string_append_c (file, ' ');
  const guint64 header_bytes = GUINT64_TO_LE ((guint64)file->len);
  g_string_prepend_len (file, (const char *)&header_bytes, 8);
  const gsize start = file->len;
  g_string_set_size (file, start + n_bytes);
  memset (file->str + start, 0, n_bytes);

  g_autofree char *path = g_build_filename (folder, "model.safetensors", NULL);
  g_assert_true (g_file_set_contents (path, file->str, (gssize)file->len, NULL));
}

#define BYTE_LEVEL "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true}"

void
tiny_write_tokenizer (const char *folder, guint n)
{
  g_autoptr (GString) text = g_string_new (
      "{\"version\":\"1.0\",\"normalizer\":null,\"pre_tokenizer\":" BYTE_LEVEL
      ",\"post_processor\":null,\"decoder\":" BYTE_LEVEL ",\"model\":{\"type\":\"BPE\",\"vocab\":{");
  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s\"%c\":%u", i > 0 ? "," : "", (char)('a' + i), i);
  g_string_append (text, "},\"merges\":[]}}");
  tiny_write (folder, "tokenizer.json", text->str);
}
