/* A study's folder: what it is of, its facts, and what is known of them so far.
 *
 *   study.json    the settings (settings.h); written first, and never again
 *   facts.jsonl   the shard's facts, a JSON object a line, with their index in the file that they came from
 *   journal       a record a fact, with a checksum, appended as they come; put into the order of facts at the
 * end results.npz   made of it at the end, for numpy.load (results-file.h says which arrays)
 *
 * Each file is there whole or not at all, but for the journal, whose last record may be cut short: then it is
 * dropped. So a program may be killed at any moment and nothing but the facts under way is lost. Nothing in
 * the finished folder depends on when or in which order facts came, nor by how many threads: the same study
 * is the same bytes. */
#pragma once

#include "study/facts.h"
#include "study/settings.h"
#include "study/study-fact.h"

G_BEGIN_DECLS

typedef struct _EgStudyFolder EgStudyFolder;

/* Makes the folder, or opens one of the same study to go on with it: reads the file of facts once. settings'
 * facts are found out and set in the folder's copy; limit: of facts, 0: none. Locks it: EG_ERROR_BUSY where
 * another program runs it (or another part of this one), EG_ERROR_INVALID where the folder holds another
 * study (what differs is said). Errors of facts.h, G_FILE_ERROR. (transfer full) */
EgStudyFolder *eg_study_folder_begin (
    const char *path, const char *facts, gsize limit, const EgStudySettings *settings, GError **error);

/* Makes the folder for what shards ([n], in their order, of one study) have together; their facts are still
 * to be added. path must be new, or hold no other study. (transfer full) */
EgStudyFolder *
eg_study_folder_begin_merged (const char *path, EgStudyFolder *const *shards, gsize n, GError **error);

/* Opens what is there, to go on with it, with the lock: EG_ERROR_BUSY. (transfer full) */
EgStudyFolder *eg_study_folder_resume (const char *path, GError **error);

/* Opens what is there to read it, finished or under way. (transfer full) */
EgStudyFolder *eg_study_folder_open (const char *path, GError **error);

EgStudyFolder *eg_study_folder_ref (EgStudyFolder *self);
void eg_study_folder_unref (EgStudyFolder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgStudyFolder, eg_study_folder_unref)

const char *eg_study_folder_get_path (EgStudyFolder *self);
const EgStudySettings *eg_study_folder_get_settings (EgStudyFolder *self);

/* Facts of its shard, and those of them of which something is known; by state (counts: [EG_N_STUDY_STATES]).
 */
gsize eg_study_folder_count_facts (EgStudyFolder *self);
gsize eg_study_folder_count_done (EgStudyFolder *self);
void eg_study_folder_count_states (EgStudyFolder *self, gsize *counts);
gboolean eg_study_folder_is_finished (EgStudyFolder *self);

/* What is known of the shard's i-th fact (in the order of the file): *fact is NULL where nothing is yet. Any
 * thread. EG_ERROR_FORMAT where the journal is damaged. */
gboolean eg_study_folder_get (EgStudyFolder *self, gsize i, EgStudyFact **fact, GError **error);

/* Calls a function with each fact of which something is known, in the order of the file, one at a time;
 * stops where it returns FALSE, which it may with an error. */
typedef gboolean (*EgStudyFactFunc) (const EgStudyFact *fact, gpointer user_data, GError **error);
gboolean
eg_study_folder_foreach (EgStudyFolder *self, EgStudyFactFunc func, gpointer user_data, GError **error);

/* A reader of the shard's facts: their index is that of the whole file. (transfer full) */
EgFactReader *eg_study_folder_read_facts (EgStudyFolder *self, GError **error);
/* Whether something is known of the fact with this index. Any thread. */
gboolean eg_study_folder_has (EgStudyFolder *self, gsize index);

/* Adds what is now known. Of a folder begun or resumed; any thread. */
gboolean eg_study_folder_add (EgStudyFolder *self, const EgStudyFact *fact, GError **error);

/* All facts are known: puts the journal into their order. (results-file.h writes the rest.) */
gboolean eg_study_folder_sort (EgStudyFolder *self, GError **error);

G_END_DECLS
