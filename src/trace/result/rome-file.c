/* Reads what ROME saved, field by field, and turns it into this program’s order. */
#include "trace/result/rome-file.h"

#include "formats/quote.h"
#include "trace/result/npz-fields.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define MAX_LAYERS 4096
#define MAX_TOKENS 1000000

typedef struct
{
  EgNpzFields fields;
  EgRomeTrace *trace;
} Reader;

gboolean
eg_rome_file_is (EgNpz *npz)
{
  /* The file of a prompt that the model did not continue as expected has nothing else. */
  const char *const *names = eg_npz_get_names (npz);
  const gboolean alone = names[0] != NULL && names[1] == NULL && eg_npz_has (npz, "correct_prediction");
  return alone || (eg_npz_has (npz, "answer") && eg_npz_has (npz, "kind"));
}

static gboolean
check_fields (const Reader *self, GError **error)
{
  static const char *const fields[]
      = { "scores", "low_score", "high_score", "input_tokens", "subject_range", "answer" };
  if (!eg_npz_has (self->fields.npz, "scores"))
    return eg_npz_fields_fail (
        &self->fields, error,
        _ ("ROME saved it without scores: the model’s prediction was not the expected one"));
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    if (!eg_npz_has (self->fields.npz, fields[i]))
      return eg_npz_fields_fail (&self->fields, error, _ ("it has no %s, which a saved trace has"),
                                 fields[i]);
  return TRUE;
}

/* ---- fields ---- */

static gboolean
read_number (const Reader *self, const char *name, double *value, GError **error)
{
  g_autoptr (EgNpyArray) array = eg_npz_read (self->fields.npz, name, error);
  g_autofree double *values = array != NULL ? eg_npy_array_get_doubles (array, error) : NULL;
  if (values == NULL)
    return FALSE;
  if (eg_npy_array_get_n_elements (array) != 1 || eg_npz_fields_is_infinite (values[0]))
    return eg_npz_fields_fail (&self->fields, error, _ ("%s is not one number"), name);
  *value = values[0];
  return TRUE;
}

/* (transfer full): NULL with an error. */
static char *
read_text (const Reader *self, const char *name, GError **error)
{
  g_autoptr (EgNpyArray) array = eg_npz_read (self->fields.npz, name, error);
  g_auto (GStrv) texts = array != NULL ? eg_npy_array_get_strings (array, error) : NULL;
  if (texts == NULL)
    return NULL;
  if (eg_npy_array_get_n_elements (array) == 1)
    return g_strdup (texts[0]);
  eg_npz_fields_fail (&self->fields, error, _ ("%s is not one text"), name);
  return NULL;
}

static gboolean
read_tokens (const Reader *self, GError **error)
{
  EgRomeTrace *trace = self->trace;
  g_autoptr (EgNpyArray) array = eg_npz_read (self->fields.npz, "input_tokens", error);
  trace->tokens = array != NULL ? eg_npy_array_get_strings (array, error) : NULL;
  if (trace->tokens == NULL)
    return FALSE;
  trace->n_tokens = eg_npy_array_get_n_elements (array);
  if (eg_npy_array_get_n_dims (array) != 1 || trace->n_tokens == 0 || trace->n_tokens > MAX_TOKENS)
    return eg_npz_fields_fail (&self->fields, error, _ ("input_tokens is not a list of tokens"));
  return TRUE;
}

/* [tokens, layers] into [layers, tokens]. */
static gboolean
read_scores (const Reader *self, GError **error)
{
  EgRomeTrace *trace = self->trace;
  g_autoptr (EgNpyArray) array = eg_npz_read (self->fields.npz, "scores", error);
  g_autofree double *values = array != NULL ? eg_npy_array_get_doubles (array, error) : NULL;
  if (values == NULL)
    return FALSE;
  const gsize *shape = eg_npy_array_get_shape (array);
  if (eg_npy_array_get_n_dims (array) != 2 || shape[0] != trace->n_tokens || shape[1] == 0
      || shape[1] > MAX_LAYERS)
    return eg_npz_fields_fail (&self->fields, error,
                               _ ("scores is not [%zu, layers], as ROME saves a trace of %zu tokens"),
                               trace->n_tokens, trace->n_tokens);
  trace->n_layers = shape[1];
  trace->scores = g_new (double, trace->n_layers * trace->n_tokens);
  for (gsize l = 0; l < trace->n_layers; l++)
    for (gsize t = 0; t < trace->n_tokens; t++)
      {
        const double score = values[t * trace->n_layers + l];
        if (eg_npz_fields_is_infinite (score))
          return eg_npz_fields_fail (&self->fields, error, _ ("scores has an infinite value"));
        trace->scores[l * trace->n_tokens + t] = score;
      }
  return TRUE;
}

static gboolean
read_range (const Reader *self, GError **error)
{
  EgRomeTrace *trace = self->trace;
  g_autoptr (EgNpyArray) array = eg_npz_read (self->fields.npz, "subject_range", error);
  g_autofree gint64 *range = array != NULL ? eg_npy_array_get_int64s (array, error) : NULL;
  if (range == NULL)
    return FALSE;
  if (eg_npy_array_get_n_elements (array) != 2 || range[0] < 0 || range[0] >= range[1]
      || range[1] > (gint64)trace->n_tokens)
    return eg_npz_fields_fail (
        &self->fields, error,
        _ ("subject_range is not the first token of the subject and the one after its last"));
  trace->subject_first = (gsize)range[0];
  trace->subject_last = (gsize)range[1] - 1;
  return TRUE;
}

/* None, which NumPy stores as an object, stands for hidden states as the empty text does. */
static gboolean
read_kind (const Reader *self, GError **error)
{
  EgRomeTrace *trace = self->trace;
  g_autofree char *kind = read_text (self, "kind", NULL);
  if (kind == NULL || *kind == '\0')
    trace->site = "resid";
  else if (g_str_equal (kind, "mlp"))
    trace->site = "mlp";
  else if (g_str_equal (kind, "attn"))
    trace->site = "attn";
  else
    {
      g_autofree char *quoted = eg_quote (kind);
      return eg_npz_fields_fail (&self->fields, error, _ ("its kind is “%s”; ROME’s are mlp, attn and none"),
                                 quoted);
    }
  return TRUE;
}

static gboolean
read_window (const Reader *self, GError **error)
{
  double window = 1;
  if (!g_str_equal (self->trace->site, "resid") && eg_npz_has (self->fields.npz, "window")
      && !read_number (self, "window", &window, error))
    return FALSE;
  if (!(window >= 1 && window <= MAX_LAYERS) || window != floor (window))
    return eg_npz_fields_fail (&self->fields, error, _ ("window is not a number of layers"));
  self->trace->window = (guint)window;
  return TRUE;
}

static gboolean
read_ids (const Reader *self, GError **error)
{
  if (!eg_npz_has (self->fields.npz, "input_ids"))
    return TRUE;
  g_autoptr (EgNpyArray) array = eg_npz_read (self->fields.npz, "input_ids", error);
  g_autofree gint64 *ids = array != NULL ? eg_npy_array_get_int64s (array, error) : NULL;
  if (ids == NULL)
    return FALSE;
  const gsize n = self->trace->n_tokens;
  gboolean good = eg_npy_array_get_n_elements (array) == n;
  for (gsize t = 0; good && t < n; t++)
    good = ids[t] >= 0 && ids[t] <= G_MAXUINT32;
  if (!good)
    return eg_npz_fields_fail (&self->fields, error, _ ("input_ids are not those of its tokens"));
  self->trace->ids = g_steal_pointer (&ids);
  return TRUE;
}

/* ---- texts that ROME does not save ---- */

static char *
join_tokens (const EgRomeTrace *trace, gsize first, gsize last)
{
  GString *text = g_string_new (NULL);
  for (gsize t = first; t <= last; t++)
    g_string_append (text, trace->tokens[t]);
  return g_string_free (text, FALSE);
}

static gboolean
read_texts (const Reader *self, GError **error)
{
  EgRomeTrace *trace = self->trace;
  const gboolean has_target = eg_npz_has (self->fields.npz, "target_token");
  trace->target = read_text (self, has_target ? "target_token" : "answer", error);
  if (trace->target == NULL)
    return FALSE;
  trace->prompt = eg_npz_has (self->fields.npz, "prompt") ? read_text (self, "prompt", error)
                                                          : join_tokens (trace, 0, trace->n_tokens - 1);
  if (trace->prompt == NULL)
    return FALSE;
  trace->subject = eg_npz_has (self->fields.npz, "subject")
                       ? read_text (self, "subject", error)
                       : g_strstrip (join_tokens (trace, trace->subject_first, trace->subject_last));
  return trace->subject != NULL;
}

EgRomeTrace *
eg_rome_file_read (EgNpz *npz, const char *title, GError **error)
{
  g_autoptr (EgRomeTrace) trace = g_new0 (EgRomeTrace, 1);
  const Reader self = { { npz, title }, trace };
  if (!check_fields (&self, error) || !read_tokens (&self, error) || !read_scores (&self, error)
      || !read_number (&self, "low_score", &trace->low_score, error)
      || !read_number (&self, "high_score", &trace->high_score, error) || !read_range (&self, error)
      || !read_kind (&self, error) || !read_window (&self, error) || !read_ids (&self, error)
      || !read_texts (&self, error))
    return NULL;
  return g_steal_pointer (&trace);
}

void
eg_rome_trace_free (EgRomeTrace *self)
{
  g_free (self->scores);
  g_strfreev (self->tokens);
  g_free (self->ids);
  g_free (self->target);
  g_free (self->prompt);
  g_free (self->subject);
  g_free (self);
}
