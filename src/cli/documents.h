/* The JSON documents of commands whose answers `engram-cli serve` gives, too: each is made in the file of its
 * command. All are (transfer full). */
#pragma once

#include "library/model.h"
#include "trace/run/predict.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* How many predictions may be asked for. */
#define CLI_MAX_TOP 1000000

/* predict.c: model, prompt, token_ids, tokens, predictions: [{ id, text, probability }]. */
JsonObject *cli_prediction_to_json (EgModel *model, const char *prompt, const EgPrediction *prediction);

/* tokenize.c: ids, tokens, offsets: [[start, end]] in characters. */
JsonObject *cli_tokens_to_json (EgTokenizer *tokenizer, const EgToken *tokens, gsize n);

/* models.c: models, searched. entries: (element-type EgModelEntry) */
JsonObject *cli_models_to_json (GPtrArray *entries);

/* info.c: what `engram-cli info` says of a model and of what computes. */
JsonObject *cli_model_to_json (EgModel *model);

G_END_DECLS
