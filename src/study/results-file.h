/* A study's results in one file for numpy.load: results.npz. */
#pragma once

#include "study/study-folder.h"

G_BEGIN_DECLS

/* Writes path, whole or not at all; the same study is the same bytes. Of N facts, in the order of their file:
 *   index, line… see the table below
 *   index int64, id, prompt, subject, relation ("" without), expected ("" without), state, problem (""
 * without), target, prediction: texts [N] prediction_probability, clean, corrupted, high_score, low_score,
 * low_score_sem, noise_std float64 [N] subject_range int64 [N, 2] inclusive (−1, −1 of a failed one),
 * target_id int64 [N], computer int64 [N] computers: texts: what computed tokens: texts [sum of tokens];
 * input_ids int64, the same; token_offsets int64 [N + 1]: those of fact i are tokens[token_offsets[i] :
 * token_offsets[i + 1]] score_offsets int64 [N + 1], and of each site scores (scores_SITE but for the first)
 * and scores_sem float32: scores[score_offsets[i] : score_offsets[i + 1]].reshape (layers, -1) is fact i's
 * [layers, tokens]; empty where it was not traced. Of estimates, estimate and estimate_SITE in their place
 *   settings: study.json as a text; layers: a number; sites: texts */
gboolean eg_results_file_write (EgStudyFolder *folder, const char *path, GError **error);

/* Of a folder begun or resumed whose facts are all known: makes it what it is in the end. */
gboolean eg_study_finish (EgStudyFolder *folder, GError **error);

G_END_DECLS
