/* What a request's texts are for a model, and what is wrong with which of its parts. */
#pragma once

#include "trace/ask/input.h"

G_BEGIN_DECLS

/* The parts of the panel, each of which says by itself what is wrong with it. */
typedef enum
{
  EG_PART_PROMPT,
  EG_PART_SUBJECT,
  EG_PART_TARGET,
  EG_PART_CORRUPTION,
  EG_PART_RESTORING,
  EG_PART_MORE,
  EG_N_PARTS,
} EgPart;

/**
 * EgPromptTokens: the prompt as the model reads it.
 * @ids, @starts, @ends: [n]; offsets in characters of the prompt, end exclusive
 * @subject_first, @subject_last: inclusive; −1 where the subject is not in the prompt
 */
typedef struct
{
  gsize n;
  guint32 *ids;
  gsize *starts, *ends;
  gssize subject_first, subject_last;
} EgPromptTokens;

/**
 * EgFindings:
 * @tokens: none without a model
 * @errors: a sentence for each part that is wrong; %NULL for the others
 * @notes: what is worth knowing about a part that is not wrong; or %NULL
 */
typedef struct
{
  EgPromptTokens tokens;
  char *errors[EG_N_PARTS], *notes[EG_N_PARTS];
} EgFindings;

/* Looks at all parts at once, so that each is told what is wrong with it. model: %NULL, then only what is
 * wrong of every prompt is found. (transfer full) */
EgFindings *eg_draft_check (const EgTraceRequest *request, EgModel *model);
void eg_findings_free (EgFindings *self);

gboolean eg_prompt_tokens_equal (const EgPromptTokens *a, const EgPromptTokens *b);

G_END_DECLS
