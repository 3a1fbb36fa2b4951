/* What a study is of: its model, its facts, and how they are traced. As JSON, study.json of its folder. */
#pragma once

#include "library/model.h"
#include "trace/ask/fields.h"

G_BEGIN_DECLS

#define EG_STUDY_MIN_EFFECT 0.05

/**
 * EgStudySettings:
 * @request: how each fact is traced; its prompt, subject and target are empty, its threads mean nothing
 * @min_effect: a fact is unaffected where corruption takes less than this part of the clean probability
 * @is_estimated: facts are estimated (docs/design.md §12), not traced
 * @facts_name: the name of the file of facts; @facts_digest: of what it says, up to the limit, in hexadecimal
 * @n_facts: of all shards together
 * @shard, @n_shards: this one, from 1, of so many: those facts whose index % n_shards is shard − 1. 1 and 1:
 * all
 * @model, @model_digest: its name, and what tells it from others (eg_model_make_digest()); @family,
 * @n_layers: of it
 * @config_digest, @tokenizer_digest: of it (eg_model_make_config_digest()); @noise_digest: of the file that
 * the level of noise is taken from; NULL: not known, as of studies by an older Engram, or there is none
 * @sites: [n_sites] NULL-terminated names in full (the request's)
 */
typedef struct
{
  EgTraceRequest *request;
  double min_effect;
  gboolean is_estimated;
  char *facts_name, *facts_digest;
  gsize n_facts;
  gsize shard, n_shards;
  char *model, *model_digest, *family;
  char *config_digest, *tokenizer_digest, *noise_digest;
  gsize n_layers, n_sites;
  char **sites;
} EgStudySettings;

/* Of a model and a request (copied); facts are not named yet, one shard. (transfer full) */
EgStudySettings *eg_study_settings_new (EgModel *model, const EgTraceRequest *request);
EgStudySettings *eg_study_settings_copy (const EgStudySettings *self);
void eg_study_settings_free (EgStudySettings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgStudySettings, eg_study_settings_free)

/* Whether a study can be made so: a request whose cells are layers and tokens, of one metric.
 * EG_ERROR_INVALID, with *which, if it is given, the request's field that is wrong, or EG_N_FIELDS. */
gboolean eg_study_settings_check (const EgStudySettings *self, EgTraceField *which, GError **error);

/* The same with the model: that it is the one, and has the sites (and estimates) that are wanted. */
gboolean eg_study_settings_check_model (const EgStudySettings *self,
                                        EgModel *model,
                                        EgTraceField *which,
                                        GError **error);

/* The fields of a request that a study has as options, in the order of the help, ended by EG_N_FIELDS. */
void eg_study_settings_list_fields (EgTraceField fields[EG_N_FIELDS + 1]);

/* What differs between two, as a sentence's part ("the model", "--samples"); NULL where nothing does, but for
 * the shard. (transfer full) */
char *eg_study_settings_compare (const EgStudySettings *a, const EgStudySettings *b);

/* Takes over what another one of the same study knows beside it: digests that an older Engram has not
 * written.
 */
void eg_study_settings_learn (EgStudySettings *self, const EgStudySettings *other);

/* Facts of its shard. */
gsize eg_study_settings_count_facts (const EgStudySettings *self);

/* (transfer full) */
char *eg_study_settings_to_json (const EgStudySettings *self);
/* where: begins the errors, EG_ERROR_FORMAT. (transfer full) */
EgStudySettings *
eg_study_settings_from_json (const char *text, gsize length, const char *where, GError **error);

G_END_DECLS
