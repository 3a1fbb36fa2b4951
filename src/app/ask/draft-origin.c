/* A copy of what a result knows of its prompt. */
#include "app/ask/draft-origin.h"

#include <string.h>

static char **
copy_texts (char *const *texts, gsize n)
{
  char **copy = g_new0 (char *, n + 1);

  for (gsize i = 0; i < n; i++)
    copy[i] = g_strdup (texts[i]);
  return copy;
}

EgDraftOrigin *
eg_draft_origin_new (EgModel *model, const EgTraceTokens *tokens)
{
  EgDraftOrigin *self = g_new0 (EgDraftOrigin, 1);

  self->model = model != NULL ? eg_model_ref (model) : NULL;
  self->n = tokens->tokens != NULL ? tokens->n_tokens : 0;
  self->texts = copy_texts (tokens->tokens, self->n);
  self->spelled = copy_texts (tokens->spelled != NULL ? tokens->spelled : tokens->tokens, self->n);
  self->ids = tokens->ids != NULL ? g_memdup2 (tokens->ids, self->n * sizeof *tokens->ids) : NULL;
  self->subject_first = tokens->subject_first;
  self->subject_last = tokens->subject_last;
  return self;
}

void
eg_draft_origin_free (EgDraftOrigin *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->model, eg_model_unref);
  g_strfreev (self->texts);
  g_strfreev (self->spelled);
  g_free (self->ids);
  g_free (self);
}

gboolean
eg_draft_origin_equal (const EgDraftOrigin *a, const EgDraftOrigin *b)
{
  if (a == NULL || b == NULL)
    return a == b;
  return a->model == b->model && a->subject_first == b->subject_first && a->subject_last == b->subject_last
         && g_strv_equal ((const char *const *)a->spelled, (const char *const *)b->spelled);
}

gboolean
eg_draft_origin_find (
    const EgDraftOrigin *self, const char *prompt, gsize first, gsize last, gsize *start, gsize *end)
{
  g_autofree char *text = g_strjoinv ("", self->texts);

  if (first > last || last >= self->n || strcmp (text, prompt) != 0)
    return FALSE;
  *start = 0;
  for (gsize i = 0; i < first; i++)
    *start += strlen (self->texts[i]);
  *end = *start;
  for (gsize i = first; i <= last; i++)
    *end += strlen (self->texts[i]);
  return TRUE;
}
