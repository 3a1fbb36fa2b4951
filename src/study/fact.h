/* A fact: a prompt, the part of it that it is about, and what it says of that. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EgFact: texts are UTF-8.
 * @index: its place in the file, from 0
 * @line: where it begins there, from 1; 0 where unknown
 * @id: unique in the file: the one that it has there, or its place from 1, "17"
 * @prompt, @subject: not empty
 * @target, @relation: %NULL where the file has none
 */
typedef struct
{
  gsize index, line;
  char *id;
  char *prompt, *subject;
  char *target, *relation;
} EgFact;

EgFact *eg_fact_new (const char *id, const char *prompt, const char *subject);
EgFact *eg_fact_copy (const EgFact *self);
void eg_fact_free (EgFact *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgFact, eg_fact_free)

/* A JSON object, without a line's end: read back, it is the same fact, but for index and line. (transfer
 * full)
 */
char *eg_fact_to_json (const EgFact *self);

G_END_DECLS
