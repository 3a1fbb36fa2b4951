/* Counts a text’s tokens, and goes over the embedding’s rows a few hundred at a time. */
#include "trace/ask/embedding-statistics.h"

#include "core/error.h"
#include "engine/symmetric.h"
#include "formats/map-file.h"
#include "library/model.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define ROWS_AT_ONCE 256

/* The lines of a mapped file. */
static gboolean
count_lines (EgModel *model,
             GMappedFile *file,
             guint64 *counts,
             gsize *n_tokens,
             GCancellable *cancellable,
             GError **error)
{
  const char *text = g_mapped_file_get_contents (file);
  const char *end = text + g_mapped_file_get_length (file);
  const gsize n_rows = eg_model_get_sizes (model)->vocab_size;
  for (gsize line = 1; text < end; line++)
    {
      const char *stop = memchr (text, '\n', (gsize)(end - text));
      gssize length = (stop ? stop : end) - text;
      if (length > 0 && text[length - 1] == '\r')
        length--;
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      g_autoptr (GArray) tokens
          = eg_tokenizer_encode_part (eg_model_get_tokenizer (model), text, length, error);
      if (!tokens)
        {
          /* TRANSLATORS: before a message about that line of a file. */
          g_prefix_error (error, _ ("line %zu: "), line);
          return FALSE;
        }
      for (guint i = 0; i < tokens->len; i++)
        {
          const guint32 id = g_array_index (tokens, EgToken, i).id;
          if (id >= n_rows)
            return eg_error_invalid (error,
                                     _ ("line %zu: the tokenizer’s token %u is beyond the model’s vocabulary "
                                        "of %zu"),
                                     line, id, n_rows);
          counts[id]++;
        }
      *n_tokens += tokens->len;
      text = stop ? stop + 1 : end;
    }
  return TRUE;
}

guint64 *
eg_count_tokens (EgModel *model, const char *path, gsize *n_tokens, GCancellable *cancellable, GError **error)
{
  g_autoptr (GMappedFile) file = eg_map_file (path, error);
  if (!file)
    return NULL;
  g_autofree char *title = eg_file_get_title (path);
  g_autofree guint64 *counts = g_new0 (guint64, eg_model_get_sizes (model)->vocab_size);
  *n_tokens = 0;
  if (!count_lines (model, file, counts, n_tokens, cancellable, error))
    {
      if (!g_cancellable_is_cancelled (cancellable))
        g_prefix_error (error, "%s: ", title);
      return NULL;
    }
  if (*n_tokens > 0)
    return g_steal_pointer (&counts);
  eg_error_invalid (error, _ ("%s: there is no text in it"), title);
  return NULL;
}

/* Takes n rows [n, d] and how often each counts. */
typedef void (*RowsFunc) (const float *rows, const double *weights, gsize n, gsize d, gpointer data);

/* Calls a function for all rows of E that count at all, in their order. */
static gboolean
for_rows (EgModel *model,
          const guint64 *counts,
          RowsFunc func,
          gpointer data,
          GCancellable *cancellable,
          GError **error)
{
  const gsize V = eg_model_get_sizes (model)->vocab_size, d = eg_model_get_sizes (model)->d_model;
  EgBackend *be = eg_network_get_backend (eg_model_get_network (model));
  float *device = be->alloc (be, ROWS_AT_ONCE * d);
  if (!device)
    {
      g_set_error_literal (error, EG_ERROR, EG_ERROR_MEMORY, _ ("There is no memory left for embeddings"));
      return FALSE;
    }
  EgStream *stream = be->stream_new (be, 1);
  g_autofree float *rows = g_new (float, ROWS_AT_ONCE *d);
  double weights[ROWS_AT_ONCE];
  gboolean ok = TRUE;
  for (gsize v = 0; ok && v < V;)
    {
      gsize n = 0;
      for (; v < V && n < ROWS_AT_ONCE; v++)
        if (!counts || counts[v] > 0)
          {
            be->embed (stream, device + n * d,
                       &eg_network_get_weights (eg_model_get_network (model))->embedding, v);
            weights[n++] = counts ? (double)counts[v] : 1.0;
          }
      be->download (stream, rows, device, n * d);
      func (rows, weights, n, d, data);
      ok = !g_cancellable_set_error_if_cancelled (cancellable, error);
    }
  be->stream_free (stream);
  be->release (be, device);
  return ok;
}

/* Values seen so far: their weight, mean, and squared deviations (Chan, Golub & LeVeque 1983). */
typedef struct
{
  double weight, mean, squares;
} Spread;

static void
add_to_spread (const float *rows, const double *weights, gsize n, gsize d, gpointer data)
{
  Spread *total = data;
  for (gsize r = 0; r < n; r++)
    {
      double mean = 0, squares = 0;
      for (gsize i = 0; i < d; i++)
        mean += (double)rows[r * d + i];
      mean /= (double)d;
      for (gsize i = 0; i < d; i++)
        squares += ((double)rows[r * d + i] - mean) * ((double)rows[r * d + i] - mean);
      const double more = weights[r] * (double)d, weight = total->weight + more, step = mean - total->mean;
      total->squares += weights[r] * squares + step * step * total->weight * more / weight;
      total->mean += step * more / weight;
      total->weight = weight;
    }
}

gboolean
eg_embedding_std (
    EgModel *model, const guint64 *counts, double *std, GCancellable *cancellable, GError **error)
{
  Spread spread = { 0 };
  if (!for_rows (model, counts, add_to_spread, &spread, cancellable, error))
    return FALSE;
  *std = spread.weight > 1 ? sqrt (spread.squares / (spread.weight - 1)) : 0;
  return TRUE;
}

typedef struct
{
  double weight;
  double *mean, *covariance;
  double *centred; /* [ROWS_AT_ONCE, d] */
} Moments;

static void
add_to_mean (const float *rows, const double *weights, gsize n, gsize d, gpointer data)
{
  Moments *it = data;
  for (gsize r = 0; r < n; r++)
    {
      it->weight += weights[r];
      for (gsize i = 0; i < d; i++)
        it->mean[i] += weights[r] * (double)rows[r * d + i];
    }
}

static void
add_to_covariance (const float *rows, const double *weights, gsize n, gsize d, gpointer data)
{
  Moments *it = data;
  for (gsize r = 0; r < n; r++)
    for (gsize i = 0; i < d; i++)
      it->centred[r * d + i] = sqrt (weights[r]) * ((double)rows[r * d + i] - it->mean[i]);
  eg_symmetric_add_outer (it->covariance, d, it->centred, n);
}

gboolean
eg_embedding_covariance (EgModel *model,
                         const guint64 *counts,
                         double *mean,
                         double *covariance,
                         GCancellable *cancellable,
                         GError **error)
{
  const gsize d = eg_model_get_sizes (model)->d_model;
  g_autofree double *centred = g_new (double, ROWS_AT_ONCE *d);
  Moments moments = { 0, mean, covariance, centred };
  memset (mean, 0, d * sizeof *mean);
  memset (covariance, 0, d * d * sizeof *covariance);
  if (!for_rows (model, counts, add_to_mean, &moments, cancellable, error))
    return FALSE;
  if (moments.weight < 2)
    return eg_error_invalid (error, _ ("A covariance needs a text of two tokens or more"));
  for (gsize i = 0; i < d; i++)
    mean[i] /= moments.weight;
  if (!for_rows (model, counts, add_to_covariance, &moments, cancellable, error))
    return FALSE;
  for (gsize i = 0; i < d * d; i++)
    covariance[i] /= moments.weight - 1;
  eg_symmetric_complete (covariance, d);
  return TRUE;
}
