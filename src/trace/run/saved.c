/* What a trace has computed, out to a file and in again. */
#include "trace/run/saved.h"

#include "core/error.h"
#include "core/memory.h"
#include "formats/map-file.h"
#include "trace/ask/fields.h"
#include "trace/result/npz-fields.h"
#include "trace/result/result-io.h"
#include "trace/run/meter.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* What npz.h reads of one array. */
#define MAX_ARRAY_SIZE ((gsize)1 << 30)

#define PRECISION "precision"

static void
get_sizes (EgModel *model, gint64 sizes[4])
{
  const EgSizes *of = eg_model_get_sizes (model);
  sizes[0] = (gint64)of->n_layers;
  sizes[1] = (gint64)of->d_model;
  sizes[2] = (gint64)of->vocab_size;
  sizes[3] = (gint64)eg_model_get_n_parameters (model);
}

/* The name of a metric or a site behind that of an array; NULL for the main one, which has none. */
static const char *
metric_suffix (const EgTraceResult *result, gsize m)
{
  return m > 0 ? eg_metric_get_name (result->metrics[m]) : NULL;
}

static const char *
site_suffix (const EgTraceResult *result, gsize site)
{
  return site > 0 ? result->grids[site]->site : NULL;
}

/* The shape of a grid's values. Returns: the number of dimensions. */
static guint
values_shape (const EgTraceGrid *grid, gsize n_samples, gsize shape[3])
{
  const guint n_dims = eg_trace_grid_get_shape (grid, shape);
  shape[n_dims] = n_samples;
  return n_dims + 1;
}

/* ---- out ---- */

/* Those that every file of a result says are said here, too, whatever will be usual one day. */
static gboolean
is_written (EgTraceField field, const EgTraceRequest *request)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  const EgFieldWhen when = info->in_npz == EG_FIELD_ALWAYS ? EG_FIELD_ALWAYS : EG_FIELD_UNUSUAL;
  return !info->ignored && eg_trace_field_is_written (field, request, when);
}

static void
add_request (EgNpzWriter *writer, const EgTraceRequest *request)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    {
      const EgFieldInfo *info = eg_trace_field_get_info (field);
      g_autofree char *text = is_written (field, request) ? eg_trace_field_format (field, request) : NULL;
      if (text != NULL)
        g_ptr_array_add (texts, g_strconcat (info->name, "=", text, NULL));
    }
  g_ptr_array_add (texts,
                   g_strconcat (PRECISION, "=", eg_precision_get_name (request->device.precision), NULL));
  eg_npz_writer_add_strings (writer, "request", (const char *const *)texts->pdata, texts->len, FALSE);
}

/* A file that noise follows is found from any folder. (transfer full) */
static EgTraceRequest *
request_for_file (const EgTraceRequest *request)
{
  EgTraceRequest *copy = eg_trace_request_copy (request);
  if (copy->corruption.file != NULL)
    {
      char *path = g_canonicalize_filename (copy->corruption.file, NULL);
      g_free (copy->corruption.file);
      copy->corruption.file = path;
    }
  return copy;
}

static void
add_estimates (EgNpzWriter *writer, const EgEstimates *estimates, const EgTraceResult *result)
{
  const gsize S = estimates->max_samples, n_cells = eg_trace_grid_n_cells (result->grids[0]);
  for (gsize i = 0; i < result->n_grids; i++)
    {
      gsize shape[3];
      const guint n_dims = values_shape (result->grids[i], S, shape);
      g_autofree char *known = eg_trace_result_field_name ("sample_known", NULL, site_suffix (result, i));
      eg_npz_writer_add_bools (writer, known, estimates->known + i * n_cells * S, n_dims, shape);
      for (gsize m = 0; m < estimates->n_metrics; m++)
        {
          g_autofree char *values = eg_trace_result_field_name ("sample_values", metric_suffix (result, m),
                                                                site_suffix (result, i));
          eg_npz_writer_add_f64 (
              writer, values, estimates->values + (m * estimates->n_cells + i * n_cells) * S, n_dims, shape);
        }
    }
  for (gsize m = 0; m < estimates->n_metrics; m++)
    {
      g_autofree char *low = eg_trace_result_field_name ("sample_low", metric_suffix (result, m), NULL);
      g_autofree char *high = eg_trace_result_field_name ("sample_high", metric_suffix (result, m), NULL);
      eg_npz_writer_add_f64 (writer, low, estimates->low + m * S, 1, &S);
      eg_npz_writer_add_f64 (writer, high, &estimates->high[m], 0, NULL);
    }
}

static void
add_model (EgNpzWriter *writer, EgModel *model)
{
  const char *folder = eg_model_get_folder (model), *tokenizer = eg_model_get_tokenizer_path (model);
  gint64 sizes[4];
  get_sizes (model, sizes);
  eg_npz_writer_add_i64 (writer, "model_sizes", sizes, 1, (gsize[]){ G_N_ELEMENTS (sizes) });
  eg_npz_writer_add_strings (writer, "model_folder", &folder, 1, TRUE);
  if (tokenizer != NULL && eg_model_get_tokenizer_origin (model) == EG_TOKENIZER_GIVEN)
    {
      g_autofree char *path = g_canonicalize_filename (tokenizer, NULL);
      const char *const text = path;
      eg_npz_writer_add_strings (writer, "tokenizer_file", &text, 1, TRUE);
    }
}

/* title: what begins the message. (transfer full) */
static EgNpzWriter *
new_writer (const EgTracePartial *self, const EgTraceResult *result, const char *title, GError **error)
{
  const gsize n = MAX (eg_estimates_count_samples (self->estimates), 1);
  if (eg_trace_grid_n_cells (result->grids[0]) > (MAX_ARRAY_SIZE - 4096) / sizeof (double) / n)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_MEMORY,
                   _ ("%s: the values of %zu samples of so many cells are more than a file can have"), title,
                   n);
      return NULL;
    }
  g_autoptr (EgEstimates) estimates = eg_estimates_copy (self->estimates, n);
  g_autoptr (EgTraceRequest) request = request_for_file (self->request);
  g_autoptr (EgNpzWriter) writer = eg_npz_writer_new ();
  eg_trace_result_add_to_npz (result, writer);
  add_estimates (writer, estimates, result);
  add_request (writer, request);
  add_model (writer, self->model);
  return g_steal_pointer (&writer);
}

gboolean
eg_trace_partial_save (const EgTracePartial *self,
                       const EgTraceResult *result,
                       const char *path,
                       GError **error)
{
  g_return_val_if_fail (result->n_metrics == self->estimates->n_metrics, FALSE);
  if (result->complete)
    return eg_trace_result_save_npz (result, path, error);
  g_autoptr (EgNpzWriter) writer = new_writer (self, result, path, error);
  return writer != NULL && eg_npz_writer_save (writer, path, error);
}

GBytes *
eg_trace_partial_to_npz (const EgTracePartial *self, const EgTraceResult *result, GError **error)
{
  g_return_val_if_fail (result->n_metrics == self->estimates->n_metrics, NULL);
  if (result->complete)
    return eg_trace_result_to_npz (result, error);
  g_autoptr (EgNpzWriter) writer = new_writer (self, result, result->request->prompt, error);
  return writer != NULL ? eg_npz_writer_to_bytes (writer, error) : NULL;
}

/* ---- in ---- */

static gboolean
set_field (const EgNpzFields *reader, EgTraceRequest *request, char *text, GError **error)
{
  char *value = strchr (text, '=');
  if (value == NULL)
    return eg_npz_fields_fail (reader, error, _ ("request holds “%s”, which is no field and its value"),
                               text);
  *value++ = '\0';
  gboolean done = FALSE;
  GError *problem = NULL;
  if (g_str_equal (text, PRECISION))
    done = eg_precision_from_name (value, &request->device.precision, &problem);
  for (EgTraceField field = 0; field < EG_N_FIELDS && !done && problem == NULL; field++)
    if (g_str_equal (eg_trace_field_get_info (field)->name, text))
      done = eg_trace_field_parse (field, request, value, &problem);
  if (problem != NULL)
    {
      eg_npz_fields_fail (reader, error, "%s", problem->message);
      g_error_free (problem);
    }
  else if (!done)
    eg_npz_fields_fail (reader, error, _ ("request has the field “%s”, which is not known"), text);
  return done;
}

static EgTraceRequest *
read_request (const EgNpzFields *reader, GError **error)
{
  g_autoptr (EgNpyArray) array = eg_npz_read (reader->npz, "request", error);
  g_auto (GStrv) texts = array != NULL ? eg_npy_array_get_strings (array, error) : NULL;
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("", NULL);
  if (texts == NULL)
    return NULL;
  for (gsize i = 0; texts[i] != NULL; i++)
    if (!set_field (reader, request, texts[i], error))
      return NULL;
  GError *problem = NULL;
  if (eg_trace_request_check (request, NULL, &problem))
    return g_steal_pointer (&request);
  eg_npz_fields_fail (reader, error, "%s", problem->message);
  g_error_free (problem);
  return NULL;
}

/* An array of exactly this shape. (transfer full) */
static EgNpyArray *
read_shaped (const EgNpzFields *reader, const char *name, guint n_dims, const gsize *shape, GError **error)
{
  g_autoptr (EgNpyArray) array = eg_npz_read (reader->npz, name, error);
  if (array == NULL || eg_npz_fields_has_shape (array, n_dims, shape))
    return g_steal_pointer (&array);
  g_autofree char *text = eg_npz_fields_array_shape (array);
  g_autofree char *expected = eg_npz_fields_shape_text (n_dims, shape);
  eg_npz_fields_fail (reader, error, _ ("%s has shape %s, expected %s"), name, text, expected);
  return NULL;
}

static gboolean
read_doubles (const EgNpzFields *reader,
              const char *base,
              const char *metric,
              const char *site,
              guint n_dims,
              const gsize *shape,
              double *to,
              GError **error)
{
  g_autofree char *name = eg_trace_result_field_name (base, metric, site);
  g_autoptr (EgNpyArray) array = read_shaped (reader, name, n_dims, shape, error);
  g_autofree double *values = array != NULL ? eg_npy_array_get_doubles (array, error) : NULL;
  if (values == NULL)
    return FALSE;
  memcpy (to, values, eg_npy_array_get_n_elements (array) * sizeof *to);
  return TRUE;
}

static gboolean
read_known (
    const EgNpzFields *reader, const char *site, guint n_dims, const gsize *shape, guint8 *to, GError **error)
{
  g_autofree char *name = eg_trace_result_field_name ("sample_known", NULL, site);
  g_autoptr (EgNpyArray) array = read_shaped (reader, name, n_dims, shape, error);
  g_autofree gint64 *known = array != NULL ? eg_npy_array_get_int64s (array, error) : NULL;
  if (known == NULL)
    return FALSE;
  for (gsize i = 0; i < eg_npy_array_get_n_elements (array); i++)
    to[i] = known[i] != 0;
  return TRUE;
}

/* How many samples the file has values of; there is memory for those of all cells. */
static gboolean
read_n_samples (const EgNpzFields *reader,
                const EgTraceRequest *request,
                const EgTraceResult *result,
                gsize *n,
                GError **error)
{
  g_autoptr (EgNpyArray) low = eg_npz_read (reader->npz, "sample_low", error);
  if (low == NULL)
    return FALSE;
  *n = eg_npy_array_get_n_elements (low);
  const guint most = eg_trace_request_get_max_samples (request);
  if (*n == 0 || *n > most)
    return eg_npz_fields_fail (reader, error, _ ("it has values of %zu samples, and the request asks for %u"),
                               *n, most);
  const double needed = (double)eg_trace_grid_n_cells (result->grids[0]) * (double)result->n_grids
                        * (double)*n * (double)(result->n_metrics * sizeof (double) + 1);
  if (needed < (double)eg_memory_available ())
    return TRUE;
  g_set_error (error, EG_ERROR, EG_ERROR_MEMORY, _ ("%s: there is no memory for its values"), reader->title);
  return FALSE;
}

static EgEstimates *
read_estimates (const EgNpzFields *reader,
                const EgTraceRequest *request,
                const EgTraceResult *result,
                GError **error)
{
  const gsize n_cells = eg_trace_grid_n_cells (result->grids[0]);
  gsize S = 0;
  if (!read_n_samples (reader, request, result, &S, error))
    return NULL;
  g_autoptr (EgEstimates) self = eg_estimates_new (result->n_metrics, result->n_grids * n_cells, S);
  for (gsize i = 0; i < result->n_grids; i++)
    {
      gsize shape[3];
      const guint n_dims = values_shape (result->grids[i], S, shape);
      const char *site = site_suffix (result, i);
      if (!read_known (reader, site, n_dims, shape, self->known + i * n_cells * S, error))
        return NULL;
      for (gsize m = 0; m < self->n_metrics; m++)
        if (!read_doubles (reader, "sample_values", metric_suffix (result, m), site, n_dims, shape,
                           self->values + (m * self->n_cells + i * n_cells) * S, error))
          return NULL;
    }
  for (gsize m = 0; m < self->n_metrics; m++)
    if (!read_doubles (reader, "sample_low", metric_suffix (result, m), NULL, 1, &S, self->low + m * S, error)
        || !read_doubles (reader, "sample_high", metric_suffix (result, m), NULL, 0, NULL, &self->high[m],
                          error))
      return NULL;
  return g_steal_pointer (&self);
}

static gboolean
read_model (const EgNpzFields *reader, EgSavedTrace *self, GError **error)
{
  g_autofree gint64 *sizes = NULL;
  if (!eg_npz_fields_integers (reader, "model_sizes", G_N_ELEMENTS (self->sizes), G_MAXINT64, &sizes, error))
    return FALSE;
  memcpy (self->sizes, sizes, sizeof self->sizes);
  return eg_npz_fields_text (reader, "model_folder", &self->folder, error)
         && eg_npz_fields_text (reader, "tokenizer_file", &self->tokenizer, error);
}

EgSavedTrace *
eg_saved_trace_load (const char *path, GError **error)
{
  g_autoptr (EgNpz) npz = eg_npz_load (path, error);
  if (npz == NULL)
    return NULL;
  g_autoptr (EgSavedTrace) self = g_new0 (EgSavedTrace, 1);
  self->title = eg_file_get_title (path);
  const EgNpzFields reader = { npz, self->title };
  self->result = eg_trace_result_read_npz (npz, self->title, error);
  if (self->result == NULL)
    return NULL;
  if (self->result->complete || !eg_npz_has (npz, "sample_values"))
    return g_steal_pointer (&self);
  self->request = read_request (&reader, error);
  self->estimates
      = self->request != NULL ? read_estimates (&reader, self->request, self->result, error) : NULL;
  if (self->estimates == NULL || !read_model (&reader, self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
eg_saved_trace_free (EgSavedTrace *self)
{
  g_clear_pointer (&self->result, eg_trace_result_unref);
  g_clear_pointer (&self->request, eg_trace_request_free);
  g_clear_pointer (&self->estimates, eg_estimates_free);
  g_free (self->title);
  g_free (self->folder);
  g_free (self->tokenizer);
  g_free (self);
}

/* ---- going on ---- */

gboolean
eg_saved_trace_check (const EgSavedTrace *self, GError **error)
{
  if (self->estimates != NULL)
    return TRUE;
  return eg_error_invalid (error,
                           self->result->complete
                               ? _ ("%s is complete: there is nothing left to trace")
                               : _ ("%s has no values of single samples, which going on needs: trace anew"),
                           self->title);
}

static gboolean
check_sizes (const EgSavedTrace *self, EgModel *model, GError **error)
{
  gint64 sizes[4];
  get_sizes (model, sizes);
  if (memcmp (sizes, self->sizes, sizeof sizes) == 0)
    return TRUE;
  return eg_error_invalid (
      error,
      _ ("%s is a trace of another model, “%s”: layers, width, vocabulary and parameters are %" PRId64
         ", %" PRId64 ", %" PRId64 " and %" PRId64 " there, %" PRId64 ", %" PRId64 ", %" PRId64
         " and %" PRId64 " in “%s”"),
      self->title, self->result->model != NULL ? self->result->model : "", self->sizes[0], self->sizes[1],
      self->sizes[2], self->sizes[3], sizes[0], sizes[1], sizes[2], sizes[3], eg_model_get_name (model));
}

/* Whether the model reads the prompt as it did, so that all cells and metrics are the same. */
static gboolean
check_input (const EgSavedTrace *self, EgModel *model, GError **error)
{
  g_autoptr (EgTraceInput) input = eg_trace_input_new (self->request, model, NULL, error);
  if (input == NULL)
    return FALSE;
  const EgTraceTokens *tokens = self->result->tokens;
  if (input->n_tokens != tokens->n_tokens || tokens->ids == NULL
      || memcmp (input->ids, tokens->ids, tokens->n_tokens * sizeof *tokens->ids) != 0)
    return eg_error_invalid (error, _ ("%s: the tokenizer of “%s” makes other tokens of the prompt now"),
                             self->title, eg_model_get_name (model));
  const EgGrid grid = eg_grid_of_input (self->request, model, input);
  EgMeter meter = { 0 };
  eg_meter_init (&meter, model, self->request);
  const gboolean same
      = eg_grid_n_cells (&grid) == self->estimates->n_cells && meter.n_metrics == self->estimates->n_metrics;
  eg_meter_clear (&meter);
  return same || eg_error_invalid (error, _ ("%s has other cells than its request asks for"), self->title);
}

/* Whether both are the processor: then the numbers tell whether what computes gives the same ones, as they
 * did when results named it "cpu" alone. */
static gboolean
are_processor (const char *a, const char *b)
{
  return a != NULL && g_str_has_prefix (a, "cpu") && g_str_has_prefix (b, "cpu");
}

/* The model on the device that computed so far. (transfer full) */
static EgModel *
place (const EgSavedTrace *self, EgModel *model, GError **error)
{
  EgModel *origin = eg_model_get_origin (model);
  const char *device = self->result->device;
  if (are_processor (device, eg_model_get_device_name (origin)))
    return eg_model_ref (origin);
  EgBackend *backend = eg_device_open (&self->request->device, error);
  g_autoptr (EgModel) placed = backend != NULL ? eg_model_place (origin, backend, error) : NULL;
  if (placed == NULL || g_strcmp0 (device, eg_model_get_device_name (placed)) == 0
      || are_processor (device, eg_model_get_device_name (placed)))
    return g_steal_pointer (&placed);
  g_set_error (error, EG_ERROR, EG_ERROR_DEVICE,
               _ ("%s was traced by %s, and only that gives the same numbers; here it would be %s"),
               self->title, device != NULL ? device : "", eg_model_get_device_name (placed));
  return NULL;
}

EgTracePartial *
eg_saved_trace_continue (const EgSavedTrace *self, EgModel *model, GError **error)
{
  if (!eg_saved_trace_check (self, error) || !check_sizes (self, model, error)
      || !check_input (self, model, error))
    return NULL;
  g_autoptr (EgModel) placed = place (self, model, error);
  if (placed == NULL)
    return NULL;
  EgEstimates *estimates = eg_estimates_copy (self->estimates, self->estimates->max_samples);
  const double seconds = isnan (self->result->seconds) ? 0 : self->result->seconds;
  return eg_trace_partial_new (placed, self->request, estimates, seconds);
}
