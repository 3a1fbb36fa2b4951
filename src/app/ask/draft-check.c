/* The one place of the window where a prompt becomes tokens and where a request is looked at. */
#include "app/ask/draft-check.h"

#include "trace/ask/fields.h"
#include "trace/plan/grid.h"

#include <glib/gi18n.h>
#include <string.h>

void
eg_findings_free (EgFindings *self)
{
  if (self == NULL)
    return;
  g_free (self->tokens.ids);
  g_free (self->tokens.starts);
  g_free (self->tokens.ends);
  for (EgPart part = 0; part < EG_N_PARTS; part++)
    {
      g_free (self->errors[part]);
      g_free (self->notes[part]);
    }
  g_free (self);
}

static gboolean
same (gconstpointer a, gconstpointer b, gsize size)
{
  return size == 0 || memcmp (a, b, size) == 0;
}

gboolean
eg_prompt_tokens_equal (const EgPromptTokens *a, const EgPromptTokens *b)
{
  return a->n == b->n && a->subject_first == b->subject_first && a->subject_last == b->subject_last
         && same (a->ids, b->ids, a->n * sizeof *a->ids)
         && same (a->starts, b->starts, a->n * sizeof *a->starts)
         && same (a->ends, b->ends, a->n * sizeof *a->ends);
}

/* The first thing that is wrong with a part is what is said. */
static void
blame (EgFindings *self, EgPart part, const GError *error)
{
  if (self->errors[part] == NULL)
    self->errors[part] = g_strdup (error->message);
}

/* ---- tokens ---- */

static void
take_tokens (EgPromptTokens *self, const EgTraceInput *input)
{
  self->n = input->n_tokens;
  self->ids = g_memdup2 (input->ids, input->n_tokens * sizeof *input->ids);
  self->starts = g_memdup2 (input->starts, input->n_tokens * sizeof *input->starts);
  self->ends = g_memdup2 (input->ends, input->n_tokens * sizeof *input->ends);
  self->subject_first = (gssize)input->subject_first;
  self->subject_last = (gssize)input->subject_last;
}

/* Of a prompt whose subject is not there (yet). */
static void
encode_alone (EgPromptTokens *self, const char *prompt, EgModel *model)
{
  g_autoptr (GArray) tokens = eg_tokenizer_encode (eg_model_get_tokenizer (model), prompt, -1, NULL);

  self->n = tokens != NULL ? tokens->len : 0;
  self->ids = g_new (guint32, self->n);
  self->starts = g_new (gsize, self->n);
  self->ends = g_new (gsize, self->n);
  for (gsize i = 0; i < self->n; i++)
    {
      const EgToken *token = &g_array_index (tokens, EgToken, i);
      self->ids[i] = token->id;
      self->starts[i] = token->start;
      self->ends[i] = token->end;
    }
}

/* ---- parts ---- */

/* Where a field is in the panel. */
static EgPart
part_of (EgTraceField field)
{
  switch (eg_trace_field_get_info (field)->part)
    {
    case EG_FIELD_OF_PROMPT:
      return field == EG_FIELD_PROMPT   ? EG_PART_PROMPT
             : field == EG_FIELD_TARGET ? EG_PART_TARGET
                                        : EG_PART_SUBJECT;
    case EG_FIELD_OF_CORRUPTION:
      return EG_PART_CORRUPTION;
    case EG_FIELD_OF_RESTORING:
      return EG_PART_RESTORING;
    case EG_FIELD_OF_MEASURE:
    default:
      return EG_PART_MORE;
    }
}

/* What is wrong of every prompt. */
static void
check_alone (EgFindings *self, const EgTraceRequest *request)
{
  static const EgFieldPart parts[]
      = { EG_FIELD_OF_PROMPT, EG_FIELD_OF_CORRUPTION, EG_FIELD_OF_RESTORING, EG_FIELD_OF_MEASURE };

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autoptr (GError) error = NULL;
      EgTraceField which;
      if (!eg_trace_request_check_part (request, parts[i], &which, &error))
        blame (self, part_of (which), error);
    }
}

/* Prompt and subject by themselves: FALSE where no settings can make a trace of them. */
static gboolean
check_texts (EgFindings *self, const EgTraceRequest *request, EgModel *model)
{
  g_autoptr (EgTraceRequest) texts = eg_trace_request_new (request->prompt, request->subject);
  g_autoptr (GError) error = NULL;

  texts->subject_offset = request->subject_offset;
  g_autoptr (EgTraceInput) input = eg_trace_input_new (texts, model, NULL, &error);
  if (input != NULL)
    take_tokens (&self->tokens, input);
  else
    {
      encode_alone (&self->tokens, request->prompt, model);
      blame (self, *request->prompt == '\0' ? EG_PART_PROMPT : EG_PART_SUBJECT, error);
    }
  return input != NULL;
}

/* A token that begins with the space is then impossible, and most do. */
static void
note_prompt (EgFindings *self, const EgTraceRequest *request)
{
  if (g_str_has_suffix (request->prompt, " "))
    self->notes[EG_PART_PROMPT] = g_strdup (
        _ ("The prompt ends in a space, which is part of the next word for most models: leave it out"));
}

static void
check_target (EgFindings *self, const EgTraceRequest *request, EgModel *model)
{
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  guint32 id;

  if (request->target == NULL)
    return;
  if (!eg_trace_find_target (eg_model_get_tokenizer (model), request->target, &id, notes, &error))
    blame (self, EG_PART_TARGET, error);
  else if (notes->len > 0)
    self->notes[EG_PART_TARGET] = g_strdup (notes->pdata[0]);
}

/* What is said of a subject that is all right: the first note is about its place, if any is. */
static void
note_subject (EgFindings *self, const EgTraceRequest *request, const EgTraceInput *input)
{
  const char *at = request->subject_offset < 0 ? strstr (request->prompt, request->subject) : NULL;

  if (at != NULL && strstr (at + 1, request->subject) != NULL && input->notes[0] != NULL)
    self->notes[EG_PART_SUBJECT] = g_strdup (input->notes[0]);
}

/* Whether all values of a site are known before anything is traced. */
static gboolean
is_trivial (const EgGrid *grid, gsize site)
{
  const gsize n = grid->n_rows * grid->n_columns;

  for (gsize i = 0; i < n; i++)
    if (eg_grid_cell_kind (grid, site * n + i) == EG_CELL_COMPUTED)
      return FALSE;
  return TRUE;
}

/* Of a sweep whose answer is trivial, as all tokens of a layer of the residual stream are: it would be one
 * flat picture. */
static void
note_restoring (EgFindings *self, const EgTraceRequest *request, EgModel *model, const EgTraceInput *input)
{
  const EgGrid grid = eg_grid_of_input (request, model, input);

  for (gsize i = 0; i < grid.n_sites; i++)
    if (is_trivial (&grid, i))
      {
        const char *site = _ (grid.family->sites[grid.sites[i]].title);
        self->notes[EG_PART_RESTORING] = g_strdup_printf (
            grid.damages ? _ ("%s: nothing but the corrupted run comes of it, whatever the "
                              "prompt. Choose another site, or one token in one layer")
                         : _ ("%s: nothing but the clean run comes of it, whatever the "
                              "prompt. Choose another site, or one token in one layer"),
            site);
        return;
      }
}

static gboolean
has_error (const EgFindings *self)
{
  for (EgPart part = 0; part < EG_N_PARTS; part++)
    if (self->errors[part] != NULL)
      return TRUE;
  return FALSE;
}

static void
check_with_model (EgFindings *self, const EgTraceRequest *request, EgModel *model)
{
  g_autoptr (GError) error = NULL;
  EgTraceField which = EG_FIELD_SUBJECT;
  /* A span of its own would stand for a subject that is not there: the window wants one. */
  g_autoptr (EgTraceInput) input
      = *request->subject != '\0' ? eg_trace_input_new (request, model, &which, &error) : NULL;

  check_target (self, request, model);
  if (input != NULL)
    {
      take_tokens (&self->tokens, input);
      note_subject (self, request, input);
      note_restoring (self, request, model, input);
      return;
    }
  if (check_texts (self, request, model) && !has_error (self))
    blame (self, part_of (which), error);
}

EgFindings *
eg_draft_check (const EgTraceRequest *request, EgModel *model)
{
  EgFindings *self = g_new0 (EgFindings, 1);

  self->tokens.subject_first = self->tokens.subject_last = -1;
  check_alone (self, request);
  note_prompt (self, request);
  if (model != NULL)
    check_with_model (self, request, model);
  return self;
}
