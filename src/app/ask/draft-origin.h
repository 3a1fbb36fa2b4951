/* What a draft's prompt is to another model than the one that is open: that of the map which is shown. */
#pragma once

#include "library/model.h"
#include "trace/result/result.h"

G_BEGIN_DECLS

/**
 * EgDraftOrigin:
 * @model: (nullable): not in memory
 * @texts, @spelled, @ids: [n] tokens, spelled as they are shown; ids are %NULL where unknown
 * @subject_first, @subject_last: inclusive
 */
typedef struct
{
  EgModel *model;
  gsize n;
  char **texts, **spelled;
  guint32 *ids;
  gsize subject_first, subject_last;
} EgDraftOrigin;

/* (transfer full) */
EgDraftOrigin *eg_draft_origin_new (EgModel *model, const EgTraceTokens *tokens);
void eg_draft_origin_free (EgDraftOrigin *self);

/* Whether two (nullable) say the same. */
gboolean eg_draft_origin_equal (const EgDraftOrigin *a, const EgDraftOrigin *b);

/* Where tokens first … last, inclusive, stand in the prompt, in bytes. FALSE where that cannot be told: their
 * texts are not the prompt. */
gboolean eg_draft_origin_find (
    const EgDraftOrigin *self, const char *prompt, gsize first, gsize last, gsize *start, gsize *end);

G_END_DECLS
