/* A fact's results for other programs. */
#include "study/fact-line.h"

#include "formats/json-writer.h"

static JsonArray *
rows_to_json (const EgStudyFact *self, const float *values)
{
  JsonArray *rows = json_array_sized_new ((guint)self->n_layers);
  for (gsize l = 0; l < self->n_layers; l++)
    {
      JsonArray *row = json_array_sized_new ((guint)self->n_tokens);
      for (gsize t = 0; t < self->n_tokens; t++)
        json_array_add_double_element (row, (double)values[l * self->n_tokens + t]);
      json_array_add_array_element (rows, row);
    }
  return rows;
}

static void
add_tokens (JsonObject *object, const EgStudyFact *self)
{
  if (self->n_tokens == 0)
    {
      json_object_set_null_member (object, "tokens");
      json_object_set_null_member (object, "subject_range");
      return;
    }
  JsonArray *tokens = json_array_new (), *range = json_array_new ();
  for (gsize t = 0; t < self->n_tokens; t++)
    json_array_add_string_element (tokens, self->tokens[t]);
  json_array_add_int_element (range, (gint64)self->subject_first);
  json_array_add_int_element (range, (gint64)self->subject_last);
  json_object_set_array_member (object, "tokens", tokens);
  json_object_set_array_member (object, "subject_range", range);
}

static void
add_scores (JsonObject *object, const EgStudyFact *self, gsize site, gboolean is_estimated)
{
  json_object_set_array_member (object, is_estimated ? "estimate" : "scores",
                                rows_to_json (self, self->scores[site]));
  if (!is_estimated)
    json_object_set_array_member (object, "scores_sem", rows_to_json (self, self->sem[site]));
}

static void
add_sites (JsonObject *object, const EgStudyFact *self, const EgStudySettings *settings)
{
  if (self->n_sites == 0)
    {
      json_object_set_null_member (object, settings->is_estimated ? "estimate" : "scores");
      return;
    }
  add_scores (object, self, 0, settings->is_estimated);
  if (self->n_sites == 1)
    return;
  JsonObject *sites = json_object_new ();
  for (gsize i = 1; i < self->n_sites; i++)
    {
      JsonObject *site = json_object_new ();
      add_scores (site, self, i, settings->is_estimated);
      json_object_set_object_member (sites, settings->sites[i], site);
    }
  json_object_set_object_member (object, "sites", sites);
}

JsonObject *
eg_study_fact_to_json (const EgStudyFact *self, const EgStudySettings *settings)
{
  const EgFact *fact = self->fact;
  JsonObject *object = json_object_new ();
  json_object_set_int_member (object, "index", (gint64)fact->index);
  eg_json_set_text (object, "id", fact->id);
  eg_json_set_text (object, "prompt", fact->prompt);
  eg_json_set_text (object, "subject", fact->subject);
  eg_json_set_text (object, "relation", fact->relation);
  eg_json_set_text (object, "expected", fact->target);
  eg_json_set_text (object, "state", eg_study_state_get_name (self->state));
  eg_json_set_text (object, "problem", self->problem);
  eg_json_set_text (object, "target", self->target);
  eg_json_set_text (object, "prediction", self->prediction);
  json_object_set_double_member (object, "prediction_probability", self->prediction_probability);
  json_object_set_double_member (object, "clean", self->clean);
  json_object_set_double_member (object, "corrupted", self->corrupted);
  json_object_set_double_member (object, "high_score", self->high);
  json_object_set_double_member (object, "low_score", self->low);
  json_object_set_double_member (object, "low_score_sem", self->low_sem);
  json_object_set_double_member (object, "noise_std", self->noise_std);
  add_tokens (object, self);
  add_sites (object, self, settings);
  eg_json_set_text (object, "computer", self->computer);
  return object;
}
