/* Settings of a study: compared, and as JSON. */
#include "study/settings.h"

#include "core/error.h"
#include "formats/digest.h"
#include "formats/json-text.h"
#include "formats/json-writer.h"
#include "trace/ask/fields.h"
#include "preview/preview.h"
#include "trace/ask/site-names.h"
#include "trace/plan/grid.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define FORMAT_VERSION 1

/* The names that the request's come to. */
static void
take_sites (EgStudySettings *self, const EgFamily *family)
{
  const EgGrid grid = eg_grid_of (self->request, family, self->n_layers, 1, 0);
  self->n_sites = grid.n_sites;
  self->sites = g_new0 (char *, grid.n_sites + 1);
  for (gsize i = 0; i < grid.n_sites; i++)
    self->sites[i] = g_strdup (family->sites[grid.sites[i]].name);
}

/* As it is in another folder, and where another GPU may come first. */
static void
make_lasting (EgTraceRequest *request)
{
  EgDevice *device = &request->device;
  if (request->corruption.file != NULL)
    {
      char *path = g_canonicalize_filename (request->corruption.file, NULL);
      g_free (request->corruption.file);
      request->corruption.file = path;
    }
  if (device->kind == EG_DEVICE_AUTO)
    device->kind = eg_device_open (device, NULL) == eg_backend_cpu () ? EG_DEVICE_CPU : EG_DEVICE_CUDA;
}

/* (nullable) (transfer full) */
static char *
make_noise_digest (const EgTraceRequest *request)
{
  const char *const files[] = { request->corruption.file, NULL };
  return files[0] != NULL ? eg_digest_files (files) : NULL;
}

EgStudySettings *
eg_study_settings_new (EgModel *model, const EgTraceRequest *request)
{
  EgStudySettings *self = g_new0 (EgStudySettings, 1);
  self->request = eg_trace_request_copy (request);
  make_lasting (self->request);
  eg_trace_field_reset (EG_FIELD_PROMPT, self->request);
  eg_trace_field_reset (EG_FIELD_SUBJECT, self->request);
  eg_trace_field_reset (EG_FIELD_SUBJECT_OFFSET, self->request);
  eg_trace_field_reset (EG_FIELD_TARGET, self->request);
  self->min_effect = EG_STUDY_MIN_EFFECT;
  self->shard = self->n_shards = 1;
  self->model = g_strdup (eg_model_get_name (model));
  self->model_digest = eg_model_make_digest (model);
  self->config_digest = eg_model_make_config_digest (model);
  self->tokenizer_digest = eg_model_make_tokenizer_digest (model);
  self->noise_digest = make_noise_digest (self->request);
  self->family = g_strdup (eg_model_get_family (model)->name);
  self->n_layers = eg_model_get_sizes (model)->n_layers;
  take_sites (self, eg_model_get_family (model));
  return self;
}

EgStudySettings *
eg_study_settings_copy (const EgStudySettings *self)
{
  EgStudySettings *copy = g_memdup2 (self, sizeof *self);
  copy->request = eg_trace_request_copy (self->request);
  copy->facts_name = g_strdup (self->facts_name);
  copy->facts_digest = g_strdup (self->facts_digest);
  copy->model = g_strdup (self->model);
  copy->model_digest = g_strdup (self->model_digest);
  copy->config_digest = g_strdup (self->config_digest);
  copy->tokenizer_digest = g_strdup (self->tokenizer_digest);
  copy->noise_digest = g_strdup (self->noise_digest);
  copy->family = g_strdup (self->family);
  copy->sites = g_strdupv (self->sites);
  return copy;
}

void
eg_study_settings_free (EgStudySettings *self)
{
  g_clear_pointer (&self->request, eg_trace_request_free);
  g_free (self->facts_name);
  g_free (self->facts_digest);
  g_free (self->model);
  g_free (self->model_digest);
  g_free (self->config_digest);
  g_free (self->tokenizer_digest);
  g_free (self->noise_digest);
  g_free (self->family);
  g_strfreev (self->sites);
  g_free (self);
}

/* ---- what can be studied ---- */

/* FALSE, with the field. */
static gboolean
refuse (EgTraceField field, EgTraceField *which, GError **error, const char *message)
{
  if (which != NULL)
    *which = field;
  return eg_error_invalid (error, "%s", message);
}

gboolean
eg_study_settings_check (const EgStudySettings *self, EgTraceField *which, GError **error)
{
  const EgTraceRequest *request = self->request;
  if (which != NULL)
    *which = EG_N_FIELDS;
  if (request->has_knockout || request->sweep == EG_SWEEP_LAYERS || request->sweep == EG_SWEEP_POSITIONS)
    return refuse (request->has_knockout ? EG_FIELD_KNOCKOUT : EG_FIELD_SWEEP, which, error,
                   _ ("A study is of layers and tokens: it has no sweep over one of them"));
  if (request->all_metrics)
    return refuse (EG_FIELD_METRIC, which, error, _ ("A study is of one metric"));
  if (request->keep_samples)
    return refuse (EG_FIELD_KEEP_SAMPLES, which, error, _ ("A study keeps means, and no single samples"));
  if (!(self->min_effect >= 0 && self->min_effect < 1))
    return eg_error_invalid (error, _ ("The least effect must be from 0 to below 1"));
  if (self->n_shards < 1 || self->shard < 1 || self->shard > self->n_shards)
    return eg_error_invalid (error, _ ("There is no shard %zu of %zu"), self->shard, self->n_shards);
  return eg_trace_request_check_part (request, EG_FIELD_OF_CORRUPTION, which, error)
         && eg_trace_request_check_part (request, EG_FIELD_OF_RESTORING, which, error)
         && eg_trace_request_check_part (request, EG_FIELD_OF_MEASURE, which, error);
}

/* Whether both are known, and not the same. */
static gboolean
differ (const char *a, const char *b)
{
  return a != NULL && b != NULL && !g_str_equal (a, b);
}

/* What was read beside the tensors is still as it was. */
static gboolean
check_files (const EgStudySettings *self, EgModel *model, EgTraceField *which, GError **error)
{
  g_autofree char *noise = self->noise_digest != NULL ? make_noise_digest (self->request) : NULL;
  g_autofree char *tokenizer = eg_model_make_tokenizer_digest (model);
  const char *different = NULL;
  if (differ (self->tokenizer_digest, tokenizer))
    different = _ ("the tokenizer");
  else if (differ (self->noise_digest, noise))
    {
      *which = EG_FIELD_NOISE_SCALE;
      different = "--noise-scale";
    }
  /* TRANSLATORS: “the tokenizer” or an option of the command line. */
  return different == NULL
         || eg_error_invalid (error, _ ("The study was begun with other files: they differ in %s"),
                              different);
}

gboolean
eg_study_settings_check_model (const EgStudySettings *self,
                               EgModel *model,
                               EgTraceField *which,
                               GError **error)
{
  const EgTraceRequest *request = self->request;
  const EgFamily *family = eg_model_get_family (model);
  g_autofree char *digest = eg_model_make_digest (model), *config = eg_model_make_config_digest (model);
  EgTraceField unused, *field = which != NULL ? which : &unused;
  *field = EG_N_FIELDS;
  if (!g_str_equal (digest, self->model_digest) || differ (self->config_digest, config))
    return eg_error_invalid (error, _ ("The study is of another model than this one, of “%s”"), self->model);
  if (!check_files (self, model, field, error))
    return FALSE;
  *field = EG_FIELD_SITES;
  if (!eg_site_names_check (request->sites, family, error))
    return FALSE;
  *field = EG_FIELD_FREEZE;
  if (!eg_site_names_check (request->freeze, family, error))
    return FALSE;
  *field = EG_N_FIELDS;
  const char *missing = self->is_estimated ? eg_preview_missing (request, model) : NULL;
  if (missing != NULL && request->metric == EG_METRIC_RANK)
    *field = EG_FIELD_METRIC;
  else if (missing != NULL && request->freeze != NULL && request->freeze[0] != NULL)
    *field = EG_FIELD_FREEZE;
  return missing == NULL || eg_error_invalid (error, "%s", missing);
}

gsize
eg_study_settings_count_facts (const EgStudySettings *self)
{
  return self->n_facts / self->n_shards + (self->n_facts % self->n_shards >= self->shard);
}

void
eg_study_settings_list_fields (EgTraceField fields[EG_N_FIELDS + 1])
{
  const EgTraceField *all = eg_trace_field_list_options ();
  gsize n = 0;
  for (; *all != EG_N_FIELDS; all++)
    if (eg_trace_field_get_info (*all)->part != EG_FIELD_OF_PROMPT && *all != EG_FIELD_KEEP_SAMPLES
        && *all != EG_FIELD_KNOCKOUT)
      fields[n++] = *all;
  fields[n] = EG_N_FIELDS;
}

/* ---- compared ---- */

/* Whether a study's numbers depend on a field. */
static gboolean
is_setting (EgTraceField field, const EgStudySettings *self)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  if (field == EG_FIELD_ESTIMATE_STEPS)
    return self->is_estimated;
  return info->part != EG_FIELD_OF_PROMPT && !info->ignored;
}

static char *
compare_requests (const EgStudySettings *a, const EgStudySettings *b)
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    if (is_setting (field, a) && !eg_trace_field_equal (field, a->request, b->request))
      {
        const EgFieldInfo *info = eg_trace_field_get_info (field);
        return info->option != NULL ? g_strconcat ("--", info->option, NULL) : g_strdup (info->name);
      }
  return NULL;
}

char *
eg_study_settings_compare (const EgStudySettings *a, const EgStudySettings *b)
{
  if (g_strcmp0 (a->model, b->model) != 0 || g_strcmp0 (a->model_digest, b->model_digest) != 0
      || differ (a->config_digest, b->config_digest))
    return g_strdup (_ ("the model"));
  if (differ (a->tokenizer_digest, b->tokenizer_digest))
    return g_strdup (_ ("the tokenizer"));
  if (a->n_facts != b->n_facts || g_strcmp0 (a->facts_digest, b->facts_digest) != 0)
    return g_strdup (_ ("the facts"));
  if (a->is_estimated != b->is_estimated)
    return g_strdup ("--estimate");
  if (memcmp (&a->min_effect, &b->min_effect, sizeof a->min_effect) != 0)
    return g_strdup ("--min-effect");
  char *different = compare_requests (a, b);
  return different == NULL && differ (a->noise_digest, b->noise_digest) ? g_strdup ("--noise-scale")
                                                                        : different;
}

static void
learn (char **own, const char *other)
{
  if (*own == NULL)
    *own = g_strdup (other);
}

void
eg_study_settings_learn (EgStudySettings *self, const EgStudySettings *other)
{
  learn (&self->config_digest, other->config_digest);
  learn (&self->tokenizer_digest, other->tokenizer_digest);
  learn (&self->noise_digest, other->noise_digest);
}

/* ---- as JSON ---- */

static void
set_field (JsonObject *object, EgTraceField field, const EgTraceRequest *request)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  g_autofree char *text = NULL;
  switch (info->type)
    {
    case EG_FIELD_FLAG:
      json_object_set_boolean_member (object, info->name, eg_trace_field_get_number (field, request) != 0);
      break;
    case EG_FIELD_COUNT:
      json_object_set_int_member (object, info->name, (gint64)eg_trace_field_get_number (field, request));
      break;
    case EG_FIELD_NUMBER:
      json_object_set_double_member (object, info->name, eg_trace_field_get_number (field, request));
      break;
    case EG_FIELD_TEXT:
    case EG_FIELD_NAME:
    default:
      text = eg_trace_field_format (field, request);
      if (text != NULL)
        json_object_set_string_member (object, info->name, text);
    }
}

static JsonObject *
request_to_json (const EgStudySettings *self)
{
  JsonObject *object = json_object_new ();
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    if (is_setting (field, self))
      set_field (object, field, self->request);
  return object;
}

static JsonObject *
facts_to_json (const EgStudySettings *self)
{
  JsonObject *object = json_object_new ();
  json_object_set_string_member (object, "file", self->facts_name != NULL ? self->facts_name : "");
  json_object_set_string_member (object, "digest", self->facts_digest != NULL ? self->facts_digest : "");
  json_object_set_int_member (object, "total", (gint64)self->n_facts);
  json_object_set_int_member (object, "shard", (gint64)self->shard);
  json_object_set_int_member (object, "shards", (gint64)self->n_shards);
  return object;
}

/* What is not known is left out, as an older Engram does. */
static void
set_known (JsonObject *object, const char *name, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, name, text);
}

static JsonObject *
model_to_json (const EgStudySettings *self)
{
  JsonObject *object = json_object_new ();
  json_object_set_string_member (object, "name", self->model);
  json_object_set_string_member (object, "digest", self->model_digest);
  set_known (object, "config_digest", self->config_digest);
  set_known (object, "tokenizer_digest", self->tokenizer_digest);
  json_object_set_string_member (object, "family", self->family);
  json_object_set_int_member (object, "layers", (gint64)self->n_layers);
  return object;
}

static JsonArray *
sites_to_json (const EgStudySettings *self)
{
  JsonArray *array = json_array_new ();
  for (gsize i = 0; i < self->n_sites; i++)
    json_array_add_string_element (array, self->sites[i]);
  return array;
}

char *
eg_study_settings_to_json (const EgStudySettings *self)
{
  JsonObject *object = json_object_new ();
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, object);
  json_object_set_int_member (object, "engram_study", FORMAT_VERSION);
  json_object_set_object_member (object, "model", model_to_json (self));
  json_object_set_object_member (object, "facts", facts_to_json (self));
  json_object_set_double_member (object, "min_effect", self->min_effect);
  json_object_set_boolean_member (object, "estimate", self->is_estimated);
  json_object_set_array_member (object, "sites", sites_to_json (self));
  json_object_set_object_member (object, "request", request_to_json (self));
  set_known (object, "noise_digest", self->noise_digest);
  g_autofree char *text = eg_json_to_text (node, TRUE);
  return g_strconcat (text, "\n", NULL);
}

static JsonObject *
get_object (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static gboolean
take_text (JsonObject *object, const char *name, char **text)
{
  *text = object != NULL ? g_strdup (eg_json_node_get_text (json_object_get_member (object, name))) : NULL;
  return *text != NULL;
}

/* FALSE where it is there and no text. */
static gboolean
take_known (JsonObject *object, const char *name, char **text)
{
  return object == NULL || !json_object_has_member (object, name) || take_text (object, name, text);
}

static gboolean
take_size (JsonObject *object, const char *name, gsize least, gsize most, gsize *value)
{
  guint64 number;
  if (object == NULL || !eg_json_node_get_size (json_object_get_member (object, name), &number)
      || number < least || number > most)
    return FALSE;
  *value = number;
  return TRUE;
}

static gboolean
take_field (EgTraceRequest *request, EgTraceField field, JsonNode *node, GError **error)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  double number;
  if (info->type == EG_FIELD_FLAG)
    {
      if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
        return eg_error_invalid (error, _ ("“%s” is neither true nor false"), info->name);
      eg_trace_field_set_number (field, request, json_node_get_boolean (node));
    }
  else if (info->type == EG_FIELD_COUNT || info->type == EG_FIELD_NUMBER)
    {
      if (!eg_json_node_get_double (node, &number) || (info->max > 0 && !(number <= info->max))
          || !(number >= 0))
        return eg_error_invalid (error, _ ("“%s” is no such number"), info->name);
      eg_trace_field_set_number (field, request, number);
    }
  else if (eg_json_node_get_text (node) == NULL)
    return eg_error_invalid (error, _ ("“%s” is not a text"), info->name);
  else
    return eg_trace_field_parse (field, request, eg_json_node_get_text (node), error);
  return TRUE;
}

static gboolean
take_request (EgStudySettings *self, JsonObject *object, GError **error)
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    {
      JsonNode *node = json_object_get_member (object, eg_trace_field_get_info (field)->name);
      if (is_setting (field, self) && node != NULL && !take_field (self->request, field, node, error))
        return FALSE;
    }
  return TRUE;
}

#define MOST_SITES  64
#define MOST_LAYERS 100000

static gboolean
take_site_names (EgStudySettings *self, JsonObject *object)
{
  JsonNode *node = json_object_get_member (object, "sites");
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  self->n_sites = array != NULL ? json_array_get_length (array) : 0;
  if (self->n_sites == 0 || self->n_sites > MOST_SITES)
    return FALSE;
  self->sites = g_new0 (char *, self->n_sites + 1);
  for (guint i = 0; i < self->n_sites; i++)
    {
      self->sites[i] = g_strdup (eg_json_node_get_text (json_array_get_element (array, i)));
      if (self->sites[i] == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
take_parts (EgStudySettings *self, JsonObject *object)
{
  JsonObject *model = get_object (object, "model"), *facts = get_object (object, "facts");
  JsonNode *estimate = json_object_get_member (object, "estimate");
  gsize version;
  if (estimate != NULL && json_node_get_value_type (estimate) != G_TYPE_BOOLEAN)
    return FALSE;
  self->is_estimated = estimate != NULL && json_node_get_boolean (estimate);
  return take_size (object, "engram_study", FORMAT_VERSION, FORMAT_VERSION, &version)
         && take_text (model, "name", &self->model) && take_text (model, "digest", &self->model_digest)
         && take_known (model, "config_digest", &self->config_digest)
         && take_known (model, "tokenizer_digest", &self->tokenizer_digest)
         && take_known (object, "noise_digest", &self->noise_digest)
         && take_text (model, "family", &self->family)
         && take_size (model, "layers", 1, MOST_LAYERS, &self->n_layers)
         && take_text (facts, "file", &self->facts_name) && take_text (facts, "digest", &self->facts_digest)
         && take_size (facts, "total", 0, G_MAXINT32, &self->n_facts)
         && take_size (facts, "shards", 1, G_MAXINT32, &self->n_shards)
         && take_size (facts, "shard", 1, self->n_shards, &self->shard)
         && eg_json_node_get_double (json_object_get_member (object, "min_effect"), &self->min_effect)
         && take_site_names (self, object) && get_object (object, "request") != NULL;
}

EgStudySettings *
eg_study_settings_from_json (const char *text, gsize length, const char *where, GError **error)
{
  g_autoptr (JsonNode) node = eg_json_parse_object (text, length, where, error);
  if (node == NULL)
    return NULL;
  JsonObject *object = json_node_get_object (node);
  g_autoptr (EgStudySettings) self = g_new0 (EgStudySettings, 1);
  g_autoptr (GError) problem = NULL;
  self->request = eg_trace_request_new (NULL, NULL);
  if (!take_parts (self, object))
    g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: it is not what a study of Engram is told by"),
                 where);
  else if (!take_request (self, get_object (object, "request"), &problem)
           || !eg_study_settings_check (self, NULL, &problem))
    g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, "%s: %s", where, problem->message);
  else
    return g_steal_pointer (&self);
  return NULL;
}
