/* What is known of a fact, as JSON. */
#pragma once

#include "study/settings.h"
#include "study/study-fact.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* {"index", "id", "prompt", "subject", "relation", "expected", "state", "problem", "target", "prediction",
 * "prediction_probability", "clean", "corrupted", "high_score", "low_score", "low_score_sem", "noise_std",
 * "tokens", "subject_range", "scores", "scores_sem", "computer"}: what does not apply is null; scores
 * [layers][tokens] of the first site, of others "sites": {NAME: {"scores", "scores_sem"}}; of estimates
 * "estimate" in the place of both. settings: of its study. (transfer full) */
JsonObject *eg_study_fact_to_json (const EgStudyFact *self, const EgStudySettings *settings);

G_END_DECLS
