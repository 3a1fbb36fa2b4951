/* What studies are made of: roles, records, journals, settings. */
#include "core/error.h"
#include "study/journal.h"
#include "study/roles.h"
#include "study/settings.h"
#include "study/study-fact.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* ---- roles ---- */

/* "first-end" of each role, "" of none. */
static char *
describe_roles (gsize n_tokens, gsize first, gsize last)
{
  GString *text = g_string_new (NULL);
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    {
      gsize begin, end;
      const gsize n = eg_role_get_range (role, n_tokens, first, last, &begin, &end);
      g_assert_cmpuint (n, ==, end - begin);
      g_string_append (text, role > 0 ? " " : "");
      if (n > 0)
        g_string_append_printf (text, "%zu-%zu", begin, end);
      else
        g_string_append_c (text, '.');
    }
  return g_string_free (text, FALSE);
}

static void
test_roles (void)
{
  static const struct
  {
    gsize n_tokens, first, last;
    const char *expected;
  } cases[] = {
    { 9, 1, 4, "1-2 2-4 4-5 5-6 6-8 8-9" }, { 4, 0, 1, "0-1 . 1-2 2-3 . 3-4" },
    { 4, 1, 1, "1-2 . 1-2 2-3 . 3-4" },     { 3, 0, 1, "0-1 . 1-2 2-3 . 2-3" },
    { 3, 1, 2, "1-2 . 2-3 . . 2-3" },       { 1, 0, 0, "0-1 . 0-1 . . 0-1" },
    { 5, 0, 4, "0-1 1-4 4-5 . . 4-5" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *found = describe_roles (cases[i].n_tokens, cases[i].first, cases[i].last);
      g_assert_cmpstr (found, ==, cases[i].expected);
    }
}

/* ---- records ---- */

static EgStudyFact *
make_fact (gsize index)
{
  g_autofree char *id = g_strdup_printf ("f%zu", index);
  EgFact *fact = eg_fact_new (id, "The Eiffel Tower is in", "Eiffel Tower");
  const char *const tokens[] = { "The", " Eiffel", " Tower", NULL };
  const guint32 ids[] = { 5, 6, 7 };
  fact->index = index;
  fact->relation = g_strdup ("location");
  EgStudyFact *self = eg_study_fact_new (fact);
  self->state = EG_STUDY_TRACED;
  self->n_tokens = 3;
  self->tokens = g_strdupv ((char **)tokens);
  self->ids = g_memdup2 (ids, sizeof ids);
  self->subject_first = 1;
  self->subject_last = 2;
  self->clean = self->high = 0.9;
  self->corrupted = self->low = 0.1 + (double)index;
  self->target = g_strdup (" Paris");
  self->target_id = 17;
  self->computer = g_strdup ("x");
  eg_study_fact_reserve (self, 2, 4);
  for (gsize i = 0; i < 12; i++)
    self->scores[1][i] = (float)i / 7;
  return self;
}

static void
test_record (void)
{
  g_autoptr (EgStudyFact) fact = make_fact (3);
  g_autoptr (GBytes) bytes = eg_study_fact_to_bytes (fact);
  g_autoptr (EgStudyFact) again = eg_study_fact_from_bytes (bytes);
  g_autoptr (GBytes) bytes_again = eg_study_fact_to_bytes (again);
  g_assert_true (g_bytes_equal (bytes, bytes_again));
  g_assert_cmpuint (again->fact->index, ==, 3);
  g_assert_cmpstr (again->fact->relation, ==, "location");
  g_assert_null (again->fact->target);
  g_assert_cmpuint (again->n_sites, ==, 2);
  g_assert_cmpuint (again->n_layers, ==, 4);
  g_assert_cmpfloat (again->scores[1][11], ==, 11.0f / 7);
  g_assert_true (isnan (again->scores[0][0]) && isnan (again->sem[1][5]));
  g_assert_true (isnan (again->noise_std));
  g_assert_cmpstr (again->tokens[2], ==, " Tower");
  g_assert_cmpint (again->target_id, ==, 17);
}

/* Bytes that were changed are another fact, or none: never a crash, never more than there is. */
static void
test_hostile_record (void)
{
  g_autoptr (EgStudyFact) fact = make_fact (3);
  g_autoptr (GBytes) bytes = eg_study_fact_to_bytes (fact);
  gsize n;
  const guint8 *data = g_bytes_get_data (bytes, &n);
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  for (int i = 0; i < 2000; i++)
    {
      g_autofree guint8 *copy = g_memdup2 (data, n);
      const gsize length = i % 4 == 0 ? (gsize)g_rand_int_range (random, 0, (gint32)n) : n;
      for (int k = 0; k < 3; k++)
        copy[g_rand_int_range (random, 0, (gint32)n)] = (guint8)g_rand_int (random);
      g_autoptr (GBytes) changed = g_bytes_new (copy, length);
      g_autoptr (EgStudyFact) found = eg_study_fact_from_bytes (changed);
      if (found != NULL)
        g_assert_true (found->n_tokens <= n && found->n_layers * found->n_tokens <= n);
    }
}

/* ---- journals ---- */

static char *
new_path (void)
{
  g_autoptr (GError) error = NULL;
  char *path;
  const int file = g_file_open_tmp ("journal-XXXXXX", &path, &error);
  g_assert_no_error (error);
  close (file);
  g_unlink (path);
  return path;
}

static void
collect (const EgJournalEntry *entry, gpointer data)
{
  g_array_append_val ((GArray *)data, *entry);
}

static EgJournal *
open_journal (const char *path, gboolean may_write, GArray *entries)
{
  g_autoptr (GError) error = NULL;
  g_array_set_size (entries, 0);
  EgJournal *journal = eg_journal_open (path, may_write, collect, entries, &error);
  g_assert_no_error (error);
  return journal;
}

static void
append (EgJournal *journal, guint64 index)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strdup_printf ("record %" G_GUINT64_FORMAT, index);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  EgJournalEntry entry;
  g_assert_true (eg_journal_append (journal, index, 2, bytes, &entry, &error));
  g_assert_no_error (error);
}

/* Three records of which only so many bytes are left: how many records are found, and that one more can be
 * appended behind them. */
static guint
cut (const char *whole, gsize length)
{
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (EgJournalEntry));
  g_autofree char *path = new_path ();
  g_assert_true (g_file_set_contents (path, whole, (gssize)length, NULL));
  EgJournal *journal = open_journal (path, TRUE, entries);
  const guint n = entries->len;
  append (journal, 100);
  eg_journal_free (journal);
  journal = open_journal (path, FALSE, entries);
  g_assert_cmpuint (entries->len, ==, n + 1);
  g_assert_cmpuint (g_array_index (entries, EgJournalEntry, n).index, ==, 100);
  eg_journal_free (journal);
  g_unlink (path);
  return n;
}

static void
test_journal_cut (void)
{
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (EgJournalEntry));
  g_autofree char *path = new_path (), *whole = NULL;
  gsize length, ends[3];
  EgJournal *journal = open_journal (path, TRUE, entries);
  for (guint i = 0; i < 3; i++)
    {
      append (journal, i);
      g_file_get_contents (path, &whole, &ends[i], NULL);
      g_clear_pointer (&whole, g_free);
    }
  eg_journal_free (journal);
  g_file_get_contents (path, &whole, &length, NULL);
  for (gsize n = 0; n <= length; n++)
    g_assert_cmpuint (cut (whole, n), ==, (n >= ends[0]) + (n >= ends[1]) + (n >= ends[2]));
  g_unlink (path);
}

/* A bit that has changed is seen: what comes before it is still there. */
static void
test_journal_changed (void)
{
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (EgJournalEntry));
  g_autofree char *path = new_path (), *whole = NULL;
  gsize length;
  EgJournal *journal = open_journal (path, TRUE, entries);
  for (guint i = 0; i < 3; i++)
    append (journal, i);
  eg_journal_free (journal);
  g_file_get_contents (path, &whole, &length, NULL);
  for (gsize at = 8; at < length; at++)
    {
      whole[at] ^= 4;
      g_assert_cmpuint (cut (whole, length), ==, (at - 8) / 32);
      whole[at] ^= 4;
    }
  g_unlink (path);
}

static void
test_journal_sorted (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (EgJournalEntry));
  g_autofree char *path = new_path ();
  const guint64 order[] = { 2, 0, 1 };
  EgJournal *journal = open_journal (path, TRUE, entries);
  for (guint i = 0; i < 3; i++)
    append (journal, order[i]);
  eg_journal_free (journal);
  journal = open_journal (path, TRUE, entries);
  const EgJournalEntry *found = (const EgJournalEntry *)(gpointer)entries->data;
  const EgJournalEntry sorted[] = { found[1], found[2], found[0] };
  g_assert_true (eg_journal_write_sorted (journal, sorted, 3, path, &error));
  g_assert_no_error (error);
  eg_journal_free (journal);
  journal = open_journal (path, FALSE, entries);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *expected = g_strdup_printf ("record %u", i);
      const EgJournalEntry *entry = &g_array_index (entries, EgJournalEntry, i);
      g_autoptr (GBytes) bytes = eg_journal_read (journal, entry, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, strlen (expected));
      g_assert_true (memcmp (g_bytes_get_data (bytes, NULL), expected, strlen (expected)) == 0);
      g_assert_cmpuint (entry->index, ==, i);
      g_assert_cmpuint (entry->tag, ==, 2);
    }
  eg_journal_free (journal);
  g_unlink (path);
}

static void
test_journal_other_file (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = new_path ();
  g_file_set_contents (path, "a letter to a friend", -1, NULL);
  for (int may_write = 0; may_write < 2; may_write++)
    {
      g_assert_null (eg_journal_open (path, may_write, collect, NULL, &error));
      g_assert_error (error, EG_ERROR, EG_ERROR_FORMAT);
      g_clear_error (&error);
    }
  g_autofree char *content = NULL;
  g_file_get_contents (path, &content, NULL, NULL);
  g_assert_cmpstr (content, ==, "a letter to a friend");
  g_unlink (path);
}

/* ---- settings ---- */

static EgModel *
open_demo (void)
{
  g_autoptr (GError) error = NULL;
  EgModel *model = eg_model_open ("demo", NULL, &error);
  g_assert_no_error (error);
  return model;
}

static EgStudySettings *
make_settings (EgModel *model)
{
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("A prompt", "prompt");
  request->samples = 7;
  request->noise_level = 2.5;
  request->until_sem = 0.0625;
  request->max_samples = 40;
  request->device.kind = EG_DEVICE_CPU;
  g_assert_true (eg_trace_request_set_sites (request, "mixer,state", NULL));
  EgStudySettings *settings = eg_study_settings_new (model, request);
  settings->facts_name = g_strdup ("facts \"1\".csv");
  settings->facts_digest = g_strdup ("0123");
  settings->n_facts = 100;
  settings->shard = 2;
  settings->n_shards = 7;
  settings->min_effect = 0.1;
  return settings;
}

static void
test_settings (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = open_demo ();
  g_autoptr (EgStudySettings) settings = make_settings (model);
  g_assert_true (eg_study_settings_check (settings, NULL, &error));
  g_assert_no_error (error);
  g_assert_null (settings->request->prompt);
  g_autofree char *json = eg_study_settings_to_json (settings);
  g_autoptr (EgStudySettings) again = eg_study_settings_from_json (json, strlen (json), "x", &error);
  g_assert_no_error (error);
  g_autofree char *same = eg_study_settings_compare (settings, again);
  g_assert_cmpstr (same, ==, NULL);
  g_autofree char *json_again = eg_study_settings_to_json (again);
  g_assert_cmpstr (json, ==, json_again);
  g_assert_cmpuint (again->n_sites, ==, 2);
  g_assert_cmpstr (again->sites[1], ==, "state");
  g_assert_cmpuint (again->shard, ==, 2);
  again->request->seed = 2;
  g_autofree char *different = eg_study_settings_compare (settings, again);
  g_assert_cmpstr (different, ==, "--seed");
}

/* Of the other type, in a file that somebody has changed. */
static void
test_settings_of_another_type (void)
{
  static const char *const changes[][3] = {
    { "\"replace\": false", "\"replace\": 3", "“replace” is neither true nor false" },
    { "\"replace\": false", "\"replace\": {}", "“replace” is neither true nor false" },
    { "\"samples\": 7", "\"samples\": [7]", "“samples” is no such number" },
    { "\"seed\": 1", "\"seed\": -1", "“seed” is no such number" },
    { "\"metric\": \"prob\"", "\"metric\": 1", "“metric” is not a text" },
    { "\"estimate\": false", "\"estimate\": \"yes\"", "it is not what a study of Engram is told by" },
  };
  g_autoptr (EgModel) model = open_demo ();
  g_autoptr (EgStudySettings) settings = make_settings (model);
  g_autofree char *json = eg_study_settings_to_json (settings);
  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GString) text = g_string_new (json);
      if (g_string_replace (text, changes[i][0], changes[i][1], 1) != 1)
        g_error ("“%s” is not in %s", changes[i][0], json);
      g_assert_null (eg_study_settings_from_json (text->str, text->len, "x", &error));
      g_assert_nonnull (error);
      if (strstr (error->message, changes[i][2]) == NULL)
        g_error ("“%s” does not say “%s”", error->message, changes[i][2]);
    }
}

/* Every shard has its share, and together they have all. */
static void
test_shards (void)
{
  g_autoptr (EgModel) model = open_demo ();
  g_autoptr (EgStudySettings) settings = make_settings (model);
  for (gsize n = 0; n < 20; n++)
    for (gsize n_shards = 1; n_shards < 9; n_shards++)
      {
        gsize sum = 0;
        settings->n_facts = n;
        settings->n_shards = n_shards;
        for (settings->shard = 1; settings->shard <= n_shards; settings->shard++)
          {
            const gsize own = eg_study_settings_count_facts (settings);
            g_assert_cmpuint (own, >=, n / n_shards);
            g_assert_cmpuint (own, <=, n / n_shards + 1);
            sum += own;
          }
        g_assert_cmpuint (sum, ==, n);
      }
}

static void
test_refused_settings (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = open_demo ();
  g_autoptr (EgStudySettings) settings = make_settings (model);
  settings->request->sweep = EG_SWEEP_LAYERS;
  g_assert_false (eg_study_settings_check (settings, NULL, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
  g_clear_error (&error);
  settings->request->sweep = EG_SWEEP_CELLS;
  settings->request->samples = 0;
  g_assert_false (eg_study_settings_check (settings, NULL, &error));
  g_clear_error (&error);
  settings->request->samples = 7;
  g_assert_true (eg_study_settings_check_model (settings, model, NULL, &error));
  g_autoptr (EgModel) other = eg_model_open ("demo-gpt2", NULL, NULL);
  g_assert_false (eg_study_settings_check_model (settings, other, NULL, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/study/roles-are-ranges-and-may-overlap", test_roles);
  g_test_add_func ("/study/a-record-is-read-as-it-was", test_record);
  g_test_add_func ("/study/settings-of-another-type-are-refused", test_settings_of_another_type);
  g_test_add_func ("/study/a-hostile-record-is-refused", test_hostile_record);
  g_test_add_func ("/study/a-journal-cut-anywhere-has-what-was-whole", test_journal_cut);
  g_test_add_func ("/study/a-bit-that-changed-in-a-journal-is-seen", test_journal_changed);
  g_test_add_func ("/study/a-journal-is-put-into-order", test_journal_sorted);
  g_test_add_func ("/study/another-file-is-no-journal-and-left-alone", test_journal_other_file);
  g_test_add_func ("/study/settings-are-read-as-they-were", test_settings);
  g_test_add_func ("/study/shards-have-all-facts-together", test_shards);
  g_test_add_func ("/study/what-cannot-be-studied-is-refused", test_refused_settings);
  return g_test_run ();
}
