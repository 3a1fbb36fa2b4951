/* A fact of a study as a row of its table: its texts, and what is known of it by now. */
#pragma once

#include "study/facts.h"

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * EgFactRowState: how far a fact is, or why it is set apart.
 * @EG_FACT_ROW_WAITING: nothing is known of it yet
 * @EG_FACT_ROW_TRACED: its cells are known, and count
 * @EG_FACT_ROW_UNKNOWN: the model's first prediction is another answer
 * @EG_FACT_ROW_UNAFFECTED: corruption does not lower the answer's probability enough
 * @EG_FACT_ROW_FAILED: it could not be traced
 */
typedef enum
{
  EG_FACT_ROW_WAITING,
  EG_FACT_ROW_TRACED,
  EG_FACT_ROW_UNKNOWN,
  EG_FACT_ROW_UNAFFECTED,
  EG_FACT_ROW_FAILED,
  EG_N_FACT_ROW_STATES,
} EgFactRowState;

/* "Traced", "Not known" …: translated. */
const char *eg_fact_row_state_get_title (EgFactRowState state);
/* The same in a sentence, as a tooltip. */
const char *eg_fact_row_state_describe (EgFactRowState state);

#define EG_TYPE_FACT_ROW (eg_fact_row_get_type ())
G_DECLARE_FINAL_TYPE (EgFactRow, eg_fact_row, EG, FACT_ROW, GObject)

/**
 * EgFactRow:
 * @index: in the file, from 0; @id: there
 * @relation: or %NULL where the file names none
 * @answer: the expected one, or else what the model predicts; %NULL while neither is known
 * @clean, @corrupted: probabilities of the answer; NaN while not known
 * @message: what went wrong with it, or %NULL
 */
struct _EgFactRow
{
  GObject parent_instance;
  guint index;
  char *id, *prompt, *subject, *relation, *answer, *message;
  double clean, corrupted;
  EgFactRowState state;
};

/* A fact of which nothing is known yet; the texts are copied. */
EgFactRow *eg_fact_row_new (const EgFact *fact);

/* clean − corrupted; NaN while one is not known. */
double eg_fact_row_get_effect (const EgFactRow *self);

/* Whether a text is in its prompt, answer or relation, letter case aside. text: as g_utf8_casefold() made it.
 */
gboolean eg_fact_row_contains (const EgFactRow *self, const char *text);

G_END_DECLS
