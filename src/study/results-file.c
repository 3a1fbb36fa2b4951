/* Gathers a study's facts into arrays. */
#include "study/results-file.h"

#include "formats/npz.h"

#include <string.h>

/* Texts of facts, one array each. */
typedef enum
{
  TEXT_ID,
  TEXT_PROMPT,
  TEXT_SUBJECT,
  TEXT_RELATION,
  TEXT_EXPECTED,
  TEXT_STATE,
  TEXT_PROBLEM,
  TEXT_TARGET,
  TEXT_PREDICTION,
  N_TEXTS,
} Text;

static const char *const text_names[N_TEXTS]
    = { "id", "prompt", "subject", "relation", "expected", "state", "problem", "target", "prediction" };

/* Numbers of facts. */
typedef enum
{
  NUMBER_PROBABILITY,
  NUMBER_CLEAN,
  NUMBER_CORRUPTED,
  NUMBER_HIGH,
  NUMBER_LOW,
  NUMBER_LOW_SEM,
  NUMBER_NOISE_STD,
  N_NUMBERS,
} Number;

static const char *const number_names[N_NUMBERS]
    = { "prediction_probability", "clean",    "corrupted", "high_score", "low_score",
        "low_score_sem",          "noise_std" };

/* Whole numbers of facts, and of what belongs to them. */
typedef enum
{
  WHOLE_INDEX,
  WHOLE_RANGE,
  WHOLE_TARGET_ID,
  WHOLE_COMPUTER,
  WHOLE_IDS,
  WHOLE_TOKEN_OFFSETS,
  WHOLE_SCORE_OFFSETS,
  N_WHOLES,
} Whole;

static const char *const whole_names[N_WHOLES]
    = { "index", "subject_range", "target_id", "computer", "input_ids", "token_offsets", "score_offsets" };

/**
 * @scores, @sem: [n_sites] of float
 */
typedef struct
{
  const EgStudySettings *settings;
  GPtrArray *texts[N_TEXTS], *tokens, *computers;
  GArray *numbers[N_NUMBERS], *wholes[N_WHOLES];
  GArray **scores, **sem;
} Gathered;

static void
add_text (GPtrArray *texts, const char *text)
{
  g_ptr_array_add (texts, g_strdup (text != NULL ? text : ""));
}

static void
add_whole (Gathered *self, Whole which, gint64 value)
{
  g_array_append_val (self->wholes[which], value);
}

static void
add_computer (Gathered *self, const char *computer)
{
  guint i = 0;
  while (i < self->computers->len && strcmp (self->computers->pdata[i], computer) != 0)
    i++;
  if (i == self->computers->len)
    add_text (self->computers, computer);
  add_whole (self, WHOLE_COMPUTER, i);
}

static void
add_texts (Gathered *self, const EgStudyFact *it)
{
  const char *const texts[N_TEXTS] = {
    it->fact->id,       it->fact->prompt, it->fact->subject,
    it->fact->relation, it->fact->target, eg_study_state_get_name (it->state),
    it->problem,        it->target,       it->prediction,
  };
  for (gsize i = 0; i < N_TEXTS; i++)
    add_text (self->texts[i], texts[i]);
  for (gsize t = 0; t < it->n_tokens; t++)
    add_text (self->tokens, it->tokens[t]);
}

static gboolean
add_fact (const EgStudyFact *it, gpointer data, GError **error)
{
  Gathered *self = data;
  const double numbers[N_NUMBERS] = {
    it->prediction_probability, it->clean, it->corrupted, it->high, it->low, it->low_sem, it->noise_std
  };
  add_texts (self, it);
  for (gsize i = 0; i < N_NUMBERS; i++)
    g_array_append_val (self->numbers[i], numbers[i]);
  add_whole (self, WHOLE_INDEX, (gint64)it->fact->index);
  add_whole (self, WHOLE_RANGE, it->n_tokens > 0 ? (gint64)it->subject_first : -1);
  add_whole (self, WHOLE_RANGE, it->n_tokens > 0 ? (gint64)it->subject_last : -1);
  add_whole (self, WHOLE_TARGET_ID, it->target_id);
  add_computer (self, it->computer);
  for (gsize t = 0; t < it->n_tokens; t++)
    add_whole (self, WHOLE_IDS, it->ids[t]);
  add_whole (self, WHOLE_TOKEN_OFFSETS, self->tokens->len);
  for (gsize i = 0; i < it->n_sites; i++)
    {
      const guint n = (guint)(it->n_layers * it->n_tokens);
      g_array_append_vals (self->scores[i], it->scores[i], n);
      g_array_append_vals (self->sem[i], it->sem[i], n);
    }
  add_whole (self, WHOLE_SCORE_OFFSETS, self->scores[0]->len);
  return TRUE;
}

static void
gathered_init (Gathered *self, const EgStudySettings *settings)
{
  self->settings = settings;
  for (gsize i = 0; i < N_TEXTS; i++)
    self->texts[i] = g_ptr_array_new_with_free_func (g_free);
  self->tokens = g_ptr_array_new_with_free_func (g_free);
  self->computers = g_ptr_array_new_with_free_func (g_free);
  for (gsize i = 0; i < N_NUMBERS; i++)
    self->numbers[i] = g_array_new (FALSE, FALSE, sizeof (double));
  for (gsize i = 0; i < N_WHOLES; i++)
    self->wholes[i] = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->scores = g_new (GArray *, settings->n_sites);
  self->sem = g_new (GArray *, settings->n_sites);
  for (gsize i = 0; i < settings->n_sites; i++)
    {
      self->scores[i] = g_array_new (FALSE, FALSE, sizeof (float));
      self->sem[i] = g_array_new (FALSE, FALSE, sizeof (float));
    }
  add_whole (self, WHOLE_TOKEN_OFFSETS, 0);
  add_whole (self, WHOLE_SCORE_OFFSETS, 0);
}

static void
gathered_clear (Gathered *self)
{
  for (gsize i = 0; i < N_TEXTS; i++)
    g_ptr_array_unref (self->texts[i]);
  g_ptr_array_unref (self->tokens);
  g_ptr_array_unref (self->computers);
  for (gsize i = 0; i < N_NUMBERS; i++)
    g_array_unref (self->numbers[i]);
  for (gsize i = 0; i < N_WHOLES; i++)
    g_array_unref (self->wholes[i]);
  for (gsize i = 0; i < self->settings->n_sites; i++)
    {
      g_array_unref (self->scores[i]);
      g_array_unref (self->sem[i]);
    }
  g_free (self->scores);
  g_free (self->sem);
}

static void
write_texts (EgNpzWriter *writer, const char *name, const GPtrArray *texts)
{
  eg_npz_writer_add_strings (writer, name, (const char *const *)texts->pdata, texts->len, FALSE);
}

static void
write_site (EgNpzWriter *writer, const Gathered *self, gsize site)
{
  const char *base = self->settings->is_estimated ? "estimate" : "scores";
  const char *underscore = site > 0 ? "_" : "", *name = site > 0 ? self->settings->sites[site] : "";
  g_autofree char *scores = g_strconcat (base, underscore, name, NULL);
  g_autofree char *sem = g_strconcat ("scores_sem", underscore, name, NULL);
  const gsize n = self->scores[site]->len;
  eg_npz_writer_add_f32 (writer, scores, (const float *)(gpointer)self->scores[site]->data, 1, &n);
  if (!self->settings->is_estimated)
    eg_npz_writer_add_f32 (writer, sem, (const float *)(gpointer)self->sem[site]->data, 1, &n);
}

static void
write_arrays (EgNpzWriter *writer, const Gathered *self)
{
  const EgStudySettings *settings = self->settings;
  const gint64 n_layers = (gint64)settings->n_layers;
  g_autofree char *json = eg_study_settings_to_json (settings);
  const char *const texts[] = { json };
  for (gsize i = 0; i < N_TEXTS; i++)
    write_texts (writer, text_names[i], self->texts[i]);
  write_texts (writer, "tokens", self->tokens);
  write_texts (writer, "computers", self->computers);
  for (gsize i = 0; i < N_NUMBERS; i++)
    {
      const gsize n = self->numbers[i]->len;
      eg_npz_writer_add_f64 (writer, number_names[i], (const double *)(gpointer)self->numbers[i]->data, 1,
                             &n);
    }
  for (Whole i = 0; i < N_WHOLES; i++)
    {
      const gsize shape[] = { i == WHOLE_RANGE ? self->wholes[i]->len / 2 : self->wholes[i]->len, 2 };
      eg_npz_writer_add_i64 (writer, whole_names[i], (const gint64 *)(gpointer)self->wholes[i]->data,
                             i == WHOLE_RANGE ? 2 : 1, shape);
    }
  for (gsize site = 0; site < settings->n_sites; site++)
    write_site (writer, self, site);
  eg_npz_writer_add_i64 (writer, "layers", &n_layers, 0, NULL);
  eg_npz_writer_add_strings (writer, "sites", (const char *const *)settings->sites, settings->n_sites, FALSE);
  eg_npz_writer_add_strings (writer, "settings", texts, 1, TRUE);
}

gboolean
eg_results_file_write (EgStudyFolder *folder, const char *path, GError **error)
{
  Gathered gathered;
  g_autoptr (EgNpzWriter) writer = eg_npz_writer_new ();
  gathered_init (&gathered, eg_study_folder_get_settings (folder));
  const gboolean ok = eg_study_folder_foreach (folder, add_fact, &gathered, error);
  if (ok)
    write_arrays (writer, &gathered);
  gathered_clear (&gathered);
  return ok && eg_npz_writer_save (writer, path, error);
}

gboolean
eg_study_finish (EgStudyFolder *folder, GError **error)
{
  g_autofree char *path = g_build_filename (eg_study_folder_get_path (folder), "results.npz", NULL);
  return eg_study_folder_sort (folder, error)
         && (eg_study_folder_is_finished (folder) || eg_results_file_write (folder, path, error));
}
