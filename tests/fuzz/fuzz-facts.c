/* Files of facts, and what a study's folder holds: settings, journals, records. */
#include "fuzz.h"
#include "study/facts.h"
#include "study/journal.h"
#include "study/settings.h"
#include "study/study-fact.h"

#include <string.h>

static void
check_fact (const EgFact *fact, gsize index)
{
  g_assert (fact->index == index && fact->line > 0);
  g_assert (*fact->id != '\0' && *fact->prompt != '\0' && *fact->subject != '\0');
  const char *const texts[] = { fact->id, fact->prompt, fact->subject, fact->target, fact->relation };
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    g_assert (texts[i] == NULL || g_utf8_validate (texts[i], -1, NULL));
}

static void
read_facts (const char *path)
{
  GError *error = NULL;
  g_autoptr (EgFactReader) reader = eg_fact_reader_open (path, &error);
  fuzz_check (reader != NULL, &error);
  for (gsize i = 0; reader != NULL; i++)
    {
      g_autoptr (EgFact) fact = NULL;
      const gboolean ok = eg_fact_reader_next (reader, &fact, &error);
      g_assert (ok || fact == NULL);
      fuzz_check (ok, &error);
      if (fact == NULL)
        return;
      check_fact (fact, i);
    }
}

static void
count (const EgJournalEntry *entry, gpointer data)
{
  GArray *entries = data;
  g_array_append_val (entries, *entry);
}

static void
read_journal (const char *path)
{
  GError *error = NULL;
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (EgJournalEntry));
  g_autoptr (EgJournal) journal = eg_journal_open (path, FALSE, count, entries, &error);
  fuzz_check (journal != NULL, &error);
  for (guint i = 0; journal != NULL && i < entries->len; i++)
    {
      g_autoptr (GBytes) bytes
          = eg_journal_read (journal, &g_array_index (entries, EgJournalEntry, i), &error);
      fuzz_check (bytes != NULL, &error);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  GError *error = NULL;
  read_facts (fuzz_file (data, size));
  read_journal (fuzz_file (data, size));
  g_autoptr (EgStudySettings) settings = eg_study_settings_from_json ((const char *)data, size, "x", &error);
  fuzz_check (settings != NULL, &error);
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (EgStudyFact) fact = eg_study_fact_from_bytes (bytes);
  g_autoptr (GBytes) again = fact != NULL ? eg_study_fact_to_bytes (fact) : NULL;
  g_assert (fact == NULL || g_bytes_get_size (again) > 0);
  return 0;
}
