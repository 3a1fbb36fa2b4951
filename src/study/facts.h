/* Files of facts, read one fact at a time: memory does not depend on how many there are. Which form a file
 * has is seen by its beginning:
 *
 *   [ {…}, {…} ]   a JSON array of objects: ROME's known_1000.json (prompt, subject, attribute, relation_id,
 *                  known_id) and CounterFact (requested_rewrite {prompt with {}, subject, target_true.str,
 *                  relation_id}, case_id), or objects with the names below
 *   {…}            JSON lines: an object a line
 *   prompt,subject a header line of CSV (RFC 4180: quotes, texts over several lines) or of TSV; columns in
 * any order, others are passed over text TAB text  no header: prompt and subject, and perhaps target,
 * relation and id
 *
 * Names: prompt, subject; target (or attribute, answer, object); relation (or relation_id); id (or known_id,
 * case_id); of several that a file has, the first of these. A {} in a prompt stands for the subject, whatever
 * the form. Empty lines are passed over where the form is of lines, and so are those that begin with #, but
 * for rows of a table and for plain lines that have a tab: these are facts. UTF-8, with or without a
 * byte-order mark; at most 1 MiB a fact.
 *
 * Nothing is trusted: errors are EG_ERROR_FORMAT and begin with the file's name and the line, "facts.csv:17:
 * …". A fact without a prompt or a subject, and an id that another fact has, are errors; whether the subject
 * stands in the prompt is not looked at here. */
#pragma once

#include "study/fact.h"

G_BEGIN_DECLS

typedef struct _EgFactReader EgFactReader;

/* G_FILE_ERROR where it cannot be read; EG_ERROR_FORMAT where it has none of the forms. (transfer full) */
EgFactReader *eg_fact_reader_open (const char *path, GError **error);
void eg_fact_reader_free (EgFactReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgFactReader, eg_fact_reader_free)

/* The file of the demo models' own facts, which comes with the program. (transfer full): a path */
char *eg_facts_find_demo (void);

/* From now on the facts' indices are first, first + step, …: those of a shard. */
void eg_fact_reader_number (EgFactReader *self, gsize first, gsize step);

/* The next fact in *fact (transfer full), or NULL there after the last. After an error there are no more. */
gboolean eg_fact_reader_next (EgFactReader *self, EgFact **fact, GError **error);

G_END_DECLS
