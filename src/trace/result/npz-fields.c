/* Takes single values and lists out of an .npz, and says by name what is wrong with one. */
#include "trace/result/npz-fields.h"

#include "core/error.h"

#include <float.h>
#include <glib/gi18n.h>
#include <inttypes.h>
#include <math.h>

char *
eg_trace_result_field_name (const char *base, const char *metric, const char *site)
{
  return g_strconcat (base, metric != NULL ? "_" : "", metric != NULL ? metric : "", site != NULL ? "_" : "",
                      site != NULL ? site : "", NULL);
}

gboolean
eg_npz_fields_fail (const EgNpzFields *reader, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, "%s: %s", reader->title, message);
  return FALSE;
}

char *
eg_npz_fields_shape_text (guint n_dims, const gsize *shape)
{
  GString *text = g_string_new ("[");
  for (guint i = 0; i < n_dims; i++)
    g_string_append_printf (text, "%s%" G_GSIZE_FORMAT, i == 0 ? "" : ", ", shape[i]);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

char *
eg_npz_fields_array_shape (const EgNpyArray *array)
{
  return eg_npz_fields_shape_text (eg_npy_array_get_n_dims (array), eg_npy_array_get_shape (array));
}

gboolean
eg_npz_fields_has_shape (const EgNpyArray *array, guint n_dims, const gsize *shape)
{
  gboolean same = eg_npy_array_get_n_dims (array) == n_dims;
  for (guint i = 0; same && i < n_dims; i++)
    same = eg_npy_array_get_shape (array)[i] == shape[i];
  return same;
}

/* An array of exactly n elements; n = 1 also takes a scalar. */
static EgNpyArray *
read_array (const EgNpzFields *reader, const char *name, gsize n, GError **error)
{
  g_autoptr (EgNpyArray) array = eg_npz_read (reader->npz, name, error);
  if (array == NULL)
    return NULL;
  if (eg_npy_array_get_n_elements (array) == n && eg_npy_array_get_n_dims (array) <= 1)
    return g_steal_pointer (&array);
  g_autofree char *shape = eg_npz_fields_array_shape (array);
  if (n == 1)
    eg_npz_fields_fail (reader, error, _ ("%s has shape %s, where one value belongs"), name, shape);
  else
    eg_npz_fields_fail (reader, error, _ ("%s has shape %s, expected [%zu]"), name, shape, n);
  return NULL;
}

gboolean
eg_npz_fields_is_infinite (double value)
{
  return fabs (value) > (double)FLT_MAX;
}

/* Optional ones keep *value when they are not there. */
gboolean
eg_npz_fields_number (const EgNpzFields *reader, const char *name, double *value, GError **error)
{
  if (!eg_npz_has (reader->npz, name))
    return TRUE;
  g_autoptr (EgNpyArray) array = read_array (reader, name, 1, error);
  g_autofree double *values = array != NULL ? eg_npy_array_get_doubles (array, error) : NULL;
  if (values == NULL)
    return FALSE;
  if (eg_npz_fields_is_infinite (values[0]))
    return eg_npz_fields_fail (reader, error, _ ("%s is infinite"), name);
  *value = values[0];
  return TRUE;
}

gboolean
eg_npz_fields_integers (
    const EgNpzFields *reader, const char *name, gsize n, gint64 max, gint64 **values, GError **error)
{
  g_autoptr (EgNpyArray) array = read_array (reader, name, n, error);
  g_autofree gint64 *integers = array != NULL ? eg_npy_array_get_int64s (array, error) : NULL;
  if (integers == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (integers[i] < 0 || integers[i] > max)
      return eg_npz_fields_fail (reader, error, _ ("%s holds %" PRId64 ", which is out of range"), name,
                                 integers[i]);
  *values = g_steal_pointer (&integers);
  return TRUE;
}

gboolean
eg_npz_fields_integer (const EgNpzFields *reader, const char *name, gint64 max, gint64 *value, GError **error)
{
  if (!eg_npz_has (reader->npz, name))
    return TRUE;
  g_autofree gint64 *values = NULL;
  if (!eg_npz_fields_integers (reader, name, 1, max, &values, error))
    return FALSE;
  *value = values[0];
  return TRUE;
}

gboolean
eg_npz_fields_texts (const EgNpzFields *reader, const char *name, gsize n, char ***texts, GError **error)
{
  g_autoptr (EgNpyArray) array = read_array (reader, name, n, error);
  if (array != NULL)
    *texts = eg_npy_array_get_strings (array, error);
  return array != NULL && *texts != NULL;
}

gboolean
eg_npz_fields_text (const EgNpzFields *reader, const char *name, char **text, GError **error)
{
  if (!eg_npz_has (reader->npz, name))
    return TRUE;
  g_auto (GStrv) texts = NULL;
  if (!eg_npz_fields_texts (reader, name, 1, &texts, error))
    return FALSE;
  *text = g_strdup (texts[0]);
  return TRUE;
}
