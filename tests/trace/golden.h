/* The golden models of tests/golden/models and their numbers, made by tests/golden/make_models.py from
 * PyTorch. */
#pragma once

#include "network/workspace.h"
#include "trace/run/trace.h"

#include <json-glib/json-glib.h>

/* Of state space models, NULL-terminated: those of Mamba-1; Falcon-Mamba's and Mamba-2's, by make_ssm.py. */
extern const char *const golden_models[];

/* The same of GPT-2, made by make_gpt2.py, and of GPT-NeoX, made by make_neox.py. */
extern const char *const golden_gpt2_models[];
extern const char *const golden_neox_models[];

EgModel *golden_open (const char *name);

/* golden.json's root. */
JsonNode *golden_load (const char *name);

/* The request of one object of "traces". (transfer full) */
EgTraceRequest *golden_request (JsonObject *trace);

/* What a request restores, each by itself: this site first, then the others; and what it freezes. Without
 * _in: of Mamba. */
void golden_restore_in (const EgFamily *family, EgTraceRequest *request, EgSite site, EgSiteSet more);
void golden_freeze_in (const EgFamily *family, EgTraceRequest *request, EgSiteSet sites);
void golden_restore (EgTraceRequest *request, EgSite site, EgSiteSet more);
void golden_freeze (EgTraceRequest *request, EgSiteSet sites);

/* A test for each of the models (NULL at the end), which is its data; the path's * stands for its name. */
void golden_add_tests (const char *const models[], const char *path, GTestDataFunc func);

/* The tokens' embeddings [n, d], on which noise is put; and what makes them input rows, in place. Of a model
 * on the processor. (transfer full) */
float *golden_embed (EgWorkspace *workspace, const guint32 *ids, gsize n);
void golden_place (EgWorkspace *workspace, float *rows, gsize n);

/* A float in an array, or NaN for null. */
double golden_number (JsonArray *array, gsize index);

/* P(target) of a segment that is run alone. */
double golden_run_whole (EgWorkspace *workspace, const EgSegment *segment, gsize n_tokens, gsize target);
