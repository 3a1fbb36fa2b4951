/* Finds a network's tensors among those of a checkpoint. */
#include "network/tensor-names.h"

#include "core/error.h"
#include "formats/quote.h"

#include <glib/gi18n.h>
#include <string.h>

/* What data-parallel training, torch.compile and Lightning put before names. */
static const char *const wrappers[] = { "module.", "_orig_mod.", "model." };

/* Names that are said in an error, at most. */
#define MAX_NAMED 5

/* TRUE if text is nothing but wrappers. */
static gboolean
is_wrapping (const char *text)
{
  while (*text != '\0')
    {
      const char *found = NULL;
      for (gsize i = 0; i < G_N_ELEMENTS (wrappers); i++)
        if (g_str_has_prefix (text, wrappers[i]))
          found = wrappers[i];
      if (found == NULL)
        return FALSE;
      text += strlen (found);
    }
  return TRUE;
}

/* What stands before root + name in one of the checkpoint's names. (transfer full) */
static char *
find_outer (EgCheckpoint *checkpoint, const char *root, const char *name)
{
  g_autofree char *whole = g_strconcat (root, name, NULL);
  if (eg_checkpoint_has (checkpoint, whole))
    return g_strdup ("");
  const char *const *names = eg_checkpoint_get_names (checkpoint);
  for (gsize i = 0; names[i] != NULL; i++)
    {
      if (!g_str_has_suffix (names[i], whole))
        continue;
      g_autofree char *outer = g_strndup (names[i], strlen (names[i]) - strlen (whole));
      if (is_wrapping (outer))
        return g_steal_pointer (&outer);
    }
  return NULL;
}

/* Sets outer and root by one of a tensor's names (alternatives with | between them). */
static gboolean
find_roots (EgTensorNames *self, const char *alternatives)
{
  g_auto (GStrv) names = g_strsplit (alternatives, "|", -1);
  for (int bare = 0; bare < 2; bare++)
    for (gsize i = 0; names[i] != NULL; i++)
      {
        const char *root = bare ? "" : self->family->root;
        char *outer = find_outer (self->checkpoint, root, names[i]);
        if (outer == NULL)
          continue;
        self->outer = outer;
        self->root = g_strconcat (outer, root, NULL);
        return TRUE;
      }
  return FALSE;
}

/* The first of the alternatives that there is after a root, or else the last. */
static char *
find_name_after (const EgTensorNames *self, const char *root, const char *alternatives)
{
  if (alternatives == NULL)
    return NULL;
  g_auto (GStrv) names = g_strsplit (alternatives, "|", -1);
  for (gsize i = 0; names[i] != NULL; i++)
    {
      char *name = g_strconcat (root, names[i], NULL);
      if (names[i + 1] == NULL || eg_checkpoint_has (self->checkpoint, name))
        return name;
      g_free (name);
    }
  return NULL;
}

static char *
find_name (const EgTensorNames *self, const char *alternatives)
{
  return find_name_after (self, self->root, alternatives);
}

void
eg_tensor_names_init (EgTensorNames *self, const EgFamily *family, EgCheckpoint *checkpoint)
{
  *self = (EgTensorNames){ .family = family, .checkpoint = checkpoint };
  if (!find_roots (self, family->embedding) && !find_roots (self, family->norm))
    {
      self->outer = g_strdup ("");
      self->root = g_strdup (family->root);
    }
  self->embedding = find_name (self, family->embedding);
  self->positions = find_name (self, family->positions);
  self->norm = find_name (self, family->norm);
  self->norm_bias = find_name (self, family->norm_bias);
  self->head = find_name_after (self, self->outer, family->head);
}

void
eg_tensor_names_clear (EgTensorNames *self)
{
  char *texts[] = { self->outer,     self->root, self->embedding, self->head,
                    self->positions, self->norm, self->norm_bias };
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
}

char *
eg_tensor_names_of_layer (const EgTensorNames *self, gsize layer, const EgTensorSpec *spec)
{
  return g_strdup_printf ("%s%s%" G_GSIZE_FORMAT ".%s", self->root, self->family->layer_prefix, layer,
                          spec->name);
}

/* ---- what is missing ---- */

typedef struct
{
  const EgTensorNames *names;
  GHashTable *unread; /* what they are is told when they are looked up */
  GPtrArray *missing;
} Missing;

/* Takes the name over. */
static void
note_missing (Missing *self, char *name)
{
  if (name == NULL || eg_checkpoint_has (self->names->checkpoint, name)
      || g_hash_table_contains (self->unread, name))
    g_free (name);
  else
    g_ptr_array_add (self->missing, name);
}

static gboolean
check_missing (const EgTensorNames *self, const EgSizes *sizes, GHashTable *unread, GError **error)
{
  const EgFamily *family = self->family;
  Missing it = { self, unread, g_ptr_array_new_with_free_func (g_free) };
  /* One tensor may stand for both, where the head is tied. */
  if (!eg_checkpoint_has (self->checkpoint, self->head) || !sizes->tie_embeddings)
    note_missing (&it, g_strdup (self->embedding));
  note_missing (&it, g_strdup (self->positions));
  note_missing (&it, g_strdup (self->norm));
  note_missing (&it, g_strdup (self->norm_bias));
  for (gsize l = 0; l < sizes->n_layers && it.missing->len <= 10; l++)
    for (guint i = 0; i < family->n_tensors; i++)
      {
        const EgTensorSpec *spec = &family->tensors[i];
        const gboolean *wanted = (const gboolean *)(gconstpointer)((const guint8 *)sizes + spec->wanted);
        if (spec->wanted == 0 || *wanted)
          note_missing (&it, eg_tensor_names_of_layer (self, l, spec));
      }
  g_ptr_array_add (it.missing, NULL);
  const gboolean ok
      = it.missing->len == 1
        || eg_checkpoint_require_all (self->checkpoint, (const char *const *)it.missing->pdata, error);
  g_ptr_array_unref (it.missing);
  return ok;
}

/* ---- what nobody knows ---- */

typedef enum
{
  KNOWN,
  UNKNOWN,
  ELSEWHERE,
} Kind;

static gboolean
is_buffer (const EgFamily *family, const char *suffix)
{
  for (gsize i = 0; family->ignored != NULL && family->ignored[i] != NULL; i++)
    if (g_str_equal (suffix, family->ignored[i]))
      return TRUE;
  return g_str_has_suffix (suffix, "inv_freq") || g_str_has_suffix (suffix, "num_batches_tracked");
}

/* A name after the root and the layers' prefix: "3.mixer.D". */
static Kind
judge_in_layer (const EgTensorNames *self, const EgSizes *sizes, const char *rest)
{
  char *end;
  const guint64 layer = g_ascii_strtoull (rest, &end, 10);
  if (end == rest || *end != '.' || layer >= sizes->n_layers)
    return UNKNOWN;
  const char *suffix = end + 1;
  for (guint i = 0; i < self->family->n_tensors; i++)
    if (g_str_equal (suffix, self->family->tensors[i].name))
      return KNOWN;
  return is_buffer (self->family, suffix) ? KNOWN : UNKNOWN;
}

/* TRUE if both begin with the same word before a dot, after so many characters. */
static gboolean
begins_alike (const char *name, const char *known, gsize skipped)
{
  const char *dot = known != NULL ? strchr (known + skipped, '.') : NULL;
  return dot != NULL && strncmp (name, known, (gsize)(dot + 1 - known)) == 0;
}

static Kind
judge (const EgTensorNames *self, const EgSizes *sizes, const char *name)
{
  const char *const ends[] = { self->embedding, self->positions, self->norm, self->norm_bias, self->head };
  g_autofree char *layers = g_strconcat (self->root, self->family->layer_prefix, NULL);
  if (g_str_has_prefix (name, layers))
    return judge_in_layer (self, sizes, name + strlen (layers));
  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
    if (g_strcmp0 (name, ends[i]) == 0)
      return KNOWN;
  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
    if (begins_alike (name, ends[i], strlen (ends[i] == self->head ? self->outer : self->root)))
      return UNKNOWN;
  return ELSEWHERE;
}

gboolean
eg_tensor_names_has (const EgTensorNames *self, const EgSizes *sizes, const char *name)
{
  return judge (self, sizes, name) == KNOWN;
}

static gboolean
set_unknown (const EgTensorNames *self, GPtrArray *unknown, GError **error)
{
  g_autoptr (GString) list = g_string_new (NULL);
  for (guint i = 0; i < unknown->len && i < MAX_NAMED; i++)
    {
      g_autofree char *quoted = eg_quote (unknown->pdata[i]);
      g_string_append_printf (list, "%s%s", i == 0 ? "" : ", ", quoted);
    }
  if (unknown->len > MAX_NAMED)
    g_string_append (list, ", …");
  g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
               /* TRANSLATORS: a file, how many tensors, the network's name, and the tensors' names. */
               ngettext ("%s has %u tensor that no %s has, so it is another network: %s",
                         "%s has %u tensors that no %s has, so it is another network: %s", unknown->len),
               eg_checkpoint_get_file_name (self->checkpoint, unknown->pdata[0]), unknown->len,
               _ (self->family->title), list->str);
  return FALSE;
}

typedef struct
{
  const EgTensorNames *names;
  const EgSizes *sizes;
  GPtrArray *unknown, *others;
  gsize *n_others;
} Judging;

static void
judge_one (Judging *self, const char *name)
{
  const Kind kind = judge (self->names, self->sizes, name);
  if (kind == UNKNOWN)
    g_ptr_array_add (self->unknown, (gpointer)name);
  if (kind != ELSEWHERE)
    return;
  if (self->others->len < EG_MAX_OTHER_TENSORS)
    g_ptr_array_add (self->others, g_strdup (name));
  ++*self->n_others;
}

gboolean
eg_tensor_names_check (
    const EgTensorNames *self, const EgSizes *sizes, GPtrArray *others, gsize *n_others, GError **error)
{
  g_autoptr (GHashTable) unread = eg_checkpoint_get_unread (self->checkpoint);
  g_autoptr (GPtrArray) unknown = g_ptr_array_new ();
  Judging judging = { self, sizes, unknown, others, n_others };
  if (!check_missing (self, sizes, unread, error))
    return FALSE;
  const char *const *names = eg_checkpoint_get_names (self->checkpoint);
  for (gsize i = 0; names[i] != NULL; i++)
    judge_one (&judging, names[i]);
  g_autoptr (GList) left = g_list_sort (g_hash_table_get_keys (unread), (GCompareFunc)strcmp);
  for (GList *it = left; it != NULL; it = it->next)
    judge_one (&judging, it->data);
  return unknown->len == 0 || set_unknown (self, unknown, error);
}
