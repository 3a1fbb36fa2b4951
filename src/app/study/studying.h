/* One study as the window sees it: its facts, how far it is, and the folder that keeps what is known. */
#pragma once

#include "app/study/fact-row.h"
#include "study/study-run.h"
#include "study/values.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * EgStudyingState:
 * @EG_STUDYING_EMPTY: no facts
 * @EG_STUDYING_READING: facts are being read, or the folder is being made
 * @EG_STUDYING_READY: the facts of a file, of which no study has been made yet
 * @EG_STUDYING_RUNNING, @EG_STUDYING_PAUSED, @EG_STUDYING_FINISHED: with a folder
 */
typedef enum
{
  EG_STUDYING_EMPTY,
  EG_STUDYING_READING,
  EG_STUDYING_READY,
  EG_STUDYING_RUNNING,
  EG_STUDYING_PAUSED,
  EG_STUDYING_FINISHED,
} EgStudyingState;

#define EG_TYPE_STUDYING (eg_studying_get_type ())

/* Signals, in the main context: "state-changed" (); "rows-changed" (): other facts; "progress" (): something
 * new is known of a fact, as often as there is; "failed" (const GError *error): what was asked for could not
 * be done, and the state is what it was before. */
G_DECLARE_FINAL_TYPE (EgStudying, eg_studying, EG, STUDYING, GObject)

/* folder: where studies are made, each in a folder of its own; made where it is missing. */
EgStudying *eg_studying_new (const char *folder);

/* Reads a file of facts, or a study's folder, in place of what is there. Not while one runs. */
void eg_studying_read (EgStudying *self, const char *path);

/* Whether a path is that of a study's folder; of a file that may be one of facts, by its name. */
gboolean eg_studying_is_folder (const char *path);
gboolean eg_studying_is_facts (const char *path);

/* Begins the study of these facts (or goes on with the same one, where its folder is found), or goes on with
 * one that was paused. request: of which the settings count; not looked at where there is a folder. */
void eg_studying_start (EgStudying *self, EgModel *model, const EgTraceRequest *request);

/* What is known stays known. */
void eg_studying_pause (EgStudying *self);

EgStudyingState eg_studying_get_state (EgStudying *self);

/* Of EgFactRow, in the order of the file; the same list all the time. (transfer none) */
GListModel *eg_studying_get_rows (EgStudying *self);

/* The place of one of them in that list, which is the fact's in its folder. */
gsize eg_studying_find (EgStudying *self, const EgFactRow *row);

/* Those that the facts have, in their order; NULL-terminated. (transfer none) */
const char *const *eg_studying_get_relations (EgStudying *self);

/* "facts.jsonl"; NULL where there is nothing. (transfer none) */
const char *eg_studying_get_name (EgStudying *self);

/* NULL before it was begun. (transfer none) */
EgStudyFolder *eg_studying_get_folder (EgStudying *self);
const EgStudySettings *eg_studying_get_settings (EgStudying *self);

/* The folder to be opened again at the next start, which may still be read: of what is not finished; NULL for
 * none. */
const char *eg_studying_get_unfinished (EgStudying *self);

/* Of the last failure, where it was EG_ERROR_BUSY: the folder that another program, or another of this
 * program's studies, works in; NULL for any other. (transfer none) */
const char *eg_studying_get_busy (EgStudying *self);

/* What is known of all facts, for a thread to read; what is new waits until it is given back, in the main
 * thread. Not while it is lent. NULL where there is no folder. */
EgStudyValues *eg_studying_lend_values (EgStudying *self);
void eg_studying_give_back (EgStudying *self, EgStudyValues *values);

/* How many facts there are in a state. */
gsize eg_studying_count (EgStudying *self, EgFactRowState state);

/* Facts a second (0: not known yet), and seconds left (negative: not known). */
void eg_studying_get_pace (EgStudying *self, double *rate, double *left);

/* How a person would have it traced: the study's request with the fact's texts, or of facts that were only
 * read, that of `settings`. (transfer full) */
EgTraceRequest *
eg_studying_make_request (EgStudying *self, const EgFactRow *row, const EgTraceRequest *settings);

G_END_DECLS
