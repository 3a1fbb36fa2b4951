/* What a cell of the map does: what is restored at once, into which runs, and which paths are cut. */
#pragma once

#include "app/ask/draft-check.h"
#include "network/family.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_RESTORING_ROW (eg_restoring_row_get_type ())

/* Signals: "changed" (); "knockout" (): a knockout was switched on or off. */
G_DECLARE_FINAL_TYPE (EgRestoringRow, eg_restoring_row, EG, RESTORING_ROW, AdwExpanderRow)

/* What the request says of it. EG_ERROR_INVALID when the knockout's layers
 * and tokens are not such. */
gboolean eg_restoring_row_fill (EgRestoringRow *self, EgTraceRequest *request, GError **error);
void eg_restoring_row_show (EgRestoringRow *self, const EgTraceRequest *request);

gboolean eg_restoring_row_has_knockout (EgRestoringRow *self);

/* Whose sites can be frozen. */
void eg_restoring_row_set_family (EgRestoringRow *self, const EgFamily *family);

void eg_restoring_row_set_error (EgRestoringRow *self, const char *error);

/* What is worth knowing of what is asked for. note: (nullable) */
void eg_restoring_row_set_note (EgRestoringRow *self, const char *note);

/* Whether a knockout can cut single heads. */
void eg_restoring_row_set_has_heads (EgRestoringRow *self, gboolean has_heads);

/* What a knockout begins with: all layers, from the subject, which is among the tokens, to the last one. */
void eg_restoring_row_suggest (EgRestoringRow *self, gsize n_layers, const EgPromptTokens *tokens);

/* The number of layers restored together is remembered. */
void eg_restoring_row_bind (EgRestoringRow *self, GSettings *settings);

/* A number that is still being typed counts. */
void eg_restoring_row_commit (EgRestoringRow *self);

/* "One token in one layer · Damage the clean run": what a request restores, and what is not as usual.
 * (transfer full) */
char *eg_restoring_summarize (const EgTraceRequest *request);

G_END_DECLS
