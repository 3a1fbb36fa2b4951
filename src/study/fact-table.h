/* Facts as lines: a table with a header (CSV, TSV), or plain texts between tabs. */
#pragma once

#include "study/fact-source.h"
#include "study/fact.h"

G_BEGIN_DECLS

/* Columns that mean something. */
typedef enum
{
  EG_FACT_PROMPT,
  EG_FACT_SUBJECT,
  EG_FACT_TARGET,
  EG_FACT_RELATION,
  EG_FACT_ID,
  EG_N_FACT_COLUMNS,
} EgFactColumn;

/**
 * EgFactTable:
 * @separator: ',' or '\t'
 * @is_plain: there is no header, and no text is quoted
 * @n_columns: of the header; @columns: where each is, −1: nowhere
 */
typedef struct
{
  char separator;
  gboolean is_plain;
  gsize n_columns;
  int columns[EG_N_FACT_COLUMNS];
} EgFactTable;

/* Learns from the first line what the others are. FALSE where it is neither. */
gboolean eg_fact_table_init (EgFactTable *self, const char *first_line);

/* The row that the source stands at. (transfer full) */
EgFact *eg_fact_table_read (const EgFactTable *self, EgFactSource *source, GError **error);

/* A plain line that was read already. (transfer full) */
EgFact *eg_fact_table_take (
    const EgFactTable *self, const EgFactSource *source, gsize line, const char *text, GError **error);

G_END_DECLS
