/* Rows of RFC 4180, with commas or tabs. */
#include "study/fact-table.h"

#include "core/error.h"

#include <glib/gi18n.h>
#include <string.h>

/* Where several of a row are there, the first of them counts, as in JSON. */
static const char *const names[EG_N_FACT_COLUMNS][5] = {
  [EG_FACT_PROMPT] = { "prompt", "template" },
  [EG_FACT_SUBJECT] = { "subject" },
  [EG_FACT_TARGET] = { "target", "attribute", "answer", "object" },
  [EG_FACT_RELATION] = { "relation", "relation_id" },
  [EG_FACT_ID] = { "id", "known_id", "case_id" },
};

/* The place among the names of what a column means; their number where it does not mean it. */
static gsize
get_rank (EgFactColumn meaning, const char *name)
{
  gsize rank = 0;
  while (rank < G_N_ELEMENTS (names[meaning])
         && (names[meaning][rank] == NULL || g_ascii_strcasecmp (name, names[meaning][rank]) != 0))
    rank++;
  return rank;
}

/* ranks: of those columns that were found so far. */
static void
take_name (EgFactTable *self, gsize *ranks, char *name, gsize column)
{
  g_strstrip (name);
  const gsize n = strlen (name);
  if (n >= 2 && name[0] == '"' && name[n - 1] == '"')
    {
      name[n - 1] = '\0';
      name++;
    }
  for (EgFactColumn c = 0; c < EG_N_FACT_COLUMNS; c++)
    {
      const gsize rank = get_rank (c, name);
      if (rank >= ranks[c])
        continue;
      ranks[c] = rank;
      self->columns[c] = (int)column;
    }
}

gboolean
eg_fact_table_init (EgFactTable *self, const char *first_line)
{
  const gboolean has_tab = strchr (first_line, '\t') != NULL;
  *self = (EgFactTable){ .separator = has_tab ? '\t' : ',' };
  memset (self->columns, 0xff, sizeof self->columns);
  gsize ranks[EG_N_FACT_COLUMNS];
  for (gsize c = 0; c < EG_N_FACT_COLUMNS; c++)
    ranks[c] = G_N_ELEMENTS (names[c]);
  g_auto (GStrv) cells = g_strsplit (first_line, has_tab ? "\t" : ",", -1);
  for (; cells[self->n_columns] != NULL; self->n_columns++)
    take_name (self, ranks, cells[self->n_columns], self->n_columns);
  if (self->columns[EG_FACT_PROMPT] >= 0 && self->columns[EG_FACT_SUBJECT] >= 0)
    return TRUE;
  *self = (EgFactTable){
    .separator = '\t', .is_plain = TRUE, .n_columns = EG_N_FACT_COLUMNS, .columns = { 0, 1, 2, 3, 4 }
  };
  return has_tab;
}

/* One text in quotes: after the first of them, up to what follows the last. */
static gboolean
read_quoted (EgFactSource *source, GString *text, gsize line, GError **error)
{
  for (;;)
    {
      const int c = eg_fact_source_get (source);
      if (c < 0)
        return eg_fact_source_fail (source, line, error, _ ("a text in quotes that begins here has no end"));
      if (c == '"' && eg_fact_source_peek (source) != '"')
        return TRUE;
      if (c == '"')
        eg_fact_source_get (source);
      if (text->len >= EG_FACT_MAX_BYTES)
        return eg_fact_source_fail (source, line, error,
                                    _ ("what begins here is longer than a fact may be (1 MiB)"));
      g_string_append_c (text, (char)c);
    }
}

/* One cell and what ends it, which is in *end: the separator, '\n', or −1. */
static gboolean
read_cell (const EgFactTable *self, EgFactSource *source, GString *text, int *end, GError **error)
{
  const gsize line = source->line;
  g_string_truncate (text, 0);
  const gboolean is_quoted = !self->is_plain && eg_fact_source_peek (source) == '"';
  if (is_quoted)
    {
      eg_fact_source_get (source);
      if (!read_quoted (source, text, line, error))
        return FALSE;
    }
  for (;;)
    {
      const int c = *end = eg_fact_source_get (source);
      if (c < 0 || c == '\n' || c == self->separator)
        break;
      if (c == '\r' && (eg_fact_source_peek (source) == '\n' || eg_fact_source_peek (source) < 0))
        continue;
      if (is_quoted)
        return eg_fact_source_fail (source, line, error, _ ("there is text after the quotes’ end"));
      if (text->len >= EG_FACT_MAX_BYTES)
        return eg_fact_source_fail (source, line, error,
                                    _ ("what begins here is longer than a fact may be (1 MiB)"));
      g_string_append_c (text, (char)c);
    }
  if (source->problem != NULL)
    {
      g_propagate_error (error, g_error_copy (source->problem));
      return FALSE;
    }
  return TRUE;
}

static char **
get_place (EgFact *fact, EgFactColumn column)
{
  char **const places[EG_N_FACT_COLUMNS]
      = { &fact->prompt, &fact->subject, &fact->target, &fact->relation, &fact->id };
  return places[column];
}

/* A cell's text into the fact. */
static gboolean
take_cell (const EgFactTable *self,
           const EgFactSource *source,
           EgFact *fact,
           gsize column,
           const char *text,
           gsize length,
           gsize line,
           GError **error)
{
  if (!g_utf8_validate_len (text, length, NULL))
    return eg_fact_source_fail (source, line, error, _ ("it is not valid UTF-8 text"));
  for (EgFactColumn c = 0; c < EG_N_FACT_COLUMNS; c++)
    if (self->columns[c] == (int)column && length > 0)
      *get_place (fact, c) = g_strndup (text, length);
  return column < self->n_columns
         || eg_fact_source_fail (source, line, error, _ ("it has more columns than there are names (%zu)"),
                                 self->n_columns);
}

EgFact *
eg_fact_table_read (const EgFactTable *self, EgFactSource *source, GError **error)
{
  const gsize line = source->line;
  g_autoptr (EgFact) fact = g_new0 (EgFact, 1);
  g_autoptr (GString) text = g_string_new (NULL);
  gsize column = 0;
  int end;
  do
    if (!read_cell (self, source, text, &end, error)
        || !take_cell (self, source, fact, column++, text->str, text->len, line, error))
      return NULL;
  while (end == self->separator);
  return g_steal_pointer (&fact);
}

EgFact *
eg_fact_table_take (
    const EgFactTable *self, const EgFactSource *source, gsize line, const char *text, GError **error)
{
  g_autoptr (EgFact) fact = g_new0 (EgFact, 1);
  g_auto (GStrv) cells = g_strsplit (text, "\t", -1);
  for (gsize c = 0; cells[c] != NULL; c++)
    if (!take_cell (self, source, fact, c, cells[c], strlen (cells[c]), line, error))
      return NULL;
  return g_steal_pointer (&fact);
}
