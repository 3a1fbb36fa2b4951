/* Writes the call that a result comes from, by the table of a request's fields. */
#include "trace/result/python-text.h"

#include "trace/ask/fields.h"

#include <string.h>

/* A text as Python has it. */
static void
append_text (GString *code, const char *text)
{
  g_string_append_c (code, '"');
  for (const char *c = text; *c != '\0'; c++)
    if (*c == '"' || *c == '\\')
      g_string_append_printf (code, "\\%c", *c);
    else if (g_ascii_iscntrl (*c))
      g_string_append_printf (code, "\\x%02x", (guint)(guchar)*c);
    else
      g_string_append_c (code, *c);
  g_string_append_c (code, '"');
}

static void
append_name (GString *code, const char *option)
{
  g_autofree char *name = g_strdelimit (g_strdup (option), "-", '_');
  g_string_append_printf (code, ", %s=", name);
}

static void
append_field (GString *code, EgTraceField field, const EgTraceRequest *request)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  g_autofree char *value = eg_trace_field_format (field, request);
  if (value == NULL || eg_trace_field_is_usual (field, request)
      || eg_trace_field_get_useless (field, request) != NULL)
    return;
  append_name (code, info->option);
  if (info->type == EG_FIELD_FLAG)
    g_string_append (code, "True");
  else if (info->type == EG_FIELD_COUNT || info->type == EG_FIELD_NUMBER)
    g_string_append (code, value);
  else
    append_text (code, value);
}

/* Where the subject is not at its first place in the prompt, its tokens say which it is. */
static gboolean
has_own_place (const EgTraceRequest *request)
{
  const char *first = request->subject != NULL ? strstr (request->prompt, request->subject) : NULL;
  return first != NULL && request->subject_offset >= 0
         && request->subject_offset != g_utf8_pointer_to_offset (request->prompt, first);
}

static void
append_device (GString *code, const EgDevice *device)
{
  if (device->kind != EG_DEVICE_CUDA)
    return;
  g_autofree char *name = eg_device_get_name (device);
  append_name (code, "device");
  append_text (code, name);
  if (device->precision == EG_PRECISION_FP32)
    return;
  append_name (code, "precision");
  append_text (code, eg_precision_get_name (device->precision));
}

/* Steps are those of an estimate beside the trace; where there is none, they say nothing. */
static void
append_steps (GString *code, const EgTraceResult *self)
{
  if (self->request->estimate_steps == 0 || self->grids[0]->estimate == NULL)
    return;
  append_name (code, "estimate");
  g_string_append (code, "True");
  append_field (code, EG_FIELD_ESTIMATE_STEPS, self->request);
}

char *
eg_trace_result_to_python (const EgTraceResult *self)
{
  g_autoptr (EgTraceRequest) request = eg_trace_request_copy (self->request);
  GString *code = g_string_new ("import engram\nmodel = engram.load(");
  if (has_own_place (request) && request->corruption.span == EG_SPAN_SUBJECT)
    {
      g_autofree char *span
          = g_strdup_printf ("tokens:%zu-%zu", self->tokens->subject_first, self->tokens->subject_last);
      eg_trace_field_parse (EG_FIELD_SPAN, request, span, NULL);
      eg_trace_field_reset (EG_FIELD_SUBJECT, request);
    }
  if (self->model != NULL)
    append_text (code, self->model);
  g_string_append (code, ")\nresult = model.trace(");
  append_text (code, request->prompt);
  for (const EgTraceField *field = eg_trace_field_list_options (); *field != EG_N_FIELDS; field++)
    if (*field != EG_FIELD_ESTIMATE_STEPS)
      append_field (code, *field, request);
  append_steps (code, self);
  append_device (code, &request->device);
  g_string_append (code, ")\n");
  return g_string_free (code, FALSE);
}
