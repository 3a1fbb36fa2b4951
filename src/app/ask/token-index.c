/* A vocabulary, sorted in a thread and searched by its beginning. */
#include "app/ask/token-index.h"

#include <string.h>

struct _EgTokenIndex
{
  GPtrArray *texts; /* sorted by bytes, each once */
};

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static void
make_index (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  EgTokenizer *tokenizer = task_data;
  EgTokenIndex *self = g_new (EgTokenIndex, 1);
  const gsize n = eg_tokenizer_n_ids (tokenizer);

  self->texts = g_ptr_array_new_full ((guint)n, g_free);
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *text = eg_tokenizer_token_text (tokenizer, (guint32)i);
      guint32 id;
      /* Parts of characters and ids without a token cannot be typed. */
      if (*text != '\0' && eg_tokenizer_lookup (tokenizer, text, &id) && id == i)
        g_ptr_array_add (self->texts, g_steal_pointer (&text));
    }
  g_ptr_array_sort (self->texts, compare);
  g_task_return_pointer (task, self, (GDestroyNotify)eg_token_index_free);
}

void
eg_token_index_new_async (EgTokenizer *tokenizer,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_task_data (task, eg_tokenizer_ref (tokenizer), (GDestroyNotify)eg_tokenizer_unref);
  g_task_run_in_thread (task, make_index);
}

EgTokenIndex *
eg_token_index_new_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

void
eg_token_index_free (EgTokenIndex *self)
{
  g_ptr_array_unref (self->texts);
  g_free (self);
}

static int
by_length (gconstpointer a, gconstpointer b)
{
  const char *left = *(const char *const *)a, *right = *(const char *const *)b;
  const gsize n = strlen (left), m = strlen (right);
  return n != m ? (n < m ? -1 : 1) : strcmp (left, right);
}

/* Adds the shortest tokens with this prefix. */
static void
add_matches (const EgTokenIndex *self, const char *prefix, gsize most, GPtrArray *found)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  guint low = 0, high = self->texts->len;

  while (low < high)
    {
      const guint middle = low + (high - low) / 2;
      if (strcmp (self->texts->pdata[middle], prefix) < 0)
        low = middle + 1;
      else
        high = middle;
    }
  for (; low < self->texts->len && g_str_has_prefix (self->texts->pdata[low], prefix); low++)
    g_ptr_array_add (all, self->texts->pdata[low]);
  g_ptr_array_sort (all, by_length);
  for (guint i = 0; i < all->len && found->len < most; i++)
    g_ptr_array_add (found, all->pdata[i]);
}

GPtrArray *
eg_token_index_find (const EgTokenIndex *self, const char *text, gsize most)
{
  GPtrArray *found = g_ptr_array_new ();
  g_autofree char *spaced = g_strconcat (" ", text, NULL);

  if (*text != ' ')
    add_matches (self, spaced, most, found);
  add_matches (self, text, most, found);
  return found;
}
