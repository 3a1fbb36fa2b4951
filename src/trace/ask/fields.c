/* What can be done to any field of a request, and to all of them, by the table. */
#include "trace/ask/fields.h"

#include "core/number.h"

#include <math.h>

#define MEMBER(type, request, offset) (*(type *)(gpointer)((char *)(request) + (offset)))

gboolean
eg_trace_field_from_option (const char *option, EgTraceField *field)
{
  for (*field = 0; *field < EG_N_FIELDS; ++*field)
    if (g_strcmp0 (eg_trace_field_get_info (*field)->option, option) == 0)
      return TRUE;
  return FALSE;
}

double
eg_trace_field_get_number (EgTraceField field, const EgTraceRequest *request)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  switch (info->type)
    {
    case EG_FIELD_FLAG:
      return MEMBER (const gboolean, request, info->offset) != FALSE;
    case EG_FIELD_COUNT:
      return MEMBER (const guint, request, info->offset);
    case EG_FIELD_NUMBER:
      return MEMBER (const double, request, info->offset);
    case EG_FIELD_TEXT:
    case EG_FIELD_NAME:
      break;
    }
  g_return_val_if_reached (NAN);
}

void
eg_trace_field_set_number (EgTraceField field, EgTraceRequest *request, double value)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  switch (info->type)
    {
    case EG_FIELD_FLAG:
      MEMBER (gboolean, request, info->offset) = value != 0;
      return;
    case EG_FIELD_COUNT:
      MEMBER (guint, request, info->offset) = (guint)value;
      return;
    case EG_FIELD_NUMBER:
      MEMBER (double, request, info->offset) = value;
      return;
    case EG_FIELD_TEXT:
    case EG_FIELD_NAME:
      break;
    }
  g_return_if_reached ();
}

static char *
format_number (EgTraceField field, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  const gboolean is_number = eg_trace_field_get_info (field)->type == EG_FIELD_NUMBER;
  return g_strdup (g_ascii_formatd (text, sizeof text, is_number ? "%.17g" : "%.0f", value));
}

char *
eg_trace_field_format (EgTraceField field, const EgTraceRequest *request)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  if (info->type == EG_FIELD_TEXT)
    return g_strdup (MEMBER (char *const, request, info->offset));
  return info->type == EG_FIELD_NAME ? info->format (request)
                                     : format_number (field, eg_trace_field_get_number (field, request));
}

char *
eg_trace_field_format_in_file (EgTraceField field, const EgTraceRequest *request)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  return info->format_in_file != NULL ? info->format_in_file (request)
                                      : eg_trace_field_format (field, request);
}

static void
set_text (EgTraceRequest *request, gsize offset, const char *text)
{
  char **member = &MEMBER (char *, request, offset);
  char *before = *member;
  *member = g_strdup (text);
  g_free (before);
}

gboolean
eg_trace_field_parse (EgTraceField field, EgTraceRequest *request, const char *text, GError **error)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  g_autofree char *what
      = info->option != NULL ? g_strconcat ("--", info->option, NULL) : g_strdup (info->name);
  guint64 count;
  double number;
  switch (info->type)
    {
    case EG_FIELD_FLAG:
    case EG_FIELD_COUNT:
      if (!eg_parse_integer (what, text, (guint64)info->min, (guint64)info->max, &count, error))
        return FALSE;
      eg_trace_field_set_number (field, request, (double)count);
      return TRUE;
    case EG_FIELD_NUMBER:
      if (!eg_parse_number (what, text, info->min, info->max, &number, error))
        return FALSE;
      eg_trace_field_set_number (field, request, number);
      return TRUE;
    case EG_FIELD_TEXT:
      set_text (request, info->offset, text);
      return TRUE;
    case EG_FIELD_NAME:
    default:
      return info->parse (request, text, error);
    }
}

gboolean
eg_trace_field_parse_in_file (EgTraceField field, EgTraceRequest *request, const char *text, GError **error)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  return info->parse_in_file != NULL ? info->parse_in_file (request, text, error)
                                     : eg_trace_field_parse (field, request, text, error);
}

void
eg_trace_field_reset (EgTraceField field, EgTraceRequest *request)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  if (info->type == EG_FIELD_TEXT)
    set_text (request, info->offset, info->usual);
  else if (info->type == EG_FIELD_NAME)
    info->parse (request, info->usual, NULL);
  else
    eg_trace_field_set_number (field, request, g_ascii_strtod (info->usual, NULL));
}

/* Numbers that were written and read again are the same, counts only where they are. */
static gboolean
same_number (const EgFieldInfo *info, double a, double b)
{
  return info->type == EG_FIELD_NUMBER ? fabs (a - b) <= 1e-9 * fabs (a) : a == b;
}

gboolean
eg_trace_field_is_usual (EgTraceField field, const EgTraceRequest *request)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  if (info->is_set != NULL)
    return !info->is_set (request);
  if (info->type != EG_FIELD_TEXT && info->type != EG_FIELD_NAME)
    return same_number (info, eg_trace_field_get_number (field, request), g_ascii_strtod (info->usual, NULL));
  g_autofree char *text = eg_trace_field_format (field, request);
  return g_strcmp0 (text, info->usual) == 0;
}

gboolean
eg_trace_field_is_written (EgTraceField field, const EgTraceRequest *request, EgFieldWhen when)
{
  return when == EG_FIELD_ALWAYS || (when == EG_FIELD_UNUSUAL && !eg_trace_field_is_usual (field, request));
}

const char *
eg_trace_field_get_useless (EgTraceField field, const EgTraceRequest *request)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  return info->useless != NULL ? info->useless (request) : NULL;
}

gboolean
eg_trace_field_equal (EgTraceField field, const EgTraceRequest *a, const EgTraceRequest *b)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  if (eg_trace_field_get_useless (field, a) != NULL && eg_trace_field_get_useless (field, b) != NULL)
    return TRUE;
  if (info->equal != NULL)
    return info->equal (a, b);
  if (info->type != EG_FIELD_TEXT && info->type != EG_FIELD_NAME)
    return same_number (info, eg_trace_field_get_number (field, a), eg_trace_field_get_number (field, b));
  g_autofree char *of_a = eg_trace_field_format (field, a), *of_b = eg_trace_field_format (field, b);
  return g_strcmp0 (of_a, of_b) == 0;
}

/* ---- all fields ---- */

static gboolean
is_named_alone (EgTraceField field)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  return info->part != EG_FIELD_OF_PROMPT && !info->ignored && info->option != NULL && field != EG_FIELD_SITES
         && field != EG_FIELD_METRIC && field != EG_FIELD_KEEP_SAMPLES;
}

char *
eg_trace_request_describe_difference (const EgTraceRequest *self, const EgTraceRequest *other)
{
  g_autoptr (GString) text = g_string_new (NULL);
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    {
      if (!is_named_alone (field) || eg_trace_field_equal (field, self, other))
        continue;
      g_autofree char *value = eg_trace_field_format (field, self);
      g_string_append_printf (text, "%s%s %s", text->len > 0 ? ", " : "",
                              eg_trace_field_get_info (field)->option,
                              value != NULL && *value != '\0' ? value : "–");
    }
  return text->len > 0 ? g_strdup (text->str) : NULL;
}

gboolean
eg_trace_request_equal (const EgTraceRequest *a, const EgTraceRequest *b)
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    if (!eg_trace_field_get_info (field)->ignored && !eg_trace_field_equal (field, a, b))
      return FALSE;
  return TRUE;
}

void
eg_trace_request_complete (EgTraceRequest *self, const gboolean named[EG_N_FIELDS])
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    {
      const EgFieldInfo *info = eg_trace_field_get_info (field);
      g_autofree char *text = info->implied != NULL && !named[field] ? info->implied (self) : NULL;
      if (text != NULL)
        eg_trace_field_parse (field, self, text, NULL);
    }
}

/* What a function does to an allocated text, or a list of texts, of a request. */
typedef void (*OwnedFunc) (EgTraceRequest *request, gsize offset, gboolean is_list);

static void
for_owned (EgTraceRequest *request, OwnedFunc func)
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    {
      const EgFieldInfo *info = eg_trace_field_get_info (field);
      if (info->type == EG_FIELD_TEXT)
        func (request, info->offset, FALSE);
      for (gsize i = 0; i < G_N_ELEMENTS (info->owned) && info->owned[i] != 0; i++)
        func (request, info->owned[i], info->owned_list);
    }
}

static void
duplicate (EgTraceRequest *request, gsize offset, gboolean is_list)
{
  if (is_list)
    MEMBER (char **, request, offset) = g_strdupv (MEMBER (char **, request, offset));
  else
    MEMBER (char *, request, offset) = g_strdup (MEMBER (char *, request, offset));
}

static void
release (EgTraceRequest *request, gsize offset, gboolean is_list)
{
  if (is_list)
    g_clear_pointer (&MEMBER (char **, request, offset), g_strfreev);
  else
    g_clear_pointer (&MEMBER (char *, request, offset), g_free);
}

EgTraceRequest *
eg_trace_request_new (const char *prompt, const char *subject)
{
  EgTraceRequest *self = g_new0 (EgTraceRequest, 1);
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    eg_trace_field_reset (field, self);
  set_text (self, G_STRUCT_OFFSET (EgTraceRequest, prompt), prompt);
  set_text (self, G_STRUCT_OFFSET (EgTraceRequest, subject), subject);
  return self;
}

EgTraceRequest *
eg_trace_request_copy (const EgTraceRequest *self)
{
  EgTraceRequest *copy = g_memdup2 (self, sizeof *self);
  for_owned (copy, duplicate);
  return copy;
}

void
eg_trace_request_free (EgTraceRequest *self)
{
  if (self == NULL)
    return;
  for_owned (self, release);
  g_free (self);
}

gboolean
eg_trace_request_set_sites (EgTraceRequest *self, const char *names, GError **error)
{
  return eg_trace_field_parse (EG_FIELD_SITES, self, names, error);
}

static gboolean
check (const EgTraceRequest *self, EgTraceField field, EgTraceField *which, GError **error)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  if (which != NULL)
    *which = field;
  return info->check == NULL || info->check (self, error);
}

gboolean
eg_trace_request_check (const EgTraceRequest *self, EgTraceField *which, GError **error)
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    if (!check (self, field, which, error))
      return FALSE;
  return TRUE;
}

gboolean
eg_trace_request_check_part (const EgTraceRequest *self,
                             EgFieldPart part,
                             EgTraceField *which,
                             GError **error)
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    if (eg_trace_field_get_info (field)->part == part && !check (self, field, which, error))
      return FALSE;
  return TRUE;
}
