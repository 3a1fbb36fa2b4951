/* The JSON documents of `engram-cli study`: numbers read back exactly; what is not known is null. */
#pragma once

#include "study/study-comparison.h"
#include "study/summary.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * eg_study_to_json: the document of `study show --json`.
 *
 * model, estimated, metric, direction, samples (with until_sem the first ones, and until_sem and
 * max_samples), seed, min_effect, facts, roles [role], layers, sites, relations. facts: total, traced,
 * unknown, unaffected, failed; left, where the study is under way. sites: by name; of each n [role], the
 * facts with such a token, and [role][layer] of score, effect and normalized: the mean by that name (of
 * estimates, estimate in the score's place); effect_sem, effect_lower, effect_upper (95%), effect_quartiles
 * [3][role][layer], and so for the others, but that of the score they are called sem, lower, upper and
 * quartiles; effect_peak [role], a layer, and effect_peak_interval [role][2], and so for normalized.
 * relations: by name; of each facts and sites. statistics.h says what the numbers are
 *
 * (transfer full)
 */
JsonObject *eg_study_to_json (const EgStudyValues *values, guint n_resamples);

/* {"total", "traced", "unknown", "unaffected", "failed"}: n_facts, and by state those of which something is
 * known (counts: [EG_N_STUDY_STATES]); with "left" where that is not yet so of all. (transfer full) */
JsonObject *eg_study_counts_to_json (const gsize *counts, gsize n_facts);

/* The names of all roles, in their order. (transfer full) */
JsonArray *eg_study_roles_to_json (void);

/* The document of `study compare --json`: a and b (model, site, relation, facts, layers), paired, roles,
 * depths [row], and of each of score, effect and normalized: a, b [role][its own layer], difference
 * [role][row] of means, difference_sem, difference_lower, difference_upper, n [role], a_peak, b_peak [role],
 * layers, and their _interval [role][2]. (transfer full) */
JsonObject *eg_study_comparison_to_json (const EgStudyComparison *self);

G_END_DECLS
